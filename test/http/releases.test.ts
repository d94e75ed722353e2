/** Releases that no date gives, on their pages: asked for, confirmed, decided and taken back; by nobody else, and once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { raiseWall } from '../../api/access/index.ts'
import { inTransaction, newId } from '../../api/platform/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { type Deal, givenDeal } from '../closing/given-deal.ts'
import { statementsDuring } from '../support/statements.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { where } from '../tokens/given.ts'

const world = await makeWorld()
const { operations, provider, otherProvider, partner, analyst, regulator } = world.staff
const get = (by: Person, path: string) => request(world.app).get(path).set('authorization', `Bearer ${by.token}`)
const post = (by: Person, path: string, fields: Record<string, string> = {}) =>
  request(world.app).post(path).set('authorization', `Bearer ${by.token}`).type('form').send(fields)
const attach = (by: Person, path: string, name: string, bytes = Buffer.from('%PDF-1.7 a report')) =>
  request(world.app)
    .post(path)
    .set('authorization', `Bearer ${by.token}`)
    .attach('file', bytes, { filename: name, contentType: 'application/pdf' })

const MILESTONES: RoundTermsWire['releases'] = {
  kind: 'MILESTONES',
  milestones: [
    { code: 'TRAINED', text: 'The model of 7B is trained.', tokens: '40000', confirmedBy: 'fund' },
    { code: 'PILOT', text: 'The pilot runs.', tokens: '30000', confirmedBy: 'both' },
  ],
  releases: [{ on: '2026-12-15', tokens: '30000' }],
}
const ON_DEMAND: RoundTermsWire['releases'] = {
  kind: 'ON_DEMAND',
  onDemand: { perRequest: '20000', noticeDays: 0, confirmedBy: 'fund' },
  releases: [
    { on: '2026-12-15', tokens: '10000' },
    { on: '2027-06-15', tokens: '20000' },
  ],
}
async function given(releases: RoundTermsWire['releases']) {
  const deal = await givenDeal(world)
  const { lotId } = await deal.closed({ releases })
  await world.setClock('2027-01-15T10:00:00Z')
  return { deal, path: `/lots/Lot:${deal.companyId}:${lotId}/releases` }
}
const available = async (deal: Deal) => ((await where(world, deal.companyId)).available ?? 0n) / 1_000_000n
/** The hidden key of the form that has this field, as a browser would send it. */
const keyIn = (html: string, around: RegExp): string => {
  const form = html.split('<form').find((each) => around.test(each)) ?? ''
  return /name="key" value="([^"]+)"/.exec(form)?.[1] ?? ''
}
/** Where the form of a release that waits posts to. */
const actionIn = (html: string, act: string): string =>
  new RegExp(`action="([^"]+/${act}/[^"]+)"`).exec(html)?.[1] ?? assert.fail(`no form to ${act}`)

test('a founder asks, operations decide with a reason; a form that is sent twice asks once', async () => {
  const { deal, path } = await given(ON_DEMAND)
  const compute = await get(deal.founder, `/companies/${deal.id}/compute`).expect(200)
  assert.ok(compute.text.includes(path), 'the compute page leads there')
  const asked = async (amount: string, reason = 'A larger model') => {
    const key = keyIn((await get(deal.founder, path).expect(200)).text, /name="amount"/)
    assert.notEqual(key, '')
    return { key, send: () => post(deal.founder, `${path}/request`, { key, amount, reason }) }
  }
  const { key, send } = await asked('15,000')
  await send().expect(303).expect('location', path)
  await send().expect(303)
  // Back on the same page, with another amount: that is asked for too, and taken back again.
  await post(deal.founder, `${path}/request`, { key, amount: '100', reason: 'And a little more' }).expect(303)
  const little = (await get(deal.founder, path)).text
  const back = actionIn(little.slice(little.indexOf('On demand: 100 ')), 'withdraw')
  for (const _ of [1, 2]) await post(deal.founder, back).expect(303)
  const page = (await get(deal.founder, path)).text
  assert.equal(page.match(/Waits for a decision/g)?.length, 1)
  assert.match(page, /A larger model/)
  const refused = await (await asked('20000.1')).send().expect(409)
  assert.match(refused.text, /Not done\.<\/strong> .*more than the 20000 tokens/)

  // What shows it, for the other side to read.
  const file = await attach(deal.founder, actionIn(page, 'evidence'), 'plan.pdf')
  assert.equal(file.status, 303, file.text)
  const desk = (await get(operations, '/releases').expect(200)).text
  assert.match(desk, /1 release waits for a decision/)
  assert.ok(desk.includes(path))
  const seen = (await get(operations, path).expect(200)).text
  assert.match(seen, /plan\.pdf<\/a>/)
  const decide = actionIn(seen, 'decide')
  assert.equal((await post(operations, decide, { decision: '', note: '' })).status, 400)
  assert.equal(
    (await post(operations, decide, { decision: 'NOT_SHOWN', note: '' })).status,
    400,
    'a refusal has a note',
  )
  assert.equal((await post(analyst, decide, { decision: 'CONFIRM' })).status, 403)
  assert.equal((await post(deal.founder, decide, { decision: 'CONFIRM' })).status, 403)
  for (const _ of [1, 2]) {
    await post(operations, decide, { decision: 'NO_CAPACITY', note: 'Not before March.' }).expect(303)
  }
  assert.equal((await post(operations, decide, { decision: 'CONFIRM' })).status, 409, 'it is decided once')
  const told = (await get(deal.founder, path)).text
  assert.match(told, /Refused[\s\S]*It could not be delivered\. Not before March\./)
  assert.equal(await available(deal), 10_000n)

  // Asked for again and confirmed: released at once. And one that is taken back.
  await (await asked('5000')).send().expect(303)
  const again = (await get(operations, path)).text
  await post(operations, actionIn(again, 'decide'), { decision: 'CONFIRM', note: '' }).expect(303)
  assert.equal(await available(deal), 15_000n)
  await (await asked('1000')).send().expect(303)
  await post(deal.founder, actionIn((await get(deal.founder, path)).text, 'withdraw')).expect(303)
  assert.match((await get(deal.founder, path)).text, /Taken back/)
  assert.equal(await available(deal), 15_000n)
})

