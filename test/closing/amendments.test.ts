import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amendmentDue, bringDueIntoForce } from '../../api/closing/index.ts'
import { bookingTermsOf, PastDeadline, quoteForCompany, requestReservation } from '../../api/clusters/index.ts'
import { inTransaction } from '../../api/platform/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { expireLots, releaseDue } from '../../api/tokens/index.ts'
import { pool as makePool } from '../clusters/given.ts'
import { assertSound, givenDrawdown, progressOf, report, usage } from '../drawdown/given-drawdown.ts'
import { makeWorld } from '../support/world.ts'
import {
  acceptIt,
  drafted,
  draftIt,
  extendIt,
  proposed,
  proposeIt,
  signed,
  signIt,
  wireTerms,
  withdrawIt,
} from './given-amendment.ts'
import { both, CLOSED, close, givenDeal, refOf } from './given-deal.ts'

const world = await makeWorld()
const { staff } = world
const { db } = world.deps

test('bookings follow an amendment too: past the old long-stop, and charged as it says, from its day on', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const pool = await makePool(world, { tokenClassId: deal.tokenClassUuid })
  const change = { longStop: '2029-12-15', tokenExpiry: '2030-01-15', charging: 'METERED' as const }
  await signed(world, deal, roundId, change, { effectiveOn: '2029-01-10' })
  const wish = {
    companyId: deal.id,
    poolId: pool.id,
    gpus: 1,
    startsAt: '2029-06-20T00:00:00Z',
    endsAt: '2029-06-21T00:00:00Z',
  }
  await world.setClock('2029-01-09T12:00:00Z')
  await assert.rejects(requestReservation(world.deps, deal.founder.actor, wish), PastDeadline)
  const asked = { ...wish, startsAt: '2029-02-20T00:00:00Z', endsAt: '2029-02-21T00:00:00Z' }
  const before = await quoteForCompany(world.deps, deal.founder.actor, asked)
  assert.deepEqual(
    before.rules.map(({ charging }) => charging),
    ['RESERVED'],
  )
  await world.setClock('2029-01-10T00:00:00Z')
  await amendmentDue(world.deps, { companyId: deal.companyId })
  await requestReservation(world.deps, deal.founder.actor, wish)
  const after = await quoteForCompany(world.deps, deal.founder.actor, asked)
  assert.deepEqual(
    after.rules.map(({ charging }) => charging),
    ['METERED'],
  )
})

const lotOf = (companyId: string) =>
  db.selectFrom('lot').select(['lot_id', 'expires_on']).where('company_id', '=', companyId).executeTakeFirstOrThrow()
const grantOf = (companyId: string) =>
  db
    .selectFrom('vesting_grant')
    .select(['grant_id', 'basis', 'charging', 'dispute_window_days', 'long_stop'])
    .where('company_id', '=', companyId)
    .executeTakeFirstOrThrow()
const versions = async (roundId: string) =>
  (
    await db
      .selectFrom('round_terms')
      .select(['version', 'effective_on'])
      .where('company_id', '=', refOf(roundId).companyId)
      .where('round_id', '=', refOf(roundId).id)
      .orderBy('version')
      .execute()
  ).map(({ version, effective_on }) => [version, effective_on])
const TERMS = `query ($id: ID!) { node(id: $id) { ... on Round { termsVersion terms { longStop tokenExpiry name }
  amendments { id state } termsVersions { version effectiveOn } } } }`

