import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { decideReservation, requestReservation } from '../../api/clusters/index.ts'
import { cancelReservation, reportUsage } from '../../api/drawdown/index.ts'
import { inTransaction, newId, openDatabase } from '../../api/platform/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { balances } from '../../api/tokens/index.ts'
import { postAll } from '../../api/tokens/ledger.store.ts'
import { insertLot } from '../../api/tokens/lot.store.ts'
import { both, fundOf, givenDeal } from '../closing/given-deal.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld } from '../support/world.ts'
import { assertSound, at, chargedOf, givenDrawdown, progressOf, report, usage } from './given-drawdown.ts'

const world = await makeWorld()
const { staff } = world
const HOUR = 3600

const available = async ({ companyId }: { companyId: string }) =>
  (await balances(world.deps.db, companyId)).totals.find(({ kind }) => kind === 'available')?.amount

/** All rows that a report writes, counted. */
async function footprint({ companyId }: { companyId: string }) {
  const { db } = world.deps
  const of = async (table: 'charge' | 'usage_record' | 'grant_progress' | 'reservation_event') =>
    (await db.selectFrom(table).select('company_id').where('company_id', '=', companyId).execute()).length
  const transfers = await db.selectFrom('transfer').select('amount_micro').where('holder_id', '=', companyId).execute()
  const [progress] = await progressOf(world, { companyId })
  return {
    charges: await of('charge'),
    records: await of('usage_record'),
    events: await of('reservation_event'),
    transfers: transfers.length,
    progress,
    available: await available({ companyId }),
  }
}

test('usage is charged, earns shares, and what is not used is charged as idle where the terms reserve', async () => {
  const it = await givenDrawdown(world, { charging: 'RESERVED' })
  const reservation = await it.reserved(10)
  const answer = await it.told(reservation, [usage('a', 7 * HOUR)], true)
  assert.deepEqual(chargedOf(answer), { delivered: '7', idle_reserved: '3' })
  // 117,500 shares for 100,000 tokens: 7 tokens earn 8.225.
  assert.deepEqual([answer.returned, answer.newlyEarnedShares], ['0', '8'])
  await assertSound(world, it)
})

test('metered terms charge what was delivered, and the rest of the hold returns', async () => {
  const it = await givenDrawdown(world, { charging: 'METERED' })
  const before = await available(it)
  const reservation = await it.reserved(10)
  const answer = await it.told(reservation, [usage('a', 7 * HOUR)], true)
  assert.deepEqual(chargedOf(answer), { delivered: '7' })
  assert.equal(answer.returned, '3')
  assert.equal(await available(it), (before ?? 0n) - 7_000_000n)
  await assertSound(world, it)
})

test('a reservation of which nothing was used is charged idle where the terms reserve, and returns whole where they meter', async () => {
  for (const [charging, charged, returned] of [
    ['RESERVED', { idle_reserved: '10' }, '0'],
    ['METERED', {}, '10'],
  ] as const) {
    const it = await givenDrawdown(world, { charging })
    const answer = await it.told(await it.reserved(10), [], true)
    assert.deepEqual([chargedOf(answer), answer.returned, answer.newlyEarnedShares], [charged, returned, '0'])
    await assertSound(world, it)
  }
})

test('usage that is first told when the tokens have gone back is refused; the reservation can still be completed', async () => {
  const it = await givenDrawdown(world, { charging: 'RESERVED' })
  const before = await available(it)
  const reservationId = await it.reserved(10, 60, 0, at(60 + 45 * 24 * 60))
  const late = await report(staff.provider, { reservationId, records: [usage('a', HOUR)] })
  assert.equal(late.__typename, 'HoldExpired', JSON.stringify(late))
  const answer = await it.told(reservationId, [], true)
  assert.deepEqual([chargedOf(answer), answer.returned], [{}, '0'])
  assert.equal(await available(it), before)
  await assertSound(world, it)
})

test('time that the provider gives up by completing early is not charged', async () => {
  const it = await givenDrawdown(world, { charging: 'RESERVED' })
  const reservation = await it.reserved(10, 60, 0, at(30))
  const answer = await it.told(reservation, [usage('a', HOUR, { endedAt: at(30) })], true)
  // Ten GPUs for half an hour: five tokens, of which one was delivered.
  assert.deepEqual([chargedOf(answer), answer.returned], [{ delivered: '1', idle_reserved: '4' }, '5'])
  await assertSound(world, it)
})

