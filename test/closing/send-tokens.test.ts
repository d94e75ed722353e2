/** Tokens that go from one company to another: set aside, taken in, settled; killed in between, declined, returned. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completeSending, completeSendings, receive, reconcile } from '../../api/closing/index.ts'
import { zRef } from '../../api/platform/index.ts'
import { findSending, openLot } from '../../api/tokens/index.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { tokenClass, tokens, where } from '../tokens/given.ts'

const world = await makeWorld()
const { operations, provider, otherProvider, partner, analyst } = world.staff
const zSending = zRef('TokenSending')

const sender =
  (name: string, more = '') =>
  async (by: Person, input: object): Promise<Record<string, string>> => {
    const document = `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename
      ... on TokenSending { sendingId state endedBecause amount } ... on DomainError { code } ... on Refused { field }
      ${more} ... on WrongState { wrong: state } } }`
    const { data, errors } = await by.graphql(document, { input })
    assert.deepEqual(errors, [])
    return data[name]
  }
const send = sender('sendTokens', '... on WouldOverdraw { available }')
const decide = sender('decideSending')

/** Two companies; the first has 10 tokens that may go and expire first, 20 that may go, and 100 that may not. */
async function pair() {
  const [from, to] = [await world.company('Sender, Inc.'), await world.company('Receiver, Inc.')]
  const tokenClassId = `TokenClass:${await tokenClass(world)}`
  for (const [amount, expiresOn, transferRule] of [
    ['100', '2090-01-01', 'NOT_TRANSFERABLE'],
    ['20', '2092-01-01', 'WITH_PROVIDER_CONSENT'],
    ['10', '2091-01-01', 'WITH_PROVIDER_CONSENT'],
  ] as const) {
    const lot = { companyId: from.id, tokenClassId, origin: 'top_up', amount, expiresOn, transferRule } as const
    await openLot(world.deps, operations.actor, { ...lot, reason: 'the test' })
  }
  const ask = (amount: string, more: object = {}, by: Person = operations) =>
    send(by, { companyId: from.id, toCompanyId: to.id, tokenClassId, amount, reason: 'Sold', ...more })
  const consent = (sendingId: string | undefined) => decide(provider, { sendingId, decision: 'CONSENT' })
  return { from, to, tokenClassId, ask, consent }
}
const stateOf = async (id: string | undefined) => (await findSending(world.deps.db, zSending.parse(id)))?.state
const agree = async () => assert.deepEqual((await reconcile(world.deps.db)).differences, [])

test('tokens go from one company to another in two steps, lot by lot, and keep their expiry and rule', async () => {
  const { from, to, ask, consent } = await pair()
  const asked = await ask('14')
  assert.deepEqual([asked.__typename, asked.state, asked.amount], ['TokenSending', 'ASKED', '14'])
  assert.deepEqual(await where(world, from.companyId), {
    obligation: tokens(130),
    available: tokens(116),
    escrow: tokens(14),
  })
  await agree()
  assert.equal((await consent(asked.sendingId)).state, 'ON_ITS_WAY')
  await completeSendings(world.deps)
  assert.equal(await stateOf(asked.sendingId), 'completed')
  assert.deepEqual(await where(world, from.companyId), { obligation: tokens(116), available: tokens(116) })
  assert.deepEqual(await where(world, to.companyId), { obligation: tokens(14), available: tokens(14) })
  const lots = await world.deps.db
    .selectFrom('lot')
    .where('company_id', '=', to.companyId)
    .select(['origin', 'amount_micro', 'expires_on', 'transfer_rule', 'grant_id'])
    .orderBy('expires_on')
    .execute()
  const lot = { origin: 'transfer', transfer_rule: 'WITH_PROVIDER_CONSENT', grant_id: null }
  assert.deepEqual(lots, [
    { ...lot, amount_micro: tokens(10), expires_on: '2091-01-01' },
    { ...lot, amount_micro: tokens(4), expires_on: '2092-01-01' },
  ])
  await agree()
  await completeSending(world.deps, zSending.parse(asked.sendingId)) // again
  assert.deepEqual(await where(world, to.companyId), { obligation: tokens(14), available: tokens(14) })
})

