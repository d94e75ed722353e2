/** How many common a share of a class becomes. */
import type { StockClass } from './state.ts'

/** Common per share of a class, as a ratio of whole numbers: 8/7 is `{ numerator: 8n, denominator: 7n }`. */
export type ConversionRatio = { readonly numerator: bigint; readonly denominator: bigint }

/** Common per share of a class, as adjusted last. */
export function ratioOf(stock: Pick<StockClass, 'ratio' | 'item'> | undefined): ConversionRatio {
  const ratio = (stock?.ratio ?? stock?.item?.conversion_rights?.[0]?.conversion_mechanism)?.ratio
  if (ratio === undefined || ratio.numerator <= 0n || ratio.denominator <= 0n) return { numerator: 1n, denominator: 1n }
  return ratio
}
