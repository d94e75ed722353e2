import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeDocument } from '../../api/documents/index.ts'
import { recordFact } from '../../api/flags/index.ts'
import { inTransaction } from '../../api/platform/index.ts'
import { RECHECK } from '../flags/given-flags.ts'
import { makeWorld } from '../support/world.ts'
import { accept, both, type Deal, givenDeal, issue, refOf } from './given-deal.ts'

const world = await makeWorld()
const { staff } = world

const stateOf = async (roundId: string) =>
  (
    await world.deps.db
      .selectFrom('round')
      .select('state')
      .where('company_id', '=', refOf(roundId).companyId)
      .where('round_id', '=', refOf(roundId).id)
      .executeTakeFirstOrThrow()
  ).state
const acceptances = async (deal: Deal) =>
  (
    await world.deps.db
      .selectFrom('document_acceptance')
      .select('company_id')
      .where('company_id', '=', deal.companyId)
      .execute()
  ).length

test('a founder accepts exactly the term sheet that was issued, and a signatory may as well', async () => {
  for (const role of ['founder', 'signatory'] as const) {
    const deal = await givenDeal(world)
    const { roundId, sha256 } = await deal.issued()
    const answer = await accept(deal[role], { roundId, sha256, typedName: 'Ada Lindqvist' })
    assert.deepEqual([answer.__typename, answer.state], ['Round', 'accepted'], JSON.stringify(answer))
    assert.equal(await acceptances(deal), 1)
  }
})

test('the same call again gets the same answer; a second acceptance under another key is refused', async () => {
  const deal = await givenDeal(world)
  const { roundId, sha256 } = await deal.issued()
  const first = await accept(deal.founder, { roundId, sha256, idempotencyKey: 'I accept' })
  assert.deepEqual(await accept(deal.founder, { roundId, sha256, idempotencyKey: 'I accept' }), first)
  for (const [by, key] of [
    [deal.founder, 'again'],
    [deal.signatory, 'I accept'],
  ] as const) {
    assert.equal((await accept(by, { roundId, sha256, idempotencyKey: key })).__typename, 'WrongState')
  }
  assert.equal(await acceptances(deal), 1)
})

test('fifty acceptances at once are one', async () => {
  const deal = await givenDeal(world)
  const { roundId, sha256 } = await deal.issued()
  const people = [deal.founder, deal.signatory]
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => accept(people[index % 2] ?? deal.founder, { roundId, sha256 })),
  )
  assert.equal(answers.filter((answer) => answer.__typename === 'Round').length, 1)
  assert.equal(answers.filter((answer) => answer.__typename === 'WrongState').length, 49)
  assert.equal(await acceptances(deal), 1)
})

test("yesterday's document is not accepted once another has superseded it, and nothing else is either", async () => {
  const deal = await givenDeal(world)
  const { roundId, sha256 } = await deal.issued()
  await inTransaction(world.deps.db, (trx) =>
    storeDocument(trx, {
      companyId: deal.companyId,
      subject: roundId,
      kind: 'term_sheet',
      bytes: Buffer.from('%PDF-1.7 another version'),
      mediaType: 'application/pdf',
      fileName: 'term-sheet-v2.pdf',
      madeBy: staff.analyst.id,
    }),
  )
  const answer = await accept(deal.founder, { roundId, sha256 })
  assert.ok(['HashMismatch', 'DocumentSuperseded'].includes(answer.__typename), JSON.stringify(answer))
  assert.equal(await stateOf(roundId), 'term_sheet_issued')
  assert.equal(await acceptances(deal), 0)
})

test('a hash that differs in one digit is refused, and one that is no hash is bad input', async () => {
  const deal = await givenDeal(world)
  const { roundId, sha256 } = await deal.issued()
  const other = sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
  assert.equal((await accept(deal.founder, { roundId, sha256: other })).__typename, 'HashMismatch')
  for (const bad of ['', 'abc', sha256.toUpperCase(), `${sha256}0`, '٠'.repeat(64)]) {
    const answer = await accept(deal.founder, { roundId, sha256: bad })
    assert.equal(answer.errors?.[0]?.extensions.code, 'BAD_INPUT', bad)
  }
  assert.equal(await stateOf(roundId), 'term_sheet_issued')
})

