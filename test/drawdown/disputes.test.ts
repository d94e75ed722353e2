import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { disputeDue, sweepDisputes } from '../../api/drawdown/index.ts'
import { inTransaction } from '../../api/platform/index.ts'
import { openTopUp } from '../../api/tokens/index.ts'
import { givenDeal } from '../closing/given-deal.ts'
import { statementsDuring } from '../support/statements.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { accounts, correct, corrected, recorded, settleArrears } from './given-corrections.ts'
import { assertSound, at, type Drawdown, givenDrawdown, progressOf, usage } from './given-drawdown.ts'

const world = await makeWorld()
const { staff } = world
const HOUR = 3600
const DAY = 24 * 60
const [JANUARY, FEBRUARY] = ['2027-01-01', '2027-02-01'] as const

const DISPUTE = '... on Dispute { disputeId state whole resolveBy proposals { proposalId side outcome confirmedAt } }'
const send = async (by: Person, name: string, input: Record<string, unknown>) => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
  const more = name === 'answerStatement' ? '... on Statement { id state }' : DISPUTE
  const answer = await by.graphql(
    `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ${more} ... on DomainError { code message } ... on Refused { reason } } }`,
    { input },
  )
  return answer.data?.[name] ?? answer
}
const live = async (it: Drawdown) => {
  const { data } = await it.founder.graphql(
    `query ($id: ID!) { node(id: $id) { ... on Company {
      statements(first: 10) { edges { node { id month version state sha256 figures lines { basisAtClose earnedAtClose } } } }
      disputes { disputeId state reasonCode proposals { proposalId side } } } } }`,
    { id: it.id },
  )
  const statements = data.node.statements.edges.map(({ node }: { node: never }) => node)
  return {
    statements: statements.filter(({ state }: { state: string }) => state !== 'superseded'),
    dispute: data.node.disputes[0],
  }
}

/** Two jobs in January, four and three hours; the second is disputed. */
async function disputed(change = {}) {
  const it = await givenDrawdown(world, change)
  const reservation = await it.reserved(10)
  const ids = await recorded(world, it, reservation, [usage('a', 4 * HOUR), usage('b', 3 * HOUR)], true)
  const january = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const answer = await send(it.founder, 'answerStatement', {
    statementId: january.id,
    sha256: january.sha256,
    answer: 'DISPUTE',
    reason: 'Job b never ran.',
    reasonCode: 'NOT_RECEIVED',
    usageIds: [ids.b],
  })
  assert.equal(answer.state, 'disputed', JSON.stringify(answer))
  const { dispute } = await live(it)
  assert.deepEqual([dispute.state, dispute.reasonCode], ['open', 'NOT_RECEIVED'])
  return { it, reservation, ids, january, disputeId: dispute.disputeId as string }
}

