/** What clusters refuse. */
import { DomainError, formatNumeric, formatTokens, type MicroTokens, type Ref, type Uuid } from '../platform/index.ts'
import type { Interval } from './interval.ts'
import type { Factor, GpuSeconds } from './metering/charge.ts'

/** The pool has too few free GPUs somewhere in the interval. Carries the first such part of it. */
export class OverCapacity extends DomainError {
  readonly code = 'OVER_CAPACITY'
  readonly wanted: number
  /** GPUs that are free over the whole of {@link OverCapacity.full}. */
  readonly free: number
  readonly full: Interval
  constructor(wanted: number, free: number, full: Interval) {
    super(
      `${wanted} GPUs were wanted, but from ${full.startsAt} to ${full.endsAt} only ${free} are free. ` +
        'Nothing was changed. Ask for fewer GPUs or another time.',
    )
    this.wanted = wanted
    this.free = free
    this.full = full
  }
}

/** A company would have more of a pool booked than its share of the pool's capacity. Carries the first such part. */
export class OverShare extends DomainError {
  readonly code = 'OVER_SHARE'
  readonly wanted: number
  /** Most GPUs that the company may have booked in that part. */
  readonly limit: number
  /** GPUs that it has booked there already. */
  readonly booked: number
  readonly part: Interval
  constructor(wanted: number, limit: number, booked: number, part: Interval) {
    super(
      `${wanted} more GPUs were wanted, but from ${part.startsAt} to ${part.endsAt} the company has ${booked} of the ` +
        `${limit} GPUs that its share of this pool is. Nothing was changed.`,
    )
    this.wanted = wanted
    this.limit = limit
    this.booked = booked
    this.part = part
  }
}

/** The GPUs are promised already: what is dedicated to companies would be more than the pool has. */
export class DedicatedTwice extends DomainError {
  readonly code = 'DEDICATED_TWICE'
  readonly wanted: number
  /** GPUs that are neither dedicated nor booked in {@link DedicatedTwice.part}. */
  readonly free: number
  readonly part: Interval
  constructor(wanted: number, free: number, part: Interval) {
    super(
      `${wanted} GPUs were to be dedicated, but from ${part.startsAt} to ${part.endsAt} only ${free} are neither dedicated ` +
        'nor booked. Nothing was changed.',
    )
    this.wanted = wanted
    this.free = free
    this.part = part
  }
}

/** A booking that stands in the way of maintenance or of smaller capacity. */
export type BookingInTheWay = Interval & { readonly ref: Ref; readonly gpus: number }

/** GPUs cannot be taken out of the pool, because they are booked. Carries the first such part and who is booked there. */
export class ReservationsInTheWay extends DomainError {
  readonly code = 'RESERVATIONS_IN_THE_WAY'
  /** GPUs to take out, beside those that are out already. */
  readonly wanted: number
  readonly free: number
  readonly part: Interval
  /** Those of them that the caller may see, earliest first. */
  readonly bookings: readonly BookingInTheWay[]
  constructor(wanted: number, free: number, part: Interval, bookings: readonly BookingInTheWay[] = []) {
    super(
      `${wanted} GPUs were to be taken out, but from ${part.startsAt} to ${part.endsAt} only ${free} are free. ` +
        'Nothing was changed. Move or cancel what is booked, or let the GPUs go as they become free.',
    )
    this.wanted = wanted
    this.free = free
    this.part = part
    this.bookings = bookings
  }
}

/** The pool has no factor for the start of the reservation: what it costs cannot be told. */
export class NoFactor extends DomainError {
  readonly code = 'NO_FACTOR'
  readonly at: string
  constructor(at: string) {
    super(`This pool has no factor in force at ${at}, so what it costs cannot be told. Nothing was changed.`)
    this.at = at
  }
}

/** What the caller was quoted is not what the reservation takes now. */
export class QuoteChanged extends DomainError {
  readonly code = 'QUOTE_CHANGED'
  readonly quoted: MicroTokens
  readonly now: MicroTokens
  constructor(quoted: MicroTokens, now: MicroTokens) {
    super(
      `The quote was ${formatTokens(quoted)} tokens; the reservation now takes ${formatTokens(now)}. ` +
        'Nothing was changed. Look at the new quote and ask again.',
    )
    this.quoted = quoted
    this.now = now
  }
}

/** The quote no longer holds: its time is over, or the rules that it showed are no longer those that apply. */
export class QuoteExpired extends DomainError {
  readonly code = 'QUOTE_EXPIRED'
  readonly validUntil: string
  readonly why: 'TIME' | 'RULES'
  constructor(validUntil: string, why: 'TIME' | 'RULES') {
    super(
      why === 'TIME'
        ? `The quote held until ${validUntil}. Nothing was changed. Ask for a new one.`
        : 'The rules that apply are no longer those of the quote. Nothing was changed. Ask for a new one.',
    )
    this.validUntil = validUntil
    this.why = why
  }
}

