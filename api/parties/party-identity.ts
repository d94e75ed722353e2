/** Who stands for the fund or for a provider, by date. */
import { type RawBuilder, sql } from 'kysely'
import { instant, type Trx, type Uuid } from '../platform/index.ts'

/** The name of a party as it is today, as SQL; null before its first change. `party` is the column with its id. */
export const nameToday = (party: RawBuilder<unknown>): RawBuilder<string | null> =>
  sql`(SELECT dated.name FROM party_identity AS dated
    WHERE dated.party_id = ${party} AND dated.valid_from <= (equihour_now() AT TIME ZONE 'UTC')::date
    ORDER BY dated.valid_from DESC, dated.recorded_at DESC LIMIT 1)`

/** Records who stands for a party from a day on. Its id, and everything that names it, stays. */
export async function insertPartyIdentity(
  trx: Trx,
  identity: {
    readonly partyId: Uuid
    readonly side: 'fund' | 'provider'
    readonly name: string
    readonly validFrom: string
    readonly source: string
    readonly recordedBy: Uuid
  },
): Promise<void> {
  await trx
    .insertInto('party_identity')
    .values({
      party_id: identity.partyId,
      valid_from: identity.validFrom,
      recorded_at: await instant(trx),
      side: identity.side,
      name: identity.name,
      source: identity.source,
      recorded_by: identity.recordedBy,
    })
    .execute()
}
