/** Who does not come is found by itself, and usage that is told late puts it right: nothing is charged twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addMinutes,
  backfill,
  decideReservation,
  type PoolScheduler,
  pushReservations,
  requestReservation,
  Simulator,
  setMeterDelay,
} from '../../api/clusters/index.ts'
import {
  findNoShow,
  findNoShows,
  mustMeter,
  pullUsage,
  readUsage,
  startReservation,
  takeUsage,
} from '../../api/drawdown/index.ts'
import { globalId, type Ref, zRef } from '../../api/platform/index.ts'
import { tokens } from '../clusters/given.ts'
import { makeWorld } from '../support/world.ts'
import { assertSound, at, type Drawdown, givenDrawdown, report, usage } from './given-drawdown.ts'

const world = await makeWorld()
const { deps, staff } = world

const refOf = (id: string): Ref => zRef('Reservation').parse(id)
const payloadOf = (id: string) => ({ companyId: refOf(id).companyId, reservationId: refOf(id).id })
const look = (id: string, targets: readonly PoolScheduler[] = []) => findNoShow(deps, payloadOf(id), targets)
const rowOf = (id: string) =>
  deps.db
    .selectFrom('reservation')
    .innerJoin('pool_booking', 'pool_booking.reservation_id', 'reservation.reservation_id')
    .select(['state', 'pool_booking.ends_at as bookedUntil'])
    .where('reservation.company_id', '=', refOf(id).companyId)
    .where('reservation.reservation_id', '=', refOf(id).id)
    .executeTakeFirstOrThrow()
/** Tokens charged net, by cause, without the zeros. */
const chargedBy = async (id: string): Promise<Record<string, bigint>> => {
  const rows = await deps.db
    .selectFrom('charge')
    .select(['cause', (on) => on.fn.sum<bigint>('amount_micro').as('amount')])
    .where('company_id', '=', refOf(id).companyId)
    .where('reservation_id', '=', refOf(id).id)
    .groupBy('cause')
    .execute()
  return Object.fromEntries(
    rows.map(({ cause, amount }) => [cause, BigInt(amount)] as const).filter(([, sum]) => sum !== 0n),
  )
}

/** 8 GPUs for ten hours are 80 tokens; not coming costs half of them after 30 minutes. The clock stands at the start. */
const TERMS = { booking: { noShowGraceMinutes: 30, noShowPart: '0.5' } }
async function started(it: Drawdown, minutes = 600): Promise<string> {
  const id = await it.reserved(8, minutes, 0, at(0))
  assert.deepEqual(await startReservation(deps, payloadOf(id)), { started: true })
  return id
}

test('without a scheduler it is said a day after the end, once, and by the terms', async () => {
  const it = await givenDrawdown(world, TERMS)
  const id = await started(it)
  for (const early of [30, 600, 600 + 24 * 60 - 1]) {
    await world.setClock(at(early))
    assert.deepEqual(await look(id), { noShow: false }, `${early} minutes after the start`)
  }
  await world.setClock(at(600 + 24 * 60))
  const looks = await Promise.all(Array.from({ length: 8 }, () => look(id)))
  assert.equal(looks.filter(({ noShow }) => noShow).length, 1)
  assert.deepEqual([(await rowOf(id)).state, await chargedBy(id)], ['no_show', { no_show: 40_000_000n }])
  await assertSound(world, it)
})

