import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeWorld } from '../support/world.ts'
import { both, CLOSED, close, type Deal, givenDeal, refOf, satisfy, waive } from './given-deal.ts'

const world = await makeWorld()
const { staff } = world

const condition = (code: string, waivableBy: 'fund' | 'company' | 'both' | 'nobody') => ({
  code,
  text: `${code} is done`,
  waivableBy,
})
const CONDITIONS = [
  condition('OF_FUND', 'fund'),
  condition('OF_COMPANY', 'company'),
  condition('OF_BOTH', 'both'),
  condition('OF_NOBODY', 'nobody'),
]
async function given(): Promise<{ deal: Deal; roundId: string }> {
  const deal = await givenDeal(world)
  const { roundId } = await deal.accepted({ conditions: CONDITIONS })
  return { deal, roundId }
}
const reason = 'Agreed in the call of 10 December'
const proof = { evidence: 'Signed original in the minute book', evidenceDate: '2026-12-10' }
const eventsOf = (roundId: string) =>
  world.deps.db
    .selectFrom('closing_condition_event')
    .select(['code', 'kind', 'actor_id'])
    .where('company_id', '=', refOf(roundId).companyId)
    .where('round_id', '=', refOf(roundId).id)
    .orderBy('event_id')
    .execute()

test('a round with open conditions does not close, and the refusal names each of them', async () => {
  const { roundId } = await given()
  const answer = await close(staff.secondPartner, { roundId })
  assert.equal(answer.__typename, 'ConditionsOpen', JSON.stringify(answer))
  assert.deepEqual(
    answer.conditions.map((each: { code: string }) => each.code),
    CONDITIONS.map(({ code }) => code),
  )
  assert.match(answer.message, /OF_FUND, OF_COMPANY, OF_BOTH, OF_NOBODY are neither met nor waived/)
})

test('conditions that are met, or waived by whom the terms name, let the round close', async () => {
  const { deal, roundId } = await given()
  assert.equal((await waive(staff.partner, { roundId, code: 'OF_FUND', reason })).__typename, 'Round')
  assert.equal((await waive(deal.founder, { roundId, code: 'OF_COMPANY', reason })).__typename, 'Round')
  assert.equal((await waive(deal.signatory, { roundId, code: 'OF_BOTH', reason })).__typename, 'Round')
  assert.equal((await waive(staff.partner, { roundId, code: 'OF_BOTH', reason })).__typename, 'Round')
  const last = await satisfy(staff.operations, { roundId, code: 'OF_NOBODY', ...proof })
  assert.deepEqual(
    last.conditions.map((each: { state: string }) => each.state),
    ['waived', 'waived', 'waived', 'satisfied'],
  )
  assert.equal((await close(staff.secondPartner, { roundId })).__typename, 'ClosedRound')
})

// Who may not waive what: the wrong side, and anybody what nobody may.
const WRONG: readonly (readonly [code: string, by: 'partner' | 'founder' | 'signatory', waivableBy: string])[] = [
  ['OF_FUND', 'founder', 'fund'],
  ['OF_FUND', 'signatory', 'fund'],
  ['OF_COMPANY', 'partner', 'company'],
  ['OF_NOBODY', 'partner', 'nobody'],
  ['OF_NOBODY', 'founder', 'nobody'],
]
for (const [code, by, waivableBy] of WRONG) {
  test(`the ${by} does not waive the condition ${code}`, async () => {
    const { deal, roundId } = await given()
    const person = by === 'partner' ? staff.partner : deal[by]
    const answer = await waive(person, { roundId, code, reason })
    assert.deepEqual([answer.__typename, answer.waivableBy], ['NotWaivable', waivableBy], JSON.stringify(answer))
    assert.deepEqual(await eventsOf(roundId), [])
  })
}

