import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeWorld } from '../support/world.ts'

const CREATE = `mutation Create($input: CreateCompanyInput!) {
  createCompany(input: $input) {
    __typename
    ... on Company { id legalName legalForm jurisdiction }
    ... on DomainError { code message }
  }
}`
const COMPANIES = 'query { companies(first: 100) { totalCount edges { cursor node { id legalName } } } }'
const input = { legalName: 'Tessellate Bio, Inc.', legalForm: 'Corporation', jurisdiction: 'US-DE' }

const world = await makeWorld()

test('an analyst registers a company and finds it in the list', async () => {
  const { analyst } = world.staff
  const made = await analyst.graphql(CREATE, { input })
  assert.deepEqual({ ...made.data.createCompany, id: '' }, { __typename: 'Company', id: '', ...input })
  const listed = await analyst.graphql(COMPANIES)
  const ids = listed.data.companies.edges.map((edge: { node: { id: string } }) => edge.node.id)
  assert.ok(ids.includes(made.data.createCompany.id))
  assert.equal(listed.data.companies.totalCount, ids.length)
})

test('the same call with the same key registers one company, also when it is made fifty times at once', async () => {
  const { analyst } = world.staff
  const before = (await analyst.graphql(COMPANIES)).data.companies.totalCount
  const keyed = { input: { ...input, idempotencyKey: 'once' } }
  const answers = await Promise.all(Array.from({ length: 50 }, () => analyst.graphql(CREATE, keyed)))
  assert.equal(new Set(answers.map((answer) => answer.data.createCompany.id)).size, 1)
  assert.equal((await analyst.graphql(COMPANIES)).data.companies.totalCount, before + 1)
})

test('a key that was used for other input is refused and nothing is registered', async () => {
  const { analyst } = world.staff
  await analyst.graphql(CREATE, { input: { ...input, idempotencyKey: 'reused' } })
  const before = (await analyst.graphql(COMPANIES)).data.companies.totalCount
  const again = await analyst.graphql(CREATE, {
    input: { ...input, legalName: 'Other, Inc.', idempotencyKey: 'reused' },
  })
  assert.equal(again.data.createCompany.__typename, 'IdempotencyKeyReused')
  assert.equal((await analyst.graphql(COMPANIES)).data.companies.totalCount, before)
})

for (const role of ['compliance', 'operations', 'admin', 'provider', 'regulator'] as const) {
  test(`${role} may not register a company`, async () => {
    const answer = await world.staff[role].graphql(CREATE, { input })
    assert.equal(answer.data.createCompany.__typename, 'Forbidden')
  })
}

test('malformed input is a request error that names every field, and nothing is registered', async () => {
  const { analyst } = world.staff
  const before = (await analyst.graphql(COMPANIES)).data.companies.totalCount
  const answer = await analyst.graphql(CREATE, {
    input: { legalName: '  ', legalForm: 'x'.repeat(101), jurisdiction: 'Delaware' },
  })
  assert.equal(answer.errors[0]?.extensions.code, 'BAD_INPUT')
  const faults = answer.errors[0]?.extensions.faults as { path: string }[]
  assert.deepEqual(
    faults.map((fault) => fault.path),
    ['input.legalName', 'input.legalForm', 'input.jurisdiction'],
  )
  assert.equal((await analyst.graphql(COMPANIES)).data.companies.totalCount, before)
})

test('a founder sees their own company and no other, by list, by count and by id', async () => {
  const own = await world.company('Own, Inc.')
  const other = await world.company('Other, Inc.')
  const { data } = await own.founder.graphql(COMPANIES)
  assert.deepEqual(data.companies, {
    totalCount: 1,
    edges: [{ cursor: own.companyId, node: { id: own.id, legalName: 'Own, Inc.' } }],
  })
  const nodes = await own.founder.graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
    ids: [own.id, other.id, 'Company:0190aaaa-0000-7000-8000-000000000000', 'nonsense'],
  })
  assert.deepEqual(nodes.errors, [])
  assert.deepEqual(nodes.data.nodes, [{ id: own.id }, null, null, null])
})

test('pages of companies follow one another without gap or repetition, forwards and backwards', async () => {
  const { analyst } = world.staff
  for (let i = 0; i < 5; i += 1) await world.company(`Page ${i}, Inc.`)
  const PAGE = `query ($first: Int, $after: String, $last: Int, $before: String) {
    companies(first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`
  const all = (await analyst.graphql(COMPANIES)).data.companies.edges.map((edge: { cursor: string }) => edge.cursor)
  const walk = async (forwards: boolean) => {
    const seen: string[] = []
    let at: string | null = null
    for (let more = true; more; ) {
      const answer = await analyst.graphql(PAGE, forwards ? { first: 2, after: at } : { last: 2, before: at })
      const { edges, pageInfo } = answer.data.companies
      const cursors = edges.map((edge: { cursor: string }) => edge.cursor)
      if (forwards) seen.push(...cursors)
      else seen.unshift(...cursors)
      at = forwards ? pageInfo.endCursor : pageInfo.startCursor
      more = forwards ? pageInfo.hasNextPage : pageInfo.hasPreviousPage
    }
    return seen
  }
  assert.deepEqual(await walk(true), all)
  assert.deepEqual(await walk(false), all)
})

test('a cursor, a page size and an id that are none are refused by name', async () => {
  const { analyst } = world.staff
  for (const [document, path] of [
    ['{ companies(after: "x") { totalCount } }', 'after'],
    ['{ companies(first: 101) { totalCount } }', 'first'],
    ['{ companies(first: -1) { totalCount } }', 'first'],
    ['{ companies(first: 1, last: 1) { totalCount } }', 'last'],
  ] as const) {
    const answer = await analyst.graphql(document)
    assert.equal(answer.errors[0]?.extensions.code, 'BAD_INPUT', document)
    assert.match(answer.errors[0]?.message ?? '', new RegExp(path))
  }
})
