import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actorOfPerson, admit, raiseWall } from '../../api/access/index.ts'
import { checkGate, waiveFlag } from '../../api/flags/index.ts'
import { inTransaction, newId } from '../../api/platform/index.ts'
import { makeWorld } from '../support/world.ts'
import { usd } from './given-facts.ts'
import { BAR, CLEAR_FACTS, givenDeal, NOWHERE, POLICY, REASON, WATCH } from './given-flags.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')

/** A deal whose only stopping flag is the policy one. */
async function overlapping() {
  const deal = await givenDeal(world)
  await deal.recordAll({ ...CLEAR_FACTS, 'provider.products': CLEAR_FACTS['company.products'] })
  await deal.check()
  return deal
}

test('compliance waives a policy flag with a reason, and the gate opens', async () => {
  const deal = await overlapping()
  await assert.rejects(deal.pass())
  const waived = await deal.waive(await deal.flag(POLICY))
  assert.deepEqual([waived.state, waived.settledBy, waived.stops], ['waived', 'waiver', false])
  assert.deepEqual(
    waived.events.map((event: { kind: string; reason: string | null }) => [event.kind, event.reason]),
    [
      ['opened', null],
      ['waived', REASON],
    ],
  )
  await deal.pass('2026-11-20')
})

test('a waiver holds for the same grounds and ends with others', async () => {
  const deal = await overlapping()
  await deal.waive(await deal.flag(POLICY))
  await deal.check()
  await deal.recheck()
  assert.equal((await deal.flag(POLICY)).state, 'waived')
  // The same value from another source is no other ground.
  await deal.record('provider.products', CLEAR_FACTS['company.products'], undefined, { source: 'its web site' })
  await deal.recheck()
  assert.equal((await deal.flag(POLICY)).state, 'waived')
  const more = [...CLEAR_FACTS['company.products'], ...CLEAR_FACTS['provider.products']]
  await deal.record('provider.products', more)
  await deal.recheck()
  const again = await deal.flag(POLICY)
  assert.deepEqual([again.state, again.stops], ['open', true])
  assert.deepEqual(
    again.events.map((event) => event.kind),
    ['opened', 'waived', 'reopened'],
  )
})

test('a policy rule that cannot tell stops until it is waived', async () => {
  const deal = await givenDeal(world)
  await deal.recordAll({ ...CLEAR_FACTS, 'provider.products': [] })
  await deal.check()
  const flag = await deal.flag(POLICY)
  assert.deepEqual([flag.finding.outcome, flag.stops], ['cannot_tell', true])
  assert.equal((await deal.waive(flag)).state, 'waived')
  await deal.pass()
})

test('a watch is acknowledged', async () => {
  const deal = await givenDeal(world)
  await deal.check()
  const acknowledged = await deal.waive(await deal.flag(WATCH))
  assert.equal(acknowledged.state, 'waived')
  assert.equal(acknowledged.events.at(-1).kind, 'acknowledged')
})

test('a bar cannot be waived, and the answer says which evidence ends it', async () => {
  const deal = await givenDeal(world)
  await deal.check()
  const flag = await deal.flag(BAR)
  const answer = await deal.waive(flag)
  assert.equal(answer.__typename, 'BarCannotBeWaived')
  assert.ok(answer.endedBy.includes('early_termination'))
  assert.equal((await deal.flag(BAR)).state, 'open')
})

test('waived by fifty at once, it is waived once', async () => {
  const deal = await overlapping()
  const flag = await deal.flag(POLICY)
  const people = await Promise.all(Array.from({ length: 5 }, () => world.person('compliance')))
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => deal.waive(flag, people[i % 5])))
  const kinds = answers.map((answer) => answer.__typename)
  assert.deepEqual(
    [kinds.filter((kind) => kind === 'Flag').length, kinds.filter((kind) => kind === 'WrongState').length],
    [1, 49],
  )
  assert.equal((await deal.flag(POLICY)).events.length, 2)
})

test('the same call with the same key answers alike twice and waives once', async () => {
  const deal = await overlapping()
  const flag = await deal.flag(POLICY)
  const answers = [
    await deal.waive(flag, undefined, { idempotencyKey: 'k' }),
    await deal.waive(flag, undefined, { idempotencyKey: 'k' }),
  ]
  assert.deepEqual(
    answers.map(({ __typename }) => __typename),
    ['Flag', 'Flag'],
  )
  assert.equal((await deal.flag(POLICY)).events.length, 2)
})

