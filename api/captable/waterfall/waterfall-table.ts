/** What a waterfall pays of one exit value, before rounding; and all of it that does not depend on the exit value. */
import { NUMERIC_PLACES, type Numeric, type Rational, rational, roundRational } from '../../platform/index.ts'
import { ONE, type Ratio } from '../replay/conversion.ts'
import { beforeCarveOut } from './waterfall-breakpoints.ts'
import { type Claims, claimsOf, fixedPart, moneyOf, type Step } from './waterfall-claims.ts'
import type { WaterfallInput } from './waterfall-terms.ts'

/** A line of the answer. A holder's unearned shares are paid on the same line as the earned ones. */
type Line = { readonly preference: bigint; readonly tier: number }

/** What the lines take at a step: `fixed` over the step's shares, and shares, so that a payout is one product and one sum. */
type LineTakes = { readonly fixed: readonly bigint[]; readonly shares: readonly bigint[] }

export type WaterfallTable = {
  readonly input: WaterfallInput
  readonly claims: Claims
  /** One of {@link Numeric}'s units in money of the claims. */
  readonly money: bigint
  /** Debts in the order of payment, each rank with its sum. */
  readonly ranks: readonly { readonly sum: Numeric; readonly rank: number }[]
  readonly owed: Numeric
  readonly preferences: bigint
  /** Value below debt and carve-out from which a step holds, as a ratio of the claims' money. */
  readonly from: readonly Ratio[]
  readonly lines: readonly Line[]
  /** The line that each row of the claims pays into. */
  readonly lineOf: readonly number[]
  /** By step, as they are first met. */
  readonly takes: Map<Step, LineTakes>
  /** The largest exit value that finds takers, where no shares take the rest. */
  readonly most: Numeric | undefined
}

/** What each line is paid, over one denominator, in money of the claims. `step` is missing below all preferences. */
export type Paid = {
  readonly step: Step | undefined
  readonly numerators: readonly bigint[]
  readonly denominator: bigint
}

/** The table of an input that was checked. */
export function tableOf(input: WaterfallInput): WaterfallTable {
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
  const preferences = claims.tiers.reduce((all, tier) => all + tier, 0n)
  const nobody = claims.steps.at(-1)?.sharing === 0n
  const most = nobody ? mostPaid(input, owed, rational(preferences, moneyOf(claims, ONE))) : undefined
  const money = moneyOf(claims, 1n)
  return { input, claims, money, ranks, owed, preferences, from, ...linesOf(claims), takes: new Map(), most }
}

const mostPaid = (input: WaterfallInput, owed: Numeric, preferences: Rational): Numeric =>
  owed + roundRational(beforeCarveOut(input, preferences), NUMERIC_PLACES, 'DOWN')

function linesOf({ claims, rows }: Claims): Pick<WaterfallTable, 'lines' | 'lineOf'> {
  const keys = new Map<string, number>()
  const lines: Line[] = []
  const lineOf = rows.map(({ claim, holder, preference }) => {
    const { of, id, tier } = claims[claim] ?? { of: 'class', id: '', tier: -1 }
    const key = JSON.stringify([of, id, holder])
    const known = keys.get(key)
    if (known !== undefined) return known
    keys.set(key, lines.length)
    // Only the first row of a line has a preference: the second is the unearned shares that have none.
    lines.push({ preference, tier })
    return lines.length - 1
  })
  return { lines, lineOf }
}

/** What the carve-out takes of what debt leaves, times 10^20. */
export function carvedFrom({ carveOut }: WaterfallInput, net: Numeric): bigint {
  if (carveOut === undefined || net <= carveOut.above) return 0n
  const { part, above, atMost } = carveOut
  const carved = part * (net - above)
  return atMost !== undefined && carved > atMost * ONE ? atMost * ONE : carved
}

/** Pays what debt and carve-out leave, in money of the claims. */
export const payEquity = (table: WaterfallTable, equity: bigint): Paid =>
  equity < table.preferences ? payTiers(table, equity) : payShares(table, equity)

/** Less than all preferences: tier after tier, within one in proportion to the preferences. */
function payTiers({ claims, lines }: WaterfallTable, equity: bigint): Paid {
  let [reached, left] = [0, equity]
  while (left >= (claims.tiers[reached] ?? left + 1n)) {
    left -= claims.tiers[reached] ?? 0n
    reached += 1
  }
  const denominator = claims.tiers[reached] ?? 1n
  const numerators = lines.map(({ preference, tier }) => {
    if (tier === -1 || tier > reached) return 0n
    return preference * (tier < reached ? denominator : left)
  })
  return { step: undefined, numerators, denominator }
}

/** All preferences and more: the value of a share that makes all claims add up to `equity`. */
function payShares(table: WaterfallTable, equity: bigint): Paid {
  const step = stepFor(table.claims.steps, table.from, equity)
  const shared = equity - step.fixed
  const { fixed, shares } = takesAt(table, step)
  const numerators = fixed.map((own, line) => {
    const taking = shares[line] ?? 0n
    return taking === 0n ? own : own + taking * shared
  })
  return { step, numerators, denominator: step.sharing === 0n ? 1n : step.sharing }
}

function takesAt({ takes, claims, lines, lineOf }: WaterfallTable, step: Step): LineTakes {
  const known = takes.get(step)
  if (known !== undefined) return known
  const denominator = step.sharing === 0n ? 1n : step.sharing
  const [fixed, shares] = [lines.map(() => 0n), lines.map(() => 0n)]
  claims.rows.forEach((row, at) => {
    const take = step.takes[row.claim]
    const line = lineOf[at] ?? 0
    if (take === undefined) return
    fixed[line] = (fixed[line] ?? 0n) + fixedPart(row, take) * denominator
    if (take.shares) shares[line] = (shares[line] ?? 0n) + row.shares
  })
  takes.set(step, { fixed, shares })
  return { fixed, shares }
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
