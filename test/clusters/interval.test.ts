import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadInterval, checkBookable, nextMinute } from '../../api/clusters/interval.ts'

const NOW = '2026-11-20T12:00:00Z'
const limits = { minLeadMinutes: 30, maxLeadMinutes: 525_600, minLengthMinutes: 60, maxLengthMinutes: 43_200 }

// What a request may ask for at noon on 20 November 2026, in a pool with the limits above.
const TABLE: readonly (readonly [startsAt: string, endsAt: string, fault: string | undefined])[] = [
  ['2026-11-20T12:30:00Z', '2026-11-20T13:30:00Z', undefined],
  ['2026-11-20T12:30:00.000Z', '2026-11-20T13:30:00.000000Z', undefined],
  ['2026-11-21T12:00:00Z', '2026-11-21T11:00:00Z', 'REVERSED'],
  ['2026-11-21T12:00:00Z', '2026-11-21T12:00:00Z', 'EMPTY'],
  ['2026-11-21T12:00:00.5Z', '2026-11-21T12:00:00Z', 'REVERSED'],
  ['2026-11-21T12:00:30Z', '2026-11-21T14:00:00Z', 'NOT_WHOLE_MINUTES'],
  ['2026-11-21T12:00:00Z', '2026-11-21T14:00:00.000001Z', 'NOT_WHOLE_MINUTES'],
  ['2026-11-20T11:59:00Z', '2026-11-20T14:00:00Z', 'IN_THE_PAST'],
  ['2016-11-20T12:00:00Z', '2016-11-20T14:00:00Z', 'IN_THE_PAST'],
  ['2026-11-20T12:29:00Z', '2026-11-20T14:00:00Z', 'TOO_SOON'],
  ['2027-11-20T12:00:00Z', '2027-11-20T14:00:00Z', undefined],
  ['2027-11-20T12:01:00Z', '2027-11-20T14:00:00Z', 'TOO_FAR_AHEAD'],
  ['2026-11-21T12:00:00Z', '2026-11-21T12:59:00Z', 'TOO_SHORT'],
  ['2026-11-21T12:00:00Z', '2026-12-21T12:00:00Z', undefined],
  ['2026-11-21T12:00:00Z', '2026-12-21T12:01:00Z', 'TOO_LONG'],
  ['2026-11-21T12:00:00Z', '2036-11-21T12:00:00Z', 'TOO_LONG'],
  ['2026-11-21T12:00:00Z', '9999-11-21T12:00:00Z', 'TOO_LONG'],
]

for (const [startsAt, endsAt, fault] of TABLE) {
  test(`${startsAt} to ${endsAt} is ${fault ?? 'bookable'}`, () => {
    const check = () => checkBookable({ startsAt, endsAt }, NOW, limits)
    if (fault === undefined) check()
    else assert.throws(check, (refusal) => refusal instanceof BadInterval && refusal.fault === fault)
  })
}

test('the next whole minute of a whole minute is itself', () => {
  assert.equal(nextMinute('2026-11-20T12:00:00Z'), '2026-11-20T12:00:00Z')
  assert.equal(nextMinute('2026-11-20T12:00:00.000001Z'), '2026-11-20T12:01:00Z')
})
