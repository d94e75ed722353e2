/**
 * `npm run bench -- usage`: one hot account, batches of 1,000 usage records, through GraphQL and through NDJSON, beside pgbench
 * with the same call on the same server where it is installed; interleaved, medians and ratios; then the server's memory while
 * 100,000 records stream in, 1,000,000 with `--large`. `npm run bench -- usage --stream 500000` streams so many and no more.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openEmbedded } from '../api/platform/embedded/index.ts'
import { newId, openDatabase } from '../api/platform/index.ts'
import { migrate } from '../api/platform/migrate.ts'
import { machine, median } from './machine.ts'
import { type Bed, benchRecord, makeBed } from './usage-bed.ts'

const SIZE = 1000
const ROUNDS = 5
const BATCHES = 20
/**
 * Mebibytes of heap that the server may have while its memory is looked at. Without a bound the engine puts off collecting for
 * as long as the machine has room, and what it has not collected yet looks like what is kept.
 */
const HEAP = 96
/** Records a second, of an idle machine with two cores; of pgbench's rate; mebibytes that memory may rise. */
const LIMITS = { graphql: 10_000, ndjson: 15_000, ratio: 0.6, memory: 32 }

type Bench = {
  readonly bed: Bed
  readonly url: string
  readonly port: number
  readonly server: ChildProcess
  readonly owner: pg.Client
  readonly folder: string
}

export async function run(args: string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'equihour-bench-'))
  const embedded = await openEmbedded({ folder })
  const url = embedded.urlOf('postgres')
  await migrate(url)
  const owner = new pg.Client({ connectionString: url })
  await owner.connect()
  const { db } = openDatabase({ url, connections: 2 })
  let server: ChildProcess | undefined
  try {
    const bed = await makeBed(owner, db)
    console.log(machine())
    const at = args.indexOf('--stream')
    let kept = 0
    if (at === -1) {
      const started = await startServer(url)
      server = started.server
      kept = await rates({ bed, url, owner, folder, ...started })
      server.kill()
    }
    const started = await startServer(url, [`--max-old-space-size=${HEAP}`])
    server = started.server
    const records = at === -1 ? (args.includes('--large') ? 1_000_000 : 100_000) : Number(args[at + 1] ?? 1_000_000)
    return Math.max(kept, await memory({ bed, url, owner, folder, ...started }, records))
  } finally {
    server?.kill()
    await db.destroy()
    await owner.end()
    await embedded.stop()
    for (const path of [embedded.files, folder]) await rm(path, { recursive: true, force: true })
  }
}

async function startServer(
  url: string,
  flags: readonly string[] = [],
): Promise<{ server: ChildProcess; port: number }> {
  const all = ['--max-semi-space-size=8', ...flags, join(import.meta.dirname, 'usage-server.ts')]
  const server = spawn(process.execPath, all, {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(server.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  return { server, port: Number(line.toString().trim()) }
}

let told = 0
/** The next batch of records that were never told. */
function nextBatch(bed: Bed): object[] {
  return Array.from({ length: SIZE }, () => {
    told += 1
    return benchRecord(bed, `job-${told}`, told)
  })
}

async function rates(bench: Bench): Promise<number> {
  console.log(
    `${ROUNDS} rounds of ${BATCHES} batches of ${SIZE} records each, interleaved; medians in records a second`,
  )
  const found: Record<'graphql' | 'two' | 'ndjson' | 'pgbench', number[]> = {
    graphql: [],
    two: [],
    ndjson: [],
    pgbench: [],
  }
  await graphql(bench, 3, 1)
  for (let round = 0; round < ROUNDS; round += 1) {
    const bare = await pgbench(bench)
    if (bare !== undefined) found.pgbench.push(bare)
    found.graphql.push(await graphql(bench, BATCHES, 1))
    found.two.push(await graphql(bench, BATCHES, 2))
    found.ndjson.push(await ndjson(bench, BATCHES))
  }
  const bare = found.pgbench.length === 0 ? undefined : median(found.pgbench)
  const lines = [
    ['GraphQL, one client', found.graphql, LIMITS.graphql],
    ['GraphQL, two clients', found.two, LIMITS.graphql],
    ['NDJSON, one stream', found.ndjson, LIMITS.ndjson],
  ] as const
  console.log(
    `${'pgbench, the same call'.padEnd(26)} ${bare === undefined ? 'is not installed' : `${bare.toFixed(0).padStart(7)}/s`}`,
  )
  const kept = lines.map(([what, figures, limit]) => {
    const rate = median(figures)
    const ratio = bare === undefined ? undefined : rate / bare
    const isKept = rate >= limit && (ratio === undefined || ratio >= LIMITS.ratio)
    const beside = ratio === undefined ? '' : `   ratio ${ratio.toFixed(2)}, limit ${LIMITS.ratio}`
    console.log(
      `${what.padEnd(26)} ${rate.toFixed(0).padStart(7)}/s, limit ${limit}${beside} ${isKept ? 'kept' : 'BROKEN'}`,
    )
    return isKept
  })
  // Two clients show what is left when a client's own pauses are taken out; the limit is for one.
  return kept[0] === true && kept[2] === true ? 0 : 1
}

const MUTATION = `mutation ($input: ReportUsageInput!) { reportUsage(input: $input) {
  ... on ReportedUsage { records { externalId outcome charged } newlyEarnedShares } ... on DomainError { code message } } }`

async function graphql({ bed, port }: Bench, batches: number, clients: number): Promise<number> {
  const bodies = Array.from({ length: batches }, () => {
    const records = nextBatch(bed).map((record) => ({ ...record, reservationId: undefined }))
    const input = { reservationId: reservationOf(bed), records, complete: false }
    return JSON.stringify({ query: MUTATION, variables: { input } })
  })
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const begun = performance.now()
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
        const text = await post(port, agent, bed.token, body)
        if (!text.includes('"RECORDED"')) throw new Error(`GraphQL answered ${text.slice(0, 400)}`)
      }
    }),
  )
  agent.destroy()
  return (batches * SIZE * 1000) / (performance.now() - begun)
}

