/** The short and the long way through the GraphQL door: each request is answered the same, byte for byte, by both. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, test } from 'node:test'
import { getIntrospectionQuery, parse } from 'graphql'
import { graphqlDoor } from '../../api/http/graphql/graphql.ts'
import { KnownDocuments } from '../../api/http/graphql/known-documents.ts'
import { safeHeaders } from '../../api/http/safe-headers.ts'
import { actorOfRequest } from '../../api/http/session.ts'
import { newId } from '../../api/platform/index.ts'
import { schema } from '../../schema/index.ts'
import { makeWorld } from '../support/world.ts'
import { grant, tokenClass } from '../tokens/given.ts'

const world = await makeWorld()
const { operations, analyst } = world.staff
const { companyId } = await world.company()
await grant(world, { companyId, tokenClassId: await tokenClass(world) }, '100')
const ids = await world.deps.db
  .selectFrom('ledger_account')
  .where('holder_id', '=', companyId)
  .select(['kind', 'account_id'])
  .execute()
const account = (kind: string) => `TokenAccount:${companyId}:${ids.find((row) => row.kind === kind)?.account_id}`

const door = graphqlDoor({
  schema,
  deps: world.deps,
  actorOf: ({ headers }) => actorOfRequest(world.deps.db, (name) => headers[name]?.toString()),
})
/** How many requests the short way left to the long one. */
let left = 0
const long: RequestListener = (request, response) => {
  safeHeaders(request as never, response as never, () => door.long(request, response))
}
const short: RequestListener = (request, response) =>
  door.short(request, response, () => {
    left += 1
    long(request, response)
  })
const [longPort, shortPort] = [await listening(long), await listening(short)]

async function listening(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => void server.close().closeAllConnections())
  return (server.address() as AddressInfo).port
}

type Sent = {
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  readonly path?: string
}
type Got = { readonly status: number | undefined; readonly headers: IncomingHttpHeaders; readonly text: string }

function send(port: number, { body = '', headers, method = 'POST', path = '/graphql' }: Sent): Promise<Got> {
  const all = { authorization: `Bearer ${operations.token}`, 'content-type': 'application/json', ...headers }
  return new Promise((resolve, reject) => {
    const call = http.request({ port, method, path, headers: all, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
      response.on('end', () => {
        const { date: _, ...kept } = response.headers
        resolve({ status: response.statusCode, headers: kept, text: Buffer.concat(chunks).toString('utf8') })
      })
    })
    call.on('error', reject).end(body)
  })
}

const json = (query: string, variables?: unknown, more: object = {}): string =>
  JSON.stringify({ query, variables, ...more })

const VIEWER = '{ viewer { name roles } }'
const COMPANIES = 'query ($first: Int!) { companies(first: $first) { edges { node { id legalName } } } }'
const POST = `mutation ($input: PostTransfersInput!) { postTransfers(input: $input) { __typename
  ... on DomainError { code message }
  ... on TransferBatch { answers { __typename ... on PostedTransfer { transferId amount existed } ... on WouldOverdraw { available } } } } }`
const TWO = 'query A { viewer { name } } query B { __typename }'
const transfer = (change: object = {}) => ({
  id: newId(),
  kind: 'POSTED',
  debit: account('available'),
  credit: account('escrow'),
  amount: '1',
  reason: 'adjust',
  ...change,
})
const posting = (change: object = {}) =>
  json(POST, { input: { companyId: `Company:${companyId}`, transfers: [transfer(change)], dryRun: true } })
const node = (id: string) => json('query ($id: ID!) { node(id: $id) { id } }', { id })

