import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { issueShares } from '../../api/captable/index.ts'
import { closeRound } from '../../api/closing/index.ts'
import { recordFact } from '../../api/flags/index.ts'
import { inTransaction, openDatabase, WrongState } from '../../api/platform/index.ts'
import { authoriseSupply, conservation } from '../../api/tokens/index.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld } from '../support/world.ts'
import { CLOSED, close, DRAFTED, footprint, givenDeal, issue, refOf, refused } from './given-deal.ts'

const world = await makeWorld()
const { staff } = world

test('closing issues the unearned shares, takes the tokens out of the supply, and records what it made', async () => {
  const deal = await givenDeal(world)
  const { roundId, documentId } = await deal.accepted()
  const before = await footprint(world, deal, roundId)
  const closed = await close(staff.secondPartner, { roundId })
  assert.deepEqual([closed.__typename, closed.shares, closed.round.state], ['ClosedRound', '117500', 'closed'])
  const after = await footprint(world, deal, roundId)
  assert.equal(after.granted - before.granted, 100_000_000_000n)
  assert.deepEqual([after.lots, after.grants, after.closings, after.closing, after.events], [1, 1, 1, 'closed', 1])
  const grant = await world.deps.db
    .selectFrom('vesting_grant')
    .select(['granted_micro', 'total_shares', 'terms_document_id', 'security_id'])
    .where('company_id', '=', deal.companyId)
    .executeTakeFirstOrThrow()
  assert.deepEqual(grant, {
    granted_micro: 100_000_000_000n,
    total_shares: 117_500n,
    terms_document_id: documentId,
    security_id: closed.securityId,
  })
  assert.deepEqual(await conservation(world.deps.db, deal.companyId), [])
})

test('the same call again gets the first answer and closes nothing more', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.accepted()
  const first = await close(staff.secondPartner, { roundId, idempotencyKey: 'close A' })
  assert.equal(first.__typename, 'ClosedRound')
  const once = await footprint(world, deal, roundId)
  assert.deepEqual(await close(staff.secondPartner, { roundId, idempotencyKey: 'close A' }), first)
  assert.deepEqual(await footprint(world, deal, roundId), once)
})

test('a closed round does not close again under another key or none, and no rule is run on it', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.accepted()
  assert.equal((await close(staff.secondPartner, { roundId, idempotencyKey: 'one' })).__typename, 'ClosedRound')
  const runs = () =>
    world.deps.db.selectFrom('finding').select('finding_id').where('company_id', '=', deal.companyId).execute()
  const before = (await runs()).length
  for (const key of ['two', undefined]) {
    const again = await refused(world, deal, roundId, 'WrongState', () =>
      close(staff.secondPartner, { roundId, ...(key === undefined ? {} : { idempotencyKey: key }) }),
    )
    assert.equal(again.state, 'closed')
  }
  assert.equal((await runs()).length, before)
})

test('a round closes once even when two partners press fifty times at the same time', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.accepted()
  const before = await footprint(world, deal, roundId)
  const third = await world.person('partner')
  const people = [staff.secondPartner, third]
  const answers = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const by = people[index % 2]
      assert.ok(by !== undefined)
      return close(by, { roundId, idempotencyKey: `press ${index}` })
    }),
  )
  const types = answers.map((answer) => answer.__typename)
  assert.equal(types.filter((type) => type === 'ClosedRound').length, 1, JSON.stringify(types))
  assert.equal(types.filter((type) => type === 'WrongState').length, 49, JSON.stringify(types))
  const after = await footprint(world, deal, roundId)
  assert.deepEqual([after.lots, after.grants, after.closings, after.events], [1, 1, 1, 1])
  assert.equal(after.granted - before.granted, 100_000_000_000n)
})

for (const role of ['analyst', 'compliance', 'operations', 'admin'] as const) {
  test(`a person who is ${role} sees the round but does not close it`, async () => {
    const deal = await givenDeal(world)
    const { roundId } = await deal.accepted()
    await refused(world, deal, roundId, 'Forbidden', () => close(staff[role], { roundId }))
  })
}

test('the company does not close its own round, and others do not learn that it is there', async () => {
  const deal = await givenDeal(world)
  const other = await world.company('Another, Inc.')
  const { roundId } = await deal.accepted()
  for (const person of [deal.founder, deal.signatory]) {
    await refused(world, deal, roundId, 'Forbidden', () => close(person, { roundId }))
  }
  for (const person of [staff.provider, staff.otherProvider, staff.regulator, other.founder, other.signatory]) {
    await refused(world, deal, roundId, 'NotFound', () => close(person, { roundId }))
  }
})

