/** Who sees which company. Decided here and nowhere else: for nodes, lists, counts and everything that hangs on a company. */
import { type ExpressionBuilder, type ExpressionWrapper, type SqlBool, sql } from 'kysely'
import { type Actor, isStaff } from '../access/index.ts'
import type { DB } from '../platform/database-types.ts'
import { isUuid, NotFound, type Reader, type Uuid } from '../platform/index.ts'

/** Staff see every company that no wall hides from them; founders and signatories see their own. Nobody sees what is no id. */
export function seesCompany(actor: Actor, companyId: Uuid): boolean {
  if (!isUuid(companyId)) return false
  if (actor.walledCompanyIds.has(companyId)) return false
  return isStaff(actor) || actor.companyIds.has(companyId)
}

/** {@link seesCompany} as a condition on `company.company_id`, for lists and counts. */
export function whereVisible(
  actor: Actor,
): (on: ExpressionBuilder<DB, 'company'>) => ExpressionWrapper<DB, 'company', SqlBool> {
  const own = [...actor.companyIds]
  const walled = [...actor.walledCompanyIds]
  return (on) =>
    on.and([
      isStaff(actor) ? on.lit(true) : sql<boolean>`company.company_id = ANY(${own}::uuid[])`,
      sql<boolean>`company.company_id <> ALL(${walled}::uuid[])`,
    ])
}

/**
 * Refuses a company that does not exist or that the actor may not see: the two look the same.
 *
 * @throws {NotFound}
 */
export async function mustSeeCompany(reader: Reader, actor: Actor, companyId: Uuid): Promise<{ companyId: Uuid }> {
  const found = seesCompany(actor, companyId)
    ? await reader.selectFrom('company').select('company_id').where('company_id', '=', companyId).executeTakeFirst()
    : undefined
  if (found === undefined) throw new NotFound('company', `Company:${companyId}`)
  return { companyId }
}
