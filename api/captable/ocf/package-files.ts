/** The files of a package, whatever they come from, and the rule for their paths. */
import type { PackageFault } from './fault.ts'

/** The files of a package by their path inside it, with "/" between folders. A file is read only when it is asked for. */
export type PackageFiles = {
  readonly names: readonly string[]
  /** @throws {BrokenPackage} when it cannot be read within the bounds */
  read(name: string): Promise<Uint8Array>
}

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
