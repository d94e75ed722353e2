/**
 * A round with convertibles, solved without rounding.
 *
 * Three unknowns: S, the shares that all convertibles become; x, shares per unit of money at the round's price; I, the
 * increase of the pool. Each convertible takes the larger of two numbers that are linear in them (cap, discount), and a
 * pool target takes the larger of zero and a linear number. So the round is the least solution of a system of maxima of
 * rising linear functions: guess which side of each maximum holds, solve three linear equations, correct the guess,
 * repeat. The unknowns only rise, so this ends; each solution is a quotient of integer determinants.
 */
import { type Rational, rational } from '../platform/index.ts'
import { type CapBase, type Convertible, ONE } from './conversion.ts'
import type { ConvertibleRoundInput } from './convertible-round-input.ts'
import { priceDenominator, safePostMoneyCapitalization, safePreMoneyCapitalization } from './fully-diluted.ts'

/** The solution over one denominator, not reduced. Shares are {@link Numeric} once divided by it. */
export type ExactRound = {
  readonly kind: 'exact'
  readonly denominator: bigint
  readonly converted: bigint
  /** Shares (as Numeric) per money (as Numeric): the inverse of the price. */
  readonly perMoney: bigint
  readonly poolIncrease: bigint
  /** What each kind of cap is divided by. */
  readonly capitalizations: Readonly<Record<CapBase, bigint>>
  readonly targetMetAlready: boolean
}

/** Why there is no such round, before any rounding. */
export type ExactFault =
  | { readonly kind: 'no_shares_before' }
  /** Post-money caps sell the whole company or more: the amounts divided by their caps add up to `sold`, at least 1. */
  | { readonly kind: 'caps_sell_everything'; readonly sold: Rational; readonly ids: readonly string[] }
  /** The valuation does not exceed what converts at a price that follows it: such holders would own the whole company. */
  | { readonly kind: 'valuation_below_conversions' }
  /** The target must be below `most`. */
  | { readonly kind: 'target_cannot_be_met'; readonly most: Rational }

/** Plain numbers of the system, so that the limit of an ever larger pool can be asked with the same code. */
type System = {
  readonly convertibles: readonly Convertible[]
  readonly before: bigint
  readonly postBase: bigint
  readonly preBase: bigint
  /** Valuation, with what converts where the method adds it. */
  readonly worth: bigint
  readonly money: bigint
  readonly counted: boolean
  readonly pool:
    | { readonly kind: 'FIXED'; readonly increase: bigint }
    | { readonly kind: 'TARGET'; readonly part: bigint; readonly unallocated: bigint }
}

/** `capped[i]`: the cap decides for convertible i. `increased`: the target asks for an increase. */
type Guess = { readonly capped: readonly boolean[]; readonly increased: boolean }
type Row = readonly [bigint, bigint, bigint, bigint]
type Solution = {
  readonly kind: 'solution'
  readonly by: bigint
  readonly s: bigint
  readonly x: bigint
  readonly i: bigint
}
/** Which unknown has no finite value: with the ones before it, it feeds on itself by one or more. */
type NoSolution = { readonly kind: 'none'; readonly unknown: 's' | 'x' | 'i' }

/** Far more corrections than a round can need: the search for a wrong guess is not left to run for ever. */
const MOST_GUESSES = 10_000

/** Solves a round exactly. The input's amounts are positive: convertible-round.ts has looked. */
export function solveExactly(input: ConvertibleRoundInput): ExactRound | ExactFault {
  const system = systemOf(input)
  const { guess, answer } = search(system)
  if (answer.kind === 'none') return faultOf(system, answer)
  if (system.before === 0n && answer.i === 0n) return { kind: 'no_shares_before' }
  return {
    kind: 'exact',
    denominator: answer.by,
    converted: answer.s,
    perMoney: answer.x,
    poolIncrease: answer.i,
    capitalizations: capitalizationsIn(system, answer),
    targetMetAlready: system.pool.kind === 'TARGET' && !guess.increased,
  }
}

function systemOf({ count, convertibles, preMoney, purchases, method, pool }: ConvertibleRoundInput): System {
  const converting = convertibles.reduce((sum, { amount }) => sum + amount, 0n)
  return {
    convertibles,
    before: priceDenominator(count, { poolIncrease: 0n, converting: 0n, method }),
    postBase: safePostMoneyCapitalization(count, 0n),
    preBase: safePreMoneyCapitalization(count, 0n),
    worth: method === 'DOLLARS_INVESTED' ? preMoney + converting : preMoney,
    money: purchases.reduce((sum, { amount }) => sum + amount, 0n),
    counted: method !== 'PRE_MONEY',
    pool:
      pool.kind === 'TARGET'
        ? { kind: 'TARGET', part: pool.postRoundUnallocated, unallocated: count.unallocated }
        : { kind: 'FIXED', increase: pool.kind === 'INCREASE' ? pool.shares * ONE : 0n },
  }
}

function search(system: System): { guess: Guess; answer: Solution | NoSolution } {
  let guess: Guess = { capped: system.convertibles.map(() => false), increased: false }
  for (let count = 0; count < MOST_GUESSES; count += 1) {
    const answer = solveLinear(system, guess)
    if (answer.kind === 'none') return { guess, answer }
    const better = corrected(system, guess, answer)
    const same = better.increased === guess.increased && better.capped.every((cap, at) => cap === guess.capped[at])
    if (same) return { guess, answer }
    guess = better
  }
  throw new Error('the search for the round did not end')
}

