import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raiseWall } from '../../api/access/index.ts'
import { inTransaction, newId, WrongState } from '../../api/platform/index.ts'
import { lockRound, markRound, type RoundState } from '../../api/rounds/index.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld } from '../support/world.ts'
import { givenCompany, node } from './given-round.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')
const { analyst, partner, secondPartner, compliance, provider, regulator, operations, admin } = world.staff
const fifty = <T>(make: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: 50 }, (_, index) => make(index)))
const refOf = (id: string) => ({ companyId: id.split(':')[1] ?? '', id: id.split(':')[2] ?? '' })
const roundsOf = async (companyId: string) =>
  (await asOwner(world.ownerUrl, `SELECT count(*)::int AS n FROM round WHERE company_id = '${companyId}'`)).rows[0].n
const step = (id: string, from: RoundState, to: Exclude<RoundState, 'proposed'>) =>
  inTransaction(world.deps.db, async (trx) => markRound(trx, await lockRound(trx, refOf(id)), from, to))

test('an analyst drafts a round; its terms come back whole, with every default written out', async () => {
  const company = await givenCompany(world)
  const made = await company.draft(analyst, { companyId: company.id, terms: company.terms() })
  assert.equal(made.__typename, 'Round', JSON.stringify(made))
  assert.equal(made.state, 'draft')
  assert.equal(made.termsVersion, 1)
  assert.equal(made.terms.preMoney.amount, '23000000')
  assert.equal(made.terms.json.riskTable.length, 10)
  // What comes back can be sent back as it is.
  const again = await company.revise(analyst, { roundId: made.id, expectedVersion: 1, terms: made.terms.json })
  assert.equal(again.termsVersion, 2, JSON.stringify(again))
  assert.deepEqual(again.terms.json, made.terms.json)
})

test('the pro forma over HTTP: by hand at 2.00 a share', async () => {
  const company = await givenCompany(world)
  const id = await company.drafted()
  const fields = `proForma { __typename ... on ProForma {
    asOf pricePerShare { amount currency } sharesBefore sharesAfter postMoney { amount }
    compute { shares impliedPrice { amount } referencePrice { amount } }
    cash { holder shares } holders { holder before after unearned afterPart } risk { unearnedShares } notes { code } } }`
  const { proForma } = await node(analyst, id, fields)
  assert.deepEqual(
    { ...proForma, holders: [] },
    {
      __typename: 'ProForma',
      asOf: '2026-12-15',
      pricePerShare: { amount: '2', currency: 'USD' },
      sharesBefore: '11500000',
      sharesAfter: '12117500',
      postMoney: { amount: '24235000' },
      compute: { shares: '117500', impliedPrice: { amount: '2.35' }, referencePrice: { amount: '2.35' } },
      cash: [{ holder: 'Harbour Ventures', shares: '500000' }],
      holders: [],
      risk: { unearnedShares: '117500' },
      notes: [],
    },
  )
  const fund = proForma.holders.find((row: { holder: string }) => row.holder === 'Northgrid Ventures I, L.P.')
  assert.deepEqual([fund.before, fund.after, fund.unearned], ['0', '117500', '117500'])
})

test('a pro forma as of a day before the first transaction is refused, not empty', async () => {
  const company = await givenCompany(world)
  const id = await company.drafted()
  const fields = 'proForma(asOf: "2019-01-01") { __typename ... on Refused { field } }'
  assert.deepEqual(await node(analyst, id, fields), { proForma: { __typename: 'Refused', field: 'asOf' } })
})

