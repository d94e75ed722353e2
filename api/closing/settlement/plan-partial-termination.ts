import { formatTokens, Refused } from '../../platform/index.ts'
import {
  type Circumstances,
  clauseOf,
  type GrantStanding,
  mustHaveHappened,
  nothing,
  type SettlementPlan,
  unearnedOf,
} from './plan.ts'

/**
 * A part of the grant is given up: its tokens are cancelled, and so are the shares that only they could have earned. The
 * denominator stays frozen, so every token that is left earns what it earned before.
 *
 * @throws {Refused} where the terms know no partial termination, or more is given up than is neither used nor held
 */
export function planPartialTermination(of: GrantStanding, said: Circumstances): SettlementPlan {
  mustHaveHappened(of, said)
  if (!of.terms.settlement.partialTermination)
    throw new Refused('event', 'is not in the terms: the grant is terminated whole')
  const { tokens } = said
  if (tokens == null) throw new Refused('tokens', 'is missing: how many tokens are given up')
  if (tokens >= of.locked + of.available)
    throw new Refused(
      'tokens',
      `must be less than the ${formatTokens(of.locked + of.available)} that are neither used nor held: terminate the grant whole`,
    )
  const fromLocked = tokens < of.locked ? tokens : of.locked
  const left = of.earnedAt(of.granted - of.givenUp - tokens)
  const forfeits = of.total - of.forfeited - left
  if (forfeits >= unearnedOf(of))
    throw new Refused('tokens', 'would leave no unearned share: terminate the grant whole')
  return {
    ...nothing(of, 'partial_termination', clauseOf(of, 'termination_for_convenience')),
    tokens: { fromLocked, fromAvailable: tokens - fromLocked, held: of.held, topUp: 0n },
    shares: { vestedBefore: of.vested, vests: 0n, forfeits },
    notes: [`${formatTokens(tokens)} tokens are given up; those that are left earn what they earned before.`],
  }
}
