import { sql } from 'kysely'
import { z } from 'zod'
import { type Actor, is, must } from '../access/index.ts'
import { mustSeeCompany, seesCompany } from '../parties/index.ts'
import {
  type Deps,
  globalId,
  inTransaction,
  type MicroTokens,
  NotFound,
  newId,
  parse,
  prepared,
  type Reader,
  retried,
  type Uuid,
  zKey,
} from '../platform/index.ts'
import { type Balances, balances } from './balance.views.ts'
import { asStored, type LedgerAnswer, type LedgerEvent } from './ledger.store.ts'
import { ledgerEventOf, TransferEvent } from './transfer-event.ts'
import { type DoorRefusal, refusalOf, type TransferRefusal } from './transfer-refusals.ts'
import { DOOR_REASON, transferRights } from './transfer-rights.ts'

/** Most events of one call. */
export const TRANSFERS_MAX = 1_000

export const PostTransfersInput = z.strictObject({
  companyId: zKey('Company'),
  transfers: z
    .array(z.unknown())
    .min(1, 'must hold at least one transfer')
    .max(TRANSFERS_MAX, `must hold at most ${TRANSFERS_MAX} transfers`)
    .pipe(z.array(TransferEvent)),
  dryRun: z.boolean().nullish(),
})
export type PostTransfersInput = z.input<typeof PostTransfersInput>

/** What became of one event: done (now, or by the same event before), or refused. */
export type TransferAnswer =
  | { readonly id: Uuid; readonly outcome: 'CREATED' | 'EXISTS'; readonly amount: MicroTokens }
  | TransferRefusal

export type PostedTransfers = {
  readonly companyId: Uuid
  /** One for each event, in order. */
  readonly answers: TransferAnswer[]
  /** Of a dry run: the balances that would result. */
  readonly balances: Balances | undefined
}

/**
 * Posts a batch of a company's transfers: rights, ledger and audit event in one statement. Each event's id is its
 * idempotency key. A refused event changes nothing and stops only those that it is linked with.
 *
 * A dry run answers the same, and the balances that would result; nothing is changed.
 *
 * @throws {NotFound | Forbidden}
 */
export async function postTransfers(deps: Deps, actor: Actor, input: PostTransfersInput): Promise<PostedTransfers> {
  const { companyId, transfers, dryRun } = parse(PostTransfersInput, input)
  const events = transfers.map(ledgerEventOf)
  await mustPostFor(deps.db, actor, companyId)
  if (dryRun !== true) {
    const answers = await retried(() => throughDoor(deps.db, actor, companyId, events))
    return { companyId, answers, balances: undefined }
  }
  return inTransaction(deps.db, async (trx) => {
    await sql`SAVEPOINT dry_run`.execute(trx)
    const answers = await throughDoor(trx, actor, companyId, events)
    const resulting = await balances(trx, companyId)
    await sql`ROLLBACK TO SAVEPOINT dry_run`.execute(trx)
    return { companyId, answers, balances: resulting }
  })
}

/**
 * Whoever sees the company and has a role that posts transfers. Whether the company exists is left to `ledger_door`, unless
 * refusing the role would tell.
 *
 * @throws {NotFound | Forbidden}
 */
export async function mustPostFor(reader: Reader, actor: Actor, companyId: Uuid): Promise<void> {
  if (!seesCompany(actor, companyId)) throw new NotFound('company', globalId('Company', companyId))
  if (is(actor, 'operations', 'partner')) return
  await mustSeeCompany(reader, actor, companyId)
  must(actor, 'operations', 'partner')
}

/** One event for the door: as a caller wrote it, or one that is none and breaks its chain like any other refusal. */
export type DoorEvent = LedgerEvent | { readonly malformed: true; readonly linked: boolean }

const ledgerDoor = prepared<LedgerAnswer & { result: 'created' | 'exists' | DoorRefusal }>(
  'ledger_door',
  `SELECT result, detail AS about, amount_micro AS amount
    FROM ledger_door($1::uuid, $2::uuid, $3::uuid, $4::text[], $5, $6::jsonb) ORDER BY ordinal`,
)

/**
 * The batch through `ledger_door`, one statement, answered in order.
 *
 * @throws {NotFound} when there is no such company
 */
export async function throughDoor(
  reader: Reader,
  actor: Actor,
  companyId: Uuid,
  events: readonly DoorEvent[],
): Promise<TransferAnswer[]> {
  const { flows, closes } = transferRights(actor)
  const stored = events.map((event) => {
    if ('malformed' in event) return { kind: 'malformed', linked: event.linked }
    if (event.closing === undefined || closes) return asStored(event)
    return { ...asStored(event), kind: 'not_permitted', reason: 'closing' }
  })
  const values = [companyId, actor.id, newId(), flows, DOOR_REASON.source, JSON.stringify(stored)]
  const rows = await ledgerDoor(reader, values)
  if (rows.length === 0) throw new NotFound('company', globalId('Company', companyId))
  if (rows.length !== events.length) throw new Error(`the ledger answered ${rows.length} of ${events.length} events`)
  return rows.map(({ result, about, amount }, index) => {
    const event = events[index]
    const of = event === undefined || 'malformed' in event ? { id: '' } : event
    return result === 'created' || result === 'exists'
      ? { id: of.id, outcome: result === 'created' ? 'CREATED' : 'EXISTS', amount: amount ?? 0n }
      : refusalOf(result, about, of)
  })
}