test('faults in terms are a request error that names every one, and nothing is stored', async () => {
  const company = await givenCompany(world)
  const terms = company.terms({
    longStop: '2020-01-01',
    pool: { kind: 'TARGET', postRoundUnallocated: '0.99' },
    vesting: { allocation: 'FRONT_LOADED' },
  })
  const answer = await company.draft(analyst, { companyId: company.id, terms })
  assert.equal(answer.errors[0]?.extensions.code, 'BAD_INPUT')
  const paths = answer.errors[0]?.extensions.faults.map((fault: { path: string }) => fault.path)
  assert.deepEqual(paths, [
    'input.terms.pool.postRoundUnallocated',
    'input.terms.vesting.allocation',
    'input.terms.longStop',
  ])
  assert.equal(await roundsOf(company.companyId), 0)
})

test('each bad input of a round is refused at its own term, and nothing is stored', async () => {
  const company = await givenCompany(world)
  const usd = (amount: string) => ({ amount, currency: 'USD' })
  const compute = company.terms().compute
  // Read by whoever writes terms by hand: what is sent may be anything.
  const cases: readonly [Record<string, unknown>, string][] = [
    [{ pool: { kind: 'TARGET', postRoundUnallocated: '0.1', shares: '1000' } }, 'pool.shares'],
    [{ pool: { kind: 'INCREASE', postRoundUnallocated: '0.1', shares: '1000' } }, 'pool.postRoundUnallocated'],
    // 23,000,000 before 1,235,000 of money: less than 0.949 of the company is left for holders and pool.
    [{ pool: { kind: 'TARGET', postRoundUnallocated: '0.95' } }, 'pool.postRoundUnallocated'],
    [{ preMoney: usd('0') }, 'preMoney.amount'],
    [{ preMoney: usd('-1') }, 'preMoney.amount'],
    [{ compute: { ...compute, referencePrice: usd('0') } }, 'compute.referencePrice.amount'],
    [{ compute: { ...compute, referencePrice: usd('-2.35') } }, 'compute.referencePrice.amount'],
    [{ cashInvestors: [{ name: 'A', amount: usd('-5') }] }, 'cashInvestors.0.amount.amount'],
    [{ vesting: { allocation: 'FRONT_LOADED' } }, 'vesting.allocation'],
    [{ vesting: { allocation: 'BACK_LOADED_TO_SINGLE_TRANCHE' } }, 'vesting.allocation'],
  ]
  for (const [change, path] of cases) {
    const answer = await company.draft(analyst, { companyId: company.id, terms: { ...company.terms(), ...change } })
    assert.equal(answer.errors?.[0]?.extensions.code, 'BAD_INPUT', `${path}: ${JSON.stringify(answer)}`)
    // A number that is none is refused before the terms are read: the path of the variable says which.
    assert.ok(
      JSON.stringify(answer.errors).includes(`input.terms.${path}`),
      `${path}: ${JSON.stringify(answer.errors)}`,
    )
  }
  const early = await company.draft(analyst, {
    companyId: company.id,
    terms: company.terms({ closingDate: '2019-01-01' }),
  })
  assert.deepEqual([early.__typename, early.faults[0].path], ['TermsRefused', 'closingDate'], JSON.stringify(early))
  assert.equal(await roundsOf(company.companyId), 0)
})

test('terms that do not fit the cap table are a typed refusal at the term, and nothing is stored', async () => {
  const company = await givenCompany(world)
  const cases = [
    [company.terms({ security: { className: 'Common Stock', newClass: true } }), 'security.className'],
    [company.terms({ closingDate: '2019-01-01' }), 'closingDate'],
    [
      company.terms({ cashInvestors: [{ name: 'Ada Lindqvist', amount: { amount: '9', currency: 'USD' } }] }),
      'cashInvestors.0.stakeholderId',
    ],
  ] as const
  for (const [terms, path] of cases) {
    const answer = await company.draft(analyst, { companyId: company.id, terms })
    assert.equal(answer.__typename, 'TermsRefused', JSON.stringify(answer))
    assert.deepEqual(
      answer.faults.map((fault: { path: string }) => fault.path),
      [path],
    )
  }
  const unknown = `TokenClass:${company.companyId}`
  const terms = company.terms({ compute: { ...company.terms().compute, tokenClassId: unknown } })
  const answer = await company.draft(analyst, { companyId: company.id, terms })
  assert.equal(answer.__typename, 'TermsRefused', JSON.stringify(answer))
  assert.equal(answer.faults[0].path, 'compute.tokenClassId')
  assert.equal(await roundsOf(company.companyId), 0)
})

