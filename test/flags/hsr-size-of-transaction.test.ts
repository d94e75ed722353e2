/**
 * Worked examples: HSR-1 is the Federal Trade Commission's own (Competition Matters, February 2025), HSR-2 the boundary of
 * 2026. The 2023 row is the Commission's example of February 2023 (107 million, closing in March 2023).
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { z } from 'zod'
import { evaluate, type Fact } from '../../api/flags/index.ts'
import { hsrSizeOfTransaction } from '../../api/flags/rules/antitrust/hsr-size-of-transaction.ts'
import { HSR_THRESHOLDS } from '../../api/flags/rules/antitrust/hsr-thresholds.ts'
import { formatNumeric } from '../../api/platform/index.ts'
import { given, usd } from './given-facts.ts'

type Row = {
  readonly example: string
  readonly closing: string
  readonly value?: string
  readonly held?: string
  /** Total assets and annual net sales of the acquiring person. */
  readonly buyer?: readonly [string | null, string | null]
  /** Total assets and annual net sales of the acquired person, and whether it manufactures. */
  readonly company?: readonly [string | null, string | null, boolean | null]
  readonly outcome: 'flag' | 'clear' | 'cannot_tell'
}

const EXAMPLES: readonly Row[] = [
  { example: 'HSR-1', closing: '2025-02-21', value: '122000000', held: '0', outcome: 'clear' },
  {
    example: 'HSR-1, a day earlier: the 2024 row, so the persons decide and are not known',
    closing: '2025-02-20',
    value: '122000000',
    held: '0',
    outcome: 'cannot_tell',
  },
  { example: 'FTC 2023', closing: '2023-03-01', value: '107000000', held: '0', outcome: 'clear' },
  { example: 'HSR-2 at the threshold', closing: '2026-02-17', value: '133900000', held: '0', outcome: 'clear' },
  {
    example: 'HSR-2 above it, persons large enough',
    closing: '2026-02-17',
    value: '133900001',
    held: '0',
    buyer: ['267800000', '0'],
    company: ['26800000', '0', false],
    outcome: 'flag',
  },
  {
    example: 'HSR-2 above it, acquired person too small',
    closing: '2026-02-17',
    value: '133900001',
    held: '0',
    buyer: ['267800000', '0'],
    company: ['26700000', '0', false],
    outcome: 'clear',
  },
  {
    example: 'HSR-2 at the upper threshold, acquired person too small',
    closing: '2026-02-17',
    value: '535500000',
    held: '0',
    buyer: ['1000000000', '0'],
    company: ['1000000', '0', false],
    outcome: 'clear',
  },
  {
    example: 'HSR-2 above the upper threshold: whatever the persons',
    closing: '2026-02-17',
    value: '535500001',
    held: '0',
    buyer: ['1000000000', '0'],
    company: ['1000000', '0', false],
    outcome: 'flag',
  },
  {
    example: 'one cent above the lower threshold',
    closing: '2026-11-20',
    value: '133900000.01',
    held: '0',
    outcome: 'cannot_tell',
  },
  {
    example: 'what is held already counts',
    closing: '2026-11-20',
    value: '100000000',
    held: '33900001',
    buyer: ['267800000', '0'],
    company: ['26800000', '0', false],
    outcome: 'flag',
  },
  { example: 'what is held already is not known', closing: '2026-11-20', value: '1000000', outcome: 'cannot_tell' },
  { example: 'the value of the deal is not known', closing: '2026-11-20', held: '0', outcome: 'cannot_tell' },
  {
    example: 'this deal alone is above the upper threshold',
    closing: '2026-11-20',
    value: '535500001',
    outcome: 'flag',
  },
  {
    example: 'sales of a company that does not manufacture do not count',
    closing: '2026-11-20',
    value: '200000000',
    held: '0',
    buyer: ['300000000', '0'],
    company: ['1000000', '100000000', false],
    outcome: 'clear',
  },
  {
    example: 'sales of a manufacturer count',
    closing: '2026-11-20',
    value: '200000000',
    held: '0',
    buyer: ['300000000', '0'],
    company: ['1000000', '100000000', true],
    outcome: 'flag',
  },
  {
    example: 'manufacturing or not is not known, and decides',
    closing: '2026-11-20',
    value: '200000000',
    held: '0',
    buyer: ['300000000', '0'],
    company: ['1000000', '100000000', null],
    outcome: 'cannot_tell',
  },
  {
    example: 'large by sales without manufacturing, bought by a small person',
    closing: '2026-11-20',
    value: '200000000',
    held: '0',
    buyer: ['26800000', '0'],
    company: ['1000000', '267800000', false],
    outcome: 'flag',
  },
  {
    example: 'the acquiring person is too small for any of it',
    closing: '2026-11-20',
    value: '200000000',
    held: '0',
    buyer: ['26799999', '26799999'],
    company: ['900000000', '900000000', true],
    outcome: 'clear',
  },
  {
    example: 'assets known and large, sales not known',
    closing: '2026-11-20',
    value: '200000000',
    held: '0',
    buyer: ['267800000', null],
    company: ['26800000', null, null],
    outcome: 'flag',
  },
  {
    example: 'assets known and small, sales not known',
    closing: '2026-11-20',
    value: '200000000',
    held: '0',
    buyer: ['1', null],
    company: ['26800000', null, false],
    outcome: 'cannot_tell',
  },
  { example: 'before the first row', closing: '2022-02-22', value: '1', held: '0', outcome: 'cannot_tell' },
  { example: 'first day of the first row', closing: '2022-02-23', value: '101000000', held: '0', outcome: 'clear' },
  { example: 'last day of the last row', closing: '2026-12-31', value: '1', held: '0', outcome: 'clear' },
  { example: 'no row for the year', closing: '2027-01-01', value: '1', held: '0', outcome: 'cannot_tell' },
]

