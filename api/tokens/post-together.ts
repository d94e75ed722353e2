/** Single transfers that arrive at the same time, by whomever: one call and one transaction for all of them (ADR 65). */
import type { Actor } from '../access/index.ts'
import { type Db, newId, prepared, retried, sqlState, together, type Uuid } from '../platform/index.ts'
import type { LedgerEvent } from './ledger.store.ts'
import { answerOf, asAsked, type DoorRow, type TransferAnswer, throughDoor } from './transfer-door.ts'
import { DOOR_REASON, transferRights } from './transfer-rights.ts'

type Single = { readonly actor: Actor; readonly event: LedgerEvent }

const ledgerDoorEach = prepared<DoorRow | { readonly result: 'alone' }>(
  'ledger_door_each',
  `SELECT result, detail AS about, amount_micro AS amount
    FROM ledger_door_each($1::uuid, $2, $3::jsonb) ORDER BY ordinal`,
)

const ALONE = { result: 'alone' } as const

/** Whether the database refused the statement, and so has undone it. Of a connection that is lost nobody knows. */
function wasUndone(fault: unknown): boolean {
  const state = sqlState(fault)
  return state !== undefined && !/^(08|57P)/.test(state)
}

const eachThroughDoor = together<Single, DoorRow | typeof ALONE>(async (db, companyId, singles) => {
  const calls = singles.map(({ actor, event }) => {
    const { flows, closes } = transferRights(actor)
    return { actor: actor.id, event: newId(), flows, transfer: asAsked(event, closes) }
  })
  try {
    return await ledgerDoorEach(db, [companyId, DOOR_REASON.source, JSON.stringify(calls)])
  } catch (fault) {
    // It is nobody's in particular: each finds out for itself.
    if (wasUndone(fault)) return calls.map(() => ALONE)
    throw fault
  }
})

/**
 * Posts one transfer like a batch of one, with those of the same company that arrive in the same turn or while others are under
 * way. Each has its own rights, refusal and audit event. What would have to wait for a lock, or fails, goes alone.
 *
 * @throws {NotFound} when there is no such company
 */
export async function postTogether(db: Db, actor: Actor, companyId: Uuid, event: LedgerEvent): Promise<TransferAnswer> {
  const named = event.debit !== undefined && event.credit !== undefined
  const row = named ? await eachThroughDoor(db, companyId, { actor, event }) : ALONE
  if (row.result !== 'alone') return answerOf(row, event)
  const [answer] = await retried(() => throughDoor(db, actor, companyId, [event]))
  if (answer === undefined) throw new Error('the ledger answered nothing')
  return answer
}
