/** A pool's scheduler is told at once, compared, shown to those who operate, and limits accounts to what their tokens pay. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raiseWall } from '../../../api/access/index.ts'
import { gpuSecondsFor, limitAccounts, pushReservationsJob, tendSchedulers } from '../../../api/clusters/index.ts'
import { inTransaction, newId, parseNumeric, parseTokens } from '../../../api/platform/index.ts'
import { startWorker } from '../../../api/worker/index.ts'
import { makeWorld } from '../../support/world.ts'
import { at } from '../given.ts'
import { pushJobsOf, simulated } from './given-simulated.ts'

const world = await makeWorld()
const DAY = 24 * 60
const SCHEDULER = `query ($id: ID!) { node(id: $id) { ... on Pool { scheduler {
  name up downSince version detail checkedAt
  differences { kind reservationId name here there why }
  nodesDown { node gpus reason }
  waiting { reservationId ending attempts why nextTryAt } } } } }`

test('a confirmed, a cancelled reservation calls the job at once, of a pool that has a scheduler only', async () => {
  const { pool, confirm, cancel, target, setTime } = await simulated(world)
  const { id } = await confirm(DAY, DAY + 60)
  assert.deepEqual(await pushJobsOf(world, pool.poolId), [], 'nothing is known of a scheduler yet')
  await pushReservationsJob([target])(world.deps, { poolId: pool.poolId })
  assert.deepEqual(await pushJobsOf(world, pool.poolId), [at(5)])
  await setTime(1)
  await confirm(DAY, DAY + 60)
  const [called, ...more] = await pushJobsOf(world, pool.poolId)
  assert.deepEqual(more, [])
  assert.notEqual(called, at(5), 'it does not wait for the next run')
  await pushReservationsJob([target])(world.deps, { poolId: pool.poolId })
  assert.deepEqual(await pushJobsOf(world, pool.poolId), [at(6)])
  await cancel(id)
  assert.notDeepEqual(await pushJobsOf(world, pool.poolId), [at(6)])
})

test('a worker looks after the schedulers that it is given from its start', async () => {
  const { confirm, target, simulator } = await simulated(world)
  const { key } = await confirm(DAY, DAY + 60)
  const worker = await startWorker(world.deps, world.ownerUrl, { schedulers: [target] })
  try {
    for (let wait = 0; (await simulator.read(key)) === undefined && wait < 100; wait += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  } finally {
    await worker.stop()
  }
  assert.equal((await simulator.read(key))?.gpus, 4)
})

test('a lost job is added again, one per pool however often', async () => {
  const { pool, target } = await simulated(world)
  for (let times = 0; times < 3; times += 1) await tendSchedulers(world.deps.db, [target, target])
  assert.equal((await pushJobsOf(world, pool.poolId)).length, 1)
})

test('operations and the provider see what differs and what waits; the company and another provider see nothing', async () => {
  const { pool, company, confirm, target, simulator, setTime } = await simulated(world)
  const { staff } = world
  const ask = async (person: { graphql: typeof staff.operations.graphql }) => {
    const { data, errors } = await person.graphql(SCHEDULER, { id: pool.id })
    assert.deepEqual(errors ?? [], [])
    return data.node?.scheduler
  }
  assert.equal(await ask(staff.operations), null, 'it was not asked yet')
  const gone = await confirm(DAY, DAY + 60)
  const job = pushReservationsJob([target])
  await job(world.deps, { poolId: pool.poolId })
  await simulator.cancel(gone.key)
  simulator.takeDown('gpu7', 'h100', 8, 'broken fan')
  await job(world.deps, { poolId: pool.poolId })
  const seen = await ask(staff.operations)
  const here = `4 GPUs from ${at(DAY)} to ${at(DAY + 60)}`
  assert.deepEqual(seen.differences, [
    { kind: 'ONLY_HERE', reservationId: gone.id, name: gone.key, here, there: null, why: null },
  ])
  assert.deepEqual(seen.nodesDown, [{ node: 'gpu7', gpus: 8, reason: 'broken fan' }])
  assert.deepEqual([seen.up, seen.downSince], [true, null])
  assert.deepEqual(
    seen.waiting.map((each: Record<string, unknown>) => [each.reservationId, each.why, each.nextTryAt]),
    [[gone.id, 'It was there, and is there no longer: it is told again.', at(1)]],
  )
  assert.deepEqual(await ask(staff.provider), seen)
  for (const person of [company.founder, company.signatory]) assert.equal(await ask(person), null)
  assert.equal(await ask(staff.otherProvider), undefined, 'another provider does not find the pool')

  await setTime(5)
  await job(world.deps, { poolId: pool.poolId })
  const again = await ask(staff.operations)
  assert.deepEqual([again.differences, again.waiting], [[], []])

  simulator.reach(false)
  await setTime(10)
  const late = await confirm(2 * DAY, 2 * DAY + 60)
  await job(world.deps, { poolId: pool.poolId })
  await setTime(20)
  await job(world.deps, { poolId: pool.poolId })
  const away = await ask(staff.operations)
  assert.deepEqual(
    [away.up, away.downSince, away.checkedAt, away.differences, away.nodesDown],
    [false, at(10), at(20), null, null],
  )
  assert.deepEqual(
    away.waiting.map((each: Record<string, unknown>) => [
      each.reservationId,
      each.ending,
      each.attempts,
      each.nextTryAt,
    ]),
    [[late.id, false, 2, at(22)]],
  )
  assert.match(away.waiting[0].why, /not available/)
  simulator.reach(true)
  await setTime(22)
  await job(world.deps, { poolId: pool.poolId })
  const back = await ask(staff.operations)
  assert.deepEqual([back.up, back.downSince, back.waiting], [true, null, []])
})

test('what a wall hides is not among what differs or waits', async () => {
  const { pool, company, confirm, target, simulator } = await simulated(world)
  const { id } = await confirm(DAY, DAY + 60)
  simulator.reach(false)
  await pushReservationsJob([target])(world.deps, { poolId: pool.poolId })
  const analyst = await world.person('analyst')
  const ask = async () => (await analyst.graphql(SCHEDULER, { id: pool.id })).data.node.scheduler.waiting
  assert.deepEqual(
    (await ask()).map((each: { reservationId: string }) => each.reservationId),
    [id],
  )
  const wall = { id: newId(), personId: analyst.id, companyId: company.companyId }
  await inTransaction(world.deps.db, (trx) =>
    raiseWall(trx, { ...wall, reason: 'the test', raisedBy: world.staff.compliance.id }),
  )
  assert.deepEqual(await ask(), [])
})

test('GPU-seconds that tokens pay for are rounded down', () => {
  const one = parseNumeric('1')
  // A token is an H100-hour; at two H100-hours a GPU-hour it lasts half an hour. 1/3600 of a token is a second.
  assert.equal(gpuSecondsFor(parseTokens('1'), one), 3600n)
  assert.equal(gpuSecondsFor(parseTokens('1'), parseNumeric('2')), 1800n)
  assert.equal(gpuSecondsFor(parseTokens('0.000277'), one), 0n)
  assert.equal(gpuSecondsFor(parseTokens('0.000278'), one), 1n)
})

test('an account may use what it has used and what its tokens pay for, held ones among them', async () => {
  const { target, confirm, simulator } = await simulated(world)
  await confirm(DAY, DAY + 60)
  assert.deepEqual(await limitAccounts(world.deps.db, target), { set: 1, refused: [] })
  // 100,000 tokens at a factor of one, four of which are held.
  assert.equal((await simulator.limit('startup')).limit, 360_000_000n)
  const unknown = { ...target, accountOf: () => 'nobody' }
  const { set, refused } = await limitAccounts(world.deps.db, unknown)
  assert.equal(set, 0)
  assert.deepEqual(
    refused.map(({ account }) => account),
    ['nobody'],
  )
})
