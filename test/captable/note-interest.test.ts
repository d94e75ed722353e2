import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addDays } from '../../api/captable/dates.ts'
import { daysBetween, type NoteTerms, noteAmount } from '../../api/captable/pricing/note-interest.ts'
import { formatNumeric, parseNumeric } from '../../api/platform/index.ts'

const n = parseNumeric

const NOTE: NoteTerms = {
  principal: n('100000'),
  rates: [{ rate: n('0.08'), from: '2025-01-01' }],
  dayCount: 'ACTUAL_365',
  compounding: { kind: 'SIMPLE' },
  payout: 'DEFERRED',
  rounding: { direction: 'NEAREST', places: 2 },
}

const compounding = (period: 'DAILY' | 'MONTHLY' | 'QUARTERLY' | 'SEMI_ANNUAL' | 'ANNUAL') =>
  ({ compounding: { kind: 'COMPOUNDING', period } }) as const

const cases: readonly {
  readonly name: string
  readonly change: Partial<NoteTerms>
  readonly on: string
  readonly interest: string
}[] = [
  // 8% of 100,000 is 8,000 a year.
  { name: 'simple, a year of 365 days', change: {}, on: '2026-01-01', interest: '8000' },
  { name: 'simple, no day yet', change: {}, on: '2025-01-01', interest: '0' },
  { name: 'simple, before it starts', change: {}, on: '2024-06-01', interest: '0' },
  // 100,000 x 0.08 / 365 = 21.9178...
  { name: 'simple, one day of 365', change: {}, on: '2025-01-02', interest: '21.92' },
  // 100,000 x 0.08 / 360 = 22.2222...
  { name: 'simple, one day of 360', change: { dayCount: 'ACTUAL_360' }, on: '2025-01-02', interest: '22.22' },
  // 8,000 x 365 / 360 = 8,111.111...
  { name: 'simple, a year of actual/360', change: { dayCount: 'ACTUAL_360' }, on: '2026-01-01', interest: '8111.11' },
  // 2024 has 366 days: 8,000 x 366 / 365 = 8,021.9178...
  {
    name: 'simple, a leap year of actual/365',
    change: { rates: [{ rate: n('0.08'), from: '2024-01-01' }] },
    on: '2025-01-01',
    interest: '8021.92',
  },
  {
    name: 'simple, a leap year of 30/360',
    change: { rates: [{ rate: n('0.08'), from: '2024-01-01' }], dayCount: '30_360' },
    on: '2025-01-01',
    interest: '8000',
  },
  // 1.08^2 = 1.1664: two years of 365 days.
  { name: 'annual, two years', change: compounding('ANNUAL'), on: '2027-01-01', interest: '16640' },
  // 1.02^4 = 1.08243216.
  {
    name: 'quarterly, a year of 30/360',
    change: { ...compounding('QUARTERLY'), dayCount: '30_360' },
    on: '2026-01-01',
    interest: '8243.22',
  },
  // 1.04^2 = 1.0816.
  {
    name: 'twice a year, a year of 30/360',
    change: { ...compounding('SEMI_ANNUAL'), dayCount: '30_360' },
    on: '2026-01-01',
    interest: '8160',
  },
  // 12% a year is 1% a month: 1.01^3 = 1.030301, and half of the fourth month simply: 1.030301 x 1.005 = 1.035452505.
  {
    name: 'monthly, three months and a half',
    change: { ...compounding('MONTHLY'), dayCount: '30_360', rates: [{ rate: n('0.12'), from: '2025-01-01' }] },
    on: '2025-04-16',
    interest: '3545.25',
  },
  // 36.5% a year is 0.1% a day: 1.001^3 = 1.003003001.
  {
    name: 'daily, three days',
    change: { ...compounding('DAILY'), rates: [{ rate: n('0.365'), from: '2025-01-01' }] },
    on: '2025-01-04',
    interest: '300.3',
  },
  // Ten days at 3.65% (10 a day), inclusive, none for ten, then 7.3% (20 a day) for five: 100 + 100.
  {
    name: 'rates that end and change',
    change: {
      rates: [
        { rate: n('0.0365'), from: '2025-01-01', through: '2025-01-10' },
        { rate: n('0.073'), from: '2025-01-21' },
      ],
    },
    on: '2025-01-26',
    interest: '200',
  },
  {
    name: 'stopping at maturity',
    change: { maturity: { on: '2026-01-01', interestStops: true } },
    on: '2028-05-05',
    interest: '8000',
  },
  {
    name: 'running on after maturity',
    change: { maturity: { on: '2026-01-01', interestStops: false } },
    on: '2027-01-01',
    interest: '16000',
  },
  {
    name: 'rounded down to whole money',
    change: { rounding: { direction: 'DOWN', places: 0 } },
    on: '2025-01-02',
    interest: '21',
  },
]
for (const { name, change, on, interest } of cases) {
  test(`note interest: ${name}`, () => {
    const answer = noteAmount({ ...NOTE, ...change }, on)
    assert.equal(formatNumeric(answer.interest), interest)
    assert.equal(answer.converts, NOTE.principal + answer.interest)
  })
}

