/**
 * Why the ledger refuses one event of a batch: a class for each refusal of `ledger_post`, with what it is about. The answer
 * of one item of a batch: it does not hide the others.
 */
import { DomainError, formatTokens, type MicroTokens, type Uuid } from '../platform/index.ts'
import { AccountClosed, AlreadyReversed, TransferIdReused, WouldOverdraw } from './errors.ts'
import type { LedgerEvent, Refusal } from './ledger.store.ts'

/** A field of the event does not go with the others, or is missing. */
export class TransferMalformed extends DomainError {
  readonly code = 'TRANSFER_MALFORMED'
  readonly field: string
  constructor(field: string) {
    super(`The field ${field} is missing, or does not go with the others. Nothing was changed.`)
    this.field = field
  }
}

/** The amount is zero, and the event closes no account. */
export class AmountNotPositive extends DomainError {
  readonly code = 'AMOUNT_NOT_POSITIVE'
  constructor() {
    super('The amount must be more than zero. Nothing was changed.')
  }
}

/** Debit and credit are the same account. */
export class SameAccount extends DomainError {
  readonly code = 'SAME_ACCOUNT'
  constructor() {
    super('Debit and credit are the same account. Nothing was changed.')
  }
}

/** The holder has no such account. */
export class AccountMissing extends DomainError {
  readonly code = 'ACCOUNT_MISSING'
  override readonly transient = true
  readonly side: string
  constructor(side: string) {
    super(`This holder has no such ${side} account. Nothing was changed.`)
    this.side = side
  }
}

/** The accounts belong to different lots: tokens never leave their lot. */
export class OtherLot extends DomainError {
  readonly code = 'OTHER_LOT'
  constructor() {
    super('The two accounts belong to different lots. Tokens never leave their lot. Nothing was changed.')
  }
}

/** The totals of an account would become larger than the ledger can hold. */
export class AmountOverflows extends DomainError {
  readonly code = 'OVERFLOWS'
  constructor() {
    super('The totals of an account would become larger than the ledger can hold. Nothing was changed.')
  }
}

/** A pending transfer would expire before it begins. */
export class ExpiresInPast extends DomainError {
  readonly code = 'EXPIRES_IN_PAST'
  constructor() {
    super('The pending transfer would expire before it begins. Nothing was changed.')
  }
}

/** There is no pending transfer of this id. */
export class PendingMissing extends DomainError {
  readonly code = 'PENDING_MISSING'
  override readonly transient = true
  constructor() {
    super('There is no pending transfer of this id. Nothing was changed.')
  }
}

/** The transfer to be resolved is not a pending one. */
export class PendingNotPending extends DomainError {
  readonly code = 'PENDING_NOT_PENDING'
  constructor() {
    super('The transfer to be resolved is not a pending one. Nothing was changed.')
  }
}

/** What resolves a pending transfer does not agree with it. */
export class PendingDiffers extends DomainError {
  readonly code = 'PENDING_DIFFERS'
  readonly field: string
  constructor(field: string) {
    super(`The pending transfer has another ${field}. Nothing was changed.`)
    this.field = field
  }
}

/** More would be posted than is pending. */
export class ExceedsPending extends DomainError {
  readonly code = 'EXCEEDS_PENDING'
  readonly pending: MicroTokens
  constructor(pending: MicroTokens) {
    super(`More would be posted than the ${formatTokens(pending)} tokens that are pending. Nothing was changed.`)
    this.pending = pending
  }
}

/** The pending transfer was posted before. */
export class PendingAlreadyPosted extends DomainError {
  readonly code = 'PENDING_ALREADY_POSTED'
  constructor() {
    super('The pending transfer was posted before. Nothing was changed.')
  }
}

/** The pending transfer was voided before. */
export class PendingAlreadyVoided extends DomainError {
  readonly code = 'PENDING_ALREADY_VOIDED'
  constructor() {
    super('The pending transfer was voided before. Nothing was changed.')
  }
}

/** The time of the pending transfer is over. */
export class PendingExpired extends DomainError {
  readonly code = 'PENDING_EXPIRED'
  constructor() {
    super('The time of the pending transfer is over: its tokens are free again. Nothing was changed.')
  }
}

/** The pending transfer has not expired yet. */
export class PendingNotDue extends DomainError {
  readonly code = 'PENDING_NOT_DUE'
  override readonly transient = true
  constructor() {
    super('The pending transfer has not expired yet. Nothing was changed.')
  }
}

