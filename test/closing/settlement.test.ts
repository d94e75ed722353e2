/** Grants that do not go to plan, over HTTP: what a rehearsal shows is what approving does, and everything still adds up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capTableAsOf } from '../../api/captable/index.ts'
import { settleDue } from '../../api/closing/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { recordObservation, registerMetric } from '../../api/tokens/index.ts'
import { assertSound, givenDrawdown, progressOf, usage } from '../drawdown/given-drawdown.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { assertConserved, where } from '../tokens/given.ts'
import { FUND, givenDeal } from './given-deal.ts'

const world = await makeWorld()
const { partner, secondPartner, operations, analyst } = world.staff

const PLAN = `plan { cause cancelledLocked cancelledAvailable held topUp vestedBefore vests forfeits cash { amount }
  endsEarning windDownUntil notes } planSha256`
const REHEARSE = `query ($grantId: ID!, $event: SettlementEvent!, $happenedOn: Date!, $assumed: Boolean, $tokens: Tokens) {
  rehearseSettlement(grantId: $grantId, event: $event, happenedOn: $happenedOn, assumed: $assumed, tokens: $tokens) {
    __typename ... on SettlementRehearsal { ${PLAN} tokensAfter { kind amount } noticeSha256 noticePdfBase64 }
    ... on DomainError { code message } ... on Refused { field reason } } }`
const ANSWER = `__typename ... on GrantSettlement { id state event ${PLAN} noticeId }
  ... on DomainError { code message } ... on Refused { field reason } ... on WrongState { wrong: state }`
const mutate = async (by: Person, name: string, input: object) => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
  const { data, errors } = await by.graphql(`mutation ($input: ${type}!) { ${name}(input: $input) { ${ANSWER} } }`, {
    input,
  })
  assert.deepEqual(errors, [])
  return data[name]
}
const rehearse = async (by: Person, variables: object) => {
  const { data, errors } = await by.graphql(REHEARSE, { ...variables })
  assert.deepEqual(errors, [])
  return data.rehearseSettlement
}

/** A grant of 100,000 tokens for 117,500 shares, of which 10,000 tokens are used, stated and final: 11,750 shares vested. */
async function given(change: Partial<RoundTermsWire> = {}) {
  const drawn = await givenDrawdown(world, change, { deal: await givenDeal(world) })
  // 8 GPUs for 1,250 hours are 10,000 H100-hours: 36,000,000 GPU-seconds.
  const reservation = await drawn.reserved(8, 1250 * 60)
  await drawn.told(reservation, [usage('one', 36_000_000, { endedAt: '2027-02-26T02:00:00Z' })], true)
  await drawn.settled(await drawn.stated('2027-02-01', '2027-03-02T08:00:00Z'))
  const grantId = `Grant:${drawn.companyId}:${drawn.closed.grantId}`
  return { ...drawn, grantId }
}
type Given = Awaited<ReturnType<typeof given>>

const vested = async (of: Given) => (await progressOf(world, of))[0]?.vested_shares
const fundHolds = async ({ companyId, closed }: Given) => {
  const table = await capTableAsOf(world.deps.db, companyId, (await today()) ?? '')
  const rows = table.securities.filter((row) => row.stakeholderName === FUND)
  assert.ok(closed.securityId)
  return rows.map((row) => ({ outstanding: row.outstanding / 10n ** 10n, unvested: row.unvested / 10n ** 10n }))
}
let clock = ''
const today = async () => clock.slice(0, 10)
const at = async (instant: string) => {
  clock = instant
  await world.setClock(instant)
}

/** Rehearses, proposes and approves; what was shown, what was proposed and what was done must be one and the same. */
async function settled(of: Given, said: object) {
  const shown = await rehearse(analyst, { grantId: of.grantId, ...said })
  assert.equal(shown.__typename, 'SettlementRehearsal', JSON.stringify(shown))
  const before = await where(world, of.companyId)
  const proposed = await mutate(partner, 'proposeGrantSettlement', {
    grantId: of.grantId,
    evidence: 'a letter',
    ...said,
  })
  assert.equal(proposed.__typename, 'GrantSettlement', JSON.stringify(proposed))
  assert.deepEqual([proposed.plan, proposed.planSha256], [shown.plan, shown.planSha256])
  assert.deepEqual(await where(world, of.companyId), before, 'a rehearsal or a proposal has moved tokens')
  const input = { settlementId: proposed.id, planSha256: proposed.planSha256 }
  assert.equal((await mutate(partner, 'approveGrantSettlement', input)).__typename, 'SamePerson')
  const done = await mutate(secondPartner, 'approveGrantSettlement', input)
  assert.equal(done.__typename, 'GrantSettlement', JSON.stringify(done))
  assert.deepEqual([done.state, done.plan], ['applied', shown.plan])
  assert.match(done.noticeId, /^Document:/)
  const after = Object.fromEntries(
    shown.tokensAfter.map(({ kind, amount }: { kind: string; amount: string }) => [
      kind.toLowerCase().replace('charged_', 'charged:'),
      amount,
    ]),
  )
  const found = Object.entries(await where(world, of.companyId)).map(([kind, amount]) => [kind, tokensText(amount)])
  assert.deepEqual(after, Object.fromEntries(found))
  assert.equal((await mutate(secondPartner, 'approveGrantSettlement', input)).wrong, 'applied')
  await assertConserved(world, of.companyId)
  await assertSound(world, of)
  return { shown, done }
}
const tokensText = (amount: bigint): string => {
  const text = (Number(amount) / 1e6).toString()
  return text
}

