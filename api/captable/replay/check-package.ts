/** A package read, validated and replayed, with every fault of all three told together. */
import { BrokenPackage, Faults } from '../ocf/fault.ts'
import type { OcfPackage } from '../ocf/package.ts'
import { type PackageSource, readPackageWithFaults } from '../ocf/read-package.ts'
import { type Replayed, replay } from './replay.ts'

/** `REFUSE`: whatever the package refers to must be in it. `ACCEPT`: what is missing is told and worked around. See ADR 0004. */
export type GapsMode = 'REFUSE' | 'ACCEPT'
export type CheckedPackage = { readonly package: OcfPackage; readonly replayed: Replayed }

/**
 * Reads and replays a package. Malformed items refuse it in both modes; gaps only where they are refused.
 *
 * @throws {BrokenPackage} with every fault
 */
export async function checkPackage(source: PackageSource, gaps: GapsMode = 'REFUSE'): Promise<CheckedPackage> {
  const { package: read, faults, unreadable } = await readPackageWithFaults(source)
  const replayed = replay(read, { gaps: 'ACCEPT', unreadable })
  if (faults.count === 0 && (gaps === 'ACCEPT' || replayed.gapCount === 0)) return { package: read, replayed }
  const all = new Faults()
  for (const fault of faults.list) all.add(fault)
  // In the mode that accepts gaps they are no faults, and would only hide those that are.
  if (gaps === 'REFUSE')
    for (const { file, itemId, pointer, reason } of replayed.gaps) all.add({ file, itemId, pointer, reason })
  const uncounted =
    faults.count - faults.list.length + (gaps === 'REFUSE' ? replayed.gapCount - replayed.gaps.length : 0)
  throw new BrokenPackage(all.list, all.count + uncounted)
}

/**
 * A package from a folder or an archive on disk, for the command line: no database is needed.
 *
 * @throws {BrokenPackage}
 */
export const importFromPath = (path: string, gaps: GapsMode = 'REFUSE'): Promise<CheckedPackage> =>
  checkPackage({ path }, gaps)
