/** Pools, factors, the calendar, reservations and metering. */

export { AgreeFactorInput, agreeFactor } from './agree-factor.ts'
export { type Backfilled, backfill, backfillAll } from './backfill.ts'
export {
  type BookingRules,
  bookingTermsOf,
  type FrozenBooking,
  feeOf,
  freezeBookingTerms,
  HOUSE_RULES,
  noShowCharge,
  refundPart,
} from './booking-terms.ts'
export { ChangePoolCapacityInput, changePoolCapacity } from './change-capacity.ts'
export {
  CHARGINGS,
  type Charging,
  type Factor,
  type GpuSeconds,
  holdAmount,
  idleCharge,
  meterCharge,
  meteredTokens,
  type Quote,
  quote,
  reservedGpuSeconds,
} from './charge.ts'
export { type CompletedReservation, completeReservation, keptInterval } from './complete-reservation.ts'
export { CONFLICTS, type ConflictKind, type SchedulingConflict, schedulingConflicts } from './conflicts.views.ts'
export { correctMeter, lockMeter, meterDifference } from './correct-meter.ts'
export { CountersignFactorInput, countersignFactor } from './countersign-factor.ts'
export { CreatePoolInput, createPool } from './create-pool.ts'
export { DECISIONS, DecideReservationInput, decideReservation } from './decide-reservation.ts'
export { DedicateCapacityInput, dedicateCapacity, EndDedicationInput, endDedication } from './dedicate-capacity.ts'
export { type OwedDays, owedDays, type RequestEvidence, requestEvidence } from './denied-capacity.ts'
export {
  type BookingInTheWay,
  DedicatedTwice,
  FactorNotAgreed,
  NoFactor,
  OverCapacity,
  OverShare,
  PartRefused,
  PastDeadline,
  QuoteChanged,
  QuoteExpired,
  ReservationsInTheWay,
  UsageBeyondReservation,
  UsageConflict,
  WaitersFirst,
  WrongTime,
} from './errors.ts'
export { EXPIRE_HOLD_JOB, expireHold, expireHolds } from './expire-hold.ts'
export { FACTOR_BASES, type FactorBasis } from './factor-basis.ts'
export { allocationDecisions, factorsSetAlone } from './facts.ts'
export { type CapacityFit, FindCapacityInput, findCapacity } from './find-capacity.ts'
export { giveBack } from './give-back.ts'
export { factorsToOffer, freezeFactors, type GoverningFactor, governingFactor, offerFactors } from './grant-factors.ts'
export {
  addMinutes,
  BadInterval,
  checkBookable,
  checkInterval,
  INTERVAL_FAULTS,
  type Interval,
  type IntervalFault,
  microsecondsOf,
  minutesUntil,
  nextMinute,
} from './interval.ts'
export { LiftMaintenanceInput, liftMaintenance } from './lift-maintenance.ts'
export { endOffer } from './offer.store.ts'
export {
  AnswerOfferInput,
  answerOffer,
  OFFER_ANSWERS,
  OfferReservationInput,
  offerReservation,
} from './offer-reservation.ts'
export {
  downOf,
  insertOutage,
  insertOutageCredits,
  OUTAGES_MAX,
  type OutageView,
  outageCreditsOf,
  outagesOf,
} from './outage.store.ts'
export { downGpuSeconds, outageCredits, shareOut, sumOf } from './outage.ts'
export { PlanMaintenanceInput, planMaintenance } from './plan-maintenance.ts'
export {
  type FactorView,
  type FreeCapacity,
  type FreeStep,
  factorAt,
  factorsOf,
  findPool,
  freeCapacities,
  freeCapacity,
  MOST_STEPS,
  mustSeePool,
  type PoolView,
  poolCount,
  poolPage,
  poolsById,
  poolsMetered,
  poolsOfProvider,
  providersOfPools,
} from './pool.views.ts'
export {
  type CapacityChange,
  capacityChanges,
  type DedicationView,
  dedicationsOf,
  type MaintenanceView,
  maintenanceOf,
  type ShareView,
  sharesOf,
} from './pool-time.views.ts'
export { type QuotedRules, QuoteForCompanyInput, quoteForCompany, type StoredQuote } from './quote-for-company.ts'
export { QuoteReservationInput, quoteReservation, type ReservationQuote, zGpus } from './quote-reservation.ts'
export {
  type AcceptedUsage,
  lockReservationForUsage,
  type RecordedUsage,
  recordUsage,
  USAGE_BATCH_MAX,
  zUsageRecord,
} from './record-usage.ts'
export { RECURRENCES, RequestGroupInput, requestGroup, UNDO_GROUP_JOB, undoGroup } from './request-group.ts'
export { RequestReservationInput, requestReservation } from './request-reservation.ts'
export {
  freeBooking,
  freeRest,
  type LockedReservation,
  lockReservation,
  moveReservation,
  replaceBooking,
} from './reservation.store.ts'
export {
  eventsOf,
  mustSeeReservation,
  namesOfReservers,
  type OfferView,
  offersOf,
  poolReservationPages,
  type ReservationEventView,
  type ReservationView,
  reservationCounts,
  reservationPages,
  reservationsById,
} from './reservation.views.ts'
export {
  CANCELLABLE_STATES,
  DECLINE_REASONS,
  NEXT_STATES,
  REASON_CODES,
  RESERVATION_STATES,
  type ReservationState,
  USABLE_STATES,
} from './reservation-state.ts'
export { checkReserve, type ReserveDeps, refuseReserve } from './reserve-gate.ts'
export { checkScheduler } from './scheduler/check-scheduler.ts'
export {
  SCHEDULER_REFUSALS,
  SchedulerDisagrees,
  type SchedulerRefusal,
  SchedulerRefused,
  SchedulerUnavailable,
} from './scheduler/errors.ts'
export { type JobRun, usageInput, usageOfRuns } from './scheduler/job-usage.ts'
export { gpuSecondsFor, type Limited, limitAccounts } from './scheduler/limit-accounts.ts'
export { type PoolScheduler, PUSH_HORIZON_DAYS } from './scheduler/pool-scheduler.ts'
export { type Pushed, pushReservations } from './scheduler/push-reservations.ts'
export {
  differencesOf,
  type Reconciled,
  reconcile,
  SCHEDULER_DIFFERENCES,
  type SchedulerDifference,
} from './scheduler/reconcile.ts'
export type {
  AccountLimit,
  NodeDown,
  Scheduler,
  SchedulerHealth,
  SchedulerReservation,
  SchedulerUsage,
  WantedReservation,
} from './scheduler/scheduler.ts'
export { type PoolSchedulerView, schedulersOf, WAITING_SHOWN, type WaitingPush } from './scheduler/scheduler.views.ts'
export { Simulator, type SimulatorOptions } from './scheduler/simulator.ts'
export { Slurm, type SlurmOptions } from './scheduler/slurm.ts'
export { SLURM_API_VERSIONS, type TokenSource } from './scheduler/slurm-rest.ts'
export { PUSH_RESERVATIONS_JOB } from './scheduler/tell-scheduler.ts'
export { pushReservationsJob, tendSchedulers } from './scheduler/tend-scheduler.ts'
export { type UsageReport, type UsageToReport, usageToReport } from './scheduler/usage-to-report.ts'
export { holdTokens, LATE_USAGE_MINUTES } from './set-aside.ts'
export { SetFactorInput, setFactor } from './set-factor.ts'
export { SetPoolShareInput, setPoolShare } from './set-pool-share.ts'
export { insertPart, mustHaveNoOffer, reservationInterval, shrinkBooking } from './split.store.ts'
export { addStart, START_RESERVATION_JOB } from './start-reservation-job.ts'
export { WAYS_WITH_CONFLICTS, type WayWithConflicts } from './take-out.ts'
export { isUnused, type UsageRecord } from './usage.store.ts'
export { type JobUsage, usageByJob } from './usage-by-job.views.ts'
export { usageDiscrepancies } from './usage-discrepancies.ts'
export { metersFor, mustBookFor, mustDecideFor } from './visibility.ts'
export { BACKFILL_JOB } from './waiting.store.ts'
