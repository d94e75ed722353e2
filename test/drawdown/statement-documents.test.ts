import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import request from 'supertest'
import { newId } from '../../api/platform/index.ts'
import { both } from '../closing/given-deal.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { needs, run } from '../templates/tools.ts'
import { assertSound, at, type Drawdown, givenDrawdown, usage } from './given-drawdown.ts'

const world = await makeWorld()
const HOUR = 3600
const DAY = 24 * 60
const folder = mkdtempSync(join(tmpdir(), 'statement-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const get = (path: string, person?: Person) => {
  const call = request(world.app).get(path).buffer(true).responseType('blob')
  return person === undefined ? call : call.set('authorization', `Bearer ${person.token}`)
}
const post = (path: string, person: Person, fields: Record<string, string>) =>
  request(world.app)
    .post(path)
    .set('authorization', `Bearer ${person.token}`)
    .set('sec-fetch-site', 'same-origin')
    .type('form')
    .send(fields)
const text = (body: unknown): string => Buffer.from(body as Uint8Array).toString('utf8')

/** December and January stated; two jobs in January, one of them with a name that a spreadsheet would run. */
async function given(): Promise<{ it: Drawdown; statement: { id: string; sha256: string; figures: never } }> {
  const it = await givenDrawdown(world)
  await it.stated('2026-12-01', '2027-01-02T09:00:00Z')
  await it.told(await it.reserved(10), [usage('a', 6 * HOUR), usage('b', HOUR, { job: '=HYPERLINK("evil")' })], true)
  await it.told(
    await it.reserved(4, 60, 20 * DAY),
    [usage('c', 4 * HOUR, { startedAt: at(20 * DAY), endedAt: at(20 * DAY + 60), job: 'finetune' })],
    true,
  )
  return { it, statement: await it.stated('2027-01-01', '2027-02-03T09:00:00Z') }
}
const { it, statement } = await given()

test('the JSON is exactly what is hashed', async () => {
  const answer = await get(`/statements/${statement.id}.json`, it.founder)
  assert.equal(answer.status, 200)
  assert.equal(createHash('sha256').update(answer.body).digest('hex'), statement.sha256)
  assert.deepEqual(JSON.parse(text(answer.body)), statement.figures)
  assert.match(answer.headers['content-disposition'] ?? '', /statement-2027-01\.json/)
  const same = await get(`/statements/${statement.id}.json`, it.founder).set('if-none-match', answer.headers.etag ?? '')
  assert.equal(same.status, 304)
})

test('the CSV holds every figure once, exact, and nothing that a spreadsheet runs', async () => {
  const answer = await get(`/statements/${statement.id}.csv`, world.staff.analyst)
  assert.match(answer.headers['content-type'] ?? '', /^text\/csv/)
  const rows = text(answer.body).split('\r\n')
  assert.equal(rows[0], 'month,section,token class,what,of,cause,pool,job,quantity,unit')
  assert.ok(rows.some((row) => row.includes('"\'=HYPERLINK(""evil"")"')))
  // 6 + 1 hours of ten, and four of four: 11 delivered, 3 idle.
  const charged = rows.filter((row) => row.startsWith('2027-01,charged,')).map((row) => row.split(',').slice(-5))
  assert.deepEqual(
    charged.map((row) => [row[0], row[3], row[4]]),
    [
      ['delivered', '11', 'tokens'],
      ['idle_reserved', '3', 'tokens'],
    ],
  )
})

test(
  'the PDF is the same to the byte, whoever asks and whenever, and carries the hashed figures',
  needs('pdftotext', 'pdfdetach'),
  async () => {
    const [first, second] = [
      await get(`/statements/${statement.id}.pdf`, it.founder),
      await get(`/statements/${statement.id}.pdf`, world.staff.operations),
    ]
    assert.equal(first.status, 200)
    assert.deepEqual(first.body, second.body)
    const path = join(folder, 'statement.pdf')
    writeFileSync(path, first.body)
    run('pdfdetach', ['-saveall', '-o', folder, path])
    const attached = readFileSync(join(folder, 'statement.json'))
    assert.equal(createHash('sha256').update(attached).digest('hex'), statement.sha256)
    const words = run('pdftotext', ['-raw', '-enc', 'UTF-8', path, '-']).replace(/\s+/g, ' ')
    for (const part of [
      'January 2027: 14',
      'Lumen Robotics, Inc.',
      '1 Jan 2027 to 31 Jan 2027',
      'Charged: delivered 11',
      'Charged: reserved and not used 3',
      // 11 hours earn floor(117,500 * 11 / 100,000) = 12 shares: 24 USD by 11 hours.
      'USD 2.1818',
      'exactly 24/11',
      'finetune',
      `${statement.sha256.slice(0, 16)}…`,
    ]) {
      assert.ok(words.includes(part), `${part} in ${words}`)
    }
  },
)

test('the PDF is one that archives take', needs('qpdf'), async () => {
  const path = join(folder, 'checked.pdf')
  writeFileSync(path, (await get(`/statements/${statement.id}.pdf`, it.founder)).body)
  assert.match(run('qpdf', ['--check', path]), /No syntax or stream encoding errors/)
  const bytes = readFileSync(path).toString('latin1')
  assert.match(bytes, /pdfaid:part>3</)
  assert.match(bytes, /pdfaid:conformance>A</)
})

test('what one may not see answers like what does not exist, page and files alike', async () => {
  const stranger = await world.company('Another, Inc.')
  for (const ending of ['', '.pdf', '.csv', '.json']) {
    const nothing = await get(`/statements/Statement:${it.companyId}:${newId()}${ending}`, it.founder)
    assert.equal(nothing.status, 404)
    for (const person of [stranger.founder, world.staff.provider, world.staff.regulator]) {
      const answer = await get(`/statements/${statement.id}${ending}`, person)
      assert.equal(answer.status, 404)
      assert.equal(text(answer.body), text(nothing.body))
    }
    assert.equal((await get(`/statements/${statement.id}${ending}`)).status, 401)
  }
  for (const id of ['', 'Statement:', `Company:${it.companyId}`, `Statement:${it.companyId}`, `${statement.id}.exe`]) {
    assert.equal((await get(`/statements/${encodeURIComponent(id)}`, it.founder)).status, 404)
  }
})

test('the page shows the account to all who see it, and the forms to the company only', async () => {
  const page = text((await get(`/statements/${statement.id}`, it.founder)).body)
  assert.match(page, /<h1>January 2027: 14 tokens charged, 12 shares earned<\/h1>/)
  assert.match(page, /Stated, not answered yet/)
  assert.match(page, /<svg/)
  assert.ok(page.includes(`action="/statements/${statement.id}/answer"`))
  const twofold = await both(world, 'analyst', 'founder', { companyId: it.companyId })
  for (const person of [world.staff.operations, world.staff.analyst, twofold]) {
    const read = text((await get(`/statements/${statement.id}`, person)).body)
    assert.match(read, /shares earned/)
    assert.ok(!read.includes('/answer'))
  }
})

test('the company accepts on the page what it has read; an old hash, another site and staff do not', async () => {
  const path = `/statements/${statement.id}/answer`
  const fields = { answer: 'ACCEPT', sha256: statement.sha256, read: 'yes' }
  assert.equal((await post(path, it.founder, { ...fields, read: '' })).status, 400)
  const stale = await post(path, it.founder, { ...fields, sha256: 'ab'.repeat(32) })
  assert.equal(stale.status, 409)
  assert.match(stale.text, /Read it again/)
  assert.equal((await post(path, world.staff.operations, fields)).status, 403)
  assert.equal((await post(path, it.founder, fields).set('sec-fetch-site', 'cross-site')).status, 403)
  assert.equal((await post(path, it.founder, { ...fields, answer: 'DISPUTE' })).status, 400)
  assert.equal((await post(path, it.founder, fields)).status, 303)
  assert.match(text((await get(`/statements/${statement.id}`, it.founder)).body), /Accepted/)
  assert.equal((await post(path, it.founder, fields)).status, 409)
  await assertSound(world, it)
})
