import { formatNumeric, newId, numericOfWhole, type Trx, type Uuid, type WholeShares } from '../../platform/index.ts'
import { appendToHistory, TransactionRefused } from '../append-history.ts'
import type { JsonObject } from '../ocf/json.ts'
import type { CapTable, StockPlan } from '../replay/state.ts'

export type IncreasePool = {
  readonly companyId: Uuid
  /** Shares reserved on top of what is. */
  readonly shares: WholeShares
  readonly date: string
  /** The plan; where it is left out, the one that reserves most, and a new one where there is none. */
  readonly planId?: string | undefined
}

/** Name of the plan that is made where a round needs a pool and the company has none. */
const NEW_PLAN = 'Equity incentive plan'

/**
 * Reserves more shares in a plan's pool. The caller has checked who may do this.
 *
 * @throws {NoCapTable}
 * @throws {TransactionRefused}
 */
export async function increasePool(
  trx: Trx,
  increase: IncreasePool,
): Promise<{ planId: string; transactionIds: readonly Uuid[] }> {
  if (increase.shares <= 0n) throw new RangeError(`cannot increase a pool by ${increase.shares}`)
  const shares = numericOfWhole(increase.shares)
  return appendToHistory(trx, increase.companyId, (table) => {
    const plan = planFor(table, increase.planId)
    const planId = plan?.id ?? newId()
    const adjustment: JsonObject = {
      object_type: 'TX_STOCK_PLAN_POOL_ADJUSTMENT',
      id: newId(),
      date: increase.date,
      stock_plan_id: planId,
      shares_reserved: formatNumeric((plan?.reserved ?? 0n) + shares),
    }
    return {
      // A new plan reserves nothing by itself, so that nothing shows in it before the day of the increase.
      add: { objects: plan === undefined ? [newPlan(table, planId)] : [], transactions: [{ item: adjustment }] },
      result: { planId, transactionIds: [String(adjustment.id)] },
    }
  })
}

function planFor(table: CapTable, planId: string | undefined): StockPlan | undefined {
  if (planId !== undefined) {
    const named = table.plans.get(planId)
    if (named === undefined) throw new TransactionRefused(['the stock plan is not on the cap table'])
    return named
  }
  let largest: StockPlan | undefined
  for (const plan of table.plans.values()) {
    if (!plan.placeholder && (largest === undefined || plan.reserved > largest.reserved)) largest = plan
  }
  return largest
}

function newPlan(table: CapTable, id: string): JsonObject {
  const common = [...table.classes.values()].filter((it) => it.kind === 'COMMON' && !it.placeholder).map((it) => it.id)
  if (common.length === 0) throw new TransactionRefused(['there is no common class that a pool could reserve'])
  return {
    object_type: 'STOCK_PLAN',
    id,
    plan_name: NEW_PLAN,
    initial_shares_reserved: '0',
    default_cancellation_behavior: 'RETURN_TO_POOL',
    stock_class_ids: common,
  }
}
