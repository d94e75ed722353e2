import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type AdjustedPrice,
  conversionRatio,
  type DilutiveIssue,
  fullRatchet,
  weightedAverage,
} from '../../api/captable/pricing/anti-dilution.ts'
import { type AntiDilutionBase, antiDilutionBase, type ShareCount } from '../../api/captable/pricing/fully-diluted.ts'
import { type PayToPlayTerms, payToPlay } from '../../api/captable/pricing/pay-to-play.ts'
import { formatNumeric, numericOfWhole, parseNumeric, rational } from '../../api/platform/index.ts'

const n = parseNumeric

/** algorithmic-game-theory-for-private-equity: 4,000,000 shares for 5,000,000, below a Series A at 2.50. */
const COUNT: ShareCount = {
  common: n('8000000'),
  preferred: n('2000000'),
  options: n('2000000'),
  warrants: 0n,
  promised: 0n,
  unallocated: n('1000000'),
}
const ISSUE: DilutiveIssue = { conversionPrice: n('2.50'), issued: n('4000000'), consideration: n('5000000') }

const priceOf = (answer: AdjustedPrice): string => {
  assert.ok(answer.kind !== 'price_rounds_to_zero')
  return formatNumeric(answer.price)
}

const published: readonly [AntiDilutionBase, number, string][] = [
  ['BROAD', 4, '2.1875'],
  ['BROAD', 6, '2.1875'],
  ['BROAD_WITH_RESERVE', 6, '2.205882'],
  ['BROAD_WITH_RESERVE', 4, '2.2059'],
  ['STOCK', 6, '2.142857'],
  ['STOCK', 4, '2.1429'],
  ['PREFERRED', 4, '1.6667'],
]
for (const [base, places, expected] of published) {
  test(`anti-dilution: weighted average on ${base}, to ${places} places, is ${expected}`, () => {
    const outstanding = antiDilutionBase(COUNT, 0n, base)
    assert.equal(priceOf(weightedAverage(ISSUE, outstanding, { direction: 'NEAREST', places })), expected)
  })
}

test('anti-dilution: the NVCA rounding is the default, and 2.50 over 2.1875 is 8/7 common a share', () => {
  const answer = weightedAverage(ISSUE, antiDilutionBase(COUNT, 0n, 'BROAD'))
  assert.equal(answer.kind, 'reduced')
  assert.equal(priceOf(answer), '2.1875')
  assert.equal(conversionRatio(n('2.50'), n(priceOf(answer))).toFraction(), '8/7')
})

test('anti-dilution: convertibles count in a broad base and in no narrow one', () => {
  const converting = n('3000000')
  const bases = (['BROAD', 'BROAD_WITH_RESERVE', 'STOCK', 'PREFERRED'] as const).map((base) =>
    formatNumeric(antiDilutionBase(COUNT, converting, base)),
  )
  assert.deepEqual(bases, ['15000000', '16000000', '10000000', '2000000'])
})

test('anti-dilution: full ratchet takes the price of the new shares', () => {
  assert.equal(priceOf(fullRatchet(ISSUE)), '1.25')
})

test('anti-dilution: an issue at or above the conversion price changes nothing', () => {
  for (const consideration of [n('10000000'), n('12000000')]) {
    const issue = { ...ISSUE, consideration }
    const answers = [weightedAverage(issue, n('12000000')), fullRatchet(issue)]
    for (const answer of answers) {
      assert.equal(answer.kind, 'unchanged')
      assert.equal(priceOf(answer), '2.5')
    }
  }
})

test('anti-dilution: rounding to the nearest never raises the price', () => {
  // 0.33334 to four places is 0.3333, below; 0.33337 reduced by next to nothing would round to 0.3334, above it.
  const issue = { conversionPrice: n('0.33337'), issued: n('1'), consideration: 0n }
  const answer = weightedAverage(issue, n('1000000'))
  assert.equal(answer.kind, 'unchanged')
  assert.equal(priceOf(answer), '0.33337')
})

test('anti-dilution: a price that rounds to zero is said, not set', () => {
  assert.equal(fullRatchet({ ...ISSUE, consideration: n('100') }).kind, 'price_rounds_to_zero')
})

