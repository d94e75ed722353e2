/**
 * Who gets what of an exit value: debt, carve-out, preferences by seniority, and what is left by the equilibrium of
 * conversion (waterfall-claims.ts). Exact; rounded once, so that payouts add up to the exit value.
 */
import { divide, NUMERIC_PLACES, type Numeric, rational } from '../../platform/index.ts'
import { ONE, type Ratio } from '../replay/conversion.ts'
import { type Breakpoint, breakpointsOf } from './waterfall-breakpoints.ts'
import type { Claims, Step } from './waterfall-claims.ts'
import { carvedFrom, payEquity, tableOf, type WaterfallTable } from './waterfall-table.ts'
import { capsBelowPreference, mustBeWaterfall, type WaterfallFault, type WaterfallInput } from './waterfall-terms.ts'

/** What one is paid. `exact` is money, not times 10^10, over a denominator that is not reduced. */
export type Payout = { readonly id: string; readonly amount: Numeric; readonly exact: Ratio }

export type Distribution = {
  readonly exit: Numeric
  readonly debts: readonly Payout[]
  readonly carveOut: Payout | undefined
  readonly convertibles: readonly (Payout & { readonly converts: boolean })[]
  /** `converts`: takes as common instead of its preference. Common is said not to. */
  readonly classes: readonly {
    readonly id: string
    readonly amount: Numeric
    readonly converts: boolean
    readonly holdings: readonly Payout[]
  }[]
  readonly options: readonly (Payout & { readonly exercises: boolean })[]
  /** Money per share of common, exact; 0 until all preferences are paid. */
  readonly perShare: Ratio
  /** Shares of common that share the last dollar: the waterfall base (fully-diluted.ts), rounded down to ten places. */
  readonly sharing: Numeric
}

export type Waterfall = {
  readonly kind: 'distributed'
  readonly distributions: readonly Distribution[]
  /** Exit values at which the shares of the next dollar change, in rising order. Between two, every payout is linear. */
  readonly breakpoints: readonly Breakpoint[]
}

/**
 * Distributes each exit value. Pure.
 *
 * Exact payouts add up to the exit value and never fall as it rises. Rounded ones add up to it too, each less than one
 * unit of `places` away from the exact one; so between exit values that are close to one unit a rounded payout may fall
 * by a unit. Ask for more places than the currency has, where that matters.
 *
 * @throws {RangeError} when an exit value is negative or has more than `places`, or as {@link mustBeWaterfall}
 */
export function distribute(input: WaterfallInput, exits: readonly Numeric[]): Waterfall | WaterfallFault {
  mustBeWaterfall(input)
  const unit = 10n ** BigInt(NUMERIC_PLACES - input.places)
  if (exits.some((exit) => exit < 0n || exit % unit !== 0n)) {
    throw new RangeError(`an exit value must not be negative or have more than ${input.places} places`)
  }
  const below = capsBelowPreference(input.classes)
  if (below.length > 0) return { kind: 'cap_below_preference', ids: below }
  const table = tableOf(input)
  const { most } = table
  if (most !== undefined && exits.some((exit) => exit > most)) return { kind: 'nobody_to_pay', most }
  return {
    kind: 'distributed',
    distributions: exits.map((exit) => distributeOne(table, exit)),
    breakpoints: breakpointsOf(input, table.claims),
  }
}

/**
 * Rounds the running sum, not each part: so parts add up, and one that needs no rounding stays as it is. A `block` starts
 * parts of another denominator.
 */
class Purse {
  readonly #unit: bigint
  readonly #numeric: bigint
  #running = 0n
  #denominator = 1n
  #paid = 0n
  constructor(unit: bigint, numeric: bigint) {
    this.#unit = unit
    this.#numeric = numeric
  }
  /** `before`: money of all blocks before, which is whole in the units of the claims. */
  block(before: bigint, denominator: bigint): void {
    this.#running = before * denominator
    this.#denominator = denominator * this.#unit
  }
  pay(numerator: bigint): Numeric {
    // Much of a waterfall is nothing, and nothing is paid without arithmetic.
    if (numerator === 0n) return 0n
    this.#running += numerator
    const reached = this.#running / this.#denominator
    const amount = reached - this.#paid
    this.#paid = reached
    return amount * this.#numeric
  }
}