test('a dispute that is never settled does not stop the rest: it is set aside, and later months vest', async () => {
  const { it, disputeId } = await disputed()
  const [companyId = '', id = ''] = disputeId.split(':').slice(1)
  await world.setClock('2027-03-05T23:00:00Z')
  await disputeDue(world.deps, { companyId, disputeId: id })
  assert.equal((await live(it)).dispute.state, 'open', 'the thirtieth day is not over')
  await world.setClock('2027-03-06T00:00:00Z')
  await sweepDisputes(world.deps)
  await disputeDue(world.deps, { companyId, disputeId: id })
  const now = await live(it)
  assert.equal(now.dispute.state, 'set_aside')
  const [january] = now.statements
  assert.deepEqual(
    [january.version, january.state, january.lines],
    [2, 'stated', [{ basisAtClose: '4', earnedAtClose: '4' }]],
  )
  assert.deepEqual([january.figures.grants[0].inDispute, january.figures.grants[0].deficit], ['3', '0'])
  // It stays charged.
  assert.deepEqual(await accounts(world, it), { available: 99_990, 'charged:delivered': 7, 'charged:idle_reserved': 3 })
  await it.settled(january)
  // 117,500 * 4 / 100,000 = 4.7.
  assert.equal((await progressOf(world, it))[0]?.vested_shares, 4n)
  await it.told(
    await it.reserved(10, 60, 35 * DAY, '2027-03-06T00:00:00Z'),
    [usage('c', 5 * HOUR, { startedAt: at(35 * DAY), endedAt: at(35 * DAY + 60) })],
    true,
  )
  await it.stated(FEBRUARY, '2027-03-06T09:00:00Z')
  const march = await it.stated('2027-03-01', '2027-04-02T09:00:00Z')
  await it.settled((await live(it)).statements.find(({ month }: { month: string }) => month === FEBRUARY))
  await it.settled(march)
  // Nine hours, without the disputed three: 10.575.
  assert.equal((await progressOf(world, it))[0]?.vested_shares, 10n)
  await assertSound(world, it)

  // In the end both agree that it ran: it counts, and vests with the next statement. Twelve hours earn 14.1.
  const proposed = await send(it.founder, 'proposeSettlement', {
    disputeId,
    outcome: 'STANDS',
    note: 'The log was found.',
  })
  assert.equal(proposed.__typename, 'Dispute', JSON.stringify(proposed))
  const { proposalId } = proposed.proposals[0]
  const settled = await send(staff.operations, 'confirmSettlement', { disputeId, proposalId })
  assert.deepEqual(
    [settled.state, settled.proposals[0].confirmedAt !== null],
    ['resolved', true],
    JSON.stringify(settled),
  )
  assert.equal((await progressOf(world, it))[0]?.earned_shares, 14n)
  const april = await it.stated('2027-04-01', '2027-05-02T09:00:00Z')
  assert.deepEqual([april.figures.grants[0].inDispute, april.lines[0].basisAtClose], ['0', '12'])
  await it.settled(april)
  assert.equal((await progressOf(world, it))[0]?.vested_shares, 14n)
  await assertSound(world, it)
})

test('both sides correct the figures: a new version says so, and the old one is superseded', async () => {
  const { it, ids, disputeId } = await disputed()
  const proposal = {
    disputeId,
    outcome: 'CORRECTED',
    records: [{ usageId: ids.b, gpuSeconds: '3600' }],
    note: 'One hour ran.',
  }
  for (const person of [staff.analyst, staff.compliance]) {
    assert.equal((await send(person, 'proposeSettlement', proposal)).__typename, 'Forbidden')
  }
  const stranger = await world.company('Another, Inc.')
  for (const person of [stranger.founder, staff.provider]) {
    assert.equal((await send(person, 'proposeSettlement', proposal)).__typename, 'NotFound')
  }
  const first = await send(staff.operations, 'proposeSettlement', proposal)
  const { proposalId } = first.proposals[0]
  assert.equal((await send(staff.operations, 'confirmSettlement', { disputeId, proposalId })).__typename, 'SamePerson')
  assert.match((await send(staff.partner, 'confirmSettlement', { disputeId, proposalId })).reason, /your own side/)
  // A later proposal replaces it: yesterday's cannot be confirmed.
  const second = await send(it.founder, 'proposeSettlement', {
    ...proposal,
    records: [{ usageId: ids.b, gpuSeconds: '0' }],
    note: 'None ran.',
  })
  assert.match((await send(it.signatory, 'confirmSettlement', { disputeId, proposalId })).reason, /not the latest/)
  const latest = second.proposals[1].proposalId
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => send(staff.partner, 'confirmSettlement', { disputeId, proposalId: latest })),
  )
  assert.equal(answers.filter(({ __typename }) => __typename === 'Dispute').length, 1, JSON.stringify(answers[0]))
  const { statements } = await live(it)
  assert.deepEqual(
    [statements[0].version, statements[0].state, statements[0].lines[0].basisAtClose],
    [2, 'stated', '4'],
  )
  assert.deepEqual(
    statements[0].figures.corrections.map((row: Record<string, string>) => [row.kind, row.reason, row.tokens]),
    [['void', 'None ran.', '3']],
  )
  await it.settled(statements[0])
  await assertSound(world, it)
})

