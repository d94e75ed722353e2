/** What a pool's calendar holds in a near horizon, and what its scheduler was told of it. */
import { type Db, inTransaction, type Reader, type Trx, type Uuid } from '../../platform/index.ts'
import { addMinutes, type Interval } from '../interval.ts'

export type PushState = 'waiting' | 'pushed' | 'ending' | 'ended'

/** A reservation that the provider confirmed, with what the scheduler was told of it. */
export type Booked = {
  readonly reservationId: Uuid
  readonly companyId: Uuid
  readonly gpus: number
  readonly interval: Interval
  /** Null where it was never told. */
  readonly state: string | null
  readonly attempts: number | null
  readonly detail: string | null
  readonly nextTryAt: string | null
}

/** Most reservations that one run looks at. The next run takes the rest. */
const MOST = 2000

const bookings = (reader: Reader, poolId: Uuid) =>
  reader
    .selectFrom('pool_booking as booking')
    .leftJoin('scheduler_push as push', (join) =>
      join.onRef('push.pool_id', '=', 'booking.pool_id').onRef('push.reservation_id', '=', 'booking.reservation_id'),
    )
    .select([
      'booking.reservation_id as reservationId',
      'booking.company_id as companyId',
      'booking.gpus as gpus',
      'booking.starts_at as startsAt',
      'booking.ends_at as endsAt',
      'push.state as state',
      'push.attempts as attempts',
      'push.detail as detail',
      'push.next_try_at as nextTryAt',
    ])
    .where('booking.pool_id', '=', poolId)

const withInterval = <Row extends Interval>({ startsAt, endsAt, ...row }: Row) => ({
  ...row,
  interval: { startsAt, endsAt },
})

/** What the calendar holds within the horizon, by start. A request that is undecided is not the scheduler's business yet. */
export async function bookedWithin(reader: Reader, poolId: Uuid, horizon: Interval): Promise<Booked[]> {
  const rows = await bookings(reader, poolId)
    .where('booking.decided_at', 'is not', null)
    .where('booking.freed_at', 'is', null)
    .where('booking.starts_at', '<', horizon.endsAt)
    .where('booking.ends_at', '>', horizon.startsAt)
    .orderBy('booking.starts_at')
    .orderBy('booking.reservation_id')
    .limit(MOST)
    .execute()
  return rows.map(withInterval)
}

/** What the scheduler has, or may have, though the calendar holds it no longer: cancelled, completed early, or over. */
export async function noLongerBooked(reader: Reader, poolId: Uuid, now: string): Promise<Booked[]> {
  const rows = await bookings(reader, poolId)
    .where('push.state', 'in', ['waiting', 'pushed', 'ending'])
    .where((on) => on.or([on('booking.freed_at', 'is not', null), on('booking.ends_at', '<=', now)]))
    .orderBy('booking.reservation_id')
    .limit(MOST)
    .execute()
  return rows.map(withInterval)
}

export type Outcome = { readonly state: PushState; readonly detail?: string }

/** Minutes until the next attempt: doubling from one to an hour. */
const backOff = (attempts: number): number => Math.min(60, 2 ** (attempts - 1))

/** Records what became of one attempt. */
export async function recordAttempt(
  db: Db,
  poolId: Uuid,
  booked: Booked,
  now: string,
  { state, detail }: Outcome,
): Promise<void> {
  const failed = state === 'waiting' || state === 'ending'
  const attempts = failed ? (booked.attempts ?? 0) + 1 : 0
  const told = {
    state,
    attempts,
    detail: detail ?? null,
    tried_at: now,
    next_try_at: failed ? addMinutes(now, backOff(attempts)) : null,
    ...(state === 'pushed' ? { pushed_at: now } : {}),
  }
  await inTransaction(db, (trx: Trx) =>
    trx
      .insertInto('scheduler_push')
      .values({ pool_id: poolId, reservation_id: booked.reservationId, company_id: booked.companyId, ...told })
      .onConflict((conflict) => conflict.columns(['pool_id', 'reservation_id']).doUpdateSet(told))
      .execute(),
  )
}

/** When something of the pool is to be tried again; undefined when nothing is. */
export async function nextTry(reader: Reader, poolId: Uuid): Promise<string | undefined> {
  const { at } = await reader
    .selectFrom('scheduler_push')
    .select((on) => on.fn.min('next_try_at').as('at'))
    .where('pool_id', '=', poolId)
    .where('state', '<>', 'ended')
    .executeTakeFirstOrThrow()
  return at ?? undefined
}
