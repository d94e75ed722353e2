/**
 * Databases for tests. `npm test` runs one cluster for all files and puts a migrated template into it; a test takes a
 * copy of the template, and gives it back.
 */
import { randomBytes } from 'node:crypto'
import { after, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** A database of its own, a copy of the migrated template. */
export type TestDatabase = {
  /** Connection string of the owner. */
  readonly url: string
  /** Closes something that uses the database, before it is dropped. What was opened last is closed first. */
  readonly onClose: (close: () => Promise<void> | void) => void
}

/** Set by the test runner: the owner's connection string to the cluster's maintenance database, and the template. */
const CLUSTER = 'EQUIHOUR_TEST_CLUSTER'
const TEMPLATE = 'EQUIHOUR_TEST_TEMPLATE'

/**
 * A fresh database for this test, dropped when the test ends. It fails the test when a connection to it is still open
 * then, or when a client of a pool was not released.
 */
export async function freshDatabase(t: Pick<TestContext, 'after'> | undefined = undefined): Promise<TestDatabase> {
  const cluster = process.env[CLUSTER]
  const template = process.env[TEMPLATE]
  if (cluster === undefined || template === undefined) {
    throw new Error('tests with a database run below the test runner: npm test -- <files>')
  }
  const name = `test_${randomBytes(8).toString('hex')}`
  await asOwner(cluster, `CREATE DATABASE ${name} TEMPLATE ${template}`)
  const closers: (() => Promise<void> | void)[] = []
  const close = async (): Promise<void> => {
    const faults: unknown[] = []
    await refuseUnreleased().catch((fault: unknown) => faults.push(fault))
    for (const closer of closers.reverse()) {
      await Promise.resolve()
        .then(closer)
        .catch((fault: unknown) => faults.push(fault))
    }
    await drop(cluster, name).catch((fault: unknown) => faults.push(fault))
    if (faults.length > 0) throw faults.length === 1 ? faults[0] : new AggregateError(faults)
  }
  if (t === undefined) after(close)
  else t.after(close)
  return { url: urlWithDatabase(cluster, name), onClose: (closer) => void closers.push(closer) }
}

/** The same server, another database. */
export function urlWithDatabase(url: string, database: string): string {
  const match = /^(postgres(?:ql)?:\/\/[^/]*\/)[^?]*(.*)$/.exec(url)
  if (match === null) throw new Error('the connection string is not of the form postgresql://user@host/database')
  return `${match[1]}${database}${match[2]}`
}

/** One statement as the owner, on a connection of its own. */
export async function asOwner(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url, application_name: 'equihour test support' })
  await client.connect()
  try {
    return await client.query(sql)
  } finally {
    await client.end()
  }
}

async function drop(cluster: string, name: string): Promise<void> {
  const open = await openSessions(cluster, name)
  await asOwner(cluster, `DROP DATABASE ${name} WITH (FORCE)`)
  if (open.length > 0) throw new Error(`a test left connections open: ${open.join('; ')}`)
}

/** Sessions that are still there. One that was just ended needs a moment to leave the list. */
async function openSessions(cluster: string, name: string): Promise<string[]> {
  for (let attempt = 0; ; attempt += 1) {
    const { rows } = await asOwner(
      cluster,
      `SELECT format('%s (%s): %s', application_name, state, left(query, 100)) AS session
       FROM pg_stat_activity WHERE datname = '${name}' AND backend_type = 'client backend'`,
    )
    if (rows.length === 0 || attempt === 20) return rows.map((row: { session: string }) => row.session)
    await sleep(10 * (attempt + 1))
  }
}

/** Every pool of this process that was used, and where each client that is out was taken. */
const pools = new Set<pg.Pool>()
const takenAt = new Map<pg.Pool, Map<object, string>>()

const connect = pg.Pool.prototype.connect
type Connect = (this: pg.Pool, callback?: unknown) => unknown
pg.Pool.prototype.connect = function (this: pg.Pool, callback?: unknown): unknown {
  if (!pools.has(this)) watch(this)
  const stack = new Error('taken').stack ?? ''
  const answer = (connect as Connect).call(this, callback)
  if (answer instanceof Promise)
    answer.then((client: object) => takenAt.get(this)?.set(client, stack)).catch(() => undefined)
  return answer
} as typeof connect

function watch(pool: pg.Pool): void {
  pools.add(pool)
  const taken = new Map<object, string>()
  takenAt.set(pool, taken)
  for (const event of ['release', 'remove'] as const) {
    pool.on(event as 'remove', (first: unknown, second?: unknown) => {
      // 'release' has the error first, 'remove' the client.
      for (const value of [first, second]) if (typeof value === 'object' && value !== null) taken.delete(value)
    })
  }
}

/**
 * Fails when a pool's client is out that nobody will return: a pool that waits for it never ends.
 *
 * @throws {Error} naming where each was taken
 */
export async function refuseUnreleased(): Promise<void> {
  for (const pool of pools) {
    for (let attempt = 0; out(pool) > 0 && attempt < 20; attempt += 1) await sleep(25)
    if (out(pool) === 0) continue
    const taken = [...(takenAt.get(pool) ?? [])]
    const count = out(pool)
    for (const [client] of taken) (client as pg.PoolClient).release(true)
    throw new Error(
      `${count} client(s) of a pool were not released; taken at:\n${taken.map(([, stack]) => stack).join('\n')}`,
    )
  }
}

const out = (pool: pg.Pool): number => pool.totalCount - pool.idleCount
