/**
 * Vesting of one security: Open Cap Format's graph of conditions, walked along the one path that its dates and events take.
 *
 * The walk stands at one condition at a time. Of the next conditions, the one whose day comes first is taken; on the same day,
 * the one that the list names first. A condition with several occurrences fires all of them before the walk goes on. Only one
 * path is ever taken (OCF, "Vesting System").
 */
import type { Numeric } from '../../platform/index.ts'
import { addDays, addMonths, dayOfMonth, LAST_DAY } from '../dates.ts'
import type { VestingCondition, VestingTerms } from '../ocf/objects.ts'
import {
  type Exact,
  equal,
  exact,
  finestDown,
  looksAhead,
  ONE_SHARE,
  plus,
  times,
  trancheOf,
  wholeShares,
} from './allocation.ts'

/** What decides how a security vests. `none`: fully vested when issued. `missing`: its terms are not in the package. */
export type VestingSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'dates'; readonly vestings: readonly { readonly date: string; readonly amount: Numeric }[] }
  | { readonly kind: 'terms'; readonly termsId: string }

/** What a vesting computation needs to know of a security. Quantities are {@link Numeric}. */
export type Vestable = {
  readonly issuedOn: string
  /** Number issued, after splits. Portions are portions of it. */
  readonly issued: Numeric
  readonly vesting: VestingSource
  /** Dates of TX_VESTING_START and TX_VESTING_EVENT, by condition. */
  readonly fired: ReadonlyMap<string, string>
  readonly accelerations: readonly { readonly date: string; readonly quantity: Numeric }[]
  /** Shares now for one share when issued: splits since then. Fixed quantities in terms were written before them. */
  readonly splitNumerator: bigint
  readonly splitDenominator: bigint
}

/** Shares that vest on a day by one condition, or by acceleration, or by a listed date. */
export type Tranche = { readonly date: string; readonly quantity: Numeric; readonly conditionId: string | null }

export type Walk = {
  readonly tranches: readonly Tranche[]
  /** The last condition reached, or `null` before the first. */
  readonly at: string | null
  readonly reached: ReadonlySet<string>
  /** True when the conditions add up to more than was issued. */
  readonly overflows: boolean
  /** What has vested by schedule and events. */
  readonly vested: Numeric
}

const later = (a: string, b: string): string => (a < b ? b : a)
const scaled = (security: Vestable, quantity: Numeric): Numeric =>
  (quantity * security.splitNumerator) / security.splitDenominator

/**
 * Number vested on `date`, at the end of that day. Acceleration brings shares forward from the end of the schedule, so that
 * schedule and acceleration together never exceed what was issued.
 */
export function vestedOn(security: Vestable, terms: VestingTerms | undefined, date: string): Numeric {
  if (security.vesting.kind === 'none') return security.issued
  let vested = 0n
  for (const tranche of scheduledTranches(security, terms, date)) vested += tranche.quantity
  for (const acceleration of security.accelerations) if (acceleration.date <= date) vested += acceleration.quantity
  return vested < security.issued ? vested : security.issued
}

/** What vests by schedule and events up to and on `through`, in order of date. Acceleration is not in it. */
export function scheduledTranches(
  security: Vestable,
  terms: VestingTerms | undefined,
  through: string,
): readonly Tranche[] {
  const { vesting } = security
  switch (vesting.kind) {
    case 'none':
      return [{ date: security.issuedOn, quantity: security.issued, conditionId: null }]
    case 'missing':
      return []
    case 'dates':
      return vesting.vestings
        .filter((it) => it.date <= through)
        .map((it) => ({ date: it.date, quantity: scaled(security, it.amount), conditionId: null }))
        .sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
    case 'terms':
      return terms === undefined ? [] : walkTerms(security, terms, through).tranches
  }
}

/** Walks the graph up to and on `through`. */
export function walkTerms(security: Vestable, terms: VestingTerms, through: string = LAST_DAY): Walk {
  const walker = new Walker(security, terms, through)
  walker.run()
  return {
    tranches: walker.tranches,
    at: walker.at?.id ?? null,
    reached: walker.reached,
    overflows: walker.overflows,
    vested: walker.vested,
  }
}

