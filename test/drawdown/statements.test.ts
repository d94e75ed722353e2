import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { capTableAsOf } from '../../api/captable/index.ts'
import { deemAccepted, deemDueAccepted } from '../../api/drawdown/index.ts'
import { numericOfWhole } from '../../api/platform/index.ts'
import { both, fundOf, givenDeal } from '../closing/given-deal.ts'
import { makeWorld } from '../support/world.ts'
import {
  answerIt,
  assertSound,
  at,
  type Drawdown,
  finalise,
  givenDrawdown,
  idOf,
  progressOf,
  stateMonth,
  usage,
} from './given-drawdown.ts'

const world = await makeWorld()
const { staff } = world
const HOUR = 3600
const JANUARY = '2027-01-01'
const FEBRUARY = '2027-02-01'
const DECEMBER = '2026-12-01'
const DAY = 24 * 60

/** Seven of ten tokens used on 5 January; December is stated and settled. */
async function given(change: Parameters<typeof givenDrawdown>[1] = {}): Promise<Drawdown> {
  const it = await givenDrawdown(world, change)
  await it.told(await it.reserved(10), [usage('a', 7 * HOUR)], true)
  return it
}
const state = (it: Drawdown, month: string) => stateMonth(staff.operations, { companyId: it.id, month })
const vestedOn = async (it: Drawdown, day: string) => {
  const table = await capTableAsOf(world.deps.db, it.companyId, day)
  return table.securities.find((security) => security.id === it.closed.securityId)?.vested
}

