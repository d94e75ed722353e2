import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import {
  inTransaction,
  type MicroTokens,
  newId,
  openDatabase,
  Refused,
  sqlState,
  type Uuid,
  WrongState,
} from '../../api/platform/index.ts'
import {
  charge,
  chargeAll,
  ExceedsHold,
  expireHolds,
  expireLots,
  HoldAlreadyPosted,
  HoldAlreadyVoided,
  HoldExpired,
  hold,
  postHold,
  readHolds,
  releaseDue,
  returnHold,
  TokensNotReleased,
  TransferIdReused,
  voidHold,
  WouldOverdraw,
} from '../../api/tokens/index.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld, type World } from '../support/world.ts'
import { assertConserved, commit, grant, tokenClass, tokens, where } from './given.ts'

const world = await makeWorld()
const LATER = '2098-01-01T00:00:00Z'

/** A company with one lot of this many available tokens, and shorthands for its holds. */
async function holder(of: World, amount: string) {
  const { companyId } = await of.company()
  const tokenClassId = await tokenClass(of)
  const first = await grant(of, { companyId, tokenClassId }, amount)
  const ref = (holdId: Uuid) => ({ companyId, holdId })
  return {
    companyId,
    tokenClassId,
    ...first,
    ref,
    hold: async (wanted: MicroTokens, holdId: Uuid = newId(), expiresAt = LATER): Promise<Uuid> => {
      await commit(of, (trx) => hold(trx, { companyId, holdId, tokenClassId, amount: wanted, expiresAt }))
      return holdId
    },
    post: (holdId: Uuid) => commit(of, (trx) => postHold(trx, ref(holdId))),
    void: (holdId: Uuid) => commit(of, (trx) => voidHold(trx, ref(holdId))),
    giveBack: (holdId: Uuid) => commit(of, (trx) => returnHold(trx, ref(holdId))),
    charge: (
      holdId: Uuid,
      amount: MicroTokens,
      chargeId: Uuid = newId(),
      cause: 'delivered' | 'no_show' = 'delivered',
    ) => commit(of, (trx) => charge(trx, { companyId, holdId, cause, amount, chargeId })),
    where: () => where(of, companyId),
    check: () => assertConserved(of, companyId),
  }
}

test('a hold goes from pending to posted to charged, and what is left returns', async () => {
  const it = await holder(world, '100')
  const holdId = await it.hold(tokens(40))
  const total = { obligation: tokens(100) }
  assert.deepEqual(await it.where(), { ...total, available: tokens(60), held: tokens(40) })
  await it.check()
  await it.post(holdId)
  assert.deepEqual(await it.where(), { ...total, available: tokens(60), held: tokens(40) })
  assert.deepEqual(await it.charge(holdId, tokens(25)), [{ lotId: it.lotId, grantId: it.grantId, amount: tokens(25) }])
  await it.charge(holdId, tokens(5), newId(), 'no_show')
  await it.check()
  await it.giveBack(holdId)
  assert.deepEqual(await it.where(), {
    ...total,
    available: tokens(70),
    'charged:delivered': tokens(25),
    'charged:no_show': tokens(5),
  })
  await it.check()
  await assert.rejects(it.giveBack(holdId), WrongState)
})

test('a voided hold gives everything back, once', async () => {
  const it = await holder(world, '100')
  const holdId = await it.hold(tokens(40))
  await it.void(holdId)
  assert.deepEqual(await it.where(), { obligation: tokens(100), available: tokens(100) })
  await assert.rejects(it.void(holdId), HoldAlreadyVoided)
  await assert.rejects(it.post(holdId), HoldAlreadyVoided)
  await assert.rejects(it.charge(holdId, 1n), HoldAlreadyVoided)
  await it.check()
})