test('where the meter tells of jobs that run, it is said after the grace time and the delay, and what is left is free', async () => {
  const it = await givenDrawdown(world, TERMS, { capacity: 8 })
  const { provider } = staff
  await setMeterDelay(deps, provider.actor, { poolId: it.pool.id, minutes: 120, source: 'Metering agreement' })
  await setMeterDelay(deps, provider.actor, { poolId: it.pool.id, minutes: 60, source: 'Metering agreement' })
  const id = await started(it)
  // Somebody else waits for the afternoon.
  const other = await world.company('Waits, Inc.')
  await tokens(world, { companyId: other.companyId, tokenClassId: it.deal.tokenClassUuid })
  const { ref } = await requestReservation(deps, other.founder.actor, {
    companyId: other.id,
    poolId: it.pool.id,
    gpus: 8,
    startsAt: at(300),
    endsAt: at(600),
    waitlist: true,
  })
  await world.setClock(at(89))
  assert.deepEqual(await findNoShows(deps), { noShows: 0 })
  await world.setClock(at(90))
  assert.deepEqual(await findNoShows(deps), { noShows: 1 })
  assert.deepEqual(await findNoShows(deps), { noShows: 0 })
  assert.deepEqual(await rowOf(id), { state: 'no_show', bookedUntil: at(90) })
  assert.deepEqual(await backfill(deps, { poolId: it.pool.poolId }), { held: 1, ended: 0 })
  await decideReservation(deps, provider.actor, {
    reservationId: globalId('Reservation', ref.companyId, ref.id),
    decision: 'APPROVE',
  })
  await assertSound(world, it)
})

test('usage that was told, or that waits for people, is somebody who came', async () => {
  const it = await givenDrawdown(world, TERMS)
  const [used, heardOf] = [await started(it), await started(it)]
  await world.setClock(at(20))
  await it.told(used, [usage('a', 3600, { endedAt: at(10) })])
  const meterer = await mustMeter(deps.db, staff.provider.actor)
  // More than eight GPUs can do in ten minutes: kept aside.
  const [aside] = await takeUsage(deps, meterer, {
    read: readUsage([{ ...usage('b', 8 * 600 + 1, { endedAt: at(10) }), reservationId: heardOf }]),
  })
  assert.equal(aside?.outcome, 'QUARANTINED')
  await world.setClock(at(600 + 24 * 60))
  assert.deepEqual([await look(used), await look(heardOf)], [{ noShow: false }, { noShow: false }])
})

test('with a scheduler it is asked, soon after the grace time: a job that runs has come, and silence says nothing', async () => {
  const it = await givenDrawdown(world, TERMS, { capacity: 64 })
  let now = Date.parse(at(0)) / 1000
  const scheduler = new Simulator({ capacity: { h100: 64 }, accounts: ['startup'], now: () => now })
  const target: PoolScheduler = { poolId: it.pool.poolId, scheduler, gpuModel: 'h100', accountOf: () => 'startup' }
  const [busy, empty] = [await started(it), await started(it)]
  await pushReservations(deps.db, target)
  scheduler.run(refOf(busy).id, 8, 20_000)
  const setTime = async (minutes: number) => {
    await world.setClock(at(minutes))
    now = Date.parse(at(minutes)) / 1000
  }
  await setTime(34)
  assert.deepEqual(await findNoShows(deps, [target]), { noShows: 0 })
  await setTime(35)
  scheduler.reach(false)
  assert.deepEqual(await findNoShows(deps, [target]), { noShows: 0 })
  scheduler.reach(true)
  assert.deepEqual(await findNoShows(deps, [target]), { noShows: 1 })
  assert.deepEqual([(await rowOf(busy)).state, (await rowOf(empty)).state], ['active', 'no_show'])
  assert.equal((await rowOf(empty)).bookedUntil, at(35))
  await setTime(36)
  await pushReservations(deps.db, target)
  assert.equal(await scheduler.read(refOf(empty).id), undefined)
  await assertSound(world, it)
})

