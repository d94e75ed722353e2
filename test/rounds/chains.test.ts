/** Chains of rounds as people try, keep and compare them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statementsDuring } from '../support/statements.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { CASH } from './given-chain.ts'
import { givenCompany } from './given-round.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')
const { analyst, partner, compliance } = world.staff

const SOLVED = `__typename ... on SolvedChain { rounds { kind name pricePerShare { amount } computeShares cashShares }
    stages { after shares unearned holdings { holder shares earnedPart part dilution } } }
  ... on ChainRefused { round roundName faults { path } } ... on Refused { field }`
const CHAIN = `id version name asOf rounds solved { ${SOLVED} }`
const call =
  (name: string, type: string, refusals = '') =>
  async (by: Person, input: object) => {
    const answer = await by.graphql(
      `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on RoundChain { ${CHAIN} }
      ... on DomainError { code } ... on ChainRefused { round faults { path } } ${refusals} } }`,
      { input },
    )
    return answer.data?.[name] ?? answer
  }
const save = call('saveChain', 'SaveChainInput')
const revise = call('reviseChain', 'ReviseChainInput', '... on StaleTerms { current }')
const list = async (by: Person, id: string, ids?: string[]) => {
  const answer = await by.graphql(
    `query ($id: ID!, $ids: [ID!]) { node(id: $id) { ... on Company { chains(ids: $ids) { ${CHAIN} } } } }`,
    { id, ids },
  )
  assert.deepEqual(answer.errors, [])
  return answer.data.node?.chains
}
const whatIf = async (by: Person, id: string, input: object) => {
  const answer = await by.graphql(
    `query ($id: ID!, $input: ChainWhatIfInput!) { node(id: $id) { ... on Company { whatIfChain(input: $input) {
      ${SOLVED} ... on Forbidden { code } } } } }`,
    { id, input },
  )
  return answer.data?.node?.whatIfChain ?? answer
}
type Company = Awaited<ReturnType<typeof givenCompany>>
const rounds = (company: Company, cash: object = {}) => [
  {
    compute: { ...company.terms(), name: 'Series Seed-2', security: { className: 'Seed-2 Preferred', newClass: true } },
  },
  { cash: { ...CASH, ...cash } },
]

test('a chain is tried without being kept, and its figures are those by hand', async () => {
  const company = await givenCompany(world)
  const found = await whatIf(analyst, company.id, { rounds: rounds(company) })
  // At 2.00: 117,500 for compute and 500,000 for cash on 11,500,000: 12,117,500. 40,000,000 over them is 3.30101, down to
  // 3.3010; 10,000,000 / 3.3010 = 3,029,385.0: 15,146,885 after it.
  assert.deepEqual(found.rounds, [
    {
      kind: 'COMPUTE',
      name: 'Series Seed-2',
      pricePerShare: { amount: '2' },
      computeShares: '117500',
      cashShares: '500000',
    },
    { kind: 'CASH', name: 'Series A', pricePerShare: { amount: '3.301' }, computeShares: null, cashShares: '3029385' },
  ])
  assert.deepEqual(
    found.stages.map(({ after, shares, unearned }: Record<string, string>) => [after, shares, unearned]),
    [
      [null, '11500000', '0'],
      ['Series Seed-2', '12117500', '117500'],
      ['Series A', '15146885', '117500'],
    ],
  )
  const own = found.stages[2].holdings.find(({ holder }: { holder: string }) => holder === 'Ada Lindqvist')
  // 4,000,000 / 15,146,885 and / 15,029,385; 1 - that / (4,000,000 / 11,500,000)
  assert.deepEqual([own.part, own.earnedPart, own.dilution], ['0.2640807004', '0.2661452881', '0.2407679863'])
  assert.deepEqual(await list(analyst, company.id), [])
})

test('a chain is kept and revised in versions; what was read must be what stands', async () => {
  const company = await givenCompany(world)
  const first = await save(analyst, { companyId: company.id, name: 'First', rounds: rounds(company) })
  assert.equal(first.__typename, 'RoundChain', JSON.stringify(first))
  const input = { chainId: first.id, expectedVersion: 1, name: 'Second', rounds: rounds(company).slice(0, 1) }
  const answers = await Promise.all(Array.from({ length: 20 }, () => revise(partner, input)))
  assert.equal(answers.filter(({ __typename }) => __typename === 'RoundChain').length, 1)
  assert.ok(answers.every((answer) => answer.__typename === 'RoundChain' || answer.current === 2))
  const [only, ...others] = await list(analyst, company.id)
  assert.deepEqual([only.name, only.version, only.solved.rounds.length, others.length], ['Second', 2, 1, 0])
  assert.deepEqual(only.asOf, '2026-12-15')
})

test('a round that there is not is refused by number, name and term, and nothing is kept', async () => {
  const company = await givenCompany(world)
  const none = rounds(company, { security: { className: 'Seed-2 Preferred', newClass: true } })
  const tried = await whatIf(analyst, company.id, { rounds: none })
  assert.deepEqual(tried, {
    __typename: 'ChainRefused',
    round: 2,
    roundName: 'Series A',
    faults: [{ path: 'rounds.1.cash.security.className' }],
  })
  const refused = await save(analyst, { companyId: company.id, name: 'None', rounds: none })
  assert.deepEqual([refused.code, refused.round], ['CHAIN_REFUSED', 2])
  const bad = await save(analyst, {
    companyId: company.id,
    name: 'None',
    rounds: rounds(company, { closingDate: '2020-01-01' }),
  })
  assert.equal(bad.errors?.[0]?.extensions?.code, 'BAD_INPUT', JSON.stringify(bad))
  assert.deepEqual(await list(analyst, company.id), [])
})

test('the fund keeps its chains to itself, and a chain is no scenario of one round', async () => {
  const company = await givenCompany(world)
  const founder = await world.person('founder', { companyId: company.companyId })
  const kept = await save(analyst, { companyId: company.id, name: 'Ours', rounds: rounds(company) })
  assert.deepEqual(await list(founder, company.id, [kept.id]), [])
  assert.equal((await whatIf(founder, company.id, { rounds: rounds(company) })).code, 'FORBIDDEN')
  const input = { chainId: kept.id, expectedVersion: 1, name: 'Theirs', rounds: rounds(company) }
  assert.equal((await revise(founder, input)).code, 'NOT_FOUND')
  assert.equal((await revise(compliance, input)).code, 'FORBIDDEN')
  const answer = await analyst.graphql(
    `mutation ($input: ReviseScenarioInput!) { reviseScenario(input: $input) { ... on DomainError { code } } }`,
    {
      input: {
        scenarioId: kept.id.replace('RoundChain', 'Scenario'),
        expectedVersion: 1,
        name: 'x',
        terms: company.terms(),
      },
    },
  )
  assert.equal(answer.data.reviseScenario.code, 'NOT_FOUND')
})

test('many chains on many days are as many queries as two', async () => {
  const company = await givenCompany(world)
  for (const asOf of ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04']) {
    await save(analyst, { companyId: company.id, name: asOf, rounds: rounds(company), asOf })
  }
  const ids = (await list(analyst, company.id)).map(({ id }: { id: string }) => id)
  const few = await statementsDuring(() => list(analyst, company.id, ids.slice(0, 2)))
  const many = await statementsDuring(() => list(analyst, company.id, ids))
  assert.equal(many.answer.length, 4)
  assert.equal(many.statements.length, few.statements.length)
})
