import type { Reader, Uuid, WholeShares } from '../platform/index.ts'

/**
 * The instrument behind a security that was issued under it: a tranche, or stock that came of a warrant. Its share 1 is share
 * `from + 1` of the instrument. `undefined` for any other security.
 */
export async function instrumentBehind(
  reader: Reader,
  companyId: Uuid,
  securityId: string,
): Promise<{ readonly instrumentId: string; readonly from: WholeShares; readonly to: WholeShares } | undefined> {
  const tranche = await reader
    .selectFrom('instrument_tranche as tranche')
    .innerJoin('instrument_due as due', (join) =>
      join.onRef('due.company_id', '=', 'tranche.company_id').onRef('due.due_id', '=', 'tranche.due_id'),
    )
    .select(['due.instrument_id', 'due.shares_from', 'due.shares_to'])
    .where('tranche.company_id', '=', companyId)
    .where('tranche.security_id', '=', securityId)
    .executeTakeFirst()
  const row =
    tranche ??
    (await reader
      .selectFrom('warrant_exercise')
      .select(['instrument_id', 'shares_from', 'shares_to'])
      .where('company_id', '=', companyId)
      .where('stock_security_id', '=', securityId)
      .executeTakeFirst())
  if (row === undefined) return undefined
  return { instrumentId: row.instrument_id, from: row.shares_from, to: row.shares_to }
}
