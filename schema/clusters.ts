/** Pools, their factors and free capacity, reservations, and what is done with them. */
import type { Actor } from '../api/access/index.ts'
import {
  BadInterval,
  cancelReservation,
  createPool,
  DECISIONS,
  DECLINE_REASONS,
  decideReservation,
  eventsOf,
  FACTOR_BASES,
  type FactorView,
  type FreeCapacity,
  type FreeStep,
  factorsOf,
  freeCapacities,
  INTERVAL_FAULTS,
  type Interval,
  MOST_STEPS,
  NoFactor,
  namesOfReservers,
  OverCapacity,
  type PoolView,
  poolCount,
  poolPage,
  poolReservationPage,
  poolsById,
  QuoteChanged,
  quoteReservation,
  REASON_CODES,
  RESERVATION_STATES,
  type ReservationEventView,
  type ReservationQuote,
  type ReservationView,
  requestReservation,
  reservationCount,
  reservationPage,
  reservationsById,
  setFactor,
  WrongTime,
} from '../api/clusters/index.ts'
import { globalId, NotFound, type Ref, Refused, type Uuid } from '../api/platform/index.ts'
import { TokensNotReleased, WouldOverdraw } from '../api/tokens/index.ts'
import { builder, nodeName, PAGE_MAX } from './builder.ts'
import type { Context } from './context.ts'
import { DomainErrorInterface } from './errors.ts'
import { idempotencyKey, may } from './mutation.ts'
import { type PageArgs, pageById } from './pages.ts'
import { Company, inOrder, Provider } from './parties.ts'
import { TokenClass } from './tokens.ts'

const ReservationState = builder.enumType('ReservationState', {
  description:
    'Where a reservation is in its life. held: tokens and capacity are set aside until the provider decides. declined and expired are the provider’s doing (it said no, it did not answer); cancelled is not.',
  values: RESERVATION_STATES,
})
const ReasonCode = builder.enumType('ReservationReasonCode', {
  description: 'Why a reservation changed its state.',
  values: REASON_CODES,
})
const DeclineReason = builder.enumType('DeclineReason', {
  description: 'Why a provider declines.',
  values: DECLINE_REASONS,
})
const Decision = builder.enumType('ReservationDecision', {
  description: 'What the provider decides on a request.',
  values: DECISIONS,
})
const FactorBasis = builder.enumType('FactorBasis', {
  description: 'What a factor rests on. Public factors of these kinds disagree: the contract decides which one holds.',
  values: FACTOR_BASES,
})
const IntervalFault = builder.enumType('IntervalFault', {
  description: 'What is wrong with an interval.',
  values: INTERVAL_FAULTS,
})

const IntervalType = builder.objectRef<Interval>('Interval').implement({
  description: 'A half-open interval of time: two that only touch share no instant.',
  fields: (t) => ({
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'First instant in it.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'First instant after it.' }),
  }),
})

const Factor = builder.objectRef<FactorView>('Factor').implement({
  description:
    'How many H100-hours a GPU-hour of a pool counts, for a time. Of two for one instant the one recorded later holds.',
  fields: (t) => ({
    h100HoursPerGpuHour: t.expose('factor', { type: 'Decimal', description: 'H100-hours per GPU-hour, exact.' }),
    basis: t.field({ type: FactorBasis, description: 'What it rests on.', resolve: (factor) => basisOf(factor.basis) }),
    source: t.exposeString('source', { description: 'Where it comes from.' }),
    validFrom: t.expose('validFrom', { type: 'DateTime', description: 'From when it holds.' }),
    validUntil: t.expose('validUntil', {
      type: 'DateTime',
      nullable: true,
      description: 'Until when, that instant not included; null where it has no end.',
    }),
    approvedAs: t.exposeString('approvedAs', {
      description:
        'In whose name it was approved: "provider" (a conflict signal where the provider is affiliated) or "operations" of the fund.',
    }),
    recordedAt: t.expose('recordedAt', { type: 'DateTime', description: 'When it was recorded.' }),
  }),
})

const FreeStepType = builder.objectRef<FreeStep>('FreeStep').implement({
  description: 'A part of an interval over which a pool’s capacity and use do not change.',
  fields: (t) => ({
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'First instant of the step.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'First instant after it.' }),
    capacity: t.exposeInt('capacity', { description: 'GPUs that the pool has.' }),
    free: t.exposeInt('free', { description: 'GPUs of them that nobody has reserved.' }),
  }),
})
const FreeCapacityType = builder.objectRef<FreeCapacity>('FreeCapacity').implement({
  description: 'A pool’s free GPUs over an interval.',
  fields: (t) => ({
    lowest: t.exposeInt('lowest', {
      description: 'GPUs that are free over the whole interval: the most that can be booked over it.',
    }),
    steps: t.field({
      type: [FreeStepType],
      description: `Steps that cover the interval without gaps, at most ${MOST_STEPS}.`,
      complexity: { field: 1, multiplier: 20 },
      resolve: (free) => [...free.steps],
    }),
  }),
})

