/**
 * The crash test: clients post transfers and remember what was acknowledged, while the server or its database is killed with
 * SIGKILL. After each restart nothing acknowledged is lost, no chain is half-done, what was not answered is sent again under
 * the same ids and happens once, and reconciliation finds nothing.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { openSession } from '../../api/access/index.ts'
import { reconcile } from '../../api/closing/index.ts'
import { DEMO_PEOPLE } from '../../api/demo/people.ts'
import { holderOf } from '../../api/platform/embedded/index.ts'
import { inTransaction, newId, openDatabase, type Uuid } from '../../api/platform/index.ts'
import { type Running, says, start } from '../support/process.ts'

/** What is killed. */
export type Victim = 'server' | 'database'

export type CrashFigures = {
  readonly kills: number
  /** Events that were answered as done. */
  readonly acknowledged: number
  /** Events that were under way when something was killed, sent again, and how many of these had been done. */
  readonly sentAgain: number
  readonly hadHappened: number
}

/** One batch: what was sent, and whether all of it happens or nothing. */
type Batch = { readonly events: readonly Sent[]; readonly chained: boolean; readonly door: 'graphql' | 'lines' }
type Sent = { readonly id: Uuid } & Record<string, unknown>

const CLIENTS = 6

/** A server of its own on a folder of its own. */
type Bed = {
  readonly data: string
  server: Running
  port: number
  ownerUrl: string
  readonly acknowledged: Map<Uuid, Sent>
  readonly refused: Set<Uuid>
  readonly unknown: Batch[]
}

