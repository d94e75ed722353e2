/** Prepared statements: answered as the driver answers the same text, on the pool and in transactions, also after faults. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as later } from 'node:timers/promises'
import { sql } from 'kysely'
import {
  databaseIsAway,
  inTransaction,
  OuterPoolUsed,
  openDatabase,
  prepared,
  sqlState,
} from '../../api/platform/index.ts'
import { asOwner, freshDatabase } from '../support/database.ts'

const database = await freshDatabase()
const { db, pool } = openDatabase({ url: database.url, connections: 1 })
database.onClose(() => db.destroy())

const kinds = prepared(
  'test_kinds',
  `SELECT $1::int8 + 1 AS number, $2::text AS text, $3::text[] AS list, $4::bytea AS bytes, $5::jsonb AS json,
    '0.10'::numeric AS exact, '2026-11-20 23:59:59.123456+02'::timestamptz AS at, true AS yes, NULL::date AS nothing`,
)
const some = prepared('test_some', 'SELECT n FROM generate_series(1, $1::int) n')
const shaken = prepared('test_shaken', 'SELECT 1 / $1::int AS part')
const silent = prepared('test_silent', `SELECT set_config('test.silent', $1, false) WHERE false`)
const noRows = prepared('test_no_rows', 'CREATE TEMPORARY TABLE IF NOT EXISTS told (n int)')
const endless = prepared('test_endless', `SELECT $1::text AS a, 'infinity'::timestamptz AS at`)
const pause = prepared('test_pause', 'SELECT pg_sleep($1)')

const VALUES = ['9007199254740993', 'Ü "quoted", {braced} \\ 🚀', ['a', 'b,c', '"'], Buffer.from([0, 255]), { a: [1] }]

test('values of every kind come back as the driver’s own query gives them, time and again', async () => {
  const { rows } = await pool.query(
    `SELECT $1::int8 + 1 AS number, $2::text AS text, $3::text[] AS list, $4::bytea AS bytes, $5::jsonb AS json,
      '0.10'::numeric AS exact, '2026-11-20 23:59:59.123456+02'::timestamptz AS at, true AS yes, NULL::date AS nothing`,
    VALUES,
  )
  assert.equal(rows[0].number, 9_007_199_254_740_994n)
  // The first time the columns are described, later they are known; in a transaction the query builder asks.
  for (let time = 0; time < 3; time += 1) assert.deepEqual(await kinds(db, VALUES), rows)
  assert.deepEqual(await inTransaction(db, (trx) => kinds(trx, VALUES)), rows)
  assert.deepEqual(await kinds(db, VALUES), rows)
  assert.deepEqual(
    (await kinds(db, [null, undefined, null, null, null])).map((row) => Object.values(row as object).slice(0, 5)),
    [[null, null, null, null, null]],
  )
})

test('no rows, one and many: each asks anew, and those at once do not mix', async () => {
  assert.deepEqual(await some(db, [0]), [])
  assert.deepEqual(await silent(db, ['x']), [])
  for (let time = 0; time < 2; time += 1) assert.deepEqual(await noRows(db, []), [])
  const asked = Array.from({ length: 40 }, (_, count) => some(db, [count]))
  const counts = (await Promise.all(asked)).map((rows) => rows.length)
  assert.deepEqual(
    counts,
    counts.map((_, count) => count),
  )
})

test('a statement that fails tells the database’s error, and the connection answers the next', async () => {
  for (let time = 0; time < 2; time += 1) {
    await assert.rejects(shaken(db, [0]), (error: Error) => {
      assert.equal(sqlState(error), '22012')
      assert.match(error.stack ?? '', /prepared\.test\.ts/)
      return true
    })
    assert.deepEqual(await shaken(db, [1]), [{ part: 1 }])
    await assert.rejects(shaken(db, ['x']), (error) => sqlState(error) === '22P02')
  }
  await assert.rejects(endless(db, ['x']), RangeError)
  assert.deepEqual(await shaken(db, [1]), [{ part: 1 }])
  assert.equal(pool.totalCount - pool.idleCount, 0)
})

test('a value that cannot be sent fails its own statement, before anything is sent', async () => {
  const circle: Record<string, unknown> = {}
  circle.self = circle
  await assert.rejects(kinds(db, ['1', 'x', [], Buffer.alloc(0), circle]), TypeError)
  assert.deepEqual(await shaken(db, [1]), [{ part: 1 }])
})

test('inside a transaction the pool is refused, as to every other statement', async () => {
  await assert.rejects(
    inTransaction(db, () => shaken(db, [1])),
    OuterPoolUsed,
  )
})

test('a database that was asked nothing else ends its connections, once', async () => {
  const other = openDatabase({ url: database.url, connections: 1 })
  assert.deepEqual(await shaken(other.db, [1]), [{ part: 1 }])
  await Promise.all([other.db.destroy(), other.db.destroy()])
  assert.equal(other.pool.totalCount, 0)
})

test('a connection that ends while it is asked is told as away, and the next statement gets another', async () => {
  const cut = assert.rejects(pause(db, [30]), (error) => databaseIsAway(error))
  const { rows } = await asOwner(
    database.url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(%' AND pid <> pg_backend_pid()`,
  )
  assert.equal(rows.length, 1)
  await cut
  // The pool hears of the end a little after the statement.
  while (pool.totalCount > 0) await later()
  assert.deepEqual(await shaken(db, [1]), [{ part: 1 }])
})

test('a table whose columns change under a statement fails it in words, and not in wrong columns', async () => {
  await sql`CREATE TEMPORARY TABLE shifting (a int)`.execute(db)
  const shifting = prepared('test_shifting', 'SELECT * FROM shifting')
  await sql`INSERT INTO shifting VALUES (1)`.execute(db)
  assert.deepEqual(await shifting(db, []), [{ a: 1 }])
  await sql`ALTER TABLE shifting ADD COLUMN b int DEFAULT 2`.execute(db)
  await assert.rejects(shifting(db, []), (error) => sqlState(error) === '0A000')
})
