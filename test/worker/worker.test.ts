/** The worker over the real queue: jobs of committed transactions run, as the application, and it stops in order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addJob, inTransaction } from '../../api/platform/index.ts'
import { startWorker } from '../../api/worker/index.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld } from '../support/world.ts'

const world = await makeWorld()
const jobs = async (): Promise<number> =>
  Number((await asOwner(world.ownerUrl, 'SELECT count(*) FROM graphile_worker.jobs')).rows[0]?.count)

test('a job of a committed transaction runs, and one of a transaction that failed does not exist', async () => {
  const { companyId } = await world.company()
  await inTransaction(world.deps.db, (trx) => addJob(trx, { name: 'tokens.release-due', payload: { companyId } }))
  await inTransaction(world.deps.db, async (trx) => {
    await addJob(trx, { name: 'tokens.release-due', payload: { companyId } })
    throw new Error('on purpose')
  }).catch(() => undefined)
  assert.equal(await jobs(), 1)
  const worker = await startWorker(world.deps, world.ownerUrl)
  try {
    for (let wait = 0; (await jobs()) > 0 && wait < 100; wait += 1) await sleep(100)
    assert.equal(await jobs(), 0, 'a job that succeeded leaves the queue')
  } finally {
    await worker.stop()
  }
})

test('the sweep is a job like any other', async () => {
  await inTransaction(world.deps.db, (trx) => addJob(trx, { name: 'worker.sweep', payload: {} }))
  const worker = await startWorker(world.deps, world.ownerUrl)
  try {
    for (let wait = 0; (await jobs()) > 0 && wait < 100; wait += 1) await sleep(100)
    assert.equal(await jobs(), 0)
  } finally {
    await worker.stop()
  }
})
