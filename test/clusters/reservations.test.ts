import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raiseWall } from '../../api/access/index.ts'
import { decideReservation, expireHold, expireHolds, requestReservation } from '../../api/clusters/index.ts'
import { bookCalendar } from '../../api/clusters/pool/calendar.store.ts'
import { inTransaction, newId, openDatabase, type Uuid } from '../../api/platform/index.ts'
import { balances } from '../../api/tokens/index.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { at, booker, NOON, pool, tokens } from './given.ts'
import { CANCEL, DECIDE, FREE, QUOTE, READ, REQUEST } from './reservation-documents.ts'

const world = await makeWorld()
const { provider, otherProvider } = world.staff
await world.setClock(NOON)

type Booker = Awaited<ReturnType<typeof booker>>
const wish = ({ company, pool }: Booker, more: Record<string, unknown> = {}) => ({
  companyId: company.id,
  poolId: pool.id,
  gpus: 4,
  startsAt: at(60),
  endsAt: at(120),
  ...more,
})
const request = async (who: Person, input: Record<string, unknown>) =>
  (await who.graphql(REQUEST, { input })).data?.requestReservation
const decide = async (who: Person, reservationId: string, more: Record<string, unknown> = { decision: 'APPROVE' }) =>
  (await who.graphql(DECIDE, { input: { reservationId, ...more } })).data.decideReservation
const cancel = async (who: Person, reservationId: string) =>
  (await who.graphql(CANCEL, { input: { reservationId } })).data.cancelReservation
const read = async (who: Person, id: string) => (await who.graphql(READ, { id })).data.node
const lowest = async (who: Person, id: string, from = at(0), to = at(240)): Promise<number> =>
  (await who.graphql(FREE, { id, from, to })).data.node.freeCapacity.lowest

/** Everything of a company and a pool that a refusal must leave alone. */
async function traces(companyId: Uuid, poolId: Uuid) {
  const { db } = world.deps
  const count = async (query: { execute: () => Promise<unknown[]> }) => (await query.execute()).length
  return {
    reservations: await count(
      db.selectFrom('reservation').select('reservation_id').where('company_id', '=', companyId),
    ),
    transfers: await count(db.selectFrom('transfer').select('transfer_id').where('holder_id', '=', companyId)),
    bookings: await count(db.selectFrom('pool_booking').select('reservation_id').where('pool_id', '=', poolId)),
    hours: await count(db.selectFrom('pool_hour').select('starts_at').where('pool_id', '=', poolId)),
    steps: await count(db.selectFrom('pool_step').select('starts_at').where('pool_id', '=', poolId)),
    // But for the gate's, whose findings are kept also when the booking is refused.
    audits: await count(
      db
        .selectFrom('audit_event')
        .select('event_id')
        .where('scope_id', '=', companyId)
        .where('kind', '<>', 'gate.checked'),
    ),
    balances: await balances(db, companyId),
  }
}

test('a founder asks, tokens and capacity are set aside, and the provider approves', async () => {
  const given = await booker(world)
  const { founder } = given.company
  const asked = await request(founder, wish(given))
  assert.deepEqual(
    { ...asked, id: '' },
    {
      __typename: 'Reservation',
      id: '',
      state: 'held',
      gpus: 4,
      startsAt: at(60),
      endsAt: at(120),
      held: '4',
      h100HoursPerGpuHour: '1',
      decideBy: at(60),
    },
  )
  assert.equal(await lowest(founder, given.pool.id), 4)
  const decided = await decide(provider, asked.id)
  assert.equal(decided.state, 'confirmed')
  assert.deepEqual(decided.events, [
    { from: null, to: 'held', reasonCode: 'REQUESTED', note: null, waitedSeconds: null },
    { from: 'held', to: 'confirmed', reasonCode: 'APPROVED', note: null, waitedSeconds: '0' },
  ])
  assert.equal(await lowest(founder, given.pool.id), 4)
})

