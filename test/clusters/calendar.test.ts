import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sql } from 'kysely'
import { OverCapacity } from '../../api/clusters/errors.ts'
import { BadInterval } from '../../api/clusters/interval.ts'
import { bookCalendar, freeCalendar } from '../../api/clusters/pool/calendar.store.ts'
import { findPool, firstFit, freeCapacity, lowestFree, type PoolView } from '../../api/clusters/pool/pool.views.ts'
import { inTransaction, type Uuid } from '../../api/platform/index.ts'
import { makeWorld } from '../support/world.ts'
import { at, pool } from './given.ts'

const world = await makeWorld()
const { db } = world.deps

const interval = (from: number, until: number) => ({ startsAt: at(from), endsAt: at(until) })
const book = (poolId: Uuid, from: number, until: number, gpus: number) =>
  inTransaction(db, (trx) => bookCalendar(trx, poolId, interval(from, until), gpus))
const free = (poolId: Uuid, from: number, until: number, gpus: number) =>
  inTransaction(db, (trx) => freeCalendar(trx, poolId, interval(from, until), gpus))
async function mustFindPool(poolId: Uuid): Promise<PoolView> {
  const found = await findPool(db, poolId)
  assert.ok(found)
  return found
}

/** All rows of a pool's calendar: none when nothing is booked. */
async function rowsOf(poolId: Uuid): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`SELECT
    (SELECT count(*) FROM pool_day WHERE pool_id = ${poolId}) + (SELECT count(*) FROM pool_hour WHERE pool_id = ${poolId})
    + (SELECT count(*) FROM pool_step WHERE pool_id = ${poolId}) AS count`.execute(db)
  return Number(rows[0]?.count)
}

// Minutes after noon at which bookings begin and end: within an hour, on hours, across midnights (720, 2160), over weeks.
const POINTS = [
  0, 1, 5, 29, 30, 59, 60, 61, 90, 119, 120, 180, 240, 241, 600, 660, 719, 720, 721, 779, 780, 840, 1200, 1440, 2159,
  2160, 2161, 2220, 2300, 3000, 3600, 3601, 5040, 5041, 6480, 7919, 7920, 7950, 10_800, 20_880, 20_881, 30_000, 43_200,
]
const most = POINTS.length - 1
type Act = { readonly kind: 'book' | 'free'; readonly from: number; readonly length: number; readonly gpus: number }
const act = fc.record({
  kind: fc.constantFrom('book' as const, 'book' as const, 'free' as const),
  from: fc.integer({ min: 0, max: most - 1 }),
  length: fc.integer({ min: 1, max: 20 }),
  gpus: fc.integer({ min: 1, max: 6 }),
})
type Run = { startsAt: string; endsAt: string; capacity: number; free: number }

/** A calendar as a child would keep it: one number for every part between two points. */
class PaperCalendar {
  readonly used: number[] = Array.from({ length: most }, () => 0)
  readonly live: { from: number; until: number; gpus: number }[] = []
  readonly capacity: number
  constructor(capacity: number) {
    this.capacity = capacity
  }
  fits(from: number, until: number, gpus: number): boolean {
    return this.used.slice(from, until).every((used) => used + gpus <= this.capacity)
  }
  change(from: number, until: number, gpus: number): void {
    for (let part = from; part < until; part += 1) this.used[part] = (this.used[part] ?? 0) + gpus
  }
  /** Free GPUs from one point to another as runs of equal parts. */
  free(from: number, until: number): Run[] {
    const runs: Run[] = []
    for (let part = from; part < until; part += 1) {
      const now = this.capacity - (this.used[part] ?? 0)
      const [startsAt, endsAt] = [point(part), point(part + 1)]
      const last = runs.at(-1)
      if (last?.free === now) runs[runs.length - 1] = { ...last, endsAt }
      else runs.push({ startsAt, endsAt, capacity: this.capacity, free: now })
    }
    return runs
  }
  /** The first point from which so many are free for so many minutes, or the end of what is too full before it. */
  firstFit(from: number, until: number, gpus: number, minutes: number): string | null {
    let start = minuteOf(from)
    for (let part = from; part < until; part += 1) {
      if ((this.used[part] ?? 0) + gpus > this.capacity) start = minuteOf(part + 1)
      else if (minuteOf(part + 1) - start >= minutes) return at(start)
    }
    return null
  }
}

