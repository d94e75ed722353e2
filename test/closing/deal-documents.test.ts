import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mfnCycle } from '../../api/closing/deal-document/side-letter.ts'
import { amendmentDue } from '../../api/closing/index.ts'
import { assertSound } from '../drawdown/given-drawdown.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { CLOSED, type Deal, givenDeal, refOf } from './given-deal.ts'

const world = await makeWorld()
const { staff } = world
const { db } = world.deps

const FIELDS = `... on DealDocument { id kind state title effectiveOn assignment { side kind predecessor successor }
  sideLetter { holder rights { kind title words } mfnWindowDays notices { offered { id } electUntil } elected { id }
  termsOf { id title } } signatures { side } document { id sha256 } }`
const sender = (name: string) => {
  const text = `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename
    ${FIELDS} ... on Refused { field reason } ... on WrongState { wrong: state }
    ${/draftSideLetter|electMfn/.test(name) ? '... on CyclicMfn { cycle }' : ''} ... on DomainError { code message } } }`
  return async (by: Person, input: Record<string, unknown>) => {
    const answer = await by.graphql(text, { input })
    return answer.data?.[name] ?? answer
  }
}
const assign = sender('draftAssignment')
const letter = sender('draftSideLetter')
const propose = sender('proposeDealDocument')
const sign = sender('signDealDocument')
const accept = sender('acceptDealDocument')
const withdraw = sender('withdrawDealDocument')
const elect = sender('electMfn')

const ok = <Answer extends { __typename?: string }>(answer: Answer): Answer => {
  assert.equal(answer.__typename, 'DealDocument', JSON.stringify(answer))
  return answer
}
async function proposed(draft: { id: string }): Promise<{ dealDocumentId: string; sha256: string }> {
  const answer = ok(await propose(staff.analyst, { dealDocumentId: draft.id }))
  return { dealDocumentId: draft.id, sha256: answer.document.sha256 }
}
async function signed(deal: Deal, draft: { id: string }) {
  const input = await proposed(ok(draft as { id: string; __typename?: string }))
  ok(await sign(staff.partner, input))
  return ok(await accept(deal.signatory, input))
}

const SUCCESSOR = {
  kind: 'merger',
  successor: { name: 'Lumen Holdings, Inc.', form: 'Corporation', jurisdiction: 'US-NV' },
  evidence: 'Certificate of merger, Delaware',
  evidenceDate: '2026-12-01',
}
const LETTER = { title: 'Letter A', holder: 'Northgrid Ventures I, L.P.', rights: [{ kind: 'PRO_RATA' }] }
const NAMES = `query ($id: ID!, $on: Date!) { node(id: $id) { ... on Company { legalName jurisdiction
  identities { legalName cause superseded } identityOn(date: $on) { legalName } } } }`

test('a successor stands for the company from the day on, and every id, token and share stays', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const rows = () =>
    Promise.all(
      (['lot', 'vesting_grant', 'securities_transaction', 'round'] as const).map((table) =>
        db.selectFrom(table).selectAll().where('company_id', '=', deal.companyId).execute(),
      ),
    )
  const before = await rows()
  const draft = await assign(staff.analyst, { roundId, side: 'company', effectiveOn: '2027-01-01', ...SUCCESSOR })
  assert.equal((await signed(deal, draft)).state, 'accepted')
  const name = async (on: string) => (await deal.founder.graphql(NAMES, { id: deal.id, on })).data.node
  assert.equal((await name('2027-02-01')).legalName, 'Lumen Robotics, Inc.')
  await world.setClock('2027-01-01T00:00:00Z')
  await amendmentDue(world.deps, { companyId: deal.companyId })
  await amendmentDue(world.deps, { companyId: deal.companyId })
  const after = await name('2026-12-31')
  assert.deepEqual(
    [after.legalName, after.jurisdiction, after.identityOn.legalName],
    ['Lumen Holdings, Inc.', 'US-NV', 'Lumen Robotics, Inc.'],
  )
  assert.deepEqual(
    after.identities.map(({ legalName, cause }: Record<string, string>) => [legalName, cause]),
    [
      ['Lumen Holdings, Inc.', 'merger'],
      ['Lumen Robotics, Inc.', 'registered'],
    ],
  )
  assert.deepEqual(await rows(), before)
  await assertSound(world, deal)
})

