/** Splits and adjustments of classes, plans and the issuer. */
import type { Numeric } from '../../platform/index.ts'
import type { TransactionOf } from '../ocf/transactions.ts'
import { type Context, classOf, planOf, type Step } from './replay-context.ts'
import { afterSplits, type Security } from './state.ts'

export type Adjustment = TransactionOf<
  | 'TX_STOCK_CLASS_SPLIT'
  | 'TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT'
  | 'TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT'
  | 'TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT'
  | 'TX_STOCK_PLAN_POOL_ADJUSTMENT'
>

/** Applies an adjustment. False when it is set aside. */
export function applyAdjustment(context: Context, step: Step<Adjustment>): boolean {
  const { item } = step
  switch (item.object_type) {
    case 'TX_STOCK_CLASS_SPLIT':
      return split(context, step, item)
    case 'TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT': {
      if (isNegative(context, step, item.new_shares_authorized, '/new_shares_authorized')) return false
      const stockClass = classOf(context, step, item.stock_class_id, '/stock_class_id')
      stockClass.authorized = item.new_shares_authorized
      context.touched.set(stockClass, step)
      return true
    }
    case 'TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT':
      classOf(context, step, item.stock_class_id, '/stock_class_id').ratio = item.new_ratio_conversion_mechanism
      return true
    case 'TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT':
      if (isNegative(context, step, item.new_shares_authorized, '/new_shares_authorized')) return false
      if (item.issuer_id !== context.table.issuer.id) {
        context.gap(step, '/issuer_id', 'names an issuer that is not the one of the package', 'SET_ASIDE')
        return false
      }
      context.table.issuerAuthorized = item.new_shares_authorized
      context.touchedIssuer = step
      return true
    case 'TX_STOCK_PLAN_POOL_ADJUSTMENT': {
      if (isNegative(context, step, item.shares_reserved, '/shares_reserved')) return false
      const plan = planOf(context, step, item.stock_plan_id, '/stock_plan_id')
      plan.reserved = item.shares_reserved
      context.touchedPlans.set(plan, step)
      return true
    }
  }
}

function isNegative(context: Context, step: Step, quantity: Numeric, pointer: string): boolean {
  if (quantity >= 0n) return false
  context.gap(step, pointer, 'is negative', 'SET_ASIDE')
  return true
}

const ratioOfSplit = (splitNumerator: bigint, splitDenominator: bigint) => ({ splitNumerator, splitDenominator })

/** Whether a split of the class changes a security: its own shares, or the fixed number that it converts into. */
export const isSplitWith = ({ classId, kind, triggers }: Security, splitClassId: string): boolean =>
  classId === splitClassId ||
  (kind === 'convertible' &&
    triggers?.some(
      ({ conversion_right: right }) =>
        right.converts_to_stock_class_id === splitClassId &&
        right.conversion_mechanism.type === 'FIXED_AMOUNT_CONVERSION',
    ) === true)

/**
 * A split changes every share of the class at once: stock, what options, warrants and convertibles of a fixed number stand for,
 * and what plans for this class reserve. Prices per share change the other way. The authorised number does not follow by itself: it is changed by a transaction of its own. Fractions beyond ten
 * places are dropped; what happens to fractions of shares is for the documents of the split to say, and is not guessed.
 */
function split(context: Context, step: Step, item: TransactionOf<'TX_STOCK_CLASS_SPLIT'>): boolean {
  const { numerator, denominator } = item.split_ratio
  if (numerator <= 0n || denominator <= 0n) {
    context.gap(step, '/split_ratio', 'is not more than zero', 'SET_ASIDE')
    return false
  }
  const { table } = context
  const stockClass = classOf(context, step, item.stock_class_id, '/stock_class_id')
  const already = context.index.ofSplit.get(item.id)
  const ratio = (quantity: Numeric): Numeric => (quantity * numerator) / denominator
  for (const security of table.securities.values()) {
    if (!isSplitWith(security, stockClass.id) || security.closedOn !== undefined || already?.has(security.id)) continue
    const before = security.outstanding
    splitSecurity(security, ratio, numerator, denominator)
    if (security.kind === 'stock') stockClass.outstanding += security.outstanding - before
  }
  stockClass.splitNumerator *= numerator
  stockClass.splitDenominator *= denominator
  // A conversion price that was adjusted before is one of old shares; the ratio is one of either.
  const price = stockClass.ratio && afterSplits(stockClass.ratio.conversion_price, ratioOfSplit(numerator, denominator))
  if (stockClass.ratio !== undefined && price !== undefined)
    stockClass.ratio = { ...stockClass.ratio, conversion_price: price }
  for (const plan of table.plans.values()) {
    if (plan.classIds.length !== 1 || plan.classIds[0] !== stockClass.id) continue
    plan.reserved = ratio(plan.reserved)
    plan.consumed = ratio(plan.consumed)
    context.touchedPlans.set(plan, step)
  }
  context.touched.set(stockClass, step)
  return true
}

function splitSecurity(
  security: Security,
  ratio: (quantity: Numeric) => Numeric,
  numerator: bigint,
  denominator: bigint,
): void {
  security.issued = ratio(security.issued)
  security.outstanding = ratio(security.outstanding)
  security.accelerations = security.accelerations.map((it) => ({ date: it.date, quantity: ratio(it.quantity) }))
  security.splitNumerator *= numerator
  security.splitDenominator *= denominator
}
