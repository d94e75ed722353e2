import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { raiseWall } from '../../api/access/index.ts'
import { newId } from '../../api/platform/index.ts'
import { noticeDue } from '../../api/tokens/expiry-threshold.ts'
import { changeLot, expireLots, giveExpiryNotices, hold, openTopUp } from '../../api/tokens/index.ts'
import { makeWorld } from '../support/world.ts'
import { commit, grant, tokenClass, tokens } from './given.ts'

const world = await makeWorld()
const { operations, analyst, provider, regulator } = world.staff
const NOTICES = `query ($id: ID!) { node(id: $id) { ... on Company { expiryNotices {
  days expiresOn daysLeft told held left state lot { id } } } } openExpiryNotices { days company { id } } }`

const EXPIRES = '2031-06-30'
const at = (date: string, time = '00:10:00') => world.setClock(`${date}T${time}Z`)
const run = () => giveExpiryNotices(world.deps)

/** A company with 100 tokens that expire on 30 June 2031, 60 of them released. */
async function holder() {
  await at('2031-01-01')
  const company = await world.company()
  const tokenClassId = await tokenClass(world)
  const releases = [
    { on: '2031-01-01', amount: tokens(60) },
    { on: '2031-06-20', amount: tokens(40) },
  ]
  const { lotId } = await grant(world, { companyId: company.companyId, tokenClassId }, '100', {
    expiresOn: EXPIRES,
    releases,
  })
  const notices = async () =>
    (await company.founder.graphql(NOTICES, { id: company.id })).data.node.expiryNotices.map(
      ({ days, told, left, state }: Record<string, string>) => [days, told, left, state?.toLowerCase()],
    )
  return { ...company, tokenClassId, lotId, notices }
}

test('the notice that stands is the last one whose day has come', () => {
  // 30 June less 90 days is 1 April, less 30 is 31 May, less 7 is 23 June.
  for (const [on, due] of [
    ['2031-03-31', undefined],
    ['2031-04-01', 90],
    ['2031-05-30', 90],
    ['2031-05-31', 30],
    ['2031-06-22', 30],
    ['2031-06-23', 7],
    ['2031-06-29', 7],
    ['2031-06-30', undefined],
    ['2031-07-01', undefined],
  ] as const)
    assert.equal(noticeDue(EXPIRES, on), due, on)
})

test('a lot gives each notice once, 90, 30 and 7 days before, and the last one stands until it expires', async () => {
  const { companyId, notices } = await holder()
  const told: unknown[] = []
  for (const day of [
    '2031-03-31',
    '2031-04-01',
    '2031-04-02',
    '2031-05-31',
    '2031-06-01',
    '2031-06-23',
    '2031-06-24',
  ]) {
    await at(day)
    await Promise.all([run(), run(), run()])
    told.push((await notices()).map(([days, , , state]: string[]) => `${days} ${state}`).join(', '))
  }
  assert.deepEqual(told, [
    '',
    '90 open',
    '90 open',
    '30 open, 90 followed',
    '30 open, 90 followed',
    '7 open, 30 followed, 90 followed',
    '7 open, 30 followed, 90 followed',
  ])
  await at(EXPIRES)
  await run()
  await commit(world, (trx) => expireLots(trx, companyId, EXPIRES))
  assert.deepEqual(
    await notices(),
    [
      ['7', '100', '0', 'expired'],
      ['30', '100', '0', 'expired'],
      ['90', '100', '0', 'expired'],
    ].map(([days, ...rest]) => [Number(days), ...rest]),
  )
  const audited = await world.deps.db
    .selectFrom('audit_event')
    .select('kind')
    .where('kind', '=', 'tokens.expiry_noticed')
    .where('scope_id', '=', companyId)
    .execute()
  assert.equal(audited.length, 3)
})