test('a company without a cap table has no round', async () => {
  const company = await givenCompany(world)
  const bare = await world.company()
  const answer = await company.draft(analyst, { companyId: bare.id, terms: company.terms() })
  assert.equal(answer.__typename, 'Refused', JSON.stringify(answer))
})

test('the same draft with the same key is one round, also fifty times at once', async () => {
  const company = await givenCompany(world)
  const input = { companyId: company.id, terms: company.terms(), idempotencyKey: 'one draft' }
  const answers = await fifty(() => company.draft(analyst, input))
  assert.equal(new Set(answers.map(({ id }) => id)).size, 1)
  assert.equal(await roundsOf(company.companyId), 1)
  const other = await company.draft(analyst, { ...input, terms: company.terms({ name: 'Series B' }) })
  assert.equal(other.__typename, 'IdempotencyKeyReused')
})

test('fifty revisions of one version at once: one is written, the others are stale', async () => {
  const company = await givenCompany(world)
  const roundId = await company.drafted()
  const answers = await fifty((index) =>
    company.revise(analyst, { roundId, expectedVersion: 1, terms: company.terms({ name: `Series A${index}` }) }),
  )
  const count = (type: string) => answers.filter(({ __typename }) => __typename === type).length
  assert.deepEqual([count('Round'), count('StaleTerms')], [1, 49])
  const stale = answers.find(({ __typename }) => __typename === 'StaleTerms')
  assert.deepEqual([stale.given, stale.current], [1, 2])
  assert.equal((await node(analyst, roundId)).termsVersion, 2)
})

test('open flags keep a round a draft and their findings are kept; cleared, it is proposed once by fifty', async () => {
  const company = await givenCompany(world)
  const roundId = await company.drafted()
  const stopped = await company.propose(analyst, { roundId, expectedVersion: 1 })
  assert.equal(stopped.__typename, 'OpenFlags', JSON.stringify(stopped))
  assert.equal(stopped.gate, 'propose')
  assert.equal((await node(analyst, roundId)).state, 'draft')
  const kept = await asOwner(world.ownerUrl, `SELECT count(*)::int AS n FROM finding WHERE subject = '${roundId}'`)
  assert.equal(kept.rows[0].n, 5)

  await company.recordClearFacts()
  const answers = await fifty(() => company.propose(analyst, { roundId, expectedVersion: 1 }))
  const types = answers.map(({ __typename }) => __typename)
  assert.equal(types.filter((type) => type === 'Round').length, 1, JSON.stringify(types))
  assert.equal(types.filter((type) => type === 'WrongState').length, 49)
  const proposed = await node(analyst, roundId)
  assert.deepEqual([proposed.state, proposed.proposedByViewer], ['proposed', true])
  assert.equal((await node(partner, roundId)).proposedByViewer, false)
  // Terms stand still from here on.
  const late = await company.revise(analyst, { roundId, expectedVersion: 1, terms: company.terms() })
  assert.equal(late.__typename, 'WrongState')
})

test('shares that vote while unearned bring a large round before the antitrust rule', async () => {
  const company = await givenCompany(world)
  await company.recordClearFacts()
  // By hand: 300,000,000 tokens at 2.35 are 705,000,000 dollars, above every threshold.
  const large = { ...company.terms().compute, tokens: '300000000' }
  const votes = await company.drafted({ compute: large, unearned: { votes: true } })
  const stopped = await company.propose(analyst, { roundId: votes, expectedVersion: 1 })
  assert.deepEqual(
    stopped.flags.map((flag: { ruleId: string; outcome: string }) => [flag.ruleId, flag.outcome]),
    [['antitrust.hsr_size_of_transaction', 'flag']],
  )
  const silent = await company.drafted({ compute: large, unearned: { votes: false } })
  assert.equal((await company.propose(analyst, { roundId: silent, expectedVersion: 1 })).__typename, 'Round')
})

