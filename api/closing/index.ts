/** Closing: what ties rounds, documents, the cap table, tokens and drawdown together. */

export { AcceptTermSheetInput, acceptTermSheet } from './accept-term-sheet.ts'
export { AMENDMENT_STATES, type AmendmentState, SIDES, type Side } from './amendment.store.ts'
export {
  type AmendmentView,
  amendmentsById,
  amendmentsOfRounds,
  type ChangeInWords,
  type SignatureView,
} from './amendment.views.ts'
export { AttachEvidenceInput, attachEvidence, EVIDENCE_MAX, EVIDENCE_TYPES } from './attach-evidence.ts'
export { AMENDMENT_DUE_JOB, amendmentDue, bringDueIntoForce, bringIntoForce } from './bring-into-force.ts'
export { type ClosedRound, CloseRoundInput, closeRound } from './close-round.ts'
export { type ClosedView, type ConditionView, closedRounds, conditionsByRound } from './closing.views.ts'
export {
  COMPLETE_SENDING_JOB,
  completeSending,
  completeSendingJob,
  completeSendings,
  receive,
} from './complete-sending.ts'
export {
  DecideSendingInput,
  decideSending,
  mustSeeSending,
  SENDING_DECISIONS,
  sendingsToDecide,
} from './decide-sending.ts'
export { DraftAmendmentInput, DraftExtensionInput, draftAmendment, draftExtension } from './draft-amendment.ts'
export { CapTableMoved, ConditionsOpen, NotWaivable, UnderReview } from './errors.ts'
export { ExerciseWarrantInput, exerciseWarrant } from './exercise-warrant.ts'
export { transactionValueOfDeal } from './facts.ts'
export { IssueTermSheetInput, issueTermSheet, TERM_SHEET } from './issue-term-sheet.ts'
export { IssueTrancheInput, issueTranche } from './issue-tranche.ts'
export { type IssuedTermSheetView, issuedTermSheet } from './issued-term-sheet.views.ts'
export { AMENDMENT_DOCUMENT, ProposeAmendmentInput, proposeAmendment } from './propose-amendment.ts'
export { type Reconciled, reconcile } from './reconcile.ts'
export { lastReconciliations, RECONCILE_JOB, type ReconciliationView, runReconciliation } from './run-reconciliation.ts'
export { SendTokensInput, sendTokens } from './send-tokens.ts'
export { SatisfyConditionInput, satisfyCondition, WaiveConditionInput, waiveCondition } from './settle-condition.ts'
export { AcceptAmendmentInput, acceptAmendment, SignAmendmentInput, signAmendment } from './sign-amendment.ts'
export { WithdrawAmendmentInput, withdrawAmendment } from './withdraw-amendment.ts'