test('the provider declines with a reason: tokens and capacity return, and how long it took is kept', async () => {
  const given = await booker(world)
  const before = await balances(world.deps.db, given.company.companyId)
  const asked = await request(given.company.founder, wish(given))
  assert.notDeepEqual(await balances(world.deps.db, given.company.companyId), before)
  await world.setClock(at(25))
  const decided = await decide(provider, asked.id, {
    decision: 'DECLINE',
    reasonCode: 'MAINTENANCE',
    note: 'Rack 12 is down',
  })
  await world.setClock(NOON)
  assert.equal(decided.state, 'declined')
  assert.deepEqual(decided.events[1], {
    from: 'held',
    to: 'declined',
    reasonCode: 'MAINTENANCE',
    note: 'Rack 12 is down',
    waitedSeconds: '1500',
  })
  assert.deepEqual(await balances(world.deps.db, given.company.companyId), before)
  assert.equal(await lowest(given.company.founder, given.pool.id), 8)
  assert.equal((await decide(provider, asked.id)).__typename, 'WrongState')
})

test('a decline needs a reason and an approval has none', async () => {
  const given = await booker(world)
  const { id } = await request(given.company.founder, wish(given))
  for (const input of [{ decision: 'DECLINE' }, { decision: 'APPROVE', reasonCode: 'OTHER' }]) {
    const answer = await provider.graphql(DECIDE, { input: { reservationId: id, ...input } })
    assert.equal(answer.errors[0]?.extensions.code, 'BAD_INPUT')
  }
  assert.equal((await read(provider, id)).state, 'held')
})

test('a founder cancels before the start and gets everything back, and cannot once it has started', async () => {
  const given = await booker(world)
  const { founder, companyId } = given.company
  const before = await balances(world.deps.db, companyId)
  const [first, second] = [await request(founder, wish(given)), await request(founder, wish(given))]
  await decide(provider, first.id)
  await decide(provider, second.id)
  assert.equal((await cancel(founder, first.id)).state, 'cancelled')
  assert.equal((await cancel(founder, first.id)).__typename, 'WrongState')
  await world.setClock(at(60))
  const late = await cancel(founder, second.id)
  await world.setClock(NOON)
  assert.deepEqual([late.__typename, late.needs], ['WrongTime', 'BEFORE_START'])
  assert.equal((await cancel(founder, second.id)).state, 'cancelled')
  assert.deepEqual(await balances(world.deps.db, companyId), before)
  assert.equal(await lowest(founder, given.pool.id), 8)
})

test('over capacity, over the balance and more than is released are each refused, and nothing is written', async () => {
  const given = await booker(world, { capacity: 8, amount: '10', locked: '6' })
  const { founder, companyId } = given.company
  const before = await traces(companyId, given.pool.poolId)
  const unreleased = await request(founder, wish(given, { gpus: 5 }))
  assert.deepEqual(
    [unreleased.__typename, unreleased.available, unreleased.locked, unreleased.asked],
    ['TokensNotReleased', '4', '6', '5'],
  )
  const over = await request(founder, wish(given, { gpus: 8, endsAt: at(180) }))
  assert.deepEqual([over.__typename, over.available, over.asked], ['WouldOverdraw', '4', '16'])
  assert.deepEqual(await traces(companyId, given.pool.poolId), before)

  await tokens(world, { companyId, tokenClassId: given.pool.tokenClassId })
  assert.equal((await request(founder, wish(given, { gpus: 5, startsAt: at(90), endsAt: at(150) }))).state, 'held')
  const richer = await traces(companyId, given.pool.poolId)
  const crowded = await request(founder, wish(given))
  assert.deepEqual(
    [crowded.__typename, crowded.wanted, crowded.free, crowded.full],
    ['OverCapacity', 4, 3, { startsAt: at(90), endsAt: at(120) }],
  )
  assert.deepEqual(await traces(companyId, given.pool.poolId), richer)
})

test('reservations that only touch do not conflict', async () => {
  const given = await booker(world, { capacity: 4 })
  for (const [from, to] of [
    [60, 120],
    [120, 180],
    [0, 60],
  ] as const) {
    assert.equal(
      (await request(given.company.founder, wish(given, { startsAt: at(from), endsAt: at(to) }))).state,
      'held',
    )
  }
})

test('tokens that expire before the compute is delivered cannot book it', async () => {
  const given = await booker(world, { expiresOn: '2026-11-22' })
  const { founder } = given.company
  const times = (from: string, to: string) => ({ startsAt: `2026-11-${from}:00:00Z`, endsAt: `2026-11-${to}:00:00Z` })
  assert.equal((await request(founder, wish(given, times('21T22', '22T00')))).state, 'held')
  assert.equal((await request(founder, wish(given, times('21T23', '22T01')))).__typename, 'PastDeadline')
})

