/** When something runs out if it goes on as it did. Pure. */
import { Temporal } from 'temporal-polyfill'

/** Days that are looked back on. */
export const TRAILING_DAYS = 90
/** Days of history below which nothing is foretold. */
export const LEAST_DAYS = 28
/** Days ahead beyond which a date means nothing. */
const MOST_DAYS = 36_525n

/** How a forecast is made, in the words that stand beside it. */
export const FORECAST_METHOD = `Straight line: what is left, divided by the average of a day over the last ${TRAILING_DAYS} days before the end of the month, or since the first grant where that is later; rounded up to whole days. Cannot tell with less than ${LEAST_DAYS} days of history, or without any use in them. Not a promise.`

/** What is foretold. `on` is the day on which nothing is left. */
export type Forecast =
  | { readonly kind: 'on'; readonly on: string; readonly days: bigint }
  | { readonly kind: 'done' }
  | { readonly kind: 'cannot_tell'; readonly why: string }

/** The days that are looked back on: `[from, until)`. */
export function trailingWindow(since: string, until: string): { from: string; until: string; days: number } {
  const end = Temporal.PlainDate.from(until)
  const earliest = end.subtract({ days: TRAILING_DAYS })
  const first = Temporal.PlainDate.from(since)
  const from = Temporal.PlainDate.compare(first, earliest) > 0 ? first : earliest
  return { from: from.toString(), until, days: Math.max(0, from.until(end, { largestUnit: 'days' }).days) }
}

/**
 * The day on which `left` is used up when it goes on at `used` in `days` days.
 *
 * @example forecast({ until: '2027-02-01', left: 90n, used: 30n, days: 60 }) // 180 days on: 31 July 2027
 */
export function forecast(of: {
  readonly until: string
  readonly left: bigint
  readonly used: bigint
  readonly days: number
}): Forecast {
  if (of.left <= 0n) return { kind: 'done' }
  if (of.days < LEAST_DAYS)
    return { kind: 'cannot_tell', why: `there are ${of.days} days of history; ${LEAST_DAYS} are needed` }
  if (of.used <= 0n) return { kind: 'cannot_tell', why: `nothing was used in the last ${of.days} days` }
  const days = (of.left * BigInt(of.days) + of.used - 1n) / of.used
  if (days > MOST_DAYS) return { kind: 'cannot_tell', why: 'at this pace it takes more than a hundred years' }
  return {
    kind: 'on',
    on: Temporal.PlainDate.from(of.until)
      .add({ days: Number(days) })
      .toString(),
    days,
  }
}
