import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asOwner } from '../support/database.ts'
import { statementsDuring } from '../support/statements.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { givenCompany } from './given-round.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')
const { analyst, partner, compliance } = world.staff

const SCENARIO = `id version name asOf terms figures { __typename
  ... on ScenarioFigures { pricePerShare { amount } tokens computeShares computePart cashShares sharesAfter postMoney { amount } dilution dilutionIfNothingUsed }
  ... on TermsRefused { faults { path } } ... on Refused { field } }`
const call =
  (name: string, type: string, refusals = '') =>
  async (by: Person, input: object) => {
    const answer = await by.graphql(
      `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on Scenario { ${SCENARIO} }
      ... on DomainError { code } ... on TermsRefused { faults { path } } ${refusals} } }`,
      { input },
    )
    return answer.data?.[name] ?? answer
  }
const save = call('saveScenario', 'SaveScenarioInput')
const revise = call('reviseScenario', 'ReviseScenarioInput', '... on StaleTerms { current }')
const list = async (by: Person, id: string, ids?: string[]) => {
  const answer = await by.graphql(
    `query ($id: ID!, $ids: [ID!]) { node(id: $id) { ... on Company { scenarios(ids: $ids) { ${SCENARIO} } } } }`,
    { id, ids },
  )
  assert.deepEqual(answer.errors, [])
  return answer.data.node?.scenarios
}
const tokens = (company: Awaited<ReturnType<typeof givenCompany>>, amount: string) =>
  company.terms({ compute: { ...company.terms().compute, tokens: amount } })

test('two scenarios side by side, by hand', async () => {
  const company = await givenCompany(world)
  const one = await save(analyst, { companyId: company.id, name: 'As asked', terms: company.terms() })
  const more = await save(analyst, { companyId: company.id, name: 'Twice', terms: tokens(company, '200000') })
  assert.equal(more.__typename, 'Scenario', JSON.stringify(more))
  const side = await list(partner, company.id, [one.id, more.id])
  // At 2.00: 235,000 and 470,000 of compute buy 117,500 and 235,000; 500,000 for cash beside 11,500,000.
  assert.deepEqual(
    side.map((row: { name: string; figures: object }) => [row.name, row.figures]),
    [
      [
        'Twice',
        {
          __typename: 'ScenarioFigures',
          pricePerShare: { amount: '2' },
          tokens: '200000',
          computeShares: '235000',
          // 235,000 / 12,235,000
          computePart: '0.0192071925',
          cashShares: '500000',
          sharesAfter: '12235000',
          postMoney: { amount: '24470000' },
          // 735,000 / 12,235,000 and 500,000 / 12,000,000
          dilution: '0.0600735595',
          dilutionIfNothingUsed: '0.0416666667',
        },
      ],
      [
        'As asked',
        {
          __typename: 'ScenarioFigures',
          pricePerShare: { amount: '2' },
          tokens: '100000',
          computeShares: '117500',
          // 117,500 / 12,117,500
          computePart: '0.0096967196',
          cashShares: '500000',
          sharesAfter: '12117500',
          postMoney: { amount: '24235000' },
          // 617,500 / 12,117,500
          dilution: '0.0509593563',
          dilutionIfNothingUsed: '0.0416666667',
        },
      ],
    ],
  )
})

test('a scenario with two grants says what an hour of each costs in equity', async () => {
  const company = await givenCompany(world)
  const { tokenClassId } = company.terms().compute
  const second = { tokenClassId, tokens: '50000', referencePrice: { amount: '1', currency: 'USD' } }
  const kept = await save(analyst, {
    companyId: company.id,
    name: 'Two',
    terms: company.terms({ furtherGrants: [second] }),
  })
  const answer = await analyst.graphql(
    `query ($id: ID!, $ids: [ID!]) { node(id: $id) { ... on Company { scenarios(ids: $ids) { figures {
      ... on ScenarioFigures { computeShares grants { tokens shares impliedPrice { amount } } } } } } } }`,
    { id: company.id, ids: [kept.id] },
  )
  // At 2.00: 235,000 and 50,000 of compute buy 117,500 and 25,000.
  assert.deepEqual(answer.data?.node.scenarios[0].figures, {
    computeShares: '142500',
    grants: [
      { tokens: '100000', shares: '117500', impliedPrice: { amount: '2.35' } },
      { tokens: '50000', shares: '25000', impliedPrice: { amount: '1' } },
    ],
  })
})

