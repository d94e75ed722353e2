/** What a closing after the first brings, and what it issues at the price of the first. Content and pure rules. */
import { z } from 'zod'
import {
  divide,
  formatNumeric,
  formatTokens,
  globalId,
  type JsonValue,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
  Refused,
  type Uuid,
  type WholeShares,
  zIsoDate,
  zKey,
  zPositiveMoney,
  zPositiveTokens,
  zText,
} from '../../platform/index.ts'
import {
  ALLOCATIONS,
  computeConsideration,
  type PlannedRelease,
  Releases,
  type ReleaseTerms,
  type RoundTerms,
  releasesOfGrant,
  VEST_BASES,
  WAIVERS,
  writeReleases,
} from '../../rounds/index.ts'

/** One grant: tokens of one class that vest one security of their own. What is left out is as the terms of the round say. */
const Leg = z.strictObject({
  tokenClassId: zKey('TokenClass'),
  tokens: zPositiveTokens,
  referencePrice: zPositiveMoney.optional(),
  basis: z.enum(VEST_BASES).optional(),
  allocation: z.enum(ALLOCATIONS).optional(),
  tranches: z.int().min(1).max(1000).optional(),
  /** Days on which equal parts of the tokens become available; left out: all on the day of the closing. */
  releaseOn: z.array(zIsoDate).min(1).max(500).optional(),
  /** Everything that terms may say of releases; in the place of `releaseOn`. */
  releases: Releases.optional(),
  charging: z.enum(['RESERVED', 'METERED']).optional(),
  longStop: zIsoDate.optional(),
  tokenExpiry: zIsoDate.optional(),
})
export type Leg = z.output<typeof Leg>

/** What a later closing brings. */
export const LaterClosing = z.strictObject({
  closingDate: zIsoDate,
  cashInvestors: z
    .array(z.strictObject({ name: zText(200), amount: zPositiveMoney, stakeholderId: zText(100).optional() }))
    .max(200)
    .default([]),
  grants: z.array(Leg).max(20).default([]),
  conditions: z
    .array(
      z.strictObject({
        code: z.string().regex(/^[A-Z][A-Z0-9_]{1,39}$/, 'must be capitals, digits and underscores'),
        text: zText(1000),
        waivableBy: z.enum(WAIVERS).default('nobody'),
      }),
    )
    .max(50)
    .default([]),
})
export type LaterClosing = z.output<typeof LaterClosing>

const money = ({ amount, currency }: Money) => ({ amount: formatNumeric(amount), currency })

/** As it is stored; {@link LaterClosing} reads it back. */
export const laterClosingJson = (closing: LaterClosing): JsonValue =>
  JSON.parse(
    JSON.stringify({
      ...closing,
      cashInvestors: closing.cashInvestors.map((one) => ({ ...one, amount: money(one.amount) })),
      grants: closing.grants.map((leg) => ({
        ...leg,
        tokenClassId: globalId('TokenClass', leg.tokenClassId),
        tokens: formatTokens(leg.tokens),
        ...(leg.referencePrice === undefined ? {} : { referencePrice: money(leg.referencePrice) }),
        ...(leg.releases === undefined ? {} : { releases: writeReleases(leg.releases) }),
      })),
    }),
  ) as JsonValue

/** A purchase at the price of the first closing. */
export type LaterPurchase = {
  readonly holder: string
  /** Its id in the company's OCF data, where the closing names it. */
  readonly stakeholderId?: string | undefined
  readonly className: string
  readonly amount: Money
  readonly shares: WholeShares
  /** Money minus shares times price. */
  readonly remainder: Money
}
export type LaterForma = {
  readonly price: Money
  readonly grants: readonly (LaterPurchase & { readonly leg: Leg; readonly referencePrice: Money })[]
  readonly cash: readonly LaterPurchase[]
  readonly consideration: Money
  readonly shares: WholeShares
}

/**
 * The shares that a later closing issues: money divided by the fixed price, each purchase rounded once as the terms say.
 *
 * @throws {Refused} for a purchase in another currency, or one that buys no whole share
 */
export function laterForma(terms: RoundTerms, price: Money, closing: LaterClosing): LaterForma {
  const buy = (field: string, holder: string, className: string, amount: Money): LaterPurchase => {
    if (amount.currency !== price.currency)
      throw new Refused(field, `must be in ${price.currency}: a round has one currency`)
    const shares = divide(amount.amount, price.amount, terms.shareRounding)
    if (shares <= 0n) throw new Refused(field, `buys no whole share at a price of ${formatNumeric(price.amount)}`)
    return {
      holder,
      className,
      amount,
      shares,
      remainder: { amount: amount.amount - shares * price.amount, currency: price.currency },
    }
  }
  const grants = closing.grants.map((leg, index) => {
    const referencePrice = leg.referencePrice ?? terms.compute.referencePrice
    const amount = computeConsideration({ tokens: leg.tokens, referencePrice })
    const { className } = terms.security
    return { ...buy(`grants.${index}.tokens`, terms.compute.holderName, className, amount), leg, referencePrice }
  })
  const cash = closing.cashInvestors.map(({ name, amount, stakeholderId }, index) => ({
    ...buy(`cashInvestors.${index}.amount`, name, (terms.cashSecurity ?? terms.security).className, amount),
    stakeholderId,
  }))
  const all = [...grants, ...cash]
  return {
    price,
    grants,
    cash,
    consideration: { amount: all.reduce((sum, { amount }) => sum + amount.amount, 0n), currency: price.currency },
    shares: all.reduce((sum, { shares }) => sum + shares, 0n),
  }
}

/** Tokens of a leg that dates release. Of `releaseOn` equal parts, the last completing the grant; all on the closing date where nothing is said. */
export function releasesOf({ leg }: { readonly leg: Leg }, closingDate: string): readonly PlannedRelease[] {
  if (leg.releases !== undefined) return releasesOfGrant({ releases: leg.releases, tokens: leg.tokens }, closingDate)
  const days = leg.releaseOn ?? [closingDate]
  let released = 0n
  return days.map((on, index) => {
    const until = (leg.tokens * BigInt(index + 1)) / BigInt(days.length)
    const amount = until - released
    released = until
    return { on, amount }
  })
}

/** What of a leg no date releases. */
export const releaseTermsOf = ({ releases = AT_CLOSE }: Leg): ReleaseTerms => releases
const AT_CLOSE: ReleaseTerms = { kind: 'AT_CLOSE' }

/** The terms by which a grant earns, where the leg does not say otherwise the round's. */
export const earningOf = (terms: RoundTerms, leg: Leg) => ({
  basis: leg.basis ?? terms.vesting.basis,
  allocation: leg.allocation ?? terms.vesting.allocation,
  tranches: leg.tranches ?? (leg.allocation === undefined ? (terms.vesting.tranches ?? null) : null),
  charging: leg.charging ?? terms.charging,
  longStop: leg.longStop ?? terms.longStop,
  tokenExpiry: leg.tokenExpiry ?? terms.tokenExpiry,
})

/** A quantity of whole shares at a price, in money. */
export const worth = (shares: WholeShares, price: Numeric): Numeric => shares * price
export const SHARE_SCALE = 10n ** BigInt(NUMERIC_PLACES)
export type ClosingId = Uuid
