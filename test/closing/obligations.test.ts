/** What side letters oblige the company to: due dates by hand, and the acts that close them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { type Obligation, obligationsOf } from '../../api/closing/deal-document/obligations.ts'
import { remindOfObligations } from '../../api/closing/index.ts'
import { KINDS } from '../../api/messages/kinds.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { CLOSED, type Deal, givenDeal } from './given-deal.ts'

const said = (found: readonly Obligation[]) =>
  found.map(({ occasion, dueOn, state, dueBy }) => `${occasion}, ${dueOn}, ${state}, ${dueBy}`)
const information = (more: object) => ({ kind: 'INFORMATION', ...more })
const from = (day: string, ...rights: object[]) => ({
  from: day,
  before: null,
  rights: rights.map((one) => ({ ...one })),
})

test('a year of reports in the usual form, by the calendar', () => {
  const right = information({ reports: ['annual', 'quarterly', 'budget'] })
  // 31 Dec + 120 days: 30 Apr 2027. 31 Mar + 45: 15 May; 30 Jun + 45: 14 Aug; 30 Sep + 45: 14 Nov. Three quarters, since
  // the year is reported by itself. 31 Dec - 30 days: 1 Dec.
  assert.deepEqual(said(obligationsOf([from('2026-11-20', right)], [], [], '2027-08-14')), [
    'budget 2026-12, 2026-12-01, OVERDUE, USUAL_FORM',
    'annual 2026-12, 2027-04-30, OVERDUE, USUAL_FORM',
    'quarterly 2027-03, 2027-05-15, OVERDUE, USUAL_FORM',
    'quarterly 2027-06, 2027-08-14, DUE, USUAL_FORM',
    'quarterly 2027-09, 2027-11-14, DUE, USUAL_FORM',
    'budget 2027-12, 2027-12-01, DUE, USUAL_FORM',
    'annual 2027-12, 2028-04-29, DUE, USUAL_FORM',
  ])
})

test('days and fiscal year of the letter, the end of the right, and a period that ended before it began', () => {
  const right = information({
    ...{ reports: ['annual', 'monthly'], fiscalYearEndMonth: 2, until: '2027-03-30' },
    days: [{ report: 'monthly', days: 10 }],
  })
  // In force from 31 Jan: January ends in it. The fiscal year ends on 28 Feb 2027; + 120 days is 28 Jun. March ends a day too late.
  assert.deepEqual(said(obligationsOf([from('2027-01-31', right)], [], [], '2030-01-01')), [
    'monthly 2027-01, 2027-02-10, OVERDUE, LETTER',
    'monthly 2027-02, 2027-03-10, OVERDUE, LETTER',
    'annual 2027-02, 2027-06-28, OVERDUE, USUAL_FORM',
  ])
  // A day later, January has ended before the right.
  const [first] = obligationsOf([from('2027-02-01', right)], [], [], '2030-01-01')
  assert.equal(first?.occasion, 'monthly 2027-02')
})

test('quarters alone are four, and a leap year has its day', () => {
  const found = obligationsOf([from('2028-01-01', information({ reports: ['quarterly'] }))], [], [], '2028-12-01')
  assert.deepEqual(
    found.map(({ dueOn }) => dueOn),
    ['2028-05-15', '2028-08-14', '2028-11-14', '2029-02-14'],
  )
  const budget = information({ reports: ['budget'], fiscalYearEndMonth: 2 })
  // 29 Feb 2028 - 30 days.
  assert.equal(obligationsOf([from('2028-01-01', budget)], [], [], '2028-01-02')[0]?.dueOn, '2028-01-30')
})

test('what was elected holds from the election on, and what both ask for is owed once', () => {
  const own = { from: '2027-01-01', before: '2027-04-30', rights: [information({ reports: ['monthly'] })] }
  const elected = { from: '2027-04-30', before: null, rights: [information({ reports: ['monthly', 'annual'] })] }
  const found = obligationsOf([own, elected], [], [], '2027-05-02')
  // April ends on the day of the election: it is the elected letter's.
  assert.deepEqual(
    found.map(({ occasion }) => occasion),
    ['monthly 2027-01', 'monthly 2027-02', 'monthly 2027-03', 'monthly 2027-04', 'monthly 2027-05', 'annual 2027-12'],
  )
  const twice = [from('2027-01-01', information({ reports: ['annual'] }), information({ reports: ['annual'] }))]
  assert.equal(obligationsOf(twice, [], [], '2027-01-02').length, 1)
})

const world = await makeWorld()
const { staff } = world
const DOCUMENT = `... on DealDocument { id document { sha256 } sideLetter { rights { words }
  obligations { occasion kind about dueOn dueBy state act { doneOn evidence recordedBy } } } }`
const sender = (name: string) => {
  const text = `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename
    ${DOCUMENT} ... on Refused { field reason } ... on WrongState { state } ... on DomainError { code message } } }`
  return async (by: Person, input: object) => {
    const answer = await by.graphql(text, { input })
    return answer.data?.[name] ?? answer
  }
}
const record = sender('recordObligation')
const raise = sender('raiseObligation')

async function bound(deal: Deal, input: object): Promise<string> {
  const drafted = await sender('draftSideLetter')(staff.analyst, input)
  assert.equal(drafted.__typename, 'DealDocument', JSON.stringify(drafted))
  const offered = await sender('proposeDealDocument')(staff.analyst, { dealDocumentId: drafted.id })
  const signing = { dealDocumentId: drafted.id, sha256: offered.document.sha256 }
  await sender('signDealDocument')(staff.partner, signing)
  const both = await sender('acceptDealDocument')(deal.signatory, signing)
  assert.equal(both.__typename, 'DealDocument', JSON.stringify(both))
  return drafted.id
}
async function given(rights: readonly object[], more: object = {}) {
  await world.setClock(CLOSED)
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const letter = { roundId, title: 'Letter', holder: 'Northgrid Ventures I, L.P.', rights, ...more }
  return { deal, roundId, id: await bound(deal, letter), letter }
}
const obligations = async (by: Person, id: string) => {
  const answer = await by.graphql(`query ($id: ID!) { node(id: $id) { ${DOCUMENT} } }`, { id })
  return answer.data.node?.sideLetter.obligations
}
const ANNUAL = [{ kind: 'INFORMATION', reports: ['annual'], days: [{ report: 'annual', days: 90 }] }]

test('staff and the founder see what is due; a recorded act closes it, once', async () => {
  const { deal, id } = await given(ANNUAL)
  // Closed on 15 Dec 2026: the year ends in it, and 31 Dec + 90 days is 31 Mar 2027.
  const due = {
    occasion: 'annual 2026-12',
    kind: 'ANNUAL_REPORT',
    about: '2026-12',
    dueOn: '2027-03-31',
    dueBy: 'LETTER',
  }
  assert.deepEqual(await obligations(deal.founder, id), [{ ...due, state: 'DUE', act: null }])
  await world.setClock('2027-04-01T12:00:00Z')
  const [late] = await obligations(staff.compliance, id)
  assert.equal(late.state, 'OVERDUE')
  const input = { dealDocumentId: id, occasion: 'annual 2026-12', doneOn: '2027-03-30', evidence: 'Sent by mail' }
  const answers = await Promise.all(Array.from({ length: 50 }, () => record(staff.operations, input)))
  assert.equal(answers.filter((answer) => answer.__typename === 'DealDocument').length, 1)
  assert.ok(answers.every((answer) => answer.__typename === 'DealDocument' || answer.state === 'done'))
  const [done] = await obligations(deal.founder, id)
  assert.deepEqual(
    [done.state, done.act.doneOn, done.act.evidence, done.act.recordedBy],
    ['DONE', '2027-03-30', 'Sent by mail', `Person:${staff.operations.actor.id}`],
  )
})

test('the company is reminded once before a report is due and once when it is overdue, by mail and on the page', async () => {
  const rights = [{ ...ANNUAL[0], reminderDays: 20 }]
  const { deal, id } = await given(rights)
  const told = () =>
    world.deps.db
      .selectFrom('message')
      .select(['message_id', 'content'])
      .where('kind', '=', 'side_letter.obligations')
      .where('company_id', '=', deal.companyId)
      .orderBy('told_at')
      .execute()
  const on = async (day: string): Promise<number> => {
    await world.setClock(`${day}T00:25:00Z`)
    await remindOfObligations(world.deps)
    await remindOfObligations(world.deps)
    return (await told()).length
  }
  // Due on 31 Mar 2027, as above; 20 days before is 11 Mar.
  assert.equal(await on('2027-03-10'), 0)
  assert.equal(await on('2027-03-11'), 1)
  assert.equal(await on('2027-03-31'), 1)
  assert.equal(await on('2027-04-01'), 2)
  assert.equal(await on('2027-04-02'), 2)
  const messages = await told()
  const recipients = await world.deps.db
    .selectFrom('message_recipient')
    .select('person_id')
    .where('company_id', '=', deal.companyId)
    .where('message_id', '=', messages[0]?.message_id ?? '')
    .execute()
  assert.deepEqual(
    new Set(recipients.map((row) => row.person_id)),
    new Set([deal.founder.actor.id, deal.signatory.actor.id]),
  )
  const context = { site: 'https://e.example', name: 'Ada', company: 'Lumen, Inc.', fund: 'The Fund' }
  const mails = messages.map(({ content }) => KINDS['side_letter.obligations'].mail(context, content))
  assert.deepEqual(
    mails.map(({ subject }) => subject),
    [
      'Lumen, Inc.: Annual report, period to 2026-12 is due on 31 Mar 2027',
      'Lumen, Inc.: Annual report, period to 2026-12 was due on 31 Mar 2027',
    ],
  )
  assert.match(
    mails[1]?.text ?? '',
    /under “Letter”, was due on 31 Mar 2027, and nobody has recorded that it was done\./,
  )
  assert.match(mails[1]?.text ?? '', new RegExp(`https://e\\.example/papers/${id}`))
  const page = await request(world.app).get(`/papers/${id}`).set('authorization', `Bearer ${deal.founder.token}`)
  assert.match(page.text.replaceAll(/\s+/g, ' '), /Given on 11 Mar 2027 and 1 Apr 2027/)
  const words = await deal.founder.graphql(`query ($id: ID!) { node(id: $id) { ${DOCUMENT} } }`, { id })
  assert.match(words.data.node.sideLetter.rights[0].words, /The Company is reminded 20 days before each is due\./)
})

test('what was done in time reminds nobody, and what a letter is silent about is reminded of 14 days before', async () => {
  const { deal, id } = await given(ANNUAL)
  const reminders = async () => {
    const text = `query ($id: ID!) { node(id: $id) { ... on DealDocument { sideLetter { obligations { occasion remindFrom
      reminders { kind givenAt } } } } } }`
    return (await deal.founder.graphql(text, { id })).data.node.sideLetter.obligations
  }
  await world.setClock('2027-03-01T12:00:00Z')
  await record(staff.operations, {
    ...{ dealDocumentId: id, occasion: 'annual 2026-12', doneOn: '2027-03-01', evidence: 'Sent' },
  })
  await world.setClock('2027-04-05T12:00:00Z')
  await remindOfObligations(world.deps)
  const [done] = await reminders()
  // 31 Mar - 14 days.
  assert.deepEqual(done, { occasion: 'annual 2026-12', remindFrom: '2027-03-17', reminders: [] })
})

test('on its page both sides see what is owed, and staff record that it was done, once', async () => {
  const { deal, id } = await given(ANNUAL)
  const path = `/papers/${id}`
  const get = (by: Person) => request(world.app).get(path).set('authorization', `Bearer ${by.token}`)
  const post = (by: Person, fields: Record<string, string>) =>
    request(world.app)
      .post(`${path}/obligations`)
      .set('authorization', `Bearer ${by.token}`)
      .set('sec-fetch-site', 'same-origin')
      .type('form')
      .send(fields)
  const founder = (await get(deal.founder)).text
  assert.match(founder, /Annual report, period to 2026-12/)
  assert.match(founder, /31\sMar\s2027/)
  assert.doesNotMatch(founder, /Record that one was met/)
  const [, key = ''] = /name="key" value="([^"]+)"/.exec((await get(staff.operations)).text) ?? []
  const said = { key, occasion: 'annual 2026-12', doneOn: '2026-12-15', evidence: 'Sent by mail' }
  assert.equal((await post(deal.founder, said)).status, 403)
  assert.equal((await post((await world.company()).founder, said)).status, 404)
  const wrong = await post(staff.operations, { ...said, doneOn: 'yesterday' })
  assert.deepEqual([wrong.status, /must be a date that exists/.test(wrong.text)], [400, true])
  const answers = await Promise.all(Array.from({ length: 5 }, () => post(staff.operations, said)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [303, 303, 303, 303, 303],
  )
  assert.match((await get(deal.founder)).text, /✓ Done[\s\S]*15\sDec\s2026: Sent by mail/u)
})

test('pressed twice with one key, it is recorded once and answered alike', async () => {
  const { id } = await given(ANNUAL)
  const input = {
    dealDocumentId: id,
    occasion: 'annual 2026-12',
    doneOn: '2026-12-15',
    evidence: 'x',
    idempotencyKey: 'a key of the test',
  }
  const first = await record(staff.operations, input)
  assert.deepEqual(await record(staff.operations, input), first)
  assert.equal(first.__typename, 'DealDocument')
})

test('what is not owed, a day to come, and who may not are refused, and nothing is stored', async () => {
  const { deal, id } = await given(ANNUAL)
  const input = { dealDocumentId: id, occasion: 'annual 2026-12', doneOn: '2026-12-15', evidence: 'Sent' }
  for (const [change, field] of [
    [{ occasion: 'annual 2031-12' }, 'occasion'],
    [{ occasion: 'monthly 2026-12' }, 'occasion'],
    [{ doneOn: '2026-12-16' }, 'doneOn'],
  ] as const) {
    const answer = await record(staff.operations, { ...input, ...change })
    assert.deepEqual([answer.__typename, answer.field], ['Refused', field])
  }
  assert.equal((await record(staff.compliance, input)).code, 'FORBIDDEN')
  assert.equal((await record(deal.founder, input)).code, 'FORBIDDEN')
  const stranger = await world.person('founder', { companyId: (await givenDeal(world)).companyId })
  assert.equal((await record(stranger, input)).code, 'NOT_FOUND')
  assert.equal(
    (await raise(staff.operations, { dealDocumentId: id, kind: 'BOARD_MEETING', about: 'x', dueOn: '2027-01-01' }))
      .field,
    'kind',
  )
  const [still] = await obligations(staff.analyst, id)
  assert.equal(still.state, 'DUE')
})

test('a meeting is raised for the letters that give an observer, and closed like a report', async () => {
  const { id } = await given([{ kind: 'BOARD_OBSERVER' }])
  assert.deepEqual(await obligations(staff.analyst, id), [])
  const input = {
    dealDocumentId: id,
    kind: 'BOARD_MEETING',
    about: 'Regular meeting of the board',
    dueOn: '2027-01-20',
  }
  const past = await raise(staff.operations, { ...input, dueOn: '2026-12-14' })
  assert.deepEqual([past.__typename, past.field], ['Refused', 'dueOn'])
  assert.equal((await raise(staff.operations, { ...input, kind: 'INSPECTION' })).field, 'kind')
  const raised = await raise(staff.operations, input)
  assert.equal(raised.__typename, 'DealDocument', JSON.stringify(raised))
  const [meeting] = raised.sideLetter.obligations
  assert.deepEqual(
    [meeting.kind, meeting.about, meeting.dueBy, meeting.state],
    ['BOARD_MEETING', input.about, 'RAISED', 'DUE'],
  )
  const closed = await record(staff.operations, {
    ...{ dealDocumentId: id, occasion: meeting.occasion, doneOn: '2026-12-15', evidence: 'Notice sent' },
  })
  assert.equal(closed.sideLetter.obligations[0].state, 'DONE')
})

test('whoever elects another side letter is owed what that one gives, from then on', async () => {
  const { deal, roundId, id, letter } = await given([{ kind: 'CO_SALE' }], { mfn: { windowDays: 30 } })
  const offered = await bound(deal, { ...letter, roundId, title: 'Later', mfn: undefined, rights: ANNUAL })
  assert.deepEqual(await obligations(staff.analyst, id), [])
  const elected = await sender('electMfn')(staff.partner, { dealDocumentId: id, electedId: offered })
  assert.deepEqual(
    elected.sideLetter.obligations.map(({ occasion }: { occasion: string }) => occasion),
    ['annual 2026-12'],
  )
})

test('the document says by when, and the days of a report are given once', async () => {
  const { id } = await given([{ ...ANNUAL[0], fiscalYearEndMonth: 6 }])
  const answer = await staff.analyst.graphql(`query ($id: ID!) { node(id: $id) { ${DOCUMENT} } }`, { id })
  assert.equal(
    answer.data.node.sideLetter.rights[0].words,
    'The Company gives the holder these reports: annual. The annual report comes within 90 days of the end of its period. The fiscal year ends with June.',
  )
  const { roundId, letter } = await given(ANNUAL)
  const days = [
    { report: 'annual', days: 90 },
    { report: 'annual', days: 91 },
  ]
  const twice = await sender('draftSideLetter')(staff.analyst, { ...letter, roundId, rights: [{ ...ANNUAL[0], days }] })
  assert.equal(twice.errors?.[0]?.extensions.code, 'BAD_INPUT')
})
