/** Each transaction type, by what it does to the table. Numbers are worked out beside each row. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { capTableView, percentOf } from '../../api/captable/cap-table-view.ts'
import { checkPackage, replay } from '../../api/captable/index.ts'
import { formatNumeric, numericOfWhole } from '../../api/platform/index.ts'
import { OWN } from '../support/ocf-package.ts'
import {
  BEFORE,
  cancelled,
  DAY,
  files,
  numbers,
  option,
  part,
  returned,
  safe,
  stock,
  type Tx,
  tableAfter,
  tx,
  usd,
  warrant,
} from './given-history.ts'

const ROWS: readonly [what: string, more: readonly Tx[], expected: readonly string[], behaviour?: string][] = [
  ['nothing', [], BEFORE],
  [
    'a transfer of a part moves, and makes nothing',
    [
      tx('STOCK_TRANSFER', { ...part, resulting_security_ids: ['new'] }),
      stock('new', '1000000'),
      stock('bal', '3000000'),
    ],
    BEFORE,
  ],
  [
    'a repurchase of a part',
    [tx('STOCK_REPURCHASE', { ...part, price: usd('0') }), stock('bal', '3000000')],
    ['7000000', '1500000', '300000', '1700000', '100', '0'],
  ],
  [
    'a cancellation of stock',
    [tx('STOCK_CANCELLATION', { security_id: OWN.commonAda, quantity: '4000000', reason_text: 'r' })],
    ['4000000', '1500000', '300000', '1700000', '100', '0'],
  ],
  [
    'a retraction of stock',
    [tx('STOCK_RETRACTION', { security_id: OWN.commonAda, reason_text: 'r' })],
    ['4000000', '1500000', '300000', '1700000', '100', '0'],
  ],
  [
    'a reissuance',
    [
      tx('STOCK_REISSUANCE', { security_id: OWN.commonAda, resulting_security_ids: ['a', 'b'] }),
      stock('a', '1'),
      stock('b', '3999999'),
    ],
    BEFORE,
  ],
  [
    'a conversion of preferred',
    [
      tx('STOCK_CONVERSION', {
        security_id: OWN.seedShares,
        quantity_converted: '500000',
        balance_security_id: 'bal',
        resulting_security_ids: ['c'],
      }),
      stock('c', '500000'),
      stock('bal', '1000000', { stock_class_id: OWN.seed }),
    ],
    ['8500000', '1000000', '300000', '1700000', '100', '0'],
  ],
  ['acceptance', [tx('STOCK_ACCEPTANCE', { security_id: OWN.commonAda })], BEFORE],
  [
    'an exercise of a part keeps the option open',
    [
      tx('EQUITY_COMPENSATION_EXERCISE', { security_id: OWN.option, quantity: '75000', resulting_security_ids: ['x'] }),
      stock('x', '75000', { stock_plan_id: OWN.plan }),
    ],
    ['8075000', '1500000', '225000', '1700000', '100', '0'],
  ],
  [
    'a release of all',
    [
      option('rsu', '10', { compensation_type: 'RSU' }),
      tx('EQUITY_COMPENSATION_RELEASE', {
        security_id: 'rsu',
        quantity: '10',
        settlement_date: DAY,
        release_price: usd('1'),
        resulting_security_ids: ['x'],
      }),
      stock('x', '6'),
    ],
    ['8000006', '1500000', '300000', '1699990', '100', '0'],
  ],
  [
    'a grant by the deprecated name',
    [{ ...option('old', '10'), object_type: 'TX_PLAN_SECURITY_ISSUANCE' }],
    ['8000000', '1500000', '300010', '1699990', '100', '0'],
  ],
  [
    'restricted stock from the plan',
    [stock('rsa', '10', { stock_plan_id: OWN.plan, issuance_type: 'RSA' })],
    ['8000010', '1500000', '300000', '1699990', '100', '0'],
  ],
  [
    'a cancelled grant goes back by the rule of the plan',
    [cancelled],
    ['8000000', '1500000', '0', '2000000', '100', '0'],
  ],
  [
    'a cancelled grant is gone where the plan retires it',
    [cancelled],
    ['8000000', '1500000', '0', '1700000', '100', '0'],
    'RETIRE',
  ],
  [
    'a return says where: not counted twice',
    [cancelled, returned('300000', OWN.plan)],
    ['8000000', '1500000', '0', '2000000', '100', '0'],
  ],
  [
    'a return goes before the rule',
    [cancelled, returned('300000', OWN.plan)],
    ['8000000', '1500000', '0', '2000000', '100', '0'],
    'RETIRE',
  ],
  // 200,000 leave the first plan for the second: it reserves 1,800,000, of which nothing is granted.
  [
    'a return to another plan',
    [cancelled, returned('200000', 'plan-2')],
    ['8000000', '1500000', '0', '1800000', '200100', '0'],
  ],
  [
    'a return of an open grant ends a part of it',
    [returned('100000', OWN.plan)],
    ['8000000', '1500000', '200000', '1800000', '100', '0'],
  ],
  [
    'a cancelled part with its balance',
    [
      tx('EQUITY_COMPENSATION_CANCELLATION', {
        security_id: OWN.option,
        quantity: '100000',
        reason_text: 'r',
        balance_security_id: 'bal',
      }),
      option('bal', '200000'),
    ],
    ['8000000', '1500000', '200000', '1800000', '100', '0'],
  ],
  [
    'a transferred grant',
    [
      tx('EQUITY_COMPENSATION_TRANSFER', {
        security_id: OWN.option,
        quantity: '300000',
        resulting_security_ids: ['bal'],
      }),
      option('bal', '300000'),
    ],
    BEFORE,
  ],
  [
    'a retracted grant',
    [tx('EQUITY_COMPENSATION_RETRACTION', { security_id: OWN.option, reason_text: 'r' })],
    ['8000000', '1500000', '0', '2000000', '100', '0'],
  ],
  [
    'a pool adjustment',
    [tx('STOCK_PLAN_POOL_ADJUSTMENT', { stock_plan_id: OWN.plan, shares_reserved: '2500000' })],
    ['8000000', '1500000', '300000', '2200000', '100', '0'],
  ],
  [
    'a warrant of a fixed number',
    [warrant('w', { quantity: '700' })],
    ['8000000', '1500000', '300000', '1700000', '100', '700'],
  ],
  [
    'a warrant that names its number in its mechanism',
    [warrant('w')],
    ['8000000', '1500000', '300000', '1700000', '100', '5000'],
  ],
  [
    'a warrant with an estimate does not count',
    [warrant('w', { quantity: '700', quantity_source: 'HUMAN_ESTIMATED' })],
    BEFORE,
  ],
  [
    'a warrant exercised',
    [
      warrant('w'),
      tx('WARRANT_EXERCISE', { security_id: 'w', trigger_id: 't', resulting_security_ids: ['x'] }),
      stock('x', '5000'),
    ],
    ['8005000', '1500000', '300000', '1700000', '100', '0'],
  ],
  [
    'a warrant transferred in part',
    [
      warrant('w', { quantity: '700' }),
      tx('WARRANT_TRANSFER', {
        security_id: 'w',
        quantity: '200',
        resulting_security_ids: ['a'],
        balance_security_id: 'b',
      }),
      warrant('a', { quantity: '200' }),
      warrant('b', { quantity: '500' }),
    ],
    ['8000000', '1500000', '300000', '1700000', '100', '700'],
  ],
  [
    'a convertible has no number, and converts',
    [
      safe('s', '50000'),
      tx('CONVERTIBLE_CONVERSION', {
        security_id: 's',
        reason_text: 'r',
        trigger_id: 't',
        resulting_security_ids: ['x'],
      }),
      stock('x', '41', { stock_class_id: OWN.seed }),
    ],
    ['8000000', '1500041', '300000', '1700000', '100', '0'],
  ],
  // Two for one: stock, options over it and the pools that reserve it double; seed does not.
  [
    'a split',
    [tx('STOCK_CLASS_SPLIT', { stock_class_id: OWN.common, split_ratio: { numerator: '2', denominator: '1' } })],
    ['16000000', '1500000', '600000', '3400000', '200', '0'],
  ],
  // The reissued certificate is written in new shares already, whether the split stands before or after it in the file.
  [
    'a split with reissued certificates',
    [
      stock('n', '8000000'),
      tx(
        'STOCK_CLASS_SPLIT',
        { stock_class_id: OWN.common, split_ratio: { numerator: '2', denominator: '1' } },
        'split',
      ),
      tx('STOCK_REISSUANCE', {
        security_id: OWN.commonAda,
        resulting_security_ids: ['n'],
        split_transaction_id: 'split',
      }),
    ],
    ['16000000', '1500000', '600000', '3400000', '200', '0'],
  ],
  [
    'adjustments of what is authorised and of the ratio',
    [
      tx('STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT', { stock_class_id: OWN.seed, new_shares_authorized: '1600000' }),
      tx('ISSUER_AUTHORIZED_SHARES_ADJUSTMENT', { issuer_id: OWN.issuer, new_shares_authorized: '9500000' }),
      tx('STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT', {
        stock_class_id: OWN.seed,
        new_ratio_conversion_mechanism: {
          type: 'RATIO_CONVERSION',
          conversion_price: usd('1'),
          ratio: { numerator: '6', denominator: '5' },
          rounding_type: 'FLOOR',
        },
      }),
    ],
    BEFORE,
  ],
]
for (const [what, more, expected, behaviour] of ROWS) {
  test(`replay: ${what}`, async () => assert.deepEqual(await numbers(more, behaviour), expected))
}

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
