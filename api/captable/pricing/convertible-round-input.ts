/** What a round in which SAFEs and notes convert is computed from. */
import type { Numeric, Rounding, WholeShares } from '../../platform/index.ts'
import type { Convertible } from '../replay/conversion.ts'
import type { ConversionMethod, ShareCount } from './fully-diluted.ts'
import type { PoolTerms, Purchase } from './priced-round.ts'

/** A rounding of prices: direction, and decimal places (0 to 10). */
export type PriceRounding = { readonly direction: Rounding; readonly places: number }

/**
 * Somebody who buys by a right, at the round's price, beside the purchases.
 *
 * - `OF_COMPANY`: as many shares as bring all that it has to `part` of the company after the round; none where it has that
 *   already. `held` is what it has before, `own` the ids of its convertibles
 * - `SHARES`: that number of shares
 */
export type RoundRight =
  | {
      readonly id: string
      readonly kind: 'OF_COMPANY'
      readonly part: Numeric
      readonly held: Numeric
      readonly own: readonly string[]
    }
  | { readonly id: string; readonly kind: 'SHARES'; readonly shares: WholeShares }

export type ConvertibleRoundInput = {
  /** Amount of money, in the currency of every purchase, cap and convertible. */
  readonly preMoney: Numeric
  /** Everything before the round but what converts. */
  readonly count: ShareCount
  readonly convertibles: readonly Convertible[]
  readonly method: ConversionMethod
  readonly pool: PoolTerms
  readonly purchases: readonly Purchase[]
  /** Rights to buy, beside the purchases. */
  readonly rights?: readonly RoundRight[] | undefined
  readonly priceRounding: PriceRounding
  /** Rounding of each conversion's own price; `undefined` leaves it as it comes from cap, discount and round price. */
  readonly conversionPriceRounding?: PriceRounding | undefined
  /** True: what is bought, and what converts at the round's price or a discount from it, is counted with the rounded price. */
  readonly sharesFromRoundedPrice: boolean
  readonly shareRounding: Rounding
  readonly conversionShareRounding: Rounding
  readonly poolRounding: Rounding
}
