/** Where the bytes of a package come from: a list of files, a folder, or an archive. All three end as the same thing. */
import { lstat, opendir, readFile, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { MAX_ARCHIVE_BYTES, MAX_FILES, MAX_TOTAL_BYTES } from './bounds.ts'
import { BrokenPackage, type PackageFault } from './fault.ts'
import { normalPath, type PackageFiles, packageFault, pathFault } from './package-files.ts'
import { openArchive } from './zip.ts'

/** One file of a list: its name inside the package, and its content as bytes or as text. */
export type NamedFile = { readonly name: string; readonly content: string | Uint8Array }

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