test('of twelve companies that book a GPU of three at the same time, exactly three get it', async () => {
  const { poolId, id, tokenClassId } = await pool(world, { capacity: 3 })
  const companies = await Promise.all(Array.from({ length: 12 }, (_, i) => world.company(`Rival ${i}, Inc.`)))
  for (const { companyId } of companies) await tokens(world, { companyId, tokenClassId })
  const answers = await Promise.all(
    companies.map((company) =>
      request(company.founder, { companyId: company.id, poolId: id, gpus: 1, startsAt: at(60), endsAt: at(120) }),
    ),
  )
  assert.deepEqual(Object.fromEntries(Map.groupBy(answers, (answer) => answer.__typename)).Reservation?.length, 3)
  assert.equal(answers.filter((answer) => answer.__typename === 'OverCapacity').length, 9)
  const hours = await world.deps.db.selectFrom('pool_hour').select('added').where('pool_id', '=', poolId).execute()
  assert.equal(Math.max(...hours.map((hour) => hour.added)), 3)
})

test('fifty who press at once for the last GPUs get what there is, and the same call fifty times books once', async () => {
  const given = await booker(world, { capacity: 7 })
  const { founder, companyId } = given.company
  const answers = await Promise.all(Array.from({ length: 50 }, () => request(founder, wish(given, { gpus: 1 }))))
  assert.equal(answers.filter((answer) => answer.__typename === 'Reservation').length, 7)
  assert.equal(answers.filter((answer) => answer.__typename === 'OverCapacity').length, 43)

  const again = await booker(world)
  const keyed = wish(again, { idempotencyKey: 'press' })
  const same = await Promise.all(Array.from({ length: 50 }, () => request(again.company.founder, keyed)))
  assert.equal(new Set(same.map((answer) => answer.id)).size, 1)
  assert.equal(await lowest(again.company.founder, again.pool.id), 4)
  assert.equal((await traces(companyId, given.pool.poolId)).bookings, 7)
})

test('a booking that is killed in the middle leaves nothing, and works when it is tried again', async () => {
  const given = await booker(world)
  const { founder, companyId } = given.company
  const before = await traces(companyId, given.pool.poolId)
  const doomed = openDatabase({ url: world.ownerUrl, connections: 1 })
  doomed.pool.on('connect', (client) => client.on('error', () => undefined))
  // The booking has held its tokens and waits for the pool's row when its connection dies.
  const blocker = await world.deps.db.startTransaction().execute()
  await bookCalendar(blocker, given.pool.poolId, { startsAt: at(600), endsAt: at(660) }, 1)
  const booking = requestReservation({ ...world.deps, db: doomed.db }, founder.actor, wish(given))
  const [, end] = await Promise.all([killWhoeverWaits(), booking.catch((error: Error) => error.message)])
  assert.match(String(end), /terminat/)
  await blocker.rollback().execute()
  await doomed.db.destroy()
  assert.deepEqual(await traces(companyId, given.pool.poolId), before)
  assert.equal((await request(founder, wish(given))).state, 'held')
})

test('who may not book, may not', async () => {
  const given = await booker(world)
  const other = await booker(world)
  const before = await traces(given.company.companyId, given.pool.poolId)
  const expected: [Person, string][] = [
    [given.company.signatory, 'Forbidden'],
    [other.company.founder, 'NotFound'],
    [provider, 'NotFound'],
    [world.staff.regulator, 'NotFound'],
    ...(['analyst', 'partner', 'compliance', 'operations', 'admin'] as const).map((role): [Person, string] => [
      world.staff[role],
      'Forbidden',
    ]),
  ]
  for (const [who, refusal] of expected) {
    assert.equal((await request(who, wish(given))).__typename, refusal, who.actor.name)
  }
  assert.deepEqual(await traces(given.company.companyId, given.pool.poolId), before)
})

