/** Who may post what through the doors of the ledger, what is recorded of it, and how a stream behaves. */
import assert from 'node:assert/strict'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { raiseWall } from '../../api/access/index.ts'
import { inTransaction, leafHash, newId, type Uuid } from '../../api/platform/index.ts'
import { hold } from '../../api/tokens/index.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { type DoorEvent, postByGraphql, postLines } from './door.ts'
import { assertConserved, commit, grant, tokenClass, tokens, where } from './given.ts'

const world = await makeWorld()
const { partner, operations, analyst, compliance, admin, regulator, provider } = world.staff

/** A company with 100 available tokens, and its accounts by kind as the doors name them. */
async function holder(amount = '100') {
  const { companyId, founder } = await world.company()
  const tokenClassId = await tokenClass(world)
  await grant(world, { companyId, tokenClassId }, amount)
  const rows = await world.deps.db
    .selectFrom('ledger_account')
    .where('holder_id', '=', companyId)
    .select(['kind', 'account_id'])
    .execute()
  const accounts = new Map(rows.map((row) => [row.kind, `TokenAccount:${companyId}:${row.account_id}`]))
  const move = (from: string, to: string, amountMoved: string, more: object = {}) => ({
    id: newId(),
    kind: 'posted',
    debit: accounts.get(from),
    credit: accounts.get(to),
    amount: amountMoved,
    reason: 'adjust',
    ...more,
  })
  const graphql = async (by: Person, events: readonly object[], more: object = {}) => {
    const upper = events.map((event) => ({ ...event, kind: (Reflect.get(event, 'kind') as string).toUpperCase() }))
    const { data, errors } = await postByGraphql(by, companyId, upper, more)
    assert.deepEqual(errors, [])
    return data.postTransfers
  }
  const line = <T extends object>(event: T) => ({ companyId: `Company:${companyId}`, ...event })
  return { companyId, founder, tokenClassId, accounts, move, graphql, line, where: () => where(world, companyId) }
}

const names = (answered: { answers: { __typename: string }[] }) => answered.answers.map(({ __typename }) => __typename)

test('operations set tokens aside and free them; only a partner ends tokens, brings them back, or closes an account', async () => {
  const it = await holder()
  const batch = () => [
    it.move('available', 'escrow', '10'),
    it.move('escrow', 'available', '4'),
    it.move('available', 'cancelled', '1'),
    it.move('available', 'obligation', '1'),
    it.move('cancelled', 'available', '0.5'),
  ]
  const byOperations = await it.graphql(operations, batch())
  assert.deepEqual(names(byOperations), [
    'PostedTransfer',
    'PostedTransfer',
    'TransferNotPermitted',
    'TransferNotPermitted',
    'TransferNotPermitted',
  ])
  assert.equal(byOperations.answers[2].what, 'available>cancelled')
  assert.deepEqual(new Set(names(await it.graphql(partner, batch()))), new Set(['PostedTransfer']))
  // 100 - 6 - 6 - 1 - 1 + 0.5 are available; 12 in escrow; 0.5 cancelled; one left.
  assert.deepEqual(await it.where(), {
    obligation: tokens(99),
    available: 86_500_000n,
    escrow: tokens(12),
    cancelled: 500_000n,
  })
  await assertConserved(world, it.companyId)
})

