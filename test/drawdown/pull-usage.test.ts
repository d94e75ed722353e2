/** Usage that is pulled from a scheduler goes the way of all usage, as a machine of the provider. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PoolScheduler, pushReservations, SchedulerUnavailable, Simulator } from '../../api/clusters/index.ts'
import { PULL_USAGE_JOB, pullUsage, pullUsageJob } from '../../api/drawdown/index.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld } from '../support/world.ts'
import { assertSound, at, givenDrawdown, progressOf } from './given-drawdown.ts'

const world = await makeWorld()
const { deps } = world

/** A deal whose pool has a simulated scheduler, with one reservation of 10 GPUs for an hour that the scheduler knows. */
async function given() {
  const it = await givenDrawdown(world)
  let now = 0
  const setTime = async (minutes: number) => {
    await world.setClock(at(minutes))
    now = Date.parse(at(minutes)) / 1000
  }
  const scheduler = new Simulator({ capacity: { h100: 64 }, accounts: ['startup'], now: () => now })
  const target: PoolScheduler = { poolId: it.pool.poolId, scheduler, gpuModel: 'h100', accountOf: () => 'startup' }
  now = Date.parse(at(-30)) / 1000
  const reservationId = await it.reserved(10, 60, 0, at(-30))
  await pushReservations(deps.db, target)
  return { ...it, scheduler, target, setTime, reservationId, id: reservationId.split(':')[2] ?? '' }
}

const watermark = async (poolId: string) =>
  deps.db
    .selectFrom('usage_pull')
    .select(['pulled_until as until', 'attempts', 'detail'])
    .where('pool_id', '=', poolId)
    .executeTakeFirst()

test('what ran is recorded once, by the provider’s machine, and the last run completes the reservation', async () => {
  const it = await given()
  await it.setTime(0)
  it.scheduler.run(it.id, 4, 900)
  await it.setTime(20)
  // 4 GPUs for 900 s are 3,600 GPU-seconds: one token.
  const first = await pullUsage(deps, it.target)
  assert.deepEqual([first?.recorded, first?.known, first?.completed], [1, 0, 0])
  const again = await pullUsage(deps, it.target)
  assert.deepEqual([again?.recorded, again?.known, again?.completed], [0, 1, 0])
  assert.deepEqual(await watermark(it.target.poolId), { until: at(20), attempts: 0, detail: null })
  const [progress] = await progressOf(world, it)
  assert.equal(progress?.delivered_micro, 1_000_000n)
  const reporters = await deps.db
    .selectFrom('usage_record')
    .innerJoin('machine', 'machine_id', 'recorded_by')
    .innerJoin('membership', 'person_id', 'recorded_by')
    .select(['role', 'name', 'machine.provider_id'])
    .where('usage_record.company_id', '=', it.companyId)
    .execute()
  assert.deepEqual(reporters, [{ role: 'machine', name: 'scheduler', provider_id: world.providerId }])

  await it.setTime(71)
  assert.deepEqual(await pullUsage(deps, it.target), {
    recorded: 0,
    known: 1,
    quarantined: 0,
    completed: 1,
    refused: [],
    outside: [],
  })
  assert.deepEqual(await pullUsage(deps, it.target), {
    recorded: 0,
    known: 0,
    quarantined: 0,
    completed: 0,
    refused: [],
    outside: [],
  })
  await assertSound(world, it)
})

test('twenty runs at once record once', async () => {
  const it = await given()
  await it.setTime(0)
  it.scheduler.run(it.id, 10, 1800)
  await it.setTime(75)
  const runs = await Promise.all(Array.from({ length: 20 }, () => pullUsage(deps, it.target)))
  assert.equal(
    runs.reduce((sum, run) => sum + (run?.recorded ?? 0), 0),
    1,
  )
  const [progress] = await progressOf(world, it)
  // Half of the ten tokens was delivered.
  assert.equal(progress?.delivered_micro, 5_000_000n)
  await assertSound(world, it)
})

test('a scheduler that does not answer moves no watermark, is asked later and later, and loses nothing', async () => {
  const it = await given()
  await it.setTime(0)
  it.scheduler.run(it.id, 4, 900)
  await it.setTime(20)
  const silent: PoolScheduler = {
    ...it.target,
    scheduler: Object.assign(Object.create(it.scheduler), {
      usage: async () => {
        throw new SchedulerUnavailable('no answer')
      },
    }),
  }
  await assert.rejects(pullUsage(deps, silent), SchedulerUnavailable)
  const job = pullUsageJob([silent])
  assert.equal(await job(deps, { poolId: silent.poolId }), undefined)
  const noted = await watermark(silent.poolId)
  assert.deepEqual([noted?.until, noted?.attempts], [null, 2])
  assert.match(noted?.detail ?? '', /no answer/)
  const { rows } = await asOwner(
    world.ownerUrl,
    `SELECT run_at FROM graphile_worker.jobs WHERE key = '${PULL_USAGE_JOB}:${silent.poolId}'`,
  )
  assert.deepEqual(
    rows.map((row) => new Date(row.run_at).toISOString()),
    [new Date(Date.parse(at(22))).toISOString()],
  )
  assert.equal((await pullUsageJob([it.target])(deps, { poolId: it.target.poolId }))?.recorded, 1)
  assert.deepEqual(await watermark(it.target.poolId), { until: at(20), attempts: 0, detail: null })
})