test('only the staff of the pool’s own provider decide: from the fund’s side it would be a conflict', async () => {
  const given = await booker(world)
  const { id } = await request(given.company.founder, wish(given))
  const both = await world.person('provider', { providerId: world.providerId })
  const fundAndProvider = { ...both.actor, roles: new Set(['provider', 'partner'] as const) }
  for (const role of ['analyst', 'partner', 'compliance', 'operations', 'admin'] as const) {
    const refused = await decide(world.staff[role], id)
    assert.equal(refused.__typename, 'Forbidden')
    assert.match(refused.message, /conflict of interest/)
  }
  await assert.rejects(
    decideReservation(world.deps, fundAndProvider, { reservationId: id, decision: 'APPROVE' }),
    /conflict/,
  )
  assert.equal((await decide(otherProvider, id)).__typename, 'NotFound')
  assert.equal((await decide(given.company.founder, id)).__typename, 'Forbidden')
  assert.equal((await decide((await world.company()).founder, id)).__typename, 'NotFound')
  assert.equal((await cancel(provider, id)).__typename, 'Forbidden')
  assert.equal((await read(provider, id)).state, 'held')
})

test('a provider sees the reservations of its own pools with the company’s name, and neither the company nor other pools', async () => {
  const given = await booker(world)
  const { id } = await request(given.company.founder, wish(given))
  const seen = await read(provider, id)
  assert.deepEqual([seen.companyName, seen.company, seen.gpus], ['Lumen Robotics, Inc.', null, 4])
  assert.equal(await read(otherProvider, id), null)
  assert.equal(await read((await world.company()).founder, id), null)
  assert.equal(await read(world.staff.regulator, id), null)
  const POOL = `query ($id: ID!) { node(id: $id) { id ... on Pool { reservations(waiting: true) { edges { node { id } } } } } pools { totalCount } }`
  const mine = await provider.graphql(POOL, { id: given.pool.id })
  assert.deepEqual(mine.data.node.reservations.edges, [{ node: { id } }])
  const others = await otherProvider.graphql(POOL, { id: given.pool.id })
  assert.deepEqual([others.data.node, others.data.pools.totalCount], [null, 0])
  const rival = await (await world.company()).founder.graphql(POOL, { id: given.pool.id })
  assert.deepEqual(rival.data.node.reservations.edges, [])
})

test('a wall hides a company’s reservations from the staff behind it', async () => {
  const given = await booker(world)
  const { id } = await request(given.company.founder, wish(given))
  const walled = await world.person('analyst')
  await inTransaction(world.deps.db, (trx) =>
    raiseWall(trx, {
      id: newId(),
      personId: walled.id,
      companyId: given.company.companyId,
      reason: 'holds shares of a rival',
      raisedBy: world.staff.compliance.id,
    }),
  )
  assert.notEqual(await read(world.staff.analyst, id), null)
  assert.equal(await read(walled, id), null)
  assert.equal((await decide(walled, id)).__typename, 'NotFound')
})

test('a request that the provider does not decide in time expires by itself, once, and gives everything back', async () => {
  const given = await booker(world)
  const { founder, companyId } = given.company
  const before = await balances(world.deps.db, companyId)
  const { id } = await request(founder, wish(given))
  const payload = { companyId, reservationId: id.split(':')[2] }
  assert.deepEqual(await expireHold(world.deps, payload), { expired: false })
  await world.setClock(at(61))
  assert.equal((await decide(provider, id)).was, 'expired')
  const swept = await Promise.all([
    expireHold(world.deps, payload),
    expireHold(world.deps, payload),
    expireHolds(world.deps),
  ])
  const gone = await read(founder, id)
  await world.setClock(NOON)
  assert.ok(swept.some((sweep) => sweep.expired !== false && sweep.expired !== 0))
  assert.equal(gone.state, 'expired')
  assert.deepEqual(gone.events[1], {
    from: 'held',
    to: 'expired',
    reasonCode: 'NOT_DECIDED_IN_TIME',
    waitedSeconds: '3660',
  })
  assert.deepEqual(await balances(world.deps.db, companyId), before)
  assert.equal(await lowest(founder, given.pool.id), 8)
})

test('a quote tells what a request would hold, and a request with another quote is refused', async () => {
  const given = await booker(world, { factor: 14_000_000_000n })
  const { founder } = given.company
  const { data } = await founder.graphql(QUOTE, { pool: given.pool.id, gpus: 8, from: at(60), to: at(120) })
  assert.deepEqual(data.reservationQuote, {
    __typename: 'ReservationQuote',
    gpuSeconds: '28800',
    tokens: '11.2',
    free: 8,
    factor: { h100HoursPerGpuHour: '1.4', basis: 'contract' },
  })
  const changed = await request(founder, wish(given, { gpus: 8, quotedTokens: '8' }))
  assert.deepEqual([changed.__typename, changed.quoted, changed.now], ['QuoteChanged', '8', '11.2'])
  assert.equal((await request(founder, wish(given, { gpus: 8, quotedTokens: '11.2' }))).held, '11.2')
})

