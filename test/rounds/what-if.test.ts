import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raiseWall } from '../../api/access/index.ts'
import { inTransaction, newId } from '../../api/platform/index.ts'
import { asOwner } from '../support/database.ts'
import { statementsDuring } from '../support/statements.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { givenCompany } from './given-round.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')
const { analyst, partner, compliance } = world.staff

const PRO_FORMA = `... on ProForma { asOf pricePerShare { amount } sharesAfter compute { shares } }`
const REFUSALS = `... on TermsRefused { faults { path } } ... on Refused { field } ... on DomainError { code }`
const whatIf = (by: Person, id: string, input: object) =>
  by.graphql(
    `query ($id: ID!, $input: WhatIfInput!) { node(id: $id) { ... on Company { whatIf(input: $input) { __typename ${PRO_FORMA} ${REFUSALS} } } } }`,
    { id, input },
  )
const goalSeek = (by: Person, id: string, input: object) =>
  by.graphql(
    `query ($id: ID!, $input: GoalSeekInput!) { node(id: $id) { ... on Company { goalSeek(input: $input) { __typename
      ... on GoalAnswer { tokens preMoney { amount } reached oneStepBeyond monotone terms proForma { compute { shares } } }
      ... on GoalNotReached { reason } ${REFUSALS} } } } }`,
    { id, input },
  )

test('what a round would come to, and nothing is stored', async () => {
  const company = await givenCompany(world)
  const { data, errors } = await whatIf(analyst, company.id, { terms: company.terms() })
  assert.deepEqual(errors, [])
  // By hand: 23,000,000 / 11,500,000 = 2.00; 235,000 / 2 = 117,500; 1,000,000 / 2 = 500,000.
  assert.deepEqual(data.node.whatIf, {
    __typename: 'ProForma',
    asOf: '2026-12-15',
    pricePerShare: { amount: '2' },
    sharesAfter: '12117500',
    compute: { shares: '117500' },
  })
  const stored = await asOwner(
    world.ownerUrl,
    `SELECT (SELECT count(*) FROM round WHERE company_id = '${company.companyId}')::int AS rounds`,
  )
  assert.deepEqual(stored.rows, [{ rounds: 0 }])
})

test('how many tokens for ten percent; the answer can be drafted as it is', async () => {
  const company = await givenCompany(world)
  const goal = { kind: 'TOKENS_FOR_PART', part: '0.1' }
  const { data, errors } = await goalSeek(partner, company.id, { terms: company.terms(), goal })
  assert.deepEqual(errors, [])
  const found = data.node.goalSeek
  // S >= 12,000,000 / 9: 1,333,334 shares, and 1,333,334 x 2 / 2.35 = 1,134,752.3 tokens.
  assert.equal(found.tokens, '1134753', JSON.stringify(found))
  assert.equal(found.monotone, true)
  const made = await company.draft(analyst, { companyId: company.id, terms: found.terms })
  assert.equal(made.__typename, 'Round', JSON.stringify(made))
})

test('refusals are typed: terms, days, goals', async () => {
  const company = await givenCompany(world)
  const asked = async (input: object) => (await whatIf(analyst, company.id, input)).data.node.whatIf
  const taken = company.terms({ security: { className: 'Common Stock', newClass: true } })
  assert.deepEqual((await asked({ terms: taken })).faults, [{ path: 'security.className' }])
  assert.equal((await asked({ terms: company.terms(), asOf: '2019-01-01' })).field, 'asOf')
  assert.equal((await asked({ terms: company.terms({ closingDate: '2019-01-01' }) })).__typename, 'TermsRefused')
  const never = { kind: 'MOST_TOKENS_BELOW', measure: 'TRANSACTION_VALUE', limit: '5' }
  const { data } = await goalSeek(analyst, company.id, { terms: company.terms(), goal: never })
  assert.equal(data.node.goalSeek.reason, 'ALWAYS_REACHED')
  const half = await goalSeek(analyst, company.id, { terms: company.terms(), goal: { kind: 'TOKENS_FOR_PART' } })
  assert.equal(half.errors[0]?.extensions.code, 'BAD_INPUT')
})

test('founders get no what-if, and behind a wall there is no company', async () => {
  const company = await givenCompany(world)
  const founder = await world.person('founder', { companyId: company.companyId })
  const input = { terms: company.terms() }
  const goal = { kind: 'TOKENS_FOR_PART', part: '0.1' }
  assert.equal((await whatIf(founder, company.id, input)).data.node.whatIf.__typename, 'Forbidden')
  assert.equal((await goalSeek(founder, company.id, { ...input, goal })).data.node.goalSeek.__typename, 'Forbidden')
  const other = await world.person('founder', { companyId: (await world.company()).companyId })
  assert.equal((await whatIf(other, company.id, input)).data.node, null)
  const walled = await world.person('partner')
  const wall = { id: newId(), personId: walled.id, companyId: company.companyId }
  await inTransaction(world.deps.db, (trx) => raiseWall(trx, { ...wall, reason: 'the test', raisedBy: compliance.id }))
  assert.equal((await whatIf(walled, company.id, input)).data.node, null)
})

test('the same terms over many companies are as many queries as over one', async () => {
  const companies = [await givenCompany(world), await givenCompany(world), await givenCompany(world)]
  const document = `query ($ids: [ID!]!, $input: WhatIfInput!) { nodes(ids: $ids) { ... on Company { whatIf(input: $input) { __typename } } } }`
  const counted = async (some: typeof companies) => {
    const ids = some.map(({ id }) => id)
    const { answer, statements } = await statementsDuring(() =>
      analyst.graphql(document, { ids, input: { terms: companies[0]?.terms() } }),
    )
    assert.deepEqual(answer.errors, [])
    return statements.length
  }
  assert.equal(await counted(companies), await counted(companies.slice(0, 1)))
})
