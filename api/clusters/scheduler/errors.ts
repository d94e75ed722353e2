/** What a scheduler refuses, fails to do, or does otherwise than asked. */
import { DomainError } from '../../platform/index.ts'
import type { SchedulerReservation } from './scheduler.ts'

export const SCHEDULER_REFUSALS = [
  'CAPACITY',
  'IN_USE',
  'IN_THE_PAST',
  'UNKNOWN_ACCOUNT',
  'NOT_PERMITTED',
  'BAD_NAME',
  'NAME_TAKEN',
  'NO_SUCH_RESERVATION',
  'NOT_WHOLE_MINUTES',
  'UNKNOWN_MODEL',
  'BAD_SIZE',
  'OTHER',
] as const
/** Why a scheduler refuses. `NAME_TAKEN`: another reservation has this id. `OTHER`: the detail says. */
export type SchedulerRefusal = (typeof SCHEDULER_REFUSALS)[number]

/** The scheduler was asked and said no. Asking again says no again, until something changes. */
export class SchedulerRefused extends DomainError {
  readonly code = 'SCHEDULER_REFUSED'
  readonly reason: SchedulerRefusal
  /** In the scheduler's own words. */
  readonly detail: string
  constructor(reason: SchedulerRefusal, detail: string) {
    super(`The scheduler refused (${reason.toLowerCase().replaceAll('_', ' ')}): ${detail}. Nothing was changed there.`)
    this.reason = reason
    this.detail = detail
  }
}

/** The scheduler could not be asked, or did not answer in time: what was asked may or may not have been done. */
export class SchedulerUnavailable extends DomainError {
  readonly code = 'SCHEDULER_UNAVAILABLE'
  override readonly transient = true
  readonly detail: string
  constructor(detail: string) {
    super(`The scheduler is not available: ${detail}. It is asked again later.`)
    this.detail = detail
  }
}

/** The scheduler accepted, but what it shows afterwards is something else: a person has to look. */
export class SchedulerDisagrees extends DomainError {
  readonly code = 'SCHEDULER_DISAGREES'
  /** Undefined where none should be left. */
  readonly wanted: SchedulerReservation | undefined
  /** Undefined where none is shown. */
  readonly found: SchedulerReservation | undefined
  constructor(id: string, wanted: SchedulerReservation | undefined, found: SchedulerReservation | undefined) {
    super(
      `The scheduler accepted a change of reservation ${id}, but shows ${shown(found)} instead of ${shown(wanted)}.`,
    )
    this.wanted = wanted
    this.found = found
  }
}

const shown = (reservation: SchedulerReservation | undefined): string =>
  reservation === undefined
    ? 'none'
    : `${reservation.gpus} GPUs from ${reservation.interval.startsAt} to ${reservation.interval.endsAt}`
