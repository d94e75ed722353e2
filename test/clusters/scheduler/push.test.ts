import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decideChange,
  differencesOf,
  pushReservations,
  pushReservationsJob,
  reconcile,
  SchedulerRefused,
  SchedulerUnavailable,
  Simulator,
  type WantedReservation,
} from '../../../api/clusters/index.ts'
import { changeReservation, startReservation } from '../../../api/drawdown/index.ts'
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

/** Everything lies on one node until it is made anew, and one call fails: before it does what it should, or after. */
class OneNode extends Simulator {
  readonly moved = new Set<string>()
  calls = 0
  failAt: number | undefined
  failAfter = false
  /** The server is killed when this call was answered: it does nothing after it. */
  killedAt = Number.POSITIVE_INFINITY
  /** Others have the place of this one as soon as it is taken back. */
  taken: string | undefined

  async #step<T>(work: () => Promise<T>): Promise<T> {
    this.calls += 1
    if (this.calls > this.killedAt) throw new Error('killed')
    const fails = this.calls === this.failAt
    if (fails && !this.failAfter) throw new SchedulerUnavailable('it was cut off before')
    const answer = await work()
    if (fails) throw new SchedulerUnavailable('it was cut off after')
    if (this.calls === this.killedAt) throw new Error('killed')
    return answer
  }
  override async setEnd(id: string, endsAt: string) {
    const there = await this.read(id)
    return this.#step(async () => {
      const added = { startsAt: there?.interval.endsAt ?? endsAt, endsAt }
      const inTheWay = (await this.list(added)).filter((each) => each.id !== id && !this.moved.has(each.id))
      if (inTheWay.length > 0) throw new SchedulerRefused('CAPACITY', 'the node is not free')
      return super.setEnd(id, endsAt)
    })
  }
  override async cancel(id: string) {
    return this.#step(async () => {
      await super.cancel(id)
      this.moved.add(id)
    })
  }
  override async reserve(wanted: WantedReservation) {
    return this.#step(async () => {
      if (wanted.id === this.taken && this.moved.has(wanted.id)) throw new SchedulerRefused('CAPACITY', 'others came')
      return super.reserve(wanted)
    })
  }
}

/** One that runs is to last an hour longer, and two that begin later lie in its way. */
async function extended() {
  const made = await simulated(world)
  let now = Date.parse(NOON) / 1000
  const scheduler = new OneNode({ capacity: { h100: 16 }, accounts: ['startup'], now: () => now })
  const target = { ...made.target, scheduler }
  const setTime = async (minutes: number) => {
    await world.setClock(at(minutes))
    now = Date.parse(at(minutes)) / 1000
  }
  const running = await made.confirm(60, 120)
  const later = [await made.confirm(130, 190), await made.confirm(140, 200)].map(({ key }) => key).sort()
  await pushReservations(db, target)
  await setTime(70)
  const ref = { companyId: made.company.companyId, reservationId: running.key }
  await startReservation(world.deps, ref)
  scheduler.run(running.key, 4, 3000)
  await changeReservation(world.deps, made.company.founder.actor, { reservationId: running.id, endsAt: at(180) })
  await decideChange(world.deps, world.staff.provider.actor, { reservationId: running.id, decision: 'APPROVE' })
  await db
    .updateTable('scheduler_push')
    .set({ state: 'waiting', next_try_at: at(70) })
    .where('reservation_id', '=', running.key)
    .execute()
  scheduler.calls = 0
  const away = async () => {
    const there = new Set((await scheduler.list(everything)).map(({ id }) => id))
    return later.filter((key) => !there.has(key))
  }
  const waiting = async () => (await made.rows()).filter(({ state }) => state === 'waiting')
  return { ...made, scheduler, target, setTime, running, later, away, waiting }
}

test('those that make room are made anew at once; nobody waits', async () => {
  const { scheduler, target, running, away, waiting } = await extended()
  assert.deepEqual(await pushReservations(db, target), { pushed: 1, ended: 0, failed: 0 })
  assert.equal((await scheduler.read(running.key))?.interval.endsAt, at(180))
  assert.deepEqual([await away(), await waiting()], [[], []])
  assert.deepEqual((await reconcile(db, target)).differences, [])
  // Refused once, both taken back, moved, both made anew.
  assert.equal(scheduler.calls, 6)
})

for (const after of [false, true]) {
  test(`a push that is cut off ${after ? 'after' : 'before'} any of its steps leaves nothing out: it is there, or waits and is told again`, async () => {
    for (let step = 1; step <= 6; step += 1) {
      const { scheduler, target, running, away, waiting, setTime, pool } = await extended()
      Object.assign(scheduler, { failAt: step, failAfter: after })
      await pushReservations(db, target)
      const rows = await waiting()
      for (const key of await away()) {
        const row = rows.find(({ reservation_id }) => reservation_id === key)
        assert.deepEqual([row?.attempts, row?.next_try_at], [1, at(71)], `step ${step}`)
        assert.match(row?.detail ?? '', /cut off/)
      }
      // The first step is the question itself, before anything was taken back.
      if (step > 1) assert.deepEqual(await pushJobsOf(world, pool.poolId), [at(71)], `step ${step}`)
      await setTime(72)
      await pushReservations(db, target)
      assert.deepEqual([await away(), await waiting()], [[], []], `step ${step}`)
      assert.equal((await scheduler.read(running.key))?.interval.endsAt, at(180))
      assert.deepEqual((await reconcile(db, target)).differences, [])
    }
  })
}

test('a server that is killed when one was taken back has left word that it is to be made anew', async () => {
  const { scheduler, target, away, waiting, setTime, pool, later } = await extended()
  // The question whether there is room, and the first that is taken back.
  scheduler.killedAt = 2
  await assert.rejects(pushReservations(db, target), /killed/)
  assert.equal((await away()).length, 1)
  const left = await waiting()
  assert.deepEqual(
    left.flatMap(({ reservation_id: id, detail }) => (later.includes(id) ? [detail] : [])),
    later.map(() => 'It makes room for another that lasts longer, and is made anew.'),
  )
  assert.deepEqual(await pushJobsOf(world, pool.poolId), [at(71)])
  scheduler.killedAt = Number.POSITIVE_INFINITY
  await setTime(72)
  await pushReservations(db, target)
  assert.deepEqual([await away(), await waiting()], [[], []])
})

test('one whose place others took meanwhile waits with the reason, shown to operations, and the extension holds', async () => {
  const { scheduler, target, running, later, away, pool, setTime } = await extended()
  const [first = ''] = later
  scheduler.taken = first
  await pushReservationsJob([target])(world.deps, { poolId: pool.poolId })
  assert.equal((await scheduler.read(running.key))?.interval.endsAt, at(180))
  assert.deepEqual(await away(), [first])
  const { data } = await world.staff.operations.graphql(
    'query ($id: ID!) { node(id: $id) { ... on Pool { scheduler { waiting { reservationId ending attempts why } } } } }',
    { id: pool.id },
  )
  const [shown] = data.node.scheduler.waiting
  assert.equal(data.node.scheduler.waiting.length, 1)
  assert.deepEqual([shown.reservationId.split(':').at(-1), shown.ending, shown.attempts], [first, false, 1])
  assert.match(shown.why, /others came/)
  scheduler.taken = undefined
  await setTime(72)
  await pushReservations(db, target)
  assert.deepEqual(await away(), [])
})
