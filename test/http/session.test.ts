/** Coming in, staying in and going out; and what whoever is not in learns: nothing. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, test } from 'node:test'
import request from 'supertest'
import { actorOfToken, createSignInLink, openSession, signOut } from '../../api/access/index.ts'
import { inTransaction } from '../../api/platform/index.ts'
import { asOwner, urlWithDatabase } from '../support/database.ts'
import { makeWorld } from '../support/world.ts'
import { assertTellsNothing } from './given-hostile.ts'

const world = await makeWorld()
const { partner, analyst } = world.staff

const link = (): Promise<string> => inTransaction(world.deps.db, (trx) => createSignInLink(trx, partner.id))
const press = (token: string) => request(world.app).post(`/sign-in/${token}`).set('sec-fetch-site', 'same-origin')
const cookieOf = (answer: { headers: Record<string, unknown> }): string =>
  ((answer.headers['set-cookie'] as string[] | undefined)?.[0] ?? '').split(';')[0] ?? ''
const signedIn = async (): Promise<string> => cookieOf(await press(await link()))
const WHO = { query: '{ viewer { name } }' }
const graphql = (headers: Record<string, string>, body: object = WHO) =>
  request(world.app).post('/graphql').set('accept', 'application/json').set(headers).send(body)
const sessions = async (): Promise<number> => {
  const { rows } = await asOwner(world.ownerUrl, 'SELECT count(*)::int AS count FROM session')
  return rows[0].count
}

test('a link that is pressed fifty times at once opens one session', async () => {
  const token = await link()
  const before = await sessions()
  const answers = await Promise.all(Array.from({ length: 50 }, () => press(token)))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [303, ...Array(49).fill(404)])
  assert.equal(answers.filter((answer) => cookieOf(answer) !== '').length, 1)
  assert.equal(await sessions(), before + 1)
})

test('looking at a link uses nothing up, however it is looked at', async () => {
  const token = await link()
  const before = await sessions()
  for (const method of ['get', 'head', 'options'] as const) {
    const answer = await request(world.app)[method](`/sign-in/${token}`)
    assert.equal(answer.status, 200, method)
    assert.equal(answer.headers['set-cookie'], undefined)
  }
  const page = await request(world.app).get(`/sign-in/${token}`)
  assert.deepEqual([page.headers['cache-control'], page.headers['referrer-policy']], ['no-store', 'no-referrer'])
  assert.equal(await sessions(), before)
  assert.equal((await press(token)).status, 303)
})

test('a link that is too old, unknown or none at all opens nothing, and says the same', async () => {
  const old = await link()
  await asOwner(world.ownerUrl, 'UPDATE sign_in_link SET expires_at = now() WHERE used_at IS NULL')
  const before = await sessions()
  const tokens = [old, 'a'.repeat(43), 'x', '%00', `${'a'.repeat(43)}%27`, '%F0%9F%97%9D', '__proto__']
  const texts = new Set<string>()
  for (const token of tokens) {
    for (const answer of [await request(world.app).get(`/sign-in/${token}`), await press(token)]) {
      assert.deepEqual([answer.status, answer.headers['set-cookie']], [404, undefined], token)
      texts.add(answer.text)
    }
  }
  assert.equal(texts.size, 1)
  assert.equal(await sessions(), before)
})

test('a link lives a quarter of an hour, a session half a day, and the database knows neither token', async () => {
  const token = await link()
  const cookie = cookieOf(await press(token))
  const session = cookie.slice(cookie.indexOf('=') + 1)
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const { rows } = await asOwner(
    world.ownerUrl,
    `SELECT (SELECT extract(epoch FROM expires_at - created_at)::int FROM sign_in_link WHERE token_hash = '\\x${hash(token)}') AS link,
       (SELECT extract(epoch FROM expires_at - created_at)::int FROM session WHERE token_hash = '\\x${hash(session)}') AS session,
       (SELECT string_agg(l::text, ' ') FROM sign_in_link l) || (SELECT string_agg(s::text, ' ') FROM session s) AS everything`,
  )
  assert.deepEqual([rows[0].link, rows[0].session], [15 * 60, 12 * 60 * 60])
  for (const secret of [token, session]) {
    assert.ok(!rows[0].everything.includes(secret))
    assert.ok(!rows[0].everything.includes(Buffer.from(secret).toString('hex')))
  }
})

test('the cookie is for this site alone, unreadable to scripts, and secure where the browser came by TLS', async () => {
  const plain = (await press(await link())).headers['set-cookie']?.[0] ?? ''
  assert.match(plain, /^equihour_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200$/)
  const byTls = await press(await link()).set('origin', 'https://fund.example')
  assert.match(byTls.headers['set-cookie']?.[0] ?? '', /; Secure$/)
  const claimed = await press(await link())
    .set('x-forwarded-proto', 'https')
    .set('x-forwarded-host', 'evil.example')
  assert.doesNotMatch(claimed.headers['set-cookie']?.[0] ?? '', /Secure|evil/)
})

test('a session ends when its person goes, when it is over, and when the person has no role any more', async () => {
  const [mine, other] = [await signedIn(), await signedIn()]
  const json = { 'content-type': 'application/json' }
  assert.equal((await graphql({ ...json, cookie: mine })).body.data.viewer.name, partner.actor.name)
  const out = await request(world.app).post('/sign-out').set({ cookie: mine, 'sec-fetch-site': 'same-origin' })
  assert.match(out.headers['set-cookie']?.[0] ?? '', /^equihour_session=; .*Max-Age=0/)
  assert.equal((await graphql({ ...json, cookie: mine })).status, 401)
  assert.equal((await graphql({ ...json, cookie: other })).status, 200)
  await asOwner(world.ownerUrl, `UPDATE session SET expires_at = now() WHERE kind = 'browser'`)
  assert.equal((await graphql({ ...json, cookie: other })).status, 401)
  const leaver = await world.person('analyst')
  assert.equal((await leaver.graphql(WHO.query)).status, 200)
  await asOwner(world.ownerUrl, `UPDATE membership SET ended_at = now() WHERE person_id = '${leaver.id}'`)
  assert.equal((await leaver.graphql(WHO.query)).status, 401)
})

test('a token of one kind is none of the other', async () => {
  const cookie = await signedIn()
  const browser = cookie.slice(cookie.indexOf('=') + 1)
  const bearer = await inTransaction(world.deps.db, (trx) => openSession(trx, partner.id, 'bearer'))
  const json = { 'content-type': 'application/json' }
  for (const headers of [
    { authorization: `Bearer ${browser}` },
    { cookie: `equihour_session=${bearer}` },
    { authorization: `Basic ${bearer}` },
    { authorization: bearer },
    { authorization: `Bearer ${bearer}, Bearer ${bearer}` },
    { authorization: `Bearer ${bearer.slice(0, -1)}` },
    { authorization: `Bearer ${bearer}x` },
    { authorization: 'Bearer ' },
    { cookie: `xequihour_session=${browser}` },
    { authorization: `Bearer ${'a'.repeat(43)}`, cookie },
  ]) {
    assert.equal((await graphql({ ...json, ...headers })).status, 401, JSON.stringify(headers))
  }
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    assert.equal((await graphql({ ...json, authorization: `${scheme} ${bearer}` })).status, 200)
  }
})

test('of many tokens at once each is its own person’s, and one that is over is nobody’s', async () => {
  const { db } = world.deps
  const people = await Promise.all(Array.from({ length: 20 }, () => world.person('analyst')))
  const over = await world.person('analyst')
  await signOut(db, over.token)
  const tokens = people.flatMap(({ token }) => [token, over.token, 'x'.repeat(43)])
  const found = await Promise.all(tokens.map((token) => actorOfToken(db, token, 'bearer')))
  assert.deepEqual(
    found.map((actor) => actor?.id),
    people.flatMap(({ id }) => [id, undefined, undefined]),
  )
  const [first] = people
  assert.equal(await actorOfToken(db, first?.token ?? '', 'browser'), undefined)
})

test('forms of other sites are refused: at the link, at the way out', async () => {
  const token = await link()
  const cookie = await signedIn()
  const foreign: Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'nonsense' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1.evil.example' },
  ]
  for (const headers of foreign) {
    for (const path of [`/sign-in/${token}`, '/sign-out']) {
      const answer = await request(world.app)
        .post(path)
        .set({ ...headers, cookie })
      assert.deepEqual(
        [answer.status, answer.headers['set-cookie']],
        [403, undefined],
        `${path} ${JSON.stringify(headers)}`,
      )
    }
  }
  assert.equal((await graphql({ 'content-type': 'application/json', cookie })).status, 200)
  assert.equal((await press(token)).status, 303)
})

test('what a form of another site could send reaches no operation', async () => {
  const cookie = await signedIn()
  const mutation = {
    query: 'mutation { createCompany(input: {legalName: "X", legalForm: "Y", jurisdiction: "US"}) { __typename } }',
  }
  const [body] = [JSON.stringify(mutation)]
  for (const type of [
    'text/plain',
    'text/plain; application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    '',
  ]) {
    const call = request(world.app).post('/graphql').set({ cookie, accept: 'application/json', 'content-type': type })
    const answer = await call.send(Buffer.from(body ?? ''))
    assert.equal(answer.status, 403, type)
    assert.equal(answer.body.errors[0].extensions.code, 'OTHER_SITE')
  }
  const get = (headers: Record<string, string>) =>
    request(world.app)
      .get('/graphql')
      .query(WHO)
      .set({ accept: 'application/json', cookie, ...headers })
  assert.equal((await get({})).status, 403)
  assert.equal((await get({ 'x-graphql-yoga-csrf': '1' })).body.data.viewer.name, partner.actor.name)
  const options = await request(world.app)
    .options('/graphql')
    .set({ cookie, origin: 'https://evil.example', 'access-control-request-method': 'POST' })
  assert.equal(options.headers['access-control-allow-origin'], undefined)
  const { rows } = await asOwner(world.ownerUrl, 'SELECT count(*)::int AS count FROM company')
  assert.equal(rows[0].count, 0)
})

test('whoever is not signed in learns nothing of the schema, whatever they send', async () => {
  const answers = new Set<string>()
  for (const query of [
    '{ __schema { types { name } } }',
    '{ __typename }',
    '{ viewerr }',
    '{',
    'mutation { createCompany { id } }',
  ]) {
    const answer = await graphql({ 'content-type': 'application/json' }, { query })
    assert.equal(answer.status, 401)
    answers.add(answer.text)
  }
  for (const [type, body] of [
    ['application/json', '{'],
    ['text/plain', 'x'],
    ['multipart/form-data; boundary=x', '--x'],
  ] as const) {
    const answer = await request(world.app)
      .post('/graphql')
      .set({ accept: 'application/json', 'content-type': type })
      .send(Buffer.from(body))
    assert.equal(answer.status, 401)
    answers.add(answer.text)
  }
  assert.equal(answers.size, 1)
  const told = await graphql(
    { 'content-type': 'application/json', authorization: `Bearer ${analyst.token}` },
    { query: '{ viewerr }' },
  )
  assert.match(told.text, /Did you mean/)
})

test('the door answers GET and POST, says so, and has no other doors behind it', async () => {
  const bearer = { authorization: `Bearer ${analyst.token}`, accept: 'application/json' }
  for (const method of ['head', 'options', 'put', 'patch', 'delete'] as const) {
    const answer = await request(world.app)[method]('/graphql').set(bearer)
    assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, POST'], method)
  }
  for (const path of [
    '/graphql/health',
    '/graphql/x',
    '/health',
    '/.env',
    '/graphiql',
    '/sign-in',
    '/sign-in/a/b',
    '/..%2f..%2fetc/passwd',
    '//evil.example',
  ]) {
    const answer = await request(world.app).get(path).set(bearer)
    assert.equal(answer.status, 404, path)
    assertTellsNothing(answer.text, path)
  }
})

test('every answer carries the headers that keep browsers strict, and none says what it is made with', async () => {
  const bearer = { authorization: `Bearer ${analyst.token}` }
  for (const path of [
    '/',
    '/healthz',
    '/nowhere',
    '/graphql?query={__typename}',
    '/documents/x',
    `/sign-in/${await link()}`,
  ]) {
    const { headers } = await request(world.app).get(path).set(bearer)
    assert.match(headers['content-security-policy'] ?? '', /default-src 'none'.*frame-ancestors 'none'/, path)
    assert.doesNotMatch(headers['content-security-policy'] ?? '', /unsafe/)
    assert.equal(headers['x-content-type-options'], 'nosniff', path)
    assert.equal(headers['x-frame-options'], 'SAMEORIGIN', path)
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin', path)
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin', path)
    assert.match(headers['referrer-policy'] ?? '', /no-referrer/, path)
    assert.deepEqual([headers['x-powered-by'], headers.server], [undefined, undefined], path)
  }
  assert.equal((await graphql({ 'content-type': 'application/json', ...bearer })).headers['cache-control'], 'no-store')
})

test('requests that are no HTTP, and headers without end, are refused by the server itself', async () => {
  const server = createServer(world.app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => void server.close())
  const { port } = server.address() as AddressInfo
  const say = async (text: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    socket.write(text)
    let answer = ''
    for await (const data of socket) answer += data
    return answer
  }
  const bearer = `Authorization: Bearer ${analyst.token}\r\nAccept: application/json\r\n`
  const get = (path: string, headers: string) => say(`GET ${path} HTTP/1.1\r\nConnection: close\r\n${headers}\r\n`)
  assert.match(await say('nonsense\r\n\r\n'), /^HTTP\/1\.1 400 /)
  assert.match(await get('/', ''), /^HTTP\/1\.1 400 /)
  assert.match(await get('/', `Host: x\r\nX: ${'x'.repeat(20_000)}\r\n`), /^HTTP\/1\.1 431 /)
  assert.match(await get(`/${'x'.repeat(20_000)}`, 'Host: x\r\n'), /^HTTP\/1\.1 431 /)
  assert.match(
    await say('POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    /^HTTP\/1\.1 400 /,
  )
  for (const host of ['[', 'a b', 'x:99999', '', 'évil', 'x/../y?']) {
    const answer = await get('/graphql?query={__typename}', `Host: ${host}\r\n${bearer}`)
    assert.match(answer, /^HTTP\/1\.1 (200|400) /, host)
    assertTellsNothing(answer, host)
  }
})

test('while the database is away the process lives, says so, tells nothing, and recovers by itself', async (t) => {
  const maintenance = urlWithDatabase(world.ownerUrl, 'postgres')
  const name = /\/(test_[0-9a-f]+)/.exec(world.ownerUrl)?.[1] ?? ''
  const cookie = await signedIn()
  const away = async (gone: boolean) => {
    await asOwner(maintenance, `ALTER DATABASE ${name} ALLOW_CONNECTIONS ${!gone}`)
    if (gone)
      await asOwner(maintenance, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
  }
  t.after(() => away(false))
  assert.deepEqual(
    [(await request(world.app).get('/readyz')).status, (await request(world.app).get('/healthz')).status],
    [200, 200],
  )
  await away(true)
  const ready = await request(world.app).get('/readyz')
  assert.deepEqual([ready.status, ready.body.status], [503, 'not ready'])
  assert.equal((await request(world.app).get('/healthz')).status, 200)
  const json = await graphql({ 'content-type': 'application/json', cookie })
  assert.deepEqual([json.status, json.body.errors[0].extensions.code], [503, 'UNAVAILABLE'])
  const page = await request(world.app).get('/').set({ cookie, accept: 'text/html' })
  assert.equal(page.status, 503)
  for (const text of [ready.text, page.text, json.text])
    assert.doesNotMatch(text, /pg_|connect|test_[0-9a-f]{6}|\.ts/, text)
  await away(false)
  assert.equal((await request(world.app).get('/readyz')).status, 200)
  assert.equal((await graphql({ 'content-type': 'application/json', cookie })).status, 200)
})
