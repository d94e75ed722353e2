import { type Capitalization, plainCapitalizationOf } from './capitalization.ts'
import { withStatedWarrants } from './pricing/stated-warrants.ts'

/**
 * The capitalization on `asOf`, out of a table that was replayed through that day. Warrants on a part of the company count
 * where the part can be worked out.
 *
 * @param instruments those for compute that are not vesting stock, as they stood on that day
 *
 * @throws {NoCapTable}
 * @throws {BeforeFirstTransaction}
 */
export const capitalizationOf = (...of: Parameters<typeof plainCapitalizationOf>): Capitalization =>
  withStatedWarrants(plainCapitalizationOf(...of))
