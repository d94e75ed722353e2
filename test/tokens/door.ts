/** The public doors of the ledger, as a client calls them: GraphQL and the stream of lines. */
import assert from 'node:assert/strict'
import request from 'supertest'
import { formatTokens, isUuid, parseTokens, type Uuid } from '../../api/platform/index.ts'
import { DOOR_REASON } from '../../api/tokens/transfer-rights.ts'
import type { Person, World } from '../support/world.ts'
import type { RawAnswer } from './raw-ledger.ts'
import type { RawEvent } from './scenarios.ts'

/** An event as the doors take it. */
export type DoorEvent = Record<string, unknown>

export const POST = `mutation ($input: PostTransfersInput!) { postTransfers(input: $input) { __typename
  ... on DomainError { code message }
  ... on TransferBatch {
    answers { __typename ... on PostedTransfer { transferId amount existed }
      ... on DomainError { code message transient }
      ... on TransferIdReused { field } ... on TransferMalformed { field } ... on PendingDiffers { field }
      ... on ReversalDiffers { field } ... on AccountMissing { side } ... on AccountClosed { side }
      ... on WouldOverdraw { available } ... on ExceedsPending { pending } ... on LinkedChainBroken { at }
      ... on TransferNotPermitted { what } }
    resulting { totals { kind amount } } } } }`

/** Sends a batch over GraphQL. */
export const postByGraphql = (by: Person, companyId: Uuid, transfers: readonly DoorEvent[], more: object = {}) =>
  by.graphql(POST, { input: { companyId: `Company:${companyId}`, transfers, ...more } })

/** Sends lines; the answers, parsed. Texts are sent as they are. */
export async function postLines(world: World, by: Person, lines: readonly (DoorEvent | string)[]) {
  const body = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  const response = await request(world.app)
    .post('/ledger/transfers')
    .set('authorization', `Bearer ${by.token}`)
    .set('content-type', 'application/x-ndjson')
    .buffer(true)
    .parse((res, done) => {
      let text = ''
      res.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8')
      })
      res.on('end', () => done(null, text))
    })
    .send(`${body}\n`)
  assert.equal(response.status, 200, String(response.body))
  return String(response.body)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** The event of a scenario as a caller writes it. */
export function doorEvent(companyId: Uuid, raw: RawEvent): DoorEvent {
  const account = (id: unknown) => (id === undefined ? undefined : `TokenAccount:${companyId}:${id}`)
  const reason = String(raw.reason)
  return {
    id: raw.id,
    kind: raw.kind,
    debit: account(raw.debit),
    credit: account(raw.credit),
    amount: raw.amount === undefined ? undefined : tokensOf(String(raw.amount)),
    pendingId: raw.pending_id,
    expiresAt: raw.expires_at,
    reason: reason === 'test' ? 'adjust' : /^[a-z]/.test(reason) ? `adjust_${reason}` : reason,
    subject: raw.subject === undefined ? undefined : subjectOf(companyId, String(raw.subject)),
    linked: raw.linked,
    balancing: raw.balancing,
    closing: raw.closing,
    reversesId: raw.reverses_id,
  }
}

const tokensOf = (micro: string): string =>
  micro.startsWith('-') ? `-${formatTokens(BigInt(micro.slice(1)))}` : formatTokens(BigInt(micro))
const subjectOf = (companyId: Uuid, name: string): string =>
  `Round:${companyId}:0190cccc-0000-7000-8000-${name.slice(1).padStart(12, '0')}`

/** Why GraphQL does not take an event at all: which field no value of its type has. */
export function notATransfer(event: DoorEvent): string | undefined {
  if (!['posted', 'pending', 'post_pending', 'void_pending'].includes(String(event.kind))) return 'kind'
  if (event.amount !== undefined && (String(event.amount).startsWith('-') || String(event.amount).length > 12))
    return 'amount'
  for (const side of ['balancing', 'closing'])
    if (event[side] !== undefined && !['debit', 'credit'].includes(String(event[side]))) return side
  if (!DOOR_REASON.test(String(event.reason))) return 'reason'
  if (!isUuid(String(event.id))) return 'id'
  return undefined
}

/** The event with its enums as GraphQL spells them. */
export const asGraphql = (event: DoorEvent): DoorEvent => ({
  ...event,
  kind: String(event.kind).toUpperCase(),
  balancing: event.balancing === undefined ? undefined : String(event.balancing).toUpperCase(),
  closing: event.closing === undefined ? undefined : String(event.closing).toUpperCase(),
})

/** An answer of either door as the ledger itself says it: result, what it is about, the amount. */
// biome-ignore lint/suspicious/noExplicitAny: what came over the wire
export function rawAnswer(said: any): RawAnswer {
  const amount = said.amount === undefined ? null : parseTokens(said.amount)
  if (said.__typename === 'PostedTransfer') return { result: said.existed ? 'exists' : 'created', about: null, amount }
  if (said.outcome === 'CREATED' || said.outcome === 'EXISTS')
    return { result: said.outcome.toLowerCase(), about: null, amount }
  const result = RESULTS[said.code] ?? said.code.toLowerCase()
  const about = said.code === 'BAD_INPUT' ? said.faults[0].path : aboutOf(said)
  return { result, about: about === undefined ? null : snake(String(about)), amount: null }
}

const RESULTS: Readonly<Record<string, string>> = {
  BAD_INPUT: 'malformed',
  TRANSFER_ID_REUSED: 'id_reused',
  TRANSFER_MALFORMED: 'malformed',
}
// biome-ignore lint/suspicious/noExplicitAny: what came over the wire
function aboutOf(said: any): unknown {
  if (said.available !== undefined) return parseTokens(said.available)
  if (said.pending !== undefined) return parseTokens(said.pending)
  return said.field ?? said.side ?? said.at ?? said.what
}
const snake = (text: string): string =>
  ({ pendingId: 'pending_id', expiresAt: 'expires_at', reversesId: 'reverses_id' })[text] ?? text
