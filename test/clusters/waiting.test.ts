import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  answerOffer,
  backfill,
  changePoolCapacity,
  decideReservation,
  expireHold,
  OverCapacity,
  offerReservation,
  requestReservation,
  WaitersFirst,
} from '../../api/clusters/index.ts'
import { cancelReservation } from '../../api/drawdown/index.ts'
import { type Ref, Refused, WrongState } from '../../api/platform/index.ts'
import { balances } from '../../api/tokens/index.ts'
import { makeWorld } from '../support/world.ts'
import { at, booker, NOON, tokens } from './given.ts'

const world = await makeWorld()
const { deps } = world
const { provider } = world.staff
await world.setClock(NOON)

type Booker = Awaited<ReturnType<typeof booker>>
type Company = Booker['company']

/** Another company with tokens for the same pool. */
async function rival({ pool }: Booker, name: string, amount?: string): Promise<Company> {
  const company = await world.company(name)
  await tokens(world, {
    companyId: company.companyId,
    tokenClassId: pool.tokenClassId,
    ...(amount === undefined ? {} : { amount }),
  })
  return company
}
const ask = (company: Company, { pool }: Booker, gpus: number, more: Record<string, unknown> = {}) =>
  requestReservation(deps, company.founder.actor, {
    companyId: company.id,
    poolId: pool.id,
    gpus,
    startsAt: at(3000),
    endsAt: at(3060),
    ...more,
  })
const id = ({ ref }: { ref: Ref }): string => `Reservation:${ref.companyId}:${ref.id}`
const stateOf = async ({ ref }: { ref: Ref }) => {
  const row = await deps.db
    .selectFrom('reservation')
    .select(['state', 'gpus', 'starts_at as startsAt', 'hold_micro as hold'])
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .executeTakeFirstOrThrow()
  return row
}
const reasonsOf = async ({ ref }: { ref: Ref }) => {
  const rows = await deps.db
    .selectFrom('reservation_event')
    .select('reason_code')
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .orderBy('event_id')
    .execute()
  return rows.map((row) => row.reason_code)
}
const held = async (company: Company): Promise<bigint> => {
  const all = await balances(deps.db, company.companyId)
  return all.lots
    .flatMap((lot) => lot.accounts)
    .reduce((sum, one) => sum + (one.kind === 'held' ? one.pendingIn : 0n), 0n)
}

test('who waits is served in order of request when capacity frees, and holds no tokens before', async () => {
  const given = await booker(world, { capacity: 8 })
  const [second, third] = [await rival(given, 'Second, Inc.'), await rival(given, 'Third, Inc.')]
  const first = await ask(given.company, given, 8)
  await assert.rejects(ask(second, given, 6), OverCapacity)
  const waiting = [
    await ask(second, given, 6, { waitlist: true }),
    await ask(third, given, 6, { waitlist: true }),
  ] as const
  assert.deepEqual([(await stateOf(waiting[0])).state, (await stateOf(waiting[1])).state], ['waitlisted', 'waitlisted'])
  assert.equal(await held(second), 0n)
  assert.deepEqual(await backfill(deps, { poolId: given.pool.poolId }), { held: 0, ended: 0 })
  await cancelReservation(deps, given.company.founder.actor, { reservationId: id(first) })
  // Twice at once, and once more: each request is served once.
  await Promise.all([backfill(deps, { poolId: given.pool.poolId }), backfill(deps, { poolId: given.pool.poolId })])
  await backfill(deps, { poolId: given.pool.poolId })
  assert.deepEqual([(await stateOf(waiting[0])).state, (await stateOf(waiting[1])).state], ['held', 'waitlisted'])
  assert.equal(await held(second), 6_000_000n)
  assert.deepEqual(await reasonsOf(waiting[0]), ['WAITLISTED', 'BACKFILLED'])
  await decideReservation(deps, provider.actor, {
    reservationId: id(waiting[0]),
    decision: 'DECLINE',
    reasonCode: 'POLICY',
  })
  assert.deepEqual(await backfill(deps, { poolId: given.pool.poolId }), { held: 1, ended: 0 })
})

test('more capacity, and a request that is not decided in time, let those who wait in', async () => {
  const given = await booker(world, { capacity: 4 })
  const second = await rival(given, 'Second, Inc.')
  const first = await ask(given.company, given, 4)
  const waiting = await ask(second, given, 6, { waitlist: true })
  await changePoolCapacity(deps, provider.actor, {
    poolId: given.pool.id,
    capacity: 8,
    from: at(60),
    reason: 'More racks',
  })
  assert.deepEqual(await backfill(deps, { poolId: given.pool.poolId }), { held: 0, ended: 0 })
  await world.setClock(at(2999))
  assert.deepEqual(await expireHold(deps, { companyId: first.ref.companyId, reservationId: first.ref.id }), {
    expired: true,
  })
  assert.deepEqual(await backfill(deps, { poolId: given.pool.poolId }), { held: 1, ended: 0 })
  await world.setClock(NOON)
  assert.equal((await stateOf(waiting)).state, 'held')
})

