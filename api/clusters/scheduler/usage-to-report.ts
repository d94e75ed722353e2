/** Asks a pool's scheduler what ran in its reservations, as reports that the use case of drawdown takes. */
import { sql } from 'kysely'
import { type Db, globalId, instant, type Uuid } from '../../platform/index.ts'
import { addMinutes, earlier, type Interval, microsecondsOf } from '../interval.ts'
import type { GpuSeconds } from '../metering/charge.ts'
import { USAGE_BATCH_MAX } from '../metering/record-usage.ts'
import { USABLE_STATES } from '../reservation/reservation-state.ts'
import { usageInput } from './job-usage.ts'
import type { PoolScheduler } from './pool-scheduler.ts'

/** Jobs are killed at the end of their reservation, and accounted a little later. */
const GRACE_MINUTES = 10
/** How far back is asked where nobody says until when usage was told. */
const DAYS_BACK = 31
/** Most reservations that one run asks about, oldest first. */
const MOST = 500

/** Input of `reportUsage`, but for its key. */
export type UsageReport = {
  readonly reservationId: string
  readonly records: readonly ReturnType<typeof usageInput>[]
  /** The reservation is over and nothing runs in it: this is all there will be. */
  readonly complete: boolean
}
export type UsageToReport = {
  readonly reports: readonly UsageReport[]
  /** Reservations with GPU-seconds outside their time: nothing was reserved for those, so they are in no report. */
  readonly outside: readonly { readonly reservationId: string; readonly gpuSeconds: GpuSeconds }[]
}

/**
 * Usage of every reservation that has begun, has not ended before `since`, and may still be charged. What was reported before is told again, and recognised:
 * a report that was lost is made good by the next.
 *
 * @throws {SchedulerUnavailable} {SchedulerRefused}
 */
export async function usageToReport(
  db: Db,
  { poolId, scheduler }: Pick<PoolScheduler, 'poolId' | 'scheduler'>,
  { since }: { readonly since?: string | undefined } = {},
): Promise<UsageToReport> {
  const now = await instant(db)
  const from = earlier(since ?? now, addMinutes(now, -DAYS_BACK * 24 * 60))
  const reports: UsageReport[] = []
  const outside: { reservationId: string; gpuSeconds: GpuSeconds }[] = []
  for (const { companyId, id, interval, state } of await begun(db, poolId, from, now)) {
    const usage = await scheduler.usage(id, interval)
    const over = microsecondsOf(addMinutes(interval.endsAt, GRACE_MINUTES)) <= microsecondsOf(now)
    const reservationId = globalId('Reservation', companyId, id)
    reports.push(
      ...batches(reservationId, usage.records.map(usageInput), over && usage.running === 0 && state !== 'no_show'),
    )
    if (usage.outside > 0n) outside.push({ reservationId, gpuSeconds: usage.outside })
  }
  return { reports, outside }
}

/** Pure. Records in batches of the size that one report may have; only the last says that it is the last. */
function batches(reservationId: string, records: UsageReport['records'], complete: boolean): UsageReport[] {
  const count = Math.ceil(records.length / USAGE_BATCH_MAX)
  if (count === 0) return complete ? [{ reservationId, records: [], complete }] : []
  return Array.from({ length: count }, (_, index) => ({
    reservationId,
    records: records.slice(index * USAGE_BATCH_MAX, (index + 1) * USAGE_BATCH_MAX),
    complete: complete && index === count - 1,
  }))
}

type Begun = { readonly companyId: Uuid; readonly id: Uuid; readonly interval: Interval; readonly state: string }

/** Read in two steps, since bookings lie with their pool and reservations with their company. */
async function begun(db: Db, poolId: Uuid, from: string, now: string): Promise<Begun[]> {
  const bookings = await db
    .selectFrom('pool_booking')
    .select(['company_id as companyId', 'reservation_id as id'])
    .where('pool_id', '=', poolId)
    .where('decided_at', 'is not', null)
    .where('freed_at', 'is', null)
    .where('starts_at', '<=', now)
    .where('ends_at', '>', from)
    .orderBy('starts_at')
    .orderBy('reservation_id')
    .execute()
  if (bookings.length === 0) return []
  const rows = await db
    .selectFrom('reservation')
    .select(['company_id as companyId', 'reservation_id as id', 'starts_at as startsAt', 'ends_at as endsAt', 'state'])
    .where(sql<boolean>`(company_id, reservation_id) IN (
      SELECT * FROM unnest(${bookings.map((each) => each.companyId)}::uuid[], ${bookings.map((each) => each.id)}::uuid[]))`)
    // Of a no-show too: a job that was accounted late shows that somebody had come.
    .where('state', 'in', [...USABLE_STATES, 'no_show'])
    .orderBy('starts_at')
    .orderBy('reservation_id')
    .limit(MOST)
    .execute()
  return rows.map(({ startsAt, endsAt, ...row }) => ({ ...row, interval: { startsAt, endsAt } }))
}
