/** One event of a batch as callers write it, through either door. */
import { z } from 'zod'
import { zGlobalId, zInstant, zRef, zTokens, zUuid } from '../platform/index.ts'
import type { LedgerEvent } from './ledger.store.ts'
import { DOOR_REASON } from './transfer-rights.ts'

/** `expire_pending` is not among them: time expires what has a time. */
export const TRANSFER_KINDS = ['posted', 'pending', 'post_pending', 'void_pending'] as const

const zSide = z.enum(['debit', 'credit'], 'must be debit or credit')
const zAccount = zRef('TokenAccount')

/** An event. Accounts are global ids (`TokenAccount:<company>:<account>`), amounts decimal strings of tokens. */
export const TransferEvent = z.strictObject({
  id: zUuid,
  kind: z.enum(TRANSFER_KINDS, `must be ${TRANSFER_KINDS.join(', ')}`),
  debit: zAccount.nullish(),
  credit: zAccount.nullish(),
  amount: zTokens.nullish(),
  pendingId: zUuid.nullish(),
  expiresAt: zInstant.nullish(),
  reason: z.string().regex(DOOR_REASON, 'must be adjust, or begin with it: small letters and _, at most 40'),
  subject: zGlobalId.nullish(),
  linked: z.boolean().nullish(),
  balancing: zSide.nullish(),
  closing: zSide.nullish(),
  reversesId: zUuid.nullish(),
})
export type TransferEvent = z.output<typeof TransferEvent>

/** The event as the ledger takes it. An account of another holder is none of this one's: it is missing. */
export function ledgerEventOf(event: TransferEvent): LedgerEvent {
  return {
    id: event.id,
    kind: event.kind,
    debit: event.debit?.id,
    credit: event.credit?.id,
    amount: event.amount ?? undefined,
    pendingId: event.pendingId ?? undefined,
    expiresAt: event.expiresAt ?? undefined,
    reason: event.reason,
    subject: event.subject ?? undefined,
    linked: event.linked ?? undefined,
    balancing: event.balancing ?? undefined,
    closing: event.closing ?? undefined,
    reversesId: event.reversesId ?? undefined,
  }
}