test('an amendment that both sides have signed extends the long-stop date and the tokens from its day on', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const change = { longStop: '2029-12-15', tokenExpiry: '2030-01-15' }
  const both = await signed(world, deal, roundId, change, { effectiveOn: '2027-03-01' })
  assert.deepEqual([both.state, both.termsVersion, both.effectiveOn], ['accepted', 2, '2027-03-01'])
  assert.deepEqual(
    both.changes.map((each: Record<string, string>) => [each.title, each.fromWords, each.toWords]),
    [
      ['Long-Stop Date', '15 Jun 2029', '15 Dec 2029'],
      ['Expiry of Tokens', '15 Jun 2029', '15 Jan 2030'],
    ],
  )
  assert.deepEqual(
    both.signatures.map(({ side }: { side: string }) => side),
    ['fund', 'company'],
  )
  const before = await staff.analyst.graphql(TERMS, { id: roundId })
  assert.deepEqual([before.data.node.termsVersion, before.data.node.terms.longStop], [1, '2029-06-15'])
  assert.equal((await lotOf(deal.companyId)).expires_on, '2029-06-15')

  // The day has come and no job has run: what is read follows the date.
  await world.setClock('2027-03-01T00:00:00Z')
  const then = (await deal.founder.graphql(TERMS, { id: roundId })).data.node
  assert.deepEqual([then.termsVersion, then.terms.longStop, then.amendments[0].state], [2, '2029-12-15', 'in_force'])
  await amendmentDue(world.deps, { companyId: deal.companyId })
  await amendmentDue(world.deps, { companyId: deal.companyId })
  assert.equal((await lotOf(deal.companyId)).expires_on, '2030-01-15')
  assert.equal((await grantOf(deal.companyId)).long_stop, '2029-12-15')
  assert.deepEqual(await versions(roundId), [
    [1, null],
    [2, '2027-03-01'],
  ])
  const events = await db
    .selectFrom('audit_event')
    .select('kind')
    .where('scope_id', '=', deal.companyId)
    .where('kind', 'like', 'amendment.%')
    .orderBy('event_id')
    .execute()
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['drafted', 'proposed', 'signed', 'signed', 'accepted', 'in_force'].map((step) => `amendment.${step}`),
  )
})

test('tokens are extended before they expire, even where the job of the amendment was lost', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  await signed(world, deal, roundId, { tokenExpiry: '2030-06-15' }, { effectiveOn: '2029-06-14' })
  await world.setClock('2029-06-20T00:00:00Z')
  const expired = await inTransaction(db, (trx) => expireLots(trx, deal.companyId, '2029-06-20'))
  assert.deepEqual(expired, [])
  assert.equal((await lotOf(deal.companyId)).expires_on, '2030-06-15')
  await bringDueIntoForce(world.deps)
  const states = await db.selectFrom('amendment').select('state').where('company_id', '=', deal.companyId).execute()
  assert.deepEqual(states, [{ state: 'in_force' }])
})

test('without a date it holds from the day on which the second side signs', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  await world.setClock('2026-12-18T10:00:00Z')
  const input = await proposed(world, roundId, { disputeWindowDays: 30, name: 'Series A-1' })
  const company = await acceptIt(deal.signatory, input)
  assert.deepEqual([company.state, company.effectiveOn], ['proposed', null], JSON.stringify(company))
  const fund = await signIt(staff.secondPartner, input)
  assert.deepEqual(
    [fund.state, fund.effectiveOn, fund.termsVersion],
    ['in_force', '2026-12-18', 2],
    JSON.stringify(fund),
  )
  assert.equal((await grantOf(deal.companyId)).dispute_window_days, 30)
  assert.equal((await staff.analyst.graphql(TERMS, { id: roundId })).data.node.terms.name, 'Series A-1')
})