test('the same report again gets the same answer under its key, and changes nothing without one', async () => {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10)
  const input = { reservationId, records: [usage('a', 100), usage('b', 200)], idempotencyKey: 'report 1' }
  const first = await report(staff.provider, input)
  assert.equal(first.__typename, 'ReportedUsage', JSON.stringify(first))
  const once = await footprint(it)
  assert.deepEqual(await report(staff.provider, input), first)
  const { idempotencyKey: _, ...keyless } = input
  const again = await report(staff.provider, keyless)
  assert.deepEqual(
    again.records.map((record: { outcome: string; charged: string }) => [record.outcome, record.charged]),
    [
      ['ALREADY_RECORDED', '0'],
      ['ALREADY_RECORDED', '0'],
    ],
  )
  assert.deepEqual([chargedOf(again), again.newlyEarnedShares], [{}, '0'])
  assert.deepEqual(await footprint(it), once)
})

test('fifty identical reports at once are charged once', async () => {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10)
  const records = [usage('a', 5 * HOUR), usage('b', 2 * HOUR)]
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => report(staff.provider, { reservationId, records, complete: false })),
  )
  assert.ok(answers.every((answer) => answer.__typename === 'ReportedUsage'))
  assert.equal(answers.filter((answer) => chargedOf(answer).delivered === '7').length, 1)
  const [progress] = await progressOf(world, it)
  assert.equal(progress?.delivered_micro, 7_000_000n)
  await assertSound(world, it)
})

test('fifty completions at once complete once', async () => {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10)
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      report(staff.provider, { reservationId, records: [usage('a', HOUR)], complete: true }),
    ),
  )
  const outcomes = answers.map((answer) => answer.records?.[0]?.outcome)
  assert.equal(outcomes.filter((outcome) => outcome === 'RECORDED').length, 1)
  assert.equal(outcomes.filter((outcome) => outcome === 'ALREADY_RECORDED').length, 49)
  assert.equal(answers.filter((answer) => Object.keys(chargedOf(answer)).length > 0).length, 1)
  await assertSound(world, it)
})

test('what a report refuses, it refuses whole', async () => {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10)
  await it.told(reservationId, [usage('a', 100)])
  const before = await footprint(it)
  const cases: readonly (readonly [string, Record<string, unknown>])[] = [
    ['UsageConflict', { records: [usage('b', 1), usage('a', 101)] }],
    ['UsageConflict', { records: [usage('b', 1), usage('b', 2)] }],
    ['UsageConflict', { records: [usage('b', 1), usage('a', 100, { job: 'other.sh' })] }],
    ['UsageBeyondReservation', { records: [usage('b', 1), usage('c', 10 * HOUR)] }],
    ['UsageBeyondReservation', { records: [usage('b', 1, { startedAt: at(-1) })] }],
    ['UsageBeyondReservation', { records: [usage('b', 1, { endedAt: at(71) })] }],
  ]
  for (const [type, input] of cases) {
    const answer = await report(staff.provider, { reservationId, ...input })
    assert.equal(answer.__typename, type, JSON.stringify([input, answer]))
    assert.match(answer.message, /No record of this call was stored/)
  }
  for (const bad of [
    [],
    [usage('b', 1, { gpuSeconds: '1e3' })],
    [usage('b', 1, { gpuSeconds: '0' })],
    [usage('b', 1, { gpuSeconds: '-1' })],
    [usage('b', 1, { startedAt: at(60) })],
    [usage('', 1)],
    Array.from({ length: 1001 }, (_, index) => usage(`r${index}`, 1)),
  ]) {
    const answer = await report(staff.provider, { reservationId, records: bad })
    assert.equal(answer.errors?.[0]?.extensions.code, 'BAD_INPUT', JSON.stringify(answer).slice(0, 300))
  }
  assert.deepEqual(await footprint(it), before)
})

test('usage in the future is refused', async () => {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10, 60, 0, at(20))
  const answer = await report(staff.provider, { reservationId, records: [usage('a', 60, { endedAt: at(21) })] })
  assert.equal(answer.__typename, 'UsageBeyondReservation', JSON.stringify(answer))
  assert.match(answer.message, /in the future/)
})

