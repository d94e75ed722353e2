/** Where the bytes of a package come from: a list of files, a folder, or an archive. All three end as the same thing. */
import { lstat, opendir, readFile, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { MAX_ARCHIVE_BYTES, MAX_FILES, MAX_TOTAL_BYTES } from './bounds.ts'
import { BrokenPackage, type PackageFault } from './fault.ts'
import { openArchive } from './zip.ts'

/** The files of a package by their path inside it, with "/" between folders. A file is read only when it is asked for. */
export type PackageFiles = {
  readonly names: readonly string[]
  /** @throws {BrokenPackage} when it cannot be read within the bounds */
  read(name: string): Promise<Uint8Array>
}

/** One file of a list: its name inside the package, and its content as bytes or as text. */
export type NamedFile = { readonly name: string; readonly content: string | Uint8Array }

export const packageFault = (file: string, reason: string): PackageFault => ({
  file,
  itemId: null,
  pointer: '',
  reason,
})

/**
 * Why a name may not be a file's path inside a package, or `undefined` where it may. The rule is the same for names in an
 * archive, in a list and in the manifest, so that no way around it is left.
 */
export function pathFault(name: string): string | undefined {
  if (name === '' || name.length > 500) return 'is not a path of 1 to 500 characters'
  if (/\p{Cc}/u.test(name)) return 'has a control character in its path'
  if (name.includes('\\')) return 'has a backslash in its path: use "/"'
  if (name.startsWith('/') || /^[a-zA-Z]:/.test(name)) return 'is an absolute path: paths are inside the package'
  if (name.split('/').includes('..')) return 'leaves the package by ".."'
  return undefined
}

/** Drops "./" and empty segments: the manifests of the samples write "./Transactions.ocf.json". */
export const normalPath = (name: string): string =>
  name
    .split('/')
    .filter((segment) => segment !== '.' && segment !== '')
    .join('/')

/** @throws {BrokenPackage} */
export function filesOfList(list: readonly NamedFile[]): PackageFiles {
  const faults: PackageFault[] = []
  const contents = new Map<string, Uint8Array>()
  if (list.length > MAX_FILES) throw new BrokenPackage([packageFault('', `has more than ${MAX_FILES} files`)])
  let total = 0
  for (const { name, content } of list) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const path = normalPath(name)
    const fault = pathFault(name) ?? (contents.has(path) ? 'stands twice in the package' : undefined)
    if (fault !== undefined) faults.push(packageFault(name, fault))
    else contents.set(path, bytes)
    total += bytes.byteLength
  }
  if (total > MAX_TOTAL_BYTES) faults.push(packageFault('', `is larger than ${MAX_TOTAL_BYTES} bytes`))
  if (faults.length > 0) throw new BrokenPackage(faults)
  return { names: [...contents.keys()], read: async (name) => contents.get(name) ?? new Uint8Array() }
}

/** @throws {BrokenPackage} */
export async function filesOfFolder(folder: string): Promise<PackageFiles> {
  const root = await realpath(folder)
  const names: string[] = []
  await list(root, root, names)
  let total = 0
  return {
    names,
    async read(name) {
      const path = join(root, name)
      // A link could lead out of the folder, and what it leads to may change between two looks: none are followed.
      if ((await realpath(path)) !== path) throw new BrokenPackage([packageFault(name, 'is a link, not a file')])
      const { size } = await lstat(path)
      total += size
      if (total > MAX_TOTAL_BYTES)
        throw new BrokenPackage([packageFault(name, `makes the package larger than ${MAX_TOTAL_BYTES} bytes`)])
      return readFile(path)
    },
  }
}

async function list(root: string, folder: string, names: string[]): Promise<void> {
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await list(root, path, names)
    else if (entry.isFile() || entry.isSymbolicLink()) names.push(relative(root, path).split(sep).join('/'))
    if (names.length > MAX_FILES) throw new BrokenPackage([packageFault('', `has more than ${MAX_FILES} files`)])
  }
}

/** @throws {BrokenPackage} */
export async function filesOfArchive(bytes: Uint8Array): Promise<PackageFiles> {
  if (bytes.byteLength > MAX_ARCHIVE_BYTES) {
    throw new BrokenPackage([packageFault('', `is an archive larger than ${MAX_ARCHIVE_BYTES} bytes`)])
  }
  return openArchive(bytes)
}