test('what a scheduler says only later of a no-show is pulled, and one that is over with nobody in it is no idle time', async () => {
  const it = await givenDrawdown(world, TERMS)
  let now = Date.parse(at(0)) / 1000
  const scheduler = new Simulator({ capacity: { h100: 64 }, accounts: ['startup'], now: () => now })
  const target: PoolScheduler = { poolId: it.pool.poolId, scheduler, gpuModel: 'h100', accountOf: () => 'startup' }
  const [late, empty] = [await started(it), await started(it)]
  await pushReservations(deps.db, target)
  scheduler.run(refOf(late).id, 8, 900)
  await world.setClock(at(35))
  // As if the scheduler had not accounted the job yet.
  const blind = { ...target, scheduler: new Simulator({ capacity: {}, accounts: [], now: () => now }) }
  assert.deepEqual(await look(late, [blind]), { noShow: true })
  await world.setClock(at(620))
  now = Date.parse(at(620)) / 1000
  const pulled = await pullUsage(deps, target)
  assert.deepEqual([pulled?.recorded, pulled?.completed, pulled?.refused], [1, 0, []])
  // 8 GPUs: 900 s are 2 tokens; of the 35 minutes that were kept, 4.666666 tokens, 2.666666 were unused.
  assert.deepEqual(await chargedBy(late), { delivered: 2_000_000n, idle_reserved: 2_666_666n })
  assert.deepEqual([(await rowOf(empty)).state, await chargedBy(empty)], ['no_show', { no_show: 40_000_000n }])
  await assertSound(world, it)
})

// Found to be a no-show 90 minutes after the start: by then 8 GPUs x 1.5 h = 12 tokens of time were kept for it.
async function missed(terms: object = TERMS): Promise<{ it: Drawdown; id: string }> {
  const it = await givenDrawdown(world, terms)
  await setMeterDelay(deps, staff.provider.actor, { poolId: it.pool.id, minutes: 60, source: 'Metering agreement' })
  const id = await started(it)
  await world.setClock(at(90))
  assert.deepEqual(await look(id), { noShow: true })
  await world.setClock(at(700))
  return { it, id }
}
const tell = async (id: string, ...records: ReturnType<typeof usage>[]) =>
  takeUsage(deps, await mustMeter(deps.db, staff.provider.actor), {
    read: readUsage(records.map((record) => ({ ...record, reservationId: id }))),
  })

const LATE: readonly {
  readonly name: string
  readonly part: string
  /** GPU-seconds of each record, within the first hour, or until the minute given. */
  readonly told: readonly (readonly [gpuSeconds: number, until: number])[]
  readonly charged: Record<string, bigint>
}[] = [
  // 7,200 GPU-seconds are 2 tokens; 12 - 2 were kept and unused; 40 - 12 return.
  { name: 'a little', part: '0.5', told: [[7200, 60]], charged: { delivered: 2_000_000n, idle_reserved: 10_000_000n } },
  // The second record comes out of the unused time of the first.
  {
    name: 'in two parts',
    part: '0.5',
    told: [
      [7200, 60],
      [3600, 60],
    ],
    charged: { delivered: 3_000_000n, idle_reserved: 9_000_000n },
  },
  // 8 GPUs for ten hours are all 80: more than the 40 that not coming was charged; the rest from what is available.
  { name: 'all of it', part: '0.5', told: [[288_000, 600]], charged: { delivered: 80_000_000n } },
  // Not coming cost a tenth of 80, so of the 10 unused at most 8 - 2 are charged.
  {
    name: 'little was charged',
    part: '0.1',
    told: [[7200, 60]],
    charged: { delivered: 2_000_000n, idle_reserved: 6_000_000n },
  },
  { name: 'nothing was charged', part: '0', told: [[7200, 60]], charged: { delivered: 2_000_000n } },
  // A second of one GPU costs 277 millionths, rounded down; 12 - 0.000277 were unused.
  { name: 'a second', part: '1', told: [[1, 60]], charged: { delivered: 277n, idle_reserved: 11_999_723n } },
]
test('usage told late puts a no-show right', async (t) => {
  for (const { name, part, told, charged } of LATE) {
    await t.test(name, async () => {
      const { it, id } = await missed({ booking: { noShowGraceMinutes: 30, noShowPart: part } })
      const records = told.map(([gpuSeconds, until], at_) => usage(`${id} ${at_}`, gpuSeconds, { endedAt: at(until) }))
      const first = await tell(id, ...records)
      assert.deepEqual(
        first.map(({ outcome }) => outcome),
        records.map(() => 'RECORDED'),
      )
      const again = await tell(id, ...records)
      assert.deepEqual(
        again.map(({ outcome }) => outcome),
        records.map(() => 'ALREADY_RECORDED'),
      )
      assert.deepEqual([(await rowOf(id)).state, await chargedBy(id)], ['completed', charged])
      await assertSound(world, it)
    })
  }
})