/** Canonical JSON written a second time, from RFC 8785, for texts and whole numbers. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const names = Object.keys(value).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(Reflect.get(value, name))}`).join()}}`
}

test('a month is stated once it is over, from its first instant on', async () => {
  const it = await given()
  for (const clock of ['2027-01-15T00:00:00Z', '2027-01-31T23:59:59.999Z']) {
    await world.setClock(clock)
    const early = await state(it, JANUARY)
    assert.equal(early.__typename, 'MonthNotStatable', JSON.stringify(early))
    assert.match(early.message, /2027-01 cannot be made: it is not over before 2027-02-01. Nothing was changed/)
  }
  assert.equal((await it.stated(JANUARY, '2027-02-01T00:00:00Z')).state, 'stated')
})

test('months of the far future, and texts that are no first day of a month, are refused', async () => {
  const it = await given()
  for (const month of ['2027-02-01', '9999-12-01', '9999-11-01']) {
    assert.equal((await state(it, month)).__typename, 'MonthNotStatable', month)
  }
  for (const month of ['2027-01-02', '2027-13-01', '2027-1-1', '10000-01-01', '']) {
    assert.equal((await state(it, month)).errors?.[0]?.extensions.code, 'BAD_INPUT', month)
  }
})

test('a month before the company had a grant is not stated', async () => {
  const it = await given()
  for (const month of ['2026-11-01', '1990-01-01']) {
    const answer = await state(it, month)
    assert.equal(answer.__typename, 'MonthNotStatable', JSON.stringify(answer))
    assert.match(answer.reason, /no grant by its end/)
  }
  assert.equal((await it.stated(DECEMBER, '2027-02-01T09:00:00Z')).__typename, 'Statement')
})

test('a month is stated once, in its turn: not twice, not before a later one, and none is left out', async () => {
  const it = await given()
  await it.stated(DECEMBER, '2027-04-01T09:00:00Z')
  assert.match((await state(it, FEBRUARY)).reason, /2027-01 is to be stated first/)
  await it.stated(JANUARY, '2027-04-01T09:00:00Z')
  assert.match((await state(it, JANUARY)).reason, /2027-01 is stated already/)
  assert.match((await state(it, DECEMBER)).reason, /2027-01 is stated already/)
  await it.stated(FEBRUARY, '2027-04-01T09:00:00Z')
})

test('fifty who state a month at once state it once', async () => {
  const it = await given()
  await world.setClock('2027-02-03T09:00:00Z')
  const answers = await Promise.all(Array.from({ length: 50 }, () => state(it, JANUARY)))
  assert.equal(answers.filter((answer) => answer.__typename === 'Statement').length, 1)
  assert.equal(answers.filter((answer) => answer.__typename === 'MonthNotStatable').length, 49)
})

test('only operations state and make final; only the company answers', async () => {
  const it = await given()
  await world.setClock('2027-02-03T09:00:00Z')
  const others = [staff.analyst, staff.partner, staff.compliance, staff.admin, it.founder, it.signatory]
  for (const person of others) {
    assert.equal((await stateMonth(person, { companyId: it.id, month: JANUARY })).__typename, 'Forbidden')
  }
  const stranger = await world.company('Another, Inc.')
  const unseen = [staff.provider, staff.regulator, stranger.founder]
  for (const person of unseen) {
    assert.equal((await stateMonth(person, { companyId: it.id, month: JANUARY })).__typename, 'NotFound')
  }
  const { id: statementId, sha256 } = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const answer = { statementId, sha256, answer: 'ACCEPT' }
  const twofold = await both(world, 'analyst', 'founder', { companyId: stranger.companyId })
  for (const person of [staff.operations, staff.partner, twofold]) {
    assert.equal((await answerIt(person, answer)).__typename, 'Forbidden')
  }
  for (const person of unseen) {
    assert.equal((await answerIt(person, answer)).__typename, 'NotFound')
    assert.equal((await finalise(person, { statementId })).__typename, 'NotFound')
  }
  assert.equal((await answerIt(it.signatory, answer)).__typename, 'Statement')
  for (const person of [it.founder, it.signatory, staff.partner, staff.admin]) {
    assert.equal((await finalise(person, { statementId })).__typename, 'Forbidden')
  }
  assert.equal((await progressOf(world, it))[0]?.vested_shares, 0n)
})

test('the hash of a statement is that of the canonical JSON of its figures', async () => {
  const it = await given()
  const { figures, sha256 } = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  assert.equal(createHash('sha256').update(canonical(figures)).digest('hex'), sha256)
})

test('the figures are those of the month, by hand', async () => {
  const it = await givenDrawdown(world)
  await it.stated(DECEMBER, '2027-01-02T09:00:00Z')
  await it.told(await it.reserved(10), [usage('a', 6 * HOUR), usage('b', HOUR + 1)], true)
  // A reservation in February, asked for in January: its tokens are held when January ends.
  await it.reserved(2, 60, 35 * DAY, '2027-02-03T09:00:00Z')
  const january = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const accounts = january.figures.balances[0].accounts.filter(
    ({ opening, closing }: { opening: string; closing: string }) => opening !== '0' || closing !== '0',
  )
  assert.deepEqual(accounts, [
    { closing: '100000', kind: 'obligation', opening: '100000' },
    { closing: '99990', kind: 'available', opening: '100000' },
    { closing: '7.000277', kind: 'charged:delivered', opening: '0' },
    { closing: '2.999723', kind: 'charged:idle_reserved', opening: '0' },
  ])
  const pool = it.pool.id
  const grant = it.closed.grantId
  // Eight shares at 2.00 for 7.000277 hours: 16 / 7.000277 = 2.28562...; no factor of 2 or 5 divides 7,000,277.
  const price = { currency: 'USD', fraction: '16000000/7000277', hours: '7.000277', perHour: '2.2856', value: '16' }
  const { balances: _, movements, names: __, outlook: ___, priceDefinition: ____, ...rest } = january.figures
  assert.deepEqual(rest, {
    charged: [
      { cause: 'delivered', grant, pool, tokens: '7.000277' },
      { cause: 'idle_reserved', grant, pool, tokens: '2.999723' },
    ],
    company: it.id,
    corrections: [],
    delivered: [{ gpuSeconds: '25201', pool, usageRecords: 2 }],
    form: 2,
    from: '2027-01-01',
    grants: [
      {
        basis: { closing: '7.000277', opening: '0' },
        deficit: '0',
        grant,
        granted: '100000',
        inDispute: '0',
        price: { inMonth: price, perShare: { amount: '2', currency: 'USD' }, sinceStart: price },
        security: it.closed.securityId,
        shares: { earnedAtClose: '8', earnedAtOpen: '0', total: '117500', vestedWhenStated: '0' },
        vestBasis: 'delivered',
      },
    ],
    jobs: {
      listed: [
        { cause: 'delivered', gpuSeconds: '25201', job: 'train.sh', pool, tokens: '7.000277', usageRecords: 2 },
        { cause: 'idle_reserved', gpuSeconds: '0', job: null, pool, tokens: '2.999723', usageRecords: 0 },
      ],
      others: { count: 0, gpuSeconds: '0', tokens: '0' },
    },
    month: '2027-01',
    until: '2027-02-01',
  })
  assert.deepEqual(
    movements
      .map((row: { from: string; to: string; reason: string; tokens: string; total: string }) => [
        `${row.from} -> ${row.to}`,
        row.reason,
        row.tokens,
        row.total,
      ])
      .sort(),
    [
      ['available -> held', 'hold', '10', '10'],
      ['held -> charged:delivered', 'charge', '7.000277', '7.000277'],
      ['held -> charged:idle_reserved', 'charge', '2.999723', '2.999723'],
      // Ten were held when they were promised; that the promise was kept moved nothing more.
      ['available -> held', 'hold_posted', '0', '0'],
      // Granted and released at the closing in December: nothing of it in January.
      ['locked -> available', 'release', '0', '100000'],
      ['obligation -> locked', 'grant', '0', '100000'],
    ].sort(),
  )
})

test('what happens after the month, before it is stated, is not in its figures', async () => {
  const it = await given()
  const next = await it.reserved(4, 60, 30 * DAY)
  await it.told(next, [usage('late', 4 * HOUR, { startedAt: at(30 * DAY), endedAt: at(30 * DAY + 60) })], true)
  const january = await it.stated(JANUARY, '2027-02-10T09:00:00Z')
  const closing = Object.fromEntries(
    january.figures.balances[0].accounts.map((row: { kind: string; closing: string }) => [row.kind, row.closing]),
  )
  assert.deepEqual(
    [closing.available, closing.held, closing['charged:delivered'], closing['charged:idle_reserved']],
    // Asked for on 3 February: in January only ten tokens had been charged.
    ['99990', '0', '7', '3'],
  )
  assert.equal(january.lines[0].basisAtClose, '7')
  const february = await it.stated(FEBRUARY, '2027-03-01T09:00:00Z')
  assert.deepEqual([february.lines[0].basisAtOpen, february.lines[0].basisAtClose], ['7', '11'])
})

test('usage of a stated month that is told later flows into the next statement', async () => {
  const it = await givenDrawdown(world)
  const reservation = await it.reserved(10)
  await it.told(reservation, [usage('a', 3 * HOUR)])
  await it.stated(JANUARY, '2027-02-01T00:00:00Z')
  await it.told(reservation, [usage('b', 2 * HOUR)], true)
  const february = await it.stated(FEBRUARY, '2027-03-01T09:00:00Z')
  assert.deepEqual(
    february.figures.charged.map((row: { cause: string; tokens: string }) => [row.cause, row.tokens]),
    [
      ['delivered', '2'],
      ['idle_reserved', '5'],
    ],
  )
  assert.deepEqual(february.figures.delivered[0].gpuSeconds, '7200')
  assert.deepEqual([february.lines[0].basisAtOpen, february.lines[0].basisAtClose], ['3', '5'])
})

test('a report that began before midnight and came to its turn after the statement is booked after it', async () => {
  const it = await givenDrawdown(world)
  const reservation = await it.reserved(10)
  await it.told(reservation, [usage('a', 3 * HOUR)])
  await it.stated(JANUARY, '2027-02-01T00:00:00Z')
  // Its transaction began in January; the statement held the company, and was first.
  await world.setClock('2027-01-31T23:59:59.9Z')
  await it.told(reservation, [usage('b', 2 * HOUR)])
  const february = await it.stated(FEBRUARY, '2027-03-01T09:00:00Z')
  assert.deepEqual(
    february.figures.charged.map((row: { cause: string; tokens: string }) => [row.cause, row.tokens]),
    [['delivered', '2']],
  )
  assert.deepEqual([february.lines[0].basisAtOpen, february.lines[0].basisAtClose], ['3', '5'])
})

test('of two reports around midnight that come to their turn in the other order, both are of the later month', async () => {
  const it = await givenDrawdown(world)
  const reservation = await it.reserved(10, 60, 0, '2027-02-01T00:00:00.1Z')
  await it.told(reservation, [usage('a', 3 * HOUR)])
  await world.setClock('2027-01-31T23:59:59.9Z')
  await it.told(reservation, [usage('b', 2 * HOUR)])
  const january = await it.stated(JANUARY, '2027-02-02T09:00:00Z')
  assert.deepEqual([january.figures.charged, january.lines[0].basisAtClose], [[], '0'])
  const february = await it.stated(FEBRUARY, '2027-03-01T09:00:00Z')
  assert.deepEqual([february.figures.charged[0].tokens, february.lines[0].basisAtClose], ['5', '5'])
})

test('a statement is disputed with a reason, once, and accepted later all the same', async () => {
  const it = await given()
  const { id: statementId, sha256 } = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const wordless = await answerIt(it.founder, { statementId, sha256, answer: 'DISPUTE' })
  assert.equal(wordless.errors?.[0]?.extensions.code, 'BAD_INPUT')
  const dispute = { statementId, sha256, answer: 'DISPUTE', reason: 'Job a ended earlier than metered.' }
  assert.equal((await answerIt(it.founder, dispute)).state, 'disputed')
  const again = await answerIt(it.signatory, dispute)
  assert.deepEqual([again.__typename, again.message.includes('disputed')], ['WrongState', true])
  assert.equal((await finalise(staff.operations, { statementId })).__typename, 'WrongState')
  assert.equal((await answerIt(it.founder, { statementId, sha256, answer: 'ACCEPT' })).state, 'accepted')
  assert.equal((await answerIt(it.founder, dispute)).__typename, 'WrongState')
})

test('an answer binds to the hash that was read', async () => {
  const it = await given()
  const { id: statementId, sha256 } = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const other = sha256.replace(/^./, (digit: string) => (digit === '0' ? '1' : '0'))
  const answer = await answerIt(it.founder, { statementId, sha256: other, answer: 'ACCEPT' })
  assert.equal(answer.__typename, 'StatementChanged')
})

test('a dispute is taken on the last day of the window, and refused on the day after', async () => {
  const [timely, late] = [await given({ disputeWindowDays: 10 }), await given({ disputeWindowDays: 10 })]
  const dispute = { answer: 'DISPUTE', reason: 'Job a ended earlier than metered.' }
  for (const [it, clock, wanted] of [
    [timely, '2027-02-13T23:59:59Z', 'Statement'],
    [late, '2027-02-14T00:00:00Z', 'Refused'],
  ] as const) {
    const { id: statementId, sha256, disputeUntil } = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
    assert.equal(disputeUntil, '2027-02-13')
    await world.setClock(clock)
    const answer = await answerIt(it.founder, { statementId, sha256, ...dispute })
    assert.equal(answer.__typename, wanted, JSON.stringify(answer))
  }
})

test('a company with two grants may dispute for as long as the longer of their terms lets it', async () => {
  const deal = await givenDeal(world)
  await deal.closed({ disputeWindowDays: 30, compute: deal.compute('4'), cashInvestors: [] })
  const compute = { ...deal.compute('100000'), stakeholderId: await fundOf(world, deal) }
  const change = {
    name: 'Series B',
    security: { className: 'Series B', newClass: true },
    disputeWindowDays: 10,
    compute,
  }
  const it = await givenDrawdown(world, change, { deal })
  assert.equal((await it.stated(JANUARY, '2027-02-03T09:00:00Z')).disputeUntil, '2027-03-05')
})

test('a statement that nobody answers is deemed accepted after its window, not before, and once', async () => {
  const it = await given({ disputeWindowDays: 10 })
  const { id } = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const payload = { companyId: it.companyId, statementId: idOf('Statement', id) }
  const stateNow = async () =>
    (
      await world.deps.db
        .selectFrom('statement_progress')
        .select('state')
        .where('company_id', '=', it.companyId)
        .executeTakeFirstOrThrow()
    ).state
  for (const [clock, wanted] of [
    ['2027-02-03T09:00:00Z', 'stated'],
    ['2027-02-13T23:59:59.999Z', 'stated'],
    ['2027-02-14T00:00:00Z', 'deemed_accepted'],
    ['2027-02-15T00:00:00Z', 'deemed_accepted'],
  ] as const) {
    await world.setClock(clock)
    await deemAccepted(world.deps, payload)
    assert.equal(await stateNow(), wanted, clock)
  }
  const final = await finalise(staff.operations, { statementId: id })
  assert.equal(final.state, 'final', JSON.stringify(final))
})

test('what a lost job left standing is deemed accepted by the sweep, and nothing before its time', async () => {
  const it = await given({ disputeWindowDays: 10 })
  const { id } = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  await world.setClock('2027-02-13T23:59:59Z')
  await deemDueAccepted(world.deps)
  assert.equal((await finalise(staff.operations, { statementId: id })).__typename, 'WrongState')
  await world.setClock('2027-02-14T00:00:00Z')
  await deemDueAccepted(world.deps)
  assert.equal((await finalise(staff.operations, { statementId: id })).state, 'final')
})

test('the passing of time does not overrule a dispute', async () => {
  const it = await given()
  const { id: statementId, sha256 } = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  await answerIt(it.founder, { statementId, sha256, answer: 'DISPUTE', reason: 'Not what ran.' })
  await world.setClock('2028-01-01T00:00:00Z')
  await deemAccepted(world.deps, { companyId: it.companyId, statementId: idOf('Statement', statementId) })
  assert.equal((await finalise(staff.operations, { statementId })).__typename, 'WrongState')
})

test('final vests exactly the earned shares on the cap table, and not a second time', async () => {
  const it = await given()
  const statement = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  assert.equal((await finalise(staff.operations, { statementId: statement.id })).__typename, 'WrongState')
  await it.settled(statement)
  // Seven tokens of 100,000 earn 8.225 of 117,500 shares.
  assert.equal(await vestedOn(it, '2027-02-02'), 0n)
  assert.equal(await vestedOn(it, '2027-02-03'), numericOfWhole(8n))
  assert.equal((await finalise(staff.operations, { statementId: statement.id })).__typename, 'WrongState')
  const [progress] = await progressOf(world, it)
  assert.deepEqual([progress?.earned_shares, progress?.vested_shares], [8n, 8n])
  await assertSound(world, it)
})

test('fifty who make a statement final at once vest its shares once', async () => {
  const it = await given()
  const { id: statementId, sha256 } = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  await answerIt(it.founder, { statementId, sha256, answer: 'ACCEPT' })
  const answers = await Promise.all(Array.from({ length: 50 }, () => finalise(staff.operations, { statementId })))
  assert.equal(answers.filter((answer) => answer.__typename === 'Statement').length, 1)
  assert.equal(answers.filter((answer) => answer.__typename === 'WrongState').length, 49)
  assert.equal(await vestedOn(it, '2027-02-03'), numericOfWhole(8n))
})

test('an accepted statement may be final after a later one, and then vests nothing more', async () => {
  const it = await given()
  const january = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const next = await it.reserved(4, 60, 40 * DAY)
  await it.told(next, [usage('b', 4 * HOUR, { startedAt: at(40 * DAY), endedAt: at(40 * DAY + 60) })], true)
  const february = await it.stated(FEBRUARY, '2027-03-03T09:00:00Z')
  for (const { id: statementId, sha256 } of [january, february]) {
    assert.equal((await answerIt(it.founder, { statementId, sha256, answer: 'ACCEPT' })).state, 'accepted')
  }
  assert.equal((await finalise(staff.operations, { statementId: february.id })).state, 'final')
  // Eleven tokens earn 12.925.
  assert.equal(await vestedOn(it, '2027-03-03'), numericOfWhole(12n))
  assert.equal((await finalise(staff.operations, { statementId: january.id })).state, 'final')
  assert.equal(await vestedOn(it, '2027-03-03'), numericOfWhole(12n))
  await assertSound(world, it)
})

test('what is open or disputed does not vest through a later statement', async () => {
  const it = await given()
  const january = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const february = await it.stated(FEBRUARY, '2027-03-03T09:00:00Z')
  await answerIt(it.founder, { statementId: february.id, sha256: february.sha256, answer: 'ACCEPT' })
  const open = await finalise(staff.operations, { statementId: february.id })
  assert.deepEqual([open.__typename, open.field], ['Refused', 'statementId'], JSON.stringify(open))
  await world.setClock('2027-02-04T09:00:00Z')
  await answerIt(it.founder, {
    statementId: january.id,
    sha256: january.sha256,
    answer: 'DISPUTE',
    reason: 'Job a ended earlier than metered.',
  })
  const disputed = await finalise(staff.operations, { statementId: february.id })
  assert.match(disputed.message, /statement of 2027-01 before it is disputed/)
  assert.equal((await progressOf(world, it))[0]?.vested_shares, 0n)
})

test('with the basis released, a statement earns by what was released, and its shares have no usage behind them', async () => {
  const it = await givenDrawdown(world, { vesting: { basis: 'released' }, releases: { kind: 'MONTHLY', months: 24 } })
  await world.setClock('2027-01-20T09:00:00Z')
  await staff.operations.graphql(
    'mutation ($input: ReleaseDueTokensInput!) { releaseDueTokens(input: $input) { __typename } }',
    { input: { companyId: it.id } },
  )
  const statement = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const [progress] = await progressOf(world, it)
  const basis = progress?.basis_micro ?? 0n
  // One of 24 months, rounded by the schedule: a twenty-fourth of 100,000 tokens is 4,166.666...
  assert.ok(basis === 4_166_666_666n || basis === 4_166_666_667n, String(basis))
  await it.settled(statement)
  assert.equal(await vestedOn(it, '2027-02-03'), numericOfWhole((117_500n * basis) / 100_000_000_000n))
  const trace = await staff.analyst.graphql(
    `query ($company: ID!, $security: String!) { shareTrace(companyId: $company, securityId: $security, firstShare: "1", lastShare: "10") {
      ... on ShareTrace { termsDocumentId links { usageId } } } }`,
    { company: it.id, security: it.closed.securityId },
  )
  assert.equal(trace.data.shareTrace.termsDocumentId, `Document:${it.companyId}:${it.closed.documentId}`)
  assert.deepEqual(trace.data.shareTrace.links, [])
})

test('statements and their figures are not rewritten', async () => {
  const it = await given()
  await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  for (const table of ['statement', 'statement_line', 'statement_event', 'vested', 'charge'] as const) {
    await assert.rejects(world.deps.db.deleteFrom(table).execute(), /permission denied/)
  }
  await assert.rejects(world.deps.db.updateTable('statement').set({ figures: '{}' }).execute(), /permission denied/)
})
