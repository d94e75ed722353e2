/** Usage that was kept aside, on its page: seen, tried again, mended, discarded by two; and by nobody else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { mustMeter, readUsage, takeUsage } from '../../api/drawdown/index.ts'
import { at, givenDrawdown, usage } from '../drawdown/given-drawdown.ts'
import { makeWorld, type Person } from '../support/world.ts'

const world = await makeWorld()
const { provider, operations, otherProvider, analyst, regulator } = world.staff
const PATH = '/operations/usage'
const get = (person: Person, where = PATH) =>
  request(world.app).get(where).set('authorization', `Bearer ${person.token}`)
const post = (person: Person, where: string, fields: Record<string, string> = {}) =>
  request(world.app).post(where).set('authorization', `Bearer ${person.token}`).type('form').send(fields)
const it = await givenDrawdown(world)
const reservationId = await it.reserved(8)
const meterer = await mustMeter(world.deps.db, provider.actor)

/** A record of more than eight GPUs can do in an hour. Its form's address. */
async function aside(externalId: string): Promise<string> {
  const [taken] = await takeUsage(world.deps, meterer, {
    read: readUsage([{ ...usage(externalId, 28_801), reservationId }]),
  })
  assert.equal(taken?.outcome, 'QUARANTINED')
  return taken?.outcome === 'QUARANTINED'
    ? `${PATH}/QuarantinedUsage:${meterer.providerId}:${taken.quarantineId}`
    : assert.fail()
}

test('nothing is kept aside, and the page says so', async () => {
  assert.match((await get(operations).expect(200)).text, /All usage that was told is recorded/)
})

test('a record is mended on the page and recorded once; the operations page counts what waits', async () => {
  const form = await aside('a <b>')
  const page = await get(operations).expect(200)
  assert.match(page.text, /1 usage record is kept aside/)
  assert.match(page.text, /Beyond what was reserved: a &#60;b&#62;/)
  assert.match((await get(provider, '/operations').expect(200)).text, /1 usage record is kept aside/)
  const again = await post(provider, `${form}/replay`).expect(303).expect('location', PATH)
  assert.equal(again.status, 303)
  assert.match((await get(provider)).text, /Tried again in vain/)
  const mended = { reservationId, gpuSeconds: '3600', startedAt: at(0), endedAt: at(60), reason: 'Counted twice' }
  const bad = await post(provider, `${form}/mend`, { ...mended, gpuSeconds: '1.5' }).expect(400)
  assert.match(bad.text, /gpuSeconds/)
  const raised = await post(operations, `${form}/mend`, { ...mended, gpuSeconds: '28802' })
  assert.equal(raised.status, 409)
  await post(provider, `${form}/mend`, mended).expect(303)
  assert.match((await get(provider)).text, /No usage is kept aside/)
  const rows = await world.deps.db.selectFrom('usage_record').select('gpu_seconds').execute()
  assert.deepEqual(rows, [{ gpu_seconds: 3600n }])
})

test('two people discard', async () => {
  const form = await aside('b')
  await post(operations, `${form}/discard`, { reason: 'A test of the meter' }).expect(303)
  assert.match((await get(provider)).text, /Somebody asks to discard it:<\/strong> A test of the meter/)
  assert.equal((await post(operations, `${form}/discard`, { reason: 'Yes', decision: 'DISCARD' })).status, 409)
  const partner = await world.person('operations')
  // On a page from before somebody asked, the button asks: it must not discard for good.
  const early = await post(partner, `${form}/discard`, { reason: 'To be asked' }).expect(409)
  assert.match(early.text, /somebody asked to discard it since this page was shown/)
  await post(partner, `${form}/discard`, { reason: 'Agreed', decision: 'DISCARD' }).expect(303)
  assert.match((await get(provider)).text, /No usage is kept aside/)
})

test('who may not see it finds nothing, who only looks has no forms, forms of other sites are refused', async () => {
  const form = await aside('c')
  for (const person of [it.founder, regulator]) await get(person).expect(404)
  await request(world.app).get(PATH).expect(401)
  assert.match((await get(otherProvider).expect(200)).text, /No usage is kept aside/)
  assert.equal((await post(otherProvider, `${form}/replay`)).status, 409)
  assert.doesNotMatch((await get(analyst).expect(200)).text, /action="\/operations/)
  assert.equal((await post(analyst, `${form}/replay`)).status, 409)
  await request(world.app)
    .post(`${form}/replay`)
    .set('authorization', `Bearer ${operations.token}`)
    .set('sec-fetch-site', 'cross-site')
    .expect(403)
  assert.equal((await post(operations, `${PATH}/nonsense/replay`)).status, 400)
})