test('proposing a version that is not the one that stands is stale', async () => {
  const company = await givenCompany(world)
  await company.recordClearFacts()
  const roundId = await company.drafted()
  await company.revise(analyst, { roundId, expectedVersion: 1, terms: company.terms({ name: 'Series A2' }) })
  assert.equal((await company.propose(analyst, { roundId, expectedVersion: 1 })).__typename, 'StaleTerms')
  assert.equal((await company.propose(analyst, { roundId, expectedVersion: 2 })).__typename, 'Round')
})

test('founders see a round from its term sheet on, in the version that was proposed, and nothing before', async () => {
  const company = await givenCompany(world)
  await company.recordClearFacts()
  const roundId = await company.drafted()
  await company.revise(analyst, { roundId, expectedVersion: 1, terms: company.terms({ name: 'Series A2' }) })
  await company.propose(analyst, { roundId, expectedVersion: 2 })
  const list = `query ($id: ID!) { node(id: $id) { ... on Company { rounds { edges { node { id } } } } } rounds { edges { node { id } } } roundCount }`
  for (const person of [company.founder, company.signatory]) {
    assert.equal(await node(person, roundId), null)
    const answer = await person.graphql(list, { id: company.id })
    assert.deepEqual(answer.data, { node: { rounds: { edges: [] } }, rounds: { edges: [] }, roundCount: 0 })
  }
  await step(roundId, 'proposed', 'term_sheet_issued')
  for (const person of [company.founder, company.signatory]) {
    const seen = await node(person, roundId, 'state termsVersions { version }')
    assert.deepEqual(seen, { state: 'term_sheet_issued', termsVersions: [{ version: 2 }] })
    const answer = await person.graphql(list, { id: company.id })
    const edges = [{ node: { id: roundId } }]
    assert.deepEqual(answer.data, { node: { rounds: { edges } }, rounds: { edges }, roundCount: 1 })
  }
  assert.equal((await node(analyst, roundId, 'termsVersions { version }')).termsVersions.length, 2)
  const other = await world.company('Other, Inc.')
  assert.equal(await node(other.founder, roundId), null)
})

test('what one may not see looks like what does not exist, for reads and for every act', async () => {
  const company = await givenCompany(world)
  const roundId = await company.drafted()
  const other = await givenCompany(world)
  const foreign = `Round:${other.companyId}:${refOf(roundId).id}`
  const acts = (id: string, person = analyst) => [
    company.revise(person, { roundId: id, expectedVersion: 1, terms: company.terms() }),
    company.propose(person, { roundId: id, expectedVersion: 1 }),
    company.withdraw(person, { roundId: id, reason: 'No.' }),
  ]
  const unseen = [
    ...(await Promise.all(acts(foreign))),
    ...(await Promise.all(acts(roundId, company.founder))),
    ...(await Promise.all(acts(roundId, other.founder))),
    ...(await Promise.all(acts(roundId, provider))),
    ...(await Promise.all(acts(roundId, regulator))),
    await company.draft(other.founder, { companyId: company.id, terms: company.terms() }),
  ]
  for (const answer of unseen) assert.equal(answer.__typename, 'NotFound', JSON.stringify(answer))
  for (const person of [provider, regulator, other.founder]) assert.equal(await node(person, roundId), null)
  assert.equal((await node(analyst, roundId)).termsVersion, 1)
})

