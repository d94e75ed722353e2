/**
 * A round with convertibles and rights, solved without rounding.
 *
 * Four unknowns: S, the shares that all convertibles become; x, shares per unit of money at the round's price; I, the
 * increase of the pool; A, all shares after the round. Each convertible takes the larger of two numbers that are linear in
 * them (cap, discount), a pool target the larger of zero and a part of A, the holder of a right the larger of what it has
 * and a part of A. So the round is the least solution of a system of maxima of rising linear functions: guess which side of
 * each maximum holds, solve four linear equations, correct the guess, repeat. The unknowns only rise, so this ends; each
 * solution is a quotient of integer determinants.
 */
import { type Rational, rational } from '../../platform/index.ts'
import { baseOf, type CapBase, type Convertible, decidesAlone, investedIn, ONE } from '../replay/conversion.ts'
import { determinant, type Five, type Row } from '../replay/determinant.ts'
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
  readonly sharesAfter: bigint
  /** Shares that each right buys. */
  readonly rights: readonly bigint[]
  /** What each kind of cap is divided by. */
  readonly capitalizations: Readonly<Record<CapBase, bigint>>
  readonly targetMetAlready: boolean
}

/** Why there is no such round, before any rounding. */
export type ExactFault =
  | { readonly kind: 'no_shares_before' }
  /** Post-money caps sell the whole company or more: amounts divided by caps, and stated parts, add up to `sold`, at least 1. */
  | { readonly kind: 'caps_sell_everything'; readonly sold: Rational; readonly ids: readonly string[] }
  /** The valuation does not exceed what converts at a price that follows it: such holders would own the whole company. */
  | { readonly kind: 'valuation_below_conversions' }
  /** The parts that rights bring their holders to leave nothing for anybody else. */
  | { readonly kind: 'rights_take_everything'; readonly ids: readonly string[] }
  /** The target must be below `most`. */
  | { readonly kind: 'target_cannot_be_met'; readonly most: Rational }

type Right = { readonly id: string; readonly part: bigint; readonly held: bigint; readonly own: ReadonlySet<string> }

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
  readonly rights: readonly Right[]
  /** Shares bought by number. */
  readonly fixed: bigint
  readonly pool:
    | { readonly kind: 'FIXED'; readonly increase: bigint }
    | { readonly kind: 'TARGET'; readonly part: bigint; readonly unallocated: bigint }
}

/** `capped[i]`: the cap, or what the instrument states, decides for convertible i. `increased`: the target asks for an increase. `taken[i]`: right i buys. */
type Guess = { readonly capped: readonly boolean[]; readonly increased: boolean; readonly taken: readonly boolean[] }
type Solution = {
  readonly kind: 'solution'
  readonly by: bigint
  readonly s: bigint
  readonly x: bigint
  readonly i: bigint
  readonly a: bigint
}
/** Which unknown has no finite value: with the ones before it, it feeds on itself by one or more. */
type NoSolution = { readonly kind: 'none'; readonly unknown: 's' | 'x' | 'a' }

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
    sharesAfter: answer.a,
    rights: boughtByRight(system, guess, answer, input),
    capitalizations: capitalizationsIn(system, answer),
    targetMetAlready: system.pool.kind === 'TARGET' && !guess.increased,
  }
}

function systemOf({
  count,
  convertibles,
  preMoney,
  purchases,
  method,
  pool,
  rights = [],
}: ConvertibleRoundInput): System {
  return {
    convertibles,
    before: priceDenominator(count, { poolIncrease: 0n, converting: 0n, method }),
    postBase: safePostMoneyCapitalization(count, 0n),
    preBase: safePreMoneyCapitalization(count, 0n),
    worth: method === 'DOLLARS_INVESTED' ? preMoney + investedIn(convertibles) : preMoney,
    money: purchases.reduce((sum, { amount }) => sum + amount, 0n),
    counted: method !== 'PRE_MONEY',
    rights: rights.flatMap((right) => (right.kind === 'OF_COMPANY' ? [{ ...right, own: new Set(right.own) }] : [])),
    fixed: rights.reduce((sum, right) => sum + (right.kind === 'SHARES' ? right.shares * ONE : 0n), 0n),
    pool:
      pool.kind === 'TARGET'
        ? { kind: 'TARGET', part: pool.postRoundUnallocated, unallocated: count.unallocated }
        : { kind: 'FIXED', increase: pool.kind === 'INCREASE' ? pool.shares * ONE : 0n },
  }
}

