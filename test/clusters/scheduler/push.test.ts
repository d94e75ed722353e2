import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differencesOf, pushReservations, pushReservationsJob, reconcile } from '../../../api/clusters/index.ts'
import { changeReservation } from '../../../api/drawdown/index.ts'
import type { Uuid } from '../../../api/platform/index.ts'
import { asOwner } from '../../support/database.ts'
import { makeWorld } from '../../support/world.ts'
import { at, NOON } from '../given.ts'
import { pushJobsOf, simulated } from './given-simulated.ts'

const world = await makeWorld()
const { db } = world.deps
const DAY = 24 * 60

const given = () => simulated(world)
const everything = { startsAt: at(0), endsAt: at(365 * DAY) }

test('what the provider confirmed is told for the next 14 days, once, and nothing else is', async () => {
  const { simulator, target, request, confirm, setTime } = await given()
  const { key } = await confirm(DAY, DAY + 60)
  const later = await confirm(20 * DAY, 20 * DAY + 60)
  await request(DAY, DAY + 60)
  assert.deepEqual(await pushReservations(db, target), { pushed: 1, ended: 0, failed: 0 })
  assert.deepEqual(await simulator.list(everything), [
    { id: key, account: 'startup', gpuModel: 'h100', gpus: 4, interval: { startsAt: at(DAY), endsAt: at(DAY + 60) } },
  ])
  assert.deepEqual(await pushReservations(db, target), { pushed: 0, ended: 0, failed: 0 })
  await setTime(7 * DAY)
  assert.deepEqual(await pushReservations(db, target), { pushed: 1, ended: 1, failed: 0 })
  assert.deepEqual(
    (await simulator.list(everything)).map(({ id }) => id),
    [later.key],
  )
})

test('a cancelled reservation is taken back, also when a job runs in it at first', async () => {
  const { simulator, target, confirm, cancel, rows, setTime } = await given()
  const idle = await confirm(DAY, DAY + 60)
  const busy = await confirm(2 * DAY, 2 * DAY + 60)
  await pushReservations(db, target)
  await cancel(idle.id)
  await cancel(busy.id)
  simulator.run(busy.key, 4, 90)
  assert.deepEqual(await pushReservations(db, target), { pushed: 0, ended: 1, failed: 1 })
  assert.match((await rows()).find(({ reservation_id }) => reservation_id === busy.key)?.detail ?? '', /in use/)
  await setTime(2)
  assert.deepEqual(await pushReservations(db, target), { pushed: 0, ended: 1, failed: 0 })
  assert.deepEqual(await simulator.list(everything), [])
  assert.deepEqual(await pushReservations(db, target), { pushed: 0, ended: 0, failed: 0 })
})

test('while the scheduler is down reservations wait, longer each time, and nothing is lost or done twice', async () => {
  const { simulator, target, confirm, rows, setTime } = await given()
  await confirm(DAY, DAY + 60)
  await confirm(DAY, DAY + 60)
  simulator.reach(false)
  // Doubling from a minute: due at 0, 1, 3, 7 minutes.
  for (const [minute, attempts] of [
    [0, 1],
    [1, 2],
    [3, 3],
    [7, 4],
  ] as const) {
    await setTime(minute)
    assert.deepEqual(await pushReservations(db, target), { pushed: 0, ended: 0, failed: 2 })
    assert.deepEqual(await pushReservations(db, target), { pushed: 0, ended: 0, failed: 0 }, 'not due yet')
    for (const row of await rows()) {
      assert.deepEqual([row.state, row.attempts], ['waiting', attempts])
      assert.match(row.detail ?? '', /not available/)
    }
  }
  simulator.reach(true)
  await setTime(15)
  assert.deepEqual(await pushReservations(db, target), { pushed: 2, ended: 0, failed: 0 })
  assert.equal((await simulator.list(everything)).length, 2)
  assert.deepEqual(
    (await rows()).map(({ state, attempts, detail, next_try_at }) => [state, attempts, detail, next_try_at]),
    Array.from({ length: 2 }, () => ['pushed', 0, null, null]),
  )
})

test('a push whose record was lost is recognised, and one that comes late is made for what is left', async () => {
  const { simulator, target, confirm, rows, setTime } = await given()
  const { key } = await confirm(30, 90)
  await pushReservations(db, target)
  await asOwner(world.ownerUrl, 'DELETE FROM scheduler_push')
  assert.deepEqual(await pushReservations(db, target), { pushed: 1, ended: 0, failed: 0 })
  await simulator.cancel(key)
  await asOwner(world.ownerUrl, 'DELETE FROM scheduler_push')
  await setTime(45)
  assert.deepEqual(await pushReservations(db, target), { pushed: 1, ended: 0, failed: 0 })
  assert.deepEqual((await simulator.read(key))?.interval, { startsAt: at(45), endsAt: at(90) })
  assert.deepEqual((await reconcile(db, target)).differences, [])
  assert.equal((await rows()).length, 1)
})