test('terminated for cause: tokens cancelled, unearned shares forfeited, what has vested stays', async () => {
  const of = await given()
  await at('2027-04-01T09:00:00Z')
  const { shown } = await settled(of, { event: 'termination_for_cause', happenedOn: '2027-03-31' })
  assert.deepEqual(
    { ...shown.plan, notes: [] },
    {
      cause: null,
      cancelledLocked: '0',
      cancelledAvailable: '90000',
      held: '0',
      topUp: '0',
      vestedBefore: '11750',
      vests: '0',
      // 117,500 - 11,750
      forfeits: '105750',
      cash: { amount: '0' },
      endsEarning: true,
      windDownUntil: '2027-04-01',
      notes: [],
    },
  )
  assert.deepEqual(await fundHolds(of), [{ outstanding: 11_750n, unvested: 0n }])
  assert.equal(await vested(of), 11_750n)
  const again = await rehearse(analyst, { grantId: of.grantId, event: 'company_insolvency', happenedOn: '2027-04-01' })
  assert.deepEqual([again.__typename, again.field], ['Refused', 'grantId'])
})

test('take or pay: unused at the long-stop, the rest vests by the signed clause, and the trace leads to its document', async () => {
  const of = await given({ settlement: { nonUse: 'VEST_ANYWAY' } })
  await at('2029-06-14T12:00:00Z')
  const early = await rehearse(analyst, { grantId: of.grantId, event: 'long_stop', happenedOn: '2029-06-14' })
  assert.deepEqual([early.__typename, early.field], ['Refused', 'event'])
  await at('2029-06-15T12:00:00Z')
  const payload = { companyId: of.companyId, grantId: of.closed.grantId }
  // The job of the day, and twice: it happens once.
  await Promise.all([settleDue(world.deps, payload), settleDue(world.deps, payload)])
  assert.equal(await vested(of), 117_500n)
  assert.deepEqual(await fundHolds(of), [{ outstanding: 117_500n, unvested: 0n }])
  const { data } = await of.founder.graphql(
    `query ($id: ID!, $security: String!) { node(id: $id) { ... on Company {
      settlements { state event plan { cause vests } noticeId termsDocumentId } } }
      shareTrace(companyId: $id, securityId: $security, firstShare: "11701", lastShare: "11800") { __typename
        ... on ShareTrace { vestedShares termsDocumentId links { usageId } clauses { firstShare lastShare clause documentId } } } }`,
    { id: of.id, security: of.closed.securityId },
  )
  assert.equal(data.node.settlements.length, 1)
  const [settlement] = data.node.settlements
  assert.deepEqual([settlement.state, settlement.plan], ['applied', { cause: 'not_used', vests: '105750' }])
  const { shareTrace: trace } = data
  assert.equal(trace.vestedShares, '100')
  assert.equal(trace.links.length, 1)
  // Shares up to 11,750 were earned by GPU-seconds; from 11,751 on the clause vested them.
  assert.deepEqual(
    trace.clauses.map((link: { firstShare: string; lastShare: string; documentId: string }) => [
      link.firstShare,
      link.lastShare,
      link.documentId,
    ]),
    [['11751', '11800', trace.termsDocumentId]],
  )
  assert.match(trace.clauses[0].clause, /take or pay/)
  await assertConserved(world, of.companyId)
})