test('what may not be amended is refused by path, and nothing is drafted', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const terms = await wireTerms(world, roundId)
  const cases: [Parameters<typeof drafted>[2], string][] = [
    [{ preMoney: { amount: '24000000', currency: 'USD' } }, 'preMoney'],
    [{ compute: { ...terms.compute, tokens: '100001' } }, 'compute.tokens'],
    [{ compute: { ...terms.compute, referencePrice: { amount: '2.36', currency: 'USD' } } }, 'compute.referencePrice'],
    [{ security: { ...terms.security, seniority: '9' } }, 'security.seniority'],
    [{ cashInvestors: [] }, 'cashInvestors.Harbour Ventures'],
    [{ vesting: { ...terms.vesting, allocation: 'CUMULATIVE_ROUNDING' } }, 'vesting.allocation'],
    [{ vesting: { ...terms.vesting, cliffTokens: '10' } }, 'vesting.cliffTokens'],
    [{ vesting: { ...terms.vesting, basis: 'released' } }, 'vesting.basis'],
    [{ longStop: '2029-06-14' }, 'longStop'],
    [{ closingDate: '2026-12-16' }, 'closingDate'],
    [{ conditions: [{ code: 'LATE', text: 'A late condition.' }] }, 'conditions.LATE'],
    [{ releases: { kind: 'LIST', releases: [{ on: '2027-01-01', tokens: '100000' }] } }, 'releases'],
    [
      {
        instrument: {
          kind: 'PENNY_WARRANT',
          exercisePrice: { amount: '0.01', currency: 'USD' },
          expiresOn: '2036-01-01',
        },
      },
      'instrument',
    ],
    [{ furtherGrants: [{ tokenClassId: terms.compute.tokenClassId, tokens: '10' }] }, 'furtherGrants'],
  ]
  for (const [change, path] of cases) {
    const answer = await drafted(world, roundId, change)
    assert.equal(answer.__typename, 'NotAmendable', `${path}: ${JSON.stringify(answer)}`)
    assert.deepEqual(
      answer.faults.map((fault: { path: string }) => fault.path),
      [path],
    )
  }
  const both = await drafted(world, roundId, { poolRounding: 'UP', longStop: '2029-01-01' })
  assert.deepEqual(
    both.faults.map(({ path }: { path: string }) => path),
    ['poolRounding', 'longStop'],
  )
  const same = await drafted(world, roundId, {})
  assert.deepEqual([same.__typename, same.field], ['Refused', 'terms'])
  const past = await drafted(world, roundId, { disputeWindowDays: 20 }, { effectiveOn: '2026-12-14' })
  assert.deepEqual([past.__typename, past.field], ['Refused', 'effectiveOn'])
  const found = await db.selectFrom('amendment').select('state').where('company_id', '=', deal.companyId).execute()
  assert.deepEqual(found, [])
})

test('terms that contradict each other are bad input with the path of every fault', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const answer = await drafted(world, roundId, { longStop: '2031-01-01' })
  assert.equal(answer.errors?.[0]?.extensions.code, 'BAD_INPUT')
  assert.match(JSON.stringify(answer.errors), /tokenExpiry/)
})

test('a draft of a round that is not signed yet is revised, not amended', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.issued()
  const answer = await drafted(world, roundId, { disputeWindowDays: 20 })
  assert.deepEqual([answer.__typename, answer.wrong], ['WrongState', 'term_sheet_issued'])
})

test('of two amendments of one version the one that is signed second is stale, and nothing of it holds', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const first = await proposed(world, roundId, { disputeWindowDays: 20 })
  const second = await proposed(world, roundId, { disputeWindowDays: 40 })
  for (const input of [first, second]) await signIt(staff.partner, input)
  assert.equal((await acceptIt(deal.signatory, first)).state, 'in_force')
  const stale = await acceptIt(deal.signatory, second)
  assert.deepEqual([stale.__typename, stale.given, stale.current], ['StaleTerms', 1, 2], JSON.stringify(stale))
  assert.equal((await grantOf(deal.companyId)).dispute_window_days, 20)
  const next = await drafted(world, roundId, { disputeWindowDays: 40 }, { expectedVersion: 2 })
  assert.equal(next.__typename, 'Amendment')
})

test('one that builds on another does not take effect before it', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  await signed(world, deal, roundId, { disputeWindowDays: 20 }, { effectiveOn: '2027-06-01' })
  const early = await drafted(
    world,
    roundId,
    { charging: 'METERED' },
    { expectedVersion: 2, effectiveOn: '2027-05-31' },
  )
  assert.deepEqual([early.__typename, early.field], ['Refused', 'effectiveOn'], JSON.stringify(early))
  await signed(world, deal, roundId, { charging: 'METERED' }, { expectedVersion: 2, effectiveOn: '2027-06-01' })
  await world.setClock('2027-07-01T00:00:00Z')
  await amendmentDue(world.deps, { companyId: deal.companyId })
  const grant = await grantOf(deal.companyId)
  assert.deepEqual([grant.dispute_window_days, grant.charging], [20, 'METERED'])
  assert.deepEqual(await versions(roundId), [
    [1, null],
    [2, '2027-06-01'],
    [3, '2027-06-01'],
  ])
})

