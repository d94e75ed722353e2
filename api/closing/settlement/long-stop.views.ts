/** The long-stop of grants as it holds today, with what moved it. Visibility is the company's: callers read it first. */
import { owedDays, requestEvidence } from '../../clusters/index.ts'
import { signedLongStops } from '../../drawdown/index.ts'
import { type Reader, type Ref, today, type Uuid } from '../../platform/index.ts'
import type { RoundTerms } from '../../rounds/index.ts'
import { type LongStop, longStopOf } from './long-stop.ts'
import { signedVersions, termsOfDay } from './terms-by-day.ts'

/** The long-stop of each of these grants as it holds today, by grant. As many queries as for one. */
export async function longStopsOf(reader: Reader, refs: readonly Ref[]): Promise<Map<Uuid, LongStop>> {
  const found = await longStopsWithTerms(reader, refs)
  return new Map([...found].map(([grantId, { longStop }]) => [grantId, longStop]))
}

/** A long-stop, and the signed terms of its round on any day. */
export type LongStopWithTerms = { readonly longStop: LongStop; readonly termsOn: (day: string) => RoundTerms }

/**
 * The same with the terms that it was counted by.
 *
 * @param day the day for which it is asked: what is signed and takes effect by then holds. Today where it is left out
 */
export async function longStopsWithTerms(
  reader: Reader,
  refs: readonly Ref[],
  day?: string,
): Promise<Map<Uuid, LongStopWithTerms>> {
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
  const signed = await signedLongStops(reader, companyIds, day ?? on)
  const versions = await signedVersions(
    reader,
    grants.map((grant) => ({ companyId: grant.company_id, id: grant.round_id })),
  )
  return new Map(
    grants.map((grant) => {
      const own = (requests.get(grant.company_id) ?? []).filter((each) => each.tokenClassId === grant.token_class_id)
      const owed = owedDays(own, { from: grant.opened_at.slice(0, 10), until: on })
      const termsOn = (of: string) => termsOfDay(versions.get(grant.round_id) ?? [], of)
      const agreed = signed.get(grant.grant_id) ?? grant.long_stop
      return [grant.grant_id, { longStop: longStopOf(agreed, owed, (of) => termsOn(of).settlement), termsOn }]
    }),
  )
}
