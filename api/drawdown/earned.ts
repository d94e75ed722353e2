/** How a vest basis becomes shares, and which part of the basis earned a given share. Pure. */
import type { MicroTokens, WholeShares } from '../platform/index.ts'

/** Allocation types of Open Cap Format 1.2.0 that drawdown knows. */
export type DrawdownAllocation =
  | 'CUMULATIVE_ROUNDING'
  | 'CUMULATIVE_ROUND_DOWN'
  | 'FRACTIONAL'
  | 'FRONT_LOADED'
  | 'BACK_LOADED'
  | 'FRONT_LOADED_TO_SINGLE_TRANCHE'
  | 'BACK_LOADED_TO_SINGLE_TRANCHE'

/** What the signed terms say about earning. `granted` is frozen at closing: top-up tokens do not change it. */
export type EarningTerms = {
  readonly total: WholeShares
  readonly granted: MicroTokens
  readonly allocation: DrawdownAllocation
  /** Equal tranches of tokens; `null` where shares are earned continuously. */
  readonly tranches: number | null
  /** Nothing is earned before the basis reaches this. */
  readonly cliff: MicroTokens
}

/**
 * Whole shares earned once `basis` micro-tokens count towards vesting.
 *
 * Never decreases in `basis`, is zero below the cliff, and equals `total` at `basis === granted`. `FRACTIONAL` earns in
 * fractions; what vests is whole, so the fraction is carried to the next statement.
 * Source: Open Cap Format 1.2.0, `AllocationType`.
 *
 * @throws {RangeError} when `basis` is outside 0..granted: the ledger forbids it, so the caller is wrong
 */
export function earnedShares(terms: EarningTerms, basis: MicroTokens): WholeShares {
  const { total, granted, allocation, tranches, cliff } = terms
  if (basis < 0n || basis > granted) throw new RangeError(`basis ${basis} outside 0..${granted}`)
  if (basis < cliff) return 0n
  if (tranches === null) return portion(total, basis, granted, continuous(allocation))
  const count = BigInt(tranches)
  return afterTranches(total, (basis * count) / granted, count, allocation)
}

function continuous(allocation: DrawdownAllocation): 'DOWN' | 'NEAREST' {
  if (allocation === 'CUMULATIVE_ROUNDING') return 'NEAREST'
  if (allocation === 'CUMULATIVE_ROUND_DOWN' || allocation === 'FRACTIONAL') return 'DOWN'
  throw new RangeError(`${allocation} needs a number of tranches`)
}

/** `total * part / whole` in whole shares; half rounds up. */
function portion(total: WholeShares, part: bigint, whole: bigint, rounding: 'DOWN' | 'NEAREST'): WholeShares {
  return rounding === 'DOWN' ? (total * part) / whole : (2n * total * part + whole) / (2n * whole)
}

/** Whole shares after `reached` of `count` equal tranches. */
function afterTranches(
  total: WholeShares,
  reached: bigint,
  count: bigint,
  allocation: DrawdownAllocation,
): WholeShares {
  const base = (total / count) * reached
  const left = total % count
  switch (allocation) {
    case 'CUMULATIVE_ROUNDING':
      return portion(total, reached, count, 'NEAREST')
    case 'CUMULATIVE_ROUND_DOWN':
    case 'FRACTIONAL':
      return portion(total, reached, count, 'DOWN')
    case 'FRONT_LOADED':
      return base + (reached < left ? reached : left)
    case 'BACK_LOADED':
      return base + (reached > count - left ? reached - (count - left) : 0n)
    case 'FRONT_LOADED_TO_SINGLE_TRANCHE':
      return base + (reached > 0n ? left : 0n)
    case 'BACK_LOADED_TO_SINGLE_TRANCHE':
      return base + (reached === count ? left : 0n)
  }
}

/**
 * The smallest basis at which `shares` whole shares are earned: the inverse of {@link earnedShares}. By bisection, since
 * earning never decreases: at most 60 steps.
 *
 * @throws {RangeError} when `shares` is outside 0..total
 */
export function basisNeeded(terms: EarningTerms, shares: WholeShares): MicroTokens {
  if (shares < 0n || shares > terms.total) throw new RangeError(`${shares} shares outside 0..${terms.total}`)
  let low = 0n
  let high = terms.granted
  while (low < high) {
    const middle = (low + high) / 2n
    if (earnedShares(terms, middle) >= shares) high = middle
    else low = middle + 1n
  }
  return low
}

/**
 * The part `(from, to]` of the basis that earned the shares numbered `first` to `last` (counted from 1). Shares that one
 * step of the basis earns together (a tranche, a cliff) share that whole step.
 */
export function basisOfShares(
  terms: EarningTerms,
  first: WholeShares,
  last: WholeShares,
): { from: MicroTokens; to: MicroTokens } {
  if (first < 1n || last < first) throw new RangeError(`shares ${first} to ${last} are no range`)
  const step = basisNeeded(terms, first)
  // What was earned just before that step: everything after it up to the step belongs to the step.
  const before = step === 0n ? 0n : earnedShares(terms, step - 1n)
  return { from: before === 0n ? 0n : basisNeeded(terms, before), to: basisNeeded(terms, last) }
}

/** The causes of a charge. Source: DESIGN.md section 1. */
export const CAUSES = ['delivered', 'idle_reserved', 'no_show', 'cancel_fee'] as const
export type Cause = (typeof CAUSES)[number]

/** Whether a charge of this cause counts towards vesting under a basis. `released` counts releases, not charges. */
export const counts = (basis: 'delivered' | 'reserved' | 'released', cause: Cause): boolean =>
  basis === 'delivered' ? cause === 'delivered' : basis === 'reserved'

/**
 * Moves the basis by a charge. What fills a deficit (the peak was higher than the basis is now) earns nothing again.
 *
 * @returns the basis after it, its peak, and the part `(from, to]` of the peak that is new
 */
export function advance(
  progress: { basis: MicroTokens; peak: MicroTokens },
  amount: MicroTokens,
  counted: boolean,
): { basis: MicroTokens; peak: MicroTokens; from: MicroTokens; to: MicroTokens } {
  const basis = progress.basis + (counted ? amount : 0n)
  const peak = basis > progress.peak ? basis : progress.peak
  return { basis, peak, from: progress.peak, to: peak }
}