test("another company's id does not lead to the round", async () => {
  const deal = await givenDeal(world)
  const other = await world.company('Another, Inc.')
  const { roundId } = await deal.accepted()
  await refused(world, deal, roundId, 'NotFound', () =>
    close(staff.secondPartner, { roundId: `Round:${other.companyId}:${refOf(roundId).id}` }),
  )
})

test('who proposed a round does not close it', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.accepted()
  await refused(world, deal, roundId, 'SamePerson', () => close(staff.partner, { roundId }))
})

test('a round is not closed before it is accepted', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.issued()
  await world.setClock(CLOSED)
  const answer = await refused(world, deal, roundId, 'WrongState', () => close(staff.secondPartner, { roundId }))
  assert.equal(answer.state, 'term_sheet_issued')
})

test('a round is not closed before its closing date, nor once its long-stop date is reached', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.accepted({ longStop: '2029-06-15' })
  for (const [at, field] of [
    ['2026-12-14T23:59:59Z', 'closingDate'],
    ['2029-06-15T00:00:00Z', 'longStop'],
  ] as const) {
    await world.setClock(at)
    const answer = await refused(world, deal, roundId, 'Refused', () => close(staff.secondPartner, { roundId }))
    assert.equal(answer.field, field)
  }
})

/** 617,500 more common shares: 12,117,500 fully diluted in the place of 11,500,000. */
const issueMore = (companyId: string, date: string) =>
  inTransaction(world.deps.db, (trx) =>
    issueShares(trx, {
      companyId,
      stakeholder: { id: 'founder-ada' },
      stockClass: { id: 'class-common' },
      quantity: 617_500n,
      sharePrice: { amount: 10n ** 10n, currency: 'USD' },
      date,
      considerationText: '617500 USD',
    }),
  )

test('a cap table that moved since the term sheet is not closed on, and the refusal says from what to what', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.accepted()
  await issueMore(deal.companyId, '2026-12-01')
  const answer = await refused(world, deal, roundId, 'CapTableMoved', () => close(staff.secondPartner, { roundId }))
  assert.equal(answer.promised, '117500 shares at 2 of 12117500 in all')
  // 23,000,000 / 12,117,500 = 1.898081..., up at five places; 235,000 and 1,000,000 over that, down: 123,808 and 526,845.
  assert.equal(answer.now, '123808 shares at 1.89809 of 12768153 in all')
})

test('a cap table that moved between the closing date and a late closing is not closed on', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.accepted()
  await issueMore(deal.companyId, '2026-12-18')
  await world.setClock('2026-12-20T12:00:00Z')
  await refused(world, deal, roundId, 'CapTableMoved', () => close(staff.secondPartner, { roundId }))
})

test('terms that no longer fit because another round closed are told as a cap table that moved', async () => {
  const deal = await givenDeal(world)
  const first = await deal.accepted()
  const second = await deal.accepted({ name: 'Series A-1', security: { className: 'Series A-1', newClass: true } })
  assert.equal((await close(staff.secondPartner, { roundId: first.roundId })).__typename, 'ClosedRound')
  const answer = await refused(world, deal, second.roundId, 'CapTableMoved', () =>
    close(staff.secondPartner, { roundId: second.roundId }),
  )
  assert.match(answer.message, /no such round \(compute\.stakeholderId is missing.*Nothing was changed/)
})

test('a grant that its supply no longer covers is refused at the end, and everything before it is undone', async () => {
  const deal = await givenDeal(world, '150000')
  const other = await givenDeal(world)
  const first = await deal.accepted()
  // The same supply is promised to another company's round: that it no longer suffices shows only when that one closes.
  const theirs = await other.accepted({
    compute: { ...other.compute('50000.000001'), tokenClassId: `TokenClass:${deal.tokenClassUuid}` },
  })
  assert.equal((await close(staff.secondPartner, { roundId: first.roundId })).__typename, 'ClosedRound')
  const onSupply = { ...other, tokenClassUuid: deal.tokenClassUuid }
  await refused(world, onSupply, theirs.roundId, 'SupplyExceeded', () =>
    close(staff.secondPartner, { roundId: theirs.roundId, idempotencyKey: 'too much' }),
  )
  const left = await footprint(world, onSupply, theirs.roundId)
  assert.deepEqual([left.round, left.closing, left.lots, left.granted], ['accepted', 'planned', 0, 100_000_000_000n])
  // A refusal is not kept under its key: once there is supply, the same call closes.
  const more = {
    tokenClassId: `TokenClass:${deal.tokenClassUuid}`,
    amount: '1',
    validUntil: '2099-01-01',
    reason: 'more',
  }
  await authoriseSupply(world.deps, staff.partner.actor, more)
  const later = await close(staff.secondPartner, { roundId: theirs.roundId, idempotencyKey: 'too much' })
  assert.equal(later.__typename, 'ClosedRound', JSON.stringify(later))
})

test('flags that opened again since signing stop the closing, and stay for people to see', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.accepted()
  await recordFact(world.deps, staff.analyst.actor, {
    companyId: deal.id,
    name: 'provider.products',
    value: [{ scheme: 'fund', code: 'asr', name: 'Speech recognition', seller: 'Provider' }],
    source: 'the test',
    asOf: '2026-12-10',
  })
  const answer = await refused(world, deal, roundId, 'OpenFlags', () => close(staff.secondPartner, { roundId }))
  assert.deepEqual(
    answer.flags.map((flag: { ruleId: string }) => flag.ruleId),
    ['conflict.provider_product_overlap'],
  )
  const flags = await world.deps.db
    .selectFrom('flag')
    .select('state')
    .where('company_id', '=', deal.companyId)
    .where('subject', '=', roundId)
    .where('state', '=', 'open')
    .where('kind', '<>', 'watch')
    .execute()
  assert.equal(flags.length, 1)
})

