/** What an amendment changes of grants that later closings opened: their releases, which the terms of the round do not say. */
import { sql } from 'kysely'
import { z } from 'zod'
import { signedLongStops } from '../../drawdown/index.ts'
import {
  canonicalJson,
  globalId,
  type InputFault,
  type JsonValue,
  type MicroTokens,
  type Reader,
  Refused,
  type Uuid,
  zRef,
} from '../../platform/index.ts'
import {
  type LockedRound,
  leaveReleases,
  Releases,
  type ReleaseTerms,
  type RoundTerms,
  releaseFaults,
  releasesOfGrant,
  type TermChange,
  writeReleases,
} from '../../rounds/index.ts'
import { LaterClosing, releasesOf } from '../later-closing/later-closing.ts'

/** The releases of one grant, whole as they are to read. */
export const LaterGrant = z.strictObject({ grantId: zRef('Grant'), releases: Releases })
export type LaterGrant = z.output<typeof LaterGrant>
export const LaterGrants = z.array(LaterGrant).max(50)

/** As they are stored and printed; {@link LaterGrants} reads them back. */
export const laterGrantsJson = (grants: readonly LaterGrant[]): JsonValue[] =>
  grants.map(({ grantId, releases }) => ({
    grantId: globalId('Grant', grantId.companyId, grantId.id),
    releases: releasesJson(releases),
  }))

// A wire form is JSON by construction: it is what is hashed and stored.
const releasesJson = (releases: ReleaseTerms): JsonValue => writeReleases(releases) as JsonValue

/** A grant of a later closing, and what both sides signed last of its releases. */
type Standing = {
  readonly grantId: Uuid
  /** Which closing of the round, and which of its grants. */
  readonly place: readonly [closing: string, grant: string]
  readonly closingDate: string
  readonly tokens: MicroTokens
  readonly basis: string
  readonly longStop: string
  readonly releases: ReleaseTerms
}

/**
 * What the amendment changes of them, and what of that may not be: as for a grant of the first closing, what is due by the day
 * on which it takes effect stays as it is, and the rest fits the grant's tokens, basis and long-stop.
 *
 * @param terms those of the round before and after: a grant that had its long-stop of the round follows it
 * @throws {Refused} for a grant that no later closing of the round opened, or that is named twice
 */
export async function laterGrantChanges(
  reader: Reader,
  round: Pick<LockedRound, 'companyId' | 'roundId'>,
  grants: readonly LaterGrant[],
  { effectiveOn, before, after }: { effectiveOn: string; before: RoundTerms; after: RoundTerms },
): Promise<{ readonly changes: readonly TermChange[]; readonly faults: readonly InputFault[] }> {
  if (grants.length === 0) return { changes: [], faults: [] }
  const standings = await standingsOf(reader, round, effectiveOn)
  const [changes, faults]: [TermChange[], InputFault[]] = [[], []]
  const named = new Set<Uuid>()
  for (const [index, { grantId, releases }] of grants.entries()) {
    const standing = grantId.companyId === round.companyId ? standings.get(grantId.id) : undefined
    if (standing === undefined)
      throw new Refused(`laterGrants.${index}.grantId`, 'names no grant that a later closing of this round opened')
    if (named.has(grantId.id)) throw new Refused(`laterGrants.${index}.grantId`, 'is named twice')
    named.add(grantId.id)
    const { tokens, basis, closingDate, place } = standing
    const [from, to] = [releasesJson(standing.releases), releasesJson(releases)]
    if (canonicalJson(from) === canonicalJson(to))
      throw new Refused(`laterGrants.${index}.releases`, 'are the releases as they are: there is nothing to amend')
    const longStop = standing.longStop === before.longStop ? after.longStop : standing.longStop
    const path = ['laterGrants', index]
    faults.push(...releaseFaults(path, { releases, tokens, vesting: { basis }, closingDate, longStop }))
    const due = (terms: ReleaseTerms) =>
      releasesOfGrant({ releases: terms, tokens }, closingDate)
        .filter(({ on }) => on <= effectiveOn)
        .map(({ on, amount }) => `${on} ${amount}`)
        .join()
    if (due(standing.releases) !== due(releases))
      faults.push({ path: [...path, 'releases'], reason: leaveReleases(effectiveOn) })
    changes.push({ path: ['closings', place[0], 'grants', place[1], 'releases'], from, to })
  }
  return { changes, faults }
}

/** The grants that later closings of the round opened, as they will stand on a day, by grant. */
async function standingsOf(
  reader: Reader,
  { companyId, roundId }: Pick<LockedRound, 'companyId' | 'roundId'>,
  day: string,
): Promise<ReadonlyMap<Uuid, Standing>> {
  const rows = await reader
    .selectFrom('closed_grant as opened')
    .innerJoin('closing', (on) =>
      on.onRef('closing.company_id', '=', 'opened.company_id').onRef('closing.closing_id', '=', 'opened.closing_id'),
    )
    .innerJoin('vesting_grant as grant', (on) =>
      on.onRef('grant.company_id', '=', 'opened.company_id').onRef('grant.grant_id', '=', 'opened.grant_id'),
    )
    .select(['opened.grant_id', 'opened.leg', 'closing.ordinal', 'closing.content', 'grant.basis', 'grant.long_stop'])
    .where('opened.company_id', '=', companyId)
    .where('opened.round_id', '=', roundId)
    .where('closing.ordinal', '>', 1)
    .execute()
  const signed = await signedLast(reader, companyId, roundId)
  const longStops = await signedLongStops(reader, [companyId], day)
  return new Map(
    rows.map((row) => {
      const { closingDate, grants } = LaterClosing.parse(row.content)
      const leg = grants[row.leg - 1]
      if (leg === undefined) throw new Error(`the closing ${row.ordinal} has no grant ${row.leg}`)
      const agreed = leg.releases ?? {
        kind: 'LIST' as const,
        releases: releasesOf({ leg }, closingDate).map(({ on, amount }) => ({ on, tokens: amount })),
      }
      return [
        row.grant_id,
        {
          ...{ grantId: row.grant_id, place: [String(row.ordinal), String(row.leg)] as const, closingDate },
          ...{ tokens: leg.tokens, basis: row.basis, longStop: longStops.get(row.grant_id) ?? row.long_stop },
          releases: signed.get(row.grant_id) ?? agreed,
        },
      ]
    }),
  )
}

/** What amendments that both have signed say, the last of each grant. */
async function signedLast(reader: Reader, companyId: Uuid, roundId: Uuid): Promise<ReadonlyMap<Uuid, ReleaseTerms>> {
  const rows = await reader
    .selectFrom('amendment')
    .select('later_grants')
    .where('company_id', '=', companyId)
    .where('round_id', '=', roundId)
    .where('state', 'in', ['accepted', 'in_force'])
    .where(sql<boolean>`later_grants <> '[]'`)
    .orderBy('terms_version')
    .execute()
  return new Map(
    rows.flatMap((row) =>
      LaterGrants.parse(row.later_grants).map(({ grantId, releases }) => [grantId.id, releases] as const),
    ),
  )
}