test('a condition of both sides stays open after one, also when that side says so again', async () => {
  const { deal, roundId } = await given()
  const first = await waive(staff.partner, { roundId, code: 'OF_BOTH', reason })
  const both = first.conditions.find((each: { code: string }) => each.code === 'OF_BOTH')
  assert.deepEqual([both.state, both.waivedByFund, both.waivedByCompany], ['open', true, false])
  const again = await waive(staff.secondPartner, { roundId, code: 'OF_BOTH', reason })
  assert.deepEqual([again.__typename, again.field], ['Refused', 'code'], JSON.stringify(again))
  assert.equal((await eventsOf(roundId)).length, 1)
  const stopped = await close(staff.secondPartner, { roundId })
  assert.ok(stopped.conditions.some((each: { code: string }) => each.code === 'OF_BOTH'))
  const second = await waive(deal.founder, { roundId, code: 'OF_BOTH', reason })
  assert.equal(second.conditions.find((each: { code: string }) => each.code === 'OF_BOTH').state, 'waived')
})

test('a settled condition is not settled again, in whatever way', async () => {
  const { deal, roundId } = await given()
  await satisfy(staff.operations, { roundId, code: 'OF_BOTH', ...proof })
  assert.equal((await satisfy(staff.compliance, { roundId, code: 'OF_BOTH', ...proof })).__typename, 'WrongState')
  assert.equal((await waive(deal.founder, { roundId, code: 'OF_BOTH', reason })).__typename, 'WrongState')
  assert.equal((await eventsOf(roundId)).length, 1)
})

test('evidence of a condition is recorded by operations or compliance, not by the partners nor by the company', async () => {
  const { deal, roundId } = await given()
  const input = { roundId, code: 'OF_NOBODY', ...proof }
  for (const person of [staff.analyst, staff.partner, staff.admin, deal.founder, deal.signatory]) {
    assert.equal((await satisfy(person, input)).__typename, 'Forbidden')
  }
  for (const person of [staff.provider, staff.regulator]) {
    assert.equal((await satisfy(person, input)).__typename, 'NotFound')
  }
  assert.equal((await satisfy(staff.compliance, input)).__typename, 'Round')
})

test('evidence has a date that exists and is not in the future, and says something', async () => {
  const { roundId } = await given()
  const input = { roundId, code: 'OF_NOBODY', ...proof }
  assert.equal((await satisfy(staff.operations, { ...input, evidenceDate: '2026-12-16' })).__typename, 'Refused')
  for (const bad of [{ evidenceDate: '2026-02-30' }, { evidence: '   ' }, { code: 'of nobody' }]) {
    const answer = await satisfy(staff.operations, { ...input, ...bad })
    assert.equal(answer.errors?.[0]?.extensions.code, 'BAD_INPUT', JSON.stringify([bad, answer]))
  }
  assert.equal((await satisfy(staff.operations, { ...input, code: 'UNKNOWN' })).__typename, 'NotFound')
  assert.deepEqual(await eventsOf(roundId), [])
})

test("a founder of another company who is on the fund's staff does not waive for this company", async () => {
  const { roundId } = await given()
  const other = await world.company('Another, Inc.')
  const twofold = await both(world, 'analyst', 'founder', { companyId: other.companyId })
  assert.equal((await waive(twofold, { roundId, code: 'OF_COMPANY', reason })).__typename, 'Forbidden')
  assert.deepEqual(await eventsOf(roundId), [])
})

test('fifty waivers of both sides at once settle a condition once for each side', async () => {
  const { deal, roundId } = await given()
  const people = [staff.partner, staff.secondPartner, deal.founder, deal.signatory]
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      waive(people[index % 4] ?? deal.founder, { roundId, code: 'OF_BOTH', reason }),
    ),
  )
  assert.equal(answers.filter((answer) => answer.__typename === 'Round').length, 2)
  assert.equal((await eventsOf(roundId)).length, 2)
})

test('conditions of a closed round are history', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.accepted({ conditions: [condition('OF_FUND', 'fund')] })
  await satisfy(staff.operations, { roundId, code: 'OF_FUND', ...proof })
  await world.setClock(CLOSED)
  assert.equal((await close(staff.secondPartner, { roundId })).__typename, 'ClosedRound')
  assert.equal((await waive(staff.partner, { roundId, code: 'OF_FUND', reason })).__typename, 'WrongState')
  await assert.rejects(
    world.deps.db.updateTable('closing_condition_event').set({ evidence: 'other' }).execute(),
    /permission denied/,
  )
})
