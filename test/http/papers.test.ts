import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { drafted, proposed } from '../closing/given-amendment.ts'
import { givenDeal } from '../closing/given-deal.ts'
import { makeWorld, type Person } from '../support/world.ts'

const world = await makeWorld()
const { staff } = world

const get = (path: string, by?: Person) => {
  const call = request(world.app).get(path).set('accept', 'text/html')
  return by === undefined ? call : call.set('authorization', `Bearer ${by.token}`)
}
const post = (id: string, fields: Record<string, string>, by?: Person, site = 'same-origin') => {
  const call = request(world.app).post(`/papers/${id}/sign`).type('form').set('sec-fetch-site', site).send(fields)
  return by === undefined ? call : call.set('authorization', `Bearer ${by.token}`)
}
const signaturesOf = async (amendmentId: string): Promise<string[]> => {
  const rows = await world.deps.db
    .selectFrom('amendment_signature')
    .select('side')
    .where('amendment_id', '=', amendmentId.split(':')[2] ?? '')
    .orderBy('side')
    .execute()
  return rows.map(({ side }) => side)
}
const change = { longStop: '2029-12-15', tokenExpiry: '2030-01-15' }

test('an amendment is read, found on both start pages, and signed by both sides on its page', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const { amendmentId, sha256 } = await proposed(world, roundId, change)
  const path = `/papers/${amendmentId}`
  const [founderHome, partnerHome] = [await get('/', deal.signatory), await get('/', staff.partner)]
  for (const home of [founderHome, partnerHome]) {
    assert.match(home.text, /One paper waits for your signature/)
    assert.ok(home.text.includes(`href="${path}"`))
  }
  const page = await get(path, deal.signatory)
  assert.equal(page.status, 200)
  // 15 Jun 2029 is what the terms say; the other two are the change.
  for (const words of ['15 Jun 2029', '15 Dec 2029', '15 Jan 2030', 'Not signed yet'])
    assert.ok(page.text.replaceAll('\u00a0', ' ').includes(words), words)
  assert.ok(page.text.includes(`value="${sha256}"`))

  const fields = { sha256, read: 'yes', name: 'Ada Lindqvist' }
  const fund = await post(amendmentId, fields, staff.partner)
  assert.deepEqual([fund.status, fund.headers.location], [303, path])
  assert.match((await get(path, deal.signatory)).text, /has signed\. With this signature it binds both/)
  assert.equal((await post(amendmentId, fields, deal.signatory)).status, 303)
  assert.deepEqual(await signaturesOf(amendmentId), ['company', 'fund'])
  const after = (await get(path, deal.signatory)).text
  assert.match(after, /In force/)
  assert.doesNotMatch(after, /<form[^>]*\/papers\//)
  assert.doesNotMatch((await get('/', deal.signatory)).text, /waits for your signature/)

  // Twice: it leads to the page, which says that it is signed, and nothing is signed a second time.
  for (const by of [deal.signatory, staff.partner]) {
    const again = await post(amendmentId, fields, by)
    assert.deepEqual([again.status, again.headers.location], [303, path])
  }
  assert.deepEqual(await signaturesOf(amendmentId), ['company', 'fund'])
})

test('who may not sign does not, and what they may not see is not there', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const { amendmentId, sha256 } = await proposed(world, roundId, change)
  const other = await world.company('Another, Inc.')
  const fields = { sha256, read: 'yes', name: 'Ada Lindqvist' }
  const cases: [string, Person | undefined, Record<string, string>, number, RegExp][] = [
    ['a wrong hash', deal.signatory, { ...fields, sha256: 'a'.repeat(64) }, 409, /Not signed\..*not the hash/s],
    ['no name', deal.signatory, { ...fields, name: ' ' }, 400, /Not signed\..*full name/s],
    ['not read', deal.signatory, { sha256, name: 'Ada' }, 400, /Not signed\..*have read the file/s],
    ['the analyst', staff.analyst, fields, 403, /signatory or partner/],
    ['the founder, who is no signatory', deal.founder, fields, 403, /signatory or partner/],
    ['a signatory of another company', other.signatory, fields, 404, /nothing here/i],
    ['nobody', undefined, fields, 401, /not signed in/],
  ]
  for (const [who, by, sent, status, words] of cases) {
    const answer = await post(amendmentId, sent, by)
    assert.equal(answer.status, status, who)
    assert.match(answer.text, words, who)
  }
  assert.equal((await post(amendmentId, fields, deal.signatory, 'cross-site')).status, 403)
  assert.deepEqual(await signaturesOf(amendmentId), [])
  assert.equal((await get(`/papers/${amendmentId}`, other.signatory)).status, 404)
  assert.equal((await get('/papers/Amendment:x', deal.signatory)).status, 404)
  assert.equal((await get(`/papers/${roundId}`, deal.signatory)).status, 404)
})

test('a draft is shown to staff without a form, and not to the company', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const draft = await drafted(world, roundId, change)
  const page = await get(`/papers/${draft.id}`, staff.partner)
  assert.equal(page.status, 200)
  assert.match(page.text, /In draft/)
  assert.doesNotMatch(page.text, /<form[^>]*\/papers\//)
  const early = await post(draft.id, { sha256: 'a'.repeat(64), read: 'yes' }, staff.partner)
  assert.equal(early.status, 409)
  assert.match(early.text, /Nothing of it waits for your signature/)
  assert.equal((await get(`/papers/${draft.id}`, deal.signatory)).status, 404)
})

test('fifty presses of the same button sign once', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const { amendmentId, sha256 } = await proposed(world, roundId, change)
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => post(amendmentId, { sha256, read: 'yes', name: 'Ada' }, deal.signatory)),
  )
  for (const { status, headers } of answers) {
    assert.deepEqual([status, headers.location], [303, `/papers/${amendmentId}`])
  }
  assert.deepEqual(await signaturesOf(amendmentId), ['company'])
})
