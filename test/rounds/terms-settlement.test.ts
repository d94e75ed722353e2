/** Settlement terms: the risk table follows from them, and nothing in them contradicts the rest. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNumeric, parseTokens } from '../../api/platform/index.ts'
import { defaultRiskTable, RoundTerms, type RoundTermsWire, writeTerms } from '../../api/rounds/index.ts'
import { terms, WIRE } from './given-terms.ts'

const METRIC = 'Metric:0190a3c8-0000-7000-8000-000000000002'
const protection = {
  metricId: METRIC,
  baseLevel: { amount: '2.35', currency: 'USD' },
  threshold: '0.2',
  windowDays: 30,
}
const faults = (settlement: RoundTermsWire['settlement'], more: Partial<RoundTermsWire> = {}): string[] => {
  const parsed = RoundTerms.safeParse({ ...WIRE, settlement, ...more })
  return parsed.error?.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`) ?? []
}
const row = (of: RoundTerms, event: string) => of.riskTable.find((each) => each.event === event)

test('terms that say nothing about settlement have the house terms and the house table, as before', () => {
  const plain = terms()
  assert.equal(plain.settlement.nonUse, 'FORFEIT')
  assert.equal(plain.settlement.windDownDays, 90)
  assert.deepEqual(plain.riskTable, defaultRiskTable())
  assert.equal(
    row(plain, 'termination_for_convenience')?.tokens,
    'The Company may redeem released Tokens for 90 days after the notice; the rest are cancelled.',
  )
  assert.deepEqual(RoundTerms.parse(writeTerms(plain)), plain)
})

test('the table says what the settlement terms say', () => {
  const given = terms({
    settlement: {
      nonUse: 'VEST_ANYWAY',
      changeOfControl: 'VEST',
      windDownDays: 45,
      successorDays: 30,
      partialTermination: true,
      deniedCapacityExtends: false,
      priceProtection: { ...protection, cap: '5000' },
    },
  })
  assert.match(row(given, 'non_use')?.unearned ?? '', /^Vest on the Long-Stop Date/)
  assert.equal(row(given, 'non_use')?.bears, 'company')
  assert.match(row(given, 'change_of_control')?.unearned ?? '', /^Vest at completion/)
  assert.match(row(given, 'termination_for_convenience')?.tokens ?? '', /for 45 days .* A part of the Tokens/)
  assert.match(row(given, 'provider_default')?.tokens ?? '', /within 30 days/)
  assert.match(row(given, 'denied_capacity')?.tokens ?? '', /No date moves/)
  assert.match(
    row(given, 'index_fall')?.tokens ?? '',
    /averaged over 30 days, falls by more than 20% from 2.35 USD, .* up to 5000 Tokens in all/,
  )
  assert.deepEqual(given.settlement.priceProtection, {
    metricId: METRIC.slice('Metric:'.length),
    baseLevel: { amount: parseNumeric('2.35'), currency: 'USD' },
    threshold: parseNumeric('0.2'),
    windowDays: 30,
    compensates: 'BEYOND_THRESHOLD',
    cap: parseTokens('5000'),
  })
  assert.deepEqual(RoundTerms.parse(writeTerms(given)), given)
})

test('a table that contradicts the settlement terms is refused, with what it must say', () => {
  const rows = defaultRiskTable().map((each) => ({ ...each }))
  assert.deepEqual(faults({}, { riskTable: rows }), [])
  const [fault, ...others] = faults({ windDownDays: 30 }, { riskTable: rows })
  assert.match(fault ?? '', /^riskTable\.7\.tokens contradicts .* for 30 days /)
  assert.match(others.join(' '), /^riskTable\.7\.unearned/)
})

const CASES: readonly [string, RoundTermsWire['settlement'], RegExp][] = [
  ['an extension without days', { nonUse: 'EXTEND' }, /^settlement\.extendDays is missing/],
  ['days without an extension', { extendDays: 30 }, /^settlement\.extendDays is given/],
  ['a threshold of nothing', { priceProtection: { ...protection, threshold: '0' } }, /threshold must be a part/],
  ['a threshold of all', { priceProtection: { ...protection, threshold: '1' } }, /threshold must be a part/],
  [
    'a base in another currency',
    { priceProtection: { ...protection, baseLevel: { amount: '2', currency: 'EUR' } } },
    /baseLevel\.currency is EUR/,
  ],
  [
    'a base of nothing',
    { priceProtection: { ...protection, baseLevel: { amount: '0', currency: 'USD' } } },
    /baseLevel\.amount must be more/,
  ],
  ['a cap of nothing', { priceProtection: { ...protection, cap: '0' } }, /cap must be more/],
  ['a window of no days', { priceProtection: { ...protection, windowDays: 0 } }, /windowDays must be a whole number/],
]
for (const [name, settlement, expected] of CASES) {
  test(`${name} is refused at its term`, () => {
    assert.match(faults(settlement).join('\n'), expected)
  })
}