/** The reservation would end after the tokens that could pay for it have expired, or after the long-stop of their grant. */
export class PastDeadline extends DomainError {
  readonly code = 'PAST_DEADLINE'
  readonly deadline: 'TOKEN_EXPIRY' | 'LONG_STOP'
  /** The latest such date: on this date the tokens can no longer be used. */
  readonly on: string
  constructor(deadline: 'TOKEN_EXPIRY' | 'LONG_STOP', on: string) {
    super(
      `${deadline === 'LONG_STOP' ? 'The long-stop of the grant is' : 'The tokens expire'} on ${on}: ` +
        'the reservation would end later. Nothing was changed.',
    )
    this.deadline = deadline
    this.on = on
  }
}

/** One of several reservations that were asked for together is refused, so none is made. */
export class PartRefused extends DomainError {
  readonly code = 'PART_REFUSED'
  /** Its place among them, in the order of pools and then of times, from 0. */
  readonly part: number
  readonly why: string
  constructor(part: number, why: string, message: string) {
    super(`Number ${part + 1} of the reservations is refused (${message}) All of them are given back.`)
    this.part = part
    this.why = why
  }
}

/** Requests that were made earlier wait for GPUs of this time, and come first. */
export class WaitersFirst extends DomainError {
  readonly code = 'WAITERS_FIRST'
  override readonly transient = true
  constructor() {
    super(
      'Earlier requests wait for GPUs at this time and come first. Nothing was changed. Join the waiting list, or ask for another time.',
    )
  }
}

/** The step needs the reservation not to have started yet, or to have started already. */
export class WrongTime extends DomainError {
  readonly code = 'WRONG_TIME'
  readonly startsAt: string
  readonly needs: keyof typeof WRONG_TIMES
  /** @param startsAt when it starts; of `BEFORE_END`, when it ended */
  constructor(startsAt: string, needs: keyof typeof WRONG_TIMES) {
    super(`The reservation ${WRONG_TIMES[needs](startsAt)} Nothing was changed.`)
    this.startsAt = startsAt
    this.needs = needs
  }
}
const WRONG_TIMES = {
  BEFORE_START: (at: string) => `started at ${at}: it is too late for this step.`,
  AFTER_START: (at: string) => `starts at ${at}: it is too early for this step.`,
  BEFORE_END: (at: string) => `ended at ${at}: it is too late for this step.`,
  ONLY_END: (at: string) => `started at ${at}: from then on only its end changes.`,
}

/** More GPUs were asked for of a reservation that runs, which keeps those that it has: more are a second one beside it. */
export class MoreGpusBeside extends DomainError {
  readonly code = 'MORE_GPUS_BESIDE'
  readonly poolId: Uuid
  /** What it has. */
  readonly gpus: number
  /** What the second one is to have. */
  readonly more: number
  /** When both are to end. */
  readonly endsAt: string
  constructor({ poolId, gpus, more, endsAt }: Pick<MoreGpusBeside, 'poolId' | 'gpus' | 'more' | 'endsAt'>) {
    super(
      `The reservation runs, and keeps its ${gpus} GPUs. Nothing was changed. Request a second reservation of ${more} GPUs of the same pool beside it, until ${endsAt}.`,
    )
    this.poolId = poolId
    this.gpus = gpus
    this.more = more
    this.endsAt = endsAt
  }
}

/** The usage is more than what was reserved, or lies outside the reserved time. */
export class UsageBeyondReservation extends DomainError {
  readonly code = 'USAGE_BEYOND_RESERVATION'
  readonly externalId: string
  readonly reserved: GpuSeconds
  readonly wouldBe: GpuSeconds
  constructor(externalId: string, reserved: GpuSeconds, wouldBe: GpuSeconds, why: string) {
    super(`The usage record "${externalId}" ${why}. No record of this call was stored.`)
    this.externalId = externalId
    this.reserved = reserved
    this.wouldBe = wouldBe
  }
}

/** A usage record with this external id is stored already, with another content. */
export class UsageConflict extends DomainError {
  readonly code = 'USAGE_CONFLICT'
  readonly externalId: string
  /** The field that differs. */
  readonly field: string
  constructor(externalId: string, field: string) {
    super(
      `A usage record "${externalId}" from this source is stored already with another ${field}. ` +
        'No record of this call was stored. Send a correction under a new id.',
    )
    this.externalId = externalId
    this.field = field
  }
}

/** A pool that came after the company's grants: its factor holds for the company once both sides have signed it. */
export class FactorNotAgreed extends DomainError {
  readonly code = 'FACTOR_NOT_AGREED'
  readonly poolId: Uuid
  readonly factorId: Uuid
  readonly factor: Factor
  constructor(poolId: Uuid, factorId: Uuid, factor: Factor) {
    super(
      `The pool came after the company's grants, and its factor of ${formatNumeric(factor)} H100-hours per GPU-hour is not signed by the company. A signatory signs it, or another pool is booked. Nothing was changed.`,
    )
    this.poolId = poolId
    this.factorId = factorId
    this.factor = factor
  }
}
