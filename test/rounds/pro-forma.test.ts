import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Capitalization } from '../../api/captable/index.ts'
import { formatNumeric, numericOfWhole, parseNumeric } from '../../api/platform/index.ts'
import { partsOfWhole, proForma, proFormaCsv, TermsRefused } from '../../api/rounds/index.ts'
import { CAPITALIZATION, terms, WIRE } from './given-terms.ts'

// By hand: 16,000,000 / 10,000,000 = 1.60; compute 235,000 / 1.60 = 146,875; cash 1,000,000 / 1.60 = 625,000;
// 10,771,875 shares after, 10,625,000 without the unearned ones.
test('every holder before and after, with and without unearned shares', () => {
  const { holders } = proForma(CAPITALIZATION, terms())
  assert.deepEqual(
    holders.map((row) => [
      row.holder,
      formatNumeric(row.before),
      formatNumeric(row.after),
      formatNumeric(row.unearned),
      formatNumeric(row.beforePart),
      formatNumeric(row.afterPart),
      formatNumeric(row.afterWithoutUnearnedPart),
    ]),
    [
      // 640/1149, 320/1149, 160/3447, 47/3447, 200/3447, and over 10,625,000: 48/85, 24/85, 4/85, 1/17
      ['Ada', '6000000', '6000000', '0', '0.6', '0.5570060922', '0.5647058824'],
      ['Ben', '3000000', '3000000', '0', '0.3', '0.2785030461', '0.2823529412'],
      ['Cem', '500000', '500000', '0', '0.05', '0.0464171744', '0.0470588235'],
      ['Northgrid Ventures I, L.P.', '0', '146875', '146875', '0', '0.013635045', '0'],
      ['Harbour Ventures', '0', '625000', '0', '0', '0.0580214679', '0.0588235294'],
      ['2024 Plan', '500000', '500000', '0', '0.05', '0.0464171744', '0.0470588235'],
    ],
  )
  // Everybody of before loses the same part: 247/3447.
  assert.deepEqual(
    holders.map(({ dilution }) => (dilution === null ? null : formatNumeric(dilution))),
    ['0.0716565129', '0.0716565129', '0.0716565129', null, null, '0.0716565129'],
  )
})

test('price, post-money, and an H100-hour in equity beside the reference price', () => {
  const round = proForma(CAPITALIZATION, terms())
  assert.equal(round.exactPrice, '8/5')
  assert.equal(formatNumeric(round.price.amount), '1.6')
  assert.equal(formatNumeric(round.postMoney.amount), '17235000')
  assert.equal(formatNumeric(round.effectivePreMoney.amount), '16000000')
  assert.equal(formatNumeric(round.compute.impliedPrice.amount), '2.35')
  assert.equal(formatNumeric(round.compute.referencePrice.amount), '2.35')
  assert.equal(round.compute.shares, 146_875n)
})

test('founders are one line beside theirs: sums of theirs, with what they buy', () => {
  const found = proForma({ ...CAPITALIZATION, founders: ['ada', 'ben', 'nobody'] }, terms())
  // At 1.60 the company has 10,771,875 after; Ada 6,000,000, Ben 3,000,000, 146,875 unearned.
  const { founders } = found
  assert.deepEqual(
    founders?.members.map(({ holder }) => holder),
    ['Ada', 'Ben'],
  )
  assert.deepEqual(
    [founders?.before, founders?.after, founders?.unearned].map((it) => formatNumeric(it ?? -1n)),
    ['9000000', '9000000', '0'],
  )
  // 9,000,000 / 10,771,875 and 9,000,000 / 10,625,000; 1 - 10,000,000 / 10,771,875
  assert.equal(formatNumeric(founders?.afterPart ?? 0n), '0.8355091384')
  assert.equal(formatNumeric(founders?.afterWithoutUnearnedPart ?? 0n), '0.8470588235')
  assert.equal(formatNumeric(founders?.dilution ?? 0n), '0.0716565129')
  assert.equal(proForma(CAPITALIZATION, terms()).founders, null)
})

