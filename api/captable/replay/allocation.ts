/**
 * How shares that do not divide evenly fall on the tranches of a vesting schedule.
 * Source: Open Cap Format 1.2.0, `AllocationType`, whose example is 18 shares over 4 tranches.
 */
import { NUMERIC_PLACES, type Numeric } from '../../platform/index.ts'
import type { VestingTerms } from '../ocf/objects.ts'

export type AllocationType = VestingTerms['allocation_type']

/** One share as a {@link Numeric}. */
export const ONE_SHARE: Numeric = 10n ** BigInt(NUMERIC_PLACES)

/** A non-negative rational number of 10^-10 shares. */
export type Exact = { readonly numerator: bigint; readonly denominator: bigint }

export const exact = (numerator: bigint, denominator = 1n): Exact => ({ numerator, denominator })

export function plus(a: Exact, b: Exact): Exact {
  if (a.denominator === b.denominator) return exact(a.numerator + b.numerator, a.denominator)
  return reduce(exact(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator))
}

export const times = (a: Exact, factor: bigint): Exact => exact(a.numerator * factor, a.denominator)
export const equal = (a: Exact, b: Exact): boolean => a.numerator * b.denominator === b.numerator * a.denominator

function reduce({ numerator, denominator }: Exact): Exact {
  let [a, b] = [numerator, denominator]
  while (b !== 0n) [a, b] = [b, a % b]
  return a > 1n ? exact(numerator / a, denominator / a) : exact(numerator, denominator)
}

/** Whole shares in an exact amount, rounded as asked, as a {@link Numeric}. `NEAREST` is half up. */
export function wholeShares({ numerator, denominator }: Exact, rounding: 'DOWN' | 'UP' | 'NEAREST'): Numeric {
  const unit = denominator * ONE_SHARE
  const whole = numerator / unit
  const rest = numerator % unit
  const up = rounding === 'UP' ? rest > 0n : rounding === 'NEAREST' && rest * 2n >= unit
  return (whole + (up ? 1n : 0n)) * ONE_SHARE
}

/** Rounded down to 10^-10 shares: the finest that OCF can write. */
export const finestDown = ({ numerator, denominator }: Exact): Numeric => numerator / denominator

/** Whether a type looks ahead: it needs to know how many equal tranches there are before it can size the first. */
export const looksAhead = (type: AllocationType): boolean => type.startsWith('FRONT') || type.startsWith('BACK')

/**
 * The whole shares of tranche `index` of `count` equal tranches that together hold `total` whole shares.
 * Only for the types that look ahead.
 *
 * @param total a whole number of shares, as a {@link Numeric}
 */
export function trancheOf(type: AllocationType, total: Numeric, count: bigint, index: bigint): Numeric {
  const shares = total / ONE_SHARE
  const base = shares / count
  const left = shares % count
  switch (type) {
    case 'FRONT_LOADED':
      return (base + (index < left ? 1n : 0n)) * ONE_SHARE
    case 'BACK_LOADED':
      return (base + (index >= count - left ? 1n : 0n)) * ONE_SHARE
    case 'FRONT_LOADED_TO_SINGLE_TRANCHE':
      return (base + (index === 0n ? left : 0n)) * ONE_SHARE
    case 'BACK_LOADED_TO_SINGLE_TRANCHE':
      return (base + (index === count - 1n ? left : 0n)) * ONE_SHARE
    default:
      throw new RangeError(`${type} does not look ahead`)
  }
}
