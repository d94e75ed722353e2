/**
 * Replay: the transactions of a history, applied in order, give the cap table on a day.
 *
 * Order is by date, then as the files list them. Within one day a transaction may come before the issuance of the security it
 * is about; it then waits for it. Vesting may begin before a grant is issued; such transactions wait as long as it takes.
 */

import { LAST_DAY } from '../dates.ts'
import { BrokenPackage, Faults, type GapEffect, type PackageFault, type PackageGap } from '../ocf/fault.ts'
import type { ObjectOf, OcfObject, VestingTerms } from '../ocf/objects.ts'
import type { OcfPackage, Placed } from '../ocf/package.ts'
import type { Issuance, OcfTransaction } from '../ocf/transactions.ts'
import { applyAction, type SecurityAction } from './apply-action.ts'
import { type Adjustment, applyAdjustment, isSplitWith } from './apply-adjustment.ts'
import { applyIssuance } from './apply-issuance.ts'
import { applyVesting, type VestingTransaction } from './apply-vesting.ts'
import {
  checkDocument,
  checkFinancing,
  checkStockClass,
  checkValuation,
  checkVestingTerms,
  type Known,
} from './object-checks.ts'
import { type Context, type HistoryIndex, type Origin, type Step, shares } from './replay-context.ts'
import type { Authorized, CapTable, StockClass, StockPlan } from './state.ts'

/**
 * A history: the objects and transactions of a package, or the rows of a company. `lastDays`: of warrants for compute, by
 * security, the last day to which a signed amendment has moved theirs, which Open Cap Format cannot say (ADR 53). An amendment comes
 * into force while its warrant lives, so whether one has expired on a day does not depend on when it was signed.
 */
export type History = Pick<OcfPackage, 'issuer' | 'objects' | 'transactions'> & {
  readonly lastDays?: ReadonlyMap<string, string>
}

export type ReplayOptions = {
  /** The last day to replay, inclusive; the whole history by default. */
  readonly through?: string
  /** `REFUSE` (default): a gap refuses the whole. `ACCEPT`: see ADR 0004. */
  readonly gaps?: 'REFUSE' | 'ACCEPT'
  /** True for a history that was replayed before and accepted: nothing is checked against what comes later. */
  readonly trusted?: boolean
  /** A table to go on from, which is changed: the history is then only what comes after it, and its objects are not read. */
  readonly onto?: CapTable
  /** Ids of items that could not be read. */
  readonly unreadable?: ReadonlySet<string>
  /** Told at the end of each day that has transactions which securities they changed, and the table as it then stands. */
  readonly observe?: (day: string, changed: ReadonlySet<string>, table: CapTable) => void
}

export type Replayed = {
  readonly table: CapTable
  /** At most 1,000; `gapCount` tells how many there are. */
  readonly gaps: readonly PackageGap[]
  readonly gapCount: number
  readonly warnings: readonly PackageFault[]
  /** Items that do not count: gaps with the effect `SET_ASIDE`. */
  readonly setAside: ReadonlySet<Placed<OcfObject | OcfTransaction>>
}

/**
 * Replays a history up to a day.
 *
 * @throws {BrokenPackage} with every gap, when gaps are refused and there are any
 */
export function replay(history: History, options: ReplayOptions = {}): Replayed {
  const run = new Replay(history, options)
  const replayed = run.run()
  if ((options.gaps ?? 'REFUSE') === 'REFUSE' && options.trusted !== true && replayed.gapCount > 0) {
    throw new BrokenPackage(replayed.gaps, replayed.gapCount)
  }
  return replayed
}

const isIssuance = (step: Step): step is Step<Issuance> => step.item.object_type.endsWith('_ISSUANCE')
const isVesting = (step: Step): step is Step<VestingTransaction> => step.item.object_type.startsWith('TX_VESTING_')
const isAdjustment = (step: Step): step is Step<Adjustment> => !('security_id' in step.item)

class Replay {
  readonly #history: History
  readonly #through: string
  readonly #gaps = new Faults<PackageGap>()
  readonly #warnings: PackageFault[] = []
  readonly #setAside = new Set<Placed<OcfObject | OcfTransaction>>()
  readonly #context: Context
  /** Steps that wait for their security to be issued: to the end of the day, or for vesting to the end of the history. */
  readonly #waiting = new Map<string, Step[]>()
  readonly #waitingToVest = new Map<string, Step[]>()
  readonly #observe: ReplayOptions['observe']
  readonly #changed = new Set<string>()

