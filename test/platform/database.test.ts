import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as later } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import {
  databaseIsAway,
  inTransaction,
  OuterPoolUsed,
  openDatabase,
  sqlState,
  violates,
} from '../../api/platform/index.ts'
import { asOwner, freshDatabase } from '../support/database.ts'

const database = await freshDatabase()
const { db } = openDatabase({ url: database.url, connections: 4 })
database.onClose(() => db.destroy())
/** One value as our connections read it. */
const read = async (expression: string): Promise<unknown> =>
  (await sql.raw<{ value: unknown }>(`SELECT ${expression} AS value`).execute(db)).rows[0]?.value

test('numbers, dates and instants are read exactly, alone and in lists', async () => {
  const cases: [string, unknown][] = [
    ['9223372036854775807::int8', 9_223_372_036_854_775_807n],
    ['(-9223372036854775808)::int8', -9_223_372_036_854_775_808n],
    ['9007199254740993::int8', 9_007_199_254_740_993n],
    ['count(*)', 1n],
    ['0.1000000000::numeric(34,10)', '0.1000000000'],
    ['123456789012345678901234.0123456789::numeric', '123456789012345678901234.0123456789'],
    ["'NaN'::numeric", 'NaN'],
    ["'2026-11-20'::date", '2026-11-20'],
    ["'0001-01-01'::date", '0001-01-01'],
    ["'2026-11-20 23:59:59.123456+02'::timestamptz", '2026-11-20T21:59:59.123456Z'],
    ["'2026-11-20 00:00:00+00'::timestamptz", '2026-11-20T00:00:00Z'],
    ["'2026-11-20 00:00:00.100000+00'::timestamptz", '2026-11-20T00:00:00.1Z'],
    ['NULL::int8', null],
    ['ARRAY[9007199254740993, NULL]::int8[]', [9_007_199_254_740_993n, null]],
    ["ARRAY['0.10', '123456789012345678901234.01']::numeric[]", ['0.10', '123456789012345678901234.01']],
    ["ARRAY['2026-03-29']::date[]", ['2026-03-29']],
    ["ARRAY['2026-11-20 00:00:00.000001+00']::timestamptz[]", ['2026-11-20T00:00:00.000001Z']],
    ["'{}'::int8[]", []],
  ]
  for (const [expression, wanted] of cases) assert.deepEqual(await read(expression), wanted, expression)
  await assert.rejects(read("'infinity'::timestamptz"), RangeError)
  await assert.rejects(read('ARRAY[[1], [2]]::int8[]'), RangeError)
})

test('the parsers are ours alone: other connections of this process keep the driver’s', async () => {
  const { rows } = await asOwner(database.url, "SELECT 1::int8 AS number, '2026-11-20'::date AS date")
  assert.equal(rows[0].number, '1')
  assert.ok(rows[0].date instanceof Date)
})

test('every connection works in UTC as a role that owns nothing, whatever the database would prefer', async () => {
  const name = /\/(test_[0-9a-f]+)/.exec(database.url)?.[1]
  await asOwner(database.url, `ALTER DATABASE ${name} SET timezone TO 'Asia/Kathmandu'`)
  const { db: fresh } = openDatabase({ url: database.url, connections: 1 })
  try {
    const { rows } = await sql`SELECT current_user AS role, current_setting('timezone') AS zone,
      (SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user) AS owns`.execute(
      fresh,
    )
    assert.deepEqual(rows, [{ role: 'equihour_app', zone: 'UTC', owns: 0 }])
    for (const statement of [
      'CREATE TABLE public.mine ()',
      'CREATE OR REPLACE FUNCTION public.equihour_now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT now() $$',
      'DROP TABLE public.company',
      'ALTER TABLE public.audit_event DISABLE TRIGGER ALL',
      'TRUNCATE public.audit_event',
      'SELECT * FROM graphile_worker.jobs',
      "COPY public.company TO PROGRAM 'cat'",
    ]) {
      await assert.rejects(sql.raw(statement).execute(fresh), (error) => sqlState(error) === '42501', statement)
    }
  } finally {
    await fresh.destroy()
  }
})

test('reaching for the pool inside a transaction is impossible to miss, however it is done', async () => {
  const one = () => sql`SELECT 1`.execute(db)
  const ways: Record<string, () => Promise<unknown>> = {
    'a query': one,
    'a transaction inside': () => inTransaction(db, async () => 1),
    'a transaction of the library': () => db.transaction().execute(async () => 1),
    'later, in a callback': async () => {
      await later()
      return one()
    },
    'beside others': () => Promise.all([one()]),
    'a stream': async () => {
      for await (const row of db.selectFrom('company').select('company_id').stream()) return row
    },
  }
  for (const [way, work] of Object.entries(ways)) {
    await assert.rejects(inTransaction(db, work), OuterPoolUsed, way)
  }
  await inTransaction(db, (trx) => sql`SELECT 1`.execute(trx))
  await one()
})