test('only a signatory of the company and a partner who had no part in it sign, and only its hash', async () => {
  const deal = await givenDeal(world)
  const other = await world.company('Another, Inc.')
  const { roundId } = await deal.closed()
  const draft = await draftIt(staff.partner, {
    roundId,
    expectedVersion: 1,
    terms: { ...(await wireTerms(world, roundId)), disputeWindowDays: 20 },
    reason: 'A reason.',
  })
  for (const person of [deal.founder, deal.signatory, other.signatory, staff.provider, staff.regulator]) {
    assert.equal((await proposeIt(person, { amendmentId: draft.id })).__typename, 'NotFound')
  }
  const proposal = await proposeIt(staff.secondPartner, { amendmentId: draft.id })
  const input = { amendmentId: draft.id, sha256: proposal.document.sha256 }
  for (const person of [staff.partner, staff.secondPartner]) {
    assert.equal((await signIt(person, input)).__typename, 'SamePerson')
  }
  for (const person of [staff.analyst, staff.compliance, staff.operations, staff.admin, deal.founder, deal.signatory]) {
    assert.equal((await signIt(person, input)).__typename, 'Forbidden')
  }
  for (const person of [staff.partner, staff.analyst, deal.founder]) {
    assert.equal((await acceptIt(person, input)).__typename, 'Forbidden')
  }
  for (const person of [other.signatory, staff.provider]) {
    assert.equal((await acceptIt(person, input)).__typename, 'NotFound')
  }
  const twofold = await both(world, 'analyst', 'signatory', { companyId: deal.companyId })
  assert.equal((await acceptIt(twofold, input)).__typename, 'Forbidden')
  const third = await world.person('partner')
  const wrong = { ...input, sha256: 'ab'.repeat(32) }
  assert.equal((await signIt(third, wrong)).__typename, 'HashMismatch')
  assert.equal((await acceptIt(deal.signatory, wrong)).__typename, 'HashMismatch')
  assert.equal((await signIt(third, input)).state, 'proposed')
  assert.equal((await signIt(staff.partner, input)).__typename, 'SamePerson')
  assert.equal((await signIt(await world.person('partner'), input)).__typename, 'WrongState')
  assert.equal((await acceptIt(deal.signatory, input)).state, 'in_force')
})

test('fifty signatures at once bind once, and the same call again gets the same answer', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const input = await proposed(world, roundId, { tokenExpiry: '2030-06-15' })
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      index % 2 === 0 ? signIt(staff.partner, input) : acceptIt(deal.signatory, input),
    ),
  )
  const types = answers.map(({ __typename }) => __typename)
  assert.equal(types.filter((type) => type === 'Amendment').length, 2, JSON.stringify(types))
  assert.equal(types.filter((type) => type === 'WrongState').length, 48, JSON.stringify(types))
  assert.deepEqual(await versions(roundId), [
    [1, null],
    [2, CLOSED.slice(0, 10)],
  ])
  const changes = await db
    .selectFrom('lot_change')
    .select('applied_at')
    .where('company_id', '=', deal.companyId)
    .execute()
  assert.equal(changes.length, 1)

  const second = await proposed(world, roundId, { tokenExpiry: '2031-06-15' }, { expectedVersion: 2 })
  const first = await signIt(staff.partner, { ...second, idempotencyKey: 'sign' })
  assert.deepEqual(await signIt(staff.partner, { ...second, idempotencyKey: 'sign' }), first)
})

test("yesterday's amendment is not signed once its day has passed", async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const input = await proposed(world, roundId, { disputeWindowDays: 20 }, { effectiveOn: '2026-12-20' })
  await signIt(staff.partner, input)
  await world.setClock('2026-12-21T00:00:00Z')
  const late = await acceptIt(deal.signatory, input)
  assert.deepEqual([late.__typename, late.field], ['Refused', 'effectiveOn'], JSON.stringify(late))
  assert.deepEqual(await versions(roundId), [[1, null]])
  const gone = await withdrawIt(staff.analyst, { amendmentId: input.amendmentId, reason: 'too late' })
  assert.equal(gone.state, 'withdrawn')
  assert.equal((await acceptIt(deal.signatory, input)).__typename, 'WrongState')
})

test('a failure in the middle of binding leaves neither signature nor version', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const input = await proposed(world, roundId, { tokenExpiry: '2030-06-15' })
  await signIt(staff.partner, input)
  // The lot has expired meanwhile by another way: the last step, which changes it, fails.
  await world.setClock('2029-06-15T00:00:00Z')
  const answer = await acceptIt(deal.signatory, input)
  assert.equal(answer.__typename, 'NotAmendable', JSON.stringify(answer))
  const signatures = await db
    .selectFrom('amendment_signature')
    .select('side')
    .where('company_id', '=', deal.companyId)
    .execute()
  assert.deepEqual(signatures, [{ side: 'fund' }])
  assert.deepEqual(await versions(roundId), [[1, null]])
})