for (const row of EXAMPLES) {
  test(`HSR ${row.example}: ${row.outcome}`, () => {
    const finding = evaluate(hsrSizeOfTransaction, factsOf(row), row.closing)
    assert.equal(finding.outcome, row.outcome, finding.arithmetic.join('\n'))
    assert.equal(finding.clearedBy.length > 0, row.outcome !== 'clear')
  })
}

function factsOf({ value, held, buyer, company }: Row) {
  const money = (amount: string | null) => (amount === null ? null : usd(amount))
  const values: Record<string, Fact['value']> = {}
  if (value !== undefined) values['transaction.value'] = usd(value)
  if (held !== undefined) values['holding.value'] = usd(held)
  if (buyer) values['acquirer.size'] = { totalAssets: money(buyer[0]), annualNetSales: money(buyer[1]) }
  if (company) {
    values['company.size'] = {
      totalAssets: money(company[0]),
      annualNetSales: money(company[1]),
      manufacturing: company[2],
    }
  }
  return given(values)
}

test('an HSR finding shows the sum, the threshold, the row and what is missing', () => {
  const finding = evaluate(hsrSizeOfTransaction, given({ 'transaction.value': usd('1250000') }), '2026-11-20')
  assert.deepEqual(finding.missing, ['holding.value'])
  assert.match(
    finding.arithmetic.join('\n'),
    /USD 1,250,000 by this deal \+ not known held before = USD 1,250,000 or more/,
  )
  assert.match(finding.threshold, /133,900,000.*535,500,000/)
  assert.equal(finding.table?.from, '2026-02-17')
  assert.deepEqual(
    finding.inputs.map(({ name, source, asOf }) => [name, source, asOf]),
    [['transaction.value', 'the test', '2026-11-01']],
  )
})

test('an amount in another currency is not compared with thresholds in dollars', () => {
  const euros = { amount: '1', currency: 'EUR' }
  const facts = given({ 'transaction.value': euros, 'holding.value': usd('0') })
  assert.equal(evaluate(hsrSizeOfTransaction, facts, '2026-11-20').outcome, 'cannot_tell')
  const persons = given({
    'transaction.value': usd('200000000'),
    'holding.value': usd('0'),
    'acquirer.size': { totalAssets: euros, annualNetSales: euros },
    'company.size': { totalAssets: usd('900000000'), annualNetSales: usd('0'), manufacturing: false },
  })
  assert.equal(evaluate(hsrSizeOfTransaction, persons, '2026-11-20').outcome, 'cannot_tell')
})

test('rows touch and do not overlap', () => {
  const { rows } = HSR_THRESHOLDS
  for (const [index, row] of rows.entries()) {
    assert.ok(row.until !== null && row.from < row.until)
    if (index > 0) assert.equal(rows[index - 1]?.until, row.from)
  }
})

const PUBLISHED = new URL('../../../shared/data/regulatory/rules.json', import.meta.url)
const Published = z.object({
  rules: z.array(
    z.object({ metric: z.string(), value: z.unknown(), effective_from: z.string().nullish(), rule_id: z.string() }),
  ),
})
const METRICS = {
  transaction: 'size_of_transaction',
  transactionWithoutPersonTest: 'size_of_transaction_no_person_test',
  smallPerson: 'size_of_person_small',
  largePerson: 'size_of_person_large',
} as const

if (!existsSync(PUBLISHED))
  console.warn('SKIPPED: ../shared is missing: the HSR table is not compared with the collected rows')
test('the table holds exactly the collected rows', { skip: !existsSync(PUBLISHED) }, () => {
  const { rules } = Published.parse(JSON.parse(readFileSync(PUBLISHED, 'utf8')))
  for (const [key, metric] of Object.entries(METRICS)) {
    const collected = rules
      .filter((rule) => rule.metric === metric)
      .map((rule) => [rule.effective_from, String(rule.value)])
    const ours = HSR_THRESHOLDS.rows.map((row) => [row.from, formatNumeric(row.value[key as keyof typeof METRICS])])
    assert.deepEqual(ours, collected.sort(), metric)
  }
})
