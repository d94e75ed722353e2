/**
 * Runs the tests: one cluster for all files, a migrated template in it, `node --test` over the files.
 *
 *     npm test                                    every test, on the embedded PostgreSQL
 *     npm test -- test/captable/replay.test.ts    one file; a folder takes all files below it
 *     npm test -- --postgres 15                   on an installed PostgreSQL of that major version
 *     npm test -- --name "closes once"            tests whose name matches
 *
 * EQUIHOUR_TEST_DATABASE_URL, the owner's connection string of a running server, takes the place of a cluster of our own.
 */
import { existsSync, globSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { parseArgs } from 'node:util'
import { openTestCluster } from '../test/support/cluster.ts'

type Options = { files: string[]; postgres: string | undefined; name: string | undefined; concurrency: number }
type Totals = { passed: number; failed: number; skipped: number }

/** Milliseconds that one file may take. */
const FILE_TIMEOUT = 10 * 60_000

function options(): Options {
  const { values, positionals } = parseArgs({
    options: { postgres: { type: 'string' }, name: { type: 'string' }, concurrency: { type: 'string' } },
    allowPositionals: true,
  })
  return {
    files: filesOf(positionals),
    postgres: values.postgres,
    name: values.name,
    concurrency: Number(values.concurrency ?? Math.max(2, availableParallelism())),
  }
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

async function runFiles({ files, name, concurrency }: Options): Promise<Totals> {
  const totals = { passed: 0, failed: 0, skipped: 0 }
  const stream = run({
    files,
    concurrency,
    timeout: FILE_TIMEOUT,
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
  return totals
}

async function main(): Promise<number> {
  const chosen = options()
  const cluster = await openTestCluster(binOf(chosen.postgres))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void cluster.stop().finally(() => process.exit(130)))
  }
  try {
    process.env.EQUIHOUR_TEST_CLUSTER = cluster.url
    process.env.EQUIHOUR_TEST_TEMPLATE = cluster.template
    const { passed, failed, skipped } = await runFiles(chosen)
    console.log(
      `${cluster.version}, ${chosen.files.length} files${skipped > 0 ? `, ${skipped} SKIPPED: see above why` : ''}`,
    )
    console.log(`${passed} passed, ${failed} failed`)
    return failed === 0 && passed > 0 ? 0 : 1
  } finally {
    await cluster.stop()
  }
}

process.exitCode = await main()
