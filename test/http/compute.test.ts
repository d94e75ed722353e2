/** The page on which a company books: what it shows, its forms, its downloads, and who sees them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { calendarFeed } from '../../api/http/calendar-feed.ts'
import { at, booker, NOON } from '../clusters/given.ts'
import { makeWorld, type Person } from '../support/world.ts'

const world = await makeWorld()
await world.setClock(NOON)
const it = await booker(world, { capacity: 16, amount: '1000' })
const path = `/companies/${it.company.id}/compute`

const get = (person: Person, where = path) =>
  request(world.app).get(where).set('authorization', `Bearer ${person.token}`)
const post = (person: Person, where: string, fields: Record<string, string>) =>
  request(world.app).post(where).set('authorization', `Bearer ${person.token}`).type('form').send(fields)
const wish = (more: Record<string, string> = {}) => ({
  pool: it.pool.id,
  gpus: '4',
  startsAt: at(24 * 60).slice(0, 16),
  hours: '2',
  ...more,
})
const quoteIdOf = (html: string): string => /name="quoteId" value="([^"]+)"/.exec(html)?.[1] ?? assert.fail(html)

test('a founder sees tokens, free capacity with its table, and asks with a quote; a form sent twice asks once', async () => {
  const { founder } = it.company
  const page = await get(founder).expect(200)
  assert.match(page.text, /1,000 H100-hours [^ ]+ tokens can be booked/)
  assert.match(page.text, /Free GPUs of H100-SXM on fjord-1/)
  const quoted = await post(founder, `${path}/quote`, wish()).expect(200)
  // By hand: 4 GPUs for 2 hours at a factor of one.
  assert.match(quoted.text, /It takes 8 tokens/)
  const fields = wish({ quoteId: quoteIdOf(quoted.text) })
  for (let times = 0; times < 2; times += 1) {
    await post(founder, `${path}/reservations`, fields).expect(303).expect('location', path)
  }
  const rows = await world.deps.db
    .selectFrom('reservation')
    .select(['gpus', 'state'])
    .where('company_id', '=', it.company.companyId)
    .execute()
  assert.deepEqual(rows, [{ gpus: 4, state: 'held' }])
  const booked = await get(founder).expect(200)
  assert.match(booked.text, /Waits for the provider/)
  assert.match(booked.text, /992 H100-hours/)
})

test('more than is free waits; what cannot be is refused on the page in words, and nothing is written', async () => {
  const { founder } = it.company
  const full = await post(founder, `${path}/quote`, wish({ gpus: '16' })).expect(200)
  assert.match(full.text, /Only 12 GPUs are free then/)
  await post(
    founder,
    `${path}/reservations`,
    wish({ gpus: '16', quoteId: quoteIdOf(full.text), waitlist: '1' }),
  ).expect(303)
  assert.match((await get(founder)).text, /On the waiting list/)
  const before = await world.deps.db.selectFrom('reservation').select('reservation_id').execute()
  for (const [fields, words] of [
    [wish({ gpus: '0' }), /gpus/],
    [wish({ hours: '-1' }), /ends/],
    [wish({ startsAt: 'yesterday' }), /startsAt/],
    [wish({ pool: 'Pool:nothing' }), /poolId/],
    [wish({ gpus: '<b>' }), /gpus/],
  ] as const) {
    const refused = await post(founder, `${path}/quote`, fields)
    assert.ok([400, 409].includes(refused.status), `${refused.status}`)
    assert.match(refused.text, /Nothing was changed/)
    assert.match(refused.text, words)
    assert.doesNotMatch(refused.text, /<b>/)
  }
  assert.deepEqual(await world.deps.db.selectFrom('reservation').select('reservation_id').execute(), before)
})

test('a founder cancels, a signatory and staff only look, others find nothing, forms of other sites are refused', async () => {
  const { founder, signatory } = it.company
  const page = await get(founder)
  const action = /action="([^"]+\/cancel)"/.exec(page.text)?.[1] ?? assert.fail('no cancel form')
  await request(world.app)
    .post(action)
    .set('authorization', `Bearer ${founder.token}`)
    .set('sec-fetch-site', 'cross-site')
    .expect(403)
  for (const person of [signatory, world.staff.operations]) {
    const seen = await get(person).expect(200)
    assert.doesNotMatch(seen.text, /\/cancel"|id="request"/)
    assert.equal((await post(person, action, {})).status, 409)
  }
  const stranger = await world.company()
  for (const person of [stranger.founder, world.staff.regulator]) {
    for (const where of [path, `${path}/reservations.csv`, `${path}/reservations.ics`]) {
      await get(person, where).expect(404)
    }
  }
  await request(world.app).get(path).expect(401)
  await post(founder, action, {}).expect(303)
})

test('reservations as a calendar feed, as CSV and as JSON', async () => {
  const { founder } = it.company
  const feed = await get(founder, `${path}/reservations.ics`).expect(200)
  assert.match(feed.headers['content-type'] ?? '', /text\/calendar/)
  assert.match(feed.text, /^BEGIN:VCALENDAR\r\nVERSION:2\.0\r\n/)
  assert.match(feed.text, /DTSTART:20261121T120000Z\r\nDTEND:20261121T140000Z\r\n/)
  const csv = await get(founder, `${path}/reservations.csv`).expect(200)
  assert.equal(csv.text.trim().split(/\r?\n/).length, 3, 'a head and two reservations')
  const { body } = await get(founder, `${path}/reservations.json`).expect(200)
  assert.deepEqual(
    body.reservations.map((row: { gpus: string; held: string }) => [row.gpus, row.held]),
    [
      ['16', '32'],
      ['4', '8'],
    ],
  )
})

test('the feed folds long lines by octets and escapes what section 3.3.11 names', () => {
  const entry = {
    reservationId: 'r1',
    gpus: 8,
    startsAt: '2026-12-01T00:00:00Z',
    endsAt: '2026-12-02T00:00:00Z',
    state: 'confirmed',
    pool: `${'ü'.repeat(60)}; a, b\\c`,
    changedAt: '2026-11-20T12:00:00Z',
  }
  const feed = calendarFeed('Ærø, Inc.', [entry], '2026-11-20T12:00:00Z')
  for (const line of feed.split('\r\n')) assert.ok(Buffer.byteLength(line) <= 75, line)
  const unfolded = feed.replaceAll('\r\n ', '')
  assert.match(unfolded, /X-WR-CALNAME:Compute of Ærø\\, Inc\./)
  assert.ok(unfolded.includes(`SUMMARY:8 GPUs\\, ${'ü'.repeat(60)}\\; a\\, b\\\\c\r\n`))
  assert.match(unfolded, /STATUS:CONFIRMED/)
})

test('a pool that is not open yet has no chart, and the page stands', async () => {
  const early = await booker(world, { opensAt: '2030-01-01T00:00:00Z' })
  const page = await get(early.company.founder, `/companies/${early.company.id}/compute`).expect(200)
  assert.doesNotMatch(page.text, /When GPUs are free/)
  assert.match(page.text, /Book GPUs/)
})
