/** Preferred that does not convert one to one in a round: price, parts, rights and sale. The arithmetic stands beside. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  asCommon,
  type Capitalization,
  capitalizationOf,
  checkPackage,
  priceDenominator,
  replay,
  shareCountOf,
  WaterfallAssumptions,
  waterfallOf,
} from '../../api/captable/index.ts'
import { formatNumeric, parseNumeric } from '../../api/platform/index.ts'
import { afterRound, proForma, solveChain, TermsRefused } from '../../api/rounds/index.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'
import { cash, chain, compute } from './given-chain.ts'
import { CAPITALIZATION, terms } from './given-terms.ts'

const n = parseNumeric
/** 10,000,000 as before; 700,000 of a series that converts at 8/7 after an adjustment, and a warrant on 70,000 of it. */
const TABLE: Capitalization = {
  ...CAPITALIZATION,
  classes: [
    ...CAPITALIZATION.classes,
    {
      ...{ id: 'seed', name: 'Old Seed', kind: 'PREFERRED', authorized: 'UNLIMITED', outstanding: n('700000') },
      ratio: { numerator: 8n, denominator: 7n },
    },
  ],
  holdings: [
    ...CAPITALIZATION.holdings,
    {
      ...{ kind: 'stock', securityId: 'p1', stakeholderId: 'dee', stakeholderName: 'Dee', classId: 'seed' },
      ...{ quantity: n('700000'), unvested: 0n },
    },
    {
      ...{
        kind: 'warrant',
        securityId: 'w1',
        stakeholderId: 'eve',
        stakeholderName: 'Eve',
        classId: 'seed',
        fixed: true,
      },
      ...{ quantity: n('70000'), unvested: 0n },
    },
  ],
  fullyDiluted: n('10770000'),
}

test('the price is divided by the common that preferred converts into, by hand', () => {
  // 10,000,000 + 8/7 x 700,000 + 8/7 x 70,000 = 10,880,000. 16,000,000 over it is 1.470588.., up to 1.47059;
  // 235,000 / 1.47059 = 159,799.8; 1,000,000 / 1.47059 = 679,999.1; 11,719,798 after it.
  const forma = proForma(TABLE, terms())
  assert.deepEqual([forma.priceDenominator, forma.price.amount, forma.sharesAfter].map(formatNumeric), [
    '10880000',
    '1.47059',
    '11719798',
  ])
  assert.deepEqual([forma.computeShares, forma.cash[0]?.shares], [159_799n, 679_999n])
  const before = (holder: string) => formatNumeric(forma.holders.find((row) => row.holder === holder)?.before ?? 0n)
  assert.deepEqual(['Dee', 'Eve', 'Ada'].map(before), ['800000', '80000', '6000000'])
  const one = parseNumeric('1')
  for (const key of ['beforePart', 'afterPart', 'afterWithoutUnearnedPart'] as const) {
    assert.equal(
      forma.holders.reduce((sum, row) => sum + row[key], 0n),
      one,
    )
  }
  assert.match(forma.notes.map(({ text }) => text).join(), /each share of Old Seed as 8\/7 of common/)
})

test('pro forma, price denominator and anti-dilution base count the same', () => {
  const count = shareCountOf(TABLE)
  const none = { poolIncrease: 0n, converting: 0n, method: 'PERCENT_OWNERSHIP' as const }
  assert.deepEqual([count.preferred, count.warrants].map(formatNumeric), ['800000', '80000'])
  assert.equal(proForma(TABLE, terms()).priceDenominator, priceDenominator(count, none))
  // Asked twice, it is converted once.
  assert.equal(asCommon(asCommon(TABLE)).fullyDiluted, n('10880000'))
})

test('a right keeps the part of the company that its preferred converts into', () => {
  const right = {
    holder: 'Dee',
    stakeholderId: 'dee',
    of: 'COMPANY_AFTER' as const,
    exercise: { kind: 'FULL' as const },
  }
  const forma = proForma(TABLE, terms({ proRataRights: [right] }))
  const dee = forma.holders.find(({ holder }) => holder === 'Dee')
  // 800,000 of 10,880,000 before, and of everything after, down to a whole share.
  const part = (800_000n * 10n ** 10n) / 10_880_000n
  assert.ok(dee !== undefined && dee.afterPart <= part && part - dee.afterPart < 1_000n, `${dee?.afterPart} ${part}`)
})

test('a class that converts otherwise is not sold by a round', () => {
  const security = { className: 'Old Seed', newClass: false, stockClassId: 'seed' }
  assert.throws(
    () => proForma(TABLE, terms({ security })),
    (error) => {
      assert.ok(error instanceof TermsRefused)
      assert.deepEqual(
        error.faults.map(({ path }) => path.join('.')),
        ['security.stockClassId'],
      )
      assert.match(error.message, /converts at 8\/7, and a round sells what converts one to one/)
      return true
    },
  )
})

test('a chain counts it so at every stage', () => {
  const solved = solveChain(TABLE, chain(compute(), cash()))
  // 40,000,000 / 11,719,798 = 3.41302.., down to 3.4130; 10,000,000 / 3.413 = 2,929,973.6
  assert.deepEqual(
    solved.stages.map(({ shares }) => formatNumeric(shares)),
    ['10880000', '11719798', '14649771'],
  )
})

test('a sale after the round pays preferred by its own number, and shares with what it converts into', async () => {
  const adjustment = {
    ...{ object_type: 'TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT', id: 'tx-ratio', date: '2026-06-01' },
    stock_class_id: OWN.seed,
    new_ratio_conversion_mechanism: {
      ...{ type: 'RATIO_CONVERSION', conversion_price: { amount: '0.4', currency: 'USD' }, rounding_type: 'NORMAL' },
      ratio: { numerator: '5', denominator: '4' },
    },
  }
  const files = ownPackage({ Transactions: (items) => [...items, adjustment] })
  const { package: read } = await checkPackage({ files: [...files] })
  const { table } = replay(read, { through: '2026-12-15' })
  const capitalization = capitalizationOf(table, '2026-12-15')
  const seed = capitalization.classes.find(({ id }) => id === OWN.seed)
  assert.equal((seed?.ratio?.numerator ?? 0n) * 4n, (seed?.ratio?.denominator ?? 1n) * 5n)
  const change = terms({ preMoney: { amount: '23000000', currency: 'USD' } })
  const forma = proForma(capitalization, change)
  // A quarter more of each share of the series counts.
  const outstanding = seed?.outstanding ?? 0n
  assert.equal(forma.sharesBefore, capitalization.fullyDiluted + outstanding / 4n)
  const asked = WaterfallAssumptions.parse({ currency: 'USD', exits: ['10000000'] })
  const before = waterfallOf(table, '2026-12-15', asked)
  const after = afterRound(before, forma, change, asked.unearned)
  const shares = (from: typeof before) =>
    from.input.classes.find(({ id }) => id === OWN.seed)?.holdings.reduce((sum, holding) => sum + holding.shares, 0n)
  assert.deepEqual([shares(before), shares(after)], [outstanding, outstanding])
})
