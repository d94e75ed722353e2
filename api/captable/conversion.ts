/**
 * What a SAFE or a note converts at: the price that gives it most shares, of its cap's, its discount's and the round's.
 *
 * Source: Y Combinator post-money SAFE ("Safe Price", "Discount Price", "whichever ... results in a greater number of
 * shares"); notes of common form say the same.
 */
import type { Numeric } from '../platform/index.ts'

/**
 * What a cap is divided by.
 *
 * - `POST_MONEY`: every share and everything that converts, but no increase of the pool
 * - `PRE_MONEY`: without SAFEs and notes, with the increase of the pool
 * - `PRE_MONEY_WITHOUT_INCREASE`: without either; some notes say so
 *
 * The definitions are those of fully-diluted.ts.
 */
export const CAP_BASES = ['POST_MONEY', 'PRE_MONEY', 'PRE_MONEY_WITHOUT_INCREASE'] as const
export type CapBase = (typeof CAP_BASES)[number]

/** A SAFE or a note that converts in a round. With neither cap nor discount it converts at the round's price. */
export type Convertible = {
  /** The caller's own. */
  readonly id: string
  /** Purchase amount; of a note, principal and the interest that converts (note-interest.ts). Money of the round. */
  readonly amount: Numeric
  readonly cap?: { readonly valuation: Numeric; readonly base: CapBase } | undefined
  /** What comes off the round's price: 0.2 makes it 80% of it. At least 0, less than 1. */
  readonly discount?: Numeric | undefined
}

/** What decided the price of a conversion. */
export type ConvertsAt = 'CAP' | 'DISCOUNT' | 'ROUND_PRICE'

/** A one of {@link Numeric}. */
export const ONE = 10n ** 10n

/** `numerator / denominator`, not reduced: reducing costs more than the few products that are made of one. */
export type Ratio = { readonly numerator: bigint; readonly denominator: bigint }

/** True where `left` is less than `right`. Denominators are positive. */
export const less = (left: Ratio, right: Ratio): boolean =>
  left.numerator * right.denominator < right.numerator * left.denominator

/**
 * Money per share at which one convertible converts, before any rounding of its own price.
 *
 * @param capitalization what its cap is divided by, a {@link Numeric}; a cap over nothing decides nothing
 * @param roundPrice money per share that the round's buyers pay
 */
export function conversionPrice(
  { cap, discount = 0n }: Convertible,
  capitalization: Numeric,
  roundPrice: Ratio,
): { readonly price: Ratio; readonly at: ConvertsAt } {
  const discounted = { numerator: roundPrice.numerator * (ONE - discount), denominator: roundPrice.denominator * ONE }
  const at = discount > 0n ? 'DISCOUNT' : 'ROUND_PRICE'
  if (cap === undefined || capitalization <= 0n) return { price: discounted, at }
  const capped = { numerator: cap.valuation, denominator: capitalization }
  return less(discounted, capped) ? { price: discounted, at } : { price: capped, at: 'CAP' }
}
