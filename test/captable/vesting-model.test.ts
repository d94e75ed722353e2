/**
 * Vesting held to a second one, written apart from the words of Open Cap Format 1.2.0: it lives through every day, looks
 * each day which of the conditions that may come next are satisfied, and takes the one that stands first.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readItem } from '../../api/captable/ocf/items.ts'
import type { VestingTerms } from '../../api/captable/ocf/objects.ts'
import { scheduledTranches, type Vestable, vestedOn } from '../../api/captable/replay/vesting.ts'
import { numericOfWhole } from '../../api/platform/index.ts'

const SHARE = 10n ** 10n
const LAST = '2027-12-31'
const DAY_RULES = [
  ...['01', '15', '28', '29_OR_LAST_DAY_OF_MONTH', '30_OR_LAST_DAY_OF_MONTH', '31_OR_LAST_DAY_OF_MONTH'],
  'VESTING_START_DAY_OR_LAST_DAY_OF_MONTH',
]

type Trigger =
  | { readonly type: 'VESTING_START_DATE' }
  | { readonly type: 'VESTING_EVENT' }
  | { readonly type: 'VESTING_SCHEDULE_ABSOLUTE'; readonly date: string }
  | {
      readonly type: 'VESTING_SCHEDULE_RELATIVE'
      readonly period: {
        readonly length: number
        readonly type: 'DAYS' | 'MONTHS'
        readonly occurrences: number
        readonly day_of_month?: string
      }
      readonly relative_to_condition_id: string
    }
type Amount =
  | { readonly portion: { readonly numerator: string; readonly denominator: string; readonly remainder?: boolean } }
  | { readonly quantity: string }
type Condition = Amount & {
  readonly id: string
  readonly trigger: Trigger
  readonly next_condition_ids: readonly string[]
}

/** Calendar days as the number of days since 1970, by the standard library and nothing of ours. */
const numberOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 86_400_000
const dateOf = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10)

/** So many months after a date, on that day of the month, or on its last where it has fewer. */
function monthsAfter(date: string, months: number, day: number): string {
  const [year = 0, month = 0] = date.split('-').map(Number)
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0))
  return new Date(Date.UTC(last.getUTCFullYear(), last.getUTCMonth(), Math.min(day, last.getUTCDate())))
    .toISOString()
    .slice(0, 10)
}

/** The dates on which each condition of the one path fires, occurrence by occurrence. */
function path(conditions: readonly Condition[], fired: Readonly<Record<string, string>>) {
  const named = new Set(conditions.flatMap((one) => one.next_condition_ids))
  const byId = new Map(conditions.map((one) => [one.id, one]))
  const happened = new Map<string, string>()
  const steps: { readonly condition: Condition; readonly on: string }[] = []
  let waiting: readonly string[] = conditions.filter(({ id }) => !named.has(id)).map(({ id }) => id)
  let running: { readonly condition: Condition; readonly done: number } | undefined

  const dueOf = ({ id, trigger }: Condition, nth: number): string | undefined => {
    if (trigger.type === 'VESTING_SCHEDULE_ABSOLUTE') return trigger.date
    if (trigger.type !== 'VESTING_SCHEDULE_RELATIVE') return fired[id]
    const from = happened.get(trigger.relative_to_condition_id)
    if (from === undefined) return undefined
    const { type, length, day_of_month: rule = '' } = trigger.period
    if (type === 'DAYS') return dateOf(numberOf(from) + length * nth)
    const start = conditions.find((one) => one.trigger.type === 'VESTING_START_DATE' && happened.has(one.id))
    const own = start === undefined ? from : (happened.get(start.id) ?? from)
    const day = rule.startsWith('VESTING') ? Number(own.slice(8)) : Number(rule.slice(0, 2))
    return monthsAfter(from, length * nth, day)
  }
  const occurrencesOf = ({ trigger }: Condition) =>
    trigger.type === 'VESTING_SCHEDULE_RELATIVE' ? trigger.period.occurrences : 1
  const isDue = (condition: Condition, nth: number, today: string) => {
    const due = dueOf(condition, nth)
    return due !== undefined && due <= today
  }

  for (let day = numberOf('2020-01-01'); day <= numberOf(LAST); day += 1) {
    const today = dateOf(day)
    for (;;) {
      if (running === undefined) {
        const next = waiting.map((id) => byId.get(id)).find((one) => one !== undefined && isDue(one, 1, today))
        if (next === undefined) break
        running = { condition: next, done: 0 }
      }
      const { condition, done }: { condition: Condition; done: number } = running
      if (!isDue(condition, done + 1, today)) break
      steps.push({ condition, on: today })
      running = { condition, done: done + 1 }
      if (done + 1 < occurrencesOf(condition)) continue
      // It happened on its own day, also where its turn came later.
      happened.set(condition.id, dueOf(condition, done + 1) ?? today)
      waiting = condition.next_condition_ids
      running = undefined
    }
  }
  return steps
}

