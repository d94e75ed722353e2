/** Amounts that accounting needs of a grant. Pure; signals for accountants, not their judgement. */
import { DomainError, divide, type MicroTokens, type Money } from '../../platform/index.ts'

/** Breakage is refused where unused tokens are refundable, or cost no shares: there is nothing to recognise. */
export class NoBreakage extends DomainError {
  readonly code = 'NO_BREAKAGE'
  readonly reason: string
  constructor(reason: string) {
    super(`No breakage is recognised: ${reason}. Nothing was changed.`)
    this.reason = reason
  }
}

/** What was promised for the shares, measured at contract inception. Source: ASC 606-10-32-21. */
export type Contract = {
  /** Tokens granted: H100-hours owed. */
  readonly granted: MicroTokens
  /** Fair value of the shares on the day of the contract; a later price of the share is no part of it (32-23). */
  readonly consideration: Money
}

/** A part of the consideration, at ten places, half to even. */
const part = (consideration: bigint, of: bigint, whole: bigint): bigint =>
  divide(consideration * of, whole, 'NEAREST_EVEN')

/**
 * The provider's revenue for `delivered` tokens of a contract, cumulative, and what it still owes. Differences of cumulative
 * sums are the months': rounding never accumulates.
 */
export function providerRevenue({ granted, consideration }: Contract, delivered: MicroTokens) {
  if (delivered < 0n || delivered > granted) throw new RangeError(`delivered ${delivered} outside 0..${granted}`)
  const revenue = part(consideration.amount, delivered, granted)
  return { revenue, liability: consideration.amount - revenue, currency: consideration.currency }
}

/**
 * The company's expense for compute received, cumulative. Where the equity is fully vested and not forfeitable at grant,
 * all of it is a prepaid asset on the first day, and is used up; where it is forfeitable there is no prepaid, and cost is
 * recognised as the compute is received. Source: ASC 718-10-25-2C, 718-10-35-1B (ASU 2018-07; ASC 505-50 is superseded).
 */
export function companyExpense({ granted, consideration }: Contract, used: MicroTokens, forfeitable: boolean) {
  if (used < 0n || used > granted) throw new RangeError(`used ${used} outside 0..${granted}`)
  const expense = part(consideration.amount, used, granted)
  return {
    prepaidInitial: forfeitable ? 0n : consideration.amount,
    expense,
    prepaid: forfeitable ? 0n : consideration.amount - expense,
    currency: consideration.currency,
  }
}

/**
 * Revenue with breakage in proportion to the tokens that are redeemed. Only where what was paid is kept although tokens
 * are not used: the basis `released`, or reserved time that is charged used or not. Source: ASC 606-10-55-46 to 55-49.
 *
 * @throws {NoBreakage} where unused tokens forfeit shares
 */
export function revenueWithBreakage(
  { granted, consideration }: Contract,
  of: { readonly redeemed: MicroTokens; readonly expectedBreakage: MicroTokens; readonly refundable: boolean },
) {
  if (of.refundable) throw new NoBreakage('unused tokens forfeit the shares that they would have earned')
  const expected = granted - of.expectedBreakage
  if (of.expectedBreakage < 0n || expected <= 0n) throw new NoBreakage('fewer than no tokens would be redeemed')
  if (of.redeemed < 0n || of.redeemed > expected)
    throw new NoBreakage('more was redeemed than was expected: estimate anew')
  const delivery = part(consideration.amount, of.redeemed, granted)
  const breakage = divide(consideration.amount * of.expectedBreakage * of.redeemed, granted * expected, 'NEAREST_EVEN')
  return { delivery, breakage, revenue: delivery + breakage, liability: consideration.amount - delivery - breakage }
}
