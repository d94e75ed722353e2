/**
 * "Fully diluted" is five quantities. Each has its own name here; what one counts and another leaves out is a table:
 *
 * | counts                          | SAFE, post-money | SAFE, pre-money | price | anti-dilution (broad) | waterfall       |
 * |---------------------------------|------------------|-----------------|-------|-----------------------|-----------------|
 * | stock, preferred as converted   | yes              | yes             | yes   | yes                   | what shares     |
 * | options and warrants            | yes              | yes             | yes   | yes                   | what exercises  |
 * | tranches for compute, to issue  | yes              | yes             | yes   | no                    | no              |
 * | promised options                | yes              | no              | yes   | no                    | no              |
 * | pool not allocated              | yes              | yes             | yes   | no                    | no              |
 * | increase of the pool            | no               | yes             | yes   | no                    | no              |
 * | SAFEs and notes, as converted   | yes              | no              | by the method of conversion | yes | what converts |
 *
 * What has expired, and what gives cash and never shares, is in none of them (../replay/counted.ts).
 *
 * All quantities are {@link Numeric}: shares of common times 10^10. Unearned shares are issued stock and count as such.
 */
import { divide, type Numeric } from '../../platform/index.ts'
import type { Capitalization } from '../capitalization.ts'
import type { ConversionRatio } from '../replay/conversion-ratio.ts'

/** What a company has before a round, each part once. Preferred is counted as converted to common. */
export type ShareCount = {
  readonly common: Numeric
  readonly preferred: Numeric
  /** Options and like awards granted and outstanding, vested or not. */
  readonly options: Numeric
  /** Warrants with a fixed number. */
  readonly warrants: Numeric
  /** Promised in an offer or a term sheet and not granted yet, and not counted in `unallocated`. */
  readonly promised: Numeric
  /** Reserved by plans, neither granted nor promised. */
  readonly unallocated: Numeric
}

/**
 * How convertibles weigh on the price of a priced round.
 *
 * - `PRE_MONEY`: they are not in the price denominator, so they dilute the new money too
 * - `PERCENT_OWNERSHIP`: they are, so the new money owns money / (pre-money + money) of the company
 * - `DOLLARS_INVESTED`: they are, and what converts is added to the valuation: everyone is diluted
 *
 * Source: Cooley GO, "Calculating share price with outstanding convertible notes or SAFEs".
 */
export const CONVERSION_METHODS = ['PRE_MONEY', 'PERCENT_OWNERSHIP', 'DOLLARS_INVESTED'] as const
export type ConversionMethod = (typeof CONVERSION_METHODS)[number]

/**
 * Which securities a weighted average counts as outstanding before the issue. A charter names its base; "narrow" alone
 * names none, and the price differs by which one is meant.
 *
 * - `BROAD`: stock as converted, options and warrants outstanding, convertibles as converted (the NVCA form)
 * - `BROAD_WITH_RESERVE`: that and what plans hold for grants not made
 * - `STOCK`: common and preferred outstanding only
 * - `PREFERRED`: all preferred outstanding, as converted
 */
export const ANTI_DILUTION_BASES = ['BROAD', 'BROAD_WITH_RESERVE', 'STOCK', 'PREFERRED'] as const
export type AntiDilutionBase = (typeof ANTI_DILUTION_BASES)[number]

const instruments = ({ common, preferred, options, warrants }: ShareCount): Numeric =>
  common + preferred + options + warrants

/**
 * Company capitalization of a post-money SAFE: everything immediately before the financing, `converting` (all SAFEs and
 * notes that convert, this one among them) included, the increase of the pool left out. Promised options count by
 * themselves, so the part of an increase that covers them is not counted again.
 *
 * Source: Y Combinator post-money SAFE 1.2, "Company Capitalization", and its user guide, appendix II.
 */
export const safePostMoneyCapitalization = (count: ShareCount, converting: Numeric): Numeric =>
  instruments(count) + count.promised + count.unallocated + converting

