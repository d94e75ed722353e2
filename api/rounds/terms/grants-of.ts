/** Every grant that the first closing opens, with everything that it leaves to the round written out. Pure. */
import type { MicroTokens, Money, Uuid } from '../../platform/index.ts'
import { type PlannedRelease, releaseSchedule } from './release-schedule.ts'
import type { RoundTerms } from './terms-shape.ts'

export type GrantTerms = {
  /** 1 is that of `compute`; further ones count on in the order of the terms. */
  readonly ordinal: number
  readonly tokenClassId: Uuid
  readonly tokens: MicroTokens
  /** Money per token. A price agreed between the parties, not a fair value. */
  readonly referencePrice: Money
  readonly vesting: RoundTerms['vesting']
  readonly releases: RoundTerms['releases']
  readonly charging: RoundTerms['charging']
  readonly longStop: string
  readonly tokenExpiry: string
}

/** What of the terms decides about grants: terms in hand may have faults elsewhere. */
export type GrantingTerms = Pick<
  RoundTerms,
  'compute' | 'vesting' | 'releases' | 'charging' | 'longStop' | 'tokenExpiry' | 'furtherGrants'
>

/** The first is that of `compute`, by the round's own terms. */
export function grantsOf(terms: GrantingTerms): readonly [GrantTerms, ...GrantTerms[]] {
  const { compute, vesting, releases, charging, longStop, tokenExpiry } = terms
  const { tokenClassId, tokens, referencePrice } = compute
  const first = { tokenClassId, tokens, referencePrice, vesting, releases, charging, longStop, tokenExpiry }
  const further = (terms.furtherGrants ?? []).map(
    (own, index): GrantTerms => ({
      ordinal: index + 2,
      tokenClassId: own.tokenClassId,
      tokens: own.tokens,
      referencePrice: own.referencePrice ?? referencePrice,
      vesting: own.vesting ?? vesting,
      releases: own.releases ?? releases,
      charging: own.charging ?? charging,
      longStop: own.longStop ?? longStop,
      tokenExpiry: own.tokenExpiry ?? tokenExpiry,
    }),
  )
  return [{ ...first, ordinal: 1 }, ...further]
}

/** When a grant's tokens become available, if the closing is on the planned date. */
export const releasesOfGrant = (
  grant: Pick<GrantTerms, 'releases' | 'tokens'>,
  closingDate: string,
): readonly PlannedRelease[] => releaseSchedule({ releases: grant.releases, compute: grant, closingDate })

/** The paths of a grant's terms: `[]` of the first, `['furtherGrants', 0]` of the second. */
export const pathOfGrant = ({ ordinal }: Pick<GrantTerms, 'ordinal'>): readonly (string | number)[] =>
  ordinal === 1 ? [] : ['furtherGrants', ordinal - 2]
