import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type PricedRound,
  type PricedRoundInput,
  solvePricedRound,
  type Unsolvable,
} from '../../api/captable/pricing/priced-round.ts'
import { formatNumeric, numericOfWhole, parseNumeric } from '../../api/platform/index.ts'

/** The rounding of the published examples: price up to five places, shares down. */
const PLAIN = {
  unallocated: 0n,
  pool: { kind: 'NONE' },
  priceRounding: { direction: 'UP', places: 5 },
  sharesFromRoundedPrice: true,
  shareRounding: 'DOWN',
  poolRounding: 'DOWN',
} as const satisfies Partial<PricedRoundInput>

const money = (amount: string) => [{ id: 'cash', amount: parseNumeric(amount) }]

function solved(answer: PricedRound | Unsolvable): PricedRound {
  assert.ok(answer.kind === 'solved', `not solved: ${answer.kind}`)
  return answer
}

const published: readonly {
  readonly name: string
  readonly given: PricedRoundInput
  readonly expect: { price: string; pool: bigint; shares: bigint[]; after: string }
}[] = [
  {
    name: '1984vc/cap-table: 5,000,000 at 20,000,000 before the money, no pool',
    given: {
      ...PLAIN,
      preMoney: parseNumeric('20000000'),
      sharesBefore: parseNumeric('10000000'),
      purchases: money('5000000'),
    },
    expect: { price: '2', pool: 0n, shares: [2_500_000n], after: '12500000' },
  },
  {
    name: '1984vc/cap-table: the same with 10% pool after the round; 1.75001 is the fixed point, not one step',
    given: {
      ...PLAIN,
      preMoney: parseNumeric('20000000'),
      sharesBefore: parseNumeric('10000000'),
      purchases: money('5000000'),
      pool: { kind: 'TARGET', postRoundUnallocated: parseNumeric('0.10') },
    },
    expect: { price: '1.75001', pool: 1_428_569n, shares: [2_857_126n], after: '14285695' },
  },
  {
    name: 'Venture Hacks, the option pool shuffle: 20% after the round comes out of the 8,000,000',
    given: {
      ...PLAIN,
      preMoney: parseNumeric('8000000'),
      sharesBefore: parseNumeric('6000000'),
      purchases: money('2000000'),
      pool: { kind: 'TARGET', postRoundUnallocated: parseNumeric('0.20') },
    },
    expect: { price: '1', pool: 2_000_000n, shares: [2_000_000n], after: '10000000' },
  },
  {
    // By hand: 16,000,000 / 10,000,000 = 1.60; 235,000 / 1.60 = 146,875; 1,000,000 / 1.60 = 625,000.
    name: 'cash and compute side by side pay one price',
    given: {
      ...PLAIN,
      preMoney: parseNumeric('16000000'),
      sharesBefore: parseNumeric('9000000'),
      purchases: [
        { id: 'compute', amount: parseNumeric('235000') },
        { id: 'cash', amount: parseNumeric('1000000') },
      ],
      pool: { kind: 'INCREASE', shares: 1_000_000n },
    },
    expect: { price: '1.6', pool: 1_000_000n, shares: [146_875n, 625_000n], after: '10771875' },
  },
  {
    // By hand: 2,000,000 / 3,000,000 = 0.666..., shown as 0.6667; 1,000,000 / (2/3) = 1,500,000 exactly.
    name: 'shares counted with the unrounded price, the rounded one for show',
    given: {
      ...PLAIN,
      preMoney: parseNumeric('2000000'),
      sharesBefore: parseNumeric('3000000'),
      purchases: money('1000000'),
      priceRounding: { direction: 'NEAREST', places: 4 },
      sharesFromRoundedPrice: false,
    },
    expect: { price: '0.6667', pool: 0n, shares: [1_500_000n], after: '4500000' },
  },
  {
    // By hand: 10% of a total of 4,000,000 is 400,000; 500,000 are there already.
    name: 'a pool that is large enough already is not increased',
    given: {
      ...PLAIN,
      preMoney: parseNumeric('3000000'),
      sharesBefore: parseNumeric('3000000'),
      unallocated: parseNumeric('500000'),
      purchases: money('1000000'),
      pool: { kind: 'TARGET', postRoundUnallocated: parseNumeric('0.10') },
    },
    expect: { price: '1', pool: 0n, shares: [1_000_000n], after: '4000000' },
  },
]

for (const { name, given, expect } of published) {
  test(`priced round: ${name}`, () => {
    const round = solved(solvePricedRound(given))
    assert.deepEqual(
      {
        price: formatNumeric(round.price),
        pool: round.poolIncrease,
        shares: round.purchases.map(({ shares }) => shares),
        after: formatNumeric(round.sharesAfter),
      },
      expect,
    )
  })
}

