/**
 * A priced round in which SAFEs and notes convert: solved exactly (exact-round.ts), then again with the deal's rounding
 * until price, conversions, shares and pool agree with each other (ADR 9).
 *
 * Without convertibles it gives what solvePricedRound gives.
 */
import {
  divide,
  NUMERIC_PLACES,
  type Numeric,
  numericOfWhole,
  type Rational,
  type Rounding,
  rational,
  roundRational,
  type WholeShares,
} from '../../platform/index.ts'
import {
  baseOf,
  type ConvertsAt,
  conversionPrice,
  investedIn,
  ONE,
  type Ratio,
  type StatedShares,
} from '../replay/conversion.ts'
import type { ConvertibleRoundInput, PriceRounding } from './convertible-round-input.ts'
import { type ExactFault, type ExactRound, solveExactly } from './exact-round.ts'
import { priceDenominator, safePostMoneyCapitalization, safePreMoneyCapitalization } from './fully-diluted.ts'
import type { PurchaseResult } from './priced-round.ts'

export type { ConvertibleRoundInput, PriceRounding, RoundRight } from './convertible-round-input.ts'

export type Conversion = {
  readonly id: string
  readonly amount: Numeric
  readonly at: ConvertsAt
  /** Money per share that the shares were counted with. */
  readonly price: Rational
  readonly shares: WholeShares
  /** Amount minus shares times price. Ten places, towards zero. */
  readonly remainder: Numeric
}

/** None where its holder had its part already. `amount` is shares times price, to the nearest of ten places. */
export type RightResult = { readonly id: string; readonly shares: WholeShares; readonly amount: Numeric }

export type ConvertibleRound = {
  readonly kind: 'solved'
  /** The solution before any rounding. Shares as plain numbers, not times 10^10. */
  readonly exact: {
    readonly price: Rational
    readonly poolIncrease: Rational
    readonly converted: Rational
    readonly sharesAfter: Rational
  }
  /** The rounded price per share of the round. */
  readonly price: Numeric
  readonly poolIncrease: WholeShares
  readonly conversions: readonly Conversion[]
  readonly purchases: readonly PurchaseResult[]
  /** What rights bought, in the order of the input: shares, and what they cost at the price paid. */
  readonly rights: readonly RightResult[]
  /** Company capitalization of a post-money SAFE, with the whole shares that convert. */
  readonly safePostMoneyCapitalization: Numeric
  readonly priceDenominator: Numeric
  /** Every share after the round: before, converted, bought, increase of the pool. */
  readonly sharesAfter: Numeric
  readonly targetMetAlready: boolean
}

/** Why there is no such round. */
export type RoundFault =
  | ExactFault
  /** A cap must be more than what was paid under it: at its amount the holder would own the whole company. */
  | { readonly kind: 'cap_not_above_amount'; readonly ids: readonly string[] }
  | { readonly kind: 'price_rounds_to_zero'; readonly exactPrice: Rational }
  | { readonly kind: 'conversion_price_rounds_to_zero'; readonly id: string }
  | { readonly kind: 'buys_no_share'; readonly id: string; readonly price: Numeric }
  /**
   * Each step of rounding gives other numbers than the last, for longer than anybody waits: what follows from the price is
   * nearly the whole company. Other rounding or a higher valuation is needed. `poolIncreases`: those of the last steps.
   */
  | { readonly kind: 'rounding_cannot_be_reconciled'; readonly poolIncreases: readonly WholeShares[] }

/** Bound on the search for a fixed point. */
const MOST_STEPS = 10_000

/**
 * Solves one round. Pure; the same input gives the same result.
 *
 * @throws {RangeError} when an amount, a cap or the valuation is not positive, a discount is outside 0 to 1, a target is
 *   not between 0 and 1, or ids repeat: terms are parsed before they come here
 */
export function solveConvertibleRound(input: ConvertibleRoundInput): ConvertibleRound | RoundFault {
  mustBeTerms(input)
  const capped = input.convertibles.filter(({ amount, cap }) => cap !== undefined && cap.valuation <= amount)
  if (capped.length > 0) return { kind: 'cap_not_above_amount', ids: capped.map(({ id }) => id) }
  const exact = solveExactly(input)
  if (exact.kind !== 'exact') return exact
  const step = fixedPoint(input, startOf(input, exact))
  if (step.kind === 'price_rounds_to_zero') {
    return { ...step, exactPrice: rational(exact.denominator, exact.perMoney) }
  }
  return step.kind === 'step' ? resultOf(input, exact, step) : step
}

