/** Who bears what when the deal does not go to plan: the risk table of every terms and every founder summary. */

/** What may happen, in the order it is printed. Source: DESIGN.md section 5, "Risk table". */
export const RISK_EVENTS = [
  'non_use',
  'outage',
  'denied_capacity',
  'provider_default',
  'company_insolvency',
  'change_of_control',
  'termination_for_cause',
  'termination_for_convenience',
  'price_rise',
  'index_fall',
] as const
export type RiskEvent = (typeof RISK_EVENTS)[number]

/** Who bears the loss. `shared` means as the row's words divide it. */
export const RISK_BEARERS = ['company', 'fund', 'provider', 'shared'] as const
export type RiskBearer = (typeof RISK_BEARERS)[number]

/** One row: what happens to the tokens, the unearned shares, the earned shares and the cash, and who bears it. */
export type RiskRow = {
  readonly event: RiskEvent
  readonly tokens: string
  readonly unearned: string
  readonly earned: string
  readonly cash: string
  readonly bears: RiskBearer
}

/** How an event is called in a document. */
export const RISK_EVENT_TITLES: Readonly<Record<RiskEvent, string>> = {
  non_use: 'Non-use',
  outage: 'Outage',
  denied_capacity: 'Denied capacity',
  provider_default: 'Provider default or insolvency',
  company_insolvency: 'Company insolvency',
  change_of_control: 'Change of control',
  termination_for_cause: 'Termination for cause',
  termination_for_convenience: 'Termination for convenience',
  price_rise: 'Price rise',
  index_fall: 'Index fall',
}
