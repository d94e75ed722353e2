/**
 * A small Open Cap Format package of our own: "Lumen Robotics, Inc.", with two founders, an option grant that vests over four
 * years after a one-year cliff, and a seed round. Tests that need a cap table need no file from outside.
 *
 * On 20 November 2026: 8,000,000 common, 1,500,000 Series Seed, 300,000 options granted of a pool of 2,000,000;
 * fully diluted 11,500,000.
 */
import { createHash } from 'node:crypto'

/** A file of a package, as text. */
export type PackageFile = { readonly name: string; readonly content: string }

/** Ids in the package, for tests that name them. */
export const OWN = {
  issuer: 'issuer-lumen',
  founderAda: 'founder-ada',
  founderBo: 'founder-bo',
  employee: 'employee-chidi',
  seedFund: 'fund-harbor',
  common: 'class-common',
  seed: 'class-series-seed',
  plan: 'plan-2025',
  terms: 'four-years-one-year-cliff',
  commonAda: 'security-cs-1',
  commonBo: 'security-cs-2',
  seedShares: 'security-ss-1',
  option: 'security-op-1',
} as const

const usd = (amount: string) => ({ amount, currency: 'USD' })

const stakeholders = [
  {
    object_type: 'STAKEHOLDER',
    id: OWN.founderAda,
    name: { legal_name: 'Ada Lindqvist' },
    stakeholder_type: 'INDIVIDUAL',
    current_relationship: 'FOUNDER',
  },
  {
    object_type: 'STAKEHOLDER',
    id: OWN.founderBo,
    name: { legal_name: 'Bo Ferreira' },
    stakeholder_type: 'INDIVIDUAL',
    current_relationship: 'FOUNDER',
  },
  {
    object_type: 'STAKEHOLDER',
    id: OWN.employee,
    name: { legal_name: 'Chidi Okonkwo' },
    stakeholder_type: 'INDIVIDUAL',
    current_relationship: 'EMPLOYEE',
  },
  {
    object_type: 'STAKEHOLDER',
    id: OWN.seedFund,
    name: { legal_name: 'Harbor Seed Fund II, L.P.' },
    stakeholder_type: 'INSTITUTION',
    current_relationship: 'INVESTOR',
  },
]

const stockClasses = [
  {
    object_type: 'STOCK_CLASS',
    id: OWN.common,
    name: 'Common Stock',
    class_type: 'COMMON',
    default_id_prefix: 'CS-',
    initial_shares_authorized: '20000000',
    votes_per_share: '1',
    par_value: usd('0.0001'),
    seniority: '1',
  },
  {
    object_type: 'STOCK_CLASS',
    id: OWN.seed,
    name: 'Series Seed Preferred Stock',
    class_type: 'PREFERRED',
    default_id_prefix: 'SS-',
    initial_shares_authorized: '2000000',
    votes_per_share: '1',
    par_value: usd('0.0001'),
    price_per_share: usd('1.20'),
    seniority: '2',
    liquidation_preference_multiple: '1',
    conversion_rights: [
      {
        type: 'STOCK_CLASS_CONVERSION_RIGHT',
        conversion_mechanism: {
          type: 'RATIO_CONVERSION',
          conversion_price: usd('1.20'),
          ratio: { numerator: '1', denominator: '1' },
          rounding_type: 'FLOOR',
        },
        converts_to_stock_class_id: OWN.common,
      },
    ],
  },
]

const stockPlans = [
  {
    object_type: 'STOCK_PLAN',
    id: OWN.plan,
    plan_name: '2025 Equity Incentive Plan',
    board_approval_date: '2025-01-10',
    initial_shares_reserved: '2000000',
    default_cancellation_behavior: 'RETURN_TO_POOL',
    stock_class_ids: [OWN.common],
  },
]

const months = (length: number, occurrences: number, after: string) => ({
  type: 'VESTING_SCHEDULE_RELATIVE',
  period: { length, type: 'MONTHS', occurrences, day_of_month: 'VESTING_START_DAY_OR_LAST_DAY_OF_MONTH' },
  relative_to_condition_id: after,
})
const vestingTerms = [
  {
    object_type: 'VESTING_TERMS',
    id: OWN.terms,
    name: 'Four years, one-year cliff',
    description: 'A quarter after one year, then 1/48 each month for three years.',
    allocation_type: 'CUMULATIVE_ROUND_DOWN',
    vesting_conditions: [
      { id: 'start', quantity: '0', trigger: { type: 'VESTING_START_DATE' }, next_condition_ids: ['cliff'] },
      {
        id: 'cliff',
        portion: { numerator: '12', denominator: '48' },
        trigger: months(12, 1, 'start'),
        next_condition_ids: ['monthly'],
      },
      {
        id: 'monthly',
        portion: { numerator: '1', denominator: '48' },
        trigger: months(1, 36, 'cliff'),
        next_condition_ids: [],
      },
    ],
  },
]

