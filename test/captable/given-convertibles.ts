/** SAFEs and notes as Open Cap Format writes them, for packages of tests. */
import { OWN } from '../support/ocf-package.ts'

const usd = (amount: string) => ({ amount, currency: 'USD' })

const issuance = (
  id: string,
  kind: 'SAFE' | 'NOTE',
  amount: string,
  date: string,
  mechanism: Record<string, unknown>,
  holder: string,
) => ({
  object_type: 'TX_CONVERTIBLE_ISSUANCE',
  id: `issue-${id}`,
  date,
  security_id: id,
  custom_id: id.toUpperCase(),
  stakeholder_id: holder,
  security_law_exemptions: [],
  investment_amount: usd(amount),
  convertible_type: kind,
  conversion_triggers: [
    {
      type: 'AUTOMATIC_ON_CONDITION',
      trigger_id: `equity-financing-${id}`,
      trigger_condition: 'An equity financing',
      conversion_right: {
        type: 'CONVERTIBLE_CONVERSION_RIGHT',
        conversion_mechanism: mechanism,
        converts_to_future_round: true,
      },
    },
  ],
  seniority: 1,
})

/** A SAFE of the seed fund's, or of `holder`. */
export const safeOf = (
  id: string,
  amount: string,
  {
    cap,
    timing = 'POST_MONEY',
    discount,
    holder = OWN.seedFund,
  }: { cap?: string; timing?: 'POST_MONEY' | 'PRE_MONEY'; discount?: string; holder?: string } = {},
) =>
  issuance(
    id,
    'SAFE',
    amount,
    '2026-01-10',
    {
      type: 'SAFE_CONVERSION',
      conversion_mfn: false,
      conversion_timing: timing,
      ...(cap === undefined ? {} : { conversion_valuation_cap: usd(cap) }),
      ...(discount === undefined ? {} : { conversion_discount: discount }),
    },
    holder,
  )

/** A note of the first founder's with simple interest at 8%, actual/365, from the day of its issue. */
export const noteOf = (id: string, amount: string, more: Record<string, unknown> = {}, from = '2026-03-15') =>
  issuance(
    id,
    'NOTE',
    amount,
    from,
    {
      type: 'CONVERTIBLE_NOTE_CONVERSION',
      interest_rates: [{ rate: '0.08', accrual_start_date: from }],
      day_count_convention: 'ACTUAL_365',
      interest_payout: 'DEFERRED',
      interest_accrual_period: 'ANNUAL',
      compounding_type: 'SIMPLE',
      ...more,
    },
    OWN.founderAda,
  )

/** A convertible security of the seed fund's with any mechanism: what it states itself, or words. */
export const convertibleOf = (id: string, amount: string, mechanism: Record<string, unknown>) => ({
  ...issuance(id, 'SAFE', amount, '2026-01-10', mechanism, OWN.seedFund),
  convertible_type: 'CONVERTIBLE_SECURITY',
})

/** Rules of a capitalization with everything in it that is there before the new money. */
export const EVERYTHING_CONVERTED = {
  include_outstanding_shares: true,
  include_outstanding_options: true,
  include_outstanding_unissued_options: true,
  include_this_security: true,
  include_other_converting_securities: true,
  include_option_pool_topup_for_promised_options: false,
  include_additional_option_pool_topup: false,
  include_new_money: false,
}
/** 300,000 shares, and a twentieth of the company. */
export const STATED = [
  convertibleOf('fixed', '100000', { type: 'FIXED_AMOUNT_CONVERSION', converts_to_quantity: '300000' }),
  convertibleOf('part', '500000', {
    type: 'FIXED_PERCENT_OF_CAPITALIZATION_CONVERSION',
    converts_to_percent: '0.05',
    capitalization_definition_rules: EVERYTHING_CONVERTED,
  }),
]

/** 5% by a post-money cap, 20% off, and a note that bears 6,027.40 until 15 December 2026 and has neither. */
export const THREE = [
  safeOf('safe-1', '500000', { cap: '10000000' }),
  safeOf('safe-2', '160000', { discount: '0.2' }),
  noteOf('note-1', '100000'),
]