type Allocation = (typeof CUMULATIVE)[number] | (typeof LOADED)[number]
const CUMULATIVE = ['CUMULATIVE_ROUNDING', 'CUMULATIVE_ROUND_DOWN', 'FRACTIONAL'] as const
const LOADED = [
  'FRONT_LOADED',
  'BACK_LOADED',
  'FRONT_LOADED_TO_SINGLE_TRANCHE',
  'BACK_LOADED_TO_SINGLE_TRANCHE',
] as const

/** A fraction of shares, so that nothing is rounded before the format rounds it. */
type Part = { readonly top: bigint; readonly bottom: bigint }
const add = (one: Part, two: Part): Part => ({
  top: one.top * two.bottom + two.top * one.bottom,
  bottom: one.bottom * two.bottom,
})

/** Cumulated, then rounded: to the nearest share, down to a share, or down to ten places. Quantities are times 10^10. */
function cumulated(allocation: Allocation, steps: ReturnType<typeof path>, issued: bigint) {
  let sum: Part = { top: 0n, bottom: 1n }
  let vested = 0n
  return steps.map(({ condition, on }) => {
    if ('quantity' in condition) sum = add(sum, { top: BigInt(condition.quantity), bottom: 1n })
    else {
      const { numerator, denominator, remainder } = condition.portion
      const part = { top: BigInt(numerator), bottom: BigInt(denominator) }
      if (remainder === true) {
        // Of the amount that has yet to vest.
        const left = issued * SHARE - vested
        sum = add({ top: vested, bottom: SHARE }, { top: left * part.top, bottom: SHARE * part.bottom })
      } else sum = add(sum, { top: issued * part.top, bottom: part.bottom })
    }
    const units = allocation === 'FRACTIONAL' ? SHARE : 1n
    const [top, bottom] = [sum.top * units, sum.bottom]
    const whole = allocation === 'CUMULATIVE_ROUNDING' ? (2n * top + bottom) / (2n * bottom) : top / bottom
    const most = issued * SHARE
    const now = whole * (SHARE / units) < most ? whole * (SHARE / units) : most
    const quantity = now - vested
    vested = now
    return { on, quantity }
  })
}

/** Whole shares of `all` for tranche `at` of `count`, by the example in the format's words: 18 over 4. */
function loaded(allocation: Allocation, all: bigint, count: bigint, at: bigint): bigint {
  const [each, over] = [all / count, all % count]
  switch (allocation) {
    case 'FRONT_LOADED':
      return each + (at < over ? 1n : 0n)
    case 'BACK_LOADED':
      return each + (at >= count - over ? 1n : 0n)
    case 'FRONT_LOADED_TO_SINGLE_TRANCHE':
      return each + (at === 0n ? over : 0n)
    default:
      return each + (at === count - 1n ? over : 0n)
  }
}

const day = fc.integer({ min: numberOf('2020-06-01'), max: numberOf('2026-06-30') }).map(dateOf)
const drawnCondition = fc.record({
  kind: fc.constantFrom('RELATIVE_MONTHS', 'RELATIVE_DAYS', 'ABSOLUTE', 'EVENT'),
  length: fc.integer({ min: 1, max: 14 }),
  occurrences: fc.integer({ min: 1, max: 6 }),
  rule: fc.constantFrom(...DAY_RULES),
  date: day,
  fires: fc.option(day, { nil: undefined, freq: 5 }),
  weight: fc.integer({ min: 1, max: 9 }),
  amount: fc.constantFrom('PORTION', 'PORTION', 'QUANTITY', 'REMAINDER'),
  /** Which earlier condition it is relative to, and which later ones come next, as bits. */
  base: fc.nat(),
  next: fc.nat({ max: 63 }),
})
type DrawnCondition = ReturnType<typeof drawnCondition.generate>['value']