test('milestones are confirmed by the side that the terms name, with evidence; where both must, the other decides', async () => {
  const { deal, path } = await given(MILESTONES)
  const desk = (await get(operations, '/releases').expect(200)).text
  assert.match(desk, /TRAINED[\s\S]*PILOT/)
  const page = (await get(operations, path).expect(200)).text
  const confirm = (by: Person, code: string, key: string, more = {}) =>
    post(by, `${path}/confirm`, { key, code, evidence: 'Training report', reachedOn: '2027-01-10', ...more })
  const key = keyIn(page, /value="TRAINED"/)
  assert.match((await confirm(operations, 'TRAINED', 'k1', { reachedOn: '2027-02-01' }).expect(409)).text, /future/)
  await confirm(operations, 'TRAINED', key).expect(303)
  await confirm(operations, 'TRAINED', key).expect(303)
  assert.equal(await available(deal), 70_000n)
  // The provider sees the lot, not the company; its own form is for what it confirms.
  const theirs = (await get(provider, path).expect(200)).text
  assert.ok(!theirs.includes('Confirm TRAINED') && theirs.includes('Confirm PILOT'))
  await confirm(provider, 'PILOT', keyIn(theirs, /value="PILOT"/)).expect(303)
  assert.equal(await available(deal), 70_000n, 'the fund has not agreed yet')
  await post(partner, actionIn((await get(partner, path)).text, 'decide'), { decision: 'CONFIRM', note: '' }).expect(
    303,
  )
  assert.equal(await available(deal), 100_000n)
  assert.equal((await get(deal.founder, path)).text.includes(`action="${path}`), false, 'the company confirms nothing')
})

test('whoever decides on a release reads what shows it, the provider too; and nothing else of the company', async () => {
  const { deal, path } = await given({
    ...ON_DEMAND,
    onDemand: { perRequest: '20000', noticeDays: 0, confirmedBy: 'provider' },
  })
  const key = keyIn((await get(deal.founder, path)).text, /name="amount"/)
  await post(deal.founder, `${path}/request`, { key, amount: '5000', reason: 'A larger model' }).expect(303)
  const bytes = Buffer.from('%PDF-1.7 the plan')
  await attach(deal.founder, actionIn((await get(deal.founder, path)).text, 'evidence'), 'plan.pdf', bytes).expect(303)
  const seen = (await get(provider, path).expect(200)).text
  const file = /href="([^"]+\/evidence\/[^"]+)">plan\.pdf/.exec(seen)?.[1] ?? assert.fail(seen)
  for (const by of [provider, deal.founder, operations]) {
    const read = await get(by, file).buffer(true).responseType('blob')
    assert.deepEqual([read.status, read.headers['content-type'], read.body], [200, 'application/pdf', bytes])
    assert.match(read.headers['content-disposition'] ?? '', /^attachment; filename="?plan\.pdf"?$/)
  }
  const stranger = await world.company('Another, Inc.')
  for (const by of [otherProvider, regulator, stranger.founder]) await get(by, file).expect(404)
  // Another document of the company is not evidence, and not the provider's to read.
  const { document_id: other } = await world.deps.db
    .selectFrom('document')
    .select('document_id')
    .where('company_id', '=', deal.companyId)
    .where('kind', '=', 'term_sheet')
    .executeTakeFirstOrThrow()
  await get(provider, file.replace(/[^:]+$/, other)).expect(404)
  await get(provider, `/documents/Document:${deal.companyId}:${other}`).expect(404)
})

