import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amendmentDue, bringDueIntoForce } from '../../api/closing/index.ts'
import { inTransaction } from '../../api/platform/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { expireLots, releaseDue } from '../../api/tokens/index.ts'
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
