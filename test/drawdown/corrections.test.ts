import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../api/platform/index.ts'
import { both } from '../closing/given-deal.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld } from '../support/world.ts'
import { accounts, correct, corrected, recorded, settleArrears } from './given-corrections.ts'
import {
  answerIt,
  assertSound,
  at,
  type Drawdown,
  finalise,
  givenDrawdown,
  progressOf,
  usage,
} from './given-drawdown.ts'

const world = await makeWorld()
const { staff } = world
const HOUR = 3600
const DAY = 24 * 60
const [DECEMBER, JANUARY, FEBRUARY, MARCH] = ['2026-12-01', '2027-01-01', '2027-02-01', '2027-03-01'] as const

const one = (
  reservationId: string,
  usageId: string | undefined,
  hours: number,
  more: Record<string, unknown> = {},
) => ({
  reservationId,
  records: [{ usageId, gpuSeconds: String(hours * HOUR) }],
  ...more,
})
/** Ten GPUs for an hour on 5 January, seven hours of them used by one job. One GPU-hour is one token. */
async function used(it: Drawdown, complete = true, from = 0, name = 'a') {
  const reservation = await it.reserved(10, 60, from)
  const times = { startedAt: at(from), endedAt: at(from + 60) }
  const ids = await recorded(world, it, reservation, [usage(name, 7 * HOUR, times)], complete)
  return { reservation, usageId: ids[name] }
}
const earned = async (it: Drawdown) => (await progressOf(world, it))[0]

test('while a reservation runs, what was not used goes back into its hold', async () => {
  const it = await givenDrawdown(world)
  const { reservation, usageId } = await used(it, false)
  const answer = await corrected(staff.provider, one(reservation, usageId, 4))
  assert.deepEqual(answer.records[0].moves, [{ from: 'charged:delivered', to: 'held', tokens: '3' }])
  assert.deepEqual(await accounts(world, it), { available: 99_990, held: 6, 'charged:delivered': 4 })
  // 117,500 * 7 / 100,000 = 8.2 and * 4 = 4.7: eight shares were earned, four are.
  assert.equal(answer.earnedChange, '-4')
  await assertSound(world, it)
  const more = await it.told(reservation, [usage('b', 2 * HOUR)], true)
  assert.equal(more.newlyEarnedShares, '3')
  assert.deepEqual(await accounts(world, it), { available: 99_990, 'charged:delivered': 6, 'charged:idle_reserved': 4 })
  await assertSound(world, it)
})

test('where reserved time is charged used or not, it becomes time that was not used', async () => {
  const it = await givenDrawdown(world)
  const { reservation, usageId } = await used(it)
  const answer = await corrected(staff.operations, one(reservation, usageId, 4))
  assert.deepEqual(answer.records[0].moves, [{ from: 'charged:delivered', to: 'charged:idle_reserved', tokens: '3' }])
  assert.deepEqual(await accounts(world, it), { available: 99_990, 'charged:delivered': 4, 'charged:idle_reserved': 6 })
  await assertSound(world, it)
  // And back again: the provider finds the other log.
  await corrected(staff.provider, one(reservation, usageId, 9))
  assert.deepEqual(await accounts(world, it), { available: 99_990, 'charged:delivered': 9, 'charged:idle_reserved': 1 })
  // 117,500 * 9 / 100,000 = 10.575.
  assert.equal((await earned(it))?.earned_shares, 10n)
  await assertSound(world, it)
})

test('where only metered time is charged, it is available again; expired where its lot has expired', async () => {
  const it = await givenDrawdown(world, { charging: 'METERED' })
  const { reservation, usageId } = await used(it)
  await corrected(staff.provider, one(reservation, usageId, 4))
  assert.deepEqual(await accounts(world, it), { available: 99_996, 'charged:delivered': 4 })
  await world.setClock('2040-01-01T00:00:00Z')
  const answer = await corrected(staff.provider, one(reservation, usageId, 1))
  assert.deepEqual(answer.records[0].moves, [{ from: 'charged:delivered', to: 'expired', tokens: '3' }])
  await assertSound(world, it)
})

