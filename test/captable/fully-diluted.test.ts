import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Capitalization } from '../../api/captable/capitalization.ts'
import {
  antiDilutionBase,
  priceDenominator,
  type ShareCount,
  safePostMoneyCapitalization,
  safePreMoneyCapitalization,
  shareCountOf,
  waterfallBase,
} from '../../api/captable/pricing/fully-diluted.ts'
import { type Numeric, numericOfWhole } from '../../api/platform/index.ts'

/** Each part another digit, so that a sum shows what it counts. */
const COUNT: ShareCount = {
  common: 1n,
  preferred: 10n,
  options: 100n,
  warrants: 1000n,
  promised: 10_000n,
  unallocated: 100_000n,
}
const poolIncrease = 1_000_000n
const converting = 10_000_000n

const counts: readonly [string, Numeric, Numeric][] = [
  ['SAFE capitalization, post-money', safePostMoneyCapitalization(COUNT, converting), 10_111_111n],
  ['SAFE capitalization, pre-money', safePreMoneyCapitalization(COUNT, poolIncrease), 1_101_111n],
  ['price, pre-money method', priceDenominator(COUNT, { poolIncrease, converting, method: 'PRE_MONEY' }), 1_111_111n],
  [
    'price, percent-ownership method',
    priceDenominator(COUNT, { poolIncrease, converting, method: 'PERCENT_OWNERSHIP' }),
    11_111_111n,
  ],
  [
    'price, dollars-invested method',
    priceDenominator(COUNT, { poolIncrease, converting, method: 'DOLLARS_INVESTED' }),
    11_111_111n,
  ],
  ['anti-dilution, broad', antiDilutionBase(COUNT, converting, 'BROAD'), 10_001_111n],
  ['anti-dilution, with reserve', antiDilutionBase(COUNT, converting, 'BROAD_WITH_RESERVE'), 10_101_111n],
  ['anti-dilution, stock', antiDilutionBase(COUNT, converting, 'STOCK'), 11n],
  ['anti-dilution, preferred', antiDilutionBase(COUNT, converting, 'PREFERRED'), 10n],
  ['waterfall', waterfallBase({ common: 1n, preferred: 10n, exercised: 100n, converted: converting }), 10_000_111n],
]
for (const [name, counted, expected] of counts) {
  test(`fully diluted: ${name} counts what its definition says`, () => assert.equal(counted, expected))
}

const holder = { stakeholderId: 's', stakeholderName: 'S', unvested: 0n }
const CAPITALIZATION: Capitalization = {
  asOf: '2026-11-20',
  classes: [
    { id: 'common', name: 'Common', kind: 'COMMON', authorized: 'UNLIMITED', outstanding: numericOfWhole(800n) },
    { id: 'a', name: 'Series A', kind: 'PREFERRED', authorized: 'UNLIMITED', outstanding: numericOfWhole(70n) },
    { id: 'b', name: 'Series B', kind: 'PREFERRED', authorized: 'UNLIMITED', outstanding: numericOfWhole(5n) },
  ],
  holdings: [
    { ...holder, kind: 'stock', securityId: '1', classId: 'common', quantity: numericOfWhole(800n) },
    { ...holder, kind: 'option', securityId: '2', planId: 'p', classId: 'common', quantity: numericOfWhole(30n) },
    { ...holder, kind: 'warrant', securityId: '3', classId: 'common', fixed: true, quantity: numericOfWhole(2n) },
    {
      ...holder,
      kind: 'convertible',
      securityId: '4',
      convertible: 'SAFE',
      amount: { amount: 1n, currency: 'USD' },
      quantity: 0n,
    },
  ],
  pools: [
    { planId: 'p', name: 'Plan', classIds: ['common'], reserved: numericOfWhole(90n), available: numericOfWhole(60n) },
  ],
  fullyDiluted: numericOfWhole(967n),
}

test('fully diluted: a capitalization is counted with preferred as converted', () => {
  const ratios = new Map([['a', { numerator: 8n, denominator: 7n }]])
  assert.deepEqual(shareCountOf(CAPITALIZATION, { promised: numericOfWhole(9n), ratios }), {
    common: numericOfWhole(800n),
    preferred: numericOfWhole(85n),
    options: numericOfWhole(30n),
    warrants: numericOfWhole(2n),
    promised: numericOfWhole(9n),
    unallocated: numericOfWhole(60n),
  })
})

test('fully diluted: one for one, the parts are the total that the cap table shows', () => {
  const parts = Object.values(shareCountOf(CAPITALIZATION))
  assert.equal(
    parts.reduce((sum, part) => sum + part, 0n),
    CAPITALIZATION.fullyDiluted,
  )
})

test('fully diluted: refuses a ratio of zero and a negative promise', () => {
  const ratios = new Map([['a', { numerator: 0n, denominator: 7n }]])
  assert.throws(() => shareCountOf(CAPITALIZATION, { ratios }), RangeError)
  assert.throws(() => shareCountOf(CAPITALIZATION, { promised: -1n }), RangeError)
})