test('a closing whose connection is killed in the middle leaves nothing half-done, and closes later', async (t) => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.accepted()
  const before = await footprint(world, deal, roundId)
  const { db, pool } = openDatabase({ url: world.ownerUrl, connections: 2 })
  t.after(() => db.destroy())
  pool.on('connect', (client) => client.on('error', () => undefined))
  // Somebody else holds the supply row: the closing has done all else and waits for it when its connection is killed.
  const holder = openDatabase({ url: world.ownerUrl, connections: 1 })
  t.after(() => holder.db.destroy())
  let release: () => void = () => undefined
  const waiting = new Promise<void>((resolve) => {
    release = resolve
  })
  const held = holder.db.transaction().execute(async (trx) => {
    await trx
      .selectFrom('token_supply')
      .select('token_class_id')
      .where('token_class_id', '=', deal.tokenClassUuid)
      .forUpdate()
      .execute()
    await waiting
  })
  await sleep(100)
  const closing = closeRound({ ...world.deps, db }, staff.secondPartner.actor, { roundId }).then(
    () => 'closed',
    () => 'killed',
  )
  let killed = 0
  for (let attempt = 0; killed === 0 && attempt < 100; attempt += 1) {
    await sleep(50)
    const { rowCount } = await asOwner(
      world.ownerUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
       AND application_name = 'equihour' AND wait_event_type = 'Lock' AND query LIKE '%token_supply%'`,
    )
    killed = rowCount ?? 0
  }
  assert.equal(killed, 1, 'the closing waited for the supply row')
  assert.equal(await closing, 'killed')
  release()
  await held
  assert.deepEqual(await footprint(world, deal, roundId), before)
  assert.equal(before.round, 'accepted')
  assert.equal((await close(staff.secondPartner, { roundId })).__typename, 'ClosedRound')
})

test('shares beyond what an existing class has authorised are refused by name, and nothing is issued', async () => {
  const deal = await givenDeal(world)
  // 500,000 of 2,000,000 Series Seed are left; 1,500,000 of cash at 2.00 are 750,000 shares.
  const change = {
    security: { className: 'Series Seed Preferred Stock', newClass: false, stockClassId: 'class-series-seed' },
    cashInvestors: [{ name: 'Harbour Ventures', amount: { amount: '1500000', currency: 'USD' } }],
  }
  const drafted = await deal.accepted(change).catch((error: Error) => error)
  if (drafted instanceof Error) {
    assert.match(drafted.message, /authori[sz]ed/)
    return
  }
  await refused(world, deal, drafted.roundId, 'TransactionRefused', () =>
    close(staff.secondPartner, { roundId: drafted.roundId }),
  )
})

test('terms so small that they buy no share never become a term sheet', async () => {
  const deal = await givenDeal(world)
  const made = await deal.proposed({ compute: deal.compute('0.000001') }).catch((error: Error) => error)
  if (made instanceof Error) {
    assert.match(made.message, /share/)
    return
  }
  const answer = await issue(staff.analyst, { roundId: made })
  assert.match(answer.__typename ?? '', /^(TermsRefused|Refused)$/, JSON.stringify(answer))
})

test('the use case refuses a second closing by itself', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  await assert.rejects(closeRound(world.deps, staff.secondPartner.actor, { roundId }), WrongState)
  await world.setClock(DRAFTED)
})
