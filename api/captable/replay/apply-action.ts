/** What happens to an open security: transfer, cancellation, retraction, repurchase, conversion, exercise, release, return. */
import type { Money, Numeric } from '../../platform/index.ts'
import type { GapEffect } from '../ocf/fault.ts'
import type { Issuance, OcfTransaction, TransactionOf } from '../ocf/transactions.ts'
import {
  type Context,
  consume,
  KIND_WORDS,
  kindOf,
  moveOutstanding,
  planOf,
  type Step,
  shares,
} from './replay-context.ts'
import type { Security } from './state.ts'

export type SecurityAction = Exclude<Extract<OcfTransaction, { security_id: string }>, Issuance>

/** Applies a transaction to the security it names, which was issued before. False when it is set aside. */
export function applyAction(context: Context, step: Step<SecurityAction>, security: Security): boolean {
  const { item } = step
  const kind = kindOf(item.object_type)
  if (kind !== undefined && kind !== security.kind) {
    context.gap(step, '/security_id', `names ${KIND_WORDS[security.kind]}, not ${KIND_WORDS[kind]}`, 'SET_ASIDE')
    return false
  }
  if (security.closedOn !== undefined && item.object_type !== 'TX_STOCK_PLAN_RETURN_TO_POOL') {
    const reason = `names a security that was closed on ${security.closedOn} by ${security.closedBy}`
    context.gap(step, '/security_id', reason, 'SET_ASIDE')
    return false
  }
  switch (item.object_type) {
    case 'TX_STOCK_ACCEPTANCE':
    case 'TX_EQUITY_COMPENSATION_ACCEPTANCE':
    case 'TX_PLAN_SECURITY_ACCEPTANCE':
    case 'TX_WARRANT_ACCEPTANCE':
    case 'TX_CONVERTIBLE_ACCEPTANCE':
      security.acceptedOn ??= item.date
      return true
    case 'TX_STOCK_RETRACTION':
    case 'TX_EQUITY_COMPENSATION_RETRACTION':
    case 'TX_PLAN_SECURITY_RETRACTION':
    case 'TX_WARRANT_RETRACTION':
    case 'TX_CONVERTIBLE_RETRACTION':
      // The issuance is taken back whole, so that the plan has its shares again.
      consume(context, step, security.planId, -security.outstanding)
      close(context, step, security)
      return true
    case 'TX_STOCK_CANCELLATION':
    case 'TX_EQUITY_COMPENSATION_CANCELLATION':
    case 'TX_PLAN_SECURITY_CANCELLATION':
    case 'TX_WARRANT_CANCELLATION':
      return cancel(context, step, security, item)
    case 'TX_STOCK_TRANSFER':
    case 'TX_EQUITY_COMPENSATION_TRANSFER':
    case 'TX_PLAN_SECURITY_TRANSFER':
    case 'TX_WARRANT_TRANSFER':
      return (
        resultsAddUp(context, step, security, item.resulting_security_ids, item.quantity) &&
        // What went over and what stayed are both issued anew, and draw on the plan anew.
        takePart(
          context,
          step,
          security,
          item.quantity,
          item.balance_security_id,
          '/quantity',
          item.resulting_security_ids,
        )
      )
    case 'TX_STOCK_REPURCHASE':
      return takePart(context, step, security, item.quantity, item.balance_security_id, '/quantity')
    case 'TX_STOCK_CONVERSION':
      resultsExist(context, step, item.resulting_security_ids, 'KEPT')
      return takePart(context, step, security, item.quantity_converted, item.balance_security_id, '/quantity_converted')
    case 'TX_CONVERTIBLE_CANCELLATION':
      return takeAmount(context, step, security, item.amount, item.balance_security_id)
    case 'TX_CONVERTIBLE_TRANSFER':
      return (
        amountsAddUp(context, step, item.resulting_security_ids, item.amount) &&
        takeAmount(context, step, security, item.amount, item.balance_security_id)
      )
    case 'TX_CONVERTIBLE_CONVERSION':
      return convert(context, step, security, item)
    case 'TX_STOCK_REISSUANCE':
      return reissue(context, step, security, item)
    case 'TX_EQUITY_COMPENSATION_EXERCISE':
    case 'TX_PLAN_SECURITY_EXERCISE':
    case 'TX_EQUITY_COMPENSATION_RELEASE':
    case 'TX_PLAN_SECURITY_RELEASE':
      return exercise(context, step, security, item.quantity, item.resulting_security_ids)
    case 'TX_WARRANT_EXERCISE':
      // A warrant is exercised whole: the transaction has no number, and no balance.
      resultsExist(context, step, item.resulting_security_ids, 'KEPT')
      close(context, step, security)
      return true
    case 'TX_STOCK_PLAN_RETURN_TO_POOL':
      return returnToPool(context, step, security, item)
    case 'TX_VESTING_START':
    case 'TX_VESTING_EVENT':
    case 'TX_VESTING_ACCELERATION':
      throw new RangeError(`${item.object_type} is applied by apply-vesting`)
  }
}

