/** `POST /usage`: usage as a stream of lines, by key or signed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request as send } from 'node:http'
import { test } from 'node:test'
import { registerMachineKey, revokeMachineKey } from '../../api/access/index.ts'
import { mustMeter, readUsage, takeUsage } from '../../api/drawdown/index.ts'
import { lineOn, newId } from '../../api/platform/index.ts'
import { assertSound, at, givenDrawdown, progressOf, type Usage, usage } from '../drawdown/given-drawdown.ts'
import { makeWorld } from '../support/world.ts'
import { ndjson, outcomes, post, secretOf, serve, signed, signer } from './usage-client.ts'

const world = await makeWorld()
const { db } = world.deps
const HOUR = 3600
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const of = (reservationId: string, record: Usage) => ({ reservationId, ...record })
/** The instant at which reservations of these tests are over, in unix seconds. */
const NOW = Date.parse(at(70)) / 1000

test('each line is answered in order, and one that cannot be used does not hide the others', async (t) => {
  const port = await serve(t, world)
  const it = await givenDrawdown(world)
  const id = await it.reserved(10)
  const key = bearer(await secretOf(world))
  const body = ndjson([
    of(id, usage('a', HOUR)),
    'this is no JSON',
    of(id, usage('a', HOUR)),
    of(id, usage('a', HOUR + 1)),
    of(id, usage('b', 20 * HOUR)),
    of(id, usage('c', HOUR, { endedAt: at(61) })),
    of(`Reservation:${it.companyId}:${newId()}`, usage('d', 5)),
    of(`Reservation:${newId()}:${newId()}`, usage('e', 5)),
    of(id, usage('f', '1.5' as never)),
    { ...of(id, usage('g', 1)), surprise: true },
    of(id, usage('h', 2 * HOUR)),
  ])
  const answered = await post(port, body, key)
  assert.equal(answered.status, 200)
  assert.deepEqual(outcomes(answered), [
    'RECORDED',
    'REFUSED BAD_INPUT',
    'ALREADY_RECORDED',
    'QUARANTINED USAGE_CONFLICT',
    'QUARANTINED USAGE_BEYOND_RESERVATION',
    'QUARANTINED USAGE_BEYOND_RESERVATION',
    'QUARANTINED NOT_FOUND',
    'QUARANTINED NOT_FOUND',
    'REFUSED BAD_INPUT',
    'REFUSED BAD_INPUT',
    'RECORDED',
  ])
  assert.deepEqual(
    answered.lines.map((line) => line.line),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  )
  assert.deepEqual([answered.lines[0].charged, answered.lines[10].charged], ['1', '2'])
  const [progress] = await progressOf(world, it)
  assert.equal(progress?.delivered_micro, 3_000_000n)
  await assertSound(world, it)

  const again = await post(port, body, key)
  assert.deepEqual(
    again.lines.map((line) => line.quarantineId),
    answered.lines.map((line) => line.quarantineId),
    'the same record is kept aside once',
  )
  assert.deepEqual(outcomes(again).slice(-1), ['ALREADY_RECORDED'])
  await assertSound(world, it)
})

test('a line is answered before the next is sent', async (t) => {
  const port = await serve(t, world)
  const it = await givenDrawdown(world)
  const id = await it.reserved(10)
  const headers = { 'content-type': 'application/x-ndjson', ...bearer(await secretOf(world)) }
  const request = send({ port, host: '127.0.0.1', method: 'POST', path: '/usage', headers })
  request.write(ndjson([of(id, usage('a', 10))]))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.setEncoding('utf8')
  const [first] = await once(response, 'data')
  assert.equal(JSON.parse(String(first)).outcome, 'RECORDED')
  request.write(ndjson([of(id, usage('b', 10))]))
  const [second] = await once(response, 'data')
  assert.deepEqual([JSON.parse(String(second)).line, JSON.parse(String(second)).outcome], [2, 'RECORDED'])
  request.end()
  await once(response, 'end')
})

test('two thousand lines of two companies come back in order, and each company is charged its own', async (t) => {
  const port = await serve(t, world)
  const [one, other] = [await givenDrawdown(world), await givenDrawdown(world)]
  const ids = [await one.reserved(10), await other.reserved(10)] as const
  const body = ndjson(Array.from({ length: 2000 }, (_, n) => of(ids[n % 2 === 0 ? 0 : 1], usage(`n${n}`, 18))))
  const answered = await post(port, body, bearer(await secretOf(world)))
  assert.deepEqual(
    answered.lines.map((line) => line.externalId),
    Array.from({ length: 2000 }, (_, n) => `n${n}`),
  )
  // 1,000 records of 18 GPU-seconds are five GPU-hours.
  for (const it of [one, other]) {
    assert.equal((await progressOf(world, it))[0]?.delivered_micro, 5_000_000n)
    await assertSound(world, it)
  }
})

