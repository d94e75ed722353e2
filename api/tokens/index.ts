/** Token classes, lots, releases, holds, charges: the double-entry ledger of tokens. */
export { ACCOUNT_KINDS, type AccountKind, CHARGE_CAUSES, type ChargeCause } from './account-kind.ts'
export { ApproveMarkInput, approveMark } from './approve-mark.ts'
export {
  ASKED_RELEASE_STATES,
  type AskedRelease,
  type AskedReleaseState,
  askedReleasesOf,
  askedReleasesOfLot,
  confirmedMilestones,
  lapseReleasesOfLot,
} from './asked-release.store.ts'
export { AuthoriseSupplyInput, authoriseSupply } from './authorise-supply.ts'
export {
  type AccountBalance,
  type Balances,
  balances,
  balancesAsOf,
  balancesByCompany,
  type LotBalance,
  sumBalances,
} from './balance.views.ts'
export { type CancelledTokens, cancelTokens } from './cancel-tokens.ts'
export { applyLotChanges, changeLot, type LotChange } from './change-lot.ts'
export { type ChargedPart, charge, chargeAll, type NewCharge } from './charge.ts'
export { ConfirmMilestoneInput, confirmMilestone } from './confirm-milestone.ts'
export { conservation, conservations, type Difference } from './conservation.ts'
export {
  type CorrectingMove,
  correctCharges,
  correctionSubject,
  drawableLots,
} from './correct-charges.ts'
export { CreateTokenClassInput, createTokenClass } from './create-token-class.ts'
export { DecideReleaseInput, decideRelease, RELEASE_DECISIONS, RELEASE_REFUSALS } from './decide-release.ts'
export { byDrawOrder, DRAW_ORDERS, type DrawOrder } from './draw.ts'
export { agreeDrawOrder, drawOrders, drawOrdersOf } from './draw-order.store.ts'
export { EndMetricInput, endMetric } from './end-metric.ts'
export {
  AccountClosed,
  AlreadyReversed,
  ExceedsHold,
  HoldAlreadyPosted,
  HoldAlreadyVoided,
  HoldExpired,
  RELEASES_END_CAUSES,
  type ReleasesEnd,
  ReleasesEnded,
  releasesEndWords,
  SupplyExceeded,
  TokensNotReleased,
  TransferIdReused,
  WouldOverdraw,
} from './errors.ts'
export { EXPIRE_HOLDS_JOB, expireHolds, expireHoldsJob } from './expire-holds.ts'
export { expireLots, expireLotsJob } from './expire-lots.ts'
export {
  type ExpiryNoticeView,
  expiryNoticesOf,
  NOTICE_STATES,
  openExpiryNotices,
} from './expiry-notice.views.ts'
export { type Flow, flowsUntil } from './flow.views.ts'
export { giveExpiryNotices } from './give-expiry-notices.ts'
export { type Hold, type HoldLot, type HoldState, readHolds } from './hold.store.ts'
export { hold, type NewHold } from './hold.ts'
export { daysAfter, type IndexLevel, indexLevel } from './index-level.ts'
export { EXPIRE_LOTS_JOB, RELEASE_DUE_JOB } from './job-names.ts'
export {
  BATCH_MAX,
  type LedgerAnswer,
  type LedgerEvent,
  lockTokens,
  postBatch,
  REFUSALS,
  type Refusal,
  TRANSIENT_REFUSALS,
} from './ledger.store.ts'
export { ledgerDiscrepancies, supplyDiscrepancies } from './ledger-discrepancies.ts'
export { TRANSFER_RULES, type TransferRule } from './lot.store.ts'
export {
  type LotView,
  lotsByCompany,
  lotsById,
  lotsOf,
  type PlannedReleaseView,
  releasePlans,
  releasePlansByLot,
} from './lot.views.ts'
export {
  MARK_BASES,
  type MarkBasis,
  type MarkSubject,
  type MarkView,
  markOn,
  marksOf,
  mustSeeMark,
  shareValuesOn,
} from './mark.views.ts'
export {
  allMetrics,
  findMetric,
  type LevelQuestion,
  levelOf,
  levelsOf,
  levelsOnDays,
  type MetricLevel,
  type MetricView,
  metricsById,
  OBSERVATIONS_MAX,
  type ObservationView,
  observationsOf,
} from './metric.views.ts'
export { type OpenGrant, openGrant, type Release } from './open-grant.ts'
export { LOT_ORIGINS, OpenLotInput, openLot } from './open-lot.ts'
export { type OpenMilestone, openMilestones } from './open-milestones.views.ts'
export { openTopUp } from './open-top-up.ts'
export { type Outstanding, outstandingByExpiry } from './outstanding.views.ts'
export { isLinked, type LineAnswer, postLines, readTransferLine, type StreamLine } from './post-stream.ts'
export { type PostedTransfers, PostTransfersInput, postTransfers, TRANSFERS_MAX } from './post-transfers.ts'
export { previewBatch } from './preview-batch.ts'
export { ProposeMarkInput, proposeMark } from './propose-mark.ts'
export { RecordObservationInput, recordObservation } from './record-observation.ts'
export { RegisterMetricInput, registerMetric } from './register-metric.ts'
export { type Released, releaseDue, releaseDueJob } from './release-due.ts'
export { ReleaseDueTokensInput, releaseDueTokens } from './release-due-tokens.ts'
export { unpromised } from './release-room.ts'
export { type LotFacts, mustSeeAskedRelease, mustSeeLotReleases, releasesToDecide, sidesOf } from './release-sides.ts'
export {
  byDatesOnly,
  freezeReleaseTerms,
  type LotReleaseTerms,
  type Milestone,
  NO_RELEASE_TERMS,
  type OnDemandLimits,
  type ReleaseTermsOfLot,
  releaseTermsByLot,
} from './release-terms.store.ts'
export type { ReleasesEndOf } from './releases-end.ts'
export { RequestReleaseInput, requestRelease } from './request-release.ts'
export { joinHold, lastOf, splitHold } from './resize-hold.ts'
export { reverseTransfer } from './reverse-transfer.ts'
export { setAsideToSend, settleSending, takeIn, whyNotTaken } from './send.ts'
export {
  findReceipt,
  findSending,
  insertReceipt,
  lockSending,
  lotsOfSending,
  moveSending,
  openSendings,
  type Receipt,
  SENDING_STATES,
  type Sending,
} from './sending.store.ts'
export { postHold, returnHold, voidHold } from './settle-hold.ts'
export {
  type AuthorisationView,
  type SupplyView,
  suppliesByClass,
  suppliesFor,
  supplyCsv,
  supplyJson,
} from './supply.views.ts'
export { allTokenClasses, findTokenClass, type TokenClassView, tokenClassesById } from './token-class.views.ts'
export { findTransfer, type TransferView, transferPages } from './transfer.views.ts'
export type { TransferAnswer } from './transfer-door.ts'
export { ledgerEventOf, TRANSFER_KINDS, TransferEvent } from './transfer-event.ts'
export {
  AccountMissing,
  AmountNotPositive,
  AmountOverflows,
  ExceedsPending,
  ExpiresInPast,
  LinkedChainBroken,
  LinkedChainOpen,
  OtherLot,
  PendingAlreadyPosted,
  PendingAlreadyVoided,
  PendingDiffers,
  PendingExpired,
  PendingMissing,
  PendingNotDue,
  PendingNotPending,
  ReversalDiffers,
  ReversedMissing,
  SameAccount,
  TransferMalformed,
  TransferNotPermitted,
} from './transfer-refusals.ts'
export { unconfirmed } from './unconfirmed.ts'
export { type UndoneTransfer, UndoTransferInput, undoTransfer } from './undo-transfer.ts'
export { WithdrawReleaseInput, withdrawRelease } from './withdraw-release.ts'