test('rounding shows in the implied price: the equity that an H100-hour really costs', () => {
  // By hand: 3.50 / 1.60 = 2.1875, so 2 shares for 1 token: 3.20 per H100-hour, 0.30 buys no share.
  const round = proForma(
    CAPITALIZATION,
    terms({
      compute: { ...WIRE.compute, tokens: '1', referencePrice: { amount: '3.50', currency: 'USD' } },
      releases: { kind: 'AT_CLOSE' },
    }),
  )
  assert.equal(round.compute.shares, 2n)
  assert.equal(formatNumeric(round.compute.impliedPrice.amount), '3.2')
  assert.equal(formatNumeric(round.compute.remainder.amount), '0.3')
})

test("the founder's figures: dilution in full, and if nothing is ever used", () => {
  const { risk } = proForma(CAPITALIZATION, terms())
  assert.equal(risk.unearnedShares, 146_875n)
  assert.equal(formatNumeric(risk.dilution), '0.0716565129') // 247/3447
  assert.equal(formatNumeric(risk.dilutionIfNothingUsed), '0.0588235294') // 1/17: the cash round alone
})

test('classes, another class for cash, and a pool increase that goes to the plan', () => {
  const round = proForma(
    CAPITALIZATION,
    terms({
      cashSecurity: { className: 'Series Seed-1 Preferred', newClass: true },
      pool: { kind: 'INCREASE', shares: '2500000' },
    }),
  )
  // By hand: 16,000,000 / 12,500,000 = 1.28; 235,000 / 1.28 = 183,593.75; 1,000,000 / 1.28 = 781,250.
  assert.deepEqual(
    round.classes.map(({ className, kind, before, after, unearned }) => [
      className,
      kind,
      formatNumeric(before),
      formatNumeric(after),
      formatNumeric(unearned),
    ]),
    [
      ['Common', 'stock', '9000000', '9000000', '0'],
      ['Options, 2024 Plan', 'option', '500000', '500000', '0'],
      ['Series Seed Preferred', 'stock', '0', '183593', '183593'],
      ['Series Seed-1 Preferred', 'stock', '0', '781250', '0'],
      ['Reserved, not granted', 'pool', '500000', '3000000', '0'],
    ],
  )
  assert.equal(formatNumeric(round.unallocatedAfter), '3000000')
})

test('outstanding SAFEs are never silently left out', () => {
  const withSafe: Capitalization = {
    ...CAPITALIZATION,
    holdings: [
      ...CAPITALIZATION.holdings,
      {
        kind: 'convertible',
        convertible: 'SAFE',
        securityId: 'safe',
        stakeholderId: 'dee',
        stakeholderName: 'Dee',
        quantity: 0n,
        unvested: 0n,
        amount: { amount: parseNumeric('250000'), currency: 'USD' },
      },
    ],
  }
  // Neither the cap table nor the terms say how it converts: that is not guessed.
  assert.throws(
    () => proForma(withSafe, terms()),
    (error) => error instanceof TermsRefused && error.faults[0]?.path.join('.') === 'conversions.instruments',
  )
  const [note] = proForma(withSafe, terms({ conversions: { outstanding: 'REMAIN' } })).notes
  assert.equal(note?.code, 'CONVERTIBLES_NOT_CONVERTED')
  assert.equal(note?.weight, 'warning')
  assert.match(note?.text ?? '', /250000 USD.*not converted/)
})

const refused: readonly { name: string; change: Parameters<typeof terms>[0]; path: string }[] = [
  {
    name: 'a new class whose name is taken',
    change: { security: { className: 'Common', newClass: true } },
    path: 'security.className',
  },
  {
    name: 'a class that is not there',
    change: { security: { className: 'Series A', newClass: false, stockClassId: 'none' } },
    path: 'security.stockClassId',
  },
  {
    name: 'an investor who holds shares already but is named without an id',
    change: { cashInvestors: [{ name: 'Ada', amount: { amount: '5', currency: 'USD' } }] },
    path: 'cashInvestors.0.stakeholderId',
  },
  {
    name: 'an investment that buys less than one share',
    change: { cashInvestors: [{ name: 'Penny', amount: { amount: '0.01', currency: 'USD' } }] },
    path: 'cashInvestors.0.amount.amount',
  },
]
for (const { name, change, path } of refused) {
  test(`a pro forma is refused for ${name}, at the term`, () => {
    assert.throws(
      () => proForma(CAPITALIZATION, terms(change)),
      (error) => error instanceof TermsRefused && error.faults.some((fault) => fault.path.join('.') === path),
    )
  })
}

