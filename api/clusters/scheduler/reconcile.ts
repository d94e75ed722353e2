/** What a pool's calendar and its scheduler tell differently, both ways. It lists, and mends nothing. */
import { type Db, instant, type Uuid } from '../../platform/index.ts'
import { type Interval, microsecondsOf } from '../interval.ts'
import { horizonOf, type PoolScheduler } from './pool-scheduler.ts'
import { type Booked, bookedWithin } from './push.store.ts'
import type { NodeDown, SchedulerReservation } from './scheduler.ts'

export const SCHEDULER_DIFFERENCES = ['ONLY_HERE', 'ONLY_THERE', 'SIZE', 'TIME', 'ACCOUNT'] as const
export type SchedulerDifference = {
  readonly kind: (typeof SCHEDULER_DIFFERENCES)[number]
  /** The reservation's id, or the scheduler's name of one that is not ours. */
  readonly id: string
  /** Whose reservation it is; null of one that is not ours. */
  readonly companyId: Uuid | null
  readonly here: string | null
  readonly there: string | null
  /** Of one that is only here: why it could not be told, when it was tried. */
  readonly why: string | null
}
export type Reconciled = {
  readonly at: string
  /** What was compared. */
  readonly horizon: Interval
  readonly differences: readonly SchedulerDifference[]
  /** GPUs of the pool, or of a model that nobody named, that cannot be used now. */
  readonly down: readonly NodeDown[]
}

/** @throws {SchedulerUnavailable} {SchedulerRefused} */
export async function reconcile(db: Db, target: PoolScheduler): Promise<Reconciled> {
  const at = await instant(db)
  const horizon = horizonOf(target, at)
  const ours = (model: string | null): boolean => model === null || model === target.gpuModel
  const there = (await target.scheduler.list(horizon)).filter(({ gpuModel }) => ours(gpuModel))
  const down = (await target.scheduler.down(horizon)).filter(({ gpuModel, until }) => ours(gpuModel) && until === null)
  const here = await bookedWithin(db, target.poolId, horizon)
  return { at, horizon, differences: differencesOf(here, there, target.accountOf, at), down }
}

/** Pure. Of a reservation that has begun, the start is history: it may have been made late, for what was left. */
export function differencesOf(
  here: readonly Booked[],
  there: readonly SchedulerReservation[],
  accountOf: (companyId: Uuid) => string,
  now: string,
): SchedulerDifference[] {
  const known = new Map(there.map((reservation) => [reservation.id, reservation]))
  const own = new Set(here.map(({ reservationId }) => reservationId))
  return [
    ...here.flatMap((booked) => compare(booked, known.get(booked.reservationId), accountOf(booked.companyId), now)),
    ...there
      .filter(({ id }) => !own.has(id))
      .map(
        (found): SchedulerDifference => ({
          kind: 'ONLY_THERE',
          id: found.id,
          companyId: null,
          here: null,
          there: words(found),
          why: null,
        }),
      ),
  ]
}

function compare(
  booked: Booked,
  found: SchedulerReservation | undefined,
  account: string,
  now: string,
): SchedulerDifference[] {
  const { reservationId: id, companyId } = booked
  if (found === undefined) {
    return [{ kind: 'ONLY_HERE', id, companyId, here: words(booked), there: null, why: booked.detail }]
  }
  const pairs: [kind: SchedulerDifference['kind'], here: string, there: string | null, same: boolean][] = [
    ['SIZE', `${booked.gpus} GPUs`, `${found.gpus} GPUs`, booked.gpus === found.gpus],
    ['TIME', timeOf(booked), timeOf(found), sameTime(booked, found, now)],
    ['ACCOUNT', account, found.account, account === found.account],
  ]
  return pairs.flatMap(([kind, one, other, same]) =>
    same ? [] : [{ kind, id, companyId, here: one, there: other, why: null }],
  )
}

type Timed = Pick<SchedulerReservation, 'gpus' | 'interval'>

const timeOf = ({ interval }: Timed): string => `${interval.startsAt} to ${interval.endsAt}`
const words = (each: Timed): string => `${each.gpus} GPUs from ${timeOf(each)}`

function sameTime(one: Timed, other: Timed, now: string): boolean {
  const same = (a: string, b: string): boolean => microsecondsOf(a) === microsecondsOf(b)
  const begun = microsecondsOf(one.interval.startsAt) <= microsecondsOf(now)
  return (
    same(one.interval.endsAt, other.interval.endsAt) &&
    (same(one.interval.startsAt, other.interval.startsAt) ||
      (begun && microsecondsOf(other.interval.startsAt) <= microsecondsOf(now) + 60_000_000n))
  )
}
