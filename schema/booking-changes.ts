/** Changing reservations before they start, asking for several together, and what does not add up in a pool. */
import {
  BadInterval,
  CONFLICTS,
  FactorNotAgreed,
  OverCapacity,
  OverShare,
  PartRefused,
  PastDeadline,
  RECURRENCES,
  requestGroup,
  type SchedulingConflict,
  schedulingConflicts,
  WrongTime,
} from '../api/clusters/index.ts'
import { changeReservation, splitReservation } from '../api/drawdown/index.ts'
import { OpenFlags } from '../api/flags/index.ts'
import { globalId, type Ref, type Uuid } from '../api/platform/index.ts'
import { TokensNotReleased, WouldOverdraw } from '../api/tokens/index.ts'
import { batch } from './batch.ts'
import { builder } from './builder.ts'
import { Pool } from './clusters.ts'
import { DomainErrorInterface } from './errors.ts'
import { idempotencyKey, may } from './mutation.ts'
import { Reservation, reservationOrNotFound } from './reservations.ts'

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
    'OVER_CAPACITY: more is booked than the pool has left. MAINTENANCE: reservations stand in the way of a window. OVER_SHARE: a company has more than its share by now. DEDICATED_TWICE: more is dedicated than the pool has left.',
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
  }),
})
builder.objectFields(Pool, (t) => ({
  conflicts: t.field({
    type: [SchedulingConflictType],
    description: 'What does not add up from now on, earliest first; empty for companies’ people.',
    complexity: { field: 5, multiplier: 5 },
    resolve: async ({ poolId }, _args, context) => {
      const load = async (ids: readonly Uuid[]) =>
        Map.groupBy(await schedulingConflicts(context.deps.db, context.actor, ids), (one) => one.poolId)
      return (await batch(context, ['Pool.conflicts'], poolId, load)) ?? []
    },
  }),
}))

const REFUSALS = [
  OpenFlags,
  FactorNotAgreed,
  OverCapacity,
  OverShare,
  BadInterval,
  WouldOverdraw,
  TokensNotReleased,
  PastDeadline,
  WrongTime,
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
      'Extend, shrink or move a reservation before it starts. What the provider has confirmed can only shrink; what is given up is charged like a cancellation.',
    ...may(['founder'], REFUSALS),
    args: { input: t.arg({ type: ChangeReservationInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      reservationOrNotFound(deps, actor, (await changeReservation(deps, actor, input)).ref),
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
