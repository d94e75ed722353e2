import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Gives back what loading the modules and seeding the demo left behind: V8 would keep those pages, a third of the
 * process, until memory gets short. Takes about 0.1 s, once.
 */
export function collectStartGarbage(): void {
  setFlagsFromString('--expose-gc')
  // The function appears in contexts that are made after the flag.
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
