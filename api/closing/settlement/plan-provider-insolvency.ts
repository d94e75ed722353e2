import { Refused } from '../../platform/index.ts'
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
 * When the provider fails. With a successor provider the grant goes on; without one, after the days that the terms give to find
 * one, it ends: what was not delivered costs the company nothing.
 *
 * @throws {Refused} when no successor is named and the days to name one are not over
 */
export function planProviderInsolvency(of: GrantStanding, said: Circumstances): SettlementPlan {
  mustHaveHappened(of, said)
  const clause = clauseOf(of, 'provider_default')
  if (said.assumed === true)
    return {
      ...nothing(of, 'provider_insolvency', clause),
      notes: ['A successor provider assumes the agreement: tokens are redeemable there.'],
    }
  const until = daysAfter(said.happenedOn, of.terms.settlement.successorDays)
  if (of.on < until) throw new Refused('event', `must wait until ${until}: the fund may name a successor until then`)
  return { ...over(of, 'provider_insolvency', clause), notes: [`No successor was named by ${until}.`] }
}
