/** When a grant that is not finished is settled: the agreed day, moved by what the provider owes. Pure. */
import { daysAfter } from '../../tokens/index.ts'

/** The long-stop of a grant, and what moved it. */
export type LongStop = {
  /** As the terms say, with every extension that both have signed. */
  readonly agreed: string
  /** Days on which capacity was denied or failed, as far as they fell before the long-stop and the terms count them. */
  readonly deniedDays: readonly string[]
  readonly outageDays: readonly string[]
  /** The day that holds. */
  readonly effective: string
  /** Whether capacity is still denied: the last request was, and none was given since. */
  readonly stillDenied: boolean
  readonly requests: number
}

/**
 * The agreed day, moved by one day for each owed day that falls before it: a day that is owed moves the
 * long-stop, and may so bring another owed day before it.
 *
 * @param countsOn what the terms of a day count: a day that was owed stays owed whatever is amended later
 */
export function longStopOf(
  agreed: string,
  owed: {
    readonly denied: readonly string[]
    readonly outage: readonly string[]
    readonly stillDenied: boolean
    readonly requests: number
  },
  countsOn: (day: string) => { readonly deniedCapacityExtends: boolean; readonly outageExtends: boolean },
): LongStop {
  const days = [
    ...owed.denied.filter((day) => countsOn(day).deniedCapacityExtends).map((day) => ({ day, denied: true })),
    ...owed.outage.filter((day) => countsOn(day).outageExtends).map((day) => ({ day, denied: false })),
  ].sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))
  let effective = agreed
  const counted: typeof days = []
  for (const owedDay of days) {
    if (owedDay.day >= effective) break
    counted.push(owedDay)
    effective = daysAfter(effective, 1)
  }
  return {
    agreed,
    deniedDays: counted.filter(({ denied }) => denied).map(({ day }) => day),
    outageDays: counted.filter(({ denied }) => !denied).map(({ day }) => day),
    effective,
    stillDenied: owed.stillDenied,
    requests: owed.requests,
  }
}
