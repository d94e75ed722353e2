/** Nodes that were down between two checks: what is certain is recorded, and the provider says the rest, within bounds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { type PoolScheduler, pushReservationsJob, Simulator } from '../../api/clusters/index.ts'
import { completeRestart, pullUsageJob } from '../../api/drawdown/index.ts'
import { Forbidden, NotFound, Refused, WrongState } from '../../api/platform/index.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { assertSound, at, givenDrawdown, progressOf } from './given-drawdown.ts'

const world = await makeWorld()
const { deps, staff } = world
const provider = staff.provider.actor

/** Ten GPUs for an hour, eight of them on gpu3; at a factor of one that is ten tokens. */
async function given() {
  const it = await givenDrawdown(world)
  let now = Date.parse(at(-30)) / 1000
  const scheduler = new Simulator({ capacity: { h100: 64 }, accounts: ['startup'], now: () => now })
  const target: PoolScheduler = { poolId: it.pool.poolId, scheduler, gpuModel: 'h100', accountOf: () => 'startup' }
  const reservationId = await it.reserved(10, 60, 0, at(-30))
  const key = reservationId.split(':')[2] ?? ''
  scheduler.addNode('gpu3', 'h100', 8, { [key]: 8 })
  const payload = { poolId: it.pool.poolId }
  const set = async (minutes: number) => {
    await world.setClock(at(minutes))
    now = Date.parse(at(minutes)) / 1000
  }
  /** What the worker does every five minutes. */
  const tick = async (minutes: number) => {
    await set(minutes)
    await pushReservationsJob([target])(deps, payload)
    await pullUsageJob([target])(deps, payload)
  }
  await tick(-30)
  const epoch = (minutes: number) => Date.parse(at(minutes)) / 1000
  const outages = async () =>
    (
      await deps.db
        .selectFrom('reservation_outage')
        .select(['node', 'gpus', 'starts_at', 'ends_at', 'source'])
        .where('company_id', '=', it.companyId)
        .orderBy('outage_id')
        .execute()
    ).map((each) => [each.node, each.gpus, each.starts_at, each.ends_at, each.source])
  const restarts = () =>
    deps.db
      .selectFrom('scheduler_node_restart')
      .select(['restart_id as id', 'possible_from', 'possible_until', 'certain_from', 'certain_until', 'answer'])
      .where('company_id', '=', it.companyId)
      .orderBy('restart_id')
      .execute()
  return { ...it, scheduler, reservationId, key, set, tick, epoch, outages, restarts }
}
const idOf = (it: { pool: { poolId: string } }, row: { id: string } | undefined) =>
  `NodeRestart:${it.pool.poolId}:${row?.id}`

test('a node that was booted between two checks: what is certain is an outage, and the provider completes it once', async () => {
  const it = await given()
  await it.tick(10)
  await it.tick(15)
  // Down at 16, booted at 17, takes jobs from 18 on.
  it.scheduler.restart('gpu3', it.epoch(17), it.epoch(18))
  await it.tick(20)
  await it.tick(25)
  assert.deepEqual(await it.outages(), [['gpu3', 8, at(17), at(18), 'simulator']])
  const [found, ...more] = await it.restarts()
  assert.deepEqual(more, [], 'the next check finds nothing new')
  assert.deepEqual(
    [found?.possible_from, found?.possible_until, found?.certain_from, found?.certain_until, found?.answer],
    [at(10), at(18), at(17), at(18), null],
  )
  const say = (from: number, until: number, actor = provider) =>
    completeRestart(deps, actor, {
      restartId: idOf(it, found),
      answer: 'OUTAGE',
      startsAt: at(from),
      endsAt: at(until),
      note: 'BMC log',
    })
  for (const [from, until] of [
    [9, 18],
    [16, 19],
    [17.5, 18],
    [16, 17.5],
    [18, 16],
  ] as const) {
    await assert.rejects(say(from, until), Refused, `${from} to ${until}`)
  }
  for (const person of [staff.operations, it.founder]) await assert.rejects(say(16, 18, person.actor), Forbidden)
  for (const person of [staff.otherProvider]) await assert.rejects(say(16, 18, person.actor))
  const eight = await Promise.allSettled(Array.from({ length: 8 }, () => say(16, 18)))
  assert.equal(eight.filter(({ status }) => status === 'fulfilled').length, 1)
  await assert.rejects(say(15, 18), WrongState)
  await it.tick(75)
  // Eight GPUs for two minutes are 960 GPU-seconds, of which the certain minute is a part: 0.266667 of ten tokens.
  assert.equal((await progressOf(world, it))[0]?.idle_reserved_micro, 10_000_000n - 266_667n)
  await assertSound(world, it)
})

