import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NotFound, newId, Refused, type Uuid } from '../../api/platform/index.ts'
import {
  AlreadyReversed,
  hold,
  type LedgerEvent,
  postBatch,
  previewBatch,
  reverseTransfer,
  WouldOverdraw,
} from '../../api/tokens/index.ts'
import { makeWorld } from '../support/world.ts'
import { assertConserved, commit, grant, tokenClass, tokens, where } from './given.ts'

const world = await makeWorld()

/** A company with 100 available tokens, and its accounts by kind. */
async function holder() {
  const { companyId } = await world.company()
  const tokenClassId = await tokenClass(world)
  await grant(world, { companyId, tokenClassId }, '100')
  const rows = await world.deps.db
    .selectFrom('ledger_account')
    .where('holder_id', '=', companyId)
    .select(['kind', 'account_id'])
    .execute()
  const accounts = new Map(rows.map((row) => [row.kind, row.account_id]))
  const move = (from: string, to: string, whole: number, more: Partial<LedgerEvent> = {}): LedgerEvent => ({
    id: newId(),
    kind: 'posted',
    debit: accounts.get(from),
    credit: accounts.get(to),
    amount: tokens(whole),
    reason: 'adjustment',
    ...more,
  })
  const post = async (...batch: LedgerEvent[]): Promise<void> => {
    const answers = await commit(world, (trx) => postBatch(trx, companyId, batch))
    assert.deepEqual(new Set(answers.map(({ result }) => result)), new Set(['created']))
  }
  const reverse = (transferId: Uuid, reversalId: Uuid = newId(), asFarAsPossible = false) =>
    commit(world, (trx) => reverseTransfer(trx, { companyId, transferId, reversalId, asFarAsPossible }))
  return { companyId, tokenClassId, move, post, reverse, where: () => where(world, companyId) }
}

test('a reversal is a new transfer that undoes another, once', async () => {
  const it = await holder()
  const event = it.move('available', 'cancelled', 30)
  await it.post(event)
  const reversalId = newId()
  await it.reverse(event.id, reversalId)
  await it.reverse(event.id, reversalId)
  assert.deepEqual(await it.where(), { obligation: tokens(100), available: tokens(100) })
  await assert.rejects(it.reverse(event.id), AlreadyReversed)
  await assert.rejects(it.reverse(reversalId), Refused)
  await assert.rejects(it.reverse(newId()), NotFound)
  await assertConserved(world, it.companyId)
})

test('a chain is reversed whole', async () => {
  const it = await holder()
  const first = it.move('available', 'escrow', 30, { linked: true })
  const second = it.move('escrow', 'cancelled', 30)
  await it.post(first, second)
  await it.reverse(second.id)
  assert.deepEqual(await it.where(), { obligation: tokens(100), available: tokens(100) })
  await assert.rejects(it.reverse(first.id), AlreadyReversed)
})

test('reversing spent tokens is refused, unless as much as possible is asked for', async () => {
  const it = await holder()
  const event = it.move('available', 'escrow', 30)
  await it.post(event)
  await it.post(it.move('escrow', 'cancelled', 20))
  await assert.rejects(
    it.reverse(event.id),
    (error) => error instanceof WouldOverdraw && error.available === tokens(10),
  )
  await it.reverse(event.id, newId(), true)
  assert.deepEqual(await it.where(), { obligation: tokens(100), available: tokens(80), cancelled: tokens(20) })
})

test('fifty reversals at once undo once', async () => {
  const it = await holder()
  const event = it.move('available', 'cancelled', 30)
  await it.post(event)
  const answers = await Promise.allSettled(Array.from({ length: 50 }, () => it.reverse(event.id)))
  assert.equal(answers.filter((answer) => answer.status === 'fulfilled').length, 1)
  assert.deepEqual(await it.where(), { obligation: tokens(100), available: tokens(100) })
})

test('what belongs to a hold is not reversed behind its back', async () => {
  const it = await holder()
  const { companyId, tokenClassId } = it
  await commit(world, (trx) =>
    hold(trx, { companyId, tokenClassId, holdId: newId(), amount: tokens(1), expiresAt: '2098-01-01T00:00:00Z' }),
  )
  const [row] = await world.deps.db
    .selectFrom('transfer')
    .where('holder_id', '=', companyId)
    .where('reason', '=', 'hold')
    .select('transfer_id')
    .execute()
  await assert.rejects(it.reverse(row?.transfer_id ?? ''), Refused)
})

test('a dry run tells answers and balances, and changes nothing', async () => {
  const it = await holder()
  const batch = [it.move('available', 'cancelled', 30), it.move('available', 'cancelled', 80)]
  const before = await it.where()
  const preview = await commit(world, (trx) => previewBatch(trx, it.companyId, batch))
  assert.deepEqual(
    preview.answers.map(({ result }) => result),
    ['created', 'would_overdraw'],
  )
  const shown = preview.balances.totals.filter(({ amount }) => amount !== 0n).map(({ kind, amount }) => [kind, amount])
  assert.deepEqual(Object.fromEntries(shown), { obligation: tokens(100), available: tokens(70), cancelled: tokens(30) })
  assert.deepEqual(await it.where(), before)
  const posted = await commit(world, async (trx) => {
    await previewBatch(trx, it.companyId, batch)
    return postBatch(trx, it.companyId, batch)
  })
  assert.deepEqual(posted, preview.answers)
})

