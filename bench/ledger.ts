/**
 * `npm run bench -- ledger [--large]`: single transfers over GraphQL by 8 clients, on random accounts and on one, beside
 * pgbench with the same SQL on the same server; what a transfer costs in a ledger of 10^4 and of 10^6 rows (10^7 with
 * `--large`); then the bench of usage. Rounds are interleaved; figures are medians. Only ratios and the processor's time say
 * something on a machine that others use too: there the least time of all rounds is nearest to the truth, since whoever else
 * is busy only adds to it, and a bare server of Node's own that gets the same bodies shows by how much.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openSession } from '../api/access/index.ts'
import { DEMO_PEOPLE } from '../api/demo/people.ts'
import { holderOf, openEmbedded } from '../api/platform/embedded/index.ts'
import { inTransaction, newId, openDatabase } from '../api/platform/index.ts'
import { migrate } from '../api/platform/migrate.ts'
import { DOOR_REASON } from '../api/tokens/transfer-rights.ts'
import { says, start } from '../test/support/process.ts'
import { accountId, accountSql, fillLedger, LOTS } from './ledger-fill.ts'
import { machine, median } from './machine.ts'
import { run as usage } from './usage.ts'

const CLIENTS = 8
const ROUNDS = 5
const SECONDS = 3
/** Requests until the code is compiled as it stays. */
const WARM = 4_000
/** Milliseconds of Node's processor time for a transfer; of pgbench's rate; of the cost in a small ledger. */
const LIMITS = { cpu: 0.4, random: 0.2, hot: 0.6, flat: 1.5 }
const FLOWS = `'{available>escrow,escrow>available}'::text[]`

type Bed = {
  readonly url: string
  readonly holderId: string
  readonly personId: string
  readonly folder: string
  readonly port: number
  readonly pid: number
  readonly token: string
}

export async function run(args: string[]): Promise<number> {
  console.log(machine())
  console.log(`${CLIENTS} clients, ${ROUNDS} rounds of ${SECONDS} s, interleaved; medians`)
  const kept = [...(await overGraphql()), await flat(args.includes('--large') ? 10_000_000 : 1_000_000)]
  return kept.every(Boolean) && (await usage(args)) === 0 ? 0 : 1
}

/** A server of its own, as a person starts it, with a ledger beside the demo's. */
async function overGraphql(): Promise<boolean[]> {
  const folder = await mkdtemp(join(tmpdir(), 'equihour-bench-'))
  const data = join(folder, 'data')
  const env = { ...process.env, EQUIHOUR_DATA: data, PORT: '0', DATABASE_URL: undefined }
  // As `npm start` does.
  const server = start(process.execPath, ['--max-semi-space-size=8', 'bin/equihour.mjs', 'start'], { env })
  try {
    const serves = await says(server, /serves http:\/\/localhost:(\d+)/, 180_000)
    const held = holderOf(data)
    if (held?.database === undefined || server.child.pid === undefined) throw new Error('the server holds no data')
    const owner = new pg.Client({ connectionString: held.database })
    await owner.connect()
    const filled = await fillLedger(owner, 10_000).finally(() => owner.end())
    const { db } = openDatabase({ url: held.database, connections: 1 })
    const token = await inTransaction(db, (trx) => openSession(trx, DEMO_PEOPLE.operations.id, 'bearer'))
    await db.destroy()
    const bed = { url: held.database, folder, port: Number(serves[1]), pid: server.child.pid, token, ...filled }
    return [...(await random(bed)), ...(await hot(bed))]
  } finally {
    server.child.kill('SIGINT')
    await server.exit
    await rm(folder, { recursive: true, force: true })
  }
}

async function random(bed: Bed): Promise<boolean[]> {
  const any = () => Math.floor(Math.random() * LOTS)
  const rounds = await interleaved(bed, any, `random(0, ${LOTS - 1})`)
  const ratio = rounds.pgbench === undefined ? undefined : rounds.rate / rounds.pgbench
  const bare = await bareTime(transfer(bed, 0))
  const least = Math.min(...rounds.cpus)
  const beside = `median ${median(rounds.cpus).toFixed(3)}, a bare server ${bare.toFixed(3)}, limit ${LIMITS.cpu} ms`
  return [
    line('Node’s time for a transfer, at least', `${least.toFixed(3)} ms`, beside, least <= LIMITS.cpu),
    compared('single transfers, random accounts', rounds, LIMITS.random, ratio === undefined || ratio >= LIMITS.random),
  ]
}

