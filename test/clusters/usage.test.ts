import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Charging,
  completeReservation,
  decideReservation,
  freeCapacity,
  recordUsage,
  requestReservation,
  UsageBeyondReservation,
  UsageConflict,
  type UsageRecord,
  WrongTime,
} from '../../api/clusters/index.ts'
import { inTransaction, NotFound, newId, type Ref, Refused, WrongState } from '../../api/platform/index.ts'
import { makeWorld } from '../support/world.ts'
import { at, booker, NOON } from './given.ts'

const world = await makeWorld()
const { deps, staff } = world
await world.setClock(NOON)

/** A reservation of 4 GPUs from one hour after noon to two hours after noon: 14,400 GPU-seconds. */
async function reserved(of: { approve?: boolean; factor?: bigint } = {}) {
  await world.setClock(NOON)
  const given = await booker(world, of.factor === undefined ? {} : { factor: of.factor })
  const { ref } = await requestReservation(deps, given.company.founder.actor, {
    companyId: given.company.id,
    poolId: given.pool.id,
    gpus: 4,
    startsAt: at(60),
    endsAt: at(120),
  })
  if (of.approve !== false) {
    const reservationId = `Reservation:${ref.companyId}:${ref.id}`
    await decideReservation(deps, staff.provider.actor, { reservationId, decision: 'APPROVE' })
  }
  await world.setClock(at(130))
  return { ref, ...given }
}

const usage = (externalId: string, gpuSeconds: bigint, more: Partial<UsageRecord> = {}): UsageRecord => ({
  source: 'slurm',
  externalId,
  gpuSeconds,
  startedAt: at(60),
  endedAt: at(120),
  job: 'train.sh',
  ...more,
})
const record = (ref: Ref, ...records: UsageRecord[]) =>
  inTransaction(deps.db, (trx) => recordUsage(trx, { ref, records, recordedBy: staff.provider.id }))
const complete = (ref: Ref, charging: Charging) =>
  inTransaction(deps.db, (trx) => completeReservation(trx, { ref, charging, completedBy: staff.provider.id }))
const meterOf = (ref: Ref) =>
  deps.db
    .selectFrom('meter')
    .select(['gpu_seconds', 'delivered_micro', 'idle_micro'])
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .executeTakeFirstOrThrow()
const stored = async (ref: Ref) =>
  (await deps.db.selectFrom('usage_record').select('usage_id').where('company_id', '=', ref.companyId).execute()).length

test('usage is charged by the rounded cumulative sum, record by record', async () => {
  const { ref } = await reserved()
  // 1,000 GPU-seconds are 277,777.7 micro-tokens; 2,000 are 555,555.5; 3,000 are 833,333.3. Rounded down, differences.
  const answer = await record(ref, usage('1', 1000n), usage('2', 1000n), usage('3', 1000n))
  assert.deepEqual(
    answer.records.map((each) => [each.outcome, each.cause, each.charge]),
    [
      ['RECORDED', 'delivered', 277_777n],
      ['RECORDED', 'delivered', 277_778n],
      ['RECORDED', 'delivered', 277_778n],
    ],
  )
  assert.deepEqual(
    [answer.first, answer.gpuSeconds, answer.charge, answer.cumulativeGpuSeconds, answer.cumulativeCharge],
    [true, 3000n, 833_333n, 3000n, 833_333n],
  )
  const more = await record(ref, usage('4', 600n))
  assert.deepEqual([more.first, more.charge, more.cumulativeCharge], [false, 166_667n, 1_000_000n])
  assert.deepEqual(await meterOf(ref), { gpu_seconds: 3600n, delivered_micro: 1_000_000n, idle_micro: 0n })
})

test('a record that was told before is recognised, in the same call and in a later one, and moves nothing', async () => {
  const { ref } = await reserved()
  const answer = await record(ref, usage('1', 1000n), usage('1', 1000n))
  assert.deepEqual(
    answer.records.map((each) => each.outcome),
    ['RECORDED', 'ALREADY_RECORDED'],
  )
  const again = await record(ref, usage('1', 1000n, { startedAt: '2026-11-20T13:00:00.000Z' }))
  assert.deepEqual(
    [again.records[0]?.outcome, again.charge, again.cumulativeGpuSeconds],
    ['ALREADY_RECORDED', 0n, 1000n],
  )
  assert.equal(await stored(ref), 1)
  // Another source has ids of its own.
  assert.equal((await record(ref, usage('1', 1000n, { source: 'kueue' }))).records[0]?.outcome, 'RECORDED')
})