const stock = (
  number: string,
  date: string,
  holder: string,
  stockClass: string,
  quantity: string,
  price: string,
  securityId: string,
) => ({
  object_type: 'TX_STOCK_ISSUANCE',
  id: `issue-${number.toLowerCase()}`,
  date,
  security_id: securityId,
  custom_id: number,
  stakeholder_id: holder,
  security_law_exemptions: [{ description: 'Section 4(a)(2)', jurisdiction: 'US' }],
  stock_class_id: stockClass,
  share_price: usd(price),
  quantity,
  stock_legend_ids: ['legend-1933'],
})
const transactions = [
  stock('CS-1', '2024-01-15', OWN.founderAda, OWN.common, '4000000', '0.0001', OWN.commonAda),
  stock('CS-2', '2024-01-15', OWN.founderBo, OWN.common, '4000000', '0.0001', OWN.commonBo),
  stock('SS-1', '2024-09-02', OWN.seedFund, OWN.seed, '1500000', '1.20', OWN.seedShares),
  {
    object_type: 'TX_EQUITY_COMPENSATION_ISSUANCE',
    id: 'grant-op-1',
    date: '2025-03-01',
    security_id: OWN.option,
    custom_id: 'OP-1',
    stakeholder_id: OWN.employee,
    security_law_exemptions: [{ description: 'Rule 701', jurisdiction: 'US' }],
    stock_plan_id: OWN.plan,
    compensation_type: 'OPTION_ISO',
    quantity: '300000',
    exercise_price: usd('0.30'),
    vesting_terms_id: OWN.terms,
    expiration_date: '2035-02-28',
    termination_exercise_windows: [{ reason: 'VOLUNTARY_OTHER', period: 3, period_type: 'MONTHS' }],
  },
  {
    object_type: 'TX_VESTING_START',
    id: 'vest-op-1',
    date: '2025-03-01',
    security_id: OWN.option,
    vesting_condition_id: 'start',
  },
]

const LISTS = [
  ['Stakeholders', 'OCF_STAKEHOLDERS_FILE', 'stakeholders_files', stakeholders],
  ['StockClasses', 'OCF_STOCK_CLASSES_FILE', 'stock_classes_files', stockClasses],
  [
    'StockLegends',
    'OCF_STOCK_LEGEND_TEMPLATES_FILE',
    'stock_legend_templates_files',
    [
      {
        object_type: 'STOCK_LEGEND_TEMPLATE',
        id: 'legend-1933',
        name: 'Securities Act of 1933',
        text: 'These shares are not registered under the Securities Act of 1933 and may be transferred only within an exemption from it.',
      },
    ],
  ],
  ['StockPlans', 'OCF_STOCK_PLANS_FILE', 'stock_plans_files', stockPlans],
  ['VestingTerms', 'OCF_VESTING_TERMS_FILE', 'vesting_terms_files', vestingTerms],
  ['Valuations', 'OCF_VALUATIONS_FILE', 'valuations_files', []],
  ['Transactions', 'OCF_TRANSACTIONS_FILE', 'transactions_files', transactions],
] as const

// biome-ignore lint/suspicious/noExplicitAny: a test changes the package's items freely, also into what they must not be
export type Items = any[]

/** What a change returns takes the place of the items, if it is a list; otherwise it changed them in place. */
function altered(items: Items, change: ((items: Items) => unknown) | undefined): Items {
  const result = change?.(items)
  return Array.isArray(result) ? result : items
}

/**
 * The files of the package. `change` may alter the items of a file, by its name without ".ocf.json", or the manifest, before
 * they are written; the MD5 sums of the manifest fit what is written.
 */
export function ownPackage(change: Partial<Record<string, (items: Items) => unknown>> = {}): readonly PackageFile[] {
  // biome-ignore lint/suspicious/noExplicitAny: see Items
  const manifest: any = {
    file_type: 'OCF_MANIFEST_FILE',
    ocf_version: '1.2.0',
    issuer: {
      object_type: 'ISSUER',
      id: OWN.issuer,
      legal_name: 'Lumen Robotics, Inc.',
      formation_date: '2024-01-08',
      country_of_formation: 'US',
      country_subdivision_of_formation: 'DE',
      tax_ids: [],
      initial_shares_authorized: 'NOT APPLICABLE',
    },
    as_of: '2026-11-20',
    generated_at: '2026-11-20T09:00:00Z',
  }
  const files = LISTS.map(([name, fileType, list, items]) => {
    const copy: Items = structuredClone(items) as unknown as Items
    const content = `${JSON.stringify({ file_type: fileType, items: altered(copy, change[name]) }, null, 2)}\n`
    const filepath = `${name}.ocf.json`
    manifest[list] = [{ filepath: `./${filepath}`, md5: createHash('md5').update(content).digest('hex') }]
    return { name: filepath, content }
  })
  change.Manifest?.([manifest])
  return [{ name: 'Manifest.ocf.json', content: `${JSON.stringify(manifest, null, 2)}\n` }, ...files]
}
