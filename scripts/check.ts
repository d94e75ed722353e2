/**
 * `npm run check`: everything that can be found without running tests, at once. `npm run check -- <names>` runs some.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openTestCluster, type TestCluster } from '../test/support/cluster.ts'
import { boundaryFaults } from './checks/boundaries.ts'
import { citusFaults } from './checks/citus.ts'
import { databaseTypes } from './checks/database-types.ts'
import { DATABASE_TYPES, ROOT, SCHEMA } from './checks/files.ts'
import { schemaFaults } from './checks/printed-schema.ts'

/** Gives what is wrong, one line each; none when nothing is. */
type Check = (cluster: () => Promise<TestCluster>) => Promise<readonly string[]>

const CHECKS: Readonly<Record<string, Check>> = {
  types: () => tool('tsc', '--noEmit', '--pretty', 'false'),
  lint: () => tool('biome', 'check', '--error-on-warnings', '--colors=off'),
  schema: () => schemaFaults(SCHEMA),
  boundaries: async () => boundaryFaults(ROOT),
  'database-types': async (cluster) => databaseTypesFaults(await databaseTypes((await cluster()).templateUrl)),
  citus: async (cluster) => citusFaults((await cluster()).templateUrl, ROOT),
}

function databaseTypesFaults(now: string): string[] {
  const committed = existsSync(DATABASE_TYPES) ? readFileSync(DATABASE_TYPES, 'utf8') : ''
  return now === committed
    ? []
    : ['api/platform/database-types.ts differs from the migrated database: run "npm run generate" and commit it']
}

function tool(name: string, ...args: string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(ROOT, 'node_modules', '.bin', name), args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (output += text.toString('utf8')))
    child.once('error', reject)
    child.once('close', (code) => resolve(code === 0 ? [] : [output.trim()]))
  })
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !Object.hasOwn(CHECKS, name))
  if (unknown.length > 0) {
    console.error(`There is no check ${unknown.join(', ')}. There are: ${Object.keys(CHECKS).join(', ')}.`)
    return 2
  }
  let opening: Promise<TestCluster> | undefined
  const cluster = (): Promise<TestCluster> => {
    opening ??= openTestCluster()
    return opening
  }
  const chosen = Object.entries(CHECKS).filter(([name]) => names.length === 0 || names.includes(name))
  const verdicts = await Promise.all(chosen.map(async ([name, check]) => report(name, check, cluster)))
  await opening?.then((opened) => opened.stop()).catch(() => undefined)
  const failed = verdicts.filter((passed) => !passed).length
  console.log(`${verdicts.length - failed} checks passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

async function report(name: string, check: Check, cluster: () => Promise<TestCluster>): Promise<boolean> {
  const begun = performance.now()
  const faults = await check(cluster).catch((error: unknown) => [
    error instanceof Error ? (error.stack ?? error.message) : String(error),
  ])
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  console.log(`${faults.length === 0 ? '✔' : '✖'} ${name} (${seconds} s)`)
  for (const fault of faults) console.log(`    ${fault.replaceAll('\n', '\n    ')}`)
  return faults.length === 0
}

process.exit(await main(process.argv.slice(2)))
