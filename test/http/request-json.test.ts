/** JSON of strangers: what is plain is let through at once, and nothing that is not is taken for plain. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRequestJson } from '../../api/http/graphql/request-json.ts'
import { BadInput } from '../../api/platform/index.ts'

const isRefused = (text: string): boolean => {
  try {
    parseRequestJson(text)
    return false
  } catch (error) {
    assert.ok(error instanceof BadInput)
    return true
  }
}

test('any JSON that a program writes is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      // Empty keys, and `__proto__` among them, are keys like any other.
      if (/\\u(0000|[dD][89a-fA-F])/.test(text)) return
      assert.deepEqual(parseRequestJson(text), JSON.parse(text))
    }),
    { numRuns: 2_000 },
  )
})

test('a key that is written twice is refused wherever it stands, whatever its values hold', () => {
  const key = fc.constantFrom('a', 'b', '__proto__', '', 'a:b', 'a\\"')
  const value = fc.constantFrom('1', '"x:{}[]"', '{"c":{}}', '[{"d":":"}]', 'null', '"\\\\"')
  const members = fc.array(fc.tuple(key, value), { maxLength: 6 })
  fc.assert(
    fc.property(members, fc.nat(3), (list, depth) => {
      const object = `{${list.map(([name, text]) => `"${name}":${text}`).join(' ,')}}`
      const text = `${'[{"o":'.repeat(depth)}${object}${'}]'.repeat(depth)}`
      assert.equal(isRefused(text), new Set(list.map(([name]) => name)).size < list.length, text)
    }),
    { numRuns: 2_000 },
  )
})

test('sixty-four levels are read, sixty-five are not', () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
  assert.deepEqual([isRefused(nested(64)), isRefused(nested(65)), isRefused('"[[[["')], [false, true, false])
})

test('escapes are looked at: NUL and halves of pairs are refused, a whole pair is not', () => {
  assert.deepEqual(
    ['"\\u0000"', '{"\\u0000":1}', '"\\ud800"', '"\\ud83d\\ude00"', '"\\u00e9"', '{"a":1,"\\u0061":2}'].map(isRefused),
    [true, false, true, false, false, true],
  )
})
