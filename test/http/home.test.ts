import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { createSignInLink, raiseWall } from '../../api/access/index.ts'
import { issueTermSheet } from '../../api/closing/index.ts'
import { inTransaction, newId } from '../../api/platform/index.ts'
import { givenDrawdown, usage } from '../drawdown/given-drawdown.ts'
import { givenCompany } from '../rounds/given-round.ts'
import { makeWorld, type Person } from '../support/world.ts'

const world = await makeWorld()
const company = await givenCompany(world)

const get = (path: string, by?: Person) => {
  const call = request(world.app).get(path).set('accept', 'text/html')
  return by === undefined ? call : call.set('authorization', `Bearer ${by.token}`)
}
const post = (path: string, fields: Record<string, string>, by?: Person) => {
  const call = request(world.app).post(path).type('form').set('sec-fetch-site', 'same-origin').send(fields)
  return by === undefined ? call : call.set('authorization', `Bearer ${by.token}`)
}
const issued = async (): Promise<{ id: string; sha256: string }> => {
  const id = await company.drafted()
  const proposed = await company.propose(world.staff.analyst, { roundId: id, expectedVersion: 1 })
  assert.equal(proposed.__typename, 'Round', JSON.stringify(proposed))
  const { sha256 } = await issueTermSheet(world.deps, world.staff.partner.actor, { roundId: id })
  return { id, sha256 }
}

test('signed out, the start page says how to come in; staff see their deals and are led to the console', async () => {
  assert.match((await get('/')).text, /You are not signed in/)
  const staff = await get('/', world.staff.partner)
  assert.match(staff.text, /href="\/console"/)
  assert.match(staff.text, /<h1>1 company, none with open flags<\/h1>/)
  assert.equal(staff.headers['cache-control'], 'no-store')
  assert.match(staff.headers['content-security-policy'] ?? '', /style-src 'self';/)
})

test('the deals of staff name the newest round, and no company behind a wall', async () => {
  const id = await company.drafted()
  const walled = await world.company('Behind the Wall, Inc.')
  const analyst = await world.person('analyst')
  await inTransaction(world.deps.db, (trx) =>
    raiseWall(trx, {
      id: newId(),
      personId: analyst.id,
      companyId: walled.companyId,
      reason: 'test',
      raisedBy: analyst.id,
    }),
  )
  const seen = (await get('/', world.staff.partner)).text
  assert.match(seen, new RegExp(`href="/rounds/${id}/pro-forma">Series A<`))
  assert.match(seen, /In draft/)
  assert.match(seen, /Behind the Wall/)
  assert.doesNotMatch((await get('/', analyst)).text, /Behind the Wall/)
})

test('a founder whom nothing awaits is told so', async () => {
  assert.match((await get('/', company.founder)).text, /Nothing needs you now/)
})

test('after the closing a founder reads what can be booked, and what is earned', async () => {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10)
  const before = (await get('/', it.founder)).text
  await it.told(reservationId, [usage('home', 36_000)], true)
  const page = (await get('/', it.founder)).text
  const rows = new Map(
    [...page.matchAll(/<th scope="row">([^<]*)<\/th><td>([\d,.]+)<\/td>/g)].map(([, name, value]) => [name, value]),
  )
  assert.match(before, /0 of 117,500 shares are earned<\/h1>/)
  // 10 GPU-hours of 100,000: ten tokens are charged, and 11.75 shares are reached, of which 11 are whole.
  assert.equal(rows.get('Tokens charged'), '10')
  assert.equal(rows.get('Shares earned so far'), '11')
  assert.equal(rows.get('Shares vested by final statements'), '0')
  assert.match(page, /<h1>[\d,.]+ tokens can be booked and 11 of 117,500 shares are earned<\/h1>/)
})

test('a sign-in link is used up by its button, not by looking at it', async () => {
  const { partner } = world.staff
  const token = await inTransaction(world.deps.db, (trx) => createSignInLink(trx, partner.id))
  for (let i = 0; i < 3; i++) {
    const page = await get(`/sign-in/${token}`)
    assert.equal(page.status, 200)
    assert.ok(page.text.includes(`Sign in as ${partner.actor.name} (partner)`))
  }
  const foreign = await request(world.app).post(`/sign-in/${token}`).set('sec-fetch-site', 'cross-site')
  assert.deepEqual([foreign.status, foreign.headers['set-cookie']], [403, undefined])
  const used = await post(`/sign-in/${token}`, {})
  assert.equal(used.status, 303)
  const cookie = used.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  const home = await request(world.app).get('/').set('cookie', cookie)
  assert.ok(home.text.includes(`${partner.actor.name}, partner`))
  const again = await post(`/sign-in/${token}`, {})
  assert.deepEqual([again.status, again.headers['set-cookie']], [404, undefined])
  assert.match(again.text, /This link cannot be used/)
})