test('without the provider no more is credited than is certain', async () => {
  const it = await given()
  await it.tick(15)
  it.scheduler.restart('gpu3', it.epoch(17), it.epoch(18))
  await it.tick(20)
  await it.tick(75)
  // Eight GPU-minutes are 480 GPU-seconds: 0.133334 of a token, rounded up for the company.
  assert.equal((await progressOf(world, it))[0]?.idle_reserved_micro, 10_000_000n - 133_334n)
  const [found] = await it.restarts()
  // Late, and after it was charged: it goes back.
  await completeRestart(deps, provider, {
    restartId: idOf(it, found),
    answer: 'OUTAGE',
    startsAt: at(10),
    endsAt: at(18),
    note: 'BMC log',
  })
  // Eight GPUs for eight minutes are 3,840 GPU-seconds.
  assert.equal((await progressOf(world, it))[0]?.idle_reserved_micro, 10_000_000n - 1_066_667n)
  await assertSound(world, it)
})

test('a job that failed with its node, which was booted after it, tells all of it', async () => {
  const it = await given()
  await it.tick(10)
  it.scheduler.run(it.key, 8, 40 * 60)
  await it.tick(15)
  await it.set(16)
  it.scheduler.failJobs(it.key, 'gpu3')
  it.scheduler.restart('gpu3', it.epoch(17), it.epoch(18))
  await it.tick(20)
  await it.tick(25)
  assert.deepEqual(await it.outages(), [['gpu3', 8, at(16), at(18), 'simulator']])
  assert.deepEqual(
    (await it.restarts()).map(({ answer }) => answer),
    ['KNOWN'],
  )
  await assert.rejects(
    completeRestart(deps, provider, {
      restartId: idOf(it, (await it.restarts())[0]),
      answer: 'NOTHING_MORE',
      note: 'no',
    }),
    WrongState,
  )
  await assertSound(world, it)
})

test('a node that was taken down and back between two checks fails its jobs: since when is known, and the end is asked for', async () => {
  const it = await given()
  await it.tick(10)
  it.scheduler.run(it.key, 8, 40 * 60)
  await it.tick(15)
  await it.set(16)
  it.scheduler.failJobs(it.key, 'gpu3')
  await it.tick(20)
  await it.tick(25)
  assert.deepEqual(await it.outages(), [], 'nothing of it is certain')
  const [found, ...more] = await it.restarts()
  assert.deepEqual(more, [])
  assert.deepEqual(
    [found?.possible_from, found?.possible_until, found?.certain_from, found?.answer],
    [at(16), at(20), null, null],
  )
  await completeRestart(deps, provider, {
    restartId: idOf(it, found),
    answer: 'NOTHING_MORE',
    note: 'A crash of the driver',
  })
  assert.deepEqual(await it.outages(), [])
  await assertSound(world, it)
})

