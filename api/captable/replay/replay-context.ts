/** What every step of a replay works with: the table that grows, an index of the history, and where gaps are told. */
import { formatNumeric, type Numeric } from '../../platform/index.ts'
import type { GapEffect } from '../ocf/fault.ts'
import type { Placed } from '../ocf/package.ts'
import type { Issuance, OcfTransaction, TransactionType } from '../ocf/transactions.ts'
import type { CapTable, Security, SecurityKind, StockClass, StockPlan } from './state.ts'

export type Step<T extends OcfTransaction = OcfTransaction> = Placed<T>

/** How a security came to be, where a transaction names it as what it left or made. */
export type Origin = 'exercise' | 'release' | 'conversion' | 'transfer' | 'reissuance' | 'balance'

/** Looked up over the whole history before it is replayed, so that what comes later can be referred to. */
export type HistoryIndex = {
  /** The first issuance of each security. */
  readonly issuances: ReadonlyMap<string, Step<Issuance>>
  readonly origins: ReadonlyMap<string, Origin>
  /** Securities that replace others because of a split, by the split: they are written in new shares already. */
  readonly ofSplit: ReadonlyMap<string, ReadonlySet<string>>
}

export type Context = {
  readonly table: CapTable
  readonly index: HistoryIndex
  readonly legends: ReadonlySet<string>
  /** True for a history that was checked before: references into the future are then not looked at again. */
  readonly trusted: boolean
  /** Last days of warrants that agreements have moved, by security. */
  readonly lastDays: ReadonlyMap<string, string>
  /** Ids that broken items bear: what refers to them is not wrong on its own account. */
  readonly unreadable: Set<string>
  /** Classes and plans whose number changed on the day, with the step that did it last. */
  readonly touched: Map<StockClass, Step>
  readonly touchedPlans: Map<StockPlan, Step>
  /** The step of the day that changed what the issuer authorises. */
  touchedIssuer: Step | undefined
  readonly gap: (step: Step, pointer: string, reason: string, effect: GapEffect) => void
}

/** The kind of security that a type of transaction is about, or `undefined` where it is about any or none. */
export function kindOf(type: TransactionType): SecurityKind | undefined {
  if (
    type === 'TX_STOCK_PLAN_RETURN_TO_POOL' ||
    type.startsWith('TX_STOCK_PLAN_') ||
    type.startsWith('TX_STOCK_CLASS_')
  )
    return undefined
  if (type.startsWith('TX_STOCK_')) return 'stock'
  if (type.startsWith('TX_WARRANT_')) return 'warrant'
  if (type.startsWith('TX_CONVERTIBLE_')) return 'convertible'
  if (type.startsWith('TX_EQUITY_COMPENSATION_') || type.startsWith('TX_PLAN_SECURITY_')) return 'equity'
  return undefined
}

export const KIND_WORDS: Readonly<Record<SecurityKind, string>> = {
  stock: 'stock',
  equity: 'equity compensation',
  warrant: 'a warrant',
  convertible: 'a convertible',
}

/** The class with this id; one that is missing becomes a placeholder, and that is a gap. */
export function classOf(context: Context, step: Step, id: string, pointer: string): StockClass {
  const known = context.table.classes.get(id)
  if (known !== undefined && !known.placeholder) return known
  if (!context.unreadable.has(id))
    context.gap(step, pointer, 'names a stock class that is not in the package', 'PLACEHOLDER')
  if (known !== undefined) return known
  const made: StockClass = {
    id,
    name: id,
    kind: 'COMMON',
    item: undefined,
    placeholder: true,
    // Nothing is known of its limit, so nothing is checked against it.
    authorized: 'NOT APPLICABLE',
    outstanding: 0n,
    ratio: undefined,
    splitNumerator: 1n,
    splitDenominator: 1n,
  }
  context.table.classes.set(id, made)
  return made
}

/** The plan with this id; one that is missing becomes a placeholder with nothing reserved, and that is a gap. */
export function planOf(context: Context, step: Step, id: string, pointer: string): StockPlan {
  const known = context.table.plans.get(id)
  if (known !== undefined && !known.placeholder) return known
  if (!context.unreadable.has(id))
    context.gap(step, pointer, 'names a stock plan that is not in the package', 'PLACEHOLDER')
  if (known !== undefined) return known
  const made: StockPlan = {
    id,
    name: id,
    classIds: [],
    placeholder: true,
    cancellation: undefined,
    reserved: 0n,
    consumed: 0n,
  }
  context.table.plans.set(id, made)
  return made
}

/** The holder with this id; one that is missing becomes a placeholder, and that is a gap. */
export function holderOf(context: Context, step: Step, id: string): void {
  const known = context.table.stakeholders.get(id)
  if (known !== undefined && !known.placeholder) return
  if (!context.unreadable.has(id))
    context.gap(step, '/stakeholder_id', 'names a stakeholder who is not in the package', 'PLACEHOLDER')
  if (known === undefined)
    context.table.stakeholders.set(id, { id, name: id, kind: undefined, founder: false, placeholder: true })
}

/** Moves the number of a class and remembers which step did. */
export function moveOutstanding(context: Context, step: Step, security: Security, by: Numeric): void {
  security.outstanding += by
  if (security.kind !== 'stock' || security.classId === undefined) return
  const stockClass = context.table.classes.get(security.classId)
  if (stockClass === undefined) return
  stockClass.outstanding += by
  context.touched.set(stockClass, step)
}

/** What a plan has less of: more consumed, or less again when `by` is negative. */
export function consume(context: Context, step: Step, planId: string | undefined, by: Numeric): void {
  const plan = planId === undefined ? undefined : context.table.plans.get(planId)
  if (plan === undefined) return
  plan.consumed += by
  context.touchedPlans.set(plan, step)
}

/** A number of shares in a sentence. */
export const shares = (quantity: Numeric): string =>
  quantity < 0n ? `-${formatNumeric(-quantity)}` : formatNumeric(quantity)
