/** A migrated database for the time of a command: the one of `DATABASE_URL`, or the embedded one of the data folder. */
import { existsSync } from 'node:fs'
import { type Embedded, holderOf, openEmbedded } from './embedded/index.ts'
import { migrate } from './migrate.ts'

export type DatabaseConfig = {
  /** The owner's connection string, where a server is given. */
  readonly databaseUrl: string | undefined
  /** Folder of the embedded database's data. */
  readonly dataFolder: string
}

export type RunningDatabase = {
  /** Connection string of the owner. */
  readonly url: string
  /** `given` by the person, `embedded` and ours, or `attached`: embedded, and another process's. */
  readonly kind: 'given' | 'embedded' | 'attached'
  /** True when a server was found that a killed process had left running; it was stopped first. */
  readonly foundOrphan: boolean
  /** Resolves when the embedded server ends, for whatever reason; never for another. */
  readonly ended: Promise<void>
  /** Says at which address this process serves, for whoever comes second. */
  readonly serves: (address: string) => void
}

/**
 * Runs `run` with a migrated database, and stops it afterwards when we started it.
 *
 * With `exclusive` the embedded data is this process's alone, as a server needs it; without, a command joins the server
 * that is running on it.
 *
 * @throws {CannotOpen | CannotMigrate} with messages for the person at the terminal
 */
export async function withDatabase<T>(
  config: DatabaseConfig,
  { exclusive }: { readonly exclusive: boolean },
  run: (database: RunningDatabase) => Promise<T>,
): Promise<T> {
  if (config.databaseUrl !== undefined) {
    await migrate(config.databaseUrl)
    return run({ ...notOurs, url: config.databaseUrl, kind: 'given' })
  }
  const running = exclusive || !existsSync(config.dataFolder) ? undefined : holderOf(config.dataFolder)?.database
  if (running !== undefined) return run({ ...notOurs, url: running, kind: 'attached' })
  const embedded = await openEmbedded({ folder: config.dataFolder })
  try {
    await migrate(embedded.url)
    return await run(ours(embedded))
  } finally {
    await embedded.stop()
  }
}

const notOurs = { foundOrphan: false, ended: new Promise<void>(() => undefined), serves: () => undefined }

const ours = (embedded: Embedded): RunningDatabase => ({
  url: embedded.url,
  kind: 'embedded',
  foundOrphan: embedded.foundOrphan,
  ended: embedded.ended,
  serves: (address) => embedded.serves({ url: address, database: embedded.url }),
})
