import { Refused } from '../../platform/index.ts'
import {
  type Circumstances,
  clauseOf,
  type GrantStanding,
  mustHaveHappened,
  nothing,
  over,
  type SettlementPlan,
  unearnedOf,
} from './plan.ts'

/**
 * At a change of control. The grant goes on with a successor that assumes it, where the terms let it; else what is unearned is
 * forfeited before proceeds are divided, or vests before that.
 *
 * @throws {Refused} when it is not said whether the successor assumes the agreement
 */
export function planChangeOfControl(of: GrantStanding, said: Circumstances): SettlementPlan {
  mustHaveHappened(of, said)
  const { assumed } = said
  if (assumed == null) throw new Refused('assumed', 'is missing: does the successor assume the agreement')
  const outcome = of.terms.settlement.changeOfControl
  const clause = clauseOf(of, 'change_of_control')
  if (outcome === 'VEST') {
    const ends = assumed ? nothing(of, 'change_of_control', clause) : over(of, 'change_of_control', clause)
    return {
      ...ends,
      shares: { vestedBefore: of.vested, vests: unearnedOf(of), forfeits: 0n },
      endsEarning: true,
      notes: ['Proceeds are divided on all shares.'],
    }
  }
  if (outcome === 'ASSUMED_OR_FORFEIT' && assumed)
    return {
      ...nothing(of, 'change_of_control', clause),
      notes: ['The successor assumes the agreement: tokens and unearned shares continue with it.'],
    }
  return { ...over(of, 'change_of_control', clause), notes: ['Proceeds are divided on earned shares only.'] }
}
