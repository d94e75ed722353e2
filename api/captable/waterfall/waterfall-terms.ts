/**
 * What a waterfall is computed from: who is paid before whom, and how much each is owed.
 *
 * Order: debt by rank; the carve-out, from what debt leaves; convertibles and preferences by seniority; then what is left,
 * shared by common, participating preferred, what converts and what exercises.
 *
 * Two traps of Open Cap Format: a stock class with a HIGHER seniority is paid first, a convertible with seniority 1 is.
 */
import { NUMERIC_PLACES, type Numeric } from '../../platform/index.ts'
import type { ConversionRatio } from '../replay/conversion-ratio.ts'

/** Money lent. Rank 1 is paid first; equal ranks share in proportion. */
export type Debt = { readonly id: string; readonly amount: Numeric; readonly rank: number }

/** What management gets: `part` of what debt leaves beyond `above`, but not more than `atMost`. */
export type CarveOut = {
  readonly id: string
  /** Less than 1. */
  readonly part: Numeric
  readonly above: Numeric
  readonly atMost?: Numeric | undefined
}

/**
 * A SAFE or note that pays out `amount` or converts into `shares` of common, whichever is more; a note that cannot convert
 * has 0 shares. `standing`: as a tier of its own before all stock, by its seniority (1 first), or, as the YC SAFE says of
 * itself, on par with the preferred of one stock seniority.
 */
export type WaterfallConvertible = {
  readonly id: string
  readonly amount: Numeric
  readonly shares: Numeric
  readonly standing:
    | { readonly kind: 'BEFORE_STOCK'; readonly seniority: number }
    | { readonly kind: 'WITH_STOCK'; readonly seniority: Numeric }
}

/**
 * - `NONE`: the preference, or as common, whichever is more
 * - `FULL`: the preference, and with common
 * - `CAPPED`: so until both make `multiple` times the price, or as common if that is more
 */
export type Participation =
  | { readonly kind: 'NONE' }
  | { readonly kind: 'FULL' }
  | { readonly kind: 'CAPPED'; readonly multiple: Numeric }

export type Preference = {
  /** Original issue price per share. */
  readonly price: Numeric
  /** Times the price. */
  readonly multiple: Numeric
  /** Dividends accrued and unpaid, per share. */
  readonly accrued?: Numeric | undefined
  /** As in Open Cap Format: HIGHER is paid first, equal shares in proportion. */
  readonly seniority: Numeric
  readonly participation: Participation
}

/**
 * What unearned shares get.
 *
 * - `NO_PREFERENCE`: they share as common does, so no preference exceeds the earned value (what holds unless terms say else)
 * - `FULL`: as the earned ones
 * - `FORFEITED`: nothing; they ended before the money was paid
 */
export type UnearnedTreatment = 'NO_PREFERENCE' | 'FULL' | 'FORFEITED'

export type WaterfallHolding = {
  readonly id: string
  /** Outstanding, the unearned among them. */
  readonly shares: Numeric
  readonly unearned?: { readonly shares: Numeric; readonly treatment: UnearnedTreatment } | undefined
}

/** A stock class; without a preference it is common. All of a class convert or none does. */
export type WaterfallClass = {
  readonly id: string
  /** Common per share; 1 where it is not said. */
  readonly ratio?: ConversionRatio | undefined
  readonly preference?: Preference | undefined
  readonly holdings: readonly WaterfallHolding[]
}

/** Options or warrants for common that may be exercised. What has not vested and will not is left out by the caller. */
export type WaterfallOption = { readonly id: string; readonly shares: Numeric; readonly strike: Numeric }

export type WaterfallInput = {
  readonly debts: readonly Debt[]
  readonly carveOut?: CarveOut | undefined
  readonly convertibles: readonly WaterfallConvertible[]
  readonly classes: readonly WaterfallClass[]
  readonly options: readonly WaterfallOption[]
  /** Decimal places that payouts are paid in, 0 to 10. */
  readonly places: number
}

/** Why there is no such waterfall. */
export type WaterfallFault =
  /** A participation cap is less than the preference itself. */
  | { readonly kind: 'cap_below_preference'; readonly ids: readonly string[] }
  /** Nobody is owed more than `most`: there are no shares that could take the rest. */
  | { readonly kind: 'nobody_to_pay'; readonly most: Numeric }

const ONE = 10n ** BigInt(NUMERIC_PLACES)

/** Classes whose participation cap is below their preference. */
export function capsBelowPreference(classes: readonly WaterfallClass[]): string[] {
  const wrong = classes.filter(({ preference }) => {
    if (preference?.participation.kind !== 'CAPPED') return false
    const { price, multiple, accrued = 0n, participation } = preference
    return price * participation.multiple < price * multiple + accrued * ONE
  })
  return wrong.map(({ id }) => id)
}

/**
 * @throws {RangeError} when a number is negative, a part is not less than 1, more is unearned than there is, or ids repeat:
 *   what comes from people is parsed before
 */
export function mustBeWaterfall({ debts, carveOut, convertibles, classes, options, places }: WaterfallInput): void {
  if (!Number.isInteger(places) || places < 0 || places > NUMERIC_PLACES) throw new RangeError('places must be 0 to 10')
  const amounts = [
    ...debts.map(({ amount }) => amount),
    ...convertibles.flatMap(({ amount, shares }) => [amount, shares]),
    ...options.flatMap(({ shares, strike }) => [shares, strike]),
    ...classes.flatMap(({ preference, holdings }) => [
      ...(preference === undefined ? [] : [preference.price, preference.multiple, preference.accrued ?? 0n]),
      ...(preference?.participation.kind === 'CAPPED' ? [preference.participation.multiple] : []),
      ...holdings.flatMap(({ shares, unearned }) => [shares, unearned?.shares ?? 0n]),
    ]),
    ...(carveOut === undefined ? [] : [carveOut.part, carveOut.above, carveOut.atMost ?? 0n]),
  ]
  if (amounts.some((amount) => amount < 0n)) throw new RangeError('no number of a waterfall may be negative')
  if (carveOut !== undefined && carveOut.part >= ONE) throw new RangeError('a carve-out must be less than the whole')
  for (const { ratio, holdings } of classes) {
    if (ratio !== undefined && (ratio.numerator <= 0n || ratio.denominator <= 0n)) {
      throw new RangeError('a conversion ratio must be more than zero')
    }
    if (holdings.some(({ shares, unearned }) => unearned !== undefined && unearned.shares > shares)) {
      throw new RangeError('more shares are unearned than there are')
    }
  }
  const lists = [debts, convertibles, classes, options, ...classes.map(({ holdings }) => holdings)]
  for (const ids of lists.map((list) => list.map(({ id }) => id))) {
    if (new Set(ids).size < ids.length) throw new RangeError('ids repeat')
  }
}
