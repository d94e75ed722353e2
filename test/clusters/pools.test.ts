import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeWorld, type Person } from '../support/world.ts'
import { at, booker, NOON, pool, tokenClass } from './given.ts'
import { FREE, REQUEST } from './reservation-documents.ts'

const world = await makeWorld()
const { provider, otherProvider, operations, partner } = world.staff
await world.setClock(NOON)

const CREATE = `mutation ($input: CreatePoolInput!) { createPool(input: $input) {
  __typename ... on Pool { id cluster gpuModel capacity createdAs provider { id } minLengthMinutes maxLengthMinutes }
  ... on DomainError { code message } ... on Refused { field } } }`
const FACTOR = `mutation ($input: SetFactorInput!) { setFactor(input: $input) {
  __typename ... on Pool { factors { h100HoursPerGpuHour basis source validFrom validUntil approvedAs } }
  ... on DomainError { code message } ... on Refused { field } } }`

const wish = async (more: Record<string, unknown> = {}) => ({
  providerId: `Provider:${world.providerId}`,
  tokenClassId: `TokenClass:${await tokenClass(world)}`,
  cluster: 'fjord-1',
  gpuModel: 'B200',
  capacity: 512,
  opensAt: NOON,
  ...more,
})
const create = async (who: Person, input: Record<string, unknown>) =>
  (await who.graphql(CREATE, { input })).data?.createPool
const factor = (poolId: string, more: Record<string, unknown> = {}) => ({
  poolId,
  h100HoursPerGpuHour: '2.28',
  basis: 'flops',
  source: 'Dense BF16 of the data sheets',
  validFrom: NOON,
  ...more,
})
const set = async (who: Person, input: Record<string, unknown>) =>
  (await who.graphql(FACTOR, { input })).data?.setFactor

test('the provider’s staff set up a pool, and operations do on its behalf, which is recorded', async () => {
  const own = await create(provider, await wish())
  assert.deepEqual(
    { ...own, id: '' },
    {
      __typename: 'Pool',
      id: '',
      cluster: 'fjord-1',
      gpuModel: 'B200',
      capacity: 512,
      createdAs: 'provider',
      provider: { id: `Provider:${world.providerId}` },
      minLengthMinutes: 60,
      maxLengthMinutes: 129_600,
    },
  )
  assert.equal((await create(operations, await wish())).createdAs, 'operations')
})

test('nobody else sets up a pool, nor with the token of another provider', async () => {
  for (const role of ['analyst', 'partner', 'compliance', 'admin', 'otherProvider', 'regulator'] as const) {
    assert.equal((await create(world.staff[role], await wish())).__typename, 'Forbidden', role)
  }
  assert.equal((await create((await world.company()).founder, await wish())).__typename, 'Forbidden')
  const foreign = await create(
    operations,
    await wish({ tokenClassId: `TokenClass:${await tokenClass(world, world.otherProviderId)}` }),
  )
  assert.deepEqual([foreign.__typename, foreign.field], ['Refused', 'tokenClassId'])
  const unknown = '0190aaaa-0000-7000-8000-000000000000'
  assert.equal((await create(operations, await wish({ tokenClassId: `TokenClass:${unknown}` }))).__typename, 'NotFound')
  assert.equal((await create(operations, await wish({ providerId: `Provider:${unknown}` }))).__typename, 'NotFound')
})

test('a malformed pool is a request error that names every field', async () => {
  const input = await wish({ capacity: 0, cluster: ' ', opensAt: '2026-11-20T12:00:30Z', maxLengthMinutes: 9_000_000 })
  const answer = await provider.graphql(CREATE, { input })
  const faults = answer.errors[0]?.extensions.faults as { path: string }[]
  assert.deepEqual(
    faults.map((fault) => fault.path),
    ['input.cluster', 'input.capacity', 'input.opensAt', 'input.maxLengthMinutes'],
  )
  const crossed = await provider.graphql(CREATE, { input: await wish({ minLengthMinutes: 120, maxLengthMinutes: 60 }) })
  assert.match(crossed.errors[0]?.message ?? '', /maxLengthMinutes/)
})

test('a pool’s first factor may reach back; a later one never re-rates the past', async () => {
  const { id } = await create(provider, await wish())
  const first = await set(provider, factor(id, { validFrom: '2026-01-01T00:00:00Z' }))
  assert.deepEqual(first.factors, [
    {
      h100HoursPerGpuHour: '2.28',
      basis: 'flops',
      source: 'Dense BF16 of the data sheets',
      validFrom: '2026-01-01T00:00:00Z',
      validUntil: null,
      approvedAs: 'provider',
    },
  ])
  const back = await set(provider, factor(id, { validFrom: '2026-11-20T11:59:59Z', h100HoursPerGpuHour: '1.4' }))
  assert.deepEqual([back.__typename, back.field], ['Refused', 'validFrom'])
  const next = await set(operations, factor(id, { validFrom: at(60), h100HoursPerGpuHour: '1.4', basis: 'price' }))
  assert.deepEqual(
    next.factors.map((each: { h100HoursPerGpuHour: string; approvedAs: string }) => [
      each.h100HoursPerGpuHour,
      each.approvedAs,
    ]),
    [
      ['1.4', 'operations'],
      ['2.28', 'provider'],
    ],
  )
})

