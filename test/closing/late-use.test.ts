/** Use that is told after a grant has ended: before its day it still earns; once the shares have moved it is kept aside. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settleDue, settleDueGrants } from '../../api/closing/index.ts'
import { mustMeter, readUsage, sweepDisputes, takeUsage, withdrawReservation } from '../../api/drawdown/index.ts'
import { corrected, recorded } from '../drawdown/given-corrections.ts'
import { assertSound, givenDrawdown, progressOf, report, usage } from '../drawdown/given-drawdown.ts'
import { givenOnDemand } from '../drawdown/given-on-demand.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { assertConserved } from '../tokens/given.ts'
import { acceptIt, proposed, signIt, withdrawIt } from './given-amendment.ts'
import { givenDeal } from './given-deal.ts'

const world = await makeWorld()
const { deps, staff } = world
const HOUR = 3600
/** Minutes from 5 January to 31 January 2027, 12:00. */
const NOON = (26 * 24 + 12) * 60
const NIGHT = { startedAt: '2027-01-31T12:00:00Z', endedAt: '2027-02-01T00:00:00Z' }
const OVER = { startedAt: '2027-01-31T23:00:00Z', endedAt: '2027-02-01T01:00:00Z' }
const MORNING = { startedAt: '2027-02-01T00:00:00Z', endedAt: '2027-02-01T12:00:00Z' }

/** 100,000 tokens for 117,500 shares, earned until the long-stop of 1 February 2027. */
const given = async (change: Parameters<typeof givenDrawdown>[1] = {}, tokens?: string) => {
  const deal = await givenDeal(world)
  const few = tokens === undefined ? {} : { compute: deal.compute(tokens), cashInvestors: [] }
  const it = await givenDrawdown(world, { longStop: '2027-02-01', ...few, ...change }, { deal })
  const payload = { companyId: it.companyId, grantId: it.closed.grantId }
  const progress = async () => {
    const [row] = await progressOf(world, it)
    assert.ok(row)
    return row
  }
  const due = async (clock: string) => {
    await world.setClock(clock)
    await settleDue(deps, payload)
    return progress()
  }
  const tell = async (reservationId: string, ...records: ReturnType<typeof usage>[]) => {
    const read = readUsage(records.map((record) => ({ reservationId, ...record })))
    const taken = await takeUsage(deps, await mustMeter(deps.db, staff.provider.actor), { read })
    return taken.map((each) =>
      'why' in each && 'code' in each.why ? `${each.outcome} ${each.why.code}` : each.outcome,
    )
  }
  const final = async (...months: string[]) => {
    for (const month of months) await it.settled(await it.stated(month, '2027-03-02T08:00:00Z'))
  }
  return { ...it, progress, due, tell, final }
}

async function said(by: Person, name: string, input: object) {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
  const more = name === 'answerStatement' ? '... on Statement { id }' : '... on Dispute { proposals { proposalId } }'
  const answer = await by.graphql(`mutation ($input: ${type}!) { ${name}(input: $input) { __typename ${more} } }`, {
    input,
  })
  assert.match(answer.data?.[name].__typename, /^(Statement|Dispute)$/, JSON.stringify(answer))
  return answer.data[name]
}

/** Proposes and approves a termination. */
async function terminated(it: { companyId: string; closed: { grantId: string } }, event: string, happenedOn: string) {
  const ask = async (by: Person, name: string, input: object) => {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
    const answer = await by.graphql(
      `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on GrantSettlement { id planSha256 } } }`,
      { input },
    )
    assert.equal(answer.data?.[name].__typename, 'GrantSettlement', JSON.stringify(answer))
    return answer.data[name]
  }
  const { id: settlementId, planSha256 } = await ask(staff.partner, 'proposeGrantSettlement', {
    grantId: `Grant:${it.companyId}:${it.closed.grantId}`,
    event,
    happenedOn,
    evidence: 'a letter',
  })
  await ask(staff.secondPartner, 'approveGrantSettlement', { settlementId, planSha256 })
}
/** Terminated for convenience on 2 January 2027: what is released can be used until 1 February. */
async function woundDown(change: Parameters<typeof given>[0] = {}, tokens?: string) {
  const it = await given({ longStop: '2029-06-15', settlement: { windDownDays: 30 }, ...change }, tokens)
  await world.setClock('2027-01-02T09:00:00Z')
  await terminated(it, 'termination_for_convenience', '2027-01-02')
  return it
}

