/** What becomes of a grant at its long-stop if usage goes on as it did. Pure. */
import { Temporal } from 'temporal-polyfill'
import type { MicroTokens, WholeShares } from '../../platform/index.ts'
import { type GrantStanding, unearnedOf } from '../settlement/plan.ts'

/** Days of history below which nothing is foretold, as in statements. */
const LEAST_DAYS = 28

/** How it is foretold, in the words that stand beside it. */
export const OUTLOOK_METHOD = `Straight line: what has counted towards vesting since the grant was opened, by the day, goes on until the long-stop. Cannot tell with less than ${LEAST_DAYS} days of history, or without any use in them. Not a promise.`

export type LongStopOutlook =
  | { readonly kind: 'settled' }
  | { readonly kind: 'cannot_tell'; readonly why: string }
  | {
      readonly kind: 'foretold'
      /** Micro-tokens of the vest basis by then, at most those granted. */
      readonly basis: MicroTokens
      readonly earned: WholeShares
      /** What the clause does to the rest then, by the terms. */
      readonly vests: WholeShares
      readonly forfeits: WholeShares
    }

/**
 * @param peak micro-tokens that count towards vesting until today
 */
export function longStopOutlook(of: GrantStanding, peak: MicroTokens): LongStopOutlook {
  if (of.settledBy !== null) return { kind: 'settled' }
  const days = daysBetween(of.openedOn, of.on)
  if (days < LEAST_DAYS) {
    return { kind: 'cannot_tell', why: `there are ${days} days of history; ${LEAST_DAYS} are needed` }
  }
  if (peak === 0n) return { kind: 'cannot_tell', why: `nothing was used in ${days} days` }
  const ahead = Math.max(0, daysBetween(of.on, of.longStop.effective))
  const straight = peak + (peak * BigInt(ahead)) / BigInt(days)
  const left = of.granted - of.givenUp
  const basis = straight < left ? straight : left
  const reached = of.earnedAt(basis)
  // Parts that were given up took their shares with them.
  const earned = reached < of.vested + unearnedOf(of) ? reached : of.vested + unearnedOf(of)
  const rest = of.vested + unearnedOf(of) - earned
  const vests = of.terms.settlement.nonUse === 'VEST_ANYWAY' ? rest : 0n
  return { kind: 'foretold', basis, earned, vests, forfeits: rest - vests }
}

const daysBetween = (from: string, until: string): number =>
  Temporal.PlainDate.from(from).until(until, { largestUnit: 'days' }).days
