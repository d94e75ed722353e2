/** Usage that could not be used: nothing is lost, people look after it, and no step counts twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raiseWall } from '../../api/access/index.ts'
import { discardUsage, mendUsage, mustMeter, readUsage, replayUsage, takeUsage } from '../../api/drawdown/index.ts'
import { globalId, inTransaction, newId } from '../../api/platform/index.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { assertSound, at, type Drawdown, givenDrawdown, progressOf, type Usage, usage } from './given-drawdown.ts'

const world = await makeWorld()
const { deps, staff } = world
const HOUR = 3600

const tell = async (records: readonly (Usage & { reservationId: string })[], by: Person = staff.provider) =>
  takeUsage(deps, await mustMeter(deps.db, by.actor), { read: readUsage(records) })

/** A reservation of ten GPUs for an hour, and one record that is kept aside: by default of eleven hours of it. */
async function given(more: Record<string, unknown> = {}, gpuSeconds = 11 * HOUR) {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10)
  const record = { reservationId, ...usage('a', gpuSeconds, more) }
  const [taken] = await tell([record])
  assert.equal(
    taken?.outcome,
    'QUARANTINED',
    JSON.stringify(taken, (_k, v) => (typeof v === 'bigint' ? String(v) : v)),
  )
  const quarantineId = globalId('QuarantinedUsage', world.providerId, taken.quarantineId)
  return { it, reservationId, record, quarantineId, id: taken.quarantineId }
}

const LOOK = `query ($id: ID!) { quarantinedUsage(quarantineId: $id) {
  state reasonCode detail record triedAgain events { kind reason actorId usageId record } } }`
const look = async (quarantineId: string, by: Person = staff.operations) =>
  (await by.graphql(LOOK, { id: quarantineId })).data.quarantinedUsage
const delivered = async (it: Drawdown) => (await progressOf(world, it))[0]?.delivered_micro

test('what cannot be used is kept as it came in, with its reason, and seen by operations and its provider', async () => {
  const { it, quarantineId, record } = await given()
  const kept = await look(quarantineId)
  assert.deepEqual([kept.state, kept.reasonCode, kept.triedAgain], ['open', 'USAGE_BEYOND_RESERVATION', 0])
  assert.deepEqual(kept.record, record)
  assert.match(kept.detail, /is more than the reserved GPUs can do in its time \(36000 GPU-seconds\)\.$/)
  assert.doesNotMatch(kept.detail, /stored|changed/)
  assert.equal(await delivered(it), 0n)
  for (const hidden of [it.founder, staff.otherProvider, staff.regulator]) {
    assert.equal(await look(quarantineId, hidden), null)
  }
  const { data } = await staff.provider.graphql(
    '{ usageQuarantine(first: 5) { edges { node { quarantineId } } } usageQuarantineCounts { reasonCode count oldestAt } }',
  )
  assert.ok(
    data.usageQuarantine.edges.some(
      ({ node }: { node: { quarantineId: string } }) => node.quarantineId === quarantineId,
    ),
  )
  const [count] = data.usageQuarantineCounts
  assert.deepEqual([count.reasonCode, count.oldestAt], ['USAGE_BEYOND_RESERVATION', at(70)])
})

test('the same record fifty times at once is kept once', async () => {
  const it = await givenDrawdown(world)
  const record = { reservationId: await it.reserved(10), ...usage('x', 11 * HOUR) }
  const answers = await Promise.all(Array.from({ length: 50 }, () => tell([record, record])))
  const ids = new Set(answers.flat().map((answer) => (answer.outcome === 'QUARANTINED' ? answer.quarantineId : answer)))
  assert.equal(ids.size, 1)
})

test('a record is mended by its provider, recorded once whoever tries again, and recognised when it is told again', async () => {
  const { it, quarantineId, record } = await given()
  const input = { quarantineId, record: { ...record, gpuSeconds: String(9 * HOUR) }, reason: 'a GPU was counted twice' }
  await mendUsage(deps, staff.provider.actor, input)
  assert.equal(await delivered(it), 9_000_000n)
  await Promise.all(Array.from({ length: 20 }, () => replayUsage(deps, staff.operations.actor, { quarantineId })))
  const kept = await look(quarantineId)
  assert.equal(kept.state, 'recorded')
  assert.deepEqual(
    kept.events.map(({ kind }: { kind: string }) => kind),
    ['mended', 'recorded'],
  )
  assert.equal(kept.events[0].record.gpuSeconds, String(9 * HOUR))
  assert.equal(kept.record.gpuSeconds, String(11 * HOUR), 'what came in stays as it was')
  await assert.rejects(mendUsage(deps, staff.provider.actor, input), { code: 'WRONG_STATE' })
  // The scheduler knows nothing of all this and tells the same once more.
  const [again] = await tell([record])
  assert.deepEqual(
    [again?.outcome, again !== undefined && 'usageId' in again && again.usageId],
    ['ALREADY_RECORDED', kept.events[1].usageId],
  )
  assert.equal(await delivered(it), 9_000_000n)
  await assertSound(world, it)
})

