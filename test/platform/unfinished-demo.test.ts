/** A demo whose making was cut short: made again where the database is ours alone, left alone where it is not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assemble } from '../../api/main.ts'
import { CannotOpen } from '../../api/platform/embedded/index.ts'
import { asOwner, freshDatabase } from '../support/database.ts'

const UNFINISHED = `INSERT INTO installation
  (installation_id, demo, ready, fund_name, fund_ultimate_parent, created_at)
  VALUES ('0190aaaa-0000-7000-8000-000000000001', true, false, 'Half a fund', 'Half a parent', now())`
const address = 'http://localhost:0'

test('in a database of somebody else’s nothing is dropped, and the start is refused in words', async (t) => {
  const { url } = await freshDatabase(t)
  await asOwner(url, UNFINISHED)
  await asOwner(url, 'CREATE TABLE of_another_application AS SELECT 42 AS answer')
  await assert.rejects(assemble({ databaseUrl: url, address, embedded: false }), (error: unknown) => {
    assert.ok(error instanceof CannotOpen)
    assert.match(error.message, /not finished.*Nothing was changed/)
    return true
  })
  assert.deepEqual((await asOwner(url, 'SELECT answer FROM of_another_application')).rows, [{ answer: 42 }])
  assert.equal((await asOwner(url, 'SELECT FROM installation WHERE NOT ready')).rowCount, 1)
})

test('in the embedded database it is made again, whole', async (t) => {
  const { url } = await freshDatabase(t)
  await asOwner(url, UNFINISHED)
  const { announcement, close } = await assemble({ databaseUrl: url, address, embedded: true })
  await close()
  assert.ok(announcement.some((line) => line.includes('/sign-in/')))
  const { rows } = await asOwner(url, 'SELECT ready, fund_name FROM installation')
  assert.deepEqual(rows, [{ ready: true, fund_name: 'Northgrid Ventures I, L.P.' }])
  const companies = await asOwner(url, 'SELECT FROM company')
  assert.equal(companies.rowCount, 4)
})