test('a provider is named as its successor in what is issued from then on', async () => {
  const own = await makeWorld()
  const deal = await givenDeal(own)
  const { roundId } = await deal.closed()
  const input = { roundId, side: 'provider', ...SUCCESSOR, kind: 'assignment' }
  const draft = ok(
    await assign(own.staff.analyst, { ...input, successor: { ...SUCCESSOR.successor, name: 'Grid Two, LLC' } }),
  )
  const { document } = ok(await propose(own.staff.analyst, { dealDocumentId: draft.id }))
  const signing = { dealDocumentId: draft.id, sha256: document.sha256 }
  ok(await sign(own.staff.partner, signing))
  assert.equal(ok(await accept(deal.signatory, signing)).state, 'in_force')
  const { data } = await own.staff.analyst.graphql('{ providers { name } }')
  assert.ok(
    data.providers.some(({ name }: { name: string }) => name === 'Grid Two, LLC'),
    JSON.stringify(data),
  )
})

test('an assignment to a party of the same name, with evidence of tomorrow, or of a round in draft is refused', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const input = { roundId, side: 'company', ...SUCCESSOR }
  const same = await assign(staff.analyst, {
    ...input,
    successor: { ...SUCCESSOR.successor, name: 'Lumen Robotics, Inc.' },
  })
  assert.deepEqual([same.__typename, same.field], ['Refused', 'successor.name'])
  const late = await assign(staff.analyst, { ...input, evidenceDate: '2026-12-16' })
  assert.deepEqual([late.__typename, late.field], ['Refused', 'evidenceDate'])
  const other = await givenDeal(world)
  const issued = await other.issued()
  assert.equal((await assign(staff.analyst, { ...input, roundId: issued.roundId })).__typename, 'WrongState')
})

test('fifty signatures at once bind once; nobody signs for another, and only its hash', async () => {
  const deal = await givenDeal(world)
  const other = await world.company('Another, Inc.')
  const { roundId } = await deal.closed()
  const draft = ok(await letter(staff.analyst, { roundId, ...LETTER }))
  assert.equal((await propose(deal.signatory, { dealDocumentId: draft.id })).__typename, 'NotFound')
  const input = await proposed(draft)
  assert.equal((await accept(other.signatory, input)).__typename, 'NotFound')
  assert.equal((await accept(deal.founder, input)).__typename, 'Forbidden')
  assert.equal((await sign(staff.analyst, input)).__typename, 'Forbidden')
  assert.equal((await sign(staff.partner, { ...input, sha256: 'ab'.repeat(32) })).__typename, 'HashMismatch')
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      index % 2 === 0 ? sign(staff.partner, input) : accept(deal.signatory, input),
    ),
  )
  const types = answers.map(({ __typename }) => __typename)
  assert.equal(types.filter((type) => type === 'DealDocument').length, 2, JSON.stringify(types))
  const events = await db
    .selectFrom('audit_event')
    .select('event_id')
    .where('scope_id', '=', deal.companyId)
    .where('kind', '=', 'side_letter.in_force')
    .execute()
  assert.equal(events.length, 1)
  assert.equal((await withdraw(staff.analyst, { dealDocumentId: draft.id, reason: 'late' })).__typename, 'WrongState')
})

test('who drafted or proposed a side letter does not sign it for the fund', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const draft = ok(await letter(staff.partner, { roundId, ...LETTER }))
  const input = await proposed(draft)
  assert.equal((await sign(staff.partner, input)).__typename, 'SamePerson')
  assert.equal((await sign(staff.secondPartner, input)).__typename, 'DealDocument')
})

test('a later side letter is brought to notice, and elected whole, once, within its window', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const mfn = { windowDays: 10 }
  const first = await signed(deal, await letter(staff.analyst, { roundId, ...LETTER, mfn }))
  const rights = [
    { kind: 'PRICE_PROTECTION', threshold: '0.2' },
    { kind: 'INFORMATION', reports: ['monthly'] },
  ]
  const second = await signed(deal, await letter(staff.analyst, { roundId, ...LETTER, title: 'Letter B', rights }))
  const third = await signed(deal, await letter(staff.analyst, { roundId, ...LETTER, title: 'Letter C' }))
  const seen = await staff.analyst.graphql(`query ($id: ID!) { node(id: $id) { ${FIELDS} } }`, { id: first.id })
  assert.deepEqual(
    seen.data.node.sideLetter.notices.map(
      ({ offered, electUntil }: { offered: { id: string }; electUntil: string }) => [offered.id, electUntil],
    ),
    [
      [second.id, '2026-12-25'],
      [third.id, '2026-12-25'],
    ],
  )
  for (const person of [staff.analyst, deal.signatory]) {
    assert.equal((await elect(person, { dealDocumentId: first.id, electedId: second.id })).__typename, 'Forbidden')
  }
  const backwards = await elect(staff.partner, { dealDocumentId: second.id, electedId: first.id })
  assert.deepEqual([backwards.__typename, backwards.field], ['Refused', 'electedId'])
  await world.setClock('2026-12-25T23:00:00Z')
  const elections = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      elect(staff.partner, { dealDocumentId: first.id, electedId: index % 2 === 0 ? second.id : third.id }),
    ),
  )
  assert.equal(elections.filter(({ __typename }) => __typename === 'DealDocument').length, 1)
  assert.equal(elections.filter(({ __typename }) => __typename === 'WrongState').length, 49)
  const after = await deal.founder.graphql(`query ($id: ID!) { node(id: $id) { ${FIELDS} } }`, { id: first.id })
  const { elected, termsOf } = after.data.node.sideLetter
  assert.deepEqual(elected.id, termsOf.id)
  await world.setClock(CLOSED)
})

