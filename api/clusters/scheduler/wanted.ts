/** What every adapter checks alike, so that a fault is found before the scheduler is asked. */
import { type Interval, microsecondsOf, secondsOf } from '../interval.ts'
import { SchedulerRefused } from './errors.ts'
import type { SchedulerReservation, WantedReservation } from './scheduler.ts'

/** A name that goes into an address or a list of names unchanged, at every scheduler. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** @throws {SchedulerRefused} BAD_NAME */
export function checkName(id: string): void {
  if (!NAME.test(id)) {
    throw new SchedulerRefused('BAD_NAME', 'a name has 1 to 63 letters, digits, full stops, dashes or underscores')
  }
}

/** @throws {SchedulerRefused} BAD_NAME, BAD_SIZE, NOT_WHOLE_MINUTES */
export function checkWanted({ id, gpus, interval }: WantedReservation): void {
  checkName(id)
  if (!Number.isSafeInteger(gpus) || gpus < 1) throw new SchedulerRefused('BAD_SIZE', `${gpus} GPUs cannot be reserved`)
  checkLength(interval)
}

/** @throws {SchedulerRefused} NOT_WHOLE_MINUTES */
export function checkLength(interval: Interval): void {
  const length = microsecondsOf(interval.endsAt) - microsecondsOf(interval.startsAt)
  if (length <= 0n || length % 60_000_000n !== 0n || microsecondsOf(interval.startsAt) % 1_000_000n !== 0n) {
    throw new SchedulerRefused(
      'NOT_WHOLE_MINUTES',
      'a reservation starts on a second and lasts whole minutes, one at least',
    )
  }
}

/** Whole minutes of an interval that {@link checkWanted} let through. */
export const minutesOf = (interval: Interval): number => Number(secondsOf(interval) / 60n)

/** Whether a reservation is what was wanted. */
export const isAsWanted = (found: SchedulerReservation, wanted: WantedReservation): boolean =>
  found.id === wanted.id &&
  found.account === wanted.account &&
  found.gpuModel === wanted.gpuModel &&
  found.gpus === wanted.gpus &&
  sameInterval(found.interval, wanted.interval)

const sameInterval = (one: Interval, other: Interval): boolean =>
  microsecondsOf(one.startsAt) === microsecondsOf(other.startsAt) &&
  microsecondsOf(one.endsAt) === microsecondsOf(other.endsAt)

/** Whether two intervals share an instant. Ones that only touch do not. */
export const overlaps = (one: Interval, other: Interval): boolean =>
  microsecondsOf(one.startsAt) < microsecondsOf(other.endsAt) &&
  microsecondsOf(other.startsAt) < microsecondsOf(one.endsAt)

/** The most GPUs that these have together at one instant of an interval. It is reached where one of them starts, or at its start. */
export function peakOf(interval: Interval, all: readonly Pick<SchedulerReservation, 'gpus' | 'interval'>[]): number {
  const those = all.filter((each) => overlaps(each.interval, interval))
  const starts = [interval, ...those.map((each) => each.interval)].map(({ startsAt }) => microsecondsOf(startsAt))
  const within = starts.filter((at) => at >= microsecondsOf(interval.startsAt))
  const inUse = within.map((at) =>
    those
      .filter((each) => microsecondsOf(each.interval.startsAt) <= at && at < microsecondsOf(each.interval.endsAt))
      .reduce((sum, each) => sum + each.gpus, 0),
  )
  return Math.max(0, ...inUse)
}

/** By start, then id. */
export const inOrder = (reservations: readonly SchedulerReservation[]): SchedulerReservation[] =>
  reservations.toSorted((one, other) => {
    const difference = microsecondsOf(one.interval.startsAt) - microsecondsOf(other.interval.startsAt)
    if (difference !== 0n) return difference < 0n ? -1 : 1
    return one.id < other.id ? -1 : one.id > other.id ? 1 : 0
  })

/** What is left of a reservation when it is made anew `now`: a part that is over cannot be reserved again. */
export function fromNow(interval: Interval, now: string): Interval {
  if (microsecondsOf(interval.startsAt) >= microsecondsOf(now)) return interval
  const left = (microsecondsOf(interval.endsAt) - microsecondsOf(now)) / 60_000_000n
  if (left < 1n) throw new SchedulerRefused('IN_THE_PAST', 'less than a minute of it is left')
  return { startsAt: isoOf(Number(microsecondsOf(interval.endsAt) / 1_000_000n - left * 60n)), endsAt: interval.endsAt }
}

/** The instant of so many whole seconds since 1970. */
export const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
/** Whole seconds since 1970, rounded down. */
export const epochOf = (instant: string): number => Number(microsecondsOf(instant) / 1_000_000n)
