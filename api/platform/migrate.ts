/** Forward-only migrations: plain SQL files, each applied once, in the order of their names, by the owner. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runMigrations } from 'graphile-worker'
import pg from 'pg'

/** Why a database cannot be brought up to date. `message` is for the person at the terminal; nothing was changed. */
export abstract class CannotMigrate extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** The server is of a version that Equihour does not know. */
export class UnsupportedServer extends CannotMigrate {
  readonly version: string
  constructor(version: string) {
    super(
      `The database server is PostgreSQL ${version}; Equihour works with PostgreSQL ${OLDEST} to ${NEWEST}. Nothing was changed.`,
    )
    this.version = version
  }
}

/** An applied migration reads differently now: the database was made by something else than these files. */
export class MigrationChanged extends CannotMigrate {
  readonly migration: string
  constructor(migration: string) {
    super(
      `The migration ${migration} was changed after it was applied to this database. Nothing was changed. ` +
        'Restore the file, and make the change in a new one.',
    )
    this.migration = migration
  }
}

/** The database has a migration that this version does not know: it belongs to a later one. */
export class MigrationUnknown extends CannotMigrate {
  readonly migration: string
  constructor(migration: string) {
    super(
      `This database has the migration ${migration}, which this version of Equihour does not know. Nothing was changed. ` +
        'Start the version that applied it, or a later one.',
    )
    this.migration = migration
  }
}

/** A new migration sorts before one that is applied: two branches were merged without renumbering. */
export class MigrationOutOfOrder extends CannotMigrate {
  readonly migration: string
  constructor(migration: string, last: string) {
    super(
      `The migration ${migration} is new, but ${last} is applied already. Nothing was changed. Give the new one a later number.`,
    )
    this.migration = migration
  }
}

/** A migration failed and was rolled back: says in which file and line. Those before it stay. */
export class MigrationFailed extends CannotMigrate {
  readonly migration: string
  constructor(migration: Migration, cause: unknown) {
    const position = cause instanceof pg.DatabaseError ? Number(cause.position) : Number.NaN
    const line = Number.isNaN(position) ? '' : `:${migration.sql.slice(0, position).split('\n').length}`
    super(
      `${migration.name}${line} failed and was rolled back: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
    this.migration = migration.name
  }
}

type Migration = { readonly name: string; readonly sql: string; readonly sha256: string }

const OLDEST = 15
const NEWEST = 18
const FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url))

/**
 * Brings the database up to date: the job queue's own schema, then ours. Several may call it at once: each migration is
 * applied under a lock on the table that records it.
 *
 * @param url connection string of the owner
 * @returns the names applied by this call
 * @throws {CannotMigrate}
 */
export async function migrate(url: string, folder = FOLDER): Promise<string[]> {
  const migrations = await readMigrations(folder)
  const client = new pg.Client({ connectionString: url, application_name: 'equihour migrate' })
  await client.connect()
  try {
    await refuseUnsupported(client)
    await ensureTable(client)
    const pending = comparison(migrations, await recorded(client))
    if (pending === 0) return []
    // Before ours: a migration may refer to the queue.
    await migrateQueue(url)
    const applied: string[] = []
    for (;;) {
      const name = await applyNext(client, migrations)
      if (name === undefined) return applied
      applied.push(name)
    }
  } finally {
    await client.end()
  }
}

/**
 * Whether the database has exactly the migrations of this version; asked by `/readyz`.
 *
 * @throws {CannotMigrate} when it has others
 */
export async function isMigrated(
  query: (sql: string) => Promise<{ rows: unknown[] }>,
  folder = FOLDER,
): Promise<boolean> {
  const { rows } = await query('SELECT name, sha256 FROM migration ORDER BY name')
  return comparison(await readMigrations(folder), rows as Recorded[]) === 0
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^[0-9]{4}_[a-z0-9_]+\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name), 'utf8')
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

async function refuseUnsupported(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ number: string; version: string }>(
    `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version`,
  )
  if (!isSupported(Number(rows[0]?.number))) throw new UnsupportedServer(rows[0]?.version ?? 'unknown')
}

/** Whether Equihour works with a server of this `server_version_num` (PostgreSQL 18.4 is 180004). */
export function isSupported(versionNumber: number): boolean {
  const major = Math.floor(versionNumber / 10_000)
  return major >= OLDEST && major <= NEWEST
}

/** How PostgreSQL says, depending on the moment, that a table was made meanwhile: it, its type, or its row in a catalogue exists. */
const ALREADY_MADE = new Set(['42P07', '42710', '23505'])

async function ensureTable(client: pg.Client): Promise<void> {
  const { rows } = await client.query(`SELECT FROM pg_tables WHERE schemaname = 'public' AND tablename = 'migration'`)
  if (rows.length > 0) return
  try {
    // One query string is one transaction.
    await client.query(`
      CREATE TABLE public.migration (
        name text COLLATE "C" NOT NULL CONSTRAINT migration_pkey PRIMARY KEY,
        sha256 text COLLATE "C" NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT transaction_timestamp()
      );
      COMMENT ON TABLE public.migration IS 'Local. The migrations applied to this database, with the hash of each file.';
      GRANT SELECT ON public.migration TO PUBLIC;`)
  } catch (error) {
    // Another starter made it in this moment. IF NOT EXISTS does not close that race either.
    const made = error instanceof pg.DatabaseError && ALREADY_MADE.has(error.code ?? '')
    if (!made) throw error
  }
}

type Recorded = { readonly name: string; readonly sha256: string }

async function recorded(client: pg.Client): Promise<Recorded[]> {
  const { rows } = await client.query<Recorded>('SELECT name, sha256 FROM public.migration ORDER BY name')
  return rows
}

/** How many migrations are still to be applied. */
function comparison(migrations: readonly Migration[], applied: readonly Recorded[]): number {
  const known = new Map(migrations.map((migration) => [migration.name, migration]))
  for (const { name, sha256 } of applied) {
    const migration = known.get(name)
    if (migration === undefined) throw new MigrationUnknown(name)
    if (migration.sha256 !== sha256) throw new MigrationChanged(name)
  }
  const names = new Set(applied.map(({ name }) => name))
  const last = applied.at(-1)?.name ?? ''
  const early = migrations.find(({ name }) => !names.has(name) && name < last)
  if (early !== undefined) throw new MigrationOutOfOrder(early.name, last)
  return migrations.length - applied.length
}

/** Applies the first migration that is not applied, in one transaction; `undefined` when there is none. */
async function applyNext(client: pg.Client, migrations: readonly Migration[]): Promise<string | undefined> {
  await client.query('BEGIN; LOCK TABLE public.migration IN SHARE ROW EXCLUSIVE MODE')
  try {
    const applied = await recorded(client)
    const next = comparison(migrations, applied) === 0 ? undefined : migrations[applied.length]
    if (next !== undefined) {
      await client.query(next.sql).catch((error: unknown) => {
        throw new MigrationFailed(next, error)
      })
      await client.query('INSERT INTO public.migration (name, sha256) VALUES ($1, $2)', [next.name, next.sha256])
    }
    await client.query('COMMIT')
    return next?.name
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

async function migrateQueue(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1, application_name: 'equihour migrate' })
  // The query in flight fails anyway when the server goes away.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  try {
    await runMigrations({ pgPool: pool })
  } finally {
    await pool.end()
  }
}