const REVERSE = `mutation ($input: ReverseTransferInput!) { reverseTransfer(input: $input) { __typename
  ... on ReversedTransfer { asked reversed notReversed } ... on WouldOverdraw { available } ... on AlreadyReversed { transferId }
  ... on Refused { field } ... on Forbidden { needs } } }`
const OPEN = `mutation ($input: OpenLotInput!) { openLot(input: $input) { __typename
  ... on Lot { id origin amount transferRule cost { amount currency } vests } ... on SupplyExceeded { asked } ... on Refused { field } } }`

test('a top-up and a purchase are lots that vest nothing, within the supply; one given by mistake is taken back', async () => {
  const { companyId, id, founder } = await world.company()
  const tokenClassId = await tokenClass(world, '100')
  const { operations, partner, analyst } = world.staff
  const give = async (by: typeof partner, more: object = {}) => {
    const input = { companyId: id, tokenClassId: `TokenClass:${tokenClassId}`, origin: 'TOP_UP', amount: '40' }
    const { data, errors } = await by.graphql(OPEN, {
      input: { ...input, expiresOn: '2098-01-01', reason: 'Goodwill of the fund', ...more },
    })
    return data?.openLot ?? errors[0]?.extensions
  }
  const topUp = await give(operations)
  assert.deepEqual(
    { ...topUp, id: '' },
    {
      __typename: 'Lot',
      id: '',
      origin: 'top_up',
      amount: '40',
      transferRule: 'NOT_TRANSFERABLE',
      cost: null,
      vests: null,
    },
  )
  const paid = { origin: 'PURCHASE', cost: { amount: '105.75', currency: 'USD' } }
  const bought = await give(partner, { ...paid, amount: '45' })
  assert.deepEqual([bought.origin, bought.cost], ['purchase', { amount: '105.75', currency: 'USD' }])
  assert.equal((await give(operations, { amount: '15.000001' })).__typename, 'SupplyExceeded')
  assert.equal((await give(operations, { expiresOn: '2020-01-01' })).field, 'expiresOn')
  assert.equal((await give(operations, { origin: 'PURCHASE' })).code, 'BAD_INPUT')
  assert.equal((await give(operations, { cost: paid.cost })).code, 'BAD_INPUT')
  for (const by of [analyst, founder]) assert.equal((await give(by)).__typename, 'Forbidden')
  assert.deepEqual(await where(world, companyId), { obligation: tokens(85), available: tokens(85) })

  const given = await world.deps.db
    .selectFrom('transfer')
    .where('holder_id', '=', companyId)
    .where('reason', '=', 'top_up')
    .select('transfer_id')
    .executeTakeFirstOrThrow()
  // 30 of the 40 are promised to a reservation: only 10 are still there.
  await commit(world, (trx) =>
    hold(trx, { companyId, tokenClassId, holdId: newId(), amount: tokens(30), expiresAt: '2097-01-01T00:00:00Z' }),
  )
  const undo = async (by: typeof partner, more: object = {}) => {
    const input = { transferId: `TokenTransfer:${companyId}:${given.transfer_id}`, reason: 'Given twice', ...more }
    return (await by.graphql(REVERSE, { input })).data.reverseTransfer
  }
  assert.deepEqual(await undo(operations), { __typename: 'WouldOverdraw', available: '10' })
  assert.deepEqual((await undo(operations, { force: true })).needs, ['partner'])
  const forced = { __typename: 'ReversedTransfer', asked: '40', reversed: '10', notReversed: '30' }
  assert.deepEqual(await undo(partner, { force: true, idempotencyKey: 'once' }), forced)
  assert.deepEqual(await undo(partner, { force: true, idempotencyKey: 'once' }), forced)
  assert.equal((await undo(partner, { force: true })).__typename, 'AlreadyReversed')
  const left = await where(world, companyId)
  assert.deepEqual([left.available, left.held], [tokens(45), tokens(30)])
  await assertConserved(world, companyId)
})

test('what a use case keeps account of is not reversed by hand', async () => {
  const it = await holder()
  const rows = await world.deps.db
    .selectFrom('transfer')
    .where('holder_id', '=', it.companyId)
    .select(['transfer_id', 'reason'])
    .execute()
  assert.deepEqual(rows.map(({ reason }) => reason).sort(), ['grant', 'release'])
  for (const { transfer_id } of rows) {
    const input = { transferId: `TokenTransfer:${it.companyId}:${transfer_id}`, reason: 'A mistake', force: true }
    const { data } = await world.staff.partner.graphql(REVERSE, { input })
    assert.deepEqual(data.reverseTransfer, { __typename: 'Refused', field: 'transferId' })
  }
})
