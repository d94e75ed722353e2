/** Pages of cap table, round and sale, with their files: what they say, to whom, and what they do with bad addresses. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import request from 'supertest'
import { givenCompany } from '../rounds/given-round.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { needs, run } from '../templates/tools.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')
const it = await givenCompany(world)
const round = await it.drafted()

const get = (path: string, by: Person = world.staff.analyst) =>
  request(world.app).get(path).set('authorization', `Bearer ${by.token}`)
const page = async (path: string, by?: Person): Promise<string> => {
  const answer = await get(path, by)
  assert.equal(answer.status, 200, `${path}: ${answer.text}`)
  // To look at them: EQUIHOUR_TEST_PAGES=<folder>
  const folder = process.env.EQUIHOUR_TEST_PAGES
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}/${path.replace(/\?.*/, '').split('/').slice(-1)}-${path.split('/')[1]}.html`, answer.text)
  }
  return answer.text.replaceAll(/\s+/g, ' ')
}

test('the cap table says in its first line what there is, and proves it by charts and tables', async () => {
  const text = await page(`/companies/${it.id}/cap-table`, it.founder)
  for (const words of [
    '<h1>11,500,000 shares fully diluted on 20 Nov 2026</h1>',
    '9,500,000 outstanding, 300,000 under options and awards, 0 under warrants, 1,700,000 reserved and not granted.',
    'Harbor Seed Fund II, L.P.',
    // 1,500,000 of 11,500,000.
    '13.04',
    'How ownership changed',
    // After the founding 4,000,000 of 10,000,000, the reserve of 2,000,000 among them; after the seed round of 11,500,000.
    '40.00',
    '34.78',
  ]) {
    assert.ok(text.includes(words), words)
  }
  assert.match(
    await page(`/companies/${it.id}/cap-table?asOf=2024-02-01`),
    /10,000,000 shares fully diluted on 1 Feb 2024/,
  )
})

test('a round is shown before and after, with and without unearned shares', async () => {
  const text = await page(`/rounds/${round}/pro-forma`)
  // 11,500,000 of 12,117,500 and of 12,000,000: 94.90 and 95.83 per cent.
  for (const words of [
    'today’s holders own 94.90 % of the company',
    'they own 95.83 %',
    '117,500',
    'USD 2.00 a share',
  ]) {
    assert.ok(text.includes(words), words)
  }
  const json = await get(`/rounds/${round}/pro-forma.json`)
  assert.match(json.headers['content-disposition'] ?? '', /pro-forma\.json/)
  assert.match(json.text, /"Northgrid Ventures I, L\.P\."/)
  const csv = await get(`/rounds/${round}/pro-forma.csv`)
  assert.match(csv.headers['content-type'] ?? '', /text\/csv/)
  assert.match(csv.text, /Northgrid Ventures I/)
})

test('a sale is shown at the value that was asked for, with the chart through every breakpoint', async () => {
  const text = await page(`/companies/${it.id}/waterfall?exit=10,000,000`, it.founder)
  // As in the waterfall's own test: 4,000,000 x 1.01384615... to each founder; seed takes 1,800,000.
  for (const words of [
    'USD 10,000,000.00',
    '4,055,384.6',
    '1,800,000.00',
    '11,512,500.00',
    'Series Seed Preferred Stock converts to common',
  ]) {
    assert.ok(text.includes(words), words)
  }
  const { body } = await get(`/companies/${it.id}/waterfall.json?exit=10000000`)
  assert.equal(body.exits[0].exit, '10000000')
  assert.equal(body.breakpoints.length, 3)
  const { text: csv } = await get(`/companies/${it.id}/waterfall.csv?exit=10000000`)
  assert.ok(csv.startsWith('exit value,holder,for,payout,currency\r\n10000000,'), csv.slice(0, 80))
  const after = await page(`/rounds/${round}/waterfall?exit=2000000`)
  assert.match(after, /By the pro forma of Series A/)
  assert.ok(
    after.includes(`href="/rounds/${round}/protections"`),
    'where the terms say what becomes of unearned shares',
  )
})

test(
  'a sale is a PDF with the chart and the tables of its page, the same bytes each time',
  needs('pdftotext'),
  async () => {
    const path = `/companies/${it.id}/waterfall.pdf?exit=10000000&asOf=2026-11-20`
    const read = () => get(path, it.founder).buffer(true).responseType('blob')
    const [one, other] = [await read(), await read()]
    assert.equal(one.headers['content-type'], 'application/pdf')
    assert.ok(one.body.equals(other.body))
    const folder = process.env.EQUIHOUR_TEST_PAGES
    if (folder !== undefined) writeFileSync(`${folder}/waterfall.pdf`, one.body)
    const text = run('pdftotext', ['-', '-'], one.body).replaceAll(/\s+/g, ' ')
    // As on the page.
    for (const words of ['Sold for USD 10,000,000.00', '4,055,384.6', '1,800,000.00', '11,512,500.00', 'Common Stock'])
      assert.ok(text.includes(words), `${words} in ${text}`)
    assert.equal((await get(`/rounds/${round}/waterfall.pdf?exit=2000000`)).status, 200)
    assert.equal((await get(`/rounds/${round}/waterfall.pdf`, it.founder)).status, 404)
  },
)

test('the downloads of a sale are of the day of its page', async () => {
  // On 1 Feb 2024 there is common alone: 8,000,000 shares of two founders.
  const text = await page(`/companies/${it.id}/waterfall?exit=8000000&asOf=2024-02-01`)
  const [, csv = ''] = /href="([^"]+waterfall\.csv[^"]*)"/.exec(text) ?? []
  const rows = (await get(csv.replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))))).text
    .split('\r\n')
    .filter((row) => row.startsWith('8000000,'))
  assert.deepEqual(
    [...new Set(rows)].map((row) => row.split(',')[3]),
    ['4000000', '4000000'],
  )
})

test('the JSON of a cap table holds every holder and security, exact', async () => {
  const { body } = await get(`/companies/${it.id}/cap-table.json?asOf=2026-11-20`)
  assert.equal(body.totals.fullyDiluted, '11500000')
  assert.equal(body.stakeholders.length, 4)
  assert.equal(body.securities.length, 4)
})

test('what one may not see looks like what is not there, and a bad address says so', async () => {
  const stranger = (await world.company('Elsewhere, Inc.')).founder
  const paths = ['cap-table', 'cap-table.json', 'waterfall', 'waterfall.csv'].map(
    (name) => `/companies/${it.id}/${name}`,
  )
  const drafts = ['pro-forma', 'pro-forma.json', 'waterfall'].map((name) => `/rounds/${round}/${name}`)
  const gone = await get('/companies/Company:none/cap-table')
  for (const path of [...paths, ...drafts]) {
    for (const by of [stranger, world.staff.provider, world.staff.regulator]) {
      const answer = await get(path, by)
      assert.deepEqual([answer.status, answer.text], [404, gone.text], path)
    }
    assert.equal((await request(world.app).get(path)).status, 401, path)
  }
  // A founder sees a round only once its term sheet is issued.
  for (const path of drafts) assert.equal((await get(path, it.founder)).status, 404, path)
  for (const [path, status] of [
    [`/companies/${it.id}/cap-table?asOf=yesterday`, 400],
    [`/companies/${it.id}/cap-table?asOf=2020-01-01`, 409],
    [`/companies/${it.id}/waterfall?exit=much`, 400],
    [`/companies/${it.id}/waterfall?exit=-1`, 400],
    [`/companies/${it.id}/waterfall?exit=1&exit=2`, 400],
    [`/companies/${it.id}/waterfall?unearned=none`, 400],
    ['/companies/Company:/cap-table', 404],
    [`/rounds/${it.id}/pro-forma`, 404],
  ] as const) {
    const answer = await get(path)
    assert.equal(answer.status, status, `${path}: ${answer.text}`)
    assert.match(answer.text, /<h1>/, path)
  }
})
