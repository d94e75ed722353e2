import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { asOwner, freshDatabase, refuseUnreleased } from '../support/database.ts'

test('each test gets a migrated database of its own', async (t) => {
  const one = await freshDatabase(t)
  const two = await freshDatabase(t)
  await asOwner(one.url, 'CREATE TABLE only_here (id int)')
  const { rows } = await asOwner(two.url, `SELECT to_regclass('only_here') AS here, to_regclass('company') AS migrated`)
  assert.deepEqual(rows, [{ here: null, migrated: 'company' }])
})

test('a pool client that was not released is named with the place where it was taken', async (t) => {
  const { url, onClose } = await freshDatabase(t)
  const pool = new pg.Pool({ connectionString: url })
  onClose(() => pool.end())
  await pool.query('SELECT 1')
  await refuseUnreleased()
  await pool.connect()
  await assert.rejects(
    refuseUnreleased,
    /1 client\(s\) of a pool were not released; taken at:[\s\S]*embedded-support\.test\.ts/,
  )
  await refuseUnreleased()
})