test('a posted hold can be neither posted again nor voided, and a pending one is not charged', async () => {
  const it = await holder(world, '100')
  const holdId = await it.hold(tokens(40))
  await assert.rejects(it.charge(holdId, 1n), WrongState)
  await it.post(holdId)
  await assert.rejects(it.post(holdId), HoldAlreadyPosted)
  await assert.rejects(it.void(holdId), HoldAlreadyPosted)
  await it.check()
})

test('more than is available is refused with what is available and what is asked', async () => {
  const it = await holder(world, '100')
  await it.hold(tokens(40))
  await assert.rejects(it.hold(tokens(60) + 1n), (error) => {
    assert.ok(error instanceof WouldOverdraw)
    assert.deepEqual([error.available, error.asked], [tokens(60), tokens(60) + 1n])
    return true
  })
  await it.hold(tokens(60))
})

test('tokens that are not released yet are told apart from tokens that are not there', async () => {
  const { companyId } = await world.company()
  const tokenClassId = await tokenClass(world)
  const releases = [
    { on: '2020-01-01', amount: tokens(10) },
    { on: '2097-03-01', amount: tokens(20) },
    { on: '2097-02-01', amount: tokens(20) },
  ]
  await grant(world, { companyId, tokenClassId }, '50', { releases })
  const ask = (amount: MicroTokens) =>
    commit(world, (trx) => hold(trx, { companyId, holdId: newId(), tokenClassId, amount, expiresAt: LATER }))
  await assert.rejects(ask(tokens(11)), (error) => {
    assert.ok(error instanceof TokensNotReleased)
    const { available, locked, asked, nextReleaseOn } = error
    assert.deepEqual(
      { available, locked, asked, nextReleaseOn },
      {
        available: tokens(10),
        locked: tokens(40),
        asked: tokens(11),
        nextReleaseOn: '2097-02-01',
      },
    )
    return true
  })
  await assert.rejects(ask(tokens(51)), WouldOverdraw)
  await commit(world, (trx) => releaseDue(trx, companyId, '2097-02-01'))
  await ask(tokens(30))
})

test('lots are drawn earliest expiry first, and charged in the same order', async () => {
  const { companyId } = await world.company()
  const tokenClassId = await tokenClass(world)
  const to = { companyId, tokenClassId }
  const late = await grant(world, to, '10', { expiresOn: '2099-01-01' })
  const early = await grant(world, to, '10', { expiresOn: '2098-06-01' })
  const ranked = await grant(world, to, '10', { expiresOn: '2099-06-01', drawRank: -1 })
  await grant(world, { companyId, tokenClassId: await tokenClass(world) }, '10', { expiresOn: '2098-02-01' })
  const holdId = newId()
  await commit(world, (trx) => hold(trx, { ...to, holdId, amount: tokens(25), expiresAt: LATER }))
  const drawn = (await readHolds(world.deps.db, companyId, [holdId])).get(holdId)?.lots
  assert.deepEqual(
    drawn?.map(({ lotId, amount }) => ({ lotId, amount })),
    [
      { lotId: ranked.lotId, amount: tokens(10) },
      { lotId: early.lotId, amount: tokens(10) },
      { lotId: late.lotId, amount: tokens(5) },
    ],
  )
  await commit(world, (trx) => postHold(trx, { companyId, holdId }))
  const chargeId = newId()
  const take = (amount: MicroTokens, id: Uuid) =>
    commit(world, (trx) => charge(trx, { companyId, holdId, cause: 'delivered', amount, chargeId: id }))
  const parts = [
    { lotId: ranked.lotId, grantId: ranked.grantId, amount: tokens(10) },
    { lotId: early.lotId, grantId: early.grantId, amount: tokens(2) },
  ]
  assert.deepEqual(await take(tokens(12), chargeId), parts)
  assert.deepEqual(await take(tokens(12), chargeId), parts, 'the same charge again gets the same answer')
  assert.deepEqual(await take(tokens(9), newId()), [
    { lotId: early.lotId, grantId: early.grantId, amount: tokens(8) },
    { lotId: late.lotId, grantId: late.grantId, amount: tokens(1) },
  ])
  await assert.rejects(take(tokens(4) + 1n, newId()), (error) => {
    assert.ok(error instanceof ExceedsHold)
    assert.deepEqual([error.left, error.asked], [tokens(4), tokens(4) + 1n])
    return true
  })
  await commit(world, (trx) => returnHold(trx, { companyId, holdId }))
  await assertConserved(world, companyId)
})

