/** The page on which a company books: what it shows, its forms, its downloads, and who sees them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { requestReservation, setMeterDelay } from '../../api/clusters/index.ts'
import { startReservation } from '../../api/drawdown/index.ts'
import { calendarFeed } from '../../api/http/calendar-feed.ts'
import { at, booker, NOON } from '../clusters/given.ts'
import { type Drawdown, givenDrawdown } from '../drawdown/given-drawdown.ts'
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
  assert.match(page.text, /1,000 H100-hours [^ ]+ can be booked/)
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
    [wish({ hours: '1e15' }), /ends/],
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
  const list = await get(founder)
  const own =
    /<a href="([^"]+\/reservations\/Reservation:[^"]+)">/.exec(list.text)?.[1] ?? assert.fail('no reservation')
  const page = await get(founder, own).expect(200)
  const action = /action="([^"]+\/cancel)"/.exec(page.text)?.[1] ?? assert.fail('no cancel form')
  await request(world.app)
    .post(action)
    .set('authorization', `Bearer ${founder.token}`)
    .set('sec-fetch-site', 'cross-site')
    .expect(403)
  for (const person of [signatory, world.staff.operations]) {
    assert.doesNotMatch((await get(person).expect(200)).text, /id="request"/)
    assert.doesNotMatch((await get(person, own).expect(200)).text, /<form method="post" action="\/companies/)
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
    body.reservations.map((row: { gpus: string; setAside: string; held: string; returned: string }) => [
      row.gpus,
      row.setAside,
      row.held,
      row.returned,
    ]),
    // One waited for GPUs until it was cancelled: nothing was set aside. The other waits for the provider: 4 GPUs for 2 hours.
    [
      ['16', '0', '0', '0'],
      ['4', '8', '8', '0'],
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
    sequence: 3,
  }
  const feed = calendarFeed('Ærø, Inc.', [entry])
  for (const line of feed.split('\r\n')) assert.ok(Buffer.byteLength(line) <= 75, line)
  const unfolded = feed.replaceAll('\r\n ', '')
  assert.match(unfolded, /X-WR-CALNAME:Compute of Ærø\\, Inc\./)
  assert.ok(unfolded.includes(`SUMMARY:8 GPUs\\, ${'ü'.repeat(60)}\\; a\\, b\\\\c\r\n`))
  assert.match(unfolded, /DTSTAMP:20261120T120000Z\r\nSEQUENCE:3\r\nLAST-MODIFIED:20261120T120000Z\r\n/)
  assert.match(unfolded, /STATUS:CONFIRMED/)
})

test('a reservation that changes is the same event with a higher sequence, and its own page changes and cancels it', async () => {
  const own = await booker(world, { capacity: 16 })
  const { founder } = own.company
  const base = `/companies/${own.company.id}/compute`
  const quoted = await post(founder, `${base}/quote`, wish({ pool: own.pool.id }))
  await post(founder, `${base}/reservations`, wish({ pool: own.pool.id, quoteId: quoteIdOf(quoted.text) })).expect(303)
  const feed = async () => (await get(founder, `${base}/reservations.ics`).expect(200)).text
  const first = await feed()
  const uid = /UID:(\S+)/.exec(first)?.[1] ?? assert.fail(first)
  assert.match(first, /SEQUENCE:0\r\n/)
  assert.equal(await feed(), first)
  const page = `${base}/reservations/Reservation:${own.company.companyId}:${uid.split('@')[0]}`
  const change = { gpus: '6', startsAt: at(24 * 60).slice(0, 16), endsAt: at(27 * 60).slice(0, 16) }
  await post(founder, `${page}/change`, change).expect(303).expect('location', page)
  // 6 GPUs for three hours.
  assert.match(
    (await get(founder, page).expect(200)).text,
    /6 GPUs from 21\sNov\s2026, 12:00 UTC to 21\sNov\s2026, 15:00 UTC/,
  )
  const changed = await feed()
  assert.ok(changed.includes(`UID:${uid}`))
  assert.match(changed, /SEQUENCE:1\r\n/)
  assert.match(changed, /DTEND:20261121T150000Z/)
  for (const bad of [{ gpus: '0' }, { gpus: '1.5' }, { startsAt: 'noon' }, { endsAt: at(0).slice(0, 16) }]) {
    const refused = await post(founder, `${page}/change`, { ...change, ...bad })
    assert.ok([400, 409].includes(refused.status))
    assert.match(refused.text, /Nothing was changed/)
  }
  // What it would take is shown first; the button that follows holds to it, and pressed twice it changes once.
  const shown = await post(founder, `${page}/quote-change`, { ...change, gpus: '4' }).expect(200)
  const words = shown.text.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
  assert.match(words, /4 GPUs from .* to .*: 12 tokens in place of 18\. All 6 that are given up return\./)
  assert.match(words, /Cancelled at least .* before the start, everything returns/)
  assert.match(await feed(), /SEQUENCE:1\r\n/, 'nothing has changed by asking')
  const quoteId = /name="quoteId" value="([^"]+)"/.exec(shown.text)?.[1] ?? assert.fail('no quote')
  const other = await post(founder, `${page}/change`, { ...change, gpus: '3', quoteId }).expect(409)
  assert.match(other.text, /is a quote for another change/)
  for (const _ of [1, 2]) await post(founder, `${page}/change`, { ...change, gpus: '4', quoteId }).expect(303)
  assert.match(await feed(), /SEQUENCE:2\r\n/)
  for (const bad of [{ gpus: '1.5' }, { endsAt: at(0).slice(0, 16) }, change]) {
    const refused = await post(founder, `${page}/quote-change`, { ...change, gpus: '4', ...bad })
    assert.ok(bad === change ? refused.status === 200 : [400, 409].includes(refused.status), JSON.stringify(bad))
  }
  // An answer that is none refuses nothing.
  assert.match((await post(founder, `${page}/offer`, {}).expect(409)).text, /answer must be chosen/)
  // For what it costs now, and not for what a page of yesterday said; pressed twice it is cancelled once.
  const stale = await post(founder, `${page}/cancel`, { fee: '1.5' }).expect(409)
  assert.match(stale.text, /fee is 0 tokens by now, and was 1\.5 when this page was shown/)
  assert.match(stale.text, /name="fee" value="0"/)
  for (const _ of [1, 2]) await post(founder, `${page}/cancel`, { fee: '0' }).expect(303)
  assert.match(await feed(), /SEQUENCE:3\r\n[\s\S]*STATUS:CANCELLED/)
  const stranger = await world.company()
  for (const person of [stranger.founder, world.staff.regulator]) await get(person, page).expect(404)
  await get(founder, page.replace(own.company.id, stranger.id)).expect(404)
  await get(founder, `${base}/reservations/nonsense`).expect(404)
})

test('the form of a quote that is pressed again after the provider declined says so, and offers a new quote', async () => {
  const { founder, companyId } = it.company
  const decide = async (name: 'decideReservation' | 'decideChange', reservationId: string, more: object) => {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
    const { data, errors } = await world.staff.provider.graphql(
      `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on DomainError { message } } }`,
      { input: { reservationId, ...more } },
    )
    assert.deepEqual([errors ?? [], data?.[name].__typename], [[], 'Reservation'], JSON.stringify(data))
  }
  const DECLINE = { decision: 'DECLINE', reasonCode: 'MAINTENANCE' }
  const newest = async () => {
    const { reservation_id: id } = await world.deps.db
      .selectFrom('reservation')
      .select('reservation_id')
      .where('company_id', '=', companyId)
      .orderBy('reservation_id', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow()
    return `Reservation:${companyId}:${id}`
  }
  const asked = wish({ startsAt: at(9 * 24 * 60).slice(0, 16) })
  const first = quoteIdOf((await post(founder, `${path}/quote`, asked).expect(200)).text)
  await post(founder, `${path}/reservations`, { ...asked, quoteId: first }).expect(303)
  const declined = await newest()
  await decide('decideReservation', declined, DECLINE)
  const again = await post(founder, `${path}/reservations`, { ...asked, quoteId: first }).expect(409)
  assert.match(again.text, /The provider has declined this request\. A new quote for the same is below\./)
  assert.equal(await newest(), declined, 'nothing is asked for by that')
  const second = quoteIdOf(again.text)
  assert.notEqual(second, first)
  await post(founder, `${path}/reservations`, { ...asked, quoteId: second }).expect(303)
  const made = await newest()
  assert.notEqual(made, declined)
  await decide('decideReservation', made, { decision: 'APPROVE' })
  // The same of a change: an hour more.
  const own = `${path}/reservations/${made}`
  const change = { gpus: '4', startsAt: asked.startsAt, endsAt: at(9 * 24 * 60 + 180).slice(0, 16) }
  const quote = quoteIdOf((await post(founder, `${own}/quote-change`, change).expect(200)).text)
  for (const _ of [1, 2]) await post(founder, `${own}/change`, { ...change, quoteId: quote }).expect(303)
  await decide('decideChange', made, DECLINE)
  const late = await post(founder, `${own}/change`, { ...change, quoteId: quote }).expect(409)
  assert.match(late.text, /The provider has declined this change\. A new quote for the same is below\./)
  const anew = quoteIdOf(late.text)
  assert.notEqual(anew, quote)
  await post(founder, `${own}/change`, { ...change, quoteId: anew }).expect(303)
  assert.match((await get(founder, own).expect(200)).text, /The provider is asked for/)
})

test('a pool that is not open yet has no chart, and the page stands', async () => {
  const early = await booker(world, { opensAt: '2030-01-01T00:00:00Z' })
  const page = await get(early.company.founder, `/companies/${early.company.id}/compute`).expect(200)
  assert.doesNotMatch(page.text, /When GPUs are free/)
  assert.match(page.text, /Book GPUs/)
})

test('the quote names every rule before it is confirmed, and how long after the grace time nobody is found to have come', async () => {
  const booking = {
    refunds: [
      { hoursBefore: 168, part: '0.9' },
      { hoursBefore: 48, part: '0.5' },
    ],
    lockedRefund: '0.25',
    noShowGraceMinutes: 30,
    noShowPart: '0.8',
    outageFactor: '1.5',
  }
  const reserved = await givenDrawdown(world, { booking })
  const metered = await givenDrawdown(world, { charging: 'METERED' })
  const own = async (deal: Drawdown) => {
    const wish = { pool: deal.pool.id, gpus: '4', startsAt: '2027-01-20T00:00', hours: '2' }
    const { text } = await post(deal.founder, `/companies/${deal.id}/compute/quote`, wish).expect(200)
    return [...text.matchAll(/<li>([^<]*)<\/li>/g)].map(([, rule]) => rule)
  }
  const delay = (minutes: number) =>
    setMeterDelay(world.deps, world.staff.provider.actor, { poolId: reserved.pool.id, minutes, source: 'Schedule B' })
  const found = (how: string) =>
    `${how} The provider may say so once that time is over. Use that is told late puts it right.`
  const last =
    'What is given up of a confirmed reservation is charged like a cancellation of it. If the provider does not decide in time, or cancels, everything returns but what was used.'
  const rules = [
    'The reserved time is charged, used or not; what is not used earns no shares unless the terms say so.',
    'Cancelled at least 168 hours before the start, 90% returns.',
    'Cancelled later, but at least 24 hours before the start, 50% returns.',
    'Cancelled less than 24 hours before the start, 25% returns.',
    'Unused for 30 minutes, the GPUs are given to others and 80% is charged.',
    'Time in which GPUs are down and nothing ran is credited 1.5 times.',
  ]
  const ended = found('The meter tells of jobs that have ended: whether anybody came is decided a day after the end.')
  assert.deepEqual(await own(reserved), [...rules, ended, last])
  for (const [minutes, how] of [
    [90, 'The meter tells of use within 90 minutes: whether anybody came is decided so long after that time.'],
    [0, 'Whether anybody came is told by the meter at once.'],
  ] as const) {
    await delay(minutes)
    assert.deepEqual(await own(reserved), [...rules, found(how), last])
  }
  // With terms that meter only, nothing but use is ever charged; their refunds are the house's.
  assert.deepEqual(await own(metered), [
    'Only metered use is charged.',
    'Cancelled at least 24 hours before the start, everything returns.',
    'Cancelled less than 24 hours before the start, 100% returns.',
    'Unused for 60 minutes, the GPUs are given to others and nothing is charged.',
    ended,
    last,
  ])
})

test('what a request would take is said while the form is filled in, and nothing is stored', async () => {
  await world.setClock(NOON)
  const own = await booker(world, { capacity: 16 })
  const { founder } = own.company
  const base = `/companies/${own.company.id}/compute`
  const page = await get(founder, base).expect(200)
  assert.ok(page.text.includes(`data-estimate="${base}/estimate"`))
  const script = /<script src="(\/assets\/live-quote[^"]+\.js)" defer>/.exec(page.text)?.[1] ?? assert.fail('no script')
  const { headers, text } = await request(world.app).get(script).expect(200)
  assert.match(headers['content-type'] ?? '', /text\/javascript/)
  assert.match(text, /data-estimate/)
  const told = async (fields: Record<string, string>, by = founder) =>
    get(by, `${base}/estimate?${new URLSearchParams(wish({ pool: own.pool.id, ...fields }))}`)
  // By hand: 4 GPUs for 2 hours at a factor of one.
  const good = await told({})
  assert.deepEqual([good.status, good.text], [200, 'It would take 8 tokens. 16 GPUs are free then.'])
  assert.match(good.headers['content-type'] ?? '', /text\/plain/)
  assert.equal((await told({ gpus: '20', hours: '1' })).text, 'It would take 20 tokens. Only 16 GPUs are free then.')
  for (const [fields, status, words] of [
    [{ gpus: '0' }, 400, /gpus/],
    [{ hours: '-1' }, 409, /ends before it starts/],
    [{ startsAt: '' }, 400, /startsAt/],
    [{ pool: 'Pool:nothing' }, 400, /poolId/],
  ] as const) {
    const bad = await told(fields)
    assert.equal(bad.status, status, bad.text)
    assert.match(bad.text, words)
  }
  const stranger = await world.company()
  assert.equal((await told({}, stranger.founder)).status, 404)
  const quotes = await world.deps.db
    .selectFrom('reservation_quote')
    .select('quote_id')
    .where('company_id', '=', own.company.companyId)
    .execute()
  assert.deepEqual(quotes, [])
})

test('a quote says over GraphQL how nobody is found, and is refused once that is another', async () => {
  const deal = await givenDrawdown(world)
  const wish = {
    companyId: deal.id,
    poolId: deal.pool.id,
    gpus: 4,
    startsAt: '2027-01-20T00:00:00Z',
    endsAt: '2027-01-20T02:00:00Z',
  }
  const quote = async () => {
    const { data } = await deal.founder.graphql(
      `mutation ($input: QuoteReservationInput!) { quoteReservation(input: $input) {
        ... on StoredQuote { id noShowFoundBy noShowFoundAfterMinutes } } }`,
      { input: wish },
    )
    return data.quoteReservation
  }
  const request = async (quoteId: string) => {
    const { data } = await deal.founder.graphql(
      `mutation ($input: RequestReservationInput!) { requestReservation(input: $input) { __typename ... on QuoteExpired { why } } }`,
      { input: { ...wish, quoteId } },
    )
    return data.requestReservation
  }
  const first = await quote()
  assert.deepEqual([first.noShowFoundBy, first.noShowFoundAfterMinutes], ['AFTER_END', 1440])
  const delay = { poolId: deal.pool.id, minutes: 45, source: 'Schedule B' }
  await setMeterDelay(world.deps, world.staff.provider.actor, delay)
  assert.deepEqual(await request(first.id), { __typename: 'QuoteExpired', why: 'RULES' })
  const second = await quote()
  assert.deepEqual([second.noShowFoundBy, second.noShowFoundAfterMinutes], ['METER', 45])
  assert.equal((await request(second.id)).__typename, 'Reservation')
})

test('reservations are listed in parts, forth and back, each of them once', async () => {
  const own = await booker(world, { capacity: 64, amount: '1000' })
  const { founder } = own.company
  const base = `/companies/${own.company.id}/compute`
  await world.setClock(NOON)
  // Sixty, each of another hour: 25, 25 and 10.
  for (let hour = 1; hour <= 60; hour += 1) {
    await requestReservation(world.deps, founder.actor, {
      companyId: own.company.id,
      poolId: own.pool.id,
      gpus: 1,
      startsAt: at(hour * 60),
      endsAt: at(hour * 60 + 60),
    })
  }
  const part = async (query: string) => {
    const { text } = await get(founder, `${base}${query}`).expect(200)
    const link = (word: string) =>
      new RegExp(`href="[^"?]+(\\?(?:older|newer)=[0-9a-f-]{36})#reservations">${word}<`).exec(text)?.[1]
    const rows = [...text.matchAll(/reservations\/(Reservation:[^"]+)">/g)].map(([, id]) => id)
    return {
      rows,
      older: link('Older'),
      newer: link('Newer'),
      caption: /The newest \d+ of \d+ reservations/.exec(text)?.[0],
    }
  }
  const first = await part('')
  const second = await part(first.older ?? assert.fail('no older'))
  const third = await part(second.older ?? assert.fail('no older'))
  assert.deepEqual([first.rows.length, second.rows.length, third.rows.length], [25, 25, 10])
  assert.equal(new Set([first, second, third].flatMap(({ rows }) => rows)).size, 60)
  assert.deepEqual([first.newer, third.older], [undefined, undefined])
  const back = await part(third.newer ?? assert.fail('no newer'))
  assert.deepEqual(back.rows, second.rows)
  const start = await part(back.newer ?? assert.fail('no newer'))
  assert.deepEqual([start.rows, start.newer, start.older], [first.rows, undefined, first.older])
  assert.equal(first.caption, 'The newest 25 of 60 reservations')
  // What is no end of a list is the newest part.
  for (const query of ['?older=nonsense', '?newer=1', '?older=']) assert.deepEqual((await part(query)).rows, first.rows)
})

test('of one that runs the page asks with one press for more GPUs beside it, until the same end', async () => {
  const deal = await givenDrawdown(world, {}, { capacity: 16 })
  await world.setClock('2027-01-04T23:00:00Z')
  const id = await deal.reserved(8, 180, 0, '2027-01-04T23:00:00Z')
  const own = `/companies/${deal.id}/compute/reservations/${id}`
  assert.doesNotMatch((await get(deal.founder, own).expect(200)).text, /id="beside"/)
  await world.setClock('2027-01-05T01:00:00Z')
  await startReservation(world.deps, { companyId: deal.companyId, reservationId: id.split(':').at(-1) ?? '' })
  const { text } = await get(deal.founder, own).expect(200)
  const [card = ''] = /<section class="card" id="beside">[\s\S]*?<\/section>/.exec(text) ?? []
  const fields = Object.fromEntries(
    [...card.matchAll(/name="(\w+)"[^>]* value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  )
  const action = /action="([^"#]+)/.exec(card)?.[1] ?? assert.fail(text)
  const shown = await post(deal.founder, action, { ...fields, gpus: '4' }).expect(200)
  // By hand: from a quarter of an hour after one until three, 105 minutes, 4 GPUs at a factor of one.
  assert.match(shown.text, /It takes 7 tokens/)
  const booked = wish({ pool: fields.pool ?? '', startsAt: fields.startsAt ?? '', hours: fields.hours ?? '' })
  await post(deal.founder, `/companies/${deal.id}/compute/reservations`, {
    ...booked,
    quoteId: quoteIdOf(shown.text),
  }).expect(303)
  const row = await world.deps.db
    .selectFrom('reservation')
    .select(['gpus', 'starts_at as startsAt', 'ends_at as endsAt', 'state'])
    .where('company_id', '=', deal.companyId)
    .orderBy('reservation_id', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  assert.deepEqual(row, { gpus: 4, startsAt: '2027-01-05T01:15:00Z', endsAt: '2027-01-05T03:00:00Z', state: 'held' })
})
