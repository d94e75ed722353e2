/** A stream of usage whose connection to the database breaks, with two of its batches under way. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request as send } from 'node:http'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { assertSound, givenDrawdown, progressOf, usage } from '../drawdown/given-drawdown.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld } from '../support/world.ts'
import { ndjson, outcomes, post, secretOf, serve } from './usage-client.ts'

const world = await makeWorld()

/** Holds what a batch waits for until it is let go. */
async function held(companyId: string): Promise<() => Promise<void>> {
  const owner = new pg.Client({ connectionString: world.ownerUrl })
  await owner.connect()
  await owner.query('BEGIN')
  await owner.query('SELECT FROM company WHERE company_id = $1 FOR UPDATE', [companyId])
  return async () => {
    await owner.query('ROLLBACK')
    await owner.end()
  }
}

/** Breaks the connection whose batch waits. */
async function breakWaiting(): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { rowCount } = await asOwner(
      world.ownerUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
         AND application_name = 'equihour' AND wait_event_type = 'Lock'`,
    )
    if (rowCount === 1) return
    await wait(50)
  }
  assert.fail('no batch waited')
}

test('a stream whose connection breaks says that it stopped; sent again, whatever was recorded is recognised', async (t) => {
  const port = await serve(t, world)
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10)
  const key = { authorization: `Bearer ${await secretOf(world)}` }
  const lines = Array.from({ length: 2410 }, (_, n) => ({ reservationId, ...usage(`n${n}`, 6) }))
  const headers = { 'content-type': 'application/x-ndjson', ...key }
  const request = send({ port, host: '127.0.0.1', method: 'POST', path: '/usage', headers })
  request.on('error', () => undefined)
  request.write(ndjson(lines.slice(0, 10)))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    text += chunk
  })
  const over = once(response, 'close')
  for (let looks = 0; text.split('\n').length < 11 && looks < 200; looks += 1) await wait(25)
  const letGo = await held(it.companyId)
  try {
    request.write(ndjson(lines.slice(10)))
    await breakWaiting()
    await over
  } finally {
    await letGo()
  }
  const answered = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  assert.deepEqual(
    answered.map(({ line, outcome, code }) => [line, outcome, code]),
    [...lines.slice(0, 10).map((_, n) => [n + 1, 'RECORDED', undefined]), [undefined, 'STOPPED', 'UNAVAILABLE']],
  )

  const again = await post(port, ndjson(lines), key)
  // Neither of the batches that were under way left anything.
  assert.deepEqual(
    outcomes(again),
    lines.map((_, n) => (n < 10 ? 'ALREADY_RECORDED' : 'RECORDED')),
  )
  assert.deepEqual(
    again.lines.slice(0, 10).map(({ usageId }) => usageId),
    answered.slice(0, 10).map(({ usageId }) => usageId),
  )
  // 2,410 records of six GPU-seconds.
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, (14_460n * 1_000_000n) / 3600n)
  await assertSound(world, it)
})