test('note interest: what is paid in cash does not convert', () => {
  assert.equal(noteAmount({ ...NOTE, payout: 'CASH' }, '2026-01-01').converts, NOTE.principal)
})

test('note interest: a note has matured on its day, not before', () => {
  const terms = { ...NOTE, maturity: { on: '2026-01-01', interestStops: true } }
  assert.equal(noteAmount(terms, '2025-12-31').matured, false)
  assert.equal(noteAmount(terms, '2026-01-01').matured, true)
})

// Days of the 2006 ISDA Definitions' formula for 30/360, worked out by hand.
const thirties: readonly [string, string, number][] = [
  ['2025-01-15', '2025-02-15', 30],
  ['2025-01-31', '2025-02-28', 28],
  ['2025-01-30', '2025-03-31', 60],
  ['2025-01-29', '2025-03-31', 62],
  ['2024-02-29', '2025-02-28', 359],
  ['2024-12-31', '2025-12-31', 360],
]
// The worked examples that ISDA published with the 2006 Definitions, "30/360 Day Count Conventions", 22 December 2008: bond basis.
const isda: readonly [string, string, number][] = [
  // End dates do not involve the last day of February.
  ['2006-08-20', '2007-02-20', 180],
  ['2007-02-20', '2007-08-20', 180],
  ['2007-08-20', '2008-02-20', 180],
  ['2008-02-20', '2008-08-20', 180],
  ['2008-08-20', '2009-02-20', 180],
  ['2009-02-20', '2009-08-20', 180],
  // End dates include some of the end of February.
  ['2006-08-31', '2007-02-28', 178],
  ['2007-02-28', '2007-08-31', 183],
  ['2007-08-31', '2008-02-29', 179],
  ['2008-02-29', '2008-08-31', 182],
  ['2008-08-31', '2009-02-28', 178],
  ['2009-02-28', '2009-08-31', 183],
  // Miscellaneous.
  ['2006-01-31', '2006-02-28', 28],
  ['2006-01-30', '2006-02-28', 28],
  ['2006-02-28', '2006-03-03', 5],
  ['2006-02-14', '2006-02-28', 14],
  ['2006-09-30', '2006-10-31', 30],
  ['2006-10-31', '2006-11-28', 28],
  ['2007-08-31', '2008-02-28', 178],
  ['2008-02-28', '2008-08-28', 180],
  ['2008-02-28', '2008-08-30', 182],
  ['2008-02-28', '2008-08-31', 183],
  ['2007-02-26', '2008-02-28', 362],
]
for (const [from, to, days] of [...thirties, ...isda]) {
  test(`note interest: ${from} to ${to} is ${days} days of 30/360`, () => {
    assert.equal(daysBetween('30_360', from, to), days)
  })
}

test('note interest: refuses rates that overlap, go back, or are negative, and a principal of zero', () => {
  const rate = n('0.05')
  const bad: Partial<NoteTerms>[] = [
    {
      rates: [
        { rate, from: '2025-01-01', through: '2025-03-01' },
        { rate, from: '2025-03-01' },
      ],
    },
    {
      rates: [
        { rate, from: '2025-01-01' },
        { rate, from: '2024-03-01' },
      ],
    },
    { rates: [{ rate: -1n, from: '2025-01-01' }] },
    { principal: 0n },
  ]
  for (const change of bad) assert.throws(() => noteAmount({ ...NOTE, ...change }, '2026-01-01'), RangeError)
})

test('note interest: never falls from one day to the next, and compounding never gives less than simple', () => {
  const days = fc.record({
    day: fc.nat(3000),
    dayCount: fc.constantFrom('ACTUAL_365', 'ACTUAL_360', '30_360'),
    period: fc.constantFrom('DAILY', 'MONTHLY', 'QUARTERLY', 'SEMI_ANNUAL', 'ANNUAL'),
    rate: fc.bigInt(0n, 3n * 10n ** 9n),
  })
  fc.assert(
    fc.property(days, ({ day, dayCount, period, rate }) => {
      const terms: NoteTerms = { ...NOTE, dayCount, rates: [{ rate, from: '2024-01-31' }] }
      const compound: NoteTerms = { ...terms, ...compounding(period) }
      const [on = '', next = ''] = [addDays('2024-01-31', day), addDays('2024-01-31', day + 1)]
      assert.ok(noteAmount(terms, next).interest >= noteAmount(terms, on).interest)
      assert.ok(noteAmount(compound, on).interest >= noteAmount(terms, on).interest)
    }),
    { numRuns: 200 },
  )
})