test('use before the day of the end earns when it is told later, and shares move only when all of it is final', async () => {
  const it = await woundDown()
  const reservationId = await it.reserved(8, 24 * 60, NOON, '2027-02-01T00:10:00Z')
  // Earning has ended. Nothing is earned yet, but a reservation that began before still runs.
  const waiting = await it.due('2027-02-01T00:10:00Z')
  assert.deepEqual([waiting.ended_on, waiting.settled_at], ['2027-02-01', null])
  const noted = () =>
    deps.db
      .selectFrom('audit_event')
      .select(['subject', 'payload'])
      .where('scope_id', '=', it.companyId)
      .where('kind', '=', 'grant.earning_ended')
      .execute()
  const subject = `Grant:${it.companyId}:${it.closed.grantId}`
  const payload = { event: 'termination_for_convenience', on: '2027-02-01' }
  assert.deepEqual(await noted(), [{ subject, payload }])
  // 90 hours before midnight, told the day after; what ended after midnight is charged and earns nothing.
  await world.setClock('2027-02-02T09:00:00Z')
  await it.told(reservationId, [usage('over', 2 * HOUR, OVER), usage('before', 90 * HOUR, NIGHT)])
  await it.told(reservationId, [usage('after', 80 * HOUR, MORNING)], true)
  const earned = await it.progress()
  // 117,500 * 90 / 100,000 = 105.75, rounded down.
  assert.deepEqual(
    [earned.delivered_micro, earned.basis_micro, earned.earned_shares],
    [172_000_000n, 90_000_000n, 105n],
  )
  assert.equal((await it.due('2027-02-03T00:10:00Z')).settled_at, null, 'what is earned is not final')
  await assertSound(world, it)
  await it.final('2027-01-01', '2027-02-01')
  const settled = await it.due('2027-03-03T00:10:00Z')
  assert.notEqual(settled.settled_at, null)
  assert.deepEqual([settled.earned_shares, settled.vested_shares], [105n, 105n])
  assert.equal((await noted()).length, 1)
  await assertSound(world, it)
  await assertConserved(world, it.companyId)
})

test('a wind-down that waited is settled by the next sweep, also where no token is left', async () => {
  const it = await woundDown({}, '80')
  const reservationId = await it.reserved(8, 10 * 60, NOON, '2027-01-31T22:30:00Z')
  const used = { startedAt: '2027-01-31T12:00:00Z', endedAt: '2027-01-31T22:00:00Z' }
  await it.told(reservationId, [usage('some', 60 * HOUR, used)], true)
  const waiting = await it.due('2027-02-01T00:10:00Z')
  assert.deepEqual([waiting.delivered_micro, waiting.idle_reserved_micro], [60_000_000n, 20_000_000n])
  assert.deepEqual([waiting.ended_on, waiting.settled_at], ['2027-02-01', null])
  await it.final('2027-01-01')
  await settleDueGrants(deps)
  const settled = await it.progress()
  assert.notEqual(settled.settled_at, null)
  // 94 shares for 80 hours: 94 * 60 / 80 = 70.5.
  assert.deepEqual([settled.total_shares, settled.earned_shares, settled.vested_shares], [94n, 70n, 70n])
  await assertSound(world, it)
})

test('grants that wait for their statements do not keep later ones from being settled', async () => {
  const used = { startedAt: '2027-01-10T12:00:00Z', endedAt: '2027-01-10T22:00:00Z' }
  const worked = async (it: Awaited<ReturnType<typeof given>>) => {
    const reservationId = await it.reserved(8, 10 * 60, 5.5 * 24 * 60, '2027-01-10T22:30:00Z')
    await it.told(reservationId, [usage('some', 60 * HOUR, used)], true)
  }
  const first = await given({ longStop: '2027-01-20' })
  await worked(first)
  await world.setClock('2026-12-01T09:00:00Z')
  const second = await given()
  await worked(second)
  await first.due('2027-02-01T00:10:00Z')
  await second.due('2027-02-01T00:10:00Z')
  await second.final('2027-01-01')
  // One at a time: the first grant would fill what is read at once, and it waits.
  await settleDueGrants(deps, 1)
  const [waiting, settled] = [await first.progress(), await second.progress()]
  assert.deepEqual([waiting.ended_on, waiting.settled_at], ['2027-01-20', null])
  assert.notEqual(settled.settled_at, null)
})