function close(context: Context, step: Step, security: Security): void {
  moveOutstanding(context, step, security, -security.outstanding)
  security.amount = security.amount === undefined ? undefined : { amount: 0n, currency: security.amount.currency }
  security.closedOn = step.item.date
  security.closedBy = step.item.id
}

/** Takes a part of a security, which closes it; what is left over lives on in the balance security. */
function takePart(
  context: Context,
  step: Step,
  security: Security,
  part: Numeric,
  balanceId: string | undefined,
  pointer: string,
  resulting: readonly string[] = [],
): boolean {
  if (!isPart(context, step, part, security.outstanding, pointer, !security.fixed && security.issued === 0n))
    return false
  const left = security.outstanding - part
  if (!balanceHolds(context, step, security, left, balanceId, pointer)) return false
  const again = balanceId === undefined ? resulting : [balanceId, ...resulting]
  consume(context, step, security.planId, -drawnAgain(context, security, again))
  close(context, step, security)
  return true
}

/**
 * What securities that carry one on take from its plan themselves, when they are issued. One that names no plan takes nothing:
 * its shares stay with those that have left the pool.
 */
function drawnAgain(context: Context, { planId }: Security, ids: readonly string[]): Numeric {
  let drawn = 0n
  for (const id of ids) {
    const item = context.index.issuances.get(id)?.item
    if (item !== undefined && 'stock_plan_id' in item && item.stock_plan_id === planId) drawn += quantityOf(item)
  }
  return drawn
}

function isPart(
  context: Context,
  step: Step,
  part: Numeric,
  whole: Numeric,
  pointer: string,
  numberless = false,
): boolean {
  if (part <= 0n) {
    context.gap(step, pointer, 'is not more than zero', 'SET_ASIDE')
    return false
  }
  if (numberless) {
    context.gap(step, pointer, 'is a part of a security that has no number', 'SET_ASIDE')
    return false
  }
  if (part > whole) {
    context.gap(step, pointer, `is more than the ${shares(whole)} that the security has left`, 'SET_ASIDE')
    return false
  }
  return true
}

/** A partial action must name a balance security of the same kind and class that is issued with exactly what is left. */
function balanceHolds(
  context: Context,
  step: Step,
  security: Security,
  left: Numeric,
  balanceId: string | undefined,
  pointer: string,
): boolean {
  if (context.trusted) return true
  const refuse = (at: string, reason: string): false => {
    context.gap(step, at, reason, 'SET_ASIDE')
    return false
  }
  if (balanceId === undefined) {
    return left === 0n || refuse(pointer, `leaves ${shares(left)} over, and no balance_security_id says where they are`)
  }
  if (left === 0n) return refuse('/balance_security_id', 'names a balance although nothing is left over')
  const balance = context.index.issuances.get(balanceId)?.item
  if (balance === undefined) {
    return context.unreadable.has(balanceId) || refuse('/balance_security_id', 'names a security that is never issued')
  }
  if (balance.date < step.item.date) return refuse('/balance_security_id', 'names a security that was issued before')
  if (kindOf(balance.object_type) !== security.kind)
    return refuse('/balance_security_id', 'names a security of another kind')
  if ('stock_class_id' in balance && security.kind === 'stock' && balance.stock_class_id !== security.classId) {
    return refuse('/balance_security_id', 'names a security of another class')
  }
  const issued = quantityOf(balance)
  return (
    issued === left ||
    refuse('/balance_security_id', `names a security of ${shares(issued)}; ${shares(left)} are left over`)
  )
}