test('what was charged and earned stays; what is used from the day on earns by the new basis', async () => {
  const drawn = await givenDrawdown(world, {}, { capacity: 64 })
  const { roundId } = drawn.closed
  // Signed before anything is used, for the second day.
  await world.setClock(CLOSED)
  const vesting = { ...(await wireTerms(world, roundId)).vesting, basis: 'reserved' } as const
  await signed(world, drawn, roundId, { vesting }, { effectiveOn: '2027-01-06' })
  // 64 GPUs for 60 minutes: 64 hours reserved, 32 used.
  const first = await drawn.reserved(64)
  await drawn.told(first, [usage('one', 32 * 3600)], true)
  const [earlier] = await progressOf(world, drawn)
  assert.deepEqual([earlier?.basis_micro, earlier?.idle_reserved_micro], [32_000_000n, 32_000_000n])
  const second = await drawn.reserved(64, 60, 24 * 60)
  const [unchanged] = await progressOf(world, drawn)
  assert.deepEqual(unchanged, earlier)
  const later = { startedAt: '2027-01-06T00:00:00Z', endedAt: '2027-01-06T01:00:00Z' }
  const answer = await report(staff.provider, {
    reservationId: second,
    records: [usage('two', 32 * 3600, later)],
    complete: true,
  })
  assert.equal(answer.__typename, 'ReportedUsage', JSON.stringify(answer))
  const [after] = await progressOf(world, drawn)
  // 32 delivered before, then all 64 that were reserved.
  assert.equal(after?.basis_micro, 96_000_000n)
  await assertSound(world, drawn)
})

test('a new plan of releases keeps what was due, and releases the rest as it says', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed({ releases: { kind: 'MONTHLY', months: 4 } })
  const plan = (...rest: { on: string; tokens: string }[]): Partial<RoundTermsWire> => ({
    releases: { kind: 'LIST', releases: rest },
  })
  const effectiveOn = '2027-01-20'
  const kept = await drafted(world, roundId, plan({ on: '2027-02-01', tokens: '100000' }), { effectiveOn })
  assert.equal(kept.__typename, 'NotAmendable')
  const first = { on: '2027-01-15', tokens: '25000' }
  await signed(world, deal, roundId, plan(first, { on: '2027-02-01', tokens: '75000' }), { effectiveOn })
  for (const day of ['2027-01-15', '2027-01-20', '2027-01-31']) {
    await world.setClock(`${day}T00:00:00Z`)
    await inTransaction(db, (trx) => releaseDue(trx, deal.companyId, day))
  }
  const rows = await db
    .selectFrom('release_plan')
    .select(['release_on', 'amount_micro', 'released_transfer_id'])
    .where('company_id', '=', deal.companyId)
    .orderBy('release_on')
    .execute()
  assert.deepEqual(
    rows.map((row) => [row.release_on, row.amount_micro, row.released_transfer_id !== null]),
    [
      ['2027-01-15', 25_000_000_000n, true],
      ['2027-02-01', 75_000_000_000n, false],
    ],
  )
})

test('before the closing conditions are added and dropped, but never those that the law demands', async () => {
  const deal = await givenDeal(world)
  const conditions = [
    { code: 'BOARD_CONSENT', text: 'The board has approved.', waivableBy: 'nobody' },
    { code: 'KEY_PERSON', text: 'Ada stays.', waivableBy: 'fund' },
  ] as const
  const { roundId } = await deal.accepted({ conditions: [...conditions] })
  const refusedly = await drafted(world, roundId, { conditions: [conditions[1]] })
  assert.deepEqual(
    refusedly.faults.map(({ path }: { path: string }) => path),
    ['conditions.BOARD_CONSENT'],
  )
  const insurance = { code: 'INSURANCE', text: 'The Company is insured.', waivableBy: 'both' } as const
  await signed(world, deal, roundId, { conditions: [conditions[0], insurance] })
  const rows = await db
    .selectFrom('closing_condition')
    .select(['code', 'state'])
    .where('company_id', '=', deal.companyId)
    .orderBy('ordinal')
    .execute()
  assert.deepEqual(
    rows.map(({ code, state }) => [code, state]),
    [
      ['BOARD_CONSENT', 'open'],
      ['KEY_PERSON', 'waived'],
      ['INSURANCE', 'open'],
    ],
  )
})

