/** What splits do to prices, plans and fixed numbers, and what convertibles that state their shares get in a sale. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { capTableView } from '../../api/captable/cap-table-view.ts'
import { checkPackage, replay, WaterfallAssumptions, waterfallOf, waterfallView } from '../../api/captable/index.ts'
import { asConverted } from '../../api/captable/pricing/as-converted.ts'
import type { CapTable } from '../../api/captable/replay/state.ts'
import { formatNumeric, parse } from '../../api/platform/index.ts'
import { OWN } from '../support/ocf-package.ts'
import { convertibleOf, noteOf, STATED, safeOf } from './given-convertibles.ts'
import { DAY, files, numbers, option, stock, type Tx, tx } from './given-history.ts'

async function tableOf(more: readonly object[]): Promise<CapTable> {
  const { package: read, replayed } = await checkPackage({ files: files(more as Tx[]) })
  assert.equal(replayed.gapCount, 0, JSON.stringify(replayed.gaps))
  return replay(read).table
}

const splitOf = (stockClass: string, numerator: string, denominator = '1', date = DAY) =>
  tx(
    'STOCK_CLASS_SPLIT',
    { stock_class_id: stockClass, split_ratio: { numerator, denominator } },
    `split-${stockClass}`,
    date,
  )
const authorised = [OWN.common, OWN.seed].map((id) =>
  tx('STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT', { stock_class_id: id, new_shares_authorized: '900000000' }, `a-${id}`),
)

const DATE = '2026-11-20'
function payouts(table: CapTable, exits: readonly string[]): string[][] {
  const asked = parse(WaterfallAssumptions, { exits: [...exits] })
  const view = waterfallView(waterfallOf(table, DATE, asked), DATE, asked.exits)
  return view.exits.map((exit) =>
    exit.payouts.map(({ holder, what, amount }) => `${holder} ${what} ${formatNumeric(amount)}`),
  )
}

test('a split of every class changes nothing of what a sale pays', async () => {
  const unsplit = await tableOf([])
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('2', '3', '10', '7'),
      fc.array(fc.integer({ min: 0, max: 40_000_000 }).map(String), { minLength: 1, maxLength: 4 }),
      async (ratio, exits) => {
        const split = await tableOf([...authorised, splitOf(OWN.common, ratio), splitOf(OWN.seed, ratio)])
        const [before, after] = [payouts(unsplit, exits), payouts(split, exits)]
        // An original price of 1.20 is 0.1714285714 after seven for one: of 1,800,000, that is less than a cent off.
        if (ratio !== '7') assert.deepEqual(after, before)
        else
          assert.deepEqual(
            after.map((rows) => rows.length),
            before.map((rows) => rows.length),
          )
      },
    ),
    { numRuns: 12 },
  )
})

test('after three for two, an option costs two thirds a share, and so does what was paid for stock', async () => {
  const table = await tableOf([splitOf(OWN.common, '3', '2')])
  const rows = capTableView(table, DATE).securities
  const row = (id: string) => rows.find((it) => it.id === id)
  // 300,000 options at 0.30; 4,000,000 shares at 0.0001, which is 0.0000666667 to ten places.
  assert.equal(formatNumeric(row(OWN.option)?.outstanding ?? 0n), '450000')
  assert.equal(formatNumeric(row(OWN.option)?.price?.amount ?? 0n), '0.2')
  assert.equal(formatNumeric(row(OWN.commonBo)?.price?.amount ?? 0n), '0.0000666667')
  assert.equal(formatNumeric(row(OWN.seedShares)?.price?.amount ?? 0n), '1.2')
})

test('a number of shares of a class that an instrument states is split with the class', async () => {
  const fixed = convertibleOf('into', '1000', { type: 'FIXED_AMOUNT_CONVERSION', converts_to_quantity: '10' })
  const [trigger] = fixed.conversion_triggers
  const right = {
    ...trigger?.conversion_right,
    converts_to_future_round: false,
    converts_to_stock_class_id: OWN.common,
  }
  const into = { ...fixed, conversion_triggers: [{ ...trigger, conversion_right: right }] }
  const become = async (more: readonly object[]) => {
    const table = await tableOf([into, ...more])
    const { shares } = asConverted(
      table,
      [...table.securities.values()].filter(({ kind }) => kind === 'convertible'),
      DATE,
    )
    return formatNumeric(shares.get('into')?.number ?? 0n)
  }
  assert.equal(await become([]), '10')
  assert.equal(await become([...authorised, splitOf(OWN.common, '5', '2')]), '25')
  assert.equal(await become([...authorised, splitOf(OWN.seed, '5', '2')]), '10')
})

// Outstanding before: 8,000,000 + 1,500,000 + 300,000 = 9,800,000 and 300,000 that "fixed" becomes; "part" has a twentieth of
// all: 10,100,000 / 0.95 / 20 = 531,578.9473684210.
test('in a sale, stated numbers and parts are what may be taken instead of the amount', async () => {
  const words = convertibleOf('words', '7', { type: 'CUSTOM_CONVERSION', custom_conversion_description: 'as agreed' })
  const table = await tableOf([...STATED, words])
  const { shares, notes } = asConverted(
    table,
    [...table.securities.values()].filter(({ kind }) => kind === 'convertible'),
    DATE,
  )
  assert.deepEqual(
    [...shares].map(([id, { amount, number }]) => [id, formatNumeric(amount), formatNumeric(number)]),
    [
      ['fixed', '100000', '300000'],
      ['part', '500000', '531578.947368421'],
      ['words', '7', '0'],
    ],
  )
  assert.deepEqual(notes, ['WORDS: how it converts is not said in figures; it is paid its amount'])
})

test('an exit pays the multiple that a SAFE names', async () => {
  const safe = safeOf('twice', '100000', { cap: '10000000' })
  const [trigger] = safe.conversion_triggers
  const mechanism = {
    ...trigger?.conversion_right.conversion_mechanism,
    exit_multiple: { numerator: '2', denominator: '1' },
  }
  const right = { ...trigger?.conversion_right, conversion_mechanism: mechanism }
  const table = await tableOf([{ ...safe, conversion_triggers: [{ ...trigger, conversion_right: right }] }])
  const { shares } = asConverted(
    table,
    [...table.securities.values()].filter(({ kind }) => kind === 'convertible'),
    DATE,
  )
  assert.equal(formatNumeric(shares.get('twice')?.amount ?? 0n), '200000')
})

// Before: 1,700,000 available of 2,000,000, 300,000 granted.
const exercised = [
  tx('EQUITY_COMPENSATION_EXERCISE', { security_id: OWN.option, quantity: '300000', resulting_security_ids: ['ex'] }),
  stock('ex', '300000', { stock_plan_id: OWN.plan }),
]
const soldTo = (more: object) => [
  ...exercised,
  tx('STOCK_TRANSFER', {
    security_id: 'ex',
    quantity: '100000',
    balance_security_id: 'kept',
    resulting_security_ids: ['sold'],
  }),
  stock('kept', '200000', { stock_plan_id: OWN.plan }),
  stock('sold', '100000', more),
]

test('shares that left the pool do not come back to it when their next holder’s certificate names no plan', async () => {
  const pool = async (more: readonly Tx[]) => (await numbers(more))[3]
  assert.equal(await pool(exercised), '1700000')
  assert.equal(await pool(soldTo({ stock_plan_id: OWN.plan })), '1700000')
  assert.equal(await pool(soldTo({})), '1700000')
  const moved = tx('EQUITY_COMPENSATION_TRANSFER', {
    security_id: OWN.option,
    quantity: '300000',
    resulting_security_ids: ['op-2'],
  })
  assert.equal(await pool([moved, option('op-2', '300000')]), '1700000')
})

/** What each note, SAFE and class gets of an exit, in the order of the payees. */
const paidOf = (table: CapTable, exit: string) => {
  const asked = parse(WaterfallAssumptions, { exits: [exit] })
  const { exits, notes } = waterfallView(waterfallOf(table, DATE, asked), DATE, asked.exits)
  return { notes, paid: (exits[0]?.payouts ?? []).map(({ what, amount }) => [what, formatNumeric(amount)]) }
}

