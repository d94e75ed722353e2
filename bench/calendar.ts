/**
 * `npm run bench -- calendar`: a pool of 8,192 GPUs with 1,000,000 reservations over ten years beside one with 1,000.
 * Availability and booking with commit, interleaved; the first fit over a year; eight who book at once, beside pgbench
 * with the same SQL on the same server where it is installed.
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { OverCapacity } from '../api/clusters/index.ts'
import { bookCalendar, freeCalendar } from '../api/clusters/pool/calendar.store.ts'
import { findPool, firstFit, lowestFree, type PoolView } from '../api/clusters/pool/pool.views.ts'
import { openEmbedded } from '../api/platform/embedded/index.ts'
import { type Db, inTransaction, newId, openDatabase } from '../api/platform/index.ts'
import { migrate } from '../api/platform/migrate.ts'
import { CAPACITY, DAYS, fillCalendar, flatPeak, OPENS } from './calendar-fill.ts'
import { machine, median } from './machine.ts'

const ROUNDS = 200
const BOOKERS = 8
const SECONDS = 5
const DAY = 24 * 60
/** Of the cost with 1,000 reservations; milliseconds; of the rate of pgbench. */
const LIMITS = { twoDays: 1.5, ninetyDays: 3, firstFit: 20, concurrent: 0.5 }

type Bed = {
  readonly db: Db
  readonly owner: pg.Client
  readonly url: string
  readonly few: PoolView
  readonly many: PoolView
}

export async function run([size = '1000000']: string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'equihour-bench-'))
  const embedded = await openEmbedded({ folder })
  const url = embedded.urlOf('postgres')
  await migrate(url)
  const owner = new pg.Client({ connectionString: url })
  await owner.connect()
  const { db } = openDatabase({ url, connections: BOOKERS })
  try {
    const many = await newPool(owner, db, 'many', Number(size))
    const bed = { db, owner, url, many, few: await newPool(owner, db, 'few', 1000) }
    console.log(machine())
    console.log(
      `${size} reservations over ten years beside 1,000, ${CAPACITY} GPUs; medians of ${ROUNDS} rounds, interleaved`,
    )
    const kept = [
      await checkAnswers(bed),
      await availability(bed, 2, LIMITS.twoDays),
      await availability(bed, 90, LIMITS.ninetyDays),
      await booking(bed, 2, LIMITS.twoDays),
      await booking(bed, 90, LIMITS.ninetyDays),
      await fits(bed),
      await rivals(bed),
      await concurrent(bed, folder),
    ]
    return kept.every(Boolean) ? 0 : 1
  } finally {
    await db.destroy()
    await owner.end()
    await embedded.stop()
    for (const path of [embedded.files, folder]) await rm(path, { recursive: true, force: true })
  }
}

async function newPool(
  owner: pg.Client,
  db: Db,
  name: string,
  reservations: number,
  capacity = CAPACITY,
): Promise<PoolView> {
  const [poolId, personId, providerId, tokenClassId] = [newId(), newId(), newId(), newId()]
  await owner.query('INSERT INTO person VALUES ($1, now())', [personId])
  await owner.query(
    `INSERT INTO provider (provider_id, name, affiliation, created_at) VALUES ($1, $2, 'none', now())`,
    [providerId, name],
  )
  await owner.query(
    `INSERT INTO token_class (token_class_id, provider_id, name, unit, transfer_rule, created_by, created_at)
     VALUES ($1, $2, 'H100-hours', 'H100-hour', 'NOT_TRANSFERABLE', $3, now())`,
    [tokenClassId, providerId, personId],
  )
  await owner.query(
    `INSERT INTO pool (pool_id, provider_id, token_class_id, cluster, gpu_model, capacity, opens_at, min_lead_minutes,
       max_lead_minutes, min_length_minutes, max_length_minutes, lock_minutes, decision_minutes, created_by, created_as, created_at)
     VALUES ($1, $2, $3, $4, 'H100-SXM', $5, $6, 0, 5000000, 1, 5000000, 0, 60, $7, 'provider', now())`,
    [poolId, providerId, tokenClassId, name, capacity, OPENS, personId],
  )
  if (reservations > 0) await fillCalendar(owner, name, poolId, reservations)
  const pool = await findPool(db, poolId)
  if (pool === undefined) throw new Error('the pool was not made')
  return pool
}

