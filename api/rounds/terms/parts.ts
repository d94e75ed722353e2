import { divide, NUMERIC_PLACES, type Numeric } from '../../platform/index.ts'

const WHOLE = 10n ** BigInt(NUMERIC_PLACES)

/**
 * Each quantity as a part of their sum, to ten places, so that the parts add up to exactly 1: every part is rounded down
 * and the largest remainders get what is left, earlier ones first among equals (the method of largest remainders).
 * All parts are 0 where there is nothing to divide.
 *
 * @throws {RangeError} for a negative quantity
 */
export function partsOfWhole(quantities: readonly Numeric[]): readonly Numeric[] {
  if (quantities.some((quantity) => quantity < 0n)) throw new RangeError('a quantity is negative')
  const total = quantities.reduce((sum, quantity) => sum + quantity, 0n)
  if (total === 0n) return quantities.map(() => 0n)
  const parts = quantities.map((quantity) => (quantity * WHOLE) / total)
  const left = Number(WHOLE - parts.reduce((sum, part) => sum + part, 0n))
  const byRemainder = quantities
    .map((quantity, index) => ({ index, remainder: (quantity * WHOLE) % total }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder < b.remainder ? 1 : -1))
  for (const { index } of byRemainder.slice(0, left)) parts[index] = (parts[index] ?? 0n) + 1n
  return parts
}

/** `part / whole` to ten places, to the nearest; 0 where there is no whole. For a figure that stands by itself. */
export const partOf = (part: Numeric, whole: Numeric): Numeric =>
  whole === 0n ? 0n : divide(part * WHOLE, whole, 'NEAREST')
