/** Drawdown: usage to charge to delivery to earned shares; statements; vesting; and the way back from a share. */

export { companyExpense, NoBreakage, providerRevenue, revenueWithBreakage } from './accounting/accounting.ts'
export {
  type Accounting,
  accountingOf,
  type ElectionView,
  type GrantAccounting,
  journalCsv,
} from './accounting/accounting.views.ts'
export type { JournalLine, MonthOfBooks } from './accounting/grant-books.ts'
export { ELECTION_DECISIONS, RecordElectionInput, recordElection } from './accounting/record-election.ts'
export { electionDue } from './accounting/section-83b.ts'
export { CancelReservationInput, cancelFee, cancelReservation } from './booking/cancel-reservation.ts'
export {
  ChangeReservationInput,
  changeReservation,
  SplitReservationInput,
  splitReservation,
} from './booking/change-reservation.ts'
export { deadlineConflicts } from './booking/deadline-conflicts.views.ts'
export {
  DeclareNoShowInput,
  declareNoShow,
  WithdrawReservationInput,
  withdrawReservation,
} from './booking/end-by-provider.ts'
export { findNoShow, findNoShowJob, findNoShows, NO_SHOW_JOB } from './booking/find-no-show.ts'
export { type ChangeQuote, QuoteChangeInput, quoteChange } from './booking/quote-change.ts'
export {
  END_RESERVATION_JOB,
  endReservation,
  moveByTime,
  START_RESERVATION_JOB,
  startReservation,
} from './booking/reservation-times.ts'
export { type ReservationTokens, reservationTokens } from './booking/reservation-tokens.views.ts'
export { applyGrantChanges, changeGrant, type GrantChange, signedLongStops } from './change-grant.ts'
export {
  type CorrectedOnDemandUsage,
  CorrectOnDemandUsageInput,
  correctOnDemandUsage,
} from './correction/correct-on-demand.ts'
export {
  CORRECTION_REASONS,
  type Corrected,
  type CorrectedUsage,
  CorrectUsageInput,
  correctUsage,
} from './correction/correct-usage.ts'
export {
  type ArrearsView,
  type CorrectionView,
  correctionsOf,
  openArrearsOf,
} from './correction/correction.views.ts'
export { DISPUTE_REASONS, DISPUTE_STATES, ProposedRecords } from './dispute/dispute.store.ts'
export {
  type DisputeView,
  disputesOf,
  mustSeeDispute,
  type ProposalView,
  proposalsOf,
} from './dispute/dispute.views.ts'
export {
  type ChargedRecord,
  RECORDS_LISTED,
  recordsOfDispute,
  recordsOfMonth,
} from './dispute/disputed-records.views.ts'
export {
  DISPUTE_DUE_JOB,
  disputeDue,
  SetDisputeAsideInput,
  setDisputeAside,
  sweepDisputes,
} from './dispute/set-dispute-aside.ts'
export {
  ConfirmSettlementInput,
  confirmSettlement,
  DetermineDisputeInput,
  DISPUTE_OUTCOMES,
  determineDispute,
  ProposeSettlementInput,
  proposeSettlement,
} from './dispute/settle-dispute.ts'
export { drawdownDiscrepancies } from './drawdown-discrepancies.ts'
export { CAUSES, type Cause, type DrawdownAllocation, type EarningTerms, earnedShares } from './earned.ts'
export {
  type BySettlement,
  endEarning,
  forfeitUnearned,
  isEarningOpen,
  type LockedGrant,
  lockGrant,
  lockGrantOf,
  markSettled,
  mustBeSettleable,
  vestByClause,
} from './end-grant.ts'
export { GrantSettled, MonthNotStatable, StatementChanged } from './errors.ts'
export { openVesting, readProgress, type VestingGrant } from './grant.store.ts'
export { earnReleased } from './released-basis.ts'
export { reopenGrant } from './reopen-grant.ts'
export { AnswerStatementInput, answerStatement, STATEMENT_ANSWERS } from './statement/answer-statement.ts'
export { type MonthDue, monthsDue, type StatementAtHand, statementsAtHand } from './statement/at-hand.views.ts'
export { DEEM_ACCEPTED_JOB, deemAccepted, deemDueAccepted } from './statement/deem-accepted.ts'
export { FinaliseStatementInput, finaliseStatement } from './statement/finalise-statement.ts'
export { StateStatementInput, stateStatement } from './statement/state-statement.ts'
export { STATEMENT_STATES, type StatementLine, type StatementState } from './statement/statement.store.ts'
export {
  type ProgressView,
  progressOf,
  readStatement,
  type StatementView,
  statementLines,
  statementPages,
  statementsById,
} from './statement/statement.views.ts'
export { statementCsv } from './statement/statement-csv.ts'
export { sheetOf } from './statement/statement-sheet.ts'
export { takeOutAfterEnd } from './take-out-after-end.ts'
export { type ClauseLink, type ShareTrace, type TraceLink, traceShares } from './trace.views.ts'
export {
  type CompletedRestart,
  CompleteRestartInput,
  completeRestart,
} from './usage/complete-restart.ts'
export {
  DISCARD_DECISIONS,
  DiscardUsageInput,
  discardUsage,
  MendUsageInput,
  mendUsage,
  ReplayUsageInput,
  replayUsage,
} from './usage/look-after-usage.ts'
export { OnDemandCapReached, OutsideReservation } from './usage/on-demand.ts'
export {
  ON_DEMAND_MONTHS,
  ON_DEMAND_RECORDS,
  type OnDemandRecord,
  type OnDemandUse,
  onDemandOfCompanies,
  onDemandOfPools,
  onDemandRecords,
} from './usage/on-demand.views.ts'
export {
  PULL_USAGE_JOB,
  type Pulled,
  pullUsage,
  pullUsageJob,
  tendPulls,
} from './usage/pull-usage.ts'
export { QUARANTINE_STATES, type QuarantineState, reasonOf } from './usage/quarantine.store.ts'
export {
  type QuarantineCount,
  type QuarantinedView,
  type QuarantineEventView,
  quarantineCounts,
  quarantinedById,
  quarantineEvents,
  quarantinePage,
} from './usage/quarantine.views.ts'
export { type NodeOutagesRecorded, recordNodeOutages } from './usage/record-node-outages.ts'
export { type RecordedOutage, RecordOutageInput, recordOutage } from './usage/record-outage.ts'
export {
  type ReportedOnDemandUsage,
  ReportOnDemandUsageInput,
  reportOnDemandUsage,
} from './usage/report-on-demand.ts'
export { type ReportedUsage, ReportUsageInput, reportUsage } from './usage/report-usage.ts'
export { SettleArrearsInput, type SettledArrears, settleArrears } from './usage/settle-arrears.ts'
export {
  type Meterer,
  mustMeter,
  type ReadUsage,
  readUsage,
  type TakenUsage,
  takeUsage,
  UsageDiscarded,
} from './usage/take-usage.ts'
export { runsToldByOthers } from './usage/told-by-others.ts'
export { mustSpeakFor } from './visibility.ts'
