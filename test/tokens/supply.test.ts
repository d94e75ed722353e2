/** Where every token of a class is, in one query: GraphQL, the operations page, CSV and JSON. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { newId } from '../../api/platform/index.ts'
import { cancelTokens, charge, expireLots, hold, postHold, suppliesByClass } from '../../api/tokens/index.ts'
import { statementsDuring } from '../support/statements.ts'
import { makeWorld } from '../support/world.ts'
import { commit, FAR, grant, tokenClass, tokens } from './given.ts'

const world = await makeWorld()
const { operations, provider, otherProvider, partner, regulator } = world.staff
const SUPPLY = `{ tokenSupplies { name authorised granted left outstanding locked available held escrow
  charged { cause amount } expired cancelled authorisations { kind amount approvedBy reason validFrom validUntil } } }`

await world.setClock('2031-01-01T12:00:00Z')
const tokenClassId = await tokenClass(world, '1000', world.providerId, 'The counted token')

test('every figure of a class with something of each kind, over two companies, in one statement', async () => {
  const [one, two] = [await world.company(), await world.company()]
  const plan = [{ on: '2031-01-01', amount: tokens(200) }]
  const { lotId } = await grant(world, { companyId: one.companyId, tokenClassId }, '300', { releases: plan })
  await grant(world, { companyId: two.companyId, tokenClassId }, '100', { expiresOn: '2031-02-01' })
  const { companyId } = one
  const held = { companyId, tokenClassId, holdId: newId(), amount: tokens(90), expiresAt: '2032-01-01T00:00:00Z' }
  await commit(world, (trx) => hold(trx, held))
  await commit(world, (trx) => postHold(trx, held))
  for (const [cause, whole] of [
    ['delivered', 20],
    ['idle_reserved', 10],
    ['no_show', 5],
    ['cancel_fee', 1],
  ] as const) {
    const chargeId = newId()
    await commit(world, (trx) => charge(trx, { ...held, chargeId, cause, amount: tokens(whole) }))
  }
  // Held and not decided yet: it counts as held, no longer as available.
  await commit(world, (trx) => hold(trx, { ...held, holdId: newId(), amount: tokens(7) }))
  await commit(world, (trx) =>
    cancelTokens(trx, { companyId, lotId, from: ['locked'], cause: newId(), subject: 'Round:x', atMost: tokens(30) }),
  )
  await world.setClock('2031-02-01T12:00:00Z')
  await commit(world, (trx) => expireLots(trx, two.companyId, '2031-02-01'))
  const { answer, statements } = await statementsDuring(() => suppliesByClass(world.deps.db, [tokenClassId]))
  assert.equal(statements.length, 1)
  // Of one: 300 = 70 locked + (200 - 90 - 7) available + (90 - 36 + 7) held + 36 charged + 30 cancelled. Of two: 100 expired.
  const expected = {
    authorised: '1000',
    granted: '400',
    left: '600',
    locked: '70',
    available: '103',
    held: '61',
    escrow: '0',
    outstanding: '234',
    charged: [
      { cause: 'delivered', amount: '20' },
      { cause: 'idle_reserved', amount: '10' },
      { cause: 'no_show', amount: '5' },
      { cause: 'cancel_fee', amount: '1' },
    ],
    expired: '100',
    cancelled: '30',
  }
  const [supply] = answer
  assert.ok(supply)
  assert.equal(supply.outstanding + tokens(36) + supply.expired + supply.cancelled, supply.granted)
  const { data } = await operations.graphql(SUPPLY)
  const { name, authorisations, ...figures } = data.tokenSupplies[0]
  assert.deepEqual(figures, expected)
  assert.equal(name, 'The counted token')
  assert.deepEqual(authorisations, [
    {
      kind: 'authorise',
      amount: '1000000000',
      approvedBy: `partner ${partner.id.slice(-4)}`,
      reason: 'Supply agreement of the test',
      validFrom: '2031-01-01',
      validUntil: FAR,
    },
  ])
})

test('the page and its files show the same to staff and the provider, and nothing to others', async () => {
  const get = (person: typeof operations, path: string) =>
    request(world.app).get(path).set('authorization', `Bearer ${person.token}`)
  const csv = (await get(provider, '/operations/supply.csv').expect(200)).text
  assert.equal(
    csv,
    'token class,name,authorised,granted,remaining,outstanding,locked,available,held,escrow,charged delivered,charged idle_reserved,charged no_show,charged cancel_fee,expired,cancelled\r\n' +
      `TokenClass:${tokenClassId},The counted token,1000,400,600,234,70,103,61,0,20,10,5,1,100,30\r\n`,
  )
  const { body } = await get(operations, '/operations/supply.json').expect(200)
  assert.equal(body.supplies[0].charged.idle_reserved, '10')
  assert.match((await get(operations, '/operations').expect(200)).text, /May still be granted/)
  assert.deepEqual((await get(otherProvider, '/operations/supply.json').expect(200)).body.supplies, [])
  const { founder } = await world.company()
  for (const person of [founder, regulator]) {
    await get(person, '/operations/supply.csv').expect(404)
    assert.deepEqual((await person.graphql(SUPPLY)).data.tokenSupplies, [])
  }
  await request(world.app).get('/operations/supply.csv').expect(401)
})

test('what is unspent when its period ends no longer counts, before and after anybody writes that down', async (t) => {
  const alone = await makeWorld(t)
  await alone.setClock('2031-01-01T12:00:00Z')
  const id = await tokenClass(alone, '100')
  const input = { tokenClassId: `TokenClass:${id}`, amount: '50', validUntil: '2031-03-01', reason: 'A quarter' }
  const authorise = `mutation ($input: AuthoriseSupplyInput!) { authoriseSupply(input: $input) { __typename } }`
  await alone.staff.partner.graphql(authorise, { input })
  const { companyId } = await alone.company()
  await grant(alone, { companyId, tokenClassId: id }, '120')
  const left = async () => {
    const [supply] = await suppliesByClass(alone.deps.db, [id])
    return [supply?.authorised, supply?.remaining]
  }
  assert.deepEqual(await left(), [tokens(150), tokens(30)])
  await alone.setClock('2031-03-01T00:00:00Z')
  // Of the 50, 20 were spent at the latest: the 30 that are left lapse.
  assert.deepEqual(await left(), [tokens(120), 0n])
  await alone.staff.partner.graphql(authorise, { input: { ...input, amount: '1', validUntil: FAR } })
  assert.deepEqual(await left(), [tokens(121), tokens(1)])
})