test('of a record that one stream tells twice the first word counts, batch after batch, whatever is under way at once', async (t) => {
  const port = await serve(t, world)
  const it = await givenDrawdown(world)
  const id = await it.reserved(10)
  const first = Array.from({ length: 1600 }, (_, n) => of(id, usage(`n${n}`, 2)))
  const again = first.map((record, n) => (n % 2 === 0 ? record : { ...record, gpuSeconds: '3' }))
  const answered = await post(port, ndjson([...first, ...again]), bearer(await secretOf(world)))
  assert.deepEqual(outcomes(answered), [
    ...first.map(() => 'RECORDED'),
    ...again.map((_, n) => (n % 2 === 0 ? 'ALREADY_RECORDED' : 'QUARANTINED USAGE_CONFLICT')),
  ])
  assert.deepEqual(
    answered.lines.map(({ line, externalId }) => [line, externalId]),
    [...first, ...again].map(({ externalId }, index) => [index + 1, externalId]),
  )
  // 3,200 GPU-seconds, in micro-tokens: cut down once, however many records they came in.
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, 888_888n)
  await assertSound(world, it)
})

test('a batch of several companies is sent before the next one, whichever of them that begins with', async () => {
  const [one, other] = [await givenDrawdown(world), await givenDrawdown(world)]
  const ids = [await one.reserved(10), await other.reserved(10)] as const
  const meterer = await mustMeter(db, world.staff.provider.actor)
  const line = lineOn(db)
  const read = (...records: unknown[]) => readUsage(records)
  const first = takeUsage(world.deps, meterer, {
    read: read(of(ids[0], usage('a', 20)), of(ids[1], usage('x', 20))),
    stream: { line, before: Promise.resolve() },
  })
  const second = takeUsage(world.deps, meterer, {
    read: read(of(ids[1], usage('x', 30)), of(ids[0], usage('a', 20))),
    stream: { line, before: first },
  })
  assert.deepEqual(
    (await first).map(({ outcome }) => outcome),
    ['RECORDED', 'RECORDED'],
  )
  assert.deepEqual(
    (await second).map(({ outcome }) => outcome),
    ['QUARANTINED', 'ALREADY_RECORDED'],
  )
  for (const it of [one, other]) await assertSound(world, it)
})

test('only a provider’s own staff and machines may send, with a token and not with a cookie', async (t) => {
  const port = await serve(t, world)
  const it = await givenDrawdown(world)
  const body = ndjson([of(await it.reserved(10), usage('a', 60))])
  for (const person of [it.founder, world.staff.operations, world.staff.admin, world.staff.regulator]) {
    const refused = await post(port, body, bearer(person.token))
    assert.deepEqual([refused.status, refused.lines[0]?.code], [403, 'FORBIDDEN'])
  }
  for (const headers of [
    {},
    bearer('x'.repeat(43)),
    bearer(`ehk_${'x'.repeat(43)}`),
    { cookie: `equihour_session=${world.staff.provider.token}` },
  ]) {
    const refused = await post(port, body, headers as Record<string, string>)
    assert.deepEqual([refused.status, refused.lines[0]?.code], [401, 'UNAUTHENTICATED'])
  }
  const form = await post(port, body, { ...bearer(world.staff.provider.token), 'content-type': 'text/plain' })
  assert.equal(form.status, 415)
  // Another provider's machine finds no such reservation: what it told is kept aside for its own people.
  const strange = await post(port, body, bearer(await secretOf(world, world.otherProviderId)))
  assert.deepEqual(outcomes(strange), ['QUARANTINED NOT_FOUND'])
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, 0n)
  assert.deepEqual(outcomes(await post(port, body, bearer(world.staff.provider.token))), ['RECORDED'])
})

test('a machine’s secret is shown once, and ends when it is revoked or too old', async (t) => {
  const port = await serve(t, world)
  const { deps, staff } = world
  await world.setClock('2026-12-01T00:00:00Z')
  const input = { providerId: `Provider:${world.providerId}`, machine: 'short', validDays: 10, idempotencyKey: 'one' }
  const made = await registerMachineKey(deps, staff.admin.actor, input)
  assert.match(made.secret ?? '', /^ehk_[A-Za-z0-9_-]{43}$/)
  assert.deepEqual(await registerMachineKey(deps, staff.admin.actor, input), { ...made, secret: null })
  const stored = await db.selectFrom('machine_key').selectAll().where('key_id', '=', made.keyId).execute()
  assert.ok(!JSON.stringify(stored).includes(made.secret ?? '?'))
  const status = async () => (await post(port, '', bearer(made.secret ?? ''))).status
  assert.equal(await status(), 200)
  await world.setClock('2026-12-11T00:00:00Z')
  assert.equal(await status(), 401, 'too old')
  await world.setClock('2026-12-02T00:00:00Z')
  assert.equal(await status(), 200)
  await assert.rejects(registerMachineKey(deps, staff.operations.actor, { ...input, machine: 'other' }), {
    code: 'FORBIDDEN',
  })
  await revokeMachineKey(deps, staff.admin.actor, {
    providerId: input.providerId,
    keyId: made.keyId,
    reason: 'it was lost',
  })
  assert.equal(await status(), 401, 'revoked')
})

