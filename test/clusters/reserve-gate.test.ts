/** The gate before every booking, and what clusters tell the rules. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  allocationDecisions,
  countersignFactor,
  decideReservation,
  factorsSetAlone,
  requestReservation,
  setFactor,
} from '../../api/clusters/index.ts'
import { recordFact } from '../../api/flags/index.ts'
import { makeWorld } from '../support/world.ts'
import { at, booker, NOON, tokens } from './given.ts'

const world = await makeWorld()
const { analyst, operations, provider } = world.staff
const { deps } = world
type Booker = Awaited<ReturnType<typeof booker>>

const ask = (companyId: string, founder: Booker['company']['founder'], poolId: string, start = 60) =>
  requestReservation(deps, founder.actor, { companyId, poolId, gpus: 1, startsAt: at(start), endsAt: at(start + 60) })
const suspend = (companyId: string, suspended: boolean, why: string) =>
  recordFact(deps, analyst.actor, {
    companyId,
    name: 'company.bookings_suspended',
    value: { suspended, why },
    source: 'a letter',
    asOf: '2026-11-20',
  })
const runs = async ({ company }: Booker) =>
  (
    await deps.db
      .selectFrom('finding')
      .select('run_id')
      .distinct()
      .where('company_id', '=', company.companyId)
      .where('gate', '=', 'reserve')
      .execute()
  ).length

test('a suspended company does not book, before it nor after: the rules run once a day, and when a fact is recorded', async () => {
  await world.setClock(NOON)
  const it = await booker(world)
  const { company, pool } = it
  await ask(company.id, company.founder, pool.id)
  await ask(company.id, company.founder, pool.id, 240)
  assert.equal(await runs(it), 1)
  await suspend(company.id, true, 'proceedings were opened')
  await assert.rejects(ask(company.id, company.founder, pool.id, 480), (error: Error) => {
    assert.match(error.message, /Bookings of the company are suspended/)
    return true
  })
  assert.equal(await runs(it), 2)
  await world.setClock(at(1))
  await suspend(company.id, false, 'proceedings were closed')
  await ask(company.id, company.founder, pool.id, 480)
  await world.setClock(at(24 * 60))
  await ask(company.id, company.founder, pool.id, 25 * 60)
  assert.equal(await runs(it), 4)
})

test('a factor that the provider set alone is told until operations sign it', async () => {
  await world.setClock(NOON)
  const { company, pool } = await booker(world)
  const question = { companyId: company.companyId, subject: company.id, onDate: '2026-11-20' }
  const alone = async () => (await factorsSetAlone(deps.db, question))?.value
  assert.deepEqual(await alone(), { pools: 1, alone: [] }, 'operations set it')
  const { factorId } = await setFactor(deps, provider.actor, {
    poolId: pool.id,
    h100HoursPerGpuHour: '2.5',
    basis: 'price',
    source: 'our price list',
    validFrom: at(1),
  })
  assert.deepEqual(await alone(), {
    pools: 1,
    alone: [
      {
        pool: 'H100-SXM on fjord-1',
        h100HoursPerGpuHour: '2.5',
        basis: 'price',
        source: 'our price list',
        validFrom: at(1),
      },
    ],
  })
  await countersignFactor(deps, operations.actor, { factorId: `Factor:${pool.poolId}:${factorId}` })
  assert.deepEqual(await alone(), { pools: 1, alone: [] })
})

test('decisions on the company’s requests are told beside those on all others in the same pools', async () => {
  await world.setClock(NOON)
  const { company, pool } = await booker(world, { capacity: 64 })
  const other = await world.company()
  await tokens(world, { companyId: other.companyId, tokenClassId: pool.tokenClassId })
  const decided = async (whose: Booker['company'], minutes: number, decision: 'APPROVE' | 'DECLINE') => {
    await world.setClock(NOON)
    const { ref } = await ask(whose.id, whose.founder, pool.id, 600)
    await world.setClock(at(minutes))
    await decideReservation(deps, provider.actor, {
      reservationId: `Reservation:${ref.companyId}:${ref.id}`,
      decision,
      ...(decision === 'DECLINE' ? { reasonCode: 'NO_CAPACITY' as const } : {}),
    })
  }
  // The company: refused twice of three, after 30, 60 and 90 minutes. The other: none of three, after 1, 2 and 3.
  await decided(company, 30, 'DECLINE')
  await decided(company, 60, 'APPROVE')
  await decided(company, 90, 'DECLINE')
  for (const minutes of [1, 2, 3]) await decided(other, minutes, 'APPROVE')
  const told = await allocationDecisions(deps.db, {
    companyId: company.companyId,
    subject: company.id,
    onDate: '2026-11-20',
  })
  assert.deepEqual(told?.value, {
    since: '2026-08-22',
    company: { requests: 3, refused: 2, medianWaitSeconds: 3600 },
    others: { requests: 3, refused: 0, medianWaitSeconds: 120 },
  })
})
