/** Cap tables of the demo's invented companies, as Open Cap Format 1.2.0 packages. */

export type PackageFile = { readonly name: string; readonly content: string }

type Startup = {
  /** Begins every id of the package. */
  readonly key: string
  readonly legalName: string
  readonly founded: string
  readonly founders: readonly { readonly name: string; readonly shares: string }[]
  /** Shares reserved under the plan, and those granted as options with four years' vesting and a one-year cliff. */
  readonly plan: {
    readonly reserved: string
    readonly grants: readonly { readonly name: string; readonly shares: string; readonly on: string }[]
  }
  readonly seed?: { readonly investor: string; readonly shares: string; readonly price: string; readonly on: string }
}

const usd = (amount: string) => ({ amount, currency: 'USD' })

/** A package with founders' common stock, a plan with granted options, and a seed series where there is one. */
function packageOf(startup: Startup): PackageFile[] {
  const { key } = startup
  const issuances = [
    ...startup.founders.map((founder, index) => ({
      object_type: 'TX_STOCK_ISSUANCE',
      id: `${key}-tx-founder-${index + 1}`,
      date: startup.founded,
      security_id: `${key}-cs-${index + 1}`,
      custom_id: `CS-${index + 1}`,
      stakeholder_id: `${key}-founder-${index + 1}`,
      stock_class_id: `${key}-common`,
      security_law_exemptions: [],
      stock_legend_ids: [],
      share_price: usd('0.0001'),
      quantity: founder.shares,
    })),
    ...seedIssuance(startup),
    ...startup.plan.grants.flatMap((grant, index) => optionGrant(key, grant, index + 1)),
  ]
  const file = (name: string, type: string, items: readonly object[]): PackageFile => ({
    name,
    content: JSON.stringify({ file_type: type, items }, null, 2),
  })
  const files = [
    file('Stakeholders.ocf.json', 'OCF_STAKEHOLDERS_FILE', stakeholders(startup)),
    file('StockClasses.ocf.json', 'OCF_STOCK_CLASSES_FILE', classes(startup)),
    file('StockPlans.ocf.json', 'OCF_STOCK_PLANS_FILE', [
      {
        object_type: 'STOCK_PLAN',
        id: `${key}-plan`,
        plan_name: '2024 Equity Incentive Plan',
        initial_shares_reserved: startup.plan.reserved,
        default_cancellation_behavior: 'RETURN_TO_POOL',
        stock_class_ids: [`${key}-common`],
      },
    ]),
    file('VestingTerms.ocf.json', 'OCF_VESTING_TERMS_FILE', [fourYears(key)]),
    file('Transactions.ocf.json', 'OCF_TRANSACTIONS_FILE', issuances),
  ]
  return [manifest(startup), ...files]
}

function manifest({ key, legalName, founded }: Startup): PackageFile {
  // The manifest's md5s are of no use against forgery, and nothing here relies on them.
  const listed = (name: string) => [{ filepath: `./${name}`, md5: '00000000000000000000000000000000' }]
  return {
    name: 'Manifest.ocf.json',
    content: JSON.stringify(
      {
        ocf_version: '1.2.0',
        file_type: 'OCF_MANIFEST_FILE',
        as_of: '2026-05-01',
        generated_at: '2026-05-01T00:00:00Z',
        issuer: {
          object_type: 'ISSUER',
          id: `${key}-issuer`,
          legal_name: legalName,
          formation_date: founded,
          country_of_formation: 'US',
          country_subdivision_of_formation: 'DE',
          tax_ids: [],
        },
        stakeholders_files: listed('Stakeholders.ocf.json'),
        stock_classes_files: listed('StockClasses.ocf.json'),
        stock_plans_files: listed('StockPlans.ocf.json'),
        vesting_terms_files: listed('VestingTerms.ocf.json'),
        transactions_files: listed('Transactions.ocf.json'),
        stock_legend_templates_files: [],
        valuations_files: [],
      },
      null,
      2,
    ),
  }
}

function stakeholders(startup: Startup): object[] {
  const person = (id: string, name: string, relationship: string) => ({
    object_type: 'STAKEHOLDER',
    id,
    name: { legal_name: name },
    stakeholder_type: 'INDIVIDUAL',
    current_relationship: relationship,
  })
  return [
    ...startup.founders.map((founder, index) => person(`${startup.key}-founder-${index + 1}`, founder.name, 'FOUNDER')),
    ...startup.plan.grants.map((grant, index) =>
      person(`${startup.key}-employee-${index + 1}`, grant.name, 'EMPLOYEE'),
    ),
    ...(startup.seed === undefined
      ? []
      : [
          {
            object_type: 'STAKEHOLDER',
            id: `${startup.key}-investor`,
            name: { legal_name: startup.seed.investor },
            stakeholder_type: 'INSTITUTION',
            current_relationship: 'INVESTOR',
          },
        ]),
  ]
}

function classes({ key, seed }: Startup): object[] {
  const common = {
    object_type: 'STOCK_CLASS',
    id: `${key}-common`,
    name: 'Common Stock',
    class_type: 'COMMON',
    default_id_prefix: 'CS-',
    initial_shares_authorized: '30000000',
    votes_per_share: '1',
    seniority: '1',
    par_value: usd('0.0001'),
  }
  if (seed === undefined) return [common]
  const conversion = {
    type: 'STOCK_CLASS_CONVERSION_RIGHT',
    conversion_mechanism: {
      type: 'RATIO_CONVERSION',
      conversion_price: usd(seed.price),
      ratio: { numerator: '1', denominator: '1' },
      rounding_type: 'FLOOR',
    },
    converts_to_stock_class_id: `${key}-common`,
  }
  return [
    common,
    {
      object_type: 'STOCK_CLASS',
      id: `${key}-seed`,
      name: 'Series Seed Preferred',
      class_type: 'PREFERRED',
      default_id_prefix: 'PS-',
      initial_shares_authorized: '4000000',
      votes_per_share: '1',
      seniority: '2',
      price_per_share: usd(seed.price),
      liquidation_preference_multiple: '1',
      conversion_rights: [conversion],
    },
  ]
}