test('a reservation is not completed before it starts, and not twice', async () => {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10, 60, 0, at(-1))
  const early = await report(staff.provider, { reservationId, records: [], complete: true })
  assert.equal(early.__typename, 'WrongTime', JSON.stringify(early))
  await world.setClock(at(70))
  await it.told(reservationId, [usage('a', HOUR)], true)
  const before = await footprint(it)
  for (const input of [
    { records: [], complete: true },
    { records: [usage('late', 1)], complete: false },
    { records: [usage('a', HOUR), usage('late', 1)], complete: true },
  ]) {
    const answer = await report(staff.provider, { reservationId, ...input })
    assert.deepEqual([answer.__typename, answer.wrong], ['WrongState', 'completed'], JSON.stringify(answer))
  }
  // Whoever lost the answer sends the same once more: it is recognised, and nothing happens twice.
  for (const complete of [true, false]) {
    const again = await report(staff.provider, { reservationId, records: [usage('a', HOUR)], complete })
    assert.equal(again.__typename, 'ReportedUsage', JSON.stringify(again))
    assert.deepEqual([again.records[0].outcome, chargedOf(again), again.returned], ['ALREADY_RECORDED', {}, '0'])
  }
  const other = await report(staff.provider, { reservationId, records: [usage('a', 2 * HOUR)], complete: true })
  assert.equal(other.__typename, 'UsageConflict', JSON.stringify(other))
  assert.deepEqual(await footprint(it), before)
})

test('usage of a reservation that is undecided, declined, cancelled or expired is refused', async () => {
  const it = await givenDrawdown(world)
  const ask = async () => {
    await world.setClock('2027-01-01T00:00:00Z')
    const { ref } = await requestReservation(world.deps, it.founder.actor, {
      companyId: it.id,
      poolId: it.pool.id,
      gpus: 1,
      startsAt: at(0),
      endsAt: at(60),
    })
    return `Reservation:${ref.companyId}:${ref.id}`
  }
  const [undecided, declined, cancelled] = [await ask(), await ask(), await ask()]
  await decideReservation(world.deps, staff.provider.actor, {
    reservationId: declined,
    decision: 'DECLINE',
    reasonCode: 'MAINTENANCE',
  })
  await cancelReservation(world.deps, it.founder.actor, { reservationId: cancelled })
  await world.setClock(at(70))
  for (const [reservationId, state] of [
    [undecided, 'held'],
    [declined, 'declined'],
    [cancelled, 'cancelled'],
  ] as const) {
    for (const complete of [false, true]) {
      const answer = await report(staff.provider, { reservationId, records: [usage('a', 60)], complete })
      assert.deepEqual([answer.__typename, answer.wrong], ['WrongState', state], JSON.stringify(answer))
    }
  }
  await assertSound(world, it)
})

test('only the staff of the pool’s own provider report usage', async () => {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10)
  const input = { reservationId, records: [usage('a', 60)] }
  const other = await world.company('Another, Inc.')
  for (const person of [staff.otherProvider, staff.regulator, other.founder]) {
    assert.equal((await report(person, input)).__typename, 'NotFound')
  }
  for (const person of [it.founder, it.signatory, staff.operations, staff.partner, staff.analyst, staff.admin]) {
    assert.equal((await report(person, input)).__typename, 'Forbidden')
  }
  const elsewhere = await both(world, 'operations', 'provider', { providerId: world.otherProviderId })
  assert.equal((await report(elsewhere, input)).__typename, 'Forbidden', 'a provider, but not of this pool')
  const here = await both(world, 'operations', 'provider', { providerId: world.providerId })
  assert.equal((await report(here, input)).__typename, 'Forbidden', 'usage earns the shares of the fund')
  const theirs = reservationId.replace(it.companyId, other.companyId)
  assert.equal((await report(staff.provider, { ...input, reservationId: theirs })).__typename, 'NotFound')
  assert.equal((await footprint(it)).records, 0)
})

