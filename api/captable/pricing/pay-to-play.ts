/**
 * What happens to the preferred of those who do not buy their part of a round.
 *
 * Source: NVCA model certificate of incorporation, article fourth, part B, section 5A, "Special Mandatory Conversion":
 * the applicable portion of a holder's shares is (pro rata amount - bought) / pro rata amount.
 */
import { divide, type Numeric, type Rounding, type WholeShares } from '../../platform/index.ts'
import type { ConversionRatio } from '../replay/conversion-ratio.ts'

export type PayToPlayHolder = {
  readonly id: string
  readonly preferred: WholeShares
  /** What the holder was entitled and asked to buy, and bought: both in money, or both in shares. */
  readonly proRata: Numeric
  readonly bought: Numeric
}

export type PayToPlayTerms = {
  /** `PROPORTIONAL`: by the part not bought. `ALL`: every share of a holder who did not buy the whole part. */
  readonly portion: 'PROPORTIONAL' | 'ALL'
  /** Common per preferred share that converts: the conversion ratio, or a worse one where the charter punishes. */
  readonly ratio: ConversionRatio
  /** Of the preferred that convert. */
  readonly portionRounding: Rounding
  /** Of the common they become; fractions are usually paid in cash, so `DOWN`. */
  readonly shareRounding: Rounding
}

export type PayToPlayResult = {
  readonly id: string
  /** Bought the whole part, or was entitled to none. */
  readonly played: boolean
  readonly kept: WholeShares
  readonly converted: WholeShares
  readonly common: WholeShares
}

/**
 * Converts what the terms say of each holder. Holders do not depend on each other.
 *
 * @throws {RangeError} when a number is negative or a ratio not positive
 */
export function payToPlay(holders: readonly PayToPlayHolder[], terms: PayToPlayTerms): PayToPlayResult[] {
  const { numerator, denominator } = terms.ratio
  if (numerator <= 0n || denominator <= 0n) throw new RangeError('a conversion ratio must be more than zero')
  return holders.map(({ id, preferred, proRata, bought }) => {
    if (preferred < 0n || proRata < 0n || bought < 0n) throw new RangeError('no number may be negative')
    const missing = proRata > bought ? proRata - bought : 0n
    const portion =
      terms.portion === 'ALL' ? preferred : divide(preferred * missing, proRata || 1n, terms.portionRounding)
    const converted = missing === 0n ? 0n : portion
    return {
      id,
      played: missing === 0n,
      kept: preferred - converted,
      converted,
      common: divide(converted * numerator, denominator, terms.shareRounding),
    }
  })
}