function seedIssuance({ key, seed }: Startup): object[] {
  if (seed === undefined) return []
  return [
    {
      object_type: 'TX_STOCK_ISSUANCE',
      id: `${key}-tx-seed`,
      date: seed.on,
      security_id: `${key}-ps-1`,
      custom_id: 'PS-1',
      stakeholder_id: `${key}-investor`,
      stock_class_id: `${key}-seed`,
      security_law_exemptions: [{ description: 'Rule 506(b)', jurisdiction: 'US' }],
      stock_legend_ids: [],
      share_price: usd(seed.price),
      quantity: seed.shares,
    },
  ]
}

function optionGrant(key: string, grant: { shares: string; on: string }, number: number): object[] {
  const security = `${key}-opt-${number}`
  return [
    {
      object_type: 'TX_EQUITY_COMPENSATION_ISSUANCE',
      id: `${key}-tx-opt-${number}`,
      date: grant.on,
      security_id: security,
      custom_id: `OPT-${number}`,
      stakeholder_id: `${key}-employee-${number}`,
      stock_plan_id: `${key}-plan`,
      stock_class_id: `${key}-common`,
      compensation_type: 'OPTION_ISO',
      security_law_exemptions: [{ description: 'Rule 701', jurisdiction: 'US' }],
      quantity: grant.shares,
      exercise_price: usd('0.35'),
      vesting_terms_id: `${key}-four-years`,
      expiration_date: `${Number(grant.on.slice(0, 4)) + 10}${grant.on.slice(4)}`,
      termination_exercise_windows: [],
    },
    {
      object_type: 'TX_VESTING_START',
      id: `${key}-tx-opt-${number}-start`,
      date: grant.on,
      security_id: security,
      vesting_condition_id: 'start',
    },
  ]
}

const fourYears = (key: string): object => {
  const monthly = (length: number, occurrences: number, relativeTo: string) => ({
    type: 'VESTING_SCHEDULE_RELATIVE',
    period: { type: 'MONTHS', length, occurrences, day_of_month: 'VESTING_START_DAY_OR_LAST_DAY_OF_MONTH' },
    relative_to_condition_id: relativeTo,
  })
  return {
    object_type: 'VESTING_TERMS',
    id: `${key}-four-years`,
    name: 'Four years, one-year cliff',
    description: '25% after one year, then 1/48 each month.',
    allocation_type: 'CUMULATIVE_ROUND_DOWN',
    vesting_conditions: [
      { id: 'start', quantity: '0', trigger: { type: 'VESTING_START_DATE' }, next_condition_ids: ['cliff'] },
      {
        id: 'cliff',
        portion: { numerator: '12', denominator: '48' },
        trigger: monthly(12, 1, 'start'),
        next_condition_ids: ['monthly'],
      },
      {
        id: 'monthly',
        portion: { numerator: '1', denominator: '48' },
        trigger: monthly(1, 36, 'cliff'),
        next_condition_ids: [],
      },
    ],
  }
}

/** Robots that sort parcels. Goes through the whole path. */
export const lumenRobotics = (): PackageFile[] =>
  packageOf({
    key: 'lumen',
    legalName: 'Lumen Robotics, Inc.',
    founded: '2024-02-12',
    founders: [
      { name: 'Amara Okafor', shares: '4200000' },
      { name: 'Jonas Lindqvist', shares: '3800000' },
    ],
    plan: {
      reserved: '1500000',
      grants: [
        { name: 'Mei Tanaka', shares: '180000', on: '2024-09-02' },
        { name: 'Rafael Duarte', shares: '120000', on: '2025-03-17' },
      ],
    },
    seed: { investor: 'Harbor Lane Capital II, L.P.', shares: '1500000', price: '1.2', on: '2025-01-20' },
  })

/** Protein design. Stopped by a flag: the provider's affiliate sells the like. */
export const tessellateBio = (): PackageFile[] =>
  packageOf({
    key: 'tessellate',
    legalName: 'Tessellate Bio, Inc.',
    founded: '2023-10-05',
    founders: [{ name: 'Ines Moreau', shares: '5000000' }],
    plan: { reserved: '800000', grants: [{ name: 'Tomasz Zielinski', shares: '90000', on: '2024-04-08' }] },
    seed: { investor: 'Fernwood Seed Fund, L.P.', shares: '1250000', price: '0.8', on: '2024-11-04' },
  })

/** Freight forecasting. In drafting. */
export const harborlineFreight = (): PackageFile[] =>
  packageOf({
    key: 'harborline',
    legalName: 'Harborline Freight Systems, Inc.',
    founded: '2024-06-24',
    founders: [
      { name: 'Priya Natarajan', shares: '3500000' },
      { name: 'Owen Gallagher', shares: '3500000' },
    ],
    plan: { reserved: '1000000', grants: [{ name: 'Lucia Ferri', shares: '60000', on: '2025-08-11' }] },
  })

/** Battery materials. Registered, its cap table still to be imported. */
export const quillMaterials = (): PackageFile[] =>
  packageOf({
    key: 'quill',
    legalName: 'Quill Materials, Inc.',
    founded: '2025-03-03',
    founders: [{ name: 'Samira Haddad', shares: '6000000' }],
    plan: { reserved: '600000', grants: [] },
  })
