import { divide, type Money, TOKEN_PLACES } from '../platform/index.ts'
import type { RoundTerms } from './terms-shape.ts'

/**
 * What the fund pays in compute: tokens times the reference price per token, rounded down once to the ten places that
 * money has. The acquisition price of the shares, not a fair value of the compute.
 */
export function computeConsideration({
  tokens,
  referencePrice,
}: Pick<RoundTerms['compute'], 'tokens' | 'referencePrice'>): Money {
  const amount = divide(tokens * referencePrice.amount, 10n ** BigInt(TOKEN_PLACES), 'DOWN')
  return { amount, currency: referencePrice.currency }
}
