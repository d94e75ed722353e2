/** Exact numbers against hand arithmetic and against rationals that another library computes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import Fraction from 'fraction.js'
import {
  divide,
  formatDecimal,
  formatNumeric,
  formatTokens,
  NotADecimal,
  parseDecimal,
  parseNumeric,
  parseTokens,
  ROUNDINGS,
  type Rounding,
  rational,
  rationalOfNumeric,
  roundRational,
} from '../../api/platform/index.ts'

const big = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n })
const positive = fc.bigInt({ min: 1n, max: 10n ** 30n })

test('decimals are read to the last place', () => {
  const cases: [string, number, bigint][] = [
    ['0', 6, 0n],
    ['1', 6, 1_000_000n],
    ['0.000001', 6, 1n],
    ['100000.5', 6, 100_000_500_000n],
    ['0.10', 2, 10n],
    ['999999999999999999999999.9999999999', 10, 9_999_999_999_999_999_999_999_999_999_999_999n],
  ]
  for (const [text, places, value] of cases) assert.equal(parseDecimal(text, places), value, text)
  assert.equal(parseDecimal('-1.5', 1, { signed: true }), -15n)
})

test('what is no decimal of the wanted form is refused, and its text is not repeated', () => {
  const none = [
    '',
    ' ',
    '-',
    '.',
    '1.',
    '.5',
    '+1',
    '-0',
    '-0.0',
    '-1',
    '01',
    '00',
    '0x10',
    '1e3',
    '1E3',
    'NaN',
    'Infinity',
    ' 1',
    '1 ',
    '1\n',
    '1,000',
    '1_000',
    '1n',
    '1.2.3',
    '--1',
    '١٢',
    '１',
    '½',
    '1\u0000',
    '9'.repeat(40),
    '0.0000001',
  ]
  for (const text of none) {
    assert.throws(
      () => parseDecimal(text, 6),
      (error: unknown) => error instanceof NotADecimal && (text.trim().length < 4 || !error.message.includes(text)),
      JSON.stringify(text),
    )
  }
  for (const text of ['-0', '-0.00', '--1', '- 1', '-01', '-.5'])
    assert.throws(() => parseDecimal(text, 6, { signed: true }), NotADecimal, text)
  assert.throws(() => parseTokens('1000000000000'), NotADecimal)
  assert.throws(() => parseNumeric('1.00000000001'), NotADecimal)
})

test('reading is exact: the same rational that another library reads, and the same text again', () => {
  const decimal = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 24n - 1n }), fc.stringMatching(/^[0-9]{0,10}$/))
  fc.assert(
    fc.property(decimal, ([whole, digits]) => {
      const text = digits === '' ? String(whole) : `${whole}.${digits}`
      const value = parseNumeric(text)
      assert.ok(rationalOfNumeric(value).equals(new Fraction(text)))
      assert.ok(new Fraction(formatNumeric(value)).equals(new Fraction(text)))
      assert.equal(parseNumeric(formatNumeric(value)), value)
    }),
  )
})

test('writing keeps the places that it is told to and drops other zeros', () => {
  const cases: [bigint, number, number, string][] = [
    [0n, 6, 0, '0'],
    [1n, 6, 0, '0.000001'],
    [-1n, 6, 0, '-0.000001'],
    [1_000_000n, 6, 0, '1'],
    [1_500_000n, 6, 2, '1.50'],
    [0n, 6, 2, '0.00'],
    [-123n, 2, 0, '-1.23'],
    [12n, 0, 0, '12'],
  ]
  for (const [value, places, keep, text] of cases) assert.equal(formatDecimal(value, places, keep), text)
  fc.assert(
    fc.property(big, fc.nat(12), fc.nat(12), (value, places, keep) => {
      const text = formatDecimal(value, places, Math.min(keep, places))
      assert.equal(parseDecimal(text, places, { signed: true, digits: 50 }), value)
    }),
  )
  assert.equal(formatTokens(parseTokens('123.4500')), '123.45')
})

test('halves and their neighbours, by hand', () => {
  // Numerators of halves, and what they become.
  const cases: Record<Rounding, [bigint, bigint][]> = {
    DOWN: [
      [5n, 2n],
      [7n, 3n],
      [-5n, -2n],
      [-7n, -3n],
    ],
    UP: [
      [5n, 3n],
      [7n, 4n],
      [-5n, -3n],
      [-7n, -4n],
    ],
    NEAREST: [
      [5n, 3n],
      [7n, 4n],
      [-5n, -3n],
      [-7n, -4n],
    ],
    NEAREST_EVEN: [
      [5n, 2n],
      [7n, 4n],
      [-5n, -2n],
      [-7n, -4n],
    ],
  }
  for (const rounding of ROUNDINGS)
    for (const [halves, wanted] of cases[rounding])
      assert.equal(divide(halves, 2n, rounding), wanted, `${halves}/2 ${rounding}`)
  assert.deepEqual(
    ROUNDINGS.map((rounding) => divide(1n, 3n, rounding)),
    [0n, 1n, 0n, 0n],
  )
  assert.deepEqual(
    ROUNDINGS.map((rounding) => divide(-2n, 3n, rounding)),
    [0n, -1n, -1n, -1n],
  )
  assert.deepEqual(
    ROUNDINGS.map((rounding) => divide(6n, 3n, rounding)),
    [2n, 2n, 2n, 2n],
  )
})

test('rounding is what its name says of the exact rational, at any size', () => {
  const half = new Fraction(1, 2)
  fc.assert(
    fc.property(big, positive, (numerator, denominator) => {
      const exact = new Fraction(numerator, denominator)
      const off = (rounded: bigint) => new Fraction(rounded).sub(exact)
      const [down, up, nearest, even] = ROUNDINGS.map((rounding) => divide(numerator, denominator, rounding)) as [
        bigint,
        bigint,
        bigint,
        bigint,
      ]
      assert.ok(new Fraction(down).abs().lte(exact.abs()) && off(down).abs().lt(1n), 'DOWN')
      assert.ok(new Fraction(up).abs().gte(exact.abs()) && off(up).abs().lt(1n), 'UP')
      assert.ok(off(nearest).abs().lte(half), 'NEAREST')
      assert.ok(off(even).abs().lte(half), 'NEAREST_EVEN')
      if (off(nearest).abs().equals(half)) {
        assert.equal(nearest, up, 'NEAREST takes halves away from zero')
        assert.equal(even % 2n, 0n, 'NEAREST_EVEN takes halves to even')
      }
      for (const rounding of ROUNDINGS) {
        assert.equal(
          roundRational(rational(numerator, denominator), 0, rounding),
          divide(numerator, denominator, rounding),
        )
        assert.equal(
          divide(-numerator, denominator, rounding),
          -divide(numerator, denominator, rounding),
          'the same on both sides of zero',
        )
      }
    }),
  )
})

test('differences of rounded cumulative sums add up to the rounded whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { maxLength: 50 }),
      positive,
      fc.constantFrom(...ROUNDINGS),
      (parts, denominator, rounding) => {
        let sum = 0n
        let charged = 0n
        for (const part of parts) {
          const before = divide(sum, denominator, rounding)
          sum += part
          const charge = divide(sum, denominator, rounding) - before
          assert.ok(charge >= 0n)
          charged += charge
        }
        assert.equal(charged, divide(sum, denominator, rounding))
      },
    ),
  )
})

test('a denominator that is not positive is a fault of ours', () => {
  for (const denominator of [0n, -1n]) assert.throws(() => divide(1n, denominator, 'DOWN'), RangeError)
})

test('a rational is rounded once, at its place', () => {
  // 1/3 of 10^-10 units, 2/3 up; 0.125 at two places: half away 0.13, half to even 0.12.
  assert.equal(roundRational(rational(1n, 3n), 10, 'DOWN'), 3_333_333_333n)
  assert.equal(roundRational(rational(2n, 3n), 10, 'UP'), 6_666_666_667n)
  assert.equal(roundRational(rational(1n, 8n), 2, 'NEAREST'), 13n)
  assert.equal(roundRational(rational(1n, 8n), 2, 'NEAREST_EVEN'), 12n)
  assert.equal(roundRational(rational(-1n, 8n), 2, 'NEAREST'), -13n)
})