test('a void takes back all of a record, seconds that rounding left without a charge too', async () => {
  const it = await givenDrawdown(world, { charging: 'METERED' })
  const reservation = await it.reserved(10)
  // 1 + 1 + 1 seconds at 277.7... micro-tokens: 277 + 278 + 278.
  const ids = await recorded(world, it, reservation, [usage('a', 1), usage('b', 1), usage('c', 1)], true)
  for (const [name, left] of [
    ['b', 555n],
    ['a', 277n],
    ['c', 0n],
  ] as const) {
    await corrected(staff.provider, { reservationId: reservation, records: [{ usageId: ids[name], gpuSeconds: '0' }] })
    assert.equal((await earned(it))?.delivered_micro, left)
    await assertSound(world, it)
  }
  assert.deepEqual(await accounts(world, it), { available: 100_000 })
})

test('a statement that is not final is made again, with a new hash, and the old one cannot be answered', async () => {
  const it = await givenDrawdown(world)
  const { reservation, usageId } = await used(it)
  const before = await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  assert.equal(before.lines[0].earnedAtClose, '8')
  const answer = await corrected(staff.provider, one(reservation, usageId, 4))
  assert.equal(answer.restatedIds.length, 1)
  const old = await answerIt(it.founder, { statementId: before.id, sha256: before.sha256, answer: 'ACCEPT' })
  assert.deepEqual([old.__typename, old.wrong], ['WrongState', 'superseded'])
  const again = await it.founder.graphql(
    `query ($id: ID!) { node(id: $id) { ... on Statement { id sha256 state version figures lines { basisAtClose earnedAtClose } } } }`,
    { id: answer.restatedIds[0] },
  )
  const restated = again.data.node
  assert.deepEqual([restated.state, restated.version], ['stated', 2])
  assert.deepEqual(restated.lines, [{ basisAtClose: '4', earnedAtClose: '4' }])
  assert.deepEqual(
    restated.figures.corrections.map((row: Record<string, string>) => [
      row.kind,
      row.before,
      row.after,
      row.from,
      row.to,
      row.tokens,
    ]),
    [['lower', '25200', '14400', 'charged:delivered', 'charged:idle_reserved', '3']],
  )
  assert.deepEqual(restated.figures.delivered[0].gpuSeconds, '14400')
  const closing = Object.fromEntries(
    restated.figures.balances[0].accounts.map((row: { kind: string; closing: string }) => [row.kind, row.closing]),
  )
  assert.deepEqual(
    [closing['charged:delivered'], closing['charged:idle_reserved'], closing.available],
    ['4', '6', '99990'],
  )
  assert.equal((await it.settled(restated)).state, 'final')
  assert.equal((await earned(it))?.vested_shares, 4n)
  const february = await it.stated(FEBRUARY, '2027-03-03T09:00:00Z')
  assert.deepEqual(
    [february.figures.corrections, february.lines[0].basisAtOpen, february.lines[0].basisAtClose],
    [[], '4', '4'],
  )
  await assertSound(world, it)
})

test('later statements are made again with it, and open with what it closes with', async () => {
  const it = await givenDrawdown(world)
  const { reservation, usageId } = await used(it)
  await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  await used(it, true, 35 * DAY, 'b')
  const february = await it.stated(FEBRUARY, '2027-03-03T09:00:00Z')
  assert.deepEqual([february.lines[0].basisAtOpen, february.lines[0].basisAtClose], ['7', '14'])
  const answer = await corrected(staff.provider, one(reservation, usageId, 4))
  assert.equal(answer.restatedIds.length, 2)
  const { data } = await it.founder.graphql(
    `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Statement { month version lines { basisAtOpen basisAtClose } } } }`,
    { ids: answer.restatedIds },
  )
  assert.deepEqual(data.nodes, [
    { month: JANUARY, version: 2, lines: [{ basisAtOpen: '0', basisAtClose: '4' }] },
    { month: FEBRUARY, version: 2, lines: [{ basisAtOpen: '4', basisAtClose: '11' }] },
  ])
  await assertSound(world, it)
})