/** Kills `victim` so many times. @throws {AssertionError} at the first fault */
export async function crash(victim: Victim, kills: number): Promise<CrashFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'equihour-crash-'))
  const bed: Bed = {
    data: join(folder, 'data'),
    server: start(process.execPath, ['--version']),
    port: 0,
    ownerUrl: '',
    acknowledged: new Map(),
    refused: new Set(),
    unknown: [],
  }
  let [sentAgain, hadHappened] = [0, 0]
  try {
    await startServer(bed)
    const caller = await signIn(bed)
    for (let kill = 0; kill < kills; kill += 1) {
      const clients = Array.from({ length: CLIENTS }, (_, index) => client(bed, caller, index))
      await sleep(200 + Math.random() * 800)
      await killIt(bed, victim)
      await Promise.all(clients)
      await startServer(bed)
      await lostNothing(bed, caller.companyId)
      const again = await sendAgain(bed, caller)
      sentAgain += again.sent
      hadHappened += again.existed
      await lostNothing(bed, caller.companyId)
      await agrees(bed)
    }
    return { kills, acknowledged: bed.acknowledged.size, sentAgain, hadHappened }
  } finally {
    bed.server.child.kill('SIGINT')
    await bed.server.exit
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startServer(bed: Bed): Promise<void> {
  const env = { ...process.env, EQUIHOUR_DATA: bed.data, PORT: '0', DATABASE_URL: undefined, LOG_LEVEL: 'fatal' }
  bed.server = start(process.execPath, ['bin/equihour.mjs', 'start'], { env })
  const serves = await says(bed.server, /serves http:\/\/localhost:(\d+)/, 180_000)
  bed.port = Number(serves[1])
  const url = holderOf(bed.data)?.database
  if (url === undefined) throw new Error('the server holds no data')
  bed.ownerUrl = url
}

async function killIt(bed: Bed, victim: Victim): Promise<void> {
  if (victim === 'server') bed.server.child.kill('SIGKILL')
  else {
    const folder = (await query(bed, 'SHOW data_directory'))[0]?.data_directory
    const pid = Number(readFileSync(join(String(folder), 'postmaster.pid'), 'utf8').split('\n')[0])
    assert.ok(pid > 1)
    process.kill(pid, 'SIGKILL')
  }
  await bed.server.exit
}

type Caller = { readonly token: string; readonly companyId: Uuid; readonly accounts: readonly Lot[] }
type Lot = { readonly available: string; readonly escrow: string; readonly cancelled: string }

/** A partner's token, and the accounts of a company of the demo that has tokens. */
async function signIn(bed: Bed): Promise<Caller> {
  const { db } = openDatabase({ url: bed.ownerUrl, connections: 1 })
  const token = await inTransaction(db, (trx) => openSession(trx, DEMO_PEOPLE.partner.id, 'bearer'))
  await db.destroy()
  const rows = await query(
    bed,
    `SELECT holder_id, lot_id, max(account_id::text) FILTER (WHERE kind = 'available') AS available,
       max(account_id::text) FILTER (WHERE kind = 'escrow') AS escrow,
       max(account_id::text) FILTER (WHERE kind = 'cancelled') AS cancelled
     FROM ledger_account GROUP BY holder_id, lot_id
     HAVING sum(credits_posted - debits_posted - debits_pending) FILTER (WHERE kind = 'available') > 1000000`,
  )
  const companyId = String(rows[0]?.holder_id)
  const id = (account: unknown) => `TokenAccount:${companyId}:${account}`
  const accounts = rows
    .filter((row) => row.holder_id === companyId)
    .map((row) => ({ available: id(row.available), escrow: id(row.escrow), cancelled: id(row.cancelled) }))
  assert.ok(accounts.length > 0, 'no company of the demo has available tokens')
  return { token, companyId, accounts }
}

/** Sends batches, one after the other, until the server no longer answers. */
async function client(bed: Bed, caller: Caller, index: number): Promise<void> {
  for (;;) {
    const batch = randomBatch(caller, index % 3 === 0 ? 'lines' : 'graphql')
    const answers = await post(bed, caller, batch).catch(() => undefined)
    if (answers === undefined) {
      bed.unknown.push(batch)
      return
    }
    keep(bed, batch, answers)
    if (answers.some((answer) => answer === 'unknown')) {
      bed.unknown.push(batch)
      return
    }
  }
}

function keep(bed: Bed, { events }: Batch, answers: readonly Answer[]): void {
  for (const [index, event] of events.entries()) {
    if (answers[index] === 'done' || answers[index] === 'existed') bed.acknowledged.set(event.id, event)
    else if (answers[index] === 'refused') bed.refused.add(event.id)
  }
}

function randomBatch({ accounts }: Caller, door: Batch['door']): Batch {
  const lot = accounts[Math.floor(Math.random() * accounts.length)] as Lot
  const event = (debit: string, credit: string, more: object = {}): Sent => ({
    id: newId(),
    kind: 'posted',
    debit,
    credit,
    amount: `0.00000${1 + Math.floor(Math.random() * 8)}`,
    reason: 'adjust_crash_test',
    ...more,
  })
  const { available, escrow, cancelled } = lot
  const kind = Math.random()
  // By itself it goes together with those of other clients.
  if (kind < 0.3) return { door, chained: false, events: [event(available, escrow)] }
  if (kind < 0.5) return { door, chained: false, events: [event(available, escrow), event(available, escrow)] }
  if (kind < 0.7) {
    const linked = { linked: true, amount: '0.000003' }
    const last = event(cancelled, available, { amount: '0.000003' })
    return { door, chained: true, events: [event(available, escrow, linked), event(escrow, cancelled, linked), last] }
  }
  const promise = event(available, escrow, { kind: 'pending' })
  const end = { id: newId(), kind: Math.random() < 0.5 ? 'post_pending' : 'void_pending', reason: 'adjust_crash_test' }
  return { door, chained: false, events: [promise, { ...end, pendingId: promise.id }] }
}

/** `unknown`: the server said that it does not know. */
type Answer = 'done' | 'existed' | 'refused' | 'unknown'

const MUTATION = `mutation ($input: PostTransfersInput!) { postTransfers(input: $input) { __typename
  ... on TransferBatch { answers { __typename ... on PostedTransfer { existed } } } } }`

/** @throws where the server does not answer */
async function post(bed: Bed, { token, companyId }: Caller, { events, door }: Batch): Promise<Answer[]> {
  const company = `Company:${companyId}`
  const lines = door === 'lines'
  const body = lines
    ? events.map((event) => `${JSON.stringify({ companyId: company, ...event })}\n`).join('')
    : JSON.stringify({
        query: MUTATION,
        variables: {
          input: {
            companyId: company,
            transfers: events.map((event) => ({ ...event, kind: String(event.kind).toUpperCase() })),
          },
        },
      })
  const response = await fetch(`http://127.0.0.1:${bed.port}${lines ? '/ledger/transfers' : '/graphql'}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': lines ? 'application/x-ndjson' : 'application/json',
    },
    body,
    signal: AbortSignal.timeout(60_000),
  })
  const text = await response.text()
  return lines ? answersOfLines(text, events) : answersOfGraphql(text)
}

function answersOfGraphql(text: string): Answer[] {
  const { data, errors } = JSON.parse(text)
  if (errors !== undefined || data === null) throw new Error(text)
  assert.equal(data.postTransfers.__typename, 'TransferBatch', text)
  return data.postTransfers.answers.map((answer: { __typename: string; existed?: boolean }) =>
    answer.__typename !== 'PostedTransfer' ? 'refused' : answer.existed === true ? 'existed' : 'done',
  )
}

/** Lines that were not answered are not known. The last one may be cut. */
function answersOfLines(text: string, events: readonly Sent[]): Answer[] {
  const answered = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
  return events.map((_event, index) => {
    const answer = answered[index]
    if (answer === undefined || ['UNAVAILABLE', 'INTERNAL'].includes(answer.code)) return 'unknown'
    return answer.outcome === 'CREATED' ? 'done' : answer.outcome === 'EXISTS' ? 'existed' : 'refused'
  })
}

/** Every acknowledged event is there as it was sent, no refused one is, and every chain is there whole or not at all. */
async function lostNothing(bed: Bed, companyId: Uuid): Promise<void> {
  const rows = await query(
    bed,
    `SELECT transfer_id, kind, asked_micro FROM transfer WHERE holder_id = '${companyId}' AND reason = 'adjust_crash_test'`,
  )
  const there = new Map(rows.map((row) => [String(row.transfer_id), row]))
  for (const [id, event] of bed.acknowledged) {
    const row = there.get(id)
    assert.ok(row !== undefined, `the acknowledged ${event.kind} transfer ${id} is lost`)
    assert.equal(row.kind, event.kind)
    const asked = event.amount === undefined ? null : String(Math.round(Number(event.amount) * 1_000_000))
    assert.equal(row.asked_micro === null ? null : String(row.asked_micro), asked)
  }
  for (const id of bed.refused) assert.ok(!there.has(id), `the refused transfer ${id} is there`)
  for (const { chained, events } of bed.unknown) {
    const count = events.filter(({ id }) => there.has(id)).length
    if (chained)
      assert.ok(count === 0 || count === events.length, `${count} of ${events.length} events of a chain are there`)
  }
}

/** Sends what was not answered again, twice: it happens once, whichever it was. */
async function sendAgain(bed: Bed, caller: Caller): Promise<{ sent: number; existed: number }> {
  let [sent, existed] = [0, 0]
  for (const batch of bed.unknown.splice(0)) {
    const first = await post(bed, caller, batch)
    const second = await post(bed, caller, batch)
    assert.ok(!first.includes('unknown') && !second.includes('unknown'))
    for (const [index, answer] of first.entries()) {
      sent += 1
      if (answer === 'existed') existed += 1
      assert.equal(second[index], answer === 'refused' ? 'refused' : 'existed')
    }
    keep(bed, batch, second)
  }
  return { sent, existed }
}

async function agrees(bed: Bed): Promise<void> {
  const { db } = openDatabase({ url: bed.ownerUrl, connections: 2 })
  try {
    assert.deepEqual((await reconcile(db)).differences, [])
  } finally {
    await db.destroy()
  }
}

async function query(bed: Bed, text: string): Promise<Record<string, unknown>[]> {
  const owner = new pg.Client({ connectionString: bed.ownerUrl })
  owner.on('error', () => undefined)
  await owner.connect()
  try {
    return (await owner.query(text)).rows
  } finally {
    await owner.end().catch(() => undefined)
  }
}