test('denied capacity moves the long-stop by the day, and what is still denied is never paid for', async () => {
  const of = await given({ settlement: { nonUse: 'VEST_ANYWAY' } })
  await at('2029-06-01T09:00:00Z')
  const asked = await of.founder.graphql(
    `mutation ($input: RequestReservationInput!) { requestReservation(input: $input) { ... on Reservation { id } ... on DomainError { message } } }`,
    {
      input: {
        companyId: of.id,
        poolId: of.pool.id,
        gpus: 8,
        startsAt: '2029-06-10T00:00:00Z',
        endsAt: '2029-06-13T00:00:00Z',
      },
    },
  )
  const reservationId = asked.data.requestReservation.id
  assert.ok(reservationId, JSON.stringify(asked))
  await world.staff.provider.graphql(
    `mutation ($input: DecideReservationInput!) { decideReservation(input: $input) { __typename } }`,
    { input: { reservationId, decision: 'DECLINE', reasonCode: 'NO_CAPACITY' } },
  )
  // 10, 11 and 12 June are owed: the long-stop is 18 June.
  await at('2029-06-17T09:00:00Z')
  const early = await rehearse(analyst, { grantId: of.grantId, event: 'long_stop', happenedOn: '2029-06-17' })
  assert.match(early.reason, /2029-06-18/)
  await at('2029-06-18T09:00:00Z')
  const { shown } = await settled(of, { event: 'long_stop', happenedOn: '2029-06-18' })
  assert.deepEqual([shown.plan.cause, shown.plan.vests, shown.plan.forfeits], ['not_delivered', '0', '105750'])
  assert.match(shown.plan.notes.join(' '), /3 days of denied capacity/)
})

test('a change of control: assumed it goes on, else it ends; with an accelerating clause it vests', async () => {
  const of = await given()
  await at('2027-04-01T09:00:00Z')
  const event = { event: 'change_of_control', happenedOn: '2027-04-01' }
  const unsaid = await rehearse(analyst, { grantId: of.grantId, ...event })
  assert.deepEqual([unsaid.__typename, unsaid.field], ['Refused', 'assumed'])
  const goesOn = await rehearse(analyst, { grantId: of.grantId, ...event, assumed: true })
  assert.deepEqual([goesOn.plan.forfeits, goesOn.plan.endsEarning], ['0', false])
  const ends = await rehearse(analyst, { grantId: of.grantId, ...event, assumed: false })
  assert.deepEqual([ends.plan.forfeits, ends.plan.cancelledAvailable], ['105750', '90000'])
  const accelerates = await given({ settlement: { changeOfControl: 'VEST' } })
  await at('2027-04-01T09:00:00Z')
  const { shown } = await settled(accelerates, { ...event, assumed: false })
  assert.deepEqual([shown.plan.vests, shown.plan.forfeits], ['105750', '0'])
  assert.equal(await vested(accelerates), 117_500n)
})

test('a provider that fails: a successor may be named for so many days, then the grant ends', async () => {
  const of = await given({ settlement: { successorDays: 30 } })
  await at('2027-04-30T09:00:00Z')
  const event = { event: 'provider_insolvency', happenedOn: '2027-04-01' }
  const early = await rehearse(analyst, { grantId: of.grantId, ...event, assumed: false })
  assert.match(early.reason, /2027-05-01/)
  const named = await rehearse(analyst, { grantId: of.grantId, ...event, assumed: true })
  assert.equal(named.plan.endsEarning, false)
  await at('2027-05-01T09:00:00Z')
  await settled(of, { ...event, assumed: false })
})

test('terminated for convenience: released tokens can be used for the wind-down, then the job ends it', async () => {
  const releases = [
    { on: '2026-12-15', tokens: '60000' },
    { on: '2027-12-15', tokens: '40000' },
  ]
  const of = await given({ releases: { kind: 'LIST', releases }, settlement: { windDownDays: 30 } })
  await at('2027-04-01T09:00:00Z')
  const { shown } = await settled(of, { event: 'termination_for_convenience', happenedOn: '2027-04-01' })
  assert.deepEqual([shown.plan.windDownUntil, shown.plan.endsEarning, shown.plan.forfeits], ['2027-05-01', false, '0'])
  assert.deepEqual([shown.plan.cancelledLocked, shown.plan.cancelledAvailable], ['40000', '0'])
  const payload = { companyId: of.companyId, grantId: of.closed.grantId }
  await at('2027-04-30T09:00:00Z')
  await settleDue(world.deps, payload)
  assert.equal((await progressOf(world, of))[0]?.ended_on, null)
  await at('2027-05-01T09:00:00Z')
  await settleDue(world.deps, payload)
  await settleDue(world.deps, payload)
  assert.equal((await progressOf(world, of))[0]?.ended_on, '2027-05-01')
  const left = await where(world, of.companyId)
  assert.deepEqual([left.available, left.locked], [undefined, undefined])
  assert.deepEqual(await fundHolds(of), [{ outstanding: 11_750n, unvested: 0n }])
  await assertConserved(world, of.companyId)
})