test('once the long-stop was reached no amendment moves it any more: what would be used then earns nothing', async () => {
  const it = await given({ longStop: '2026-12-28' })
  const { roundId } = it.closed
  const later = { longStop: '2028-02-01', tokenExpiry: '2031-01-01' }
  await world.setClock('2026-12-20T09:00:00Z')
  const tooLate = await proposed(world, roundId, later, { effectiveOn: '2026-12-29' })
  await signIt(staff.partner, tooLate)
  const refused = await acceptIt(it.signatory, tooLate)
  assert.deepEqual([refused.__typename, refused.field], ['Refused', 'longStop'], JSON.stringify(refused))
  assert.match(refused.reason, /is reached on 2026-12-28, before the change takes effect/)
  await withdrawIt(staff.analyst, { amendmentId: tooLate.amendmentId, reason: 'Too late.' })
  // Earning has ended, and the grant waits for its shares to become final.
  const reservationId = await it.reserved(8, 60, -10 * 24 * 60)
  await it.told(reservationId, [
    usage('a', HOUR, { startedAt: '2026-12-26T00:00:00Z', endedAt: '2026-12-26T01:00:00Z' }),
  ])
  assert.equal((await it.due('2026-12-28T00:10:00Z')).settled_at, null)
  const inVain = await proposed(world, roundId, later)
  await signIt(staff.partner, inVain)
  const again = await acceptIt(it.signatory, inVain)
  assert.deepEqual([again.__typename, again.field], ['Refused', 'longStop'], JSON.stringify(again))
  assert.match(again.reason, /earning ended on 2026-12-28/)
})

test('use of after the day that is told before anybody noted the end earns nothing once that is noted', async () => {
  const it = await woundDown()
  const reservationId = await it.reserved(8, 24 * 60, NOON, '2027-02-01T12:10:00Z')
  const ids = await recorded(
    world,
    it,
    reservationId,
    [usage('before', 90 * HOUR, NIGHT), usage('after', 80 * HOUR, MORNING)],
    true,
  )
  assert.equal((await it.progress()).earned_shares, 199n)
  const ended = await it.due('2027-02-01T12:20:00Z')
  // 117,500 * 90 / 100,000 = 105.75, rounded down. All of it stays charged.
  assert.deepEqual([ended.delivered_micro, ended.basis_micro, ended.earned_shares], [170_000_000n, 90_000_000n, 105n])
  await assertSound(world, it)
  await it.due('2027-02-01T12:30:00Z')
  await corrected(staff.provider, { reservationId, records: [{ usageId: ids.after, gpuSeconds: '0' }] })
  const { basis_micro: basis, earned_shares: earned } = await it.progress()
  assert.deepEqual([basis, earned], [90_000_000n, 105n])
  await assertSound(world, it)
})

test('use of after the end fills no deficit in the statement', async () => {
  const it = await woundDown()
  const before = await it.reserved(8, 12 * 60, NOON - 24 * 60, '2027-01-31T00:10:00Z')
  const night = { startedAt: '2027-01-30T12:00:00Z', endedAt: '2027-01-31T00:00:00Z' }
  const ids = await recorded(world, it, before, [usage('night', 90 * HOUR, night)], true)
  const over = await it.reserved(8, 24 * 60, NOON, '2027-02-01T00:10:00Z')
  await it.due('2027-02-01T00:10:00Z')
  await it.settled(await it.stated('2027-01-01', '2027-02-02T08:00:00Z'))
  await it.tell(over, usage('noon', 8 * HOUR, NIGHT), usage('day', 80 * HOUR, MORNING))
  const change = { reservationId: before, records: [{ usageId: ids.night, gpuSeconds: String(70 * HOUR) }] }
  await corrected(staff.provider, change)
  const { basis_micro: basis, basis_peak_micro: peak, delivered_micro: delivered } = await it.progress()
  assert.deepEqual([delivered, basis, peak], [158_000_000n, 78_000_000n, 90_000_000n])
  // Ninety have vested; seventy of the night count, and eight that were told later. The eighty of after the end never do.
  const { figures } = await it.stated('2027-02-01', '2027-03-02T08:00:00Z')
  assert.deepEqual([figures.grants[0].basis.closing, figures.grants[0].deficit], ['90', '12'])
})

