/** PostgreSQL: the pool, transactions, and column parsers. One dialect, exact types. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Kysely, PostgresDialect, type PostgresPoolClient, type Transaction } from 'kysely'
import pg from 'pg'
import type { DB } from './database-types.ts'
import { openLines } from './line.ts'
import { askNamed } from './named-query.ts'
import { askedPool, preparedName } from './prepared.ts'
import { retried } from './retried.ts'

/** The pool, for reads outside a transaction. Using it inside one throws {@link OuterPoolUsed}. */
export type Db = Kysely<DB>
/** A transaction, passed down to everything that takes part in it. */
export type Trx = Transaction<DB>
/** What a function takes that only reads. */
export type Reader = Db | Trx

/** A fault of ours: something inside a transaction reached for the pool, and would have acted outside the transaction. */
export class OuterPoolUsed extends Error {
  constructor() {
    super('the pool was used inside a transaction: pass the transaction down')
    this.name = 'OuterPoolUsed'
  }
}

const insideTransaction = new AsyncLocalStorage<true>()

/** @throws {OuterPoolUsed} inside a transaction */
export function mustBeOutside(): void {
  if (insideTransaction.getStore() === true) throw new OuterPoolUsed()
}

/** The role that the application works as. It owns nothing; migrations/0001_platform.sql makes it. */
export const APPLICATION_ROLE = 'equihour_app'

/** `2026-11-20 20:55:14.123456+00` as PostgreSQL writes it, to `2026-11-20T20:55:14.123456Z`. No microsecond is lost. */
function isoInstant(text: string): string {
  const match = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?\+00$/.exec(text)
  if (match === null) throw new RangeError(`the database sent the instant ${text}: its session must be in UTC`)
  return `${match[1]}T${match[2]}${match[3] ?? ''}Z`
}

/** A parser of one-dimensional arrays, each element as its own type's parser reads it: no element holds a comma or a quote. */
const listOf =
  (read: (text: string) => unknown) =>
  (text: string): unknown[] => {
    const match = /^\{([^{}]*)\}$/.exec(text)
    if (match === null) throw new RangeError('the database sent an array of more than one dimension')
    const elements = match[1] === '' ? [] : (match[1] ?? '').split(',')
    return elements.map((element) => (element === 'NULL' ? null : read(element.replaceAll('"', ''))))
  }

/**
 * Parsers by type oid. They are set on our connections, never on `pg.types`, which the job queue shares. The arrays too:
 * the driver would read `numeric[]` as floating point and `timestamptz[]` to the millisecond.
 */
const PARSERS = new Map<number, (text: string) => unknown>([
  [20, BigInt], // int8
  [1016, listOf(BigInt)],
  [1700, String], // numeric
  [1231, listOf(String)],
  [1082, String], // date
  [1182, listOf(String)],
  [1184, isoInstant], // timestamptz
  [1185, listOf(isoInstant)],
  [2951, listOf(String)], // uuid[]: the driver's own parser reads it letter by letter
])
const parserOf = (oid: number): ((text: string) => unknown) => PARSERS.get(oid) ?? pg.types.getTypeParser(oid, 'text')
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    format === 'binary' ? pg.types.getTypeParser(oid, format) : parserOf(oid),
}

export type DatabaseOptions = {
  /** Connection string of the owner, or of a login that is a member of the application role. */
  readonly url: string
  /** Most connections that the pool opens. */
  readonly connections?: number
  /** Told of errors on connections that run no query (the server went away); the pool replaces them by itself. */
  readonly onIdleError?: (error: Error) => void
}

/** Ends its pools when it is destroyed. The query builder ends only what it was asked to open: prepared statements go past it. */
class Database extends Kysely<DB> {
  readonly #end: () => Promise<void>
  #ended: Promise<void> | undefined

  constructor(dialect: PostgresDialect, end: () => Promise<void>) {
    super({ dialect })
    this.#end = end
  }

  override async destroy(): Promise<void> {
    await super.destroy()
    this.#ended ??= this.#end()
    await this.#ended
  }
}