const quantityOf = (item: Issuance): Numeric =>
  item.object_type === 'TX_CONVERTIBLE_ISSUANCE' ? item.investment_amount.amount : (item.quantity ?? 0n)

/** Whether all resulting securities are issued at some time; each that is not is a gap. */
function resultsExist(context: Context, step: Step, ids: readonly string[], effect: GapEffect): boolean {
  if (context.trusted) return true
  let all = true
  for (const [index, id] of ids.entries()) {
    if (context.index.issuances.has(id) || context.unreadable.has(id)) continue
    context.gap(step, `/resulting_security_ids/${index}`, 'names a security that is never issued', effect)
    all = false
  }
  return all
}

/** What was transferred must be what the resulting securities hold: no share is made or lost on the way. */
function resultsAddUp(
  context: Context,
  step: Step,
  security: Security,
  ids: readonly string[],
  total: Numeric,
): boolean {
  if (!resultsExist(context, step, ids, 'SET_ASIDE')) return false
  if (context.trusted || ids.some((id) => context.unreadable.has(id))) return true
  let sum = 0n
  for (const [index, id] of ids.entries()) {
    const result = context.index.issuances.get(id)?.item
    if (result === undefined) continue
    if (kindOf(result.object_type) !== security.kind) {
      context.gap(step, `/resulting_security_ids/${index}`, 'names a security of another kind', 'SET_ASIDE')
      return false
    }
    sum += quantityOf(result)
  }
  if (sum === total) return true
  context.gap(
    step,
    '/resulting_security_ids',
    `name securities of ${shares(sum)} together, not of ${shares(total)}`,
    'SET_ASIDE',
  )
  return false
}

function amountsAddUp(context: Context, step: Step, ids: readonly string[], total: Money): boolean {
  if (!resultsExist(context, step, ids, 'SET_ASIDE')) return false
  if (context.trusted || ids.some((id) => context.unreadable.has(id))) return true
  let sum = 0n
  for (const id of ids) {
    const result = context.index.issuances.get(id)?.item
    if (result?.object_type === 'TX_CONVERTIBLE_ISSUANCE') sum += result.investment_amount.amount
  }
  if (sum === total.amount) return true
  const reason = `name convertibles of ${shares(sum)} together, not of ${shares(total.amount)}`
  context.gap(step, '/resulting_security_ids', reason, 'SET_ASIDE')
  return false
}

function takeAmount(
  context: Context,
  step: Step,
  security: Security,
  amount: Money,
  balanceId: string | undefined,
): boolean {
  const whole = security.amount
  if (whole === undefined) return false
  if (amount.currency !== whole.currency) {
    context.gap(step, '/amount/currency', `is not ${whole.currency}, as the convertible was issued in`, 'SET_ASIDE')
    return false
  }
  if (!isPart(context, step, amount.amount, whole.amount, '/amount/amount')) return false
  if (!balanceHolds(context, step, security, whole.amount - amount.amount, balanceId, '/amount/amount')) return false
  close(context, step, security)
  return true
}

type Cancellation = { readonly quantity: Numeric; readonly balance_security_id?: string | undefined }

/**
 * A cancellation that names no balance cancels the whole. Of a warrant without a number of its own that is all that can be
 * meant, whatever number is said of it; a part of one cannot be told.
 */