/** The side of each maximum that is larger at the solution found. A tie keeps the guess, so that the search ends. */
function corrected(system: System, guess: Guess, solution: Solution): Guess {
  const over = capitalizationsIn(system, solution)
  const capped = system.convertibles.map(({ cap, discount = 0n }, at) => {
    if (cap === undefined) return false
    const [byCap, byPrice] = [over[cap.base] * (ONE - discount), solution.x * ONE * cap.valuation]
    return byCap === byPrice ? guess.capped[at] === true : byCap > byPrice
  })
  const { pool } = system
  if (pool.kind === 'FIXED') return { capped, increased: false }
  const { by, s, x, i } = solution
  const wanted = pool.part * (system.before * by + s + i + system.money * x) - pool.unallocated * ONE * by
  return { capped, increased: wanted > 0n }
}

const capitalizationsIn = (system: System, { by, s, i }: Solution): Record<CapBase, bigint> => ({
  POST_MONEY: system.postBase * by + s,
  PRE_MONEY: system.preBase * by + i,
  PRE_MONEY_WITHOUT_INCREASE: system.preBase * by,
})

/** The three equations, in integers, in the order S, x, I: coefficients of the unknowns, and the constant they equal. */
function rowsOf(system: System, guess: Guess): readonly [Row, Row, Row] {
  const { before, worth, money, pool } = system
  const x: Row = [system.counted ? -1n : 0n, worth, -1n, before]
  const i: Row =
    pool.kind === 'FIXED'
      ? [0n, 0n, 1n, pool.increase]
      : guess.increased
        ? [-pool.part, -pool.part * money, ONE - pool.part, pool.part * before - pool.unallocated * ONE]
        : [0n, 0n, 1n, 0n]
  return [conversionRow(system, guess), x, i]
}

function conversionRow({ convertibles, postBase, preBase }: System, guess: Guess): Row {
  const denominators = convertibles.map(({ cap, discount = 0n }, at) =>
    guess.capped[at] === true && cap !== undefined ? cap.valuation : ONE - discount,
  )
  const common = denominators.reduce(leastCommonMultiple, 1n)
  let [ofS, ofX, ofI, constant] = [0n, 0n, 0n, 0n]
  convertibles.forEach(({ amount, cap }, at) => {
    const weight = amount * (common / (denominators[at] ?? 1n))
    if (guess.capped[at] !== true || cap === undefined) {
      ofX += weight * ONE
      return
    }
    if (cap.base === 'POST_MONEY') ofS += weight
    if (cap.base === 'PRE_MONEY') ofI += weight
    constant += weight * (cap.base === 'POST_MONEY' ? postBase : preBase)
  })
  return [common - ofS, -ofX, -ofI, constant]
}

/**
 * Cramer's rule. Off the diagonal nothing is positive, so a solution that is finite and not negative exists only where
 * every leading minor is positive (an M-matrix); the first that is not names the unknown at fault.
 */
function solveLinear(system: System, guess: Guess): Solution | NoSolution {
  const [a, b, c] = rowsOf(system, guess)
  if (a[0] <= 0n) return { kind: 'none', unknown: 's' }
  if (a[0] * b[1] - a[1] * b[0] <= 0n) return { kind: 'none', unknown: 'x' }
  const by = determinant(a, b, c, [0, 1, 2])
  if (by <= 0n) return { kind: 'none', unknown: 'i' }
  return {
    kind: 'solution',
    by,
    s: determinant(a, b, c, [3, 1, 2]),
    x: determinant(a, b, c, [0, 3, 2]),
    i: determinant(a, b, c, [0, 1, 3]),
  }
}

type Column = 0 | 1 | 2 | 3

const determinant = (a: Row, b: Row, c: Row, [p, q, r]: readonly [Column, Column, Column]): bigint =>
  a[p] * (b[q] * c[r] - b[r] * c[q]) - a[q] * (b[p] * c[r] - b[r] * c[p]) + a[r] * (b[p] * c[q] - b[q] * c[p])

function faultOf(system: System, { unknown }: NoSolution): ExactFault {
  if (unknown === 'x') return { kind: 'valuation_below_conversions' }
  if (unknown === 'i') return { kind: 'target_cannot_be_met', most: largestTarget(system) }
  const selling = system.convertibles.filter(({ cap }) => cap?.base === 'POST_MONEY')
  const sold = selling.reduce((sum, { amount, cap }) => sum.add(rational(amount, cap?.valuation ?? 1n)), rational(0n))
  return { kind: 'caps_sell_everything', sold, ids: selling.map(({ id }) => id) }
}

/** What part a pool approaches as it grows without end: then nothing that was there before counts. */
function largestTarget(system: System): Rational {
  const pool = { kind: 'FIXED', increase: 1n } as const
  const { answer } = search({ ...system, before: 0n, postBase: 0n, preBase: 0n, pool })
  if (answer.kind === 'none') return rational(0n)
  return rational(answer.i, answer.i + answer.s + system.money * answer.x)
}

function leastCommonMultiple(left: bigint, right: bigint): bigint {
  let [divisor, rest] = [left, right]
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest]
  return (left / divisor) * right
}
