/** What an hour has cost in equity. Pure. */
import {
  divide,
  formatDecimal,
  formatNumeric,
  formatTokens,
  type MicroTokens,
  type Money,
  type WholeShares,
} from '../../platform/index.ts'

/** The definition, in the words that stand beside the figure. */
export const EFFECTIVE_PRICE_DEFINITION =
  'Shares earned, times the price per share of the round, divided by the H100-hours delivered: what one hour of compute that was really received has cost in equity, at the value that the round put on it. Hours that were charged and not delivered are not in the divisor.'

/** An exact price, and the same rounded for reading. */
export type EffectivePrice = {
  readonly currency: string
  /** Shares times price, exact. */
  readonly value: string
  /** H100-hours delivered. */
  readonly hours: string
  /** Value by hours as a fraction in lowest terms: `47/20`. */
  readonly fraction: string
  /** The fraction at four places, half to even. */
  readonly perHour: string
}

const PLACES = 4

/** @returns `undefined` where nothing was delivered: there is no price of no hours */
export function effectivePrice(shares: WholeShares, price: Money, delivered: MicroTokens): EffectivePrice | undefined {
  if (delivered <= 0n) return undefined
  const value = shares * price.amount
  // value is in 10^-10 of the currency, delivered in 10^-6 of an hour.
  const [numerator, denominator] = [value, delivered * 10n ** 4n]
  const divisor = gcd(numerator, denominator)
  return {
    currency: price.currency,
    value: formatNumeric(value),
    hours: formatTokens(delivered),
    fraction: `${numerator / divisor}/${denominator / divisor}`,
    perHour: formatDecimal(divide(numerator * 10n ** BigInt(PLACES), denominator, 'NEAREST_EVEN'), PLACES, PLACES),
  }
}

function gcd(a: bigint, b: bigint): bigint {
  let [high, low] = [a, b]
  while (low !== 0n) [high, low] = [low, high % low]
  return high === 0n ? 1n : high
}