test('where the figures stand, both have accepted them', async () => {
  const { it, disputeId } = await disputed()
  const { proposals } = await send(staff.partner, 'proposeSettlement', {
    disputeId,
    outcome: 'STANDS',
    note: 'It ran: see the log.',
  })
  await send(it.signatory, 'confirmSettlement', { disputeId, proposalId: proposals[0].proposalId })
  const { statements } = await live(it)
  assert.deepEqual([statements[0].version, statements[0].state], [1, 'accepted'])
  const again = await send(staff.partner, 'proposeSettlement', { disputeId, outcome: 'STANDS', note: 'Again.' })
  assert.match(again.reason, /nothing is left to settle/)
  await assertSound(world, it)
})

test('what is set aside is not corrected behind the other side’s back, and operations may set it aside early', async () => {
  const { it, reservation, ids, disputeId } = await disputed()
  for (const person of [staff.partner, it.founder]) {
    assert.equal((await send(person, 'setDisputeAside', { disputeId })).__typename, 'Forbidden')
  }
  assert.equal((await send(staff.operations, 'setDisputeAside', { disputeId })).state, 'set_aside')
  assert.equal((await send(staff.operations, 'setDisputeAside', { disputeId })).__typename, 'WrongState')
  const refused = await correct(staff.provider, {
    reservationId: reservation,
    records: [{ usageId: ids.b, gpuSeconds: '1' }],
  })
  assert.match(refused.reason, /dispute/)
  await assertSound(world, it)
  // An expert may only be asked when the time of the sides is over, and binds both.
  const document = (
    await it.founder.graphql('query ($id: ID!) { node(id: $id) { ... on Company { documents { id } } } }', {
      id: it.id,
    })
  ).data.node.documents[0].id
  const determined = {
    disputeId,
    outcome: 'CORRECTED',
    records: [{ usageId: ids.b, gpuSeconds: '7200' }],
    note: 'Two hours.',
    documentId: document,
  }
  assert.match((await send(staff.partner, 'determineDispute', determined)).reason, /own to settle/)
  await world.setClock('2027-03-06T00:00:00Z')
  assert.equal((await send(staff.operations, 'determineDispute', determined)).__typename, 'Forbidden')
  const answer = await send(staff.partner, 'determineDispute', determined)
  assert.equal(answer.state, 'resolved', JSON.stringify(answer))
  const { statements } = await live(it)
  assert.deepEqual(
    [statements[0].state, statements[0].lines[0].basisAtClose, statements[0].figures.grants[0].inDispute],
    ['stated', '6', '0'],
  )
  await assertSound(world, it)
})

/** Ten tokens: one hour of ten was used and nine are spent elsewhere, then it turns out that all ten were used. Nine are owed. */
async function owing() {
  const deal = await givenDeal(world)
  const it = await givenDrawdown(world, { charging: 'METERED', compute: deal.compute('10') }, { deal })
  const first = await it.reserved(10)
  const ids = await recorded(world, it, first, [usage('a', HOUR)], true)
  const second = await it.reserved(9, 60, DAY)
  const record = usage('b', 9 * HOUR, { startedAt: at(DAY), endedAt: at(DAY + 60) })
  Object.assign(ids, await recorded(world, it, second, [record], true))
  await corrected(staff.provider, {
    reservationId: first,
    records: [{ usageId: ids.a, gpuSeconds: String(10 * HOUR) }],
  })
  assert.deepEqual(await accounts(world, it), { 'charged:delivered': 10 })
  return { it, second, ids }
}

