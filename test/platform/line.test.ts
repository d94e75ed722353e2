/** Lines: statements that the database finds one behind another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { inTransaction, lineOn, OuterPoolUsed, openDatabase, prepared } from '../../api/platform/index.ts'
import { asOwner, freshDatabase } from '../support/database.ts'

const database = await freshDatabase()
const { db } = openDatabase({ url: database.url, connections: 4 })
database.onClose(() => db.destroy())

type Seen = { readonly pid: number; readonly at: string; readonly milliseconds: number }
const seen = prepared<Seen>(
  'test_line_seen',
  `SELECT pg_backend_pid() AS pid, extract(epoch FROM clock_timestamp()) * 1000 AS milliseconds, $1::int / $2::int AS quotient
    FROM pg_sleep($3::float8)`,
)

test('the next statement is with the database before the one before it is answered', async () => {
  const line = lineOn(db)
  await seen(line, [1, 1, 0])
  const both = Promise.all([seen(line, [1, 1, 0.3]), seen(line, [1, 1, 0])])
  await wait(50)
  // Nothing of ours can be sent now: whatever happens in the database was sent before.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500)
  const [[first], [second]] = await both
  assert.ok(first !== undefined && second !== undefined)
  assert.equal(first.pid, second.pid)
  const apart = Number(second.milliseconds) - Number(first.milliseconds)
  assert.ok(apart >= 0 && apart < 1500, `the second came ${apart} ms after the first`)
})

test('a statement that fails does not stop those behind it', async () => {
  const line = lineOn(db)
  const [failed, done] = await Promise.allSettled([seen(line, [1, 0, 0]), seen(line, [6, 2, 0])])
  assert.equal(failed.status, 'rejected')
  assert.match(String((failed as PromiseRejectedResult).reason), /division by zero/)
  assert.equal(done.status, 'fulfilled')
})

test('a line that finds no connection of its own asks the pool, in order, and none holds one while it is idle', async () => {
  const busy = Array.from({ length: 4 }, () => lineOn(db))
  const held = busy.map((line) => seen(line, [1, 1, 0.5]))
  await wait(50)
  const late = lineOn(db)
  const [[first], [second]] = await Promise.all([seen(late, [1, 1, 0.1]), seen(late, [1, 1, 0])])
  const others = new Set((await Promise.all(held)).map(([row]) => row?.pid))
  assert.equal(others.size, 4)
  assert.ok(first !== undefined && second !== undefined && !others.has(first.pid) && !others.has(second.pid))
  assert.ok(Number(second.milliseconds) >= Number(first.milliseconds))
  // The lines from before hold nothing any more: this one has a connection of its own again.
  const [again] = await seen(late, [1, 1, 0])
  assert.ok(others.has(again?.pid ?? 0))
})

test('two lines that begin at once do not wait for the same connection', async () => {
  await Promise.all(Array.from({ length: 4 }, () => seen(lineOn(db), [1, 1, 0.05])))
  const held = Array.from({ length: 3 }, () => seen(lineOn(db), [1, 1, 1]))
  await wait(50)
  const ended: number[] = []
  const both = [1, 2].map((which) => seen(lineOn(db), [1, 1, 0.3]).then(() => ended.push(which)))
  const early = await Promise.race([Promise.all(both).then(() => 'both'), wait(550)])
  assert.equal(early, 'both', `${ended.length} of two were answered: the other waited for its connection`)
  await Promise.all(held)
})

test('a connection that breaks fails what is under way, and the next statement has another', async () => {
  const line = lineOn(db)
  const [before] = await seen(line, [1, 1, 0])
  const sleeping = Promise.allSettled([seen(line, [1, 1, 30]), seen(line, [1, 1, 0])])
  await wait(100)
  await asOwner(database.url, `SELECT pg_terminate_backend(${before?.pid})`)
  assert.deepEqual(
    (await sleeping).map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  const [next] = await seen(line, [1, 1, 0])
  assert.notEqual(next?.pid, before?.pid)
})

test('asking on a line inside a transaction fails as asking the pool does, and the line goes on afterwards', async () => {
  const line = lineOn(db)
  await assert.rejects(
    inTransaction(db, () => seen(line, [1, 1, 0])),
    OuterPoolUsed,
  )
  assert.equal((await seen(line, [1, 1, 0])).length, 1)
})

test('what the database asks to be done again is done before what was sent behind it, on whatever connection', async () => {
  await asOwner(
    database.url,
    `CREATE TABLE test_line_done (step int, at bigint GENERATED ALWAYS AS IDENTITY);
     CREATE SEQUENCE test_line_tries;
     CREATE FUNCTION test_line_step(p_step int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
       BEGIN
         IF p_step % 10 = 1 AND nextval('test_line_tries') % 2 = 1 THEN
           PERFORM pg_sleep(0.1);
           RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01';
         END IF;
         INSERT INTO test_line_done (step) VALUES (p_step);
       END $$`,
  )
  const step = prepared('test_line_step', 'SELECT test_line_step($1::int)')
  const own = lineOn(db)
  await Promise.all([1, 2, 3, 4].map((each) => step(own, [each])))
  const busy = Array.from({ length: 4 }, () => seen(lineOn(db), [1, 1, 1]))
  await wait(50)
  const other = lineOn(db)
  await Promise.all([11, 12, 13].map((each) => step(other, [each])))
  await Promise.all(busy)
  const { rows } = await asOwner(database.url, 'SELECT step FROM test_line_done ORDER BY at')
  assert.deepEqual(
    rows.map(({ step: each }) => each),
    [1, 2, 3, 4, 11, 12, 13],
  )
})
