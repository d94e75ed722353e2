/** The composition root of a running server: opens the pool, seeds an empty demo, starts the worker, wires the application. */
import type { RequestListener } from 'node:http'
import pg from 'pg'
import { pino } from 'pino'
import type { AppDeps } from '../schema/index.ts'
import { createApp, registerFacts } from './app.ts'
import { type Config, NOTHING_ELSE } from './config.ts'
import { demoAnnouncement } from './demo/announcement.ts'
import { findInstallation } from './parties/index.ts'
import { CannotOpen } from './platform/embedded/index.ts'
import { openDatabase } from './platform/index.ts'
import { migrate } from './platform/migrate.ts'
import { startWorker } from './worker/index.ts'

export { readConfig } from './config.ts'

export type Assembly = {
  /** The owner's connection string of a migrated database. */
  readonly databaseUrl: string
  /** What this server talks to beside its database. */
  readonly config?: Config
  /** Where the server is reached, without a slash at the end. */
  readonly address: string
  /** Whether the database is the embedded one: this process's alone, with nothing of anybody else's in it. */
  readonly embedded: boolean
}

/**
 * Assembles the application; `close` ends what it holds open. A database without an installation gets the demo:
 * `equihour setup` makes a real one first.
 */
export async function assemble({ databaseUrl, address, embedded, config = NOTHING_ELSE }: Assembly): Promise<{
  readonly app: RequestListener
  /** Lines to print once it serves. */
  readonly announcement: readonly string[]
  readonly close: () => Promise<void>
}> {
  await clearUnfinishedDemo(databaseUrl, embedded)
  const { deps, close: closeDeps } = openDeps(databaseUrl)
  try {
    if ((await findInstallation(deps.db)) === undefined) {
      const { seedDemo } = await import('./demo/seed.ts')
      await seedDemo({ ...deps, setClock: (at) => setClock(databaseUrl, at) })
    }
    const worker = await startWorker(deps, databaseUrl, config)
    return {
      app: createApp(deps, { metricsTokenFile: config.metricsTokenFile }),
      announcement: await demoAnnouncement(deps, address),
      close: async () => {
        await worker.stop()
        await closeDeps()
      },
    }
  } catch (error) {
    await closeDeps()
    throw error
  }
}

/**
 * A demo whose making was cut short is cleared away and made again, where the database is ours alone. In another the schema
 * may hold tables of somebody else's, or another server may be making the demo at this moment: there it is left alone.
 *
 * @throws {CannotOpen} for an unfinished demo in a database that is not the embedded one
 */
async function clearUnfinishedDemo(databaseUrl: string, embedded: boolean): Promise<void> {
  const unfinished = await asOwner(databaseUrl, async (client) => {
    const { rowCount } = await client.query('SELECT FROM installation WHERE demo AND NOT ready')
    if (rowCount === 0) return false
    if (!embedded) {
      throw new CannotOpen(
        'The demo in the database of DATABASE_URL is not finished: another server is making it now, or was stopped while it did. Nothing was changed. Wait and start again, or give an empty database.',
      )
    }
    await client.query('DROP SCHEMA public, graphile_worker CASCADE')
    await client.query('CREATE SCHEMA public')
    return true
  })
  if (unfinished) await migrate(databaseUrl)
}

/** What use cases need, over a pool of its own. */
export function openDeps(
  databaseUrl: string,
  { level = process.env.LOG_LEVEL ?? 'warn' } = {},
): { deps: AppDeps; close: () => Promise<void> } {
  const log = pino({ level })
  const { db } = openDatabase({
    url: databaseUrl,
    // The error of a lost connection carries the whole client: its message is all that helps.
    onIdleError: (error) => log.warn({ reason: error.message }, 'a connection was lost'),
  })
  return { deps: { db, log, facts: registerFacts() }, close: () => db.destroy() }
}

/** Sets the database's clock as its owner, for the story of the demo; `undefined` gives it back. */
async function setClock(databaseUrl: string, at: string | undefined): Promise<void> {
  await asOwner(databaseUrl, async (client) => {
    const instant = at === undefined ? 'transaction_timestamp()' : `${client.escapeLiteral(at)}::timestamptz`
    await client.query(
      `CREATE OR REPLACE FUNCTION equihour_now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT ${instant} $$`,
    )
  })
}

async function asOwner<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
