import assert from 'node:assert/strict'
import { test } from 'node:test'
import { effectivePrice } from '../../api/drawdown/statement/effective-price.ts'
import { forecast, trailingWindow } from '../../api/drawdown/statement/forecast.ts'
import { parseNumeric, parseTokens } from '../../api/platform/index.ts'

test('what is left is divided by the average of a day, rounded up to whole days', () => {
  // 100 left at 30 in 60 days: half a day each, 200 days; 1 February 2027 + 200 days = 20 August 2027.
  assert.deepEqual(forecast({ until: '2027-02-01', left: 100n, used: 30n, days: 60 }), {
    kind: 'on',
    on: '2027-08-20',
    days: 200n,
  })
  // 101 left: 202 days. 1 left at 30 in 60 days: 2 days.
  assert.deepEqual(forecast({ until: '2027-02-01', left: 101n, used: 30n, days: 60 }).kind, 'on')
  const soon = forecast({ until: '2027-02-27', left: 1n, used: 30n, days: 60 })
  assert.deepEqual(soon, { kind: 'on', on: '2027-03-01', days: 2n })
})

test('too little history, no use, and centuries are not foretold; nothing left needs no forecast', () => {
  const of = { until: '2027-02-01', left: 100n, used: 30n, days: 60 }
  assert.deepEqual(forecast({ ...of, left: 0n }), { kind: 'done' })
  for (const [changed, why] of [
    [{ days: 27 }, /27 days of history; 28 are needed/],
    [{ used: 0n }, /nothing was used in the last 60 days/],
    [{ left: 10n ** 12n }, /more than a hundred years/],
  ] as const) {
    const told = forecast({ ...of, ...changed })
    assert.match(told.kind === 'cannot_tell' ? told.why : '', why)
  }
  assert.equal(forecast({ ...of, days: 28 }).kind, 'on')
})

test('the window is the last ninety days, or what there is', () => {
  // 90 days before 1 February 2027: 3 November 2026.
  assert.deepEqual(trailingWindow('2026-01-01', '2027-02-01'), { from: '2026-11-03', until: '2027-02-01', days: 90 })
  assert.deepEqual(trailingWindow('2027-01-15', '2027-02-01'), { from: '2027-01-15', until: '2027-02-01', days: 17 })
})

test('an hour in equity is shares times price by hours, exact', () => {
  const usd = (amount: string) => ({ amount: parseNumeric(amount), currency: 'USD' })
  // 117,500 shares at 2.00 for 100,000 hours: 2.35.
  assert.deepEqual(effectivePrice(117_500n, usd('2'), parseTokens('100000')), {
    currency: 'USD',
    value: '235000',
    hours: '100000',
    fraction: '47/20',
    perHour: '2.3500',
  })
  // 1 share at 0.0001 for 3 hours: 1/30,000, which is 0.0000333...: 0.0000 at four places.
  const small = effectivePrice(1n, usd('0.0001'), parseTokens('3'))
  assert.deepEqual([small?.fraction, small?.perHour], ['1/30000', '0.0000'])
  // Half to even: 0.00005 and 0.00015.
  assert.equal(effectivePrice(1n, usd('0.00005'), parseTokens('1'))?.perHour, '0.0000')
  assert.equal(effectivePrice(1n, usd('0.00015'), parseTokens('1'))?.perHour, '0.0002')
  assert.equal(effectivePrice(5n, usd('2'), 0n), undefined)
})
