/**
 * The price of a round, and how many shares each purchase buys: solved exactly in rationals, then again with the deal's
 * rounding until price, shares and pool agree with each other.
 *
 * price = pre-money valuation / (shares the price counts + pool increase). The pool increase comes before the money, so it
 * dilutes the present holders only ("the option pool shuffle").
 */
import {
  NUMERIC_PLACES,
  type Numeric,
  numericOfWhole,
  type Rational,
  type Rounding,
  rational,
  rationalOfNumeric,
  roundRational,
  type WholeShares,
} from '../../platform/index.ts'

/** How the round sizes the pool of shares that are reserved and not granted. */
export type PoolTerms =
  | { readonly kind: 'NONE' }
  | { readonly kind: 'INCREASE'; readonly shares: WholeShares }
  /** `postRoundUnallocated`: not granted after the round, as a part of all shares after it; what exists counts towards it. */
  | { readonly kind: 'TARGET'; readonly postRoundUnallocated: Numeric }

/** Money that buys shares at the round's price: cash and compute alike. `id` is the caller's own. */
export type Purchase = { readonly id: string; readonly amount: Numeric }

export type PricedRoundInput = {
  /** Amount of money, in the currency of every purchase. */
  readonly preMoney: Numeric
  /** The price denominator before any increase: every share that the valuation is divided by, `unallocated` among them. */
  readonly sharesBefore: Numeric
  /** Reserved and not granted before the round. */
  readonly unallocated: Numeric
  readonly pool: PoolTerms
  readonly purchases: readonly Purchase[]
  readonly priceRounding: { readonly direction: Rounding; readonly places: number }
  /** True: shares = money / rounded price. False: money / price before rounding. */
  readonly sharesFromRoundedPrice: boolean
  readonly shareRounding: Rounding
  readonly poolRounding: Rounding
}

export type PurchaseResult = Purchase & {
  readonly shares: WholeShares
  /** Money minus shares times price: paid for no share where positive, not paid for where negative. Ten places, towards zero. */
  readonly remainder: Numeric
}

export type PricedRound = {
  readonly kind: 'solved'
  /** The solution before any rounding. */
  readonly exactPrice: Rational
  readonly exactPoolIncrease: Rational
  /** The rounded price per share. */
  readonly price: Numeric
  readonly poolIncrease: WholeShares
  readonly purchases: readonly PurchaseResult[]
  /** Shares before plus pool increase: what the valuation was divided by. */
  readonly priceDenominator: Numeric
  /** Every share after the round. */
  readonly sharesAfter: Numeric
  /** True where a target asked for no increase, because the pool is large enough already. */
  readonly targetMetAlready: boolean
}

/** Why there is no such round. The first three name what to change; the last, that the rounding has no fixed point. */
export type Unsolvable =
  | { readonly kind: 'no_shares_before' }
  /** The target must be below `most`, the part of the company that the round's money leaves. */
  | { readonly kind: 'target_cannot_be_met'; readonly most: Rational }
  | { readonly kind: 'price_rounds_to_zero'; readonly exactPrice: Rational }
  | { readonly kind: 'buys_no_share'; readonly id: string; readonly price: Numeric }
  /** Rounding goes round these pool increases for ever: the terms need another rounding or a fixed increase. */
  | { readonly kind: 'rounding_cannot_be_reconciled'; readonly poolIncreases: readonly WholeShares[] }

/** Bound on the search for a fixed point. Each step shrinks the error to the target's share of it, so few are needed. */
const MOST_STEPS = 10_000

/**
 * Solves one round. Pure; the same input gives the same result.
 *
 * With a pool target the rounded solution is a fixed point: the pool is the rounded target part of the total that price
 * and shares of that very pool give.
 *
 * @throws {RangeError} when an amount is not positive: terms are parsed before they come here
 */