test('a batch of charges happens whole or not at all, and answers a repeated one as before', async () => {
  const it = await holder(world, '100')
  const [first, second] = [await it.hold(tokens(10)), await it.hold(tokens(10))]
  await it.post(first)
  await it.post(second)
  const each = { cause: 'delivered' as const, amount: tokens(4) }
  const again = newId()
  const charges = [
    { ...each, holdId: first, chargeId: again },
    { ...each, holdId: second, chargeId: newId() },
    { ...each, holdId: first, chargeId: again },
    { ...each, holdId: first, chargeId: newId(), amount: 0n },
    { ...each, holdId: first, chargeId: newId() },
  ]
  const all = () => commit(world, (trx) => chargeAll(trx, { companyId: it.companyId, charges }))
  const answers = await all()
  assert.deepEqual(
    answers.map((parts) => parts.reduce((sum, part) => sum + part.amount, 0n)),
    [4, 4, 4, 0, 4].map(tokens),
  )
  assert.deepEqual(await all(), answers)
  assert.equal((await it.where())['charged:delivered'], tokens(12))
  const over = [
    ...charges,
    { ...each, holdId: second, chargeId: newId() },
    { ...each, holdId: first, chargeId: newId() },
  ]
  await assert.rejects(
    commit(world, (trx) => chargeAll(trx, { companyId: it.companyId, charges: over })),
    ExceedsHold,
  )
  assert.equal((await it.where())['charged:delivered'], tokens(12))
  await it.check()
})

test('an id that stands for another hold or charge is refused, naming the field', async () => {
  const it = await holder(world, '100')
  const holdId = await it.hold(tokens(40))
  await it.hold(tokens(40), holdId)
  assert.equal((await it.where()).held, tokens(40), 'the same hold again is held once')
  const field = (name: string) => (error: unknown) => error instanceof TransferIdReused && error.field === name
  await assert.rejects(it.hold(tokens(41), holdId), field('amount'))
  await it.post(holdId)
  const chargeId = newId()
  await it.charge(holdId, tokens(1), chargeId)
  await assert.rejects(it.charge(holdId, tokens(2), chargeId), field('amount'))
  await assert.rejects(it.charge(holdId, tokens(1), chargeId, 'no_show'), field('cause'))
  const other = await it.hold(tokens(1))
  await it.post(other)
  await assert.rejects(it.charge(other, tokens(1), chargeId), field('holdId'))
})

test('a hold of nothing, and one that has expired when it is made, are refused', async () => {
  const it = await holder(world, '1')
  await assert.rejects(it.hold(0n), Refused)
  await assert.rejects(it.hold(1n, newId(), '2020-01-01T00:00:00Z'), Refused)
})

test('a hold expires by its time: its tokens are available again, and it can no longer be posted', async (t) => {
  const alone = await makeWorld(t)
  await alone.setClock('2030-01-01T00:00:00Z')
  const it = await holder(alone, '100')
  const holdId = await it.hold(tokens(100), newId(), '2030-01-02T00:00:00Z')
  await alone.setClock('2030-01-01T23:59:59.999Z')
  await assert.rejects(it.hold(1n), WouldOverdraw)
  await alone.setClock('2030-01-02T00:00:00Z')
  await assert.rejects(it.post(holdId), HoldExpired)
  const next = await it.hold(tokens(100), newId(), '2030-01-03T00:00:00Z')
  assert.equal((await it.where()).held, tokens(100))
  await it.void(holdId)
  await alone.setClock('2030-01-04T00:00:00Z')
  assert.deepEqual(await commit(alone, (trx) => expireHolds(trx, it.companyId)), [next])
  assert.deepEqual(await commit(alone, (trx) => expireHolds(trx, it.companyId)), [])
  assert.deepEqual(await it.where(), { obligation: tokens(100), available: tokens(100) })
  await it.check()
})

