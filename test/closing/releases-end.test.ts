/** How releases end: with the tokens, the long-stop or the settlement of a grant, and where tokens are cancelled. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { settleDue } from '../../api/closing/index.ts'
import { inTransaction, newId, parseTokens } from '../../api/platform/index.ts'
import { cancelTokens, expireLots, releaseDue } from '../../api/tokens/index.ts'
import { assertSound } from '../drawdown/given-drawdown.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { signed } from './given-amendment.ts'
import {
  ask,
  confirm,
  decide,
  tokensOf as inLot,
  type Releases,
  reached,
  SECOND,
  signedDates,
  twoGrants,
} from './given-releases.ts'

const world = await makeWorld()
const { partner, secondPartner, operations, otherProvider } = world.staff
const { db } = world.deps

const tokensOf = (lot: string) => inLot(world, lot)
const given = (change?: Parameters<typeof twoGrants>[1]) => twoGrants(world, change)

test('once its lot has expired nothing of a grant is confirmed or asked for, and the other grant goes on', async () => {
  const short = await given()
  const asked = await ask(short.founder, { lotId: short.two, amount: '10000' })
  assert.equal(asked.state, 'WAITING')
  await signedDates(world, short, { longStop: '2029-06-15', tokenExpiry: '2029-06-15' })
  const EXPIRED = '2029-06-15'
  await world.setClock(`${EXPIRED}T10:00:00Z`)
  // On the very day, before the job has run.
  const last = await decide(operations, { releaseId: asked.releaseId, decision: 'CONFIRM' })
  assert.match(last.reason, /names tokens that expired on 2029-06-15/)
  await inTransaction(db, (trx) => expireLots(trx, short.companyId, EXPIRED))
  const late = await confirm(otherProvider, reached(short.two))
  assert.deepEqual([late.__typename, late.field], ['Refused', 'lotId'])
  assert.match((await ask(short.founder, { lotId: short.two, amount: '1' })).reason, /expire on 2029-06-15/)
  const gone = await decide(operations, { releaseId: asked.releaseId, decision: 'CONFIRM' })
  assert.equal(gone.__typename, 'WrongState')
  assert.equal((await confirm(operations, reached(short.one))).state, 'RELEASED')
  assert.equal(await tokensOf(short.one), '30000 locked, 70000 available')
  assert.equal(await tokensOf(short.two), '0 locked, 0 available')
  await assertSound(world, short)
})

/** What an answer of a refused release says. */
const ended = ({ __typename, because, on }: Record<string, string>) => [__typename, because, on]

test('from the long-stop of a grant on nothing more of it is confirmed or asked for, settled or not; the other goes on', async () => {
  const of = await given()
  await signedDates(world, of, { longStop: '2029-06-15', tokenExpiry: '2030-06-15' })
  await world.setClock('2029-06-14T10:00:00Z')
  const waits = await ask(of.founder, { lotId: of.two, amount: '1000' })
  assert.equal(waits.state, 'WAITING')
  const all = async () => [
    ended(await confirm(otherProvider, reached(of.two))),
    ended(await ask(of.founder, { lotId: of.two, amount: '1' })),
  ]
  // On the very day, before any job has run.
  await world.setClock('2029-06-15T10:00:00Z')
  const [first, second] = of.closed.grants.map(({ grantId }) => grantId)
  const reached15 = ['ReleasesEnded', 'LONG_STOP', '2029-06-15']
  assert.deepEqual(await all(), [reached15, reached15])
  const confirmed = { releaseId: waits.releaseId, decision: 'CONFIRM' }
  assert.deepEqual(ended(await decide(operations, confirmed)), reached15)
  const lots = await request(world.app)
    .get(`/lots/${of.two}/releases`)
    .set('authorization', `Bearer ${otherProvider.token}`)
    .expect(200)
  assert.match(lots.text, /From its long-stop on, 2029-06-15, nothing more of this grant is released/)
  assert.doesNotMatch(lots.text, /<button>Confirm PILOT/)

  for (const grantId of [first, second]) await settleDue(world.deps, { companyId: of.companyId, grantId })
  const { data } = await operations.graphql(
    `query ($id: ID!) { node(id: $id) { ... on Company { settlements { event state plan { forfeits } }
      tokenReleases { amount state } } } }`,
    { id: of.id },
  )
  // The first grant's long-stop is a year later.
  assert.deepEqual(data.node, {
    settlements: [{ event: 'long_stop', state: 'applied', plan: { forfeits: '37500' } }],
    tokenReleases: [{ amount: '1000', state: 'LAPSED' }],
  })
  const settled = ['ReleasesEnded', 'SETTLEMENT', '2029-06-15']
  assert.deepEqual(await all(), [settled, settled])
  assert.equal((await decide(operations, confirmed)).__typename, 'WrongState')
  assert.equal(await tokensOf(of.two), '50000 locked, 0 available')
  assert.equal((await ask(of.founder, { lotId: of.one, amount: '20000' })).state, 'RELEASED')
  assert.equal((await confirm(operations, reached(of.one))).state, 'RELEASED')
  assert.equal(await tokensOf(of.one), '10000 locked, 90000 available')
  await assertSound(world, of)
})

