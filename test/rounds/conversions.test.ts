import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Capitalization, capitalizationOf, checkPackage, replay } from '../../api/captable/index.ts'
import { formatNumeric, numericOfWhole, parseNumeric } from '../../api/platform/index.ts'
import {
  type ProForma,
  proForma,
  proFormaJson,
  RoundTerms,
  type RoundTermsWire,
  TermsRefused,
  writeTerms,
} from '../../api/rounds/index.ts'
import { convertibleOf, noteOf, STATED, safeOf, THREE } from '../captable/given-convertibles.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'
import { CAPITALIZATION, terms, WIRE } from './given-terms.ts'

const usd = (amount: string) => ({ amount, currency: 'USD' })

async function tableWith(convertibles: readonly object[]): Promise<Capitalization> {
  const files = ownPackage({ Transactions: (items) => [...items, ...convertibles] })
  const { package: read } = await checkPackage({ files: [...files] })
  return capitalizationOf(replay(read, { through: WIRE.closingDate }).table, WIRE.closingDate)
}

const change: Partial<RoundTermsWire> = { preMoney: usd('23000000') }
const words = ({ conversions }: ProForma) =>
  conversions.map(({ customId, at, price, interest, shares, className }) =>
    [customId, at, formatNumeric(price.amount), formatNumeric(interest.amount), shares, className].join(' '),
  )
const faultsOf = (table: Capitalization, more: Partial<RoundTermsWire>): string[] => {
  try {
    proForma(table, terms({ ...change, ...more }))
  } catch (error) {
    if (error instanceof TermsRefused) return error.faults.map(({ path, reason }) => `${path.join('.')} ${reason}`)
    throw error
  }
  return []
}

// By hand: 11,500,000 before. Interest: 100,000 x 8% x 275/365 = 6,027.397. With T shares before the money, the price is
// 23,000,000 / T; safe-1 gets T/20, safe-2 160,000 / (0.8 x price), note-1 106,027.40 / price. T = 12,277,214 gives
// 1.873389..., up to 1.87339; 613,860 + 106,758 + 56,596 + 11,500,000 is T again.
test('SAFEs and notes of the cap table convert in the round: cap, discount, and interest at the price of the round', async () => {
  const round = proForma(await tableWith(THREE), terms(change))
  assert.equal(formatNumeric(round.price.amount), '1.87339')
  assert.equal(formatNumeric(round.priceDenominator), '12277214')
  assert.deepEqual(words(round), [
    'SAFE-1 CAP 0.8145170395 0 613860 Series Seed Preferred-1',
    'SAFE-2 DISCOUNT 1.498712 0 106758 Series Seed Preferred-2',
    'NOTE-1 ROUND_PRICE 1.87339 6027.4 56596 Series Seed Preferred',
  ])
  assert.equal(round.compute.shares, 125_441n)
  assert.equal(round.cash[0]?.shares, 533_791n)
  assert.equal(formatNumeric(round.sharesAfter), '12936446')
  assert.deepEqual(
    round.notes.map(({ code }) => code),
    ['METHOD_OF_CONVERSION_BY_DEFAULT'],
  )
})

// By hand: T shares before the money are 11,500,000 + 300,000 + T/20, so T = 11,800,000 / 0.95 = 12,421,052.6, of which a
// twentieth is 621,052 whole shares, and T is 12,421,052. 100,000 / 300,000 and 500,000 / 621,052.6 are their prices.
test('what an instrument states itself converts whatever the price: a number of shares, and a part of the company', async () => {
  const round = proForma(await tableWith(STATED), terms(change))
  assert.equal(formatNumeric(round.priceDenominator), '12421052')
  assert.deepEqual(words(round), [
    'FIXED INSTRUMENT 0.3333333333 0 300000 Series Seed Preferred-1',
    'PART INSTRUMENT 0.8050847867 0 621052 Series Seed Preferred-2',
  ])
  assert.equal(formatNumeric(round.price.amount), '1.8517')
})