test('a correction is never booked before an earlier one of the same record, whose charges it takes back', async () => {
  const it = await givenDrawdown(world)
  const { reservation, usageId } = await used(it)
  await it.settled(await it.stated(JANUARY, '2027-02-03T09:00:00Z'))
  // Down and up again while February is not stated: both are March's.
  await world.setClock('2027-03-10T09:00:00Z')
  await corrected(staff.provider, one(reservation, usageId, 5))
  await corrected(staff.provider, one(reservation, usageId, 8))
  await it.stated(FEBRUARY, '2027-04-02T09:00:00Z')
  const march = await it.stated(MARCH, '2027-04-02T09:00:00Z')
  assert.deepEqual([march.lines[0].basisAtClose], ['8'])
  const voided = await corrected(staff.provider, one(reservation, usageId, 0))
  assert.equal(voided.restatedIds.length, 1)
  // Seven tokens were final; none is delivered, so nothing earns before seven are again.
  assert.deepEqual(await accounts(world, it), { available: 99_990, 'charged:idle_reserved': 10 })
  await assertSound(world, it)
})

test('after final, what has vested stays: the deficit is carried into the next statement, and later draws fill it first', async () => {
  const it = await givenDrawdown(world)
  const { reservation, usageId } = await used(it)
  await it.settled(await it.stated(JANUARY, '2027-02-03T09:00:00Z'))
  assert.equal((await earned(it))?.vested_shares, 8n)
  const answer = await corrected(staff.provider, one(reservation, usageId, 4))
  assert.deepEqual([answer.restatedIds, answer.earnedChange], [[], '0'])
  const progress = await earned(it)
  assert.deepEqual(
    [progress?.basis_micro, progress?.basis_peak_micro, progress?.vested_shares],
    [4_000_000n, 7_000_000n, 8n],
  )
  // Seven more: three fill the deficit, four are new. 117,500 * 11 / 100,000 = 12.9.
  await used(it, true, 35 * DAY, 'b')
  assert.equal((await earned(it))?.earned_shares, 12n)
  const february = await it.stated(FEBRUARY, '2027-03-03T09:00:00Z')
  assert.deepEqual(
    [february.lines[0].basisAtOpen, february.lines[0].basisAtClose, february.figures.grants[0].deficit],
    ['7', '11', '0'],
  )
  assert.deepEqual(
    february.figures.corrections.map((row: Record<string, string>) => [row.kind, row.ofMonth, row.tokens]),
    [['lower', '2027-01', '3']],
  )
  // February delivered seven; of January three are taken back: net four.
  const delivered = february.figures.charged.find((row: { cause: string }) => row.cause === 'delivered')
  assert.equal(delivered.tokens, '4')
  await it.settled(february)
  assert.equal((await earned(it))?.vested_shares, 12n)
  const march = await it.stated(MARCH, '2027-04-03T09:00:00Z')
  assert.equal(march.figures.grants[0].deficit, '0')
  await assertSound(world, it)
})

test('a deficit that nothing has filled yet stands in the statement', async () => {
  const it = await givenDrawdown(world)
  const { reservation, usageId } = await used(it)
  await it.settled(await it.stated(JANUARY, '2027-02-03T09:00:00Z'))
  await corrected(staff.provider, one(reservation, usageId, 4))
  const february = await it.stated(FEBRUARY, '2027-03-03T09:00:00Z')
  assert.deepEqual([february.figures.grants[0].deficit, february.lines[0].basisAtClose], ['3', '7'])
  await assertSound(world, it)
})

