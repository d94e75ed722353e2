/** Why the ledger refuses one event of a batch: a type for each refusal. */
import {
  AccountClosed,
  AccountMissing,
  AlreadyReversed,
  AmountNotPositive,
  AmountOverflows,
  ExceedsPending,
  ExpiresInPast,
  LinkedChainBroken,
  LinkedChainOpen,
  OtherLot,
  PendingAlreadyPosted,
  PendingAlreadyVoided,
  PendingDiffers,
  PendingExpired,
  PendingMissing,
  PendingNotDue,
  PendingNotPending,
  ReversalDiffers,
  ReversedMissing,
  SameAccount,
  TransferIdReused,
  TransferMalformed,
  TransferNotPermitted,
  WouldOverdraw,
} from '../../api/tokens/index.ts'
import { builder } from '../kernel/builder.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import './token-errors.ts'

const interfaces = [DomainErrorInterface]

builder.objectType(AlreadyReversed, {
  name: 'AlreadyReversed',
  description: 'The transfer was reversed before, by another reversal.',
  interfaces,
  fields: (t) => ({ transferId: t.exposeID('transferId', { description: 'The transfer that was to be reversed.' }) }),
})
builder.objectType(TransferMalformed, {
  name: 'TransferMalformed',
  description: 'A field of the event does not go with the others, or is missing.',
  interfaces,
  fields: (t) => ({ field: t.exposeString('field', { description: 'The field.' }) }),
})
builder.objectType(AmountNotPositive, {
  name: 'AmountNotPositive',
  description: 'The amount is zero, and the event closes no account.',
  interfaces,
})
builder.objectType(SameAccount, {
  name: 'SameAccount',
  description: 'Debit and credit are the same account.',
  interfaces,
})
builder.objectType(AccountMissing, {
  name: 'AccountMissing',
  description: 'The company has no such account.',
  interfaces,
  fields: (t) => ({ side: t.exposeString('side', { description: 'The side of the transfer: debit or credit.' }) }),
})
builder.objectType(OtherLot, {
  name: 'OtherLot',
  description: 'The accounts belong to different lots: tokens never leave their lot.',
  interfaces,
})
builder.objectType(AmountOverflows, {
  name: 'AmountOverflows',
  description: 'The totals of an account would become larger than the ledger can hold.',
  interfaces,
})
builder.objectType(ExpiresInPast, {
  name: 'ExpiresInPast',
  description: 'A pending transfer would expire before it begins.',
  interfaces,
})
builder.objectType(PendingMissing, {
  name: 'PendingMissing',
  description: 'There is no pending transfer of this id.',
  interfaces,
})
builder.objectType(PendingNotPending, {
  name: 'PendingNotPending',
  description: 'The transfer to be resolved is not a pending one.',
  interfaces,
})
builder.objectType(PendingDiffers, {
  name: 'PendingDiffers',
  description: 'What resolves a pending transfer does not agree with it.',
  interfaces,
  fields: (t) => ({ field: t.exposeString('field', { description: 'The field that differs.' }) }),
})
builder.objectType(ExceedsPending, {
  name: 'ExceedsPending',
  description: 'More would be posted than is pending.',
  interfaces,
  fields: (t) => ({ pending: t.expose('pending', { type: 'Tokens', description: 'Tokens that are pending.' }) }),
})
builder.objectType(PendingAlreadyPosted, {
  name: 'PendingAlreadyPosted',
  description: 'The pending transfer was posted before.',
  interfaces,
})
builder.objectType(PendingAlreadyVoided, {
  name: 'PendingAlreadyVoided',
  description: 'The pending transfer was voided before.',
  interfaces,
})
builder.objectType(PendingExpired, {
  name: 'PendingExpired',
  description: 'The time of the pending transfer is over: its tokens are free again.',
  interfaces,
})
builder.objectType(PendingNotDue, {
  name: 'PendingNotDue',
  description: 'The pending transfer has not expired yet.',
  interfaces,
})
builder.objectType(ReversedMissing, {
  name: 'ReversedMissing',
  description: 'There is no posted transfer of this id to be reversed.',
  interfaces,
})
builder.objectType(ReversalDiffers, {
  name: 'ReversalDiffers',
  description: 'A reversal is not the opposite of what it reverses.',
  interfaces,
  fields: (t) => ({ field: t.exposeString('field', { description: 'The field that differs.' }) }),
})
builder.objectType(LinkedChainBroken, {
  name: 'LinkedChainBroken',
  description: 'Another event of the chain was refused, and with it this one.',
  interfaces,
  fields: (t) => ({ at: t.exposeInt('at', { description: 'Which event of the batch was refused, counted from 1.' }) }),
})
builder.objectType(LinkedChainOpen, {
  name: 'LinkedChainOpen',
  description: 'The last event of the batch is linked with a next one.',
  interfaces,
})
builder.objectType(TransferNotPermitted, {
  name: 'TransferNotPermitted',
  description: 'The caller’s role does not post this kind of transfer here.',
  interfaces,
  fields: (t) => ({
    what: t.exposeString('what', {
      description: 'What is not permitted: the two kinds of account, the reason, or closing.',
    }),
  }),
})

/** The refusals that one event of a batch may be answered with. */
export const TRANSFER_REFUSALS = [
  TransferIdReused,
  AccountClosed,
  WouldOverdraw,
  AlreadyReversed,
  TransferMalformed,
  AmountNotPositive,
  SameAccount,
  AccountMissing,
  OtherLot,
  AmountOverflows,
  ExpiresInPast,
  PendingMissing,
  PendingNotPending,
  PendingDiffers,
  ExceedsPending,
  PendingAlreadyPosted,
  PendingAlreadyVoided,
  PendingExpired,
  PendingNotDue,
  ReversedMissing,
  ReversalDiffers,
  LinkedChainBroken,
  LinkedChainOpen,
  TransferNotPermitted,
] as const