test('held, locked and charged tokens are nobody’s to move here, nor is what a use case of the house promised', async () => {
  const it = await holder()
  await commit(world, (trx) =>
    hold(trx, {
      companyId: it.companyId,
      tokenClassId: it.tokenClassId,
      holdId: newId(),
      amount: tokens(5),
      expiresAt: '2098-01-01T00:00:00Z',
    }),
  )
  const promised = await world.deps.db
    .selectFrom('transfer')
    .where('holder_id', '=', it.companyId)
    .where('kind', '=', 'pending')
    .select('transfer_id')
    .executeTakeFirstOrThrow()
  const granted = await world.deps.db
    .selectFrom('transfer')
    .where('holder_id', '=', it.companyId)
    .where('reason', '=', 'release')
    .select('transfer_id')
    .executeTakeFirstOrThrow()
  const id = () => newId()
  const answered = await it.graphql(partner, [
    it.move('available', 'held', '1'),
    it.move('available', 'locked', '1'),
    it.move('available', 'charged:delivered', '1'),
    { id: id(), kind: 'void_pending', pendingId: promised.transfer_id, reason: 'adjust' },
    { id: id(), kind: 'post_pending', pendingId: promised.transfer_id, reason: 'adjust' },
    it.move('available', 'escrow', '1', { reversesId: granted.transfer_id }),
  ])
  assert.deepEqual(new Set(names(answered)), new Set(['TransferNotPermitted']))
  assert.deepEqual(
    answered.answers.map(({ what }: { what: string }) => what),
    ['available>held', 'available>locked', 'available>charged:delivered', 'hold', 'hold', 'release'],
  )
  await assertConserved(world, it.companyId)
})

test('one that may not breaks its chain, like any other refusal', async () => {
  const it = await holder()
  const answered = await it.graphql(operations, [
    it.move('available', 'escrow', '1', { linked: true }),
    it.move('escrow', 'cancelled', '1'),
    it.move('available', 'escrow', '2'),
  ])
  assert.deepEqual(names(answered), ['LinkedChainBroken', 'TransferNotPermitted', 'PostedTransfer'])
  assert.equal(answered.answers[0].at, 2)
  const closing = await it.graphql(operations, [
    { ...it.move('available', 'escrow', '0', { kind: 'pending' }), closing: 'DEBIT' },
  ])
  assert.deepEqual(names(closing), ['TransferNotPermitted'])
})

test('a dry run answers as the batch would, with the balances that would result, and changes nothing', async () => {
  const it = await holder()
  const batch = [it.move('available', 'escrow', '30'), it.move('available', 'escrow', '80')]
  const before = await it.where()
  const dry = await it.graphql(operations, batch, { dryRun: true })
  assert.deepEqual(names(dry), ['PostedTransfer', 'WouldOverdraw'])
  const amounts = Object.fromEntries(
    dry.resulting.totals.map(({ kind, amount }: { kind: string; amount: string }) => [kind, amount]),
  )
  assert.deepEqual([amounts.AVAILABLE, amounts.ESCROW], ['70', '30'])
  assert.deepEqual(await it.where(), before)
  assert.equal(await events(it.companyId), 0)
  const done = await it.graphql(operations, batch)
  assert.deepEqual(names(done), names(dry))
  assert.equal(done.resulting, null)
})

const events = async (companyId: Uuid): Promise<number> =>
  (
    await world.deps.db
      .selectFrom('audit_event')
      .where('scope_id', '=', companyId)
      .where('kind', '=', 'transfers.posted')
      .select('event_id')
      .execute()
  ).length

test('what was posted is in the audit log once, with a leaf that is the hash of its canonical text', async () => {
  const it = await holder()
  const batch = [
    it.move('available', 'escrow', '1'),
    it.move('available', 'cancelled', '1'),
    it.move('available', 'escrow', '2'),
  ]
  await it.graphql(operations, batch)
  await it.graphql(operations, batch) // again: nothing new
  const [row, ...others] = await world.deps.db
    .selectFrom('audit_event')
    .where('scope_id', '=', it.companyId)
    .where('kind', '=', 'transfers.posted')
    .selectAll()
    .execute()
  assert.ok(row !== undefined && others.length === 0)
  assert.deepEqual(row.payload, { transfers: [batch[0]?.id, batch[2]?.id] })
  assert.equal(row.actor_id, operations.id)
  const expected = leafHash({
    actor: row.actor_id,
    at: row.at,
    id: row.event_id,
    kind: row.kind,
    payload: { transfers: [batch[0]?.id ?? '', batch[2]?.id ?? ''] },
    scope: { id: row.scope_id, kind: row.scope_kind },
    subject: row.subject,
  })
  assert.equal(row.leaf_hash.toString('hex'), expected.toString('hex'))
})

