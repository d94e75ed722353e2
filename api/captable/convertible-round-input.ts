/** What a round in which SAFEs and notes convert is computed from. */
import type { Numeric, Rounding } from '../platform/index.ts'
import type { Convertible } from './conversion.ts'
import type { ConversionMethod, ShareCount } from './fully-diluted.ts'
import type { PoolTerms, Purchase } from './priced-round.ts'

/** A rounding of prices: direction, and decimal places (0 to 10). */
export type PriceRounding = { readonly direction: Rounding; readonly places: number }

export type ConvertibleRoundInput = {
  /** Amount of money, in the currency of every purchase, cap and convertible. */
  readonly preMoney: Numeric
  /** Everything before the round but what converts. */
  readonly count: ShareCount
  readonly convertibles: readonly Convertible[]
  readonly method: ConversionMethod
  readonly pool: PoolTerms
  readonly purchases: readonly Purchase[]
  readonly priceRounding: PriceRounding
  /** Rounding of each conversion's own price; `undefined` leaves it as it comes from cap, discount and round price. */
  readonly conversionPriceRounding?: PriceRounding | undefined
  /** True: what is bought, and what converts at the round's price or a discount from it, is counted with the rounded price. */
  readonly sharesFromRoundedPrice: boolean
  readonly shareRounding: Rounding
  readonly conversionShareRounding: Rounding
  readonly poolRounding: Rounding
}