for (const whole of [false, true]) {
  test(`what is owed for ${whole ? 'a month' : 'a record'} that is set aside is not charged before that is settled`, async () => {
    const { it, second, ids } = await owing()
    const january = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
    await send(it.founder, 'answerStatement', {
      statementId: january.id,
      sha256: january.sha256,
      answer: 'DISPUTE',
      reason: 'Only one hour ran.',
      ...(whole ? {} : { usageIds: [ids.a] }),
    })
    const { disputeId } = (await live(it)).dispute
    assert.equal((await send(staff.operations, 'setDisputeAside', { disputeId })).state, 'set_aside')
    await it.settled((await live(it)).statements[0])
    const basis = whole ? 0n : 9_000_000n
    assert.equal((await progressOf(world, it))[0]?.basis_micro, basis)
    if (whole) {
      const refused = await correct(staff.provider, {
        reservationId: second,
        records: [{ usageId: ids.b, gpuSeconds: '0' }],
      })
      assert.match(refused.reason, /dispute/)
    }
    // Tokens come: they are not taken for what is disputed, and nothing of it counts.
    await givenTopUp(it, 5_000_000n)
    assert.equal((await settleArrears(staff.operations, it.id)).__typename, 'Refused')
    assert.equal((await progressOf(world, it))[0]?.basis_micro, basis)
    await assertSound(world, it)
    // Both agree that it ran: now it is charged as far as the tokens go.
    const { proposals } = await send(staff.operations, 'proposeSettlement', {
      disputeId,
      outcome: 'STANDS',
      note: 'Ran.',
    })
    await send(it.founder, 'confirmSettlement', { disputeId, proposalId: proposals[0].proposalId })
    assert.equal((await progressOf(world, it))[0]?.basis_micro, 10_000_000n)
    const settled = await settleArrears(staff.operations, it.id)
    assert.deepEqual([settled.settled, settled.open], ['5', '4'])
    await assertSound(world, it)
  })
}

test('what a later month charged of a record leaves that month when it is set aside, not the disputed one', async () => {
  const { it, second, ids } = await owing()
  const january = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const about = { statementId: january.id, sha256: january.sha256 }
  await send(it.founder, 'answerStatement', { ...about, answer: 'DISPUTE', reason: 'Not ours.', usageIds: [ids.a] })
  const { disputeId } = (await live(it)).dispute
  // Five tokens come back of the other record, and are charged for what the disputed one owes: in February.
  await corrected(staff.provider, {
    reservationId: second,
    records: [{ usageId: ids.b, gpuSeconds: String(4 * HOUR) }],
  })
  assert.equal((await settleArrears(staff.operations, it.id)).settled, '5')
  await send(staff.operations, 'setDisputeAside', { disputeId })
  type Stated = { lines: { basisAtClose: string }[]; figures: { grants: { inDispute: string }[] } }
  const closes = async () =>
    (await live(it)).statements
      .map(({ lines, figures }: Stated) => [lines[0]?.basisAtClose, figures.grants[0]?.inDispute])
      .toReversed()
  await it.stated(FEBRUARY, '2027-03-02T09:00:00Z')
  assert.deepEqual(await closes(), [
    ['4', '1'],
    ['4', '6'],
  ])
  const { proposals } = await send(staff.operations, 'proposeSettlement', {
    disputeId,
    outcome: 'STANDS',
    note: 'Ran.',
  })
  await send(it.founder, 'confirmSettlement', { disputeId, proposalId: proposals[0].proposalId })
  assert.deepEqual(await closes(), [
    ['5', '0'],
    ['10', '0'],
  ])
  await assertSound(world, it)
})

/** Tokens beside the grant, which earn nothing. */
const givenTopUp = (it: Drawdown, amount: bigint) =>
  inTransaction(world.deps.db, (trx) =>
    openTopUp(trx, {
      companyId: it.companyId,
      tokenClassId: it.deal.tokenClassUuid,
      amount,
      expiresOn: '2032-01-01',
      subject: `Company:${it.companyId}`,
    }),
  )

test('a whole month can be disputed; accepting it after all withdraws the dispute', async () => {
  const it = await givenDrawdown(world)
  await it.told(await it.reserved(10), [usage('a', 7 * HOUR)], true)
  const january = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const about = { statementId: january.id, sha256: january.sha256 }
  await send(it.founder, 'answerStatement', { ...about, answer: 'DISPUTE', reason: 'All of it.' })
  const { dispute } = await live(it)
  await send(staff.operations, 'setDisputeAside', { disputeId: dispute.disputeId })
  const aside = (await live(it)).statements[0]
  assert.deepEqual([aside.lines[0].basisAtClose, aside.figures.grants[0].inDispute], ['0', '7'])
  await assertSound(world, it)

  const other = await givenDrawdown(world)
  await other.told(await other.reserved(10), [usage('a', 7 * HOUR)], true)
  const stated = await other.stated(JANUARY, '2027-02-03T09:00:00Z')
  const that = { statementId: stated.id, sha256: stated.sha256 }
  await send(other.founder, 'answerStatement', { ...that, answer: 'DISPUTE', reason: 'All of it.' })
  await send(other.founder, 'answerStatement', { ...that, answer: 'ACCEPT' })
  assert.equal((await live(other)).dispute.state, 'withdrawn')
  await assertSound(world, other)
})

