/** Pages of lists by keyset: of one list, or the same page of many lists in one query. */
import { type Expression, type RawBuilder, type SelectQueryBuilder, sql } from 'kysely'
import type { Reader } from './database.ts'
import type { Uuid } from './ids.ts'

/** A page: at most `limit` rows after one row, or before one. Backwards it is read from the end, last row first. */
export type Page = {
  readonly limit: number
  readonly after?: Uuid | undefined
  readonly before?: Uuid | undefined
  readonly backwards?: boolean
}

/** The page of a list, newest first, whose keyset is one column with UUIDv7s. */
export function pageByKey<Database, Tables extends keyof Database, Row>(
  list: SelectQueryBuilder<Database, Tables, Row>,
  column: string,
  { limit, after, before, backwards }: Page,
): SelectQueryBuilder<Database, Tables, Row> {
  const key = sql.ref<Uuid>(column)
  return list
    .$if(after !== undefined, (query) => query.where(sql<boolean>`${key} < ${after}::uuid`))
    .$if(before !== undefined, (query) => query.where(sql<boolean>`${key} > ${before}::uuid`))
    .orderBy(key, backwards === true ? 'asc' : 'desc')
    .limit(limit)
}

/** What a list says of its parent when many are read in one query. */
export type Parent = { readonly id: RawBuilder<Uuid> }

/**
 * The same list of each parent, in one query. `listOf` is the list of one parent, bounded and in order; each is read from
 * its own index and no further than its bound, which numbering the rows of all of them would not do. A parent without rows
 * has an empty list.
 *
 * @example
 * const pages = await listOfEach(reader, companyIds, (company) =>
 *   pageByKey(statements(reader).where('statement.company_id', '=', company.id), 'statement.statement_id', page))
 */
export async function listOfEach<Row extends object>(
  reader: Reader,
  parents: readonly Uuid[],
  listOf: (parent: Parent) => Expression<Row>,
): Promise<Map<Uuid, Row[]>> {
  const lists = new Map<Uuid, Row[]>(parents.map((id) => [id, []]))
  if (lists.size === 0) return lists
  // The row number is made above the list's own order and bound, so it keeps that order through the join.
  const { rows } = await sql<Row & { parent_id: Uuid; place: bigint }>`
    SELECT parent.id AS parent_id, list.*
    FROM unnest(${[...lists.keys()]}::uuid[]) AS parent (id)
    CROSS JOIN LATERAL (SELECT page.*, row_number() OVER () AS place FROM ${listOf({ id: sql<Uuid>`parent.id` })} AS page) AS list
    ORDER BY parent.id, list.place`.execute(reader)
  for (const { parent_id, place: _place, ...row } of rows) lists.get(parent_id)?.push(row as unknown as Row)
  return lists
}
