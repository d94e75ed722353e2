/** Sums of quantities over time: what a class, a plan, a holder or the whole table holds from each day on. */
import type { Numeric } from '../../platform/index.ts'
import { notCounted } from '../replay/counted.ts'
import type { Security } from '../replay/state.ts'

/**
 * Open securities, and sums over them, in {@link Numeric} shares. `number` is all that is no convertible's and counts;
 * `expired` and `cashSettled` is what does not count (counted.ts).
 */
export type Sums = {
  readonly open: bigint
  readonly stock: Numeric
  readonly granted: Numeric
  readonly warrants: Numeric
  readonly fullyDiluted: Numeric
  readonly number: Numeric
  readonly expired: Numeric
  readonly cashSettled: Numeric
}
type Mutable = { -readonly [Key in keyof Sums]: Sums[Key] }
export const SUMS = [
  'open',
  'stock',
  'granted',
  'warrants',
  'fullyDiluted',
  'number',
  'expired',
  'cashSettled',
] as const
export const NOTHING: Sums = {
  open: 0n,
  stock: 0n,
  granted: 0n,
  warrants: 0n,
  fullyDiluted: 0n,
  number: 0n,
  expired: 0n,
  cashSettled: 0n,
}

/** Values from days on, in order of the days: each holds until the next. */
export type Steps<Value> = readonly (readonly [day: string, value: Value])[]

/** Collects changes in any order, and tells the sums by day in the end. */
export class Line {
  readonly #changes = new Map<string, Mutable>()
  // Apart from the rest: a schedule of four years has fifty days, and a grant two or three of its own.
  readonly #vests = new Map<string, Numeric>()

  /** From `day` on, what stood for `before` stands for `now`. */
  move(day: string, before: Sums | undefined, now: Sums): void {
    let change = this.#changes.get(day)
    if (change === undefined) {
      change = { ...NOTHING }
      this.#changes.set(day, change)
    }
    for (const key of SUMS) change[key] += now[key] - (before?.[key] ?? 0n)
  }

  /** From `day` on, `by` more has vested, or less where it is negative. */
  vest(day: string, by: Numeric): void {
    if (by !== 0n) this.#vests.set(day, (this.#vests.get(day) ?? 0n) + by)
  }

  sums(): Steps<Sums> {
    let sums: Sums = NOTHING
    return [...this.#changes.keys()].sort().map((day) => {
      const change = this.#changes.get(day) ?? NOTHING
      const next: Mutable = { ...sums }
      for (const key of SUMS) next[key] += change[key]
      sums = next
      return [day, next]
    })
  }

  /** Of `number` (of a class: of its stock), what has vested. */
  vested(): Steps<Numeric> {
    let vested = 0n
    return [...this.#vests.keys()].sort().map((day) => {
      vested += this.#vests.get(day) ?? 0n
      return [day, vested]
    })
  }
}

/** The value on a day, or `undefined` before the first. */
export function valueOn<Value>(steps: Steps<Value>, day: string): Value | undefined {
  let [low, high] = [0, steps.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((steps[middle]?.[0] ?? '') <= day) low = middle + 1
    else high = middle
  }
  return steps[low - 1]?.[1]
}

/** Copies what a replay changes, so that a version stays as it was. */
export const frozen = (security: Security): Security => ({
  ...security,
  fired: new Map(security.fired),
  accelerations: security.accelerations.map((it) => ({ ...it })),
})

/** What a security adds to the sums of a table on a day, apart from what has vested: as `cap-table-view.ts` counts. */
export function sumsOf(security: Security, day: string): Sums {
  if (security.closedOn !== undefined) return NOTHING
  const number = security.kind === 'convertible' ? 0n : security.outstanding
  const why = notCounted(security, day)
  if (why !== undefined) return { ...NOTHING, open: 1n, [why === 'EXPIRED' ? 'expired' : 'cashSettled']: number }
  const fullyDiluted = security.fixed ? number : 0n
  return {
    ...NOTHING,
    open: 1n,
    stock: security.kind === 'stock' ? number : 0n,
    granted: security.kind === 'equity' ? number : 0n,
    warrants: security.kind === 'warrant' ? fullyDiluted : 0n,
    fullyDiluted,
    number,
  }
}
