/** What a token buys: frozen for a grant as its document states it, signed by both sides, and never re-rated. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFactor } from '../../api/clusters/index.ts'
import type { Uuid } from '../../api/platform/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { givenDeal } from '../closing/given-deal.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { needs, run } from '../templates/tools.ts'
import { pool as makePool, tokens } from './given.ts'

const world = await makeWorld()
const { operations, provider, otherProvider, partner } = world.staff
const TWO = 2n * 10n ** 10n

const sender = (name: string, more: string) => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
  const text = `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ${more}
    ... on DomainError { code message } ... on Refused { field } } }`
  return async (by: Person, input: Record<string, unknown>) => {
    const answer = await by.graphql(text, { input })
    return answer.data?.[name] ?? answer
  }
}
const request = sender(
  'requestReservation',
  '... on Reservation { held h100HoursPerGpuHour } ... on FactorNotAgreed { poolId factorId factor }',
)
const countersign = sender('countersignFactor', '... on Pool { factors { factorId approvedAs countersignedAt } }')
const agree = sender('agreeFactor', '... on Pool { id }')
const QUOTE = `query ($company: ID, $pool: ID!) { reservationQuote(companyId: $company, poolId: $pool, gpus: 4,
  startsAt: "2027-01-05T00:00:00Z", endsAt: "2027-01-05T01:00:00Z") { __typename
  ... on ReservationQuote { tokens factor { h100HoursPerGpuHour } } ... on DomainError { code } } }`

const wish = (companyId: string, poolId: string) => ({
  companyId,
  poolId,
  gpus: 4,
  startsAt: '2027-01-05T00:00:00Z',
  endsAt: '2027-01-05T01:00:00Z',
})
const change = (pool: { id: string }, factor: string, validFrom = '2026-12-20T00:00:00Z') =>
  setFactor(world.deps, provider.actor, {
    poolId: pool.id,
    h100HoursPerGpuHour: factor,
    basis: 'price',
    source: 'A new price list',
    validFrom,
  })

/** A closed deal whose document stated a pool's factor of two. */
async function given(factors?: RoundTermsWire['factors']) {
  const deal = await givenDeal(world)
  const pool = await makePool(world, { tokenClassId: deal.tokenClassUuid, factor: TWO, gpuModel: 'B200', capacity: 64 })
  const closed = await deal.closed(factors === undefined ? {} : { factors })
  return { deal, pool, closed }
}

test('a grant keeps the factor that its document states; others book at the new one', async () => {
  const { deal, pool } = await given()
  await change(pool, '3')
  await world.setClock('2027-01-01T00:00:00Z')
  // By hand: 4 GPUs for an hour at two H100-hours a GPU-hour are 8 tokens; at three, 12.
  const kept = await request(deal.founder, wish(deal.id, pool.id))
  assert.deepEqual([kept.held, kept.h100HoursPerGpuHour], ['8', '2'], JSON.stringify(kept))
  const other = await world.company()
  await tokens(world, { companyId: other.companyId, tokenClassId: deal.tokenClassUuid })
  const now = await request(other.founder, wish(other.id, pool.id))
  assert.deepEqual([now.held, now.h100HoursPerGpuHour], ['12', '3'], JSON.stringify(now))

  const quotes = async (person: Person, company?: string) =>
    (await person.graphql(QUOTE, { company, pool: pool.id })).data.reservationQuote
  assert.deepEqual(await quotes(deal.founder, deal.id), {
    __typename: 'ReservationQuote',
    tokens: '8',
    factor: { h100HoursPerGpuHour: '2' },
  })
  assert.equal((await quotes(deal.founder)).tokens, '12', 'nobody named: the pool’s own factor')
  assert.equal((await quotes(other.founder, deal.id)).code, 'NOT_FOUND', 'another company’s grants are not told')
})

