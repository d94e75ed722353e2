/** Vesting start, vesting events and acceleration. */
import { formatNumeric } from '../../platform/index.ts'
import type { TransactionOf } from '../ocf/transactions.ts'
import { neverOverflow } from './object-checks.ts'
import type { Context, Step } from './replay-context.ts'
import { type Security, termsOf } from './state.ts'
import { vestedOn, walkTerms } from './vesting.ts'

export type VestingTransaction = TransactionOf<'TX_VESTING_START' | 'TX_VESTING_EVENT' | 'TX_VESTING_ACCELERATION'>

/** Applies a vesting transaction to its security. False when it is set aside. */
export function applyVesting(context: Context, step: Step<VestingTransaction>, security: Security): boolean {
  const { item } = step
  if (security.closedOn !== undefined && security.closedOn <= item.date) {
    const reason = `names a security that was closed on ${security.closedOn} by ${security.closedBy}`
    context.gap(step, '/security_id', reason, 'SET_ASIDE')
    return false
  }
  if (item.object_type === 'TX_VESTING_ACCELERATION') return accelerate(context, step, security, item.quantity)
  return fire(context, step, security, item.vesting_condition_id)
}

function accelerate(context: Context, step: Step, security: Security, quantity: bigint): boolean {
  if (quantity <= 0n) {
    context.gap(step, '/quantity', 'is not more than zero', 'SET_ASIDE')
    return false
  }
  if (!context.trusted) {
    const unvested = security.issued - vestedOn(security, termsOf(context.table, security), step.item.date)
    if (quantity > unvested) {
      const reason = `vests more than 100%: only ${formatNumeric(unvested)} are not vested on ${step.item.date}`
      context.gap(step, '/quantity', reason, 'SET_ASIDE')
      return false
    }
  }
  security.accelerations.push({ date: step.item.date, quantity })
  return true
}

function fire(context: Context, step: Step, security: Security, conditionId: string): boolean {
  const refuse = (reason: string): false => {
    context.gap(step, '/vesting_condition_id', reason, 'SET_ASIDE')
    return false
  }
  // Listed dates go before terms, so a condition has nothing left to decide; it is remembered all the same.
  if (security.vesting.kind === 'dates' || security.vesting.kind === 'missing') {
    security.fired.set(conditionId, step.item.date)
    return true
  }
  const terms = termsOf(context.table, security)
  if (terms === undefined) return refuse('names a condition, but the security has no vesting terms')
  const condition = terms.vesting_conditions.find((it) => it.id === conditionId)
  if (condition === undefined) return refuse('names a condition that the vesting terms of the security do not have')
  const wanted = step.item.object_type === 'TX_VESTING_START' ? 'VESTING_START_DATE' : 'VESTING_EVENT'
  if (condition.trigger.type !== wanted)
    return refuse(`names a condition whose trigger is ${condition.trigger.type}, not ${wanted}`)
  const before = security.fired.get(conditionId)
  if (before !== undefined) return refuse(`names a condition that has fired on ${before}: a condition fires once`)
  security.fired.set(conditionId, step.item.date)
  if (context.trusted) return true
  const walk = walkTerms(security, terms, step.item.date)
  if (!walk.reached.has(conditionId)) {
    security.fired.delete(conditionId)
    return refuse(
      `names a condition that cannot fire on ${step.item.date}: vesting stands at ${walk.at ?? 'its beginning'}`,
    )
  }
  if (!neverOverflow(terms) && walkTerms(security, terms).overflows) {
    security.fired.delete(conditionId)
    return refuse('vests more than 100%')
  }
  return true
}