function triggerOf(one: DrawnCondition, index: number): Trigger {
  if (one.kind === 'ABSOLUTE') return { type: 'VESTING_SCHEDULE_ABSOLUTE', date: one.date }
  if (one.kind === 'EVENT') return { type: 'VESTING_EVENT' }
  const base = one.base % (index + 1)
  const { length, occurrences } = one
  return {
    type: 'VESTING_SCHEDULE_RELATIVE',
    period:
      one.kind === 'RELATIVE_DAYS'
        ? { length: length * 11, type: 'DAYS', occurrences }
        : { length, type: 'MONTHS', occurrences, day_of_month: one.rule },
    relative_to_condition_id: base === 0 ? 'start' : `c${base - 1}`,
  }
}

const termsOf = (allocation: Allocation, conditions: readonly Condition[]): VestingTerms => {
  const reading = readItem({
    ...{ object_type: 'VESTING_TERMS', id: 'terms', name: 'Terms', description: 'Terms', allocation_type: allocation },
    vesting_conditions: conditions,
  } as never)
  if (reading.kind !== 'object' || reading.item.object_type !== 'VESTING_TERMS') {
    throw new Error(JSON.stringify(reading))
  }
  return reading.item
}
const securityOf = (
  issued: bigint,
  fired: Readonly<Record<string, string>>,
  more: Partial<Vestable> = {},
): Vestable => ({
  ...{ issuedOn: '2020-01-01', issued: numericOfWhole(issued), vesting: { kind: 'terms', termsId: 'terms' } },
  ...{ fired: new Map(Object.entries(fired)), accelerations: [], splitNumerator: 1n, splitDenominator: 1n },
  ...more,
})
const byDay = (rows: readonly { readonly on: string; readonly quantity: bigint }[]) => {
  const days = new Map<string, bigint>()
  for (const { on, quantity } of rows) if (quantity > 0n) days.set(on, (days.get(on) ?? 0n) + quantity)
  return [...days].sort(([one], [two]) => (one < two ? -1 : 1))
}
const found = (security: Vestable, terms: VestingTerms) =>
  byDay(scheduledTranches(security, terms, LAST).map(({ date, quantity }) => ({ on: date, quantity })))

test('graphs with branches, events, cliffs, dates and remainders vest as a life through every day says', () => {
  let branched = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...CUMULATIVE),
      fc.bigInt({ min: 50n, max: 10n ** 9n }),
      fc.array(drawnCondition, { minLength: 1, maxLength: 6 }),
      day,
      fc.integer({ min: 1, max: 63 }),
      fc.array(fc.record({ date: day, quantity: fc.bigInt({ min: 1n, max: 10n ** 8n }) }), { maxLength: 2 }),
      (allocation, issued, drawn, start, first, accelerated) => {
        // All portions together are the whole, whichever path is taken; quantities are a few shares.
        const total = drawn.reduce((sum, { weight, occurrences }) => sum + weight * occurrences, 0)
        const conditions = drawn.map((one, index): Condition => {
          const amount: Amount =
            one.amount === 'QUANTITY'
              ? { quantity: String(one.weight) }
              : {
                  portion: {
                    ...{ numerator: String(one.weight), denominator: String(total + 60) },
                    ...(one.amount === 'REMAINDER' ? { remainder: true } : {}),
                  },
                }
          const next = drawn.flatMap((_, later) =>
            later > index && (one.next >> later) % 2 === 1 ? [`c${later}`] : [],
          )
          // What stands first is taken first: not always the earlier one.
          const order = one.base % 2 === 0 ? next : next.toReversed()
          return { id: `c${index}`, ...amount, trigger: triggerOf(one, index), next_condition_ids: order }
        })
        const all: readonly Condition[] = [
          {
            ...{ id: 'start', quantity: '0', trigger: { type: 'VESTING_START_DATE' as const } },
            next_condition_ids: drawn.flatMap((_, index) => ((first >> index) % 2 === 1 ? [`c${index}`] : [])),
          },
          ...conditions,
        ]
        const fired: Record<string, string> = { start }
        for (const [index, one] of drawn.entries()) {
          if (one.kind === 'EVENT' && one.fires !== undefined) fired[`c${index}`] = one.fires
        }
        const terms = termsOf(allocation, all)
        const steps = path(all, fired)
        const expected = cumulated(allocation, steps, issued)
        if (new Set(steps.map(({ condition }) => condition.id)).size > 2) branched += 1
        const accelerations = accelerated.map(({ date, quantity }) => ({ date, quantity: quantity * SHARE }))
        const security = securityOf(issued, fired, { accelerations })
        assert.deepEqual(found(security, terms), byDay(expected), JSON.stringify({ allocation, all, fired }))
        // Vested and unvested as of any day: what has come by then, with what was accelerated, and never more than all.
        for (const on of [start, '2022-02-28', '2024-02-29', LAST]) {
          const scheduled = expected.reduce((sum, step) => (step.on <= on ? sum + step.quantity : sum), 0n)
          const brought = accelerations.reduce((sum, one) => (one.date <= on ? sum + one.quantity : sum), 0n)
          const most = issued * SHARE
          const vested = scheduled + brought < most ? scheduled + brought : most
          assert.equal(vestedOn(security, terms, on), vested, on)
        }
      },
    ),
    { numRuns: 400 },
  )
  assert.ok(branched > 100, `only ${branched} walks came to more than two conditions`)
})

