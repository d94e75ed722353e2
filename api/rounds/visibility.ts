/** Who sees which round. Decided here for nodes, lists and everything that hangs on a round. */
import { type Actor, isStaff } from '../access/index.ts'
import { seesCompany } from '../parties/index.ts'
import { globalId, NotFound, type Reader, type Ref } from '../platform/index.ts'

/**
 * Staff whom no wall keeps out see every round of a company. Its founders and signatories see a round once its term sheet
 * was issued: before that it is the fund's own paper.
 */
export const seesRound = (
  actor: Actor,
  round: { readonly companyId: string; readonly issuedAt: string | null },
): boolean => seesCompany(actor, round.companyId) && (isStaff(actor) || round.issuedAt !== null)

/**
 * Refuses a round that does not exist or that the actor may not see: the two look the same.
 *
 * @throws {NotFound}
 */
export async function mustSeeRound(reader: Reader, actor: Actor, ref: Ref): Promise<void> {
  const row = seesCompany(actor, ref.companyId)
    ? await reader
        .selectFrom('round')
        .select(['company_id as companyId', 'issued_at as issuedAt'])
        .where('company_id', '=', ref.companyId)
        .where('round_id', '=', ref.id)
        .executeTakeFirst()
    : undefined
  if (row === undefined || !seesRound(actor, row)) throw new NotFound('round', globalId('Round', ref.companyId, ref.id))
}