test('raised usage without tokens is arrears, never a negative balance, and is charged when tokens come', async () => {
  const deal = (await import('../closing/given-deal.ts')).givenDeal
  const made = await deal(world)
  const it = await givenDrawdown(world, { charging: 'METERED', compute: made.compute('10') }, { deal: made })
  const first = await used(it)
  const second = await it.reserved(3, 60, DAY)
  const ids = await recorded(
    world,
    it,
    second,
    [usage('b', 3 * HOUR, { startedAt: at(DAY), endedAt: at(DAY + 60) })],
    true,
  )
  assert.deepEqual(await accounts(world, it), { 'charged:delivered': 10 })
  const raised = await corrected(staff.provider, one(first.reservation, first.usageId, 10))
  assert.deepEqual([raised.arrears, raised.earnedChange], ['3', '0'])
  await assertSoundButArrears(it, 3_000_000n)
  assert.equal((await settleArrears(staff.operations, it.id)).__typename, 'Refused')
  await corrected(staff.provider, one(second, ids.b, 2))
  assert.deepEqual(await accounts(world, it), { available: 1, 'charged:delivered': 9 })
  for (const person of [staff.analyst, it.founder]) {
    assert.equal((await settleArrears(person, it.id)).__typename, 'Forbidden')
  }
  const settled = await settleArrears(staff.operations, it.id)
  assert.deepEqual([settled.settled, settled.open], ['1', '2'])
  assert.deepEqual(await accounts(world, it), { 'charged:delivered': 10 })
  await assertSoundButArrears(it, 2_000_000n)
  const { data } = await staff.operations.graphql(
    'query ($id: ID!) { node(id: $id) { ... on Company { arrears { tokens settled cancelled } usageCorrections { kind } } } }',
    { id: it.id },
  )
  assert.deepEqual(data.node.arrears, [{ tokens: '3', settled: '1', cancelled: '0' }])
  assert.deepEqual(
    data.node.usageCorrections.map(({ kind }: { kind: string }) => kind),
    ['arrears', 'lower', 'raise'],
  )
  // Lowered again: what was never charged is owed no longer, and nothing is given back for it.
  await corrected(staff.provider, one(first.reservation, first.usageId, 8))
  await assertSoundButArrears(it, 0n)
  assert.deepEqual(await accounts(world, it), { 'charged:delivered': 10 })
})

/** The meter counts what is owed; all else is as always. */
async function assertSoundButArrears(it: Drawdown, open: bigint) {
  await assertSound(world, it)
  const rows = await world.deps.db.selectFrom('arrears').selectAll().where('company_id', '=', it.companyId).execute()
  assert.equal(
    rows.reduce((sum, row) => sum + row.amount_micro - row.settled_micro - row.cancelled_micro, 0n),
    open,
  )
}

/** What each month was charged by each cause, in micro-tokens. */
const chargedIn = async ({ companyId }: Drawdown) => {
  const rows = await world.deps.db
    .selectFrom('charge')
    .select(['at', 'cause', 'amount_micro'])
    .where('company_id', '=', companyId)
    .execute()
  const sums: Record<string, bigint> = {}
  for (const { at: booked, cause, amount_micro: amount } of rows) {
    const key = `${booked.slice(0, 7)} ${cause}`
    sums[key] = (sums[key] ?? 0n) + amount
  }
  return sums
}

/** Ten GPUs from the last hour of January to the first of February: of the one month a record is told in it, of the other after. */
async function overMonths(charging: 'METERED' | 'RESERVED', [first, second]: readonly [bigint, bigint]) {
  const it = await givenDrawdown(world, { charging })
  const midnight = 27 * DAY
  const reservation = await it.reserved(10, 120, midnight - 60, at(midnight - 10))
  const january = usage('january', first, { startedAt: at(midnight - 60), endedAt: at(midnight - 30) })
  const { january: usageId } = await recorded(world, it, reservation, [january])
  await world.setClock(at(midnight + 70))
  const february = usage('february', second, { startedAt: at(midnight), endedAt: at(midnight + 60) })
  const ids = await recorded(world, it, reservation, [february], true)
  await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  return { it, reservation, usageId: usageId ?? '', later: ids.february ?? '' }
}

