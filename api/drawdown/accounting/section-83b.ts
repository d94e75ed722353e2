/** When an election under section 83(b) of the Internal Revenue Code is due. Pure. */
import { Temporal } from 'temporal-polyfill'

/** Days after the transfer within which the election is filed. Source: IRC 83(b)(2). */
const ELECTION_DAYS = 30

/**
 * The last day on which an election for property transferred on `transferredOn` may be filed: the thirtieth day after it,
 * or the next business day where that is a Saturday, a Sunday or a legal holiday in the District of Columbia.
 * Source: IRC 83(b)(2), 7503; Treas. Reg. 1.83-2(b), 301.7503-1.
 *
 * @example electionDue('2026-11-20') // Sunday, 20 December 2026: Monday, 21 December 2026
 */
export function electionDue(transferredOn: string): string {
  let day = Temporal.PlainDate.from(transferredOn).add({ days: ELECTION_DAYS })
  while (day.dayOfWeek >= 6 || isLegalHoliday(day)) day = day.add({ days: 1 })
  return day.toString()
}

/** Holidays on a fixed day, as month and day, with the year from which on they are. DC: Emancipation Day (DC Code 28-2701). */
const FIXED = [
  [1, 1, 0],
  [4, 16, 2005],
  [6, 19, 2021],
  [7, 4, 0],
  [11, 11, 0],
  [12, 25, 0],
] as const
/** Holidays on the nth weekday of a month: month, weekday (1 is Monday), which one (-1 the last). Source: 5 USC 6103. */
const FLOATING = [
  [1, 1, 3],
  [2, 1, 3],
  [5, 1, -1],
  [9, 1, 1],
  [10, 1, 2],
  [11, 4, 4],
] as const

function isLegalHoliday(day: Temporal.PlainDate): boolean {
  if (FLOATING.some(([month, weekday, nth]) => day.month === month && isNth(day, weekday, nth))) return true
  // Inauguration Day, every fourth year (5 USC 6103(c)); on a Sunday the day after.
  if (day.month === 1 && isOnOrObserved(day, 1, 20, false) && (day.year - 1965) % 4 === 0) return true
  // A holiday on a Saturday is kept on Friday, one on a Sunday on Monday: New Year's Day also in the year before.
  return [day.year, day.year + 1].some((year) =>
    FIXED.some(([month, date, since]) => year >= since && isOnOrObserved(day, month, date, true, year)),
  )
}

function isOnOrObserved(
  day: Temporal.PlainDate,
  month: number,
  date: number,
  friday: boolean,
  year = day.year,
): boolean {
  const holiday = Temporal.PlainDate.from({ year, month, day: date })
  const kept =
    holiday.dayOfWeek === 7
      ? holiday.add({ days: 1 })
      : holiday.dayOfWeek === 6 && friday
        ? holiday.subtract({ days: 1 })
        : holiday
  return day.equals(holiday) || day.equals(kept)
}

function isNth(day: Temporal.PlainDate, weekday: number, nth: number): boolean {
  if (day.dayOfWeek !== weekday) return false
  return nth === -1 ? day.day + 7 > day.daysInMonth : Math.ceil(day.day / 7) === nth
}