const minuteOf = (index: number): number => POINTS[index] ?? Number.NaN
const point = (index: number): string => at(minuteOf(index))
const between = (from: number, until: number) => ({ startsAt: point(from), endsAt: point(until) })

type Question = { readonly from: number; readonly length: number; readonly gpus: number; readonly minutes: number }

async function follow(acts: readonly Act[], capacity: number, ask: Question): Promise<void> {
  const { poolId } = await pool(world, { capacity })
  const paper = new PaperCalendar(capacity)
  const change = (from: number, until: number, gpus: number) =>
    inTransaction(db, (trx) =>
      gpus > 0
        ? bookCalendar(trx, poolId, between(from, until), gpus)
        : freeCalendar(trx, poolId, between(from, until), -gpus),
    )
  for (const { kind, from, length, gpus } of acts) {
    const until = Math.min(from + length, most)
    if (kind === 'free') {
      const [freed] = paper.live.splice(from % Math.max(1, paper.live.length), 1)
      if (freed === undefined) continue
      // Some are given back only in part, like a reservation that ends early.
      const back = length % 3 === 0 ? Math.min(freed.until - 1, freed.from + 1) : freed.from
      if (back >= freed.until) continue
      await change(back, freed.until, -freed.gpus)
      paper.change(back, freed.until, -freed.gpus)
      if (back > freed.from) paper.live.push({ ...freed, until: back })
    } else if (paper.fits(from, until, gpus)) {
      await change(from, until, gpus)
      paper.change(from, until, gpus)
      paper.live.push({ from, until, gpus })
    } else {
      await assert.rejects(change(from, until, gpus), (refusal) => {
        assert.ok(refusal instanceof OverCapacity)
        const full = paper.free(from, until).find((run) => run.free < gpus)
        assert.deepEqual([refusal.free, refusal.full.startsAt], [full?.free, full?.startsAt])
        assert.ok(refusal.full.endsAt <= (full?.endsAt ?? '') && refusal.full.endsAt > refusal.full.startsAt)
        return true
      })
    }
  }
  const until = Math.min(ask.from + ask.length, most)
  const answer = await freeCapacity(db, poolId, between(ask.from, until))
  assert.deepEqual(answer.steps, paper.free(ask.from, until))
  assert.equal(answer.lowest, Math.min(...answer.steps.map((step) => step.free)))
  const view = await mustFindPool(poolId)
  assert.equal(await lowestFree(db, view, between(ask.from, until)), answer.lowest)
  await peaksAgree(poolId, paper)
  const fit = await firstFit(db, poolId, { gpus: ask.gpus, minutes: ask.minutes, ...between(ask.from, until) })
  assert.equal(fit ?? null, paper.firstFit(ask.from, until, ask.gpus, ask.minutes))
  for (const { from, until, gpus } of paper.live) await change(from, until, -gpus)
  assert.equal(await rowsOf(poolId), 0, 'a calendar without bookings has no rows')
}

/** Asks for the most in use from every fifth point to every third after it: edges within hours, within days and across both. */
async function peaksAgree(poolId: Uuid, paper: PaperCalendar): Promise<void> {
  const asked = POINTS.flatMap((_, from) =>
    from % 5 === 0
      ? POINTS.flatMap((_, until) => (until > from && (until - from) % 3 === 1 ? [{ from, until }] : []))
      : [],
  )
  const { rows } = await sql<{ used: number }>`
    SELECT pool_peak(${poolId}::uuid, starts_at, ends_at) AS used
    FROM unnest(${asked.map(({ from }) => point(from))}::timestamptz[], ${asked.map(({ until }) => point(until))}::timestamptz[])
      WITH ORDINALITY AS asked (starts_at, ends_at, place) ORDER BY place`.execute(db)
  assert.deepEqual(
    rows.map(({ used }) => used),
    asked.map(({ from, until }) => Math.max(...paper.used.slice(from, until))),
  )
}

