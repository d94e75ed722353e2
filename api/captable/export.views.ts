/** Everything that is stored of a cap table, for writing it out: what counts, what was set aside, and what is of other versions. */
import { sql } from 'kysely'
import type { Reader, Uuid } from '../platform/index.ts'
import type { ItemStatus } from './history.store.ts'
import { joinPerson } from './history.views.ts'
import type { JsonObject } from './ocf/json.ts'
import type { PackageItems } from './ocf/write-package.ts'

/** An item that is stored and does not count. */
export type ItemAside = { readonly type: string; readonly id: string }
export type StoredPackage = PackageItems & {
  /** Among the objects and transactions, those that do not count. */
  readonly setAside: readonly ItemAside[]
  /** Day of the last transaction, or `undefined` where there is none. */
  readonly lastDate: string | undefined
}

type Row = {
  readonly list: 'object' | 'transaction'
  readonly status: ItemStatus
  readonly type: string
  readonly id: string
  readonly date: string | null
  readonly item: JsonObject
  readonly personal: JsonObject | null
}

/**
 * All items of a company, in the order in which they were stored: of an object that counts the latest version, at the place of
 * its first. `undefined` where there is no history. One statement, so that no transaction is read without its objects.
 */
export async function storedPackage(reader: Reader, companyId: Uuid): Promise<StoredPackage | undefined> {
  const { rows } = await sql<Row>`
    SELECT * FROM (
      SELECT 'object' AS list, latest.position::bigint AS position, latest.status, latest.object_type AS type,
        latest.object_id AS id, NULL::text AS date, latest.item, person.personal
      FROM (
        SELECT DISTINCT ON (object_type, object_id, kept) object_type, object_id, version, status, item,
          CASE WHEN status = 'APPLIED' THEN min(position) OVER (PARTITION BY object_type, object_id, status)
            ELSE position END AS position
        FROM (
          SELECT *, CASE WHEN status = 'APPLIED' THEN 0 ELSE version END AS kept
          FROM ocf_object WHERE company_id = ${companyId}
        ) AS version_kept
        ORDER BY object_type, object_id, kept, version DESC
      ) AS latest
      LEFT JOIN stakeholder_person AS person
        ON person.company_id = ${companyId} AND latest.object_type = 'STAKEHOLDER'
        AND person.object_id = latest.object_id AND person.version = latest.version
      UNION ALL
      SELECT 'transaction', position, status, object_type, transaction_id, date::text, item, NULL
      FROM securities_transaction WHERE company_id = ${companyId}
    ) AS stored
    ORDER BY list, position`.execute(reader)
  const whole = rows.map((row) => ({
    ...row,
    item: row.list === 'object' && row.type === 'STAKEHOLDER' ? joinPerson(row.item, row.personal) : row.item,
  }))
  const known = whole.filter(({ status }) => status !== 'UNKNOWN_TYPE')
  const issuer = known.find(({ type }) => type === 'ISSUER')
  if (issuer === undefined) return undefined
  const itemsOf = (of: readonly Row[]): JsonObject[] => of.map(({ item }) => item)
  return {
    issuer: issuer.item,
    objects: itemsOf(known.filter((row) => row.list === 'object' && row !== issuer)),
    transactions: itemsOf(known.filter((row) => row.list === 'transaction')),
    unknown: itemsOf(whole.filter(({ status }) => status === 'UNKNOWN_TYPE')),
    setAside: known.filter(({ status }) => status === 'SET_ASIDE').map(({ type, id }) => ({ type, id })),
    lastDate: known.reduce<string | undefined>(later, undefined),
  }
}

const later = (last: string | undefined, { date }: Row): string | undefined =>
  date === null || (last !== undefined && last >= date) ? last : date
