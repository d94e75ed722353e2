import { Temporal } from 'temporal-polyfill'
import type { MicroTokens } from '../../platform/index.ts'
import type { RoundTerms } from './terms-shape.ts'

/** Tokens that become available on a date. */
export type PlannedRelease = { readonly on: string; readonly amount: MicroTokens }

/**
 * The dates and amounts on which a grant's tokens become available, ascending. They add up to the grant, but for what
 * milestones release or the company asks for: no date is known of that.
 *
 * Monthly: after n of m months, n/m of the tokens rounded down, so that rounding does not accumulate and the last month
 * completes the grant. A month after the 31st ends on the month's last day, counted from the closing date each time.
 */
export function releaseSchedule(terms: {
  readonly releases: RoundTerms['releases']
  readonly compute: Pick<RoundTerms['compute'], 'tokens'>
  readonly closingDate: string
}): readonly PlannedRelease[] {
  const { releases, closingDate } = terms
  const { tokens } = terms.compute
  if (releases.kind === 'AT_CLOSE') return [{ on: closingDate, amount: tokens }]
  if (releases.kind !== 'MONTHLY')
    return releases.releases.map((release) => ({ on: release.on, amount: release.tokens }))
  const start = Temporal.PlainDate.from(closingDate)
  const planned: PlannedRelease[] = []
  let released = 0n
  for (let month = Math.max(1, releases.cliffMonths); month <= releases.months; month += 1) {
    const until = (tokens * BigInt(month)) / BigInt(releases.months)
    if (until > released) planned.push({ on: start.add({ months: month }).toString(), amount: until - released })
    released = until
  }
  return planned
}
