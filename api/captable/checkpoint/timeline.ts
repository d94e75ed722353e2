/**
 * A history told as a timeline: every security with the days on which it changed, and the sums that a table shows, day by
 * day, also for what vests by schedule after the last transaction. One replay gives the table of any day. Pure.
 */
import { setImmediate } from 'node:timers/promises'
import type { Numeric } from '../../platform/index.ts'
import { LAST_DAY } from '../dates.ts'
import { expiredFrom, notCounted } from '../replay/counted.ts'
import { type History, replay } from '../replay/replay.ts'
import {
  type Authorized,
  type CapTable,
  type Security,
  type StockClass,
  type StockPlan,
  termsOf,
} from '../replay/state.ts'
import { scheduledTranches } from '../replay/vesting.ts'
import { frozen, Line, type Steps, type Sums, sumsOf } from './line.ts'

/** A security as it stood from a day on, until its next version. */
export type Version = { readonly since: string; readonly security: Security }
/** All versions of a security. `ordinal` is its place in the order of issuance. */
export type Life = { readonly ordinal: number; readonly versions: readonly Version[] }

export type OfClass = { readonly authorized: Authorized; readonly outstanding: Numeric }
export type OfPlan = { readonly reserved: Numeric; readonly consumed: Numeric }
/** Something that has a line, with its own state. `since` is the day from which a placeholder is known; '' for objects. */
export type ClassLine = Pick<StockClass, 'id' | 'name' | 'kind' | 'placeholder'> & {
  readonly since: string
  readonly states: Steps<OfClass>
  readonly sums: Steps<Sums>
  /** Of its stock. */
  readonly vested: Steps<Numeric>
}
export type PlanLine = Pick<StockPlan, 'id' | 'name' | 'classIds' | 'placeholder'> & {
  readonly since: string
  readonly states: Steps<OfPlan>
  readonly sums: Steps<Sums>
}
export type HolderLine = {
  readonly id: string
  readonly placeholder: boolean
  readonly sums: Steps<Sums>
  readonly vested: Steps<Numeric>
  /** Their convertibles, each with its place, the days between which it is open, and what is left of it then. */
  readonly convertibles: readonly OpenConvertible[]
}
export type OpenConvertible = {
  readonly id: string
  readonly ordinal: number
  readonly from: string
  /** The first day on which it is not so any more. */
  readonly to: string | undefined
  readonly amount: Numeric
  readonly currency: string
}
export type Timeline = {
  readonly firstDate: string
  /** The day of the last transaction. */
  readonly lastDate: string
  readonly lives: readonly Life[]
  readonly totals: Steps<Sums>
  readonly classes: readonly ClassLine[]
  readonly plans: readonly PlanLine[]
  /** In the order of the table; also who never held anything: they may after this. */
  readonly holders: readonly HolderLine[]
}

type Tracked<State> = { since: string; states: [day: string, State][] }

/** Lives after which others get their turn: a history of 100,000 transactions takes seconds. */
const BREATH = 1_000

/** The timeline of a history that was checked before; `undefined` where no transaction counts. */
export async function timelineOf(history: History): Promise<Timeline | undefined> {
  const lives = new Map<string, Version[]>()
  const classes = new Map<string, Tracked<OfClass>>()
  const plans = new Map<string, Tracked<OfPlan>>()
  let lastDate = ''
  const { table } = replay(history, {
    trusted: true,
    observe: (day, changed, now) => {
      lastDate = day
      for (const id of changed) {
        const security = now.securities.get(id)
        if (security === undefined) continue
        const versions = lives.get(id)
        if (versions === undefined) lives.set(id, [{ since: day, security: frozen(security) }])
        else versions.push({ since: day, security: frozen(security) })
      }
      track(day, now.classes, classes, ({ authorized, outstanding }) => ({ authorized, outstanding }))
      track(day, now.plans, plans, ({ reserved, consumed }) => ({ reserved, consumed }))
    },
  })
  if (table.firstDate === undefined) return undefined
  const lines = new Lines(table)
  // The map of securities is in the order of issuance, which is the order that tables show.
  const ordered = [...table.securities.keys()].map((id, ordinal): Life => ({ ordinal, versions: lives.get(id) ?? [] }))
  for (const life of ordered) {
    lines.add(life)
    if (life.ordinal % BREATH === 0) await setImmediate()
  }
  return {
    firstDate: table.firstDate,
    lastDate,
    lives: ordered,
    totals: lines.total.sums(),
    classes: [...table.classes.values()].map(({ id, name, kind, placeholder }) => ({
      ...{ id, name, kind, placeholder },
      ...(classes.get(id) ?? { since: '', states: [] }),
      since: placeholder ? (classes.get(id)?.since ?? '') : '',
      sums: lines.classes.get(id)?.sums() ?? [],
      vested: lines.classes.get(id)?.vested() ?? [],
    })),
    plans: [...table.plans.values()].map(({ id, name, classIds, placeholder }) => ({
      ...{ id, name, classIds, placeholder },
      ...(plans.get(id) ?? { since: '', states: [] }),
      since: placeholder ? (plans.get(id)?.since ?? '') : '',
      sums: lines.plans.get(id)?.sums() ?? [],
    })),
    holders: [...table.stakeholders.values()].map(({ id, placeholder }) => {
      const line = lines.holders.get(id)
      const convertibles = lines.convertibles.get(id) ?? []
      return { id, placeholder, sums: line?.sums() ?? [], vested: line?.vested() ?? [], convertibles }
    }),
  }
}

