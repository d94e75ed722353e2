/** Writes reservations with their meter and events, and the pool's side of them. */
import type { ActorId, MicroTokens, Numeric, Ref, Trx, Uuid } from '../../platform/index.ts'
import { formatNumeric, globalId, instant, NotFound, newId, parseNumeric, WrongState } from '../../platform/index.ts'
import { type Interval, microsecondsOf } from '../interval.ts'
import type { Quote } from '../metering/charge.ts'
import { bookFor, freeFor } from '../pool/calendar.store.ts'
import { tellScheduler } from '../scheduler/tell-scheduler.ts'
import type { ReasonCode, ReservationState } from './reservation-state.ts'

export type NewReservation = {
  readonly ref: Ref
  readonly poolId: Uuid
  readonly tokenClassId: Uuid
  readonly gpus: number
  readonly interval: Interval
  readonly factorId: Uuid
  readonly quote: Quote
  readonly holdId: Uuid
  readonly holdExpiresAt: string
  readonly requestedBy: Uuid
  readonly quoteId?: Uuid | null
  readonly groupId?: Uuid | null
  readonly splitFrom?: Uuid | null
  /** Given for a request that goes to the waiting list: neither tokens nor capacity are set aside for it. */
  readonly waitsUntil?: string | null
}

/** Inserts a held, or a waiting, reservation with its meter and first event: the company's side. */
export async function insertReservation(trx: Trx, reservation: NewReservation): Promise<void> {
  const { ref, interval, quote } = reservation
  const at = await instant(trx)
  const waits = reservation.waitsUntil ?? null
  const first =
    waits === null
      ? ({ to: 'held', reason: 'REQUESTED' } as const)
      : ({ to: 'waitlisted', reason: 'WAITLISTED' } as const)
  await trx
    .insertInto('reservation')
    .values({
      company_id: ref.companyId,
      reservation_id: ref.id,
      pool_id: reservation.poolId,
      token_class_id: reservation.tokenClassId,
      gpus: reservation.gpus,
      starts_at: interval.startsAt,
      ends_at: interval.endsAt,
      state: first.to,
      factor_id: reservation.factorId,
      h100_hours_per_gpu_hour: formatNumeric(quote.factor),
      hold_id: reservation.holdId,
      hold_micro: quote.hold,
      hold_expires_at: reservation.holdExpiresAt,
      requested_by: reservation.requestedBy,
      requested_at: at,
      quote_id: reservation.quoteId ?? null,
      group_id: reservation.groupId ?? null,
      split_from: reservation.splitFrom ?? null,
      waits_until: waits,
    })
    .execute()
  await trx
    .insertInto('meter')
    .values({
      company_id: ref.companyId,
      reservation_id: ref.id,
      reserved_gpu_seconds: quote.gpuSeconds,
      hold_micro: quote.hold,
    })
    .execute()
  await insertEvent(trx, ref, {
    from: null,
    ...first,
    note: null,
    actor: { id: reservation.requestedBy },
    waitedSeconds: null,
  })
}

/** Takes the GPUs out of the pool's calendar and records the pool's side of a reservation. */
export async function insertBooking(
  trx: Trx,
  booking: { ref: Ref; poolId: Uuid; gpus: number; interval: Interval },
): Promise<void> {
  // The pool's hot row is locked before a row that refers to it is inserted.
  await bookFor(trx, booking.poolId, booking.ref.companyId, booking.interval, booking.gpus)
  await trx
    .insertInto('pool_booking')
    .values({
      pool_id: booking.poolId,
      reservation_id: booking.ref.id,
      company_id: booking.ref.companyId,
      gpus: booking.gpus,
      starts_at: booking.interval.startsAt,
      ends_at: booking.interval.endsAt,
    })
    .execute()
}

export type LockedReservation = {
  readonly ref: Ref
  readonly poolId: Uuid
  readonly tokenClassId: Uuid
  readonly gpus: number
  readonly interval: Interval
  readonly state: ReservationState
  readonly factor: Numeric
  readonly holdId: Uuid
  readonly hold: MicroTokens
  readonly holdExpiresAt: string
  readonly requestedBy: Uuid
  readonly requestedAt: string
  readonly waitsUntil: string | null
  readonly groupId: Uuid | null
}