test('the document says which factors it fixes, and from what', needs('pdftotext'), async () => {
  const { closed } = await given()
  const { body } = await world.deps.db
    .selectFrom('document')
    .select('bytes as body')
    .where('document_id', '=', closed.documentId.split(':').at(-1) ?? '')
    .executeTakeFirstOrThrow()
  const text = run('pdftotext', ['-layout', '-', '-'], body).replaceAll(/\s+/g, ' ')
  assert.match(text, /B200 on fjord-1/)
  assert.match(text, /Compute services agreement, schedule B/)
})

test('a pool that comes later is booked once the company has signed its factor too', async () => {
  const { deal } = await given({ laterPools: 'BOTH_SIGN' })
  const later = await makePool(world, { tokenClassId: deal.tokenClassUuid, factor: TWO })
  await world.setClock('2027-01-01T00:00:00Z')
  const refused = await request(deal.founder, wish(deal.id, later.id))
  assert.deepEqual([refused.code, refused.poolId, refused.factor], ['FACTOR_NOT_AGREED', later.id, '2'])
  const input = { companyId: deal.id, factorId: refused.factorId }
  for (const person of [deal.founder, partner]) assert.equal((await agree(person, input)).code, 'FORBIDDEN')
  assert.equal((await agree(provider, input)).code, 'NOT_FOUND')
  const stranger = await world.company()
  assert.equal((await agree(stranger.signatory, input)).code, 'NOT_FOUND')
  assert.equal(
    (await agree(deal.signatory, { ...input, factorId: `Factor:${later.poolId}:${deal.companyId}` })).code,
    'NOT_FOUND',
  )
  const answers = await Promise.all(Array.from({ length: 20 }, () => agree(deal.signatory, input)))
  assert.equal(answers.filter(({ __typename }) => __typename === 'Pool').length, 1)
  assert.deepEqual([...new Set(answers.map(({ code }) => code))].toSorted(), ['REFUSED', undefined])
  assert.equal((await request(deal.founder, wish(deal.id, later.id))).held, '8')
  // Another factor is another signature.
  await change(later, '3', '2027-01-02T00:00:00Z')
  assert.equal((await request(deal.founder, wish(deal.id, later.id))).code, 'FACTOR_NOT_AGREED')
})

test('or at once, where its factor rests on the basis that the terms agreed on', async () => {
  const { deal } = await given({ laterPools: 'BASIS', basis: 'contract' })
  const later = await makePool(world, { tokenClassId: deal.tokenClassUuid, factor: TWO })
  await world.setClock('2027-01-01T00:00:00Z')
  assert.equal((await request(deal.founder, wish(deal.id, later.id))).held, '8')
  await change(later, '3', '2027-01-02T00:00:00Z')
  assert.equal((await request(deal.founder, wish(deal.id, later.id))).code, 'FACTOR_NOT_AGREED')
})

test('the other side signs a factor, another person, once', async () => {
  await world.setClock('2026-12-01T00:00:00Z')
  const pool = await makePool(world)
  const { factorId } = await change(pool, '3')
  const input = { factorId: `Factor:${pool.poolId}:${factorId}` }
  assert.equal((await countersign(provider, input)).code, 'SAME_PERSON')
  const colleague = await world.person('provider', { providerId: world.providerId })
  assert.equal((await countersign(colleague, input)).field, 'factorId', 'the same side')
  assert.equal((await countersign(partner, input)).code, 'FORBIDDEN')
  assert.equal((await countersign(otherProvider, input)).code, 'NOT_FOUND')
  const answers = await Promise.all(Array.from({ length: 20 }, () => countersign(operations, input)))
  const [signed, ...more] = answers.filter(({ __typename }) => __typename === 'Pool')
  assert.deepEqual(more, [])
  assert.deepEqual(
    signed.factors.map((each: { factorId: Uuid; approvedAs: string; countersignedAt: string | null }) => [
      each.factorId === input.factorId,
      each.approvedAs,
      each.countersignedAt,
    ]),
    [
      [true, 'provider', '2026-12-01T00:00:00Z'],
      [false, 'operations', null],
    ],
  )
})
