import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import fc from 'fast-check'
import { globalId, isUuid, newId, parseGlobalId } from '../../api/platform/index.ts'

test('an id has the layout of UUID version 7, with the milliseconds of the published example', () => {
  // RFC 9562 appendix A.6: 2022-02-22 14:22:22.00 -05:00 is 017F22E2-79B0-7xxx-...
  mock.timers.enable({ apis: ['Date'], now: 1_645_557_742_000 })
  try {
    for (let i = 0; i < 1_000; i += 1)
      assert.match(newId(), /^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  } finally {
    mock.timers.reset()
  }
})

test('the 62 bits that are neither time nor counter are random: every one is sometimes set and sometimes not', () => {
  const ids = Array.from({ length: 2_000 }, () => BigInt(`0x${newId().replaceAll('-', '')}`))
  assert.equal(new Set(ids).size, ids.length)
  const tail = (1n << 62n) - 1n
  const ever = ids.reduce((bits, id) => bits | id, 0n)
  const always = ids.reduce((bits, id) => bits & id, (1n << 128n) - 1n)
  assert.equal(ever & ~always & tail, tail)
})

test('ids of one process rise strictly, within a millisecond, past its counter, and when the clock goes back a little', () => {
  mock.timers.enable({ apis: ['Date'], now: 1_795_000_000_000 })
  try {
    const ids = Array.from({ length: 10_000 }, () => newId())
    mock.timers.setTime(1_794_999_999_000)
    ids.push(newId())
    assert.deepEqual([...ids].sort(), ids)
    assert.equal(new Set(ids).size, ids.length)
    // A clock that was wrong by far is not followed for ever.
    mock.timers.setTime(1_645_557_742_000)
    assert.match(newId(), /^017f22e2-79b0-7/)
  } finally {
    mock.timers.reset()
  }
})

test('ids sort as text in the order of their milliseconds', () => {
  mock.timers.enable({ apis: ['Date'], now: 0 })
  try {
    const ids = [0, 1, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 1_795_000_000_000, 2 ** 48 - 1].map((at) => {
      mock.timers.setTime(at)
      return newId()
    })
    assert.deepEqual([...ids].sort(), ids)
  } finally {
    mock.timers.reset()
  }
})

test('only the canonical lower-case text is an id', () => {
  const id = newId()
  assert.ok(isUuid(id))
  for (const text of [
    id.toUpperCase(),
    `{${id}}`,
    `urn:uuid:${id}`,
    id.replaceAll('-', ''),
    `${id}\n`,
    ` ${id}`,
    id.slice(1),
    `${id}0`,
    '',
  ]) {
    assert.ok(!isUuid(text), JSON.stringify(text))
  }
})

test('a global id gives back its type and its keys, the distribution key first', () => {
  const [company, round] = [newId(), newId()]
  assert.equal(globalId('Round', company, round), `Round:${company}:${round}`)
  fc.assert(
    fc.property(
      fc.stringMatching(/^[A-Z][A-Za-z]{0,40}$/),
      fc.array(fc.uuid({ version: 7 }), { minLength: 1, maxLength: 3 }),
      (type, keys) => {
        assert.deepEqual(parseGlobalId(globalId(type, ...keys)), { type, keys })
      },
    ),
  )
})

test('what is no global id is none, whatever it looks like', () => {
  const id = newId()
  const none = [
    '',
    ':',
    id,
    'Round',
    'Round:',
    `round:${id}`,
    `:${id}`,
    `Round:${id}:`,
    `Round::${id}`,
    `Round:${id}:${id}:${id}:${id}`,
    `Round:${id.toUpperCase()}`,
    `Round:${id}\n`,
    ` Round:${id}`,
    `__proto__:${id}`,
    `R0und:${id}`,
    `Ründ:${id}`,
    `${'R'.repeat(42)}:${id}`,
    'x'.repeat(1_000_000),
  ]
  for (const text of none) assert.equal(parseGlobalId(text), undefined, text.slice(0, 80))
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      const parsed = parseGlobalId(text)
      if (parsed !== undefined) assert.equal(globalId(parsed.type, ...parsed.keys), text)
    }),
  )
})