test('a transaction does not make others’ work outside of it fail', async () => {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const inside = inTransaction(db, async (trx) => {
    await sql`SELECT 1`.execute(trx)
    await held
  })
  await sql`SELECT 1`.execute(db)
  release()
  await inside
})

test('of two transactions that wait for each other, the one that is shot is run again, whole', async () => {
  await asOwner(
    database.url,
    'CREATE TABLE lockable (id int PRIMARY KEY, times int NOT NULL); INSERT INTO lockable VALUES (1, 0), (2, 0); GRANT SELECT, UPDATE ON lockable TO equihour_app',
  )
  let runs = 0
  let waiting = 0
  const both = async (first: number, second: number) =>
    inTransaction(db, async (trx) => {
      runs += 1
      await sql`UPDATE lockable SET times = times + 1 WHERE id = ${first}`.execute(trx)
      waiting += 1
      // The first time, both have one row before either asks for the other.
      for (let i = 0; i < 200 && waiting < 2; i += 1) await new Promise((resolve) => setTimeout(resolve, 5))
      await sql`UPDATE lockable SET times = times + 1 WHERE id = ${second}`.execute(trx)
    })
  await Promise.all([both(1, 2), both(2, 1)])
  assert.equal(runs, 3)
  const { rows } = await asOwner(database.url, 'SELECT id, times FROM lockable ORDER BY id')
  assert.deepEqual(rows, [
    { id: 1, times: 2 },
    { id: 2, times: 2 },
  ])
})

test('what could not be serialised is tried six times and then told; any other error is told at once', async () => {
  for (const [state, tries] of [
    ['40001', 6],
    ['40P01', 6],
    ['23505', 1],
    ['P0001', 1],
  ] as const) {
    let runs = 0
    const failing = inTransaction(db, async (trx) => {
      runs += 1
      await sql.raw(`DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${state}'; END $$`).execute(trx)
    })
    await assert.rejects(failing, (error) => sqlState(error) === state)
    assert.equal(runs, tries, state)
  }
})

test('nothing of a transaction that fails is kept, and its connection is as good as new', async () => {
  await asOwner(database.url, 'CREATE TABLE kept (id int); GRANT SELECT, INSERT ON kept TO equihour_app')
  const fault = new Error('changed my mind')
  for (let i = 0; i < 10; i += 1) {
    await assert.rejects(
      inTransaction(db, async (trx) => {
        await sql`INSERT INTO kept VALUES (1)`.execute(trx)
        throw fault
      }),
      fault,
    )
  }
  assert.equal(await read('(SELECT count(*) FROM kept)'), 0n)
})

test('a connection that ends between two queries of a transaction fails the transaction, not the process', async () => {
  const failing = inTransaction(db, async (trx) => {
    const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(trx)
    await asOwner(database.url, `SELECT pg_terminate_backend(${rows[0]?.pid}, 5000)`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await sql`SELECT 1`.execute(trx)
  })
  await assert.rejects(failing, (error) => databaseIsAway(error))
  assert.equal(await read('1'), 1)
})

test('a database that is away is told apart from a fault of a statement', async () => {
  const { db: nowhere } = openDatabase({ url: 'postgresql://nobody@127.0.0.1:1/none' })
  await assert.rejects(sql`SELECT 1`.execute(nowhere), (error) => databaseIsAway(error))
  await nowhere.destroy()
  await assert.rejects(sql`SELECT 1 / 0`.execute(db), (error) => !databaseIsAway(error) && sqlState(error) === '22012')
  await assert.rejects(sql`SELEC`.execute(db), (error) => !databaseIsAway(error))
  for (const value of [undefined, null, 'ECONNREFUSED', new Error('no'), new TypeError('x')])
    assert.ok(!databaseIsAway(value))
})

test('which constraint refused is known by its name', async () => {
  await asOwner(
    database.url,
    'CREATE TABLE named (id int CONSTRAINT named_positive CHECK (id > 0)); GRANT INSERT ON named TO equihour_app',
  )
  await assert.rejects(
    sql`INSERT INTO named VALUES (0)`.execute(db),
    (error) => violates(error, 'named_positive') && !violates(error, 'other'),
  )
  assert.ok(!violates(new Error('named_positive'), 'named_positive'))
  assert.equal(sqlState(new pg.Client()), undefined)
})
