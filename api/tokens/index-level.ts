/** What a price index stands at: one metric, averaged over a window, never with observations of another. Pure. */
import { Temporal } from 'temporal-polyfill'
import { divide, type Numeric } from '../platform/index.ts'

/** One observation that counts: corrections have taken the place of what they correct. */
export type CountedObservation = { readonly observedOn: string; readonly level: Numeric }

/** An average of one metric over a window that ends on `asOf`, both days inclusive. */
export type IndexLevel = {
  readonly asOf: string
  /** First day of the window. */
  readonly from: string
  /** Arithmetic mean of the observations in the window, to the nearest of ten places. */
  readonly level: Numeric
  /** How many observations it is the mean of. */
  readonly observations: number
  readonly newest: string
}

/** Why there is no level: nothing was observed in the window, or what was observed last is too old. */
export type NoLevel = { readonly refused: 'nothing_observed' | 'stale'; readonly newest: string | null }

/**
 * The level of one metric on a day.
 *
 * An index that nobody has observed for longer than its staleness limit has no level: an old figure is not taken for
 * today's.
 *
 * @param observations in any order; those after `asOf` do not count
 * @throws {RangeError} for a window of no days
 */
export function indexLevel(
  observations: readonly CountedObservation[],
  { asOf, windowDays, staleAfterDays }: { asOf: string; windowDays: number; staleAfterDays: number },
): IndexLevel | NoLevel {
  if (windowDays < 1) throw new RangeError(`a window of ${windowDays} days holds nothing`)
  const from = daysAfter(asOf, 1 - windowDays)
  const known = observations.filter(({ observedOn }) => observedOn <= asOf)
  const newest = known.reduce<string | null>(
    (last, { observedOn }) => (last === null || observedOn > last ? observedOn : last),
    null,
  )
  if (newest === null) return { refused: 'nothing_observed', newest }
  if (newest < daysAfter(asOf, -staleAfterDays)) return { refused: 'stale', newest }
  const within = known.filter(({ observedOn }) => observedOn >= from)
  if (within.length === 0) return { refused: 'nothing_observed', newest }
  const sum = within.reduce((total, { level }) => total + level, 0n)
  return { asOf, from, level: divide(sum, BigInt(within.length), 'NEAREST'), observations: within.length, newest }
}

/** The date so many days later; earlier for a negative number. */
export const daysAfter = (date: string, days: number): string => Temporal.PlainDate.from(date).add({ days }).toString()
