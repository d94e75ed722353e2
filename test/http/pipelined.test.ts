import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { pipelined } from '../../api/http/graphql/pipelined.ts'

/** Batches that arrive when they are pushed, and what happens to them, in order. */
function given({ answers = async () => true, atOnce }: { answers?: () => Promise<boolean>; atOnce?: number } = {}) {
  const happened: string[] = []
  const waiting: ((result: IteratorResult<string, void>) => void)[] = []
  const arrived: IteratorResult<string, void>[] = []
  const push = (result: IteratorResult<string, void>) => {
    const asked = waiting.shift()
    if (asked === undefined) arrived.push(result)
    else asked(result)
  }
  const finish = new Map<string, { done: () => void; fail: (error: Error) => void }>()
  const batches: AsyncIterator<string, void> = {
    next: () => {
      const here = arrived.shift()
      return here === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(here)
    },
  }
  const whole = pipelined(
    batches,
    (batch) =>
      new Promise<string>((resolve, reject) => {
        happened.push(`begin ${batch}`)
        finish.set(batch, { done: () => resolve(batch.toUpperCase()), fail: reject })
      }),
    async (batch, done) => {
      happened.push(`answer ${batch} ${done}`)
      return answers()
    },
    atOnce,
  )
  whole.catch(() => undefined)
  return {
    happened,
    whole,
    arrives: (value: string) => push({ done: false, value }),
    ends: () => push({ done: true, value: undefined }),
    finish: async (batch: string) => {
      finish.get(batch)?.done()
      await wait(1)
    },
    fails: (batch: string, error: Error) => finish.get(batch)?.fail(error),
  }
}

test('work on a batch that is here begins before the one before it is answered, never before that is done', async () => {
  const { happened, whole, arrives, ends, finish } = given()
  for (const batch of ['a', 'b', 'c']) arrives(batch)
  ends()
  await wait(1)
  assert.deepEqual(happened, ['begin a'])
  for (const batch of ['a', 'b', 'c']) await finish(batch)
  assert.equal(await whole, true)
  assert.deepEqual(happened, ['begin a', 'begin b', 'answer a A', 'begin c', 'answer b B', 'answer c C'])
})

test('a batch is answered although no other arrives', async () => {
  const { happened, whole, arrives, ends, finish } = given()
  arrives('a')
  await wait(1)
  await finish('a')
  assert.deepEqual(happened, ['begin a', 'answer a A'])
  arrives('b')
  await wait(1)
  await finish('b')
  ends()
  assert.equal(await whole, true)
  assert.deepEqual(happened.slice(2), ['begin b', 'answer b B'])
})

test('no batch is begun for whoever listens no longer, but what was begun is waited for', async () => {
  const { happened, whole, arrives, finish } = given({ answers: async () => false })
  for (const batch of ['a', 'b', 'c']) arrives(batch)
  await wait(1)
  await finish('a')
  const ended = await Promise.race([whole, wait(20).then(() => 'waits')])
  assert.equal(ended, 'waits')
  await finish('b')
  assert.equal(await whole, false)
  assert.deepEqual(happened, ['begin a', 'begin b', 'answer a A'])
})

test('what fails is thrown after the batch before it was answered', async () => {
  const { happened, whole, arrives, finish, fails } = given()
  for (const batch of ['a', 'b']) arrives(batch)
  await wait(1)
  await finish('a')
  fails('b', new Error('the database is away'))
  await assert.rejects(whole, /is away/)
  assert.deepEqual(happened, ['begin a', 'begin b', 'answer a A'])
})

test('two at once: the second begins before the first is done, no third does, and they are answered in order', async () => {
  const { happened, whole, arrives, ends, finish } = given({ atOnce: 2 })
  arrives('a')
  await wait(1)
  arrives('b')
  arrives('c')
  await wait(1)
  assert.deepEqual(happened, ['begin a', 'begin b'])
  await finish('b')
  assert.deepEqual(happened, ['begin a', 'begin b'])
  await finish('a')
  assert.deepEqual(happened, ['begin a', 'begin b', 'begin c', 'answer a A', 'answer b B'])
  ends()
  await finish('c')
  assert.equal(await whole, true)
  assert.deepEqual(happened.slice(5), ['answer c C'])
})

test('two at once: what fails is thrown when it is its turn, after all that was begun is over', async () => {
  const { happened, whole, arrives, finish, fails } = given({ atOnce: 2 })
  for (const batch of ['a', 'b']) arrives(batch)
  await wait(1)
  fails('b', new Error('the database is away'))
  await finish('a')
  await assert.rejects(whole, /is away/)
  assert.deepEqual(happened, ['begin a', 'begin b', 'answer a A'])
  const other = given({ atOnce: 2 })
  for (const batch of ['a', 'b']) other.arrives(batch)
  await wait(1)
  other.fails('a', new Error('the database is away'))
  assert.equal(await Promise.race([other.whole.catch(() => 'failed'), wait(20).then(() => 'waits')]), 'waits')
  await other.finish('b')
  await assert.rejects(other.whole, /is away/)
})