/** There is no posted transfer of this id to be reversed. */
export class ReversedMissing extends DomainError {
  readonly code = 'REVERSES_MISSING'
  constructor() {
    super('There is no posted transfer of this id to be reversed. Nothing was changed.')
  }
}

/** A reversal is not the opposite of what it reverses. */
export class ReversalDiffers extends DomainError {
  readonly code = 'REVERSES_DIFFERS'
  readonly field: string
  constructor(field: string) {
    super(
      `The ${field} is not that of a reversal: debit and credit change sides, and the amount is at most the same. Nothing was changed.`,
    )
    this.field = field
  }
}

/** Another event of the chain was refused, and with it this one. */
export class LinkedChainBroken extends DomainError {
  readonly code = 'LINKED_CHAIN_BROKEN'
  override readonly transient = true
  readonly at: number
  constructor(at: number, what: 'event' | 'line' = 'event') {
    super(
      `${what === 'event' ? `Event ${at} of this batch` : `Line ${at}`} broke the chain that this one belongs to. Nothing of the chain was done.`,
    )
    this.at = at
  }
}

/** The last event of a batch is linked with a next one. */
export class LinkedChainOpen extends DomainError {
  readonly code = 'LINKED_CHAIN_OPEN'
  constructor() {
    super('The batch ends with an event that is linked with a next one. Nothing of the chain was done.')
  }
}

/** The caller may not post a transfer of this kind. */
export class TransferNotPermitted extends DomainError {
  readonly code = 'TRANSFER_NOT_PERMITTED'
  readonly what: string
  constructor(what: string) {
    super(`Your role does not post this kind of transfer here (${what}). Nothing was changed.`)
    this.what = what
  }
}

/** The fields of an event as the ledger's rows name them, where callers know them by another name. */
const FIELDS: Readonly<Record<string, string>> = {
  pending_id: 'pendingId',
  expires_at: 'expiresAt',
  reverses_id: 'reversesId',
}

/** Every refusal of one event, `not_permitted` by the public door among them. */
export type DoorRefusal = Refusal | 'not_permitted'

type Refused = Pick<LedgerEvent, 'amount' | 'reversesId'> & { readonly id: Uuid }

const MAKE = {
  malformed: (about: string) => new TransferMalformed(FIELDS[about] ?? about),
  amount_not_positive: () => new AmountNotPositive(),
  same_account: () => new SameAccount(),
  account_missing: (about: string) => new AccountMissing(about),
  other_lot: () => new OtherLot(),
  overflows: () => new AmountOverflows(),
  expires_in_past: () => new ExpiresInPast(),
  pending_missing: () => new PendingMissing(),
  pending_not_pending: () => new PendingNotPending(),
  pending_differs: (about: string) => new PendingDiffers(FIELDS[about] ?? about),
  exceeds_pending: (about: string) => new ExceedsPending(BigInt(about)),
  pending_already_posted: () => new PendingAlreadyPosted(),
  pending_already_voided: () => new PendingAlreadyVoided(),
  pending_expired: () => new PendingExpired(),
  pending_not_due: () => new PendingNotDue(),
  reverses_missing: () => new ReversedMissing(),
  reverses_differs: (about: string) => new ReversalDiffers(FIELDS[about] ?? about),
  already_reversed: (_about: string, event: Refused) => new AlreadyReversed(event.reversesId ?? ''),
  linked_chain_broken: (about: string) => new LinkedChainBroken(Number(about)),
  linked_chain_open: () => new LinkedChainOpen(),
  not_permitted: (about: string) => new TransferNotPermitted(about),
  id_reused: (about: string, event: Refused) => new TransferIdReused(event.id, FIELDS[about] ?? about),
  account_closed: (about: string) => new AccountClosed(about),
  would_overdraw: (about: string, event: Refused) => new WouldOverdraw(BigInt(about), event.amount ?? 0n),
} satisfies Readonly<Record<DoorRefusal, (about: string, event: Refused) => DomainError>>

/** Any refusal of one event. */
export type TransferRefusal = ReturnType<(typeof MAKE)[DoorRefusal]>

/** The typed refusal of an event that the ledger answered so. */
export const refusalOf = (result: DoorRefusal, about: string | null, event: Refused): TransferRefusal =>
  MAKE[result](about ?? '', event)
