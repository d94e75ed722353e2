/** Which causes earned on a day: signed amendments change the basis of a grant forwards in time. */
import type { Trx, Uuid } from '../platform/index.ts'
import type { VestingGrant } from './grant.store.ts'

/** The vest basis of a grant on a day. */
export type BasisAt = (grant: VestingGrant, day: string) => VestingGrant['basis']

/** Reads a company's changes of the vest basis once. What was charged on a day is corrected as it counted on that day. */
export async function basisAt(trx: Trx, companyId: Uuid): Promise<BasisAt> {
  const changes = await trx
    .selectFrom('grant_change')
    .select(['grant_id', 'effective_on', 'basis_before'])
    .where('company_id', '=', companyId)
    .where('basis', 'is not', null)
    .where('applied_at', 'is not', null)
    .orderBy('effective_on')
    .execute()
  return (grant, day) => {
    const next = changes.find((change) => change.grant_id === grant.grantId && change.effective_on > day.slice(0, 10))
    const before = next?.basis_before
    return before === 'delivered' || before === 'reserved' ? before : grant.basis
  }
}
