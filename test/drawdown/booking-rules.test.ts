/** What cancelling, not coming, and a provider that cannot keep its word cost or return, by the signed terms. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decideReservation,
  PastDeadline,
  QuoteExpired,
  quoteForCompany,
  requestReservation,
  setFactor,
  WrongTime,
} from '../../api/clusters/index.ts'
import {
  cancelReservation,
  declareNoShow,
  endReservation,
  startReservation,
  withdrawReservation,
} from '../../api/drawdown/index.ts'
import { parseTokens, type Ref, Refused, WrongState } from '../../api/platform/index.ts'
import { makeWorld } from '../support/world.ts'
import { assertSound, at, type Drawdown, givenDrawdown, usage } from './given-drawdown.ts'

const world = await makeWorld()
const { deps, staff } = world

/** Approved on 20 December: 8 GPUs for an hour are 8 tokens. */
async function approved(it: Drawdown, from = 0, minutes = 60): Promise<Ref> {
  await world.setClock('2026-12-20T00:00:00Z')
  const { ref } = await requestReservation(deps, it.founder.actor, {
    companyId: it.id,
    poolId: it.pool.id,
    gpus: 8,
    startsAt: at(from),
    endsAt: at(from + minutes),
  })
  await decideReservation(deps, staff.provider.actor, { reservationId: idOf(ref), decision: 'APPROVE' })
  return ref
}
const idOf = (ref: Ref): string => `Reservation:${ref.companyId}:${ref.id}`
const payloadOf = (ref: Ref) => ({ companyId: ref.companyId, reservationId: ref.id })
const stateOf = async (ref: Ref): Promise<string> => {
  const row = await deps.db
    .selectFrom('reservation')
    .select('state')
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .executeTakeFirstOrThrow()
  return row.state
}
const chargedBy = async (ref: Ref): Promise<Record<string, bigint>> => {
  const rows = await deps.db
    .selectFrom('charge')
    .select(['cause', 'amount_micro'])
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .execute()
  const sums: Record<string, bigint> = {}
  for (const { cause, amount_micro } of rows) sums[cause] = (sums[cause] ?? 0n) + amount_micro
  return sums
}

const SCHEDULE = {
  refunds: [
    { hoursBefore: 168, part: '0.9' },
    { hoursBefore: 48, part: '0.6' },
  ],
  lockedRefund: '0.25',
}
// The pool locks a day before the start. 8 tokens are held; what does not return is charged.
const CANCELLED: readonly (readonly [hoursBefore: number, fee: string])[] = [
  [200, '0.8'], // 8 x (1 - 0.9)
  [168, '0.8'],
  [167, '3.2'], // 8 x (1 - 0.6)
  [30, '3.2'], // the last step holds until the lock time
  [24, '3.2'],
  [23, '6'], // 8 x (1 - 0.25)
  [1, '6'],
]
test('cancelling returns what the signed schedule says, by the time that is left, and charges the rest', async (t) => {
  const it = await givenDrawdown(world, { booking: SCHEDULE })
  for (const [hours, fee] of CANCELLED) {
    await t.test(`${hours} hours before the start: ${fee}`, async () => {
      const ref = await approved(it)
      await world.setClock(at(-hours * 60))
      const cancelled = await cancelReservation(deps, it.founder.actor, { reservationId: idOf(ref) })
      assert.equal(cancelled.fee, parseTokens(fee))
      assert.deepEqual(await chargedBy(ref), { cancel_fee: parseTokens(fee) })
      assert.equal(await stateOf(ref), 'cancelled')
      await assertSound(world, it)
    })
  }
})

test('what the provider has not approved yet, or takes back itself, costs nothing', async () => {
  const it = await givenDrawdown(world, { booking: SCHEDULE })
  await world.setClock('2027-01-04T12:00:00Z')
  const { ref } = await requestReservation(deps, it.founder.actor, {
    companyId: it.id,
    poolId: it.pool.id,
    gpus: 8,
    startsAt: at(0),
    endsAt: at(60),
  })
  const undecided = await cancelReservation(deps, it.founder.actor, { reservationId: idOf(ref) })
  assert.equal(undecided.fee, 0n)
  const taken = await approved(it)
  await world.setClock(at(-60))
  await withdrawReservation(deps, staff.provider.actor, { reservationId: idOf(taken), note: 'Fire' })
  assert.equal(await stateOf(taken), 'cancelled')
  assert.deepEqual(await chargedBy(taken), {})
  await assertSound(world, it)
})

test('after the start a provider that fails charges what was used, and the rest returns', async () => {
  const it = await givenDrawdown(world, { booking: SCHEDULE })
  const ref = await approved(it)
  await world.setClock(at(30))
  await it.told(idOf(ref), [usage('a', 3600, { endedAt: at(20) })])
  await withdrawReservation(deps, staff.provider.actor, { reservationId: idOf(ref), note: 'Fire' })
  assert.equal(await stateOf(ref), 'failed')
  // 3,600 GPU-seconds are one token.
  assert.deepEqual(await chargedBy(ref), { delivered: 1_000_000n })
  await assertSound(world, it)
})

