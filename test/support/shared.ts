/** Data that lies beside the project where it was built, and that may not be copied into it. Tests that need it skip loudly. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../shared/data/', import.meta.url))

/** The path of shared data, or `undefined` where it is missing; the reason to skip is then printed. */
export function sharedData(path: string): string | undefined {
  if (existsSync(root + path)) return root + path
  console.warn(`SKIPPED: ../shared/data/${path} is missing, so tests on it do not run`)
  return undefined
}
