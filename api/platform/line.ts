/** Statements that are sent one behind another, so that the database finds the next when it is done with one. */
import { randomUUID } from 'node:crypto'
import type { CompiledQuery, QueryResult } from 'kysely'
import pg from 'pg'
import { type Asked, prepared, preparedName } from './prepared.ts'
import { retried, sqlState } from './retried.ts'

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

/** `line_turn` in `migrations/0095_platform_line_turns.sql` says so: what this was sent behind is not done. */
const OUT_OF_TURN = 'EQ001'

const LINE_TURN = 'SELECT line_turn($1, $2)'
prepared('line_turn', LINE_TURN)

const named = (text: string, values: readonly unknown[]) => {
  const name = preparedName(text)
  return name === undefined ? { text, values: [...values] } : { name, text, values: [...values] }
}

/** A statement in a transaction of its own, unless what it was sent behind failed: then nothing of it is done. */
async function inTurn<R>(
  client: pg.PoolClient,
  { after, turn }: { readonly after: string | undefined; readonly turn: string },
  { sql, parameters }: CompiledQuery<R>,
): Promise<QueryResult<R>> {
  const sent = [
    client.query('BEGIN'),
    client.query(named(LINE_TURN, [after ?? null, turn])),
    client.query(named(sql, parameters)),
    // After something that failed, this undoes.
    client.query('COMMIT'),
  ] as const
  for (const each of await Promise.allSettled(sent)) if (each.status === 'rejected') throw each.reason
  return { rows: (await sent[2]).rows as R[] }
}

/** On a connection of their own, each without waiting for the answer of the one before it. */
function sentAhead(pool: pg.Pool): Way {
  const held = pool.connect()
  const line = randomUUID()
  let turns = 0
  // The turn that was sent last, and the last that is done. Of those that are behind one that failed only the first comes next.
  let [sentLast, done]: [string | undefined, string | undefined] = [undefined, undefined]
  let before: Promise<unknown> = Promise.resolve()
  const send = async <R>(
    query: CompiledQuery<R>,
    own: { after: string | undefined; turn: string },
    last: Promise<unknown>,
  ) => {
    const client = await held
    try {
      return await retried(() => inTurn(client, own, query))
    } catch (error) {
      if (sqlState(error) !== OUT_OF_TURN) throw error
      await last
      return await retried(() => inTurn(client, { after: done, turn: own.turn }, query))
    }
  }
  return {
    send: (query) => {
      turns += 1
      const own = { after: sentLast, turn: `${line} ${turns}` }
      sentLast = own.turn
      const answer = send(query, own, before)
      const settled = answer.then(
        () => {
          done = own.turn
        },
        () => {
          if (sentLast === own.turn) sentLast = done
        },
      )
      before = settled
      return answer
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
      const answer = last.then(() => retried(() => db.executeQuery(query)))
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
 * and the next is sent before the one before it is answered. What the database asks to be done again is done again before what
 * was sent behind it: that is the same as if it had not failed. What fails for good does not stop what comes after it. A line
 * holds a connection only while a statement of it is under way. Asking inside a transaction fails.
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