test('nobody overtakes who waits and could be served; a gap may be filled for a day, and then no longer', async () => {
  const given = await booker(world, { capacity: 8 })
  const [second, third] = [await rival(given, 'Second, Inc.'), await rival(given, 'Third, Inc.')]
  const first = await ask(given.company, given, 5)
  const large = await ask(second, given, 6, { waitlist: true })
  // Three are free: too few for the six, so one of them may go to somebody else.
  assert.equal((await stateOf(await ask(third, given, 1))).state, 'held')
  await world.setClock(at(24 * 60))
  await assert.rejects(ask(third, given, 1), WaitersFirst)
  assert.equal((await stateOf(await ask(third, given, 1, { waitlist: true }))).state, 'waitlisted')
  assert.equal((await stateOf(await ask(third, given, 1, { startsAt: at(3060), endsAt: at(3090) }))).state, 'held')
  await world.setClock(at(10))
  await cancelReservation(deps, given.company.founder.actor, { reservationId: id(first) })
  // The six fit now. Before the list is looked at, nobody else takes them.
  await assert.rejects(ask(given.company, given, 2), WaitersFirst)
  assert.equal((await backfill(deps, { poolId: given.pool.poolId })).held, 2)
  assert.equal((await stateOf(large)).state, 'held')
  await world.setClock(NOON)
})

test('whose turn comes and who cannot pay is passed over, and stands in nobody’s way', async () => {
  const given = await booker(world, { capacity: 8 })
  const poor = await rival(given, 'Poor, Inc.', '4')
  const first = await ask(given.company, given, 8)
  const waiting = await ask(poor, given, 4, { waitlist: true })
  await ask(poor, given, 2, { startsAt: at(5000), endsAt: at(5060) })
  await cancelReservation(deps, given.company.founder.actor, { reservationId: id(first) })
  assert.deepEqual(await backfill(deps, { poolId: given.pool.poolId }), { held: 0, ended: 0 })
  assert.equal((await stateOf(await ask(given.company, given, 4))).state, 'held')
  await tokens(world, { companyId: poor.companyId, tokenClassId: given.pool.tokenClassId })
  assert.deepEqual(await backfill(deps, { poolId: given.pool.poolId }), { held: 1, ended: 0 })
  assert.equal((await stateOf(waiting)).state, 'held')
})

test('a wait ends by itself, or by its company, and leaves nothing', async () => {
  const given = await booker(world, { capacity: 8 })
  const second = await rival(given, 'Second, Inc.')
  await ask(given.company, given, 8)
  const waiting = await ask(second, given, 1, { waitlist: true, waitUntil: at(120) })
  const cancelled = await ask(second, given, 1, { waitlist: true })
  await assert.rejects(ask(second, given, 1, { waitlist: true, waitUntil: at(-1) }), Refused)
  await cancelReservation(deps, second.founder.actor, { reservationId: id(cancelled) })
  await world.setClock(at(121))
  assert.deepEqual(await backfill(deps, { poolId: given.pool.poolId }), { held: 0, ended: 1 })
  await world.setClock(NOON)
  assert.deepEqual([(await stateOf(waiting)).state, (await stateOf(cancelled)).state], ['expired', 'cancelled'])
  assert.deepEqual(await reasonsOf(waiting), ['WAITLISTED', 'WAIT_ENDED'])
  assert.equal(await held(second), 0n)
})

test('the provider offers something else; the company accepts it with the tokens that it takes', async () => {
  const given = await booker(world, { capacity: 8 })
  const asked = await ask(given.company, given, 8)
  const offer = {
    reservationId: id(asked),
    gpus: 4,
    startsAt: at(4000),
    endsAt: at(4120),
    reasonCode: 'NO_CAPACITY',
  } as const
  await offerReservation(deps, provider.actor, offer)
  await assert.rejects(offerReservation(deps, provider.actor, offer), WrongState)
  await assert.rejects(
    decideReservation(deps, provider.actor, { reservationId: id(asked), decision: 'APPROVE' }),
    WrongState,
  )
  // What was asked for is free again, what is offered is not.
  const second = await rival(given, 'Second, Inc.')
  await ask(second, given, 8)
  await assert.rejects(ask(second, given, 5, { startsAt: at(4000), endsAt: at(4060) }), OverCapacity)
  await answerOffer(deps, given.company.founder.actor, { reservationId: id(asked), answer: 'ACCEPT' })
  // 4 GPUs over two hours at a factor of 1.
  assert.deepEqual(await stateOf(asked), { state: 'confirmed', gpus: 4, startsAt: at(4000), hold: 8_000_000n })
  assert.equal(await held(given.company), 8_000_000n)
  assert.deepEqual(await reasonsOf(asked), ['REQUESTED', 'OFFERED', 'OFFER_ACCEPTED'])
})

test('an offer that is refused, or lapses, gives everything back', async () => {
  const given = await booker(world, { capacity: 8 })
  const [refused, lapsed] = [await ask(given.company, given, 4), await ask(given.company, given, 4)]
  for (const one of [refused, lapsed]) {
    await offerReservation(deps, provider.actor, { reservationId: id(one), gpus: 2, reasonCode: 'POLICY' })
  }
  await answerOffer(deps, given.company.founder.actor, { reservationId: id(refused), answer: 'REFUSE' })
  await world.setClock(at(2881))
  await assert.rejects(
    answerOffer(deps, given.company.founder.actor, { reservationId: id(lapsed), answer: 'ACCEPT' }),
    WrongState,
  )
  await expireHold(deps, { companyId: lapsed.ref.companyId, reservationId: lapsed.ref.id })
  await expireHold(deps, { companyId: lapsed.ref.companyId, reservationId: lapsed.ref.id })
  await world.setClock(NOON)
  assert.deepEqual(await reasonsOf(refused), ['REQUESTED', 'OFFERED', 'OFFER_REFUSED'])
  assert.deepEqual(await reasonsOf(lapsed), ['REQUESTED', 'OFFERED', 'OFFER_LAPSED'])
  assert.equal(await held(given.company), 0n)
  await ask(given.company, given, 8)
})