test('killed between the steps, it goes on from the receipt: nothing is lost, nothing is there twice for long', async () => {
  const { from, to, ask, consent } = await pair()
  const asked = await ask('30')
  await consent(asked.sendingId)
  const sending = await findSending(world.deps.db, zSending.parse(asked.sendingId))
  assert.ok(sending !== undefined)
  await receive(world.deps, sending) // and here it is killed
  assert.deepEqual(await where(world, to.companyId), { obligation: tokens(30), available: tokens(30) })
  assert.deepEqual(await where(world, from.companyId), {
    obligation: tokens(130),
    available: tokens(100),
    escrow: tokens(30),
  })
  await agree()
  await Promise.all(Array.from({ length: 8 }, () => completeSendings(world.deps)))
  assert.deepEqual(await where(world, to.companyId), { obligation: tokens(30), available: tokens(30) })
  assert.deepEqual(await where(world, from.companyId), { obligation: tokens(100), available: tokens(100) })
  await agree()
})

test('tokens whose terms say so do not go, and no more than may go', async () => {
  const { from, ask, tokenClassId } = await pair()
  const more = await ask('30.000001')
  assert.deepEqual([more.__typename, more.available], ['WouldOverdraw', '30'])
  const { to, tokenClassId: other } = await pair()
  assert.equal((await ask('1', { tokenClassId: other })).code, 'WOULD_OVERDRAW')
  const only = await world.company('Only, Inc.')
  const lot = { companyId: only.id, tokenClassId, origin: 'top_up', amount: '5', expiresOn: '2090-01-01' } as const
  await openLot(world.deps, operations.actor, { ...lot, reason: 'the test' })
  const refused = await send(operations, {
    companyId: only.id,
    toCompanyId: to.id,
    tokenClassId,
    amount: '1',
    reason: 'x',
  })
  assert.deepEqual([refused.__typename, refused.field], ['Refused', 'tokenClassId'])
  assert.equal((await ask('1', { toCompanyId: from.id })).field, 'toCompanyId')
})

test('what the provider declines, and what expired on its way, is available again', async () => {
  const { from, to, ask, consent } = await pair()
  const asked = await ask('5')
  const declined = await decide(provider, { sendingId: asked.sendingId, decision: 'DECLINE', reason: 'Not to them' })
  assert.deepEqual([declined.state, declined.endedBecause], ['DECLINED', 'DECLINED_BY_PROVIDER'])
  assert.deepEqual(await where(world, from.companyId), { obligation: tokens(130), available: tokens(130) })
  assert.equal((await consent(asked.sendingId)).wrong, 'declined')
  const late = await ask('15')
  await consent(late.sendingId)
  await world.setClock('2091-06-01T00:00:00Z')
  await completeSendings(world.deps)
  await world.setClock(undefined)
  assert.equal(await stateOf(late.sendingId), 'returned')
  assert.deepEqual(await where(world, to.companyId), {})
  const left = await where(world, from.companyId)
  assert.equal((left.available ?? 0n) + (left.expired ?? 0n), tokens(130))
  await agree()
})

test('operations ask, and the provider of the tokens decides; nobody else', async () => {
  const { from, ask } = await pair()
  for (const by of [partner, analyst, from.founder]) assert.equal((await ask('1', {}, by)).code, 'FORBIDDEN')
  const asked = await ask('1')
  const consent = { sendingId: asked.sendingId, decision: 'CONSENT' }
  assert.equal((await decide(otherProvider, consent)).code, 'NOT_FOUND')
  assert.equal((await decide(operations, consent)).code, 'FORBIDDEN')
  const waiting = '{ tokenSendingsToDecide { sendingId amount fromCompanyId state } }'
  const seen = async (by: Person) =>
    (await by.graphql(waiting)).data.tokenSendingsToDecide.map(({ sendingId }: { sendingId: string }) => sendingId)
  for (const by of [provider, operations, from.founder]) assert.ok((await seen(by)).includes(asked.sendingId))
  assert.ok(!(await seen(otherProvider)).includes(asked.sendingId))
  const again = await ask('1', { idempotencyKey: 'once' })
  assert.deepEqual(await ask('1', { idempotencyKey: 'once' }), again)
})