function mustBeTerms({
  preMoney,
  purchases,
  convertibles,
  pool,
  priceRounding,
  ...input
}: ConvertibleRoundInput): void {
  const amounts = [preMoney, ...[...purchases, ...convertibles].map(({ amount }) => amount)]
  const caps = convertibles.flatMap(({ cap }) => (cap === undefined ? [] : [cap.valuation]))
  if ([...amounts, ...caps].some((amount) => amount <= 0n)) {
    throw new RangeError('a valuation, a cap and every amount must be more than zero')
  }
  if (convertibles.some(({ states }) => states !== undefined && !isStated(states))) {
    throw new RangeError('stated shares must be more than zero, a stated part at most 1 too')
  }
  if (convertibles.some(({ discount = 0n }) => discount < 0n || discount >= ONE)) {
    throw new RangeError('a discount must be at least 0 and less than 1')
  }
  if (pool.kind === 'TARGET' && (pool.postRoundUnallocated < 0n || pool.postRoundUnallocated >= ONE)) {
    throw new RangeError('a pool target must be at least 0 and less than 1')
  }
  if (pool.kind === 'INCREASE' && pool.shares < 0n) throw new RangeError('a pool increase must not be negative')
  for (const right of input.rights ?? []) {
    if (right.kind === 'SHARES' ? right.shares <= 0n : right.part <= 0n || right.part >= ONE || right.held < 0n) {
      throw new RangeError('a right must be to a number of shares, or to a part between 0 and 1')
    }
  }
  if (Object.values(input.count).some((shares) => shares < 0n)) throw new RangeError('shares must not be negative')
  if (new Set(convertibles.map(({ id }) => id)).size < convertibles.length) throw new RangeError('ids repeat')
  for (const rounding of [priceRounding, input.conversionPriceRounding]) {
    if (rounding !== undefined && !(rounding.places >= 0 && rounding.places <= NUMERIC_PLACES)) {
      throw new RangeError(`places must be 0 to ${NUMERIC_PLACES}`)
    }
  }
}

const isStated = (states: StatedShares): boolean =>
  states.kind === 'SHARES' ? states.shares > 0n : states.part > 0n && states.part <= ONE

/** What is looked for: whole shares of the pool's increase, of each conversion and right that give themselves again. */
type Guess = {
  readonly poolIncrease: WholeShares
  readonly conversions: readonly WholeShares[]
  readonly rights: readonly WholeShares[]
}

type Converted = { readonly at: ConvertsAt; readonly price: Ratio; readonly shares: WholeShares }

type Step = Guess & {
  readonly kind: 'step'
  readonly price: Numeric
  /** The price that shares are counted with: the rounded one or not, as the terms say. */
  readonly paid: Ratio
  readonly converted: readonly Converted[]
  readonly bought: readonly WholeShares[]
}

type StepFault =
  | { readonly kind: 'price_rounds_to_zero' }
  | { readonly kind: 'conversion_price_rounds_to_zero'; readonly id: string }
  | { readonly kind: 'rounding_cannot_be_reconciled'; readonly poolIncreases: readonly WholeShares[] }

const total = (numbers: readonly bigint[]): bigint => numbers.reduce((sum, number) => sum + number, 0n)

function startOf(input: ConvertibleRoundInput, exact: ExactRound): Guess {
  const by = exact.denominator
  const roundPrice = { numerator: by, denominator: exact.perMoney }
  return {
    poolIncrease: divide(exact.poolIncrease, by * ONE, input.poolRounding),
    conversions: input.convertibles.map((convertible) => {
      const base = baseOf(convertible)
      const over = base === undefined ? 0n : exact.capitalizations[base]
      const { price } = conversionPrice(convertible, over, roundPrice, by)
      return divide(convertible.amount * price.denominator, ONE * price.numerator, input.conversionShareRounding)
    }),
    rights: exact.rights.map((shares) => divide(shares > 0n ? shares : 0n, by * ONE, input.shareRounding)),
  }
}

