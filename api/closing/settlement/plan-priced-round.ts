import { Refused } from '../../platform/index.ts'
import { type GrantStanding, over, type SettlementPlan } from './plan.ts'

/** The clause of a SAFE whose rest ends in a priced round, in the words of its term sheet. */
const CLAUSE =
  'Tokens: those not held for reservations are cancelled. SAFE: what has accrued converts in the priced round; what has not accrued ends.'

/** A priced round converts a SAFE whose rest ends: the grant is over. The closing of that round does it. */
export const planPricedRound = (of: GrantStanding): SettlementPlan => over(of, 'priced_round', CLAUSE)

/** Nobody proposes it. @throws {Refused} always */
export function refusePricedRound(): never {
  throw new Refused('event', 'happens when a priced round closes, and only then')
}
