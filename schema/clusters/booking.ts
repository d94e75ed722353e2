/** Booking by the signed terms: quotes that hold for a time, offers of the provider, and what ends a reservation early. */
import {
  answerOffer,
  BadInterval,
  NO_SHOW_FINDERS,
  NoFactor,
  OFFER_ANSWERS,
  type OfferView,
  OverCapacity,
  OverShare,
  offerReservation,
  offersOf,
  PastDeadline,
  type QuotedRules,
  quoteForCompany,
  type StoredQuote,
  WrongTime,
} from '../../api/clusters/index.ts'
import { declareNoShow, withdrawReservation } from '../../api/drawdown/index.ts'
import { globalId } from '../../api/platform/index.ts'
import { TokensNotReleased, WouldOverdraw } from '../../api/tokens/index.ts'
import { batch } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Charging } from '../rounds/round-terms-enums.ts'
import { RefundStep } from '../rounds/terms-booking.ts'
import { DeclineReason, keyOf, Reservation, refOf, reservationOrNotFound } from './reservations.ts'

const reservationId = { description: 'Id of the reservation.' }
const theyRead = (who: string) => ({ description: `At most 1000 characters. The ${who} reads it.` })

export const QuotedRulesType = builder.objectRef<QuotedRules>('QuotedRules').implement({
  description: 'By which signed rules a reservation would be charged, where it draws this lot.',
  fields: (t) => ({
    charging: t.expose('charging', {
      type: Charging,
      description: 'What is charged: reserved time, or metered use only.',
    }),
    refunds: t.field({
      type: [RefundStep],
      description: 'What returns on cancelling before the lock time. None: everything.',
      resolve: ({ refunds }) => [...refunds],
    }),
    lockedRefund: t.expose('lockedRefund', {
      type: 'Decimal',
      description: 'Part that returns from the lock time until the start.',
    }),
    noShowGraceMinutes: t.exposeInt('noShowGraceMinutes', {
      description: 'Minutes after the start within which somebody must come.',
    }),
    noShowPart: t.expose('noShowPart', {
      type: 'Decimal',
      description: 'Part charged when nobody comes, where reserved time is charged.',
    }),
    outageFactor: t.expose('outageFactor', {
      type: 'Decimal',
      description: 'Tokens returned for each token’s worth of reserved time in which GPUs were down.',
    }),
  }),
})
const Finder = builder.enumType('NoShowFinder', {
  description:
    'How it is found by itself that nobody came. SCHEDULER: it is asked. METER: it tells of jobs that still run. AFTER_END: it tells of jobs that have ended, so that only the end shows it.',
  values: NO_SHOW_FINDERS,
})
const StoredQuoteType = builder.objectRef<StoredQuote>('StoredQuote').implement({
  description: 'A quote and until when it holds. Nothing is set aside by asking.',
  fields: (t) => ({
    id: t.id({
      description: 'Its id, for the request.',
      resolve: (quote) => globalId('Quote', quote.companyId, quote.quoteId),
    }),
    gpus: t.exposeInt('gpus', { description: 'How many GPUs.' }),
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'First instant.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'First instant after it.' }),
    gpuSeconds: t.expose('gpuSeconds', { type: 'BigInt', description: 'GPU-seconds it would reserve.' }),
    tokens: t.expose('hold', {
      type: 'Tokens',
      description: 'Tokens it would hold, rounded up: the most that it can be charged.',
    }),
    validUntil: t.expose('validUntil', { type: 'DateTime', description: 'Until when it holds.' }),
    free: t.exposeInt('free', { description: 'GPUs that the company can book over the whole interval now.' }),
    lockMinutes: t.exposeInt('lockMinutes', { description: 'So many minutes before its start it would be locked.' }),
    noShowFoundBy: t.field({
      type: Finder,
      description: 'How it is found that nobody came. The provider may say it from the grace time on.',
      resolve: ({ noShow }) => noShow.by,
    }),
    noShowFoundAfterMinutes: t.int({
      description: 'So many minutes after the grace time it is decided; AFTER_END: after the end of the reservation.',
      resolve: ({ noShow }) => noShow.minutes,
    }),
    rules: t.field({
      type: [QuotedRulesType],
      description: 'The rules of each lot that can pay for it.',
      resolve: ({ rules }) => [...rules],
    }),
  }),
})

