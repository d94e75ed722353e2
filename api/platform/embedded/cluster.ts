import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'
import { CannotOpen, ServerFailed } from './errors.ts'
import { makePrivate, type Place } from './place.ts'
import type { ServiceUser } from './service-user.ts'

/** The owner of everything in an embedded cluster, and the name of its database. */
export const OWNER = 'equihour'

/** Where the cluster of this major version lies. */
export const clusterFolder = (place: Place, major: number): string => join(place.files, `postgresql-${major}`)

/** The owner's password. It is only asked for where sockets cannot be, and readable only to whoever reads the data anyway. */
export const password = (place: Place): string => readFileSync(join(place.files, 'password'), 'utf8').trim()

/**
 * Makes the cluster when there is none. It is made aside and renamed when complete, so one that was interrupted is not
 * taken for a cluster; the caller holds the folder.
 *
 * @param durable whether the files are forced to the disk: always, but for clusters that end with a test run
 * @throws {CannotOpen} when the data is of another major version, {@link ServerFailed} when `initdb` fails
 */
export async function ensureCluster(
  place: Place,
  binaries: Binaries,
  user: ServiceUser | undefined,
  durable: boolean,
): Promise<string> {
  const folder = clusterFolder(place, binaries.major)
  if (existsSync(folder)) return folder
  refuseOtherMajor(place, binaries.major)
  const building = `${folder}.incomplete`
  rmSync(building, { recursive: true, force: true })
  const secret = join(place.files, 'password')
  writeFileSync(secret, randomBytes(24).toString('base64url'), { mode: 0o600 })
  if (user !== undefined) chownSync(secret, user.uid, user.gid)
  // `initdb` makes its folder itself only where it may write; an empty one of its own is always fine.
  makePrivate(building, user)
  await initdb(building, secret, binaries, user, durable)
  renameSync(building, folder)
  if (durable) syncFolder(place.files)
  return folder
}

function refuseOtherMajor(place: Place, major: number): void {
  const other = readdirSync(place.files).find((name) => /^postgresql-[0-9]+$/.test(name))
  if (other === undefined) return
  throw new CannotOpen(
    `${place.files} holds ${other}, and this version of Equihour brings PostgreSQL ${major}. Nothing was changed. Dump the ` +
      'data with the version that made it, or set EQUIHOUR_DATA to another folder.',
  )
}

async function initdb(
  folder: string,
  secret: string,
  { bin, major }: Binaries,
  user: ServiceUser | undefined,
  durable: boolean,
): Promise<void> {
  const options = [
    ...['-D', folder, '-U', OWNER, '--pwfile', secret, '--encoding', 'UTF8', '--no-instructions'],
    ...['--auth-local', 'trust', '--auth-host', 'scram-sha-256'],
    // Byte order in indexes on every system; upper and lower case by Unicode where the server brings that itself.
    ...['--locale', 'C', ...(major >= 17 ? ['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'] : [])],
    ...(durable ? (major >= 17 && process.platform === 'linux' ? ['--sync-method', 'syncfs'] : []) : ['--no-sync']),
  ]
  const { code, output } = await runProgram(join(bin, 'initdb'), options, user)
  if (code !== 0) throw new ServerFailed('The database could not be initialised', output.slice(-2000))
}

function runProgram(
  file: string,
  args: string[],
  user: ServiceUser | undefined,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid }
    const child = spawn(file, args, {
      ...identity,
      cwd: '/',
      env: serverEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
    child.once('error', (cause) => reject(new CannotOpen(`${file} could not be run: ${cause.message}`, { cause })))
    child.once('close', (code) => resolve({ code, output }))
  })
}

/** Nothing of our own environment reaches the server: not its secrets, and no PG* variable that would change it. */
export const serverEnvironment = (): NodeJS.ProcessEnv => ({ PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' })

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
