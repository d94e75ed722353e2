import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sql } from 'kysely'
import { OverCapacity } from '../../api/clusters/errors.ts'
import { BadInterval } from '../../api/clusters/interval.ts'
import { bookCalendar, freeCalendar } from '../../api/clusters/pool.store.ts'
import { freeCapacity } from '../../api/clusters/pool.views.ts'
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
const stepsOf = async (poolId: Uuid) =>
  db
    .selectFrom('pool_step')
    .select(['starts_at', 'capacity', 'used'])
    .where('pool_id', '=', poolId)
    .orderBy('starts_at')
    .execute()

const HORIZON = 60
type Act = { readonly kind: 'book' | 'free'; readonly from: number; readonly length: number; readonly gpus: number }
const act = fc.record({
  kind: fc.constantFrom('book' as const, 'book' as const, 'free' as const),
  from: fc.integer({ min: 0, max: HORIZON - 1 }),
  length: fc.integer({ min: 1, max: 20 }),
  gpus: fc.integer({ min: 1, max: 6 }),
})

/** A calendar as a child would keep it: one number for every minute. */
class PaperCalendar {
  readonly used: number[] = Array.from({ length: HORIZON + 20 }, () => 0)
  readonly live: { from: number; until: number; gpus: number }[] = []
  readonly capacity: number
  constructor(capacity: number) {
    this.capacity = capacity
  }
  fits(from: number, until: number, gpus: number): boolean {
    return this.used.slice(from, until).every((used) => used + gpus <= this.capacity)
  }
  change(from: number, until: number, gpus: number): void {
    for (let minute = from; minute < until; minute += 1) this.used[minute] = (this.used[minute] ?? 0) + gpus
  }
  /** Free GPUs over an interval as runs of equal minutes. */
  free(from: number, until: number): { startsAt: string; endsAt: string; capacity: number; free: number }[] {
    const runs: { startsAt: string; endsAt: string; capacity: number; free: number }[] = []
    for (let minute = from; minute < until; minute += 1) {
      const now = this.capacity - (this.used[minute] ?? 0)
      const last = runs.pop()
      if (last === undefined)
        runs.push({ startsAt: at(minute), endsAt: at(minute + 1), capacity: this.capacity, free: now })
      else if (last.free === now) runs.push({ ...last, endsAt: at(minute + 1) })
      else runs.push(last, { startsAt: at(minute), endsAt: at(minute + 1), capacity: this.capacity, free: now })
    }
    return runs
  }
}

async function follow(acts: readonly Act[], capacity: number, ask: { from: number; length: number }): Promise<void> {
  const { poolId } = await pool(world, { capacity })
  const paper = new PaperCalendar(capacity)
  for (const { kind, from, length, gpus } of acts) {
    if (kind === 'free') {
      const [freed] = paper.live.splice(from % Math.max(1, paper.live.length), 1)
      if (freed === undefined) continue
      await free(poolId, freed.from, freed.until, freed.gpus)
      paper.change(freed.from, freed.until, -freed.gpus)
    } else if (paper.fits(from, from + length, gpus)) {
      await book(poolId, from, from + length, gpus)
      paper.change(from, from + length, gpus)
      paper.live.push({ from, until: from + length, gpus })
    } else {
      await assert.rejects(book(poolId, from, from + length, gpus), (refusal) => {
        assert.ok(refusal instanceof OverCapacity)
        const full = paper.free(from, from + length).find((run) => run.free < gpus)
        assert.deepEqual(
          [refusal.free, refusal.full.startsAt, refusal.full.endsAt],
          [full?.free, full?.startsAt, full?.endsAt],
        )
        return true
      })
    }
  }
  const answer = await freeCapacity(db, poolId, interval(ask.from, ask.from + ask.length))
  assert.deepEqual(answer.steps, paper.free(ask.from, ask.from + ask.length))
  assert.equal(answer.lowest, Math.min(...answer.steps.map((step) => step.free)))
  // No row is superfluous: the steps are exactly the runs of the whole calendar, from the opening on.
  const runs = paper.free(0, HORIZON + 20).length
  const rows = (await stepsOf(poolId)).length
  assert.ok(rows === runs || rows === runs + 1, `${rows} rows for ${runs} runs`)
}

test('availability equals a calendar on paper, and capacity is never exceeded, over any history', async () => {
  const history = fc.record({
    acts: fc.array(act, { minLength: 1, maxLength: 30 }),
    capacity: fc.integer({ min: 1, max: 10 }),
    ask: fc.record({ from: fc.integer({ min: 0, max: 30 }), length: fc.integer({ min: 1, max: 50 }) }),
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

test('what was booked and freed leaves the calendar as it was', async () => {
  const { poolId } = await pool(world, { capacity: 4 })
  const before = await stepsOf(poolId)
  await book(poolId, 0, 60, 3)
  await book(poolId, 30, 90, 1)
  await free(poolId, 0, 60, 3)
  await free(poolId, 30, 90, 1)
  assert.deepEqual(await stepsOf(poolId), before)
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
  await sql`SELECT count(*) FROM pool_step`.execute(old)
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
  await assert.rejects(sql`UPDATE pool_step SET used = 1 WHERE pool_id = ${poolId}`.execute(db), /permission denied/)
  await assert.rejects(sql`DELETE FROM pool_step WHERE pool_id = ${poolId}`.execute(db), /permission denied/)
  await assert.rejects(free(poolId, 0, 10, 1), /pool_step_used_within_capacity/)
})
