/** A cap table as an uploaded file: what the importer takes, refused as the door should refuse it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { archiveOf, exportCapTable, importCapTable } from '../../api/captable/index.ts'
import { ownPackage } from '../support/ocf-package.ts'
import { makeWorld, type Person } from '../support/world.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T09:00:00Z')
const { analyst, operations } = world.staff
const first = await world.company('First, Inc.')
await importCapTable(world.deps, analyst.actor, { companyId: first.id, files: [...ownPackage()] })
const archive = Buffer.from(
  await archiveOf(await exportCapTable(world.deps.db, analyst.actor, { companyId: first.id })),
)

const upload = (company: string, by: Person | undefined, body = archive, type = 'application/zip') => {
  const call = request(world.app).post(`/companies/${company}/cap-table.ocf.zip`).set('content-type', type)
  return (by === undefined ? call : call.set('authorization', `Bearer ${by.token}`)).send(body)
}

test('an archive is imported once', async () => {
  const { id } = await world.company('Second, Inc.')
  const made = await upload(id, analyst)
  assert.equal(made.status, 201, JSON.stringify(made.body))
  assert.equal(made.body.gapCount, 0)
  const again = await upload(id, analyst)
  assert.deepEqual([again.status, again.body.code], [409, 'CAP_TABLE_EXISTS'])
})

test('a broken archive is refused with its faults, and another can follow', async () => {
  const { id } = await world.company('Third, Inc.')
  const broken = await upload(id, analyst, Buffer.from('PK no archive at all'))
  assert.equal(broken.status, 422)
  assert.equal(broken.body.code, 'BROKEN_PACKAGE')
  assert.ok(broken.body.faults.length > 0)
  assert.equal((await upload(id, analyst)).status, 201)
})

test('who may not, what is not there, and what is no archive are told apart, and nothing is stored', async () => {
  const { id, founder } = await world.company('Fourth, Inc.')
  const other = await world.company('Fifth, Inc.')
  assert.equal((await upload(id, undefined)).status, 401)
  assert.equal((await upload(id, operations)).status, 403)
  assert.equal((await upload(id, other.founder)).status, 404)
  assert.equal((await upload(id, founder)).status, 403)
  assert.equal((await upload('Company:0190aaaa-0000-7000-8000-000000000000', analyst)).status, 404)
  assert.equal((await upload('nonsense', analyst)).status, 400)
  assert.equal((await upload(id, analyst, Buffer.alloc(0))).status, 415)
  assert.equal((await upload(id, analyst, archive, 'application/octet-stream')).status, 415)
  const foreign = await upload(id, analyst).set('sec-fetch-site', 'cross-site')
  assert.equal(foreign.status, 403)
  assert.equal((await upload(id, analyst)).status, 201)
})