test('priced round: the exact solution of the published 10% pool is 1.75 and 10,000,000/7', () => {
  const round = solved(solvePricedRound(published[1]?.given as PricedRoundInput))
  assert.equal(round.exactPrice.toFraction(), '7/4')
  assert.equal(round.exactPoolIncrease.toFraction(), '10000000/7')
})

const refusals: readonly {
  readonly name: string
  readonly change: Partial<PricedRoundInput>
  readonly kind: string
}[] = [
  {
    name: 'a target that takes all that the money leaves',
    change: { pool: { kind: 'TARGET', postRoundUnallocated: parseNumeric('0.8') } },
    kind: 'target_cannot_be_met',
  },
  {
    name: 'a price that rounds down to zero',
    change: { preMoney: parseNumeric('1'), priceRounding: { direction: 'DOWN', places: 2 } },
    kind: 'price_rounds_to_zero',
  },
  { name: 'money for less than one share', change: { purchases: money('1.99') }, kind: 'buys_no_share' },
  { name: 'a company without shares', change: { sharesBefore: 0n }, kind: 'no_shares_before' },
]
for (const { name, change, kind } of refusals) {
  test(`priced round refuses ${name}`, () => {
    const answer = solvePricedRound({ ...(published[0]?.given as PricedRoundInput), ...change })
    assert.equal(answer.kind, kind)
  })
}

const rounding = fc.constantFrom('DOWN', 'UP', 'NEAREST', 'NEAREST_EVEN')
const rounds: fc.Arbitrary<PricedRoundInput> = fc
  .record({
    preMoney: fc.bigInt(10n ** 14n, 10n ** 19n),
    shares: fc.bigInt(1_000n, 10n ** 9n),
    unallocatedPart: fc.bigInt(0n, 20n),
    purchases: fc.array(fc.bigInt(10n ** 13n, 10n ** 18n), { minLength: 1, maxLength: 5 }),
    pool: fc.oneof(
      fc.constant({ kind: 'NONE' } as const),
      fc.record({ kind: fc.constant('INCREASE' as const), shares: fc.bigInt(1n, 10n ** 8n) }),
      fc.record({ kind: fc.constant('TARGET' as const), postRoundUnallocated: fc.bigInt(1n, 6n * 10n ** 9n) }),
    ),
    priceRounding: fc.record({ direction: rounding, places: fc.integer({ min: 2, max: 10 }) }),
    sharesFromRoundedPrice: fc.boolean(),
    shareRounding: rounding,
    poolRounding: rounding,
  })
  .map(({ shares, unallocatedPart, purchases, ...rest }) => ({
    ...rest,
    sharesBefore: numericOfWhole(shares),
    unallocated: numericOfWhole((shares * unallocatedPart) / 100n),
    purchases: purchases.map((amount, index) => ({ id: String(index), amount })),
  }))

test('priced round: rounding neither creates nor loses a share', () => {
  fc.assert(
    fc.property(rounds, (given) => {
      const round = solvePricedRound(given)
      if (round.kind !== 'solved') return
      const bought = round.purchases.reduce((sum, { shares }) => sum + shares, 0n)
      assert.equal(round.sharesAfter, given.sharesBefore + numericOfWhole(round.poolIncrease + bought))
      assert.equal(round.priceDenominator, given.sharesBefore + numericOfWhole(round.poolIncrease))
    }),
    { numRuns: 500 },
  )
})

test('priced round: shares rounded down never cost more than the money', () => {
  fc.assert(
    fc.property(rounds, (given) => {
      const round = solvePricedRound({ ...given, shareRounding: 'DOWN', sharesFromRoundedPrice: true })
      if (round.kind !== 'solved') return
      for (const { amount, shares, remainder } of round.purchases) {
        assert.ok(shares * round.price <= amount)
        assert.ok((shares + 1n) * round.price > amount, 'and the money buys no further share')
        assert.equal(remainder, amount - shares * round.price)
      }
    }),
    { numRuns: 500 },
  )
})

test('priced round: a target rounded down is met within one share by the pool of its own total', () => {
  const target = fc.record({ round: rounds, part: fc.bigInt(1n, 5n * 10n ** 9n) })
  fc.assert(
    fc.property(target, ({ round: given, part }) => {
      const round = solvePricedRound({
        ...given,
        poolRounding: 'DOWN',
        pool: { kind: 'TARGET', postRoundUnallocated: part },
      })
      if (round.kind !== 'solved' || round.poolIncrease === 0n) return
      const pool = given.unallocated + numericOfWhole(round.poolIncrease)
      const wanted = part * round.sharesAfter
      const one = 10n ** 10n
      assert.ok(pool * one <= wanted && (pool + one) * one > wanted)
    }),
    { numRuns: 500 },
  )
})