  constructor(history: History, options: ReplayOptions) {
    this.#history = history
    this.#through = options.through ?? LAST_DAY
    this.#observe = options.observe
    const issuer = history.issuer.item
    const objects = this.#distinct(history.objects)
    this.#context = {
      table: options.onto ?? {
        issuer,
        issuerAuthorized: issuer.initial_shares_authorized,
        through: this.#through,
        firstDate: undefined,
        ...tableOf(objects),
        securities: new Map(),
      },
      index: indexOf(history.transactions),
      legends: new Set(ofType(objects, 'STOCK_LEGEND_TEMPLATE').map(({ item }) => item.id)),
      trusted: options.trusted === true,
      lastDays: history.lastDays ?? new Map(),
      unreadable: new Set(options.unreadable),
      touched: new Map(),
      touchedPlans: new Map(),
      touchedIssuer: undefined,
      gap: (step, pointer, reason, effect) => this.#gap(step, pointer, reason, effect),
    }
    if (!this.#context.trusted) this.#checkObjects(objects)
  }

  run(): Replayed {
    const steps = this.#inOrder()
    for (let at = 0; at < steps.length; ) {
      const day = steps[at]?.item.date ?? ''
      if (day > this.#through) break
      for (; steps[at]?.item.date === day; at += 1) this.#apply(steps[at] as Step)
      this.#endOfDay()
      this.#observe?.(day, this.#changed, this.#context.table)
      this.#changed.clear()
    }
    this.#endOfHistory()
    const { table } = this.#context
    const first = steps.find((step) => !this.#setAside.has(step))?.item.date
    return {
      table: { ...table, firstDate: first },
      gaps: this.#gaps.list,
      gapCount: this.#gaps.count,
      warnings: this.#warnings,
      setAside: this.#setAside,
    }
  }

  #gap(placed: Placed<OcfObject | OcfTransaction>, pointer: string, reason: string, effect: GapEffect): void {
    const { place, item } = placed
    this.#gaps.add({ file: place.file, itemId: item.id, pointer: place.pointer + pointer, reason, effect })
    if (effect === 'SET_ASIDE') this.#setAside.add(placed)
  }

  /** Objects by type and id: the first of each counts. */
  #distinct(objects: readonly Placed<OcfObject>[]): readonly Placed<OcfObject>[] {
    const seen = new Set<string>()
    return objects.filter((placed) => {
      const key = `${placed.item.object_type} ${placed.item.id}`
      if (seen.has(key)) this.#gap(placed, '/id', `is the id of another ${placed.item.object_type} too`, 'SET_ASIDE')
      else return seen.add(key)
      return false
    })
  }

