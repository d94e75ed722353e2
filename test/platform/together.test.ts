/** Calls that go to the database together. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inTransaction, OuterPoolUsed, together } from '../../api/platform/index.ts'
import { makeWorld } from '../support/world.ts'

const { db } = (await makeWorld()).deps

test('what is asked in one turn or while a call is under way goes in one call, in order, and no group waits for another', async () => {
  const calls: string[] = []
  const gate = Promise.withResolvers<void>()
  const ask = together<number, string>(async (_db, group, items) => {
    calls.push(`${group} ${items.join(' ')}`)
    if (group === 'slow') await gate.promise
    return items.map((item) => `${group} ${item}`)
  })
  const first = [1, 2, 3].map((item) => ask(db, 'slow', item))
  assert.equal(await ask(db, 'quick', 4), 'quick 4')
  const later = [5, 6].map((item) => ask(db, 'slow', item))
  assert.equal(await ask(db, 'quick', 7), 'quick 7')
  gate.resolve()
  assert.deepEqual(await Promise.all([...first, ...later]), ['slow 1', 'slow 2', 'slow 3', 'slow 5', 'slow 6'])
  assert.deepEqual(calls, ['slow 1 2 3', 'quick 4', 'quick 7', 'slow 5 6'])
})

test('what a call throws is thrown at its items, and not at those of the next', async () => {
  const ask = together<number, number>(async (_db, _group, items) => {
    if (items.includes(13)) throw new Error('thirteen')
    return items
  })
  const [one, thirteen] = await Promise.allSettled([ask(db, '', 1), ask(db, '', 13)])
  assert.deepEqual([one?.status, thirteen?.status], ['rejected', 'rejected'])
  assert.equal(await ask(db, '', 2), 2)
})

test('at most 64 go in one call', async () => {
  const sizes: number[] = []
  const ask = together<number, number>(async (_db, _group, items) => {
    sizes.push(items.length)
    return items
  })
  const items = Array.from({ length: 150 }, (_, index) => index)
  assert.deepEqual(await Promise.all(items.map((item) => ask(db, '', item))), items)
  assert.deepEqual(sizes, [64, 64, 22])
})

test('asking inside a transaction fails: the call would be outside it', async () => {
  const ask = together<number, number>(async (_db, _group, items) => items)
  await assert.rejects(
    inTransaction(db, () => ask(db, '', 1)),
    OuterPoolUsed,
  )
})
