/** A dispute settled on its page: by the company and the fund, without the console and without a script. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { makeWorld, type Person } from '../support/world.ts'
import { corrected, recorded } from './given-corrections.ts'
import { assertSound, givenDrawdown, progressOf, usage } from './given-drawdown.ts'

const world = await makeWorld()
const { staff } = world
const HOUR = 3600

const get = (path: string, by: Person) => request(world.app).get(path).set('authorization', `Bearer ${by.token}`)
const post = (path: string, by: Person, fields: Record<string, string | string[]> = {}) =>
  request(world.app)
    .post(path)
    .set('authorization', `Bearer ${by.token}`)
    .set('sec-fetch-site', 'same-origin')
    .type('form')
    .send(fields)

/** Two jobs in January, four and three hours of ten: the company disputes the second one on the statement's page. */
async function disputed() {
  const it = await givenDrawdown(world)
  const reservationId = await it.reserved(10)
  const ids = await recorded(world, it, reservationId, [usage('a', 4 * HOUR), usage('b', 3 * HOUR)], true)
  const statement = await it.stated('2027-01-01', '2027-02-03T09:00:00Z')
  const page = await get(`/statements/${statement.id}`, it.founder)
  // Each record can be named, with what it cost.
  assert.match(page.text, new RegExp(`name="usageIds" value="${ids.b}"`))
  assert.match(page.text, /3 tokens|3\.0* tokens/)
  const answered = await post(`/statements/${statement.id}/answer`, it.founder, {
    answer: 'DISPUTE',
    sha256: statement.sha256,
    reason: 'Job b never ran.',
    reasonCode: 'NOT_RECEIVED',
    usageIds: [ids.b ?? ''],
  })
  assert.equal(answered.status, 303, answered.text)
  const [path] = (await get(`/statements/${statement.id}`, it.founder)).text.match(/\/disputes\/[^"]+/) ?? []
  assert.ok(path !== undefined)
  return { it, ids, path, reservationId }
}

test('both sides settle it: evidence, a proposal with corrected records, agreement by the other side', async () => {
  const { it, ids, path } = await disputed()
  const mine = await get(path, it.founder)
  assert.match(mine.text, /Job b never ran\./)
  assert.match(mine.text, /The compute was not received/)
  assert.match(mine.text, /10,800/)
  assert.doesNotMatch(mine.text, /14,400/)
  const file = Buffer.from('job,end\nb,02:00\n')
  const attached = await request(world.app)
    .post(`${path}/evidence`)
    .set('authorization', `Bearer ${it.founder.token}`)
    .set('sec-fetch-site', 'same-origin')
    .attach('file', file, { filename: 'job b.csv', contentType: 'text/csv' })
  assert.equal(attached.status, 303, attached.text)
  const fund = await get(path, staff.operations)
  const [document] = fund.text.match(/\/documents\/[^"]+/) ?? []
  assert.equal((await get(document ?? '', staff.operations)).text, file.toString())
  // Staff read the evidence and attach none.
  assert.doesNotMatch(fund.text, /type="file"/)

  const nothing = await post(`${path}/propose`, staff.operations, { outcome: 'CORRECTED', note: 'As logged.' })
  assert.deepEqual([nothing.status, /at least one record/.test(nothing.text)], [409, true])
  const fields = { outcome: 'CORRECTED', [`gpuSeconds.${ids.b}`]: '3,600', note: 'One hour ran.' }
  assert.equal((await post(`${path}/propose`, staff.operations, fields)).status, 303)
  // Nobody agrees to what their own side proposed.
  assert.doesNotMatch((await get(path, staff.partner)).text, /Agree to this proposal/)
  const theirs = (await get(path, it.founder)).text
  const [, proposalId = ''] = /name="proposalId" value="([^"]+)"/.exec(theirs) ?? []
  assert.match(theirs, /3,600/)
  const unread = await post(`${path}/confirm`, it.founder, { proposalId })
  assert.deepEqual([unread.status, /must be ticked/.test(unread.text)], [409, true])
  // Pressed again and again it is agreed to once, and every press leads to the page that says so.
  const agreed = await Promise.all(
    Array.from({ length: 10 }, () => post(`${path}/confirm`, it.founder, { proposalId, read: 'yes' })),
  )
  assert.deepEqual([...new Set(agreed.map(({ status }) => status))], [303])
  assert.equal(await told('dispute.settled', path), 1)
  const settled = (await get(path, it.founder)).text
  assert.match(settled, /Settled/)
  assert.match(settled, /Agreed by the other side/)
  assert.doesNotMatch(settled, /<button>/)
  // Four hours and one: 117,500 * 5 / 100,000 = 5.875.
  assert.equal((await progressOf(world, it))[0]?.earned_shares, 5n)
  await assertSound(world, it)
})

/** How often something is told of a dispute. */
const told = async (kind: string, path: string): Promise<number> =>
  (
    await world.deps.db
      .selectFrom('audit_event')
      .select('kind')
      .where('kind', '=', kind)
      .where('subject', '=', decodeURIComponent(path.slice('/disputes/'.length)))
      .execute()
  ).length

/** Fields of the form that proposes, as a browser would send them. */
const fieldsOf = (html: string): Record<string, string> =>
  Object.fromEntries(
    [
      ...html.matchAll(/<input type="(?:hidden|text)"[^>]* name="((?:key|shown|gpuSeconds)[^"]*)" value="([^"]*)"/g),
    ].map(([, name = '', value = '']) => [name, value]),
  )

test('a proposal says what it means: no outcome, figures that stand and are changed, and a page of yesterday are refused', async () => {
  const { it, ids, path, reservationId } = await disputed()
  const fields: Record<string, string> = {
    ...fieldsOf((await get(path, staff.operations)).text),
    note: 'As logged.',
  }
  assert.equal(fields[`gpuSeconds.${ids.b}`], '10800')
  const none = await post(`${path}/propose`, staff.operations, fields)
  assert.deepEqual([none.status, /outcome must be chosen/.test(none.text)], [409, true])
  const changed = { ...fields, [`gpuSeconds.${ids.b}`]: '7200' }
  const both = await post(`${path}/propose`, staff.operations, { ...changed, outcome: 'STANDS' })
  assert.deepEqual([both.status, /choose one of both/.test(both.text)], [409, true])
  // What was chosen and typed is still there.
  assert.match(both.text, /value="STANDS" required checked/)
  assert.match(both.text, /name="note" value="As logged\."/)
  assert.equal(fieldsOf(both.text)[`gpuSeconds.${ids.b}`], '7200')
  // Twice from one page is one proposal; another figure from the same page is another.
  for (const _ of [1, 2]) {
    assert.equal((await post(`${path}/propose`, staff.operations, { ...changed, outcome: 'CORRECTED' })).status, 303)
  }
  assert.equal(await told('dispute.settlement_proposed', path), 1)
  const other = { ...changed, [`gpuSeconds.${ids.b}`]: '3600', outcome: 'CORRECTED' }
  assert.equal((await post(`${path}/propose`, staff.operations, other)).status, 303)
  assert.equal(await told('dispute.settlement_proposed', path), 2)
  // The provider corrects the record. Whoever left the old figure as it was would propose to undo that.
  const stale = { ...fieldsOf((await get(path, it.founder)).text), outcome: 'STANDS', note: 'It stands.' }
  await corrected(staff.provider, { reservationId, records: [{ usageId: ids.b, gpuSeconds: '9000' }] })
  const refused = await post(`${path}/propose`, it.founder, stale)
  assert.deepEqual([refused.status, /others than this page showed/.test(refused.text)], [409, true], refused.text)
  await assertSound(world, it)
})

test('operations set it aside; others have no such form, and a stranger no such page', async () => {
  const { it, path } = await disputed()
  const stranger = await world.company('Another, Inc.')
  for (const person of [stranger.founder, staff.provider]) {
    assert.equal((await get(path, person)).status, 404)
    assert.equal((await post(`${path}/set-aside`, person)).status, 404)
    assert.equal((await post(`${path}/propose`, person, { outcome: 'STANDS', note: 'No.' })).status, 404)
  }
  for (const person of [staff.partner, it.founder]) {
    assert.doesNotMatch((await get(path, person)).text, /Set the dispute aside/)
    assert.equal((await post(`${path}/set-aside`, person)).status, 403)
  }
  assert.doesNotMatch((await get(path, staff.analyst)).text, /<form[^>]*\/disputes/)
  assert.equal((await post(`${path}/set-aside`, staff.operations)).status, 303)
  assert.match((await get(path, it.founder)).text, /Set aside/)
  assert.equal((await post(`${path}/set-aside`, staff.operations)).status, 303)
  assert.equal(await told('dispute.set_aside', path), 1)
  const cross = await request(world.app)
    .post(`${path}/set-aside`)
    .set('authorization', `Bearer ${staff.operations.token}`)
    .set('sec-fetch-site', 'cross-site')
  assert.equal(cross.status, 403)
  await assertSound(world, it)
})

test('a statement is answered once however often it is pressed, and a page of yesterday withdraws no dispute', async () => {
  const it = await givenDrawdown(world)
  await it.told(await it.reserved(10), [usage('a', 4 * HOUR)], true)
  const { id } = await it.stated('2027-01-01', '2027-02-03T09:00:00Z')
  const hidden = async () =>
    Object.fromEntries(
      [...(await get(`/statements/${id}`, it.founder)).text.matchAll(/name="(sha256|state|key)" value="([^"]+)"/g)].map(
        ([, name = '', value = '']) => [name, value],
      ),
    )
  const answers = async (fields: Record<string, string>) =>
    (await Promise.all([1, 2, 3].map(() => post(`/statements/${id}/answer`, it.founder, fields)))).map(
      ({ status }) => status,
    )
  const yesterday = await hidden()
  const typed = { ...yesterday, answer: 'DISPUTE', reason: 'x'.repeat(2001), reasonCode: 'OUTAGE' }
  const silent = await post(`/statements/${id}/answer`, it.founder, typed)
  assert.equal(silent.status, 400)
  assert.match(silent.text, /value="OUTAGE" selected/)
  assert.ok(silent.text.includes(`name="reason" value="${'x'.repeat(2001)}"`))
  const dispute = { ...yesterday, answer: 'DISPUTE', reason: 'Job a never ran.', reasonCode: 'NOT_RECEIVED' }
  assert.deepEqual(await answers(dispute), [303, 303, 303])
  const stale = await post(`/statements/${id}/answer`, it.founder, { ...yesterday, answer: 'ACCEPT', read: 'yes' })
  assert.deepEqual([stale.status, /disputed since this page was shown/.test(stale.text)], [409, true])
  assert.match(stale.text, /It withdraws the dispute that is open/)
  assert.deepEqual(await answers({ ...(await hidden()), answer: 'ACCEPT', read: 'yes' }), [303, 303, 303])
  const [path = ''] = (await get(`/statements/${id}`, it.founder)).text.match(/\/disputes\/[^"]+/) ?? []
  assert.match((await get(path, it.founder)).text, /Withdrawn/)
  const events = await world.deps.db
    .selectFrom('audit_event')
    .select('kind')
    .where('subject', '=', id)
    .where('kind', 'in', ['statement.accepted', 'statement.disputed'])
    .orderBy('kind')
    .execute()
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['statement.accepted', 'statement.disputed'],
  )
  await assertSound(world, it)
})

test('a file of another kind, none, or a form that is none is refused in words, and nothing is kept', async () => {
  const { it, path } = await disputed()
  const send = () =>
    request(world.app)
      .post(`${path}/evidence`)
      .set('authorization', `Bearer ${it.founder.token}`)
      .set('sec-fetch-site', 'same-origin')
  const script = await send().attach('file', Buffer.from('x'), { filename: 'x.sh', contentType: 'application/x-sh' })
  assert.deepEqual([script.status, /must be of one of these types/.test(script.text)], [409, true])
  const none = await send().field('other', 'x')
  assert.deepEqual([none.status, /must be chosen/.test(none.text)], [409, true])
  const broken = await send().set('content-type', 'multipart/form-data; boundary=x').send('--y\r\nnot a form')
  assert.deepEqual([broken.status, /must be chosen/.test(broken.text)], [409, true])
  assert.match((await get(path, it.founder)).text, /attached no evidence/)
})
