import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bookCalendar } from '../../api/clusters/pool/calendar.store.ts'
import { inTransaction, type Uuid } from '../../api/platform/index.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { at, NOON, pool } from './given.ts'

const FIND = `query ($gpus: Int!, $minutes: Int!, $from: DateTime!, $to: DateTime!) {
  findCapacity(gpus: $gpus, minutes: $minutes, from: $from, to: $to) {
    __typename ... on CapacityFits { fits { pool { id } startsAt endsAt tokens } } ... on BadInterval { fault } } }`

const find = async (who: Person, gpus: number, minutes: number, from = at(0), to = at(600)) =>
  (await who.graphql(FIND, { gpus, minutes, from, to })).data?.findCapacity
const fill = (
  world: { deps: { db: Parameters<typeof inTransaction>[0] } },
  poolId: Uuid,
  from: number,
  to: number,
  gpus: number,
) => inTransaction(world.deps.db, (trx) => bookCalendar(trx, poolId, { startsAt: at(from), endsAt: at(to) }, gpus))

test('the first fit in each pool is found, the cheapest first', async (t) => {
  const world = await makeWorld(t)
  await world.setClock(NOON)
  const { founder } = await world.company()
  const dear = await pool(world, { capacity: 8, factor: 23_000_000_000n })
  const cheap = await pool(world, { capacity: 8 })
  const small = await pool(world, { capacity: 3 })
  await fill(world, cheap.poolId, 0, 90, 5)
  await fill(world, cheap.poolId, 130, 150, 6)
  const { fits } = await find(founder, 4, 60)
  assert.deepEqual(fits, [
    { pool: { id: cheap.id }, startsAt: at(150), endsAt: at(210), tokens: '4' },
    { pool: { id: dear.id }, startsAt: at(0), endsAt: at(60), tokens: '9.2' },
  ])
  const three: { pool: { id: string }; startsAt: string }[] = (await find(founder, 3, 60)).fits
  assert.ok(three.every((fit) => fit.startsAt === at(0)))
  assert.deepEqual(new Set(three.map((fit) => fit.pool.id)), new Set([small.id, cheap.id, dear.id]))
  assert.equal(three[2]?.pool.id, dear.id)
})

test('a fit keeps the pool’s lead time, opening and lengths, and begins on a whole minute', async (t) => {
  const world = await makeWorld(t)
  await world.setClock('2026-11-20T12:00:30Z')
  const { founder } = await world.company()
  const starts = async (minutes: number) =>
    (await find(founder, 1, minutes)).fits.map((fit: { startsAt: string }) => fit.startsAt)
  await pool(world, { minLeadMinutes: 45, minLengthMinutes: 30, maxLengthMinutes: 120 })
  assert.deepEqual(await starts(60), [at(46)])
  assert.deepEqual([await starts(29), await starts(121)], [[], []])
  await pool(world, { opensAt: at(300) })
  assert.deepEqual(await starts(60), [at(46), at(300)])
  await pool(world, { factorFrom: '2027-01-01T00:00:00Z' })
  assert.equal((await starts(60)).length, 2)
})

test('it is found only where it ends within the window, and only in pools that one sees', async (t) => {
  const world = await makeWorld(t)
  await world.setClock(NOON)
  const mine = await pool(world, { capacity: 4 })
  await pool(world, { capacity: 4, providerId: world.otherProviderId })
  const ids = (answer: { fits: { pool: { id: string } }[] }) => answer.fits.map((fit) => fit.pool.id)
  assert.deepEqual(ids(await find(world.staff.provider, 4, 600)), [mine.id])
  assert.deepEqual(ids(await find(world.staff.provider, 4, 601)), [])
  assert.deepEqual(ids(await find(world.staff.provider, 5, 60)), [])
  assert.equal((await find(world.staff.analyst, 4, 60)).fits.length, 2)
  assert.deepEqual(ids(await find(world.staff.regulator, 4, 60)), [])
})

test('a window that is none is refused, and so is a wish for nothing', async (t) => {
  const world = await makeWorld(t)
  await world.setClock(NOON)
  const { analyst } = world.staff
  assert.equal((await find(analyst, 1, 60, at(60), at(0))).fault, 'REVERSED')
  assert.equal((await find(analyst, 1, 60, at(60), at(60))).fault, 'EMPTY')
  for (const [gpus, minutes] of [
    [0, 60],
    [-1, 60],
    [1, 0],
    [1, 9_000_000],
  ] as const) {
    const answer = await analyst.graphql(FIND, { gpus, minutes, from: at(0), to: at(60) })
    assert.equal(answer.errors[0]?.extensions.code, 'BAD_INPUT')
  }
})