test('on the day of its expiry a lot is drawn no longer, and what is left of it expires', async (t) => {
  const alone = await makeWorld(t)
  const { companyId } = await alone.company()
  const tokenClassId = await tokenClass(alone)
  const to = { companyId, tokenClassId }
  const releases = [{ on: '2020-01-01', amount: tokens(60) }]
  await grant(alone, to, '100', { expiresOn: '2030-06-01', releases })
  await grant(alone, to, '5', { expiresOn: '2031-06-01' })
  const holdId = newId()
  await commit(alone, (trx) => hold(trx, { ...to, holdId, amount: tokens(10), expiresAt: '2030-07-01T00:00:00Z' }))
  await alone.setClock('2030-06-01T00:00:00Z')
  const ask = (amount: MicroTokens) =>
    commit(alone, (trx) => hold(trx, { ...to, holdId: newId(), amount, expiresAt: '2030-07-01T00:00:00Z' }))
  await assert.rejects(ask(tokens(6)), WouldOverdraw)
  await ask(tokens(5))
  const expire = () => commit(alone, (trx) => expireLots(trx, companyId, '2030-06-01'))
  assert.equal(
    (await expire()).reduce((sum, part) => sum + part.amount, 0n),
    tokens(90),
  )
  assert.deepEqual(await expire(), [])
  await commit(alone, (trx) => voidHold(trx, { companyId, holdId }))
  assert.equal(
    (await expire()).reduce((sum, part) => sum + part.amount, 0n),
    tokens(10),
  )
  assert.deepEqual(await where(alone, companyId), { obligation: tokens(105), held: tokens(5), expired: tokens(100) })
  await assertConserved(alone, companyId)
})

test('of fifty holds at once for a balance that fits ten, ten are held', async () => {
  const it = await holder(world, '100')
  const answers = await Promise.allSettled(Array.from({ length: 50 }, () => it.hold(tokens(10))))
  const refused = answers.filter((answer) => answer.status === 'rejected')
  assert.equal(refused.length, 40)
  assert.ok(refused.every((answer) => answer.reason instanceof WouldOverdraw))
  assert.deepEqual(await it.where(), { obligation: tokens(100), held: tokens(100) })
  await it.check()
})

test('the same hold fifty times at once is held once, and posted once', async () => {
  const it = await holder(world, '100')
  const holdId = newId()
  await Promise.all(Array.from({ length: 50 }, () => it.hold(tokens(10), holdId)))
  assert.equal((await it.where()).held, tokens(10))
  const posts = await Promise.allSettled(Array.from({ length: 50 }, () => it.post(holdId)))
  assert.equal(posts.filter((answer) => answer.status === 'fulfilled').length, 1)
  const chargeId = newId()
  await Promise.all(Array.from({ length: 50 }, () => it.charge(holdId, tokens(3), chargeId)))
  assert.equal((await it.where())['charged:delivered'], tokens(3))
  await it.check()
})

test('holds, charges and returns at once neither wait for each other for ever nor lose a token', async () => {
  const it = await holder(world, '60')
  await grant(world, it, '40')
  const one = async (index: number) => {
    const holdId = await it.hold(tokens(2))
    if (index % 3 === 0) return it.void(holdId)
    await it.post(holdId)
    await it.charge(holdId, tokens(1))
    return it.giveBack(holdId)
  }
  await Promise.all(Array.from({ length: 30 }, (_, index) => one(index)))
  assert.deepEqual(await it.where(), {
    obligation: tokens(100),
    available: tokens(80),
    'charged:delivered': tokens(20),
  })
  await it.check()
})

