/** What rounds look like on their way to closing. Visibility is the round's: callers read the round first. */
import { globalId, type Reader, type Ref, type Uuid, type WholeShares } from '../platform/index.ts'
import type { Condition } from './condition.store.ts'

export type ConditionView = Condition

export type ClosedView = {
  readonly roundId: Uuid
  readonly companyId: Uuid
  readonly grantId: Uuid
  readonly lotId: Uuid
  readonly securityId: string
  /** `null` of a SAFE. */
  readonly stockClassId: string | null
  readonly document: string
  readonly shares: WholeShares
  readonly closedAt: string
}

/** What the closings of these rounds made, by round. */
export async function closedRounds(reader: Reader, refs: readonly Ref[]): Promise<Map<Uuid, ClosedView>> {
  if (refs.length === 0) return new Map()
  const rows = await reader
    .selectFrom('closed_round')
    .select([
      'company_id',
      'round_id',
      'grant_id',
      'lot_id',
      'security_id',
      'stock_class_id',
      'document_id',
      'equity_shares',
      'closed_at',
    ])
    .where('company_id', 'in', [...new Set(refs.map((ref) => ref.companyId))])
    .where('round_id', 'in', [...new Set(refs.map((ref) => ref.id))])
    .execute()
  return new Map(
    rows.map((row) => [
      row.round_id,
      {
        roundId: row.round_id,
        companyId: row.company_id,
        grantId: row.grant_id,
        lotId: row.lot_id,
        securityId: row.security_id,
        stockClassId: row.stock_class_id,
        document: globalId('Document', row.company_id, row.document_id),
        shares: row.equity_shares,
        closedAt: row.closed_at,
      },
    ]),
  )
}

/** The conditions of these rounds in the order of their terms, by round. */
export async function conditionsByRound(reader: Reader, refs: readonly Ref[]): Promise<Map<Uuid, ConditionView[]>> {
  const found = new Map<Uuid, ConditionView[]>()
  if (refs.length === 0) return found
  const rows = await reader
    .selectFrom('closing_condition')
    .select([
      'round_id',
      'code',
      'wording',
      'waivable_by as waivableBy',
      'state',
      'waived_by_fund as waivedByFund',
      'waived_by_company as waivedByCompany',
    ])
    .where('company_id', 'in', [...new Set(refs.map((ref) => ref.companyId))])
    .where('round_id', 'in', [...new Set(refs.map((ref) => ref.id))])
    .where('closing_ordinal', '=', 1)
    .orderBy('ordinal')
    .execute()
  for (const { round_id, ...condition } of rows) found.set(round_id, [...(found.get(round_id) ?? []), condition])
  return found
}
