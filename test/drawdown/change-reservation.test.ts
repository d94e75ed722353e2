/** Extending, shrinking, moving and splitting reservations; several at once, all or nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  changePoolCapacity,
  decideReservation,
  freeCapacity,
  type LockedReservation,
  OverCapacity,
  PartRefused,
  requestGroup,
  requestReservation,
  schedulingConflicts,
  setPoolShare,
  undoGroup,
} from '../../api/clusters/index.ts'
import { cancelReservation, changeReservation, deadlineConflicts, splitReservation } from '../../api/drawdown/index.ts'
import { type Ref, Refused, WrongState } from '../../api/platform/index.ts'
import { pool as makePool } from '../clusters/given.ts'
import { makeWorld } from '../support/world.ts'
import { assertSound, at, type Drawdown, givenDrawdown } from './given-drawdown.ts'

const world = await makeWorld()
const { deps, staff } = world
const idOf = (ref: Ref): string => `Reservation:${ref.companyId}:${ref.id}`
const row = (ref: Ref) =>
  deps.db
    .selectFrom('reservation')
    .select(['state', 'gpus', 'starts_at as startsAt', 'ends_at as endsAt', 'hold_micro as hold'])
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .executeTakeFirstOrThrow()
const lowest = async (poolId: string, from: number, until: number) =>
  (await freeCapacity(deps.db, poolId, { startsAt: at(from), endsAt: at(until) })).lowest

async function asked(it: Drawdown, gpus = 8, approve = false): Promise<Ref> {
  await world.setClock('2026-12-20T00:00:00Z')
  const wish = { companyId: it.id, poolId: it.pool.id, gpus, startsAt: at(0), endsAt: at(60) }
  const { ref } = await requestReservation(deps, it.founder.actor, wish)
  if (approve) await decideReservation(deps, staff.provider.actor, { reservationId: idOf(ref), decision: 'APPROVE' })
  return ref
}
type Change = Pick<LockedReservation, 'gpus'> & { startsAt: string; endsAt: string }

test('before the provider decides, a reservation is extended, shrunk and moved, with the tokens that it then takes', async () => {
  const it = await givenDrawdown(world)
  const ref = await asked(it)
  const change = (more: Partial<Change>) =>
    changeReservation(deps, it.founder.actor, { reservationId: idOf(ref), ...more })
  await change({ endsAt: at(120) })
  assert.deepEqual(await row(ref), { state: 'held', gpus: 8, startsAt: at(0), endsAt: at(120), hold: 16_000_000n })
  await change({ gpus: 2 })
  await change({ startsAt: at(600), endsAt: at(660) })
  assert.deepEqual(await row(ref), { state: 'held', gpus: 2, startsAt: at(600), endsAt: at(660), hold: 2_000_000n })
  assert.deepEqual([await lowest(it.pool.poolId, 0, 120), await lowest(it.pool.poolId, 600, 660)], [64, 62])
  await assert.rejects(change({ gpus: 65 }), OverCapacity)
  await assert.rejects(change({ gpus: 2 }), Refused)
  assert.equal((await row(ref)).gpus, 2)
  await assertSound(world, it)
})

test('what is confirmed shrinks at once, and what is given up is charged like a cancellation', async () => {
  const it = await givenDrawdown(world, { booking: { lockedRefund: '0.25' } })
  const ref = await asked(it, 8, true)
  const change = (gpus: number) => changeReservation(deps, it.founder.actor, { reservationId: idOf(ref), gpus })
  assert.equal((await change(6)).fee, 0n)
  await world.setClock(at(-60))
  // Locked: 4 of 6 tokens are given up, and three quarters of them are charged.
  assert.equal((await change(2)).fee, 3_000_000n)
  assert.deepEqual([(await row(ref)).hold, await lowest(it.pool.poolId, 0, 60)], [2_000_000n, 62])
  await assertSound(world, it)
})

test('a reservation splits into nodes that live on their own, and the calendar stays as it was', async () => {
  const it = await givenDrawdown(world)
  const ref = await asked(it, 24, true)
  const split = (parts: number[]) => splitReservation(deps, it.founder.actor, { reservationId: idOf(ref), parts })
  await assert.rejects(split([8, 8]), Refused)
  const { parts } = await split([8, 8, 8])
  assert.deepEqual(
    await Promise.all([ref, ...parts].map(async (one) => [(await row(one)).state, (await row(one)).hold])),
    [
      ['confirmed', 8_000_000n],
      ['confirmed', 8_000_000n],
      ['confirmed', 8_000_000n],
    ],
  )
  assert.equal(await lowest(it.pool.poolId, 0, 60), 40)
  const [second] = parts
  assert.ok(second)
  await cancelReservation(deps, it.founder.actor, { reservationId: idOf(second) })
  assert.equal(await lowest(it.pool.poolId, 0, 60), 48)
  await assertSound(world, it)
})

test('a series is booked whole or not at all, in days of 24 hours', async () => {
  const it = await givenDrawdown(world)
  await world.setClock('2026-12-20T00:00:00Z')
  const weekly = (gpus: number, idempotencyKey: string) =>
    requestGroup(deps, it.founder.actor, {
      companyId: it.id,
      parts: [{ poolId: it.pool.id, gpus, startsAt: at(0), endsAt: at(60) }],
      recurrence: { every: 'WEEKLY', count: 3 },
      idempotencyKey,
    })
  const { refs } = await weekly(40, 'one')
  const week = 7 * 24 * 60
  assert.deepEqual(await Promise.all(refs.map(async (ref) => (await row(ref)).startsAt)), [
    at(0),
    at(week),
    at(2 * week),
  ])
  assert.deepEqual((await weekly(40, 'one')).refs, refs, 'the same call again makes nothing new')
  // The third week is full: the first two go back.
  await requestReservation(deps, it.founder.actor, {
    companyId: it.id,
    poolId: it.pool.id,
    gpus: 24,
    startsAt: at(2 * week),
    endsAt: at(2 * week + 60),
  })
  await assert.rejects(weekly(20, 'two'), (refusal) => {
    assert.ok(refusal instanceof PartRefused)
    assert.deepEqual([refusal.part, refusal.why], [2, 'OVER_CAPACITY'])
    return true
  })
  assert.deepEqual([await lowest(it.pool.poolId, 0, 60), await lowest(it.pool.poolId, week, week + 60)], [24, 24])
  await assert.rejects(weekly(20, 'two'), PartRefused)
})

test('a set over two pools: what a killed process leaves is undone, and nobody decides on it before', async () => {
  const it = await givenDrawdown(world)
  await world.setClock('2026-12-20T00:00:00Z')
  const other = await makePool(world, { tokenClassId: it.deal.tokenClassUuid, capacity: 4 })
  const set = (gpus: number, idempotencyKey: string) =>
    requestGroup(deps, it.founder.actor, {
      companyId: it.id,
      parts: [it.pool.id, other.id].map((poolId) => ({ poolId, gpus, startsAt: at(0), endsAt: at(60) })),
      idempotencyKey,
    })
  const { refs, groupId } = await set(4, 'both')
  assert.equal(refs.length, 2)
  await assert.rejects(set(5, 'too many'), PartRefused)
  assert.deepEqual([await lowest(it.pool.poolId, 0, 60), await lowest(other.poolId, 0, 60)], [60, 0])
  assert.deepEqual(await undoGroup(deps, { companyId: it.companyId, groupId }), { undone: 0 })
  // As a process leaves it that dies before the group is complete.
  await deps.db.updateTable('reservation_group').set({ state: 'gathering' }).where('group_id', '=', groupId).execute()
  const [first] = refs
  assert.ok(first)
  await assert.rejects(
    decideReservation(deps, staff.provider.actor, { reservationId: idOf(first), decision: 'APPROVE' }),
    WrongState,
  )
  assert.deepEqual(await undoGroup(deps, { companyId: it.companyId, groupId }), { undone: 2 })
  assert.deepEqual(await undoGroup(deps, { companyId: it.companyId, groupId }), { undone: 0 })
  assert.deepEqual([await lowest(it.pool.poolId, 0, 60), await lowest(other.poolId, 0, 60)], [64, 4])
  await assertSound(world, it)
})

test('operations see what does not add up after a cut', async () => {
  const it = await givenDrawdown(world)
  await asked(it, 40)
  const { actor } = staff.provider
  await changePoolCapacity(deps, actor, {
    poolId: it.pool.id,
    capacity: 32,
    from: at(30),
    reason: 'Sold',
    conflicts: 'WAIT',
  })
  await setPoolShare(deps, actor, { poolId: it.pool.id, part: '0.5', source: 'Fair use' })
  const found = await schedulingConflicts(deps.db, staff.operations.actor, [it.pool.poolId])
  assert.deepEqual(
    found.map(({ kind, startsAt, endsAt, allowed, wanted }) => [kind, startsAt, endsAt, allowed, wanted]),
    [
      ['OVER_SHARE', at(0), at(30), 32, 40],
      ['OVER_CAPACITY', at(30), at(60), 32, 40],
      ['OVER_SHARE', at(30), at(60), 16, 40],
    ],
  )
  assert.deepEqual(await schedulingConflicts(deps.db, it.founder.actor, [it.pool.poolId]), [])
})

test('a reservation that ends after what pays for it can pay, or earn, is found, and what to do is the same for both', async () => {
  const it = await givenDrawdown(world, {})
  const ref = await asked(it, 8, true)
  const found = () => deadlineConflicts(deps.db, staff.operations.actor, [it.pool.poolId])
  assert.deepEqual(await found(), [])
  // A settlement on the day of the reservation: what it uses earns nothing any more.
  await deps.db
    .updateTable('grant_progress')
    .set({ ended_on: '2027-01-05' })
    .where('company_id', '=', it.companyId)
    .execute()
  const [conflict, ...others] = await found()
  assert.deepEqual(others, [])
  assert.deepEqual(
    [conflict?.kind, conflict?.reservationId, conflict?.deadline, conflict?.wanted],
    ['PAST_LONG_STOP', ref.id, '2027-01-05', 8],
  )
  assert.deepEqual(await deadlineConflicts(deps.db, it.founder.actor, [it.pool.poolId]), [])
  assert.deepEqual(await deadlineConflicts(deps.db, staff.otherProvider.actor, [it.pool.poolId]), [])
  assert.equal((await deadlineConflicts(deps.db, staff.provider.actor, [it.pool.poolId])).length, 1)
  await cancelReservation(deps, it.founder.actor, { reservationId: idOf(ref) })
  assert.deepEqual(await found(), [])
})
