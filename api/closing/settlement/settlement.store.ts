/** Writes and reads settlements. Everything here is history: proposals and what became of them. */
import { type SqlBool, sql } from 'kysely'
import { z } from 'zod'
import { globalId, instant, NotFound, type Reader, type Ref, type Trx, type Uuid } from '../../platform/index.ts'
import { type Circumstances, SETTLEMENT_EVENTS, type SettlementPlanJson } from './plan.ts'

const money = z.object({ amount: z.string(), currency: z.string() })
/** A plan as it is stored. */
export const StoredPlan: z.ZodType<SettlementPlanJson, unknown> = z.object({
  event: z.enum(SETTLEMENT_EVENTS),
  clause: z.string(),
  cause: z.enum(['not_used', 'not_delivered']).nullable(),
  tokens: z.object({ fromLocked: z.string(), fromAvailable: z.string(), held: z.string(), topUp: z.string() }),
  shares: z.object({ vestedBefore: z.string(), vests: z.string(), forfeits: z.string() }),
  cash: money,
  endsEarning: z.boolean(),
  windDownUntil: z.string().nullable(),
  newBase: money.nullable(),
  notes: z.array(z.string()),
})

export type NewSettlement = {
  readonly ref: Ref
  readonly grantId: Uuid
  readonly said: Circumstances
  readonly plan: SettlementPlanJson
  readonly planSha256: Buffer
  readonly termsDocumentId: Uuid
  readonly proposedBy: Uuid | null
}

export async function insertSettlement(trx: Trx, settlement: NewSettlement): Promise<void> {
  const { tokens, ...said } = settlement.said
  await trx
    .insertInto('settlement')
    .values({
      company_id: settlement.ref.companyId,
      settlement_id: settlement.ref.id,
      grant_id: settlement.grantId,
      event: said.event,
      circumstances: JSON.stringify({ ...said, tokensMicro: tokens?.toString() ?? null }),
      plan: JSON.stringify(settlement.plan),
      plan_sha256: settlement.planSha256,
      terms_document_id: settlement.termsDocumentId,
      proposed_by: settlement.proposedBy,
      proposed_at: await instant(trx),
    })
    .execute()
}

const StoredCircumstances = z
  .object({
    event: z.enum(SETTLEMENT_EVENTS),
    happenedOn: z.string(),
    evidence: z.string(),
    assumed: z.boolean().nullish(),
    tokensMicro: z.string().nullable(),
  })
  .transform(
    ({ tokensMicro, ...said }): Circumstances => ({
      ...said,
      tokens: tokensMicro === null ? null : BigInt(tokensMicro),
    }),
  )

export type StoredSettlement = {
  readonly ref: Ref
  readonly grantId: Uuid
  readonly said: Circumstances
  readonly plan: SettlementPlanJson
  readonly planSha256: Buffer
  readonly termsDocumentId: Uuid
  readonly proposedBy: Uuid | null
  readonly proposedAt: string
  readonly outcome: 'applied' | 'withdrawn' | null
  readonly decidedAt: string | null
  readonly documentId: Uuid | null
  /** The lot that it added. */
  readonly topUpLotId: Uuid | null
  /** The metric whose level became the base. */
  readonly metricId: Uuid | null
}

const settlements = (reader: Reader) =>
  reader
    .selectFrom('settlement')
    .leftJoin('settlement_outcome as outcome', (on) =>
      on
        .onRef('outcome.company_id', '=', 'settlement.company_id')
        .onRef('outcome.settlement_id', '=', 'settlement.settlement_id'),
    )
    .select([
      'settlement.company_id',
      'settlement.settlement_id',
      'settlement.grant_id',
      'settlement.circumstances',
      'settlement.plan',
      'settlement.plan_sha256',
      'settlement.terms_document_id',
      'settlement.proposed_by',
      'settlement.proposed_at',
      'outcome.kind',
      'outcome.decided_at',
      'outcome.document_id',
      'outcome.top_up_lot_id',
      'outcome.metric_id',
    ])