/** Milliseconds that a request waits for a connection: a little longer than whoever has one may wait for a lock. */
const CONNECTION_WAIT = 15_000

/** Opens the pool. Every connection works as {@link APPLICATION_ROLE}, in UTC, and gives up on a lock after ten seconds. */
export function openDatabase(options: DatabaseOptions): { db: Db; pool: pg.Pool } {
  const config: pg.PoolConfig = {
    connectionString: options.url,
    connectionTimeoutMillis: CONNECTION_WAIT,
    types,
    application_name: 'equihour',
    options: `-c role=${APPLICATION_ROLE} -c timezone=UTC -c lock_timeout=10s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s`,
  }
  const pool = new pg.Pool({ ...config, max: options.connections ?? 10 })
  const guarded = {
    connect: async () => {
      mustBeOutside()
      return namingPrepared(await pool.connect())
    },
    end: async () => undefined,
  }
  const db = new Database(new PostgresDialect({ pool: guarded }), async () => {
    await Promise.all([pool.end(), lines.end()])
  })
  askedPool(db, async (statement) => {
    mustBeOutside()
    return await askNamed(pool, statement, parserOf)
  })
  const lines = openLines(db, config, mustBeOutside)
  const lost = options.onIdleError ?? (() => undefined)
  for (const each of [pool, lines]) {
    each.on('error', lost)
    // The pool listens to idle connections only. One that ends between two queries of a transaction (a terminated backend,
    // idle_in_transaction_session_timeout) would end the process; the transaction's next query fails by itself.
    each.on('connect', (client) => void client.on('error', lost))
  }
  return { db, pool }
}

const naming = new WeakMap<pg.PoolClient, PostgresPoolClient>()

/** The connection, which sends what is {@link preparedName | prepared} by its name. The same object for the same connection. */
function namingPrepared(client: pg.PoolClient): PostgresPoolClient {
  const known = naming.get(client)
  if (known !== undefined) return known
  const query = (text: string, values: unknown[]) => {
    const name = preparedName(text)
    return name === undefined ? client.query(text, values) : client.query({ name, text, values })
  }
  // The dialect is given no cursor, so that it calls with a text and its values only.
  const wrapped = { query, release: () => client.release() } as unknown as PostgresPoolClient
  naming.set(client, wrapped)
  return wrapped
}

/**
 * Runs `work` in one transaction, and again when PostgreSQL chose it as the victim of a deadlock or could not serialise it.
 * `work` must have no effect outside the transaction.
 */
export const inTransaction = <T>(db: Db, work: (trx: Trx) => Promise<T>): Promise<T> =>
  retried(() => db.transaction().execute((trx) => insideTransaction.run(true, () => work(trx))))

/**
 * Runs `work` in one transaction that only reads, all of it as of one instant: what is written meanwhile is not seen in
 * part.
 */
export const inSnapshot = <T>(db: Db, work: (trx: Trx) => Promise<T>): Promise<T> =>
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute((trx) => insideTransaction.run(true, () => work(trx)))

/** Whether the database refused because of this named constraint. */
export function violates(error: unknown, constraint: string): boolean {
  return error instanceof pg.DatabaseError && error.constraint === constraint
}

/** Classes and codes of SQLSTATE that say that the server is away, full, restarting, takes no connections, or was too slow. */
const AWAY = /^(0800|53|57P0|57014|55000|55P03|25P03)/
/** What the driver and the operating system say of a connection that is gone or was never made. */
const GONE =
  /^(ECONN|ENOENT|ENOTFOUND|EPIPE|ETIMEDOUT|EAI_)|Connection terminated|not queryable|timeout exceeded when trying to connect/

/**
 * Whether this is the database being away or too slow, rather than a fault of a statement. The same call may succeed later;
 * whether a transaction that was committing did commit is not known.
 */
export function databaseIsAway(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return AWAY.test(error.code ?? '')
  if (!(error instanceof Error)) return false
  return GONE.test('code' in error ? String(error.code) : '') || GONE.test(error.message)
}