/** The same numbers in every run, from 0 up to 1. Source: Mulberry32, public domain. */
let seed = 0x5eed
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}

/** An interval of so many days at some minute of the ten years, but not near their ends. */
function somewhere(days: number): { startsAt: string; endsAt: string } {
  const start = Date.parse(OPENS) + Math.floor(random() * (DAYS - days - 400)) * DAY * 60_000
  const minute = start + Math.floor(random() * DAY) * 60_000
  const text = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z')
  return { startsAt: text(minute), endsAt: text(minute + days * DAY * 60_000) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

/** The calendar answers as the flat list of steps does. */
async function checkAnswers({ db, owner, few, many }: Bed): Promise<boolean> {
  for (let round = 0; round < 100; round += 1) {
    for (const [name, pool] of [
      ['few', few],
      ['many', many],
    ] as const) {
      const asked = somewhere(round % 2 === 0 ? 2 : 90)
      const expected = CAPACITY - (await flatPeak(owner, name, asked.startsAt, asked.endsAt))
      const answer = await lowestFree(db, pool, asked)
      if (answer !== expected) {
        console.log(`WRONG: ${answer} free from ${asked.startsAt} to ${asked.endsAt}, but ${expected} in the flat list`)
        return false
      }
    }
  }
  console.log('answers                        200 equal those of a flat list of steps')
  return true
}

async function compared(
  what: string,
  bed: Bed,
  limit: number,
  cost: (pool: PoolView) => Promise<number>,
): Promise<boolean> {
  const [few, many]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round += 1) {
    few.push(await cost(bed.few))
    many.push(await cost(bed.many))
  }
  const ratio = median(many) / median(few)
  const kept = ratio <= limit
  console.log(
    `${what.padEnd(30)} ${median(many).toFixed(2).padStart(6)} ms beside ${median(few).toFixed(2).padStart(6)} ms   ratio ${ratio.toFixed(2)}   limit ${limit} ${kept ? 'kept' : 'BROKEN'}`,
  )
  return kept
}

const availability = (bed: Bed, days: number, limit: number): Promise<boolean> =>
  compared(`availability of ${days} days`, bed, limit, (pool) => {
    const asked = somewhere(days)
    return timed(() => lowestFree(bed.db, pool, asked))
  })

const booking = (bed: Bed, days: number, limit: number): Promise<boolean> =>
  compared(`booking ${days} days, with commit`, bed, limit, async (pool) => {
    const wanted = somewhere(days)
    const cost = await timed(() => inTransaction(bed.db, (trx) => bookCalendar(trx, pool.poolId, wanted, 1)))
    await inTransaction(bed.db, (trx) => freeCalendar(trx, pool.poolId, wanted, 1))
    return cost
  })

/** From questions that fit at once to questions that fit nowhere. */
async function fits({ db, many }: Bed): Promise<boolean> {
  const costs: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const gpus = 1 + Math.floor((round / ROUNDS) * (CAPACITY - 1))
    const minutes = [30, 120, 2 * DAY, 14 * DAY][round % 4] ?? DAY
    const window = somewhere(365)
    costs.push(await timed(() => firstFit(db, many.poolId, { ...window, gpus, minutes })))
  }
  const [middle, worst] = [median(costs), Math.max(...costs)]
  const kept = middle <= LIMITS.firstFit
  console.log(
    `${'first fit over a year'.padEnd(30)} ${middle.toFixed(2).padStart(6)} ms, worst ${worst.toFixed(2)} ms   limit ${LIMITS.firstFit} ms ${kept ? 'kept' : 'BROKEN'}`,
  )
  return kept
}