test('anti-dilution: refuses what is no issue', () => {
  const bad: Partial<DilutiveIssue>[] = [{ conversionPrice: 0n }, { issued: 0n }, { consideration: -1n }]
  for (const change of bad) {
    assert.throws(() => weightedAverage({ ...ISSUE, ...change }, n('1')), RangeError)
    assert.throws(() => fullRatchet({ ...ISSUE, ...change }), RangeError)
  }
  assert.throws(() => weightedAverage(ISSUE, -1n), RangeError)
  assert.throws(() => conversionRatio(0n, 1n), RangeError)
})

test('anti-dilution: ratchet below narrow below broad below the old price', () => {
  const issues = fc.record({
    price: fc.bigInt(10n ** 8n, 10n ** 12n),
    issued: fc.bigInt(1n, 10n ** 8n),
    part: fc.bigInt(0n, 99n),
    narrow: fc.bigInt(0n, 10n ** 8n),
    more: fc.bigInt(0n, 10n ** 8n),
  })
  fc.assert(
    fc.property(issues, ({ price, issued, part, narrow, more }) => {
      const consideration = (price * issued * part) / 100n
      const issue = { conversionPrice: price, issued: numericOfWhole(issued), consideration }
      const ratchet = fullRatchet(issue).exact
      const tight = weightedAverage(issue, numericOfWhole(narrow)).exact
      const broad = weightedAverage(issue, numericOfWhole(narrow + more)).exact
      assert.ok(ratchet.lte(tight) && tight.lte(broad) && broad.lt(rational(price, 10n ** 10n)))
      const answer = weightedAverage(issue, numericOfWhole(narrow))
      if (answer.kind !== 'price_rounds_to_zero') assert.ok(answer.price <= price)
    }),
    { numRuns: 500 },
  )
})

const TERMS: PayToPlayTerms = {
  portion: 'PROPORTIONAL',
  ratio: { numerator: 1n, denominator: 1n },
  portionRounding: 'DOWN',
  shareRounding: 'DOWN',
}

// By hand: of 1,000,001 shares a holder who bought 250,000 of 1,000,000 converts three quarters, 750,000.75.
const plays: readonly {
  readonly name: string
  readonly terms: Partial<PayToPlayTerms>
  readonly bought: string
  readonly proRata?: string
  readonly expect: { played: boolean; kept: bigint; converted: bigint; common: bigint }
}[] = [
  {
    name: 'who buys the whole part keeps all',
    terms: {},
    bought: '1000000',
    expect: { played: true, kept: 1_000_001n, converted: 0n, common: 0n },
  },
  {
    name: 'who buys more keeps all',
    terms: { portion: 'ALL' },
    bought: '1500000',
    expect: { played: true, kept: 1_000_001n, converted: 0n, common: 0n },
  },
  {
    name: 'who is entitled to nothing keeps all',
    terms: { portion: 'ALL' },
    bought: '0',
    proRata: '0',
    expect: { played: true, kept: 1_000_001n, converted: 0n, common: 0n },
  },
  {
    name: 'who buys a quarter loses three, rounded down',
    terms: {},
    bought: '250000',
    expect: { played: false, kept: 250_001n, converted: 750_000n, common: 750_000n },
  },
  {
    name: 'the same rounded up, at ten preferred for one common',
    terms: { portionRounding: 'UP', ratio: { numerator: 1n, denominator: 10n } },
    bought: '250000',
    expect: { played: false, kept: 250_000n, converted: 750_001n, common: 75_000n },
  },
  {
    name: 'all of it where the charter says all, at a conversion ratio of 8/7',
    terms: { portion: 'ALL', ratio: { numerator: 8n, denominator: 7n } },
    bought: '999999',
    expect: { played: false, kept: 0n, converted: 1_000_001n, common: 1_142_858n },
  },
]
for (const { name, terms, bought, proRata = '1000000', expect } of plays) {
  test(`pay-to-play: ${name}`, () => {
    const holder = { id: 'h', preferred: 1_000_001n, proRata: n(proRata), bought: n(bought) }
    assert.deepEqual(payToPlay([holder], { ...TERMS, ...terms }), [{ id: 'h', ...expect }])
  })
}

test('pay-to-play: refuses negative numbers and a ratio of zero', () => {
  const holder = { id: 'h', preferred: 1n, proRata: 1n, bought: 0n }
  assert.throws(() => payToPlay([{ ...holder, bought: -1n }], TERMS), RangeError)
  assert.throws(() => payToPlay([holder], { ...TERMS, ratio: { numerator: 0n, denominator: 1n } }), RangeError)
})
