import { daysAfter } from '../../tokens/index.ts'
import {
  type Circumstances,
  clauseOf,
  type GrantStanding,
  mustHaveHappened,
  nothing,
  over,
  type SettlementPlan,
} from './plan.ts'

/**
 * Terminated for convenience, in two steps: with the notice what is not released is cancelled, and released tokens can be used
 * and earn for the days of the wind-down; at its end the rest is cancelled and unearned shares go back at zero.
 */
export function planTerminationForConvenience(of: GrantStanding, said: Circumstances): SettlementPlan {
  mustHaveHappened(of, said)
  const clause = clauseOf(of, 'termination_for_convenience')
  const until = of.windDownEnds ?? daysAfter(said.happenedOn, of.terms.settlement.windDownDays)
  if (of.on >= until) {
    return {
      ...over(of, 'termination_for_convenience', clause),
      notes: [`The notice was of ${of.noticeOn ?? said.happenedOn}; the wind-down ended on ${until}.`],
    }
  }
  return {
    ...nothing(of, 'termination_for_convenience', clause),
    tokens: { fromLocked: of.locked, fromAvailable: 0n, held: of.held, topUp: 0n },
    windDownUntil: until,
    notes: [
      `The notice is of ${said.happenedOn}. Released tokens can be used, and earn, until ${until}; then the rest is cancelled and unearned shares are forfeited at zero.`,
    ],
  }
}
