import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkGate, FactRegistry, OpenFlags, RULES } from '../../api/flags/index.ts'
import { NotFound } from '../../api/platform/index.ts'
import { makeWorld } from '../support/world.ts'
import { usd } from './given-facts.ts'
import { ALLOCATION, BAR, CLEAR_FACTS, FACTOR, givenDeal, NOWHERE, outcomes, POLICY, WATCH } from './given-flags.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')

test('without facts rules cannot tell: bar and policy stop the gate, a watch does not', async () => {
  const deal = await givenDeal(world)
  assert.deepEqual(outcomes(await deal.check()), {
    [BAR]: 'cannot_tell',
    [POLICY]: 'cannot_tell',
    [WATCH]: 'cannot_tell',
    [FACTOR]: 'cannot_tell',
    // The company made no request, so none was treated worse.
    [ALLOCATION]: 'clear',
  })
  const flags = await deal.flags()
  assert.deepEqual(Object.fromEntries(flags.map((flag) => [flag.ruleId, [flag.state, flag.stops]])), {
    [BAR]: ['open', true],
    [POLICY]: ['open', true],
    [WATCH]: ['open', false],
    [FACTOR]: ['open', false],
  })
  await assert.rejects(deal.pass(), (error) => {
    assert.ok(error instanceof OpenFlags)
    assert.deepEqual(
      error.flags.map(({ ruleId, outcome }) => [ruleId, outcome]),
      [
        [BAR, 'cannot_tell'],
        [POLICY, 'cannot_tell'],
      ],
    )
    assert.ok(error.flags.every(({ clearedBy, flagId }) => clearedBy.length > 0 && flagId !== null))
    return true
  })
})

test('with clear facts there is no flag and the gate is open', async () => {
  const deal = await givenDeal(world)
  await deal.recordAll()
  assert.deepEqual(outcomes(await deal.check()), {
    [BAR]: 'clear',
    [POLICY]: 'clear',
    [WATCH]: 'clear',
    [FACTOR]: 'clear',
    [ALLOCATION]: 'clear',
  })
  assert.deepEqual(await deal.flags(), [])
  await deal.pass('2026-11-20')
})

test('a gate at which nothing was run is shut, and what was found for another date counts as not run', async () => {
  const deal = await givenDeal(world)
  await deal.recordAll()
  await assert.rejects(deal.pass(), OpenFlags)
  await deal.check(undefined, '2026-11-20')
  await deal.pass('2026-11-20')
  await assert.rejects(
    deal.pass('2027-03-01'),
    (error) => error instanceof OpenFlags && error.flags.every((flag) => flag.outcome === null),
  )
})

test('a closing in a year without figures cannot be told', async () => {
  const deal = await givenDeal(world)
  await deal.recordAll()
  assert.equal(outcomes(await deal.check(undefined, '2027-03-01'))[BAR], 'cannot_tell')
  assert.equal(outcomes(await deal.check(undefined, '2021-03-01'))[BAR], 'cannot_tell')
})

test('a run that finds it clear closes the flag, and one that does not opens the same flag again', async () => {
  const deal = await givenDeal(world)
  await deal.check()
  const { id } = await deal.flag(POLICY)
  await deal.recordAll()
  assert.deepEqual(
    (await deal.recheck()).findings.map((finding: { outcome: string }) => finding.outcome),
    ['clear', 'clear', 'clear', 'clear', 'clear'],
  )
  const closed = await deal.flag(POLICY)
  assert.deepEqual([closed.id, closed.state, closed.settledBy], [id, 'cleared', 'run'])
  await deal.record('provider.products', CLEAR_FACTS['company.products'])
  await deal.recheck()
  const again = await deal.flag(POLICY)
  assert.deepEqual([again.id, again.state, again.finding.outcome], [id, 'open', 'flag'])
  assert.deepEqual(
    again.events.map((event) => event.kind),
    ['opened', 'cleared', 'reopened'],
  )
})

test('run twice, and fifty at once, there is one flag for a rule, and its history says opened once', async () => {
  const deal = await givenDeal(world)
  await Promise.all(Array.from({ length: 50 }, () => deal.check()))
  const flags = await deal.flags()
  assert.equal(flags.length, 4)
  for (const flag of flags)
    assert.deepEqual(
      flag.events.map((event) => event.kind),
      ['opened'],
    )
})

test('findings are kept when the step that asked is refused', async () => {
  const deal = await givenDeal(world)
  await deal.check()
  await assert.rejects(deal.pass(), OpenFlags)
  assert.equal((await deal.flags()).length, 4)
})

test('a fact of the capability that knows goes before what people recorded', async () => {
  const deal = await givenDeal(world)
  await deal.recordAll()
  const facts = new FactRegistry().provide('transaction.value', async (_reader, { subject, onDate }) => {
    assert.deepEqual([subject, onDate], [deal.subject, '2026-11-20'])
    return { name: 'transaction.value', value: usd('900000000'), source: 'terms version 3', asOf: '2026-11-19' }
  })
  const { companyId } = deal.company
  const request = { gate: 'propose', companyId, subject: deal.subject, onDate: '2026-11-20' } as const
  const { findings } = await checkGate({ ...world.deps, facts }, world.staff.partner.actor, request)
  const bar = findings.find((finding) => finding.ruleId === BAR)
  assert.equal(bar?.outcome, 'flag')
  assert.deepEqual(
    bar?.inputs.map(({ name, source }) => [name, source]),
    [
      ['transaction.value', 'terms version 3'],
      ['holding.value', 'the test'],
    ],
  )
})

