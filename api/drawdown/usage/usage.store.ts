/** Records usage of one company in batches: one call of `usage_post`, which does all of it. */
import type { UsageRecord } from '../../clusters/index.ts'
import { type Asked, type MicroTokens, newId, prepared, type Uuid, type WholeShares } from '../../platform/index.ts'

/** Why a record cannot be used. `migrations/0028_drawdown_usage.sql` says what each is about, and 0067 of `grant_settled`. */
export const USAGE_REFUSALS = [
  'unknown_reservation',
  'wrong_state',
  'conflict',
  'in_future',
  'outside_time',
  'too_many_gpus',
  'beyond_reserved',
  'hold_expired',
  'hold_not_posted',
  'exceeds_hold',
  'grant_settled',
] as const
export type UsageRefusal = (typeof USAGE_REFUSALS)[number]

/** A record of one of the company's reservations. */
export type ReservedUsage = UsageRecord & { readonly reservationId: Uuid }

/** The answer to one record. `about` is what a refusal is about: a state, a field, an amount. */
export type UsageAnswer = {
  readonly outcome: 'recorded' | 'known' | UsageRefusal
  readonly about: string | null
  /** Of a record that is stored. */
  readonly usageId: Uuid | null
  /** What the record cost when it was stored. */
  readonly charged: MicroTokens | null
}

export type PostedUsage = {
  readonly answers: readonly UsageAnswer[]
  /** How many records are new. */
  readonly stored: number
  readonly gpuSeconds: bigint
  readonly delivered: MicroTokens
  /** Shares moved from unearned to earned. */
  readonly newlyEarned: WholeShares
}

export type UsageBatch = {
  readonly companyId: Uuid
  readonly records: readonly ReservedUsage[]
  /** The pools whose usage the actor may report. A reservation of another pool looks like one that does not exist. */
  readonly pools: readonly Uuid[]
  readonly actorId: Uuid
  /** The signed request that carries the records. */
  readonly requestId?: Uuid | undefined
  /** Nothing is done unless every record can be used. */
  readonly whole: boolean
}

type Row = {
  outcomes: UsageAnswer['outcome'][]
  details: (string | null)[]
  usage_ids: (Uuid | null)[]
  charges: (bigint | null)[]
  stored: number
  gpu_seconds: bigint
  delivered: bigint
  newly_earned: bigint
}

const usagePost = prepared<Row>(
  'usage_post',
  `SELECT outcomes, details, usage_ids, charges, stored, gpu_seconds, delivered, newly_earned
    FROM usage_post($1::uuid, $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[],
      $8::timestamptz[], $9::text[], $10::uuid[], $11::uuid, $12::uuid, $13::boolean)`,
)

/**
 * Posts a batch and answers each record, in order. A record that cannot be used changes nothing and, unless the batch is
 * whole, does not stop the others. Takes the locks of the company, its grants, reservations, accounts and holds.
 */
export async function postUsage(db: Asked, batch: UsageBatch): Promise<PostedUsage> {
  const { records } = batch
  const rows = await usagePost(db, [
    batch.companyId,
    plain(records.map(newId)),
    plain(records.map((record) => record.reservationId)),
    quoted(records.map((record) => record.source)),
    quoted(records.map((record) => record.externalId)),
    plain(records.map((record) => record.gpuSeconds)),
    plain(records.map((record) => record.startedAt)),
    plain(records.map((record) => record.endedAt)),
    quoted(records.map((record) => record.job)),
    [...batch.pools],
    batch.actorId,
    batch.requestId ?? null,
    batch.whole,
  ])
  const [row] = rows
  if (row === undefined || row.outcomes.length !== records.length) {
    throw new Error(`usage_post answered ${row?.outcomes.length ?? 0} of ${records.length} records`)
  }
  return {
    answers: row.outcomes.map((outcome, index) => ({
      outcome,
      about: row.details[index] ?? null,
      usageId: row.usage_ids[index] ?? null,
      charged: row.charges[index] ?? null,
    })),
    stored: row.stored,
    gpuSeconds: row.gpu_seconds,
    delivered: row.delivered,
    newlyEarned: row.newly_earned,
  }
}

/** Arrays as PostgreSQL reads them. The driver quotes and escapes every element: for a thousand ids that is most of its work. */
const plain = (values: readonly (string | bigint)[]): string => `{${values.join(',')}}`
const quoted = (values: readonly (string | null)[]): string =>
  `{${values.map((value) => (value === null ? 'NULL' : `"${value.replace(/["\\]/g, '\\$&')}"`)).join(',')}}`