test('a daemon that was restarted is none, nor a boot that nobody had the node for; one seen as down is told once', async () => {
  const it = await given()
  it.scheduler.addNode('gpu9', 'h100', 8, {})
  await it.tick(-10)
  it.scheduler.restart('gpu3', it.epoch(-9), it.epoch(-8))
  await it.tick(-5)
  await it.tick(10)
  it.scheduler.restart('gpu3', it.epoch(-9), it.epoch(12))
  it.scheduler.restart('gpu9', it.epoch(11), it.epoch(12))
  await it.tick(15)
  assert.deepEqual(await it.restarts(), [])
  const bringUp = it.scheduler.takeDown('gpu3', 'h100', 8, 'broken fan')
  it.scheduler.run(it.key, 8, 30 * 60)
  it.scheduler.failJobs(it.key, 'gpu3')
  await it.tick(20)
  await it.set(22)
  bringUp()
  await it.tick(25)
  await it.tick(30)
  assert.deepEqual(await it.restarts(), [])
  assert.deepEqual(await it.outages(), [['gpu3', 8, at(15), at(20), 'simulator']])
})

test('while the scheduler is away nothing is found, and then the bounds are as wide as nobody looked', async () => {
  const it = await given()
  await it.tick(10)
  it.scheduler.reach(false)
  await it.tick(15)
  it.scheduler.restart('gpu3', it.epoch(17), it.epoch(18))
  await it.tick(20)
  assert.deepEqual(await it.restarts(), [])
  it.scheduler.reach(true)
  await it.tick(25)
  const [found] = await it.restarts()
  assert.deepEqual([found?.possible_from, found?.possible_until], [at(5), at(18)])
})

test('operations see what waits, the provider says it on the page, and the company reads it', async () => {
  const it = await given()
  await it.tick(15)
  it.scheduler.restart('gpu3', it.epoch(17), it.epoch(18))
  await it.tick(20)
  const get = async (path: string, person: Person) => {
    const { text } = await request(world.app).get(path).set('authorization', `Bearer ${person.token}`).expect(200)
    return { text, words: text.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ') }
  }
  const seen = await get('/operations', staff.operations)
  assert.match(seen.words, /[0-9]+ restarts? waits? for the provider/)
  assert.match(
    seen.words,
    /gpu3 8 5\sJan\s2027, 00:10:00 UTC to 5\sJan\s2027, 00:18:00 UTC .* The provider has not said yet/,
  )
  assert.doesNotMatch(seen.text, /Record this outage/)
  const own = await get('/operations', staff.provider)
  const path = `/operations/restarts/${idOf(it, (await it.restarts())[0])}/complete`
  assert.ok(own.text.includes(`action="${path}"`))
  const post = (person: Person, body: object) =>
    request(world.app).post(path).type('form').set('authorization', `Bearer ${person.token}`).send(body)
  const said = { answer: 'OUTAGE', startsAt: at(16).slice(0, 16), endsAt: at(18).slice(0, 19), note: 'BMC log' }
  const beyond = await post(staff.provider, { ...said, endsAt: at(19).slice(0, 19) }).expect(409)
  assert.match(beyond.text, /must lie within/)
  for (const bad of [
    { ...said, note: '' },
    { ...said, startsAt: 'noon' },
    { ...said, answer: 'PERHAPS' },
  ]) {
    await post(staff.provider, bad).expect(400)
  }
  await post(staff.operations, said).expect(409)
  await post(it.founder, said).expect(404)
  await post(staff.provider, said).expect(303)
  const page = await get(`/companies/${it.id}/compute/reservations/${it.reservationId}`, it.founder)
  assert.match(page.words, /GPUs that were down Recorded outages/)
  assert.match(
    page.words,
    /Down 5\sJan\s2027, 00:16:00 UTC to 5\sJan\s2027, 00:18:00 UTC, as the provider says: BMC log/,
  )
  const answer = await it.founder.graphql(
    `query ($id: ID!) { node(id: $id) { ... on Reservation { nodeRestarts { node answer answeredFrom certainFrom } } } }`,
    { id: it.reservationId },
  )
  assert.deepEqual(answer.data?.node?.nodeRestarts, [
    { node: 'gpu3', answer: 'OUTAGE', answeredFrom: at(16), certainFrom: at(17) },
  ])
  await assert.rejects(
    completeRestart(deps, provider, {
      restartId: `NodeRestart:${it.pool.poolId}:${it.companyId}`,
      answer: 'NOTHING_MORE',
      note: 'x',
    }),
    NotFound,
  )
})
