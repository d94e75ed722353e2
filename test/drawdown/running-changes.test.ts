/** What runs becomes longer or shorter at its end: quoted, set aside, decided, charged, and told to the scheduler. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import request from 'supertest'
import {
  BadInterval,
  checkScheduler,
  decideChange,
  decideReservation,
  expireHolds,
  freeCapacity,
  MoreGpusBeside,
  OverCapacity,
  PastDeadline,
  type PoolScheduler,
  pushReservations,
  QuoteChanged,
  QuoteExpired,
  reconcile,
  requestReservation,
  Simulator,
  WaitersFirst,
  WrongTime,
  withdrawChange,
} from '../../api/clusters/index.ts'
import {
  changeReservation,
  deadlineConflicts,
  isEarningOpen,
  lockGrant,
  quoteChange,
  startReservation,
} from '../../api/drawdown/index.ts'
import { inTransaction, Refused, WrongState } from '../../api/platform/index.ts'
import { balances, WouldOverdraw } from '../../api/tokens/index.ts'
import { booker, tokens } from '../clusters/given.ts'
import { makeWorld } from '../support/world.ts'
import {
  assertSound,
  at,
  chargedOf,
  type Drawdown,
  givenDrawdown,
  idOf,
  progressOf,
  report,
  usage,
} from './given-drawdown.ts'

const world = await makeWorld()
const { deps, staff } = world
const provider = staff.provider.actor

/** A reservation that has begun at 0, at a factor of one: 8 GPUs for an hour are 8 tokens. */
async function running(it: Drawdown, { gpus = 8, until = 60, now = 0 } = {}): Promise<string> {
  const id = await it.reserved(gpus, until, 0, at(0))
  await startReservation(deps, { companyId: it.companyId, reservationId: idOf('Reservation', id) })
  await world.setClock(at(now))
  return id
}
const until = (it: Drawdown, reservationId: string, minutes: number, more: Record<string, unknown> = {}) =>
  changeReservation(deps, it.founder.actor, { reservationId, endsAt: at(minutes), ...more })
const quoteUntil = (it: Drawdown, reservationId: string, minutes: number) =>
  quoteChange(deps, it.founder.actor, { reservationId, endsAt: at(minutes) })
const approve = (reservationId: string) => decideChange(deps, provider, { reservationId, decision: 'APPROVE' })
const decline = (reservationId: string) =>
  decideChange(deps, provider, { reservationId, decision: 'DECLINE', reasonCode: 'NO_CAPACITY' })
const row = (id: string) =>
  deps.db
    .selectFrom('reservation')
    .select(['state', 'gpus', 'starts_at as startsAt', 'ends_at as endsAt', 'hold_micro as hold'])
    .where('reservation_id', '=', idOf('Reservation', id))
    .executeTakeFirstOrThrow()
const reasons = async (id: string) =>
  (
    await deps.db
      .selectFrom('reservation_event')
      .select(['reason_code as reason', 'waited_seconds as waited'])
      .where('reservation_id', '=', idOf('Reservation', id))
      .orderBy('event_id')
      .execute()
  ).map(({ reason, waited }) => `${reason} ${waited ?? '-'}`)
const free = async (it: Drawdown, from: number, to: number) =>
  (await freeCapacity(deps.db, it.pool.poolId, { startsAt: at(from), endsAt: at(to) })).lowest
/** Micro-tokens of the company by the kind of account. */
async function amounts({ companyId }: { readonly companyId: string }) {
  const all = (await balances(deps.db, companyId)).lots.flatMap(({ accounts }) => accounts)
  return Object.fromEntries(
    ['available', 'held'].map((kind) => [
      kind,
      all.filter((each) => each.kind === kind).reduce((sum, { amount }) => sum + amount, 0n),
    ]),
  )
}
const used = (id: string, from: number, to: number, gpus = 8) =>
  usage(id, gpus * (to - from) * 60, { startedAt: at(from), endedAt: at(to) })