test('metered terms charge late usage and nothing else', async () => {
  const { it, id } = await missed({ charging: 'METERED', ...TERMS })
  await tell(id, usage('m', 7200))
  assert.deepEqual(await chargedBy(id), { delivered: 2_000_000n })
  await assertSound(world, it)
})

test('told by eight at once it is recorded once; what is no usage of it is kept aside, and a conflict is named', async () => {
  const { it, id } = await missed()
  const eight = await Promise.all(Array.from({ length: 8 }, () => tell(id, usage('e', 7200))))
  assert.equal(eight.filter(([one]) => one?.outcome === 'RECORDED').length, 1)
  assert.equal(eight.filter(([one]) => one?.outcome === 'ALREADY_RECORDED').length, 7)
  const [conflict, beyond] = await tell(id, usage('e', 7201), usage('f', 8 * 3600 + 1))
  assert.deepEqual(
    [conflict, beyond].map((one) => one?.outcome === 'QUARANTINED' && one.why.code),
    ['USAGE_CONFLICT', 'USAGE_BEYOND_RESERVATION'],
  )
  assert.deepEqual(await chargedBy(id), { delivered: 2_000_000n, idle_reserved: 10_000_000n })
  await assertSound(world, it)
})

test('people report late usage too, all or nothing; of what was completed by itself they cannot', async () => {
  const { it, id } = await missed()
  const refused = await report(staff.provider, { reservationId: id, records: [usage('g', 7200), usage('h', 90_000)] })
  assert.equal(refused.__typename, 'UsageBeyondReservation')
  assert.deepEqual(await chargedBy(id), { no_show: 40_000_000n })
  const told = await it.told(id, [usage('g', 7200)], true)
  assert.deepEqual([told.records[0]?.outcome, told.records[0]?.charged], ['RECORDED', '2'])
  const other = await it.reserved(8, 60, 800)
  await it.told(other, [], true)
  const late = await report(staff.provider, {
    reservationId: other,
    records: [usage('i', 60, { startedAt: at(800), endedAt: at(820) })],
  })
  assert.deepEqual([late.__typename, late.wrong], ['WrongState', 'completed'])
  await assertSound(world, it)
})

test('a month that is stated is stated again, and one that is final stands', async () => {
  const { it, id } = await missed()
  const first = await it.stated('2027-01-01', '2027-02-01T01:00:00Z')
  await tell(id, usage('j', 7200))
  const live = await deps.db
    .selectFrom('statement')
    .innerJoin('statement_progress as progress', 'progress.statement_id', 'statement.statement_id')
    .select(['statement.version', 'progress.state', 'statement.statement_id as id'])
    .where('statement.company_id', '=', it.companyId)
    .orderBy('version')
    .execute()
  assert.deepEqual(
    live.map(({ version, state }) => [version, state]),
    [
      [1, 'superseded'],
      [2, 'stated'],
    ],
  )
  assert.equal(globalId('Statement', it.companyId, live[0]?.id ?? ''), first.id)
  await assertSound(world, it)
  await world.setClock(addMinutes('2027-02-01T01:00:00Z', 60))
  const row = await deps.db
    .selectFrom('statement')
    .select(['statement_id', 'sha256'])
    .where('company_id', '=', it.companyId)
    .where('version', '=', 2)
    .executeTakeFirstOrThrow()
  await it.settled({
    id: globalId('Statement', it.companyId, row.statement_id),
    sha256: row.sha256.toString('hex'),
  })
  await tell(id, usage('k', 3600))
  assert.deepEqual(await chargedBy(id), { delivered: 3_000_000n, idle_reserved: 9_000_000n })
  await assertSound(world, it)
})
