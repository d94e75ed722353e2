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

const KEPT = 'Kept by the Fund, as earned on the day of the event.'
const NO_CASH = 'None is due.'

/**
 * The table a draft starts from. Its rule: what was delivered stays earned whatever happens; what was not delivered is
 * forfeited at zero; a failure of the provider never costs the company time.
 */
export function defaultRiskTable(): readonly RiskRow[] {
  return [
    {
      event: 'non_use',
      tokens: 'Released Tokens stay redeemable until the token expiry date, then expire.',
      unearned: 'Forfeited to the Company at zero on the Long-Stop Date.',
      earned: KEPT,
      cash: NO_CASH,
      bears: 'fund',
    },
    {
      event: 'outage',
      tokens: 'Not charged for the time not delivered; the held Tokens return to the Company.',
      unearned: 'Unchanged: no share is earned by time that was not delivered.',
      earned: KEPT,
      cash: NO_CASH,
      bears: 'provider',
    },
    {
      event: 'denied_capacity',
      tokens: 'Stay available. Expiry and Long-Stop Date move by one day for each day of denial.',
      unearned: 'Forfeited to the Company at zero where the capacity is still denied on the moved Long-Stop Date.',
      earned: KEPT,
      cash: NO_CASH,
      bears: 'fund',
    },
    {
      event: 'provider_default',
      tokens: 'Redeemable at a successor provider that the Fund names within 90 days; otherwise cancelled.',
      unearned:
        'Forfeited to the Company at zero unless a successor delivers. The Long-Stop Date moves by one day for each day lost.',
      earned: KEPT,
      cash: NO_CASH,
      bears: 'fund',
    },
    {
      event: 'company_insolvency',
      tokens: 'Cancelled on the opening of the proceedings. Tokens are not property of the estate and cannot be sold.',
      unearned: 'Forfeited to the Company at zero.',
      earned: 'Kept by the Fund and ranked as its class ranks.',
      cash: NO_CASH,
      bears: 'shared',
    },
    {
      event: 'change_of_control',
      tokens: 'Pass to the successor if it assumes the compute services agreement; otherwise cancelled at completion.',
      unearned:
        'Continue with the successor if it assumes the agreement; otherwise forfeited at zero before proceeds are divided.',
      earned: 'Take part in the proceeds as their class does.',
      cash: 'Proceeds are paid on earned shares only.',
      bears: 'shared',
    },
    {
      event: 'termination_for_cause',
      tokens: 'Cancelled on the date of termination, less those held for reservations already started.',
      unearned: 'Forfeited to the Company at zero.',
      earned: KEPT,
      cash: NO_CASH,
      bears: 'shared',
    },
    {
      event: 'termination_for_convenience',
      tokens: 'The Company may redeem released Tokens for 90 days after the notice; the rest are cancelled.',
      unearned: 'Forfeited to the Company at zero at the end of the 90 days.',
      earned: KEPT,
      cash: NO_CASH,
      bears: 'shared',
    },
    {
      event: 'price_rise',
      tokens: 'One Token remains one H100-hour whatever the market price.',
      unearned: 'Unchanged.',
      earned: KEPT,
      cash: NO_CASH,
      bears: 'fund',
    },
    {
      event: 'index_fall',
      tokens: 'Unchanged. No Tokens are added unless a side letter gives price protection.',
      unearned: 'Unchanged.',
      earned: KEPT,
      cash: NO_CASH,
      bears: 'company',
    },
  ]
}