test('who does not come is charged the signed part after the grace time, and not before', async () => {
  const it = await givenDrawdown(world, { booking: { noShowGraceMinutes: 30, noShowPart: '0.5' } })
  const ref = await approved(it)
  const declare = () => declareNoShow(deps, staff.provider.actor, { reservationId: idOf(ref) })
  await world.setClock(at(29))
  await assert.rejects(declare(), WrongTime)
  await world.setClock(at(30))
  assert.equal((await declare()).charged, 4_000_000n)
  assert.deepEqual([await stateOf(ref), await chargedBy(ref)], ['no_show', { no_show: 4_000_000n }])
  await assert.rejects(declare(), WrongState)
  // Its capacity is free again: all 64 GPUs of the pool.
  await requestReservation(deps, it.founder.actor, {
    companyId: it.id,
    poolId: it.pool.id,
    gpus: 64,
    startsAt: at(30),
    endsAt: at(60),
  })
  await assertSound(world, it)
})

test('with usage nobody is a no-show, and metered terms charge none', async () => {
  const it = await givenDrawdown(world, { charging: 'METERED' })
  const [used, unused] = [await approved(it), await approved(it)]
  await world.setClock(at(70))
  await it.told(idOf(used), [usage('a', 60)])
  await assert.rejects(declareNoShow(deps, staff.provider.actor, { reservationId: idOf(used) }), Refused)
  assert.equal((await declareNoShow(deps, staff.provider.actor, { reservationId: idOf(unused) })).charged, 0n)
  await assertSound(world, it)
})

test('time starts a reservation, and ends it when no more usage can come; each harmless twice', async () => {
  const it = await givenDrawdown(world, {})
  const [used, unused] = [await approved(it), await approved(it)]
  assert.deepEqual(await startReservation(deps, payloadOf(used)), { started: false })
  await world.setClock(at(0))
  for (const ref of [used, unused]) {
    const both = await Promise.all([startReservation(deps, payloadOf(ref)), startReservation(deps, payloadOf(ref))])
    assert.equal(both.filter(({ started }) => started).length, 1)
    assert.equal(await stateOf(ref), 'active')
  }
  await world.setClock(at(70))
  await it.told(idOf(used), [usage('a', 7200)])
  assert.deepEqual(await endReservation(deps, payloadOf(used)), { ended: false })
  await world.setClock(at(60 + 45 * 24 * 60))
  for (const ref of [used, unused, used, unused]) await endReservation(deps, payloadOf(ref))
  // 8 tokens each: of the first 2 delivered and 6 idle; of the second nobody came.
  assert.deepEqual(await chargedBy(used), { delivered: 2_000_000n, idle_reserved: 6_000_000n })
  assert.deepEqual(await chargedBy(unused), { no_show: 8_000_000n })
  assert.deepEqual([await stateOf(used), await stateOf(unused)], ['completed', 'no_show'])
  await assertSound(world, it)
})

test('no reservation ends after the long-stop of the grant that pays for it', async () => {
  const it = await givenDrawdown(world, { longStop: '2027-06-30', tokenExpiry: '2027-12-31' })
  await world.setClock('2027-06-01T00:00:00Z')
  const ask = (endsAt: string) =>
    requestReservation(deps, it.founder.actor, {
      companyId: it.id,
      poolId: it.pool.id,
      gpus: 1,
      startsAt: '2027-06-29T00:00:00Z',
      endsAt,
    })
  await ask('2027-06-30T00:00:00Z')
  await assert.rejects(ask('2027-06-30T00:01:00Z'), (refusal) => {
    assert.ok(refusal instanceof PastDeadline)
    assert.deepEqual([refusal.deadline, refusal.on], ['LONG_STOP', '2027-06-30'])
    return true
  })
})

test('a quote shows the rules, holds for its time, and is refused once something else applies', async () => {
  const it = await givenDrawdown(world, { booking: { ...SCHEDULE, quoteMinutes: 10 } })
  await world.setClock('2026-12-20T00:00:00Z')
  const wish = { companyId: it.id, poolId: it.pool.id, gpus: 8, startsAt: at(0), endsAt: at(60) }
  const quote = await quoteForCompany(deps, it.founder.actor, wish)
  assert.deepEqual([quote.hold, quote.validUntil, quote.free], [8_000_000n, '2026-12-20T00:10:00Z', 64])
  assert.deepEqual(
    quote.rules.map(({ charging, lockedRefund, noShowGraceMinutes }) => [charging, lockedRefund, noShowGraceMinutes]),
    [['RESERVED', 2_500_000_000n, 60]],
  )
  const quoteId = `Quote:${quote.companyId}:${quote.quoteId}`
  const request = (more: Record<string, unknown> = {}) =>
    requestReservation(deps, it.founder.actor, { ...wish, quoteId, ...more })
  await assert.rejects(request({ gpus: 4 }), Refused)
  await request()
  await world.setClock('2026-12-20T00:10:00Z')
  await assert.rejects(request(), (refusal) => refusal instanceof QuoteExpired && refusal.why === 'TIME')
  const second = await quoteForCompany(deps, it.founder.actor, wish)
  await setFactor(deps, staff.provider.actor, {
    poolId: it.pool.id,
    h100HoursPerGpuHour: '2',
    basis: 'contract',
    source: 'Amendment',
    validFrom: '2026-12-20T00:11:00Z',
  })
  await assert.rejects(request({ quoteId: `Quote:${second.companyId}:${second.quoteId}` }), /The quote was 8 tokens/)
})
