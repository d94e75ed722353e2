/** Companies as screens and other capabilities read them. */
import { sql } from 'kysely'
import type { Actor } from '../access/index.ts'
import type { Reader, Uuid } from '../platform/index.ts'
import { seesCompany, whereVisible } from './visibility.ts'

export type CompanyView = {
  readonly companyId: Uuid
  readonly legalName: string
  readonly legalForm: string
  readonly jurisdiction: string
  readonly createdAt: string
}

const companies = (reader: Reader) =>
  reader
    .selectFrom('company')
    .innerJoinLateral(
      (on) =>
        on
          .selectFrom('company_identity as identity')
          .select(['legal_name', 'legal_form', 'jurisdiction'])
          .whereRef('identity.company_id', '=', 'company.company_id')
          // The latest row whose day has come; before the first of them, that first one.
          .orderBy(sql`valid_from <= (equihour_now() AT TIME ZONE 'UTC')::date`, 'desc')
          .orderBy(sql`abs(valid_from - (equihour_now() AT TIME ZONE 'UTC')::date)`)
          .orderBy('recorded_at', 'desc')
          .limit(1)
          .as('named'),
      (join) => join.onTrue(),
    )
    .select([
      'company.company_id as companyId',
      'named.legal_name as legalName',
      'named.legal_form as legalForm',
      'named.jurisdiction as jurisdiction',
      'company.created_at as createdAt',
    ])

/** The visible ones among these companies, in no order. One query. */
export async function companiesById(reader: Reader, actor: Actor, ids: readonly Uuid[]): Promise<CompanyView[]> {
  const visible = ids.filter((id) => seesCompany(actor, id))
  if (visible.length === 0) return []
  return companies(reader).where('company.company_id', 'in', visible).execute()
}

/** A page of visible companies, newest first: ids are UUIDv7, so the id is the keyset. */
export async function companyPage(
  reader: Reader,
  actor: Actor,
  page: { limit: number; after?: Uuid | undefined; before?: Uuid | undefined; backwards?: boolean },
): Promise<CompanyView[]> {
  let query = companies(reader).where(whereVisible(actor)).limit(page.limit)
  if (page.after !== undefined) query = query.where('company.company_id', '<', page.after)
  if (page.before !== undefined) query = query.where('company.company_id', '>', page.before)
  return query.orderBy('company.company_id', page.backwards === true ? 'asc' : 'desc').execute()
}

/** How many companies the actor sees. */
export async function companyCount(reader: Reader, actor: Actor): Promise<number> {
  const { count } = await reader
    .selectFrom('company')
    .select((on) => on.fn.countAll<bigint>().as('count'))
    .where(whereVisible(actor))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Current legal names of companies, for people who see a row of theirs but not the company (a provider's staff). */
export async function companyNames(reader: Reader, ids: readonly Uuid[]): Promise<Map<Uuid, string>> {
  if (ids.length === 0) return new Map()
  const rows = await companies(reader)
    .where('company.company_id', 'in', [...ids])
    .execute()
  return new Map(rows.map((row) => [row.companyId, row.legalName]))
}
