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
export { ASSIGNED_SIDES, ASSIGNMENT_KINDS, AssignmentContent } from './assignment.ts'
export { AttachEvidenceInput, attachEvidence, EVIDENCE_MAX, EVIDENCE_TYPES } from './attach-evidence.ts'
export { AMENDMENT_DUE_JOB, amendmentDue, bringDueIntoForce, bringIntoForce } from './bring-into-force.ts'
export { HoldClosingInput, holdClosing } from './close-later.ts'
export { type ClosedRound, CloseRoundInput, closeRound } from './close-round.ts'
export { type ClosedView, type ConditionView, closedRounds, conditionsByRound } from './closing.views.ts'
export {
  COMPLETE_SENDING_JOB,
  completeSending,
  completeSendingJob,
  completeSendings,
  receive,
} from './complete-sending.ts'
export { DEAL_DOCUMENT_KINDS, type DealDocumentKind } from './deal-document.store.ts'
export {
  type DealDocumentView,
  dealDocumentsById,
  dealDocumentsOfRounds,
  type NoticeView,
  type RightInWords,
  rightsInWords,
} from './deal-document.views.ts'
export {
  DecideSendingInput,
  decideSending,
  mustSeeSending,
  SENDING_DECISIONS,
  sendingsToDecide,
} from './decide-sending.ts'
export { DraftAmendmentInput, DraftExtensionInput, draftAmendment, draftExtension } from './draft-amendment.ts'
export {
  DraftAssignmentInput,
  DraftSideLetterInput,
  draftAssignment,
  draftSideLetter,
  StoredSideLetter,
} from './draft-deal-document.ts'
export { ElectMfnInput, electMfn } from './elect-mfn.ts'
export { CapTableMoved, ConditionsOpen, NotWaivable, UnderReview } from './errors.ts'
export { ExerciseWarrantInput, exerciseWarrant } from './exercise-warrant.ts'
export { transactionValueOfDeal } from './facts.ts'
export { IssueTermSheetInput, issueTermSheet, TERM_SHEET } from './issue-term-sheet.ts'
export { IssueTrancheInput, issueTranche } from './issue-tranche.ts'
export { type IssuedTermSheetView, issuedTermSheet } from './issued-term-sheet.views.ts'
export { CLOSING_STATES, type ClosingState } from './later-closing.store.ts'
export type { LaterPurchase } from './later-closing.ts'
export { type ClosedGrantView, type ClosingView, closingsById, closingsOfRounds } from './later-closing.views.ts'
export { AcceptClosingInput, acceptClosing, OfferClosingInput, offerClosing } from './offer-closing.ts'
export { PlanClosingInput, planClosing, WithdrawClosingInput, withdrawClosing } from './plan-closing.ts'
export { AMENDMENT_DOCUMENT, ProposeAmendmentInput, proposeAmendment } from './propose-amendment.ts'
export { ProposeDealDocumentInput, proposeDealDocument } from './propose-deal-document.ts'
export { type Reconciled, reconcile } from './reconcile.ts'
export { lastReconciliations, RECONCILE_JOB, type ReconciliationView, runReconciliation } from './run-reconciliation.ts'
export { SendTokensInput, sendTokens } from './send-tokens.ts'
export { SatisfyConditionInput, satisfyCondition, WaiveConditionInput, waiveCondition } from './settle-condition.ts'
export { SETTLE_DUE_JOB, SETTLEMENT_NOTICE } from './settlement/apply-plan.ts'
export { ApproveSettlementInput, approveSettlement } from './settlement/approve-settlement.ts'
export { PlanChanged } from './settlement/errors.ts'
export { mustSeeGrant } from './settlement/grant-visibility.ts'
export { type LongStop, longStopOf } from './settlement/long-stop.ts'
export { longStopsOf } from './settlement/long-stop.views.ts'
export {
  type GrantStanding,
  SETTLEMENT_EVENTS,
  type SettlementEvent,
  type SettlementPlan,
  type SettlementPlanJson,
} from './settlement/plan.ts'
export { planFor } from './settlement/plan-for.ts'
export { fellBeyond, topUpTokens } from './settlement/price-protection.ts'
export { ProposeSettlementInput, proposeSettlement } from './settlement/propose-settlement.ts'
export { type Rehearsal, RehearseSettlementInput, rehearseSettlement } from './settlement/rehearse-settlement.ts'
export { settleDue, settleDueGrants } from './settlement/settle-due.ts'
export { mustSeeSettlement, type SettlementView, settlementsByCompany } from './settlement/settlement.views.ts'
export { WithdrawSettlementInput, withdrawSettlement } from './settlement/withdraw-settlement.ts'
export { CyclicMfn, type MfnNode, mfnCycle, SIDE_RIGHTS, type SideRightKind } from './side-letter.ts'
export { AcceptAmendmentInput, acceptAmendment, SignAmendmentInput, signAmendment } from './sign-amendment.ts'
export {
  AcceptDealDocumentInput,
  acceptDealDocument,
  SignDealDocumentInput,
  signDealDocument,
} from './sign-deal-document.ts'
export { WithdrawAmendmentInput, withdrawAmendment } from './withdraw-amendment.ts'
export { WithdrawDealDocumentInput, withdrawDealDocument } from './withdraw-deal-document.ts'
