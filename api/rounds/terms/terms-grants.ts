/** Grants of the first closing beside that of `compute`: tokens of another class, or on other terms, for shares of their own. */
import { z } from 'zod'
import { zIsoDate, zKey, zMoney, zTokens } from '../../platform/index.ts'
import { Charging, Vesting } from './terms-earning.ts'
import { Releases } from './terms-releases.ts'

/** One grant: tokens of one class that vest one security of their own. What is left out is as the round's terms say. */
const FurtherGrant = z.strictObject({
  tokenClassId: zKey('TokenClass'),
  tokens: zTokens,
  /** Money per token; left out, that of `compute`. */
  referencePrice: zMoney.optional(),
  vesting: Vesting.optional(),
  /** A `LIST`, milestones and releases on demand of the round are of the tokens of `compute`: then a further grant has releases of its own. */
  releases: Releases.optional(),
  charging: Charging.optional(),
  longStop: zIsoDate.optional(),
  tokenExpiry: zIsoDate.optional(),
})
export type FurtherGrantTerms = z.output<typeof FurtherGrant>

/** An empty list would say the same as none in another text, and so with another hash. */
export const FurtherGrants = z
  .array(FurtherGrant)
  .min(1, { error: 'names no grant: leave it out' })
  .max(20, { error: 'has more than 20 grants' })
