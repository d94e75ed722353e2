/** The database's time. Inside a transaction it is one instant, however often it is asked. */
import { sql } from 'kysely'
import type { Reader } from './database.ts'

/** The database's instant, ISO 8601 in UTC with microseconds. */
export async function instant(reader: Reader): Promise<string> {
  const known = reader.isTransaction ? instants.get(reader) : undefined
  if (known !== undefined) return known
  const { rows } = await sql<{ at: string }>`SELECT equihour_now() AS at`.execute(reader)
  const at = rows[0]?.at
  if (at === undefined) throw new Error('the database did not tell the time')
  if (reader.isTransaction) instants.set(reader, at)
  return at
}

const instants = new WeakMap<Reader, string>()

/** The UTC date of the database's instant, `YYYY-MM-DD`. */
export const today = async (reader: Reader): Promise<string> => (await instant(reader)).slice(0, 10)