test('one that runs is extended at its end: quoted, set aside, approved, used and charged as one', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 12 })
  const id = await running(it, { now: 30 })
  await it.told(id, [used('a', 0, 30)])
  const { available } = await amounts(it)
  const quote = await quoteUntil(it, id, 120)
  assert.deepEqual(
    [quote.before, quote.hold, quote.fee, quote.waits, quote.free, quote.validUntil],
    [8_000_000n, 16_000_000n, 0n, true, 12, at(45)],
  )
  const asked = await until(it, id, 120, { quoteId: `ChangeQuote:${it.companyId}:${quote.quoteId}` })
  assert.deepEqual([asked.asked, asked.fee], [true, 0n])
  assert.deepEqual(await row(id), { state: 'active', gpus: 8, startsAt: at(0), endsAt: at(60), hold: 8_000_000n })
  assert.deepEqual([await free(it, 30, 60), await free(it, 60, 120), await free(it, 120, 180)], [4, 4, 12])
  // Four of eight were used; eight more are set aside.
  assert.deepEqual(await amounts(it), { available: (available ?? 0n) - 8_000_000n, held: 12_000_000n })
  await assert.rejects(until(it, id, 180), WrongState, 'one at a time')
  await assertSound(world, it)
  await world.setClock(at(40))
  const eight = await Promise.allSettled(Array.from({ length: 8 }, () => approve(id)))
  assert.equal(eight.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.deepEqual(await row(id), { state: 'active', gpus: 8, startsAt: at(0), endsAt: at(120), hold: 16_000_000n })
  assert.deepEqual((await amounts(it)).held, 12_000_000n)
  assert.equal(await free(it, 60, 120), 4)
  assert.deepEqual((await reasons(id)).slice(-3), ['STARTED -', 'CHANGE_ASKED -', 'EXTENDED 600'])
  await assertSound(world, it)
  // Over the old end, and beyond what the first hold had.
  await world.setClock(at(130))
  await it.told(id, [used('b', 30, 110)])
  const done = await it.told(id, [], true)
  // 110 of 120 minutes were used: 52,800 of 57,600 GPU-seconds. Of 16 tokens 14.666666 were delivered, the rest is idle.
  assert.deepEqual(chargedOf(done), { idle_reserved: '1.333334' })
  assert.deepEqual(await amounts(it), { available: (available ?? 0n) - 8_000_000n, held: 0n })
  await assertSound(world, it)
})

test('a declined, withdrawn, lapsed or overtaken extension leaves what runs as it was', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 8 })
  const id = await running(it, { now: 10 })
  const before = await amounts(it)
  const asWas = async () => {
    assert.deepEqual(await row(id), { state: 'active', gpus: 8, startsAt: at(0), endsAt: at(60), hold: 8_000_000n })
    assert.deepEqual([await amounts(it), await free(it, 60, 120)], [before, 8])
    await assertSound(world, it)
  }
  await until(it, id, 120)
  await decline(id)
  await asWas()
  await until(it, id, 120)
  await withdrawChange(deps, it.founder.actor, { reservationId: id })
  await asWas()
  // The pool gives its provider 48 hours, and the reservation ends before.
  await until(it, id, 120)
  await world.setClock(at(60))
  await assert.rejects(approve(id), WrongState)
  await expireHolds(deps)
  await asWas()
  await assert.rejects(until(it, id, 120), (error) => error instanceof WrongTime && error.needs === 'BEFORE_END')
  assert.deepEqual((await reasons(id)).slice(-6), [
    'CHANGE_ASKED -',
    'CHANGE_DECLINED 0',
    'CHANGE_ASKED -',
    'CHANGE_WITHDRAWN -',
    'CHANGE_ASKED -',
    'CHANGE_LAPSED 3000',
  ])
})

test('completing it ends an extension that waits', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 8 })
  const id = await running(it, { now: 30 })
  await until(it, id, 120)
  // From 30 on nothing is charged: the provider says that all is in.
  await it.told(id, [used('a', 0, 30)], true)
  assert.deepEqual([(await row(id)).state, await free(it, 30, 120)], ['completed', 8])
  assert.equal((await amounts(it)).held, 0n)
  assert.ok((await reasons(id)).includes('CHANGE_LAPSED 0'))
  await assertSound(world, it)
})

