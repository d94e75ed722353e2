import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { readItem } from '../../api/captable/ocf/items.ts'
import type { VestingTerms } from '../../api/captable/ocf/objects.ts'
import { scheduledTranches, type Vestable, vestedOn, walkTerms } from '../../api/captable/replay/vesting.ts'
import { formatNumeric, numericOfWhole, parseNumeric } from '../../api/platform/index.ts'
import { sharedData } from '../support/shared.ts'

type Condition = Record<string, unknown> & { id: string }
const terms = (allocation: string, conditions: readonly Condition[]): VestingTerms => {
  const reading = readItem({
    object_type: 'VESTING_TERMS',
    id: 'terms',
    name: 'Terms',
    description: 'Terms',
    allocation_type: allocation,
    vesting_conditions: conditions,
  } as never)
  if (reading.kind !== 'object' || reading.item.object_type !== 'VESTING_TERMS')
    throw new Error(JSON.stringify(reading))
  return reading.item
}
const START: Condition = {
  id: 'start',
  quantity: '0',
  trigger: { type: 'VESTING_START_DATE' },
  next_condition_ids: ['next'],
}
const portion = (numerator: number, denominator: number, remainder?: boolean) => ({
  portion: {
    numerator: String(numerator),
    denominator: String(denominator),
    ...(remainder === undefined ? {} : { remainder }),
  },
})
const monthly = (
  id: string,
  part: object,
  length: number,
  occurrences: number,
  after: string,
  next: string[] = [],
  day = 'VESTING_START_DAY_OR_LAST_DAY_OF_MONTH',
): Condition => ({
  id,
  ...part,
  trigger: {
    type: 'VESTING_SCHEDULE_RELATIVE',
    period: { length, type: 'MONTHS', occurrences, day_of_month: day },
    relative_to_condition_id: after,
  },
  next_condition_ids: next,
})
const event = (id: string, part: object, next: string[] = []): Condition => ({
  id,
  ...part,
  trigger: { type: 'VESTING_EVENT' },
  next_condition_ids: next,
})
const on = (id: string, date: string, part: object, next: string[] = []): Condition => ({
  id,
  ...part,
  trigger: { type: 'VESTING_SCHEDULE_ABSOLUTE', date },
  next_condition_ids: next,
})
const security = (issued: bigint, fired: Record<string, string>, more: Partial<Vestable> = {}): Vestable => ({
  issuedOn: '2021-01-01',
  issued: numericOfWhole(issued),
  vesting: { kind: 'terms', termsId: 'terms' },
  fired: new Map(Object.entries(fired)),
  accelerations: [],
  splitNumerator: 1n,
  splitDenominator: 1n,
  ...more,
})
const FOREVER = '9999-12-31'
const tranches = (it: Vestable, by: VestingTerms, through = FOREVER) =>
  scheduledTranches(it, by, through).map(({ date, quantity }) => [date, formatNumeric(quantity)])
const quantities = (it: Vestable, by: VestingTerms) =>
  scheduledTranches(it, by, FOREVER).map(({ quantity }) => formatNumeric(quantity))

const examples = sharedData('worked-examples/captable.json')
test('18 shares fall on four tranches as the format says, for each allocation type', {
  skip: examples === undefined,
}, () => {
  type Example = { id: string; expect: Record<string, (number | string)[]> }
  const all: Example[] = JSON.parse(readFileSync(examples ?? '', 'utf8'))
  const example = all.find(({ id }) => id === 'ocf-allocation-18-over-4')
  assert.ok(example)
  assert.equal(Object.keys(example.expect).length, 7)
  for (const [allocation, expected] of Object.entries(example.expect)) {
    const schedule = terms(allocation, [START, monthly('next', portion(1, 4), 3, 4, 'start')])
    assert.deepEqual(quantities(security(18n, { start: '2021-01-01' }), schedule), expected.map(String), allocation)
    // The same, as four conditions that events fire one after the other.
    const events = terms(allocation, [
      START,
      event('next', portion(1, 4), ['b']),
      event('b', portion(1, 4), ['c']),
      event('c', portion(1, 4), ['d']),
      event('d', portion(1, 4)),
    ])
    const fired = { start: '2021-01-01', next: '2021-02-01', b: '2021-03-01', c: '2021-04-01', d: '2021-05-01' }
    assert.deepEqual(quantities(security(18n, fired), events), expected.map(String), `${allocation} by events`)
  }
})

test('the format’s own story: 480 options from 30 January 2021, a cliff of a year, then monthly to the last day of February', () => {
  const schedule = terms('CUMULATIVE_ROUNDING', [
    START,
    monthly('next', portion(12, 48), 12, 1, 'start', ['monthly']),
    monthly('monthly', portion(1, 48), 1, 36, 'next'),
  ])
  const all = tranches(security(480n, { start: '2021-01-30' }), schedule)
  assert.deepEqual(all.slice(0, 4), [
    ['2022-01-30', '120'],
    ['2022-02-28', '10'],
    ['2022-03-30', '10'],
    ['2022-04-30', '10'],
  ])
  // 2024 is a leap year.
  assert.ok(all.some(([date]) => date === '2024-02-29'))
  assert.deepEqual([all.length, all.at(-1)], [37, ['2025-01-30', '10']])
})

