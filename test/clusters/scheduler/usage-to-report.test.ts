import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decideReservation,
  type PoolScheduler,
  pushReservations,
  requestReservation,
  Simulator,
  usageToReport,
} from '../../../api/clusters/index.ts'
import { reportUsage } from '../../../api/drawdown/index.ts'
import { formatTokens } from '../../../api/platform/index.ts'
import { makeWorld } from '../../support/world.ts'
import { at, booker, NOON } from '../given.ts'

const world = await makeWorld()
const { db } = world.deps
const provider = world.staff.provider.actor

test('what ran at the scheduler is charged once, and the last report returns what is left', async () => {
  await world.setClock(NOON)
  const { company, pool } = await booker(world)
  let now = Date.parse(NOON) / 1000
  const setTime = async (minutes: number) => {
    await world.setClock(at(minutes))
    now = Date.parse(at(minutes)) / 1000
  }
  const simulator = new Simulator({ capacity: { h100: 8 }, accounts: ['startup'], now: () => now })
  const target: PoolScheduler = { ...pool, scheduler: simulator, gpuModel: 'h100', accountOf: () => 'startup' }
  const wish = { companyId: company.id, poolId: pool.id, gpus: 4, startsAt: at(60), endsAt: at(120) }
  const { ref } = await requestReservation(world.deps, company.founder.actor, wish)
  const reservationId = `Reservation:${ref.companyId}:${ref.id}`
  await decideReservation(world.deps, provider, { reservationId, decision: 'APPROVE' })
  await pushReservations(db, target)
  assert.deepEqual(await usageToReport(db, target), { reports: [], outside: [] }, 'it has not begun')

  // 4 GPUs for 900 s are one GPU-hour: a token at a factor of one.
  await setTime(60)
  simulator.run(ref.id, 4, 900)
  assert.deepEqual((await usageToReport(db, target)).reports, [], 'the job still runs')
  await setTime(80)
  const [report, ...others] = (await usageToReport(db, target)).reports
  assert.ok(report !== undefined && others.length === 0 && !report.complete)
  const first = await reportUsage(world.deps, provider, { ...report, records: [...report.records] })
  assert.equal(formatTokens(first.charged.delivered), '1')

  // 3 GPUs, of 1,800 s only 1,500 before the end: 4,500 GPU-seconds are 1.25 tokens; 900 are outside.
  await setTime(95)
  simulator.run(ref.id, 3, 1800)
  await setTime(131)
  const { reports, outside } = await usageToReport(db, target)
  assert.deepEqual(outside, [{ reservationId, gpuSeconds: 900n }])
  const [last] = reports
  assert.ok(last?.complete === true && last.records.length === 2)
  const second = await reportUsage(world.deps, provider, { ...last, records: [...last.records] })
  assert.deepEqual(
    second.records.map(({ outcome }) => outcome),
    ['ALREADY_RECORDED', 'RECORDED'],
  )
  assert.equal(formatTokens(second.charged.delivered), '1.25')
  // 4 tokens were held: the rest is charged as reserved, or returned.
  assert.equal(formatTokens(second.charged.idle_reserved + second.returned), '1.75')
  assert.deepEqual(await usageToReport(db, target), { reports: [], outside: [] }, 'it is complete')
})
