/** What a company asks a confirmed reservation to become: set aside at once, decided by the provider, and never half done. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allocationDecisions } from '../../api/clusters/facts.ts'
import {
  beyond,
  decideChange,
  decideReservation,
  expireHold,
  expireHolds,
  freeCapacity,
  OverCapacity,
  type PoolScheduler,
  pushReservations,
  requestReservation,
  Simulator,
  type Taken,
  WaitersFirst,
  withdrawChange,
} from '../../api/clusters/index.ts'
import {
  cancelReservation,
  changeReservation,
  splitReservation,
  startReservation,
  withdrawReservation,
} from '../../api/drawdown/index.ts'
import { type Ref, SamePerson, WrongState } from '../../api/platform/index.ts'
import { balances } from '../../api/tokens/index.ts'
import { booker, pool as makePool, tokens } from '../clusters/given.ts'
import { makeWorld } from '../support/world.ts'
import { assertSound, at, type Drawdown, givenDrawdown } from './given-drawdown.ts'

const world = await makeWorld()
const { deps, staff } = world
const provider = staff.provider.actor
const idOf = (ref: Ref): string => `Reservation:${ref.companyId}:${ref.id}`
const payloadOf = (ref: Ref) => ({ companyId: ref.companyId, reservationId: ref.id })
const ASKED_ON = '2026-12-20T00:00:00Z'

type Booker = Pick<Drawdown, 'id' | 'companyId' | 'founder' | 'pool'>
async function confirmed(it: Booker, gpus = 8, from = 0, until = 60): Promise<Ref> {
  await world.setClock(ASKED_ON)
  const wish = { companyId: it.id, poolId: it.pool.id, gpus, startsAt: at(from), endsAt: at(until) }
  const { ref } = await requestReservation(deps, it.founder.actor, wish)
  await decideReservation(deps, provider, { reservationId: idOf(ref), decision: 'APPROVE' })
  return ref
}
const change = (it: Booker, ref: Ref, more: { gpus?: number; startsAt?: string; endsAt?: string }) =>
  changeReservation(deps, it.founder.actor, { reservationId: idOf(ref), ...more })
const approve = (ref: Ref) => decideChange(deps, provider, { reservationId: idOf(ref), decision: 'APPROVE' })
const decline = (ref: Ref) =>
  decideChange(deps, provider, { reservationId: idOf(ref), decision: 'DECLINE', reasonCode: 'POLICY', note: 'No' })
const row = (ref: Ref) =>
  deps.db
    .selectFrom('reservation')
    .select(['state', 'gpus', 'starts_at as startsAt', 'ends_at as endsAt', 'hold_micro as hold'])
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .executeTakeFirstOrThrow()
const reasons = async (ref: Ref) =>
  (
    await deps.db
      .selectFrom('reservation_event')
      .select(['reason_code', 'waited_seconds'])
      .where('company_id', '=', ref.companyId)
      .where('reservation_id', '=', ref.id)
      .orderBy('event_id')
      .execute()
  ).map(({ reason_code, waited_seconds }) => `${reason_code} ${waited_seconds ?? '-'}`)
const lowest = async (it: Booker, from: number, until: number) =>
  (await freeCapacity(deps.db, it.pool.poolId, { startsAt: at(from), endsAt: at(until) })).lowest
const held = async ({ companyId }: Booker): Promise<bigint> =>
  (await balances(deps.db, companyId)).lots
    .flatMap(({ accounts }) => accounts)
    .reduce((sum, { kind, amount }) => (kind === 'held' ? sum + amount : sum), 0n)

test('what one booking takes beyond another, against minutes on paper', () => {
  const taken = fc
    .record({
      gpus: fc.integer({ min: 1, max: 4 }),
      from: fc.integer({ min: 0, max: 20 }),
      length: fc.integer({ min: 1, max: 20 }),
    })
    .map(({ gpus, from, length }): Taken => ({ gpus, interval: { startsAt: at(from), endsAt: at(from + length) } }))
  const onPaper = (all: readonly Taken[]): number[] =>
    Array.from({ length: 45 }, (_, minute) =>
      all.reduce((sum, { gpus, interval }) => {
        const now = Date.parse(at(minute))
        return now >= Date.parse(interval.startsAt) && now < Date.parse(interval.endsAt) ? sum + gpus : sum
      }, 0),
    )
  fc.assert(
    fc.property(taken, taken, (wanted, has) => {
      const [own, more, all] = [onPaper([has]), onPaper(beyond(wanted, has)), onPaper([wanted])]
      assert.deepEqual(
        more,
        all.map((gpus, minute) => Math.max(0, gpus - (own[minute] ?? 0))),
      )
    }),
  )
})

test('an extension is set aside at once, and is the reservation once the provider approves', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 12 })
  const ref = await confirmed(it)
  const asked = await change(it, ref, { endsAt: at(120) })
  assert.deepEqual([asked.asked, asked.fee], [true, 0n])
  assert.deepEqual(await row(ref), { state: 'confirmed', gpus: 8, startsAt: at(0), endsAt: at(60), hold: 8_000_000n })
  assert.deepEqual([await lowest(it, 0, 60), await lowest(it, 60, 120), await held(it)], [4, 4, 16_000_000n])
  await assertSound(world, it)
  // One at a time, and nothing else meanwhile.
  await assert.rejects(change(it, ref, { endsAt: at(180) }), WrongState)
  await assert.rejects(change(it, ref, { gpus: 4 }), WrongState)
  await assert.rejects(
    splitReservation(deps, it.founder.actor, { reservationId: idOf(ref), parts: [4, 4] }),
    WrongState,
  )
  await world.setClock('2026-12-20T02:00:00Z')
  const eight = await Promise.allSettled(Array.from({ length: 8 }, () => approve(ref)))
  assert.equal(eight.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.deepEqual(await row(ref), { state: 'confirmed', gpus: 8, startsAt: at(0), endsAt: at(120), hold: 16_000_000n })
  assert.deepEqual([await lowest(it, 0, 120), await lowest(it, 120, 180), await held(it)], [4, 12, 16_000_000n])
  assert.deepEqual(await reasons(ref), ['REQUESTED -', 'APPROVED 0', 'CHANGE_ASKED -', 'EXTENDED 7200'])
  await assertSound(world, it)
})

test('a move holds both times until it is decided, and then one', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 8 })
  const ref = await confirmed(it)
  await change(it, ref, { gpus: 6, startsAt: at(30), endsAt: at(90) })
  // 8 until 60, and 6 from 60 to 90.
  assert.deepEqual([await lowest(it, 0, 60), await lowest(it, 60, 90)], [0, 2])
  assert.equal(await held(it), 8_000_000n, 'its own tokens are enough')
  await decline(ref)
  assert.deepEqual([await lowest(it, 0, 60), await lowest(it, 60, 90)], [0, 8])
  assert.deepEqual(await row(ref), { state: 'confirmed', gpus: 8, startsAt: at(0), endsAt: at(60), hold: 8_000_000n })
  await change(it, ref, { gpus: 6, startsAt: at(30), endsAt: at(90) })
  await approve(ref)
  assert.deepEqual([await lowest(it, 0, 30), await lowest(it, 30, 90)], [8, 2])
  assert.deepEqual([(await row(ref)).hold, await held(it)], [6_000_000n, 6_000_000n])
  await assertSound(world, it)
})

test('refused where there is no capacity, or somebody waits for it, and then nothing has changed', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 12 })
  const ref = await confirmed(it)
  await confirmed(it, 8, 60, 120)
  await assert.rejects(change(it, ref, { endsAt: at(90) }), OverCapacity)
  await assert.rejects(change(it, ref, { gpus: 13 }), OverCapacity)
  const rival = await world.company('Waits, Inc.')
  await tokens(world, { companyId: rival.companyId, tokenClassId: it.deal.tokenClassUuid })
  await requestReservation(deps, rival.founder.actor, {
    companyId: rival.id,
    poolId: it.pool.id,
    gpus: 12,
    startsAt: at(50),
    endsAt: at(70),
    waitlist: true,
  })
  await world.setClock('2026-12-22T00:00:00Z')
  await assert.rejects(change(it, ref, { gpus: 9 }), WaitersFirst)
  assert.deepEqual([await held(it), await lowest(it, 0, 60)], [16_000_000n, 4])
  await assertSound(world, it)
})

test('time that runs out, the start, a cancellation and the provider each end a change, once', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 8 })
  const lapsed = await confirmed(it, 2)
  await change(it, lapsed, { endsAt: at(120) })
  assert.deepEqual(await expireHold(deps, payloadOf(lapsed)), { expired: false })
  // The pool gives its provider 48 hours.
  await world.setClock('2026-12-22T00:00:00Z')
  await assert.rejects(approve(lapsed), WrongState)
  await expireHolds(deps)
  assert.deepEqual(await expireHold(deps, payloadOf(lapsed)), { expired: false })
  assert.equal((await reasons(lapsed)).at(-1), 'CHANGE_LAPSED 172800')
  const cancelled = await confirmed(it, 2)
  await change(it, cancelled, { endsAt: at(120) })
  await cancelReservation(deps, it.founder.actor, { reservationId: idOf(cancelled) })
  const takenBack = await confirmed(it, 2)
  await change(it, takenBack, { endsAt: at(120) })
  await withdrawReservation(deps, provider, { reservationId: idOf(takenBack), note: 'Fire' })
  const mine = await confirmed(it, 2)
  await change(it, mine, { endsAt: at(120) })
  const withdraw = () => withdrawChange(deps, it.founder.actor, { reservationId: idOf(mine) })
  await withdraw()
  await assert.rejects(withdraw(), WrongState)
  for (const ref of [cancelled, takenBack, mine]) assert.ok((await reasons(ref)).includes('CHANGE_WITHDRAWN -'))
  const begun = await confirmed(it, 2)
  await world.setClock(at(-60))
  await change(it, begun, { endsAt: at(120) })
  await world.setClock(at(0))
  await startReservation(deps, payloadOf(begun))
  await assert.rejects(approve(begun), WrongState)
  assert.deepEqual((await reasons(begun)).slice(-2), ['CHANGE_LAPSED 3600', 'STARTED -'])
  assert.deepEqual([await lowest(it, 0, 60), await lowest(it, 60, 120)], [2, 8])
  assert.equal(await held(it), 6_000_000n)
  await assertSound(world, it)
})

test('tokens that expire before the new end do not pay for it, so others are held, and approving cannot fail', async () => {
  const given = await booker(world, { amount: '8', expiresOn: '2027-01-06' })
  const it = { ...given.company, pool: given.pool }
  await tokens(world, { companyId: it.companyId, tokenClassId: it.pool.tokenClassId, amount: '8' })
  const ref = await confirmed(it)
  // Two days later the first eight tokens have expired: all eight of the others are held beside them.
  await change(it, ref, { startsAt: at(2880), endsAt: at(2940) })
  assert.equal(await held(it), 16_000_000n)
  await approve(ref)
  assert.deepEqual([(await row(ref)).startsAt, await held(it)], [at(2880), 8_000_000n])
  await change(it, ref, { startsAt: at(0), endsAt: at(60) })
  await decline(ref)
  assert.equal(await held(it), 8_000_000n)
})

test('the scheduler is told again, and the decision counts among those that rules compare', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 16 })
  let now = Date.parse(ASKED_ON) / 1000
  const scheduler = new Simulator({ capacity: { h100: 16 }, accounts: ['startup'], now: () => now })
  const target: PoolScheduler = {
    poolId: it.pool.poolId,
    scheduler,
    gpuModel: 'h100',
    accountOf: () => 'startup',
    horizonDays: 30,
  }
  await world.setClock(ASKED_ON)
  const ref = await confirmed(it)
  await pushReservations(deps.db, target)
  await change(it, ref, { gpus: 9, endsAt: at(120) })
  await pushReservations(deps.db, target)
  assert.equal((await scheduler.list({ startsAt: at(0), endsAt: at(120) })).length, 1, 'what waits is not told')
  assert.equal((await scheduler.read(ref.id))?.gpus, 8)
  await approve(ref)
  // The push knows that it was told before only where the pool is known to have a scheduler.
  await deps.db
    .updateTable('scheduler_push')
    .set({ state: 'waiting', next_try_at: ASKED_ON })
    .where('reservation_id', '=', ref.id)
    .execute()
  now += 60
  await pushReservations(deps.db, target)
  await pushReservations(deps.db, target)
  const there = await scheduler.read(ref.id)
  assert.equal(there?.gpus, 9)
  await change(it, ref, { gpus: 10 })
  await decline(ref)
  const fact = await allocationDecisions(deps.db, {
    companyId: it.companyId,
    subject: it.id,
    onDate: '2026-12-20',
  })
  const value = fact?.value as { company: { requests: number; refused: number } }
  // The request and one change were approved, the second change was declined.
  assert.deepEqual([value.company.requests, value.company.refused], [3, 1])
})

test('nobody decides on what they asked for, and staff of the fund do not decide', async () => {
  const it = await givenDrawdown(world, {})
  const ref = await confirmed(it)
  await change(it, ref, { endsAt: at(120) })
  for (const person of [staff.operations, staff.otherProvider, it.founder]) {
    await assert.rejects(
      decideChange(deps, person.actor, { reservationId: idOf(ref), decision: 'APPROVE' }),
      (refusal) => !(refusal instanceof SamePerson),
    )
  }
  await assert.rejects(withdrawChange(deps, staff.analyst.actor, { reservationId: idOf(ref) }))
})

const PARTS = 8
const act = fc.record({
  kind: fc.constantFrom('ask', 'ask', 'approve', 'decline', 'withdraw', 'cancel'),
  which: fc.integer({ min: 0, max: 2 }),
  gpus: fc.integer({ min: 1, max: 8 }),
  from: fc.integer({ min: 0, max: PARTS - 1 }),
  length: fc.integer({ min: 1, max: 4 }),
})
test('over any history of changes the calendar is what one would keep on paper', async () => {
  // One deal for all of them, and a pool for each.
  const deal = await givenDrawdown(world, {})
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 12 }), async (acts) => {
      await world.setClock(ASKED_ON)
      const it = { ...deal, pool: await makePool(world, { capacity: 12, tokenClassId: deal.deal.tokenClassUuid }) }
      type Box = { gpus: number; from: number; until: number }
      const boxes: { ref: Ref; has: Box | undefined; wants: Box | undefined }[] = []
      for (const [from, gpus] of [
        [0, 3],
        [2, 4],
        [4, 5],
      ] as const) {
        boxes.push({
          ref: await confirmed(it, gpus, from * 60, (from + 2) * 60),
          has: { gpus, from, until: from + 2 },
          wants: undefined,
        })
      }
      const at_ = (box: Box | undefined, hour: number) =>
        box !== undefined && hour >= box.from && hour < box.until ? box.gpus : 0
      const used = (hour: number) =>
        boxes.reduce((sum, { has, wants }) => sum + Math.max(at_(has, hour), at_(wants, hour)), 0)
      for (const { kind, which, gpus, from, length } of acts) {
        const box = boxes[which]
        if (box?.has === undefined) continue
        const wants = { gpus, from, until: Math.min(PARTS, from + length) }
        if (kind === 'ask') {
          const { has } = box
          const shrinks = wants.from >= has.from && wants.until <= has.until && wants.gpus <= has.gpus
          const fits = Array.from({ length: PARTS }, (_, hour) => hour).every(
            (hour) => used(hour) - at_(has, hour) + Math.max(at_(has, hour), at_(wants, hour)) <= 12,
          )
          const asking = change(it, box.ref, {
            gpus: wants.gpus,
            startsAt: at(wants.from * 60),
            endsAt: at(wants.until * 60),
          })
          if (box.wants !== undefined || (shrinks && JSON.stringify(has) === JSON.stringify(wants)) || !fits) {
            await assert.rejects(asking)
          } else if (shrinks) {
            await asking
            box.has = wants
          } else {
            await asking
            box.wants = wants
          }
        } else if (kind === 'cancel') {
          await cancelReservation(deps, it.founder.actor, { reservationId: idOf(box.ref) })
          box.has = undefined
          box.wants = undefined
        } else if (box.wants === undefined) {
          await assert.rejects(approve(box.ref), WrongState)
        } else {
          if (kind === 'approve') {
            await approve(box.ref)
            box.has = box.wants
          } else if (kind === 'decline') await decline(box.ref)
          else await withdrawChange(deps, it.founder.actor, { reservationId: idOf(box.ref) })
          box.wants = undefined
        }
        const found = await Promise.all(
          Array.from({ length: PARTS }, (_, hour) => lowest(it, hour * 60, (hour + 1) * 60)),
        )
        assert.deepEqual(
          found,
          found.map((_, hour) => 12 - used(hour)),
        )
      }
      await assertSound(world, it)
    }),
    { numRuns: 12 },
  )
})
