/** A history for tests: our own package, and more transactions on one day. */
import assert from 'node:assert/strict'
import { capTableView } from '../../api/captable/cap-table-view.ts'
import { checkPackage, replay } from '../../api/captable/index.ts'
import { formatNumeric } from '../../api/platform/index.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'

export type Tx = Record<string, unknown> & { object_type: string; id: string; date: string }
export const usd = (amount: string) => ({ amount, currency: 'USD' })
export const DAY = '2026-06-01'
export const tx = (type: string, more: object, id = type, date = DAY): Tx => ({
  object_type: `TX_${type}`,
  id,
  date,
  ...more,
})
export const stock = (security: string, quantity: string, more: object = {}, date = DAY): Tx =>
  tx(
    'STOCK_ISSUANCE',
    {
      security_id: security,
      custom_id: security,
      stakeholder_id: OWN.seedFund,
      security_law_exemptions: [],
      stock_class_id: OWN.common,
      share_price: usd('1'),
      quantity,
      stock_legend_ids: [],
      ...more,
    },
    `issue-${security}`,
    date,
  )
export const option = (security: string, quantity: string, more: object = {}, date = DAY): Tx =>
  tx(
    'EQUITY_COMPENSATION_ISSUANCE',
    {
      security_id: security,
      custom_id: security,
      stakeholder_id: OWN.founderBo,
      security_law_exemptions: [],
      stock_plan_id: OWN.plan,
      compensation_type: 'OPTION_NSO',
      quantity,
      exercise_price: usd('0.3'),
      expiration_date: null,
      termination_exercise_windows: [],
      ...more,
    },
    `issue-${security}`,
    date,
  )
export const warrant = (security: string, more: object = {}): Tx =>
  tx(
    'WARRANT_ISSUANCE',
    {
      security_id: security,
      custom_id: security,
      stakeholder_id: OWN.seedFund,
      security_law_exemptions: [],
      purchase_price: usd('1'),
      exercise_price: usd('1'),
      exercise_triggers: [
        {
          type: 'ELECTIVE_AT_WILL',
          trigger_id: 't',
          conversion_right: {
            type: 'WARRANT_CONVERSION_RIGHT',
            conversion_mechanism: { type: 'FIXED_AMOUNT_CONVERSION', converts_to_quantity: '5000' },
            converts_to_stock_class_id: OWN.common,
          },
        },
      ],
      ...more,
    },
    `issue-${security}`,
  )
export const safe = (security: string, amount: string, date = DAY): Tx =>
  tx(
    'CONVERTIBLE_ISSUANCE',
    {
      security_id: security,
      custom_id: security,
      stakeholder_id: OWN.seedFund,
      security_law_exemptions: [],
      convertible_type: 'SAFE',
      investment_amount: usd(amount),
      seniority: 1,
      conversion_triggers: [
        {
          type: 'UNSPECIFIED',
          trigger_id: 't',
          conversion_right: { conversion_mechanism: { type: 'SAFE_CONVERSION', conversion_mfn: false } },
        },
      ],
    },
    `issue-${security}`,
    date,
  )

export const files = (more: readonly Tx[], behaviour = 'RETURN_TO_POOL') =>
  ownPackage({
    Transactions: (items) => [...items, ...more],
    StockPlans: (items) => {
      items[0].default_cancellation_behavior = behaviour
      items.push({
        object_type: 'STOCK_PLAN',
        id: 'plan-2',
        plan_name: 'Second plan',
        initial_shares_reserved: '100',
        stock_class_ids: [OWN.common],
      })
    },
  })
export async function tableAfter(more: readonly Tx[], behaviour?: string, asOf = DAY) {
  const { package: read, replayed } = await checkPackage({ files: files(more, behaviour) })
  assert.equal(replayed.gapCount, 0)
  return capTableView(replay(read, { through: asOf }).table, asOf)
}
/** Common and preferred outstanding, options, available in the plan and in the second plan, warrants. */
export async function numbers(more: readonly Tx[], behaviour?: string) {
  const view = await tableAfter(more, behaviour)
  const of = (id: string) => formatNumeric(view.classes.find((row) => row.id === id)?.outstanding ?? 0n)
  const pool = (id: string) => formatNumeric(view.plans.find((row) => row.id === id)?.available ?? 0n)
  return [
    of(OWN.common),
    of(OWN.seed),
    formatNumeric(view.totals.granted),
    pool(OWN.plan),
    pool('plan-2'),
    formatNumeric(view.totals.warrants),
  ]
}

// Before: 8,000,000 common, 1,500,000 seed, 300,000 options, 1,700,000 and 100 available, no warrants.
export const BEFORE = ['8000000', '1500000', '300000', '1700000', '100', '0']
export const part = { security_id: OWN.commonAda, quantity: '1000000', balance_security_id: 'bal' }
export const cancelled = tx('EQUITY_COMPENSATION_CANCELLATION', {
  security_id: OWN.option,
  quantity: '300000',
  reason_text: 'left',
})
export const returned = (quantity: string, plan: string, id = 'return') =>
  tx('STOCK_PLAN_RETURN_TO_POOL', { security_id: OWN.option, quantity, stock_plan_id: plan, reason_text: 'r' }, id)