function cancel(context: Context, step: Step, security: Security, item: Cancellation): boolean {
  const whole = !security.fixed && security.issued === 0n && item.balance_security_id === undefined
  if (whole && item.quantity > 0n) {
    close(context, step, security)
    return true
  }
  if (!takePart(context, step, security, item.quantity, item.balance_security_id, '/quantity')) return false
  security.cancelled += item.quantity
  const plan = security.planId === undefined ? undefined : context.table.plans.get(security.planId)
  // Only this rule returns shares by itself. A plan that says nothing keeps them until a transaction returns them.
  if (plan?.cancellation === 'RETURN_TO_POOL') {
    security.returnedByRule += item.quantity
    consume(context, step, plan.id, -item.quantity)
  }
  return true
}

function convert(
  context: Context,
  step: Step,
  security: Security,
  item: TransactionOf<'TX_CONVERTIBLE_CONVERSION'>,
): boolean {
  // `quantity_converted` counts units of no stated kind (interest may be in it), so only the balance is held to anything.
  resultsExist(context, step, item.resulting_security_ids, 'KEPT')
  const balanceId = item.balance_security_id
  if (
    !context.trusted &&
    balanceId !== undefined &&
    !context.index.issuances.has(balanceId) &&
    !context.unreadable.has(balanceId)
  ) {
    context.gap(step, '/balance_security_id', 'names a security that is never issued', 'SET_ASIDE')
    return false
  }
  close(context, step, security)
  return true
}

function reissue(
  context: Context,
  step: Step,
  security: Security,
  item: TransactionOf<'TX_STOCK_REISSUANCE'>,
): boolean {
  // After a split the securities that replace this one may round its fractions away, so only others must add up.
  const holds =
    item.split_transaction_id === undefined
      ? resultsAddUp(context, step, security, item.resulting_security_ids, security.outstanding)
      : resultsExist(context, step, item.resulting_security_ids, 'SET_ASIDE')
  if (!holds) return false
  consume(context, step, security.planId, -drawnAgain(context, security, item.resulting_security_ids))
  close(context, step, security)
  return true
}

/** Exercise and release have no balance in 1.2.0: the security stays open with what is left. */
function exercise(
  context: Context,
  step: Step,
  security: Security,
  quantity: Numeric,
  resulting: readonly string[],
): boolean {
  if (!isPart(context, step, quantity, security.outstanding, '/quantity')) return false
  resultsExist(context, step, resulting, 'KEPT')
  moveOutstanding(context, step, security, -quantity)
  if (security.outstanding === 0n) close(context, step, security)
  return true
}

/**
 * Shares go back to a pool, perhaps to another plan's, which then reserves them. Of an open security this ends a part; of a
 * closed one it says where what was cancelled went, and goes before the plan's own rule.
 */
function returnToPool(
  context: Context,
  step: Step,
  security: Security,
  item: TransactionOf<'TX_STOCK_PLAN_RETURN_TO_POOL'>,
): boolean {
  const open = security.closedOn === undefined
  const whole = open ? security.outstanding : security.cancelled - security.returnedByTransaction
  if (!isPart(context, step, item.quantity, whole, '/quantity')) return false
  const target = planOf(context, step, item.stock_plan_id, '/stock_plan_id')
  if (open) {
    moveOutstanding(context, step, security, -item.quantity)
    consume(context, step, security.planId, -item.quantity)
    if (security.outstanding === 0n) close(context, step, security)
  } else {
    const kept = item.quantity - security.returnedByRule
    security.returnedByRule = kept > 0n ? 0n : -kept
    if (kept > 0n) consume(context, step, security.planId, -kept)
  }
  security.returnedByTransaction += item.quantity
  const source = security.planId === undefined ? undefined : context.table.plans.get(security.planId)
  if (source?.id !== target.id) {
    if (source !== undefined) source.reserved -= item.quantity
    target.reserved += item.quantity
    context.touchedPlans.set(target, step)
  }
  return true
}