test('what was asked for before the start is not decided once it runs', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 8 })
  const id = await it.reserved(8, 60, 0, at(-30))
  await until(it, id, 120)
  await world.setClock(at(5))
  await it.told(id, [used('a', 0, 5)])
  await assert.rejects(approve(id), WrongState)
  await expireHolds(deps)
  assert.equal((await amounts(it)).held, 7_333_334n)
  await assertSound(world, it)
})

test('shrinking what runs frees its GPUs at once, and what is given up is charged as the terms say past the lock time', async () => {
  const it = await givenDrawdown(world, { booking: { lockedRefund: '0.25' } }, { capacity: 8 })
  const id = await running(it, { until: 120, now: 30 })
  await it.told(id, [used('a', 0, 30)])
  const before = await amounts(it)
  const quote = await quoteUntil(it, id, 60)
  assert.deepEqual([quote.before, quote.hold, quote.fee, quote.waits], [16_000_000n, 8_000_000n, 6_000_000n, false])
  const quoteId = `ChangeQuote:${it.companyId}:${quote.quoteId}`
  await assert.rejects(until(it, id, 90, { quoteId }), Refused)
  const changed = await until(it, id, 60, { quoteId })
  // Of eight tokens given up a quarter returns.
  assert.deepEqual([changed.fee, changed.asked], [6_000_000n, false])
  assert.deepEqual(await row(id), { state: 'active', gpus: 8, startsAt: at(0), endsAt: at(60), hold: 8_000_000n })
  assert.deepEqual([await free(it, 30, 60), await free(it, 60, 120)], [0, 8])
  assert.deepEqual(await amounts(it), { available: (before.available ?? 0n) + 2_000_000n, held: 4_000_000n })
  await assertSound(world, it)
  await world.setClock(at(70))
  assert.deepEqual(chargedOf(await it.told(id, [used('b', 30, 60)], true)), { delivered: '4' })
  await assertSound(world, it)
})

test('where only metered use is charged, giving up the end costs nothing', async () => {
  const it = await givenDrawdown(world, { charging: 'METERED', booking: { lockedRefund: '0' } }, { capacity: 8 })
  const id = await running(it, { until: 120, now: 30 })
  assert.equal((await until(it, id, 60)).fee, 0n)
  await assertSound(world, it)
})

test('what one that runs cannot become is refused with its reason, and nothing has changed', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 12 })
  const id = await running(it, { until: 120, now: 60 })
  await it.told(id, [used('a', 0, 50)])
  const before = [await amounts(it), await row(id)]
  const onlyEnd = (error: unknown) => error instanceof WrongTime && error.needs === 'ONLY_END'
  const beside = (error: unknown) =>
    error instanceof MoreGpusBeside && error.gpus === 8 && error.more === 1 && error.endsAt === at(180)
  await assert.rejects(until(it, id, 180, { gpus: 9 }), beside)
  await assert.rejects(quoteChange(deps, it.founder.actor, { reservationId: id, gpus: 9, endsAt: at(180) }), beside)
  await assert.rejects(until(it, id, 120, { gpus: 4 }), onlyEnd)
  await assert.rejects(until(it, id, 120, { startsAt: at(10) }), onlyEnd)
  const bad = (fault: string) => (error: unknown) => error instanceof BadInterval && error.fault === fault
  await assert.rejects(until(it, id, 59), bad('IN_THE_PAST'))
  await assert.rejects(until(it, id, 100 * 24 * 60), bad('TOO_LONG'))
  await assert.rejects(until(it, id, 0), bad('EMPTY'))
  await assert.rejects(
    changeReservation(deps, it.founder.actor, { reservationId: id, endsAt: '2027-01-05T02:30:30Z' }),
    bad('NOT_WHOLE_MINUTES'),
  )
  await assert.rejects(until(it, id, 120), Refused, 'nothing changes')
  await world.setClock(at(10))
  await assert.rejects(until(it, id, 40), Refused, 'usage was told until 50')
  await world.setClock(at(60))
  // Others have five of the twelve from 120 on, and somebody waits for the rest.
  const rival = await world.company('Waits, Inc.')
  await tokens(world, { companyId: rival.companyId, tokenClassId: it.deal.tokenClassUuid, amount: '1000' })
  const wish = (gpus: number, from: number, waitlist: boolean) =>
    requestReservation(deps, rival.founder.actor, {
      companyId: rival.id,
      poolId: it.pool.id,
      gpus,
      startsAt: at(from),
      endsAt: at(from + 60),
      waitlist,
    })
  const { ref } = await wish(5, 120, false)
  await decideReservation(deps, provider, {
    reservationId: `Reservation:${ref.companyId}:${ref.id}`,
    decision: 'APPROVE',
  })
  await assert.rejects(until(it, id, 150), OverCapacity)
  const { ref: waiter } = await wish(12, 100, true)
  assert.equal((await row(`Reservation:${waiter.companyId}:${waiter.id}`)).state, 'waitlisted')
  await assert.rejects(until(it, id, 150), (error) => error instanceof WaitersFirst || error instanceof OverCapacity)
  assert.deepEqual([await amounts(it), await row(id)], before)
  for (const person of [staff.operations, staff.provider, rival.founder]) {
    await assert.rejects(changeReservation(deps, person.actor, { reservationId: id, endsAt: at(110) }))
    await assert.rejects(quoteChange(deps, person.actor, { reservationId: id, endsAt: at(110) }))
  }
  await assertSound(world, it)
})