test('a signed body is taken once: a replayed signature is refused, and what was signed is kept', async (t) => {
  const port = await serve(t, world)
  const it = await givenDrawdown(world)
  const id = await it.reserved(10)
  const key = await signer(world)
  const body = ndjson([of(id, usage('a', HOUR)), of(id, usage('b', HOUR))])
  const headers = signed(body, key, { created: NOW })
  assert.deepEqual(outcomes(await post(port, body, headers)), ['RECORDED', 'RECORDED'])
  const replays = await Promise.all(Array.from({ length: 12 }, () => post(port, body, headers)))
  for (const replay of replays) {
    assert.deepEqual([replay.status, replay.lines[0]?.code], [409, 'SIGNATURE_REPLAYED'])
  }
  const again = await post(port, body, signed(body, key, { created: NOW }))
  assert.deepEqual(outcomes(again), ['ALREADY_RECORDED', 'ALREADY_RECORDED'])
  const [record] = await db
    .selectFrom('usage_record')
    .innerJoin('signed_request', 'signed_request.request_id', 'usage_record.request_id')
    .select(['signed_request.key_id', 'signed_text'])
    .where('company_id', '=', it.companyId)
    .execute()
  assert.equal(record?.key_id, key.keyId)
  assert.match(record?.signed_text ?? '', /"@path": \/usage\n"content-digest": sha-256=:/)
  await assertSound(world, it)
})

test('twelve at once with one signature: one is taken', async (t) => {
  const port = await serve(t, world)
  const it = await givenDrawdown(world)
  const body = ndjson([of(await it.reserved(10), usage('a', HOUR))])
  const headers = signed(body, await signer(world), { created: NOW })
  const answers = await Promise.all(Array.from({ length: 12 }, () => post(port, body, headers)))
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, 1_000_000n)
})

test('a signature over something else, of yesterday, or by a key that is not valid is refused before a line is looked at', async (t) => {
  const port = await serve(t, world)
  const it = await givenDrawdown(world)
  const body = ndjson([of(await it.reserved(10), usage('a', HOUR))])
  const key = await signer(world)
  const stranger = await signer(world, world.otherProviderId)
  const good = signed(body, key, { created: NOW })
  const cases: readonly (readonly [why: string, code: string, body: string, headers: Record<string, string>])[] = [
    ['another body', 'SIGNATURE_INVALID', body.replace('"3600"', '"7200"'), good],
    [
      'another digest',
      'SIGNATURE_INVALID',
      '',
      { ...good, 'content-digest': signed('', key, { created: NOW })['content-digest'] ?? '' },
    ],
    ['yesterday', 'SIGNATURE_EXPIRED', body, signed(body, key, { created: NOW - 86_400 })],
    ['a clock ahead', 'SIGNATURE_EXPIRED', body, signed(body, key, { created: NOW + 301 })],
    [
      'another key',
      'SIGNATURE_INVALID',
      body,
      signed(body, { keyId: key.keyId, privateKey: stranger.privateKey }, { created: NOW }),
    ],
    ['an unknown key', 'SIGNATURE_INVALID', body, signed(body, { ...key, keyId: newId() }, { created: NOW })],
    ['no digest', 'SIGNATURE_INVALID', body, signed(body, key, { created: NOW, components: '"@method" "@path"' })],
    ['a short nonce', 'SIGNATURE_INVALID', body, signed(body, key, { created: NOW, nonce: 'abc' })],
    ['another algorithm', 'SIGNATURE_INVALID', body, signed(body, key, { created: NOW, more: ';alg="hmac-sha256"' })],
    ['no signature', 'SIGNATURE_INVALID', body, { 'signature-input': good['signature-input'] ?? '' }],
    ['two signatures', 'SIGNATURE_INVALID', body, { ...good, 'signature-input': `${good['signature-input']}, b=()` }],
  ]
  for (const [why, code, sent, headers] of cases) {
    const refused = await post(port, sent, headers)
    assert.deepEqual([refused.lines[0]?.code, refused.status], [code, 401], why)
  }
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, 0n)
  assert.deepEqual(outcomes(await post(port, body, signed(body, key, { created: NOW - 299 }))), ['RECORDED'])
})
