/** Which grants have come to an end at which nothing more of them is released, and why. Visibility is the company's. */
import { type LockedGrant, readProgress } from '../../drawdown/index.ts'
import type { Reader, Uuid } from '../../platform/index.ts'
import type { ReleasesEnd, ReleasesEndOf } from '../../tokens/index.ts'
import { type LongStopWithTerms, longStopsWithTerms } from './long-stop.views.ts'
import { appliedToGrants, type StoredSettlement } from './settlement.store.ts'

type Lot = { readonly companyId: Uuid; readonly lotId: Uuid }

/**
 * The end of releases of each of these lots, by lot, as of a day; lots that still release, or are of no grant, are left out. As
 * many queries as for one.
 *
 * From the long-stop on released tokens stay redeemable and earn nothing, so nothing more is released, unless the company has
 * given every share for them: where unearned shares vest all the same (take or pay), or none are left.
 */
export async function releasesEnds(reader: Reader, lots: readonly Lot[], day: string): Promise<Map<Uuid, ReleasesEnd>> {
  const companyIds = [...new Set(lots.map(({ companyId }) => companyId))]
  if (companyIds.length === 0) return new Map()
  const asked = new Set(lots.map(({ lotId }) => lotId))
  const grants = (await readProgress(reader, companyIds)).filter(({ grant }) => asked.has(grant.lotId))
  const refs = grants.map(({ grant }) => ({ companyId: grant.companyId, id: grant.grantId }))
  const longStops = await longStopsWithTerms(reader, refs, day)
  const applied = await appliedToGrants(
    reader,
    companyIds,
    refs.map(({ id }) => id),
  )
  return new Map(
    grants.flatMap((progress) => {
      const { grantId, lotId } = progress.grant
      const known = longStops.get(grantId)
      if (known === undefined) throw new Error(`the grant ${grantId} has no long-stop`)
      const settlements = applied.get(grantId) ?? []
      const end =
        progress.settledAt === null
          ? endByLongStop(progress, settlements, known, day)
          : endBySettlement(progress, settlements)
      return end === undefined ? [] : [[lotId, end] as const]
    }),
  )
}

/** Asked by whoever releases tokens of one lot. */
export const releasesEndOf: ReleasesEndOf = async (reader, lot, day) =>
  (await releasesEnds(reader, [lot], day)).get(lot.lotId)

const forfeitedBy = (settlements: readonly StoredSettlement[]): bigint =>
  settlements.reduce((sum, { plan }) => sum + BigInt(plan.shares.forfeits), 0n)

/** A settled grant, of which shares went back when it ended. */
function endBySettlement(
  { endedOn, settledAt }: LockedGrant,
  settlements: readonly StoredSettlement[],
): ReleasesEnd | undefined {
  if (forfeitedBy(settlements.filter(({ plan }) => plan.endsEarning)) === 0n) return undefined
  return { because: 'SETTLEMENT', on: endedOn ?? settledAt?.slice(0, 10) ?? '' }
}

/** A grant that waits to be settled as its terms of the day of the long-stop say. */
function endByLongStop(
  { grant, earned }: LockedGrant,
  settlements: readonly StoredSettlement[],
  { longStop, termsOn }: LongStopWithTerms,
  day: string,
): ReleasesEnd | undefined {
  if (day < longStop.effective) return undefined
  const { nonUse } = termsOn(longStop.effective).settlement
  if (nonUse === 'VEST_ANYWAY' && !longStop.stillDenied) return undefined
  const unearned = grant.terms.total - forfeitedBy(settlements) - earned
  return unearned === 0n ? undefined : { because: 'LONG_STOP', on: longStop.effective }
}
