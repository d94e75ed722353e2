/** What the token ledger refuses. */
import {
  AccountClosed,
  ExceedsHold,
  HoldAlreadyPosted,
  HoldAlreadyVoided,
  HoldExpired,
  RELEASES_END_CAUSES,
  ReleasesEnded,
  SupplyExceeded,
  TokensNotReleased,
  TransferIdReused,
  WouldOverdraw,
} from '../../api/tokens/index.ts'
import { builder } from '../kernel/builder.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'

const interfaces = [DomainErrorInterface]

builder.objectType(WouldOverdraw, {
  name: 'WouldOverdraw',
  description: 'More tokens are asked for than there are.',
  interfaces,
  fields: (t) => ({
    available: t.expose('available', { type: 'Tokens', description: 'Tokens that can be drawn now.' }),
    asked: t.expose('asked', { type: 'Tokens', description: 'Tokens asked for.' }),
  }),
})
builder.objectType(TokensNotReleased, {
  name: 'TokensNotReleased',
  description: 'There are enough tokens, but too many of them are not released yet.',
  interfaces,
  fields: (t) => ({
    available: t.expose('available', { type: 'Tokens', description: 'Tokens that can be drawn now.' }),
    locked: t.expose('locked', { type: 'Tokens', description: 'Tokens that are not released yet.' }),
    asked: t.expose('asked', { type: 'Tokens', description: 'Tokens asked for.' }),
    nextReleaseOn: t.expose('nextReleaseOn', {
      type: 'Date',
      nullable: true,
      description: 'Date of the next planned release; null where none is planned.',
    }),
  }),
})
builder.objectType(SupplyExceeded, {
  name: 'SupplyExceeded',
  description: 'The token class has no authority left for a grant of this size.',
  interfaces,
  fields: (t) => ({
    authorised: t.expose('authorised', { type: 'Tokens', description: 'Tokens that may be granted in all.' }),
    granted: t.expose('granted', { type: 'Tokens', description: 'Tokens granted so far.' }),
    asked: t.expose('asked', { type: 'Tokens', description: 'Tokens asked for.' }),
  }),
})
builder.objectType(HoldExpired, {
  name: 'HoldExpired',
  description: 'The hold was not used in time: its tokens are available again.',
  interfaces,
})
builder.objectType(HoldAlreadyPosted, {
  name: 'HoldAlreadyPosted',
  description: 'The hold was posted before.',
  interfaces,
})
builder.objectType(HoldAlreadyVoided, {
  name: 'HoldAlreadyVoided',
  description: 'The hold was voided before.',
  interfaces,
})
builder.objectType(ExceedsHold, {
  name: 'ExceedsHold',
  description: 'A charge is larger than what is left of its hold.',
  interfaces,
  fields: (t) => ({
    left: t.expose('left', { type: 'Tokens', description: 'Tokens left of the hold.' }),
    asked: t.expose('asked', { type: 'Tokens', description: 'Tokens to be charged.' }),
  }),
})
builder.objectType(TransferIdReused, {
  name: 'TransferIdReused',
  description: 'The id was used before, for something else.',
  interfaces,
  fields: (t) => ({
    transferId: t.exposeID('transferId', { description: 'The id.' }),
    field: t.exposeString('field', { description: 'The field in which this call differs from the first.' }),
  }),
})
builder.objectType(AccountClosed, {
  name: 'AccountClosed',
  description: 'An account of the lot is closed to new transfers.',
  interfaces,
  fields: (t) => ({ side: t.exposeString('side', { description: 'The side of the transfer: debit or credit.' }) }),
})
builder.objectType(ReleasesEnded, {
  name: 'ReleasesEnded',
  description: 'The grant has come to its end: nothing more of it is released.',
  interfaces,
  fields: (t) => ({
    because: t.expose('because', {
      type: builder.enumType('ReleasesEndCause', {
        description:
          'LONG_STOP: the long-stop of the grant, with every day that moved it. SETTLEMENT: the grant was settled and unearned shares were forfeited.',
        values: RELEASES_END_CAUSES,
      }),
      description: 'What ended it.',
    }),
    on: t.expose('on', { type: 'Date', description: 'The first day on which nothing more is released.' }),
  }),
})
