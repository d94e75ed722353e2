import {
  type Circumstances,
  clauseOf,
  type GrantStanding,
  mustHaveHappened,
  over,
  type SettlementPlan,
} from './plan.ts'

/** Terminated for cause: tokens are cancelled on the day, but for those held; unearned shares go back at zero. */
export function planTerminationForCause(of: GrantStanding, said: Circumstances): SettlementPlan {
  mustHaveHappened(of, said)
  return {
    ...over(of, 'termination_for_cause', clauseOf(of, 'termination_for_cause')),
    notes: [`Terminated for cause on ${said.happenedOn}.`],
  }
}