test('a part is given up: its tokens and its shares go, and the rest earns and vests as before', async () => {
  const none = await given()
  await at('2027-04-01T09:00:00Z')
  const event = { event: 'partial_termination', happenedOn: '2027-04-01' }
  assert.equal((await rehearse(analyst, { grantId: none.grantId, ...event, tokens: '1' })).field, 'event')
  const of = await given({ settlement: { partialTermination: true } })
  await at('2027-04-01T09:00:00Z')
  assert.equal((await rehearse(analyst, { grantId: of.grantId, ...event, tokens: '90000' })).field, 'tokens')
  const { shown } = await settled(of, { ...event, tokens: '40000' })
  // 60,000 tokens are left to count: 117,500 * 0.6 = 70,500 shares; 47,000 go.
  assert.deepEqual(
    [shown.plan.cancelledAvailable, shown.plan.forfeits, shown.plan.endsEarning],
    ['40000', '47000', false],
  )
  assert.deepEqual(await fundHolds(of), [{ outstanding: 70_500n, unvested: 58_750n }])
  // 10,000 more are used in June: another 11,750 shares, as before.
  const reservation = await of.reserved(8, 1250 * 60, 180 * 24 * 60)
  await of.told(
    reservation,
    [usage('two', 36_000_000, { startedAt: '2027-07-04T00:00:00Z', endedAt: '2027-08-25T02:00:00Z' })],
    true,
  )
  for (const month of ['2027-03-01', '2027-04-01', '2027-05-01', '2027-06-01', '2027-07-01', '2027-08-01'])
    await of.settled(await of.stated(month, '2027-09-02T08:00:00Z'))
  clock = '2027-09-02T08:00:00Z'
  assert.equal(await vested(of), 23_500n)
  assert.deepEqual(await fundHolds(of), [{ outstanding: 70_500n, unvested: 47_000n }])
  // And then it ends: what only the given-up tokens could have earned is not forfeited twice.
  const { shown: end } = await settled(of, { event: 'company_insolvency', happenedOn: '2027-09-02' })
  assert.equal(end.plan.forfeits, '47000')
  assert.deepEqual(await fundHolds(of), [{ outstanding: 23_500n, unvested: 0n }])
})

test('the index falls: a top-up that earns nothing, once for each fall, up to the cap', async () => {
  const { metricId } = await registerMetric(world.deps, operations.actor, {
    name: 'the falling one',
    currency: 'USD',
    source: 'the test',
    method: 'invented',
    windowDays: 30,
    staleAfterDays: 60,
  })
  const observe = (observedOn: string, level: string) =>
    recordObservation(world.deps, analyst.actor, {
      metricId: `Metric:${metricId}`,
      observedOn,
      level,
      source: 'the test',
    })
  const of = await given({
    settlement: {
      priceProtection: {
        metricId: `Metric:${metricId}`,
        baseLevel: { amount: '2.5', currency: 'USD' },
        threshold: '0.2',
        windowDays: 10,
        compensates: 'WHOLE_FALL',
        cap: '60000',
      },
    },
  })
  const event = { event: 'price_protection', happenedOn: '2027-04-01' }
  await at('2027-04-01T09:00:00Z')
  assert.match((await rehearse(analyst, { grantId: of.grantId, ...event })).reason, /not observed/)
  await observe('2027-03-30', '2.2')
  assert.match((await rehearse(analyst, { grantId: of.grantId, ...event })).reason, /has not happened/)
  // (2.2 + 1) / 2 = 1.6, a fall of 36%: 90,000 * (2.5 / 1.6 - 1) = 50,625 tokens.
  await observe('2027-03-31', '1')
  const { shown } = await settled(of, event)
  assert.deepEqual([shown.plan.topUp, shown.plan.forfeits, shown.plan.endsEarning], ['50625', '0', false])
  const lots = await world.deps.db
    .selectFrom('lot')
    .select(['origin', 'amount_micro', 'grant_id', 'expires_on'])
    .where('company_id', '=', of.companyId)
    .orderBy('lot_id')
    .execute()
  assert.deepEqual(
    lots.map((lot) => [lot.origin, lot.amount_micro, lot.grant_id === null]),
    [
      ['grant', 100_000_000_000n, false],
      ['top_up', 50_625_000_000n, true],
    ],
  )
  assert.equal((await progressOf(world, of))[0]?.granted_micro, 100_000_000_000n)
  // The same fall is not made good twice: the base is 1.6 now.
  assert.match((await rehearse(analyst, { grantId: of.grantId, ...event })).reason, /base is 1.6/)
  // 1.2 over ten days from May is 25% below 1.6: 140,625 * (1.6 / 1.2 - 1) = 46,875, but the cap leaves 9,375.
  await at('2027-05-15T09:00:00Z')
  await observe('2027-05-10', '1.2')
  const { shown: second } = await settled(of, { ...event, happenedOn: '2027-05-15' })
  assert.equal(second.plan.topUp, '9375')
  assert.match((await rehearse(analyst, { grantId: of.grantId, ...event })).reason, /has not happened/)
})

