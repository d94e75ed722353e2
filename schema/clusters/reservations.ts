/** Reservations: what a company asked for, what the provider decided, and what came of it. */
import type { Actor } from '../../api/access/index.ts'
import {
  BadInterval,
  type CapacityFit,
  DECISIONS,
  DECLINE_REASONS,
  decideReservation,
  eventsOf,
  FactorNotAgreed,
  findCapacity,
  NoFactor,
  namesOfReservers,
  OverCapacity,
  OverShare,
  PastDeadline,
  poolReservationPages,
  QuoteChanged,
  QuoteExpired,
  quoteReservation,
  REASON_CODES,
  RESERVATION_STATES,
  type ReservationEventView,
  type ReservationQuote,
  type ReservationView,
  requestReservation,
  reservationCounts,
  reservationPages,
  reservationsById,
  WaitersFirst,
  WrongTime,
} from '../../api/clusters/index.ts'
import { cancelReservation } from '../../api/drawdown/index.ts'
import { OpenFlags } from '../../api/flags/index.ts'
import { globalId, NotFound, type Ref, Refused, type Uuid } from '../../api/platform/index.ts'
import { TokensNotReleased, WouldOverdraw } from '../../api/tokens/index.ts'
import { batch, pageOfParent } from '../kernel/batch.ts'
import { builder, nodeName, PAGE_MAX } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { oneOf } from '../kernel/one-of.ts'
import { Company, inOrder } from '../parties.ts'
import { Factor, Pool, pageCost } from './clusters.ts'

const ReservationState = builder.enumType('ReservationState', {
  description:
    'Where a reservation is in its life. held: tokens and capacity are set aside until the provider decides. declined and expired are the provider’s doing (it said no, it did not answer); cancelled is not.',
  values: RESERVATION_STATES,
})
const ReasonCode = builder.enumType('ReservationReasonCode', {
  description: 'Why a reservation changed its state.',
  values: REASON_CODES,
})
export const DeclineReason = builder.enumType('DeclineReason', {
  description: 'Why a provider declines.',
  values: DECLINE_REASONS,
})
export const Decision = builder.enumType('ReservationDecision', {
  description: 'What the provider decides on a request.',
  values: DECISIONS,
})
const ReservationEvent = builder.objectRef<ReservationEventView>('ReservationEvent').implement({
  description: 'One change of a reservation’s state.',
  fields: (t) => ({
    from: t.field({
      type: ReservationState,
      nullable: true,
      description: 'The state before; null for the request itself.',
      resolve: (event) => (event.from === null ? null : stateOf(event.from)),
    }),
    to: t.field({ type: ReservationState, description: 'The state after.', resolve: (event) => stateOf(event.to) }),
    reasonCode: t.field({
      type: ReasonCode,
      description: 'Why.',
      resolve: (event) => oneOf(REASON_CODES, event.reasonCode),
    }),
    note: t.exposeString('note', { nullable: true, description: 'What was written about it.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When.' }),
    waitedSeconds: t.expose('waitedSeconds', {
      type: 'BigInt',
      nullable: true,
      description: 'Seconds from the request to the provider’s decision, or to the end of its time for one.',
    }),
  }),
})

export const keyOf = (reservation: { companyId: Uuid; reservationId: Uuid }): string =>
  `${reservation.companyId}:${reservation.reservationId}`
/** Both parts of a key. An id with fewer parts has an empty second one, which finds nothing. */
export const refOf = (key: string): Ref => {
  const [companyId = '', id = ''] = key.split(':')
  return { companyId, id }
}