test('a grant that is opened while a signed amendment waits for its day is changed on that day, too', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.accepted()
  await world.setClock('2026-12-01T00:00:00Z')
  await signed(
    world,
    deal,
    roundId,
    { longStop: '2029-12-15', tokenExpiry: '2029-12-15' },
    { effectiveOn: '2027-01-01' },
  )
  await world.setClock(CLOSED)
  assert.equal((await close(staff.secondPartner, { roundId })).__typename, 'ClosedRound')
  assert.equal((await grantOf(deal.companyId)).long_stop, '2029-06-15')
  await world.setClock('2027-01-01T00:00:00Z')
  await amendmentDue(world.deps, { companyId: deal.companyId })
  assert.equal((await grantOf(deal.companyId)).long_stop, '2029-12-15')
  assert.equal((await lotOf(deal.companyId)).expires_on, '2029-12-15')
})

test('an extension takes the tokens along', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const draft = await extendIt(staff.analyst, { roundId, longStop: '2030-01-01', reason: 'More time.' })
  assert.deepEqual(
    draft.changes.map(({ path, to }: { path: string; to: string }) => [path, to]),
    [
      ['longStop', '2030-01-01'],
      ['tokenExpiry', '2030-01-01'],
    ],
    JSON.stringify(draft),
  )
  const shorter = await extendIt(staff.analyst, { roundId, longStop: '2029-01-01', reason: 'Less time.' })
  assert.equal(shorter.__typename, 'NotAmendable')
})

test('the database itself keeps what was granted, and takes no amendment that one side has not signed', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const { amendmentId } = await proposed(world, roundId, { disputeWindowDays: 20 })
  await assert.rejects(
    db.updateTable('lot').set({ expires_on: '2027-01-01' }).where('company_id', '=', deal.companyId).execute(),
    /only their expiry moves/,
  )
  await assert.rejects(
    db.updateTable('vesting_grant').set({ long_stop: '2027-01-01' }).where('company_id', '=', deal.companyId).execute(),
    /history/,
  )
  await assert.rejects(
    db
      .updateTable('amendment')
      .set({ state: 'accepted' })
      .where('company_id', '=', deal.companyId)
      .where('amendment_id', '=', refOf(amendmentId.replace('Amendment', 'Round')).id)
      .execute(),
    /amendment_binds_by_both/,
  )
})

test('the document shows every changed term before and after, and the same draft gives the same bytes', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const { amendmentId } = await proposed(world, roundId, { disputeWindowDays: 20 })
  const row = await db
    .selectFrom('document')
    .select(['bytes', 'kind', 'media_type'])
    .where('company_id', '=', deal.companyId)
    .where('subject', '=', amendmentId)
    .executeTakeFirstOrThrow()
  assert.deepEqual(
    [row.kind, row.media_type, row.bytes.subarray(0, 5).toString()],
    ['amendment', 'application/pdf', '%PDF-'],
  )
})

test('settlement terms are amended forwards: what happened before the day is settled by the terms of its day', async () => {
  const deal = await givenDeal(world)
  const { roundId, grantId } = await deal.closed()
  const terms = await wireTerms(world, roundId)
  const settlement = { ...terms.settlement, changeOfControl: 'VEST' as const }
  // The table follows from the settlement terms: left out, it is written.
  const change = { settlement, riskTable: undefined } as unknown as Partial<RoundTermsWire>
  const both = await signed(world, deal, roundId, change, { effectiveOn: '2027-03-01' })
  const paths = both.changes.map(({ path }: { path: string }) => String(path))
  assert.ok(
    paths.some((path: string) => path.replaceAll(',', '.') === 'settlement.changeOfControl'),
    JSON.stringify(paths),
  )
  assert.ok(
    paths.some((path: string) => path.startsWith('riskTable')),
    JSON.stringify(paths),
  )
  await world.setClock('2027-03-05T00:00:00Z')
  const clauseOf = async (happenedOn: string) => {
    const answer = await staff.partner.graphql(
      `query ($grantId: ID!, $on: Date!) { rehearseSettlement(grantId: $grantId, event: change_of_control, happenedOn: $on, assumed: false) {
        __typename ... on SettlementRehearsal { plan { clause } } ... on DomainError { message } } }`,
      { grantId: `Grant:${deal.companyId}:${grantId}`, on: happenedOn },
    )
    assert.equal(answer.data?.rehearseSettlement.__typename, 'SettlementRehearsal', JSON.stringify(answer))
    return answer.data.rehearseSettlement.plan.clause as string
  }
  const [before, after] = [await clauseOf('2027-02-28'), await clauseOf('2027-03-01')]
  assert.notEqual(before, after)
  assert.match(after, /vest/i)
})

