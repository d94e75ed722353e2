/** The worker over the real queue: jobs of committed transactions run, as the application, and it stops in order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { tellCompany } from '../../api/messages/index.ts'
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

test('a step of the sweep that fails does not keep the later ones waiting, and is told', async () => {
  const { companyId } = await world.company()
  await inTransaction(world.deps.db, (trx) =>
    tellCompany(trx, {
      companyId,
      kind: 'statement.stated',
      subject: 'Statement:x',
      content: {
        month: '2027-01-01',
        version: 1,
        disputeUntil: '2027-02-18',
        statementId: 'Statement:x',
      },
    }),
  )
  // Its jobs are lost, and disputes cannot be read.
  await asOwner(world.ownerUrl, 'DELETE FROM graphile_worker._private_jobs')
  await asOwner(world.ownerUrl, "UPDATE message_recipient SET at = at - interval '1 day'")
  await asOwner(world.ownerUrl, 'REVOKE SELECT ON dispute_progress FROM equihour_app')
  await inTransaction(world.deps.db, (trx) => addJob(trx, { name: 'worker.sweep', payload: {} }))
  const state = async () =>
    (await asOwner(world.ownerUrl, 'SELECT DISTINCT state FROM message_recipient')).rows.map((row) => row.state)
  const worker = await startWorker(world.deps, world.ownerUrl)
  try {
    for (let wait = 0; (await state()).includes('waiting') && wait < 100; wait += 1) await sleep(100)
    assert.deepEqual(await state(), ['not_sent'], 'the last step ran')
  } finally {
    await worker.stop()
    await asOwner(world.ownerUrl, 'GRANT SELECT ON dispute_progress TO equihour_app')
  }
  const { rows } = await asOwner(world.ownerUrl, 'SELECT last_error FROM graphile_worker._private_jobs')
  assert.match(String(rows[0]?.last_error), /dispute_progress/)
})