  /** Transactions by date; the sort is stable, so the order of the files holds within a day. */
  #inOrder(): readonly Step[] {
    const seen = new Set<string>()
    const steps = this.#history.transactions.filter((step) => {
      if (this.#context.trusted) return true
      if (seen.has(step.item.id)) this.#gap(step, '/id', 'is the id of another transaction too', 'SET_ASIDE')
      else return seen.add(step.item.id)
      return false
    })
    return steps.sort((a, b) => (a.item.date < b.item.date ? -1 : a.item.date > b.item.date ? 1 : 0))
  }

  #checkObjects(objects: readonly Placed<OcfObject>[]): void {
    const byType = new Map<string, Set<string>>()
    for (const { item } of [this.#history.issuer, ...objects, ...this.#history.transactions]) {
      const ids = byType.get(item.object_type)
      if (ids === undefined) byType.set(item.object_type, new Set([item.id]))
      else ids.add(item.id)
    }
    const { unreadable } = this.#context
    const issuances = new Set(this.#history.transactions.filter(isIssuance).map(({ item }) => item.id))
    const known: Known = {
      stockClass: (id) => byType.get('STOCK_CLASS')?.has(id) === true || unreadable.has(id),
      issuance: (id) => issuances.has(id) || unreadable.has(id),
      any: (type, id) => byType.get(type)?.has(id) === true || unreadable.has(id),
    }
    for (const placed of objects) {
      const { item } = placed
      const report = (pointer: string, reason: string, effect: GapEffect) => this.#gap(placed, pointer, reason, effect)
      if (item.object_type === 'STOCK_CLASS') checkStockClass(item, known, report)
      else if (item.object_type === 'FINANCING') checkFinancing(item, known, report)
      else if (item.object_type === 'DOCUMENT') checkDocument(item, known, report)
      else if (item.object_type === 'VALUATION') checkValuation(item, known, report)
      else if (item.object_type === 'VESTING_TERMS') checkVestingTerms(item, report)
      else if (item.object_type === 'STOCK_PLAN') this.#checkPlan(item, known, report)
    }
  }

  #checkPlan(
    item: ObjectOf<'STOCK_PLAN'>,
    known: Known,
    report: (pointer: string, reason: string, effect: GapEffect) => void,
  ): void {
    const reason = 'names a stock class that is not in the package'
    if (item.stock_class_id !== undefined && !known.stockClass(item.stock_class_id))
      report('/stock_class_id', reason, 'KEPT')
    for (const [index, id] of (item.stock_class_ids ?? []).entries()) {
      if (!known.stockClass(id)) report(`/stock_class_ids/${index}`, reason, 'KEPT')
    }
  }

  #apply(step: Step): void {
    const { securities } = this.#context.table
    if (this.#observe !== undefined) this.#note(step)
    if (isIssuance(step)) {
      if (applyIssuance(this.#context, step)) this.#wake(step.item.security_id)
      return
    }
    if (isAdjustment(step)) {
      applyAdjustment(this.#context, step)
      return
    }
    const action = step as Step<SecurityAction>
    const security = securities.get(action.item.security_id)
    if (security === undefined) this.#wait(action)
    else if (isVesting(action)) applyVesting(this.#context, action, security)
    else applyAction(this.#context, action, security)
  }

  /** A split changes every security of its class; anything else the one that it names. */
  #note({ item }: Step): void {
    if ('security_id' in item) this.#changed.add(item.security_id)
    else if (item.object_type === 'TX_STOCK_CLASS_SPLIT') {
      for (const security of this.#context.table.securities.values()) {
        if (isSplitWith(security, item.stock_class_id)) this.#changed.add(security.id)
      }
    }
  }

  #wait(step: Step<SecurityAction>): void {
    const { security_id: id, date } = step.item
    const issuance = this.#context.index.issuances.get(id)
    const waiting =
      issuance === undefined
        ? undefined
        : isVesting(step)
          ? this.#waitingToVest
          : issuance.item.date === date
            ? this.#waiting
            : undefined
    if (waiting === undefined) {
      if (this.#context.unreadable.has(id)) return
      const reason = issuance === undefined ? 'that is never issued' : `that is issued only on ${issuance.item.date}`
      this.#gap(step, '/security_id', `names a security ${reason}`, 'SET_ASIDE')
      return
    }
    const steps = waiting.get(id)
    if (steps === undefined) waiting.set(id, [step])
    else steps.push(step)
  }

  #wake(securityId: string): void {
    for (const waiting of [this.#waiting, this.#waitingToVest]) {
      const steps = waiting.get(securityId)
      if (steps === undefined) continue
      waiting.delete(securityId)
      for (const step of steps) this.#apply(step)
    }
  }

  #endOfDay(): void {
    this.#giveUp(this.#waiting)
    const { touched, touchedPlans, trusted } = this.#context
    if (!trusted) {
      for (const [stockClass, step] of touched) this.#checkAuthorized(stockClass, step)
      const last = this.#context.touchedIssuer ?? [...touched.values()].at(-1)
      if (last !== undefined) this.#checkIssuer(last)
      for (const [plan, step] of touchedPlans) this.#checkPool(plan, step)
    }
    touched.clear()
    touchedPlans.clear()
    this.#context.touchedIssuer = undefined
  }

  /** At the end of the day, because a charter amendment of the same day may stand below the issuance in the file. */
  #checkAuthorized({ authorized, outstanding }: StockClass, step: Step): void {
    if (typeof authorized !== 'bigint' || outstanding <= authorized) return
    const pointer =
      'quantity' in step.item ? '/quantity' : 'split_ratio' in step.item ? '/split_ratio' : '/new_shares_authorized'
    this.#gap(
      step,
      pointer,
      `makes ${shares(outstanding)} outstanding of a class that authorises ${shares(authorized)}`,
      'KEPT',
    )
  }

  #checkIssuer(step: Step): void {
    const authorized: Authorized | undefined = this.#context.table.issuerAuthorized
    if (typeof authorized !== 'bigint') return
    let outstanding = 0n
    for (const stockClass of this.#context.table.classes.values()) outstanding += stockClass.outstanding
    if (outstanding <= authorized) return
    this.#gap(
      step,
      '',
      `makes ${shares(outstanding)} outstanding of an issuer that authorises ${shares(authorized)}`,
      'KEPT',
    )
  }

  /** Boards do grant before they enlarge the pool: reported, not refused. */
  #checkPool({ reserved, consumed, placeholder }: StockPlan, step: Step): void {
    if (placeholder || consumed <= reserved) return
    const { place, item } = step
    const reason = `takes ${shares(consumed)} from a plan that reserves ${shares(reserved)}`
    this.#warnings.push({ file: place.file, itemId: item.id, pointer: place.pointer, reason })
  }

  #giveUp(waiting: Map<string, Step[]>): void {
    for (const steps of waiting.values()) {
      for (const step of steps)
        this.#gap(step, '/security_id', 'names a security whose issuance does not count', 'SET_ASIDE')
    }
    waiting.clear()
  }

  #endOfHistory(): void {
    // Up to an earlier day, what still waits is merely not there yet.
    if (this.#through === LAST_DAY) this.#giveUp(this.#waitingToVest)
  }
}

