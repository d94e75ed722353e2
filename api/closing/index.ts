/** Closing: what ties rounds, documents, the cap table, tokens and drawdown together. */
export { AcceptTermSheetInput, acceptTermSheet } from './accept-term-sheet.ts'
export { type ClosedRound, CloseRoundInput, closeRound } from './close-round.ts'
export { type ClosedView, type ConditionView, closedRounds, conditionsByRound } from './closing.views.ts'
export { CapTableMoved, ConditionsOpen, NotWaivable, UnderReview } from './errors.ts'
export { IssueTermSheetInput, issueTermSheet, TERM_SHEET } from './issue-term-sheet.ts'
export { type IssuedTermSheetView, issuedTermSheet } from './issued-term-sheet.views.ts'
export { SatisfyConditionInput, satisfyCondition, WaiveConditionInput, waiveCondition } from './settle-condition.ts'