test('where reserved time earns, time that ended before the day does, and time that went over it does not', async () => {
  const it = await woundDown({ vesting: { basis: 'reserved' } })
  const before = await it.reserved(8, 12 * 60, NOON - 24 * 60, '2027-01-31T00:10:00Z')
  await it.told(before, [usage('a', HOUR, { startedAt: '2027-01-30T12:00:00Z', endedAt: '2027-01-30T13:00:00Z' })])
  const over = await it.reserved(8, 24 * 60, NOON, '2027-02-01T12:00:00Z')
  await it.due('2027-02-01T00:10:00Z')
  await world.setClock('2027-02-02T09:00:00Z')
  await it.told(before, [], true)
  await it.told(over, [usage('b', 8 * HOUR, NIGHT)], true)
  const { basis_micro: basis, idle_reserved_micro: idle } = await it.progress()
  // 96 hours of the first and 8 of the second; 95 and 184 were not used.
  assert.deepEqual([basis, idle], [104_000_000n, 279_000_000n])
  await assertSound(world, it)
})

test('use that is told once the shares have moved is kept aside, and nothing changes', async () => {
  const it = await given()
  // Nobody was thought to have come.
  const missed = await it.reserved(8, 60, NOON - 48 * 60, '2027-01-31T00:10:00Z')
  const inputs = { reservationId: missed }
  const { data } = await staff.provider.graphql(
    'mutation ($input: DeclareNoShowInput!) { declareNoShow(input: $input) { __typename } }',
    { input: inputs },
  )
  assert.equal(data.declareNoShow.__typename, 'Reservation')
  await it.due('2027-02-01T00:10:00Z')
  await it.final('2027-01-01')
  const settled = await it.due('2027-03-03T00:10:00Z')
  assert.notEqual(settled.settled_at, null)
  const late = usage('late', HOUR, { startedAt: '2027-01-29T12:00:00Z', endedAt: '2027-01-29T13:00:00Z' })
  assert.deepEqual(await it.tell(missed, late, late), ['QUARANTINED GRANT_SETTLED', 'QUARANTINED GRANT_SETTLED'])
  const refused = await report(staff.provider, { reservationId: missed, records: [late] })
  assert.deepEqual([refused.__typename, refused.code], ['GrantSettled', 'GRANT_SETTLED'])
  assert.deepEqual(await it.progress(), settled)
  await assertSound(world, it)
})

test('a grant that is terminated while a reservation runs: use of before is kept aside, use of after is charged', async () => {
  const it = await given({ longStop: '2029-06-15' })
  const reservationId = await it.reserved(8, 24 * 60, NOON, '2027-02-01T00:30:00Z')
  await terminated(it, 'termination_for_cause', '2027-02-01')
  await world.setClock('2027-02-02T09:00:00Z')
  const [before, after] = [usage('before', 90 * HOUR, NIGHT), usage('after', 80 * HOUR, MORNING)]
  assert.deepEqual(await it.tell(reservationId, before, after), ['QUARANTINED GRANT_SETTLED', 'RECORDED'])
  const told = await report(staff.provider, { reservationId, records: [usage('again', HOUR, NIGHT)] })
  assert.equal(told.__typename, 'GrantSettled')
  const { basis_micro: basis, delivered_micro: delivered, earned_shares: earned } = await it.progress()
  assert.deepEqual([basis, delivered, earned], [0n, 80_000_000n, 0n])
  await assertSound(world, it)
})

test('corrections after the settlement move tokens, carry a deficit, and leave the shares where they are', async () => {
  const it = await given({ settlement: { nonUse: 'VEST_ANYWAY' } })
  const reservationId = await it.reserved(8, 12 * 60, NOON - 24 * 60, '2027-01-31T00:10:00Z')
  const night = { startedAt: '2027-01-30T12:00:00Z', endedAt: '2027-01-31T00:00:00Z' }
  const ids = await recorded(world, it, reservationId, [usage('a', 90 * HOUR, night)], true)
  await it.due('2027-02-01T00:10:00Z')
  await it.final('2027-01-01')
  const settled = await it.due('2027-03-03T00:10:00Z')
  assert.deepEqual([settled.earned_shares, settled.vested_shares], [117_500n, 117_500n])
  await world.setClock('2027-03-04T09:00:00Z')
  const change = (gpuSeconds: number) =>
    corrected(staff.provider, { reservationId, records: [{ usageId: ids.a, gpuSeconds: String(gpuSeconds) }] })
  await change(80 * HOUR)
  const lowered = await it.progress()
  assert.deepEqual(
    [lowered.basis_micro, lowered.basis_peak_micro, lowered.earned_shares],
    [80_000_000n, 90_000_000n, 117_500n],
  )
  await assertSound(world, it)
  await change(96 * HOUR)
  const raised = await it.progress()
  assert.deepEqual(
    [raised.delivered_micro, raised.basis_micro, raised.earned_shares],
    [96_000_000n, 80_000_000n, 117_500n],
  )
  await assertSound(world, it)
  // What was raised did not count, so taking it back takes nothing from what did: all the way down to nothing.
  await change(90 * HOUR)
  const back = await it.progress()
  assert.deepEqual([back.delivered_micro, back.basis_micro], [90_000_000n, 80_000_000n])
  await change(0)
  const none = await it.progress()
  assert.deepEqual([none.delivered_micro, none.basis_micro, none.earned_shares], [0n, 0n, 117_500n])
  await assertSound(world, it)
})