test('a founder reads the term sheet, accepts its hash, and nobody else can', async () => {
  await company.recordClearFacts()
  const { id, sha256 } = await issued()
  const accept = `/rounds/${id}/accept`
  const fields = { sha256, name: 'Ada Lindqvist', read: 'yes' }
  const page = await get('/', company.founder)
  // 235,000 of compute at 2.00 a share: 117,500 shares.
  assert.match(
    page.text,
    /Issues 117,500 unearned Series A Preferred shares to Northgrid Ventures I, L\.P\. and grants/,
  )
  const path = /href="(\/documents\/[^"]*)"/.exec(page.text)?.[1] ?? ''
  assert.equal((await get(path, company.founder)).headers.etag, `"${sha256}"`)

  const other = await world.company('Tessellate Bio, Inc.')
  const cases: [string, Person | undefined, Record<string, string>, number, RegExp][] = [
    ['a wrong hash', company.founder, { ...fields, sha256: 'a'.repeat(64) }, 409, /Not accepted\..*not the hash/s],
    ['no name', company.founder, { ...fields, name: ' ' }, 400, /Not accepted\..*full name/s],
    ['not read', company.founder, { sha256, name: 'Ada' }, 400, /Not accepted\..*have read the file/s],
    ['staff', world.staff.partner, fields, 403, /somebody else to do/],
    ['another company', other.founder, fields, 404, /There is nothing here/],
    ['the provider', world.staff.provider, fields, 404, /There is nothing here/],
    ['signed out', undefined, fields, 401, /not signed in/],
  ]
  for (const [what, by, sent, status, words] of cases) {
    const answer = await post(accept, sent, by)
    assert.deepEqual([answer.status, words.test(answer.text)], [status, true], what)
  }
  const foreign = await post(accept, fields, company.founder).set('sec-fetch-site', 'cross-site')
  assert.equal(foreign.status, 403)
  assert.match((await get('/', company.founder)).text, /read the term sheet and accept it/)

  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => post(accept, fields, i % 2 === 0 ? company.founder : company.signatory)),
  )
  // Whoever came first sent it ten times and is answered ten times that it is done; the other came too late.
  const statuses = answers.map((answer) => answer.status)
  assert.deepEqual(statuses.toSorted(), [...Array(10).fill(303), ...Array(10).fill(409)])
  for (const own of [0, 1]) assert.equal(new Set(statuses.filter((_, i) => i % 2 === own)).size, 1)
  const [, companyId = ''] = company.id.split(':')
  const acceptances = await world.deps.db
    .selectFrom('audit_event')
    .select('event_id')
    .where('scope_id', '=', companyId)
    .where('kind', '=', 'round.accepted')
    .execute()
  assert.equal(acceptances.length, 1)
  assert.match((await get('/', company.founder)).text, /The term sheet is accepted/)
})

test('what is not there gets a page for people and JSON for machines, and neither tells how it is made', async () => {
  const page = await get('/nowhere', world.staff.partner)
  assert.deepEqual([page.status, /There is nothing here/.test(page.text)], [404, true])
  const json = await request(world.app).get('/nowhere').set('accept', 'application/json')
  assert.deepEqual([json.status, json.body.errors[0].extensions.code], [404, 'NOT_FOUND'])
  for (const path of ['/%', '/documents/%E0%A4%A', `/rounds/x/accept`]) {
    const answer = await get(path, company.founder)
    assert.ok(answer.status === 400 || answer.status === 404, `${path} ${answer.status}`)
    assert.ok(!/at .*\.ts|node_modules|Error:/.test(answer.text), path)
  }
  const large = await post(`/rounds/x/accept`, { name: 'x'.repeat(50_000) }, company.founder)
  assert.deepEqual([large.status, /cannot be read/.test(large.text)], [413, true])
})

test('a page’s files are kept for ever, compressed for whoever can, and are the ones that pages name', async () => {
  const page = await get('/')
  const paths = [...page.text.matchAll(/href="(\/assets\/[^"]*)"/g)].map((match) => match[1] ?? '')
  assert.equal(paths.length, 2)
  for (const path of paths) {
    const [plain, small] = [
      await get(path).set('accept-encoding', 'identity'),
      await get(path).set('accept-encoding', 'gzip'),
    ]
    assert.deepEqual([plain.status, small.headers['content-encoding']], [200, 'gzip'])
    assert.match(plain.headers['cache-control'] ?? '', /immutable/)
  }
})