test('a long-stop that both extend opens releases again, also for what is asked for ahead of its day', async () => {
  const second = { ...SECOND, onDemand: { noticeDays: 3 } } as Releases
  const of = await given({ second, longStop: '2026-12-20' })
  const extended = (longStop: string, effectiveOn: string, expectedVersion: number) => {
    const change = { furtherGrants: [{ ...of.second, longStop }] }
    return signed(world, of, of.closed.roundId, change, { effectiveOn, expectedVersion })
  }
  const asked = async () => {
    const { state, dueOn, because, on } = await ask(of.founder, { lotId: of.two, amount: '1000' })
    return [state ?? because, dueOn ?? on]
  }
  await world.setClock('2026-12-18T10:00:00Z')
  assert.deepEqual(await asked(), ['LONG_STOP', '2026-12-20'])
  await extended('2026-12-28', '2026-12-19', 1)
  assert.deepEqual(await asked(), ['DUE', '2026-12-21'])
  // The job that moves the long-stop has not run by then.
  await world.setClock('2026-12-22T10:00:00Z')
  assert.deepEqual(await asked(), ['DUE', '2026-12-25'])
  // On the day itself both may still extend it, as long as nothing has settled the grant.
  await world.setClock('2026-12-28T10:00:00Z')
  assert.deepEqual(ended(await confirm(otherProvider, reached(of.two))), ['ReleasesEnded', 'LONG_STOP', '2026-12-28'])
  await extended('2027-12-15', '2026-12-28', 2)
  assert.equal((await confirm(otherProvider, reached(of.two))).state, 'RELEASED')
  await assertSound(world, of)
})

test('where unearned shares vest at the long-stop all the same, what they paid for is still released', async () => {
  const of = await given({ more: { settlement: { nonUse: 'VEST_ANYWAY' }, tokenExpiry: '2030-06-15' } })
  await world.setClock('2029-06-15T10:00:00Z')
  assert.equal((await confirm(otherProvider, reached(of.two))).state, 'RELEASED')
  const [first = ''] = of.closed.grants.map(({ grantId }) => grantId)
  await settleDue(world.deps, { companyId: of.companyId, grantId: first })
  const { data } = await operations.graphql(
    'query ($id: ID!) { node(id: $id) { ... on Company { settlements { plan { vests forfeits } } } } }',
    { id: of.id },
  )
  assert.deepEqual(data.node.settlements, [{ plan: { vests: '117500', forfeits: '0' } }])
  assert.equal((await confirm(operations, reached(of.one))).state, 'RELEASED')
  assert.equal((await ask(of.founder, { lotId: of.one, amount: '20000' })).state, 'RELEASED')
  assert.equal(await tokensOf(of.one), '10000 locked, 90000 available')
  await assertSound(world, of)
})