type Row = Awaited<ReturnType<ReturnType<typeof settlements>['execute']>>[number]
const stored = (row: Row): StoredSettlement => ({
  ref: { companyId: row.company_id, id: row.settlement_id },
  grantId: row.grant_id,
  said: StoredCircumstances.parse(row.circumstances),
  plan: StoredPlan.parse(row.plan),
  planSha256: row.plan_sha256,
  termsDocumentId: row.terms_document_id,
  proposedBy: row.proposed_by,
  proposedAt: row.proposed_at,
  // The column's CHECK lists exactly these.
  outcome: row.kind as StoredSettlement['outcome'],
  decidedAt: row.decided_at,
  documentId: row.document_id,
  topUpLotId: row.top_up_lot_id,
  metricId: row.metric_id,
})

/** Most settlements of one list. */
export const SETTLEMENTS_MAX = 200

/** The settlements of these companies, newest first. One query. Callers decide who sees which. */
export async function settlementsOf(reader: Reader, companyIds: readonly Uuid[]): Promise<StoredSettlement[]> {
  if (companyIds.length === 0) return []
  const rows = await settlements(reader)
    .where('settlement.company_id', 'in', [...companyIds])
    .orderBy('settlement.settlement_id', 'desc')
    .limit(SETTLEMENTS_MAX * companyIds.length)
    .execute()
  return rows.map(stored)
}

/** @throws {NotFound} */
export async function findSettlement(reader: Reader, ref: Ref): Promise<StoredSettlement> {
  const row = await settlements(reader)
    .where('settlement.company_id', '=', ref.companyId)
    .where('settlement.settlement_id', '=', ref.id)
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('settlement', globalId('Settlement', ref.companyId, ref.id))
  return stored(row)
}

/** What became of a settlement: once. */
export async function insertOutcome(
  trx: Trx,
  settlement: Pick<StoredSettlement, 'ref' | 'proposedBy'>,
  outcome: {
    readonly kind: 'applied' | 'withdrawn'
    readonly decidedBy: Uuid | null
    readonly documentId: Uuid | null
    readonly topUpLotId?: Uuid | null
    readonly metricId?: Uuid | null
    readonly reason: string | null
  },
): Promise<void> {
  await trx
    .insertInto('settlement_outcome')
    .values({
      company_id: settlement.ref.companyId,
      settlement_id: settlement.ref.id,
      kind: outcome.kind,
      proposed_by: settlement.proposedBy,
      decided_by: outcome.decidedBy,
      decided_at: await instant(trx),
      document_id: outcome.documentId,
      top_up_lot_id: outcome.topUpLotId ?? null,
      metric_id: outcome.metricId ?? null,
      reason: outcome.reason,
    })
    .execute()
}

/** The settlements of a grant that were applied, oldest first. */
export const appliedTo = async (reader: Reader, companyId: Uuid, grantId: Uuid): Promise<readonly StoredSettlement[]> =>
  (await appliedToGrants(reader, [companyId], [grantId])).get(grantId) ?? []

/** The same of several grants of these companies, by grant; those with none are left out. One query. */
export async function appliedToGrants(
  reader: Reader,
  companyIds: readonly Uuid[],
  grantIds: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, readonly StoredSettlement[]>> {
  if (grantIds.length === 0) return new Map()
  const rows = await settlements(reader)
    .where('settlement.company_id', 'in', [...companyIds])
    .where('settlement.grant_id', 'in', [...grantIds])
    .where('outcome.kind', '=', 'applied')
    .orderBy('settlement.settlement_id')
    .execute()
  return Map.groupBy(rows.map(stored), ({ grantId }) => grantId)
}

/** A settlement of the grant that is proposed and neither applied nor withdrawn, if there is one. */
export async function openProposal(trx: Trx, companyId: Uuid, grantId: Uuid): Promise<StoredSettlement | undefined> {
  const row = await settlements(trx)
    .where('settlement.company_id', '=', companyId)
    .where('settlement.grant_id', '=', grantId)
    .where(sql<SqlBool>`outcome.kind IS NULL`)
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? undefined : stored(row)
}