test('behind a wall a round does not exist: by id, in lists, in counts, for acts', async () => {
  const company = await givenCompany(world)
  const roundId = await company.drafted()
  const walled = await world.person('analyst')
  const count = async () => (await walled.graphql('{ roundCount rounds(first: 100) { edges { node { id } } } }')).data
  const before = await count()
  assert.ok(before.rounds.edges.some((edge: { node: { id: string } }) => edge.node.id === roundId))
  await inTransaction(world.deps.db, (trx) =>
    raiseWall(trx, {
      id: newId(),
      personId: walled.id,
      companyId: company.companyId,
      reason: 'Advises a rival.',
      raisedBy: compliance.id,
    }),
  )
  const after = await count()
  assert.equal(after.roundCount, before.roundCount - 1)
  assert.ok(!after.rounds.edges.some((edge: { node: { id: string } }) => edge.node.id === roundId))
  assert.equal(await node(walled, roundId), null)
  const answer = await company.revise(walled, { roundId, expectedVersion: 1, terms: company.terms() })
  assert.equal(answer.__typename, 'NotFound')
})

for (const person of [compliance, operations, admin]) {
  const [role] = person.actor.roles
  test(`${role} sees a round and may not change it`, async () => {
    const company = await givenCompany(world)
    const roundId = await company.drafted()
    assert.notEqual(await node(person, roundId), null)
    const answers = [
      await company.draft(person, { companyId: company.id, terms: company.terms() }),
      await company.revise(person, { roundId, expectedVersion: 1, terms: company.terms() }),
      await company.propose(person, { roundId, expectedVersion: 1 }),
      await company.withdraw(person, { roundId, reason: 'No.' }),
    ]
    for (const answer of answers) assert.equal(answer.__typename, 'Forbidden', JSON.stringify(answer))
    assert.equal((await node(analyst, roundId)).state, 'draft')
  })
}

test('a withdrawn round stays on record and takes no further step', async () => {
  const company = await givenCompany(world)
  const roundId = await company.drafted()
  const answers = await fifty(() => company.withdraw(partner, { roundId, reason: 'The company found other money.' }))
  assert.equal(answers.filter(({ __typename }) => __typename === 'Round').length, 1)
  assert.equal(answers.filter(({ __typename }) => __typename === 'WrongState').length, 49)
  assert.equal((await node(secondPartner, roundId)).state, 'withdrawn')
  assert.equal((await company.propose(analyst, { roundId, expectedVersion: 1 })).__typename, 'WrongState')
})

test('the database itself refuses an illegal step, a changed version of terms, and terms after the draft', async () => {
  const company = await givenCompany(world)
  const roundId = await company.drafted()
  const { id } = refOf(roundId)
  await assert.rejects(step(roundId, 'proposed', 'term_sheet_issued'), WrongState)
  const refused = [
    `UPDATE round SET state = 'accepted' WHERE round_id = '${id}'`,
    `UPDATE round SET terms_version = 5 WHERE round_id = '${id}'`,
    `UPDATE round_terms SET terms = '{}' WHERE round_id = '${id}'`,
    `DELETE FROM round_terms WHERE round_id = '${id}'`,
  ]
  for (const sql of refused) await assert.rejects(asOwner(world.ownerUrl, sql), sql)
})

test('pages of rounds follow one another without gap or repetition', async () => {
  const company = await givenCompany(world)
  const made: string[] = []
  for (let index = 0; index < 5; index += 1) made.push(await company.drafted({ name: `Series ${index}` }))
  const seen: string[] = []
  let after: string | null = null
  do {
    const answer = await analyst.graphql(
      `query ($id: ID!, $after: String) { node(id: $id) { ... on Company {
        rounds(first: 2, after: $after) { edges { node { id } } pageInfo { endCursor hasNextPage } } } } }`,
      { id: company.id, after },
    )
    const { edges, pageInfo } = answer.data.node.rounds
    seen.push(...edges.map((edge: { node: { id: string } }) => edge.node.id))
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null
  } while (after !== null)
  assert.deepEqual(seen, made.reverse())
})