test('tokens that expire before the new end do not pay for the time that is added', async () => {
  const { company, pool } = await booker(world, { amount: '100', expiresOn: '2027-01-07' })
  await world.setClock('2027-01-01T00:00:00Z')
  const wish = { companyId: company.id, poolId: pool.id, gpus: 8, startsAt: at(0), endsAt: at(60) }
  const { ref } = await requestReservation(deps, company.founder.actor, wish)
  const reservationId = `Reservation:${ref.companyId}:${ref.id}`
  await decideReservation(deps, provider, { reservationId, decision: 'APPROVE' })
  await world.setClock(at(0))
  await startReservation(deps, { companyId: ref.companyId, reservationId: ref.id })
  const to = (endsAt: string) => changeReservation(deps, company.founder.actor, { reservationId, endsAt })
  // On the 7th they are good for nothing any more.
  await assert.rejects(to('2027-01-07T00:01:00Z'), PastDeadline)
  // Twelve hours of eight GPUs are 96 of the 92 tokens that are left.
  await assert.rejects(to(at(60 + 12 * 60)), WouldOverdraw)
  assert.equal((await to(at(60 + 11 * 60))).asked, true)
})

test('tokens that are left of what was booked do not pay for time after their expiry, whatever else is there', async () => {
  const { company, pool } = await booker(world, { amount: '8', expiresOn: '2027-01-06' })
  await tokens(world, { companyId: company.companyId, tokenClassId: pool.tokenClassId, amount: '500' })
  await world.setClock('2027-01-01T00:00:00Z')
  const wish = { companyId: company.id, poolId: pool.id, gpus: 8, startsAt: at(0), endsAt: at(120) }
  const { ref } = await requestReservation(deps, company.founder.actor, wish)
  const reservationId = `Reservation:${ref.companyId}:${ref.id}`
  await decideReservation(deps, provider, { reservationId, decision: 'APPROVE' })
  await world.setClock(at(30))
  await startReservation(deps, { companyId: ref.companyId, reservationId: ref.id })
  const told = async (...records: unknown[]) => {
    const answer = await report(staff.provider, { reservationId, records })
    assert.equal(answer.__typename, 'ReportedUsage', JSON.stringify(answer))
  }
  await told(used('a', 0, 30))
  const to = (minutes: number) =>
    changeReservation(deps, company.founder.actor, { reservationId, endsAt: at(24 * 60 + minutes) })
  // Four of the first eight tokens are left, and end with the 5th.
  await assert.rejects(to(60), (error) => error instanceof PastDeadline && error.message.includes('2027-01-06'))
  assert.equal((await to(0)).asked, true)
  await withdrawChange(deps, company.founder.actor, { reservationId })
  // By an hour they are used up: what pays from then on is good until 2029.
  await world.setClock(at(60))
  await told(used('b', 30, 60))
  assert.equal((await to(60)).asked, true)
  await approve(reservationId)
  await world.setClock(at(25 * 60))
  await told(used('c', 24 * 60, 25 * 60))
  const charged = await deps.db
    .selectFrom('charge')
    .innerJoin('lot', 'lot.lot_id', 'charge.lot_id')
    .select(['lot.expires_on as expiresOn', (on) => on.fn.sum<string>('charge.amount_micro').as('amount')])
    .where('charge.company_id', '=', ref.companyId)
    .groupBy('lot.expires_on')
    .orderBy('lot.expires_on')
    .execute()
  assert.deepEqual(
    charged.map(({ expiresOn, amount }) => [expiresOn, String(amount)]),
    [
      ['2027-01-06', '8000000'],
      ['2029-11-20', '8000000'],
    ],
  )
  await assertSound(world, company)
})

