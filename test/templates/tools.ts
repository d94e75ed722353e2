/** Programs that tests look at documents with. Where one is missing its tests say so and are skipped. */
import { execFileSync, spawnSync } from 'node:child_process'

/** `{ skip: reason }` for node:test where a program is missing, with a loud line; `{}` where all are here. */
export function needs(...programs: readonly string[]): { skip?: string } {
  const missing = programs.filter((program) => spawnSync('which', [program]).status !== 0)
  if (missing.length === 0) return {}
  const skip = `${missing.join(' and ')} not installed: run scripts/install-test-tools.sh as root`
  console.warn(`\n  SKIPPED, UNTESTED HERE: ${skip}\n`)
  return { skip }
}

/** Runs a program with `input` as its standard input. @throws when it ends with anything but 0 */
export const run = (program: string, args: readonly string[], input?: Uint8Array): string =>
  execFileSync(program, args, { input: input ?? '', encoding: 'utf8', maxBuffer: 50_000_000, timeout: 60_000 })
