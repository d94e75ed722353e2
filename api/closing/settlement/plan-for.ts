import { Refused } from '../../platform/index.ts'
import type { Circumstances, GrantStanding, SettlementPlan } from './plan.ts'
import { planChangeOfControl } from './plan-change-of-control.ts'
import { planCompanyInsolvency } from './plan-company-insolvency.ts'
import { planLongStop } from './plan-long-stop.ts'
import { planPartialTermination } from './plan-partial-termination.ts'
import { planPriceProtection } from './plan-price-protection.ts'
import { refusePricedRound } from './plan-priced-round.ts'
import { planProviderInsolvency } from './plan-provider-insolvency.ts'
import { planTerminationForCause } from './plan-termination-for-cause.ts'
import { planTerminationForConvenience } from './plan-termination-for-convenience.ts'

const PLANS: Readonly<Record<Circumstances['event'], (of: GrantStanding, said: Circumstances) => SettlementPlan>> = {
  long_stop: planLongStop,
  price_protection: planPriceProtection,
  change_of_control: planChangeOfControl,
  company_insolvency: planCompanyInsolvency,
  provider_insolvency: planProviderInsolvency,
  termination_for_cause: planTerminationForCause,
  termination_for_convenience: planTerminationForConvenience,
  partial_termination: planPartialTermination,
  priced_round: refusePricedRound,
}

/** What happens to a grant in these circumstances, as its terms say. Pure. @throws {Refused} where nothing does yet */
export function planFor(of: GrantStanding, said: Circumstances): SettlementPlan {
  if (of.settledBy !== null) throw new Refused('grantId', `is settled already: ${of.settledBy.replaceAll('_', ' ')}`)
  return PLANS[said.event](of, said)
}
