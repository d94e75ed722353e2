/** Tells a pool's scheduler what the calendar holds in a near horizon, and takes back what it holds no longer. */
import { type Db, instant, type Uuid } from '../../platform/index.ts'
import { type Interval, microsecondsOf } from '../interval.ts'
import { SchedulerDisagrees, SchedulerRefused, SchedulerUnavailable } from './errors.ts'
import { extendThere, type Room } from './extend-there.ts'
import { horizonOf, type PoolScheduler } from './pool-scheduler.ts'
import {
  type Booked,
  bookedWithin,
  noLongerBooked,
  type Outcome,
  recordAttempt,
  recordTakingBack,
} from './push.store.ts'
import type { WantedReservation } from './scheduler.ts'
import { fromNow } from './wanted.ts'

export type Pushed = { readonly pushed: number; readonly ended: number; readonly failed: number }

/**
 * One run. Calls are made outside of transactions and may be repeated: a run that ends between a call and its record is made
 * good by the next. When the scheduler does not answer, it is asked no more in this run, and all that was due waits.
 */
export async function pushReservations(db: Db, target: PoolScheduler): Promise<Pushed> {
  const now = await instant(db)
  const isDue = ({ nextTryAt }: Booked): boolean =>
    nextTryAt === null || microsecondsOf(nextTryAt) <= microsecondsOf(now)
  const ending = (await noLongerBooked(db, target.poolId, horizonOf(target, now))).filter(isDue)
  const all = await bookedWithin(db, target.poolId, horizonOf(target, now))
  const wanted = all.filter((booked) => booked.state !== 'pushed' && isDue(booked))
  const room = roomAmong(db, target.poolId, all, now)
  const count = { pushed: 0, ended: 0, failed: 0 }
  let silent: string | undefined
  // First what frees GPUs, then what takes them.
  for (const [booked, end] of [
    ...ending.map((each) => [each, true] as const),
    ...wanted.map((each) => [each, false] as const),
  ]) {
    const failed: Outcome['state'] = end ? 'ending' : 'waiting'
    const outcome: Outcome =
      silent !== undefined
        ? { state: failed, detail: silent }
        : await (end ? endThere(target, booked) : makeThere(target, booked, room)).catch((error: unknown) => {
            if (error instanceof SchedulerUnavailable) silent = error.message
            return { state: failed, detail: reasonOf(error) }
          })
    await recordAttempt(db, target.poolId, booked, now, outcome)
    count[outcome.state === 'pushed' || outcome.state === 'ended' ? outcome.state : 'failed'] += 1
  }
  return count
}

/** What the calendar holds may make room; what it then waits for is kept like any other attempt. */
function roomAmong(db: Db, poolId: Uuid, all: readonly Booked[], now: string): Room {
  const own = new Map(all.map((booked) => [booked.reservationId, booked]))
  const known = (id: string): Booked[] => [own.get(id) ?? []].flat()
  const record = async (made: WantedReservation, outcome: Outcome) => {
    // One that was to become another anyway waits for that, and is told again in its turn.
    const as = known(made.id).filter(({ state }) => state === 'pushed')
    for (const booked of as) await recordAttempt(db, poolId, { ...booked, ...made, attempts: 0 }, now, outcome)
  }
  return {
    now,
    isOurs: (id) => own.has(id),
    takingBack: (ids) => recordTakingBack(db, poolId, ids, now),
    isBack: (made) => record(made, { state: 'pushed' }),
    staysAway: (wanted, error) => record(wanted, { state: 'waiting', detail: reasonOf(error) }),
  }
}

async function makeThere(target: PoolScheduler, booked: Booked, room: Room): Promise<Outcome> {
  const { now } = room
  const { scheduler, gpuModel, accountOf } = target
  const { reservationId: id, companyId, gpus, interval } = booked
  const wanted = { id, account: accountOf(companyId), gpuModel, gpus, interval }
  const begun = microsecondsOf(interval.startsAt) < microsecondsOf(now)
  // What was told before may be there: an attempt that seemed to fail made it, or it has changed here since.
  const there = begun || booked.state !== null ? await scheduler.read(id) : undefined
  // One that has begun is made for what is left of it.
  const left = begun ? { ...wanted, interval: fromNow(interval, now) } : wanted
  if (there === undefined) await scheduler.reserve(left)
  else if (there.account !== wanted.account) throw new SchedulerDisagrees(id, wanted, there)
  else if (!begun && !startsAlike(there.interval, interval)) {
    await scheduler.cancel(id)
    await scheduler.reserve(left)
  } else {
    if (there.gpus !== gpus) await scheduler.resize(id, gpus)
    if (!endsAlike(there.interval, interval)) await extendThere(target, there, interval.endsAt, room)
  }
  return { state: 'pushed' }
}

async function endThere({ scheduler }: PoolScheduler, { reservationId }: Booked): Promise<Outcome> {
  try {
    await scheduler.cancel(reservationId)
  } catch (error) {
    // Schedulers forget reservations that are over.
    if (!(error instanceof SchedulerRefused && error.reason === 'NO_SUCH_RESERVATION')) throw error
  }
  return { state: 'ended' }
}

/** @throws what is none of the scheduler's answers: a fault of ours */
function reasonOf(error: unknown): string {
  const known = [SchedulerRefused, SchedulerUnavailable, SchedulerDisagrees]
  if (error instanceof Error && known.some((kind) => error instanceof kind)) return error.message
  throw error
}

const endsAlike = (one: Interval, other: Interval): boolean =>
  microsecondsOf(one.endsAt) === microsecondsOf(other.endsAt)
const startsAlike = (one: Interval, other: Interval): boolean =>
  microsecondsOf(one.startsAt) === microsecondsOf(other.startsAt)
