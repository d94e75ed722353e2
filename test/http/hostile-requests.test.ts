/** Requests that no client sends by mistake: each gets a clear error, quickly, and writes nothing. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, test } from 'node:test'
import {
  type GraphQLInputType,
  getIntrospectionQuery,
  getNamedType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql'
import { schema } from '../../schema/index.ts'
import { rows } from '../support/rows.ts'
import { makeWorld } from '../support/world.ts'
import { assertTellsNothing, named, short } from './given-hostile.ts'
import { malformed, wellFormed } from './hostile-values.ts'

const world = await makeWorld()
const server = createServer(world.app).listen(0, '127.0.0.1')
await once(server, 'listening')
after(() => void server.close())
const { port } = server.address() as AddressInfo
const { analyst } = world.staff
const before = await rows(world)

type Sent = {
  body?: string | Uint8Array<ArrayBuffer>
  headers?: Record<string, string>
  method?: string
  path?: string
}

/** Milliseconds that refusing may take: whoever sends nonsense must not keep others waiting. Generous, for a busy machine. */
const PATIENCE = 5_000

async function send({ body, headers, method = 'POST', path = '/graphql' }: Sent) {
  const begun = performance.now()
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${analyst.token}`,
      accept: 'application/json',
      'content-type': 'application/json',
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  const took = performance.now() - begun
  assert.ok(took < PATIENCE, `took ${took} ms`)
  return { status: response.status, text }
}
const query = (document: string, variables: unknown = {}): Sent => ({
  body: JSON.stringify({ query: document, variables }),
})

const CREATE = 'mutation ($input: CreateCompanyInput!) { createCompany(input: $input) { __typename } }'
const COMPANY = { legalName: 'Lumen Robotics, Inc.', legalForm: 'Corporation', jurisdiction: 'US-DE' }
const creating = (change: Record<string, unknown> = {}) => query(CREATE, { input: { ...COMPANY, ...change } })
const text = (sent: Sent): string => String(sent.body)
const utf8 = (value: string) => new Uint8Array(Buffer.from(value, 'latin1'))
const times = (count: number, write: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => write(i)).join(' ')

/** What is sent, the status of the answer, and words of the error. */
const CASES: Readonly<Record<string, readonly [Sent, number, RegExp]>> = {
  'no body': [{}, 400, /is not JSON/],
  'half a body': [{ body: '{"query":"{__typename' }, 400, /is not JSON/],
  'JSON that is no object': [{ body: '"{__typename}"' }, 400, /must be a JSON object/],
  'JSON null': [{ body: 'null' }, 400, /must be a JSON object/],
  'a batch': [{ body: `[${text(creating())},${text(creating())}]` }, 400, /batches are not taken/],
  'an empty batch': [{ body: '[]' }, 400, /batches are not taken/],
  'bytes that are not UTF-8': [{ body: utf8(text(creating({ legalName: '\xff\xfe' }))) }, 400, /is not UTF-8/],
  'an overlong slash': [{ body: utf8(text(creating({ legalName: '\xc0\xaf' }))) }, 400, /is not UTF-8/],
  'half of a surrogate pair in UTF-8': [
    { body: utf8(text(creating({ legalName: '\xed\xa0\x80' }))) },
    400,
    /is not UTF-8/,
  ],
  'a key that stands twice': [
    { body: text(creating()).replace('"legalName"', '"legalName":"Other, Inc.","legalName"') },
    400,
    /input\.legalName stands twice/,
  ],
  'a key that stands twice, once escaped': [
    { body: text(creating()).replace('"legalName"', '"legal\\u004eame":"Other, Inc.","legalName"') },
    400,
    /input\.legalName stands twice/,
  ],
  'two documents': [
    { body: text(creating()).replace('"query"', '"query":"{__typename}","query"') },
    400,
    /query stands twice/,
  ],
  'a parameter that is none': [{ body: text(creating()).replace('{', '{"operation":1,') }, 400, /operation/],
  'a prototype as parameter': [
    { body: text(creating()).replace('{', '{"__proto__":{"query":"x"},') },
    400,
    /__proto__/,
  ],
  'a prototype as field': [
    { body: text(creating()).replace('"legalName"', '"__proto__":{"a":1},"legalName"') },
    400,
    /input\.__proto__/,
  ],
  'a constructor as field': [creating({ constructor: { prototype: {} } }), 400, /input\.constructor/],
  'a field that is not there': [creating({ fundName: 'x' }), 400, /input\.fundName/],
  'a NUL in a field': [creating({ legalName: 'a\u0000' }), 400, /input\.legalName must not hold a NUL/],
  'a NUL in a field name': [creating({ 'a\u0000b': 1 }), 400, /input/],
  'half of a surrogate pair': [creating({ legalForm: 'a\ud800' }), 400, /input\.legalForm must not hold half/],
  'a NUL in the document': [
    query(
      'mutation { createCompany(input: {legalName: "a\\u0000", legalForm: "b", jurisdiction: "US"}) { __typename } }',
    ),
    400,
    /NUL/,
  ],
  'variables nested 100,000 deep': [
    { body: `{"query":"{__typename}","variables":{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}}` },
    400,
    /nested deeper than 64/,
  ],
  'variables as text': [{ body: '{"query":"{__typename}","variables":"{}"}' }, 400, /variables/],
  'variables as list': [{ body: '{"query":"{__typename}","variables":[]}' }, 400, /variables/],
  'a document that is none': [query('createCompany'), 200, /Syntax Error/],
  'an empty document': [query(''), 200, /Syntax Error/],
  'a comment for a document': [query('#'), 200, /Syntax Error/],
  'a huge document': [query(`{ viewer { ${'name '.repeat(20_000)} } }`), 400, /more than 50000 characters/],
  'nested selections': [
    query(`{${'...{'.repeat(9_000)}__typename${'}'.repeat(9_000)}}`),
    400,
    /nested deeper than 100/,
  ],
  'nested lists': [query(`{node(id:${'['.repeat(20_000)}${']'.repeat(20_000)}){id}}`), 400, /nested deeper than 100/],
  'brackets in texts do not count': [
    query(`{node(id:"${'{['.repeat(500)}"){ id } # ${'('.repeat(500)}\n}`),
    200,
    /^\{"data":\{"node":null\}\}/,
  ],
  'deep fields': [
    query(`{companies{edges{node{${'rounds{edges{node{company{'.repeat(6)}id${'}}}}'.repeat(6)}}}}}`),
    200,
    /maximum depth/,
  ],
  'a fragment that spreads itself': [query('{viewer{...A}} fragment A on Viewer {name ...A}'), 200, /within itself/],
  'fragments in a circle': [
    query('{...A} fragment A on Query {...B} fragment B on Query {...A}'),
    200,
    /within itself/,
  ],
  'fragments that double': [
    query(
      `{companies{edges{node{...F0}}}} ${times(300, (i) => `fragment F${i} on Company{a${i}:id ...F${i + 1} ... on Company {...F${i + 1}}}`)} fragment F300 on Company{id}`,
    ),
    200,
    /maximum breadth/,
  ],
  'aliases of a field': [query(`{${times(1_500, (i) => `a${i}:installation{fundName}`)}}`), 200, /maximum breadth/],
  'aliases of a mutation': [
    query(
      `mutation($input: CreateCompanyInput!){${times(30, (i) => `a${i}:createCompany(input:$input){__typename}`)}}`,
      { input: COMPANY },
    ),
    200,
    /maximum complexity/,
  ],
  'a page of pages of pages': [
    query(
      '{companies(first:100){edges{node{rounds(first:100){edges{node{company{rounds(first:100){edges{node{id}}}}}}}}}}}',
    ),
    200,
    /maximum complexity/,
  ],
  'all use on demand of a page of companies': [
    query('{companies(first:100){edges{node{onDemandUse{records{usageId externalId startedAt endedAt}}}}}}'),
    200,
    /maximum complexity/,
  ],
  'the same field thousands of times': [query(`{${'viewer{name}'.repeat(4_000)}}`), 200, /"code":"BAD_INPUT"/],
  'thousands of directives': [query(`{viewer{name ${'@skip(if:false)'.repeat(3_000)}}}`), 200, /only be used once/],
  'directives that are none': [query(`{viewer{name ${'@a'.repeat(20_000)}}}`), 200, /Unknown directive/],
  'thousands of variables': [query(`query(${times(3_500, (i) => `$a${i}:Int`)}){__typename}`), 200, /never used/],
  'thousands of fields that are not there': [query(`{${times(7_000, (i) => `b${i}`)}}`), 200, /Cannot query field/],
  'the whole schema, many times': [
    query(`{${times(400, (i) => `a${i}:__schema{types{fields{args{name}}}}`)}}`),
    400,
    /introspects/,
  ],
  'the whole schema, many times inside': [
    query(`{__schema{${times(300, (i) => `a${i}:types{fields{args{type{name}}}}`)}}}`),
    400,
    /introspects/,
  ],
  'introspection in depth': [
    query(`{__schema{types${'{fields{type'.repeat(20)}{name}${'}}'.repeat(20)}}}`),
    200,
    /introspection depth/,
  ],
  '100,000 ids': [
    query('query($ids:[ID!]!){nodes(ids:$ids){id}}', {
      ids: Array(100_000).fill('Company:0190aaaa-0000-7000-8000-000000000001'),
    }),
    200,
    /maximum complexity|at most 100 ids/,
  ],
  '101 ids': [
    query('query($ids:[ID!]!){nodes(ids:$ids){id}}', { ids: Array(101).fill('x') }),
    200,
    /ids must have at most 100/,
  ],
  'a list for an object': [query(CREATE, { input: Array(100_000).fill(COMPANY) }), 400, /input/],
  'a megabyte for an object': [query(CREATE, { input: 'x'.repeat(1e6) }), 400, /input/],
  'no variable': [query(CREATE), 400, /input: must be given/],
  'an operation that is not there': [
    { body: '{"query":"query A{__typename} query B{__typename}","operationName":"C"}' },
    400,
    /operation/,
  ],
  'which of two operations': [{ body: '{"query":"query A{__typename} mutation B{__typename}"}' }, 400, /operation/],
  'an operation called __proto__': [
    { body: '{"query":"query A{__typename}","operationName":"__proto__"}' },
    400,
    /operation/,
  ],
  'a subscription': [query('subscription { __typename }'), 200, /subscription/],
  'type definitions': [query('type Query { a: Int } { __typename }'), 200, /not executable/],
  'a mutation by GET': [
    { method: 'GET', path: `/graphql?query=${encodeURIComponent('mutation{__typename}')}` },
    405,
    /POST/,
  ],
  'no query by GET': [{ method: 'GET' }, 200, /query/],
  'two queries by GET': [
    { method: 'GET', path: '/graphql?query={__typename}&query={viewer{name}}' },
    400,
    /query stands twice/,
  ],
  'variables by GET that are no JSON': [
    { method: 'GET', path: '/graphql?query={__typename}&variables={' },
    400,
    /variables is not JSON/,
  ],
  'a parameter by GET that is none': [
    { method: 'GET', path: '/graphql?query={__typename}&mutation=1' },
    400,
    /mutation/,
  ],
  'an address that is not UTF-8': [{ method: 'GET', path: '/graphql?query=%ff' }, 400, /UTF-8/],
  'a form': [
    { body: 'query={__typename}', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    /application\/json/,
  ],
  'an upload': [
    { body: '--x--', headers: { 'content-type': 'multipart/form-data; boundary=x' } },
    415,
    /application\/json/,
  ],
  'plain text': [{ ...creating(), headers: { 'content-type': 'text/plain' } }, 415, /application\/json/],
  'a bare document': [
    { body: '{__typename}', headers: { 'content-type': 'application/graphql' } },
    415,
    /application\/json/,
  ],
  'no media type': [{ body: utf8('{}'), headers: { 'content-type': '' } }, 415, /application\/json/],
  'a media type like JSON': [
    { ...creating(), headers: { 'content-type': 'application/jsonp' } },
    415,
    /application\/json/,
  ],
  'UTF-16': [{ ...creating(), headers: { 'content-type': 'application/json; charset=utf-16' } }, 415, /UTF-8/],
  'a compressed body': [{ ...creating(), headers: { 'content-encoding': 'gzip' } }, 415, /not compressed/],
  'a method that is none': [{ method: 'DELETE' }, 405, /POST/],
}

for (const [what, [sent, status, words]] of Object.entries(CASES)) {
  test(`${what}: ${status}, in words`, async () => {
    const answer = await send(sent)
    assert.match(answer.text, words)
    assert.equal(answer.status, status, answer.text.slice(0, 500))
    assertTellsNothing(answer.text, what)
    if (!answer.text.startsWith('{"data":{"node"')) {
      const codes = JSON.parse(answer.text).errors.map(
        (error: { extensions: { code: string } }) => error.extensions.code,
      )
      assert.deepEqual([...new Set(codes)], ['BAD_INPUT'])
    }
  })
}

test('a body of more than 64 MiB is refused, told by its header or not', async () => {
  const large = new Uint8Array(64 * 1024 * 1024 + 1).fill(0x20)
  assert.equal((await send({ body: large })).status, 413)
  // In pieces, without a length.
  const socket = connect(port, '127.0.0.1')
  socket.write(
    `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${analyst.token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
  )
  let answer = ''
  socket
    .on('data', (data) => {
      answer += data
    })
    .on('error', () => undefined)
  const piece = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000, 0x20), Buffer.from('\r\n')])
  for (let sent = 0; sent < 70 && answer === ''; sent += 1) await new Promise((resolve) => socket.write(piece, resolve))
  while (answer === '') await once(socket, 'data')
  socket.destroy()
  assert.match(answer, /^HTTP\/1\.1 413 /)
})

test('literals in a document are named like variables', async () => {
  const answers: [string, string[]][] = [
    [
      'mutation { createCompany(input: {legalName: 5, legalForm: "a", jurisdiction: "US"}) { __typename } }',
      ['input.legalName'],
    ],
    ['mutation { createCompany(input: {legalName: "a", jurisdiction: "US"}) { __typename } }', ['input.legalForm']],
    [
      'mutation { createCompany(input: {legalName: "", legalForm: "a", jurisdiction: "US"}) { __typename } }',
      ['input.legalName'],
    ],
    [
      'mutation { createCompany(input: {legalName: "a", legalForm: "a", jurisdiction: "US", a: {b: 1}}) { __typename } }',
      ['input.a'],
    ],
    ['mutation { createCompany { __typename } }', ['input']],
    [
      '{ reservationQuote(poolId: "x", gpus: 1, startsAt: "2026-02-30T00:00:00Z", endsAt: 5) { __typename } }',
      ['startsAt', 'endsAt'],
    ],
    ['{ nodes(ids: ["a", {b: 1}]) { id } }', ['ids.1']],
    ['{ companies(first: "1") { totalCount } }', ['first']],
  ]
  for (const [document, paths] of answers) {
    const answer = await analyst.graphql(document)
    assert.deepEqual(named(answer), paths, JSON.stringify(answer.errors))
    assert.ok(answer.errors.every(({ extensions }) => extensions.code === 'BAD_INPUT'))
  }
})

test('every argument of every query refuses what is malformed', async () => {
  const faults: string[] = []
  for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    for (const arg of field.args) {
      const others = field.args.filter((other) => other !== arg && isRequiredArgument(other))
      const declared = [arg, ...others].map(({ name, type }) => `$${name}: ${type}`).join(', ')
      const given = [arg, ...others].map(({ name }) => `${name}: $${name}`).join(', ')
      const document = `query (${declared}) { ${field.name}(${given}) ${isLeafType(field.type) || /Int/.test(String(field.type)) ? '' : '{ __typename }'} }`
      const base = Object.fromEntries(others.map(({ name, type }) => [name, wellFormed(type, name)]))
      for (const value of malformed({ path: [arg.name], type: arg.type as GraphQLInputType })) {
        const { text: answer } = await send(query(document, { ...base, [arg.name]: value }))
        const said = `${field.name}(${arg.name}: ${short(value)}) ${answer.slice(0, 200)}`
        try {
          assertTellsNothing(answer, said)
          // An id that is none finds nothing, like one of something that does not exist.
          if (!/\bID\b/.test(String(arg.type)) && arg.name !== 'securityId') assert.match(answer, /"code":"BAD_INPUT"/)
        } catch (error) {
          faults.push(`${said}: ${String(error).slice(0, 200)}`)
        }
      }
    }
  }
  assert.equal(faults.length, 0, `\n${faults.join('\n')}`)
})

test('every connection counts as many items as its page has, however the page is asked for', async () => {
  const connections = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type)
      ? Object.values(type.getFields())
          .filter((field) => getNamedType(field.type).name.endsWith('Connection'))
          .map((field) => ({ name: `${type.name}.${field.name}`, cost: field.extensions.complexity }))
      : [],
  )
  assert.ok(connections.length >= 10)
  for (const { name, cost } of connections) {
    assert.ok(typeof cost === 'function', `${name} has no complexity: its page would count as one item`)
    for (const [args, items] of [
      [{}, 20],
      [{ first: 7 }, 7],
      [{ last: 7 }, 7],
      [{ first: 100 }, 100],
    ] as const) {
      assert.equal(cost(args).multiplier, items, name)
    }
  }
})

test('what tools and screens ask for is answered', async () => {
  const introspection = await analyst.graphql(
    getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true, directiveIsRepeatable: true }),
  )
  assert.deepEqual(introspection.errors, [])
  const screen = `{ viewer { name roles } installation { fundName }
    companies(first: 50) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id legalName legalForm jurisdiction createdAt
      rounds(first: 5) { edges { node { id state termsVersion } } } } } } }`
  assert.deepEqual((await analyst.graphql(screen)).errors, [])
})

test('nothing of all this was written', async () => {
  assert.deepEqual(await rows(world), before)
})