function track<Thing, State extends object>(
  day: string,
  things: ReadonlyMap<string, Thing>,
  tracked: Map<string, Tracked<State>>,
  stateOf: (thing: Thing) => State,
): void {
  for (const [id, thing] of things) {
    const state = stateOf(thing)
    const known = tracked.get(id)
    if (known === undefined) {
      tracked.set(id, { since: day, states: [[day, state]] })
      continue
    }
    const before = known.states.at(-1)?.[1]
    const same =
      before !== undefined && Object.entries(state).every(([key, value]) => Reflect.get(before, key) === value)
    if (!same) known.states.push([day, state])
  }
}

/** The sums of classes, plans, holders and of all, built up security by security. */
class Lines {
  readonly #table: CapTable
  readonly total = new Line()
  readonly classes = new Map<string, Line>()
  readonly plans = new Map<string, Line>()
  readonly holders = new Map<string, Line>()
  readonly convertibles = new Map<string, OpenConvertible[]>()

  constructor(table: CapTable) {
    this.#table = table
  }

  add({ ordinal, versions }: Life): void {
    const first = versions[0]?.security
    if (first === undefined) return
    const holder = lineOf(this.holders, first.stakeholderId)
    const ofClass = first.classId === undefined ? undefined : lineOf(this.classes, first.classId)
    const ofPlan = first.planId === undefined ? undefined : lineOf(this.plans, first.planId)
    const vestedIn = ofClass !== undefined && first.kind === 'stock' ? [holder, ofClass] : [holder]
    let before: Sums | undefined
    let vested = 0n
    for (const [at, { since, security }] of versions.entries()) {
      const until = versions[at + 1]?.since
      for (const day of [since, ...expiryWithin(security, since, until)]) {
        const now = sumsOf(security, day)
        for (const line of [this.total, holder, ofClass, ofPlan]) line?.move(day, before, now)
        before = now
      }
      if (security.kind === 'convertible') {
        this.#convertible(ordinal, security, since, until)
        continue
      }
      for (const [day, left] of vestedSteps(this.#table, security, since, until)) {
        for (const line of vestedIn) line.vest(day, left - vested)
        vested = left
      }
    }
  }

  #convertible(ordinal: number, security: Security, from: string, to: string | undefined): void {
    if (security.closedOn !== undefined || security.amount === undefined) return
    const { amount, currency } = security.amount
    const known = this.convertibles.get(security.stakeholderId)
    const one = { id: security.id, ordinal, from, to, amount, currency }
    if (known === undefined) this.convertibles.set(security.stakeholderId, [one])
    else known.push(one)
  }
}

function lineOf(lines: Map<string, Line>, id: string): Line {
  const known = lines.get(id)
  if (known !== undefined) return known
  const made = new Line()
  lines.set(id, made)
  return made
}

/** The day, after `since` and before `until`, from which a version has expired. */
function expiryWithin(security: Security, since: string, until: string | undefined): readonly string[] {
  const day = security.closedOn === undefined ? expiredFrom(security) : undefined
  return day === undefined || day <= since || (until !== undefined && day >= until) ? [] : [day]
}

/**
 * Shares of a version that have vested and are still there, on the days between `since` and `until` (exclusive) on which
 * that changes: what `vestedOutstanding` gives on each of them, and nothing once it does not count.
 */
function vestedSteps(
  table: CapTable,
  security: Security,
  since: string,
  until: string | undefined,
): readonly (readonly [day: string, left: Numeric])[] {
  if (security.closedOn !== undefined || notCounted(security, since) !== undefined) return [[since, 0n]]
  const [expired] = expiryWithin(security, since, until)
  const ended = expired === undefined ? [] : [[expired, 0n] as const]
  const end = expired ?? until
  const gone = security.issued - security.outstanding
  const leftOf = (vested: Numeric): Numeric => {
    const left = (vested < security.issued ? vested : security.issued) - gone
    return left > 0n ? left : 0n
  }
  if (security.vesting.kind === 'none') return [[since, leftOf(security.issued)], ...ended]
  const tranches = [...scheduledTranches(security, termsOf(table, security), LAST_DAY), ...security.accelerations]
  tranches.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
  let vested = 0n
  const steps: [string, Numeric][] = [[since, 0n]]
  for (const { date, quantity } of tranches) {
    if (end !== undefined && date >= end) break
    vested += quantity
    const last = steps.at(-1)
    const day = date > since ? date : since
    if (last !== undefined && last[0] === day) last[1] = leftOf(vested)
    else steps.push([day, leftOf(vested)])
  }
  return [...steps, ...ended]
}
