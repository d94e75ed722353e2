import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { derivedId } from '../../api/tokens/derived-id.ts'
import { byDrawOrder, draw } from '../../api/tokens/draw.ts'

const sources = fc
  .array(fc.bigInt({ min: 0n, max: 20n }), { maxLength: 6 })
  .map((lefts) => lefts.map((left, index) => ({ lotId: `lot ${index}`, left })))

test('a draw takes exactly what is asked, emptying each source before the next, or nothing', () => {
  fc.assert(
    fc.property(sources, fc.bigInt({ min: 0n, max: 100n }), (from, amount) => {
      const draws = draw(from, amount)
      const total = from.reduce((sum, { left }) => sum + left, 0n)
      assert.equal(draws === undefined, amount > total)
      if (draws === undefined) return
      assert.ok(draws.every((part) => part.amount > 0n))
      assert.equal(
        draws.reduce((sum, part) => sum + part.amount, 0n),
        amount,
      )
      const taken = new Map(draws.map((part) => [part.lotId, part.amount]))
      const touched = from.map(({ lotId, left }) => ({
        full: taken.get(lotId) === left || left === 0n,
        any: taken.has(lotId),
      }))
      const lastTouched = touched.findLastIndex(({ any }) => any)
      assert.ok(touched.slice(0, Math.max(0, lastTouched)).every(({ full }) => full))
    }),
  )
})

test('a negative draw is a fault of the caller', () => {
  assert.throws(() => draw([], -1n), RangeError)
})

test('lots are drawn by rank, then earliest expiry, then age', () => {
  const lot = (lotId: string, drawRank: number, expiresOn: string, openedAt: string) => ({
    lotId,
    drawRank,
    expiresOn,
    openedAt,
    origin: 'grant',
    paid: false,
  })
  const inOrder = [
    lot('d', -1, '2030-01-01', '2027-01-01T00:00:00Z'),
    lot('c', 0, '2028-01-01', '2027-01-02T00:00:00Z'),
    lot('b', 0, '2029-01-01', '2027-01-01T00:00:00Z'),
    lot('a', 0, '2029-01-01', '2027-01-02T00:00:00Z'),
    lot('e', 0, '2029-01-01', '2027-01-02T00:00:00Z'),
  ]
  assert.deepEqual([...inOrder].reverse().sort(byDrawOrder()), inOrder)
})

test('the order that the terms name decides before the expiry does', () => {
  //            opened      expires
  const lots = Object.entries({
    grant: ['2027-01-02', '2030-01-01', 'grant', false],
    older: ['2027-01-01', '2031-01-01', 'grant', false],
    given: ['2027-01-03', '2032-01-01', 'top_up', false],
    bought: ['2027-01-04', '2029-01-01', 'purchase', true],
  } as const).map(([lotId, [openedAt, expiresOn, origin, paid]]) => ({
    lotId,
    drawRank: 0,
    openedAt,
    expiresOn,
    origin,
    paid,
  }))
  const inOrder = (order: Parameters<typeof byDrawOrder>[0]) =>
    lots
      .toSorted(byDrawOrder(order))
      .map(({ lotId }) => lotId)
      .join(' ')
  assert.equal(inOrder('EARLIEST_EXPIRY'), 'bought grant older given')
  assert.equal(inOrder('OLDEST_FIRST'), 'older grant given bought')
  assert.equal(inOrder('GRANTS_FIRST'), 'grant older bought given')
  assert.equal(inOrder('GRANTS_LAST'), 'bought given grant older')
  assert.equal(inOrder('UNPAID_FIRST'), 'given grant older bought')
})

test('a derived id depends on every part, and on nothing else', () => {
  const id = derivedId('hold', 'a', 'b')
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(derivedId('hold', 'a', 'b'), id)
  assert.equal(new Set([id, derivedId('hold', 'ab'), derivedId('hold', 'b', 'a'), derivedId('post', 'a', 'b')]).size, 4)
})
