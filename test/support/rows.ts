import { asOwner } from './database.ts'
import type { World } from './world.ts'

/** The number of rows of every table, so that nothing can be written unseen. */
export async function rows(world: World): Promise<Record<string, string>> {
  const { rows: tables } = await asOwner(
    world.ownerUrl,
    `SELECT format('SELECT %L AS name, count(*)::text AS rows FROM %I.%I', tablename, schemaname, tablename) AS query
     FROM pg_tables WHERE schemaname IN ('public', 'graphile_worker')`,
  )
  const counted = await asOwner(world.ownerUrl, tables.map(({ query }) => query).join(' UNION ALL '))
  return Object.fromEntries(counted.rows.map(({ name, rows: count }) => [name, count]))
}
