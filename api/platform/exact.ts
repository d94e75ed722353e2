/**
 * Exact numbers. Tokens, shares and money are integers of a named unit (`bigint`), or rationals inside a solver;
 * a JavaScript `number` never holds any of them. On the wire they are decimal strings.
 */
import Fraction from 'fraction.js'

/** Millionths of a token. 1 token = 1 H100-hour = 1,000,000 micro-tokens. */
export type MicroTokens = bigint
/** Whole shares. Allocation is in whole shares unless the class is fractional. */
export type WholeShares = bigint
/** A decimal with ten places, as in Open Cap Format `Numeric`: the value times 10^10. Shares, prices and amounts of money. */
export type Numeric = bigint
/** An amount in one currency. `amount` is a {@link Numeric}, `currency` an ISO 4217 code. */
export type Money = { readonly amount: Numeric; readonly currency: string }
/** An exact rational. Only solvers use it; what leaves a solver was rounded once, at a named place. */
export type Rational = Fraction

/** Decimal places of a {@link Numeric}. Source: Open Cap Format 1.2.0, `Numeric`. */
export const NUMERIC_PLACES = 10
/** Decimal places of a token amount on the wire. */
export const TOKEN_PLACES = 6
const NUMERIC_ONE = 10n ** BigInt(NUMERIC_PLACES)

/**
 * How a result that does not fit its places is rounded. `DOWN` and `UP` are towards and away from zero,
 * `NEAREST` is half away from zero (what a term sheet means by "nearest"), `NEAREST_EVEN` is half to even.
 */
export const ROUNDINGS = ['DOWN', 'UP', 'NEAREST', 'NEAREST_EVEN'] as const
export type Rounding = (typeof ROUNDINGS)[number]

/** Text that is not a decimal of the wanted form. `reason` says what was wanted; the text itself is not repeated. */
export class NotADecimal extends Error {
  readonly reason: string
  constructor(reason: string) {
    super(reason)
    this.name = 'NotADecimal'
    this.reason = reason
  }
}

/**
 * Reads a decimal string into an integer of 10^-`places` units. Strict: ASCII digits, no exponent, no sign but one minus,
 * no leading zeros, no "-0", at most `digits` digits before the point and `places` after it.
 *
 * @throws {NotADecimal}
 */
export function parseDecimal(text: string, places: number, { signed = false, digits = 24 } = {}): bigint {
  const match = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/.exec(text)
  if (match === null) {
    throw new NotADecimal(`is not a decimal number: write digits and at most one point, like "1250000.50"`)
  }
  const [, sign, whole = '', fraction = ''] = match
  if (sign === '-' && !signed) throw new NotADecimal('must not be negative')
  if (whole.length > digits) throw new NotADecimal(`has more than ${digits} digits before the point`)
  if (fraction.length > places) throw new NotADecimal(`has more than ${places} decimal places`)
  const value = BigInt(whole + fraction.padEnd(places, '0'))
  if (sign === '-' && value === 0n) throw new NotADecimal('is minus zero: write "0"')
  return sign === '-' ? -value : value
}

/**
 * Writes an integer of 10^-`places` units as a decimal string without trailing zeros, but with at least `keep` places.
 */
export function formatDecimal(value: bigint, places: number, keep = 0): string {
  const negative = value < 0n
  const digits = (negative ? -value : value).toString().padStart(places + 1, '0')
  const whole = digits.slice(0, digits.length - places)
  let fraction = digits.slice(digits.length - places)
  while (fraction.length > keep && fraction.endsWith('0')) fraction = fraction.slice(0, -1)
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** Reads a token amount ("100000.5") into micro-tokens. @throws {NotADecimal} */
export const parseTokens = (text: string): MicroTokens => parseDecimal(text, TOKEN_PLACES, { digits: 12 })
/** Writes micro-tokens as tokens, without trailing zeros. */
export const formatTokens = (amount: MicroTokens): string => formatDecimal(amount, TOKEN_PLACES)
/** Reads a non-negative OCF-scaled decimal. @throws {NotADecimal} */
export const parseNumeric = (text: string): Numeric => parseDecimal(text, NUMERIC_PLACES)
/** Writes an OCF-scaled decimal without trailing zeros. */
export const formatNumeric = (value: Numeric): string => formatDecimal(value, NUMERIC_PLACES)
/** Whole shares as a {@link Numeric}. */
export const numericOfWhole = (shares: WholeShares): Numeric => shares * NUMERIC_ONE

/**
 * `numerator / denominator` rounded to an integer.
 *
 * @throws {RangeError} when the denominator is not positive
 */
export function divide(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  if (denominator <= 0n) throw new RangeError(`denominator ${denominator} is not positive`)
  const negative = numerator < 0n
  const magnitude = negative ? -numerator : numerator
  const quotient = magnitude / denominator
  const remainder = magnitude % denominator
  const rounded = quotient + (roundsAway(quotient, remainder, denominator, rounding) ? 1n : 0n)
  return negative ? -rounded : rounded
}

function roundsAway(quotient: bigint, remainder: bigint, denominator: bigint, rounding: Rounding): boolean {
  if (remainder === 0n) return false
  switch (rounding) {
    case 'DOWN':
      return false
    case 'UP':
      return true
    case 'NEAREST':
      return remainder * 2n >= denominator
    case 'NEAREST_EVEN':
      return remainder * 2n > denominator || (remainder * 2n === denominator && quotient % 2n === 1n)
  }
}

/** The exact rational `numerator / denominator`. */
export const rational = (numerator: bigint, denominator = 1n): Rational => new Fraction(numerator, denominator)
/** The exact rational value of a {@link Numeric}. */
export const rationalOfNumeric = (value: Numeric): Rational => new Fraction(value, NUMERIC_ONE)
/** Rounds a rational to an integer of 10^-`places` units. */
export function roundRational(value: Rational, places: number, rounding: Rounding): bigint {
  return divide(value.s * value.n * 10n ** BigInt(places), value.d, rounding)
}
