import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { addJob, inTransaction, type Job, newId, openDatabase, sqlState } from '../../api/platform/index.ts'
import { asOwner, freshDatabase } from '../support/database.ts'

const database = await freshDatabase()
const { db } = openDatabase({ url: database.url, connections: 4 })
database.onClose(() => db.destroy())

const add = (job: Job) => inTransaction(db, (trx) => addJob(trx, job))
const jobs = async (name: string) =>
  (
    await asOwner(
      database.url,
      `SELECT j.payload, j.key, j.run_at > now() AS later, j.max_attempts FROM graphile_worker._private_jobs j
       JOIN graphile_worker._private_tasks t ON t.id = j.task_id WHERE t.identifier = '${name}' ORDER BY j.id`,
    )
  ).rows

test('a job is there when its transaction has committed, with its payload, and not before', async () => {
  const name = `test.${newId()}`
  await inTransaction(db, async (trx) => {
    await addJob(trx, { name, payload: { text: 'ź', list: [1, null] } })
    assert.deepEqual(await jobs(name), [])
  })
  assert.deepEqual(await jobs(name), [
    { payload: { text: 'ź', list: [1, null] }, key: null, later: false, max_attempts: 12 },
  ])
})

test('a job whose transaction fails does not exist', async () => {
  const name = `test.${newId()}`
  const failing = inTransaction(db, async (trx) => {
    await addJob(trx, { name, payload: {} })
    throw new Error('no')
  })
  await assert.rejects(failing, /no/)
  assert.deepEqual(await jobs(name), [])
})

test('a transaction that is run again after a deadlock adds its job once', async () => {
  const name = `test.${newId()}`
  let runs = 0
  await inTransaction(db, async (trx) => {
    await addJob(trx, { name, payload: {} })
    runs += 1
    if (runs < 3) await sql`DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40P01'; END $$`.execute(trx)
  })
  assert.deepEqual([runs, (await jobs(name)).length], [3, 1])
})

test('a job of the same key that has not run is replaced, and one for later waits', async () => {
  const name = `test.${newId()}`
  await add({ name, payload: { n: 1 }, key: name, runAt: '2099-01-01T00:00:00Z' })
  await add({ name, payload: { n: 2 }, key: name, runAt: '2099-01-01T00:00:00Z' })
  assert.deepEqual(await jobs(name), [{ payload: { n: 2 }, key: name, later: true, max_attempts: 12 }])
})

test('the application reaches the queue only by adding to it', async () => {
  for (const statement of [
    'SELECT * FROM graphile_worker._private_jobs',
    "INSERT INTO graphile_worker._private_tasks (identifier) VALUES ('x')",
    "SELECT graphile_worker.add_job('x', '{}'::json)",
  ]) {
    await assert.rejects(sql.raw(statement).execute(db), (error) => sqlState(error) === '42501', statement)
  }
})