test('day-of-month rules', () => {
  const rows: [rule: string, start: string, expected: string[]][] = [
    ['01', '2021-01-15', ['2021-02-01', '2021-03-01', '2021-04-01']],
    ['28', '2021-01-31', ['2021-02-28', '2021-03-28', '2021-04-28']],
    ['29_OR_LAST_DAY_OF_MONTH', '2021-01-10', ['2021-02-28', '2021-03-29', '2021-04-29']],
    ['30_OR_LAST_DAY_OF_MONTH', '2024-01-10', ['2024-02-29', '2024-03-30', '2024-04-30']],
    ['31_OR_LAST_DAY_OF_MONTH', '2021-01-10', ['2021-02-28', '2021-03-31', '2021-04-30']],
    ['VESTING_START_DAY_OR_LAST_DAY_OF_MONTH', '2021-01-31', ['2021-02-28', '2021-03-31', '2021-04-30']],
  ]
  for (const [rule, start, expected] of rows) {
    const schedule = terms('CUMULATIVE_ROUNDING', [START, monthly('next', portion(1, 3), 1, 3, 'start', [], rule)])
    assert.deepEqual(
      tranches(security(300n, { start }), schedule).map(([date]) => date),
      expected,
      rule,
    )
  }
})

test('days are counted, also over a leap day', () => {
  const days = (length: number, occurrences: number): Condition => ({
    id: 'next',
    ...portion(1, occurrences),
    trigger: {
      type: 'VESTING_SCHEDULE_RELATIVE',
      period: { length, type: 'DAYS', occurrences },
      relative_to_condition_id: 'start',
    },
    next_condition_ids: [],
  })
  assert.deepEqual(tranches(security(2n, { start: '2024-02-28' }), terms('CUMULATIVE_ROUNDING', [START, days(1, 2)])), [
    ['2024-02-29', '1'],
    ['2024-03-01', '1'],
  ])
  assert.deepEqual(
    tranches(security(1n, { start: '2023-03-01' }), terms('CUMULATIVE_ROUNDING', [START, days(365, 1)])),
    [['2024-02-29', '1']],
  )
})

test('only one path is taken: an expiry ends vesting, an event before it does not', () => {
  const schedule = terms('CUMULATIVE_ROUND_DOWN', [
    { ...START, next_condition_ids: ['expired', 'sale'] },
    monthly('expired', { quantity: '0' }, 36, 1, 'start'),
    event('sale', portion(1, 1)),
  ])
  assert.deepEqual(tranches(security(500n, { start: '2021-01-01', sale: '2022-07-14' }), schedule), [
    ['2022-07-14', '500'],
  ])
  assert.deepEqual(tranches(security(500n, { start: '2021-01-01', sale: '2024-01-02' }), schedule), [])
  // On the same day the list decides: the expiry stands first.
  assert.deepEqual(tranches(security(500n, { start: '2021-01-01', sale: '2024-01-01' }), schedule), [])
})

test('a remainder is taken of what has not vested, and the whole remainder leaves nothing', () => {
  const schedule = terms('CUMULATIVE_ROUND_DOWN', [
    START,
    event('next', portion(2, 5), ['fifth']),
    event('fifth', portion(1, 5, true), ['all']),
    event('all', portion(1, 1, true)),
  ])
  // The format's example: 400 of 1,000 have vested; a fifth of the remainder is 120.
  const fired = { start: '2021-01-01', next: '2021-02-01', fifth: '2021-03-01', all: '2021-04-01' }
  assert.deepEqual(quantities(security(1000n, fired), schedule), ['400', '120', '480'])
})

test('events may stand at the root; a security without an event has vested nothing', () => {
  const schedule = terms('CUMULATIVE_ROUND_DOWN', [event('full', portion(1, 1))])
  assert.equal(vestedOn(security(100n, {}), schedule, FOREVER), 0n)
  assert.deepEqual(tranches(security(100n, { full: '2021-01-11' }), schedule), [['2021-01-11', '100']])
})

test('absolute dates before the start vest at the start', () => {
  const schedule = terms('CUMULATIVE_ROUND_DOWN', [
    START,
    on('next', '2020-06-01', { quantity: '10' }, ['later']),
    on('later', '2022-06-01', { quantity: '20' }),
  ])
  assert.deepEqual(tranches(security(30n, { start: '2021-01-01' }), schedule), [
    ['2021-01-01', '10'],
    ['2022-06-01', '20'],
  ])
})