function search(system: System): { guess: Guess; answer: Solution | NoSolution } {
  let guess: Guess = {
    capped: system.convertibles.map(decidesAlone),
    increased: false,
    taken: system.rights.map(() => false),
  }
  for (let count = 0; count < MOST_GUESSES; count += 1) {
    const answer = solveLinear(system, guess)
    if (answer.kind === 'none') return { guess, answer }
    const better = corrected(system, guess, answer)
    const same =
      better.increased === guess.increased &&
      better.capped.every((cap, at) => cap === guess.capped[at]) &&
      better.taken.every((buys, at) => buys === guess.taken[at])
    if (same) return { guess, answer }
    guess = better
  }
  throw new Error('the search for the round did not end')
}

/** The side of each maximum that is larger at the solution found. A tie keeps the guess, so that the search ends. */
function corrected(system: System, guess: Guess, solution: Solution): Guess {
  const over = capitalizationsIn(system, solution)
  const capped = system.convertibles.map(({ cap, discount = 0n, states }, at) => {
    if (decidesAlone({ cap, states })) return true
    if (cap === undefined) return false
    const [byCap, byPrice] = [over[cap.base] * (ONE - discount), solution.x * ONE * cap.valuation]
    return byCap === byPrice ? guess.capped[at] === true : byCap > byPrice
  })
  const { pool } = system
  const taken = system.rights.map(({ part, held, own }) => {
    const { weight, value } = convertedOf(system, guess, solution, ({ id }) => own.has(id))
    return part * solution.a * weight > ONE * (held * solution.by * weight + value)
  })
  const increased = pool.kind === 'TARGET' && pool.part * solution.a - pool.unallocated * ONE * solution.by > 0n
  return { capped, increased, taken }
}

/** `value / weight` shares, times the solution's denominator, that some convertibles become at a solution. */
function convertedOf(system: System, guess: Guess, { by, s, x, i }: Solution, which: (one: Convertible) => boolean) {
  const { common, ofS, ofX, ofI, constant } = conversionSum(system, guess, which)
  return { weight: common, value: ofS * s + ofX * x + ofI * i + constant * by }
}

/** Shares of each right in the order of the input, over the solution's denominator, rounded down. */
function boughtByRight(system: System, guess: Guess, solution: Solution, { rights = [] }: ConvertibleRoundInput) {
  return rights.map((right) => {
    if (right.kind === 'SHARES') return right.shares * ONE * solution.by
    const at = system.rights.findIndex(({ id }) => id === right.id)
    if (guess.taken[at] !== true) return 0n
    const own = new Set(right.own)
    const { weight, value } = convertedOf(system, guess, solution, ({ id }) => own.has(id))
    return (right.part * solution.a) / ONE - right.held * solution.by - value / weight
  })
}

const capitalizationsIn = (system: System, { by, s, i }: Solution): Record<CapBase, bigint> => ({
  POST_MONEY: system.postBase * by + s,
  PRE_MONEY: system.preBase * by + i,
  PRE_MONEY_WITHOUT_INCREASE: system.preBase * by,
})

/** The four equations, in integers, in the order S, x, I, A: coefficients of the unknowns, and the constant they equal. */
function rowsOf(system: System, guess: Guess): readonly [Row, Row, Row, Row] {
  const { before, worth, pool } = system
  const all = conversionSum(system, guess, () => true)
  const s: Row = [all.common - all.ofS, -all.ofX, -all.ofI, 0n, all.constant]
  const x: Row = [system.counted ? -1n : 0n, worth, -1n, 0n, before]
  const i: Row =
    pool.kind === 'FIXED'
      ? [0n, 0n, 1n, 0n, pool.increase]
      : guess.increased
        ? [0n, 0n, ONE, -pool.part, -pool.unallocated * ONE]
        : [0n, 0n, 1n, 0n, 0n]
  return [s, x, i, afterRow(system, guess)]
}

/** All shares: what holders with rights that buy come to, and what everybody else has. */
function afterRow(system: System, guess: Guess): Row {
  const taking = system.rights.filter((_, at) => guess.taken[at] === true)
  const parts = taking.reduce((sum, { part }) => sum + part, 0n)
  const held = taking.reduce((sum, right) => sum + right.held, 0n)
  const others = conversionSum(system, guess, ({ id }) => !taking.some(({ own }) => own.has(id)))
  const { common } = others
  return [
    -others.ofS * ONE,
    -(others.ofX + common * system.money) * ONE,
    -(others.ofI + common) * ONE,
    common * (ONE - parts),
    (others.constant + common * (system.before + system.fixed - held)) * ONE,
  ]
}

