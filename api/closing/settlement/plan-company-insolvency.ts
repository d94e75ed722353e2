import {
  type Circumstances,
  clauseOf,
  type GrantStanding,
  mustHaveHappened,
  over,
  type SettlementPlan,
} from './plan.ts'

/** On the opening of proceedings over the company: tokens are no property of the estate, unearned shares go back at zero. */
export function planCompanyInsolvency(of: GrantStanding, said: Circumstances): SettlementPlan {
  mustHaveHappened(of, said)
  return {
    ...over(of, 'company_insolvency', clauseOf(of, 'company_insolvency')),
    notes: [`Proceedings were opened on ${said.happenedOn}. Earned shares rank as their class ranks.`],
  }
}