test('the same id with another content is refused by the field that differs, and no record of the call is stored', async () => {
  const { ref } = await reserved()
  await record(ref, usage('1', 1000n))
  for (const [field, change] of [
    ['gpuSeconds', { gpuSeconds: 1001n }],
    ['startedAt', { startedAt: at(61) }],
    ['endedAt', { endedAt: at(119) }],
    ['job', { job: null }],
  ] as const) {
    await assert.rejects(
      record(ref, usage('2', 1n), usage('1', 1000n, change)),
      (refusal) => refusal instanceof UsageConflict && refusal.field === field && refusal.externalId === '1',
    )
  }
  assert.equal(await stored(ref), 1)
})

test('the same id at another reservation of the same pool is refused', async () => {
  const { ref, company, pool } = await reserved()
  await world.setClock(NOON)
  const next = await requestReservation(deps, company.founder.actor, {
    companyId: company.id,
    poolId: pool.id,
    gpus: 4,
    startsAt: at(60),
    endsAt: at(120),
  })
  const reservationId = `Reservation:${next.ref.companyId}:${next.ref.id}`
  await decideReservation(deps, staff.provider.actor, { reservationId, decision: 'APPROVE' })
  await world.setClock(at(130))
  await record(ref, usage('1', 1000n))
  await assert.rejects(
    record(next.ref, usage('1', 1000n)),
    (refusal) => refusal instanceof UsageConflict && refusal.field === 'reservation',
  )
})

// Usage that a reservation of 4 GPUs from 13:00 to 14:00 cannot have had, told at 14:10.
const BEYOND: readonly (readonly [why: string, record: UsageRecord])[] = [
  ['one GPU-second more than was reserved', usage('a', 14_401n)],
  ['before it started', usage('b', 60n, { startedAt: at(59) })],
  ['after it ended', usage('c', 60n, { endedAt: at(121) })],
  ['in the future', usage('d', 60n, { endedAt: at(131) })],
  ['five GPUs for a minute', usage('e', 300n, { endedAt: at(61) })],
]
for (const [why, beyond] of BEYOND) {
  test(`usage beyond the reservation is refused: ${why}`, async () => {
    const { ref } = await reserved()
    await assert.rejects(record(ref, usage('1', 1n), beyond), UsageBeyondReservation)
    assert.equal(await stored(ref), 0)
    assert.deepEqual(await meterOf(ref), { gpu_seconds: 0n, delivered_micro: 0n, idle_micro: 0n })
  })
}

test('all that was reserved can be used, and not one GPU-second more', async () => {
  const { ref } = await reserved()
  await record(ref, usage('1', 14_399n))
  await record(ref, usage('2', 1n))
  await assert.rejects(record(ref, usage('3', 1n)), UsageBeyondReservation)
  assert.deepEqual(await meterOf(ref), { gpu_seconds: 14_400n, delivered_micro: 4_000_000n, idle_micro: 0n })
})

test('usage of a reservation that is unknown, undecided or over is refused', async () => {
  const undecided = await reserved({ approve: false })
  await assert.rejects(record(undecided.ref, usage('1', 1n)), WrongState)
  const { ref } = await reserved()
  await assert.rejects(record({ companyId: ref.companyId, id: newId() }, usage('1', 1n)), NotFound)
  await assert.rejects(record({ companyId: undecided.ref.companyId, id: ref.id }, usage('1', 1n)), NotFound)
  await assert.rejects(record(ref), Refused)
  await complete(ref, 'RESERVED')
  await assert.rejects(record(ref, usage('1', 1n)), WrongState)
})

test('fifty who tell the same usage at once are all answered, and it counts once', async () => {
  const { ref } = await reserved()
  const answers = await Promise.all(Array.from({ length: 50 }, () => record(ref, usage('1', 1000n), usage('2', 500n))))
  assert.equal(answers.filter((answer) => answer.charge > 0n).length, 1)
  assert.deepEqual(await meterOf(ref), { gpu_seconds: 1500n, delivered_micro: 416_666n, idle_micro: 0n })
})