test('neither terms nor dates is fully vested; listed dates go before terms; missing terms vest nothing', () => {
  assert.equal(vestedOn(security(7n, {}, { vesting: { kind: 'none' } }), undefined, '2021-01-01'), numericOfWhole(7n))
  assert.equal(vestedOn(security(7n, {}, { vesting: { kind: 'missing' } }), undefined, FOREVER), 0n)
  const vestings = [
    { date: '2022-01-01', amount: parseNumeric('3') },
    { date: '2023-01-01', amount: parseNumeric('4') },
  ]
  const listed = security(7n, {}, { vesting: { kind: 'dates', vestings } })
  assert.deepEqual(
    ['2021-12-31', '2022-01-01', '2023-01-01'].map((date) => formatNumeric(vestedOn(listed, undefined, date))),
    ['0', '3', '7'],
  )
})

test('acceleration comes off the end of the schedule', () => {
  const schedule = terms('CUMULATIVE_ROUNDING', [START, monthly('next', portion(1, 4), 1, 4, 'start')])
  const it = security(
    100n,
    { start: '2021-01-01' },
    { accelerations: [{ date: '2021-02-15', quantity: numericOfWhole(40n) }] },
  )
  const vested = ['2021-02-01', '2021-02-15', '2021-03-01', '2021-04-01', '2021-05-01'].map((date) =>
    formatNumeric(vestedOn(it, schedule, date)),
  )
  assert.deepEqual(vested, ['25', '65', '90', '100', '100'])
})

test('a cliff and a monthly run are allocated each for itself', () => {
  const cliff = (allocation: string) =>
    terms(allocation, [
      START,
      monthly('next', portion(12, 48), 12, 1, 'start', ['monthly']),
      monthly('monthly', portion(1, 48), 1, 36, 'next'),
    ])
  // 250, then 750 over 36: 20 each and 30 left over.
  const front = quantities(security(1000n, { start: '2021-01-01' }), cliff('FRONT_LOADED'))
  assert.deepEqual([front[0], front[1], front[30], front[31], front.length], ['250', '21', '21', '20', 37])
  const back = quantities(security(1000n, { start: '2021-01-01' }), cliff('BACK_LOADED'))
  assert.deepEqual([back[0], back[1], back[6], back[7]], ['250', '20', '20', '21'])
})

const ALLOCATIONS = [
  'CUMULATIVE_ROUNDING',
  'CUMULATIVE_ROUND_DOWN',
  'FRONT_LOADED',
  'BACK_LOADED',
  'FRONT_LOADED_TO_SINGLE_TRANCHE',
  'BACK_LOADED_TO_SINGLE_TRANCHE',
  'FRACTIONAL',
]

test('whatever the schedule, vesting never decreases, vests whole shares and ends at exactly everything', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ALLOCATIONS),
      fc.bigInt({ min: 1n, max: 10n ** 12n }),
      fc.array(fc.record({ weight: fc.integer({ min: 1, max: 40 }), occurrences: fc.integer({ min: 1, max: 60 }) }), {
        minLength: 1,
        maxLength: 5,
      }),
      (allocation, issued, parts) => {
        const total = parts.reduce((sum, part) => sum + part.weight * part.occurrences, 0)
        const conditions = parts.map((part, index) =>
          monthly(
            index === 0 ? 'next' : `c${index}`,
            portion(part.weight, total),
            1,
            part.occurrences,
            index === 0 ? 'start' : index === 1 ? 'next' : `c${index - 1}`,
            index === parts.length - 1 ? [] : [`c${index + 1}`],
          ),
        )
        const walk = walkTerms(security(issued, { start: '2021-01-31' }), terms(allocation, [START, ...conditions]))
        assert.equal(walk.vested, numericOfWhole(issued))
        assert.equal(walk.overflows, false)
        let sum = 0n
        let last = ''
        for (const { date, quantity } of walk.tranches) {
          assert.ok(quantity > 0n && date >= last)
          if (allocation !== 'FRACTIONAL') assert.equal(quantity % numericOfWhole(1n), 0n)
          sum += quantity
          last = date
        }
        assert.equal(sum, walk.vested)
      },
    ),
    { numRuns: 300 },
  )
})

test('vested on a day is the same as vested by a walk that ends on that day', () => {
  const schedule = terms('CUMULATIVE_ROUNDING', [
    START,
    monthly('next', portion(7, 48), 12, 1, 'start', ['monthly']),
    monthly('monthly', portion(1, 48), 1, 41, 'next'),
  ])
  const it = security(99_991n, { start: '2021-08-31' })
  const whole = scheduledTranches(it, schedule, FOREVER)
  fc.assert(
    fc.property(fc.date({ min: new Date('2021-01-01'), max: new Date('2027-01-01'), noInvalidDate: true }), (day) => {
      const date = day.toISOString().slice(0, 10)
      const prefix = whole
        .filter((tranche) => tranche.date <= date)
        .reduce((sum, tranche) => sum + tranche.quantity, 0n)
      assert.equal(vestedOn(it, schedule, date), prefix)
    }),
  )
})
