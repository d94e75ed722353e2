/** Records usage of one company in batches: one call of `usage_post`, which does all of it. */
import { sql } from 'kysely'
import type { UsageRecord } from '../clusters/index.ts'
import { type MicroTokens, newId, type Reader, type Uuid, type WholeShares } from '../platform/index.ts'

/** Why a record cannot be used. `migrations/0028_drawdown_usage.sql` says what each is about. */
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

/**
 * Posts a batch and answers each record, in order. A record that cannot be used changes nothing and, unless the batch is
 * whole, does not stop the others. Takes the locks of the company, its grants, reservations, accounts and holds.
 */
export async function postUsage(db: Reader, batch: UsageBatch): Promise<PostedUsage> {
  const { records } = batch
  const { rows } = await sql<Row>`
    SELECT outcomes, details, usage_ids, charges, stored, gpu_seconds, delivered, newly_earned
    FROM usage_post(${batch.companyId}::uuid, ${plain(records.map(newId))}::uuid[],
      ${plain(records.map((record) => record.reservationId))}::uuid[], ${quoted(records.map((record) => record.source))}::text[],
      ${quoted(records.map((record) => record.externalId))}::text[], ${plain(records.map((record) => record.gpuSeconds))}::bigint[],
      ${plain(records.map((record) => record.startedAt))}::timestamptz[],
      ${plain(records.map((record) => record.endedAt))}::timestamptz[], ${quoted(records.map((record) => record.job))}::text[],
      ${[...batch.pools]}::uuid[], ${batch.actorId}::uuid, ${batch.requestId ?? null}::uuid, ${batch.whole})`.execute(
    db,
  )
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