test('fifty who tell other usage at once use no more than was reserved', async () => {
  const { ref } = await reserved()
  const answers = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => record(ref, usage(`${i}`, 1000n))))
  assert.equal(answers.filter((answer) => answer.status === 'fulfilled').length, 14)
  assert.equal((await meterOf(ref)).gpu_seconds, 14_000n)
})

test('a reservation that is charged as reserved charges the unused rest as idle, and both together never exceed the hold', async () => {
  const { ref } = await reserved({ factor: 3_150_000_000n })
  await record(ref, usage('1', 1000n))
  const done = await complete(ref, 'RESERVED')
  // 14,400 GPU-seconds x 0.315 = 1.26 tokens; 1,000 x 0.315 / 3600 = 0.0875.
  assert.deepEqual(
    [done.deliveredGpuSeconds, done.delivered, done.idleGpuSeconds, done.cause, done.charge],
    [1000n, 87_500n, 13_400n, 'idle_reserved', 1_172_500n],
  )
  assert.deepEqual(await meterOf(ref), { gpu_seconds: 1000n, delivered_micro: 87_500n, idle_micro: 1_172_500n })
  await assert.rejects(complete(ref, 'RESERVED'), WrongState)
})

test('a reservation that is charged as metered charges nothing for the unused rest', async () => {
  const { ref } = await reserved()
  await record(ref, usage('1', 1000n))
  assert.equal((await complete(ref, 'METERED')).charge, 0n)
})

test('completing early gives back what lies ahead and leaves the past', async () => {
  const { ref, pool } = await reserved()
  await world.setClock('2026-11-20T13:29:30Z')
  await complete(ref, 'METERED')
  const { steps } = await freeCapacity(deps.db, pool.poolId, { startsAt: at(60), endsAt: at(120) })
  assert.deepEqual(
    steps.map((step) => [step.startsAt, step.free]),
    [
      [at(60), 4],
      [at(90), 8],
    ],
  )
})

test('a reservation is not completed before it starts: it is cancelled', async () => {
  const { ref } = await reserved()
  await world.setClock(at(59))
  await assert.rejects(
    complete(ref, 'RESERVED'),
    (refusal) => refusal instanceof WrongTime && refusal.needs === 'AFTER_START',
  )
})

test('history is not rewritten: neither usage nor events can be changed or deleted', async () => {
  const { ref } = await reserved()
  await record(ref, usage('1', 1000n))
  for (const table of ['usage_record', 'reservation_event', 'factor'] as const) {
    await assert.rejects(deps.db.deleteFrom(table).execute(), /permission denied/)
  }
  await assert.rejects(deps.db.updateTable('usage_record').set({ gpu_seconds: 1n }).execute(), /permission denied/)
})

test('the database refuses a state that does not follow', async () => {
  const { ref } = await reserved()
  const change = deps.db
    .updateTable('reservation')
    .set({ state: 'held' })
    .where('reservation_id', '=', ref.id)
    .execute()
  await assert.rejects(change, /does not go from confirmed to held/)
})

test('whatever order and grouping usage comes in, its sum is charged the same', async () => {
  const parts = fc.array(fc.bigInt({ min: 1n, max: 900n }), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(parts, fc.integer({ min: 1, max: 4 }), async (seconds, size) => {
      const { ref } = await reserved({ factor: 14_000_000_000n })
      const records = seconds.map((gpuSeconds, i) => usage(`${i}`, gpuSeconds))
      let charge = 0n
      for (let from = 0; from < records.length; from += size)
        charge += (await record(ref, ...records.slice(from, from + size))).charge
      const total = seconds.reduce((sum, gpuSeconds) => sum + gpuSeconds, 0n)
      // 1.4 H100-hours per GPU-hour: 1.4 x 1,000,000 / 3600 micro-tokens a GPU-second.
      assert.equal(charge, (total * 14n * 1_000_000n) / 36_000n)
    }),
    { numRuns: 8 },
  )
})