test('what an instrument states is not contradicted, completed where it is open, and refused where it is no figure', async () => {
  const open = convertibleOf('open', '1', {
    type: 'FIXED_PERCENT_OF_CAPITALIZATION_CONVERSION',
    converts_to_percent: '0.05',
  })
  const into = convertibleOf('into', '1', { type: 'FIXED_AMOUNT_CONVERSION', converts_to_quantity: '10' })
  const [trigger] = into.conversion_triggers
  const right = {
    ...trigger?.conversion_right,
    converts_to_future_round: false,
    converts_to_stock_class_id: OWN.common,
  }
  const words_ = convertibleOf('words', '1', { type: 'CUSTOM_CONVERSION', custom_conversion_description: 'as agreed' })
  const table = await tableWith([
    ...STATED,
    open,
    { ...into, conversion_triggers: [{ ...trigger, conversion_right: right }] },
    words_,
  ])
  const reasons = faultsOf(table, {
    conversions: {
      instruments: [
        { securityId: 'fixed', cap: usd('1000') },
        { securityId: 'part', capBase: 'PRE_MONEY' },
      ],
    },
  })
  assert.deepEqual(
    reasons.map((reason) => reason.replace(/\(.*?\) /, '')),
    [
      'conversions.instruments.0.cap contradicts the cap table, which says how many shares it becomes: use by TERMS where the parties have agreed otherwise',
      'conversions.instruments.1.capBase contradicts the cap table, which says POST_MONEY: use by TERMS where the parties have agreed otherwise',
      'conversions.instruments.capBase becomes a part of the capitalization, and nobody says of which',
      "conversions.instruments becomes shares of the class class-common, not of the round's: convert it first, let it REMAIN, or list it with by TERMS",
      'conversions.instruments does not say by figures how it converts: list it with by TERMS, or let it REMAIN',
    ],
  )
})

// The same numbers as those of the guide's appendix II, with what it calls promised options among those not granted: 10,000,000
// before, 588,235 + 1,176,470 convert, the increase is 1,695,000, and 5,000,000 buys 4,486,719 at 1.1144.
test('YC Post-Money Safe User Guide, appendix II, from the cap table to the pro forma', () => {
  const safe = (id: string, amount: string, cap: string): Capitalization['holdings'][number] => ({
    kind: 'convertible',
    convertible: 'SAFE',
    securityId: id,
    customId: id,
    stakeholderId: id,
    stakeholderName: `Investor ${id}`,
    quantity: 0n,
    unvested: 0n,
    amount: { amount: parseNumeric(amount), currency: 'USD' },
    triggers: [
      {
        type: 'AUTOMATIC_ON_CONDITION',
        trigger_id: 'equity-financing',
        trigger_condition: 'Equity financing',
        conversion_right: {
          conversion_mechanism: {
            type: 'SAFE_CONVERSION',
            conversion_mfn: false,
            conversion_timing: 'POST_MONEY',
            conversion_valuation_cap: { amount: parseNumeric(cap), currency: 'USD' },
          },
        },
      },
    ],
  })
  const table: Capitalization = {
    ...CAPITALIZATION,
    holdings: [...CAPITALIZATION.holdings, safe('A', '200000', '4000000'), safe('B', '800000', '8000000')],
  }
  const round = proForma(
    table,
    terms({
      preMoney: usd('15000000'),
      priceRounding: { direction: 'NEAREST', places: 4 },
      shareRounding: 'NEAREST',
      pool: { kind: 'INCREASE', shares: '1695000' },
      compute: { ...WIRE.compute, tokens: '2000000', referencePrice: usd('2.5') },
      cashInvestors: [],
      conversions: { into: 'ROUND_CLASS' },
    }),
  )
  assert.equal(round.exactPrice, '51000/45763')
  assert.deepEqual(
    round.conversions.map(({ shares, at, className }) => [shares, at, className]),
    [
      [588_235n, 'CAP', 'Series Seed Preferred'],
      [1_176_470n, 'CAP', 'Series Seed Preferred'],
    ],
  )
  assert.equal(formatNumeric(round.price.amount), '1.1144')
  assert.equal(round.compute.shares, 4_486_719n)
  assert.equal(formatNumeric(round.sharesAfter), '17946424')
})