test('nobody on the fund side accepts for the company', async () => {
  const deal = await givenDeal(world)
  const { roundId, sha256 } = await deal.issued()
  for (const role of ['analyst', 'partner', 'compliance', 'operations', 'admin'] as const) {
    assert.equal((await accept(staff[role], { roundId, sha256 })).__typename, 'Forbidden', role)
  }
  assert.equal(await acceptances(deal), 0)
})

test("another company's signatory, a provider and a regulator do not learn that there is a round", async () => {
  const deal = await givenDeal(world)
  const other = await world.company('Another, Inc.')
  const { roundId, sha256 } = await deal.issued()
  for (const person of [other.founder, other.signatory, staff.provider, staff.regulator]) {
    assert.equal((await accept(person, { roundId, sha256 })).__typename, 'NotFound')
  }
  const theirs = roundId.replace(deal.companyId, other.companyId)
  assert.equal((await accept(other.founder, { roundId: theirs, sha256 })).__typename, 'NotFound')
})

test('staff who are founders of another company see the round, but do not accept it', async () => {
  const deal = await givenDeal(world)
  const other = await world.company('Another, Inc.')
  const { roundId, sha256 } = await deal.issued()
  const twofold = await both(world, 'analyst', 'founder', { companyId: other.companyId })
  assert.equal((await accept(twofold, { roundId, sha256 })).__typename, 'Forbidden')
})

test('who is on the fund side as well as a founder of the company does not accept for it', async () => {
  const deal = await givenDeal(world)
  const { roundId, sha256 } = await deal.issued()
  const twofold = await both(world, 'partner', 'founder', { companyId: deal.companyId })
  assert.equal((await accept(twofold, { roundId, sha256 })).__typename, 'Forbidden')
  assert.equal(await acceptances(deal), 0)
})

test('the company does not see a round before its term sheet is issued', async () => {
  const deal = await givenDeal(world)
  const roundId = await deal.proposed()
  assert.equal((await accept(deal.founder, { roundId, sha256: '0'.repeat(64) })).__typename, 'NotFound')
})

test('while flags are open the founder is told that the fund reviews, and nothing about flags', async () => {
  const deal = await givenDeal(world)
  const { roundId, sha256 } = await deal.issued()
  await recordFact(world.deps, staff.analyst.actor, {
    companyId: deal.id,
    name: 'provider.products',
    value: [{ scheme: 'fund', code: 'asr', name: 'Speech recognition', seller: 'Provider' }],
    source: 'the test',
    asOf: '2026-11-19',
  })
  const rechecked = await staff.analyst.graphql(RECHECK, { input: { subject: roundId } })
  assert.equal(rechecked.data.recheckFlags.__typename, 'FlagsRechecked', JSON.stringify(rechecked))
  const answer = await accept(deal.founder, { roundId, sha256 })
  assert.deepEqual([answer.__typename, answer.transient], ['UnderReview', true], JSON.stringify(answer))
  assert.doesNotMatch(JSON.stringify(answer), /flag|conflict|overlap|antitrust|rule/i)
  assert.equal(await stateOf(roundId), 'term_sheet_issued')
  assert.equal(await acceptances(deal), 0)
})

test('a term sheet is issued once, and the same terms on the same day give the same bytes', async () => {
  const deal = await givenDeal(world)
  const first = await deal.issued()
  assert.equal((await issue(staff.analyst, { roundId: first.roundId })).__typename, 'WrongState')
  const documents = await world.deps.db
    .selectFrom('document')
    .select(['sha256'])
    .where('company_id', '=', deal.companyId)
    .execute()
  assert.equal(documents.length, 1)
  const second = await deal.issued()
  assert.equal(second.sha256, first.sha256)
})

test('a founder does not issue the term sheet of the fund', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.issued()
  assert.equal((await issue(deal.founder, { roundId })).__typename, 'Forbidden')
  for (const role of ['compliance', 'operations', 'admin'] as const) {
    assert.equal((await issue(staff[role], { roundId })).__typename, 'Forbidden')
  }
})
