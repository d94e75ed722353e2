/** How far the scheduler of a pool has told its usage. */
import { Temporal } from 'temporal-polyfill'
import { type Db, inTransaction, type Reader, type Uuid } from '../../platform/index.ts'

/** What is told late is told within this time: so much before the watermark is asked again. */
const OVERLAP_HOURS = 24
const MINUTES_BETWEEN_RUNS = 5
const MOST_MINUTES = 60

export type Pull = {
  /** The watermark: what ended before it was told. */
  readonly pulledUntil: string | null
  /** The watermark less the overlap. */
  readonly askAgainFrom: string | undefined
  readonly askedAt: string
  /** Runs that failed since the last that did not, and why the last did. */
  readonly attempts: number
  readonly detail: string | null
}

/** The last run of a pool; `undefined` before the first. */
export async function lastPull(reader: Reader, poolId: Uuid): Promise<Pull | undefined> {
  const row = await reader
    .selectFrom('usage_pull')
    .select(['pulled_until as pulledUntil', 'asked_at as askedAt', 'attempts', 'detail'])
    .where('pool_id', '=', poolId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const askAgainFrom = row.pulledUntil === null ? undefined : addHours(row.pulledUntil, -OVERLAP_HOURS)
  return { ...row, askAgainFrom }
}

/** Records a run. Without a failure the watermark moves to its beginning, never backwards. */
export async function recordPull(
  db: Db,
  poolId: Uuid,
  before: Pull | undefined,
  { now, failure }: { readonly now: string; readonly failure: string | undefined },
): Promise<void> {
  const failed = failure !== undefined
  const told = {
    asked_at: now,
    attempts: failed ? (before?.attempts ?? 0) + 1 : 0,
    detail: failure ?? null,
  }
  await inTransaction(db, (trx) =>
    trx
      .insertInto('usage_pull')
      .values({ pool_id: poolId, ...told, pulled_until: failed ? null : now })
      .onConflict((conflict) =>
        conflict.column('pool_id').doUpdateSet((set) => ({
          ...told,
          pulled_until: failed
            ? set.ref('usage_pull.pulled_until')
            : set.fn<string>('greatest', [set.ref('usage_pull.pulled_until'), set.ref('excluded.pulled_until')]),
        })),
      )
      .execute(),
  )
}

/** When the next run is due: soon, or after a failure later and later, up to an hour. */
export function againAfter(now: string, attempts: number): string {
  const minutes = attempts === 0 ? MINUTES_BETWEEN_RUNS : Math.min(MOST_MINUTES, 2 ** Math.min(attempts - 1, 10))
  return Temporal.Instant.from(now).add({ minutes }).toString()
}

const addHours = (instant: string, hours: number): string => Temporal.Instant.from(instant).add({ hours }).toString()