test('availability equals a calendar on paper, and capacity is never exceeded, over any history', async () => {
  const history = fc.record({
    acts: fc.array(act, { minLength: 1, maxLength: 30 }),
    capacity: fc.integer({ min: 1, max: 10 }),
    ask: fc.record({
      from: fc.integer({ min: 0, max: most - 1 }),
      length: fc.integer({ min: 1, max: most }),
      gpus: fc.integer({ min: 1, max: 10 }),
      minutes: fc.constantFrom(1, 29, 60, 119, 600, 1440, 10_000),
    }),
  })
  await fc.assert(
    fc.asyncProperty(history, ({ acts, capacity, ask }) => follow(acts, capacity, ask)),
    { numRuns: 60 },
  )
})

test('intervals that only touch do not conflict', async () => {
  const { poolId } = await pool(world, { capacity: 4 })
  await book(poolId, 0, 60, 4)
  await book(poolId, 60, 120, 4)
  await book(poolId, -60, 0, 4)
  await assert.rejects(book(poolId, 59, 61, 1), OverCapacity)
})

test('a calendar without bookings has no rows, however they came and went', async () => {
  const { poolId } = await pool(world, { capacity: 4 })
  await book(poolId, 0, 60, 3)
  await book(poolId, 30, 20_000, 1)
  await free(poolId, 0, 60, 3)
  await free(poolId, 10_000, 20_000, 1)
  await free(poolId, 30, 10_000, 1)
  assert.equal(await rowsOf(poolId), 0)
})

test('a day that is booked alike throughout is one row, whatever it was put together from', async () => {
  const { poolId } = await pool(world, { capacity: 4 })
  for (const [from, until] of [
    [720, 1000],
    [1000, 1001],
    [1500, 2160],
    [1001, 1500],
  ] as const) {
    await book(poolId, from, until, 2)
  }
  assert.equal(await rowsOf(poolId), 1)
})

test('of twelve who book a GPU of three at the same time, exactly three succeed', async () => {
  const { poolId } = await pool(world, { capacity: 3 })
  const answers = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => book(poolId, i % 5, 100 + (i % 7), 1)))
  assert.equal(answers.filter((answer) => answer.status === 'fulfilled').length, 3)
  for (const answer of answers) if (answer.status === 'rejected') assert.ok(answer.reason instanceof OverCapacity)
  assert.equal((await freeCapacity(db, poolId, interval(10, 90))).lowest, 0)
})

test('a transaction with an old snapshot cannot book twice what it does not see', async () => {
  const { poolId } = await pool(world, { capacity: 1 })
  const old = await db.startTransaction().setIsolationLevel('repeatable read').execute()
  await sql`SELECT count(*) FROM pool_day`.execute(old)
  await book(poolId, 10, 20, 1)
  await assert.rejects(bookCalendar(old, poolId, interval(12, 14), 1), /could not serialize/)
  await old.rollback().execute()
})

test('a booking before the pool opens is refused, not guessed', async () => {
  const { poolId } = await pool(world, { opensAt: '2026-11-20T12:00:00Z' })
  await assert.rejects(
    book(poolId, -1, 10, 1),
    (refusal) => refusal instanceof BadInterval && refusal.fault === 'BEFORE_OPENING',
  )
  await assert.rejects(
    freeCapacity(db, poolId, interval(-1, 10)),
    (refusal) => refusal instanceof BadInterval && refusal.fault === 'BEFORE_OPENING',
  )
})

test('only the calendar’s own functions change its rows, and the database refuses over capacity by itself', async () => {
  const { poolId } = await pool(world, { capacity: 2 })
  await assert.rejects(sql`UPDATE pool_day SET added = 1 WHERE pool_id = ${poolId}`.execute(db), /permission denied/)
  await assert.rejects(sql`DELETE FROM pool_hour WHERE pool_id = ${poolId}`.execute(db), /permission denied/)
  await assert.rejects(
    sql`SELECT pool_change_within_day(${poolId}, 9, now(), now(), now(), 1)`.execute(db),
    /permission denied/,
  )
  await assert.rejects(free(poolId, 0, 10, 1), /pool_day_used_within_capacity/)
})
