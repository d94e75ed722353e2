import { companyNames, mustSeeInstallation, providersById } from '../../parties/index.ts'
import { formatDecimal, formatTokens, type Trx } from '../../platform/index.ts'
import { RISK_EVENT_TITLES } from '../../rounds/index.ts'
import { findTokenClass } from '../../tokens/index.ts'
import type { ApplyPlan } from './application.ts'
import { planHash, type SettlementEvent } from './plan.ts'

const TITLES: Readonly<Record<SettlementEvent, string>> = {
  long_stop: 'Long-stop',
  price_protection: 'Price protection',
  change_of_control: RISK_EVENT_TITLES.change_of_control,
  company_insolvency: RISK_EVENT_TITLES.company_insolvency,
  provider_insolvency: RISK_EVENT_TITLES.provider_default,
  termination_for_cause: RISK_EVENT_TITLES.termination_for_cause,
  termination_for_convenience: RISK_EVENT_TITLES.termination_for_convenience,
  partial_termination: 'Partial termination',
  priced_round: 'Priced round that converts the SAFE',
}

/** What the notice of a settlement is made from. */
export async function noticeOf(trx: Trx, { standing, plan, evidence, happenedOn, grant }: ApplyPlan, at: string) {
  const tokenClass = await findTokenClass(trx, standing.tokenClassId)
  const [provider] = await providersById(trx, tokenClass === undefined ? [] : [tokenClass.providerId])
  const { fundName } = await mustSeeInstallation(trx)
  const company = (await companyNames(trx, [standing.companyId])).get(standing.companyId)
  if (tokenClass === undefined || provider === undefined || company === undefined)
    throw new Error('a grant has a company, a token class and a provider')
  const { tokens, shares, cash } = plan
  const safe = grant.grant.unit === 'CENT'
  const amount = (units: bigint): string => (safe ? formatDecimal(units, 2, 2) : String(units))
  const left = standing.total - standing.forfeited - shares.forfeits - standing.vested - shares.vests
  return {
    issuedAt: `${at.slice(0, 10)}T00:00:00Z`,
    title: TITLES[plan.event],
    company,
    fund: fundName,
    provider: provider.name,
    tokenClass: tokenClass.name,
    securityId: grant.grant.securityId,
    happenedOn,
    evidence,
    clause: plan.clause,
    notes: plan.notes,
    planSha256: planHash(plan).toString('hex'),
    tokens: [
      { what: 'Cancelled, not yet released', amount: formatTokens(tokens.fromLocked) },
      { what: 'Cancelled, released and not used', amount: formatTokens(tokens.fromAvailable) },
      { what: 'Held for reservations: unchanged', amount: formatTokens(tokens.held) },
      { what: 'Added as a top-up that earns no shares', amount: formatTokens(tokens.topUp) },
    ],
    shares: [
      { what: safe ? 'Accrued before' : 'Vested before', amount: amount(shares.vestedBefore) },
      { what: safe ? 'Accrues by the clause above' : 'Vest by the clause above', amount: amount(shares.vests) },
      { what: safe ? 'Ends without accruing' : 'Forfeited to the Company at zero', amount: amount(shares.forfeits) },
      { what: safe ? 'May still accrue afterwards' : 'Still unearned afterwards', amount: amount(left) },
    ],
    currency: safe ? standing.terms.compute.referencePrice.currency : undefined,
    cash: { amount: '0', currency: cash.currency },
    endsEarning: plan.endsEarning,
    windDownUntil: plan.windDownUntil,
  }
}
