import { globalId, NotFound, type Ref, type Trx, type Uuid } from '../platform/index.ts'

/** What a closed round's grants vest, and the document behind each. @throws {NotFound} for a round that is not closed */
export async function instrumentsOfRound(
  trx: Trx,
  ref: Ref,
): Promise<readonly { readonly securityId: string; readonly documentId: Uuid }[]> {
  const rows = await trx
    .selectFrom('closed_grant')
    .select(['security_id', 'document_id'])
    .where('company_id', '=', ref.companyId)
    .where('round_id', '=', ref.id)
    .orderBy('grant_id')
    .execute()
  if (rows.length === 0) throw new NotFound('closing of the round', globalId('Round', ref.companyId, ref.id))
  return rows.map((row) => ({ securityId: row.security_id, documentId: row.document_id }))
}
