/** What other capabilities may use of the cap table. */

export { TransactionRefused } from './append-history.ts'
export { capTableCsv, notCountedWords } from './cap-table-csv.ts'
export {
  BeforeFirstTransaction,
  type CapTableView,
  type ClassRow,
  capTableView,
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
export {
  CHECKPOINT_JOB,
  checkpointJob,
  writeCheckpoint,
  writeDueCheckpoints,
} from './checkpoint/write-checkpoint.ts'
export type { ComputeEquity } from './compute-equity.ts'
export { capitalizationOf } from './counted-capitalization.ts'
export {
  AntiDilutionInput,
  type AntiDilutionView,
  antiDilutionOf,
  companyAntiDilution,
  companyFullyDiluted,
  companyPayToPlay,
  DilutionRefused,
  FullyDilutedInput,
  type FullyDilutedView,
  fullyDilutedOf,
  PayToPlayInput,
  type PayToPlayRow,
  payToPlayOf,
} from './dilution.views.ts'
export {
  archiveOf,
  type CapTableCsv,
  CapTableCsvInput,
  ExportCapTableInput,
  type ExportedCapTable,
  exportCapTable,
  exportCapTableCsv,
} from './export-cap-table.ts'
export { loadTables, loadTablesOn, replayedOn } from './history.views.ts'
export { CapTableExists, ImportCapTableInput, type ImportedCapTable, importCapTable } from './import-cap-table.ts'
export { safeTrigger } from './instruments/accrue-safe.ts'
export { type ConvertSafe, convertSafe, type OpenSafe, openSafes } from './instruments/convert-safe.ts'
export { type ConvertedSecurity, type ConvertSecurities, convertSecurities } from './instruments/convert-securities.ts'
export { type ExercisedWarrant, exerciseWarrant } from './instruments/exercise-warrant.ts'
export { extendWarrant } from './instruments/extend-warrant.ts'
export { type IncreasePool, increasePool } from './instruments/increase-pool.ts'
export { findInstrument } from './instruments/instrument.store.ts'
export { type InstrumentState, instrumentStates, stateKey } from './instruments/instrument.views.ts'
export { type IssuedTranche, issueDue } from './instruments/issue-due.ts'
export {
  type Issued,
  type IssueShares,
  type IssueUnearned,
  issueShares,
  issueUnearned,
} from './instruments/issue-stock.ts'
export { openSafe, openStaged, openWarrant } from './instruments/open-instrument.ts'
export { dividendOnPartlyPaid, paidConsideration } from './instruments/partly-paid.ts'
export { type ReissuedWarrant, type ReissueWarrants, reissueWarrants } from './instruments/reissue-warrants.ts'
export { type Retired, type RetireUnearned, retirePart, retireUnearned } from './instruments/retire-unearned.ts'
export { settleEarned } from './instruments/settle-earned.ts'
export { type VestShares, vestShares } from './instruments/vest-shares.ts'
export { type StockIssuance, stockIssuances } from './issuance.views.ts'
export {
  type CapitalizedTable,
  capTableAsOf,
  loadCapitalization,
  loadCapitalizations,
  loadCapitalizedTables,
} from './load-capitalization.ts'
export { isStakeholder, stakeholdersCalled } from './names.views.ts'
export { nodeKey } from './node-key.ts'
export { BrokenPackage, type PackageFault, type PackageGap } from './ocf/fault.ts'
export type { OcfPackage } from './ocf/package.ts'
export { type PackageSource, readPackage } from './ocf/read-package.ts'
export { filesOfFolder, type NamedFile } from './ocf/source.ts'
export {
  type AdjustedPrice,
  conversionRatio,
  type DilutiveIssue,
  fullRatchet,
  NVCA_PRICE_ROUNDING,
  weightedAverage,
} from './pricing/anti-dilution.ts'
export { asCommon } from './pricing/as-common.ts'
export {
  type Conversion,
  type ConvertibleRound,
  type ConvertibleRoundInput,
  type PriceRounding,
  type RightResult,
  type RoundFault,
  type RoundRight,
  solveConvertibleRound,
} from './pricing/convertible-round.ts'
export {
  ANTI_DILUTION_BASES,
  type AntiDilutionBase,
  antiDilutionBase,
  CONVERSION_METHODS,
  type ConversionMethod,
  priceDenominator,
  type ShareCount,
  safePostMoneyCapitalization,
  safePreMoneyCapitalization,
  shareCountOf,
  waterfallBase,
} from './pricing/fully-diluted.ts'
export {
  ACCRUAL_PERIODS,
  type AccrualPeriod,
  DAY_COUNTS,
  type DayCount,
  type InterestRate,
  MOST_YEARS_OF_INTEREST,
  type NoteAmount,
  type NoteTerms,
  noteAmount,
} from './pricing/note-interest.ts'
export { type PayToPlayHolder, type PayToPlayResult, type PayToPlayTerms, payToPlay } from './pricing/pay-to-play.ts'
export {
  type PoolTerms,
  type PricedRound,
  type PricedRoundInput,
  type Purchase,
  type PurchaseResult,
  solvePricedRound,
  type Unsolvable,
} from './pricing/priced-round.ts'
export { type PricedWarrant, pricedWarrant } from './pricing/priced-warrants.ts'
export { uncountedWarrantsIn, withStatedWarrants } from './pricing/stated-warrants.ts'
export { expiredBy, uncountedIn } from './pricing/uncounted.ts'
export {
  AdjustConversionRatioInput,
  type AdjustedRatio,
  adjustConversionRatio,
} from './replay/adjust-conversion-ratio.ts'
export type { AllocationType } from './replay/allocation.ts'
export { type CheckedPackage, checkPackage, type GapsMode, importFromPath } from './replay/check-package.ts'
export { CAP_BASES, type CapBase, type Convertible, type ConvertsAt } from './replay/conversion.ts'
export type { ConversionRatio } from './replay/conversion-ratio.ts'
export { NOT_COUNTED, type NotCounted } from './replay/counted.ts'
export type { NewStockClass, Recipient } from './replay/issuance-pieces.ts'
export { type RecordedConversion, recordedConversion } from './replay/recorded-conversion.ts'
export { type Replayed, replay } from './replay/replay.ts'
export type { CapTable, Security } from './replay/state.ts'
export {
  type SecurityView,
  securitiesByRef,
  securityView,
  type VestingStep,
  vestingSteps,
} from './securities.views.ts'
export { instrumentBehind, unitsBehind } from './series.views.ts'
export { type Distribution, distribute, exactMoney, type Payout, type Waterfall } from './waterfall/waterfall.ts'
export {
  answered,
  type ClassPayout,
  companyWaterfalls,
  type ExitPayouts,
  type FurtherExits,
  type HolderPayout,
  type NamedBreakpoint,
  type WaterfallView,
  waterfallView,
} from './waterfall/waterfall.views.ts'
export { MOST_EXITS, WaterfallAssumptions, WaterfallRefused } from './waterfall/waterfall-assumptions.ts'
export type { Breakpoint, BreakpointKind } from './waterfall/waterfall-breakpoints.ts'
export { waterfallCsv, waterfallJson } from './waterfall/waterfall-export.ts'
export { type NamedWaterfall, waterfallOf } from './waterfall/waterfall-of-table.ts'
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
} from './waterfall/waterfall-terms.ts'
