/** Use outside any reservation over GraphQL: a person tells it, and company, provider and fund read it by pool and month. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { raiseWall } from '../../api/access/index.ts'
import { inTransaction, newId } from '../../api/platform/index.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { accounts } from './given-corrections.ts'
import { assertSound, at, progressOf, type Usage, usage } from './given-drawdown.ts'
import { givenOnDemand, type OnDemandDeal } from './given-on-demand.ts'

const world = await makeWorld()
const { staff } = world
const HOUR = 3600

const REPORT = `mutation ($input: ReportOnDemandUsageInput!) { reportOnDemandUsage(input: $input) { __typename
  ... on ReportedOnDemandUsage { poolId companyId charged owed newlyEarnedShares records { externalId usageId outcome charged owed } }
  ... on DomainError { code message } ... on OutsideReservation { externalId } ... on OnDemandCapReached { externalId left }
  ... on UsageConflict { externalId field } ... on UsageBeyondReservation { externalId } } }`
const send = async (by: Person, it: OnDemandDeal, records: readonly Usage[], more: Record<string, unknown> = {}) => {
  const answer = await by.graphql(REPORT, { input: { poolId: it.pool.id, companyId: it.id, records, ...more } })
  return answer.data?.reportOnDemandUsage ?? answer
}
const USE = `onDemandUse { companyId poolId month recordCount gpuSeconds charged owed
  records { externalId job gpuSeconds recordedGpuSeconds charged owed rate } }`
const useOf = async (by: Person, id: string) => {
  const { data, errors } = await by.graphql(
    `query ($id: ID!) { node(id: $id) { ... on Company { ${USE} } ... on Pool { ${USE} } } }`,
    { id },
  )
  assert.deepEqual(errors ?? [], [])
  return data.node?.onDemandUse
}

test('a person of the provider tells it: it is charged, earns shares, and is not charged when it is told again', async () => {
  const it = await givenOnDemand(world, { premium: '1.5' })
  // At 1.5 H100-hours a GPU-hour eight hours are 12 tokens, and two are 3: of 47 shares 17.625.
  const told = await send(staff.provider, it, [usage('a', 8 * HOUR), usage('b', 2 * HOUR)])
  assert.deepEqual(
    [told.poolId, told.companyId, told.charged, told.owed, told.newlyEarnedShares],
    [it.pool.id, it.id, '15', '0', '17'],
    JSON.stringify(told),
  )
  const again = await send(staff.provider, it, [usage('b', 2 * HOUR), usage('c', HOUR)])
  assert.deepEqual(
    again.records.map(({ externalId, outcome, charged }: Record<string, string>) => [externalId, outcome, charged]),
    [
      ['b', 'ALREADY_RECORDED', '0'],
      ['c', 'RECORDED', '1.5'],
    ],
  )
  // A machine tells it too, and the stream recognises it.
  const machine = await world.person('machine', { providerId: world.providerId })
  assert.equal((await send(machine, it, [usage('c', HOUR)])).records[0].outcome, 'ALREADY_RECORDED')
  assert.equal((await it.tell(it.line('c', HOUR, { source: 'slurm' })))[0]?.outcome, 'ALREADY_RECORDED')
  assert.deepEqual(await accounts(world, it), { available: 23.5, 'charged:delivered': 16.5 })
  await assertSound(world, it)
})

test('one record that cannot be used undoes the whole report, and says which and why', async () => {
  const it = await givenOnDemand(world, { monthlyCapTokens: '10' })
  const good = usage('good', HOUR)
  for (const [bad, type, more] of [
    [usage('over', 10 * HOUR), 'OnDemandCapReached', { left: '9' }],
    [usage('ahead', HOUR, { endedAt: at(121) }), 'UsageBeyondReservation', {}],
    // An hour of 64 GPUs is 230,400 GPU-seconds.
    [usage('many', 230_401), 'UsageBeyondReservation', {}],
    [
      usage('early', HOUR, { startedAt: '2026-11-01T00:00:00Z', endedAt: '2026-11-01T02:00:00Z' }),
      'OutsideReservation',
      {},
    ],
    [usage('good', HOUR + 1), 'UsageConflict', { field: 'gpuSeconds' }],
  ] as const) {
    const answer = await send(staff.provider, it, [good, bad])
    assert.deepEqual(
      [answer.__typename, answer.externalId, answer.left, answer.field],
      [type, bad.externalId, 'left' in more ? more.left : undefined, 'field' in more ? more.field : undefined],
      JSON.stringify(answer),
    )
  }
  const reversed = await send(staff.provider, it, [good, usage('back', HOUR, { startedAt: at(60), endedAt: at(0) })])
  assert.equal(reversed.errors?.[0]?.extensions.code, 'BAD_INPUT')
  assert.equal((await send(staff.provider, it, [])).errors?.[0]?.extensions.code, 'BAD_INPUT')
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, 0n)
  assert.deepEqual(await useOf(staff.provider, it.pool.id), [])
  await assertSound(world, it)
})

test('only its own provider tells it, of a company that has the pool’s tokens', async () => {
  const it = await givenOnDemand(world, {})
  const other = await givenOnDemand(world, {})
  for (const person of [it.founder, staff.operations, staff.partner]) {
    assert.equal((await send(person, it, [usage('a', HOUR)])).__typename, 'Forbidden')
  }
  for (const person of [staff.otherProvider, staff.regulator]) {
    assert.equal((await send(person, it, [usage('a', HOUR)])).__typename, 'NotFound')
  }
  for (const companyId of [other.id, `Company:${newId()}`]) {
    assert.equal((await send(staff.provider, it, [usage('a', HOUR)], { companyId })).code, 'NOT_FOUND')
  }
  const not = await givenOnDemand(world, undefined)
  assert.equal((await send(staff.provider, not, [usage('a', HOUR)])).__typename, 'OutsideReservation')
})

test('fifty at once charge once; with a key the first answer comes again', async () => {
  const it = await givenOnDemand(world, {})
  const keyed = { idempotencyKey: 'once' }
  const first = await send(staff.provider, it, [usage('k', HOUR)], keyed)
  assert.deepEqual(await send(staff.provider, it, [usage('k', HOUR)], keyed), first)
  const answers = await Promise.all(Array.from({ length: 50 }, () => send(staff.provider, it, [usage('a', HOUR)])))
  assert.equal(
    answers.filter((answer) => answer.records?.[0].outcome === 'RECORDED').length,
    1,
    JSON.stringify(answers),
  )
  assert.deepEqual(await accounts(world, it), { available: 38, 'charged:delivered': 2 })
  await assertSound(world, it)
})

test('it is listed by pool and month with what it was charged, corrected, and still owes', async () => {
  const it = await givenOnDemand(world, {}, '10')
  const told = await send(staff.provider, it, [usage('a', 4 * HOUR), usage('b', 3 * HOUR)])
  await world.setClock('2027-02-10T00:00:00Z')
  // It counts in the month in which it ended, UTC.
  const february = { startedAt: '2027-01-31T23:00:00Z', endedAt: '2027-02-01T00:00:00Z', job: 'eval.sh' }
  await send(staff.provider, it, [usage('c', 5 * HOUR, february)])
  await staff.provider.graphql(
    `mutation ($input: CorrectOnDemandUsageInput!) { correctOnDemandUsage(input: $input) { __typename } }`,
    {
      input: {
        poolId: it.pool.id,
        companyId: it.id,
        records: [{ usageId: told.records[1].usageId, gpuSeconds: String(HOUR) }],
        reasonCode: 'WRONG_METER',
        reason: 'The meter ran on.',
      },
    },
  )
  // Ten tokens: seven went in January, of which two came back; of February's five three were charged and two are owed.
  const row = { companyId: it.id, poolId: it.pool.id }
  const record = (externalId: string, hours: number, first: number, charged: string, owed: string, job: string) => ({
    externalId,
    job,
    gpuSeconds: String(hours * HOUR),
    recordedGpuSeconds: String(first * HOUR),
    charged,
    owed,
    rate: '1',
  })
  const expected = [
    {
      ...row,
      month: '2027-02-01',
      recordCount: 1,
      gpuSeconds: '18000',
      charged: '3',
      owed: '2',
      records: [record('c', 5, 5, '3', '2', 'eval.sh')],
    },
    {
      ...row,
      month: '2027-01-01',
      recordCount: 2,
      gpuSeconds: '18000',
      charged: '5',
      owed: '0',
      records: [record('b', 1, 3, '1', '0', 'train.sh'), record('a', 4, 4, '4', '0', 'train.sh')],
    },
  ]
  assert.deepEqual(await useOf(it.founder, it.id), expected)
  for (const person of [staff.provider, staff.analyst, it.founder]) {
    assert.deepEqual(await useOf(person, it.pool.id), expected)
  }
  const page = await request(world.app)
    .get(`/companies/${it.id}/compute`)
    .set('authorization', `Bearer ${it.founder.token}`)
    .expect(200)
  const text = page.text.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
  assert.match(text, /Outside reservations .* February 2027 H100-SXM on \S+ 5 3 2 January 2027 H100-SXM on \S+ 5 5 0/)
  assert.match(text, /eval\.sh H100-SXM on \S+ On demand 5 3/)
  // What was owed is charged when it can be: then it stands as charged.
  await staff.operations.graphql(
    'mutation ($input: SettleArrearsInput!) { settleArrears(input: $input) { __typename } }',
    { input: { companyId: it.id } },
  )
  const [settled] = await useOf(it.founder, it.id)
  assert.deepEqual([settled.charged, settled.owed], ['5', '0'])
  await assertSound(world, it)
})

test('who may not see a company does not see its use of a pool', async () => {
  const it = await givenOnDemand(world, {})
  await send(staff.provider, it, [usage('a', HOUR)])
  const other = await givenOnDemand(world, {})
  // A founder sees every pool, and there only what is their own.
  assert.deepEqual(await useOf(other.founder, it.pool.id), [])
  assert.equal(await useOf(other.founder, it.id), undefined)
  assert.equal(await useOf(staff.otherProvider, it.pool.id), undefined)
  const walled = await world.person('analyst')
  const wall = { id: newId(), personId: walled.id, companyId: it.companyId, reason: 'the test' }
  await inTransaction(world.deps.db, (trx) => raiseWall(trx, { ...wall, raisedBy: staff.compliance.id }))
  assert.deepEqual(await useOf(walled, it.pool.id), [])
  assert.equal((await useOf(staff.analyst, it.pool.id)).length, 1)
})
