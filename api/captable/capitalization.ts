/**
 * A company's capitalization on one date, as plain values: what the rounds capability computes a pro forma from.
 * All quantities are {@link Numeric}: shares (or shares under an instrument) times 10^10.
 */
import type { Money, Numeric } from '../platform/exact.ts'

/** Authorised number of a class: a count, or one of the two words Open Cap Format allows in its place. */
export type Authorized = Numeric | 'UNLIMITED' | 'NOT APPLICABLE'

/** One stock class. `outstanding` counts issued shares that are still live, vested or not. */
export type CapitalizationClass = {
  readonly id: string
  readonly name: string
  readonly kind: 'COMMON' | 'PREFERRED'
  readonly authorized: Authorized
  readonly outstanding: Numeric
}

type HoldingOf<K extends string> = {
  readonly kind: K
  readonly securityId: string
  readonly stakeholderId: string
  readonly stakeholderName: string
  /** Shares of stock; shares under an option or warrant. `0` where an instrument has no fixed number (see `convertibles`). */
  readonly quantity: Numeric
  /** Part of `quantity` that has not vested on the date. */
  readonly unvested: Numeric
}

/** One live security. Securities are not merged by holder: the table that a person reads does that. */
export type CapitalizationHolding =
  | (HoldingOf<'stock'> & { readonly classId: string })
  | (HoldingOf<'option'> & { readonly planId: string | undefined; readonly classId: string | undefined })
  | (HoldingOf<'warrant'> & {
      readonly classId: string | undefined
      /** False where the warrant names no fixed number: it then has `quantity` 0 and counts nowhere. */
      readonly fixed: boolean
    })
  | (HoldingOf<'convertible'> & {
      readonly convertible: 'NOTE' | 'SAFE' | 'CONVERTIBLE_SECURITY'
      readonly amount: Money
    })

/** One plan. `available` = reserved minus what is outstanding under it, was exercised, or left the pool for good. */
export type CapitalizationPool = {
  readonly planId: string
  readonly name: string
  readonly classIds: readonly string[]
  readonly reserved: Numeric
  readonly available: Numeric
}

/**
 * The capitalization of one company on `asOf` (inclusive).
 *
 * `fullyDiluted` = outstanding stock + outstanding options and like awards + warrants with a fixed number
 * + reserved but not granted. Convertibles are not in it: their number depends on a price that is not known yet.
 * Preferred counts as its own number of shares, not as converted to common.
 */
export type Capitalization = {
  readonly asOf: string
  readonly classes: readonly CapitalizationClass[]
  readonly holdings: readonly CapitalizationHolding[]
  readonly pools: readonly CapitalizationPool[]
  readonly fullyDiluted: Numeric
}
