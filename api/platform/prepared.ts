/** Statements of the hot paths: written once as SQL, and parsed and planned by the database once for each connection. */
import { CompiledQuery, type QueryResult } from 'kysely'

/** The pool, or a transaction. (Its own type would import this file in a circle.) */
export type Asked = { executeQuery<R>(query: CompiledQuery<R>): Promise<QueryResult<R>> }

/** A statement as the driver takes it. */
export type NamedStatement = { readonly name: string; readonly text: string; readonly values: unknown[] }
/** Asks a connection of the pool, past the query builder, and answers rows. */
export type AskPool = (statement: NamedStatement) => Promise<unknown[]>

const pools = new WeakMap<Asked, AskPool>()

/** Says how the pool behind a reader is asked: a prepared statement then goes there at once. A transaction has none. */
export const askedPool = (reader: Asked, ask: AskPool): void => void pools.set(reader, ask)

/** The names of prepared statements, by their text. The pool sends a statement that has one by name. */
const names = new Map<string, string>()

/** The name under which the database knows this text, or `undefined` for a statement that is not prepared. */
export const preparedName = (text: string): string | undefined => names.get(text)

/**
 * A statement that is sent by name. Neither the query builder nor the database works on its text again, which costs more
 * than the statement itself where that is short. Its text must not depend on its values.
 *
 * @param name of this statement alone, the same in every process
 * @example
 * const companyOfLot = prepared<{ company_id: Uuid }>('company_of_lot', 'SELECT company_id FROM lot WHERE lot_id = $1')
 * const [row] = await companyOfLot(deps.db, [lotId])
 */
export function prepared<Row>(
  name: string,
  text: string,
): (reader: Asked, values: readonly unknown[]) => Promise<Row[]> {
  if ([...names.values()].includes(name)) throw new Error(`there are two prepared statements ${name}`)
  names.set(text, name)
  return async (reader, values) => {
    const ask = pools.get(reader)
    if (ask !== undefined) return (await ask({ name, text, values: [...values] })) as Row[]
    return (await reader.executeQuery(CompiledQuery.raw(text, [...values]) as CompiledQuery<Row>)).rows
  }
}
