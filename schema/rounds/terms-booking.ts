/** Booking terms: how reservations are charged by cause. */
import type { BookingTerms as Terms } from '../../api/rounds/index.ts'
import { builder } from '../kernel/builder.ts'

export const RefundStep = builder.objectRef<Terms['refunds'][number]>('RefundStep').implement({
  description: 'What returns when a reservation is cancelled so long before its start.',
  fields: (t) => ({
    hoursBefore: t.exposeInt('hoursBefore', { description: 'Hours before the start, at least.' }),
    part: t.expose('part', { type: 'Decimal', description: 'Part of the held tokens that returns.' }),
  }),
})
const OnDemandTerms = builder.objectRef<NonNullable<Terms['onDemand']>>('OnDemandTerms').implement({
  description: 'How use outside any reservation draws available tokens. It is charged as delivered.',
  fields: (t) => ({
    premium: t.expose('premium', { type: 'Decimal', description: 'By what the pool’s factor is multiplied.' }),
    monthlyCapTokens: t.field({
      type: 'Tokens',
      nullable: true,
      description: 'Most tokens that it may cost in a calendar month (UTC); null for no cap.',
      resolve: ({ monthlyCapTokens }) => monthlyCapTokens ?? null,
    }),
  }),
})
export const BookingTerms = builder.objectRef<Terms>('BookingTerms').implement({
  description: 'How reservations are charged by cause.',
  fields: (t) => ({
    refunds: t.field({
      type: [RefundStep],
      description: 'What returns when the company cancels before the lock time. None: everything.',
      resolve: ({ refunds }) => [...refunds],
    }),
    lockedRefund: t.expose('lockedRefund', {
      type: 'Decimal',
      description: 'Part that returns from the lock time until the start. The rest is charged as cancel_fee.',
    }),
    noShowGraceMinutes: t.exposeInt('noShowGraceMinutes', {
      description: 'Minutes after the start within which somebody must come.',
    }),
    noShowPart: t.expose('noShowPart', {
      type: 'Decimal',
      description: 'Part that is charged as no_show, where reserved time is charged.',
    }),
    outageFactor: t.expose('outageFactor', {
      type: 'Decimal',
      description: 'Tokens returned for each token’s worth of reserved time in which the GPUs were down.',
    }),
    quoteMinutes: t.exposeInt('quoteMinutes', { description: 'Minutes for which a quote holds.' }),
    onDemand: t.field({
      type: OnDemandTerms,
      nullable: true,
      description: 'Use outside any reservation; null where it may not draw tokens.',
      resolve: ({ onDemand }) => onDemand ?? null,
    }),
  }),
})

const RefundStepInput = builder.inputType('RefundStepInput', {
  description: 'What returns when a reservation is cancelled so long before its start.',
  fields: (t) => ({
    hoursBefore: t.int({ description: 'Whole hours before the start, less in each step.' }),
    part: t.field({
      type: 'Decimal',
      description: 'Part of the held tokens that returns, from 0 to 1, no more than in the step before.',
    }),
  }),
})
const OnDemandTermsInput = builder.inputType('OnDemandTermsInput', {
  description: 'How use outside any reservation draws available tokens.',
  fields: (t) => ({
    premium: t.field({
      type: 'Decimal',
      required: false,
      description: 'By what the pool’s factor is multiplied: above 0, up to 10. Default: 1.',
    }),
    monthlyCapTokens: t.field({
      type: 'Tokens',
      required: false,
      description: 'Most tokens that it may cost in a calendar month (UTC). Default: no cap.',
    }),
  }),
})
export const BookingTermsInput = builder.inputType('BookingTermsInput', {
  description: 'How reservations are charged by cause.',
  fields: (t) => ({
    refunds: t.field({
      type: [RefundStepInput],
      required: false,
      description: 'Default: everything returns before the lock time.',
    }),
    lockedRefund: t.field({ type: 'Decimal', required: false, description: 'From 0 to 1. Default: 1.' }),
    noShowGraceMinutes: t.int({ required: false, description: 'Default: 60.' }),
    noShowPart: t.field({ type: 'Decimal', required: false, description: 'From 0 to 1. Default: 1.' }),
    outageFactor: t.field({ type: 'Decimal', required: false, description: 'From 0 to 10. Default: 1.' }),
    quoteMinutes: t.int({ required: false, description: 'Default: 15.' }),
    onDemand: t.field({
      type: OnDemandTermsInput,
      required: false,
      description: 'Use outside any reservation draws available tokens. Default: it may not.',
    }),
  }),
})