/** Price, conversions and shares for a guess, each rounded once. */
function stepWith(input: ConvertibleRoundInput, guess: Guess): Step | StepFault {
  const { count, method, convertibles, preMoney } = input
  const converting = numericOfWhole(total(guess.conversions))
  const poolIncrease = numericOfWhole(guess.poolIncrease)
  const added = method === 'DOLLARS_INVESTED' ? investedIn(convertibles) : 0n
  const unrounded = {
    numerator: preMoney + added,
    denominator: priceDenominator(count, { poolIncrease, converting, method }),
  }
  const price = roundPrice(unrounded, input.priceRounding)
  if (price === 0n) return { kind: 'price_rounds_to_zero' }
  const paid = input.sharesFromRoundedPrice ? { numerator: price, denominator: ONE } : unrounded
  const over = {
    POST_MONEY: safePostMoneyCapitalization(count, converting),
    PRE_MONEY: safePreMoneyCapitalization(count, poolIncrease),
    PRE_MONEY_WITHOUT_INCREASE: safePreMoneyCapitalization(count, 0n),
  }
  const converted: Converted[] = []
  for (const convertible of convertibles) {
    const { id, amount } = convertible
    const base = baseOf(convertible)
    const own = conversionPrice(convertible, base === undefined ? 0n : over[base], paid)
    // A number that is stated follows from no price: what is shown as its price is left as it comes.
    const ownPrice = own.at === 'INSTRUMENT' ? own.price : roundedOwn(own.price, input.conversionPriceRounding)
    if (ownPrice.numerator === 0n) return { kind: 'conversion_price_rounds_to_zero', id }
    const shares = sharesFor(amount, ownPrice, input.conversionShareRounding)
    converted.push({ at: own.at, price: ownPrice, shares })
  }
  const bought = input.purchases.map(({ amount }) => sharesFor(amount, paid, input.shareRounding))
  return { kind: 'step', ...guess, price, paid, converted, bought }
}

const roundPrice = ({ numerator, denominator }: Ratio, { direction, places }: PriceRounding): Numeric =>
  divide(numerator * 10n ** BigInt(places), denominator, direction) * 10n ** BigInt(NUMERIC_PLACES - places)

const roundedOwn = (price: Ratio, rounding: PriceRounding | undefined): Ratio =>
  rounding === undefined ? price : { numerator: roundPrice(price, rounding), denominator: ONE }

const sharesFor = (amount: Numeric, price: Ratio, rounding: Rounding): WholeShares =>
  divide(amount * price.denominator, ONE * price.numerator, rounding)

/** The guess that a step asks for next. */
function nextOf(input: ConvertibleRoundInput, step: Step): Guess {
  return {
    poolIncrease: nextIncrease(input, step),
    conversions: step.converted.map(({ shares }) => shares),
    rights: nextRights(input, step),
  }
}

function nextIncrease({ pool, count, poolRounding, ...input }: ConvertibleRoundInput, step: Step): WholeShares {
  if (pool.kind !== 'TARGET') return step.poolIncrease
  const after = sharesAfter({ count, method: input.method }, step)
  const missing = divide(pool.postRoundUnallocated * after - count.unallocated * ONE, ONE * ONE, poolRounding)
  return missing > 0n ? missing : 0n
}

/** What each right asks for, so that its holder comes to its part of the total of this step. */
function nextRights({ rights = [], convertibles, count, method, shareRounding }: ConvertibleRoundInput, step: Step) {
  const after = sharesAfter({ count, method }, step)
  return rights.map((right) => {
    if (right.kind === 'SHARES') return right.shares
    const own = step.converted.reduce(
      (sum, { shares }, at) => (right.own.includes(convertibles[at]?.id ?? '') ? sum + shares : sum),
      0n,
    )
    const missing = right.part * after - ONE * (right.held + numericOfWhole(own))
    return missing > 0n ? divide(missing, ONE * ONE, shareRounding) : 0n
  })
}

const sharesAfter = ({ count, method }: Pick<ConvertibleRoundInput, 'count' | 'method'>, step: Step): Numeric =>
  priceDenominator(count, { poolIncrease: 0n, converting: 0n, method }) +
  numericOfWhole(step.poolIncrease + total(step.conversions) + total(step.bought) + total(step.rights))

const wordOf = ({ poolIncrease, conversions, rights }: Guess): string =>
  `${poolIncrease}:${conversions.join(',')}:${rights.join(',')}`

