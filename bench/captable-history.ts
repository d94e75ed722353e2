/** Made-up histories of any length, the same every time: what the benches of the cap table and a test of its checkpoints replay. */

type Item = Record<string, unknown>
const usd = (amount: string) => ({ amount, currency: 'USD' })
const FIRST_DAY = Date.UTC(2015, 0, 5)
const YEARS = 11
const monthly = (occurrences: number, length: number, after: string) => ({
  type: 'VESTING_SCHEDULE_RELATIVE',
  period: { length, type: 'MONTHS', occurrences, day_of_month: 'VESTING_START_DAY_OR_LAST_DAY_OF_MONTH' },
  relative_to_condition_id: after,
})

const OBJECTS: readonly Item[] = [
  { object_type: 'STOCK_LEGEND_TEMPLATE', id: 'legend', name: 'Legend', text: 'Not registered.' },
  {
    object_type: 'STOCK_PLAN',
    id: 'plan',
    plan_name: 'Equity Incentive Plan',
    initial_shares_reserved: '9000000000',
    default_cancellation_behavior: 'RETURN_TO_POOL',
    stock_class_ids: ['common'],
  },
  {
    object_type: 'VESTING_TERMS',
    id: 'four-years',
    name: 'Four years, one-year cliff',
    description: 'A quarter after a year, then 1/48 each month.',
    allocation_type: 'CUMULATIVE_ROUND_DOWN',
    vesting_conditions: [
      { id: 'start', quantity: '0', trigger: { type: 'VESTING_START_DATE' }, next_condition_ids: ['cliff'] },
      {
        id: 'cliff',
        portion: { numerator: '12', denominator: '48' },
        trigger: monthly(1, 12, 'start'),
        next_condition_ids: ['monthly'],
      },
      {
        id: 'monthly',
        portion: { numerator: '1', denominator: '48' },
        trigger: monthly(36, 1, 'cliff'),
        next_condition_ids: [],
      },
    ],
  },
]

const stockClass = (id: string, type: string, seniority: number): Item => ({
  object_type: 'STOCK_CLASS',
  id,
  name: type === 'COMMON' ? 'Common Stock' : `Series ${seniority} Preferred Stock`,
  class_type: type,
  default_id_prefix: `${id.toUpperCase()}-`,
  initial_shares_authorized: '90000000000',
  votes_per_share: '1',
  seniority: String(seniority),
  ...(type === 'COMMON' ? {} : { price_per_share: usd('1.50'), liquidation_preference_multiple: '1' }),
})

/** A small generator of numbers that look drawn: mulberry32. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % sides
  }
}

export type MadeHistory = {
  readonly issuer: Item
  /** Without the issuer. */
  readonly objects: readonly Item[]
  /** As many as asked for, in order of date. */
  readonly transactions: readonly Item[]
  readonly firstDay: string
  readonly lastDay: string
}

/**
 * A history of `count` transactions over eleven years: grants that vest monthly over four years, stock, exercises, transfers
 * with a balance, cancellations. There is a holder for every twenty transactions, and at least twenty.
 */
