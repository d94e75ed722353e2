/** Pools, factors, the calendar, reservations and metering. */

export type { CoverageMonth, Promised } from './coverage/coverage.ts'
export { type Coverage, coverageOf } from './coverage/coverage.views.ts'
export {
  type BookingInTheWay,
  DedicatedTwice,
  FactorNotAgreed,
  MoreGpusBeside,
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
export { AgreeFactorInput, agreeFactor } from './factor/agree-factor.ts'
export { CountersignFactorInput, countersignFactor } from './factor/countersign-factor.ts'
export { FACTOR_BASES, type FactorBasis } from './factor/factor-basis.ts'
export {
  changeLaterBasis,
  factorsToOffer,
  freezeFactors,
  type GoverningFactor,
  governingFactor,
  offerFactors,
} from './factor/grant-factors.ts'
export { SetFactorInput, setFactor } from './factor/set-factor.ts'
export { allocationDecisions, factorsSetAlone } from './facts.ts'
export {
  addMinutes,
  BadInterval,
  checkBookable,
  checkInterval,
  checkRunning,
  INTERVAL_FAULTS,
  type Interval,
  type IntervalFault,
  microsecondsOf,
  minutesUntil,
  nextMinute,
} from './interval.ts'
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
} from './metering/charge.ts'
export { correctMeter, lockMeter, meterDifference } from './metering/correct-meter.ts'
export { lockNoShow, recordLateUsage, type TakenForNoShow } from './metering/late-usage.ts'
export {
  downOf,
  insertOutage,
  insertOutageCredits,
  OUTAGES_MAX,
  type OutageView,
  outageCreditsOf,
  outagesOf,
} from './metering/outage.store.ts'
export { downGpuSeconds, outageCredits, shareOut, sumOf } from './metering/outage.ts'
export {
  type AcceptedUsage,
  lockReservationForUsage,
  plainUsageRecord,
  type RecordedUsage,
  recordUsage,
  USAGE_BATCH_MAX,
  zUsageRecord,
  zUsageRecords,
} from './metering/record-usage.ts'
export { isUnused, readMeter, type UsageRecord, usageEndsAt } from './metering/usage.store.ts'
export { type JobUsage, usageByJob } from './metering/usage-by-job.views.ts'
export { usageDiscrepancies } from './metering/usage-discrepancies.ts'
export { ChangePoolCapacityInput, changePoolCapacity } from './pool/change-capacity.ts'
export { CONFLICTS, type ConflictKind, type SchedulingConflict, schedulingConflicts } from './pool/conflicts.views.ts'
export { CreatePoolInput, createPool } from './pool/create-pool.ts'
export { DedicateCapacityInput, dedicateCapacity, EndDedicationInput, endDedication } from './pool/dedicate-capacity.ts'
export { type CapacityFit, FindCapacityInput, findCapacity } from './pool/find-capacity.ts'
export { LiftMaintenanceInput, liftMaintenance } from './pool/lift-maintenance.ts'
export { PlanMaintenanceInput, planMaintenance } from './pool/plan-maintenance.ts'
export {
  type FactorView,
  type FreeCapacity,
  type FreeStep,
  factorAt,
  factorsOf,
  findPool,
  freeCapacities,
  freeCapacity,
  lowestFreeFor,
  MOST_STEPS,
  mustSeePool,
  type PoolView,
  poolCount,
  poolPage,
  poolsById,
  poolsMetered,
  poolsOfProvider,
  providersOfPools,
} from './pool/pool.views.ts'
export {
  type CapacityChange,
  capacityChanges,
  type DedicationView,
  dedicationsOf,
  type MaintenanceView,
  maintenanceOf,
  mustKnowCompany,
  type ShareView,
  sharesOf,
} from './pool/pool-time.views.ts'
export { SetMeterDelayInput, setMeterDelay } from './pool/set-meter-delay.ts'
export { SetPoolShareInput, setPoolShare } from './pool/set-pool-share.ts'
export { askChange } from './reservation/ask-change.ts'
export { type Backfilled, backfill, backfillAll } from './reservation/backfill.ts'
export { beyond, type Taken } from './reservation/beyond.ts'
export {
  type BookingRules,
  type BookingTermsChange,
  bookingTermsOf,
  changeBookingTerms,
  type FrozenBooking,
  feeOf,
  freezeBookingTerms,
  HOUSE_RULES,
  type LotOnDemand,
  lotsOnDemand,
  noShowCharge,
  refundPart,
} from './reservation/booking-terms.ts'
export { dropChange, mustHaveNoChange } from './reservation/change.store.ts'
export { type CompletedReservation, completeReservation, keptInterval } from './reservation/complete-reservation.ts'
export { DecideChangeInput, decideChange, WithdrawChangeInput, withdrawChange } from './reservation/decide-change.ts'
export { DECISIONS, DecideReservationInput, decideReservation } from './reservation/decide-reservation.ts'
export { type OwedDays, owedDays, type RequestEvidence, requestEvidence } from './reservation/denied-capacity.ts'
export { EXPIRE_HOLD_JOB, expireHold, expireHolds } from './reservation/expire-hold.ts'
export { giveBack } from './reservation/give-back.ts'
export {
  NO_SHOW_FINDERS,
  type NoShowFinder,
  type NoShowFound,
  noShowFound,
  noShowFoundAt,
} from './reservation/no-show-found.ts'
export { endOffer } from './reservation/offer.store.ts'
export {
  AnswerOfferInput,
  answerOffer,
  OFFER_ANSWERS,
  OfferReservationInput,
  offerReservation,
} from './reservation/offer-reservation.ts'
export {
  type QuotedRules,
  QuoteForCompanyInput,
  quoteForCompany,
  rulesFor,
  type StoredQuote,
} from './reservation/quote-for-company.ts'
export {
  QuoteReservationInput,
  quoteReservation,
  type ReservationQuote,
  zGpus,
} from './reservation/quote-reservation.ts'
export { RECURRENCES, RequestGroupInput, requestGroup, UNDO_GROUP_JOB, undoGroup } from './reservation/request-group.ts'
export { RequestReservationInput, requestReservation } from './reservation/request-reservation.ts'
export {
  freeBooking,
  freeRest,
  type LockedReservation,
  lockReservation,
  moveReservation,
  replaceBooking,
} from './reservation/reservation.store.ts'
export {
  answerToChange,
  type ChangeView,
  eventsOf,
  mustSeeReservation,
  namesOfReservers,
  type OfferView,
  offersOf,
  openChangesOf,
  poolReservationPages,
  type ReservationEventView,
  type ReservationView,
  reservationCounts,
  reservationPages,
  reservationsById,
  revisionsOf,
} from './reservation/reservation.views.ts'
export {
  CANCELLABLE_STATES,
  DECLINE_REASONS,
  isConfirmed,
  NEXT_STATES,
  REASON_CODES,
  RESERVATION_STATES,
  type ReservationState,
  USABLE_STATES,
} from './reservation/reservation-state.ts'
export { checkReserve, type ReserveDeps, refuseReserve } from './reservation/reserve-gate.ts'
export { holdTokens, LATE_USAGE_MINUTES } from './reservation/set-aside.ts'
export { insertPart, mustHaveNoOffer, reservationInterval, shrinkBooking } from './reservation/split.store.ts'
export { addStart, START_RESERVATION_JOB } from './reservation/start-reservation-job.ts'
export { WAYS_WITH_CONFLICTS, type WayWithConflicts } from './reservation/take-out.ts'
export { BACKFILL_JOB } from './reservation/waiting.store.ts'
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
export {
  type NodeOutage,
  nodeOutageRecorded,
  nodeOutagesToRecord,
  withinReservation,
} from './scheduler/node-down.store.ts'
export { NODES_DOWN_SHOWN, type NodeDownView, nodesDownUnderReservations } from './scheduler/node-down.views.ts'
export {
  answerRestart,
  type CertainDown,
  lockRestart,
  type OpenRestart,
  RESTART_ANSWERS,
  restartOwner,
  restartRecorded,
  restartsToRecord,
} from './scheduler/node-restart.store.ts'
export { type NodeBefore, type NodeRestart, restartOf } from './scheduler/node-restart.ts'
export { type RestartView, restartsOf, restartsUnderReservations } from './scheduler/node-restart.views.ts'
export { onDemandToReport } from './scheduler/on-demand-to-report.ts'
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
  NodeFailure,
  NodeSeen,
  Scheduler,
  SchedulerHealth,
  SchedulerReservation,
  SchedulerUsage,
  WantedReservation,
} from './scheduler/scheduler.ts'
export { type PoolSchedulerView, schedulersOf, WAITING_SHOWN, type WaitingPush } from './scheduler/scheduler.views.ts'
export { SCHEDULER_MACHINE, schedulerMachine } from './scheduler/scheduler-machine.ts'
export { type Settled, settleProvisioned } from './scheduler/settle-provisioned.ts'
export { Simulator, type SimulatorOptions } from './scheduler/simulator.ts'
export { Slurm, type SlurmOptions } from './scheduler/slurm.ts'
export { SLURM_API_VERSIONS, type TokenSource } from './scheduler/slurm-rest.ts'
export { hasScheduler, PUSH_RESERVATIONS_JOB, tellScheduler } from './scheduler/tell-scheduler.ts'
export { pushReservationsJob, tendSchedulers } from './scheduler/tend-scheduler.ts'
export { type UsageReport, type UsageToReport, usageToReport } from './scheduler/usage-to-report.ts'
export { metersFor, mustBookFor, mustDecideFor, seesReservation, worksFor } from './visibility.ts'