const ofType = <T extends OcfObject['object_type']>(objects: readonly Placed<OcfObject>[], type: T) =>
  objects.filter((placed): placed is Placed<ObjectOf<T>> => placed.item.object_type === type)

/** What objects say by themselves, before any transaction. */
export function tableOf(
  objects: readonly Placed<OcfObject>[],
): Pick<CapTable, 'stakeholders' | 'classes' | 'plans' | 'terms'> {
  const stakeholders: CapTable['stakeholders'] = new Map()
  const classes: CapTable['classes'] = new Map()
  const plans: CapTable['plans'] = new Map()
  const terms = new Map<string, VestingTerms>()
  for (const { item } of objects) {
    if (item.object_type === 'STAKEHOLDER') {
      stakeholders.set(item.id, {
        id: item.id,
        name: item.name.legal_name,
        kind: item.stakeholder_type,
        founder: item.current_relationship === 'FOUNDER',
        placeholder: false,
      })
    } else if (item.object_type === 'STOCK_CLASS') classes.set(item.id, classOfItem(item))
    else if (item.object_type === 'STOCK_PLAN') plans.set(item.id, planOfItem(item))
    else if (item.object_type === 'VESTING_TERMS') terms.set(item.id, item)
  }
  return { stakeholders, classes, plans, terms }
}

const classOfItem = (item: ObjectOf<'STOCK_CLASS'>): StockClass => ({
  id: item.id,
  name: item.name,
  kind: item.class_type,
  item,
  placeholder: false,
  authorized: item.initial_shares_authorized,
  outstanding: 0n,
  ratio: undefined,
  splitNumerator: 1n,
  splitDenominator: 1n,
})

const planOfItem = (item: ObjectOf<'STOCK_PLAN'>): StockPlan => ({
  id: item.id,
  name: item.plan_name,
  classIds: item.stock_class_ids ?? (item.stock_class_id === undefined ? [] : [item.stock_class_id]),
  placeholder: false,
  cancellation: item.default_cancellation_behavior,
  reserved: item.initial_shares_reserved,
  consumed: 0n,
})

function indexOf(transactions: readonly Step[]): HistoryIndex {
  const issuances = new Map<string, Step<Issuance>>()
  const origins = new Map<string, Origin>()
  const ofSplit = new Map<string, Set<string>>()
  for (const step of transactions) {
    const { item } = step
    if (isIssuance(step)) {
      const before = issuances.get(step.item.security_id)
      if (before === undefined || step.item.date < before.item.date) issuances.set(step.item.security_id, step)
    }
    if ('balance_security_id' in item && item.balance_security_id !== undefined)
      origins.set(item.balance_security_id, 'balance')
    if (!('resulting_security_ids' in item)) continue
    for (const id of item.resulting_security_ids) origins.set(id, originOf(item.object_type))
    if (item.object_type === 'TX_STOCK_REISSUANCE' && item.split_transaction_id !== undefined) {
      const ids = ofSplit.get(item.split_transaction_id) ?? new Set()
      for (const id of item.resulting_security_ids) ids.add(id)
      ofSplit.set(item.split_transaction_id, ids)
    }
  }
  return { issuances, origins, ofSplit }
}

function originOf(type: string): Origin {
  if (type.endsWith('_EXERCISE')) return 'exercise'
  if (type.endsWith('_RELEASE')) return 'release'
  if (type.endsWith('_CONVERSION')) return 'conversion'
  return type.endsWith('_REISSUANCE') ? 'reissuance' : 'transfer'
}