test('the rounding that a record of a later month has cost goes back in that month, and the rest in its own', async () => {
  // A GPU-second is 277.7 micro-tokens: the first costs 277, the second 278. Without the first, the second costs 277.
  const { it, reservation, usageId, later } = await overMonths('METERED', [1n, 1n])
  assert.deepEqual(await chargedIn(it), { '2027-01 delivered': 277n, '2027-02 delivered': 278n })
  const voided = await corrected(staff.provider, {
    reservationId: reservation,
    records: [{ usageId, gpuSeconds: '0' }],
  })
  assert.equal(voided.restatedIds.length, 1, 'January is made again')
  assert.deepEqual(await chargedIn(it), { '2027-01 delivered': 0n, '2027-02 delivered': 277n })
  await assertSound(world, it)
  const february = await it.stated(FEBRUARY, '2027-03-02T09:00:00Z')
  assert.deepEqual(
    february.figures.corrections.map((row: Record<string, string>) => [row.kind, row.tokens]),
    [['booked_later', '0.000001']],
  )
  // The other way round nothing is of a later month.
  await corrected(staff.provider, { reservationId: reservation, records: [{ usageId: later, gpuSeconds: '0' }] })
  assert.deepEqual(await chargedIn(it), { '2027-01 delivered': 0n, '2027-02 delivered': 0n })
  await assertSound(world, it)
})

test('what is raised out of time that was left unused in a later month counts in that month', async () => {
  const { it, reservation, usageId } = await overMonths('RESERVED', [3600n, 3600n])
  const before = { '2027-01 delivered': 1_000_000n, '2027-02 delivered': 1_000_000n }
  assert.deepEqual(await chargedIn(it), { ...before, '2027-02 idle_reserved': 18_000_000n })
  const raised = await corrected(staff.provider, {
    reservationId: reservation,
    records: [{ usageId, gpuSeconds: '7200' }],
  })
  // January had no unused time to take from, and stands as it was stated.
  assert.deepEqual(raised.restatedIds, [])
  assert.deepEqual(await chargedIn(it), {
    '2027-01 delivered': 1_000_000n,
    '2027-02 delivered': 2_000_000n,
    '2027-02 idle_reserved': 17_000_000n,
  })
  await assertSound(world, it)
})

test('the company never corrects, operations only lower, and others see nothing', async () => {
  const it = await givenDrawdown(world)
  const { reservation, usageId } = await used(it)
  const twofold = await both(world, 'operations', 'founder', { companyId: it.companyId })
  for (const person of [
    it.founder,
    it.signatory,
    staff.analyst,
    staff.partner,
    staff.compliance,
    staff.admin,
    twofold,
  ]) {
    assert.equal((await correct(person, one(reservation, usageId, 4))).__typename, 'Forbidden')
  }
  const stranger = await world.company('Another, Inc.')
  for (const person of [stranger.founder, staff.otherProvider, staff.regulator]) {
    assert.equal((await correct(person, one(reservation, usageId, 4))).__typename, 'NotFound')
  }
  const raise = await correct(staff.operations, one(reservation, usageId, 8))
  assert.deepEqual([raise.__typename, /provider only/.test(raise.reason)], ['Refused', true])
  const same = await correct(staff.provider, one(reservation, usageId, 7))
  assert.match(same.reason, /is 25200 already/)
  const beyond = await correct(staff.provider, one(reservation, usageId, 11))
  assert.equal(beyond.__typename, 'Refused')
  assert.match((await correct(staff.provider, one(reservation, newId(), 1))).reason, /no usage record/)
  const twice = await correct(staff.provider, {
    reservationId: reservation,
    records: [1, 2].map((hours) => ({ usageId, gpuSeconds: String(hours * HOUR) })),
  })
  assert.match(twice.reason, /each record once/)
  for (const gpuSeconds of ['-1', '1.5', '']) {
    const bad = await correct(staff.provider, { reservationId: reservation, records: [{ usageId, gpuSeconds }] })
    assert.equal(bad.errors?.[0]?.extensions.code, 'BAD_INPUT')
  }
  assert.equal((await earned(it))?.delivered_micro, 7_000_000n)
  await assertSound(world, it)
})