test('parts add up to exactly 1, each within one step of its exact value', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(0n, 10n ** 22n), { minLength: 1, maxLength: 60 }), (quantities) => {
      const total = quantities.reduce((sum, quantity) => sum + quantity, 0n)
      const parts = partsOfWhole(quantities)
      const one = 10n ** 10n
      assert.equal(
        parts.reduce((sum, part) => sum + part, 0n),
        total === 0n ? 0n : one,
      )
      parts.forEach((part, index) => {
        const off = part * total - (quantities[index] ?? 0n) * one
        assert.ok(off < total || total === 0n)
        assert.ok(-off < total || total === 0n)
      })
    }),
  )
})

test('ownership sums to exactly 1 in every column, and no share is created or lost, whatever the round', () => {
  const rounds = fc.record({
    holdings: fc.array(fc.bigInt(1n, 10n ** 8n), { minLength: 1, maxLength: 12 }),
    available: fc.bigInt(0n, 10n ** 6n),
    preMoney: fc.bigInt(1_000_000n, 10n ** 9n),
    tokens: fc.bigInt(1_000n, 10n ** 6n),
    cash: fc.array(fc.bigInt(10_000n, 10n ** 7n), { maxLength: 4 }),
    pool: fc.constantFrom('0.01', '0.05', '0.1', '0.137'),
    places: fc.integer({ min: 4, max: 10 }),
  })
  fc.assert(
    fc.property(rounds, ({ holdings, available, preMoney, tokens, cash, pool, places }) => {
      const outstanding = numericOfWhole(holdings.reduce((sum, shares) => sum + shares, 0n))
      const before: Capitalization = {
        ...CAPITALIZATION,
        holdings: holdings.map((shares, index) => ({
          kind: 'stock',
          securityId: `s${index}`,
          stakeholderId: `h${index % 5}`,
          stakeholderName: `Holder ${index % 5}`,
          classId: 'common',
          quantity: numericOfWhole(shares),
          unvested: 0n,
        })),
        pools: CAPITALIZATION.pools.map((plan) => ({ ...plan, available: numericOfWhole(available) })),
        fullyDiluted: outstanding + numericOfWhole(available),
      }
      const round = solvedOrUndefined(before, {
        preMoney: { amount: String(preMoney), currency: 'USD' },
        compute: { ...WIRE.compute, tokens: String(tokens) },
        cashInvestors: cash.map((amount, index) => ({
          name: `Investor ${index}`,
          amount: { amount: String(amount), currency: 'USD' },
        })),
        pool: { kind: 'TARGET', postRoundUnallocated: pool },
        priceRounding: { direction: 'UP', places },
      })
      if (round === undefined) return
      for (const rows of [round.holders, round.classes]) {
        for (const column of ['beforePart', 'afterPart', 'afterWithoutUnearnedPart'] as const) {
          assert.equal(
            rows.reduce((sum, row) => sum + row[column], 0n),
            10n ** 10n,
          )
        }
        assert.equal(
          rows.reduce((sum, row) => sum + row.before, 0n),
          before.fullyDiluted,
        )
        assert.equal(
          rows.reduce((sum, row) => sum + row.after, 0n),
          round.sharesAfter,
        )
      }
      const bought = round.cash.reduce((sum, { shares }) => sum + shares, round.compute.shares)
      assert.equal(round.sharesAfter, before.fullyDiluted + numericOfWhole(bought + round.poolIncrease))
    }),
    { numRuns: 300 },
  )
})

/** Terms that no cap table of this size can meet are not what is tested here. */
function solvedOrUndefined(before: Capitalization, change: Parameters<typeof terms>[0]) {
  try {
    return proForma(before, terms(change))
  } catch (error) {
    if (error instanceof TermsRefused || (error instanceof Error && error.name === 'ZodError')) return undefined
    throw error
  }
}

test('in a file for spreadsheets no name is a formula, also in full width', () => {
  const [investor] = WIRE.cashInvestors ?? []
  assert.ok(investor !== undefined)
  for (const name of ['=1+1', '@SUM(1)', '\uff1d1+1']) {
    const csv = proFormaCsv(proForma(CAPITALIZATION, terms({ cashInvestors: [{ ...investor, name }] })))
    assert.ok(csv.includes(`\r\n'${name},`), csv)
  }
})
