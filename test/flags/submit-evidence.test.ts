import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeWorld } from '../support/world.ts'
import { usd } from './given-facts.ts'
import { BAR, CLEAR_FACTS, givenDeal, NOWHERE, POLICY } from './given-flags.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')

/** A deal above the upper threshold of 2026: reportable whatever the persons. */
async function reportable() {
  const deal = await givenDeal(world)
  await deal.recordAll({ ...CLEAR_FACTS, 'transaction.value': usd('535500001') })
  await deal.check()
  return deal
}

test('a bar ends by evidence, which holds for a year', async () => {
  const deal = await reportable()
  await assert.rejects(deal.pass())
  const ended = await deal.prove(await deal.flag(BAR))
  assert.deepEqual([ended.state, ended.settledBy, ended.lapsesOn], ['cleared', 'evidence', '2027-11-10'])
  const { kind, evidence } = ended.events.at(-1)
  assert.equal(kind, 'evidenced')
  assert.deepEqual(
    [evidence.kind, evidence.reference],
    ['early_termination', 'Grant of early termination, transaction 20261234'],
  )
  await deal.pass('2026-11-20')
  await deal.check()
  assert.equal((await deal.flag(BAR)).state, 'cleared')
})

test('a bar that cannot be told also ends by evidence', async () => {
  const deal = await givenDeal(world)
  await deal.recordAll({
    'company.products': CLEAR_FACTS['company.products'],
    'provider.products': CLEAR_FACTS['provider.products'],
  })
  await deal.check()
  const ended = await deal.prove(await deal.flag(BAR), undefined, { kind: 'not_reportable_opinion' })
  assert.deepEqual([ended.state, ended.lapsesOn], ['cleared', null])
  await deal.pass()
})

test('a bar opens again when more is acquired than the evidence was about', async () => {
  const deal = await reportable()
  await deal.prove(await deal.flag(BAR))
  await deal.record('transaction.value', usd('600000000'))
  await deal.recheck()
  const again = await deal.flag(BAR)
  assert.deepEqual(
    [again.state, again.lapsesOn, again.events.map((event) => event.kind)],
    ['open', null, ['opened', 'evidenced', 'reopened']],
  )
})

test('a bar opens again when the evidence has lapsed', async () => {
  const deal = await reportable()
  await deal.prove(await deal.flag(BAR), undefined, { date: '2025-11-25' })
  await deal.check(undefined, '2026-11-24')
  assert.equal((await deal.flag(BAR)).state, 'cleared')
  await deal.check(undefined, '2026-11-25')
  assert.equal((await deal.flag(BAR)).state, 'open')
})

test('evidence is refused by the field that is wrong', async () => {
  const deal = await reportable()
  const other = await givenDeal(world)
  const flag = await deal.flag(BAR)
  const refused: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ kind: 'a promise' }, /^kind must be one of waiting_period_expired, early_termination, not_reportable_opinion/],
    [{ date: '2026-11-21' }, /^date must not be after today, 2026-11-20/],
    [{ date: '2025-11-20' }, /^date is too long ago/],
    [{ documentId: `Document:${other.company.companyId}:${NOWHERE}` }, /^documentId must be/],
  ]
  for (const [input, message] of refused) {
    const answer = await deal.prove(flag, undefined, input)
    assert.equal(answer.__typename, 'Refused', JSON.stringify([input, answer]))
    assert.match(answer.message, message)
  }
  assert.equal((await deal.flag(BAR)).state, 'open')
})

test('a policy flag takes no evidence', async () => {
  const deal = await givenDeal(world)
  await deal.check()
  const answer = await deal.prove(await deal.flag(POLICY))
  assert.deepEqual([answer.__typename, (await deal.flag(POLICY)).state], ['Refused', 'open'])
})

test('submitted twice, and by fifty at once, it ends once; by who may not, never', async () => {
  const deal = await reportable()
  const flag = await deal.flag(BAR)
  const { analyst, provider } = world.staff
  assert.equal((await deal.prove(flag, analyst)).__typename, 'Forbidden')
  assert.equal((await deal.prove(flag, provider)).__typename, 'NotFound')
  assert.equal((await deal.prove(flag, deal.company.founder)).__typename, 'NotFound')
  const answers = await Promise.all(Array.from({ length: 50 }, () => deal.prove(flag)))
  assert.equal(answers.filter((answer) => answer.__typename === 'Flag').length, 1)
  assert.equal((await deal.prove(flag)).__typename, 'WrongState')
  assert.equal((await deal.flag(BAR)).events.length, 2)
})
