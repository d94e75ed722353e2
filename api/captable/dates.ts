/** Calendar arithmetic on "YYYY-MM-DD" texts. No clock, no time zone: a vesting date is a day. */
import { daysInMonth } from './ocf/primitives.ts'

/** The last day that a schedule reaches. What would fall after it never happens. */
export const LAST_DAY = '9999-12-31'

const write = (year: number, month: number, day: number): string =>
  `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`

/** Day of the month, 1 to 31. */
export const dayOfMonth = (date: string): number => Number(date.slice(8, 10))

/** `undefined` beyond {@link LAST_DAY}. */
export function addDays(date: string, days: number): string | undefined {
  const instant = new Date(`${date}T00:00:00Z`)
  instant.setUTCDate(instant.getUTCDate() + days)
  const year = instant.getUTCFullYear()
  if (Number.isNaN(year) || year > 9999) return undefined
  return write(year, instant.getUTCMonth() + 1, instant.getUTCDate())
}

/**
 * The day `day` of the month that lies `months` after that of `date`, or the month's last day where it is shorter.
 * `undefined` beyond {@link LAST_DAY}.
 */
export function addMonths(date: string, months: number, day: number): string | undefined {
  const index = Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1 + months
  const year = Math.floor(index / 12)
  const month = (index % 12) + 1
  if (year > 9999) return undefined
  return write(year, month, Math.min(day, daysInMonth(year, month)))
}