test('setting a month aside, and counting it again, asks no more of many records than of few', async () => {
  const asked = async (records: number) => {
    const it = await givenDrawdown(world)
    const jobs = Array.from({ length: records }, (_, job) => usage(`job-${job}`, HOUR / 10))
    await it.told(await it.reserved(10), jobs, true)
    const january = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
    const about = { statementId: january.id, sha256: january.sha256 }
    await send(it.founder, 'answerStatement', { ...about, answer: 'DISPUTE', reason: 'All of it.' })
    const { disputeId } = (await live(it)).dispute
    const aside = await statementsDuring(() => send(staff.operations, 'setDisputeAside', { disputeId }))
    assert.equal(aside.answer.state, 'set_aside')
    assert.equal((await live(it)).statements[0].figures.grants[0].inDispute, String(records / 10))
    assert.deepEqual([(await progressOf(world, it))[0]?.basis_peak_micro], [0n])
    const { proposals } = await send(staff.operations, 'proposeSettlement', {
      disputeId,
      outcome: 'STANDS',
      note: 'Ran.',
    })
    const confirm = { disputeId, proposalId: proposals[0].proposalId }
    const again = await statementsDuring(() => send(it.founder, 'confirmSettlement', confirm))
    assert.equal(again.answer.state, 'resolved')
    assert.deepEqual([(await progressOf(world, it))[0]?.basis_peak_micro], [BigInt(records) * 100_000n])
    await assertSound(world, it)
    return [aside.statements.length, again.statements.length]
  }
  assert.deepEqual(await asked(80), await asked(10))
})

test('the company attaches evidence to its dispute: exact bytes, once, and nobody else does', async () => {
  const { it, disputeId } = await disputed()
  const post = (by: Person, body: string, type = 'text/csv', name = 'job%20b.csv') =>
    request(world.app)
      .post(`/disputes/${disputeId}/evidence`)
      .set('authorization', `Bearer ${by.token}`)
      .set('content-type', type)
      .set('x-file-name', name)
      .send(body)
  const stored = await post(it.founder, 'job,end\nb,02:00\n')
  assert.equal(stored.status, 201, stored.text)
  const again = await post(it.founder, 'job,end\nb,02:00\n')
  assert.deepEqual(again.body, stored.body)
  // Under another name, and by somebody else of the company, it is still the same.
  for (const by of [it.founder, it.signatory]) {
    const renamed = await post(by, 'job,end\nb,02:00\n', 'text/csv', 'copy.csv')
    assert.deepEqual([renamed.status, renamed.body], [201, stored.body], renamed.text)
  }
  const file = await request(world.app)
    .get(`/documents/${stored.body.documentId}`)
    .set('authorization', `Bearer ${staff.partner.token}`)
  assert.deepEqual([file.status, file.text], [200, 'job,end\nb,02:00\n'])
  assert.equal((await post(staff.operations, 'x')).status, 403)
  assert.equal((await post(staff.provider, 'x')).status, 404)
  assert.equal((await post(it.founder, 'x', 'application/x-sh')).status, 415)
  // Fifty files are enough: what is there already is still the same.
  for (let file = 2; file <= 50; file += 1) assert.equal((await post(it.founder, `${file}\n`)).status, 201)
  const more = await post(it.founder, 'one more\n')
  assert.deepEqual([more.status, more.body.code], [409, 'REFUSED'])
  assert.match(more.body.message, /more than 50 files/)
  assert.equal((await post(it.founder, '50\n')).status, 201)
})
