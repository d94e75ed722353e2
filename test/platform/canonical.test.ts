import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson, fromStored, type JsonValue, leafHash, sha256, toStored } from '../../api/platform/index.ts'

test('members are sorted by UTF-16 code units, as in RFC 8785 section 3.2.3', () => {
  const example = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  }
  const order = [...canonicalJson(example).matchAll(/:"([^"]*)"/g)].map((match) => match[1])
  assert.deepEqual(order, [
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ])
})

test('texts and literals are written as in RFC 8785 section 3.2.2', () => {
  const text = '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/'
  assert.equal(
    canonicalJson({ string: text, literals: [null, true, false] }),
    '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
})

test('whole numbers have one text; what is not exact or has no one text is refused', () => {
  for (const [value, text] of [
    [0, '0'],
    [-0, '0'],
    [-1, '-1'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
  ] as const) {
    assert.equal(canonicalJson(value), text)
  }
  const none: JsonValue[] = [
    0.1,
    1e21,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    '\ud800',
    { '\udc00': 1 },
    [['\ud83d']],
  ]
  for (const value of none) assert.throws(() => canonicalJson(value), TypeError)
})

/** JSON as we write it. */
const json = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4 }),
  ),
})).value

test('the text is the same whatever order the members came in, and reads back as the same value', () => {
  const reversed = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(reversed)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([name, member]) => [name, reversed(member)]),
    )
  }
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalJson(value)
      assert.equal(canonicalJson(reversed(value)), text)
      assert.equal(canonicalJson(JSON.parse(text)), text)
    }),
  )
})

test('a leaf hash is SHA-256 over a zero byte and the text (RFC 9162 section 2.1.1), by another implementation', async () => {
  const value = { name: 'Lumen', amounts: ['1', '0.5'], open: null }
  const text = '{"amounts":["1","0.5"],"name":"Lumen","open":null}'
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array([0, ...new TextEncoder().encode(text)]))
  assert.equal(leafHash(value).toString('hex'), Buffer.from(digest).toString('hex'))
  // A node of the tree starts with 0x01: no leaf can be taken for one.
  assert.notDeepEqual(leafHash(value), sha256(text))
  // FIPS 180-4, the example "abc".
  assert.equal(sha256('abc').toString('hex'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('stored answers come back as they were, with their integers', () => {
  const plain = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, false, '', '$bigint'),
      fc.bigInt(),
      fc.integer(),
      fc.string(),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('value'), { maxKeys: 4 }),
    ),
  })).value
  fc.assert(
    fc.property(plain, (value) => {
      assert.deepEqual(fromStored(JSON.parse(JSON.stringify(toStored(value)))), dressed(value))
    }),
  )
  assert.deepEqual(fromStored(toStored({ a: 1n, b: undefined })), { a: 1n })
})

/** Records of fast-check have no prototype; what comes back has one. */
function dressed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dressed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, dressed(member)]))
}

test('what would come back as something else is not stored', () => {
  for (const value of [
    new Set([1]),
    new Map(),
    new Date(0),
    Symbol('x'),
    () => 1,
    { at: new Date(0) },
    [new (class Money {})()],
  ]) {
    assert.throws(() => toStored(value), TypeError)
  }
})