test('who may not set a factor, may not', async () => {
  const { id } = await pool(world)
  assert.equal((await set(partner, factor(id))).__typename, 'Forbidden')
  assert.equal((await set((await world.company()).founder, factor(id))).__typename, 'Forbidden')
  assert.equal((await set(otherProvider, factor(id))).__typename, 'NotFound')
  assert.equal((await set(world.staff.regulator, factor(id))).__typename, 'NotFound')
})

for (const [what, change, field] of [
  ['zero', { h100HoursPerGpuHour: '0' }, 'h100HoursPerGpuHour'],
  ['a thousand and more', { h100HoursPerGpuHour: '1000.1' }, 'h100HoursPerGpuHour'],
  ['eleven decimals', { h100HoursPerGpuHour: '1.00000000001' }, 'h100HoursPerGpuHour'],
  ['an exponent', { h100HoursPerGpuHour: '1e3' }, 'h100HoursPerGpuHour'],
  ['no source', { source: '' }, 'source'],
  ['an end before its start', { validUntil: '2026-11-20T11:00:00Z' }, 'validUntil'],
] as const) {
  test(`a factor with ${what} is refused by name`, async () => {
    const { id } = await pool(world)
    const answer = await provider.graphql(FACTOR, { input: factor(id, change) })
    assert.match(JSON.stringify(answer.errors), new RegExp(field))
  })
}

test('a reservation keeps the factor it was requested with, and a later one has the factor of its start', async () => {
  const given = await booker(world)
  const { founder, id: companyId } = given.company
  const book = async (from: number) => {
    const input = { companyId, poolId: given.pool.id, gpus: 1, startsAt: at(from), endsAt: at(from + 60) }
    return (await founder.graphql(REQUEST, { input })).data.requestReservation
  }
  const before = await book(120)
  await set(provider, factor(given.pool.id, { validFrom: at(90), validUntil: at(180), h100HoursPerGpuHour: '1.5' }))
  const READ = 'query ($id: ID!) { node(id: $id) { ... on Reservation { held h100HoursPerGpuHour } } }'
  assert.deepEqual((await founder.graphql(READ, { id: before.id })).data.node, { held: '1', h100HoursPerGpuHour: '1' })
  assert.deepEqual(
    [(await book(60)).held, (await book(90)).held, (await book(179)).held, (await book(180)).held],
    ['1', '1.5', '1.5', '1'],
  )
})

for (const [what, from, to, fault] of [
  ['reversed', at(60), at(0), 'REVERSED'],
  ['empty', at(60), at(60), 'EMPTY'],
  ['longer than ten years', at(0), '2036-11-29T12:00:00Z', 'TOO_LONG'],
  ['before the pool opens', '2025-12-31T23:59:59Z', at(60), 'BEFORE_OPENING'],
] as const) {
  test(`free capacity over an interval that is ${what} is refused, not guessed`, async () => {
    const { id } = await pool(world)
    const { data } = await provider.graphql(FREE, { id, from, to })
    assert.deepEqual(data.node.freeCapacity, { __typename: 'BadInterval', fault })
  })
}

test('free capacity covers the interval in steps without gaps', async () => {
  const given = await booker(world, { capacity: 8 })
  const { founder, id: companyId } = given.company
  for (const [from, to] of [
    [60, 120],
    [90, 150],
  ] as const) {
    await founder.graphql(REQUEST, {
      input: { companyId, poolId: given.pool.id, gpus: 3, startsAt: at(from), endsAt: at(to) },
    })
  }
  const { data } = await founder.graphql(FREE, { id: given.pool.id, from: at(75), to: at(180) })
  assert.deepEqual(data.node.freeCapacity, {
    __typename: 'FreeCapacity',
    lowest: 2,
    steps: [
      { startsAt: at(75), endsAt: at(90), capacity: 8, free: 5 },
      { startsAt: at(90), endsAt: at(120), capacity: 8, free: 2 },
      { startsAt: at(120), endsAt: at(150), capacity: 8, free: 5 },
      { startsAt: at(150), endsAt: at(180), capacity: 8, free: 8 },
    ],
  })
})
