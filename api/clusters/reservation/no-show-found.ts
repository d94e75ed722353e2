/** How it is found by itself that nobody came to a reservation: a pure rule that the quote names and the job follows. */
import { addMinutes, type Interval } from '../interval.ts'

export const NO_SHOW_FINDERS = ['SCHEDULER', 'METER', 'AFTER_END'] as const
/**
 * `SCHEDULER`: it is asked. `METER`: it tells of jobs that still run, and so much later would have. `AFTER_END`: it tells of
 * jobs that have ended, so that only the end shows it.
 */
export type NoShowFinder = (typeof NO_SHOW_FINDERS)[number]
/** `minutes` after the grace time; `AFTER_END`, after the end of the reservation. */
export type NoShowFound = { readonly by: NoShowFinder; readonly minutes: number }

/** Schedulers account a job a little after it has begun. */
const ACCOUNTED_MINUTES = 5
/** How long after its end a reservation is looked at, whose meter tells only of jobs that have ended. */
const AFTER_END_MINUTES = 24 * 60

/** @param meterDelayMinutes what was stated of a pool without a scheduler; null where nothing was */
export function noShowFound(connected: boolean, meterDelayMinutes: number | null): NoShowFound {
  if (connected) return { by: 'SCHEDULER', minutes: ACCOUNTED_MINUTES }
  if (meterDelayMinutes !== null) return { by: 'METER', minutes: meterDelayMinutes }
  return { by: 'AFTER_END', minutes: AFTER_END_MINUTES }
}

/** When it can be told of a reservation with this grace time. */
export const noShowFoundAt = ({ by, minutes }: NoShowFound, interval: Interval, graceMinutes: number): string =>
  by === 'AFTER_END' ? addMinutes(interval.endsAt, minutes) : addMinutes(interval.startsAt, graceMinutes + minutes)
