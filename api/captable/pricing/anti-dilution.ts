/**
 * What an issue of shares below a series' conversion price does to that price, and to how many common its shares become.
 *
 * Source: NVCA model certificate of incorporation, article fourth, part B, section 4.4.4: CP2 = CP1 x (A + B) / (A + C),
 * "calculated to the nearest one-hundredth of a cent". A is the base (`antiDilutionBase` in fully-diluted.ts), B what the
 * consideration would have bought at CP1, C what was issued.
 */
import { NUMERIC_PLACES, type Numeric, type Rational, rational, roundRational } from '../../platform/index.ts'
import { ONE } from '../replay/conversion.ts'
import type { PriceRounding } from './convertible-round.ts'

export type DilutiveIssue = {
  /** CP1: money per share at which the series converts before the issue. */
  readonly conversionPrice: Numeric
  /** Shares issued, as converted to common; of options and convertibles the most that they can become. */
  readonly issued: Numeric
  /** Money for all of them, with what must be paid on exercise. */
  readonly consideration: Numeric
}

/** The price after an issue. */
export type AdjustedPrice =
  | {
      readonly kind: 'reduced'
      /** CP2, rounded, and before rounding. */
      readonly price: Numeric
      readonly exact: Rational
    }
  /** The shares were not issued below the conversion price, or the reduction is less than the rounding. */
  | { readonly kind: 'unchanged'; readonly price: Numeric; readonly exact: Rational }
  /** No conversion price is zero: the terms need more places. */
  | { readonly kind: 'price_rounds_to_zero'; readonly exact: Rational }

/** To the nearest one-hundredth of a cent, as the NVCA form says. */
export const NVCA_PRICE_ROUNDING: PriceRounding = { direction: 'NEAREST', places: 4 }

/**
 * Weighted average over `outstanding`, the base that the charter names. The price is never raised, by rounding neither.
 *
 * @throws {RangeError} when the price or what was issued is not positive, or the base or the consideration is negative
 */
export function weightedAverage(
  issue: DilutiveIssue,
  outstanding: Numeric,
  rounding: PriceRounding = NVCA_PRICE_ROUNDING,
): AdjustedPrice {
  if (outstanding < 0n) throw new RangeError('the base must not be negative')
  const { conversionPrice, issued, consideration } = mustBeIssue(issue)
  // B as shares times 10^10: money times 10^10 over a price.
  const kept = rational(consideration * ONE, conversionPrice).add(rational(outstanding))
  const exact = rational(conversionPrice, ONE)
    .mul(kept)
    .div(rational(outstanding + issued))
  return reducedTo(issue, exact, rounding)
}

/**
 * Full ratchet: the series converts at what the new shares cost, however few they are.
 *
 * @throws {RangeError} as {@link weightedAverage}
 */
export function fullRatchet(issue: DilutiveIssue, rounding: PriceRounding = NVCA_PRICE_ROUNDING): AdjustedPrice {
  const { issued, consideration } = mustBeIssue(issue)
  return reducedTo(issue, rational(consideration, issued), rounding)
}

/**
 * Common per preferred share: original issue price over conversion price.
 *
 * @throws {RangeError} when a price is not positive
 */
export function conversionRatio(originalIssuePrice: Numeric, conversionPrice: Numeric): Rational {
  if (originalIssuePrice <= 0n || conversionPrice <= 0n) throw new RangeError('a price must be more than zero')
  return rational(originalIssuePrice, conversionPrice)
}

function mustBeIssue(issue: DilutiveIssue): DilutiveIssue {
  if (issue.conversionPrice <= 0n || issue.issued <= 0n) {
    throw new RangeError('the conversion price and the shares issued must be more than zero')
  }
  if (issue.consideration < 0n) throw new RangeError('the consideration must not be negative')
  return issue
}

function reducedTo({ conversionPrice }: DilutiveIssue, exact: Rational, rounding: PriceRounding): AdjustedPrice {
  const before = rational(conversionPrice, ONE)
  if (exact.gte(before)) return { kind: 'unchanged', price: conversionPrice, exact: before }
  const { places, direction } = rounding
  const price = roundRational(exact, places, direction) * 10n ** BigInt(NUMERIC_PLACES - places)
  if (price === 0n) return { kind: 'price_rounds_to_zero', exact }
  // To the nearest may be above the price before, where that has more places.
  if (price >= conversionPrice) return { kind: 'unchanged', price: conversionPrice, exact }
  return { kind: 'reduced', price, exact }
}