/**
 * Locks a reservation until the end of the transaction.
 *
 * @throws {NotFound}
 */
export async function lockReservation(trx: Trx, ref: Ref): Promise<LockedReservation> {
  const row = await trx
    .selectFrom('reservation')
    .select([
      'pool_id as poolId',
      'token_class_id as tokenClassId',
      'gpus',
      'starts_at as startsAt',
      'ends_at as endsAt',
      'state',
      'h100_hours_per_gpu_hour as factor',
      'hold_id as holdId',
      'hold_micro as hold',
      'hold_expires_at as holdExpiresAt',
      'requested_by as requestedBy',
      'requested_at as requestedAt',
      'waits_until as waitsUntil',
      'group_id as groupId',
    ])
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (row === undefined) throw new NotFound('reservation', globalId('Reservation', ref.companyId, ref.id))
  const { startsAt, endsAt, state, factor, ...plain } = row
  return {
    ref,
    ...plain,
    interval: { startsAt, endsAt },
    // The column's CHECK lists exactly these.
    state: state as ReservationState,
    factor: parseNumeric(factor),
  }
}

/** One change of state: who, why, and for a decision how long the request waited for it. */
export type Step = {
  readonly to: ReservationState
  readonly reason: ReasonCode
  readonly note?: string | null
  /** Undefined where a job does it. */
  readonly actor?: ActorId | undefined
  /** The provider's decision, or the end of its time for one: how long it took is evidence. */
  readonly decision?: boolean
  /** When that was asked for which is decided, where it is not the request itself. */
  readonly askedAt?: string
  /** What a company asks it to become: nothing changes yet. */
  readonly asked?: Pick<ReservationChange, 'gpus' | 'interval'>
  /** What else of the reservation changes with it. */
  readonly change?: ReservationChange
}

/** Another size, time, factor or hold of a reservation. */
export type ReservationChange = {
  readonly gpus: number
  readonly interval: Interval
  readonly factorId?: Uuid
  readonly quote: Quote
  readonly holdId: Uuid
  readonly holdExpiresAt?: string
}

/** Moves a locked reservation to another state, and records the event. The database refuses an illegal step. */
export async function moveReservation(trx: Trx, reservation: LockedReservation, step: Step): Promise<void> {
  const { ref, state } = reservation
  const at = await instant(trx)
  const decided =
    step.decision === true && step.actor !== undefined && step.askedAt === undefined
      ? { decided_by: step.actor.id, decided_at: at }
      : {}
  const moved = await trx
    .updateTable('reservation')
    .set({ state: step.to, ...decided, ...(step.change === undefined ? {} : columnsOf(step.change)) })
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .where('state', '=', state)
    .executeTakeFirst()
  if (moved.numUpdatedRows !== 1n) throw new WrongState('reservation', 'changed meanwhile', [state])
  await insertEvent(trx, ref, {
    from: state,
    to: step.to,
    reason: step.reason,
    note: step.note ?? null,
    actor: step.actor,
    waitedSeconds:
      step.decision === true
        ? (microsecondsOf(at) - microsecondsOf(step.askedAt ?? reservation.requestedAt)) / 1_000_000n
        : null,
    change: beforeAndAfter(reservation, step.change ?? step.asked),
  })
  if (step.change !== undefined) {
    const { gpuSeconds, hold } = step.change.quote
    await trx
      .updateTable('meter')
      .set({ reserved_gpu_seconds: gpuSeconds, hold_micro: hold })
      .where('company_id', '=', ref.companyId)
      .where('reservation_id', '=', ref.id)
      .execute()
  }
}

const columnsOf = ({ gpus, interval, factorId, quote, holdId, holdExpiresAt }: ReservationChange) => ({
  gpus,
  starts_at: interval.startsAt,
  ends_at: interval.endsAt,
  hold_id: holdId,
  hold_micro: quote.hold,
  h100_hours_per_gpu_hour: formatNumeric(quote.factor),
  ...(factorId === undefined ? {} : { factor_id: factorId }),
  ...(holdExpiresAt === undefined ? {} : { hold_expires_at: holdExpiresAt }),
})

const beforeAndAfter = (
  before: LockedReservation,
  after: Pick<ReservationChange, 'gpus' | 'interval'> | undefined,
): string | null =>
  after === undefined
    ? null
    : JSON.stringify({
        before: { gpus: before.gpus, ...before.interval },
        after: { gpus: after.gpus, ...after.interval },
      })

