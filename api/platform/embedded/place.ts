import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CannotOpen } from './errors.ts'
import { canEnter, type ServiceUser } from './service-user.ts'

/** Where the server keeps its files for one data folder. */
export type Place = {
  /** What the person named: holds the lock, and either the files or the name of where they are. */
  readonly folder: string
  /** Holds the cluster, its log and its password; the same as `folder` unless the service user cannot go there. */
  readonly files: string
}

/** Where the files go for a service user who cannot enter the data folder. The first that can be made. */
const READABLE_PLACES = ['/var/lib/equihour', '/var/tmp/equihour-data']
const POINTER = 'files-are-in'
/** Bytes of a socket's path, without the end: 104 on macOS, 108 on Linux. */
const SOCKET_PATH_LIMIT = 103

/**
 * Makes and finds the folder of the files. Below a folder that the service user cannot enter (root's home, mode 0700) they
 * go to a readable place, and the data folder names it; so a new checkout at the same path starts with new data.
 *
 * @throws {CannotOpen} when the folder cannot be made
 */
export function placeFor(folder: string, user: ServiceUser | undefined): Place {
  make(folder)
  const real = realpathSync(folder)
  if (user === undefined) return { folder: real, files: real }
  const pointed = readPointer(real)
  if (pointed !== undefined) return { folder: real, files: pointed }
  adoptEmpty(real, user)
  if (canEnter(user, real)) return { folder: real, files: real }
  const kept = readdirSync(real).find((entry) => /^postgresql-[0-9]+$/.test(entry))
  if (kept !== undefined) {
    throw new CannotOpen(
      `${real} holds data (${kept}), but the user ${user.name}, who runs the database for root, cannot enter it any more. ` +
        'Nothing was changed. Let others enter the folders above it (chmod o+x), or start as the user who owns it.',
    )
  }
  const name = `${createHash('sha256').update(real).digest('hex').slice(0, 12)}-${randomBytes(3).toString('hex')}`
  const files = join(readablePlace(user), name)
  makePrivate(files, user)
  writeFileSync(join(real, POINTER), `${files}\n`)
  return { folder: real, files }
}

/** A new, empty folder below folders that anybody may enter is given to the service user: its mode can stay closed. */
function adoptEmpty(folder: string, user: ServiceUser): void {
  if (readdirSync(folder).length > 0 || statSync(folder).uid !== 0 || !canEnter(user, dirname(folder))) return
  if ((statSync(folder).mode & 0o777) === 0o700) chownSync(folder, user.uid, user.gid)
}

function readPointer(folder: string): string | undefined {
  const file = join(folder, POINTER)
  if (!existsSync(file)) return undefined
  const files = readFileSync(file, 'utf8').trim()
  if (existsSync(files)) return files
  throw new CannotOpen(
    `${file} says that the data is in ${files}, which is not there. Restore it, or delete ${file} to begin anew.`,
  )
}

/**
 * As root: the user whose data is in the folder already, who goes on to run its server. `undefined` when there is none,
 * and when we are not root.
 */
export function ownerOfData(folder: string): ServiceUser | undefined {
  if (process.getuid?.() !== 0 || !existsSync(folder)) return undefined
  const files = readPointer(folder) ?? folder
  const cluster = readdirSync(files).find((entry) => /^postgresql-[0-9]+$/.test(entry))
  if (cluster === undefined) return undefined
  const { uid, gid } = statSync(join(files, cluster))
  return uid === 0 ? undefined : { name: `with the id ${uid}`, uid, gid }
}

function readablePlace(user: ServiceUser): string {
  for (const place of READABLE_PLACES) {
    try {
      // Whatever our umask is; only who owns a folder below may enter that one.
      if (mkdirSync(place, { recursive: true }) !== undefined) chmodSync(place, 0o755)
      if (isRootsAlone(place) && canEnter(user, place)) return place
    } catch {}
  }
  throw new CannotOpen(
    `The user ${user.name}, who runs the database, can enter neither the data folder nor ${READABLE_PLACES.join(' nor ')}.`,
  )
}

/** Whether nobody but root can put anything there: some of the places are below folders that everybody writes to. */
export function isRootsAlone(folder: string): boolean {
  const found = lstatSync(folder)
  return found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0
}

function make(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new CannotOpen(
      `The data folder ${folder} cannot be made: ${(cause as Error).message}. Set EQUIHOUR_DATA to another folder.`,
      { cause },
    )
  }
}

/** Makes a folder that only the user of the server enters. */
export function makePrivate(folder: string, user: ServiceUser | undefined): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
}

/**
 * A private folder for the server's socket, or `undefined` where sockets cannot be (their file system refuses them, or
 * every path is too long).
 */
export async function socketFolder(place: Place, user: ServiceUser | undefined): Promise<string | undefined> {
  const hash = createHash('sha256').update(place.files).digest('hex').slice(0, 16)
  for (const candidate of [
    join(place.files, 'socket'),
    join(tmpdir(), `equihour-${hash}`),
    join('/tmp', `equihour-${hash}`),
  ]) {
    if (Buffer.byteLength(join(candidate, '.s.PGSQL.5432.lock')) > SOCKET_PATH_LIMIT) continue
    try {
      rmSync(candidate, { recursive: true, force: true })
      // Not `recursive`: what somebody else made there meanwhile is not taken.
      mkdirSync(candidate, { mode: 0o700 })
      if (user !== undefined) chownSync(candidate, user.uid, user.gid)
      if (canEnter(user, candidate) && (await takesSockets(candidate))) return candidate
    } catch {}
  }
  return undefined
}

function takesSockets(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(join(folder, '.probe'), () => server.close(() => resolve(true)))
  })
}