/** A pool, loaded by id. */
export const Pool = builder.loadableNodeRef(nodeName('Pool', 1), {
  id: { resolve: (pool: PoolView) => pool.poolId },
  load: async (ids: Uuid[], { deps, actor }: Context) =>
    inOrder(ids, await poolsById(deps.db, actor, ids), (row) => row.poolId),
})
Pool.implement({
  description: 'Identical GPUs of one provider with a capacity, booked with that provider’s token.',
  fields: (t) => ({
    provider: t.field({ type: Provider, description: 'Who operates it.', resolve: (pool) => pool.providerId }),
    cluster: t.exposeString('cluster', { description: 'Name of the cluster that it is part of.' }),
    gpuModel: t.exposeString('gpuModel', { description: 'Model of its GPUs.' }),
    capacity: t.exposeInt('capacity', {
      description: 'GPUs that it was set up with. Capacity over time: freeCapacity.',
    }),
    tokenClass: t.field({
      type: TokenClass,
      description: 'The token that it is booked with.',
      resolve: (pool) => pool.tokenClassId,
    }),
    opensAt: t.expose('opensAt', { type: 'DateTime', description: 'From when it can be booked.' }),
    minLeadMinutes: t.exposeInt('minLeadMinutes', { description: 'Least minutes from a request to its start.' }),
    maxLeadMinutes: t.exposeInt('maxLeadMinutes', { description: 'Most minutes from a request to its start.' }),
    minLengthMinutes: t.exposeInt('minLengthMinutes', { description: 'Least minutes of a reservation.' }),
    maxLengthMinutes: t.exposeInt('maxLengthMinutes', { description: 'Most minutes of a reservation.' }),
    lockMinutes: t.exposeInt('lockMinutes', {
      description:
        'So many minutes before its start a reservation is locked: cancelling it no longer returns everything, where the terms say so.',
    }),
    decisionMinutes: t.exposeInt('decisionMinutes', {
      description: 'Minutes that the provider has to decide on a request.',
    }),
    createdAs: t.exposeString('createdAs', {
      description: 'Who set it up: the "provider", or "operations" of the fund on its behalf.',
    }),
    factors: t.loadableList({
      type: Factor,
      description: 'Its factors, the one recorded last first.',
      complexity: { field: 2, multiplier: 5 },
      load: async (ids: Uuid[], { deps }: Context) => {
        const factors = Map.groupBy(await factorsOf(deps.db, ids), (factor) => factor.poolId)
        return ids.map((id) => factors.get(id) ?? [])
      },
      resolve: (pool) => pool.poolId,
    }),
    freeCapacity: t.loadable({
      type: FreeCapacityType,
      description: 'Its free GPUs over an interval.',
      errors: { types: [BadInterval, Refused] },
      args: {
        from: t.arg({ type: 'DateTime', description: 'First instant.' }),
        to: t.arg({ type: 'DateTime', description: 'First instant after the interval.' }),
      },
      complexity: 5,
      byPath: true,
      load: async (ids: Uuid[], { deps }: Context, { from, to }) => {
        const answers = await freeCapacities(deps.db, ids, { startsAt: from, endsAt: to })
        return ids.map((id) => answers.get(id) ?? new NotFound('pool', globalId('Pool', id)))
      },
      resolve: (pool) => pool.poolId,
    }),
  }),
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

const keyOf = (reservation: { companyId: Uuid; reservationId: Uuid }): string =>
  `${reservation.companyId}:${reservation.reservationId}`
/** Both parts of a key. An id with fewer parts has an empty second one, which finds nothing. */
const refOf = (key: string): Ref => {
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
    idle: t.expose('idle', { type: 'Tokens', description: 'Tokens charged for reserved time that was not used.' }),
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
const basisOf = (basis: string) => oneOf(FACTOR_BASES, basis)
/** A text of the database as the value of its list: the column's CHECK lists exactly these. */
function oneOf<const T extends string>(values: readonly T[], text: string): T {
  const value = values.find((candidate) => candidate === text)
  if (value === undefined) throw new Error(`${text} is none of ${values.join(', ')}`)
  return value
}

const PoolConnection = builder.connectionObject({
  name: 'PoolConnection',
  description: 'A page of pools, newest first.',
  type: Pool,
  fields: (t) => ({
    totalCount: t.int({
      description: 'How many pools the actor sees.',
      resolve: (_page, _args, { deps, actor }) => poolCount(deps.db, actor),
    }),
  }),
})
const ReservationConnection = builder.connectionObject({
  name: 'ReservationConnection',
  description: 'A page of reservations, newest request first.',
  type: Reservation,
})
const pageCost = (args: PageArgs) => ({ field: 2, multiplier: Math.min(args.first ?? args.last ?? 20, PAGE_MAX) })

builder.objectFields(Company, (t) => ({
  reservations: t.connection(
    {
      type: Reservation,
      description: `The company’s reservations, newest request first; at most ${PAGE_MAX} a page.`,
      complexity: pageCost,
      resolve: (company, args, { deps, actor }) =>
        pageById(
          args,
          (reservation: ReservationView) => reservation.reservationId,
          (query) => reservationPage(deps.db, actor, company.companyId, query),
        ),
    },
    ReservationConnection,
  ),
  reservationCount: t.int({
    description: 'How many reservations the company has asked for.',
    resolve: (company, _args, { deps, actor }) => reservationCount(deps.db, actor, company.companyId),
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
      resolve: (pool, { waiting, ...args }, { deps, actor }) =>
        pageById(
          args,
          (reservation: ReservationView) => reservation.reservationId,
          (query) => poolReservationPage(deps.db, actor, pool, { ...query, waiting: waiting === true }),
        ),
    },
    ReservationConnection,
  ),
}))

builder.objectType(BadInterval, {
  name: 'BadInterval',
  description: 'An interval that cannot be booked or asked about.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    fault: t.field({ type: IntervalFault, description: 'What is wrong with it.', resolve: (error) => error.fault }),
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'Its start.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'Its end.' }),
  }),
})
builder.objectType(OverCapacity, {
  name: 'OverCapacity',
  description: 'The pool has too few free GPUs somewhere in the interval.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    wanted: t.exposeInt('wanted', { description: 'GPUs that were asked for.' }),
    free: t.exposeInt('free', { description: 'GPUs that are free in that part.' }),
    full: t.field({
      type: IntervalType,
      description: 'The first part that is too full.',
      resolve: (error) => error.full,
    }),
  }),
})
builder.objectType(NoFactor, {
  name: 'NoFactor',
  description: 'The pool has no factor in force at the start: what the reservation costs cannot be told.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'The start of the reservation.' }),
  }),
})
builder.objectType(QuoteChanged, {
  name: 'QuoteChanged',
  description: 'What the caller was quoted is not what the reservation takes now.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    quoted: t.expose('quoted', { type: 'Tokens', description: 'Tokens that the caller expected.' }),
    now: t.expose('now', { type: 'Tokens', description: 'Tokens that it takes now.' }),
  }),
})
builder.objectType(WrongTime, {
  name: 'WrongTime',
  description: 'The step is possible only before, or only after, the reservation starts.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'When it starts.' }),
    needs: t.exposeString('needs', { description: '"BEFORE_START" or "AFTER_START".' }),
  }),
})

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

