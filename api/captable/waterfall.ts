/**
 * Who gets what of an exit value: debt, carve-out, preferences by seniority, and what is left by the equilibrium of
 * conversion (waterfall-claims.ts). Exact; rounded once, so that payouts add up to the exit value.
 */
import { divide, NUMERIC_PLACES, type Numeric, type Rational, rational, roundRational } from '../platform/index.ts'
import { ONE, type Ratio } from './conversion.ts'
import { type Breakpoint, beforeCarveOut, breakpointsOf } from './waterfall-breakpoints.ts'
import { type Claims, claimsOf, fixedPart, moneyOf, type Step } from './waterfall-claims.ts'
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

/** All that does not depend on the exit value. */
type Table = {
  readonly input: WaterfallInput
  readonly claims: Claims
  /** Debts in the order of payment, each rank with its sum. */
  readonly ranks: readonly { readonly sum: Numeric; readonly rank: number }[]
  readonly owed: Numeric
  readonly preferences: bigint
  /** Value of everything below debt and carve-out from which a step holds, as a ratio of the claims' money. */
  readonly from: readonly Ratio[]
  /** The line of the answer that a row pays into: a holder's unearned shares pay into the same as the earned ones. */
  readonly lineOf: readonly number[]
  readonly lines: number
  /** The largest exit value that finds takers, where no shares take the rest. */
  readonly most: Numeric | undefined
}

function tableOf(input: WaterfallInput): Table {
  const claims = claimsOf(input)
  const ranks = [...new Set(input.debts.map(({ rank }) => rank))]
    .sort((a, b) => a - b)
    .map((rank) => ({
      rank,
      sum: input.debts.reduce((all, debt) => (debt.rank === rank ? all + debt.amount : all), 0n),
    }))
  const owed = ranks.reduce((all, { sum }) => all + sum, 0n)
  const from = claims.steps.map((step) => ({
    numerator: step.fixed * step.denominator + step.sharing * step.numerator,
    denominator: step.denominator,
  }))
  const keys = new Map<string, number>()
  const lineOf = claims.rows.map(({ claim, holder }) => {
    const { of, id } = claims.claims[claim] ?? { of: 'class', id: '' }
    const key = JSON.stringify([of, id, holder])
    const line = keys.get(key) ?? keys.size
    keys.set(key, line)
    return line
  })
  const preferences = claims.tiers.reduce((all, tier) => all + tier, 0n)
  const nobody = claims.steps.at(-1)?.sharing === 0n
  const most = nobody ? mostPaid(input, owed, rational(preferences, moneyOf(claims, ONE))) : undefined
  return { input, claims, ranks, owed, preferences, from, lineOf, lines: keys.size, most }
}

const mostPaid = (input: WaterfallInput, owed: Numeric, preferences: Rational): Numeric =>
  owed + roundRational(beforeCarveOut(input, preferences), NUMERIC_PLACES, 'DOWN')

/**
 * Rounds the running sum, not each part: so parts add up, and one that needs no rounding stays as it is. A `block` starts
 * parts of another denominator.
 */
class Purse {
  readonly #unit: bigint
  readonly #numeric: bigint
  #before = 0n
  #running = 0n
  #denominator = 1n
  #paid = 0n
  constructor(unit: bigint, numeric: bigint) {
    this.#unit = unit
    this.#numeric = numeric
  }
  /** `before`: money of all blocks before, which is whole in the units of the claims. */
  block(before: bigint, denominator: bigint): void {
    this.#before = before * denominator
    this.#denominator = denominator * this.#unit
    this.#running = 0n
  }
  pay(numerator: bigint): Numeric {
    this.#running += numerator
    const reached = (this.#before + this.#running) / this.#denominator
    const amount = reached - this.#paid
    this.#paid = reached
    return amount * this.#numeric
  }
}

function distributeOne(table: Table, exit: Numeric): Distribution {
  const { input, claims, owed } = table
  const money = moneyOf(claims, 1n)
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
  const paid = equity < table.preferences ? payTiers(table, equity) : payShares(table, equity)
  purse.block(exit * money - equity, paid.denominator)
  const numerators: bigint[] = Array.from({ length: table.lines }, () => 0n)
  paid.numerators.forEach((numerator, row) => {
    const line = table.lineOf[row] ?? 0
    numerators[line] = (numerators[line] ?? 0n) + numerator
  })
  const amounts = numerators.map((numerator) => purse.pay(numerator))
  const denominator = paid.denominator * money * ONE
  const payout = (id: string, line: number): Payout => ({
    id,
    amount: amounts[line] ?? 0n,
    exact: { numerator: numerators[line] ?? 0n, denominator },
  })
  return { exit, debts, carveOut, ...sections(table, paid.step, payout), ...baseOf(claims, paid.step, equity) }
}

/** Rows of claims come in the order convertibles, classes, options, and lines are counted in the same order. */
function sections(
  { input, claims }: Table,
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

function payDebts({ input, ranks, claims }: Table, exit: Numeric, purse: Purse): Payout[] {
  const money = moneyOf(claims, 1n)
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

/** What the carve-out takes, times 10^20. */
function carvedFrom({ carveOut }: WaterfallInput, net: Numeric): bigint {
  if (carveOut === undefined || net <= carveOut.above) return 0n
  const { part, above, atMost } = carveOut
  const carved = part * (net - above)
  return atMost !== undefined && carved > atMost * ONE ? atMost * ONE : carved
}

type Paid = {
  readonly step: Step | undefined
  /** One for each row of the claims, over one denominator. */
  readonly numerators: readonly bigint[]
  readonly denominator: bigint
}

/** Less than all preferences: tier after tier, within one in proportion to the preferences. */
function payTiers({ claims }: Table, equity: bigint): Paid {
  let [tier, left] = [0, equity]
  while (left >= (claims.tiers[tier] ?? left + 1n)) {
    left -= claims.tiers[tier] ?? 0n
    tier += 1
  }
  const denominator = claims.tiers[tier] ?? 1n
  const numerators = claims.rows.map(({ claim, preference }) => {
    const own = claims.claims[claim]?.tier ?? -1
    if (own === -1 || own > tier) return 0n
    return preference * (own < tier ? denominator : left)
  })
  return { step: undefined, numerators, denominator }
}

/** All preferences and more: the value of a share that makes all claims add up to `equity`. */
function payShares({ claims, from }: Table, equity: bigint): Paid {
  const step = stepFor(claims.steps, from, equity)
  const shared = equity - step.fixed
  const denominator = step.sharing === 0n ? 1n : step.sharing
  const numerators = claims.rows.map((row) => {
    const take = step.takes[row.claim]
    if (take === undefined) return 0n
    return fixedPart(row, take) * denominator + (take.shares ? row.shares * shared : 0n)
  })
  return { step, numerators, denominator }
}

/** The last step that starts at or below `equity`, by halving. */
function stepFor(steps: readonly Step[], from: readonly Ratio[], equity: bigint): Step {
  let [low, high] = [0, steps.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    const start = from[middle] ?? { numerator: 0n, denominator: 1n }
    if (start.numerator <= equity * start.denominator) low = middle
    else high = middle - 1
  }
  const step = steps[low]
  if (step === undefined) throw new Error('a waterfall has a first step')
  return step
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