type NewEvent = {
  readonly from: ReservationState | null
  readonly to: ReservationState
  readonly reason: ReasonCode
  readonly note: string | null
  readonly actor: ActorId | undefined
  readonly waitedSeconds: bigint | null
  readonly change?: string | null
}

async function insertEvent(trx: Trx, ref: Ref, event: NewEvent): Promise<void> {
  await trx
    .insertInto('reservation_event')
    .values({
      company_id: ref.companyId,
      event_id: newId(),
      reservation_id: ref.id,
      from_state: event.from,
      to_state: event.to,
      reason_code: event.reason,
      note: event.note,
      actor_id: event.actor?.id ?? null,
      at: await instant(trx),
      waited_seconds: event.waitedSeconds,
      change: event.change ?? null,
    })
    .execute()
}

/** Notes on the pool's side that the provider has decided, so that the request leaves its list. */
export async function markDecided(trx: Trx, reservation: LockedReservation): Promise<void> {
  await trx
    .updateTable('pool_booking')
    .set({ decided_at: await instant(trx) })
    .where('pool_id', '=', reservation.poolId)
    .where('reservation_id', '=', reservation.ref.id)
    .execute()
  await tellScheduler(trx, reservation.poolId)
}

/** Gives a reservation's whole interval back to the calendar, once. */
export async function freeBooking(trx: Trx, reservation: LockedReservation): Promise<void> {
  const freed = await trx
    .updateTable('pool_booking')
    .set({ freed_at: await instant(trx) })
    .where('pool_id', '=', reservation.poolId)
    .where('reservation_id', '=', reservation.ref.id)
    .where('freed_at', 'is', null)
    .returning(['gpus', 'starts_at as startsAt', 'ends_at as endsAt'])
    .executeTakeFirst()
  if (freed === undefined) throw new Error('a reservation is given back to the calendar twice')
  await freeFor(trx, reservation.poolId, reservation.ref.companyId, freed, freed.gpus)
  await tellScheduler(trx, reservation.poolId)
}

/** Gives back what lies at or after `from`: the past stays as it was. */
export async function freeRest(trx: Trx, reservation: LockedReservation, from: string): Promise<void> {
  const { interval, poolId, ref, gpus } = reservation
  if (microsecondsOf(from) >= microsecondsOf(interval.endsAt)) return
  await trx
    .updateTable('pool_booking')
    .set({ ends_at: from })
    .where('pool_id', '=', poolId)
    .where('reservation_id', '=', ref.id)
    .execute()
  await freeFor(trx, poolId, ref.companyId, { startsAt: from, endsAt: interval.endsAt }, gpus)
  await tellScheduler(trx, poolId)
}

/**
 * Books something else instead of what a reservation has booked, in one step of the calendar.
 *
 * @throws {OverCapacity} {OverShare} {BadInterval}
 */
export async function replaceBooking(
  trx: Trx,
  reservation: Pick<LockedReservation, 'ref' | 'poolId'>,
  booked: { readonly gpus: number; readonly interval: Interval },
): Promise<void> {
  const { poolId, ref } = reservation
  const own = trx.updateTable('pool_booking').where('pool_id', '=', poolId).where('reservation_id', '=', ref.id)
  const before = await own
    .set({ freed_at: await instant(trx) })
    .where('freed_at', 'is', null)
    .returning(['gpus', 'starts_at as startsAt', 'ends_at as endsAt'])
    .executeTakeFirst()
  if (before === undefined) throw new Error('a reservation that has nothing booked is changed')
  await freeFor(trx, poolId, ref.companyId, before, before.gpus)
  await bookFor(trx, poolId, ref.companyId, booked.interval, booked.gpus)
  const { startsAt, endsAt } = booked.interval
  await own.set({ freed_at: null, gpus: booked.gpus, starts_at: startsAt, ends_at: endsAt }).execute()
  await tellScheduler(trx, poolId, ref.id)
}

/** The factor by which a reservation is priced. */
export async function factorIdOf(trx: Trx, ref: Ref): Promise<Uuid> {
  const row = await trx
    .selectFrom('reservation')
    .select('factor_id')
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .executeTakeFirstOrThrow()
  return row.factor_id
}
