/** Rules of settlement by hand: the long-stop and what moves it, and top-ups when the index falls. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fellBeyond, longStopOf, topUpTokens } from '../../api/closing/index.ts'
import { owedDays, type RequestEvidence } from '../../api/clusters/index.ts'
import { parseNumeric, parseTokens } from '../../api/platform/index.ts'

const BOTH = { deniedCapacityExtends: true, outageExtends: true }
const owed = (denied: readonly string[], outage: readonly string[] = []) => ({
  denied,
  outage,
  stillDenied: false,
  requests: 1,
})

test('each owed day before the long-stop moves it by a day, and may bring another before it', () => {
  assert.equal(longStopOf('2028-06-15', owed([]), () => BOTH).effective, '2028-06-15')
  assert.equal(longStopOf('2028-06-15', owed(['2028-01-01', '2028-01-02']), () => BOTH).effective, '2028-06-17')
  // The 15th counts only because the 14th moved the long-stop to the 16th; the 20th comes too late.
  const moved = longStopOf('2028-06-15', owed(['2028-06-14', '2028-06-15', '2028-06-20']), () => BOTH)
  assert.deepEqual([moved.effective, moved.deniedDays], ['2028-06-17', ['2028-06-14', '2028-06-15']])
  const outage = longStopOf('2028-06-15', owed(['2028-01-01'], ['2028-02-01']), () => ({
    ...BOTH,
    deniedCapacityExtends: false,
  }))
  assert.deepEqual([outage.effective, outage.deniedDays, outage.outageDays], ['2028-06-16', [], ['2028-02-01']])
})

test('a day that was owed stays owed when the clause is amended later', () => {
  const countsOn = (day: string) => ({ ...BOTH, deniedCapacityExtends: day < '2028-03-01' })
  const moved = longStopOf('2028-06-15', owed(['2028-01-01', '2028-03-01']), countsOn)
  assert.deepEqual([moved.effective, moved.deniedDays], ['2028-06-16', ['2028-01-01']])
})

const request = (more: Partial<RequestEvidence>): RequestEvidence => ({
  reservationId: 'r',
  poolId: 'p',
  gpus: 8,
  startsAt: '2028-01-10T00:00:00Z',
  endsAt: '2028-01-12T00:00:00Z',
  requestedAt: '2028-01-01T00:00:00Z',
  outcome: 'declined',
  reason: 'NO_CAPACITY',
  ...more,
})
const TIME = { from: '2027-12-15', until: '2028-06-15' }

test('a day is owed once, and not where the capacity was given after all', () => {
  // Two days; the interval ends at midnight, so the 12th is not touched. Asked twice, they are owed once.
  const twice = owedDays([request({}), request({ requestedAt: '2028-01-02T00:00:00Z' })], TIME)
  assert.deepEqual(twice.denied, ['2028-01-10', '2028-01-11'])
  assert.equal(twice.stillDenied, true)
  const later = request({
    outcome: 'given',
    reason: null,
    requestedAt: '2028-01-03T00:00:00Z',
    endsAt: '2028-01-11T00:00:00Z',
  })
  const given = owedDays([request({}), later], TIME)
  assert.deepEqual([given.denied, given.stillDenied], [['2028-01-11'], false])
  // Fewer GPUs than were asked for do not make it good.
  assert.deepEqual(owedDays([request({}), { ...later, gpus: 4 }], TIME).denied, ['2028-01-10', '2028-01-11'])
})

test('what the company was not entitled to is not owed; no answer and a failure are', () => {
  assert.deepEqual(owedDays([request({ reason: 'CONTRACT' })], TIME).denied, [])
  assert.deepEqual(
    owedDays([request({ outcome: 'not_decided', reason: 'NOT_DECIDED_IN_TIME' })], TIME).denied.length,
    2,
  )
  const failed = owedDays([request({ outcome: 'failed', reason: null })], TIME)
  assert.deepEqual([failed.denied, failed.outage.length], [[], 2])
  // A day that was denied and failed is owed once.
  assert.deepEqual(owedDays([request({}), request({ outcome: 'failed', reason: null })], TIME).outage, [])
  assert.deepEqual(owedDays([request({})], { from: '2028-01-11', until: '2028-06-15' }).denied, ['2028-01-11'])
  assert.deepEqual(owedDays([], TIME), { denied: [], outage: [], stillDenied: false, requests: 0 })
})

const numbers = (base: string, level: string, threshold: string) => ({
  base: parseNumeric(base),
  level: parseNumeric(level),
  threshold: parseNumeric(threshold),
})
// [unused, base, level, threshold, whole fall, beyond the threshold]
const TOP_UPS: readonly [string, string, string, string, string, string][] = [
  // 2.50 to 1.60 is a fall of 36%. Whole: 1000 * (2.5 / 1.6 - 1) = 562.5. Beyond 20%: 1000 * (2 / 1.6 - 1) = 250.
  ['1000', '2.5', '1.6', '0.2', '562.5', '250'],
  // A fall of exactly 20% is not beyond 20%.
  ['1000', '2.5', '2', '0.2', '0', '0'],
  // Just below: 1000 * (2.5 / 1.9999999999 - 1) = 250.0000000625..., beyond: 1000 * (2 / 1.9999999999 - 1) = 0.00000005
  ['1000', '2.5', '1.9999999999', '0.2', '250', '0'],
  // A rise tops up nothing.
  ['1000', '2.5', '3', '0.2', '0', '0'],
  // Rounded down: 1 * (3 / 0.7 - 1) = 3.285714...; 1 * (2.7 / 0.7 - 1) = 2.857142...
  ['1', '3', '0.7', '0.1', '3.285714', '2.857142'],
  ['0', '2.5', '1', '0.2', '0', '0'],
]
for (const [unused, base, level, threshold, whole, beyond] of TOP_UPS) {
  test(`${unused} tokens, ${base} to ${level} over ${threshold}: ${whole} whole, ${beyond} beyond`, () => {
    const of = { unused: parseTokens(unused), ...numbers(base, level, threshold) }
    assert.equal(topUpTokens({ ...of, compensates: 'WHOLE_FALL' }), parseTokens(whole))
    assert.equal(topUpTokens({ ...of, compensates: 'BEYOND_THRESHOLD' }), parseTokens(beyond))
  })
}

test('topped-up tokens are worth what the old ones were, to a millionth of a token, and never more', () => {
  const level = fc.bigInt({ min: 1n, max: 10n ** 12n })
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), level, level, (unused, base, at) => {
      const threshold = parseNumeric('0.1')
      const more = topUpTokens({ unused, base, level: at, threshold, compensates: 'WHOLE_FALL' })
      if (!fellBeyond(base, at, threshold)) return more === 0n
      const missing = unused * base - (unused + more) * at
      return missing >= 0n && missing < at
    }),
  )
})