test('whoever has another role is refused; whoever does not see the company is told that there is none', async () => {
  const it = await holder()
  const batch = [it.move('available', 'escrow', '1')]
  for (const person of [analyst, compliance, admin, it.founder]) {
    assert.equal((await it.graphql(person, batch)).__typename, 'Forbidden')
  }
  for (const person of [regulator, provider, (await holder()).founder]) {
    assert.equal((await it.graphql(person, batch)).__typename, 'NotFound')
  }
  const walled = await world.person('operations')
  await inTransaction(world.deps.db, (trx) =>
    raiseWall(trx, { id: newId(), personId: walled.id, companyId: it.companyId, reason: 'test', raisedBy: partner.id }),
  )
  const behind = await world.deps.db.selectFrom('session').where('person_id', '=', walled.id).select('kind').execute()
  assert.equal(behind.length, 1)
  assert.equal((await it.graphql(walled, batch)).__typename, 'NotFound')
  const [byLine] = await postLines(world, walled, batch.map(it.line))
  assert.equal(byLine.code, 'NOT_FOUND')
  assert.deepEqual(await it.where(), { obligation: tokens(100), available: tokens(100) })
})

test('a stream of several companies is answered line by line, in order; a fault of one line is not the others’', async () => {
  const [first, second] = [await holder(), await holder()]
  const answers = await postLines(world, operations, [
    first.line(first.move('available', 'escrow', '1')),
    '{"id": 5',
    second.line(second.move('available', 'escrow', '2')),
    first.line(first.move('available', 'escrow', '1000')),
    '',
    'null',
    JSON.stringify(second.line({ ...second.move('available', 'escrow', '1'), amount: 1 })),
    `{"x":"${'y'.repeat(20_000)}"}`,
    first.line({ ...first.move('available', 'escrow', '1'), extra: 1 }),
    second.line(second.move('available', 'escrow', '3')),
    { ...first.move('available', 'escrow', '1'), companyId: `Company:${newId()}` },
  ])
  assert.deepEqual(
    answers.map(({ line, outcome, code }) => [line, code ?? outcome]),
    [
      [1, 'CREATED'],
      [2, 'BAD_INPUT'],
      [3, 'CREATED'],
      [4, 'WOULD_OVERDRAW'],
      [6, 'BAD_INPUT'],
      [7, 'BAD_INPUT'],
      [8, 'BAD_INPUT'],
      [9, 'BAD_INPUT'],
      [10, 'CREATED'],
      [11, 'NOT_FOUND'],
    ],
  )
  assert.deepEqual([answers[3].available, answers[3].transient, answers[5].faults[0].path], ['99', true, 'amount'])
  assert.equal((await first.where()).escrow, tokens(1))
  assert.equal((await second.where()).escrow, tokens(5))
})

test('a chain of lines happens whole; a malformed line in it, or one of another company, breaks it', async () => {
  const [it, other] = [await holder(), await holder()]
  const linked = { linked: true }
  const chain = (middle: (DoorEvent | string)[]) =>
    postLines(world, operations, [
      it.line(it.move('available', 'escrow', '1', linked)),
      ...middle,
      it.line(it.move('available', 'escrow', '1')),
    ])
  const codes = (answers: { code?: string; outcome: string; at?: number }[]) =>
    answers.map(({ code, outcome, at }) => (at === undefined ? (code ?? outcome) : `${code} ${at}`))
  assert.deepEqual(codes(await chain([])), ['CREATED', 'CREATED'])
  assert.deepEqual(codes(await chain(['{'])), ['LINKED_CHAIN_BROKEN 2', 'BAD_INPUT', 'CREATED'])
  const negative = it.line(it.move('available', 'escrow', '-1', linked))
  assert.deepEqual(codes(await chain([negative])), ['LINKED_CHAIN_BROKEN 2', 'BAD_INPUT', 'LINKED_CHAIN_BROKEN 2'])
  const elsewhere = other.line(other.move('available', 'escrow', '1'))
  assert.deepEqual(codes(await chain([elsewhere])), ['LINKED_CHAIN_BROKEN 2', 'CREATED', 'CREATED'])
  const open = await postLines(world, operations, [it.line(it.move('available', 'escrow', '1', linked))])
  assert.deepEqual(codes(open), ['LINKED_CHAIN_OPEN'])
  // A chain across the edge of a batch of 1,000 lines.
  const many = Array.from({ length: 1_500 }, (_, index) =>
    it.line(it.move('available', 'escrow', '0.001', index >= 995 && index < 1_005 ? linked : {})),
  )
  assert.deepEqual(new Set(codes(await postLines(world, operations, many))), new Set(['CREATED']))
  const chained = await world.deps.db
    .selectFrom('transfer')
    .where('holder_id', '=', it.companyId)
    .where('linked_batch', '=', many[995]?.id ?? '')
    .select('transfer_id')
    .execute()
  assert.equal(chained.length, 11)
  await assertConserved(world, it.companyId)
})