test('what is earned and not final stops a settlement, and a plan that has moved is not approved', async () => {
  const drawn = await givenDrawdown(world, {}, { deal: await givenDeal(world) })
  const reservation = await drawn.reserved(8, 60)
  await drawn.told(reservation, [usage('x', 28_800)], true)
  const grantId = `Grant:${drawn.companyId}:${drawn.closed.grantId}`
  await at('2027-01-10T09:00:00Z')
  const said = { grantId, event: 'termination_for_cause', happenedOn: '2027-01-10' }
  const early = await rehearse(analyst, said)
  assert.deepEqual([early.__typename, early.field], ['Refused', 'grantId'])
  assert.match(early.reason, /earned and not vested yet/)
  const of = await given()
  await at('2027-04-01T09:00:00Z')
  const proposed = await mutate(operations, 'proposeGrantSettlement', {
    grantId: of.grantId,
    event: 'termination_for_cause',
    happenedOn: '2027-04-01',
    evidence: 'a letter',
  })
  const twice = await mutate(partner, 'proposeGrantSettlement', {
    grantId: of.grantId,
    event: 'company_insolvency',
    happenedOn: '2027-04-01',
    evidence: 'a letter',
  })
  assert.equal(twice.__typename, 'WrongState')
  // The founder books meanwhile: 8 tokens are held now.
  await of.founder.graphql(
    `mutation ($input: RequestReservationInput!) { requestReservation(input: $input) { __typename } }`,
    {
      input: {
        companyId: of.id,
        poolId: of.pool.id,
        gpus: 8,
        startsAt: '2027-04-02T00:00:00Z',
        endsAt: '2027-04-02T01:00:00Z',
      },
    },
  )
  const input = { settlementId: proposed.id, planSha256: proposed.planSha256 }
  assert.equal((await mutate(partner, 'approveGrantSettlement', input)).__typename, 'PlanChanged')
  assert.equal(
    (await mutate(partner, 'approveGrantSettlement', { ...input, planSha256: 'ab'.repeat(32) })).__typename,
    'PlanChanged',
  )
  assert.equal(
    (await mutate(operations, 'withdrawGrantSettlement', { settlementId: proposed.id, reason: 'booked meanwhile' }))
      .state,
    'withdrawn',
  )
  const now = await settled(of, { event: 'termination_for_cause', happenedOn: '2027-04-01' })
  assert.deepEqual([now.shown.plan.held, now.shown.plan.cancelledAvailable], ['8', '89992'])
})

test('fifty approve at once and it happens once; founders see what was applied, and nobody of another company', async () => {
  const of = await given()
  await at('2027-04-01T09:00:00Z')
  const proposed = await mutate(partner, 'proposeGrantSettlement', {
    grantId: of.grantId,
    event: 'company_insolvency',
    happenedOn: '2027-04-01',
    evidence: 'a court order',
  })
  const read = 'query ($id: ID!) { node(id: $id) { ... on Company { settlements { id state } } } }'
  assert.deepEqual((await of.founder.graphql(read, { id: of.id })).data.node.settlements, [])
  assert.equal(
    (await mutate(of.founder, 'approveGrantSettlement', { settlementId: proposed.id, planSha256: proposed.planSha256 }))
      .__typename,
    'NotFound',
  )
  const input = { settlementId: proposed.id, planSha256: proposed.planSha256 }
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => mutate(secondPartner, 'approveGrantSettlement', input)),
  )
  assert.equal(answers.filter((answer) => answer.__typename === 'GrantSettlement').length, 1)
  assert.equal((await of.founder.graphql(read, { id: of.id })).data.node.settlements.length, 1)
  const stranger = await world.company('Another, Inc.')
  assert.equal(
    (await rehearse(stranger.founder, { grantId: of.grantId, event: 'long_stop', happenedOn: '2027-04-01' }))
      .__typename,
    'NotFound',
  )
  assert.equal(
    (await rehearse(of.founder, { grantId: of.grantId, event: 'long_stop', happenedOn: '2027-04-01' })).__typename,
    'Forbidden',
  )
  await assertSound(world, of)
})