test('pages name the grant that a lot is of, where milestones of two grants are called alike', async () => {
  const deal = await givenDeal(world)
  const { tokenClassId } = deal.terms().compute
  const pilot = { code: 'PILOT', text: 'The pilot runs.', tokens: '5000', confirmedBy: 'provider' } as const
  const second: RoundTermsWire['releases'] = {
    kind: 'MILESTONES',
    milestones: [pilot],
    onDemand: { perRequest: '2500' },
  }
  const { grants } = await deal.closed({
    releases: MILESTONES,
    cashInvestors: [],
    furtherGrants: [{ tokenClassId, tokens: '20000', releases: second }],
  })
  const [one, two] = grants.map(({ lotId }) => `/lots/Lot:${deal.companyId}:${lotId}/releases`)
  assert.ok(one !== undefined && two !== undefined)
  await world.setClock('2027-01-15T10:00:00Z')
  const page = (await get(deal.founder, two).expect(200)).text
  assert.match(page, /: of 20,000 tokens of Series A, grant 2\. They expire/)
  // 20,000 less the pilot's 5,000.
  assert.match(page, /<li>15,000 tokens can be asked for; what else is locked is promised already\.<\/li>/)
  assert.match(page, /at most 2,500 tokens/)
  const compute = (await get(deal.founder, `/companies/${deal.id}/compute`)).text
  for (const [path, grant] of [
    [one, 1],
    [two, 2],
  ])
    assert.match(compute, new RegExp(`${path}">Ask for locked [^<]* of Series A, grant ${grant},`))
  const open = (html: string) => html.split('<li>').filter((row) => row.includes(deal.companyId))
  const [pilots, seen] = [
    open((await get(operations, '/releases')).text),
    open((await get(provider, '/releases')).text),
  ]
  assert.ok(pilots.some((row) => /PILOT of .*<\/a>, Series A, grant 1: 30,000/.test(row)))
  assert.ok(pilots.some((row) => /PILOT of .*<\/a>, Series A, grant 2: 5,000/.test(row)))
  // The provider sees the lots, and neither whose they are nor of which round.
  assert.equal(seen.length, pilots.length)
  assert.ok(seen.every((row) => !row.includes('Series A')))
  const theirs = (await get(provider, two).expect(200)).text
  assert.match(theirs, /<p class="lead">Of 20,000 tokens\. They expire/)
  // Of two lots each form is of its own: confirming one leaves the other as it is.
  const key = keyIn(theirs, /value="PILOT"/)
  const said = { key, code: 'PILOT', evidence: 'A report', reachedOn: '2027-01-10' }
  await post(provider, `${two}/confirm`, said).expect(303)
  assert.equal(await available(deal), 35_000n)
  assert.match((await get(deal.founder, two)).text, /<li>15,000 tokens can be asked for/)
  assert.match((await get(provider, one)).text, /Confirm PILOT/)
})

test('the desk of a provider costs the same for one lot and for many, and lists what is the provider’s own', async () => {
  const { deal, path } = await given(MILESTONES)
  await given(MILESTONES)
  const { answer, statements } = await statementsDuring(() => get(provider, '/releases'))
  assert.ok(answer.text.includes(path))
  const twice = statements.filter((each, index) => / from /i.test(each) && statements.indexOf(each) !== index)
  assert.deepEqual(twice, [])
  assert.ok(!(await get(otherProvider, '/releases').expect(200)).text.includes(path))
  const behind = await world.person('operations')
  const wall = { id: newId(), personId: behind.id, companyId: deal.companyId, reason: 'the test' }
  await inTransaction(world.deps.db, (trx) => raiseWall(trx, { ...wall, raisedBy: world.staff.compliance.id }))
  const [seen, hidden] = [await get(operations, '/releases'), await get(behind, '/releases')]
  assert.deepEqual([seen.text.includes(path), hidden.status, hidden.text.includes(path)], [true, 200, false])
})

test('what one may not see looks like what does not exist', async () => {
  const { deal, path } = await given(MILESTONES)
  const stranger = await world.company('Another, Inc.')
  const missing = path.replace(/[^:]*\/releases$/, '00000000-0000-7000-8000-000000000000/releases')
  for (const by of [stranger.founder, otherProvider, regulator]) {
    const answers = await Promise.all([path, missing, '/lots/nonsense/releases'].map((each) => get(by, each)))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [404, 404, 404],
    )
    assert.equal(answers[0]?.text, answers[1]?.text)
    assert.equal((await post(by, `${path}/confirm`, { code: 'TRAINED' })).status, 404)
  }
  assert.equal((await get(stranger.founder, '/releases')).status, 404)
  assert.equal((await request(world.app).get(path)).status, 401)
  const other = await post(operations, `${path}/confirm`, { code: 'TRAINED' }).set('sec-fetch-site', 'cross-site')
  assert.equal(other.status, 403)
  assert.equal(await available(deal), 30_000n)
})
