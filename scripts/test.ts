/**
 * Runs the tests: one cluster for all files, a migrated template in it, `node --test` over the files.
 *
 *     npm test                                    every test, on the embedded PostgreSQL
 *     npm test -- test/captable/replay.test.ts    one file; a folder takes all files below it
 *     npm test -- --postgres 15                   on an installed PostgreSQL of that major version, without what asks it nothing
 *     npm test -- --name "closes once"            tests whose name matches
 *     npm test -- --seed random                   other generated cases than those of every run; a number repeats a run's
 *
 * EQUIHOUR_TEST_DATABASE_URL, the owner's connection string of a running server, takes the place of a cluster of our own.
 */
import { randomInt } from 'node:crypto'
import { existsSync, globSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openTestCluster } from '../test/support/cluster.ts'

type Options = {
  files: string[]
  leavesOut: boolean
  postgres: string | undefined
  name: string | undefined
  concurrency: number
  /** Generated cases are drawn from it. */
  seed: number
}
type Totals = { passed: number; failed: number; skipped: number }

/** What asks nothing of the run's PostgreSQL: it draws, or it starts the embedded one, whichever the run is on. */
const ASKS_NO_OTHER_POSTGRESQL = [
  'test/browser/',
  'test/checks/',
  'test/templates/',
  'test/platform/embedded',
  'test/platform/start',
  'test/platform/unfinished-demo',
]

/** The same cases in every run, unless others are asked for: what passed is not undone by luck. */
const SEED = 20_261_129

/** Milliseconds that one file may take. */
const FILE_TIMEOUT = 10 * 60_000

function options(): Options {
  const { values, positionals } = parseArgs({
    options: {
      postgres: { type: 'string' },
      name: { type: 'string' },
      concurrency: { type: 'string' },
      seed: { type: 'string' },
    },
    allowPositionals: true,
  })
  const all = filesOf(positionals)
  const leavesOut = values.postgres !== undefined && positionals.length === 0
  const asked = (file: string): boolean => !ASKS_NO_OTHER_POSTGRESQL.some((place) => file.startsWith(place))
  return {
    files: leavesOut ? all.filter(asked) : all,
    leavesOut,
    postgres: values.postgres,
    name: values.name,
    concurrency: Number(values.concurrency ?? Math.max(2, availableParallelism())),
    seed: seedOf(values.seed),
  }
}

function seedOf(asked: string | undefined): number {
  if (asked === undefined) return SEED
  if (asked === 'random') return randomInt(2 ** 31)
  if (!/^-?\d{1,10}$/.test(asked)) throw new Error(`--seed takes an integer or "random", not ${asked}`)
  return Number(asked)
}

function filesOf(names: readonly string[]): string[] {
  if (names.length === 0) return globSync('test/**/*.test.ts').sort()
  const files = names.flatMap((name) => {
    if (!existsSync(name)) return globSync(name)
    return statSync(name).isDirectory() ? globSync(`${name}/**/*.test.ts`) : [name]
  })
  if (files.length === 0) throw new Error(`there is no test file ${names.join(', ')}`)
  return files.sort()
}

function binOf(postgres: string | undefined): string | undefined {
  if (postgres === undefined) return undefined
  const bin = `/usr/lib/postgresql/${postgres}/bin`
  if (!existsSync(`${bin}/initdb`)) throw new Error(`PostgreSQL ${postgres} is not installed in ${bin}`)
  return bin
}

/** Runs the files, and counts in `totals` as it goes. */
async function runFiles({ files, name, concurrency }: Options, totals: Totals): Promise<void> {
  const stream = run({
    files,
    concurrency,
    timeout: FILE_TIMEOUT,
    execArgv: ['--import', new URL('../test/support/seed.ts', import.meta.url).href],
    ...(name === undefined ? {} : { testNamePatterns: [new RegExp(name)] }),
  })
  // Suites are no tests: only what holds assertions counts. A file that fails outside its tests counts as one that failed.
  stream.on('test:pass', (event) => {
    if (event.skip !== undefined || event.todo !== undefined) totals.skipped += 1
    else if (event.details.type !== 'suite') totals.passed += 1
  })
  stream.on('test:fail', (event) => {
    if (event.details.type !== 'suite') totals.failed += 1
  })
  const report = stream.compose(new spec())
  report.pipe(process.stdout, { end: false })
  await new Promise((resolve, reject) => report.once('end', resolve).once('error', reject))
}

async function main(): Promise<number> {
  const chosen = options()
  const cluster = await openTestCluster(binOf(chosen.postgres))
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      // A test that had failed by now is a failure; what the end of the server makes of the others says nothing.
      const code = totals.failed > 0 ? 1 : 130
      void cluster.stop().finally(() => process.exit(code))
    })
  }
  try {
    // Each file runs in a process of its own and loads the whole house: compiled once, kept between them.
    process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/equihour', import.meta.url))
    process.env.EQUIHOUR_TEST_CLUSTER = cluster.url
    process.env.EQUIHOUR_TEST_TEMPLATE = cluster.template
    process.env.EQUIHOUR_TEST_SEED = String(chosen.seed)
    await runFiles(chosen, totals)
    const { passed, failed, skipped } = totals
    console.log(
      `${cluster.version}, ${chosen.files.length} files${skipped > 0 ? `, ${skipped} SKIPPED: see above why` : ''}, seed ${chosen.seed}`,
    )
    if (chosen.leavesOut)
      console.log(`Left out, since it asks nothing of this PostgreSQL: ${ASKS_NO_OTHER_POSTGRESQL.join(', ')}`)
    console.log(`${passed} passed, ${failed} failed`)
    return failed === 0 && passed > 0 ? 0 : 1
  } finally {
    await cluster.stop()
  }
}

process.exitCode = await main()
