/** What is to be done about statements, over all companies: months to state in their order, what may be made final, and by whom. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { raiseWall } from '../../api/access/index.ts'
import { inTransaction, newId } from '../../api/platform/index.ts'
import { answerIt, finalise, givenDrawdown, progressOf, stateMonth, usage } from '../drawdown/given-drawdown.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld, type Person } from '../support/world.ts'

const world = await makeWorld()
const { operations, partner, analyst, provider, regulator } = world.staff
const get = (by: Person, path = '/statements') =>
  request(world.app).get(path).set('authorization', `Bearer ${by.token}`)
const post = (by: Person, path: string, fields: Record<string, string> = {}) =>
  request(world.app).post(path).set('authorization', `Bearer ${by.token}`).type('form').send(fields)
const json = async (by: Person = operations) => (await get(by, '/statements.json').expect(200)).body
const states = async () =>
  (await json()).statements.map((each: { month: string; state: string }) => [each.month, each.state])

test('months are stated in their order from the one in which the first grant was opened, each once', async () => {
  const it = await givenDrawdown(world)
  // Closed on 15 December 2026: on the last day of that month nothing is due, on the next day December is.
  await world.setClock('2026-12-31T23:59:59Z')
  assert.deepEqual((await json()).due, [])
  assert.match((await get(operations)).text, /<h1>No statement waits for the fund<\/h1>/)
  await world.setClock('2027-03-01T00:00:00Z')
  const due = { companyId: it.id, company: 'Lumen Robotics, Inc.', month: '2026-12-01', months: 3 }
  assert.deepEqual((await json()).due, [{ ...due, company: (await json()).due[0].company }])
  const page = (await get(operations)).text
  assert.match(page, /<h1>1 company has a month to state<\/h1>/)
  assert.match(page, /State December 2026</)
  // Everybody else of the fund sees it and has no form; a provider, a regulator and a founder have no such page.
  assert.doesNotMatch((await get(analyst).expect(200)).text, /<button class="plain">State/)
  for (const by of [provider, regulator, it.founder]) await get(by).expect(404)
  await request(world.app).get('/statements').expect(401)

  const state = (by: Person, month: string) => post(by, '/statements/state', { companyId: it.id, month })
  await state(partner, '2026-12-01').expect(403)
  assert.match((await state(operations, '2027-03-01').expect(409)).text, /Not done\.<\/strong> .*not over before/)
  await state(operations, 'soon').expect(400)
  await state(operations, '2026-12-01').set('sec-fetch-site', 'cross-site').expect(403)
  await post(operations, '/statements/state', { companyId: `Company:${newId()}`, month: '2026-12-01' }).expect(404)
  assert.deepEqual(await states(), [])
  // Twice, and ten at once: stated once.
  const answers = await Promise.all(Array.from({ length: 10 }, () => state(operations, '2026-12-01')))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([303]))
  assert.deepEqual(await states(), [['2026-12-01', 'stated']])
  assert.deepEqual(
    (await json()).due.map(({ month, months }: { month: string; months: number }) => [month, months]),
    [['2027-01-01', 2]],
  )
})

test('what is accepted is made final once, after what is open before it; a wall hides it', async () => {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10)
  await it.told(reservationId, [usage('a', 36_000)], true)
  await world.setClock('2027-03-01T00:00:00Z')
  const own = async () =>
    (await json()).statements.filter(({ companyId }: { companyId: string }) => companyId === it.id)
  const stated = []
  for (const month of ['2026-12-01', '2027-01-01'])
    stated.push(await stateMonth(operations, { companyId: it.id, month }))
  const [december, january] = stated
  const accept = (one: { id: string; sha256: string }) =>
    answerIt(it.founder, { statementId: one.id, sha256: one.sha256, answer: 'ACCEPT' })
  await accept(january)
  const waits = await own()
  assert.deepEqual(
    waits.map(({ month, state, waitsFor }: Record<string, string>) => [month, state, waitsFor]),
    [
      ['2026-12-01', 'stated', null],
      ['2027-01-01', 'accepted', '2026-12-01'],
    ],
  )
  assert.match((await get(operations)).text, /December 2026 must be settled first/)
  assert.match((await get(operations, '/operations')).text, /1 statement waits to be made final/)
  const end = (by: Person, one: { id: string }) => post(by, `/statements/${one.id}/finalise`)
  assert.match((await end(operations, january).expect(409)).text, /must wait: the statement of 2026-12/)
  await accept(december)
  await end(partner, january).expect(403)
  assert.equal((await progressOf(world, it))[0]?.vested_shares, 0n)
  for (const one of [december, january]) await end(operations, one).expect(303).expect('location', '/statements')
  await end(operations, january).expect(303)
  assert.deepEqual(await own(), [])
  const [progress] = await progressOf(world, it)
  assert.ok(progress !== undefined && progress.vested_shares > 0n && progress.vested_shares === progress.earned_shares)
  assert.equal((await finalise(operations, { statementId: january.id })).__typename, 'WrongState')

  const walled = await world.person('operations')
  await inTransaction(world.deps.db, (trx) =>
    raiseWall(trx, { id: newId(), personId: walled.id, companyId: it.companyId, reason: 'test', raisedBy: walled.id }),
  )
  assert.ok((await json()).due.some(({ companyId }: { companyId: string }) => companyId === it.id))
  assert.ok(!(await json(walled)).due.some(({ companyId }: { companyId: string }) => companyId === it.id))
  await post(walled, '/statements/state', { companyId: it.id, month: '2027-02-01' }).expect(404)
})

test('a company has months to state until the last of its grants is settled', async () => {
  const it = await givenDrawdown(world)
  await world.setClock('2027-03-01T00:00:00Z')
  const isDue = async () => (await json()).due.some(({ companyId }: { companyId: string }) => companyId === it.id)
  const end = (columns: string) =>
    asOwner(world.ownerUrl, `UPDATE grant_progress SET ${columns} WHERE company_id = '${it.companyId}'`)
  assert.ok(await isDue())
  // Its shares move once everything of it is final: until then its months are stated.
  await end("ended_on = '2027-02-10'")
  assert.ok(await isDue())
  await end("settled_at = '2027-02-20T00:00:00Z'")
  assert.ok(!(await isDue()))
})