test('front- and back-loaded shares fall on equal tranches as the format counts them out, after a cliff too', () => {
  const run = fc.record({
    weight: fc.integer({ min: 1, max: 12 }),
    occurrences: fc.integer({ min: 1, max: 12 }),
    length: fc.integer({ min: 1, max: 3 }),
    rule: fc.constantFrom(...DAY_RULES),
  })
  fc.assert(
    fc.property(
      fc.constantFrom(...LOADED),
      fc.bigInt({ min: 1n, max: 10n ** 7n }),
      fc.uniqueArray(run, { minLength: 1, maxLength: 3, selector: ({ weight }) => weight }),
      day.filter((date) => date < '2023-01-01'),
      (allocation, issued, runs, start) => {
        const total = BigInt(runs.reduce((sum, { weight, occurrences }) => sum + weight * occurrences, 0))
        const all: readonly Condition[] = [
          {
            ...{ id: 'start', quantity: '0', trigger: { type: 'VESTING_START_DATE' as const } },
            next_condition_ids: ['c0'],
          },
          ...runs.map(
            ({ weight, occurrences, length, rule }, index): Condition => ({
              id: `c${index}`,
              portion: { numerator: String(weight), denominator: String(total) },
              trigger: {
                type: 'VESTING_SCHEDULE_RELATIVE',
                period: { length, type: 'MONTHS', occurrences, day_of_month: rule },
                relative_to_condition_id: index === 0 ? 'start' : `c${index - 1}`,
              },
              next_condition_ids: index + 1 < runs.length ? [`c${index + 1}`] : [],
            }),
          ),
        ]
        // Each run has the whole shares between its two ends; a share that lies on an end goes to the front or to the back.
        const front = allocation.startsWith('FRONT')
        let [ended, whole] = [0n, 0n]
        const shares = runs.flatMap(({ weight, occurrences }) => {
          ended += BigInt(weight * occurrences)
          const end = (issued * ended + (front ? total - 1n : 0n)) / total
          const own = end - whole
          whole = end
          return Array.from({ length: occurrences }, (_, at) =>
            loaded(allocation, own, BigInt(occurrences), BigInt(at)),
          )
        })
        const steps = path(all, { start }).filter(({ condition }) => condition.id !== 'start')
        const expected = steps.map(({ on }, at) => ({ on, quantity: (shares[at] ?? 0n) * SHARE }))
        assert.deepEqual(
          found(securityOf(issued, { start }), termsOf(allocation, all)),
          byDay(expected),
          JSON.stringify({ allocation, issued: String(issued), all, start }),
        )
      },
    ),
    { numRuns: 400 },
  )
})