const reservationOf = (bed: Bed): string => `Reservation:${bed.companyId}:${bed.reservationId}`

async function post(port: number, agent: Agent, token: string, body: string): Promise<string> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  const sent = request({ port, host: '127.0.0.1', method: 'POST', path: '/graphql', agent, headers })
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** One stream; answers are counted, not read. */
async function ndjson({ bed, port }: Bench, batches: number, each?: (answered: number) => void): Promise<number> {
  const headers = { authorization: `Bearer ${bed.token}`, 'content-type': 'application/x-ndjson' }
  const ready = each === undefined ? Array.from({ length: batches }, () => textOf(bed)) : []
  const begun = performance.now()
  const sent = request({ port, host: '127.0.0.1', method: 'POST', path: '/usage', headers })
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>
  sent.flushHeaders()
  const counted = answered.then(async ([response]) => {
    let lines = 0
    let last: Buffer = Buffer.alloc(0)
    for await (const chunk of response) {
      last = chunk as Buffer
      for (const byte of last) if (byte === 10) lines += 1
      each?.(lines)
    }
    if (lines !== batches * SIZE || !last.includes('"RECORDED"'))
      throw new Error(`${lines} lines were answered: ${last.subarray(-300)}`)
  })
  for (let batch = 0; batch < batches; batch += 1) {
    if (!sent.write(ready[batch] ?? textOf(bed))) await once(sent, 'drain')
  }
  sent.end()
  await counted
  return (batches * SIZE * 1000) / (performance.now() - begun)
}

const textOf = (bed: Bed): string =>
  nextBatch(bed)
    .map((record) => `${JSON.stringify(record)}\n`)
    .join('')

/** The same call under pgbench, one client; its records lie ready in a table. `undefined` where pgbench is not installed. */
async function pgbench({ bed, url, owner, folder }: Bench): Promise<number | undefined> {
  await owner.query(
    'CREATE TABLE IF NOT EXISTS bench_batch (n int PRIMARY KEY, ids uuid[], names text[], taken boolean)',
  )
  await owner.query('GRANT SELECT, UPDATE ON bench_batch TO equihour_app')
  await owner.query('TRUNCATE bench_batch')
  for (let n = 0; n < BATCHES; n += 1) {
    const names = Array.from({ length: SIZE }, (_, index) => `bench-${told + index}`)
    told += SIZE
    await owner.query('INSERT INTO bench_batch VALUES ($1, $2, $3, false)', [n, names.map(() => newId()), names])
  }
  const same = (text: string, type: string) => `array_fill(${text}::${type}, ARRAY[${SIZE}])`
  const script = join(folder, 'usage.sql')
  await writeFile(
    script,
    `UPDATE bench_batch SET taken = true WHERE n = (SELECT min(n) FROM bench_batch WHERE NOT taken) RETURNING n \\gset
SELECT stored FROM bench_batch b, usage_post('${bed.companyId}', b.ids, ${same(`'${bed.reservationId}'`, 'uuid')},
  ${same(`'pgbench'`, 'text')}, b.names, ${same('60', 'bigint')}, ${same(`'2025-03-01T00:00:00Z'`, 'timestamptz')},
  ${same(`'2025-03-01T00:01:00Z'`, 'timestamptz')}, ${same(`'train.sh'`, 'text')}, ARRAY['${bed.poolId}'::uuid],
  '${bed.personId}', NULL, false) WHERE b.n = :n;
`,
  )
  const args = ['-n', '-M', 'prepared', '-c', '1', '-t', String(BATCHES), '-f', script, url]
  const { status, stdout, stderr, error } = spawnSync('pgbench', args, {
    encoding: 'utf8',
    env: { ...process.env, PGOPTIONS: '-c role=equihour_app -c timezone=UTC' },
  })
  if (error !== undefined) return undefined
  const rate = /tps = ([\d.]+)/.exec(stdout)?.[1]
  if (status !== 0 || rate === undefined) throw new Error(`pgbench failed: ${stderr.slice(0, 400)}`)
  return Number(rate) * SIZE
}

/** The server's resident memory in mebibytes. Linux only. */
const resident = (pid: number | undefined): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024

async function memory(bench: Bench, records: number): Promise<number> {
  const step = Math.max(SIZE, Math.round(records / 20 / SIZE) * SIZE)
  const samples: number[] = []
  let next = step
  const rate = await ndjson(bench, Math.ceil(records / SIZE), (answered) => {
    if (answered < next) return
    next += step
    samples.push(resident(bench.server.pid))
  })
  console.log(
    `${records} records in one stream at ${rate.toFixed(0)}/s; resident memory of the server, MiB, at each twentieth:`,
  )
  console.log(samples.map((sample) => sample.toFixed(0)).join(' '))
  // The heap settles in the first fifth; after that it must not rise.
  const settled = Math.max(...samples.slice(0, Math.ceil(samples.length / 5)))
  const most = Math.max(...samples)
  const kept = most - settled <= LIMITS.memory
  console.log(
    `rises by ${(most - settled).toFixed(0)} MiB after the first fifth   limit ${LIMITS.memory} MiB ${kept ? 'kept' : 'BROKEN'}`,
  )
  return kept ? 0 : 1
}
