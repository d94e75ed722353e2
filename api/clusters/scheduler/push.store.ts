/** What a pool's calendar holds in a near horizon, and what its scheduler was told of it. */
import { type Db, instant, inTransaction, type Reader, type Trx, type Uuid } from '../../platform/index.ts'
import { addMinutes, type Interval } from '../interval.ts'
import { addPush } from './tell-scheduler.ts'

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

/** What the calendar holds within the horizon, and what lies beyond it and was told before it was moved there. By start. */
export async function toldOrDue(reader: Reader, poolId: Uuid, horizon: Interval): Promise<Booked[]> {
  const rows = await bookings(reader, poolId)
    .where('booking.decided_at', 'is not', null)
    .where('booking.freed_at', 'is', null)
    .where('booking.ends_at', '>', horizon.startsAt)
    .where((on) => on.or([on('booking.starts_at', '<', horizon.endsAt), on('push.state', 'is not', null)]))
    .orderBy('booking.starts_at')
    .orderBy('booking.reservation_id')
    .limit(MOST)
    .execute()
  return rows.map(withInterval)
}

/**
 * What the scheduler has, or may have, though the calendar does not hold it there: cancelled, completed early, over, or moved
 * beyond the horizon.
 */
export async function noLongerBooked(reader: Reader, poolId: Uuid, horizon: Interval): Promise<Booked[]> {
  const rows = await bookings(reader, poolId)
    .where('push.state', 'in', ['waiting', 'pushed', 'ending'])
    .where((on) =>
      on.or([
        on('booking.freed_at', 'is not', null),
        on('booking.ends_at', '<=', horizon.startsAt),
        on('booking.starts_at', '>=', horizon.endsAt),
      ]),
    )
    .orderBy('booking.reservation_id')
    .limit(MOST)
    .execute()
  return rows.map(withInterval)
}

export type Outcome = { readonly state: PushState; readonly detail?: string }

/** Minutes until the next attempt: doubling from one to an hour. */
const backOff = (attempts: number): number => Math.min(60, 2 ** (attempts - 1))

/** Records what became of one attempt. What was changed while it was told waits to be told again. */
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
  await inTransaction(db, async (trx: Trx) => {
    const changed = state === 'pushed' && !(await isAsTold(trx, poolId, booked))
    const row = changed ? { ...told, state: 'waiting', next_try_at: now } : told
    await trx
      .insertInto('scheduler_push')
      .values({ pool_id: poolId, reservation_id: booked.reservationId, company_id: booked.companyId, ...row })
      .onConflict((conflict) => conflict.columns(['pool_id', 'reservation_id']).doUpdateSet(row))
      .execute()
  })
}

/** Whether the calendar holds what was told. What changes it waits until this is recorded, and then tells it again. */
async function isAsTold(trx: Trx, poolId: Uuid, { reservationId, gpus, interval }: Booked): Promise<boolean> {
  const held = await trx
    .selectFrom('pool_booking')
    .select(['gpus', 'starts_at as startsAt', 'ends_at as endsAt'])
    .where('pool_id', '=', poolId)
    .where('reservation_id', '=', reservationId)
    .forNoKeyUpdate()
    .executeTakeFirst()
  const { startsAt, endsAt } = interval
  return held?.gpus === gpus && held.startsAt === startsAt && held.endsAt === endsAt
}

/**
 * Before reservations are taken back at the scheduler to make room: they wait to be told again, and the job that does so is
 * queued with that, so that a run which ends in the middle leaves none behind.
 */
export function recordTakingBack(db: Db, poolId: Uuid, reservationIds: readonly Uuid[], now: string): Promise<void> {
  return inTransaction(db, async (trx) => {
    await trx
      .updateTable('scheduler_push')
      .set({
        state: 'waiting',
        attempts: 1,
        detail: 'It makes room for another that lasts longer, and is made anew.',
        tried_at: now,
        next_try_at: addMinutes(now, backOff(1)),
      })
      .where('pool_id', '=', poolId)
      .where('reservation_id', 'in', [...reservationIds])
      .where('state', '=', 'pushed')
      .execute()
    await addPush(trx, poolId, addMinutes(now, backOff(1)))
  })
}

/** What was told is gone at the scheduler: it is to be told again. False where that is known already. */
export function tellAgain(db: Db, poolId: Uuid, reservationId: Uuid): Promise<boolean> {
  return inTransaction(db, async (trx) => {
    const at = await instant(trx)
    const { numUpdatedRows } = await trx
      .updateTable('scheduler_push')
      .set({
        state: 'waiting',
        attempts: 1,
        detail: 'It was there, and is there no longer: it is told again.',
        tried_at: at,
        next_try_at: addMinutes(at, backOff(1)),
      })
      .where('pool_id', '=', poolId)
      .where('reservation_id', '=', reservationId)
      .where('state', '=', 'pushed')
      .executeTakeFirst()
    return numUpdatedRows === 1n
  })
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
