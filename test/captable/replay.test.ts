/** Each transaction type, by what it does to the table. Numbers are worked out beside each row. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { capTableView, percentOf } from '../../api/captable/cap-table-view.ts'
import { checkPackage, replay } from '../../api/captable/index.ts'
import { TRANSACTIONS } from '../../api/captable/ocf/transactions.ts'
import { formatNumeric, numericOfWhole } from '../../api/platform/index.ts'
import { OWN } from '../support/ocf-package.ts'
import { DAY, files, numbers, option, stock, tableAfter, tx } from './given-history.ts'
import { byOldName, ROWS } from './given-rows.ts'

for (const [what, more, expected, behaviour] of ROWS) {
  test(`replay: ${what}`, async () => assert.deepEqual(await numbers(more, behaviour), expected))
  const old = more.map(byOldName)
  if (old.some(({ object_type: type }, at) => type !== more[at]?.object_type)) {
    test(`replay by the deprecated names: ${what}`, async () =>
      assert.deepEqual(await numbers(old, behaviour), expected))
  }
}

test('every transaction type of the format, deprecated ones too, is in a row or in a test of vesting', () => {
  const inRows = ROWS.flatMap(([, more]) => [...more, ...more.map(byOldName)].map(({ object_type: type }) => type))
  const elsewhere = ['TX_VESTING_EVENT']
  assert.deepEqual([...new Set([...inRows, ...elsewhere])].sort(), Object.keys(TRANSACTIONS).sort())
})

test('within a day the order of the file does not matter where one transaction needs another', async () => {
  const steps = [
    stock('a', '100'),
    tx('STOCK_TRANSFER', { security_id: 'a', quantity: '40', resulting_security_ids: ['b'], balance_security_id: 'c' }),
    stock('b', '40'),
    stock('c', '60'),
    tx('STOCK_ACCEPTANCE', { security_id: 'b' }),
    tx('STOCK_CANCELLATION', { security_id: 'c', quantity: '60', reason_text: 'r' }),
  ]
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(steps, { minLength: steps.length }), async (shuffled) => {
      const view = await tableAfter(shuffled)
      assert.equal(formatNumeric(view.totals.outstanding), '9500040')
      assert.equal(view.securities.find((row) => row.id === 'b')?.acceptedOn, DAY)
    }),
    { numRuns: 100 },
  )
})

test('a number authorised on the same day counts, wherever it stands in the file', async () => {
  const raise = tx('STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT', {
    stock_class_id: OWN.common,
    new_shares_authorized: '30000000',
  })
  for (const more of [
    [raise, stock('x', '22000000')],
    [stock('x', '22000000'), raise],
  ]) {
    assert.equal(formatNumeric((await tableAfter(more)).totals.outstanding), '31500000')
  }
})

test('vesting may begin before the grant is issued', async () => {
  const grant = option('late', '480', { vesting_terms_id: OWN.terms })
  const start = tx('VESTING_START', { security_id: 'late', vesting_condition_id: 'start' }, 'start-late', '2025-01-15')
  const row = (await tableAfter([start, grant])).securities.find((it) => it.id === 'late')
  // From 15 January 2025 to 1 June 2026: a cliff of 120, and four months of 10.
  assert.equal(formatNumeric(row?.vested ?? 0n), '160')
  assert.equal(
    (await tableAfter([start, grant], undefined, '2026-05-31')).securities.some((it) => it.id === 'late'),
    false,
  )
})

test('what was exercised was vested: vested and unvested together are what is left', async () => {
  const view = await tableAfter([
    tx('EQUITY_COMPENSATION_EXERCISE', { security_id: OWN.option, quantity: '75000', resulting_security_ids: ['x'] }),
    stock('x', '75000'),
  ])
  // 15 months since 1 March 2025: 93,750 vested, 75,000 of them exercised.
  const row = view.securities.find((it) => it.id === OWN.option)
  assert.deepEqual(
    [row?.outstanding, row?.vested, row?.unvested].map((value) => formatNumeric(value ?? 0n)),
    ['225000', '18750', '206250'],
  )
})

test('a grant beyond the pool is reported and not refused', async () => {
  const { replayed } = await checkPackage({ files: files([option('big', '1700001')]) })
  assert.deepEqual(
    replayed.warnings.map(({ itemId, pointer, reason }) => [itemId, pointer, reason]),
    [['issue-big', '/items/5', 'takes 2000001 from a plan that reserves 2000000']],
  )
})

test('a table on a day is the replay of what happened up to that day, for any day', async () => {
  const more = ROWS.find(([what]) => what === 'a transfer of a part moves, and makes nothing')?.[1] ?? []
  const { package: read } = await checkPackage({ files: files(more) })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1200 }), (days) => {
      const day = new Date(Date.UTC(2024, 0, 15 + days)).toISOString().slice(0, 10)
      const prefix = { ...read, transactions: read.transactions.filter(({ item }) => item.date <= day) }
      const whole = capTableView(replay(read, { through: day }).table, day)
      const cut = capTableView(replay(prefix, { trusted: true }).table, day)
      assert.deepEqual(cut, whole)
    }),
    { numRuns: 60 },
  )
})

test('shares of classes, of holders and of securities add up to the same totals, and percentages to a hundred', async () => {
  for (const [, more, , behaviour] of ROWS) {
    const view = await tableAfter(more, behaviour)
    const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n)
    assert.equal(sum(view.classes.map((row) => row.outstanding)), view.totals.outstanding)
    assert.equal(sum(view.stakeholders.map((row) => row.outstanding)), view.totals.outstanding)
    assert.equal(sum(view.securities.map((row) => row.fullyDiluted)) + view.totals.reserved, view.totals.fullyDiluted)
    assert.equal(sum(view.stakeholders.map((row) => row.fullyDiluted)) + view.totals.reserved, view.totals.fullyDiluted)
    for (const row of view.securities) assert.equal(row.vested + row.unvested, row.outstanding)
  }
})

test('percentages have six places, half away from zero, and none of nothing', () => {
  const of = (part: bigint, whole: bigint) => percentOf(numericOfWhole(part), numericOfWhole(whole))
  assert.deepEqual(
    [of(1n, 3n), of(2n, 3n), of(1n, 1n), of(0n, 5n), of(1n, 200_000_000n), of(1n, 0n)],
    ['33.333333', '66.666667', '100.000000', '0.000000', '0.000001', undefined],
  )
})
