/** The door of the ledger, `ledger_door`: a batch of one company's transfers in one statement. */

import type { Actor } from '../access/index.ts'
import { globalId, type MicroTokens, NotFound, newId, prepared, type Reader, type Uuid } from '../platform/index.ts'
import { asStored, type LedgerAnswer, type LedgerEvent } from './ledger.store.ts'
import { type DoorRefusal, refusalOf, type TransferRefusal } from './transfer-refusals.ts'
import { DOOR_REASON, transferRights } from './transfer-rights.ts'

/** What became of one event: done (now, or by the same event before), or refused. */
export type TransferAnswer =
  | { readonly id: Uuid; readonly outcome: 'CREATED' | 'EXISTS'; readonly amount: MicroTokens }
  | TransferRefusal

/** One event for the door: as a caller wrote it, or one that is none and breaks its chain like any other refusal. */
export type DoorEvent = LedgerEvent | { readonly malformed: true; readonly linked: boolean }

/** A row that the door answers to an event. */
export type DoorRow = LedgerAnswer & { readonly result: 'created' | 'exists' | DoorRefusal }

const ledgerDoor = prepared<DoorRow>(
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
  const stored = events.map((event) => asAsked(event, closes))
  const values = [companyId, actor.id, newId(), flows, DOOR_REASON.source, JSON.stringify(stored)]
  const rows = await ledgerDoor(reader, values)
  if (rows.length === 0) throw new NotFound('company', globalId('Company', companyId))
  if (rows.length !== events.length) throw new Error(`the ledger answered ${rows.length} of ${events.length} events`)
  return rows.map((row, index) => {
    const event = events[index]
    return answerOf(row, event === undefined || 'malformed' in event ? { id: '' } : event)
  })
}

/** The event as the door reads it; one that closes an account is marked where the caller must not close any. */
export function asAsked(event: DoorEvent, closes: boolean) {
  if ('malformed' in event) return { kind: 'malformed', linked: event.linked }
  if (event.closing === undefined || closes) return asStored(event)
  return { ...asStored(event), kind: 'not_permitted', reason: 'closing' }
}

/** What the door's row says of an event. */
export const answerOf = ({ result, about, amount }: DoorRow, of: Pick<LedgerEvent, 'id' | 'amount'>): TransferAnswer =>
  result === 'created' || result === 'exists'
    ? { id: of.id, outcome: result === 'created' ? 'CREATED' : 'EXISTS', amount: amount ?? 0n }
    : refusalOf(result, about, of)