builder.queryFields((t) => ({
  pools: t.connection(
    {
      type: Pool,
      description: `The pools that the actor sees, newest first; at most ${PAGE_MAX} a page.`,
      complexity: pageCost,
      resolve: (_root, args, { deps, actor }) =>
        pageById(
          args,
          (pool: PoolView) => pool.poolId,
          (query) => poolPage(deps.db, actor, query),
        ),
    },
    PoolConnection,
  ),
  reservationQuote: t.field({
    type: ReservationQuoteType,
    description: 'What a reservation would take now.',
    errors: { types: [BadInterval, NoFactor, NotFound, Refused] },
    args: {
      poolId: t.arg.id({ description: 'Id of the pool.' }),
      gpus: t.arg.int({ description: 'How many GPUs, at least 1.' }),
      startsAt: t.arg({ type: 'DateTime', description: 'First instant, a whole minute.' }),
      endsAt: t.arg({ type: 'DateTime', description: 'First instant after it, a whole minute.' }),
    },
    complexity: 5,
    resolve: (_root, args, { deps, actor }) => quoteReservation(deps.db, actor, args),
  }),
}))

const CreatePoolInput = builder.inputType('CreatePoolInput', {
  description: 'A pool as it is set up.',
  fields: (t) => ({
    providerId: t.id({ description: 'Id of the provider.' }),
    tokenClassId: t.id({ description: 'Id of the token class that it is booked with: the same provider’s.' }),
    cluster: t.string({ description: 'Name of the cluster, at most 100 characters.' }),
    gpuModel: t.string({ description: 'Model of its GPUs, such as "H100-SXM".' }),
    capacity: t.int({ description: 'GPUs, 1 to 1,000,000.' }),
    opensAt: t.field({ type: 'DateTime', description: 'From when it can be booked, a whole minute.' }),
    minLeadMinutes: t.int({
      required: false,
      description: 'Least minutes from a request to its start; 0 unless given.',
    }),
    maxLeadMinutes: t.int({
      required: false,
      description: 'Most minutes from a request to its start; two years unless given.',
    }),
    minLengthMinutes: t.int({ required: false, description: 'Least minutes of a reservation; 60 unless given.' }),
    maxLengthMinutes: t.int({ required: false, description: 'Most minutes of a reservation; 90 days unless given.' }),
    lockMinutes: t.int({
      required: false,
      description: 'Minutes before its start at which a reservation is locked; a day unless given.',
    }),
    decisionMinutes: t.int({
      required: false,
      description: 'Minutes that the provider has to decide; two days unless given.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const SetFactorInput = builder.inputType('SetFactorInput', {
  description: 'A factor as it is agreed.',
  fields: (t) => ({
    poolId: t.id({ description: 'Id of the pool.' }),
    h100HoursPerGpuHour: t.field({
      type: 'Decimal',
      description: 'H100-hours per GPU-hour, above 0 and at most 1000.',
    }),
    basis: t.field({ type: FactorBasis, description: 'What it rests on.' }),
    source: t.string({ description: 'Where it comes from, at most 500 characters.' }),
    validFrom: t.field({
      type: 'DateTime',
      description: 'From when. Not in the past, but for the pool’s first factor.',
    }),
    validUntil: t.field({ type: 'DateTime', required: false, description: 'Until when, that instant not included.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const RequestReservationInput = builder.inputType('RequestReservationInput', {
  description: 'A request for GPUs.',
  fields: (t) => ({
    companyId: t.id({ description: 'Id of the company that asks.' }),
    poolId: t.id({ description: 'Id of the pool.' }),
    gpus: t.int({ description: 'How many GPUs, at least 1.' }),
    startsAt: t.field({ type: 'DateTime', description: 'First instant, a whole minute.' }),
    endsAt: t.field({ type: 'DateTime', description: 'First instant after it, a whole minute.' }),
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

/** The pool as it is after a mutation. */
async function poolOrNotFound(deps: Context['deps'], actor: Actor, poolId: Uuid): Promise<PoolView> {
  const [pool] = await poolsById(deps.db, actor, [poolId])
  if (pool === undefined) throw new NotFound('pool', globalId('Pool', poolId))
  return pool
}

/** The reservation as it is after a mutation. */
async function reservationOrNotFound(deps: Context['deps'], actor: Actor, ref: Ref): Promise<ReservationView> {
  const [reservation] = await reservationsById(deps.db, actor, [ref])
  if (reservation === undefined) throw new NotFound('reservation', globalId('Reservation', ref.companyId, ref.id))
  return reservation
}

builder.mutationFields((t) => ({
  createPool: t.field({
    type: Pool,
    description:
      'Set up a pool with its capacity: the provider’s staff, or operations on their behalf, which is recorded.',
    ...may(['provider', 'operations']),
    args: { input: t.arg({ type: CreatePoolInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { poolId } = await createPool(deps, actor, input)
      return poolOrNotFound(deps, actor, poolId)
    },
  }),
  setFactor: t.field({
    type: Pool,
    description:
      'Set how many H100-hours a GPU-hour of a pool counts, for a time. Reservations keep the factor they were made with.',
    ...may(['provider', 'operations']),
    args: { input: t.arg({ type: SetFactorInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { poolId } = await setFactor(deps, actor, input)
      return poolOrNotFound(deps, actor, poolId)
    },
  }),
  requestReservation: t.field({
    type: Reservation,
    description: 'Ask for GPUs. Tokens and capacity are set aside until the provider decides.',
    ...may(['founder'], [OverCapacity, BadInterval, NoFactor, QuoteChanged, WouldOverdraw, TokensNotReleased]),
    args: { input: t.arg({ type: RequestReservationInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { ref } = await requestReservation(deps, actor, input)
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
    description: 'Cancel a reservation before it starts. All its tokens and all its capacity return.',
    ...may(['founder'], [WrongTime]),
    args: { input: t.arg({ type: CancelReservationInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { ref } = await cancelReservation(deps, actor, input)
      return reservationOrNotFound(deps, actor, ref)
    },
  }),
}))