/** Eight who want the same hours of a pool of three: of each hour exactly three get one. */
async function rivals({ db, owner }: Bed): Promise<boolean> {
  const pool = await newPool(owner, db, 'rivals', 0, 3)
  const hours = Array.from({ length: 50 }, (_, hour) => {
    const start = Date.parse(OPENS) + hour * 3_600_000
    return { startsAt: new Date(start).toISOString(), endsAt: new Date(start + 3_600_000).toISOString() }
  })
  const won = hours.map(() => 0)
  const book = async (hour: number): Promise<void> => {
    const wanted = hours[hour]
    if (wanted === undefined) return
    try {
      await inTransaction(db, (trx) => bookCalendar(trx, pool.poolId, wanted, 1))
      won[hour] = (won[hour] ?? 0) + 1
    } catch (refusal) {
      if (!(refusal instanceof OverCapacity)) throw refusal
    }
  }
  await Promise.all(
    Array.from({ length: BOOKERS }, async () => {
      for (let hour = 0; hour < hours.length; hour += 1) await book(hour)
    }),
  )
  const exact = won.every((count) => count === 3)
  console.log(
    `eight rivals for three GPUs    ${exact ? 'exactly three each hour' : 'DOUBLE BOOKED'}, ${hours.length} hours`,
  )
  return exact
}

async function concurrent(bed: Bed, folder: string): Promise<boolean> {
  const { db, owner, many, url } = bed
  const rates: number[] = []
  const bare: number[] = []
  for (let round = 0; round < 3; round += 1) {
    rates.push(await bookingsPerSecond(db, many))
    const rate = await pgbenchRate(url, many.poolId, folder)
    if (rate !== undefined) bare.push(rate)
  }
  const { rows } = await owner.query<{ deadlocks: string }>(
    'SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()',
  )
  const calm = rows[0]?.deadlocks === '0'
  const ratio = median(rates) / median(bare)
  const kept = calm && (bare.length === 0 || ratio >= LIMITS.concurrent)
  const beside =
    bare.length === 0
      ? 'pgbench is not installed'
      : `pgbench ${median(bare).toFixed(0)}/s, ratio ${ratio.toFixed(2)}, limit ${LIMITS.concurrent}`
  console.log(
    `${'eight who book at once'.padEnd(30)} ${median(rates).toFixed(0).padStart(6)}/s, ${beside}, ${rows[0]?.deadlocks} deadlocks ${kept ? 'kept' : 'BROKEN'}`,
  )
  return kept
}

async function bookingsPerSecond(db: Db, pool: PoolView): Promise<number> {
  let count = 0
  const begun = performance.now()
  const until = begun + SECONDS * 1000
  await Promise.all(
    Array.from({ length: BOOKERS }, async () => {
      while (performance.now() < until) {
        const wanted = somewhere(2)
        await inTransaction(db, (trx) => bookCalendar(trx, pool.poolId, wanted, 1))
        count += 1
      }
    }),
  )
  return (count * 1000) / (performance.now() - begun)
}

/** The same call under pgbench, with as many clients; `undefined` where pgbench is not installed. */
async function pgbenchRate(url: string, poolId: string, folder: string): Promise<number | undefined> {
  const script = join(folder, 'book.sql')
  await writeFile(
    script,
    `\\set day random(0, ${DAYS - 402})
\\set minute random(0, 1439)
BEGIN;
SELECT pool_book('${poolId}', timestamptz '${OPENS}' + :day * interval '24 hours' + :minute * interval '1 minute',
  timestamptz '${OPENS}' + (:day + 2) * interval '24 hours' + :minute * interval '1 minute', 1);
COMMIT;
`,
  )
  const args = [
    '-n',
    '--random-seed=24301',
    '-M',
    'prepared',
    '-c',
    String(BOOKERS),
    '-j',
    '2',
    '-T',
    String(SECONDS),
    '-f',
    script,
    url,
  ]
  const { status, stdout, error } = spawnSync('pgbench', args, { encoding: 'utf8' })
  if (error !== undefined) return undefined
  const rate = /tps = ([\d.]+)/.exec(stdout)?.[1]
  if (status !== 0 || rate === undefined) throw new Error('pgbench failed')
  return Number(rate)
}
