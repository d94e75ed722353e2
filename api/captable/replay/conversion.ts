/**
 * What a SAFE or a note converts at: the price that gives it most shares, of its cap's, its discount's and the round's.
 *
 * Source: Y Combinator post-money SAFE ("Safe Price", "Discount Price", "whichever ... results in a greater number of
 * shares"); notes of common form say the same.
 */
import type { Numeric } from '../../platform/index.ts'

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

/**
 * What an instrument states itself, whatever the price of the round: a number of shares, or a part (0 to 1, a {@link Numeric})
 * of a capitalization.
 *
 * Source: Open Cap Format 1.2.0, `FIXED_AMOUNT_CONVERSION` and `FIXED_PERCENT_OF_CAPITALIZATION_CONVERSION`.
 */
export type StatedShares =
  | { readonly kind: 'SHARES'; readonly shares: Numeric }
  | { readonly kind: 'PART'; readonly part: Numeric; readonly of: CapBase }

/**
 * A SAFE or a note that converts in a round, or a warrant whose price the round fixes. With neither cap nor discount it takes
 * the round's price.
 */
export type Convertible = {
  /** The caller's own. */
  readonly id: string
  /** Purchase amount; of a note, principal and the interest that converts (note-interest.ts). Money of the round. */
  readonly amount: Numeric
  /** `alone`: the valuation decides also where the round's price is lower, as a fixed one does. */
  readonly cap?: { readonly valuation: Numeric; readonly base: CapBase; readonly alone?: boolean } | undefined
  /** What comes off the round's price: 0.2 makes it 80% of it. At least 0, less than 1. */
  readonly discount?: Numeric | undefined
  /** Decides alone where it is there: neither cap nor discount nor the round's price then counts. */
  readonly states?: StatedShares | undefined
  /** False where nothing was paid in: the money of a warrant is not added to the valuation by dollars invested. */
  readonly invested?: boolean | undefined
}

/** Whether it is known before the price which side decides. */
export const decidesAlone = ({ cap, states }: Pick<Convertible, 'cap' | 'states'>): boolean =>
  states !== undefined || cap?.alone === true

/** What was paid in for these: what dollars invested adds to the valuation. */
export const investedIn = (convertibles: readonly Convertible[]): Numeric =>
  convertibles.reduce((sum, { amount, invested }) => (invested === false ? sum : sum + amount), 0n)

/** What decided the price of a conversion. */
export type ConvertsAt = 'CAP' | 'DISCOUNT' | 'ROUND_PRICE' | 'INSTRUMENT'

/** A one of {@link Numeric}. */
export const ONE = 10n ** 10n

/** `numerator / denominator`, not reduced: reducing costs more than the few products that are made of one. */
export type Ratio = { readonly numerator: bigint; readonly denominator: bigint }

/** True where `left` is less than `right`. Denominators are positive. */
export const less = (left: Ratio, right: Ratio): boolean =>
  left.numerator * right.denominator < right.numerator * left.denominator

/** What the number of shares of a convertible follows from beside the price; `undefined` where nothing. */
export function baseOf({ cap, states }: Convertible): CapBase | undefined {
  if (states === undefined) return cap?.base
  return states.kind === 'PART' ? states.of : undefined
}

/**
 * Money per share at which one convertible converts, before any rounding of its own price.
 *
 * @param capitalization that of {@link baseOf}, a {@link Numeric} times `by`; a cap over nothing decides nothing
 * @param roundPrice money per share that the round's buyers pay
 */
export function conversionPrice(
  { amount, cap, discount = 0n, states }: Convertible,
  capitalization: Numeric,
  roundPrice: Ratio,
  by = 1n,
): { readonly price: Ratio; readonly at: ConvertsAt } {
  if (states?.kind === 'SHARES') return { price: { numerator: amount, denominator: states.shares }, at: 'INSTRUMENT' }
  if (states?.kind === 'PART') {
    const price = { numerator: amount * ONE * by, denominator: states.part * capitalization }
    return { price, at: 'INSTRUMENT' }
  }
  const discounted = { numerator: roundPrice.numerator * (ONE - discount), denominator: roundPrice.denominator * ONE }
  const at = discount > 0n ? 'DISCOUNT' : 'ROUND_PRICE'
  if (cap === undefined || capitalization <= 0n) return { price: discounted, at }
  const capped = { numerator: cap.valuation * by, denominator: capitalization }
  return less(discounted, capped) && cap.alone !== true ? { price: discounted, at } : { price: capped, at: 'CAP' }
}