// Cooley GO's example: 1,000,000 shares, a note of 1,000,000 at 30% off, 8,000,000 before 2,000,000 of new money.
const cooley: readonly { method: 'PRE_MONEY' | 'PERCENT_OWNERSHIP' | 'DOLLARS_INVESTED'; price: string }[] = [
  { method: 'PRE_MONEY', price: '8' },
  { method: 'PERCENT_OWNERSHIP', price: '46/7' },
  { method: 'DOLLARS_INVESTED', price: '53/7' },
]
for (const { method, price } of cooley) {
  test(`Cooley GO, calculating share price with outstanding convertible notes or SAFEs: ${method}`, () => {
    const table: Capitalization = {
      ...CAPITALIZATION,
      pools: [],
      holdings: [
        { ...(CAPITALIZATION.holdings[0] as Capitalization['holdings'][number]), quantity: parseNumeric('1000000') },
        {
          kind: 'convertible',
          convertible: 'SAFE',
          securityId: 'safe',
          stakeholderId: 'dee',
          stakeholderName: 'Dee',
          quantity: 0n,
          unvested: 0n,
          amount: { amount: parseNumeric('1000000'), currency: 'USD' },
        },
      ] as Capitalization['holdings'],
      fullyDiluted: parseNumeric('1000000'),
    }
    const round = proForma(
      table,
      terms({
        preMoney: usd('8000000'),
        compute: { ...WIRE.compute, tokens: '800000', referencePrice: usd('2.5') },
        cashInvestors: [],
        conversions: { method, instruments: [{ securityId: 'safe', by: 'TERMS', discount: '0.30' }] },
      }),
    )
    assert.equal(round.exactPrice, price)
  })
}

test('terms complete what the cap table does not say, replace it where agreed, and do not contradict it', async () => {
  const table = await tableWith(THREE)
  const list = (instrument: object): Partial<RoundTermsWire> => ({
    conversions: { instruments: [{ securityId: 'safe-1', ...instrument }] },
  })
  assert.match(
    faultsOf(table, list({ cap: usd('12000000') }))[0] ?? '',
    /^conversions\.instruments\.0\.cap .*contradicts/,
  )
  assert.match(
    faultsOf(table, list({ capBase: 'PRE_MONEY' }))[0] ?? '',
    /^conversions\.instruments\.0\.capBase .*which says POST_MONEY/,
  )
  const agreed = proForma(
    table,
    terms({ ...change, ...list({ by: 'TERMS', cap: usd('12000000'), capBase: 'POST_MONEY' }) }),
  )
  assert.equal(formatNumeric(agreed.conversions[0]?.cap?.amount ?? 0n), '12000000')
  const remains = proForma(table, terms({ ...change, ...list({ outcome: 'REMAIN' }) }))
  assert.deepEqual(
    remains.conversions.map(({ customId }) => customId),
    ['SAFE-2', 'NOTE-1'],
  )
  assert.ok(remains.notes.some(({ code, text }) => code === 'CONVERTIBLES_NOT_CONVERTED' && text.includes('500000')))
})

test('a capped note whose base nobody says, a wrong id, and a cap at what was paid are refused at their terms', async () => {
  const noted = await tableWith([noteOf('note-2', '100000', { conversion_valuation_cap: usd('5000000') })])
  assert.match(faultsOf(noted, {})[0] ?? '', /^conversions\.instruments\.capBase .*NOTE-2/)
  assert.equal(faultsOf(noted, { conversions: { capBase: 'PRE_MONEY' } }).length, 0)
  const table = await tableWith(THREE)
  assert.match(
    faultsOf(table, { conversions: { instruments: [{ securityId: 'safe-9' }] } })[0] ?? '',
    /^conversions\.instruments\.0\.securityId is no outstanding/,
  )
  const low = await tableWith([safeOf('safe-3', '500000', { cap: '500000' })])
  assert.match(faultsOf(low, {})[0] ?? '', /^conversions\.instruments\.cap is not above what was paid.*SAFE-3/)
  const sold = await tableWith([
    safeOf('safe-4', '600000', { cap: '1000000' }),
    safeOf('safe-5', '500000', { cap: '1000000' }),
  ])
  assert.match(faultsOf(sold, {})[0] ?? '', /^conversions\.instruments cannot all convert: .* sell 1\.1 of the company/)
})