test('use so short that it costs nothing yet is kept, leads to its grant, and is charged with what follows', async () => {
  // 0.0001 H100-hours per GPU-hour: 36 GPU-seconds are one micro-token.
  const it = await givenDrawdown(world, {}, { factor: 1_000_000n })
  const reservationId = await it.reserved(10)
  const first = await it.told(reservationId, [usage('a', 20), usage('b', 15)])
  assert.deepEqual(chargedOf(first), {})
  const [charge] = await world.deps.db
    .selectFrom('charge')
    .select(['grant_id', 'amount_micro'])
    .where('company_id', '=', it.companyId)
    .execute()
  assert.deepEqual(charge, { grant_id: it.closed.grantId, amount_micro: 0n })
  const next = await it.told(reservationId, [usage('c', 1)])
  assert.deepEqual(chargedOf(next), { delivered: '0.000001' })
  await assertSound(world, it)
})

test('a report whose connection is killed in the middle leaves nothing, and can be sent again', async (t) => {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10)
  const before = await footprint(it)
  const own = openDatabase({ url: world.ownerUrl, connections: 2 })
  t.after(() => own.db.destroy())
  const holder = openDatabase({ url: world.ownerUrl, connections: 1 })
  t.after(() => holder.db.destroy())
  let release: () => void = () => undefined
  const waiting = new Promise<void>((resolve) => {
    release = resolve
  })
  // The booking's row is what a completion that gives capacity back waits for: usage and the meter are written before it.
  await world.setClock(at(30))
  const booking = holder.db.transaction().execute(async (trx) => {
    await trx.selectFrom('pool_booking').select('pool_id').where('pool_id', '=', it.pool.poolId).forUpdate().execute()
    await waiting
  })
  await sleep(100)
  const input = { reservationId, records: [usage('a', HOUR, { endedAt: at(30) })], complete: true }
  const reporting = reportUsage({ ...world.deps, db: own.db }, staff.provider.actor, input).then(
    () => 'reported',
    () => 'killed',
  )
  let killed = 0
  for (let attempt = 0; killed === 0 && attempt < 100; attempt += 1) {
    await sleep(50)
    const { rowCount } = await asOwner(
      world.ownerUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
       AND application_name = 'equihour' AND wait_event_type = 'Lock'`,
    )
    killed = rowCount ?? 0
  }
  assert.equal(killed, 1, 'the report waited for the booking')
  assert.equal(await reporting, 'killed')
  release()
  await booking
  assert.deepEqual(await footprint(it), before)
  const again = await report(staff.provider, input)
  assert.deepEqual(chargedOf(again), { delivered: '1', idle_reserved: '4' })
  await assertSound(world, it)
})

/** Two grants of one class: four tokens that expire first and so are drawn first, and then a hundred thousand. */
async function givenTwoGrants(first: Partial<RoundTermsWire>, second: Partial<RoundTermsWire>) {
  const deal = await givenDeal(world)
  await deal.closed({
    ...first,
    name: 'Series A-0',
    security: { className: 'Series A-0', newClass: true },
    compute: deal.compute('4'),
    cashInvestors: [],
    longStop: '2027-12-15',
    tokenExpiry: '2027-12-15',
  })
  const compute = { ...deal.compute('100000'), stakeholderId: await fundOf(world, deal) }
  return givenDrawdown(world, { ...second, compute }, { deal })
}

test('one hold that draws on two grants charges each by its own terms and earns shares of both', async () => {
  const it = await givenTwoGrants({ charging: 'METERED' }, { charging: 'RESERVED' })
  const reservationId = await it.reserved(10)
  const some = await it.told(reservationId, [usage('a', 3 * HOUR)])
  assert.deepEqual(chargedOf(some), { delivered: '3' })
  // Of ten tokens held four are of the metered grant (three used: one returns), six of the reserved one (all idle).
  const done = await it.told(reservationId, [], true)
  assert.deepEqual([chargedOf(done), done.returned], [{ idle_reserved: '6' }, '1'])
  const [one, two] = await progressOf(world, it)
  assert.deepEqual(
    [one?.delivered_micro, one?.idle_reserved_micro, two?.delivered_micro, two?.idle_reserved_micro],
    [3_000_000n, 0n, 0n, 6_000_000n],
  )
  await assertSound(world, it)
})

test('a record that spans two grants is one delivery, split where the first grant ends', async () => {
  const it = await givenTwoGrants({}, {})
  const reservationId = await it.reserved(10)
  await it.told(reservationId, [usage('a', 7 * HOUR)], true)
  const [one, two] = await progressOf(world, it)
  assert.deepEqual(
    [one?.delivered_micro, one?.idle_reserved_micro, two?.delivered_micro, two?.idle_reserved_micro],
    [4_000_000n, 0n, 3_000_000n, 3_000_000n],
  )
  assert.equal(one?.earned_shares, one?.total_shares)
  await assertSound(world, it)
})

test('tokens of a top-up are charged and earn nothing', async () => {
  const it = await givenDrawdown(world)
  const lotId = newId()
  await inTransaction(world.deps.db, async (trx) => {
    const accounts = await insertLot(trx, {
      companyId: it.companyId,
      lotId,
      tokenClassId: it.tokenClassUuid,
      amount: 6_000_000n,
      transferRule: 'NOT_TRANSFERABLE',
      expiresOn: '2027-12-15',
      drawRank: 0,
      origin: 'top_up',
    })
    const [granted, released] = [newId(), newId()]
    const common = {
      kind: 'posted' as const,
      amount: 6_000_000n,
      reason: 'test',
      subject: `Lot:${it.companyId}:${lotId}`,
    }
    await postAll(trx, it.companyId, [
      { ...common, id: granted, debit: accounts.obligation, credit: accounts.locked },
      { ...common, id: released, debit: accounts.locked, credit: accounts.available },
    ])
  })
  const reservationId = await it.reserved(10)
  const answer = await it.told(reservationId, [usage('a', 7 * HOUR)], true)
  assert.deepEqual(chargedOf(answer), { delivered: '7', idle_reserved: '3' })
  // Six tokens of seven are the top-up's: one token of the grant earns one share (1.175).
  assert.equal(answer.newlyEarnedShares, '1')
  const charges = await world.deps.db
    .selectFrom('charge')
    .select(['grant_id', 'cause', 'amount_micro'])
    .where('company_id', '=', it.companyId)
    .where('lot_id', '=', lotId)
    .execute()
  assert.deepEqual(charges, [{ grant_id: null, cause: 'delivered', amount_micro: 6_000_000n }])
  await assertSound(world, it)
})

test('with the basis reserved, unused time earns as well', async () => {
  const it = await givenDrawdown(world, { vesting: { basis: 'reserved' } })
  const answer = await it.told(await it.reserved(10), [usage('a', 7 * HOUR)], true)
  // Ten tokens earn 11.75.
  assert.equal(answer.newlyEarnedShares, '11')
  await assertSound(world, it)
})

test('with the basis released, usage earns nothing by itself', async () => {
  const it = await givenDrawdown(world, { vesting: { basis: 'released' } })
  const answer = await it.told(await it.reserved(10), [usage('a', 7 * HOUR)], true)
  assert.equal(answer.newlyEarnedShares, '0')
  await assertSound(world, it)
})

test('nothing is earned below the cliff, and everything up to it at once', async () => {
  const it = await givenDrawdown(world, { vesting: { cliffTokens: '10' } })
  const reservationId = await it.reserved(20)
  const below = await it.told(reservationId, [usage('a', 10 * HOUR - 1)])
  assert.equal(below.newlyEarnedShares, '0')
  const reached = await it.told(reservationId, [usage('b', 1)])
  assert.equal(reached.newlyEarnedShares, '11')
  await assertSound(world, it)
})

test('tranches are earned whole', async () => {
  // 117,500 shares over 10,000 tranches of 10 tokens would be too many: 1,000 tranches of 100 tokens, 117.5 shares each.
  const it = await givenDrawdown(world, { vesting: { allocation: 'FRONT_LOADED', tranches: 1000 } })
  const reservationId = await it.reserved(64, 240)
  const most = { endedAt: at(240) }
  assert.equal((await it.told(reservationId, [usage('a', 100 * HOUR - 1, most)])).newlyEarnedShares, '0')
  // Front loaded: of 117,500 = 1,000 x 117 + 500 the first 500 tranches have one more.
  assert.equal((await it.told(reservationId, [usage('b', 1, most)])).newlyEarnedShares, '118')
  assert.equal((await it.told(reservationId, [usage('c', 100 * HOUR, most)])).newlyEarnedShares, '118')
  await assertSound(world, it)
})