const OfferType = builder.objectRef<OfferView>('ReservationOffer').implement({
  description: 'What a provider offered instead of what was asked for.',
  fields: (t) => ({
    gpus: t.exposeInt('gpus', { description: 'How many GPUs.' }),
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'First instant.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'First instant after it.' }),
    tokens: t.expose('hold', { type: 'Tokens', description: 'Tokens that accepting it holds.' }),
    note: t.exposeString('note', { nullable: true, description: 'What was written about it.' }),
    answerBy: t.expose('answerBy', { type: 'DateTime', description: 'Without an answer by then it lapses.' }),
    answer: t.exposeString('answer', {
      nullable: true,
      description: '"ACCEPTED", "REFUSED" or "LAPSED"; null: it waits.',
    }),
  }),
})
builder.objectFields(Reservation, (t) => ({
  waitsUntil: t.expose('waitsUntil', {
    type: 'DateTime',
    nullable: true,
    description: 'Until when it waits for capacity, where it went to the waiting list.',
  }),
  offers: t.field({
    type: [OfferType],
    description: 'What the provider offered instead, oldest first.',
    complexity: { field: 1, multiplier: 2 },
    resolve: async (row, _args, context) => {
      const load = async (keys: readonly string[]) =>
        Map.groupBy(await offersOf(context.deps.db, keys.map(refOf)), keyOf)
      return (await batch(context, ['Reservation.offers'], keyOf(row), load)) ?? []
    },
  }),
}))

const QuoteReservationInput = builder.inputType('QuoteReservationInput', {
  description: 'What a company wants to book.',
  fields: (t) => ({
    companyId: t.id({ description: 'Id of the company that asks.' }),
    poolId: t.id({ description: 'Id of the pool.' }),
    gpus: t.int({ description: 'How many GPUs, at least 1.' }),
    startsAt: t.field({ type: 'DateTime', description: 'First instant, a whole minute.' }),
    endsAt: t.field({ type: 'DateTime', description: 'First instant after it, a whole minute.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const OfferReservationInput = builder.inputType('OfferReservationInput', {
  description: 'Other GPUs or another time than was asked for. What is left out stays as it was asked for.',
  fields: (t) => ({
    reservationId: t.id(reservationId),
    gpus: t.int({ required: false, description: 'How many GPUs.' }),
    startsAt: t.field({ type: 'DateTime', required: false, description: 'First instant, a whole minute.' }),
    endsAt: t.field({ type: 'DateTime', required: false, description: 'First instant after it, a whole minute.' }),
    reasonCode: t.field({ type: DeclineReason, description: 'Why not as it was asked for.' }),
    note: t.string({ required: false, ...theyRead('company') }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const OfferAnswer = builder.enumType('OfferAnswer', {
  description: 'What a company answers to an offer.',
  values: OFFER_ANSWERS,
})
const AnswerOfferInput = builder.inputType('AnswerOfferInput', {
  description: 'The company’s answer to an offer.',
  fields: (t) => ({
    reservationId: t.id(reservationId),
    answer: t.field({ type: OfferAnswer, description: 'ACCEPT or REFUSE.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const WithdrawReservationInput = builder.inputType('WithdrawReservationInput', {
  description: 'A reservation that the provider cannot keep.',
  fields: (t) => ({
    reservationId: t.id(reservationId),
    note: t.string(theyRead('company')),
    idempotencyKey: idempotencyKey(t),
  }),
})
const DeclareNoShowInput = builder.inputType('DeclareNoShowInput', {
  description: 'A reservation to which nobody came.',
  fields: (t) => ({
    reservationId: t.id(reservationId),
    note: t.string({ required: false, ...theyRead('company') }),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationFields((t) => ({
  quoteReservation: t.field({
    type: StoredQuoteType,
    description:
      'A quote that holds for the time that the signed terms say: what a reservation would take, and by which rules each cause would be charged.',
    ...may(['founder'], [BadInterval, NoFactor]),
    args: { input: t.arg({ type: QuoteReservationInput }) },
    resolve: (_root, { input }, { deps, actor }) => quoteForCompany(deps, actor, input),
  }),
  offerReservation: t.field({
    type: Reservation,
    description:
      'Offer other GPUs or another time than was asked for: only the provider’s own staff. The company accepts, refuses, or lets it lapse.',
    ...may(['provider'], [OverCapacity, OverShare, BadInterval, NoFactor]),
    args: { input: t.arg({ type: OfferReservationInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      reservationOrNotFound(deps, actor, (await offerReservation(deps, actor, input)).ref),
  }),
  answerOffer: t.field({
    type: Reservation,
    description: 'Answer what the provider offered. Accepting confirms it; refusing gives everything back.',
    ...may(['founder'], [WouldOverdraw, TokensNotReleased, PastDeadline]),
    args: { input: t.arg({ type: AnswerOfferInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      reservationOrNotFound(deps, actor, (await answerOffer(deps, actor, input)).ref),
  }),
  withdrawReservation: t.field({
    type: Reservation,
    description:
      'Take back a reservation that was confirmed: only the provider’s own staff. Before the start everything returns; after it, all but what was used.',
    ...may(['provider']),
    args: { input: t.arg({ type: WithdrawReservationInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      reservationOrNotFound(deps, actor, (await withdrawReservation(deps, actor, input)).ref),
  }),
  declareNoShow: t.field({
    type: Reservation,
    description:
      'Say that nobody came, after the grace time of the signed terms. The part that they say is charged as no_show, the rest returns, and the capacity is free again.',
    ...may(['provider'], [WrongTime]),
    args: { input: t.arg({ type: DeclareNoShowInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      reservationOrNotFound(deps, actor, (await declareNoShow(deps, actor, input)).ref),
  }),
}))