test('what was recorded for one deal says nothing about another of the same company', async () => {
  const deal = await givenDeal(world)
  await deal.recordAll()
  const other = `Round:${deal.company.companyId}:${NOWHERE}`
  const run = await checkGate(world.deps, world.staff.partner.actor, {
    gate: 'propose',
    companyId: deal.company.companyId,
    subject: other,
    onDate: '2026-11-20',
  })
  assert.equal(outcomes(run)[BAR], 'cannot_tell')
})

test('a fact of a later date says nothing about an earlier one', async () => {
  const deal = await givenDeal(world)
  await deal.recordAll()
  await deal.record('holding.value', usd('0'), undefined, { asOf: '2026-11-15' })
  assert.equal(outcomes(await deal.check(undefined, '2026-11-10'))[BAR], 'clear')
  assert.equal(outcomes(await deal.check(undefined, '2026-10-31'))[BAR], 'cannot_tell')
})

test('a subject of another company, and an actor who does not see the company, are refused', async () => {
  const [deal, other] = [await givenDeal(world), await givenDeal(world)]
  const { companyId } = deal.company
  const request = { gate: 'propose', companyId, subject: other.subject, onDate: '2026-11-20' } as const
  await assert.rejects(checkGate(world.deps, world.staff.partner.actor, request), RangeError)
  await assert.rejects(deal.check(other.company.founder), NotFound)
  assert.deepEqual(await other.flags(), [])
})

test('recheck is for a subject that stood before a gate, by staff who see it', async () => {
  const deal = await givenDeal(world)
  assert.equal((await deal.recheck()).code, 'NOT_FOUND')
  await deal.check()
  const { operations, regulator, provider } = world.staff
  assert.equal((await deal.recheck(operations)).code, 'FORBIDDEN')
  for (const person of [regulator, provider, deal.company.founder]) {
    assert.equal((await deal.recheck(person)).code, 'NOT_FOUND')
  }
})

test('founders, signatories, providers and regulators see no flag: by list, by count, by id', async () => {
  const deal = await givenDeal(world)
  await deal.check()
  const flag = await deal.flag(BAR)
  const { provider, regulator } = world.staff
  for (const person of [deal.company.founder, deal.company.signatory, provider, regulator]) {
    const answer = await person.graphql(
      `query ($company: ID!, $flag: ID!) { company: node(id: $company) { ... on Company { flags { totalCount edges { node { id } } } recordedFacts { id } } }
       flag: node(id: $flag) { id } rules { ruleId } factKinds { name } }`,
      { company: deal.company.id, flag: flag.id },
    )
    assert.deepEqual(answer.errors, [])
    assert.equal(answer.data.flag, null)
    assert.deepEqual(answer.data.company ?? { flags: { totalCount: 0, edges: [] }, recordedFacts: [] }, {
      flags: { totalCount: 0, edges: [] },
      recordedFacts: [],
    })
    assert.deepEqual([answer.data.rules, answer.data.factKinds], [[], []])
  }
})

test('staff read the rules, their facts with a schema, and the flags of many companies', async () => {
  const deals = [await givenDeal(world), await givenDeal(world)]
  for (const deal of deals) await deal.check()
  const answer = await world.staff.analyst.graphql(
    `query { rules { ruleId kind gates evidence { id } facts { name schema } } companies(first: 2) { edges { node {
      flags(first: 2, states: [open]) { totalCount pageInfo { hasNextPage } edges { cursor node { ruleId } } } } } } }`,
  )
  assert.deepEqual(answer.errors, [])
  assert.equal(answer.data.rules.length, RULES.length)
  assert.ok(
    answer.data.rules.every((rule: { facts: { schema: object }[] }) =>
      rule.facts.every(({ schema }) => schema !== null),
    ),
  )
  for (const { node } of answer.data.companies.edges) {
    assert.deepEqual([node.flags.totalCount, node.flags.edges.length, node.flags.pageInfo.hasNextPage], [4, 2, true])
  }
})

test('staff find a flag by its id, and nothing by an id that is none', async () => {
  const deal = await givenDeal(world)
  await deal.check()
  const { id } = await deal.flag(BAR)
  const { companyId } = deal.company
  const ids = [id, `Flag:${companyId}`, `Flag:${companyId}:${NOWHERE}`, `Flag:${NOWHERE}:${id.split(':')[2]}`]
  const answer = await world.staff.analyst.graphql(
    'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Flag { title events { kind } } } }',
    { ids },
  )
  assert.deepEqual(answer.errors, [])
  assert.deepEqual(answer.data.nodes, [
    { id, title: 'Hart-Scott-Rodino: size of transaction and of persons', events: [{ kind: 'opened' }] },
    null,
    null,
    null,
  ])
})