test('operations may say where usage belongs, and never raise what was metered', async () => {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10)
  const lost = { reservationId: `Reservation:${it.companyId}:${newId()}`, ...usage('lost', 2 * HOUR) }
  const [taken] = await tell([lost])
  assert.equal(taken?.outcome, 'QUARANTINED')
  const quarantineId = globalId('QuarantinedUsage', world.providerId, taken.quarantineId)
  const mend = (record: unknown) =>
    mendUsage(deps, staff.operations.actor, { quarantineId, record, reason: 'the booking was renamed' })
  await assert.rejects(mend({ ...lost, reservationId, gpuSeconds: String(2 * HOUR + 1) }), { code: 'REFUSED' })
  await assert.rejects(mend({ ...lost, reservationId, source: 'excel' }), { code: 'REFUSED' })
  await assert.rejects(mend({ ...lost, reservationId, gpuSeconds: '1.5' }), { name: 'BadInput' })
  await assert.rejects(
    mendUsage(deps, staff.partner.actor, { quarantineId, record: { ...lost, reservationId }, reason: 'no' }),
    { code: 'FORBIDDEN' },
  )
  const other = await givenDrawdown(world)
  const elsewhere = await other.reserved(10)
  const walled = await world.person('operations')
  await inTransaction(deps.db, (trx) =>
    raiseWall(trx, {
      id: newId(),
      personId: walled.id,
      companyId: other.companyId,
      reason: 'the test',
      raisedBy: staff.compliance.id,
    }),
  )
  const behind = { ...walled.actor, walledCompanyIds: new Set([other.companyId]) }
  await assert.rejects(
    mendUsage(deps, behind, { quarantineId, record: { ...lost, reservationId: elsewhere }, reason: 'behind the wall' }),
    { code: 'NOT_FOUND' },
  )
  assert.equal(await delivered(it), 0n)
  await mend({ ...lost, reservationId })
  assert.equal(await delivered(it), 2_000_000n)
  const [record] = await deps.db
    .selectFrom('usage_record')
    .select('recorded_by')
    .where('company_id', '=', it.companyId)
    .execute()
  assert.equal(record?.recorded_by, staff.provider.id, 'it stays the word of who metered it')
  await assertSound(world, it)
})

test('a record is tried again when its time has come, and says why while it has not', async () => {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10, 60, 0, at(30))
  const [taken] = await tell([{ reservationId, ...usage('early', HOUR) }])
  assert.equal(taken?.outcome, 'QUARANTINED')
  const quarantineId = globalId('QuarantinedUsage', world.providerId, taken.quarantineId)
  await replayUsage(deps, staff.operations.actor, { quarantineId })
  const waiting = await look(quarantineId)
  assert.deepEqual([waiting.state, waiting.triedAgain, waiting.events[0].kind], ['open', 1, 'tried'])
  assert.match(waiting.events[0].reason, /in the future/)
  await world.setClock(at(70))
  await replayUsage(deps, staff.provider.actor, { quarantineId })
  assert.equal((await look(quarantineId)).state, 'recorded')
  assert.equal(await delivered(it), 1_000_000n)
  await assertSound(world, it)
})

test('two people discard, the row stays, and the record is not taken any more', async () => {
  const { it, quarantineId, record } = await given()
  const discard = (by: Person, decision: 'DISCARD' | 'KEEP' = 'DISCARD') =>
    discardUsage(deps, by.actor, { quarantineId, decision, reason: 'a test job of the provider' })
  await assert.rejects(discard(staff.operations, 'KEEP'), { code: 'WRONG_STATE' })
  await discard(staff.operations)
  await assert.rejects(discard(staff.operations), { code: 'SAME_PERSON' })
  await assert.rejects(discard(staff.provider), { code: 'SAME_PERSON' }, 'who reported it')
  await discard(staff.provider, 'KEEP')
  assert.equal((await look(quarantineId)).state, 'open')
  await discard(staff.operations)
  const others = await Promise.all([0, 1, 2].map(() => world.person('operations')))
  const ends = await Promise.allSettled(others.map((other) => discard(other)))
  assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1)
  const kept = await look(quarantineId)
  assert.deepEqual(
    [kept.state, kept.events.map(({ kind }: { kind: string }) => kind)],
    ['discarded', ['discard_asked', 'discard_refused', 'discard_asked', 'discarded']],
  )
  await assert.rejects(replayUsage(deps, staff.operations.actor, { quarantineId }), { code: 'WRONG_STATE' })
  const [again] = await tell([record])
  assert.deepEqual(
    [again?.outcome, again?.outcome === 'REFUSED' && 'code' in again.why && again.why.code],
    ['REFUSED', 'USAGE_DISCARDED'],
  )
  assert.equal(await delivered(it), 0n)
})
