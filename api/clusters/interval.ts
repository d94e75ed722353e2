/** Half-open intervals of time, and what a pool accepts as one. Pure: the present is an argument. */
import { Temporal } from 'temporal-polyfill'
import { DomainError } from '../platform/index.ts'

/** `[startsAt, endsAt)`, instants in UTC. Two intervals that only touch share no instant. */
export type Interval = { readonly startsAt: string; readonly endsAt: string }

/** What a pool accepts. Lead time runs from the request to the start. */
export type IntervalLimits = {
  readonly minLeadMinutes: number
  readonly maxLeadMinutes: number
  readonly minLengthMinutes: number
  readonly maxLengthMinutes: number
}

export const INTERVAL_FAULTS = [
  'REVERSED',
  'EMPTY',
  'NOT_WHOLE_MINUTES',
  'IN_THE_PAST',
  'TOO_SOON',
  'TOO_FAR_AHEAD',
  'TOO_SHORT',
  'TOO_LONG',
  'BEFORE_OPENING',
  'AFTER_CALENDAR',
] as const
/** What is wrong with an interval. */
export type IntervalFault = (typeof INTERVAL_FAULTS)[number]

/** The interval is well formed, but none that can be booked or asked about. */
export class BadInterval extends DomainError {
  readonly code = 'BAD_INTERVAL'
  readonly fault: IntervalFault
  readonly startsAt: string
  readonly endsAt: string
  constructor(fault: IntervalFault, interval: Interval, reason: string) {
    super(`The interval ${interval.startsAt} to ${interval.endsAt} ${reason}. Nothing was changed.`)
    this.fault = fault
    this.startsAt = interval.startsAt
    this.endsAt = interval.endsAt
  }
}

/** No pool is booked, and no calendar is asked, over more than this. */
export const MOST_MINUTES = 10 * 366 * 24 * 60

const MICROSECONDS_PER_MINUTE = 60_000_000n

/** Microseconds since 1970 of an instant. Text order is no order of instants: "00Z" sorts after "00.5Z". */
export function microsecondsOf(instant: string): bigint {
  // Nearly every instant is of this form, and a batch of usage has thousands of them.
  const [, seconds, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/.exec(instant) ?? []
  const milliseconds = seconds === undefined ? Number.NaN : Date.parse(`${seconds}Z`)
  if (Number.isNaN(milliseconds)) return Temporal.Instant.from(instant).epochNanoseconds / 1000n
  return BigInt(milliseconds) * 1000n + BigInt(fraction.padEnd(6, '0'))
}

/** The instant so many minutes later. */
export const addMinutes = (instant: string, minutes: number): string =>
  Temporal.Instant.from(instant).add({ minutes }).toString()

/** The earlier of two instants. */
export const earlier = (a: string, b: string): string => (microsecondsOf(a) <= microsecondsOf(b) ? a : b)

/** The later of two instants. */
export const later = (a: string, b: string): string => (microsecondsOf(a) >= microsecondsOf(b) ? a : b)

/** Minutes from `now` to an instant, rounded down; none or fewer once it has come. */
export const minutesUntil = (instant: string, now: string): number => {
  const left = microsecondsOf(instant) - microsecondsOf(now)
  return left <= 0n ? -Number(-left / MICROSECONDS_PER_MINUTE) : Math.max(1, Number(left / MICROSECONDS_PER_MINUTE))
}

/** Whether an instant is a whole minute: schedulers know no less. */
export const isWholeMinute = (instant: string): boolean => microsecondsOf(instant) % MICROSECONDS_PER_MINUTE === 0n

/**
 * Refuses an interval that a calendar cannot keep: besides {@link checkInterval}, anything but whole minutes.
 *
 * @throws {BadInterval}
 */
export function checkWholeMinutes(interval: Interval): void {
  checkInterval(interval)
  if (!isWholeMinute(interval.startsAt) || !isWholeMinute(interval.endsAt)) {
    throw new BadInterval('NOT_WHOLE_MINUTES', interval, 'does not start and end on whole minutes')
  }
}

/** The first whole minute at or after an instant. */
export const nextMinute = (instant: string): string =>
  Temporal.Instant.from(instant).round({ smallestUnit: 'minute', roundingMode: 'ceil' }).toString()

/** Whole seconds of an interval whose ends are whole minutes. */
export const secondsOf = (interval: Interval): bigint =>
  (microsecondsOf(interval.endsAt) - microsecondsOf(interval.startsAt)) / 1_000_000n

/**
 * Refuses an interval that runs backwards, is empty, or is longer than ten years.
 *
 * @throws {BadInterval}
 */
export function checkInterval(interval: Interval): void {
  const length = microsecondsOf(interval.endsAt) - microsecondsOf(interval.startsAt)
  if (length < 0n) throw new BadInterval('REVERSED', interval, 'ends before it starts')
  if (length === 0n) throw new BadInterval('EMPTY', interval, 'is empty')
  if (length > BigInt(MOST_MINUTES) * MICROSECONDS_PER_MINUTE) {
    throw new BadInterval('TOO_LONG', interval, 'is longer than ten years')
  }
}

/**
 * Refuses what a reservation that runs cannot become: besides {@link checkWholeMinutes}, an end that is past, and what is
 * outside the pool's lengths.
 *
 * @throws {BadInterval}
 */
export function checkRunning(interval: Interval, now: string, limits: IntervalLimits): void {
  checkWholeMinutes(interval)
  if (microsecondsOf(interval.endsAt) <= microsecondsOf(now)) {
    throw new BadInterval('IN_THE_PAST', interval, 'ends in the past')
  }
  checkLength(interval, limits)
}

/**
 * Refuses what a pool cannot book: besides {@link checkInterval}, anything but whole minutes (schedulers know no less),
 * a start in the past, and what is outside the pool's lead times and lengths.
 *
 * @throws {BadInterval}
 */
export function checkBookable(interval: Interval, now: string, limits: IntervalLimits): void {
  checkWholeMinutes(interval)
  const start = microsecondsOf(interval.startsAt)
  const present = microsecondsOf(now)
  if (start < present) throw new BadInterval('IN_THE_PAST', interval, 'starts in the past')
  const minutes = (count: number): bigint => BigInt(count) * MICROSECONDS_PER_MINUTE
  const { minLeadMinutes, maxLeadMinutes } = limits
  if (start - present < minutes(minLeadMinutes)) {
    throw new BadInterval(
      'TOO_SOON',
      interval,
      `starts in less than the ${minLeadMinutes} minutes that this pool needs`,
    )
  }
  if (start - present > minutes(maxLeadMinutes)) {
    throw new BadInterval('TOO_FAR_AHEAD', interval, `starts more than ${maxLeadMinutes} minutes ahead`)
  }
  checkLength(interval, limits)
}

/** @throws {BadInterval} */
function checkLength(interval: Interval, { minLengthMinutes, maxLengthMinutes }: IntervalLimits): void {
  const length = microsecondsOf(interval.endsAt) - microsecondsOf(interval.startsAt)
  const minutes = (count: number): bigint => BigInt(count) * MICROSECONDS_PER_MINUTE
  if (length < minutes(minLengthMinutes)) {
    throw new BadInterval('TOO_SHORT', interval, `is shorter than ${minLengthMinutes} minutes`)
  }
  if (length > minutes(maxLengthMinutes)) {
    throw new BadInterval('TOO_LONG', interval, `is longer than ${maxLengthMinutes} minutes`)
  }
}