test('a grant that is terminated gives up what it has not released; the other goes on as signed', async () => {
  const of = await given({ second: { ...SECOND, releases: [{ on: '2026-12-15', tokens: '10000' }] } as Releases })
  const waits = await ask(of.founder, { lotId: of.two, amount: '5000' })
  await world.setClock('2027-04-01T09:00:00Z')
  const grantId = `Grant:${of.companyId}:${of.closed.grants[1]?.grantId}`
  const settle = async (by: Person, name: string, input: object) => {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
    const { data } = await by.graphql(
      `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on GrantSettlement { id state planSha256
        plan { cancelledLocked cancelledAvailable } } ... on DomainError { message } } }`,
      { input },
    )
    return data[name]
  }
  const event = { event: 'termination_for_convenience', happenedOn: '2027-04-01', evidence: 'a letter' }
  const proposed = await settle(partner, 'proposeGrantSettlement', { grantId, ...event })
  const signing = { settlementId: proposed.id, planSha256: proposed.planSha256 }
  const done = await settle(secondPartner, 'approveGrantSettlement', signing)
  assert.equal(done.__typename, 'GrantSettlement', JSON.stringify([proposed, done]))
  assert.deepEqual([done.plan.cancelledLocked, done.plan.cancelledAvailable], ['40000', '0'])
  // During the wind-down what was released can be used; nothing more is released.
  assert.equal(await tokensOf(of.two), '0 locked, 10000 available')
  assert.match((await confirm(otherProvider, reached(of.two, '2027-03-31'))).reason, /no longer there/)
  assert.match((await ask(of.founder, { lotId: of.two, amount: '1' })).reason, /more than the/)
  assert.equal((await decide(operations, { releaseId: waits.releaseId, decision: 'CONFIRM' })).__typename, 'WrongState')
  assert.equal((await confirm(operations, reached(of.one))).state, 'RELEASED')
  assert.equal((await ask(of.founder, { lotId: of.one, amount: '20000' })).state, 'RELEASED')
  assert.equal(await tokensOf(of.one), '10000 locked, 90000 available')
  await assertSound(world, of)
})

test('where tokens are cancelled, dates give way to milestones and requests, and milestones to requests that stand', async () => {
  const dated = [
    { on: '2027-06-01', tokens: '10000' },
    { on: '2027-09-01', tokens: '10000' },
  ]
  const of = await given({ second: { ...SECOND, releases: dated } as Releases })
  await world.setClock('2026-12-20T10:00:00Z')
  // 50,000 locked: 20,000 by dates, 20,000 by the pilot, 10,000 to be asked for.
  assert.match((await ask(of.founder, { lotId: of.two, amount: '10001' })).reason, /more than the 10000 tokens/)
  const asked = await ask(of.founder, { lotId: of.two, amount: '5000' })
  const cancel = (tokens: string) =>
    inTransaction(db, (trx) =>
      cancelTokens(trx, {
        companyId: of.companyId,
        lotId: of.two.split(':')[2] ?? '',
        from: ['locked'],
        cause: newId(),
        subject: of.closed.roundId,
        atMost: parseTokens(tokens),
      }),
    )
  const planned = async () =>
    (
      await db
        .selectFrom('release_plan')
        .select(['release_on', 'amount_micro'])
        .where('company_id', '=', of.companyId)
        .where('lot_id', '=', of.two.split(':')[2] ?? '')
        .orderBy('release_on')
        .execute()
    ).map(({ release_on, amount_micro }) => `${release_on} ${amount_micro / 1_000_000n}`)
  // 38,000 left: 20,000 and 5,000 are promised, so of 20,000 dated 13,000 stay: the last ones go.
  await cancel('12000')
  assert.deepEqual(await planned(), ['2027-06-01 10000', '2027-09-01 3000'])
  // 24,000 left: less than the pilot and the request; the request stands, and the pilot can no longer be confirmed.
  await cancel('14000')
  assert.deepEqual(await planned(), [])
  assert.match((await confirm(otherProvider, reached(of.two))).reason, /no longer there/)
  assert.equal((await decide(operations, { releaseId: asked.releaseId, decision: 'CONFIRM' })).state, 'RELEASED')
  await inTransaction(db, (trx) => releaseDue(trx, of.companyId, '2027-12-01'))
  assert.equal(await tokensOf(of.two), '19000 locked, 5000 available')
})