test('booking terms are amended for what is asked for from the day on', async () => {
  const deal = await givenDeal(world)
  const { roundId, lotId } = await deal.closed()
  const terms = await wireTerms(world, roundId)
  const booking = { ...terms.booking, lockedRefund: '0.5', noShowGraceMinutes: 15 }
  await signed(
    world,
    deal,
    roundId,
    { booking, longStop: '2029-06-15', tokenExpiry: '2030-01-01' },
    { effectiveOn: '2026-12-20' },
  )
  const on = async (day: string) => {
    const rules = (await bookingTermsOf(db, deal.companyId, day)).get(lotId)
    return [rules?.lockedRefund, rules?.noShowGraceMinutes]
  }
  assert.deepEqual(await on('2026-12-19T23:59:59Z'), [10_000_000_000n, 60])
  assert.deepEqual(await on('2026-12-20'), [5_000_000_000n, 15])
  // A later long-stop date lets reservations run longer, too.
  await world.setClock('2026-12-21T00:00:00Z')
  const second = await drafted(world, roundId, { longStop: '2029-12-01' }, { expectedVersion: 2 })
  const { document } = await proposeIt(staff.analyst, { amendmentId: second.id })
  const signing = { amendmentId: second.id, sha256: document.sha256 }
  await signIt(staff.partner, signing)
  assert.equal((await acceptIt(deal.signatory, signing)).state, 'in_force')
  const rules = (await bookingTermsOf(db, deal.companyId)).get(lotId)
  assert.deepEqual([rules?.longStop, rules?.noShowGraceMinutes], ['2029-12-01', 15])
})

test('settlement terms that could decide nothing any more are not amended', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const terms = await wireTerms(world, roundId)
  const change = {
    settlement: { ...terms.settlement, windDownDays: 5 },
    riskTable: undefined,
  } as unknown as Partial<RoundTermsWire>
  const late = await drafted(world, roundId, change, { effectiveOn: '2029-06-15' })
  assert.equal(late.__typename, 'NotAmendable', JSON.stringify(late))
  assert.ok(
    late.faults.some(({ path }: { path: string }) => path === 'settlement.windDownDays'),
    JSON.stringify(late),
  )
})

test('how later pools get their factors is amended from the day on, and a pool that was agreed on stays', async () => {
  const deal = await givenDeal(world)
  // The terms of the tests: later pools on the basis "contract" hold at once.
  const { roundId } = await deal.closed()
  const pool = await makePool(world, { tokenClassId: deal.tokenClassUuid })
  const quote = () =>
    quoteForCompany(world.deps, deal.founder.actor, {
      companyId: deal.id,
      poolId: pool.id,
      gpus: 1,
      startsAt: '2027-03-20T00:00:00Z',
      endsAt: '2027-03-21T00:00:00Z',
    })
  await quote()
  await signed(world, deal, roundId, { factors: { laterPools: 'BOTH_SIGN' } }, { effectiveOn: '2027-01-10' })
  // And back again, by another amendment.
  const back = { factors: { laterPools: 'BASIS', basis: 'contract' } as const }
  await signed(world, deal, roundId, back, { expectedVersion: 2, effectiveOn: '2027-01-12' })
  await world.setClock('2027-01-09T12:00:00Z')
  await quote()
  await world.setClock('2027-01-10T00:00:00Z')
  await amendmentDue(world.deps, { companyId: deal.companyId })
  await assert.rejects(quote, { code: 'FACTOR_NOT_AGREED' })
  await world.setClock('2027-01-12T00:00:00Z')
  await quote()
})