test('terms with conversions come back from the wire as they were, and faults name the term', () => {
  const given: Partial<RoundTermsWire> = {
    conversions: {
      method: 'PRE_MONEY',
      priceRounding: { direction: 'DOWN', places: 4 },
      capBase: 'PRE_MONEY',
      instruments: [
        {
          securityId: 'n',
          by: 'TERMS',
          cap: usd('5000000'),
          capBase: 'PRE_MONEY_WITHOUT_INCREASE',
          discount: '0.25',
          interest: {
            rates: [
              { rate: '0.08', from: '2026-01-01', through: '2026-06-30' },
              { rate: '0.1', from: '2026-07-01' },
            ],
            dayCount: 'ACTUAL_360',
            compounds: 'QUARTERLY',
          },
          maturity: { on: '2027-01-01', interestStops: true },
        },
      ],
    },
  }
  const once = writeTerms(terms(given))
  assert.deepEqual(writeTerms(RoundTerms.parse(once)), once)
  assert.equal('conversions' in writeTerms(terms()), false)
  const bad = RoundTerms.safeParse({
    ...WIRE,
    conversions: {
      instruments: [
        { securityId: 'a', discount: '1' },
        { securityId: 'a', outcome: 'REMAIN', cap: usd('0') },
        { securityId: 'b', cap: { amount: '1', currency: 'EUR' } },
      ],
    },
  })
  assert.deepEqual(bad.error?.issues.map(({ path }) => path.join('.')).sort(), [
    'conversions.instruments.0.discount',
    'conversions.instruments.1.cap.amount',
    'conversions.instruments.1.outcome',
    'conversions.instruments.1.securityId',
    'conversions.instruments.2.cap.currency',
  ])
})

test('interest runs to the day of the closing, and a note that is due says so', async () => {
  const table = await tableWith([noteOf('note-3', '100000')])
  const matured = { instruments: [{ securityId: 'note-3', maturity: { on: '2026-09-15', interestStops: true } }] }
  const [early] = proForma(table, terms(change)).conversions
  const [late] = proForma(table, terms(change), '2026-12-16').conversions
  const [stopped] = proForma(table, terms({ ...change, conversions: matured })).conversions
  // A day of 100,000 at 8% over 365 is 21.917...: 275 days are 6,027.40, 276 days 6,049.32, and 184 days 4,032.88.
  assert.deepEqual(
    [early, late, stopped].map((each) => formatNumeric(each?.interest.amount ?? 0n)),
    ['6027.4', '6049.32', '4032.88'],
  )
  assert.ok(
    proForma(table, terms({ ...change, conversions: matured })).notes.some(({ code }) => code === 'NOTES_MATURED'),
  )
})