export function solvePricedRound(input: PricedRoundInput): PricedRound | Unsolvable {
  if (input.preMoney <= 0n || input.purchases.some(({ amount }) => amount <= 0n)) {
    throw new RangeError('a valuation and every purchase must be more than zero')
  }
  const exact = exactPoolIncrease(input)
  if (exact.kind !== 'exact') return exact
  if (input.sharesBefore === 0n && exact.increase.equals(0)) return { kind: 'no_shares_before' }
  const exactPrice = rationalOfNumeric(input.preMoney).div(rationalOfNumeric(input.sharesBefore).add(exact.increase))
  const step = fixedPoint(input, roundRational(exact.increase, 0, input.poolRounding))
  if (step.kind !== 'step') return step
  const { price, pricePaid, poolIncrease, shares } = step
  if (price === 0n) return { kind: 'price_rounds_to_zero', exactPrice }
  const purchases = input.purchases.map((purchase, index): PurchaseResult => {
    const bought = shares[index] ?? 0n
    const remainder = rationalOfNumeric(purchase.amount).sub(pricePaid.mul(rational(bought)))
    return { ...purchase, shares: bought, remainder: roundRational(remainder, NUMERIC_PLACES, 'DOWN') }
  })
  const empty = purchases.find((purchase) => purchase.shares === 0n)
  if (empty !== undefined) return { kind: 'buys_no_share', id: empty.id, price }
  return {
    kind: 'solved',
    exactPrice,
    exactPoolIncrease: exact.increase,
    price,
    poolIncrease,
    purchases,
    priceDenominator: input.sharesBefore + numericOfWhole(poolIncrease),
    sharesAfter: sharesAfter(input, step),
    targetMetAlready: exact.targetMetAlready,
  }
}

type Exact = { readonly kind: 'exact'; readonly increase: Rational; readonly targetMetAlready: boolean }

/**
 * The pool increase without rounding. With target t, valuation V, money M, shares before F of which u are unallocated,
 * and k = (V + M) / V: total = k (F + I) and u + I = t * total, so I = (t k F - u) / (1 - t k).
 */
function exactPoolIncrease({
  pool,
  preMoney,
  purchases,
  sharesBefore,
  unallocated,
}: PricedRoundInput): Exact | Unsolvable {
  if (pool.kind === 'NONE') return { kind: 'exact', increase: rational(0n), targetMetAlready: false }
  if (pool.kind === 'INCREASE') return { kind: 'exact', increase: rational(pool.shares), targetMetAlready: false }
  const money = purchases.reduce((sum, { amount }) => sum + amount, 0n)
  const part = rationalOfNumeric(pool.postRoundUnallocated).mul(rational(preMoney + money, preMoney))
  if (part.gte(1)) return { kind: 'target_cannot_be_met', most: rational(preMoney, preMoney + money) }
  const missing = part.mul(rationalOfNumeric(sharesBefore)).sub(rationalOfNumeric(unallocated))
  if (missing.lte(0)) return { kind: 'exact', increase: rational(0n), targetMetAlready: true }
  return { kind: 'exact', increase: missing.div(rational(1n).sub(part)), targetMetAlready: false }
}

type Step = {
  readonly kind: 'step'
  readonly poolIncrease: WholeShares
  readonly price: Numeric
  /** The price that shares are counted with: the rounded one or not, as the terms say. */
  readonly pricePaid: Rational
  readonly shares: readonly WholeShares[]
}

/** Price and shares for a given pool increase, each rounded once. A price of zero buys nothing. */
function stepWith(input: PricedRoundInput, poolIncrease: WholeShares): Step {
  const { direction, places } = input.priceRounding
  const denominator = rationalOfNumeric(input.sharesBefore).add(rational(poolIncrease))
  const unrounded = rationalOfNumeric(input.preMoney).div(denominator)
  const price = roundRational(unrounded, places, direction) * 10n ** BigInt(NUMERIC_PLACES - places)
  const pricePaid = input.sharesFromRoundedPrice ? rationalOfNumeric(price) : unrounded
  const shares = input.purchases.map(({ amount }) =>
    price === 0n ? 0n : roundRational(rationalOfNumeric(amount).div(pricePaid), 0, input.shareRounding),
  )
  return { kind: 'step', poolIncrease, price, pricePaid, shares }
}

const sharesAfter = (input: PricedRoundInput, { poolIncrease, shares }: Step): Numeric =>
  input.sharesBefore + numericOfWhole(shares.reduce((sum, bought) => sum + bought, poolIncrease))

/** Repeats the step until the pool it was taken with is the pool that its total asks for. */
function fixedPoint(input: PricedRoundInput, start: WholeShares): Step | Unsolvable {
  const { pool } = input
  if (pool.kind !== 'TARGET') return stepWith(input, start)
  const seen = new Map<WholeShares, number>()
  for (let increase = start; seen.size < MOST_STEPS; ) {
    if (seen.has(increase)) break
    seen.set(increase, seen.size)
    const step = stepWith(input, increase)
    if (step.price === 0n) return step
    const wanted = rationalOfNumeric(pool.postRoundUnallocated).mul(rationalOfNumeric(sharesAfter(input, step)))
    const missing = roundRational(wanted.sub(rationalOfNumeric(input.unallocated)), 0, input.poolRounding)
    const next = missing > 0n ? missing : 0n
    if (next === increase) return step
    increase = next
  }
  return { kind: 'rounding_cannot_be_reconciled', poolIncreases: [...seen.keys()].slice(-10) }
}