test('a sale pays notes with their interest, and the note with the lower seniority number first', async () => {
  const second = { ...noteOf('late', '50000'), seniority: 2 }
  const table = await tableOf([second, noteOf('first', '100000')])
  // 8% of 100,000 and of 50,000 from 15 Mar to 20 Nov 2026, 250 days of 365: 5,479.45 and 2,739.73.
  const { paid, notes } = paidOf(table, '120000')
  assert.deepEqual(
    paid.filter(([what]) => what?.startsWith('Note')),
    [
      ['Note LATE', '14520.55'],
      ['Note FIRST', '105479.45'],
    ],
  )
  assert.deepEqual(notes, [
    `LATE: with USD 2739.73 of interest to ${DATE}`,
    `FIRST: with USD 5479.45 of interest to ${DATE}`,
  ])
  // Of the same seniority they share in proportion: 120,000 x 105,479.45 / 158,219.18 = 80,000.00.
  const equal = paidOf(await tableOf([noteOf('late', '50000'), noteOf('first', '100000')]), '120000')
  assert.deepEqual(
    equal.paid.filter(([what]) => what?.startsWith('Note')),
    [
      ['Note LATE', '40000'],
      ['Note FIRST', '80000'],
    ],
  )
})

test('SAFEs of different seniority are paid together beside preferred, and a sale says so', async () => {
  const junior = { ...safeOf('junior', '100000'), seniority: 2 }
  const table = await tableOf([junior, safeOf('senior', '100000')])
  // 1,500,000 of seed at 1.20 are owed 1,800,000, with both SAFEs 2,000,000: each gets 900,000 / 2,000,000 of what it is owed.
  const { paid, notes } = paidOf(table, '900000')
  assert.deepEqual(
    paid.filter(([what]) => what?.startsWith('SAFE')),
    [
      ['SAFE JUNIOR', '45000'],
      ['SAFE SENIOR', '45000'],
    ],
  )
  assert.match(
    notes.join(),
    /JUNIOR \(2\), SENIOR \(1\): of different seniority, and paid together, with the preferred/,
  )
  const equal = paidOf(await tableOf([safeOf('one', '100000'), safeOf('two', '100000')]), '900000')
  assert.ok(!equal.notes.some((note) => note.includes('seniority')))
})

test('a multiple is of the principal of a note, and its interest is paid once', async () => {
  const note = noteOf('twice', '100000', { exit_multiple: { numerator: '2', denominator: '1' } })
  const { paid } = paidOf(await tableOf([note]), '1000000')
  assert.deepEqual(
    paid.filter(([what]) => what?.startsWith('Note')),
    [['Note TWICE', '205479.45']],
  )
})