/**
 * Repeats the step until it gives its own guess again.
 *
 * More shares never lead to fewer: a step is monotone in every number of the guess, whatever the rounding. Should the
 * repetition go round in a circle, the least of each number over the circle therefore only falls when stepped from, and
 * falls to a fixed point. What is left is a rounding that each step answers with nearly as much again: where what converts at the
 * round's price comes near the valuation, the fixed point is millions of steps away.
 */
function fixedPoint(input: ConvertibleRoundInput, start: Guess): Step | StepFault {
  const seen = new Map<string, Guess>()
  let guess = start
  for (let count = 0; count < MOST_STEPS; count += 1) {
    const word = wordOf(guess)
    if (seen.has(word)) {
      guess = leastOf([...seen.entries()].slice([...seen.keys()].indexOf(word)).map(([, visited]) => visited))
      seen.clear()
    } else {
      seen.set(word, guess)
    }
    const step = stepWith(input, guess)
    if (step.kind !== 'step') return step
    const next = nextOf(input, step)
    if (wordOf(next) === wordOf(guess)) return step
    guess = next
  }
  const visited = [...seen.values()].slice(-10)
  return { kind: 'rounding_cannot_be_reconciled', poolIncreases: visited.map(({ poolIncrease }) => poolIncrease) }
}

const least = (numbers: readonly bigint[]): bigint =>
  numbers.reduce((lowest, number) => (number < lowest ? number : lowest))

const leastOf = (circle: readonly Guess[]): Guess => ({
  poolIncrease: least(circle.map(({ poolIncrease }) => poolIncrease)),
  conversions: (circle[0]?.conversions ?? []).map((_, at) => least(circle.map((guess) => guess.conversions[at] ?? 0n))),
  rights: (circle[0]?.rights ?? []).map((_, at) => least(circle.map((guess) => guess.rights[at] ?? 0n))),
})

function resultOf(input: ConvertibleRoundInput, exact: ExactRound, step: Step): ConvertibleRound | RoundFault {
  const { count, method } = input
  const converting = numericOfWhole(total(step.conversions))
  const none = input.convertibles.find((_, at) => step.converted[at]?.shares === 0n)
  if (none !== undefined) return { kind: 'buys_no_share', id: none.id, price: step.price }
  const paid = rational(step.paid.numerator, step.paid.denominator)
  const conversions = input.convertibles.map(({ id, amount }, at): Conversion => {
    const { at: decidedBy, price, shares } = step.converted[at] ?? { at: 'ROUND_PRICE', price: step.paid, shares: 0n }
    const perShare = rational(price.numerator, price.denominator)
    return { id, amount, at: decidedBy, price: perShare, shares, remainder: remainderOf(amount, shares, perShare) }
  })
  const purchases = input.purchases.map((purchase, at): PurchaseResult => {
    const shares = step.bought[at] ?? 0n
    return { ...purchase, shares, remainder: remainderOf(purchase.amount, shares, paid) }
  })
  const empty = purchases.find(({ shares }) => shares === 0n)
  if (empty !== undefined) return { kind: 'buys_no_share', id: empty.id, price: step.price }
  return {
    kind: 'solved',
    exact: exactResult(exact),
    price: step.price,
    poolIncrease: step.poolIncrease,
    conversions,
    purchases,
    rights: (input.rights ?? []).map(({ id }, at) => rightOf(id, step.rights[at] ?? 0n, step.paid)),
    safePostMoneyCapitalization: safePostMoneyCapitalization(count, converting),
    priceDenominator: priceDenominator(count, { poolIncrease: numericOfWhole(step.poolIncrease), converting, method }),
    sharesAfter: sharesAfter(input, step),
    targetMetAlready: exact.targetMetAlready,
  }
}

const rightOf = (id: string, shares: WholeShares, paid: Ratio): RightResult => ({
  id,
  shares,
  amount: divide(numericOfWhole(shares) * paid.numerator, paid.denominator, 'NEAREST'),
})

const remainderOf = (amount: Numeric, shares: WholeShares, price: Rational): Numeric =>
  roundRational(rational(amount, ONE).sub(price.mul(rational(shares))), NUMERIC_PLACES, 'DOWN')

function exactResult(exact: ExactRound): ConvertibleRound['exact'] {
  const by = exact.denominator * ONE
  return {
    price: rational(exact.denominator, exact.perMoney),
    poolIncrease: rational(exact.poolIncrease, by),
    converted: rational(exact.converted, by),
    sharesAfter: rational(exact.sharesAfter, by),
  }
}
