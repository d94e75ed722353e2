/** A reservation is `provisioned` while its scheduler shows it as it was confirmed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pushReservationsJob, SCHEDULER_MACHINE } from '../../../api/clusters/index.ts'
import { changeReservation, startReservation } from '../../../api/drawdown/index.ts'
import { makeWorld } from '../../support/world.ts'
import { at } from '../given.ts'
import { simulated } from './given-simulated.ts'

const world = await makeWorld()
const { db } = world.deps
const DAY = 24 * 60

async function given() {
  const it = await simulated(world)
  const companyId = it.company.companyId
  const machines = () => db.selectFrom('machine').select('machine_id').where('name', '=', SCHEDULER_MACHINE).execute()
  /** State and reason of each event since it was confirmed, and whether the scheduler's machine did it. */
  const history = async (key: string) => {
    const own = new Set((await machines()).map(({ machine_id }) => machine_id))
    const events = await db
      .selectFrom('reservation_event')
      .select(['to_state', 'reason_code', 'actor_id', 'note'])
      .where('company_id', '=', companyId)
      .where('reservation_id', '=', key)
      .orderBy('event_id')
      .execute()
    return events.slice(2).map((each) => [each.to_state, each.reason_code, own.has(each.actor_id ?? '')])
  }
  const stateOf = async (key: string) =>
    (
      await db
        .selectFrom('reservation')
        .select('state')
        .where('company_id', '=', companyId)
        .where('reservation_id', '=', key)
        .executeTakeFirstOrThrow()
    ).state
  const job = () => pushReservationsJob([it.target])(world.deps, { poolId: it.pool.poolId })
  return { ...it, companyId, history, stateOf, job }
}

test('it is provisioned once the scheduler shows it, once however often is asked, and active at its start', async () => {
  const { confirm, job, history, stateOf, setTime, companyId, company, pool } = await given()
  const { key } = await confirm(DAY, DAY + 60)
  const far = await confirm(20 * DAY, 20 * DAY + 60)
  await Promise.all([job(), job(), job()])
  await job()
  assert.deepEqual(await history(key), [['provisioned', 'PROVISIONED', true]])
  assert.equal(await stateOf(far.key), 'confirmed', 'the scheduler is not told of it yet')
  assert.equal(
    (
      await company.founder.graphql('query ($id: ID!) { node(id: $id) { ... on Reservation { state } } }', {
        id: `Reservation:${companyId}:${key}`,
      })
    ).data.node.state,
    'provisioned',
  )
  const audited = await db
    .selectFrom('audit_event')
    .select('kind')
    .where('subject', '=', `Reservation:${companyId}:${key}`)
    .execute()
  assert.equal(audited.filter(({ kind }) => kind === 'reservation.provisioned').length, 1)
  await setTime(DAY)
  assert.deepEqual(await startReservation(world.deps, { companyId, reservationId: key }), { started: true })
  assert.deepEqual((await history(key)).at(-1), ['active', 'STARTED', false])
  await job()
  assert.equal(await stateOf(key), 'active')
  assert.ok(pool)
})

test('one that is gone there falls back, is told again, and is provisioned again', async () => {
  const { confirm, job, history, simulator, setTime, rows, key } = await withOne()
  await simulator.cancel(key)
  await setTime(5)
  await job()
  assert.deepEqual((await history(key)).at(-1), ['confirmed', 'GONE_AT_SCHEDULER', true])
  const [row] = await rows()
  assert.deepEqual([row?.state, row?.attempts, row?.next_try_at], ['waiting', 1, at(6)])
  assert.match(row?.detail ?? '', /is there no longer/)
  await setTime(6)
  await job()
  assert.equal((await simulator.read(key))?.gpus, 4)
  assert.deepEqual((await history(key)).at(-1), ['provisioned', 'PROVISIONED', true])
  assert.equal((await history(key)).length, 3)
  assert.ok(confirm)
})

test('one that differs there falls back and waits for a person, and is provisioned when the difference is gone', async () => {
  const { job, history, simulator, key, rows, companyId } = await withOne()
  await simulator.resize(key, 2)
  await job()
  await job()
  assert.deepEqual(await history(key), [
    ['provisioned', 'PROVISIONED', true],
    ['confirmed', 'DIFFERS_AT_SCHEDULER', true],
  ])
  const event = await db
    .selectFrom('reservation_event')
    .select('note')
    .where('company_id', '=', companyId)
    .where('reason_code', '=', 'DIFFERS_AT_SCHEDULER')
    .executeTakeFirstOrThrow()
  assert.equal(event.note, '2 GPUs at the scheduler, not 4 GPUs')
  assert.equal((await rows())[0]?.state, 'pushed', 'nothing is done to it there')
  await simulator.resize(key, 4)
  await job()
  assert.deepEqual((await history(key)).at(-1), ['provisioned', 'PROVISIONED', true])
})

test('while the scheduler does not answer, what it showed last holds, and what is confirmed waits', async () => {
  const { job, simulator, key, stateOf, confirm } = await withOne()
  simulator.reach(false)
  const late = await confirm(DAY, DAY + 60)
  await job()
  assert.equal(await stateOf(key), 'provisioned')
  assert.equal(await stateOf(late.key), 'confirmed')
})

test('what shrinks waits as confirmed until the scheduler shows the new size', async () => {
  const { job, history, key, id, company, simulator } = await withOne()
  await changeReservation(world.deps, company.founder.actor, { reservationId: id, gpus: 2 })
  assert.deepEqual((await history(key)).at(-1), ['confirmed', 'SHRUNK', false])
  simulator.reach(false)
  await job()
  assert.deepEqual((await history(key)).at(-1), ['confirmed', 'SHRUNK', false])
  simulator.reach(true)
  await world.setClock(at(2))
  await job()
  assert.equal((await simulator.read(key))?.gpus, 2)
  assert.deepEqual((await history(key)).at(-1), ['provisioned', 'PROVISIONED', true])
})

test('nothing is moved for what changed after the scheduler was asked', async () => {
  const { job, key, id, company, history, simulator } = await withOne()
  // The scheduler tells the old size; the company shrinks before the answer is used.
  const list = simulator.list.bind(simulator)
  simulator.list = async (horizon) => {
    const told = await list(horizon)
    await changeReservation(world.deps, company.founder.actor, { reservationId: id, gpus: 3 })
    simulator.list = list
    return told
  }
  await job()
  assert.deepEqual((await history(key)).at(-1), ['confirmed', 'SHRUNK', false])
  await job()
  assert.deepEqual((await history(key)).at(-1), ['provisioned', 'PROVISIONED', true])
})

async function withOne() {
  const it = await given()
  const one = await it.confirm(DAY, DAY + 60)
  await it.job()
  assert.equal(await it.stateOf(one.key), 'provisioned')
  return { ...it, ...one }
}
