import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { findBinaries } from './binaries.ts'
import { ensureCluster, OWNER, password } from './cluster.ts'
import { CannotOpen } from './errors.ts'
import { type Hold, holdFolder, type Serves } from './holder.ts'
import { ownerOfData, type Place, placeFor, socketFolder } from './place.ts'
import { type Postmaster, startPostmaster, stopOrphan, stopPostmaster } from './postmaster.ts'
import { serviceUser } from './service-user.ts'

/** What an embedded database is opened with. */
export type EmbeddedOptions = {
  /** The data folder; made when missing. Whoever opened it holds it until `stop`. */
  readonly folder: string
  /** Folder of another PostgreSQL's programs (`/usr/lib/postgresql/15/bin`); the embedded one's by default. */
  readonly bin?: string | undefined
  /** For clusters that end with a test run: nothing is forced to the disk. */
  readonly throwaway?: boolean | undefined
}

/** A running embedded PostgreSQL, held by this process. */
export type Embedded = {
  /** Connection string of the owner, to the database `equihour`. */
  readonly url: string
  /** Connection string of the owner to another database of the cluster. */
  readonly urlOf: (database: string) => string
  /** Where the files are. */
  readonly files: string
  /** Pid of the server. */
  readonly pid: number
  /** True when a server was found that a killed process had left running; it was stopped first. */
  readonly foundOrphan: boolean
  /** Resolves when the server ends, for whatever reason. */
  readonly ended: Promise<void>
  /** Says what this process serves and how the database is reached, for whoever comes second. */
  readonly serves: (what: Serves) => void
  /** Stops the server in order, waits for its end, and lets go of the folder. May be called again. */
  readonly stop: () => Promise<void>
}

/**
 * Opens the embedded database of a folder: takes the folder, stops a server that a killed process left, makes the cluster
 * when there is none, starts the server, and makes its database.
 *
 * @throws {CannotOpen} its message is for the person at the terminal; {@link DataHeld} when somebody else holds the folder
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  return inWords(options.folder, () => open(options))
}

async function open(options: EmbeddedOptions): Promise<Embedded> {
  const user = ownerOfData(options.folder) ?? serviceUser()
  const place = placeFor(options.folder, user)
  const hold = holdFolder(place.folder)
  try {
    const binaries = await findBinaries(user, options.bin)
    const cluster = await ensureCluster(place, binaries, user, options.throwaway !== true)
    const foundOrphan = (await stopOrphan(cluster)) === 'stopped'
    const sockets = await socketFolder(place, user)
    const address = sockets === undefined ? { port: await freePort(), password: password(place) } : { sockets }
    const postmaster = await startPostmaster(
      cluster,
      binaries,
      user,
      { ...listening(address), ...(options.throwaway === true ? FAST : SAFE) },
      join(place.files, 'postgresql.log'),
    )
    return await opened(place, hold, postmaster, address, foundOrphan)
  } catch (error) {
    hold.release()
    throw error
  }
}

const REFUSED_BY_SYSTEM = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST'])

/** What the file system refuses is said in words: it is the person's to change. */
async function inWords<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (cause instanceof CannotOpen || code === undefined || !REFUSED_BY_SYSTEM.has(code)) throw cause
    throw new CannotOpen(`The data folder ${folder} cannot be used: ${message}. Set EQUIHOUR_DATA to another folder.`, {
      cause,
    })
  }
}

type Address = { readonly sockets: string } | { readonly port: number; readonly password: string }

const COMMON = { timezone: 'UTC', log_timezone: 'UTC', log_min_messages: 'warning', log_checkpoints: 'off', jit: 'off' }
const SAFE = { ...COMMON, max_connections: '60', shared_buffers: '64MB' }
const FAST = {
  ...COMMON,
  ...{ max_connections: '300', shared_buffers: '256MB', max_wal_size: '4GB', checkpoint_timeout: '1h' },
  ...{ fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum_naptime: '10s' },
  ...{ wal_level: 'minimal', max_wal_senders: '0' },
}

function listening(address: Address): Record<string, string> {
  return 'sockets' in address
    ? { listen_addresses: '', unix_socket_directories: address.sockets, unix_socket_permissions: '0700', port: '5432' }
    : { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(address.port) }
}

/** The connection string as `pg` reads it: a socket's folder goes into the parameter `host`. */
const urlTo = (address: Address, database: string): string =>
  'sockets' in address
    ? `postgresql://${OWNER}@/${database}?host=${encodeURIComponent(address.sockets)}&port=5432`
    : `postgresql://${OWNER}:${address.password}@127.0.0.1:${address.port}/${database}`

async function opened(
  place: Place,
  hold: Hold,
  postmaster: Postmaster,
  address: Address,
  foundOrphan: boolean,
): Promise<Embedded> {
  // The last thing a dying process can do for its database: tell it to end too.
  const onExit = (): void => {
    process.kill(postmaster.identity.pid, 'SIGINT')
  }
  process.once('exit', onExit)
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= stopPostmaster(postmaster.identity).finally(() => {
      process.removeListener('exit', onExit)
      if ('sockets' in address) rmSync(address.sockets, { recursive: true, force: true })
      hold.release()
    })
    return stopping
  }
  try {
    await ensureDatabase(urlTo(address, 'postgres'))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: urlTo(address, OWNER),
    urlOf: (database) => urlTo(address, database),
    files: place.files,
    pid: postmaster.identity.pid,
    foundOrphan,
    ended: postmaster.ended,
    serves: hold.serves,
    stop,
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [OWNER])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${OWNER}`)
  } finally {
    await client.end()
  }
}

/** A port that was free a moment ago: where sockets cannot be, the server's own refusal of a taken one is the guard. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
