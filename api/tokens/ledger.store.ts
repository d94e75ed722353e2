/** Posts transfers. Everything that moves tokens goes through {@link postBatch}, one call of `ledger_post`. */
import { sql } from 'kysely'
import { instant, type MicroTokens, type Trx, type Uuid } from '../platform/index.ts'
import { AccountClosed, TransferIdReused, WouldOverdraw } from './errors.ts'

/** Most events of one batch. */
export const BATCH_MAX = 10_000

/** One event of a batch. The id is the caller's and makes it safe to repeat. */
export type LedgerEvent = {
  readonly id: Uuid
  /** `post_pending`, `void_pending` and `expire_pending` resolve the pending transfer `pendingId`, once. */
  readonly kind: 'posted' | 'pending' | 'post_pending' | 'void_pending' | 'expire_pending'
  /** Account ids. An event that resolves a pending transfer may leave them out. */
  readonly debit?: Uuid | undefined
  readonly credit?: Uuid | undefined
  /** Micro-tokens. May be left out to resolve in full, and to balance: as much as there is. */
  readonly amount?: MicroTokens | undefined
  readonly pendingId?: Uuid | undefined
  /** From this instant on a pending transfer can only expire. */
  readonly expiresAt?: string | undefined
  /** Why, as a code: `release`. */
  readonly reason: string
  /** Global id of what it is about. */
  readonly subject?: string | undefined
  /** Happens only together with the next event. */
  readonly linked?: boolean | undefined
  /** Moves at most what the debit account has, or what the credit account (the contra account) lacks. */
  readonly balancing?: 'debit' | 'credit' | undefined
  /** A pending transfer that closes an account until it is voided. */
  readonly closing?: 'debit' | 'credit' | undefined
  /** The transfer that this one undoes. */
  readonly reversesId?: Uuid | undefined
}

/** Why an event was refused. `migrations/0006_tokens.sql` says what each is about. */
export const REFUSALS = [
  'id_reused',
  'malformed',
  'amount_not_positive',
  'same_account',
  'account_missing',
  'other_lot',
  'account_closed',
  'would_overdraw',
  'overflows',
  'expires_in_past',
  'pending_missing',
  'pending_not_pending',
  'pending_differs',
  'exceeds_pending',
  'pending_already_posted',
  'pending_already_voided',
  'pending_expired',
  'pending_not_due',
  'reverses_missing',
  'reverses_differs',
  'already_reversed',
  'linked_chain_broken',
  'linked_chain_open',
] as const
export type Refusal = (typeof REFUSALS)[number]

/** Refusals that the same event may escape later, when balances or other events have changed. The others are for good. */
export const TRANSIENT_REFUSALS: ReadonlySet<Refusal> = new Set<Refusal>([
  'account_missing',
  'account_closed',
  'would_overdraw',
  'pending_missing',
  'pending_not_due',
  'linked_chain_broken',
])

/** The answer to one event. `amount` is what it moved; `about` what a refusal is about: a field, a side, an amount, an ordinal. */
export type LedgerAnswer = {
  readonly result: 'created' | 'exists' | Refusal
  readonly about: string | null
  readonly amount: MicroTokens | null
}

/**
 * Posts a batch of one holder's transfers and answers each event, in order. A refused event changes nothing and stops only
 * the events that it is linked with.
 */
export async function postBatch(
  trx: Trx,
  holderId: Uuid,
  batch: readonly LedgerEvent[],
): Promise<readonly LedgerAnswer[]> {
  if (batch.length === 0) return []
  if (batch.length > BATCH_MAX) throw new RangeError(`a batch of ${batch.length} events is over ${BATCH_MAX}`)
  const events = JSON.stringify(batch.map(asStored))
  const { rows } = await sql<LedgerAnswer>`
    SELECT result, detail AS about, amount_micro AS amount
    FROM ledger_post(${holderId}, ${events}::jsonb, ${await instant(trx)}::timestamptz) ORDER BY ordinal`.execute(trx)
  if (rows.length !== batch.length) throw new Error(`the ledger answered ${rows.length} of ${batch.length} events`)
  return rows
}

/**
 * Posts a batch of which every event must happen: the first refusal is thrown, and the caller's transaction ends with it.
 *
 * @throws {TransferIdReused | WouldOverdraw | AccountClosed}
 */
export async function postAll(trx: Trx, holderId: Uuid, batch: readonly LedgerEvent[]): Promise<void> {
  const answers = await postBatch(trx, holderId, batch)
  const at = answers.findIndex(
    ({ result }) => result !== 'created' && result !== 'exists' && result !== 'linked_chain_broken',
  )
  const [answer, event] = [answers[at], batch[at]]
  if (answer === undefined || event === undefined) return
  const { result, about } = answer
  if (result === 'id_reused') throw new TransferIdReused(event.id, about ?? '')
  if (result === 'would_overdraw') throw new WouldOverdraw(BigInt(about ?? '0'), event.amount ?? 0n)
  if (result === 'account_closed') throw new AccountClosed(about ?? '')
  // The callers lock and check first: any other refusal is a fault of ours.
  throw new Error(`the ledger refused event ${at + 1} (${event.reason}): ${result} ${about ?? ''}`)
}

/**
 * Locks all accounts of a company, in id order. Whoever posts more than one batch in a transaction, or decides by balances,
 * calls it first: then no two wait for each other. After the company's own row, before a pool and before a supply row.
 */
export async function lockTokens(trx: Trx, companyId: Uuid): Promise<void> {
  await trx
    .selectFrom('ledger_account')
    .select('account_id')
    .where('holder_id', '=', companyId)
    .orderBy('account_id')
    .forNoKeyUpdate()
    .execute()
}

/** Expires pending transfers whose time is over, oldest first, at most 1,000. Answers how many. */
export async function expirePending(trx: Trx, holderId: Uuid): Promise<number> {
  const { rows } = await sql<{ expired: number }>`
    SELECT ledger_expire(${holderId}, ${await instant(trx)}::timestamptz) AS expired`.execute(trx)
  return rows[0]?.expired ?? 0
}

/** The event as `ledger_post` reads it. */
export const asStored = (event: LedgerEvent) => ({
  id: event.id,
  kind: event.kind,
  debit: event.debit,
  credit: event.credit,
  amount: event.amount?.toString(),
  pending_id: event.pendingId,
  expires_at: event.expiresAt,
  reason: event.reason,
  subject: event.subject,
  linked: event.linked,
  balancing: event.balancing,
  closing: event.closing,
  reverses_id: event.reversesId,
})
