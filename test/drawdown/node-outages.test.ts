/** Nodes that the scheduler shows as down under a reservation become outages of it, and are credited like all outages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { raiseWall } from '../../api/access/index.ts'
import { type PoolScheduler, pushReservationsJob, Simulator } from '../../api/clusters/index.ts'
import { pullUsageJob, recordNodeOutages, recordOutage } from '../../api/drawdown/index.ts'
import { inTransaction, newId } from '../../api/platform/index.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { assertSound, at, givenDrawdown, progressOf } from './given-drawdown.ts'

const world = await makeWorld()
const { deps } = world

/** Ten GPUs for an hour, whose scheduler is the simulator; at a factor of one that is ten tokens. */
async function given() {
  const it = await givenDrawdown(world)
  let now = 0
  const scheduler = new Simulator({ capacity: { h100: 64 }, accounts: ['startup'], now: () => now })
  const target: PoolScheduler = { poolId: it.pool.poolId, scheduler, gpuModel: 'h100', accountOf: () => 'startup' }
  now = Date.parse(at(-30)) / 1000
  const reservationId = await it.reserved(10, 60, 0, at(-30))
  const key = reservationId.split(':')[2] ?? ''
  const payload = { poolId: it.pool.poolId }
  /** What the worker does every five minutes. */
  const tick = async (minutes: number) => {
    await world.setClock(at(minutes))
    now = Date.parse(at(minutes)) / 1000
    await pushReservationsJob([target])(deps, payload)
    await pullUsageJob([target])(deps, payload)
  }
  await tick(-30)
  const outages = () =>
    deps.db
      .selectFrom('reservation_outage')
      .select(['node', 'gpus', 'starts_at', 'ends_at', 'source', 'gpu_seconds', 'evidence', 'recorded_as'])
      .where('company_id', '=', it.companyId)
      .orderBy('outage_id')
      .execute()
  return { ...it, scheduler, target, reservationId, key, tick, outages }
}

test('a node that was down under a reservation is recorded once it is back, with evidence, and credited', async () => {
  const it = await given()
  await it.tick(10)
  await it.tick(20)
  const bringUp = it.scheduler.takeDown('gpu3', 'h100', 8, 'broken fan', { [it.key]: 8 })
  await it.tick(25)
  await it.tick(35)
  assert.deepEqual(await it.outages(), [], 'it lasts')
  bringUp()
  await it.tick(40)
  await it.tick(45)
  const [outage, ...more] = await it.outages()
  assert.deepEqual(more, [])
  // Certain from 20, when it went down, to 35, when it was seen down last: 8 GPUs for 15 minutes.
  assert.deepEqual(
    [
      outage?.node,
      outage?.gpus,
      outage?.starts_at,
      outage?.ends_at,
      outage?.source,
      outage?.gpu_seconds,
      outage?.recorded_as,
    ],
    ['gpu3', 8, at(20), at(35), 'simulator', 7200n, 'provider'],
  )
  assert.match(outage?.evidence ?? '', /gpu3 as down since .*last at .*: broken fan\./)
  await it.tick(75)
  const [progress] = await progressOf(world, it)
  // Of ten tokens of unused time, 7,200 GPU-seconds are two.
  assert.equal(progress?.idle_reserved_micro, 8_000_000n)
  await assertSound(world, it)
})

test('what a person recorded of the same node, and of others, counts no GPU twice', async () => {
  const it = await given()
  await it.tick(20)
  const bringUp = it.scheduler.takeDown('gpu3', 'h100', 8, 'broken fan', { [it.key]: 8 })
  await it.tick(35)
  bringUp()
  await it.tick(40)
  // The monitor knows better when it came back: the same node, so the longer one counts.
  await recordOutage(deps, world.staff.provider.actor, {
    reservationId: it.reservationId,
    gpus: 8,
    node: 'gpu3',
    startsAt: at(20),
    endsAt: at(38),
    source: 'monitor',
    evidence: 'ticket 4711',
  })
  // A second node with the other two GPUs adds up.
  await recordOutage(deps, world.staff.provider.actor, {
    reservationId: it.reservationId,
    gpus: 2,
    node: 'gpu4',
    startsAt: at(30),
    endsAt: at(36),
    source: 'monitor',
    evidence: 'ticket 4712',
  })
  await it.tick(75)
  // 8 GPUs for 18 minutes are 8,640 GPU-seconds, 2 for 6 are 720: 9,360, or 2.6 tokens, of ten.
  const [progress] = await progressOf(world, it)
  assert.equal(progress?.idle_reserved_micro, 7_400_000n)
  assert.deepEqual(
    (await it.outages()).map((each) => each.gpu_seconds),
    [7200n, 1440n, 720n],
  )
  await assertSound(world, it)
})

