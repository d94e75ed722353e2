import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NotFound, newId, Refused } from '../../api/platform/index.ts'
import { releaseDue, SupplyExceeded } from '../../api/tokens/index.ts'
import { makeWorld } from '../support/world.ts'
import { assertConserved, commit, FAR, grant, tokenClass, tokens, where } from './given.ts'

const world = await makeWorld()

test('a grant opens a lot whose tokens are locked until they are released', async () => {
  const { companyId } = await world.company()
  const tokenClassId = await tokenClass(world)
  await grant(world, { companyId, tokenClassId }, '100', { releases: [{ on: '2098-01-01', amount: tokens(100) }] })
  assert.deepEqual(await where(world, companyId), { obligation: tokens(100), locked: tokens(100) })
  await assertConserved(world, companyId)
})

test('what is due on the day of the grant is available at once, and later releases come on their dates', async () => {
  const { companyId } = await world.company()
  const tokenClassId = await tokenClass(world)
  const releases = [
    { on: '2020-01-31', amount: tokens(10) },
    { on: '2097-01-01', amount: tokens(20) },
    { on: '2097-02-01', amount: tokens(30) },
  ]
  const { lotId } = await grant(world, { companyId, tokenClassId }, '100', { releases })
  assert.deepEqual(await where(world, companyId), {
    obligation: tokens(100),
    locked: tokens(90),
    available: tokens(10),
  })
  assert.deepEqual(await commit(world, (trx) => releaseDue(trx, companyId, '2096-12-31')), [])
  const released = await commit(world, (trx) => releaseDue(trx, companyId, '2097-01-01'))
  assert.deepEqual(
    released.map(({ lotId: lot, on, amount }) => ({ lot, on, amount })),
    [{ lot: lotId, on: '2097-01-01', amount: tokens(20) }],
  )
  assert.deepEqual(await commit(world, (trx) => releaseDue(trx, companyId, '2097-01-01')), [])
  await commit(world, (trx) => releaseDue(trx, companyId, '2097-12-31'))
  // 40 were never planned: they wait for a milestone.
  assert.deepEqual(await where(world, companyId), {
    obligation: tokens(100),
    locked: tokens(40),
    available: tokens(60),
  })
  await assertConserved(world, companyId)
})

test('fifty releases at once release once', async () => {
  const { companyId } = await world.company()
  const tokenClassId = await tokenClass(world)
  await grant(world, { companyId, tokenClassId }, '100', { releases: [{ on: '2097-01-01', amount: tokens(20) }] })
  const runs = await Promise.all(
    Array.from({ length: 50 }, () => commit(world, (trx) => releaseDue(trx, companyId, '2097-01-01'))),
  )
  assert.equal(runs.flat().length, 1)
  assert.equal((await where(world, companyId)).available, tokens(20))
})

test('a grant beyond the authority of its class is refused with the figures, and nothing is written', async () => {
  const { companyId } = await world.company()
  const tokenClassId = await tokenClass(world, '150')
  await grant(world, { companyId, tokenClassId }, '100')
  await assert.rejects(grant(world, { companyId, tokenClassId }, '50.000001'), (error) => {
    assert.ok(error instanceof SupplyExceeded)
    assert.deepEqual([error.authorised, error.granted, error.asked], [tokens(150), tokens(100), tokens(50) + 1n])
    return true
  })
  assert.equal((await where(world, companyId)).obligation, tokens(100))
  await grant(world, { companyId, tokenClassId }, '50')
})

test('of fifty grants at once for a supply that fits ten, ten are opened', async () => {
  const tokenClassId = await tokenClass(world, '100')
  const companies = [await world.company(), await world.company(), await world.company()]
  const answers = await Promise.allSettled(
    Array.from({ length: 50 }, (_, index) =>
      grant(world, { companyId: companies[index % 3]?.companyId ?? '', tokenClassId }, '10'),
    ),
  )
  const refused = answers.filter((answer) => answer.status === 'rejected')
  assert.equal(refused.length, 40)
  assert.ok(refused.every((answer) => answer.reason instanceof SupplyExceeded))
  for (const { companyId } of companies) await assertConserved(world, companyId)
})

test('authority that was not used lapses when its period ends, and what was granted stays', async (t) => {
  const alone = await makeWorld(t)
  const tokenClassId = await tokenClass(alone, '100')
  const { partner } = alone.staff
  const AUTHORISE = `mutation ($input: AuthoriseSupplyInput!) { authoriseSupply(input: $input) {
    __typename ... on TokenClass { supply { authorised granted left authorisations { kind amount } } } } }`
  const authorise = (amount: string, validUntil: string) =>
    partner.graphql(AUTHORISE, {
      input: { tokenClassId: `TokenClass:${tokenClassId}`, amount, validUntil, reason: 'Board' },
    })
  await authorise('50', '2090-01-01')
  const { companyId } = await alone.company()
  await grant(alone, { companyId, tokenClassId }, '120')
  await alone.setClock('2090-01-01T00:00:00Z')
  await assert.rejects(grant(alone, { companyId, tokenClassId }, '1'), SupplyExceeded)
  const raised = await authorise('5', FAR)
  // 150 authorised, 120 granted: 30 of the 50 lapse, and 5 are new.
  assert.deepEqual(raised.data.authoriseSupply.supply, {
    authorised: '125',
    granted: '120',
    left: '5',
    authorisations: [
      { kind: 'authorise', amount: '5000000' },
      { kind: 'lapse', amount: '-30000000' },
      { kind: 'authorise', amount: '50000000' },
      { kind: 'authorise', amount: '100000000' },
    ],
  })
})

for (const [name, more, reason] of [
  [
    'releases of more than is granted',
    { releases: [{ on: '2097-01-01', amount: tokens(101) }] },
    /more than is granted/,
  ],
  ['a release of nothing', { releases: [{ on: '2097-01-01', amount: 0n }] }, /no tokens/],
  ['a release on the day of expiry', { releases: [{ on: FAR, amount: 1n }] }, /expired/],
  ['an expiry in the past', { expiresOn: '2020-01-01', releases: [] }, /must be after/],
] as const) {
  test(`a grant with ${name} is refused`, async () => {
    const { companyId } = await world.company()
    const tokenClassId = await tokenClass(world)
    await assert.rejects(grant(world, { companyId, tokenClassId }, '100', more), (error) => {
      assert.ok(error instanceof Refused)
      assert.match(error.message, reason)
      return true
    })
    assert.deepEqual(await where(world, companyId), {})
  })
}

test('a grant of a token class that does not exist is refused', async () => {
  const { companyId } = await world.company()
  await assert.rejects(grant(world, { companyId, tokenClassId: newId() }, '1'), NotFound)
})
