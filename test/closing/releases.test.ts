/** Releases that no date gives, and the order of drawing, from the terms to the ledger. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { earnReleased } from '../../api/drawdown/index.ts'
import { inTransaction, newId, parseTokens, type Uuid } from '../../api/platform/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import {
  askedReleasesOf,
  cancelTokens,
  hold,
  ledgerDiscrepancies,
  openTopUp,
  readHolds,
  releaseDue,
  releasePlans,
} from '../../api/tokens/index.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { assertConserved, where } from '../tokens/given.ts'
import { signed } from './given-amendment.ts'
import { type Deal, givenDeal, both as twoRoles } from './given-deal.ts'

const world = await makeWorld()
const { operations, partner, analyst, provider, otherProvider, regulator } = world.staff
const MORE = '... on Refused { field reason } ... on WrongState { wrong: state }'
const RELEASE = `... on TokenRelease { releaseId kind milestone amount dueOn needs state evidence reachedOn note }`
const sender = (name: string) => {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
  const document = `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ${RELEASE} ${MORE} ... on DomainError { code message } } }`
  return async (by: Person, input: Record<string, unknown>) => {
    const answer = await by.graphql(document, { input })
    return answer.data?.[name] ?? answer
  }
}
const confirm = sender('confirmMilestone')
const ask = sender('requestRelease')
const decide = sender('decideRelease')
const withdraw = sender('withdrawRelease')

const milestone = (code: string, tokens: string, confirmedBy: 'fund' | 'provider' | 'both' = 'fund') => ({
  code,
  text: `What ${code} stands for has happened.`,
  tokens,
  confirmedBy,
})
const MILESTONES: RoundTermsWire['releases'] = {
  kind: 'MILESTONES',
  milestones: [milestone('MODEL_TRAINED', '40000'), milestone('PILOT', '30000', 'both')],
  releases: [{ on: '2026-12-15', tokens: '30000' }],
}
const lotOf = (deal: Deal, { lotId }: { lotId: Uuid }) => `Lot:${deal.companyId}:${lotId}`
const reached = (lotId: string, code = 'MODEL_TRAINED') => ({
  lotId,
  code,
  evidence: 'Training report of 10 Jan 2027',
  reachedOn: '2027-01-10',
})
const tokensOf = async (deal: Deal) => {
  const { locked = 0n, available = 0n } = await where(world, deal.companyId)
  return [locked / 1_000_000n, available / 1_000_000n].map(String)
}
const sound = async (deal: Deal) => {
  await assertConserved(world, deal.companyId)
  assert.deepEqual(await ledgerDiscrepancies(world.deps.db, [deal.companyId]), [])
}

test('a milestone that the fund confirms releases its tokens once, with evidence and date; dates release theirs', async () => {
  const deal = await givenDeal(world)
  const closed = await deal.closed({ releases: MILESTONES })
  const lotId = lotOf(deal, closed)
  assert.deepEqual(await tokensOf(deal), ['70000', '30000'])
  await world.setClock('2027-01-15T10:00:00Z')
  const answers = await Promise.all(Array.from({ length: 20 }, () => confirm(operations, reached(lotId))))
  const made = answers.filter(({ __typename }) => __typename === 'TokenRelease')
  assert.equal(made.length, 1)
  const { releaseId, ...release } = made[0]
  assert.deepEqual(release, {
    __typename: 'TokenRelease',
    kind: 'milestone',
    milestone: 'MODEL_TRAINED',
    amount: '40000',
    dueOn: '2027-01-15',
    needs: 'nobody',
    state: 'RELEASED',
    evidence: 'Training report of 10 Jan 2027',
    reachedOn: '2027-01-10',
    note: null,
  })
  assert.ok(answers.every((answer) => answer === made[0] || answer.field === 'code'))
  assert.deepEqual(await tokensOf(deal), ['30000', '70000'])
  const [event] = await world.deps.db
    .selectFrom('audit_event')
    .select(['actor_id', 'payload'])
    .where('scope_id', '=', deal.companyId)
    .where('kind', '=', 'milestone.confirmed')
    .execute()
  assert.equal(event?.actor_id, operations.id)
  await sound(deal)
})

test('who confirms is in the terms, and is never of the company that gets the tokens', async () => {
  const deal = await givenDeal(world)
  const closed = await deal.closed({
    releases: {
      kind: 'MILESTONES',
      milestones: [milestone('OURS', '40000'), milestone('THEIRS', '60000', 'provider')],
    },
  })
  const lotId = lotOf(deal, closed)
  await world.setClock('2027-01-15T10:00:00Z')
  const told = async (by: Person, code: string) => (await confirm(by, reached(lotId, code))).__typename
  for (const by of [deal.founder, deal.signatory, analyst]) assert.equal(await told(by, 'OURS'), 'Forbidden')
  for (const by of [otherProvider, regulator]) assert.equal(await told(by, 'OURS'), 'NotFound')
  assert.match((await confirm(partner, reached(lotId, 'THEIRS'))).reason, /is the provider's to say/)
  const alsoFounder = await twoRoles(world, 'operations', 'founder', { companyId: deal.companyId })
  assert.equal(await told(alsoFounder, 'OURS'), 'Forbidden')
  assert.equal((await confirm(operations, { ...reached(lotId, 'OURS'), reachedOn: '2027-01-16' })).field, 'reachedOn')
  assert.equal((await confirm(operations, reached(lotId, 'OTHER'))).field, 'code')
  assert.equal(await told(partner, 'OURS'), 'TokenRelease')
  assert.equal(await told(provider, 'THEIRS'), 'TokenRelease')
  assert.deepEqual(await tokensOf(deal), ['0', '100000'])
  await sound(deal)
})

test('where both confirm, the tokens wait for the other side, who may also refuse', async () => {
  const deal = await givenDeal(world)
  const lotId = lotOf(deal, await deal.closed({ releases: MILESTONES }))
  await world.setClock('2027-01-15T10:00:00Z')
  const first = await confirm(provider, reached(lotId, 'PILOT'))
  assert.deepEqual([first.state, first.needs], ['WAITING', 'fund'])
  const input = { releaseId: first.releaseId, decision: 'CONFIRM' }
  const WAITING = '{ tokenReleasesToDecide { releaseId } }'
  const waits = async (by: Person) =>
    (await by.graphql(WAITING)).data.tokenReleasesToDecide.some(
      ({ releaseId }: { releaseId: string }) => releaseId === first.releaseId,
    )
  for (const by of [operations, provider, deal.founder]) assert.ok(await waits(by))
  for (const by of [otherProvider, regulator]) assert.equal(await waits(by), false)
  assert.equal((await decide(provider, input)).__typename, 'SamePerson')
  assert.equal((await decide(deal.founder, input)).__typename, 'Forbidden')
  assert.equal((await decide(operations, { ...input, decision: 'REFUSE' })).errors?.[0]?.extensions.code, 'BAD_INPUT')
  assert.equal((await decide(operations, { ...input, decision: 'REFUSE', note: 'No pilot.' })).state, 'REFUSED')
  assert.equal((await decide(operations, input)).wrong, 'refused')
  assert.deepEqual(await tokensOf(deal), ['70000', '30000'])
  const second = await confirm(operations, reached(lotId, 'PILOT'))
  assert.equal(second.needs, 'provider')
  assert.equal((await decide(provider, { releaseId: second.releaseId, decision: 'CONFIRM' })).state, 'RELEASED')
  assert.deepEqual(await tokensOf(deal), ['40000', '60000'])
  await sound(deal)
})

const ON_DEMAND = (more: object = {}): RoundTermsWire['releases'] => ({
  kind: 'ON_DEMAND',
  onDemand: { perRequest: '20000', perPeriod: { tokens: '30000', days: 30 }, noticeDays: 5, ...more },
  releases: [
    { on: '2026-12-15', tokens: '10000' },
    { on: '2027-06-15', tokens: '20000' },
  ],
})

test('on demand: the limits of a request, of a period and of what is left; released after the notice', async () => {
  const deal = await givenDeal(world)
  const lotId = lotOf(deal, await deal.closed({ releases: ON_DEMAND() }))
  const on = (day: string) => world.setClock(`${day}T10:00:00Z`)
  await on('2027-01-01')
  const tried = async (amount: string) => {
    const { __typename, state, dueOn, reason } = await ask(deal.founder, { lotId, amount })
    return __typename === 'TokenRelease' ? `${state} ${dueOn}` : reason
  }
  assert.match(await tried('20000.000001'), /more than the 20000 tokens that one request may ask for/)
  assert.equal(await tried('20000'), 'DUE 2027-01-06')
  assert.match(await tried('10000.000001'), /since 2026-12-03 to 30000.000001 tokens: 30000 may be within 30 days/)
  assert.equal(await tried('10000'), 'DUE 2027-01-06')
  assert.deepEqual(await tokensOf(deal), ['90000', '10000'])
  const due = async (day: string) => {
    await on(day)
    await inTransaction(world.deps.db, (trx) => releaseDue(trx, deal.companyId, day))
    return tokensOf(deal)
  }
  assert.deepEqual(await due('2027-01-05'), ['90000', '10000'])
  assert.deepEqual(await due('2027-01-06'), ['60000', '40000'])
  // The thirtieth day of the period that began on 1 January is 30 January.
  await on('2027-01-30')
  assert.match(await tried('1'), /30001 tokens/)
  await on('2027-01-31')
  assert.equal(await tried('20000'), 'DUE 2027-02-05')
  await on('2027-03-15')
  assert.equal(await tried('20000'), 'DUE 2027-03-20')
  // Of 100,000, dates release 30,000 and 70,000 were asked for.
  await on('2027-05-15')
  assert.match(await tried('0.000001'), /more than the 0 tokens that can be asked for/)
  assert.deepEqual(await due('2027-06-15'), ['0', '100000'])
  await sound(deal)
})

test('on demand only the company asks, the side in the terms confirms, and the company withdraws', async () => {
  const deal = await givenDeal(world)
  const lotId = lotOf(deal, await deal.closed({ releases: ON_DEMAND({ noticeDays: 0, confirmedBy: 'provider' }) }))
  await world.setClock('2027-01-01T10:00:00Z')
  for (const by of [operations, partner, provider])
    assert.equal((await ask(by, { lotId, amount: '1' })).__typename, 'Forbidden')
  const stranger = await world.company()
  assert.equal((await ask(stranger.founder, { lotId, amount: '1' })).__typename, 'NotFound')
  const one = await ask(deal.signatory, { lotId, amount: '10000', reason: 'A longer run' })
  const two = await ask(deal.founder, { lotId, amount: '20000' })
  assert.equal(one.state, 'WAITING')
  const say = (by: Person, release: { releaseId: string }, decision: string) =>
    decide(by, { releaseId: release.releaseId, decision })
  assert.match((await say(operations, one, 'CONFIRM')).reason, /is the provider's to say/)
  assert.equal((await say(deal.founder, one, 'CONFIRM')).__typename, 'Forbidden')
  const pressed = await Promise.all(Array.from({ length: 10 }, () => say(provider, one, 'CONFIRM')))
  assert.equal(pressed.filter(({ state }) => state === 'RELEASED').length, 1)
  assert.equal((await withdraw(deal.founder, { releaseId: two.releaseId })).state, 'WITHDRAWN')
  // What was withdrawn counts no more.
  assert.equal((await ask(deal.founder, { lotId, amount: '20000' })).state, 'WAITING')
  assert.deepEqual(await tokensOf(deal), ['80000', '20000'])
  const LIST = 'query ($id: ID!) { node(id: $id) { ... on Company { tokenReleases { amount state } } } }'
  assert.deepEqual((await deal.founder.graphql(LIST, { id: deal.id })).data.node.tokenReleases, [
    { amount: '20000', state: 'WAITING' },
    { amount: '20000', state: 'WITHDRAWN' },
    { amount: '10000', state: 'RELEASED' },
  ])
  await sound(deal)
})

test('many requests of one company hide none of another that is asked for with it', async () => {
  const [busy, quiet] = [await givenDeal(world), await givenDeal(world)]
  const releases = ON_DEMAND({ confirmedBy: 'fund' })
  const [one, other] = [await busy.closed({ releases }), await quiet.closed({ releases })]
  await world.setClock('2027-01-01T10:00:00Z')
  await ask(quiet.founder, { lotId: lotOf(quiet, other), amount: '1' })
  // More than what is listed of both together, all newer.
  const request = { company_id: busy.companyId, lot_id: one.lotId, kind: 'on_demand', amount_micro: 1n, needs: 'fund' }
  const by = { due_on: '2027-01-06', asked_by: busy.founder.actor.id, asked_at: '2027-01-01T10:00:00Z' }
  await world.deps.db
    .insertInto('asked_release')
    .values(Array.from({ length: 401 }, () => ({ ...request, ...by, release_id: newId() })))
    .execute()
  const lists = await askedReleasesOf(world.deps.db, [busy.companyId, quiet.companyId])
  assert.deepEqual([lists.get(busy.companyId)?.length, lists.get(quiet.companyId)?.length], [200, 1])
})

test('tokens that are cancelled lapse what was asked for of them, the latest first', async () => {
  const deal = await givenDeal(world)
  const closed = await deal.closed({ releases: ON_DEMAND({ confirmedBy: 'fund' }) })
  const lotId = lotOf(deal, closed)
  await world.setClock('2027-01-01T10:00:00Z')
  const early = await ask(deal.founder, { lotId, amount: '20000' })
  const late = await ask(deal.founder, { lotId, amount: '10000' })
  await decide(operations, { releaseId: late.releaseId, decision: 'CONFIRM' })
  // 90,000 are locked: 20,000 by plan, 30,000 asked for. With 25,000 left the plan gives way, then the later request.
  await inTransaction(world.deps.db, (trx) =>
    cancelTokens(trx, {
      companyId: deal.companyId,
      lotId: closed.lotId,
      from: ['locked'],
      cause: newId(),
      subject: 'Round:x',
      atMost: parseTokens('65000'),
    }),
  )
  const LIST = 'query ($id: ID!) { node(id: $id) { ... on Company { tokenReleases { amount state } } } }'
  assert.deepEqual((await deal.founder.graphql(LIST, { id: deal.id })).data.node.tokenReleases, [
    { amount: '10000', state: 'LAPSED' },
    { amount: '20000', state: 'WAITING' },
  ])
  assert.equal((await decide(operations, { releaseId: early.releaseId, decision: 'CONFIRM' })).state, 'DUE')
  await sound(deal)
})

test('where released tokens earn shares, a milestone earns them when it is confirmed', async () => {
  const deal = await givenDeal(world)
  const lotId = lotOf(
    deal,
    await deal.closed({
      vesting: { basis: 'released' },
      releases: {
        kind: 'MILESTONES',
        milestones: [milestone('ONE', '40000', 'provider'), milestone('TWO', '60000', 'both')],
      },
    }),
  )
  await world.setClock('2027-01-15T10:00:00Z')
  assert.equal((await confirm(provider, reached(lotId, 'ONE'))).state, 'RELEASED')
  const plans = await releasePlans(world.deps.db, deal.companyId, [lotId.split(':')[2] ?? ''])
  assert.deepEqual(
    plans.map(({ on, amount, transferId }) => [on, amount, transferId !== null]),
    [['2027-01-15', 40_000_000_000n, true]],
  )
  await earnReleased(world.deps, { companyId: deal.companyId })
  const { earned_shares } = await world.deps.db
    .selectFrom('grant_progress')
    .select('earned_shares')
    .where('company_id', '=', deal.companyId)
    .executeTakeFirstOrThrow()
  // 40,000 of 100,000 tokens of 117,500 shares.
  assert.equal(earned_shares, 47_000n)
})

test('an amendment keeps a confirmed milestone, changes the others from its day on, and releases by dates instead', async () => {
  const deal = await givenDeal(world)
  const closed = await deal.closed({ releases: MILESTONES })
  const lotId = lotOf(deal, closed)
  await world.setClock('2026-12-20T10:00:00Z')
  await confirm(operations, { ...reached(lotId), reachedOn: '2026-12-18' })
  const effectiveOn = '2027-02-01'
  const kept = milestone('MODEL_TRAINED', '40000')
  const dated = [
    { on: '2026-12-15', tokens: '30000' },
    { on: '2027-03-01', tokens: '30000' },
  ]
  const change: Partial<RoundTermsWire> = {
    releases: { kind: 'MILESTONES', milestones: [kept], releases: dated },
  }
  await signed(world, deal, closed.roundId, change, { effectiveOn })
  // Until then PILOT is in force, but it is not confirmed any more: what is signed for later takes its tokens.
  assert.match(
    (await confirm(operations, { ...reached(lotId, 'PILOT'), reachedOn: '2026-12-18' })).reason,
    /a signed amendment changes/,
  )
  for (const day of [effectiveOn, '2027-03-01']) {
    await world.setClock(`${day}T10:00:00Z`)
    await inTransaction(world.deps.db, (trx) => releaseDue(trx, deal.companyId, day))
  }
  assert.deepEqual(await tokensOf(deal), ['0', '100000'])
  await sound(deal)
})

test('an amendment that drops a confirmed milestone, or plans what is released already, is refused when it is signed', async () => {
  const deal = await givenDeal(world)
  const closed = await deal.closed({ releases: MILESTONES })
  await world.setClock('2026-12-20T10:00:00Z')
  await confirm(operations, { ...reached(lotOf(deal, closed)), reachedOn: '2026-12-18' })
  const drop: Partial<RoundTermsWire> = {
    releases: {
      kind: 'MILESTONES',
      milestones: [milestone('ANOTHER', '70000')],
      releases: [{ on: '2026-12-15', tokens: '30000' }],
    },
  }
  await assert.rejects(
    signed(world, deal, closed.roundId, drop, { effectiveOn: '2027-02-01' }),
    /must keep the milestone/,
  )
})

test('the order that terms name draws lots from the closing on; a later one takes its place; an amendment changes it', async () => {
  const deal = await givenDeal(world)
  const closed = await deal.closed({ drawOrder: 'GRANTS_LAST' })
  const { companyId, tokenClassUuid: tokenClassId } = deal
  // A top-up that expires later than the grant: by expiry the grant would come first.
  const { lotId: topUp } = await inTransaction(world.deps.db, (trx) =>
    openTopUp(trx, { companyId, tokenClassId, amount: 5_000_000n, expiresOn: '2031-01-01', subject: deal.id }),
  )
  const drawn = async (amount: bigint) => {
    const holdId = newId()
    const expiresAt = '2028-01-01T00:00:00Z'
    await inTransaction(world.deps.db, (trx) => hold(trx, { companyId, holdId, tokenClassId, amount, expiresAt }))
    const held = (await readHolds(world.deps.db, companyId, [holdId])).get(holdId)
    return held?.lots.map((lot) => (lot.lotId === topUp ? 'top-up' : 'grant')).join(' ')
  }
  assert.equal(await drawn(2_000_000n), 'top-up')
  assert.equal(await drawn(4_000_000n), 'top-up grant')
  const change = { drawOrder: 'EARLIEST_EXPIRY' } as const
  await signed(world, deal, closed.roundId, change, { effectiveOn: '2027-02-01' })
  const { lotId: another } = await inTransaction(world.deps.db, (trx) =>
    openTopUp(trx, { companyId, tokenClassId, amount: 5_000_000n, expiresOn: '2031-01-01', subject: deal.id }),
  )
  assert.ok(another)
  const ORDER = 'query ($id: ID!) { node(id: $id) { ... on Company { drawOrders { order since tokenClass { id } } } } }'
  const order = async () => (await deal.founder.graphql(ORDER, { id: deal.id })).data.node.drawOrders
  assert.deepEqual(await order(), [
    { order: 'GRANTS_LAST', since: '2026-12-15', tokenClass: { id: `TokenClass:${tokenClassId}` } },
  ])
  await world.setClock('2027-02-01T10:00:00Z')
  assert.deepEqual((await order())[0].order, 'EARLIEST_EXPIRY')
  assert.equal(await drawn(1_000_000n), 'grant')
})

test('terms of milestones and requests that contradict one another are refused at their path', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.issued()
  const REVISE = `mutation ($input: ReviseTermsInput!) { reviseTerms(input: $input) { __typename } }`
  const faults = async (change: Partial<RoundTermsWire>): Promise<string[]> => {
    const input = { roundId, expectedVersion: 1, terms: deal.terms(change) }
    const { errors } = await analyst.graphql(REVISE, { input })
    return (
      (errors[0]?.extensions.faults as { path: string; reason: string }[] | undefined)?.map(
        ({ path, reason }) => `${path.replace('input.terms.', '')} ${reason}`,
      ) ?? []
    )
  }
  const one = milestone('ONE', '100000')
  const first = async (releases: RoundTermsWire['releases'], more: Partial<RoundTermsWire> = {}) =>
    (await faults({ releases, ...more }))[0] ?? 'none'
  assert.match(
    await first({ kind: 'MILESTONES', milestones: [milestone('ONE', '99999')] }),
    /^releases.milestones and dates add up to 99999 tokens, but the grant has 100000/,
  )
  assert.match(
    await first({ kind: 'MILESTONES', milestones: [milestone('ONE', '50000'), milestone('ONE', '50000')] }),
    /^releases.milestones.1.code is used twice/,
  )
  assert.match(
    await first({ kind: 'MILESTONES', milestones: [one] }, { vesting: { basis: 'released' } }),
    /^releases.milestones.0.confirmedBy must be provider or both/,
  )
  assert.match(
    await first({ kind: 'ON_DEMAND', releases: [{ on: '2026-12-15', tokens: '100000' }] }),
    /^releases.releases release all 100000 tokens of the grant: nothing is left to ask for/,
  )
  assert.match(
    await first({ kind: 'ON_DEMAND', onDemand: { perRequest: '2', perPeriod: { tokens: '1', days: 30 } } }),
    /^releases.onDemand.perRequest is more than a period allows/,
  )
})