test('what is raised once the shares have moved fills no deficit in the statement', async () => {
  const it = await given()
  const reservationId = await it.reserved(8, 12 * 60, NOON - 24 * 60, '2027-01-31T00:10:00Z')
  const night = { startedAt: '2027-01-30T12:00:00Z', endedAt: '2027-01-31T00:00:00Z' }
  const ids = await recorded(world, it, reservationId, [usage('a', 90 * HOUR, night)], true)
  await it.due('2027-02-01T00:10:00Z')
  await it.final('2027-01-01')
  assert.notEqual((await it.due('2027-03-03T00:10:00Z')).settled_at, null)
  await world.setClock('2027-03-04T09:00:00Z')
  for (const hours of [80, 96]) {
    const records = [{ usageId: ids.a, gpuSeconds: String(hours * HOUR) }]
    await corrected(staff.provider, { reservationId, records })
  }
  await it.stated('2027-02-01', '2027-04-02T08:00:00Z')
  const { figures } = await it.stated('2027-03-01', '2027-04-02T09:00:00Z')
  const { basis_micro: basis, basis_peak_micro: peak } = await it.progress()
  // Ninety have vested and eighty count: sixteen were charged when nothing earned any more.
  assert.deepEqual([basis, peak], [80_000_000n, 90_000_000n])
  assert.deepEqual([figures.grants[0].basis.closing, figures.grants[0].deficit], ['90', '10'])
})

test('what a dispute put aside earns nothing when it is settled after the shares have moved', async () => {
  const it = await given({ longStop: '2029-06-15' })
  const reservationId = await it.reserved(8, 12 * 60, NOON - 24 * 60, '2027-01-31T00:10:00Z')
  const night = { startedAt: '2027-01-30T12:00:00Z', endedAt: '2027-01-31T00:00:00Z' }
  const ids = await recorded(
    world,
    it,
    reservationId,
    [usage('a', 40 * HOUR, night), usage('b', 30 * HOUR, night)],
    true,
  )
  const january = await it.stated('2027-01-01', '2027-02-03T09:00:00Z')
  const answer = { statementId: january.id, sha256: january.sha256, answer: 'DISPUTE', reason: 'Job b never ran.' }
  await said(it.founder, 'answerStatement', { ...answer, reasonCode: 'NOT_RECEIVED', usageIds: [ids.b] })
  await world.setClock('2027-03-06T00:00:00Z')
  await sweepDisputes(deps)
  const { data } = await it.founder.graphql(
    `query ($id: ID!) { node(id: $id) { ... on Company { disputes { disputeId }
      statements(first: 10) { edges { node { id month version state sha256 } } } } } }`,
    { id: it.id },
  )
  const [{ disputeId }] = data.node.disputes
  const statements: { state: string }[] = data.node.statements.edges.map(({ node }: { node: never }) => node)
  await it.settled(statements.find(({ state }) => state === 'stated') as never)
  await terminated(it, 'termination_for_cause', '2027-03-06')
  const settled = await it.progress()
  // 117,500 * 40 / 100,000: the other thirty hours are set aside.
  assert.deepEqual([settled.basis_micro, settled.earned_shares, settled.vested_shares], [40_000_000n, 47n, 47n])
  await world.setClock('2027-03-07T09:00:00Z')
  const { proposals } = await said(it.founder, 'proposeSettlement', { disputeId, outcome: 'STANDS', note: 'It ran.' })
  const [{ proposalId }] = proposals
  await said(staff.operations, 'confirmSettlement', { disputeId, proposalId })
  assert.deepEqual(await it.progress(), settled)
  await assertSound(world, it)
  // What never counted leaves no deficit when it is taken back.
  const records = [{ usageId: ids.b, gpuSeconds: String(10 * HOUR) }]
  await corrected(staff.provider, { reservationId, records })
  const lowered = await it.progress()
  assert.deepEqual([lowered.delivered_micro, lowered.basis_micro], [50_000_000n, 40_000_000n])
  await assertSound(world, it)
  await corrected(staff.provider, {
    reservationId,
    records: [ids.a, ids.b].map((usageId) => ({ usageId, gpuSeconds: '0' })),
  })
  const none = await it.progress()
  assert.deepEqual([none.delivered_micro, none.basis_micro, none.vested_shares], [0n, 0n, 47n])
  await assertSound(world, it)
})

