/** Tokens that make good a fall of the price index. Pure. */
import { type MicroTokens, NUMERIC_PLACES, type Numeric } from '../../platform/index.ts'

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)

/** Whether the index fell by more than agreed: `1 - level / base > threshold`, exactly. */
export const fellBeyond = (base: Numeric, level: Numeric, threshold: Numeric): boolean =>
  level * ONE < base * (ONE - threshold)

/**
 * Micro-tokens that, added to the unused ones, keep their worth at the index: `unused * (base / level - 1)`, or with
 * `BEYOND_THRESHOLD` only what the fall goes beyond the threshold: `unused * (base * (1 - threshold) / level - 1)`. Rounded down
 * once. None where the fall is not beyond the threshold.
 *
 * @throws {RangeError} for a level of nothing
 */
export function topUpTokens(of: {
  readonly unused: MicroTokens
  readonly base: Numeric
  readonly level: Numeric
  readonly threshold: Numeric
  readonly compensates: 'WHOLE_FALL' | 'BEYOND_THRESHOLD'
}): MicroTokens {
  const { unused, base, level, threshold, compensates } = of
  if (level <= 0n) throw new RangeError('an index has no level of nothing')
  if (!fellBeyond(base, level, threshold)) return 0n
  if (compensates === 'WHOLE_FALL') return (unused * (base - level)) / level
  return (unused * (base * (ONE - threshold) - level * ONE)) / (level * ONE)
}
