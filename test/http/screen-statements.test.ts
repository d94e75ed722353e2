/** What a screen of cap tables and rounds costs in round trips to the database: as a page, as a file, and as a query. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { wholeWay } from '../support/path.ts'
import { statementsDuring } from '../support/statements.ts'
import { makeWorld } from '../support/world.ts'

const world = await makeWorld()
const it = await wholeWay(world, 'Company 1, Inc.')
const { partner } = world.staff

/**
 * The most statements that each screen may send. One is the session; one finds what the page is about, which decides also who may
 * see it; one reads the name of its company, where that is not it; one the whole history of the cap table. Beside them:
 *
 * - `clock`: which day is today, where the question names none;
 * - `checkpoint`: whether a long history is to be looked up in place of replayed;
 * - `instruments`: what is under way for compute, and a second statement for its steps where there is any;
 * - `links`: rounds or plans that the page leads to, or that a form offers.
 */
const PAGES: readonly (readonly [path: string, most: number, beside: string])[] = [
  [`/companies/${it.companyId}/cap-table`, 6, 'clock, checkpoint, links'],
  [`/companies/${it.companyId}/cap-table?asOf=2026-10-01`, 5, 'checkpoint, links'],
  [`/companies/${it.companyId}/cap-table.json`, 5, 'clock, checkpoint'],
  [`/companies/${it.companyId}/cap-table.csv`, 4, 'clock'],
  [`/companies/${it.companyId}/waterfall`, 5, 'clock, links'],
  [`/companies/${it.companyId}/chains`, 5, 'the chains, instruments'],
  [
    `/companies/${it.companyId}/chains/new?from=${it.chain}`,
    7,
    'the chain, instruments, links to drafts and scenarios',
  ],
  [`/chains/${it.chain}`, 5, 'instruments'],
  [`/chains/${it.chain}.csv`, 4, 'instruments'],
  [`/chains/${it.chain}.pdf`, 6, 'instruments, the name of the fund'],
  [`/rounds/${it.round}/pro-forma`, 6, 'instruments, links'],
  [`/rounds/${it.round}/pro-forma.csv`, 5, 'instruments'],
  [`/rounds/${it.round}/waterfall`, 5, 'instruments'],
  [`/rounds/${it.round}/legs`, 5, 'instruments'],
  [`/rounds/${it.round}/closings`, 10, 'clock, instruments, closings, their conditions, grants and securities'],
  // The books of all grants at once: progress, settlements, lots with their balances, requests for capacity, versions of the terms, changes
  // of expiry; and of the index of price protection the metrics, its level today and its level at the opening.
  [`/rounds/${it.round}/protections`, 15, 'clock, instruments, nine of the books'],
  [`/rounds/${it.acceptedRound}/protections`, 7, 'clock, instruments, progress'],
]
/** A statement that is sent again could have been asked once; of an index two days are asked. */
const repeated = (statements: readonly string[]): string[] =>
  statements.filter((text, at) => statements.indexOf(text) !== at && !text.includes('FROM observation AS kept'))
const told = (statements: readonly string[]): string =>
  statements.map((text) => `  ${text.replaceAll(/\s+/g, ' ').slice(0, 160)}`).join('\n')

for (const [path, most, beside] of PAGES) {
  const name = path.replaceAll(/[A-Z][A-Za-z]+:[0-9a-f:-]+/g, ':id')
  test(`${name} takes at most ${most} round trips: beside session, subject, company and history ${beside}`, async () => {
    const { answer, statements } = await statementsDuring(async () =>
      request(world.app).get(path).set('authorization', `Bearer ${partner.token}`).buffer(true).responseType('blob'),
    )
    assert.equal(answer.status, 200)
    assert.ok(statements.length <= most, `${statements.length} statements:\n${told(statements)}`)
    assert.deepEqual(repeated(statements), [])
  })
}

const of = (field: string) => `query ($id: ID!) { node(id: $id) { ... on Company { ${field} } } }`
const ofRound = (field: string) => `query ($id: ID!) { node(id: $id) { ... on Round { ${field} } } }`
const QUERIES: readonly (readonly [name: string, document: string, id: string, most: number])[] = [
  [
    'a cap table as of a day, with its holders',
    of(`capTable(asOf: "2026-10-01") { ... on CapTable { asOf
      stakeholders(first: 20) { edges { node { name fullyDiluted } } } } }`),
    ...([it.companyId, 4] as const),
  ],
  [
    'a sale',
    of('waterfall(asOf: "2026-10-01", input: { exits: ["10000000"] }) { ... on Waterfall { asOf } }'),
    ...([it.companyId, 3] as const),
  ],
  [
    'scenarios side by side',
    of('scenarios { name figures { ... on ScenarioFigures { computePart } } }'),
    ...([it.companyId, 5] as const),
  ],
  ['chains side by side', of('chains { name solved { ... on SolvedChain { asOf } } }'), it.companyId, 5],
  ['a pro forma', ofRound('proForma { ... on ProForma { asOf } }'), it.round, 4],
  ['legs', 'query ($id: ID!) { legs(roundId: $id) { ... on Legs { asOf } } }', it.round, 4],
  ['protections', 'query ($id: ID!) { protections(roundId: $id) { ... on Protections { asOf } } }', it.round, 14],
]
for (const [name, document, id, most] of QUERIES) {
  test(`the query for ${name} takes at most ${most} round trips`, async () => {
    const { answer, statements } = await statementsDuring(() => partner.graphql(document, { id }))
    assert.deepEqual(answer.errors, [])
    assert.match(JSON.stringify(answer.data), /"(asOf|name)":"/)
    assert.ok(statements.length <= most, `${statements.length} statements:\n${told(statements)}`)
    assert.deepEqual(repeated(statements), [])
  })
}