/** Conditions at which a walk may begin: those that no other names as its next. */
export function firstConditions(terms: VestingTerms): readonly VestingCondition[] {
  const named = new Set(terms.vesting_conditions.flatMap((condition) => condition.next_condition_ids))
  return terms.vesting_conditions.filter((condition) => !named.has(condition.id))
}

type Run = { readonly portion: Exact; readonly total: Numeric; readonly count: bigint; index: bigint }

class Walker {
  readonly tranches: Tranche[] = []
  readonly reached = new Set<string>()
  at: VestingCondition | undefined
  overflows = false
  vested: Numeric = 0n
  readonly #security: Vestable
  readonly #terms: VestingTerms
  readonly #through: string
  readonly #byId: Map<string, VestingCondition>
  /** Day on which each condition reached fired for the last time. */
  readonly #firedOn = new Map<string, string>()
  #day = ''
  #startDay: number | undefined
  #exact: Exact = exact(0n)
  #run: Run | undefined

  constructor(security: Vestable, terms: VestingTerms, through: string) {
    this.#security = security
    this.#terms = terms
    this.#through = through
    this.#byId = new Map(terms.vesting_conditions.map((condition) => [condition.id, condition]))
  }

  run(): void {
    let candidates = firstConditions(this.#terms)
    // Each condition fires once, so a walk that came to a condition twice would be in a cycle: it ends there.
    for (let step = 0; step <= this.#byId.size; step += 1) {
      const next = this.#next(candidates)
      if (next === undefined) return
      if (!this.#fire(next.condition, next.date)) return
      candidates = next.condition.next_condition_ids
        .map((id) => this.#byId.get(id))
        .filter((condition) => condition !== undefined)
    }
  }

  #next(candidates: readonly VestingCondition[]): { condition: VestingCondition; date: string } | undefined {
    let best: { condition: VestingCondition; date: string } | undefined
    for (const condition of candidates) {
      if (this.reached.has(condition.id)) continue
      const due = this.#occurrence(condition, 1)
      if (due === undefined) continue
      // A day that has passed when the walk comes here counts at once.
      const date = later(due, this.#day)
      if (date <= this.#through && (best === undefined || date < best.date)) best = { condition, date }
    }
    return best
  }

  /** The day of a condition's nth occurrence, counted from 1, or `undefined` while that is open. */
  #occurrence(condition: VestingCondition, nth: number): string | undefined {
    const { trigger } = condition
    switch (trigger.type) {
      case 'VESTING_START_DATE':
      case 'VESTING_EVENT':
        return this.#security.fired.get(condition.id)
      case 'VESTING_SCHEDULE_ABSOLUTE':
        return trigger.date
      case 'VESTING_SCHEDULE_RELATIVE': {
        const from = this.#firedOn.get(trigger.relative_to_condition_id)
        if (from === undefined) return undefined
        const { period } = trigger
        if (period.type === 'DAYS') return addDays(from, period.length * nth)
        // Counted from the base each time, not from the last occurrence: a 31st survives February.
        return addMonths(from, period.length * nth, this.#dayOf(period.day_of_month, from))
      }
    }
  }

  #dayOf(rule: string, from: string): number {
    if (rule !== 'VESTING_START_DAY_OR_LAST_DAY_OF_MONTH') return Number(rule.slice(0, 2))
    return this.#startDay ?? dayOfMonth(from)
  }

  /** Fires all occurrences that are due. False when some are still to come: the walk stays here. */
  #fire(condition: VestingCondition, first: string): boolean {
    const { trigger } = condition
    const occurrences = trigger.type === 'VESTING_SCHEDULE_RELATIVE' ? trigger.period.occurrences : 1
    this.at = condition
    this.reached.add(condition.id)
    if (trigger.type === 'VESTING_START_DATE') this.#startDay = dayOfMonth(first)
    for (let nth = 1; nth <= occurrences; nth += 1) {
      const due = nth === 1 ? first : this.#occurrence(condition, nth)
      if (due === undefined || due > this.#through) return false
      this.#day = later(due, this.#day)
      this.#vest(condition, BigInt(occurrences))
    }
    // What is relative to this condition counts from its own day, also where the walk came here later.
    this.#firedOn.set(condition.id, this.#occurrence(condition, occurrences) ?? this.#day)
    return true
  }

  #vest(condition: VestingCondition, occurrences: bigint): void {
    const { issued } = this.#security
    const size = this.#sizeOf(condition)
    const before = this.vested
    if (looksAhead(this.#terms.allocation_type)) this.#vestInRun(condition, size, occurrences)
    else {
      this.#exact = plus(this.#exact, size)
      this.vested = this.#round(this.#exact)
    }
    if (this.#exact.numerator > issued * this.#exact.denominator) this.overflows = true
    if (this.vested > issued) this.vested = issued
    const quantity = this.vested - before
    if (quantity > 0n) this.tranches.push({ date: this.#day, quantity, conditionId: condition.id })
  }

  #sizeOf({ portion, quantity }: VestingCondition): Exact {
    const { issued } = this.#security
    if (portion === undefined) return exact(scaled(this.#security, quantity ?? 0n))
    if (portion.remainder !== true) return exact(issued * portion.numerator, portion.denominator)
    // "The amount that has yet to vest" is counted from whole shares, so that a remainder of 1/1 leaves nothing over.
    this.#exact = exact(this.vested)
    return exact((issued - this.vested) * portion.numerator, portion.denominator)
  }

  #round(amount: Exact): Numeric {
    const { issued } = this.#security
    if (amount.numerator >= issued * amount.denominator) return issued
    switch (this.#terms.allocation_type) {
      case 'FRACTIONAL':
        return finestDown(amount)
      case 'CUMULATIVE_ROUND_DOWN':
        return wholeShares(amount, 'DOWN')
      default:
        return wholeShares(amount, 'NEAREST')
    }
  }

  /**
   * Front- and back-loaded types share whole shares out over a run of equal tranches. The run is this condition's occurrences
   * and those of the equal conditions that follow it. Where a run ends between two shares, front-loaded takes the share into
   * it and back-loaded leaves it to the next.
   */
  #vestInRun(condition: VestingCondition, size: Exact, occurrences: bigint): void {
    const type = this.#terms.allocation_type
    let run = this.#run
    if (
      run === undefined ||
      run.index >= run.count ||
      condition.portion?.remainder === true ||
      !equal(run.portion, size)
    ) {
      const count = this.#runLength(condition, occurrences)
      const end = plus(this.#exact, times(size, count))
      const issued = this.#security.issued
      const whole =
        end.numerator >= issued * end.denominator ? issued : wholeShares(end, type.startsWith('FRONT') ? 'UP' : 'DOWN')
      run = { portion: size, total: whole - this.vested, count, index: 0n }
      this.#run = run
    }
    this.#exact = plus(this.#exact, size)
    const last = run.index === run.count - 1n
    const quantity = trancheOf(type, run.total, run.count, run.index)
    // A number issued that is not whole leaves its fraction to the last tranche.
    this.vested += quantity + (last ? run.total % ONE_SHARE : 0n)
    run.index += 1n
  }

  #runLength(condition: VestingCondition, occurrences: bigint): bigint {
    if (condition.portion === undefined) return occurrences
    if (condition.portion.remainder === true) return 1n
    const size = this.#sizeOf(condition)
    let count = occurrences
    const seen = new Set([condition.id])
    for (let at: VestingCondition | undefined = condition; at !== undefined; ) {
      at = at.next_condition_ids
        .map((id) => this.#byId.get(id))
        .find(
          (it) =>
            it?.portion !== undefined &&
            it.portion.remainder !== true &&
            !seen.has(it.id) &&
            equal(this.#sizeOf(it), size),
        )
      if (at === undefined) break
      seen.add(at.id)
      count += at.trigger.type === 'VESTING_SCHEDULE_RELATIVE' ? BigInt(at.trigger.period.occurrences) : 1n
    }
    return count
  }
}