test('it is cut at the ends of the reservation, and recorded once however many run', async () => {
  const it = await given()
  await it.tick(-5)
  it.scheduler.takeDown('gpu3', 'h100', 8, 'broken fan', { [it.key]: 4 })
  for (const minutes of [5, 30, 58]) await it.tick(minutes)
  await world.setClock(at(62))
  await it.tick(62)
  await Promise.all(Array.from({ length: 10 }, () => recordNodeOutages(deps, it.pool.poolId)))
  const rows = await it.outages()
  // From the start, though it was down before, to 58, when it was seen last: 4 GPUs for 58 minutes.
  assert.deepEqual(
    rows.map((each) => [each.starts_at, each.ends_at, each.gpus, each.gpu_seconds]),
    [[at(0), at(58), 4, 13_920n]],
  )
  assert.deepEqual(await recordNodeOutages(deps, it.pool.poolId), { recorded: 0, setAside: 0 })
})

test('a node that no reservation had, or that went down before it began, is nobody’s outage', async () => {
  const it = await given()
  const bringUp = it.scheduler.takeDown('gpu9', 'h100', 8, 'spare')
  await it.tick(-10)
  bringUp()
  await it.tick(-5)
  it.scheduler.takeDown('gpu8', 'h100', 8, 'spare')
  await it.tick(10)
  await it.tick(75)
  assert.deepEqual(await it.outages(), [])
  assert.equal((await progressOf(world, it))[0]?.idle_reserved_micro, 10_000_000n)
})

test('while the scheduler is away an outage is neither over nor lost', async () => {
  const it = await given()
  await it.tick(10)
  const bringUp = it.scheduler.takeDown('gpu3', 'h100', 8, 'broken fan', { [it.key]: 8 })
  await it.tick(15)
  it.scheduler.reach(false)
  await it.tick(20)
  assert.deepEqual(await it.outages(), [])
  it.scheduler.reach(true)
  await it.tick(30)
  bringUp()
  await it.tick(35)
  assert.deepEqual(
    (await it.outages()).map((each) => [each.starts_at, each.ends_at]),
    [[at(10), at(30)]],
  )
})

test('operations and the provider see which reservations a node that is down has, and what they are credited for it', async () => {
  const it = await given()
  const see = async (person: Person) => {
    const get = (path: string) =>
      request(world.app).get(path).set('authorization', `Bearer ${person.token}`).expect(200)
    const { body } = await get('/operations.json')
    const pool = body.pools.find(({ anchor }: { anchor: string }) => anchor === `pool-${it.pool.poolId}`)
    return {
      nodes: pool?.underNodesDown,
      text: (await get('/operations')).text.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' '),
    }
  }
  await it.tick(20)
  const bringUp = it.scheduler.takeDown('gpu3', 'h100', 8, 'broken fan', { [it.key]: 8 })
  await it.tick(25)
  const row = {
    company: 'Lumen Robotics, Inc.',
    reservation: it.reservationId,
    path: `/companies/${it.id}/compute/reservations/${it.reservationId}`,
    node: 'gpu3',
    gpus: 8,
    reason: 'broken fan',
  }
  const lasting = await see(world.staff.operations)
  const seen = lasting.nodes.map(({ from, seenUntil, ...rest }: Record<string, string>) => ({
    ...rest,
    from: Date.parse(from ?? ''),
    seenUntil: Date.parse(seenUntil ?? ''),
  }))
  const from = Date.parse(at(20))
  assert.deepEqual(seen, [{ ...row, from, seenUntil: Date.parse(at(25)), over: false, outage: null, credited: '0' }])
  assert.match(lasting.text, /[0-9]+ nodes? (is|are) down/)
  assert.match(lasting.text, /gpu3 8 .*broken fan ✗ Lasts: recorded once the node is back/)
  // The provider does not see the company's pages, and sees the company's name.
  assert.deepEqual(
    (await see(world.staff.provider)).nodes.map(({ company, path }: Record<string, string>) => [company, path]),
    [['Lumen Robotics, Inc.', '']],
  )
  await it.tick(35)
  bringUp()
  await it.tick(40)
  const recorded = await see(world.staff.operations)
  // 8 GPUs from 20 to 35 are two GPU-hours; nothing is charged for unused time while the reservation runs.
  assert.deepEqual(
    recorded.nodes.map(({ over, outage, credited }: Record<string, unknown>) => [over, outage, credited]),
    [[true, '2', '0']],
  )
  await it.tick(75)
  // Of ten tokens of unused time two are credited.
  const credited = await see(world.staff.provider)
  assert.deepEqual(
    credited.nodes.map(({ over, outage, credited: tokens }: Record<string, unknown>) => [over, outage, tokens]),
    [[true, '2', '2']],
  )
  assert.match(credited.text, /✓ Recorded and credited 2 2 /)
  // Behind a wall, and at another provider's, there is none.
  const walled = await world.person('operations')
  const wall = { id: newId(), personId: walled.id, companyId: it.companyId, reason: 'the test' }
  await inTransaction(deps.db, (trx) => raiseWall(trx, { ...wall, raisedBy: world.staff.compliance.id }))
  assert.deepEqual((await see(walled)).nodes, [])
  assert.equal((await see(world.staff.otherProvider)).nodes, undefined)
  // A month later it is not shown any more.
  await world.setClock(at(31 * 24 * 60))
  assert.deepEqual((await see(world.staff.operations)).nodes, [])
})
