/** Valid items of the types and branches that the published samples do not have, for the comparison with the schemas. */

const usd = { amount: '1.00', currency: 'USD' }
const on = (type: string, more: object) => ({
  object_type: type,
  id: `handmade-${type}`,
  date: '2025-01-01',
  security_id: 's',
  ...more,
})
const issuance = { custom_id: 'X-1', stakeholder_id: 'h', security_law_exemptions: [] }
const grant = {
  ...issuance,
  quantity: '10',
  expiration_date: null,
  termination_exercise_windows: [{ reason: 'VOLUNTARY_RETIREMENT', period: 2, period_type: 'YEARS' }],
}
const capitalization = {
  capitalization_definition: 'Fully diluted',
  capitalization_definition_rules: {
    include_outstanding_shares: true,
    include_outstanding_options: true,
    include_outstanding_unissued_options: false,
    include_this_security: true,
    include_other_converting_securities: true,
    include_option_pool_topup_for_promised_options: false,
    include_additional_option_pool_topup: false,
    include_new_money: false,
  },
}
const trigger = (mechanism: object, more: object = {}) => ({
  type: 'ELECTIVE_ON_CONDITION',
  trigger_id: 't',
  trigger_condition: 'When the board says so',
  conversion_right: { conversion_mechanism: mechanism, ...more },
})
const convertible = (id: string, mechanism: object, more: object = {}) => ({
  ...on('TX_CONVERTIBLE_ISSUANCE', issuance),
  id,
  investment_amount: usd,
  convertible_type: 'SAFE',
  conversion_triggers: [trigger(mechanism, more)],
  seniority: 1,
})
const warrant = (id: string, mechanism: object, more: object = {}) => ({
  ...on('TX_WARRANT_ISSUANCE', issuance),
  id,
  purchase_price: usd,
  exercise_triggers: [trigger(mechanism, more)],
})
const PLAN = 'TX_PLAN_SECURITY_'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export const handmade = [
  {
    object_type: 'DOCUMENT',
    id: 'd',
    uri: 'https://example.com/a.pdf',
    md5: '0'.repeat(32),
    related_objects: [{ object_type: 'ISSUER', object_id: 'i' }],
  },
  { object_type: 'STOCK_PLAN', id: 'p', plan_name: 'Plan', initial_shares_reserved: '10', stock_class_id: 'c' },
  {
    object_type: 'STAKEHOLDER',
    id: 'h',
    name: { legal_name: 'H', first_name: 'H', last_name: 'H' },
    stakeholder_type: 'INSTITUTION',
    primary_contact: { name: { legal_name: 'C' }, emails: [{ email_type: 'OTHER', email_address: 'c@example.com' }] },
    contact_info: { phone_numbers: [{ phone_type: 'HOME', phone_number: '+1 617 333 4444 ext. 100' }] },
    addresses: [
      {
        address_type: 'OTHER',
        country: 'CH',
        country_subdivision: 'ZH',
        city: 'Zürich',
        street_suite: '1',
        postal_code: '8000',
      },
    ],
    tax_ids: [{ tax_id: '1', country: 'CH' }],
  },
  {
    object_type: 'VESTING_TERMS',
    id: 'v',
    name: 'By days',
    description: 'By days',
    allocation_type: 'FRACTIONAL',
    vesting_conditions: [
      {
        id: 'a',
        quantity: '5',
        trigger: {
          type: 'VESTING_SCHEDULE_RELATIVE',
          period: { type: 'DAYS', length: 7, occurrences: 4 },
          relative_to_condition_id: 'b',
        },
        next_condition_ids: [],
      },
      {
        id: 'b',
        portion: { numerator: '1', denominator: '4', remainder: true },
        trigger: { type: 'VESTING_SCHEDULE_ABSOLUTE', date: '2025-01-01' },
        next_condition_ids: ['a'],
      },
    ],
  },
  on('TX_EQUITY_COMPENSATION_ISSUANCE', { ...grant, compensation_type: 'SSAR', base_price: usd }),
  {
    ...on('TX_EQUITY_COMPENSATION_ISSUANCE', {
      ...grant,
      compensation_type: 'OPTION_NSO',
      exercise_price: usd,
      early_exercisable: true,
    }),
    id: 'nso',
  },
  on(`${PLAN}ISSUANCE`, { ...grant, compensation_type: 'CSAR', base_price: usd, option_grant_type: 'INTL' }),
  on(`${PLAN}ACCEPTANCE`, {}),
  on(`${PLAN}CANCELLATION`, { quantity: '1', reason_text: 'r', balance_security_id: 'b' }),
  on(`${PLAN}EXERCISE`, { quantity: '1', resulting_security_ids: ['r'] }),
  on(`${PLAN}RELEASE`, {
    quantity: '1',
    settlement_date: '2025-01-02',
    release_price: usd,
    resulting_security_ids: [],
  }),
  on(`${PLAN}RETRACTION`, { reason_text: 'r' }),
  on(`${PLAN}TRANSFER`, { quantity: '1', resulting_security_ids: ['r'] }),
  {
    ...on('TX_CONVERTIBLE_CONVERSION', {
      reason_text: 'r',
      trigger_id: 't',
      resulting_security_ids: ['r'],
      balance_security_id: 'b',
    }),
    capitalization_definition: {
      include_stock_class_ids: ['c'],
      include_stock_plans_ids: [],
      include_security_ids: [],
      exclude_security_ids: ['x'],
    },
  },
  convertible('safe', {
    type: 'SAFE_CONVERSION',
    conversion_mfn: true,
    conversion_discount: '0.2',
    conversion_valuation_cap: usd,
    exit_multiple: { numerator: '1', denominator: '1' },
    conversion_timing: 'POST_MONEY',
    ...capitalization,
  }),
  convertible(
    'typed',
    { type: 'CUSTOM_CONVERSION', custom_conversion_description: 'c' },
    { type: 'CONVERTIBLE_CONVERSION_RIGHT', converts_to_stock_class_id: 'c' },
  ),
  convertible(
    'percent',
    { type: 'FIXED_PERCENT_OF_CAPITALIZATION_CONVERSION', converts_to_percent: '.05', ...capitalization },
    { type: 'WARRANT_CONVERSION_RIGHT' },
  ),
  convertible(
    'stock',
    {
      type: 'RATIO_CONVERSION',
      ratio: { numerator: '1', denominator: '1' },
      conversion_price: usd,
      rounding_type: 'NORMAL',
    },
    { converts_to_future_round: false },
  ),
  warrant('actual', { type: 'VALUATION_BASED_CONVERSION', valuation_type: 'ACTUAL', ...capitalization }),
  warrant('cap', { type: 'VALUATION_BASED_CONVERSION', valuation_type: 'CAP', valuation_amount: usd }),
  warrant('price-percentage', {
    type: 'PPS_BASED_CONVERSION',
    description: 'd',
    discount: true,
    discount_percentage: '1.0',
  }),
  warrant('price-amount', { type: 'PPS_BASED_CONVERSION', description: 'd', discount: true, discount_amount: usd }),
  warrant('price-none', { type: 'PPS_BASED_CONVERSION', description: 'd', discount: false, discount_percentage: '0' }),
  warrant('price-silent', { type: 'PPS_BASED_CONVERSION', description: 'd' }),
] as unknown as { [key: string]: Json }[]