test('the same lines again change nothing', async () => {
  const it = await holder()
  const lines = Array.from({ length: 30 }, () => it.line(it.move('available', 'escrow', '1')))
  await postLines(world, operations, lines)
  const again = await postLines(world, operations, lines)
  assert.deepEqual(new Set(again.map(({ outcome }) => outcome)), new Set(['EXISTS']))
  assert.equal((await it.where()).escrow, tokens(30))
  assert.equal(await events(it.companyId), 1)
})

test('who is not signed in, has no such role, or sends another kind of body is refused before it is read', async () => {
  const port = await listening()
  const it = await holder()
  const say = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const call = http.request({ port, path: '/ledger/transfers', method: 'POST', headers }, (response) =>
        resolve(response.resume().statusCode),
      )
      call.on('error', reject).end('{}\n')
    })
  const signed = (person: Person) => ({ authorization: `Bearer ${person.token}` })
  const type = { 'content-type': 'application/x-ndjson' }
  assert.equal(await say(type), 401)
  assert.equal(await say({ ...signed(it.founder), ...type }), 403)
  assert.equal(await say({ ...signed(operations), 'content-type': 'application/json' }), 415)
  assert.equal(await say({ ...signed(operations), ...type, 'sec-fetch-site': 'cross-site' }), 403)
})

test('a line is answered before the next is sent, and who reads no answers is not read from either', async () => {
  const port = await listening()
  const it = await holder('1000')
  const headers = { authorization: `Bearer ${operations.token}`, 'content-type': 'application/x-ndjson' }
  const call = http.request({ port, path: '/ledger/transfers', method: 'POST', headers })
  const responded = new Promise<http.IncomingMessage>((resolve) => call.on('response', resolve))
  const text = () => `${JSON.stringify(it.line(it.move('available', 'escrow', '0.001')))}\n`
  call.write(text())
  const response = await responded
  const first = await new Promise<Buffer>((resolve) => response.once('data', resolve))
  assert.equal(JSON.parse(first.toString()).outcome, 'CREATED')
  response.pause()
  // Nobody reads: at some point our own writes are held back. Without a bound this loop would take all that it is given.
  let sent = 0
  const most = 200_000
  const filler = Buffer.from(`{"id":"${'z'.repeat(200)}"}\n`.repeat(500))
  let held = false
  while (!held && sent < most) {
    sent += 500
    if (!call.write(filler)) {
      held = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), 1_500)
        call.once('drain', () => {
          clearTimeout(timer)
          resolve(false)
        })
      })
    }
  }
  assert.ok(held, `${sent} lines were taken although nobody read an answer`)
  let answered = 1
  response.on('data', (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) answered += 1
  })
  response.resume()
  call.end()
  await new Promise((resolve) => response.once('end', resolve))
  assert.equal(answered, sent + 1)
})

let address: Promise<number> | undefined
/** The application on a port of its own. */
function listening(): Promise<number> {
  address ??= new Promise((resolve) => {
    const server = http
      .createServer(world.app)
      .listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
    server.unref()
    after(() => server.closeAllConnections())
  })
  return address
}