test('a lot of which all was given back no longer pays: its grant ends, and stands in no conflict', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 8 })
  const { companyId, deal } = it
  // They expire before those of the grant, so they are drawn first: eight of sixteen.
  await tokens(world, { companyId, tokenClassId: deal.tokenClassUuid, amount: '8', expiresOn: '2027-03-01' })
  const id = await running(it, { until: 120, now: 30 })
  await deps.db
    .updateTable('grant_progress')
    .set({ ended_on: '2027-01-05' })
    .where('company_id', '=', companyId)
    .execute()
  const conflicts = async () =>
    (await deadlineConflicts(deps.db, staff.operations.actor, [it.pool.poolId])).map(({ kind }) => kind)
  const [progress] = await progressOf(world, it)
  const isOpen = () =>
    inTransaction(deps.db, async (trx) => {
      const grant = await lockGrant(trx, companyId, progress?.grant_id ?? '')
      return isEarningOpen(trx, grant, '2027-02-01')
    })
  assert.deepEqual([await conflicts(), await isOpen()], [['PAST_LONG_STOP'], true])
  await until(it, id, 60)
  assert.deepEqual([await conflicts(), await isOpen()], [[], false])
  await assertSound(world, it)
})

test('a quote holds for its time, and for what was shown', async () => {
  const it = await givenDrawdown(world, { booking: { lockedRefund: '0.5' } }, { capacity: 8 })
  const ahead = await it.reserved(8, 120, 25 * 60, at(0))
  const shrink = (quoteId: string) =>
    changeReservation(deps, it.founder.actor, {
      reservationId: ahead,
      endsAt: at(25 * 60 + 60),
      quoteId: `ChangeQuote:${it.companyId}:${quoteId}`,
    })
  const quoted = () => quoteChange(deps, it.founder.actor, { reservationId: ahead, endsAt: at(25 * 60 + 60) })
  // A day before nothing is charged; within the lock time half of what is given up is.
  const free = await quoted()
  assert.deepEqual([free.fee, free.hold], [0n, 8_000_000n])
  await world.setClock(at(15))
  await assert.rejects(shrink(free.quoteId), QuoteExpired)
  await world.setClock(at(55))
  const early = await quoted()
  await world.setClock(at(65))
  await assert.rejects(shrink(early.quoteId), (error) => {
    assert.ok(error instanceof QuoteChanged, String(error))
    assert.deepEqual([error.quoted, error.now], [8_000_000n, 12_000_000n])
    return true
  })
  assert.equal((await shrink((await quoted()).quoteId)).fee, 4_000_000n)
  await assertSound(world, it)
})

