/** What tests on broken packages share: the faults of a package, compared with those expected. */
import assert from 'node:assert/strict'
import { BrokenPackage, checkPackage, type PackageFault, type PackageSource } from '../../api/captable/index.ts'
import { type Items, ownPackage } from '../support/ocf-package.ts'

/** A fault as it should be told; the reason only in part. */
export type Expected = readonly [file: string, itemId: string | null, pointer: string, reason: RegExp]

/** The refusal of a package that must be refused. */
export async function faultsOf(source: PackageSource, gaps: 'REFUSE' | 'ACCEPT' = 'REFUSE'): Promise<BrokenPackage> {
  try {
    await checkPackage(source, gaps)
  } catch (error) {
    if (error instanceof BrokenPackage) return error
    throw error
  }
  throw new assert.AssertionError({ message: 'the package was not refused' })
}

export function assertFaults(faults: readonly PackageFault[], expected: readonly Expected[]): void {
  assert.deepEqual(
    faults.map(({ file, itemId, pointer }) => [file, itemId, pointer]),
    expected.map(([file, itemId, pointer]) => [file, itemId, pointer]),
    JSON.stringify(faults),
  )
  for (const [index, fault] of faults.entries()) assert.match(fault.reason, expected[index]?.[3] ?? /never/)
}

/** Our own package with the items of one file altered. */
export const change = (file: string, alter: (items: Items) => unknown) => ownPackage({ [file]: alter })
/** Our own package with one more transaction, which then stands at `/items/5`. */
export const transaction = (item: object) => change('Transactions', (items) => [...items, item])
/** Pointer to an item, and into it. */
export const at = (index: number, path = '') => `/items/${index}${path}`
export const TX = 'Transactions.ocf.json'
