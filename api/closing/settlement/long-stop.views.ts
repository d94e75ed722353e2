/** The long-stop of grants as it holds today, with what moved it. Visibility is the company's: callers read it first. */
import { owedDays, requestEvidence } from '../../clusters/index.ts'
import { type Reader, type Ref, today, type Uuid } from '../../platform/index.ts'
import { type LongStop, longStopOf } from './long-stop.ts'
import { signedVersions, termsOfDay } from './terms-by-day.ts'

/** The long-stop of each of these grants, by grant. As many queries as for one. */
export async function longStopsOf(reader: Reader, refs: readonly Ref[]): Promise<Map<Uuid, LongStop>> {
  if (refs.length === 0) return new Map()
  const companyIds = [...new Set(refs.map(({ companyId }) => companyId))]
  const grants = await reader
    .selectFrom('vesting_grant as grant')
    .innerJoin('lot', (on) =>
      on.onRef('lot.company_id', '=', 'grant.company_id').onRef('lot.lot_id', '=', 'grant.lot_id'),
    )
    .select([
      'grant.company_id',
      'grant.grant_id',
      'grant.long_stop',
      'grant.opened_at',
      'grant.round_id',
      'lot.token_class_id',
    ])
    .where('grant.company_id', 'in', companyIds)
    .execute()
  const requests = await requestEvidence(reader, companyIds)
  const on = await today(reader)
  const versions = await signedVersions(
    reader,
    grants.map((grant) => ({ companyId: grant.company_id, id: grant.round_id })),
  )
  return new Map(
    grants.map((grant) => {
      const own = (requests.get(grant.company_id) ?? []).filter((each) => each.tokenClassId === grant.token_class_id)
      const owed = owedDays(own, { from: grant.opened_at.slice(0, 10), until: on })
      const ownTerms = versions.get(grant.round_id) ?? []
      return [grant.grant_id, longStopOf(grant.long_stop, owed, (day) => termsOfDay(ownTerms, day).settlement)]
    }),
  )
}
