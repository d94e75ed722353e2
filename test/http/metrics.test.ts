import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import request from 'supertest'
import { createApp } from '../../api/app.ts'
import { runReconciliation } from '../../api/closing/index.ts'
import { newId } from '../../api/platform/index.ts'
import { makeWorld } from '../support/world.ts'

const world = await makeWorld()
const folder = mkdtempSync(join(tmpdir(), 'equihour-metrics-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const TOKEN = 'a-token-of-the-test-0001'

const appWith = (token: string) => {
  const file = join(folder, `token-${token.length}`)
  writeFileSync(file, `${token}\n`)
  return createApp(world.deps, { metricsTokenFile: file })
}
const get = (app: ReturnType<typeof createApp>, authorization?: string) => {
  const call = request(app).get('/metrics')
  return authorization === undefined ? call : call.set('authorization', authorization)
}

test('where nobody switched it on there is no such page, whoever asks', async () => {
  assert.equal((await get(world.app, `Bearer ${world.staff.operations.token}`)).status, 404)
})

test('only the token of the file is let in', async () => {
  const app = appWith(TOKEN)
  const given = [undefined, 'Bearer', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, `Bearer ${world.staff.admin.token}`]
  for (const authorization of given) {
    const { status, text } = await get(app, authorization)
    assert.deepEqual([authorization, status, text], [authorization, 401, 'A token is needed.\n'])
  }
  // A file that is empty, or nearly, lets nobody in.
  for (const token of ['', 'short']) assert.equal((await get(appWith(token), `Bearer ${token}`)).status, 401)
})

test('the last reconciliation is told, and one that never ran is not told as clean', async () => {
  const app = appWith(TOKEN)
  const before = await get(app, `Bearer ${TOKEN}`)
  assert.deepEqual([before.status, before.text.includes('equihour_reconciliation')], [200, false])
  assert.match(before.text, /^equihour_mail_waiting 0$/m)
  const { finishedAt } = await runReconciliation(world.deps)
  const { text, headers } = await get(app, `Bearer ${TOKEN}`)
  assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/)
  const values = Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(' ')),
  )
  assert.equal(values.equihour_reconciliation_differences, '0')
  assert.equal(Number(values.equihour_reconciliation_finished_seconds), Date.parse(finishedAt) / 1000)
  for (const name of Object.keys(values)) assert.ok(text.includes(`# TYPE ${name} gauge`), name)
})

test('differences of the books show in the metric', async () => {
  // A run that found something, as the job stores it.
  await world.deps.db
    .insertInto('reconciliation')
    .values({
      reconciliation_id: newId(),
      started_at: '2026-11-20T02:17:00Z',
      finished_at: '2026-11-20T02:17:04Z',
      company_count: 1,
      event_count: 2,
      difference_count: 3,
      differences: '[]',
    })
    .execute()
  const { text } = await get(appWith(TOKEN), `Bearer ${TOKEN}`)
  assert.match(text, /^equihour_reconciliation_differences 3$/m)
  assert.match(text, /^equihour_reconciliation_duration_seconds 4$/m)
})
