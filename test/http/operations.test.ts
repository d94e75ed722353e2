/** What operations and a provider see of their pools at a glance, and that nobody else does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { checkScheduler, pushReservations, requestReservation, setPoolShare } from '../../api/clusters/index.ts'
import { changeReservation } from '../../api/drawdown/index.ts'
import { ageWords } from '../../templates/pages/operations-pool.ts'
import { pool as makePool } from '../clusters/given.ts'
import { simulated } from '../clusters/scheduler/given-simulated.ts'
import { at as drawn, givenDrawdown } from '../drawdown/given-drawdown.ts'
import { makeWorld, type Person } from '../support/world.ts'

const world = await makeWorld()
const get = (person: Person, where = '/operations') =>
  request(world.app).get(where).set('authorization', `Bearer ${person.token}`)

test('what waits, what differs and how full it is, for staff and the provider alone', async () => {
  const { request: ask, confirm, target, simulator, company, setTime } = await simulated(world)
  const { operations, provider, otherProvider, regulator } = world.staff
  assert.match((await get(operations).expect(200)).text, /Nothing needs anybody now/)
  // Of 16 GPUs over 7 days, 4 for 42 hours: 168 of 2,688 GPU-hours, 6.25%.
  const booked = await confirm(24 * 60, (24 + 42) * 60)
  await pushReservations(world.deps.db, target)
  await simulator.cancel(booked.key)
  await ask(5 * 24 * 60, 5 * 24 * 60 + 42 * 60)
  await setTime(125)
  await checkScheduler(world.deps.db, target)
  const page = await get(operations).expect(200)
  assert.match(page.text, /1 request waits for a decision, 1 reservation differs/)
  assert.match(page.text, /2 h 5 min/)
  assert.match(page.text, /Not at the scheduler/)
  simulator.reach(false)
  await checkScheduler(world.deps.db, target)
  assert.match((await get(provider).expect(200)).text, /1 scheduler does not answer/)
  const { body } = await get(operations, '/operations.json').expect(200)
  const [pool] = body.pools
  // Both reservations lie in the next 7 days: 336 of 2,688 GPU-hours.
  assert.deepEqual([pool.capacity, pool.booked, pool.waiting.length, pool.scheduler.up], [16, '12.5', 1, false])
  assert.equal((await get(otherProvider, '/operations.json').expect(200)).body.pools.length, 0)
  for (const person of [company.founder, company.signatory, regulator]) await get(person).expect(404)
  await request(world.app).get('/operations').expect(401)
})

test('a provider decides on the page on a request and on a change; staff of the fund only look', async () => {
  const { operations, provider } = world.staff
  const it = await givenDrawdown(world, {}, { capacity: 32 })
  await world.setClock('2026-12-20T00:00:00Z')
  const wish = { companyId: it.id, poolId: it.pool.id, gpus: 8, startsAt: drawn(0), endsAt: drawn(60) }
  const { ref } = await requestReservation(world.deps, it.founder.actor, wish)
  const id = `Reservation:${ref.companyId}:${ref.id}`
  const action = `/operations/reservations/${id}/decide`
  const decide = (person: Person, decision: string) =>
    request(world.app).post(action).set('authorization', `Bearer ${person.token}`).type('form').send({ decision })
  assert.doesNotMatch((await get(operations).expect(200)).text, /\/decide"/)
  assert.ok((await get(provider).expect(200)).text.includes(action))
  assert.equal((await decide(operations, 'APPROVE')).status, 409)
  assert.equal((await decide(provider, 'PERHAPS')).status, 400)
  await decide(it.founder, 'APPROVE').expect(404)
  await decide(provider, 'APPROVE').expect(303).expect('location', '/operations')
  await changeReservation(world.deps, it.founder.actor, { reservationId: id, gpus: 9 })
  await world.setClock('2026-12-20T03:00:00Z')
  const page = await get(provider).expect(200)
  assert.match(page.text, /Change of 8 GPUs from 5\s+Jan\s+2027, 00:00 UTC/)
  assert.match(page.text, /3 h 0 min/)
  await decide(provider, 'POLICY').expect(303)
  await setPoolShare(world.deps, provider.actor, { poolId: it.pool.id, part: '0.1', source: 'Fair use' })
  const { text } = await get(operations).expect(200)
  // A tenth of 32 GPUs, rounded down.
  assert.match(text, /One company has more than its share[\s\S]*<td class="number">3<\/td><td class="number">8<\/td>/)
  assert.ok(text.includes(`href="/companies/${it.id}/compute">Look at it`))
})

test('of a pool that is not open yet, what is booked cannot be told', async () => {
  await makePool(world, { cluster: 'not-open', opensAt: '2030-01-01T00:00:00Z' })
  const { body } = await get(world.staff.operations, '/operations.json').expect(200)
  const pool = body.pools.find(({ name }: { name: string }) => name.endsWith('not-open'))
  assert.equal(pool.booked, null)
  assert.match((await get(world.staff.operations).expect(200)).text, /cannot tell/)
})

test('ages in the words of an operator', () => {
  assert.deepEqual([0, 59, 60, 125, 1439, 1440, 4 * 1440 + 61].map(ageWords), [
    '0 min',
    '59 min',
    '1 h 0 min',
    '2 h 5 min',
    '23 h 59 min',
    '1 d 0 h',
    '4 d 1 h',
  ])
})
