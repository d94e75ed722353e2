/** Real packages, replayed to numbers that were worked out by hand from the files. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capTableView } from '../../api/captable/cap-table-view.ts'
import { BrokenPackage, capitalizationOf, checkPackage, replay } from '../../api/captable/index.ts'
import { formatNumeric } from '../../api/platform/index.ts'
import { sharedData } from '../support/shared.ts'

const sample = (name: string): string | undefined => sharedData(`ocf-samples/${name}`)
const compute = sample('compute-for-equity')
const aperture = sample('aperture-options')
const acme = sample('acme')

const on = async (path: string, asOf: string, gaps: 'REFUSE' | 'ACCEPT' = 'REFUSE') => {
  const { package: read } = await checkPackage({ path }, gaps)
  return capTableView(replay(read, { through: asOf, gaps }).table, asOf)
}
const texts = (totals: Record<string, bigint>) =>
  Object.fromEntries(Object.entries(totals).map(([name, value]) => [name, formatNumeric(value)]))

test('compute-for-equity has no gap, and its equity vests as compute is delivered', {
  skip: compute === undefined,
}, async () => {
  const path = compute ?? ''
  const { replayed, package: read } = await checkPackage({ path })
  assert.deepEqual([replayed.gapCount, read.transactions.length, read.unknown.length], [0, 9, 0])
  // 400,000 in four quarters by event; 12,345 accelerated at the long-stop; 187,655 forfeited; 212,345 live on, vested.
  const rows: [asOf: string, outstanding: string, vested: string][] = [
    ['2026-07-01', '400000', '0'],
    ['2026-11-14', '400000', '0'],
    ['2026-11-15', '400000', '100000'],
    ['2027-04-20', '400000', '200000'],
    ['2028-06-29', '400000', '200000'],
    ['2028-06-30', '400000', '212345'],
    ['2028-07-14', '400000', '212345'],
    ['2028-07-15', '212345', '212345'],
  ]
  for (const [asOf, outstanding, vested] of rows) {
    const seed = (await on(path, asOf)).classes.find((row) => row.id === 'sc-seed')
    assert.deepEqual(
      [asOf, formatNumeric(seed?.outstanding ?? 0n), formatNumeric(seed?.vested ?? 0n)],
      [asOf, outstanding, vested],
    )
  }
  // 8,000,000 common + 212,345 seed + 1,000,000 pool + 100,000 under the warrant.
  assert.deepEqual(texts((await on(path, '2028-07-31')).totals), {
    outstanding: '8212345',
    granted: '0',
    reserved: '1000000',
    warrants: '100000',
    fullyDiluted: '9312345',
    expired: '0',
    cashSettled: '0',
  })
})

test('aperture-options is refused for three references that lead nowhere, and imports when gaps are accepted', {
  skip: aperture === undefined,
}, async () => {
  const path = aperture ?? ''
  await assert.rejects(checkPackage({ path }), (error) => {
    assert.ok(error instanceof BrokenPackage)
    assert.deepEqual(
      error.faults.map((fault) => [fault.file, fault.pointer]),
      [
        ['VestingTerms.ocf.json', '/items/0/vesting_conditions/2/trigger/relative_to_condition_id'],
        ['Transactions.ocf.json', '/items/4/stock_legend_ids/0'],
        ['Transactions.ocf.json', '/items/5/resulting_security_ids/0'],
      ],
    )
    return true
  })
  const { replayed } = await checkPackage({ path }, 'ACCEPT')
  assert.deepEqual(
    replayed.gaps.map((gap) => gap.effect),
    ['KEPT', 'KEPT', 'KEPT'],
  )
  // Before the exercise 25% of 100,000 have vested; the schedule after the cliff hangs on a condition that is not there.
  const optionOn = async (asOf: string) => {
    const row = (await on(path, asOf, 'ACCEPT')).securities.find((it) => it.customId === 'CA-1')
    return [row?.outstanding, row?.vested].map((value) => formatNumeric(value ?? 0n))
  }
  assert.deepEqual(await optionOn('2023-12-30'), ['100000', '0'])
  assert.deepEqual(await optionOn('2023-12-31'), ['100000', '25000'])
  assert.deepEqual(await optionOn('2024-01-31'), ['75000', '0'])
  assert.deepEqual(texts((await on(path, '2024-01-31', 'ACCEPT')).totals), {
    outstanding: '30000',
    granted: '75000',
    // 8,000,000 reserved since 2023-01-01, 100,000 of them granted; what was exercised does not come back.
    reserved: '7900000',
    warrants: '0',
    fullyDiluted: '8005000',
    expired: '0',
    cashSettled: '0',
  })
  assert.equal(formatNumeric((await on(path, '2022-12-31', 'ACCEPT')).totals.reserved), '9900000')
})

test('acme, a showcase of types, imports when gaps are accepted: what can count counts, all else is told', {
  skip: acme === undefined,
}, async () => {
  const path = acme ?? ''
  await assert.rejects(checkPackage({ path }), (error) => error instanceof BrokenPackage && error.faultCount === 84)
  const { package: read, replayed } = await checkPackage({ path }, 'ACCEPT')
  assert.equal(read.transactions.length + read.unknown.length, 86)
  assert.deepEqual(
    read.unknown.map(({ item }) => item.type),
    [
      'TX_EQUITY_COMPENSATION_REPRICING',
      'TX_STOCK_CONSOLIDATION',
      'CE_STAKEHOLDER_RELATIONSHIP',
      'CE_STAKEHOLDER_RELATIONSHIP',
      'CE_STAKEHOLDER_RELATIONSHIP',
      'CE_STAKEHOLDER_STATUS',
    ],
  )
  const view = capTableView(replay(read, { through: '2024-12-31', gaps: 'ACCEPT' }).table, '2024-12-31')
  // Of issuances with the same security id the earliest counts: stock 4,800; awards 50 + 50 + 100 + 100; warrants 1,000 + 22,538.
  // Pools: 10,000,000 doubled by the split of 2022-02-01, and 100,000,000 of a plan that is only adjusted.
  assert.deepEqual(texts(view.totals), {
    outstanding: '4800',
    granted: '300',
    reserved: '120000000',
    warrants: '23538',
    fullyDiluted: '120028638',
    expired: '0',
    cashSettled: '0',
  })
  // Its awards last until 2031-01-20, its warrants until 2032-02-01.
  const later = (through: string) => {
    const { totals } = capTableView(replay(read, { through, gaps: 'ACCEPT' }).table, through)
    return [totals.granted, totals.warrants, totals.expired].map(formatNumeric)
  }
  assert.deepEqual(['2031-01-20', '2031-01-21', '2032-02-01', '2032-02-02'].map(later), [
    ['300', '23538', '0'],
    ['0', '23538', '300'],
    ['0', '23538', '300'],
    ['0', '0', '23838'],
  ])
  assert.deepEqual(
    view.stakeholders.map((row) => [row.id, row.placeholder]),
    [
      ['stk_567890', true],
      ['test-stakeholder-id', true],
      ['stakeholder-id', true],
    ],
  )
  assert.deepEqual(
    view.securities.filter((row) => row.kind === 'convertible').map((row) => [row.id, row.convertible, row.amount]),
    [
      ['con_123456', 'NOTE', { amount: 10_000_000_000_000n, currency: 'GBP' }],
      ['safe_123456', 'SAFE', { amount: 10_000_000_000_000n, currency: 'USD' }],
    ],
  )
  // 1,200 on 2023-02-01 and 100 on each first of a month since: 1,200 + 22 x 100 by the end of 2024.
  const stock = view.securities.find((row) => row.id === 'test-stock-issuance-security-id')
  assert.equal(formatNumeric(stock?.vested ?? 0n), '3400')
  assert.equal(replayed.setAside.size, replayed.gaps.filter((gap) => gap.effect === 'SET_ASIDE').length)
})

test('a capitalization holds what the table holds', { skip: compute === undefined }, async () => {
  const { package: read } = await checkPackage({ path: compute ?? '' })
  const { table } = replay(read, { through: '2026-11-20' })
  const capitalization = capitalizationOf(table, '2026-11-20')
  assert.deepEqual(
    capitalization.holdings.map(({ kind, stakeholderName, quantity, unvested }) => [
      kind,
      stakeholderName,
      formatNumeric(quantity),
      formatNumeric(unvested),
    ]),
    [
      ['stock', 'Ada Founder', '8000000', '0'],
      ['stock', 'Compute Fund I LP', '400000', '300000'],
      // The warrant vests by the same terms, but nobody recorded its start.
      ['warrant', 'Compute Fund I LP', '100000', '100000'],
    ],
  )
  assert.equal(formatNumeric(capitalization.fullyDiluted), '9500000')
})
