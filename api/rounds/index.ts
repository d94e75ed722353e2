/** What other capabilities may use of rounds. */

export { chainCsv, chainJson } from './chain/chain-export.ts'
export type { ChainHolding, ChainOwner, ChainStage } from './chain/chain-ownership.ts'
export { Chain, type ChainRound, MOST_ROUNDS, writeChain } from './chain/chain-shape.ts'
export type { ChainRest } from './chain/rests-after.ts'
export { ChainRefused, type SolvedChain, type SolvedLink, solveChain } from './chain/solve-chain.ts'
export { DraftRoundInput, draftRound } from './draft-round.ts'
export { NotAmendable, StaleTerms, TermsRefused } from './errors.ts'
export { transactionValue, transactionValueOfRound } from './facts.ts'
export { mustNameFund } from './fund-as-holder.ts'
export type { ProFormaComputeEquity } from './pro-forma/compute-equity.ts'
export { isFounder, type ProFormaFounders } from './pro-forma/founders.ts'
export {
  type ProForma,
  type ProFormaCompute,
  type ProFormaPurchase,
  type ProFormaRisk,
  proForma,
} from './pro-forma/pro-forma.ts'
export { type ProFormaConversion, shadowSeries } from './pro-forma/pro-forma-conversions.ts'
export { proFormaCsv, proFormaJson } from './pro-forma/pro-forma-export.ts'
export { linesBefore as tableLines, type ProFormaLine } from './pro-forma/pro-forma-lines.ts'
export type { ProFormaNote, ProFormaNoteCode } from './pro-forma/pro-forma-notes.ts'
export type { ProFormaClass, ProFormaHolder } from './pro-forma/pro-forma-rows.ts'
export {
  capitalizationBefore,
  dayOf as dayOfTable,
  overTable as roundOverTable,
  roundProFormas,
} from './pro-forma/round-capitalization.ts'
export { conversionTermsOf } from './pro-forma/round-conversions.ts'
export type { ProFormaRight } from './pro-forma/round-rights.ts'
export type { ProFormaWarrant } from './pro-forma/round-warrants.ts'
export { afterRound, roundWaterfalls } from './pro-forma/round-waterfall.ts'
export { ProposeRoundInput, proposeRound } from './propose-round.ts'
export { ReviseTermsInput, reviseTerms } from './revise-terms.ts'
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
export { ROUND_STATES, type RoundState } from './round-state.ts'
export { GOAL_MEASURES, Goal, type GoalMeasure } from './scenario/goal.ts'
export { type GoalAnswer, GoalNotReached, NO_ANSWERS, type NoAnswer, seekGoal } from './scenario/goal-seek.ts'
export { type LegRow, LegsInput, LIQUIDITIES, type Liquidity, legRows } from './scenario/legs.ts'
export { legsCsv, legsJson } from './scenario/legs-export.ts'
export { legsOfFound, legsOfRound, OtherLegs, type RoundLegs, roundLegs } from './scenario/round-legs.ts'
export {
  ReviseChainInput,
  ReviseScenarioInput,
  reviseChain,
  reviseScenario,
  SaveChainInput,
  SaveScenarioInput,
  saveChain,
  saveScenario,
} from './scenario/save-scenario.ts'
export {
  type ChainView,
  chainsOf,
  MOST_SCENARIOS,
  type ScenarioView,
  scenarioProFormas,
  scenariosOf,
  solvedChains,
} from './scenario/scenario.views.ts'
export { type ScenarioBeside, scenarioFigures, scenariosCsv, scenariosJson } from './scenario/scenarios-export.ts'
export { goalSeek, mustBeStaff, whatIf, whatIfChain } from './scenario/what-if.ts'
export { otherReleasesOf, type TermSheetParties, termSheetOf } from './term-sheet-of.ts'
export { type AmendedStanding, type AmendmentGround, amendmentFaults, leaveReleases } from './terms/amendable.ts'
export type { CashRoundWire } from './terms/cash-round.ts'
export { type ClosingCondition, defaultClosingConditions, WAIVERS, type Waiver } from './terms/closing-conditions.ts'
export { allComputeConsideration, computeConsideration } from './terms/consideration.ts'
export { defaultRiskTable } from './terms/default-risk-table.ts'
export { type GrantTerms, grantsOf, releasesOfGrant } from './terms/grants-of.ts'
export { partOf, partsOfWhole } from './terms/parts.ts'
export { releaseFaults } from './terms/release-faults.ts'
export { type PlannedRelease, releaseSchedule } from './terms/release-schedule.ts'
export {
  RISK_BEARERS,
  RISK_EVENT_TITLES,
  RISK_EVENTS,
  type RiskBearer,
  type RiskEvent,
  type RiskRow,
} from './terms/risk-table.ts'
export { standardClass } from './terms/standard-class.ts'
export {
  ALLOCATIONS,
  type Allocation,
  CONTINUOUS_ALLOCATIONS,
  RoundTerms,
  type RoundTermsWire,
  type SecurityTerms,
  UNEARNED_COMPUTE,
  type UnearnedCompute,
  VEST_BASES,
  writeTerms,
} from './terms/terms.ts'
export type { BookingTerms } from './terms/terms-booking.ts'
export {
  type ConversionTerms,
  DEFAULT_CONVERSIONS,
  type InstrumentTerms,
  type WarrantTerms,
} from './terms/terms-conversions.ts'
export { type TermChange, termChanges } from './terms/terms-diff.ts'
export { type FactorTerms, laterBasis } from './terms/terms-factors.ts'
export type { FurtherGrantTerms } from './terms/terms-grants.ts'
export { type InstrumentKindTerms, UNEARNED_BASES, type UnearnedBasis } from './terms/terms-instrument.ts'
export {
  DEMAND_CONFIRMERS,
  lotReleaseTerms,
  MILESTONE_CONFIRMERS,
  type MilestoneTerms,
  milestonesOf,
  onDemandOf,
  type ReleaseOnDemandTerms,
  Releases,
  type ReleaseTerms,
  writeReleases,
} from './terms/terms-releases.ts'
export type { PromisedOptionsTerms, RightTerms } from './terms/terms-rights.ts'
export { firstConsideration, type RollingTerms } from './terms/terms-rolling.ts'
export { purchaseCents, SAFE_CAP_BASES, SAFE_RESTS, type SafeRest, type SafeTerms } from './terms/terms-safe.ts'
export {
  CHANGE_OF_CONTROL,
  type ChangeOfControl,
  COMPENSATIONS,
  type Compensation,
  NON_USE,
  type NonUse,
  type SettlementTerms,
} from './terms/terms-settlement.ts'
export { canonicalTerms } from './terms/terms-wire.ts'
export { mustSeeRound, seesRound } from './visibility.ts'
export { WithdrawRoundInput, withdrawRound } from './withdraw-round.ts'