function distributeOne(table: WaterfallTable, exit: Numeric): Distribution {
  const { input, claims, owed, money } = table
  const numeric = 10n ** BigInt(NUMERIC_PLACES - input.places)
  const purse = new Purse(money * numeric, numeric)
  const debts = payDebts(table, exit, purse)
  const net = exit > owed ? exit - owed : 0n
  const carved = carvedFrom(input, net) * (money / ONE)
  purse.block((exit - net) * money, 1n)
  const carveOut =
    input.carveOut === undefined
      ? undefined
      : { id: input.carveOut.id, amount: purse.pay(carved), exact: { numerator: carved, denominator: money * ONE } }
  const equity = net * money - carved
  const paid = payEquity(table, equity)
  purse.block(exit * money - equity, paid.denominator)
  const denominator = paid.denominator * money * ONE
  const payout = (id: string, line: number): Payout => {
    const numerator = paid.numerators[line] ?? 0n
    return { id, amount: purse.pay(numerator), exact: { numerator, denominator } }
  }
  return { exit, debts, carveOut, ...sections(table, paid.step, payout), ...baseOf(claims, paid.step, equity) }
}

/** Rows of claims come in the order convertibles, classes, options: so do lines, and so are they paid, each once. */
function sections(
  { input, claims }: WaterfallTable,
  step: Step | undefined,
  payout: (id: string, line: number) => Payout,
): Pick<Distribution, 'convertibles' | 'classes' | 'options'> {
  let line = 0
  let claim = 0
  const next = (id: string): Payout => {
    line += 1
    return payout(id, line - 1)
  }
  const asCommon = (): boolean => step !== undefined && step.takes[claim]?.fixed === 'nothing'
  const convertibles = input.convertibles.map(({ id }) => {
    const paid = { ...next(id), converts: asCommon() }
    claim += 1
    return paid
  })
  const classes = input.classes.map(({ id, preference, holdings }) => {
    const paid = holdings.map((holding) => next(holding.id))
    const converts = preference !== undefined && asCommon()
    claim += 1
    if (claims.claims[claim]?.of === 'class' && claims.claims[claim]?.id === id) claim += 1
    return { id, amount: paid.reduce((all, { amount }) => all + amount, 0n), converts, holdings: paid }
  })
  const options = input.options.map(({ id }) => {
    const paid = { ...next(id), exercises: step?.takes[claim]?.shares === true }
    claim += 1
    return paid
  })
  return { convertibles, classes, options }
}

function payDebts({ input, ranks, money }: WaterfallTable, exit: Numeric, purse: Purse): Payout[] {
  const paid = new Map<string, Payout>()
  let left = exit
  for (const { rank, sum } of ranks) {
    const available = left < sum ? left : sum
    const denominator = sum === 0n ? 1n : sum
    purse.block((exit - left) * money, denominator)
    for (const { id, amount, rank: own } of input.debts) {
      if (own !== rank) continue
      const numerator = amount * available
      paid.set(id, {
        id,
        amount: purse.pay(numerator * money),
        exact: { numerator, denominator: denominator * ONE },
      })
    }
    left -= available
  }
  return input.debts.flatMap(({ id }) => paid.get(id) ?? [])
}

function baseOf({ scale }: Claims, step: Step | undefined, equity: bigint): Pick<Distribution, 'perShare' | 'sharing'> {
  if (step === undefined || step.sharing === 0n) {
    return { perShare: { numerator: 0n, denominator: 1n }, sharing: 0n }
  }
  return {
    perShare: { numerator: equity - step.fixed, denominator: step.sharing * ONE * ONE },
    sharing: divide(step.sharing, scale, 'DOWN'),
  }
}

/** `exact` as a reduced rational, for a report or a comparison. */
export const exactMoney = ({ numerator, denominator }: Ratio) => rational(numerator, denominator)
