/** Lots and their release plans as screens and other capabilities read them. */
import { sql } from 'kysely'
import type { Actor } from '../access/index.ts'
import { seesCompany } from '../parties/index.ts'
import type { MicroTokens, Reader, Ref, Uuid } from '../platform/index.ts'
import type { TransferRule } from './lot.store.ts'

export type LotView = {
  readonly companyId: Uuid
  readonly lotId: Uuid
  readonly tokenClassId: Uuid
  readonly origin: string
  readonly grantId: Uuid | null
  readonly roundId: Uuid | null
  /** The security that the lot's grant vests. */
  readonly vestsSecurityId: Uuid | null
  readonly amount: MicroTokens
  /** What was paid for all of it, as a decimal; `null` where nothing was. */
  readonly cost: string | null
  readonly costCurrency: string | null
  readonly transferRule: TransferRule
  /** The first day on which the lot can no longer be drawn. */
  readonly expiresOn: string
  readonly drawRank: number
  readonly openedAt: string
}

const lots = (reader: Reader) =>
  reader
    .selectFrom('lot')
    .select([
      'company_id as companyId',
      'lot_id as lotId',
      'token_class_id as tokenClassId',
      'origin',
      'grant_id as grantId',
      'round_id as roundId',
      'vests_security_id as vestsSecurityId',
      'amount_micro as amount',
      'cost',
      'cost_currency as costCurrency',
      'transfer_rule as transferRule',
      'expires_on as expiresOn',
      'draw_rank as drawRank',
      'opened_at as openedAt',
    ])
    .$narrowType<{ transferRule: TransferRule }>()

/** Most lots that are listed at once. */
const LOTS_MAX = 1_000

/** The lots of a company, oldest first. */
export const lotsOf = (reader: Reader, companyId: Uuid): Promise<LotView[]> => lotsByCompany(reader, [companyId])

/** The lots of these companies, oldest first. One query. */
export async function lotsByCompany(reader: Reader, companyIds: readonly Uuid[]): Promise<LotView[]> {
  if (companyIds.length === 0) return []
  return lots(reader)
    .where('company_id', 'in', [...companyIds])
    .orderBy('lot_id')
    .limit(LOTS_MAX)
    .execute()
}

/** The visible ones among these lots, in no order. One query. */
export async function lotsById(reader: Reader, actor: Actor, refs: readonly Ref[]): Promise<LotView[]> {
  const visible = refs.filter((ref) => seesCompany(actor, ref.companyId))
  if (visible.length === 0) return []
  return lots(reader)
    .where((on) => on.or(visible.map((ref) => on.and({ company_id: ref.companyId, lot_id: ref.id }))))
    .execute()
}

/** One planned release. `transferId` is `null` until it is released. */
export type PlannedReleaseView = {
  readonly lotId: Uuid
  readonly on: string
  readonly amount: MicroTokens
  readonly transferId: Uuid | null
}

/** The release plans of these lots of one company, by date. */
export const releasePlans = (reader: Reader, companyId: Uuid, lotIds: readonly Uuid[]): Promise<PlannedReleaseView[]> =>
  releasePlansByLot(
    reader,
    lotIds.map((id) => ({ companyId, id })),
  )

/**
 * The release plans of these lots, by date, with what was asked for and stands: on the day on which it was released, or is
 * due. One query.
 */
export async function releasePlansByLot(reader: Reader, refs: readonly Ref[]): Promise<PlannedReleaseView[]> {
  if (refs.length === 0) return []
  const [companies, lotIds] = [refs.map((ref) => ref.companyId), refs.map((ref) => ref.id)]
  const { rows } = await sql<PlannedReleaseView>`
    WITH wanted AS (SELECT * FROM unnest(${companies}::uuid[], ${lotIds}::uuid[]) AS wanted (company_id, lot_id))
    SELECT plan.lot_id AS "lotId", plan.release_on AS "on", plan.amount_micro AS amount, plan.released_transfer_id AS "transferId"
      FROM wanted JOIN release_plan AS plan USING (company_id, lot_id)
    UNION ALL
    SELECT asked.lot_id, coalesce((transfer.created_at AT TIME ZONE 'UTC')::date, asked.due_on), asked.amount_micro,
      asked.released_transfer_id
    FROM wanted JOIN asked_release AS asked USING (company_id, lot_id)
    LEFT JOIN asked_release_decision AS decision USING (company_id, lot_id, release_id)
    LEFT JOIN transfer ON transfer.holder_id = asked.company_id AND transfer.transfer_id = asked.released_transfer_id
    WHERE asked.lapsed_at IS NULL AND (asked.released_transfer_id IS NOT NULL OR decision.decision = 'confirmed'
      OR asked.needs = 'nobody' AND decision.decision IS NULL)
    ORDER BY "on", "lotId"`.execute(reader)
  return rows
}
