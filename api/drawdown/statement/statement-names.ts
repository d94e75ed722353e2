/** The names that a statement's ids had when it was stated: they are hashed with it, so that a later name changes no document. */
import { sql } from 'kysely'
import type { StockIssuance } from '../../captable/index.ts'
import { globalId, type Trx, type Uuid } from '../../platform/index.ts'
import type { Progress } from '../grant.store.ts'

/** By global id, and of grants by their plain id: the class and number of the security that they vest. */
export async function namesOf(
  trx: Trx,
  companyId: Uuid,
  grants: ReadonlyMap<Uuid, Progress>,
  issuances: ReadonlyMap<string, StockIssuance>,
  until: string,
): Promise<Record<string, string>> {
  const { rows } = await sql<{ type: string; id: Uuid; name: string }>`
    SELECT 'Company' AS type, named.company_id AS id, named.legal_name AS name FROM (
      SELECT company_id, legal_name FROM company_identity
      WHERE company_id = ${companyId}
      ORDER BY valid_from <= ${until}::date DESC, valid_from DESC, recorded_at DESC LIMIT 1) AS named
    UNION ALL
    SELECT 'Pool', pool.pool_id, pool.cluster || ' ' || pool.gpu_model FROM pool WHERE pool.pool_id IN (
      SELECT pool_id FROM reservation WHERE company_id = ${companyId})
    UNION ALL
    SELECT 'TokenClass', token_class_id, name FROM token_class WHERE token_class_id IN (
      SELECT token_class_id FROM lot WHERE company_id = ${companyId})
    UNION ALL
    SELECT 'Provider', provider.provider_id, provider.name FROM token_class
    JOIN provider ON provider.provider_id = token_class.provider_id
    WHERE token_class_id IN (SELECT token_class_id FROM lot WHERE company_id = ${companyId})`.execute(trx)
  const names = rows.map(({ type, id, name }) => [globalId(type, id), name] as const)
  const securities = [...grants.values()].map(({ grant }) => {
    const issued = issuances.get(grant.securityId)
    return [grant.grantId, issued === undefined ? grant.securityId : `${issued.className} ${issued.customId}`] as const
  })
  return Object.fromEntries([...names, ...securities])
}
