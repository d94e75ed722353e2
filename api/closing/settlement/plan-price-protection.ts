import { formatNumeric, formatTokens, Refused } from '../../platform/index.ts'
import { clauseOf, type GrantStanding, nothing, type SettlementPlan } from './plan.ts'
import { fellBeyond, topUpTokens } from './price-protection.ts'

/**
 * When the agreed index has fallen: a top-up of tokens that earn no shares, for what is unused. The level becomes the base of
 * the next comparison, so that no fall is made good twice.
 *
 * @throws {Refused} where the terms give no protection, the index has no level, or has not fallen beyond the threshold
 */
export function planPriceProtection(of: GrantStanding): SettlementPlan {
  const protection = of.terms.settlement.priceProtection
  if (protection === undefined) throw new Refused('event', 'is not in the terms: they give no price protection')
  const { base, index } = of
  if (base === null || index === null || index instanceof Refused)
    throw index instanceof Refused ? index : new Refused('event', 'has no level to compare with')
  const { threshold, compensates, cap } = protection
  const words = `${index.metric.name} stands at ${formatNumeric(index.level)}, the mean of ${index.observations} observations from ${index.from} to ${index.asOf}; its base is ${formatNumeric(base.amount)}`
  if (!fellBeyond(base.amount, index.level, threshold))
    throw new Refused(
      'event',
      `has not happened: ${words}, and it must fall by more than ${formatNumeric(threshold * 100n)}%`,
    )
  const unused = of.locked + of.available + of.held + of.unusedTopUps
  const whole = topUpTokens({ unused, base: base.amount, level: index.level, threshold, compensates })
  const left = cap === undefined ? whole : cap - of.toppedUp
  const topUp = whole < left ? whole : left
  if (topUp <= 0n)
    throw new Refused('event', `tops up nothing: ${unused === 0n ? 'no token is unused' : 'the cap is reached'}`)
  return {
    ...nothing(of, 'price_protection', clauseOf(of, 'index_fall')),
    tokens: { fromLocked: 0n, fromAvailable: 0n, held: of.held, topUp },
    newBase: { amount: index.level, currency: base.currency },
    notes: [
      `${words}.`,
      `${formatTokens(unused)} tokens are unused; ${formatTokens(whole)} make the fall good${whole > topUp ? `, of which the cap leaves ${formatTokens(topUp)}` : ''}.`,
    ],
  }
}
