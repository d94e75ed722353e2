import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  column,
  counted,
  date,
  fileSize,
  grouped,
  listed,
  money,
  NotPrintable,
  percent,
  sum,
} from '../../templates/format.ts'
import { headline, shareWords } from '../../templates/headline.ts'

for (const [text, places, shown] of [
  ['0', 0, '0'],
  ['999', 0, '999'],
  ['1140000', 0, '1,140,000'],
  ['1140000.5', 0, '1,140,000.5'],
  ['1234567890123456789012.0123456789', 2, '1,234,567,890,123,456,789,012.0123456789'],
  ['-1234.5', 2, '−1,234.50'],
  ['0.25', 4, '0.2500'],
] as const) {
  test(`${text} with at least ${places} places is printed as ${shown}`, () =>
    assert.equal(grouped(text, places), shown))
}

test('what is no plain decimal is never printed', () => {
  for (const text of ['', '1e3', '١٢', '1,000', ' 1', '+1', '.5', '1.', 'NaN', '--1']) {
    assert.throws(() => grouped(text), NotPrintable, text)
  }
})

test('a column keeps the zeros of its most exact number', () => {
  assert.deepEqual(column(['1000', '0.125', '2.5']), ['1,000.000', '0.125', '2.500'])
  assert.deepEqual(column(['1000', '5'], 2), ['1,000.00', '5.00'])
  assert.deepEqual(column([]), [])
})

test('money has its currency before it and two places at least', () => {
  assert.equal(money({ amount: '12000000', currency: 'USD' }), 'USD 12,000,000.00')
  assert.equal(money({ amount: '0.253125', currency: 'EUR' }), 'EUR 0.253125')
})

test('dates are printed as 20 Nov 2026, and dates that do not exist are refused', () => {
  assert.equal(date('2026-11-20'), '20 Nov 2026')
  assert.equal(date('2026-01-02T23:59:59.999999Z'), '2 Jan 2026')
  assert.equal(date('2028-02-29'), '29 Feb 2028')
  assert.equal(date('2000-02-29'), '29 Feb 2000')
  for (const text of [
    '2026-02-29',
    '1900-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31',
    '2026-4-1',
    '20261120',
    '',
  ]) {
    assert.throws(() => date(text), NotPrintable, text)
  }
})

test('sums are exact where floating point is not', () => {
  assert.equal(sum(['0.1', '0.2']), '0.3')
  assert.equal(sum(['9007199254740993', '1', '-0.5']), '9007199254740993.5')
  assert.equal(sum([]), '0')
})

test('percentages are rounded half up, and nothing of nothing is 0', () => {
  assert.equal(percent('1', '3'), '33.33')
  assert.equal(percent('2', '3'), '66.67')
  assert.equal(percent('1', '800'), '0.13')
  assert.equal(percent('1', '1', 0), '100')
  assert.equal(percent('0', '0'), '0.00')
  assert.throws(() => percent('-1', '3'), NotPrintable)
})

test('grouping loses no digit of any number', () => {
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.nat(10), (value, places) => {
      const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0')
      const text = `${value < 0n ? '-' : ''}${digits.slice(0, digits.length - places)}${places > 0 ? `.${digits.slice(-places)}` : ''}`
      const shown = grouped(text)
      assert.equal(shown.replaceAll(',', '').replace('−', '-'), text)
      assert.match(shown, /^−?[0-9]{1,3}(,[0-9]{3})*(\.[0-9]+)?$/)
    }),
  )
})

test('words: counts, lists, sizes, and what a round does', () => {
  assert.deepEqual(
    [counted('1', 'token'), counted('1.0', 'day'), counted('1000', 'token')],
    ['1 token', '1.0 day', '1,000 tokens'],
  )
  assert.deepEqual([listed(['a']), listed(['a', 'b', 'c'], 'or')], ['a', 'a, b or c'])
  assert.deepEqual([fileSize(999), fileSize(85_348), fileSize(2_000_001)], ['999 bytes', '86 kB', '2.1 MB'])
  assert.deepEqual(
    [shareWords('Series Seed Preferred Stock'), shareWords('Common')],
    ['Series Seed Preferred shares', 'Common shares'],
  )
  assert.equal(
    headline({
      shares: '1140000',
      className: 'Series Seed',
      fund: 'Meridian Compute Fund LP',
      tokens: '100000',
      company: 'Northwind Robotics, Inc.',
    }),
    'Issues 1,140,000 unearned Series Seed shares to Meridian Compute Fund LP and grants 100,000 tokens to Northwind Robotics, Inc.',
  )
})