test('the calendar feed, the lists and operations show the longer one', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 8 })
  const id = await running(it, { now: 10 })
  const get = async (path: string, person = it.founder) => {
    const answer = await request(world.app).get(path).set('authorization', `Bearer ${person.token}`).expect(200)
    return answer.text
  }
  const feed = async () => {
    const text = await get(`/companies/${it.id}/compute/reservations.ics`)
    return [/DTEND:(\S+)/.exec(text)?.[1], Number(/SEQUENCE:(\d+)/.exec(text)?.[1])] as const
  }
  const reservation = `/companies/${it.id}/compute/reservations/${id}`
  const shown = await request(world.app)
    .post(`${reservation}/quote-change`)
    .type('form')
    .set('authorization', `Bearer ${it.founder.token}`)
    .send({ gpus: '8', startsAt: at(0), endsAt: at(120).slice(0, 16) })
    .expect(200)
  const words = shown.text.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
  assert.match(words, /Extend it, or end it earlier/)
  assert.match(words, /16 tokens in place of 8\. 8 more are set aside\. 8 GPUs are free for you/)
  assert.match(words, /Ask the provider for it/)
  const [end, sequence] = await feed()
  assert.equal(end, '20270105T010000Z')
  await until(it, id, 120)
  const waiting = await get('/operations', staff.provider)
  assert.match(waiting, /Change of 8 GPUs from/)
  await approve(id)
  const [later, next] = await feed()
  assert.equal(later, '20270105T020000Z')
  assert.ok(next > sequence)
  assert.match(await get(`/companies/${it.id}/compute/reservations.csv`), /2027-01-05T02:00:00Z,active,16/)
})

test('the scheduler is told the new end while jobs run, and what it refuses waits with its reason', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 16 })
  let now = Date.parse(at(-60)) / 1000
  const scheduler = new Simulator({ capacity: { h100: 16 }, accounts: ['startup', 'guest'], now: () => now })
  const target: PoolScheduler = { poolId: it.pool.poolId, scheduler, gpuModel: 'h100', accountOf: () => 'startup' }
  const set = async (minutes: number) => {
    await world.setClock(at(minutes))
    now = Date.parse(at(minutes)) / 1000
  }
  const id = await it.reserved(8, 60, 0, at(-60))
  const key = idOf('Reservation', id)
  await pushReservations(deps.db, target)
  await set(0)
  await startReservation(deps, { companyId: it.companyId, reservationId: key })
  scheduler.run(key, 8, 50 * 60)
  await set(10)
  const tell = async () => {
    // The push knows that it was told before only where the pool is known to have a scheduler.
    await deps.db
      .updateTable('scheduler_push')
      .set({ state: 'waiting', next_try_at: at(0) })
      .where('reservation_id', '=', key)
      .execute()
    return pushReservations(deps.db, target)
  }
  await until(it, id, 120)
  await approve(id)
  assert.deepEqual(await tell(), { pushed: 1, ended: 0, failed: 0 })
  assert.deepEqual((await scheduler.read(key))?.interval, { startsAt: at(0), endsAt: at(120) })
  assert.deepEqual((await reconcile(deps.db, target)).differences, [])
  await until(it, id, 90)
  await tell()
  assert.deepEqual((await scheduler.read(key))?.interval, { startsAt: at(0), endsAt: at(90) })
  // Somebody reserved there by hand what is free here.
  const interval = { startsAt: at(90), endsAt: at(150) }
  await scheduler.reserve({ id: 'by-hand', account: 'guest', gpuModel: 'h100', gpus: 12, interval })
  await until(it, id, 120)
  await approve(id)
  assert.deepEqual(await tell(), { pushed: 0, ended: 0, failed: 1 })
  const { detail } = await deps.db
    .selectFrom('scheduler_push')
    .select('detail')
    .where('reservation_id', '=', key)
    .executeTakeFirstOrThrow()
  assert.match(detail ?? '', /8 of 16 GPUs are not free/)
  const differences = (await reconcile(deps.db, target)).differences.map(({ kind, id: of }) => `${kind} ${of}`)
  assert.deepEqual(differences.sort(), ['ONLY_THERE by-hand', `TIME ${key}`])
  await scheduler.cancel('by-hand')
  assert.deepEqual(await tell(), { pushed: 1, ended: 0, failed: 0 })
  assert.deepEqual((await scheduler.read(key))?.interval, { startsAt: at(0), endsAt: at(120) })
})

/** Something happens while it answers. */
class Busy extends Simulator {
  meanwhile: (() => Promise<unknown>) | undefined
  override async setEnd(id: string, endsAt: string) {
    const answer = await super.setEnd(id, endsAt)
    const work = this.meanwhile
    this.meanwhile = undefined
    await work?.()
    return answer
  }
}

