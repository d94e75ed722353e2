/** The life of a reservation. The database refuses every step that is not in this table. */

export const RESERVATION_STATES = [
  'waitlisted',
  'held',
  'confirmed',
  'provisioned',
  'active',
  'completed',
  'cancelled',
  'declined',
  'expired',
  'no_show',
  'failed',
] as const
/**
 * `held`: capacity and tokens are set aside until the provider decides. `declined` and `expired` are the provider's
 * doing (it said no, it did not answer), `cancelled` is not: the three are kept apart, because denied capacity is evidence.
 * `provisioned`: confirmed, and the scheduler shows it with the same size and times.
 */
export type ReservationState = (typeof RESERVATION_STATES)[number]

/** Where a reservation can go from each state. */
export const NEXT_STATES: Readonly<Record<ReservationState, readonly ReservationState[]>> = {
  waitlisted: ['held', 'cancelled', 'expired'],
  held: ['confirmed', 'declined', 'cancelled', 'expired'],
  confirmed: ['provisioned', 'active', 'completed', 'cancelled', 'no_show', 'failed'],
  provisioned: ['confirmed', 'active', 'completed', 'cancelled', 'no_show', 'failed'],
  active: ['completed', 'no_show', 'failed'],
  completed: [],
  cancelled: [],
  declined: [],
  expired: [],
  // Usage that is told late shows that somebody had come.
  no_show: ['completed'],
  failed: [],
}

/** The states in which usage may still arrive. */
export const USABLE_STATES = ['confirmed', 'provisioned', 'active'] as const satisfies readonly ReservationState[]
/** What the provider has confirmed and has not started: whether its scheduler knows it already makes no difference to the terms. */
export const isConfirmed = (state: ReservationState): boolean => state === 'confirmed' || state === 'provisioned'
/** The states that a company may cancel before the start. */
export const CANCELLABLE_STATES = [
  'waitlisted',
  'held',
  'confirmed',
  'provisioned',
] as const satisfies readonly ReservationState[]

/** Why a provider declines. */
export const DECLINE_REASONS = ['NO_CAPACITY', 'MAINTENANCE', 'POLICY', 'CONTRACT', 'OTHER'] as const
export type DeclineReason = (typeof DECLINE_REASONS)[number]

/** Why a reservation changed its state. */
export const REASON_CODES = [
  'REQUESTED',
  'APPROVED',
  ...DECLINE_REASONS,
  'CANCELLED_BY_COMPANY',
  'NOT_DECIDED_IN_TIME',
  'FIRST_USAGE',
  'RESERVED_CHARGED',
  'METERED_CHARGED',
  'WAITLISTED',
  'BACKFILLED',
  'WAIT_ENDED',
  'OFFERED',
  'OFFER_ACCEPTED',
  'OFFER_REFUSED',
  'OFFER_LAPSED',
  'STARTED',
  'PROVISIONED',
  'GONE_AT_SCHEDULER',
  'DIFFERS_AT_SCHEDULER',
  'NOBODY_CAME',
  'CANCELLED_BY_PROVIDER',
  'FAILED_AT_PROVIDER',
  'NO_MORE_USAGE',
  'EXTENDED',
  'SHRUNK',
  'MOVED',
  'SPLIT',
  'GROUP_UNDONE',
  'CAME_AFTER_ALL',
  'CHANGE_ASKED',
  'CHANGE_DECLINED',
  'CHANGE_LAPSED',
  'CHANGE_WITHDRAWN',
] as const
export type ReasonCode = (typeof REASON_CODES)[number]