test('the own dates of a further grant are amended after the closing, and only that grant follows', async () => {
  const deal = await givenDeal(world)
  const { tokenClassId } = deal.terms().compute
  const own = { tokenClassId, tokens: '20000', longStop: '2029-03-01', tokenExpiry: '2029-09-01' }
  const { roundId } = await deal.closed({ cashInvestors: [], furtherGrants: [own] })
  const dates = async () =>
    (
      await db
        .selectFrom('vesting_grant as grant')
        .innerJoin('lot', (on) =>
          on.onRef('lot.lot_id', '=', 'grant.lot_id').onRef('lot.company_id', '=', 'grant.company_id'),
        )
        .innerJoin('planned_grant as planned', (on) => on.onRef('planned.grant_id', '=', 'grant.grant_id'))
        .select(['grant.long_stop as longStop', 'lot.expires_on as expiresOn', 'grant.charging'])
        .where('grant.company_id', '=', deal.companyId)
        .orderBy('planned.ordinal')
        .execute()
    ).map(({ longStop, expiresOn, charging }) => [longStop, expiresOn, charging])
  const first = ['2029-06-15', '2029-06-15', 'RESERVED']
  assert.deepEqual(await dates(), [first, ['2029-03-01', '2029-09-01', 'RESERVED']])
  const later = { ...own, longStop: '2029-12-01', tokenExpiry: '2030-01-31', charging: 'METERED' as const }
  await signed(world, deal, roundId, { furtherGrants: [later] }, { effectiveOn: '2027-01-10' })
  await world.setClock('2027-01-09T12:00:00Z')
  await amendmentDue(world.deps, { companyId: deal.companyId })
  assert.deepEqual((await dates())[1], ['2029-03-01', '2029-09-01', 'RESERVED'])
  await world.setClock('2027-01-10T00:00:00Z')
  await amendmentDue(world.deps, { companyId: deal.companyId })
  assert.deepEqual(await dates(), [first, ['2029-12-01', '2030-01-31', 'METERED']])
  await assertSound(world, deal)
})

test('of a further grant nothing else is amended, and its dates only move on', async () => {
  const deal = await givenDeal(world)
  const { tokenClassId } = deal.terms().compute
  const own = { tokenClassId, tokens: '20000', longStop: '2029-03-01', tokenExpiry: '2029-09-01' }
  const { roundId } = await deal.closed({ cashInvestors: [], furtherGrants: [own] })
  const cases: [object, string][] = [
    [{ ...own, tokens: '20001' }, 'furtherGrants.0.tokens'],
    [{ ...own, referencePrice: { amount: '1', currency: 'USD' } }, 'furtherGrants.0.referencePrice'],
    [{ ...own, longStop: '2029-02-28' }, 'furtherGrants.0.longStop'],
    [{ ...own, tokenExpiry: '2029-08-31' }, 'furtherGrants.0.tokenExpiry'],
    // Left out, the grant would have the round's expiry, which is earlier.
    [{ ...own, tokenExpiry: undefined }, 'furtherGrants.0.tokenExpiry'],
    [{ ...own, vesting: { basis: 'delivered', allocation: 'CUMULATIVE_ROUNDING' } }, 'furtherGrants.0.vesting'],
    [{ ...own, vesting: { basis: 'released', allocation: 'CUMULATIVE_ROUND_DOWN' } }, 'furtherGrants.0.vesting'],
    // All of it was released at the closing.
    [
      { ...own, releases: { kind: 'LIST', releases: [{ on: '2027-01-01', tokens: '20000' }] } },
      'furtherGrants.0.releases',
    ],
  ]
  for (const [grant, path] of cases) {
    const answer = await drafted(world, roundId, { furtherGrants: [grant] } as Partial<RoundTermsWire>)
    assert.equal(answer.__typename, 'NotAmendable', `${path}: ${JSON.stringify(answer)}`)
    assert.deepEqual(
      answer.faults.map((fault: { path: string }) => fault.path),
      [path],
    )
  }
  const dropped = await drafted(world, roundId, { furtherGrants: undefined } as Partial<RoundTermsWire>)
  assert.equal(dropped.__typename, 'NotAmendable', JSON.stringify(dropped))
})