/** A reservation, loaded by its company and its id. */
export const Reservation = builder.loadableNodeRef(nodeName('Reservation', 2), {
  id: { resolve: (reservation: ReservationView) => keyOf(reservation) },
  load: async (keys: string[], { deps, actor }: Context) =>
    inOrder(keys, await reservationsById(deps.db, actor, keys.map(refOf)), keyOf),
})
Reservation.implement({
  description: 'A pool’s GPUs over an interval for a company, with tokens held for it. The provider decides.',
  fields: (t) => ({
    company: t.field({
      type: Company,
      nullable: true,
      description: 'The company that asked; null for a provider’s staff, who see its name only.',
      resolve: (reservation) => reservation.companyId,
    }),
    companyName: t.loadable({
      type: 'String',
      description: 'Legal name of that company today.',
      load: async (ids: Uuid[], { deps }: Context) => {
        const names = await namesOfReservers(deps.db, ids)
        return ids.map((id) => names.get(id) ?? new NotFound('company', globalId('Company', id)))
      },
      resolve: (reservation) => reservation.companyId,
    }),
    pool: t.field({ type: Pool, description: 'Where.', resolve: (reservation) => reservation.poolId }),
    gpus: t.exposeInt('gpus', { description: 'How many GPUs.' }),
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'First instant.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'First instant after it.' }),
    state: t.field({
      type: ReservationState,
      description: 'Where it is in its life.',
      resolve: (row) => stateOf(row.state),
    }),
    h100HoursPerGpuHour: t.expose('factor', {
      type: 'Decimal',
      description:
        'The factor it was requested with, in H100-hours per GPU-hour. It stays, whatever the pool’s factor becomes.',
    }),
    held: t.expose('hold', {
      type: 'Tokens',
      description: 'Tokens that the request set aside: the most that it can ever be charged.',
    }),
    decideBy: t.expose('holdExpiresAt', {
      type: 'DateTime',
      description: 'When the provider has not decided by then, it expires.',
    }),
    requestedAt: t.expose('requestedAt', { type: 'DateTime', description: 'When it was asked for.' }),
    decidedAt: t.expose('decidedAt', { type: 'DateTime', nullable: true, description: 'When the provider decided.' }),
    reservedGpuSeconds: t.expose('reservedGpuSeconds', { type: 'BigInt', description: 'GPU-seconds reserved.' }),
    usedGpuSeconds: t.expose('usedGpuSeconds', { type: 'BigInt', description: 'GPU-seconds metered so far.' }),
    delivered: t.expose('delivered', { type: 'Tokens', description: 'Tokens charged for compute really received.' }),
    idle: t.expose('idle', {
      type: 'Tokens',
      description:
        'Tokens charged for reserved time that was not used: of lots whose terms charge it alone, at most what was held of them.',
    }),
    events: t.loadableList({
      type: ReservationEvent,
      description: 'Its changes of state, oldest first.',
      complexity: { field: 1, multiplier: 5 },
      load: async (keys: string[], { deps }: Context) => {
        const events = Map.groupBy(await eventsOf(deps.db, keys.map(refOf)), (event) => event.reservationId)
        return keys.map((key) => events.get(refOf(key).id) ?? [])
      },
      resolve: keyOf,
    }),
  }),
})

const stateOf = (state: string) => oneOf(RESERVATION_STATES, state)

const ReservationConnection = builder.connectionObject({
  name: 'ReservationConnection',
  description: 'A page of reservations, newest request first.',
  type: Reservation,
})
builder.objectFields(Company, (t) => ({
  reservations: t.connection(
    {
      type: Reservation,
      description: `The company’s reservations, newest request first; at most ${PAGE_MAX} a page.`,
      complexity: pageCost,
      resolve: ({ companyId }, args, context) =>
        pageOfParent(
          context,
          ['Company.reservations'],
          companyId,
          args,
          (reservation: ReservationView) => reservation.reservationId,
          (ids, query) => reservationPages(context.deps.db, context.actor, ids, query),
        ),
    },
    ReservationConnection,
  ),
  reservationCount: t.int({
    description: 'How many reservations the company has asked for.',
    resolve: async ({ companyId }, _args, context) => {
      const count = (ids: readonly Uuid[]) => reservationCounts(context.deps.db, context.actor, ids)
      return (await batch(context, ['Company.reservationCount'], companyId, count)) ?? 0
    },
  }),
}))