async function hot(bed: Bed): Promise<boolean[]> {
  const rounds = await interleaved(bed, () => 0, '0')
  const ceiling = await ceilingOf(bed)
  const wanted = Math.min(LIMITS.hot * (rounds.pgbench ?? 0), 0.9 * ceiling)
  console.log(`${'Node’s own ceiling'.padEnd(36)} ${ceiling.toFixed(0).padStart(7)}/s  requests that touch no account`)
  return [compared('single transfers, one hot account', rounds, LIMITS.hot, rounds.rate >= wanted)]
}

type Rounds = { readonly rate: number; readonly cpus: readonly number[]; readonly pgbench: number | undefined }

async function interleaved(bed: Bed, lot: () => number, lotSql: string): Promise<Rounds> {
  const [rates, cpus, bare]: [number[], number[], number[]] = [[], [], []]
  await graphqlRate(bed, { requests: WARM }, () => transfer(bed, lot()))
  for (let round = 0; round < ROUNDS; round += 1) {
    const measured = await graphqlRate(bed, { milliseconds: SECONDS * 1000 }, () => transfer(bed, lot()))
    rates.push(measured.rate)
    cpus.push(measured.cpu)
    const rate = await pgbenchRate(bed, lotSql)
    if (rate !== undefined) bare.push(rate)
  }
  return { rate: median(rates), cpus, pgbench: bare.length === 0 ? undefined : median(bare) }
}

function compared(what: string, { rate, pgbench }: Rounds, limit: number, kept: boolean): boolean {
  const beside =
    pgbench === undefined
      ? 'pgbench is not installed'
      : `pgbench ${pgbench.toFixed(0)}/s, ratio ${(rate / pgbench).toFixed(2)}, limit ${limit}`
  return line(what, `${rate.toFixed(0)}/s`, beside, kept)
}

function line(what: string, figure: string, beside: string, kept: boolean): boolean {
  console.log(`${what.padEnd(36)} ${figure.padStart(9)}  ${beside}  ${kept ? 'kept' : 'BROKEN'}`)
  return kept
}

const MUTATION = `mutation ($input: PostTransfersInput!) { postTransfers(input: $input) { __typename
  ... on TransferBatch { answers { __typename } } } }`

/** There and back at random, so that no account runs dry. */
function transfer({ holderId }: Bed, lot: number): string {
  const account = (digit: 7 | 8) => `TokenAccount:${holderId}:${accountId(lot, digit)}`
  const event = {
    id: newId(),
    kind: 'POSTED',
    debit: account(7),
    credit: account(8),
    amount: '0.000001',
    reason: 'adjust',
  }
  return JSON.stringify({
    query: MUTATION,
    variables: { input: { companyId: `Company:${holderId}`, transfers: [event] } },
  })
}

/** Requests a second that the server answers, and milliseconds of its processor time for each. */
async function graphqlRate(
  bed: Pick<Bed, 'port' | 'pid' | 'token'>,
  { milliseconds = Number.POSITIVE_INFINITY, requests = Number.POSITIVE_INFINITY },
  body: () => string,
): Promise<{ rate: number; cpu: number }> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS })
  let count = 0
  const [begun, spent] = [performance.now(), cpuOf(bed.pid)]
  const until = begun + milliseconds
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (performance.now() < until && count < requests) {
        const answer = await send(bed, agent, body())
        if (count === 0 && !/PostedTransfer|Query/.test(answer)) throw new Error(answer)
        count += 1
      }
    }),
  )
  agent.destroy()
  return { rate: (count * 1000) / (performance.now() - begun), cpu: (cpuOf(bed.pid) - spent) / count }
}

function send({ port, token }: Pick<Bed, 'port' | 'token'>, agent: http.Agent, body: string): Promise<string> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  return new Promise((resolve, reject) => {
    const request = http.request({ port, agent, path: '/graphql', method: 'POST', headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve(text)).on('error', reject)
    })
    request.on('error', reject).end(body)
  })
}

const ceilingOf = async (bed: Bed): Promise<number> => {
  const rates: number[] = []
  for (let round = 0; round < 3; round += 1)
    rates.push((await graphqlRate(bed, { milliseconds: SECONDS * 1000 }, () => '{"query":"{ __typename }"}')).rate)
  return median(rates)
}

