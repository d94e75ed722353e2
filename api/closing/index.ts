/** Closing: what ties rounds, documents, the cap table, tokens and drawdown together. */

export { AcceptTermSheetInput, acceptTermSheet } from './accept-term-sheet.ts'
export {
  type AmendmentView,
  amendmentsById,
  amendmentsOfRounds,
  type ChangeInWords,
  type SignatureView,
} from './amendment/amendment.views.ts'
export { AMENDMENT_DUE_JOB, amendmentDue, bringDueIntoForce, bringIntoForce } from './amendment/bring-into-force.ts'
export {
  DraftAmendmentInput,
  DraftExtensionInput,
  draftAmendment,
  draftExtension,
} from './amendment/draft-amendment.ts'
export { AMENDMENT_DOCUMENT, ProposeAmendmentInput, proposeAmendment } from './amendment/propose-amendment.ts'
export { AcceptAmendmentInput, acceptAmendment, SignAmendmentInput, signAmendment } from './amendment/sign-amendment.ts'
export { WithdrawAmendmentInput, withdrawAmendment } from './amendment/withdraw-amendment.ts'
export { AttachEvidenceInput, attachEvidence, EVIDENCE_MAX, EVIDENCE_TYPES } from './attach-evidence.ts'
export { AttachReleaseEvidenceInput, attachReleaseEvidence } from './attach-release-evidence.ts'
export { type ClosedRound, CloseRoundInput, closeRound } from './close-round.ts'
export { type ClosedView, type ConditionView, closedRounds, conditionsByRound } from './closing.views.ts'
export { coverageOfDeal } from './coverage-facts.ts'
export { ASSIGNED_SIDES, ASSIGNMENT_KINDS, AssignmentContent } from './deal-document/assignment.ts'
export { DEAL_DOCUMENT_KINDS, type DealDocumentKind } from './deal-document/deal-document.store.ts'
export {
  type DealDocumentView,
  dealDocumentsById,
  dealDocumentsOfRounds,
  type NoticeView,
  type RightInWords,
  rightsInWords,
} from './deal-document/deal-document.views.ts'
export {
  DraftAssignmentInput,
  DraftSideLetterInput,
  draftAssignment,
  draftSideLetter,
  StoredSideLetter,
} from './deal-document/draft-deal-document.ts'
export { ElectMfnInput, electMfn } from './deal-document/elect-mfn.ts'
export {
  DATED_REPORTS,
  DUE_BY,
  type GivenNotice,
  NOTICE_KINDS,
  OBLIGATION_KINDS,
  OBLIGATION_STATES,
  type Obligation,
  RAISED_OBLIGATIONS,
  type RecordedAct,
} from './deal-document/obligations.ts'
export { ProposeDealDocumentInput, proposeDealDocument } from './deal-document/propose-deal-document.ts'
export {
  RaiseObligationInput,
  RecordObligationInput,
  raiseObligation,
  recordObligation,
} from './deal-document/record-obligation.ts'
export { remindOfObligations } from './deal-document/remind-obligations.ts'
export { RightsNotHonoured, type UnhonouredRight } from './deal-document/rights-in-force.ts'
export { CyclicMfn, type MfnNode, mfnCycle, SIDE_RIGHTS, type SideRightKind } from './deal-document/side-letter.ts'
export {
  AcceptDealDocumentInput,
  acceptDealDocument,
  SignDealDocumentInput,
  signDealDocument,
} from './deal-document/sign-deal-document.ts'
export { WithdrawDealDocumentInput, withdrawDealDocument } from './deal-document/withdraw-deal-document.ts'
export { CapTableMoved, ConditionsOpen, NotWaivable, UnderReview } from './errors.ts'
export { ExerciseWarrantInput, exerciseWarrant } from './exercise-warrant.ts'
export { transactionValueOfDeal } from './facts.ts'
export { grantNames } from './grant-names.views.ts'
export { IssueTermSheetInput, issueTermSheet, TERM_SHEET } from './issue-term-sheet.ts'
export { IssueTrancheInput, issueTranche } from './issue-tranche.ts'
export { type IssuedTermSheetView, issuedTermSheet } from './issued-term-sheet.views.ts'
export { HoldClosingInput, holdClosing } from './later-closing/close-later.ts'
export {
  type ClosingStep,
  type HolderAfterStep,
  type HolderOverClosings,
  type HoldersOverClosings,
  holdersOverClosingsJson,
  holdersOverClosingsRows,
} from './later-closing/holders-over-closings.ts'
export { holdersOfRounds } from './later-closing/holders-over-closings.views.ts'
export { CLOSING_STATES, type ClosingState } from './later-closing/later-closing.store.ts'
export { type LaterForma, type LaterPurchase, releasesOf, releaseTermsOf } from './later-closing/later-closing.ts'
export {
  type ClosedGrantView,
  type ClosingView,
  closingsById,
  closingsOfRounds,
} from './later-closing/later-closing.views.ts'
export { AcceptClosingInput, acceptClosing, OfferClosingInput, offerClosing } from './later-closing/offer-closing.ts'
export { PlanClosingInput, planClosing, WithdrawClosingInput, withdrawClosing } from './later-closing/plan-closing.ts'
export { PAPER_STATES, type PaperState, SIDES, type Side } from './paper.ts'
export { proposeWithRights } from './propose-with-rights.ts'
export { type LongStopOutlook, OUTLOOK_METHOD } from './protections/long-stop-outlook.ts'
export type { PriceProtectionNow } from './protections/price-protection-now.ts'
export {
  type DilutionStates,
  type GrantProtections,
  ProtectionsInput,
  type RoundProtections,
  roundProtections,
} from './protections/round-protections.ts'
export { type Reconciled, reconcile } from './reconcile.ts'
export { readReleaseEvidence, releaseEvidence } from './release-evidence.views.ts'
export { confirmMilestone, decideRelease, requestRelease } from './release-tokens.ts'
export { lastReconciliations, RECONCILE_JOB, type ReconciliationView, runReconciliation } from './run-reconciliation.ts'
export {
  COMPLETE_SENDING_JOB,
  completeSending,
  completeSendingJob,
  completeSendings,
  receive,
} from './sending/complete-sending.ts'
export {
  DecideSendingInput,
  decideSending,
  mustSeeSending,
  SENDING_DECISIONS,
  sendingsToDecide,
} from './sending/decide-sending.ts'
export { SendTokensInput, sendTokens } from './sending/send-tokens.ts'
export { SatisfyConditionInput, satisfyCondition, WaiveConditionInput, waiveCondition } from './settle-condition.ts'
export { SETTLE_DUE_JOB, SETTLEMENT_NOTICE } from './settlement/apply-plan.ts'
export { ApproveSettlementInput, approveSettlement } from './settlement/approve-settlement.ts'
export { PlanChanged } from './settlement/errors.ts'
export { type GrantBreakage, GrantBreakageInput, grantBreakage } from './settlement/grant-breakage.views.ts'
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
export { releasesEnds } from './settlement/releases-end.views.ts'
export { settleDue, settleDueGrants } from './settlement/settle-due.ts'
export { mustSeeSettlement, type SettlementView, settlementsByCompany } from './settlement/settlement.views.ts'
export { WithdrawSettlementInput, withdrawSettlement } from './settlement/withdraw-settlement.ts'
