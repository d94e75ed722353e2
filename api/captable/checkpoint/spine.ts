/** What a cap table shows above its lists on a day: a checkpoint's sums, and what its tail adds to them. Pure. */
import type { Numeric, Uuid } from '../../platform/index.ts'
import { availableOf, type ClassRow, type PlanRow, percentOf, type Totals } from '../cap-table-view.ts'
import type { StockClass, StockPlan } from '../replay/state.ts'
import { NOTHING, valueOn } from './line.ts'
import type { Month } from './pack.ts'
import { addedBy, type Change, sumOf, type Tail } from './tail.ts'

/** What a table shows above its lists, and where the lists are. */
export type Spine = {
  readonly companyId: Uuid
  readonly asOf: string
  /** Of the checkpoint. */
  readonly position: string
  readonly firstDate: string
  readonly totals: Totals
  readonly classes: readonly ClassRow[]
  readonly plans: readonly PlanRow[]
  /** What was recorded since the checkpoint up to the day; `undefined` where nothing was. */
  readonly tail: Tail | undefined
}

/** A checkpoint that was found for a day: the month of the day, and where the checkpoint ends. */
export type Found = Pick<Spine, 'companyId' | 'asOf' | 'position' | 'firstDate'> & { readonly month: Month }

/** The classes as the checkpoint has them on the day. */
export const classesOn = ({ month, asOf }: Found): StockClass[] =>
  month.classes
    .filter(({ since }) => since <= asOf)
    .map(({ id, name, kind, placeholder, states }) => {
      const state = valueOn(states, asOf) ?? { authorized: 'NOT APPLICABLE' as const, outstanding: 0n }
      const unsplit = { splitNumerator: 1n, splitDenominator: 1n }
      return { id, name, kind, placeholder, ...state, item: undefined, ratio: undefined, ...unsplit }
    })

/** The plans as the checkpoint has them on the day. */
export const plansOn = ({ month, asOf }: Found): StockPlan[] =>
  month.plans
    .filter(({ since }) => since <= asOf)
    .map(({ id, name, classIds, placeholder, states }) => {
      const state = valueOn(states, asOf) ?? { reserved: 0n, consumed: 0n }
      return { id, name, classIds, placeholder, ...state, cancellation: undefined }
    })

export function spineOf(found: Found, tail: Tail | undefined): Spine {
  const { companyId, asOf, position, firstDate, month } = found
  const changes = [...(tail?.changes.values() ?? [])]
  const added = (which: (change: Change) => boolean) => addedBy(changes.filter(which), tail?.terms ?? new Map(), asOf)
  const { stock, granted, warrants, expired, cashSettled } = sumOf(
    valueOn(month.totals, asOf) ?? NOTHING,
    added(() => true).sums,
  )
  const planLines = new Map(month.plans.map((line) => [line.id, line]))
  const plans = [...(tail?.plans.values() ?? plansOn(found))].map((plan): PlanRow => {
    const own = valueOn(planLines.get(plan.id)?.sums ?? [], asOf) ?? NOTHING
    const { id, name, placeholder, classIds, reserved } = plan
    const more = added(({ now }) => now.planId === id)
    const sums = { granted: own.granted + more.sums.granted, available: availableOf(plan) }
    return { id, name, placeholder, classIds, reserved, ...sums }
  })
  const lines = new Map(month.classes.map((line) => [line.id, line]))
  const classes = [...(tail?.classes.values() ?? classesOn(found))].map((it): ClassRow => {
    const line = lines.get(it.id)
    const own = sumOf(valueOn(line?.sums ?? [], asOf) ?? NOTHING, added(({ now }) => now.classId === it.id).sums)
    const ofStock = added(({ now }) => now.classId === it.id && now.kind === 'stock')
    const vested: Numeric = (valueOn(line?.vested ?? [], asOf) ?? 0n) + ofStock.vested
    return {
      ...{ id: it.id, name: it.name, kind: it.kind, placeholder: it.placeholder },
      ...{ authorized: it.authorized, outstanding: it.outstanding },
      ...{ vested, unvested: own.stock - vested, granted: own.granted, warrants: own.warrants },
      percentOfOutstanding: percentOf(it.outstanding, stock),
    }
  })
  const reserved = plans.reduce((sum, plan) => sum + plan.available, 0n)
  return {
    ...{ companyId, asOf, position, firstDate, classes, plans, tail },
    totals: {
      ...{ outstanding: stock, granted, reserved, warrants, fullyDiluted: stock + granted + reserved + warrants },
      ...{ expired, cashSettled },
    },
  }
}
