/** The factor of use outside any reservation: that of the instant at which it began, by the terms of that day. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amendmentDue } from '../../api/closing/index.ts'
import { setFactor } from '../../api/clusters/index.ts'
import { prepareDraws } from '../../api/drawdown/usage/on-demand.ts'
import { signed } from '../closing/given-amendment.ts'
import { pool as makePool } from '../clusters/given.ts'
import { makeWorld } from '../support/world.ts'
import { givenOnDemand } from './given-on-demand.ts'

const world = await makeWorld()
const { deps } = world

test('use that is told late has the factor of a later pool by the terms of the day on which it began', async () => {
  const it = await givenOnDemand(world, {})
  // The terms of the tests: later pools on the basis "contract" hold at once.
  const later = await makePool(world, { tokenClassId: it.tokenClassUuid })
  await world.setClock('2026-12-20T09:00:00Z')
  const { roundId } = it.closed
  await signed(world, it, roundId, { factors: { laterPools: 'BOTH_SIGN' } }, { effectiveOn: '2027-01-10' })
  const back = { factors: { laterPools: 'BASIS', basis: 'contract' } as const }
  await signed(world, it, roundId, back, { expectedVersion: 2, effectiveOn: '2027-01-12' })
  const on = (externalId: string, startedAt: string, endedAt: string) =>
    it.line(externalId, 3600, { poolId: later.id, startedAt, endedAt })
  const told = async (...lines: ReturnType<typeof on>[]) =>
    (await it.tell(...lines)).map((each) =>
      'why' in each && 'code' in each.why ? `${each.outcome} ${each.why.code}` : each.outcome,
    )
  // Both must sign on the day it is told, not on the day it began: also where it went over midnight.
  await world.setClock('2027-01-10T12:00:00Z')
  await amendmentDue(deps, { companyId: it.companyId })
  assert.deepEqual(
    await told(
      on('a', '2027-01-09T20:00:00Z', '2027-01-10T02:00:00Z'),
      on('b', '2027-01-10T00:00:00Z', '2027-01-10T01:00:00Z'),
    ),
    ['RECORDED', 'QUARANTINED FACTOR_NOT_AGREED'],
  )
  // And the other way round: nobody need sign any more, but they did on the day it began.
  await world.setClock('2027-01-12T12:00:00Z')
  await amendmentDue(deps, { companyId: it.companyId })
  assert.deepEqual(
    await told(
      on('c', '2027-01-11T23:00:00Z', '2027-01-12T01:00:00Z'),
      on('d', '2027-01-12T00:00:00Z', '2027-01-12T01:00:00Z'),
    ),
    ['QUARANTINED FACTOR_NOT_AGREED', 'RECORDED'],
  )
})

test('each record has the factor of the instant at which it began, and many of one day cost no more questions', async () => {
  const it = await givenOnDemand(world, {})
  const { poolId, id } = await makePool(world, { tokenClassId: it.tokenClassUuid })
  const basis = 'contract' as const
  const change = { poolId: id, h100HoursPerGpuHour: '2', basis, source: 'A new price list' }
  await setFactor(deps, world.staff.provider.actor, { ...change, validFrom: '2027-01-06T12:00:00Z' })
  await world.setClock('2027-01-08T09:00:00Z')
  const began = (startedAt: string, endedAt: string) =>
    Array.from({ length: 100 }, (_, n) => it.line(`${startedAt} ${n}`, 36, { poolId: id, startedAt, endedAt }))
  const lines = [
    ...began('2027-01-06T12:00:00Z', '2027-01-06T13:00:00Z'),
    ...began('2027-01-06T11:59:59.999999Z', '2027-01-06T13:00:00Z'),
    ...began('2027-01-07T00:00:00Z', '2027-01-07T01:00:00Z'),
  ]
  const records = lines.map(({ companyId: _, gpuSeconds, ...line }) => ({
    ...line,
    ...{ companyId: it.companyId, poolId, gpuSeconds: BigInt(gpuSeconds) },
  }))
  let questions = 0
  const counting = deps.db.withPlugin({
    transformQuery: ({ node }) => {
      questions += 1
      return node
    },
    transformResult: async ({ result }) => result,
  })
  const prepared = await prepareDraws(counting, { companyId: it.companyId, pools: [poolId] }, records)
  const [one, two] = [10n ** 10n, 2n * 10n ** 10n]
  const factors = prepared.map(({ draw }) => draw.factor)
  assert.deepEqual(new Set(factors.slice(0, 100)), new Set([two]))
  assert.deepEqual(new Set(factors.slice(100, 200)), new Set([one]))
  assert.deepEqual(new Set(factors.slice(200)), new Set([two]))
  assert.ok(questions < 30, `${questions} queries for ${records.length} records of two days`)
})
