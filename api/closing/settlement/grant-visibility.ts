import type { Actor } from '../../access/index.ts'
import { seesCompany } from '../../parties/index.ts'
import { globalId, NotFound, type Reader, type Ref } from '../../platform/index.ts'

/**
 * Refuses a grant that does not exist or whose company the actor may not see: the two look the same.
 *
 * @throws {NotFound}
 */
export async function mustSeeGrant(reader: Reader, actor: Actor, ref: Ref): Promise<void> {
  const row = seesCompany(actor, ref.companyId)
    ? await reader
        .selectFrom('vesting_grant')
        .select('grant_id')
        .where('company_id', '=', ref.companyId)
        .where('grant_id', '=', ref.id)
        .executeTakeFirst()
    : undefined
  if (row === undefined) throw new NotFound('grant', globalId('Grant', ref.companyId, ref.id))
}