/** What some convertibles become, as a sum of the unknowns over one denominator. */
function conversionSum(
  { convertibles, postBase, preBase }: System,
  guess: Guess,
  which: (one: Convertible) => boolean,
) {
  const some = convertibles.map((one, at) => ({ ...one, capped: guess.capped[at] === true })).filter(which)
  const factors = some.map(factorOf)
  const denominators = factors.map(({ denominator }) => denominator)
  const common = denominators.reduce(leastCommonMultiple, 1n)
  let [ofS, ofX, ofI, constant] = [0n, 0n, 0n, 0n]
  for (const { of, numerator, denominator } of factors) {
    const weight = numerator * (common / denominator)
    if (of === 'PRICE') ofX += weight * ONE
    else if (of === 'NOTHING') constant += weight
    else constant += weight * (of === 'POST_MONEY' ? postBase : preBase)
    if (of === 'POST_MONEY') ofS += weight
    if (of === 'PRE_MONEY') ofI += weight
  }
  return { common, ofS, ofX, ofI, constant }
}

type Factor = { readonly of: CapBase | 'PRICE' | 'NOTHING'; readonly numerator: bigint; readonly denominator: bigint }

/** The shares of one convertible: a fraction of what they follow from, or where that is nothing, a number. */
function factorOf(one: Convertible & { readonly capped: boolean }): Factor {
  const { amount, cap, capped, discount = 0n, states } = one
  if (states?.kind === 'SHARES') return { of: 'NOTHING', numerator: states.shares, denominator: 1n }
  if (states?.kind === 'PART') return { of: states.of, numerator: states.part, denominator: ONE }
  if (!capped || cap === undefined) return { of: 'PRICE', numerator: amount, denominator: ONE - discount }
  return { of: cap.base, numerator: amount, denominator: cap.valuation }
}

/**
 * Cramer's rule. Off the diagonal nothing is positive, so a solution that is finite and not negative exists only where
 * every leading minor is positive (an M-matrix); the first that is not names the unknown at fault. The third cannot be: the
 * increase follows from A alone.
 */
function solveLinear(system: System, guess: Guess): Solution | NoSolution {
  const rows = rowsOf(system, guess)
  const [a, b] = rows
  if (a[0] <= 0n) return { kind: 'none', unknown: 's' }
  if (a[0] * b[1] - a[1] * b[0] <= 0n) return { kind: 'none', unknown: 'x' }
  const by = determinant(rows, [0, 1, 2, 3])
  if (by <= 0n) return { kind: 'none', unknown: 'a' }
  const with4 = (columns: readonly [Five, Five, Five, Five]) => determinant(rows, columns)
  return {
    kind: 'solution',
    by,
    s: with4([4, 1, 2, 3]),
    x: with4([0, 4, 2, 3]),
    i: with4([0, 1, 4, 3]),
    a: with4([0, 1, 2, 4]),
  }
}

function faultOf(system: System, { unknown }: NoSolution): ExactFault {
  if (unknown === 'x') return { kind: 'valuation_below_conversions' }
  if (unknown === 'a') {
    return system.pool.kind === 'TARGET'
      ? { kind: 'target_cannot_be_met', most: largestTarget(system) }
      : { kind: 'rights_take_everything', ids: system.rights.map(({ id }) => id) }
  }
  const selling = system.convertibles.filter((one) => baseOf(one) === 'POST_MONEY')
  const sold = selling.reduce((sum, one) => {
    const { numerator, denominator } = factorOf({ ...one, capped: true })
    return sum.add(rational(numerator, denominator))
  }, rational(0n))
  return { kind: 'caps_sell_everything', sold, ids: selling.map(({ id }) => id) }
}

/** What part a pool approaches as it grows without end: then nothing that was there before counts. */
function largestTarget(system: System): Rational {
  const pool = { kind: 'FIXED', increase: 1n } as const
  const rights = system.rights.map((right) => ({ ...right, held: 0n }))
  const { answer } = search({ ...system, before: 0n, postBase: 0n, preBase: 0n, fixed: 0n, pool, rights })
  return answer.kind === 'none' ? rational(0n) : rational(answer.i, answer.a)
}

function leastCommonMultiple(left: bigint, right: bigint): bigint {
  let [divisor, rest] = [left, right]
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest]
  return (left / divisor) * right
}