test('nobody waives what they have not read', async () => {
  const deal = await overlapping()
  const read = await deal.flag(POLICY)
  await deal.record('provider.products', [])
  await deal.recheck()
  const answer = await deal.waive(read)
  assert.equal(answer.__typename, 'FindingChanged')
  assert.equal(answer.findingId, (await deal.flag(POLICY)).finding.id)
  const other = await deal.flag(WATCH).catch(() => undefined)
  assert.equal(other, undefined)
  const unknown = await deal.waive(read, undefined, { findingId: `Finding:${deal.company.companyId}:${NOWHERE}` })
  assert.equal(unknown.__typename, 'FindingChanged')
})

test('roles: staff without the role are told so, everybody else finds nothing', async () => {
  const deal = await overlapping()
  const flag = await deal.flag(POLICY)
  const { analyst, partner, operations, admin, provider, regulator } = world.staff
  for (const person of [analyst, partner, operations, admin])
    assert.equal((await deal.waive(flag, person)).__typename, 'Forbidden')
  for (const person of [provider, regulator, deal.company.founder, deal.company.signatory]) {
    assert.equal((await deal.waive(flag, person)).__typename, 'NotFound')
  }
  assert.equal((await deal.flag(POLICY)).state, 'open')
})

test('compliance behind a wall finds neither flag nor company', async () => {
  const deal = await overlapping()
  const flag = await deal.flag(POLICY)
  const walled = await world.person('compliance')
  await inTransaction(world.deps.db, (trx) =>
    raiseWall(trx, {
      id: newId(),
      personId: walled.id,
      companyId: deal.company.companyId,
      reason: 'holds shares of a competitor',
      raisedBy: world.staff.admin.id,
    }),
  )
  assert.equal((await deal.waive(flag, walled)).__typename, 'NotFound')
  assert.deepEqual(await deal.flags(walled), [])
  assert.equal((await deal.recheck(walled)).code, 'NOT_FOUND')
  assert.equal((await deal.record('holding.value', usd('0'), walled)).__typename, 'NotFound')
})

test('a flag that does not exist, and one below another company, are not found', async () => {
  const [deal, other] = [await overlapping(), await givenDeal(world)]
  const flag = await deal.flag(POLICY)
  const elsewhere = { ...flag, id: flag.id.replace(deal.company.companyId, other.company.companyId) }
  assert.equal((await deal.waive(elsewhere)).__typename, 'NotFound')
  assert.equal((await deal.waive({ ...flag, id: `Flag:${deal.company.companyId}:${NOWHERE}` })).__typename, 'NotFound')
})

test('who asked for the gate may not waive, also with the role', async () => {
  const deal = await givenDeal(world)
  await deal.recordAll({ ...CLEAR_FACTS, 'provider.products': CLEAR_FACTS['company.products'] })
  const id = newId()
  await inTransaction(world.deps.db, async (trx) => {
    await admit(trx, { id, name: 'Both', email: `${id}@example.com` }, { id: newId(), role: 'compliance' })
  })
  const both = await actorOfPerson(world.deps.db, id)
  assert.ok(both)
  const { companyId } = deal.company
  await checkGate(world.deps, both, { gate: 'propose', companyId, subject: deal.subject, onDate: '2026-11-20' })
  // A colleague asks again later: it stays theirs.
  await deal.check()
  const flag = await deal.flag(POLICY)
  const input = { flagId: flag.id, findingId: flag.finding.id, reason: REASON }
  await assert.rejects(waiveFlag(world.deps, both, input), { code: 'SAME_PERSON' })
  assert.equal((await deal.waive(flag)).state, 'waived')
})

test('malformed input names its field and changes nothing', async () => {
  const deal = await overlapping()
  const flag = await deal.flag(POLICY)
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ reason: 'because' }, 'input.reason'],
    [{ reason: ' '.repeat(40) }, 'input.reason'],
    [{ reason: 'x'.repeat(2001) }, 'input.reason'],
    [{ reason: `${REASON}\u0000` }, 'input.reason'],
    [{ flagId: 'nonsense' }, 'input.flagId'],
    [{ flagId: deal.company.id }, 'input.flagId'],
    [{ findingId: flag.id }, 'input.findingId'],
  ]
  for (const [input, path] of cases) {
    const answer = await deal.waive(flag, undefined, input)
    assert.equal(answer.errors?.[0]?.extensions.code, 'BAD_INPUT', JSON.stringify(input))
    assert.equal(answer.errors[0].extensions.faults[0].path, path)
  }
  assert.equal((await deal.flag(POLICY)).state, 'open')
})
