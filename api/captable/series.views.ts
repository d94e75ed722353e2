import { sql } from 'kysely'
import { divide, type Reader, type Uuid, type WholeShares } from '../platform/index.ts'

export type Behind = {
  readonly instrumentId: string
  /** Units (from, to] of the instrument: shares, of a SAFE cents. */
  readonly from: WholeShares
  readonly to: WholeShares
  /** What they became: as many shares as units, or fewer or more where the units are cents. */
  readonly shares: WholeShares
}

/**
 * The units behind the shares numbered `first` to `last` of a security: of a SAFE that became shares, every cent of which a
 * part is in them.
 */
export function unitsBehind(
  { from, to, shares }: Behind,
  first: WholeShares,
  last: WholeShares,
): { first: bigint; last: bigint } {
  const units = to - from
  return {
    first: from + divide((first - 1n) * units, shares, 'DOWN') + 1n,
    last: from + divide(last * units, shares, 'UP'),
  }
}

/**
 * The instrument behind a security that was issued under it: a tranche, stock that came of a warrant, a SAFE as far as it has
 * accrued, or stock that it became. `undefined` for any other security.
 */
export async function instrumentBehind(
  reader: Reader,
  companyId: Uuid,
  securityId: string,
): Promise<Behind | undefined> {
  return (
    (await trancheBehind(reader, companyId, securityId)) ??
    (await exerciseBehind(reader, companyId, securityId)) ??
    (await safeBehind(reader, companyId, securityId))
  )
}

async function trancheBehind(reader: Reader, companyId: Uuid, securityId: string): Promise<Behind | undefined> {
  const row = await reader
    .selectFrom('instrument_tranche as tranche')
    .innerJoin('instrument_due as due', (join) =>
      join.onRef('due.company_id', '=', 'tranche.company_id').onRef('due.due_id', '=', 'tranche.due_id'),
    )
    .select(['due.instrument_id', 'due.shares_from', 'due.shares_to', 'due.statement_id'])
    .where('tranche.company_id', '=', companyId)
    .where('tranche.security_id', '=', securityId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const shares = row.shares_to - row.shares_from
  const accrued = await restBehind(reader, companyId, row)
  if (accrued !== undefined) return { ...accrued, shares }
  return { instrumentId: row.instrument_id, from: row.shares_from, to: row.shares_to, shares }
}

/** Of a series that the rest of a SAFE goes on in: the cents that accrued since its shares before these were due. */
async function restBehind(
  reader: Reader,
  companyId: Uuid,
  due: { readonly instrument_id: string; readonly statement_id: Uuid; readonly shares_from: WholeShares },
): Promise<Omit<Behind, 'shares'> | undefined> {
  const { rows } = await sql<Omit<Behind, 'shares'>>`
    SELECT accrual.instrument_id AS "instrumentId", accrual.cents_to AS "to",
      coalesce((SELECT earlier.cents_to FROM instrument_due AS last JOIN safe_accrual AS earlier
          ON earlier.company_id = last.company_id AND earlier.statement_id = last.statement_id
            AND earlier.instrument_id = accrual.instrument_id
        WHERE last.company_id = ${companyId} AND last.instrument_id = ${due.instrument_id}
          AND last.shares_to = ${due.shares_from}), conversion.cents_to) AS "from"
    FROM safe_conversion AS conversion JOIN safe_accrual AS accrual
      ON accrual.company_id = conversion.company_id AND accrual.instrument_id = conversion.instrument_id
    WHERE conversion.company_id = ${companyId} AND conversion.series_id = ${due.instrument_id}
      AND accrual.statement_id = ${due.statement_id}`.execute(reader)
  return rows[0]
}

async function exerciseBehind(reader: Reader, companyId: Uuid, securityId: string): Promise<Behind | undefined> {
  const row = await reader
    .selectFrom('warrant_exercise')
    .select(['instrument_id', 'shares_from', 'shares_to'])
    .where('company_id', '=', companyId)
    .where('stock_security_id', '=', securityId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { shares_from: from, shares_to: to } = row
  return { instrumentId: row.instrument_id, from, to, shares: to - from }
}

/** What has accrued in a SAFE since the conversion before it, or what converted into stock. */
async function safeBehind(reader: Reader, companyId: Uuid, securityId: string): Promise<Behind | undefined> {
  const { rows } = await sql<Behind>`
    SELECT instrument_id AS "instrumentId", cents_from AS "from", cents_to AS "to", shares
    FROM safe_conversion WHERE company_id = ${companyId} AND stock_security_id = ${securityId}
    UNION ALL
    SELECT accrual.instrument_id, before.cents, accrual.cents_to, accrual.cents_to - before.cents
    FROM safe_accrual AS accrual CROSS JOIN LATERAL (SELECT coalesce(max(cents_to), 0) AS cents FROM safe_conversion
      WHERE company_id = accrual.company_id AND instrument_id = accrual.instrument_id
        AND cents_to < accrual.cents_to) AS before
    WHERE accrual.company_id = ${companyId} AND accrual.security_id = ${securityId}`.execute(reader)
  return rows[0]
}