test('after the window nothing can be elected', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const first = await signed(deal, await letter(staff.analyst, { roundId, ...LETTER, mfn: { windowDays: 3 } }))
  const second = await signed(deal, await letter(staff.analyst, { roundId, ...LETTER, title: 'Letter B' }))
  await world.setClock('2026-12-19T00:00:00Z')
  const late = await elect(staff.partner, { dealDocumentId: first.id, electedId: second.id })
  assert.deepEqual([late.__typename, late.field], ['Refused', 'electedId'], JSON.stringify(late))
})

test('side letters that defer to one another in a circle are refused, and the circle is named', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const first = await signed(deal, await letter(staff.analyst, { roundId, ...LETTER, mfn: { windowDays: 30 } }))
  const before = await db.selectFrom('deal_document').select('title').where('company_id', '=', deal.companyId).execute()
  const answer = await letter(staff.analyst, {
    roundId,
    ...LETTER,
    title: 'Letter B',
    mfn: { windowDays: 30, over: [first.id] },
  })
  assert.deepEqual(
    [answer.__typename, answer.cycle],
    ['CyclicMfn', ['Letter A', 'Letter B', 'Letter A']],
    JSON.stringify(answer),
  )
  assert.deepEqual(
    await db.selectFrom('deal_document').select('title').where('company_id', '=', deal.companyId).execute(),
    before,
  )
  const elsewhere = await givenDeal(world)
  const foreign = await elsewhere.closed()
  const strange = await letter(staff.analyst, {
    roundId: foreign.roundId,
    ...LETTER,
    mfn: { windowDays: 30, over: [first.id] },
  })
  assert.deepEqual([strange.__typename, strange.field], ['Refused', 'mfn.over'])
})

test('the circle is found in graphs of side letters, whatever leads to it', () => {
  const node = (id: string, ...over: string[]) => ({ id, title: id.toUpperCase(), over })
  assert.equal(mfnCycle([]), undefined)
  assert.equal(mfnCycle([node('a', 'b', 'c'), node('b', 'c'), node('c')]), undefined)
  assert.deepEqual(mfnCycle([node('a', 'a')]), ['A', 'A'])
  assert.deepEqual(mfnCycle([node('a', 'b'), node('b', 'c'), node('c', 'b')]), ['B', 'C', 'B'])
  assert.deepEqual(mfnCycle([node('x', 'a'), node('a', 'b'), node('b', 'c'), node('c', 'a')]), ['A', 'B', 'C', 'A'])
  // A thousand in a row, each over every later one: each is visited once.
  const ids = Array.from({ length: 300 }, (_, index) => `n${index}`)
  assert.equal(mfnCycle(ids.map((id, index) => node(id, ...ids.slice(index + 1)))), undefined)
})

test('a side letter without a right, or with one that is half said, is refused', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const nothing = await letter(staff.analyst, { roundId, ...LETTER, rights: [] })
  assert.deepEqual([nothing.__typename, nothing.field], ['Refused', 'rights'])
  const half = await letter(staff.analyst, { roundId, ...LETTER, rights: [{ kind: 'PRICE_PROTECTION' }] })
  assert.equal(half.errors?.[0]?.extensions.code, 'BAD_INPUT')
  const found = await db.selectFrom('deal_document').select('title').where('company_id', '=', deal.companyId).execute()
  assert.deepEqual(found, [])
  assert.equal(refOf(roundId).companyId, deal.companyId)
})