// What a request may not say, and what the answer is: a typed refusal, or a request error that names the field.
const REFUSED: readonly (readonly [what: string, change: Record<string, unknown>, answer: string])[] = [
  ['reversed', { startsAt: at(120), endsAt: at(60) }, 'BadInterval REVERSED'],
  ['empty', { endsAt: at(60) }, 'BadInterval EMPTY'],
  ['in the past', { startsAt: at(-60) }, 'BadInterval IN_THE_PAST'],
  ['of ten years', { endsAt: '2036-11-20T13:00:00Z' }, 'BadInterval TOO_LONG'],
  ['of half a minute', { endsAt: '2026-11-20T13:30:30Z' }, 'BadInterval NOT_WHOLE_MINUTES'],
  ['in three years', { startsAt: '2029-11-20T12:00:00Z', endsAt: '2029-11-20T13:00:00Z' }, 'BadInterval TOO_FAR_AHEAD'],
  ['on a day that does not exist', { endsAt: '2026-11-31T12:00:00Z' }, 'error endsAt'],
  ['in local time', { endsAt: '2026-11-20T14:00:00+01:00' }, 'error endsAt'],
  ['for no GPUs', { gpus: 0 }, 'error gpus'],
  ['for minus one GPU', { gpus: -1 }, 'error gpus'],
  ['for half a GPU', { gpus: 0.5 }, 'error gpus'],
  ['for a billion GPUs', { gpus: 1_000_000_000 }, 'error gpus'],
  ['for a quote in exponents', { quotedTokens: '1e3' }, 'error quotedTokens'],
  ['for a quote of minus zero', { quotedTokens: '-0' }, 'error quotedTokens'],
  ['for a quote in other digits', { quotedTokens: '١٢' }, 'error quotedTokens'],
  ['for a quote of 40 digits', { quotedTokens: '1'.repeat(40) }, 'error quotedTokens'],
  ['at a pool that does not exist', { poolId: 'Pool:0190aaaa-0000-7000-8000-000000000000' }, 'NotFound'],
  ['at a company', { poolId: 'Company:0190aaaa-0000-7000-8000-000000000000' }, 'error poolId'],
  ['for a company that does not exist', { companyId: 'Company:0190aaaa-0000-7000-8000-000000000000' }, 'NotFound'],
  ['for nonsense', { companyId: 'nonsense' }, 'error companyId'],
]
test('requests for what cannot be are refused by name, and nothing is written', async (t) => {
  const given = await booker(world)
  const { founder, companyId } = given.company
  const before = await traces(companyId, given.pool.poolId)
  for (const [what, change, expected] of REFUSED) {
    await t.test(`a request ${what}`, async () => {
      const answer = await founder.graphql(REQUEST, { input: wish(given, change) })
      const refusal = answer.data?.requestReservation
      if (expected.startsWith('error')) {
        assert.equal(answer.data?.requestReservation ?? null, null)
        assert.match(JSON.stringify(answer.errors), new RegExp(expected.slice(6)))
      } else {
        assert.equal([refusal.__typename, refusal.fault].join(' ').trim(), expected)
      }
    })
  }
  assert.deepEqual(await traces(companyId, given.pool.poolId), before)
})

test('a pool without a factor in force cannot be booked: what it costs cannot be told', async () => {
  const given = await booker(world)
  const early = wish(given, { startsAt: at(60) })
  const bare = await pool(world, { tokenClassId: given.pool.tokenClassId, factorFrom: '2027-01-01T00:00:00Z' })
  assert.equal((await request(given.company.founder, { ...early, poolId: bare.id })).__typename, 'NoFactor')
})

/** Ends the connection that waits for a lock, as soon as there is one. */
async function killWhoeverWaits(): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { rowCount } = await asOwner(
      world.ownerUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%pool_book%'`,
    )
    if ((rowCount ?? 0) > 0) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('nobody waited')
}