test('days that turn out to be owed after the end was noted let the grant earn until the moved long-stop', async () => {
  const it = await givenOnDemand(world, {}, '40', { longStop: '2027-01-05' })
  const reservationId = await it.reserved(8, 60, -24 * 60, '2027-01-05T00:10:00Z')
  const payload = { companyId: it.companyId, grantId: it.closed.grantId }
  const due = async (clock: string) => {
    await world.setClock(clock)
    await settleDue(deps, payload)
    const [row] = await progressOf(world, it)
    return [row?.ended_on, row?.delivered_micro, row?.basis_micro]
  }
  const used = (hour: number) => ({
    startedAt: `2027-01-05T0${hour}:00:00Z`,
    endedAt: `2027-01-05T0${hour + 1}:00:00Z`,
  })
  assert.deepEqual(await due('2027-01-05T00:20:00Z'), ['2027-01-05', 0n, 0n])
  await world.setClock('2027-01-05T02:10:00Z')
  await it.tell(it.line('a', 3600, used(1)))
  assert.deepEqual(await due('2027-01-05T02:20:00Z'), ['2027-01-05', 1_000_000n, 0n])
  // What was booked on 4 January has failed: that day is owed, and moves the long-stop to 6 January.
  await withdrawReservation(deps, staff.provider.actor, { reservationId, note: 'The rack was down.' })
  assert.deepEqual(await due('2027-01-05T03:00:00Z'), [null, 1_000_000n, 1_000_000n])
  await assertSound(world, it)
  await world.setClock('2027-01-05T05:10:00Z')
  await it.tell(it.line('b', 3600, used(4)))
  assert.deepEqual(await due('2027-01-06T00:10:00Z'), ['2027-01-06', 2_000_000n, 2_000_000n])
  await it.tell(it.line('c', 3600, { startedAt: '2027-01-05T23:30:00Z', endedAt: '2027-01-06T00:05:00Z' }))
  assert.deepEqual(await due('2027-01-06T00:20:00Z'), ['2027-01-06', 3_000_000n, 2_000_000n])
  await assertSound(world, it)
  await it.settled(await it.stated('2027-01-01', '2027-02-02T08:00:00Z'))
  await due('2027-02-02T09:00:00Z')
  assert.notEqual((await progressOf(world, it))[0]?.settled_at, null)
  await assertSound(world, it)
})

test('use outside any reservation follows the same days', async () => {
  const it = await givenOnDemand(world, {}, '40', { longStop: '2027-01-05' })
  const [company, payload] = [{ companyId: it.companyId }, { companyId: it.companyId, grantId: it.closed.grantId }]
  const early = { startedAt: '2027-01-04T22:00:00Z', endedAt: '2027-01-05T00:00:00Z' }
  const late = { startedAt: '2027-01-04T23:00:00Z', endedAt: '2027-01-05T01:00:00Z' }
  await world.setClock('2027-01-05T02:00:00Z')
  await it.tell(it.line('a', 3600, early))
  await settleDue(deps, payload)
  const outcomes = (await it.tell(it.line('b', 3600, early), it.line('c', 3600, late))).map(({ outcome }) => outcome)
  assert.deepEqual(outcomes, ['RECORDED', 'RECORDED'])
  const [progress] = await progressOf(world, company)
  assert.deepEqual([progress?.delivered_micro, progress?.basis_micro], [3_000_000n, 2_000_000n])
  await assertSound(world, it)
  await it.settled(await it.stated('2027-01-01', '2027-02-02T08:00:00Z'))
  await settleDue(deps, payload)
  const [settled] = await progressOf(world, company)
  assert.notEqual(settled?.settled_at, null)
  const [aside] = await it.tell(it.line('d', 3600, early))
  assert.ok(aside?.outcome === 'QUARANTINED' && 'code' in aside.why)
  assert.equal(aside.why.code, 'GRANT_SETTLED')
  assert.deepEqual(await progressOf(world, company), [settled])
})