test('a hold whose connection is killed in the middle leaves nothing', async (t) => {
  const it = await holder(world, '100')
  const holdId = newId()
  const { companyId, tokenClassId } = it
  const own = openDatabase({ url: world.ownerUrl, connections: 1 })
  t.after(() => own.db.destroy())
  // The connection's error reaches the query that is under way; without a listener it would end the process as well.
  own.pool.on('connect', (client) => client.on('error', () => undefined))
  await assert.rejects(
    inTransaction(own.db, async (trx) => {
      await hold(trx, { companyId, holdId, tokenClassId, amount: tokens(10), expiresAt: LATER })
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(trx)
      await asOwner(world.ownerUrl, `SELECT pg_terminate_backend(${rows[0]?.pid})`)
      await sql`SELECT 1`.execute(trx)
    }),
  )
  assert.deepEqual(await it.where(), { obligation: tokens(100), available: tokens(100) })
  assert.equal((await readHolds(world.deps.db, companyId, [holdId])).size, 0)
  await it.hold(tokens(10), holdId)
  await it.check()
})

for (const statement of [
  'UPDATE transfer SET amount_micro = 1',
  'DELETE FROM transfer',
  'TRUNCATE transfer',
  'UPDATE lot SET amount_micro = 1',
  'DELETE FROM ledger_account',
  "UPDATE ledger_account SET kind = 'available'",
  'UPDATE ledger_account SET limit_micro = 1',
  'UPDATE supply_authorisation SET amount_micro = 1',
  'UPDATE release_plan SET amount_micro = 1',
  'UPDATE token_hold_lot SET lot_id = hold_id',
  'DELETE FROM token_hold_lot',
  'DELETE FROM token_hold',
]) {
  test(`the application may not: ${statement}`, async () => {
    await assert.rejects(sql.raw(statement).execute(world.deps.db), (error) => sqlState(error) === '42501')
  })
}

for (const statement of ['UPDATE transfer SET amount_micro = 1', 'DELETE FROM transfer', 'DELETE FROM lot']) {
  test(`not even the owner may: ${statement}`, async () => {
    await assert.rejects(asOwner(world.ownerUrl, statement), (error: { code?: string }) => error.code === '23001')
  })
}

test('a balance that would go below zero is stopped by the database itself', async () => {
  const it = await holder(world, '1')
  const raid = (column: string, kind: string) =>
    sql`UPDATE ledger_account SET ${sql.ref(column)} = 2000000 WHERE holder_id = ${it.companyId} AND kind = ${kind}`
  await assert.rejects(
    raid('debits_posted', 'available').execute(world.deps.db),
    (error) => sqlState(error) === '23514',
  )
  await assert.rejects(
    raid('debits_pending', 'available').execute(world.deps.db),
    (error) => sqlState(error) === '23514',
  )
  await assert.rejects(
    raid('debits_posted', 'obligation').execute(world.deps.db),
    (error) => sqlState(error) === '23514',
  )
  await assert.rejects(
    raid('credits_posted', 'obligation').execute(world.deps.db),
    (error) => sqlState(error) === '23514',
  )
})

test('what does not add up is found and named', async () => {
  const it = await holder(world, '10')
  await it.hold(tokens(4))
  await asOwner(
    world.ownerUrl,
    `UPDATE ledger_account SET credits_posted = credits_posted + 1 WHERE holder_id = '${it.companyId}' AND kind = 'available'`,
  )
  const { analyst } = world.staff
  const CHECK = 'query ($id: ID!) { node(id: $id) { ... on Company { tokenDifferences { what expected found } } } }'
  const { data } = await analyst.graphql(CHECK, { id: `Company:${it.companyId}` })
  assert.deepEqual(data.node.tokenDifferences, [
    { what: 'available credits posted = transfers', expected: '10000000', found: '10000001' },
    { what: 'granted = where the tokens are', expected: '10000000', found: '10000001' },
  ])
})
