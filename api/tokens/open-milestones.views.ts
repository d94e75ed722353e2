/** Milestones of signed terms that nobody has confirmed yet, for who may see them. */
import type { Actor } from '../access/index.ts'
import { type Reader, today, type Uuid } from '../platform/index.ts'
import { confirmedMilestones } from './asked-release.store.ts'
import { releasesSeenBy } from './release-sides.ts'
import { type Milestone, NO_RELEASE_TERMS, releaseTermsByLot } from './release-terms.store.ts'
import { unconfirmed } from './unconfirmed.ts'

export type OpenMilestone = { readonly companyId: Uuid; readonly lotId: Uuid; readonly milestone: Milestone }

/** Most lots that are looked at. */
const LOTS_MAX = 500

/** Those of lots that have not expired and that the actor sees, oldest lots first. */
export async function openMilestones(reader: Reader, actor: Actor): Promise<OpenMilestone[]> {
  const lots = await reader
    .selectFrom('lot_release_terms as terms')
    .innerJoin('lot', (on) =>
      on.onRef('lot.company_id', '=', 'terms.company_id').onRef('lot.lot_id', '=', 'terms.lot_id'),
    )
    .select(['lot.company_id as companyId', 'lot.lot_id as lotId'])
    .distinct()
    .where(releasesSeenBy(actor))
    .where('terms.kind', '=', 'milestones')
    .where('lot.expires_on', '>', await today(reader))
    .orderBy('lot.lot_id')
    .limit(LOTS_MAX)
    .execute()
  const companies = [...new Set(lots.map(({ companyId }) => companyId))]
  const terms = await releaseTermsByLot(reader, companies)
  const asked = await confirmedMilestones(reader, companies)
  return lots.flatMap(({ companyId, lotId }) => {
    const now = terms.get(lotId)?.now ?? NO_RELEASE_TERMS
    return unconfirmed(now, lotId, asked.get(companyId) ?? []).map(
      (milestone): OpenMilestone => ({ companyId, lotId, milestone }),
    )
  })
}
