import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Capitalization } from '../../api/captable/capitalization.ts'
import {
  capitalizationOf,
  capTableCsv,
  capTableView,
  checkPackage,
  FullyDilutedInput,
  fullyDilutedOf,
  replay,
  WaterfallAssumptions,
  waterfallOf,
  waterfallView,
} from '../../api/captable/index.ts'
import {
  antiDilutionBase,
  priceDenominator,
  type ShareCount,
  safePostMoneyCapitalization,
  safePreMoneyCapitalization,
  shareCountOf,
  waterfallBase,
} from '../../api/captable/pricing/fully-diluted.ts'
import { formatNumeric, type Numeric, numericOfWhole, parse } from '../../api/platform/index.ts'
import { proForma, solveChain } from '../../api/rounds/index.ts'
import { cash, chain, compute } from '../rounds/given-chain.ts'
import { CAPITALIZATION as TEN_MILLION, terms } from '../rounds/given-terms.ts'
import { files, option, type Tx, usd, warrant } from './given-history.ts'

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

/** Beside 8,000,000 common, 1,500,000 seed and 300,000 options of a pool of 2,000,000 (and one of 100). */
const LASTING: readonly Tx[] = [
  option('OP-9', '100000', { expiration_date: '2026-10-31' }),
  option('SAR-1', '20000', { compensation_type: 'CSAR', base_price: usd('1'), exercise_price: undefined }),
  // Its last day stands in its trigger alone.
  warrant('W-9', {
    exercise_triggers: [
      {
        ...{ type: 'ELECTIVE_IN_RANGE', trigger_id: 't', start_date: '2026-06-01', end_date: '2026-10-31' },
        conversion_right: {
          type: 'WARRANT_CONVERSION_RIGHT',
          conversion_mechanism: { type: 'FIXED_AMOUNT_CONVERSION', converts_to_quantity: '50000' },
          converts_to_stock_class_id: 'class-common',
        },
      },
    ],
  }),
  warrant('W-8', {
    exercise_triggers: [
      {
        ...{ type: 'ELECTIVE_AT_WILL', trigger_id: 't' },
        conversion_right: { conversion_mechanism: { type: 'PPS_BASED_CONVERSION', description: 'At the price.' } },
      },
    ],
    warrant_expiration_date: '2026-10-31',
  }),
]
async function lasting(on: string) {
  const { package: read } = await checkPackage({ files: files(LASTING.map((it) => JSON.parse(JSON.stringify(it)))) })
  return replay(read, { through: on }).table
}

test('what has expired, and what gives cash, counts in none of the five quantities and is named', async () => {
  // 420,000 are granted of 2,000,100: 1,580,100 are left, before and after, since nobody cancels.
  const all = 8_000_000 + 1_500_000 + 300_000 + 1_580_100
  const asked = WaterfallAssumptions.parse({ exits: ['100000000'], unvestedOptions: true })
  for (const [on, lapsing] of [
    ['2026-10-31', 150_000],
    ['2026-11-01', 0],
  ] as const) {
    const table = await lasting(on)
    const view = capTableView(table, on)
    assert.equal(formatNumeric(view.totals.fullyDiluted), String(all + lapsing), on)
    const diluted = fullyDilutedOf(table, on, parse(FullyDilutedInput, {}))
    for (const key of ['safePostMoneyCapitalization', 'safePreMoneyCapitalization', 'priceDenominator'] as const)
      assert.equal(formatNumeric(diluted[key]), String(all + lapsing), key)
    assert.equal(formatNumeric(diluted.antiDilutionBase), String(all - 1_580_100 + lapsing))
    // Every class converts and all exercise: the right to cash takes its part of the last dollar too.
    const sale = waterfallView(waterfallOf(table, on, asked), on, asked.exits)
    assert.equal(formatNumeric(sale.exits[0]?.sharing ?? 0n), String(all - 1_580_100 + 20_000 + lapsing))
    assert.equal(sale.notes.filter((note) => note.includes('expired')).length, lapsing > 0 ? 0 : 3)
    assert.ok(sale.notes.some((note) => note.startsWith('SAR-1: settled in cash; paid as if exercised')))
  }
  const table = await lasting('2026-11-01')
  const view = capTableView(table, '2026-11-01')
  assert.deepEqual([view.totals.expired, view.totals.cashSettled].map(formatNumeric), ['150000', '20000'])
  assert.deepEqual(
    view.securities.flatMap((row) =>
      row.notCounted === undefined
        ? []
        : [[row.customId, row.notCounted, row.expiredOn, formatNumeric(row.outstanding)]],
    ),
    [
      ['OP-9', 'EXPIRED', '2026-10-31', '100000'],
      ['SAR-1', 'CASH_SETTLED', undefined, '20000'],
      ['W-9', 'EXPIRED', '2026-10-31', '50000'],
      ['W-8', 'EXPIRED', '2026-10-31', '0'],
    ],
  )
  assert.match(capTableCsv(view), /OP-9,Bo Ferreira,[^\r]*,"?expired 2026-10-31, not cancelled"?\r/)
  const bo = view.stakeholders.find(({ name }) => name === 'Bo Ferreira')
  assert.deepEqual(
    [bo?.granted, bo?.vested, bo?.unvested].map((it) => formatNumeric(it ?? 0n)),
    ['0', '4000000', '0'],
  )
})

test('a round does not count what has expired by its closing, says so, and prices no warrant that has', async () => {
  const table = capitalizationOf(await lasting('2026-12-15'), '2026-12-15')
  // 22,760,200 / 11,380,100.
  const asked = { preMoney: usd('22760200'), closingDate: '2026-12-15' }
  const forma = proForma(table, terms(asked))
  assert.equal(formatNumeric(forma.price.amount), '2')
  const texts = (code: string) => forma.notes.filter((note) => note.code === code).map(({ text }) => text)
  assert.match(
    texts('EXPIRED_NOT_CANCELLED').join(),
    /: OP-9 of Bo Ferreira \(100000, until 2026-10-31\); W-9 of .* \(50000, until 2026-10-31\); W-8 of .* \(0, until/,
  )
  assert.match(texts('SETTLED_IN_CASH').join(), /: SAR-1 of Bo Ferreira \(20000\)\./)
  const conversions = { warrants: [{ securityId: 'W-8', amount: usd('1000') }] }
  assert.throws(
    () => proForma(table, terms({ ...asked, conversions })),
    /conversions\.warrants\.0\.securityId is a warrant that expired on 2026-10-31/,
  )
})

test('an option that expires between two rounds of a chain counts in the first only', () => {
  const holdings = TEN_MILLION.holdings.map((held) =>
    held.kind === 'option' ? { ...held, customId: 'OP-1', lastDay: '2027-01-01' } : held,
  )
  const first = compute({ priceRounding: { direction: 'DOWN', places: 4 } })
  const { rounds } = solveChain({ ...TEN_MILLION, holdings }, chain(first, cash()))
  // 16,000,000 / 10,000,000; then 235,000 / 1.6 and 1,000,000 / 1.6 more and 500,000 fewer: 40,000,000 / 10,271,875 = 3.89412..
  assert.deepEqual(
    rounds.map(({ price }) => formatNumeric(price.amount)),
    ['1.6', '3.8941'],
  )
  assert.deepEqual(
    rounds.map(({ notes }) => notes.filter(({ code }) => code === 'EXPIRED_NOT_CANCELLED').map(({ text }) => text)),
    [
      [],
      [
        'Not counted, since it has expired, though nobody has cancelled it: OP-1 of Cem (500000, until 2027-01-01). A cancellation may give shares back to a plan.',
      ],
    ],
  )
})