/** Milliseconds of processor time for a request to a server of Node's own that reads the body and answers a few bytes. */
async function bareTime(body: string): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare-server.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [said] = await once(child.stdout, 'data')
    const bare = { port: Number(String(said)), pid: child.pid ?? 0, token: '' }
    await graphqlRate(bare, { requests: WARM }, () => body)
    const times: number[] = []
    for (let round = 0; round < ROUNDS; round += 1)
      times.push((await graphqlRate(bare, { requests: WARM }, () => body)).cpu)
    return Math.min(...times)
  } finally {
    child.kill()
  }
}

/** Milliseconds of processor time that a process has used, as Linux counts them: in hundredths of a second. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The same statement under pgbench, with as many clients; `undefined` where pgbench is not installed. */
async function pgbenchRate(bed: Bed, lotSql: string): Promise<number | undefined> {
  const script = join(bed.folder, 'transfer.sql')
  await writeFile(
    script,
    `\\set lot ${lotSql}
SELECT result, detail AS about, amount_micro AS amount FROM ledger_door('${bed.holderId}', '${bed.personId}', gen_random_uuid(),
  ${FLOWS}, '${DOOR_REASON.source}', jsonb_build_array(jsonb_build_object('id', gen_random_uuid(), 'kind', 'posted',
  'debit', ${accountSql(':lot', 7)}, 'credit', ${accountSql(':lot', 8)}, 'amount', '1', 'reason', 'adjust'))) ORDER BY ordinal;
`,
  )
  const args = ['-n', '-M', 'prepared', '-c', String(CLIENTS), '-j', '2', '-T', String(SECONDS), '-f', script, bed.url]
  const program = ['pgbench', '/usr/lib/postgresql/15/bin/pgbench'].find(
    (each) => spawnSync(each, ['--version']).status === 0,
  )
  if (program === undefined) return undefined
  const env = { ...process.env, PGOPTIONS: '-c role=equihour_app' }
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env })
  const rate = /tps = ([\d.]+)/.exec(stdout)?.[1]
  if (status !== 0 || rate === undefined) throw new Error(`pgbench failed: ${stderr}`)
  return Number(rate)
}

/** What one transfer costs in a ledger of few rows and in one of many, one after the other. */
async function flat(many: number): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'equihour-bench-'))
  const embedded = await openEmbedded({ folder })
  const beds: { client: pg.Client; holderId: string; personId: string; costs: number[] }[] = []
  try {
    for (const [name, rows] of [
      ['few', 10_000],
      ['many', many],
    ] as const) {
      const maintenance = new pg.Client({ connectionString: embedded.urlOf('postgres') })
      await maintenance.connect()
      await maintenance.query(`CREATE DATABASE ${name}`)
      await maintenance.end()
      await migrate(embedded.urlOf(name))
      const client = new pg.Client({ connectionString: embedded.urlOf(name) })
      await client.connect()
      beds.push({ client, costs: [], ...(await fillLedger(client, rows)) })
    }
    for (let round = 0; round < 600; round += 1) {
      for (const bed of beds) {
        const cost = await transferCost(bed)
        if (round >= 50) bed.costs.push(cost)
      }
    }
    const [few, large] = beds.map(({ costs }) => median(costs))
    const ratio = (large ?? 0) / (few ?? 1)
    const figures = `${large?.toFixed(2)} ms beside ${few?.toFixed(2)} ms`
    return line(
      `a transfer among ${many} rows`,
      `x ${ratio.toFixed(2)}`,
      `${figures} among 10000, limit ${LIMITS.flat}`,
      ratio <= LIMITS.flat,
    )
  } finally {
    for (const { client } of beds) await client.end()
    await embedded.stop()
    for (const path of [embedded.files, folder]) await rm(path, { recursive: true, force: true })
  }
}

async function transferCost(bed: { client: pg.Client; holderId: string; personId: string }): Promise<number> {
  const lot = Math.floor(Math.random() * LOTS)
  const event = {
    id: newId(),
    kind: 'posted',
    debit: accountId(lot, 7),
    credit: accountId(lot, 8),
    amount: '1',
    reason: 'adjust',
  }
  const begun = performance.now()
  const { rows } = await bed.client.query({
    name: 'transfer',
    text: `SELECT result FROM ledger_door($1, $2, $3, ${FLOWS}, $4, $5)`,
    values: [bed.holderId, bed.personId, newId(), DOOR_REASON.source, JSON.stringify([event])],
  })
  if (rows[0]?.result !== 'created') throw new Error(JSON.stringify(rows))
  return performance.now() - begun
}
