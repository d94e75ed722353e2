/** What clusters refuse, as clients read it. */
import {
  BadInterval,
  type BookingInTheWay,
  DedicatedTwice,
  FactorNotAgreed,
  INTERVAL_FAULTS,
  type Interval,
  MoreGpusBeside,
  NoFactor,
  OverCapacity,
  OverShare,
  PastDeadline,
  QuoteChanged,
  QuoteExpired,
  ReservationsInTheWay,
  WaitersFirst,
  WrongTime,
} from '../../api/clusters/index.ts'
import { globalId } from '../../api/platform/index.ts'
import { builder } from '../kernel/builder.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'

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
    needs: t.exposeString('needs', {
      description: '"BEFORE_START", "AFTER_START", "BEFORE_END", or "ONLY_END": of one that runs only the end changes.',
    }),
  }),
})
builder.objectType(MoreGpusBeside, {
  name: 'MoreGpusBeside',
  description:
    'More GPUs were asked for of a reservation that runs, which keeps those that it has. Request a second reservation of the same pool beside it.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    poolId: t.id({ description: 'The pool.', resolve: ({ poolId }) => globalId('Pool', poolId) }),
    gpus: t.exposeInt('gpus', { description: 'GPUs that it has.' }),
    more: t.exposeInt('more', { description: 'GPUs that the second one is to have.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'When both are to end.' }),
  }),
})
builder.objectType(OverShare, {
  name: 'OverShare',
  description: 'The company would have more of the pool booked than its share of the capacity.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    wanted: t.exposeInt('wanted', { description: 'GPUs that were asked for.' }),
    limit: t.exposeInt('limit', { description: 'Most GPUs that it may have booked in that part.' }),
    booked: t.exposeInt('booked', { description: 'GPUs that it has booked there.' }),
    part: t.field({ type: IntervalType, description: 'The first such part.', resolve: (error) => error.part }),
  }),
})
builder.objectType(DedicatedTwice, {
  name: 'DedicatedTwice',
  description: 'The GPUs are dedicated or booked already.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    wanted: t.exposeInt('wanted', { description: 'GPUs that were to be dedicated.' }),
    free: t.exposeInt('free', { description: 'GPUs that are neither dedicated nor booked in that part.' }),
    part: t.field({ type: IntervalType, description: 'The first such part.', resolve: (error) => error.part }),
  }),
})
const BookingInTheWayType = builder.objectRef<BookingInTheWay>('BookingInTheWay').implement({
  description: 'A reservation that stands in the way of maintenance or of smaller capacity.',
  fields: (t) => ({
    reservationId: t.id({
      description: 'Id of the reservation.',
      resolve: ({ ref }) => globalId('Reservation', ref.companyId, ref.id),
    }),
    gpus: t.exposeInt('gpus', { description: 'How many GPUs.' }),
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'First instant.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', description: 'First instant after it.' }),
  }),
})
builder.objectType(ReservationsInTheWay, {
  name: 'ReservationsInTheWay',
  description: 'GPUs cannot be taken out of the pool, because they are booked.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    wanted: t.exposeInt('wanted', { description: 'GPUs to take out, beside those that are out already.' }),
    free: t.exposeInt('free', { description: 'GPUs of them that are free in that part.' }),
    part: t.field({ type: IntervalType, description: 'The first such part.', resolve: (error) => error.part }),
    bookings: t.field({
      type: [BookingInTheWayType],
      description: 'Who is booked there, as far as the actor may see it; at most 100.',
      resolve: (error) => [...error.bookings],
    }),
  }),
})
builder.objectType(FactorNotAgreed, {
  name: 'FactorNotAgreed',
  description: 'The pool came after the company’s grants, and the company has not signed its factor.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    poolId: t.id({ description: 'Id of the pool.', resolve: (error) => globalId('Pool', error.poolId) }),
    factorId: t.id({
      description: 'Id of the factor to sign.',
      resolve: (error) => globalId('Factor', error.poolId, error.factorId),
    }),
    factor: t.expose('factor', { type: 'Decimal', description: 'H100-hours per GPU-hour.' }),
  }),
})
builder.objectType(QuoteExpired, {
  name: 'QuoteExpired',
  description: 'The quote no longer holds.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    validUntil: t.expose('validUntil', { type: 'DateTime', description: 'Until when it held.' }),
    why: t.exposeString('why', { description: '"TIME": its time is over. "RULES": other rules apply by now.' }),
  }),
})
builder.objectType(PastDeadline, {
  name: 'PastDeadline',
  description: 'The reservation would end after the tokens have expired, or after the long-stop of their grant.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    deadline: t.exposeString('deadline', { description: '"TOKEN_EXPIRY" or "LONG_STOP".' }),
    on: t.expose('on', { type: 'Date', description: 'The latest such date: on it the tokens can no longer be used.' }),
  }),
})
builder.objectType(WaitersFirst, {
  name: 'WaitersFirst',
  description: 'Earlier requests wait for GPUs at this time, and come first.',
  interfaces: [DomainErrorInterface],
})