test('with a key it happens once; of fifty at once one does', async () => {
  const it = await givenDrawdown(world)
  const { reservation, usageId } = await used(it)
  const keyed = one(reservation, usageId, 6, { idempotencyKey: 'once' })
  const [first, second] = [await correct(staff.provider, keyed), await correct(staff.provider, keyed)]
  assert.deepEqual(first, second)
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => correct(staff.provider, one(reservation, usageId, 4))),
  )
  assert.equal(answers.filter((answer) => answer.__typename === 'CorrectedUsage').length, 1)
  assert.equal(answers.filter((answer) => /already/.test(answer.reason ?? '')).length, 49)
  await assertSound(world, it)
})

test('what fails at its last step has changed nothing', async () => {
  const it = await givenDrawdown(world)
  const { reservation, usageId } = await used(it)
  await it.stated(JANUARY, '2027-02-03T09:00:00Z')
  const before = [await accounts(world, it), await progressOf(world, it)]
  await asOwner(
    world.ownerUrl,
    `CREATE FUNCTION fall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the power went'; END $$;
     CREATE TRIGGER falls BEFORE INSERT ON audit_event FOR EACH ROW WHEN (NEW.kind = 'usage.corrected') EXECUTE FUNCTION fall()`,
  )
  const answer = await correct(staff.provider, one(reservation, usageId, 4))
  assert.ok(answer.errors?.length > 0)
  await asOwner(world.ownerUrl, 'DROP TRIGGER falls ON audit_event; DROP FUNCTION fall')
  assert.deepEqual([await accounts(world, it), await progressOf(world, it)], before)
  await corrected(staff.provider, one(reservation, usageId, 4))
  await assertSound(world, it)
})

test('after a correction each share is still traced to the records that earned it, without gap', async () => {
  const it = await givenDrawdown(world)
  const { reservation, usageId } = await used(it)
  await used(it, true, DAY, 'b')
  await corrected(staff.provider, one(reservation, usageId, 2))
  await used(it, true, 2 * DAY, 'c')
  // Two, seven and seven hours: sixteen, which earn 117,500 * 16 / 100,000 = 18.8 shares.
  const { data } = await it.founder.graphql(
    `query ($id: ID!, $security: String!) { shareTrace(companyId: $id, securityId: $security, firstShare: "1", lastShare: "18") {
      ... on ShareTrace { links { externalId gpuSeconds basisFrom basisTo } } ... on DomainError { message } } }`,
    { id: it.id, security: it.closed.securityId },
  )
  assert.deepEqual(data.shareTrace.links, [
    { externalId: 'a', gpuSeconds: '7200', basisFrom: '0', basisTo: '2' },
    { externalId: 'b', gpuSeconds: '25200', basisFrom: '2', basisTo: '9' },
    // The eighteenth share is earned at 100,000 * 18 / 117,500 = 15.319148936... tokens.
    { externalId: 'c', gpuSeconds: '25200', basisFrom: '9', basisTo: '15.319149' },
  ])
  await assertSound(world, it)
})

test('corrections are not rewritten', async () => {
  for (const table of ['correction', 'correction_part'] as const) {
    await assert.rejects(world.deps.db.deleteFrom(table).execute(), /permission denied/)
  }
  assert.ok(DECEMBER < MARCH)
  assert.equal(
    (await finalise(staff.operations, { statementId: `Statement:${newId()}:${newId()}` })).__typename,
    'NotFound',
  )
})