const pushJobs = (poolId: Uuid) => pushJobsOf(world, poolId)

test('the job pushes its pool and adds itself again, once, and sooner when something failed', async () => {
  const { simulator, target, confirm, pool, setTime } = await given()
  await confirm(DAY, DAY + 60)
  const job = pushReservationsJob([target])
  assert.deepEqual(await job(world.deps, { poolId: pool.poolId }), { pushed: 1, ended: 0, failed: 0 })
  assert.deepEqual(await job(world.deps, { poolId: pool.poolId }), { pushed: 0, ended: 0, failed: 0 })
  assert.deepEqual(await pushJobs(pool.poolId), [at(5)])
  await confirm(DAY, DAY + 60)
  simulator.reach(false)
  await setTime(5)
  assert.deepEqual(await job(world.deps, { poolId: pool.poolId }), { pushed: 0, ended: 0, failed: 1 })
  assert.deepEqual(await pushJobs(pool.poolId), [at(6)])
  const nobody = '00000000-0000-7000-8000-000000000000'
  assert.equal(await job(world.deps, { poolId: nobody }), undefined)
  assert.deepEqual(await pushJobs(nobody), [])
})

test('reconciling lists what only one side has, what differs, and nodes that are down', async () => {
  const { simulator, target, confirm, company } = await given()
  const same = await confirm(DAY, DAY + 60)
  const missing = await confirm(2 * DAY, 2 * DAY + 60)
  const smaller = await confirm(3 * DAY, 3 * DAY + 60)
  await pushReservations(db, target)
  assert.deepEqual((await reconcile(db, target)).differences, [])
  await simulator.cancel(missing.key)
  await simulator.resize(smaller.key, 2)
  const interval = { startsAt: at(DAY), endsAt: at(DAY + 10) }
  await simulator.reserve({ id: 'by-hand', account: 'other', gpuModel: 'h100', gpus: 1, interval })
  simulator.takeDown('gpu7', 'h100', 8, 'broken fan')
  const { differences, down } = await reconcile(db, target)
  const there = `1 GPUs from ${at(DAY)} to ${at(DAY + 10)}`
  const here = `4 GPUs from ${at(2 * DAY)} to ${at(2 * DAY + 60)}`
  assert.deepEqual(differences, [
    { kind: 'ONLY_HERE', id: missing.key, companyId: company.companyId, here, there: null, why: null },
    { kind: 'SIZE', id: smaller.key, companyId: company.companyId, here: '4 GPUs', there: '2 GPUs', why: null },
    { kind: 'ONLY_THERE', id: 'by-hand', companyId: null, here: null, there, why: null },
  ])
  assert.deepEqual(
    down.map(({ node, gpus, reason }) => [node, gpus, reason]),
    [['gpu7', 8, 'broken fan']],
  )
  assert.ok(!differences.some(({ id }) => id === same.key))
})

test('another time or account at the scheduler is a difference', () => {
  const interval = { startsAt: at(60), endsAt: at(120) }
  const here = {
    reservationId: 'r',
    companyId: 'c',
    gpus: 4,
    interval,
    state: 'pushed',
    attempts: 0,
    detail: null,
    nextTryAt: null,
  }
  const there = { id: 'r', account: 'other', gpuModel: 'h100', gpus: 4, interval: { startsAt: at(60), endsAt: at(90) } }
  assert.deepEqual(
    differencesOf([here], [there], () => 'startup', NOON).map((each) => [each.kind, each.here, each.there]),
    [
      ['TIME', `${at(60)} to ${at(120)}`, `${at(60)} to ${at(90)}`],
      ['ACCOUNT', 'startup', 'other'],
    ],
  )
})

test('what is shrunk, or split, after it was told is made smaller there too', async () => {
  const { simulator, target, confirm, company } = await given()
  const { id, key } = await confirm(DAY, DAY + 60, 4)
  await pushReservationsJob([target])(world.deps, { poolId: target.poolId })
  assert.equal((await simulator.read(key))?.gpus, 4)
  await changeReservation(world.deps, company.founder.actor, { reservationId: id, gpus: 2 })
  assert.deepEqual(await pushReservations(db, target), { pushed: 1, ended: 0, failed: 0 })
  assert.equal((await simulator.read(key))?.gpus, 2)
  assert.deepEqual((await reconcile(db, target)).differences, [])
})