builder.objectFields(Pool, (t) => ({
  reservations: t.connection(
    {
      type: Reservation,
      description: `The pool’s reservations that the actor sees, newest request first; at most ${PAGE_MAX} a page.`,
      args: {
        waiting: t.arg.boolean({
          required: false,
          description: 'Only those on which the provider still has to decide.',
        }),
      },
      complexity: pageCost,
      resolve: (pool, { waiting, ...args }, context) =>
        pageOfParent(
          context,
          ['Pool.reservations', waiting === true],
          pool,
          args,
          (reservation: ReservationView) => reservation.reservationId,
          async (pools, query) => {
            const page = { ...query, waiting: waiting === true }
            const pages = await poolReservationPages(context.deps.db, context.actor, pools, page)
            return new Map(pools.map((one) => [one, pages.get(one.poolId) ?? []]))
          },
        ),
    },
    ReservationConnection,
  ),
}))

const ReservationQuoteType = builder.objectRef<ReservationQuote>('ReservationQuote').implement({
  description: 'What a reservation would take now. Nothing is set aside by asking.',
  fields: (t) => ({
    gpuSeconds: t.expose('gpuSeconds', { type: 'BigInt', description: 'GPU-seconds it would reserve.' }),
    tokens: t.expose('hold', {
      type: 'Tokens',
      description: 'Tokens it would hold, rounded up: the most that it can be charged.',
    }),
    factor: t.field({
      type: Factor,
      description: 'The factor in force at its start.',
      resolve: (quote) => quote.basis,
    }),
    free: t.exposeInt('free', { description: 'GPUs that are free over the whole interval now.' }),
  }),
})

const CapacityFitType = builder.objectRef<CapacityFit>('CapacityFit').implement({
  description: 'Where and when a wish for GPUs fits first in one pool. Nothing is set aside by asking.',
  fields: (t) => ({
    pool: t.field({ type: Pool, description: 'Where.', resolve: (fit) => fit.pool }),
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'The earliest start, a whole minute.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'First instant after it.' }),
    tokens: t.expose('tokens', { type: 'Tokens', description: 'Tokens that it would hold there, rounded up.' }),
  }),
})
const CapacityFits = builder.objectRef<{ readonly fits: CapacityFit[] }>('CapacityFits').implement({
  description: 'Where a wish for GPUs fits.',
  fields: (t) => ({
    fits: t.field({
      type: [CapacityFitType],
      description: 'The first fit in each pool that has one, the cheapest first.',
      resolve: (found) => found.fits,
    }),
  }),
})

builder.queryFields((t) => ({
  findCapacity: t.field({
    type: CapacityFits,
    description:
      'Where so many GPUs are free for so many minutes within a window: the first fit in every pool that the actor sees, the cheapest by the factors in force first.',
    errors: { types: [BadInterval] },
    args: {
      gpus: t.arg.int({ description: 'How many GPUs, at least 1.' }),
      minutes: t.arg.int({ description: 'For how many minutes.' }),
      from: t.arg({ type: 'DateTime', description: 'Start of the window.' }),
      to: t.arg({ type: 'DateTime', description: 'End of the window: the reservation ends by then.' }),
    },
    complexity: 50,
    resolve: async (_root, args, { deps, actor }) => ({ fits: await findCapacity(deps.db, actor, args) }),
  }),
  reservationQuote: t.field({
    type: ReservationQuoteType,
    description: 'What a reservation would take now.',
    errors: { types: [BadInterval, FactorNotAgreed, NoFactor, NotFound, Refused] },
    args: {
      companyId: t.arg.id({
        required: false,
        description: 'The company that would book: its grants decide the factor. Left out: the pool’s own factor.',
      }),
      poolId: t.arg.id({ description: 'Id of the pool.' }),
      gpus: t.arg.int({ description: 'How many GPUs, at least 1.' }),
      startsAt: t.arg({ type: 'DateTime', description: 'First instant, a whole minute.' }),
      endsAt: t.arg({ type: 'DateTime', description: 'First instant after it, a whole minute.' }),
    },
    complexity: 5,
    resolve: (_root, args, { deps, actor }) => quoteReservation(deps.db, actor, args),
  }),
}))

