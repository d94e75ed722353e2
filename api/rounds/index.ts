/** What other capabilities may use of rounds. */
export { type AmendmentGround, amendmentFaults } from './amendable.ts'
export { type ClosingCondition, defaultClosingConditions, WAIVERS, type Waiver } from './closing-conditions.ts'
export { computeConsideration } from './consideration.ts'
export { defaultRiskTable } from './default-risk-table.ts'
export { DraftRoundInput, draftRound } from './draft-round.ts'
export { NotAmendable, StaleTerms, TermsRefused } from './errors.ts'
export { transactionValue, transactionValueOfRound } from './facts.ts'
export { GOAL_MEASURES, Goal, type GoalMeasure } from './goal.ts'
export { type GoalAnswer, GoalNotReached, NO_ANSWERS, type NoAnswer, seekGoal } from './goal-seek.ts'
export { type LegRow, LegsInput, LIQUIDITIES, type Liquidity, legRows } from './legs.ts'
export { partOf, partsOfWhole } from './parts.ts'
export { type ProForma, type ProFormaCompute, type ProFormaPurchase, type ProFormaRisk, proForma } from './pro-forma.ts'
export { type ProFormaConversion, shadowSeries } from './pro-forma-conversions.ts'
export { proFormaCsv, proFormaJson } from './pro-forma-export.ts'
export type { ProFormaLine } from './pro-forma-lines.ts'
export type { ProFormaNote, ProFormaNoteCode } from './pro-forma-notes.ts'
export type { ProFormaClass, ProFormaHolder } from './pro-forma-rows.ts'
export { ProposeRoundInput, proposeRound } from './propose-round.ts'
export { type PlannedRelease, releaseSchedule } from './release-schedule.ts'
export { ReviseTermsInput, reviseTerms } from './revise-terms.ts'
export {
  RISK_BEARERS,
  RISK_EVENT_TITLES,
  RISK_EVENTS,
  type RiskBearer,
  type RiskEvent,
  type RiskRow,
} from './risk-table.ts'
export {
  insertTerms,
  type LockedRound,
  lockRound,
  markClosingDone,
  markRound,
  moveToVersion,
  type SignedTerms,
  signedTerms,
} from './round.store.ts'
export {
  type RoundFilter,
  type RoundView,
  roundCount,
  roundPage,
  roundPages,
  roundsByRef,
  type TermsVersionView,
  termsVersions,
} from './round.views.ts'
export { capitalizationBefore, roundProFormas } from './round-capitalization.ts'
export { conversionTermsOf } from './round-conversions.ts'
export type { ProFormaRight } from './round-rights.ts'
export { ROUND_STATES, type RoundState } from './round-state.ts'
export { afterRound, roundWaterfalls } from './round-waterfall.ts'
export { ReviseScenarioInput, reviseScenario, SaveScenarioInput, saveScenario } from './save-scenario.ts'
export { MOST_SCENARIOS, type ScenarioView, scenarioProFormas, scenariosOf } from './scenario.views.ts'
export { standardClass } from './standard-class.ts'
export { type TermSheetParties, termSheetOf } from './term-sheet-of.ts'
export {
  ALLOCATIONS,
  type Allocation,
  CONTINUOUS_ALLOCATIONS,
  RoundTerms,
  type RoundTermsWire,
  type SecurityTerms,
  VEST_BASES,
  writeTerms,
} from './terms.ts'
export type { BookingTerms } from './terms-booking.ts'
export { type ConversionTerms, DEFAULT_CONVERSIONS, type InstrumentTerms } from './terms-conversions.ts'
export { type TermChange, termChanges } from './terms-diff.ts'
export { type FactorTerms, laterBasis } from './terms-factors.ts'
export { type InstrumentKindTerms, UNEARNED_BASES, type UnearnedBasis } from './terms-instrument.ts'
export type { PromisedOptionsTerms, RightTerms } from './terms-rights.ts'
export { firstConsideration, type RollingTerms } from './terms-rolling.ts'
export {
  CHANGE_OF_CONTROL,
  type ChangeOfControl,
  COMPENSATIONS,
  type Compensation,
  NON_USE,
  type NonUse,
  type SettlementTerms,
} from './terms-settlement.ts'
export { canonicalTerms } from './terms-wire.ts'
export { mustSeeRound, seesRound } from './visibility.ts'
export { goalSeek, mustBeStaff, whatIf } from './what-if.ts'
export { WithdrawRoundInput, withdrawRound } from './withdraw-round.ts'
