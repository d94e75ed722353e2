/** What other capabilities may use of the cap table. */

export { AdjustConversionRatioInput, type AdjustedRatio, adjustConversionRatio } from './adjust-conversion-ratio.ts'
export type { AllocationType } from './allocation.ts'
export {
  type AdjustedPrice,
  conversionRatio,
  type DilutiveIssue,
  fullRatchet,
  NVCA_PRICE_ROUNDING,
  weightedAverage,
} from './anti-dilution.ts'
export { TransactionRefused } from './append-history.ts'
export {
  BeforeFirstTransaction,
  type CapTableView,
  type ClassRow,
  NoCapTable,
  type PlanRow,
  percentOf,
  type SecurityRow,
  type StakeholderRow,
  type Totals,
} from './cap-table-view.ts'
export {
  type CompanyCapTable,
  capTablesAsOf,
  issuedSecurityPages,
  openSecurityPages,
  pageOfRows,
  stakeholderPages,
} from './cap-tables.views.ts'
export type {
  Authorized,
  Capitalization,
  CapitalizationClass,
  CapitalizationHolding,
  CapitalizationPool,
} from './capitalization.ts'
export { capitalizationOf } from './capitalization.ts'
export { type CheckedPackage, checkPackage, type GapsMode, importFromPath } from './check-package.ts'
export {
  CHECKPOINT_JOB,
  checkpointJob,
  writeCheckpoint,
  writeDueCheckpoints,
} from './checkpoint/write-checkpoint.ts'
export { CAP_BASES, type CapBase, type Convertible, type ConvertsAt } from './conversion.ts'
export { type ConvertedSecurity, type ConvertSecurities, convertSecurities } from './convert-securities.ts'
export {
  type Conversion,
  type ConvertibleRound,
  type ConvertibleRoundInput,
  type PriceRounding,
  type RightResult,
  type RoundFault,
  type RoundRight,
  solveConvertibleRound,
} from './convertible-round.ts'
export {
  AntiDilutionInput,
  type AntiDilutionView,
  companyAntiDilution,
  companyFullyDiluted,
  companyPayToPlay,
  DilutionRefused,
  FullyDilutedInput,
  type FullyDilutedView,
  PayToPlayInput,
  type PayToPlayRow,
} from './dilution.views.ts'
export { type ExercisedWarrant, exerciseWarrant } from './exercise-warrant.ts'
export {
  archiveOf,
  type CapTableCsv,
  CapTableCsvInput,
  ExportCapTableInput,
  type ExportedCapTable,
  exportCapTable,
  exportCapTableCsv,
} from './export-cap-table.ts'
export {
  ANTI_DILUTION_BASES,
  type AntiDilutionBase,
  antiDilutionBase,
  CONVERSION_METHODS,
  type ConversionMethod,
  type ConversionRatio,
  priceDenominator,
  type ShareCount,
  safePostMoneyCapitalization,
  safePreMoneyCapitalization,
  shareCountOf,
  waterfallBase,
} from './fully-diluted.ts'
export { loadTables, loadTablesOn } from './history.views.ts'
export { CapTableExists, ImportCapTableInput, type ImportedCapTable, importCapTable } from './import-cap-table.ts'
export { type IncreasePool, increasePool } from './increase-pool.ts'
export { type InstrumentState, instrumentStates, stateKey } from './instrument.views.ts'
export { type StockIssuance, stockIssuances } from './issuance.views.ts'
export type { NewStockClass, Recipient } from './issuance-pieces.ts'
export { type IssuedTranche, issueDue } from './issue-due.ts'
export {
  type Issued,
  type IssueShares,
  type IssueUnearned,
  issueShares,
  issueUnearned,
} from './issue-stock.ts'
export { capTableAsOf, loadCapitalization, loadCapitalizations } from './load-capitalization.ts'
export { nodeKey } from './node-key.ts'
export {
  ACCRUAL_PERIODS,
  type AccrualPeriod,
  DAY_COUNTS,
  type DayCount,
  type InterestRate,
  type NoteAmount,
  type NoteTerms,
  noteAmount,
} from './note-interest.ts'
export { BrokenPackage, type PackageFault, type PackageGap } from './ocf/fault.ts'
export type { OcfPackage } from './ocf/package.ts'
export { type PackageSource, readPackage } from './ocf/read-package.ts'
export { filesOfFolder, type NamedFile } from './ocf/source.ts'
export { openStaged, openWarrant } from './open-instrument.ts'
export { dividendOnPartlyPaid, paidConsideration } from './partly-paid.ts'
export { type PayToPlayHolder, type PayToPlayResult, type PayToPlayTerms, payToPlay } from './pay-to-play.ts'
export {
  type PoolTerms,
  type PricedRound,
  type PricedRoundInput,
  type Purchase,
  type PurchaseResult,
  solvePricedRound,
  type Unsolvable,
} from './priced-round.ts'
export { type RecordedConversion, recordedConversion } from './recorded-conversion.ts'
export { type Replayed, replay } from './replay.ts'
export { type Retired, type RetireUnearned, retirePart, retireUnearned } from './retire-unearned.ts'
export {
  type SecurityView,
  securitiesByRef,
  securityView,
  type VestingStep,
  vestingSteps,
} from './securities.views.ts'
export { instrumentBehind } from './series.views.ts'
export { settleEarned } from './settle-earned.ts'
export type { CapTable, Security } from './state.ts'
export { type VestShares, vestShares } from './vest-shares.ts'
export { type Distribution, distribute, exactMoney, type Payout, type Waterfall } from './waterfall.ts'
export {
  answered,
  type ClassPayout,
  companyWaterfalls,
  type ExitPayouts,
  type HolderPayout,
  type NamedBreakpoint,
  type WaterfallView,
  waterfallView,
} from './waterfall.views.ts'
export { MOST_EXITS, WaterfallAssumptions, WaterfallRefused } from './waterfall-assumptions.ts'
export type { Breakpoint, BreakpointKind } from './waterfall-breakpoints.ts'
export { type NamedWaterfall, waterfallOf } from './waterfall-of-table.ts'
export type {
  CarveOut,
  Debt,
  Participation,
  Preference,
  UnearnedTreatment,
  WaterfallClass,
  WaterfallConvertible,
  WaterfallFault,
  WaterfallHolding,
  WaterfallInput,
  WaterfallOption,
} from './waterfall-terms.ts'