/** What refuses a booking, whoever makes it. */
export const BOOKING_REFUSALS = [
  OpenFlags,
  FactorNotAgreed,
  OverCapacity,
  OverShare,
  WaitersFirst,
  BadInterval,
  NoFactor,
  QuoteChanged,
  QuoteExpired,
  PastDeadline,
  WouldOverdraw,
  TokensNotReleased,
]

const RequestReservationInput = builder.inputType('RequestReservationInput', {
  description: 'A request for GPUs.',
  fields: (t) => ({
    companyId: t.id({ description: 'Id of the company that asks.' }),
    poolId: t.id({ description: 'Id of the pool.' }),
    gpus: t.int({ description: 'How many GPUs, at least 1.' }),
    startsAt: t.field({ type: 'DateTime', description: 'First instant, a whole minute.' }),
    endsAt: t.field({ type: 'DateTime', description: 'First instant after it, a whole minute.' }),
    quoteId: t.id({
      required: false,
      description: 'Id of the quote that was shown. Once it holds no longer, the request is refused.',
    }),
    waitlist: t.boolean({
      required: false,
      description: 'True: where the GPUs are not free, the request goes to the waiting list, in order of request.',
    }),
    waitUntil: t.field({
      type: 'DateTime',
      required: false,
      description: 'Until when it waits, unless served. As long as there is lead time, unless given.',
    }),
    quotedTokens: t.field({
      type: 'Tokens',
      required: false,
      description:
        'The tokens of the quote that was shown. Where the request takes another amount by now, it is refused.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const DecideReservationInput = builder.inputType('DecideReservationInput', {
  description: 'The provider’s decision on a request.',
  fields: (t) => ({
    reservationId: t.id({ description: 'Id of the reservation.' }),
    decision: t.field({ type: Decision, description: 'APPROVE or DECLINE.' }),
    reasonCode: t.field({
      type: DeclineReason,
      required: false,
      description: 'Why it declines: given when declining, and only then.',
    }),
    note: t.string({ required: false, description: 'At most 1000 characters. The company reads it.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const CancelReservationInput = builder.inputType('CancelReservationInput', {
  description: 'The company’s cancellation of a reservation.',
  fields: (t) => ({
    reservationId: t.id({ description: 'Id of the reservation.' }),
    note: t.string({ required: false, description: 'At most 1000 characters. The provider reads it.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

/** The reservation as it is after a mutation. */
export async function reservationOrNotFound(deps: Context['deps'], actor: Actor, ref: Ref): Promise<ReservationView> {
  const [reservation] = await reservationsById(deps.db, actor, [ref])
  if (reservation === undefined) throw new NotFound('reservation', globalId('Reservation', ref.companyId, ref.id))
  return reservation
}

builder.mutationFields((t) => ({
  requestReservation: t.field({
    type: Reservation,
    description: 'Ask for GPUs. Tokens and capacity are set aside until the provider decides.',
    ...may(['founder'], BOOKING_REFUSALS),
    args: { input: t.arg({ type: RequestReservationInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { ref } = await requestReservation(deps, actor, { ...input, waitlist: input.waitlist ?? false })
      return reservationOrNotFound(deps, actor, ref)
    },
  }),
  decideReservation: t.field({
    type: Reservation,
    description:
      'Decide on a request: only the provider’s own staff. The decision, its reason and how long it took are evidence.',
    ...may(['provider']),
    args: { input: t.arg({ type: DecideReservationInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { ref } = await decideReservation(deps, actor, input)
      return reservationOrNotFound(deps, actor, ref)
    },
  }),
  cancelReservation: t.field({
    type: Reservation,
    description:
      'Cancel a reservation before it starts. Its capacity returns; of its tokens, the part that the signed terms say by the time that is left. What the provider has not approved costs nothing.',
    ...may(['founder'], [WrongTime]),
    args: { input: t.arg({ type: CancelReservationInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { ref } = await cancelReservation(deps, actor, input)
      return reservationOrNotFound(deps, actor, ref)
    },
  }),
}))
