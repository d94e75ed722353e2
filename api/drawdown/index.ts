/** Drawdown: usage to charge to delivery to earned shares; statements; vesting; and the way back from a share. */

export { companyExpense, NoBreakage, providerRevenue, revenueWithBreakage } from './accounting.ts'
export { type Accounting, accountingOf, type ElectionView, type JournalLine, journalCsv } from './accounting.views.ts'
export { AnswerStatementInput, answerStatement, STATEMENT_ANSWERS } from './answer-statement.ts'
export { CancelReservationInput, cancelReservation } from './cancel-reservation.ts'
export { applyGrantChanges, changeGrant, type GrantChange } from './change-grant.ts'
export {
  ChangeReservationInput,
  changeReservation,
  SplitReservationInput,
  splitReservation,
} from './change-reservation.ts'
export {
  CORRECTION_REASONS,
  type CorrectedUsage,
  CorrectUsageInput,
  correctUsage,
} from './correct-usage.ts'
export {
  type ArrearsView,
  type CorrectionView,
  correctionsOf,
  openArrearsOf,
} from './correction.views.ts'
export { DEEM_ACCEPTED_JOB, deemAccepted, deemDueAccepted } from './deem-accepted.ts'
export { DISPUTE_REASONS, DISPUTE_STATES } from './dispute.store.ts'
export { type DisputeView, disputesOf, mustSeeDispute, type ProposalView, proposalsOf } from './dispute.views.ts'
export { drawdownDiscrepancies } from './drawdown-discrepancies.ts'
export { CAUSES, type Cause, type DrawdownAllocation, type EarningTerms, earnedShares } from './earned.ts'
export {
  DeclareNoShowInput,
  declareNoShow,
  WithdrawReservationInput,
  withdrawReservation,
} from './end-by-provider.ts'
export {
  type BySettlement,
  endEarning,
  forfeitUnearned,
  type LockedGrant,
  lockGrant,
  mustBeSettleable,
  vestByClause,
} from './end-grant.ts'
export { MonthNotStatable, StatementChanged } from './errors.ts'
export { FinaliseStatementInput, finaliseStatement } from './finalise-statement.ts'
export { openVesting, type VestingGrant } from './grant.store.ts'
export {
  DISCARD_DECISIONS,
  DiscardUsageInput,
  discardUsage,
  MendUsageInput,
  mendUsage,
  ReplayUsageInput,
  replayUsage,
} from './look-after-usage.ts'
export { PULL_USAGE_JOB, type Pulled, pullUsage, pullUsageJob, SCHEDULER_MACHINE, tendPulls } from './pull-usage.ts'
export { QUARANTINE_STATES, type QuarantineState, reasonOf } from './quarantine.store.ts'
export {
  type QuarantineCount,
  type QuarantinedView,
  type QuarantineEventView,
  quarantineCounts,
  quarantinedById,
  quarantineEvents,
  quarantinePage,
} from './quarantine.views.ts'
export { ELECTION_DECISIONS, RecordElectionInput, recordElection } from './record-election.ts'
export { type RecordedOutage, RecordOutageInput, recordOutage } from './record-outage.ts'
export { earnReleased } from './released-basis.ts'
export { type ReportedUsage, ReportUsageInput, reportUsage } from './report-usage.ts'
export {
  END_RESERVATION_JOB,
  endReservation,
  moveByTime,
  START_RESERVATION_JOB,
  startReservation,
} from './reservation-times.ts'
export { electionDue } from './section-83b.ts'
export {
  DISPUTE_DUE_JOB,
  disputeDue,
  SetDisputeAsideInput,
  setDisputeAside,
  sweepDisputes,
} from './set-dispute-aside.ts'
export { SettleArrearsInput, type SettledArrears, settleArrears } from './settle-arrears.ts'
export {
  ConfirmSettlementInput,
  confirmSettlement,
  DetermineDisputeInput,
  DISPUTE_OUTCOMES,
  determineDispute,
  ProposeSettlementInput,
  proposeSettlement,
} from './settle-dispute.ts'
export { StateStatementInput, stateStatement } from './state-statement.ts'
export { STATEMENT_STATES, type StatementLine, type StatementState } from './statement.store.ts'
export {
  type ProgressView,
  progressOf,
  readStatement,
  type StatementView,
  statementLines,
  statementPages,
  statementsById,
} from './statement.views.ts'
export { statementCsv } from './statement-csv.ts'
export { sheetOf } from './statement-sheet.ts'
export {
  type Meterer,
  mustMeter,
  OutsideReservation,
  type TakenUsage,
  takeUsage,
  UsageDiscarded,
} from './take-usage.ts'
export { type ClauseLink, type ShareTrace, type TraceLink, traceShares } from './trace.views.ts'
export { mustSpeakFor } from './visibility.ts'
