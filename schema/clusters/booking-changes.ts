/** Changing reservations, asking for several together, and what does not add up in a pool. */
import {
  BadInterval,
  type ChangeView,
  CONFLICTS,
  decideChange,
  FactorNotAgreed,
  MoreGpusBeside,
  NoFactor,
  OverCapacity,
  OverShare,
  openChangesOf,
  PartRefused,
  PastDeadline,
  QuoteChanged,
  QuoteExpired,
  RECURRENCES,
  requestGroup,
  type SchedulingConflict,
  schedulingConflicts,
  WaitersFirst,
  WrongTime,
  withdrawChange,
} from '../../api/clusters/index.ts'
import {
  type ChangeQuote,
  changeReservation,
  deadlineConflicts,
  quoteChange,
  splitReservation,
} from '../../api/drawdown/index.ts'
import { OpenFlags } from '../../api/flags/index.ts'
import { globalId, type Ref, type Uuid } from '../../api/platform/index.ts'
import { TokensNotReleased, WouldOverdraw } from '../../api/tokens/index.ts'
import { batch } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { QuotedRulesType } from './booking.ts'
import { Pool } from './clusters.ts'
import { Decision, DeclineReason, keyOf, Reservation, refOf, reservationOrNotFound } from './reservations.ts'

const Recurrence = builder.enumType('Recurrence', {
  description: 'How often a reservation recurs: every 24 or every 168 hours, in UTC.',
  values: RECURRENCES,
})
const RecurrenceInput = builder.inputType('RecurrenceInput', {
  description: 'How a reservation recurs. Either count or until is given.',
  fields: (t) => ({
    every: t.field({ type: Recurrence, description: 'How often.' }),
    count: t.int({ required: false, description: 'So many times in all, 2 to 120.' }),
    until: t.field({ type: 'DateTime', required: false, description: 'Those that start before then.' }),
  }),
})
const GroupPartInput = builder.inputType('GroupPartInput', {
  description: 'One of several reservations.',
  fields: (t) => ({
    poolId: t.id({ description: 'Id of the pool.' }),
    gpus: t.int({ description: 'How many GPUs, at least 1.' }),
    startsAt: t.field({ type: 'DateTime', description: 'First instant, a whole minute.' }),
    endsAt: t.field({ type: 'DateTime', description: 'First instant after it, a whole minute.' }),
  }),
})
const RequestReservationsInput = builder.inputType('RequestReservationsInput', {
  description: 'Several reservations, all or nothing: a set over several pools, or one that recurs.',
  fields: (t) => ({
    companyId: t.id({ description: 'Id of the company that asks.' }),
    parts: t.field({ type: [GroupPartInput], description: 'The reservations, 1 to 120; one where it recurs.' }),
    recurrence: t.field({ type: RecurrenceInput, required: false, description: 'How it recurs.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const ChangeReservationInput = builder.inputType('ChangeReservationInput', {
  description: 'What a reservation is to be. What is left out stays.',
  fields: (t) => ({
    reservationId: t.id({ description: 'Id of the reservation.' }),
    gpus: t.int({ required: false, description: 'How many GPUs.' }),
    startsAt: t.field({ type: 'DateTime', required: false, description: 'First instant, a whole minute.' }),
    endsAt: t.field({ type: 'DateTime', required: false, description: 'First instant after it, a whole minute.' }),
    quoteId: t.id({ required: false, description: 'Id of the quote of this change that it is held to.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const QuoteChangeInput = builder.inputType('QuoteChangeInput', {
  description: 'A change of a reservation to quote. What is left out stays.',
  fields: (t) => ({
    reservationId: t.id({ description: 'Id of the reservation.' }),
    gpus: t.int({ required: false, description: 'How many GPUs.' }),
    startsAt: t.field({ type: 'DateTime', required: false, description: 'First instant, a whole minute.' }),
    endsAt: t.field({ type: 'DateTime', required: false, description: 'First instant after it, a whole minute.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const DecideChangeInput = builder.inputType('DecideChangeInput', {
  description: 'The provider’s decision on a change of a confirmed reservation.',
  fields: (t) => ({
    reservationId: t.id({ description: 'Id of the reservation.' }),
    decision: t.field({ type: Decision, description: 'APPROVE or DECLINE.' }),
    reasonCode: t.field({ type: DeclineReason, required: false, description: 'Why it is declined; only then.' }),
    note: t.string({ required: false, description: 'What the company reads, at most 1,000 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const WithdrawChangeInput = builder.inputType('WithdrawChangeInput', {
  description: 'A change that is taken back.',
  fields: (t) => ({
    reservationId: t.id({ description: 'Id of the reservation.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const SplitReservationInput = builder.inputType('SplitReservationInput', {
  description: 'Parts of a reservation, such as nodes.',
  fields: (t) => ({
    reservationId: t.id({ description: 'Id of the reservation.' }),
    parts: t.intList({ description: 'GPUs of each part, 2 to 256 of them; together those of the reservation.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

const ReservationGroup = builder
  .objectRef<{ readonly groupId: Uuid; readonly refs: readonly Ref[] }>('ReservationGroup')
  .implement({
    description: 'Reservations that were asked for together.',
    fields: (t) => ({
      reservations: t.field({
        type: [Reservation],
        description: 'In the order of pools and then of times.',
        resolve: ({ refs }) => refs.map(({ companyId, id }) => `${companyId}:${id}`),
      }),
    }),
  })
builder.objectType(PartRefused, {
  name: 'PartRefused',
  description: 'One of several reservations is refused, so none is made.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    part: t.exposeInt('part', { description: 'Its place in the order of pools and then of times, from 0.' }),
    why: t.exposeString('why', { description: 'Code of the refusal.' }),
  }),
})

const ConflictKind = builder.enumType('SchedulingConflictKind', {
  description:
    'OVER_CAPACITY: more is booked than the pool has left. MAINTENANCE: reservations stand in the way of a window. OVER_SHARE: a company has more than its share by now. DEDICATED_TWICE: more is dedicated than the pool has left. PAST_TOKEN_EXPIRY: a reservation ends after the tokens held for it expire. PAST_LONG_STOP: it ends after the long-stop of their grant, or after a settlement ended what they earn.',
  values: CONFLICTS,
})
const SchedulingConflictType = builder.objectRef<SchedulingConflict>('SchedulingConflict').implement({
  description: 'Where a pool’s calendar does not add up any more.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ConflictKind, description: 'What does not add up.' }),
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'From when on.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'Until when.' }),
    allowed: t.exposeInt('allowed', { description: 'GPUs that there are, or may be.' }),
    wanted: t.exposeInt('wanted', { description: 'GPUs that are booked, wanted or promised.' }),
    companyId: t.id({
      nullable: true,
      description: 'Id of the company, where it is one company’s.',
      resolve: ({ companyId }) => (companyId === null ? null : globalId('Company', companyId)),
    }),
    reservationId: t.id({
      nullable: true,
      description: 'Id of the reservation, where it is one.',
      resolve: ({ companyId, reservationId }) =>
        companyId === null || reservationId === null ? null : globalId('Reservation', companyId, reservationId),
    }),
    deadline: t.expose('deadline', {
      type: 'Date',
      nullable: true,
      description: 'The day from which its tokens can no longer pay, or earn.',
    }),
  }),
})
builder.objectFields(Pool, (t) => ({
  conflicts: t.field({
    type: [SchedulingConflictType],
    description: 'What does not add up from now on, earliest first; empty for companies’ people.',
    complexity: { field: 5, multiplier: 5 },
    resolve: async ({ poolId }, _args, context) => {
      const load = async (ids: readonly Uuid[]) => {
        const { deps, actor } = context
        const found = [
          ...(await schedulingConflicts(deps.db, actor, ids)),
          ...(await deadlineConflicts(deps.db, actor, ids)),
        ]
        return Map.groupBy(
          found.toSorted((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt)),
          (one) => one.poolId,
        )
      }
      return (await batch(context, ['Pool.conflicts'], poolId, load)) ?? []
    },
  }),
}))

const ChangeQuoteType = builder.objectRef<ChangeQuote>('ChangeQuote').implement({
  description: 'What a change of a reservation would take, and until when that holds. Nothing is set aside by asking.',
  fields: (t) => ({
    id: t.id({
      description: 'Its id, for the change.',
      resolve: ({ ref, quoteId }) => globalId('ChangeQuote', ref.companyId, quoteId),
    }),
    gpus: t.exposeInt('gpus', { description: 'How many GPUs it would have.' }),
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'First instant.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'First instant after it.' }),
    tokens: t.expose('hold', { type: 'Tokens', description: 'Tokens that the whole reservation would hold.' }),
    tokensBefore: t.expose('before', { type: 'Tokens', description: 'Tokens that it holds now.' }),
    fee: t.expose('fee', {
      type: 'Tokens',
      description: 'Tokens charged for what is given up, by the signed terms and the time that is left.',
    }),
    providerDecides: t.exposeBoolean('waits', {
      description: 'Whether it waits for the provider; else it happens at once.',
    }),
    free: t.exposeInt('free', {
      description:
        'GPUs that the company can book now beside its own: over the time that is added where only that is more, else over the new time. Zero where it takes less.',
    }),
    lockMinutes: t.exposeInt('lockMinutes', { description: 'So many minutes before its start it is locked.' }),
    validUntil: t.expose('validUntil', { type: 'DateTime', description: 'Until when the quote holds.' }),
    rules: t.field({
      type: [QuotedRulesType],
      description: 'The rules by which it is charged: those of the day on which the reservation was asked for.',
      resolve: ({ rules }) => [...rules],
    }),
  }),
})

const ChangeType = builder.objectRef<ChangeView>('ReservationChange').implement({
  description: 'What a reservation is to become, if the provider agrees. What it takes is set aside.',
  fields: (t) => ({
    gpus: t.exposeInt('gpus', { description: 'How many GPUs.' }),
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'First instant.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'First instant after it.' }),
    holdTokens: t.field({
      type: 'Tokens',
      description: 'Tokens of the whole reservation as it would be.',
      resolve: (change) => change.hold,
    }),
    askedAt: t.expose('askedAt', { type: 'DateTime', description: 'When it was asked for.' }),
    answerBy: t.expose('answerBy', {
      type: 'DateTime',
      description: 'Until when the provider decides; then it lapses.',
    }),
  }),
})
builder.objectFields(Reservation, (t) => ({
  pendingChange: t.field({
    type: ChangeType,
    nullable: true,
    description: 'The change that waits for the provider, where one does.',
    resolve: async (row, _args, context) => {
      const load = async (keys: readonly string[]) =>
        new Map((await openChangesOf(context.deps.db, keys.map(refOf))).map((change) => [keyOf(change), change]))
      return (await batch(context, ['Reservation.pendingChange'], keyOf(row), load)) ?? null
    },
  }),
}))

const REFUSALS = [
  OpenFlags,
  FactorNotAgreed,
  NoFactor,
  OverCapacity,
  OverShare,
  BadInterval,
  WouldOverdraw,
  TokensNotReleased,
  PastDeadline,
  WrongTime,
  WaitersFirst,
]

builder.mutationFields((t) => ({
  requestReservations: t.field({
    type: ReservationGroup,
    description: 'Ask for several reservations, all or nothing: a set over several pools, or one that recurs.',
    ...may(['founder'], [PartRefused, OpenFlags]),
    args: { input: t.arg({ type: RequestReservationsInput }) },
    resolve: (_root, { input }, { deps, actor }) => requestGroup(deps, actor, input),
  }),
  changeReservation: t.field({
    type: Reservation,
    description:
      'Extend, shrink or move a reservation. What the provider has confirmed shrinks at once, and what is given up is charged like a cancellation; more, or another time, waits in `pendingChange` for its decision, with what that takes set aside. Of one that runs only the end changes, in the same way; more GPUs for it are a second reservation beside it.',
    ...may(['founder'], [...REFUSALS, MoreGpusBeside, QuoteChanged, QuoteExpired]),
    args: { input: t.arg({ type: ChangeReservationInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      reservationOrNotFound(deps, actor, (await changeReservation(deps, actor, input)).ref),
  }),
  quoteChange: t.field({
    type: ChangeQuoteType,
    description: 'What a change of a reservation would take and cost, held for as long as its terms say.',
    ...may(['founder'], [FactorNotAgreed, NoFactor, BadInterval, MoreGpusBeside, WrongTime]),
    args: { input: t.arg({ type: QuoteChangeInput }) },
    resolve: (_root, { input }, { deps, actor }) => quoteChange(deps, actor, input),
  }),
  decideChange: t.field({
    type: Reservation,
    description:
      'Approve or decline a change of a reservation that is confirmed or runs: only the provider’s own staff. Approving makes it what was asked for; declining leaves it as it was.',
    ...may(['provider'], [WouldOverdraw, TokensNotReleased, PastDeadline, BadInterval]),
    args: { input: t.arg({ type: DecideChangeInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      reservationOrNotFound(deps, actor, (await decideChange(deps, actor, input)).ref),
  }),
  withdrawChange: t.field({
    type: Reservation,
    description: 'Take back a change that waits for the provider. What was set aside for it returns.',
    ...may(['founder']),
    args: { input: t.arg({ type: WithdrawChangeInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      reservationOrNotFound(deps, actor, (await withdrawChange(deps, actor, input)).ref),
  }),
  splitReservation: t.field({
    type: ReservationGroup,
    description:
      'Split a reservation into parts of the same time, such as nodes, before it starts. The first keeps the id.',
    ...may(['founder'], REFUSALS),
    args: { input: t.arg({ type: SplitReservationInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { ref, parts } = await splitReservation(deps, actor, input)
      return { groupId: ref.id, refs: [ref, ...parts] }
    },
  }),
}))
