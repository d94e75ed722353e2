/** Statements that are sent one behind another, so that the database finds the next when it is done with one. */
import type { CompiledQuery, QueryResult } from 'kysely'
import pg from 'pg'
import { type Asked, preparedName } from './prepared.ts'

/** Connections that are kept for lines. Whoever finds none free asks the pool, one statement at a time. */
const LINES = 4

type Lines = { readonly pool: pg.Pool; readonly mustBeOutside: () => void }
const lines = new WeakMap<Asked, Lines>()

/**
 * Opens the connections for lines beside those of `db`: they connect when they are needed.
 *
 * @param mustBeOutside throws inside a transaction, from which a line would act outside it
 */
export function openLines(db: Asked, config: pg.PoolConfig, mustBeOutside: () => void): pg.Pool {
  const pool = new pg.Pool({ ...config, max: LINES, pipeline: true })
  lines.set(db, { pool, mustBeOutside })
  return pool
}

/** Where the statements of a line go while some are under way. */
type Way = {
  readonly send: <R>(query: CompiledQuery<R>) => Promise<QueryResult<R>>
  readonly leave: () => void
}

/** On a connection of their own, each without waiting for the answer of the one before it. */
function sentAhead(pool: pg.Pool): Way {
  const held = pool.connect()
  return {
    send: async <R>(query: CompiledQuery<R>) => {
      const client = await held
      const { sql: text, parameters } = query
      const name = preparedName(text)
      const values = [...parameters]
      const { rows } = await client.query(name === undefined ? { text, values } : { name, text, values })
      return { rows: rows as R[] }
    },
    leave: () =>
      void held.then(
        (client) => client.release(),
        () => undefined,
      ),
  }
}

/** On any connection of the pool, each after the one before it. */
function oneByOne(db: Asked): Way {
  let last: Promise<unknown> = Promise.resolve()
  return {
    send: <R>(query: CompiledQuery<R>) => {
      const answer = last.then(() => db.executeQuery(query))
      last = answer.catch(() => undefined)
      return answer
    },
    leave: () => undefined,
  }
}

/** Whoever asked a moment ago still waits for the connection that looks idle. */
const isFree = ({ idleCount, totalCount, waitingCount }: pg.Pool): boolean =>
  idleCount + LINES - totalCount > waitingCount

/**
 * A line to the database: what is asked on it is worked off in the order of asking, each statement a transaction of its own,
 * and the next is sent before the one before it is answered. What fails does not stop what comes after it. A line holds a
 * connection only while a statement of it is under way. Asking inside a transaction fails.
 *
 * @example
 * const line = lineOn(deps.db)
 * const [first, second] = await Promise.all([postUsage(line, one), postUsage(line, other)])
 */
export function lineOn(db: Asked): Asked {
  const own = lines.get(db)
  let underWay = 0
  let way = oneByOne(db)
  return {
    executeQuery: async (query) => {
      own?.mustBeOutside()
      if (underWay === 0) way = own !== undefined && isFree(own.pool) ? sentAhead(own.pool) : oneByOne(db)
      underWay += 1
      const { send, leave } = way
      try {
        return await send(query)
      } finally {
        underWay -= 1
        if (underWay === 0) leave()
      }
    },
  }
}