test('a lot that is opened 20 days before its expiry gives the 30-day notice at once, then the 7-day one', async () => {
  await at('2031-06-10')
  const { companyId, id, founder } = await world.company()
  const tokenClassId = await tokenClass(world)
  await commit(world, (trx) =>
    openTopUp(trx, { companyId, tokenClassId, amount: tokens(5), expiresOn: EXPIRES, subject: 'Company:x' }),
  )
  for (const day of ['2031-06-10', '2031-06-11', '2031-06-23', '2031-06-25']) {
    await at(day)
    await run()
  }
  const { expiryNotices } = (await founder.graphql(NOTICES, { id })).data.node
  assert.deepEqual(
    expiryNotices.map(({ days, daysLeft }: Record<string, number>) => [days, daysLeft]),
    [
      [7, 5],
      [30, 5],
    ],
  )
})

test('an extension ends the notices, and the new day gives its own', async () => {
  const { companyId, lotId, notices } = await holder()
  await at('2031-06-01')
  await run()
  const later = { companyId, lotId, effectiveOn: '2031-06-01', expiresOn: '2031-12-31', source: 'Amendment:x' }
  await commit(world, (trx) => changeLot(trx, later))
  await run()
  assert.deepEqual(await notices(), [[30, '100', '100', 'extended']])
  await at('2031-12-01')
  await run()
  assert.deepEqual(await notices(), [
    [30, '100', '100', 'open'],
    [30, '100', '100', 'extended'],
  ])
})

test('tokens that are held are told apart, and a lot with nothing left to book gives no notice', async () => {
  const { companyId, tokenClassId, id, founder } = await holder()
  await at('2031-06-20')
  const releaseDue = `mutation ($input: ReleaseDueTokensInput!) { releaseDueTokens(input: $input) { __typename } }`
  await operations.graphql(releaseDue, { input: { companyId: id } })
  const reserve = (whole: number) =>
    commit(world, (trx) =>
      hold(trx, {
        companyId,
        tokenClassId,
        holdId: newId(),
        amount: tokens(whole),
        expiresAt: '2031-07-30T00:00:00Z',
        usableOn: '2031-06-25',
      }),
    )
  await reserve(70)
  await run()
  const [first] = (await founder.graphql(NOTICES, { id })).data.node.expiryNotices
  assert.deepEqual([first.days, first.told, first.held, first.left], [30, '30', '70', '30'])
  await reserve(30)
  await at('2031-06-24')
  await run()
  const after = (await founder.graphql(NOTICES, { id })).data.node.expiryNotices
  assert.deepEqual(
    after.map(({ days, state }: Record<string, string>) => [days, state]),
    [[30, 'DRAWN_DOWN']],
  )
})

test('founders see their notices, staff all that stand, a provider and a regulator none; on their pages, too', async () => {
  const { companyId, id, founder } = await holder()
  await at('2031-06-25')
  await run()
  const asked = (person: typeof founder) => person.graphql(NOTICES, { id }).then(({ data }) => data)
  assert.equal((await asked(founder)).node.expiryNotices[0].days, 7)
  assert.deepEqual((await asked(founder)).openExpiryNotices, [])
  const open = (await asked(analyst)).openExpiryNotices
  assert.ok(open.some((notice: { company: { id: string } }) => notice.company.id === id))
  for (const person of [provider, regulator]) {
    const { node, openExpiryNotices } = await asked(person)
    assert.deepEqual([node, openExpiryNotices], [null, []])
  }
  const walled = await world.person('analyst')
  await commit(world, (trx) =>
    raiseWall(trx, { id: newId(), personId: walled.id, companyId, reason: 'the test', raisedBy: analyst.id }),
  )
  const seen = (await asked(walled)).openExpiryNotices
  assert.ok(seen.every((notice: { company: { id: string } }) => notice.company.id !== id))
  const page = (person: typeof founder, path: string) =>
    request(world.app).get(path).set('authorization', `Bearer ${person.token}`)
  assert.match(
    (await page(founder, `/companies/${id}/compute`)).text,
    /100 Token \S+ tokens expire on 30\sJun\s2031, in 5 days/,
  )
  assert.match((await page(operations, '/operations')).text, /Tokens that expire soon/)
  assert.doesNotMatch((await page(provider, '/operations')).text, /Tokens that expire soon/)
})