export function makeHistory(count: number, seed = 7): MadeHistory {
  const roll = dice(seed)
  const holders = Math.max(20, Math.ceil(count / 20))
  const transactions: Item[] = []
  const dayOf = (at: number): string =>
    new Date(FIRST_DAY + Math.floor((at / Math.max(1, count)) * YEARS * 365) * 86_400_000).toISOString().slice(0, 10)
  const stocks: { id: string; quantity: number; classId: string; plan: boolean }[] = []
  const grants: { id: string; quantity: number }[] = []
  let next = 0
  const add = (type: string, more: Item): void => {
    const at = transactions.length
    transactions.push({ object_type: `TX_${type}`, id: `tx-${at}`, date: dayOf(at - (at % 4)), ...more })
  }
  const issue = (quantity: number, classId: string, more: Item = {}): string => {
    next += 1
    const id = `s-${next}`
    add('STOCK_ISSUANCE', {
      security_id: id,
      custom_id: `ST-${next}`,
      stakeholder_id: `holder-${roll(holders)}`,
      security_law_exemptions: [],
      stock_class_id: classId,
      share_price: usd(classId === 'common' ? '0.10' : '1.50'),
      quantity: String(quantity),
      stock_legend_ids: ['legend'],
      ...more,
    })
    return id
  }
  while (transactions.length < count) {
    const left = count - transactions.length
    const what = roll(100)
    if (what < 40 && left >= 2) {
      next += 1
      const quantity = 480 + roll(9_600)
      grants.push({ id: `g-${next}`, quantity })
      add('EQUITY_COMPENSATION_ISSUANCE', {
        security_id: `g-${next}`,
        custom_id: `OP-${next}`,
        stakeholder_id: `holder-${roll(holders)}`,
        security_law_exemptions: [],
        stock_plan_id: 'plan',
        compensation_type: 'OPTION_NSO',
        quantity: String(quantity),
        exercise_price: usd('0.30'),
        vesting_terms_id: 'four-years',
        expiration_date: null,
        termination_exercise_windows: [],
      })
      add('VESTING_START', { security_id: `g-${next}`, vesting_condition_id: 'start' })
    } else if (what < 52 && left >= 2 && grants.length > 20) {
      const [grant] = grants.splice(roll(grants.length), 1)
      if (grant === undefined) continue
      const part = 1 + roll(grant.quantity)
      add('EQUITY_COMPENSATION_EXERCISE', {
        security_id: grant.id,
        quantity: String(part),
        resulting_security_ids: [`s-${next + 1}`],
      })
      stocks.push({
        id: issue(part, 'common', { stock_plan_id: 'plan' }),
        quantity: part,
        classId: 'common',
        plan: true,
      })
    } else if (what < 64 && left >= 3 && stocks.length > 20) {
      const [stock] = stocks.splice(roll(stocks.length), 1)
      if (stock === undefined || stock.quantity < 2) continue
      const part = 1 + roll(stock.quantity - 1)
      const more = stock.plan ? { stock_plan_id: 'plan' } : {}
      add('STOCK_TRANSFER', {
        security_id: stock.id,
        quantity: String(part),
        balance_security_id: `s-${next + 2}`,
        resulting_security_ids: [`s-${next + 1}`],
      })
      for (const quantity of [part, stock.quantity - part]) {
        stocks.push({ ...stock, id: issue(quantity, stock.classId, more), quantity })
      }
    } else if (what < 68 && grants.length > 20) {
      const [grant] = grants.splice(roll(grants.length), 1)
      if (grant === undefined) continue
      add('EQUITY_COMPENSATION_CANCELLATION', {
        security_id: grant.id,
        quantity: String(grant.quantity),
        reason_text: 'left',
      })
    } else {
      const classId = roll(4) === 0 ? `series-${1 + roll(3)}` : 'common'
      const quantity = 100 + roll(50_000)
      stocks.push({ id: issue(quantity, classId), quantity, classId, plan: false })
    }
  }
  const people = Array.from(
    { length: holders },
    (_, at): Item => ({
      object_type: 'STAKEHOLDER',
      id: `holder-${at}`,
      name: { legal_name: `Holder number ${at}` },
      stakeholder_type: at % 3 === 0 ? 'INSTITUTION' : 'INDIVIDUAL',
    }),
  )
  const classes = [
    stockClass('common', 'COMMON', 1),
    ...[1, 2, 3].map((at) => stockClass(`series-${at}`, 'PREFERRED', at + 1)),
  ]
  return {
    issuer: {
      object_type: 'ISSUER',
      id: 'issuer',
      legal_name: 'Widespread Holdings, Inc.',
      formation_date: '2015-01-01',
      country_of_formation: 'US',
      tax_ids: [],
      initial_shares_authorized: 'NOT APPLICABLE',
    },
    objects: [...people, ...classes, ...OBJECTS],
    transactions,
    firstDay: dayOf(0),
    lastDay: dayOf(count - 1),
  }
}

const FILES = [
  ['STAKEHOLDER', 'Stakeholders', 'OCF_STAKEHOLDERS_FILE', 'stakeholders_files'],
  ['STOCK_CLASS', 'StockClasses', 'OCF_STOCK_CLASSES_FILE', 'stock_classes_files'],
  ['STOCK_LEGEND_TEMPLATE', 'StockLegends', 'OCF_STOCK_LEGEND_TEMPLATES_FILE', 'stock_legend_templates_files'],
  ['STOCK_PLAN', 'StockPlans', 'OCF_STOCK_PLANS_FILE', 'stock_plans_files'],
  ['VESTING_TERMS', 'VestingTerms', 'OCF_VESTING_TERMS_FILE', 'vesting_terms_files'],
  ['VALUATION', 'Valuations', 'OCF_VALUATIONS_FILE', 'valuations_files'],
] as const

/** The history as the files of an Open Cap Format package. */
export function packageOf(history: MadeHistory): { name: string; content: string }[] {
  const lists: Record<string, unknown> = {}
  const file = (name: string, fileType: string, list: string, items: readonly Item[]) => {
    lists[list] = [{ filepath: `./${name}.ocf.json`, md5: '0'.repeat(32) }]
    return { name: `${name}.ocf.json`, content: JSON.stringify({ file_type: fileType, items }) }
  }
  const files = FILES.map(([type, name, fileType, list]) =>
    file(
      name,
      fileType,
      list,
      history.objects.filter((item) => item.object_type === type),
    ),
  )
  files.push(file('Transactions', 'OCF_TRANSACTIONS_FILE', 'transactions_files', history.transactions))
  const manifest = {
    file_type: 'OCF_MANIFEST_FILE',
    ocf_version: '1.2.0',
    issuer: history.issuer,
    as_of: history.lastDay,
    generated_at: `${history.lastDay}T12:00:00Z`,
    ...lists,
  }
  return [{ name: 'Manifest.ocf.json', content: JSON.stringify(manifest) }, ...files]
}