test('an end that changes while the scheduler is told another is told as well', async () => {
  const it = await givenDrawdown(world, {}, { capacity: 8 })
  const now = Date.parse(at(-60)) / 1000
  const scheduler = new Busy({ capacity: { h100: 8 }, accounts: ['startup'], now: () => now })
  const target: PoolScheduler = { poolId: it.pool.poolId, scheduler, gpuModel: 'h100', accountOf: () => 'startup' }
  const id = await it.reserved(8, 60, 0, at(-60))
  const key = idOf('Reservation', id)
  await pushReservations(deps.db, target)
  await checkScheduler(deps.db, target)
  await startReservation(deps, { companyId: it.companyId, reservationId: key })
  await world.setClock(at(10))
  await startReservation(deps, { companyId: it.companyId, reservationId: key })
  await until(it, id, 120)
  await approve(id)
  scheduler.meanwhile = () => until(it, id, 90)
  await pushReservations(deps.db, target)
  assert.equal((await scheduler.read(key))?.interval.endsAt, at(120))
  assert.equal((await row(id)).endsAt, at(90))
  await pushReservations(deps.db, target)
  assert.equal((await scheduler.read(key))?.interval.endsAt, at(90))
  assert.deepEqual((await reconcile(deps.db, target)).differences, [])
  assert.deepEqual(await pushReservations(deps.db, target), { pushed: 0, ended: 0, failed: 0 }, 'and once')
})

const act = fc.record({
  kind: fc.constantFrom('ask', 'ask', 'approve', 'approve', 'decline', 'use', 'use', 'wait'),
  hours: fc.integer({ min: 1, max: 12 }),
})
test('over any history of ends and usage, holds, charges and the calendar are what one would keep on paper', async () => {
  const deal = await givenDrawdown(world, { booking: { lockedRefund: '0.5' } })
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 14 }), async (acts) => {
      const it = { ...deal, ...(await givenDrawdown(world, { booking: { lockedRefund: '0.5' } }, { capacity: 8 })) }
      const start = await amounts(it)
      const id = await running(it, { gpus: 4, until: 4 * 60 })
      // Hours: when it is, until when it is booked, what is asked for, until when it was used, what fees came to in tokens.
      let [now, end, wants, usedTo, fees] = [0, 4, 0, 0, 0]
      for (const [index, { kind, hours }] of acts.entries()) {
        if (kind === 'wait' && now + 1 < end) await world.setClock(at(++now * 60))
        if (kind === 'use' && usedTo < now) {
          await it.told(id, [used(`u${index}`, usedTo * 60, now * 60, 4)])
          usedTo = now
        }
        if (kind === 'ask') {
          const asking = until(it, id, hours * 60)
          if (wants > 0 || hours === end || hours <= now || hours < usedTo) await assert.rejects(asking)
          else {
            const { fee } = await asking
            if (hours > end) wants = hours
            else {
              // Half of four GPUs for the hours that are given up.
              fees += 2 * (end - hours)
              assert.equal(fee, BigInt(2 * (end - hours)) * 1_000_000n)
              end = hours
            }
          }
        }
        if (kind === 'approve' || kind === 'decline') {
          const deciding = kind === 'approve' ? approve(id) : decline(id)
          if (wants === 0) await assert.rejects(deciding, WrongState)
          else {
            await deciding
            if (kind === 'approve') end = wants
            wants = 0
          }
        }
        const held = 4 * (Math.max(end, wants) - usedTo)
        const charged = 4 * usedTo + fees
        assert.deepEqual(await amounts(it), {
          available: (start.available ?? 0n) - BigInt(held + charged) * 1_000_000n,
          held: BigInt(held) * 1_000_000n,
        })
        const shown = await Promise.all(Array.from({ length: 12 }, (_, hour) => free(it, hour * 60, (hour + 1) * 60)))
        assert.deepEqual(
          shown,
          shown.map((_, hour) => (hour < Math.max(end, wants) ? 4 : 8)),
        )
      }
      await assertSound(world, it)
    }),
    { numRuns: 6 },
  )
})