test('whatever converts, ownership sums to exactly 1 and every share is accounted for', async () => {
  const plain = await tableWith([])
  const kinds = fc.record({
    amount: fc.integer({ min: 10_000, max: 400_000 }),
    cap: fc.option(fc.integer({ min: 5_000_000, max: 40_000_000 }), { nil: undefined }),
    base: fc.constantFrom('POST_MONEY', 'PRE_MONEY', 'PRE_MONEY_WITHOUT_INCREASE'),
    discount: fc.constantFrom(undefined, '0.1', '0.2', '0.333'),
  })
  const rounds = fc.record({
    instruments: fc.array(kinds, { maxLength: 8 }),
    method: fc.constantFrom('PRE_MONEY', 'PERCENT_OWNERSHIP', 'DOLLARS_INVESTED'),
    into: fc.constantFrom('ROUND_CLASS', 'SHADOW_SERIES'),
    pool: fc.constantFrom('0.12', '0.2'),
    places: fc.integer({ min: 3, max: 8 }),
  })
  let solved = 0
  fc.assert(
    fc.property(rounds, ({ instruments, method, into, pool, places }) => {
      const table: Capitalization = {
        ...plain,
        holdings: [
          ...plain.holdings,
          ...instruments.map(({ amount }, index): Capitalization['holdings'][number] => ({
            kind: 'convertible',
            convertible: 'SAFE',
            securityId: `c${index}`,
            stakeholderId: `h${index % 3}`,
            stakeholderName: `Holder ${index % 3}`,
            quantity: 0n,
            unvested: 0n,
            amount: { amount: parseNumeric(String(amount)), currency: 'USD' },
          })),
        ],
      }
      let round: ProForma
      try {
        round = proForma(
          table,
          terms({
            ...change,
            pool: { kind: 'TARGET', postRoundUnallocated: pool },
            priceRounding: { direction: 'DOWN', places },
            conversions: {
              method,
              into,
              instruments: instruments.map(({ cap, base, discount }, index) => ({
                securityId: `c${index}`,
                by: 'TERMS',
                ...(cap === undefined ? {} : { cap: usd(String(cap)), capBase: base }),
                ...(discount === undefined ? {} : { discount }),
              })),
            },
          } as Partial<RoundTermsWire>),
        )
      } catch (error) {
        if (error instanceof TermsRefused) return
        throw error
      }
      solved += 1
      const one = 10n ** 10n
      for (const rows of [round.holders, round.classes]) {
        for (const part of ['beforePart', 'afterPart', 'afterWithoutUnearnedPart'] as const) {
          assert.equal(
            rows.reduce((sum, row) => sum + row[part], 0n),
            one,
          )
        }
      }
      const issued = [round.compute, ...round.cash, ...round.conversions].reduce((sum, { shares }) => sum + shares, 0n)
      assert.equal(round.sharesAfter, table.fullyDiluted + numericOfWhole(issued + round.poolIncrease))
      assert.equal(round.conversions.length, instruments.length)
      for (const { principal, interest, shares, exactPrice, remainder } of round.conversions) {
        // Shares are rounded down: what is left over is paid, and less than one share costs.
        const [numerator = '0', denominator = '1'] = exactPrice.split('/')
        assert.ok(remainder.amount >= 0n)
        assert.ok(remainder.amount * BigInt(denominator) <= BigInt(numerator) * one)
        assert.ok(shares > 0n && principal.amount + interest.amount > 0n)
      }
      assert.ok(JSON.stringify(proFormaJson(round)).length > 0)
    }),
    { numRuns: 150 },
  )
  assert.ok(solved > 50, `only ${solved} rounds had a solution`)
})

test('a holder of a SAFE who holds shares already is one row', async () => {
  const round = proForma(await tableWith([safeOf('safe-6', '500000', { cap: '10000000' })]), terms(change))
  const rows = round.holders.filter(({ holderId }) => holderId === OWN.seedFund)
  assert.equal(rows.length, 1)
  assert.equal(rows[0]?.after, numericOfWhole(1_500_000n + (round.conversions[0]?.shares ?? 0n)))
})

test('rounding that gives other numbers at each step, for ever as it seems, is refused at its term', async () => {
  // Seven SAFEs without cap or discount at 23,000,000 before the money: what converts is a part a of the company, a its amount
  // over the valuation. With a = 1 - 2 / 23,000,000 what rounding adds or takes feeds on itself 11,500,000 times over.
  // (7 x 3,285,714.03 = 22,999,998.21.)
  const sevenOf = (amount: string) => Array.from({ length: 7 }, (_, at) => safeOf(`seven-${at + 1}`, `${amount}${at}`))
  const exactly = { sharesFromRoundedPrice: false, priceRounding: { direction: 'NEAREST', places: 10 } } as const
  const almost = await tableWith(sevenOf('3285714.0'))
  for (const shareRounding of ['UP', 'DOWN'] as const) {
    assert.deepEqual(faultsOf(almost, { ...exactly, conversions: { shareRounding } }), [
      'conversions.shareRounding cannot be reconciled: what follows from the price is nearly the whole company, so that each step of rounding gives other numbers of shares. Raise the valuation or round otherwise',
    ])
    // Where what converts leaves more of the company, both are met.
    const more = await tableWith(sevenOf('1285714.0'))
    assert.deepEqual(faultsOf(more, { ...exactly, conversions: { shareRounding } }), [])
  }
})
