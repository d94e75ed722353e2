import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeWorld } from '../support/world.ts'
import { usd } from './given-facts.ts'
import { BAR, CLEAR_FACTS, givenDeal, NOWHERE, outcomes } from './given-flags.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')

test('a later record supersedes an earlier one, and both stay', async () => {
  const deal = await givenDeal(world)
  await deal.recordAll()
  const later = await deal.record('holding.value', usd('900000000'))
  assert.deepEqual([later.version, later.value], [2, usd('900000000')])
  assert.equal(outcomes(await deal.check())[BAR], 'flag')
  const answer = await world.staff.partner.graphql(
    'query ($id: ID!) { node(id: $id) { ... on Company { recordedFacts { name version value subject } } } }',
    { id: deal.company.id },
  )
  const facts = answer.data.node.recordedFacts as { name: string; version: number; subject: string | null }[]
  assert.deepEqual(
    facts.map(({ name, version }) => [name, version]),
    [
      ['company.products', 1],
      ['factors.set_alone', 1],
      ['holding.value', 2],
      ['market.shares', 1],
      ['provider.products', 1],
      ['transaction.value', 1],
    ],
  )
  assert.equal(facts.at(-1)?.subject, deal.subject)
})

test('fifty records at once get fifty versions', async () => {
  const deal = await givenDeal(world)
  const answers = await Promise.all(Array.from({ length: 50 }, () => deal.record('holding.value', usd('0'))))
  assert.deepEqual(
    answers.map(({ version }) => version).sort((a, b) => a - b),
    Array.from({ length: 50 }, (_, i) => i + 1),
  )
})

test('analyst, partner and compliance record; others do not', async () => {
  const deal = await givenDeal(world)
  const { analyst, partner, compliance, operations, admin, provider, regulator } = world.staff
  const by = async (person: typeof analyst) => (await deal.record('holding.value', usd('0'), person)).__typename
  for (const person of [analyst, partner, compliance]) assert.equal(await by(person), 'RecordedFact')
  for (const person of [operations, admin, deal.company.founder]) assert.equal(await by(person), 'Forbidden')
  const stranger = await givenDeal(world)
  for (const person of [provider, regulator, stranger.company.founder]) assert.equal(await by(person), 'NotFound')
})

test('a value of another shape is refused with its path, and nothing is recorded', async () => {
  const deal = await givenDeal(world)
  const market = CLEAR_FACTS['market.shares'].markets[0]
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['holding.value', { amount: '1e3', currency: 'USD' }, 'input.value.amount'],
    ['holding.value', { amount: '-0', currency: 'USD' }, 'input.value.amount'],
    ['holding.value', { amount: '١٢', currency: 'USD' }, 'input.value.amount'],
    ['holding.value', { amount: '1'.repeat(40), currency: 'USD' }, 'input.value.amount'],
    ['holding.value', { amount: 12, currency: 'USD' }, 'input.value.amount'],
    ['holding.value', { amount: '12', currency: 'usd' }, 'input.value.currency'],
    ['holding.value', { amount: '12', currency: 'USD', extra: 1 }, 'input.value'],
    ['holding.value', null, 'input.value'],
    ['market.shares', { markets: [] }, 'input.value.markets'],
    [
      'market.shares',
      { markets: [{ ...market, participants: [{ name: 'x', side: 'other', share: '1' }] }] },
      'input.value.markets.0.participants',
    ],
    [
      'market.shares',
      { markets: [{ ...market, participants: [{ name: 'x', side: 'company', share: '101' }] }] },
      'input.value.markets.0.participants.0.share',
    ],
    ['company.products', Array.from({ length: 100_000 }, () => 1), 'input.value'],
    ['nonsense', {}, 'input.name'],
    ['constructor', {}, 'input.name'],
  ]
  for (const [name, value, path] of cases) {
    const answer = await deal.record(name, value)
    assert.equal(answer.errors?.[0]?.extensions.code, 'BAD_INPUT', JSON.stringify([name, answer]))
    assert.ok(
      answer.errors[0].extensions.faults.some((fault: { path: string }) => fault.path.startsWith(path)),
      JSON.stringify(answer.errors[0].extensions.faults.slice(0, 3)),
    )
  }
  const text = await world.staff.analyst.graphql(
    'mutation ($input: RecordFactInput!) { recordFact(input: $input) { __typename } }',
    { input: { companyId: deal.company.id, name: 'holding.value', value: '{', source: 'x', asOf: '2026-11-01' } },
  )
  assert.equal(text.errors[0]?.extensions.code, 'BAD_INPUT')
  assert.equal(outcomes(await deal.check())[BAR], 'cannot_tell')
})

test('a date to come, a deal of another company, a needless or a missing deal are refused by field', async () => {
  const [deal, other] = [await givenDeal(world), await givenDeal(world)]
  const field = async (name: string, input: Record<string, unknown>) =>
    (await deal.record(name, usd('0'), undefined, input)).field
  assert.equal(await field('holding.value', { asOf: '2026-11-21' }), 'asOf')
  assert.equal(await field('holding.value', { subject: deal.subject }), 'subject')
  assert.equal(await field('transaction.value', { subject: other.subject }), 'subject')
  assert.equal(await field('transaction.value', { subject: null }), 'subject')
  assert.equal(
    (await deal.record('holding.value', usd('0'), undefined, { companyId: `Company:${NOWHERE}` })).__typename,
    'NotFound',
  )
})