test('a scenario is revised in versions, and what was read must be what stands', async () => {
  const company = await givenCompany(world)
  const first = await save(analyst, { companyId: company.id, name: 'First', terms: company.terms() })
  const input = { scenarioId: first.id, expectedVersion: 1, name: 'Second', terms: tokens(company, '50000') }
  const answers = await Promise.all(Array.from({ length: 20 }, () => revise(partner, input)))
  assert.equal(answers.filter(({ __typename }) => __typename === 'Scenario').length, 1)
  assert.ok(answers.every((answer) => answer.__typename === 'Scenario' || answer.current === 2))
  const [only, ...others] = await list(analyst, company.id)
  assert.deepEqual([only.name, only.version, only.figures.tokens, others.length], ['Second', 2, '50000', 0])
  const kept = await asOwner(
    world.ownerUrl,
    `SELECT name FROM scenario WHERE company_id = '${company.companyId}' ORDER BY version`,
  )
  assert.deepEqual(kept.rows, [{ name: 'First' }, { name: 'Second' }])
  await assert.rejects(asOwner(world.ownerUrl, `UPDATE scenario SET name = 'Other'`))
})

test('pressed twice with one key, a scenario is kept once', async () => {
  const company = await givenCompany(world)
  const input = { companyId: company.id, name: 'Once', terms: company.terms(), idempotencyKey: 'one' }
  const answers = await Promise.all(Array.from({ length: 10 }, () => save(analyst, input)))
  assert.equal(new Set(answers.map(({ id }) => id)).size, 1)
  assert.equal((await list(analyst, company.id)).length, 1)
})

test('terms that make no round are refused, and nothing is kept', async () => {
  const company = await givenCompany(world)
  const terms = company.terms({ security: { className: 'Common Stock', newClass: true } })
  const refused = await save(analyst, { companyId: company.id, name: 'None', terms })
  assert.deepEqual(refused.faults, [{ path: 'security.className' }])
  const early = await save(analyst, { companyId: company.id, name: 'None', terms: company.terms(), asOf: '2019-01-01' })
  assert.equal(early.code, 'REFUSED', JSON.stringify(early))
  assert.deepEqual(await list(analyst, company.id), [])
})

test('the fund keeps its scenarios to itself', async () => {
  const company = await givenCompany(world)
  const founder = await world.person('founder', { companyId: company.companyId })
  const kept = await save(analyst, { companyId: company.id, name: 'Ours', terms: company.terms() })
  assert.deepEqual(await list(founder, company.id), [])
  assert.deepEqual(await list(founder, company.id, [kept.id]), [])
  const input = { scenarioId: kept.id, expectedVersion: 1, name: 'Theirs', terms: company.terms() }
  assert.equal((await revise(founder, input)).code, 'NOT_FOUND')
  assert.equal((await revise(compliance, input)).code, 'FORBIDDEN')
  const other = await givenCompany(world)
  assert.deepEqual(await list(analyst, other.id, [kept.id]), [])
})

test('many scenarios on many days are as many queries as two', async () => {
  const company = await givenCompany(world)
  for (const day of ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04', '2026-11-05']) {
    await save(analyst, { companyId: company.id, name: day, terms: company.terms(), asOf: day })
  }
  const ids = (await list(analyst, company.id)).map(({ id }: { id: string }) => id)
  const few = await statementsDuring(() => list(analyst, company.id, ids.slice(0, 2)))
  const many = await statementsDuring(() => list(analyst, company.id, ids))
  assert.equal(many.answer.length, 5)
  assert.equal(many.statements.length, few.statements.length)
})