/** What is sent, and whether the short way answers it once its document is known. */
const CASES: Readonly<Record<string, readonly [Sent, 'short' | 'long']>> = {
  'a query': [{ body: json(VIEWER) }, 'short'],
  'a query of nothing': [{ body: '{"query":"{ __typename }"}' }, 'short'],
  'variables that are null': [{ body: json(VIEWER, null) }, 'short'],
  'variables that nothing declares': [{ body: json(VIEWER, { other: 1 }) }, 'short'],
  'a query with variables': [{ body: json(COMPANIES, { first: 2 }) }, 'short'],
  'a mutation': [{ body: posting() }, 'short'],
  'a mutation that is refused': [{ body: posting({ amount: '100000' }) }, 'short'],
  'text beyond ASCII': [{ body: json('{ text: __typename } # Ünïcödé 🚀') }, 'short'],
  'an alias that escapes nothing': [{ body: json('{ __proto__: __typename }') }, 'short'],
  'a node that does not exist': [{ body: node(`Company:${newId()}`) }, 'short'],
  'the name of an operation': [{ body: json(TWO, undefined, { operationName: 'B' }) }, 'short'],
  'an operation name that is null': [{ body: json(VIEWER, undefined, { operationName: null }) }, 'short'],
  'the tools’ own introspection': [{ body: json(getIntrospectionQuery()) }, 'short'],
  'what accepts anything': [{ body: json(VIEWER), headers: { accept: '*/*' } }, 'short'],
  'what accepts JSON': [{ body: json(VIEWER), headers: { accept: 'application/json' } }, 'short'],
  'what accepts the type of GraphQL': [
    { body: json(VIEWER), headers: { accept: 'application/graphql-response+json' } },
    'short',
  ],
  'a charset': [{ body: json(VIEWER), headers: { 'content-type': 'application/json; charset=utf-8' } }, 'short'],
  'a chunked body': [{ body: json(VIEWER), headers: { 'transfer-encoding': 'chunked' } }, 'short'],

  'what accepts both types': [
    { body: json(VIEWER), headers: { accept: 'application/graphql-response+json, application/json;q=0.9' } },
    'long',
  ],
  'what accepts a page': [{ body: json(VIEWER), headers: { accept: 'text/html' } }, 'long'],
  'what accepts a stream': [{ body: json(VIEWER), headers: { accept: 'text/event-stream' } }, 'long'],
  'an unknown operation': [{ body: json(TWO, undefined, { operationName: 'C' }) }, 'long'],
  'no operation among two': [{ body: json(TWO) }, 'long'],
  'an operation name that is a number': [{ body: json(TWO, undefined, { operationName: 1 }) }, 'long'],
  extensions: [{ body: json(VIEWER, undefined, { extensions: { a: 1 } }) }, 'long'],
  'a member that is none': [{ body: json(VIEWER, undefined, { other: 1 }) }, 'long'],
  'a prototype as member': [{ body: json(VIEWER).replace('{', '{"__proto__":{"query":"{a}"},') }, 'long'],
  'a variable that is missing': [{ body: json(COMPANIES) }, 'long'],
  'a variable of another type': [{ body: json(COMPANIES, { first: 'two' }) }, 'long'],
  'a page that is too large': [{ body: json(COMPANIES, { first: 1_000 }) }, 'long'],
  'variables as a text': [{ body: json(VIEWER, '{}') }, 'long'],
  'variables as a list': [{ body: json(VIEWER, []) }, 'long'],
  'an amount that is none': [{ body: posting({ amount: '1e3' }) }, 'long'],
  'a field that is not there': [{ body: posting({ fund: 1 }) }, 'long'],
  'an id that is none': [{ body: posting({ id: 'x' }) }, 'long'],
  'a NUL in a variable': [{ body: posting({ reason: 'a\u0000' }) }, 'long'],
  'a NUL in the document': [{ body: json('{ node(id: "\\u0000") { id } }') }, 'long'],
  'half of a surrogate pair': [{ body: posting({ reason: '\ud800' }) }, 'long'],
  'a key that stands twice': [{ body: json(VIEWER).replace('{', '{"query":"{ __typename }",') }, 'long'],
  'bytes that are not UTF-8': [{ body: Buffer.from(json(VIEWER).replace('viewer', '\xff'), 'latin1') }, 'long'],
  'a byte order mark': [{ body: `\ufeff${json(VIEWER)}` }, 'short'],
  'half a body': [{ body: '{"query":' }, 'long'],
  'no body': [{}, 'long'],
  'JSON that is no object': [{ body: 'null' }, 'long'],
  'a batch': [{ body: `[${json(VIEWER)}]` }, 'long'],
  'a document that is none': [{ body: json('{') }, 'long'],
  'a field that no type has': [{ body: json('{ secrets }') }, 'long'],
  'an operation that costs too much': [
    { body: json(COMPANIES.replace('{ id', '{ id rounds(first: 100) { edges { node { id } } }'), { first: 100 }) },
    'long',
  ],
  'introspection that costs too much': [
    {
      body: json(
        `{ ${Array.from({ length: 100 }, (_, at) => `a${at}: __schema { types { fields { name args { name } } } }`).join(' ')} }`,
      ),
    },
    'long',
  ],
  'a document that is too long': [{ body: json(`{ viewer { ${'name '.repeat(20_000)} } }`) }, 'long'],
  'a subscription': [{ body: json('subscription { viewer { name } }') }, 'long'],
  nobody: [{ body: json(VIEWER), headers: { authorization: '' } }, 'long'],
  'a token that is none': [{ body: json(VIEWER), headers: { authorization: `Bearer ${'a'.repeat(43)}` } }, 'long'],
  text: [{ body: json(VIEWER), headers: { 'content-type': 'text/plain' } }, 'long'],
  'a form': [
    { body: 'query={viewer{name}}', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    'long',
  ],
  'another charset': [{ body: json(VIEWER), headers: { 'content-type': 'application/json; charset=latin1' } }, 'long'],
  'another encoding': [{ body: json(VIEWER), headers: { 'content-encoding': 'gzip' } }, 'long'],
  'a query string by GET': [{ method: 'GET', path: `/graphql?query=${encodeURIComponent(VIEWER)}` }, 'long'],
  'a query string by POST': [{ body: json(VIEWER), path: '/graphql?a=1' }, 'long'],
  'another method': [{ method: 'PUT', body: json(VIEWER) }, 'long'],
}

for (const [name, [sent, by]] of Object.entries(CASES)) {
  test(`${name}: both ways give the same bytes, and the ${by} way gives them`, async () => {
    await send(shortPort, sent)
    const before = left
    const answers = [await send(longPort, sent), await send(shortPort, sent)] as const
    assert.deepEqual(withoutIds(answers[1]), withoutIds(answers[0]))
    assert.equal(left === before ? 'short' : 'long', by)
    if (by === 'short') assert.equal(answers[1].status, 200)
  })
}

/** A fault of ours has a reference of its own each time. */
const withoutIds = (got: Got): Got => ({ ...got, text: got.text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id') })

test('an operation whose answer has errors is executed once, and told by the long way', async () => {
  const document = `${POST} # with an error`
  const broken = {
    ...world.deps,
    db: new Proxy(world.deps.db, {
      get: (db, name) => {
        if (name !== 'executeQuery') return Reflect.get(db, name, db)
        asked += 1
        return () => Promise.reject(new Error('a fault of ours'))
      },
    }),
  }
  let asked = 0
  const faulty = graphqlDoor({ schema, deps: broken, actorOf: async () => operations.actor })
  const port = await listening((request, response) =>
    faulty.short(request, response, () => faulty.long(request, response)),
  )
  const input = { companyId: `Company:${companyId}`, transfers: [transfer()] }
  const sent = { body: json(document, { input }) }
  // The first is not known yet, and goes the long way alone.
  for (const _ of [1, 2]) {
    asked = 0
    const { status, text } = await send(port, sent)
    assert.equal(status, 200)
    assert.match(text, /"data":null|"postTransfers":null/)
    assert.match(text, /"code":"INTERNAL"/)
    assert.doesNotMatch(text, /a fault of ours/)
    assert.equal(asked, 1)
  }
})

test('a session is looked up once a request, whichever way it goes, and a right that is taken away counts at once', async () => {
  let lookups = 0
  let actor: typeof analyst.actor | undefined = analyst.actor
  const counted = graphqlDoor({
    schema,
    deps: world.deps,
    actorOf: async () => {
      lookups += 1
      return actor
    },
  })
  const port = await listening((request, response) =>
    counted.short(request, response, () => counted.long(request, response)),
  )
  for (const body of [json(VIEWER), json(VIEWER), json('{'), '[]']) await send(port, { body })
  assert.equal(lookups, 4)
  actor = undefined
  const { status, text } = await send(port, { body: json(VIEWER) })
  assert.equal(status, 401)
  assert.match(text, /"code":"UNAUTHENTICATED"/)
})

test('whoever goes away in the middle of a body, or sends a body without being signed in, leaves the door as it was', async () => {
  for (const token of [operations.token, 'a'.repeat(43)]) {
    const socket = connect(shortPort, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"que`,
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.destroy()
  }
  assert.equal((await send(shortPort, { body: json(VIEWER) })).status, 200)
})

test('known documents are bounded, and are those that were validated', async () => {
  const known = new KnownDocuments()
  const texts = Array.from({ length: KnownDocuments.MOST + 1 }, (_, at) => `{ a${at}: __typename }`)
  for (const text of texts) known.add(parse(text))
  assert.equal(known.of(texts[0] ?? ''), undefined)
  assert.notEqual(known.of(texts.at(-1) ?? ''), undefined)
  assert.ok(texts.filter((text) => known.of(text) !== undefined).length <= KnownDocuments.MOST)
})