/**
 * Company capitalization of a pre-money SAFE: no SAFE and no note is in it; the plan is, "to be created or increased in
 * connection with" the financing, so with `poolIncrease` (0 where the instrument leaves it out).
 *
 * Source: Y Combinator SAFE of 2013 to 2018, "Company Capitalization".
 */
export const safePreMoneyCapitalization = (count: ShareCount, poolIncrease: Numeric): Numeric =>
  instruments(count) + count.unallocated + poolIncrease

/** What the valuation is divided by. `converting` counts as `method` says. */
export const priceDenominator = (
  count: ShareCount,
  { poolIncrease, converting, method }: { poolIncrease: Numeric; converting: Numeric; method: ConversionMethod },
): Numeric =>
  instruments(count) + count.promised + count.unallocated + poolIncrease + (method === 'PRE_MONEY' ? 0n : converting)

/**
 * "A" of a weighted average: what counts as outstanding immediately before the issue.
 *
 * Source: NVCA model certificate of incorporation, article fourth, part B, 4.4.4.
 */
export function antiDilutionBase(count: ShareCount, converting: Numeric, base: AntiDilutionBase): Numeric {
  switch (base) {
    case 'BROAD':
      return instruments(count) + converting
    case 'BROAD_WITH_RESERVE':
      return instruments(count) + converting + count.unallocated
    case 'STOCK':
      return count.common + count.preferred
    case 'PREFERRED':
      return count.preferred
  }
}

/**
 * What shares the last dollar of a sale: common, preferred that converts or participates (as converted), options and
 * warrants that exercise, convertibles that convert. Nothing promised, reserved or forfeited is paid.
 *
 * The waterfall works it out for each exit value: this is the sum that its shares are parts of.
 */
export const waterfallBase = (sharing: {
  readonly common: Numeric
  readonly preferred: Numeric
  readonly exercised: Numeric
  readonly converted: Numeric
}): Numeric => sharing.common + sharing.preferred + sharing.exercised + sharing.converted

/**
 * The count behind a capitalization: preferred, and options and warrants on preferred, at the ratio of their class, `ratios`
 * before the class's own; the result is rounded down to ten places per class and security. `promised` is not on a cap table,
 * so the caller says it.
 *
 * @throws {RangeError} when a ratio is not positive or `promised` is negative
 */
export function shareCountOf(
  capitalization: Capitalization,
  { promised = 0n, ratios = new Map() }: { promised?: Numeric; ratios?: ReadonlyMap<string, ConversionRatio> } = {},
): ShareCount {
  if (promised < 0n) throw new RangeError('promised options must not be negative')
  const kinds = new Map(capitalization.classes.map((stock) => [stock.id, stock]))
  const converted = (classId: string | undefined, quantity: Numeric): Numeric => {
    const stock = kinds.get(classId ?? '')
    if (stock?.kind !== 'PREFERRED') return quantity
    const { numerator, denominator } = ratios.get(stock.id) ?? stock.ratio ?? { numerator: 1n, denominator: 1n }
    if (numerator <= 0n || denominator <= 0n) throw new RangeError('a conversion ratio must be more than zero')
    return divide(quantity * numerator, denominator, 'DOWN')
  }
  let [common, preferred, options, warrants] = [0n, 0n, 0n, 0n]
  for (const stock of capitalization.classes) {
    if (stock.kind === 'COMMON') common += stock.outstanding
    else preferred += converted(stock.id, stock.outstanding)
  }
  for (const holding of capitalization.holdings) {
    if (holding.kind === 'option') options += converted(holding.classId, holding.quantity)
    if (holding.kind === 'warrant') warrants += converted(holding.classId, holding.quantity)
  }
  const unallocated = capitalization.pools.reduce((sum, { available }) => sum + available, 0n)
  return { common, preferred, options, warrants, promised, unallocated }
}
