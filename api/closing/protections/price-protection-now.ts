/** What price protection would give today. Pure. */
import { type MicroTokens, type Money, NUMERIC_PLACES, type Numeric, Refused } from '../../platform/index.ts'
import { partOf } from '../../rounds/index.ts'
import type { MetricLevel } from '../../tokens/index.ts'
import type { GrantStanding } from '../settlement/plan.ts'
import { planPriceProtection } from '../settlement/plan-price-protection.ts'

export type PriceProtectionNow =
  /** The terms give none, or the grant is settled. */
  | { readonly kind: 'none'; readonly why: string }
  | { readonly kind: 'cannot_tell'; readonly why: string }
  | {
      readonly kind: 'level'
      readonly metric: string
      readonly source: string
      /** True once the agreed metric has ended and its fallback stands for it. */
      readonly fallback: boolean
      /** Money per H100-hour, the mean of so many observations over the window. */
      readonly level: Money
      readonly from: string
      readonly asOf: string
      readonly observations: number
      /** What it is compared with. */
      readonly base: Money
      /** Part of 1 by which it stands below the base, to ten places; negative where it stands above. */
      readonly fall: Numeric
      readonly threshold: Numeric
      /** Tokens that would be added today, with a vest weight of zero. */
      readonly topUp: MicroTokens
      readonly words: string
    }

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)

export function priceProtectionNow(of: GrantStanding): PriceProtectionNow {
  const protection = of.terms.settlement.priceProtection
  if (protection === undefined) return { kind: 'none', why: 'The terms give no price protection.' }
  if (of.settledBy !== null) {
    return { kind: 'none', why: `The grant is settled: ${of.settledBy.replaceAll('_', ' ')}.` }
  }
  const { base, index } = of
  if (index instanceof Refused) return { kind: 'cannot_tell', why: index.reason }
  if (index === null || base === null) return { kind: 'cannot_tell', why: 'there is no level to compare with' }
  return { ...levelNow(index, base), threshold: protection.threshold, fallback: isFallback(index), ...wouldGive(of) }
}

const isFallback = (index: MetricLevel): boolean => index.metric.metricId !== index.askedId

const levelNow = (index: MetricLevel, base: Money) =>
  ({
    kind: 'level',
    metric: index.metric.name,
    source: index.metric.source,
    level: { amount: index.level, currency: index.metric.currency },
    from: index.from,
    asOf: index.asOf,
    observations: index.observations,
    base,
    fall: ONE - partOf(index.level, base.amount),
  }) as const

/** The plan of a top-up, or why there is none today. */
function wouldGive(of: GrantStanding): { readonly topUp: MicroTokens; readonly words: string } {
  try {
    const { tokens, notes } = planPriceProtection(of)
    return { topUp: tokens.topUp, words: notes.join(' ') }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { topUp: 0n, words: `A top-up ${error.reason}.` }
  }
}
