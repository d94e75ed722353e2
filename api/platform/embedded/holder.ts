import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { z } from 'zod'
import { DataHeld } from './errors.ts'
import { identify, lives } from './process-identity.ts'

const Holder = z.object({
  pid: z.number().int(),
  started: z.string(),
  since: z.string(),
  /** What the holder serves, once it does. */
  url: z.string().optional(),
  /** The owner's connection string, once the database takes connections. */
  database: z.string().optional(),
})
export type Holder = z.infer<typeof Holder>

/** `url` for people, `database` for a command that joins in. */
export type Serves = { readonly url: string; readonly database: string }

/** The right to use a data folder, held until `release` or the death of this process. */
export type Hold = {
  /** Says what the holder serves and how its database is reached, for whoever comes second. */
  readonly serves: (what: Serves) => void
  readonly release: () => void
}

/**
 * Takes the data folder for this process.
 *
 * Holders are numbered files. Who finds holder `n` dead takes the folder by creating `n + 1`, which succeeds for one
 * process only; so a dead holder needs no clearing first, and clearing cannot hit a living one. A pid is compared with
 * the process's start, since the system reuses pids.
 *
 * @throws {DataHeld} when a living process holds it
 */
export function holdFolder(folder: string): Hold {
  const self = identify(process.pid)
  if (self === undefined) throw new Error('this process cannot be identified')
  const since = new Date().toISOString()
  for (;;) {
    const highest = refuseLiving(folder, undefined)
    const number = highest + 1
    if (!claim(folder, number, { ...self, since })) continue
    try {
      // Listing a folder is no snapshot: look again, now that whoever lists sees us.
      refuseLiving(folder, number)
    } catch (error) {
      rmSync(fileOf(folder, number), { force: true })
      throw error
    }
    for (const old of numbers(folder)) if (old < number) rmSync(fileOf(folder, old), { force: true })
    return {
      serves: (what) => renameSync(draft(folder, { ...self, since, ...what }), fileOf(folder, number)),
      release: () => rmSync(fileOf(folder, number), { force: true }),
    }
  }
}

/** Who holds the folder now, if anybody living does. */
export function holderOf(folder: string): Holder | undefined {
  return numbers(folder)
    .map((number) => read(folder, number))
    .find((holder) => holder !== undefined && lives(holder))
}

function refuseLiving(folder: string, own: number | undefined): number {
  const all = numbers(folder)
  for (const number of all) {
    // Two that saw each other: the higher number stays.
    if (own !== undefined && number <= own) continue
    const holder = read(folder, number)
    if (holder !== undefined && lives(holder)) throw new DataHeld(folder, holder.pid, holder.since, holder.url)
  }
  return all.at(-1) ?? 0
}

function claim(folder: string, number: number, holder: Holder): boolean {
  const complete = draft(folder, holder)
  try {
    linkSync(complete, fileOf(folder, number))
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code === undefined || !NO_LINKS.has(code)) throw error
    return claimWithoutLinks(folder, number, holder)
  } finally {
    rmSync(complete, { force: true })
  }
}

/** How file systems say that they have no hard links (those of some virtual machines and memory cards). */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

function claimWithoutLinks(folder: string, number: number, holder: Holder): boolean {
  try {
    writeFileSync(fileOf(folder, number), JSON.stringify(holder), { mode: 0o600, flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Written aside first: a file under the real name is always complete, since half a holder would look like a dead one. */
function draft(folder: string, holder: Holder): string {
  const file = join(folder, `.holder.${process.pid}.${threadId}`)
  writeFileSync(file, JSON.stringify(holder), { mode: 0o600 })
  return file
}

const fileOf = (folder: string, number: number): string => join(folder, `holder.${number}.json`)

function numbers(folder: string): number[] {
  return readdirSync(folder)
    .flatMap((name) => /^holder\.([0-9]{1,9})\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

function read(folder: string, number: number): Holder | undefined {
  try {
    return Holder.parse(JSON.parse(readFileSync(fileOf(folder, number), 'utf8')))
  } catch {
    return undefined
  }
}
