/** Written by `npm run generate` from the migrated database. Do not edit: `npm run check` compares. */
import type { ColumnType } from 'kysely'

/** A column with a default: may be left out of an insert. */
export type Generated<T> = T extends ColumnType<infer S, infer I, infer U>
  ? ColumnType<S, I | undefined, U>
  : ColumnType<T, T | undefined, T>

/** A column that the database computes: never written. */
export type Computed<T> = ColumnType<T, never, never>

/** Read as unknown: parse it. Written as text, since `pg` would send an array as a PostgreSQL array. */
export type Json = ColumnType<unknown, string, string>

export interface AgreedFactor {
  company_id: string
  pool_id: string
  factor_id: string
  h100_hours_per_gpu_hour: string
  agreed_by: string
  agreed_at: string
}

export interface Amendment {
  company_id: string
  amendment_id: string
  round_id: string
  state: string
  base_version: number
  terms: Json
  changes: Json
  reason: string
  effective_on: string | null
  drafted_by: string
  drafted_at: string
  proposed_by: string | null
  proposed_at: string | null
  document_id: string | null
  signed_by_fund: Generated<boolean>
  signed_by_company: Generated<boolean>
  accepted_at: string | null
  terms_version: number | null
  in_force_at: string | null
  withdrawn_at: string | null
  later_grants: Generated<Json>
}

export interface AmendmentSignature {
  company_id: string
  amendment_id: string
  side: string
  document_id: string
  sha256: Buffer
  signed_by: string
  signed_at: string
}

export interface Arrears {
  company_id: string
  arrears_id: string
  correction_id: string | null
  usage_id: string
  reservation_id: string | null
  token_class_id: string
  amount_micro: bigint
  settled_micro: Generated<bigint>
  cancelled_micro: Generated<bigint>
  opened_at: string
}

export interface AskedRelease {
  company_id: string
  lot_id: string
  release_id: string
  kind: string
  code: string | null
  amount_micro: bigint
  due_on: string
  evidence: string | null
  evidence_date: string | null
  asked_by: string
  asked_at: string
  released_transfer_id: string | null
  needs: Generated<string>
  reason: string | null
  lapsed_at: string | null
}

export interface AskedReleaseDecision {
  company_id: string
  lot_id: string
  release_id: string
  decision: string
  note: string | null
  decided_by: string
  decided_at: string
  reason_code: string | null
}

export interface AuditEvent {
  scope_id: string
  event_id: string
  scope_kind: string
  actor_id: string
  kind: string
  subject: string
  at: string
  payload: Json
  leaf_hash: Buffer
}

export interface BookingRulesChange {
  company_id: string
  change_id: string
  lot_id: string
  effective_on: string
  refunds: Json
  locked_refund: string
  no_show_grace_minutes: number
  no_show_part: string
  outage_factor: string
  quote_minutes: number
  source: string
  recorded_at: string
}

export interface BookingTerms {
  company_id: string
  lot_id: string
  round_id: string
  charging: string
  refunds: Json
  locked_refund: string
  no_show_grace_minutes: number
  no_show_part: string
  outage_factor: string
  quote_minutes: number
  long_stop: string
  frozen_at: string
  on_demand_premium: string | null
  on_demand_cap_micro: bigint | null
}

export interface BookingTermsChange {
  company_id: string
  change_id: string
  lot_id: string
  effective_on: string
  charging: string | null
  long_stop: string | null
  source: string
  recorded_at: string
}

export interface CapTableCheckpoint {
  company_id: string
  position: bigint
  format: number
  object_position: number
  first_date: string
  last_date: string
  part_count: number
  sha256: Buffer
  recorded_at: string
  moved_count: Generated<number>
}

export interface CapTableCheckpointPart {
  company_id: string
  position: bigint
  format: number
  kind: string
  ordinal: number
  opened_on: string | null
  closed_on: string | null
  keys: string[]
  content: string
  sha256: Buffer
}

export interface Charge {
  company_id: string
  charge_id: string
  grant_id: string | null
  lot_id: string
  reservation_id: string | null
  usage_id: string | null
  cause: string
  amount_micro: bigint
  basis_from: bigint
  basis_to: bigint
  at: string
  correction_id: string | null
  corrects: string | null
  transfer_id: string | null
  unused_reservation_id: Computed<string | null>
  plain_lot_id: Computed<string | null>
  drawn_usage_id: Computed<string | null>
}

export interface ClauseVesting {
  company_id: string
  settlement_id: string
  grant_id: string
  security_id: string
  transaction_id: string
  shares_from: bigint
  shares_to: bigint
  clause: string
  terms_document_id: string
  at: string
}

export interface ClosedGrant {
  company_id: string
  grant_id: string
  round_id: string
  closing_id: string
  leg: number
  lot_id: string
  security_id: string
  stock_class_id: string | null
  document_id: string
  tokens_micro: bigint
  equity_shares: bigint
  closed_by: string
  closed_at: string
}

export interface ClosedRound {
  company_id: string
  round_id: string
  grant_id: string
  lot_id: string
  security_id: string
  stock_class_id: string | null
  document_id: string
  equity_shares: bigint
  closed_by: string
  closed_at: string
}

export interface Closing {
  company_id: string
  closing_id: string
  round_id: string
  ordinal: number
  state: string
  closed_by: string | null
  closed_at: string | null
  closing_date: string | null
  content: Json | null
  planned_by: string | null
  offered_by: string | null
  document_id: string | null
}

export interface ClosingCondition {
  company_id: string
  round_id: string
  code: string
  ordinal: number
  wording: string
  waivable_by: string
  state: string
  waived_by_fund: Generated<boolean>
  waived_by_company: Generated<boolean>
  closing_ordinal: Generated<number>
}

export interface ClosingConditionEvent {
  company_id: string
  event_id: string
  round_id: string
  code: string
  kind: string
  evidence: string
  evidence_date: string
  actor_id: string
  at: string
}

export interface Company {
  company_id: string
  created_by: string
  created_at: string
}

export interface CompanyIdentity {
  company_id: string
  valid_from: string
  recorded_at: string
  legal_name: string
  legal_form: string
  jurisdiction: string
  recorded_by: string
  cause: Generated<string>
  source: string | null
}

export interface ComputeInstrument {
  company_id: string
  instrument_id: string
  kind: string
  stakeholder_id: string
  stock_class_id: string | null
  total_shares: bigint
  share_price: string
  exercise_price: string | null
  currency: string
  expires_on: string | null
  consideration: string
  opened_at: string
  valuation_cap: string | null
  cap_base: string | null
  discount: string | null
  rest: string | null
}

export interface Correction {
  company_id: string
  correction_id: string
  kind: string
  reservation_id: string | null
  usage_id: string | null
  ordinal: number | null
  gpu_seconds_before: bigint | null
  gpu_seconds_after: bigint | null
  reason_code: string
  reason: string
  corrected_as: string
  corrected_by: string
  corrected_at: string
  accounted_at: string
}

export interface CorrectionPart {
  company_id: string
  correction_id: string
  ordinal: number
  lot_id: string
  from_kind: string
  to_kind: string
  amount_micro: bigint
  transfer_id: string
}

export interface DealDocument {
  company_id: string
  deal_document_id: string
  round_id: string
  kind: string
  state: string
  title: string
  content: Json
  effective_on: string | null
  drafted_by: string
  drafted_at: string
  proposed_by: string | null
  proposed_at: string | null
  document_id: string | null
  signed_by_fund: Generated<boolean>
  signed_by_company: Generated<boolean>
  accepted_at: string | null
  in_force_at: string | null
  withdrawn_at: string | null
  stakeholder_id: string | null
}

export interface DealSignature {
  company_id: string
  deal_document_id: string
  side: string
  document_id: string
  sha256: Buffer
  signed_by: string
  signed_at: string
}

export interface Dispute {
  company_id: string
  dispute_id: string
  statement_id: string
  month: string
  reason_code: string
  reason: string
  whole: boolean
  resolve_by: string
  opened_by: string
  opened_at: string
}

export interface DisputeConfirmation {
  company_id: string
  dispute_id: string
  proposal_id: string
  confirmed_by: string
  confirmed_at: string
}

export interface DisputeProgress {
  company_id: string
  dispute_id: string
  state: string
  resolve_by: string
  suspended_by: string | null
  reinstated_by: string | null
  proposal_id: string | null
  settled_at: string | null
}

export interface DisputeProposal {
  company_id: string
  proposal_id: string
  dispute_id: string
  side: string
  outcome: string
  records: Json
  note: string
  evidence: string | null
  proposed_by: string
  proposed_at: string
}

export interface DisputeSuspension {
  company_id: string
  dispute_id: string
  charge_id: string
  grant_id: string
  basis_micro: bigint
}

export interface DisputeUsage {
  company_id: string
  dispute_id: string
  usage_id: string
}

export interface Document {
  company_id: string
  document_id: string
  subject: string
  kind: string
  version: number
  supersedes: string | null
  sha256: Buffer
  media_type: string
  file_name: string
  bytes: Buffer
  made_by: string
  made_at: string
}

export interface DocumentAcceptance {
  company_id: string
  document_id: string
  sha256: Buffer
  accepted_by: string
  accepted_as: string
  accepted_at: string
  typed_name_hash: Buffer | null
}

export interface DocumentAcceptanceName {
  company_id: string
  document_id: string
  typed_name: string
  salt: Buffer
}

export interface DrawOrderTerm {
  company_id: string
  token_class_id: string
  term_id: string
  effective_on: string
  draw_order: string
  source: string
  recorded_at: string
}

export interface ExpiryNotice {
  company_id: string
  lot_id: string
  days: number
  notice_id: string
  expires_on: string
  left_micro: bigint
  given_at: string
  held_micro: Generated<bigint>
}

export interface Factor {
  pool_id: string
  factor_id: string
  h100_hours_per_gpu_hour: string
  basis: string
  source: string
  valid_from: string
  valid_until: string | null
  approved_by: string
  approved_as: string
  recorded_at: string
}

export interface FactorCountersignature {
  pool_id: string
  factor_id: string
  signed_by: string
  signed_as: string
  signed_at: string
}

export interface Finding {
  company_id: string
  finding_id: string
  run_id: string
  run_number: number
  gate: string
  cause: string
  subject: string
  rule_id: string
  kind: string
  outcome: string
  on_date: string
  print: string
  evidence: Json
  asked_by: string
  found_at: string
}

export interface Flag {
  company_id: string
  flag_id: string
  subject: string
  rule_id: string
  kind: string
  state: string
  settled_by: string | null
  settled_print: string | null
  lapses_on: string | null
  finding_id: string
  opened_at: string
  changed_at: string
}

export interface FlagEvent {
  company_id: string
  flag_id: string
  number: number
  kind: string
  finding_id: string
  reason: string | null
  evidence: Json | null
  actor_id: string
  at: string
}

export interface GrantChange {
  company_id: string
  change_id: string
  grant_id: string
  effective_on: string
  basis: string | null
  basis_before: string | null
  charging: string | null
  charging_before: string | null
  dispute_window_days: number | null
  dispute_window_before: number | null
  long_stop: string | null
  long_stop_before: string | null
  source: string
  recorded_at: string
  applied_at: string | null
}

export interface GrantFactors {
  company_id: string
  grant_id: string
  token_class_id: string
  document_id: string
  later_basis: string | null
  frozen_at: string
}

export interface GrantFactorsChange {
  company_id: string
  change_id: string
  grant_id: string
  effective_on: string
  later_basis: string | null
  source: string
  recorded_at: string
}

export interface GrantProgress {
  company_id: string
  grant_id: string
  granted_micro: bigint
  total_shares: bigint
  delivered_micro: Generated<bigint>
  idle_reserved_micro: Generated<bigint>
  no_show_micro: Generated<bigint>
  cancel_fee_micro: Generated<bigint>
  basis_micro: Generated<bigint>
  basis_peak_micro: Generated<bigint>
  earned_shares: Generated<bigint>
  vested_shares: Generated<bigint>
  ended_on: string | null
  settled_at: string | null
}

export interface GrantSecurity {
  company_id: string
  security_id: string
  grant_id: string
  settlement_id: string
}

export interface IdempotencyRecord {
  scope_id: string
  actor_id: string
  operation: string
  key: string
  request_hash: Buffer
  answer: Json | null
  at: string
}

export interface Installation {
  installation_id: string
  singleton: Generated<boolean>
  demo: boolean
  ready: boolean
  fund_name: string
  fund_ultimate_parent: string
  created_at: string
}

export interface InstrumentDue {
  company_id: string
  due_id: string
  instrument_id: string
  statement_id: string
  shares_from: bigint
  shares_to: bigint
  wording: string
  at: string
}

export interface InstrumentRetirement {
  company_id: string
  instrument_id: string
  retired_shares: bigint
  security_id: string | null
  balance_security_id: string | null
  reason: string
  retired_at: string
  ordinal: number
  ends: boolean
}

export interface InstrumentTranche {
  company_id: string
  due_id: string
  instrument_id: string
  security_id: string
  transaction_id: string
  issued_by: string
  issued_at: string
}

export interface IssuedTermSheet {
  company_id: string
  document_id: string
  round_id: string
  terms_version: number
  equity_shares: bigint
  price: string
  total_shares_after: string
  issued_by: string
  issued_at: string
}

export interface LedgerAccount {
  holder_id: string
  account_id: string
  lot_id: string
  kind: string
  limit_micro: bigint | null
  debits_posted: Generated<bigint>
  credits_posted: Generated<bigint>
  debits_pending: Generated<bigint>
  credits_pending: Generated<bigint>
  closed_by: string | null
  opened_at: string
  changed_at: string
}

export interface Lot {
  company_id: string
  lot_id: string
  token_class_id: string
  origin: string
  grant_id: string | null
  round_id: string | null
  vests_security_id: string | null
  amount_micro: bigint
  cost: string | null
  cost_currency: string | null
  transfer_rule: string
  expires_on: string
  draw_rank: Generated<number>
  opened_at: string
}

export interface LotChange {
  company_id: string
  change_id: string
  lot_id: string
  effective_on: string
  expires_on: string | null
  expires_before: string | null
  releases: Json | null
  source: string
  recorded_at: string
  applied_at: string | null
}

export interface LotReleaseTerms {
  company_id: string
  lot_id: string
  terms_id: string
  effective_on: string
  kind: string
  terms: Json
  source: string
  recorded_at: string
}

export interface Machine {
  machine_id: string
  provider_id: string
  name: string
  created_at: string
}

export interface MachineKey {
  key_id: string
  machine_id: string
  token_hash: Buffer | null
  public_key: Buffer | null
  created_by: string
  created_at: string
  expires_at: string
  revoked_by: string | null
  revoked_at: string | null
}

export interface Mark {
  scope_id: string
  mark_id: string
  subject_kind: string
  stock_class_id: string | null
  basis: string
  amount: string
  currency: string
  marked_on: string
  expires_on: string
  method: string
  level: number | null
  source: string
  proposed_by: string
  proposed_at: string
}

export interface MarkApproval {
  scope_id: string
  mark_id: string
  proposed_by: string
  approved_by: string
  approved_at: string
}

export interface Membership {
  membership_id: string
  person_id: string
  role: string
  company_id: string | null
  provider_id: string | null
  since: string
  ended_at: string | null
}

export interface Message {
  company_id: string
  message_id: string
  kind: string
  subject: string
  content: Json
  told_at: string
}

export interface MessageRecipient {
  company_id: string
  message_id: string
  person_id: string
  state: string
  tries: Generated<number>
  reason: string | null
  at: string
}

export interface Meter {
  company_id: string
  reservation_id: string
  reserved_gpu_seconds: bigint
  hold_micro: bigint
  gpu_seconds: Generated<bigint>
  delivered_micro: Generated<bigint>
  idle_micro: Generated<bigint>
}

export interface Metric {
  metric_id: string
  name: string
  unit: string
  currency: string
  source: string
  method: string
  window_days: number
  stale_after_days: number
  fallback_id: string | null
  registered_by: string
  registered_at: string
}

export interface MetricEnd {
  metric_id: string
  ended_on: string
  reason: string
  recorded_by: string
  recorded_at: string
}

export interface MfnElection {
  company_id: string
  holder_id: string
  elected_id: string
  elected_on: string
  elected_by: string
  elected_at: string
}

export interface MfnNotice {
  company_id: string
  holder_id: string
  offered_id: string
  noticed_on: string
  elect_until: string
  noticed_by: string
}

export interface Migration {
  name: string
  sha256: string
  applied_at: Generated<string>
}

export interface Observation {
  metric_id: string
  observation_id: string
  observed_on: string
  level: string | null
  source: string
  corrects_id: string | null
  recorded_by: string
  recorded_at: string
}

export interface OcfImport {
  company_id: string
  import_id: string
  package_sha256: Buffer
  ocf_version: string
  package_as_of: string
  gaps_mode: string
  file_names: Json
  warnings: Json
  gaps: Json
  warning_count: number
  gap_count: number
  transaction_count: number
  imported_by: string
  imported_at: string
}

export interface OcfObject {
  company_id: string
  object_type: string
  object_id: string
  version: number
  position: number
  status: string
  item: Json
  import_id: string | null
  file: string | null
  pointer: string | null
  recorded_at: string
}

export interface OfferedFactor {
  company_id: string
  document_id: string
  token_class_id: string
  pool_id: string
  factor_id: string
  cluster: string
  gpu_model: string
  h100_hours_per_gpu_hour: string
  basis: string
  source: string
}

export interface OnDemandMeter {
  company_id: string
  pool_id: string
  rate: string
  gpu_seconds: bigint
}

export interface OnDemandMonth {
  company_id: string
  token_class_id: string
  month: string
  cost_micro: bigint
}

export interface OpenPending {
  holder_id: string
  transfer_id: string
  expires_at: string | null
}

export interface OutageCredit {
  company_id: string
  credit_id: string
  reservation_id: string
  lot_id: string
  amount_micro: bigint
  down_gpu_seconds: bigint
  correction_id: string | null
  credited_at: string
}

export interface PartyIdentity {
  party_id: string
  valid_from: string
  recorded_at: string
  side: string
  name: string
  source: string
  recorded_by: string
}

export interface Person {
  person_id: string
  created_at: string
}

export interface PersonDetails {
  person_id: string
  display_name: string
  email: string
}

export interface PlannedGrant {
  company_id: string
  grant_id: string
  round_id: string
  closing_id: string
  token_class_id: string
  amount_micro: bigint
  terms_version: number
  opened_at: string | null
  ordinal: number
}

export interface Pool {
  pool_id: string
  provider_id: string
  token_class_id: string
  cluster: string
  gpu_model: string
  capacity: number
  opens_at: string
  min_lead_minutes: number
  max_lead_minutes: number
  min_length_minutes: number
  max_length_minutes: number
  lock_minutes: number
  decision_minutes: number
  calendar_version: Generated<bigint>
  created_by: string
  created_as: string
  created_at: string
}

export interface PoolBooking {
  pool_id: string
  reservation_id: string
  company_id: string
  gpus: number
  starts_at: string
  ends_at: string
  decided_at: string | null
  freed_at: string | null
  change_of: string | null
}

export interface PoolCapacity {
  pool_id: string
  change_id: string
  effective_from: string
  capacity: number
  reason: string
  recorded_by: string
  recorded_as: string
  recorded_at: string
}

export interface PoolDay {
  pool_id: string
  starts_at: string
  capacity: number
  added: number
  peak: number
  trough: number
}

export interface PoolDedication {
  pool_id: string
  dedication_id: string
  company_id: string
  gpus: number
  starts_at: string
  ends_at: string
  source: string
  agreed_by: string
  agreed_as: string
  agreed_at: string
  ended_by: string | null
  ended_at: string | null
  ended_from: string | null
}

export interface PoolHour {
  pool_id: string
  starts_at: string
  added: number
  peak: number
  trough: number
}

export interface PoolMaintenance {
  pool_id: string
  maintenance_id: string
  gpus: number
  starts_at: string
  ends_at: string
  note: string
  planned_by: string
  planned_as: string
  planned_at: string
  lifted_by: string | null
  lifted_at: string | null
  lifted_from: string | null
}

export interface PoolMeterDelay {
  pool_id: string
  delay_id: string
  minutes: number
  source: string
  set_by: string
  set_as: string
  recorded_at: string
}

export interface PoolShare {
  pool_id: string
  share_id: string
  company_id: string | null
  part: string
  effective_from: string
  source: string
  set_by: string
  set_as: string
  recorded_at: string
}

export interface PoolStep {
  pool_id: string
  starts_at: string
  used: number
}

export interface PoolWaiting {
  pool_id: string
  reservation_id: string
  company_id: string
  gpus: number
  starts_at: string
  ends_at: string
  requested_at: string
  waits_until: string
  passed_over_at: string | null
  left_at: string | null
}

export interface PoolWithheld {
  pool_id: string
  starts_at: string
  ends_at: string
  wanted: number
  gpus: number
}

export interface Provider {
  provider_id: string
  name: string
  affiliation: string
  created_at: string
}

export interface QuarantineEvent {
  scope_id: string
  event_id: string
  quarantine_id: string
  kind: string
  record: Json | null
  reason: string | null
  usage_id: string | null
  actor_id: string
  at: string
}

export interface QuarantineState {
  scope_id: string
  quarantine_id: string
  state: string
  reported_at: string
  replays: Generated<number>
}

export interface QuarantinedUsage {
  scope_id: string
  quarantine_id: string
  company_id: string | null
  record: Json
  record_sha256: Buffer
  source: string
  external_id: string
  reason_code: string
  detail: string
  reported_by: string
  request_id: string | null
  reported_at: string
}

export interface Reconciliation {
  reconciliation_id: string
  started_at: string
  finished_at: string
  company_count: number
  event_count: number
  difference_count: number
  differences: Json
}

export interface RecordedFact {
  company_id: string
  fact_id: string
  name: string
  version: number
  subject: string | null
  value: Json
  source: string
  as_of: string
  recorded_by: string
  recorded_at: string
}

export interface ReleasePlan {
  company_id: string
  lot_id: string
  release_on: string
  amount_micro: bigint
  released_transfer_id: string | null
}

export interface Reservation {
  company_id: string
  reservation_id: string
  pool_id: string
  gpus: number
  starts_at: string
  ends_at: string
  state: string
  factor_id: string
  h100_hours_per_gpu_hour: string
  token_class_id: string
  hold_id: string
  hold_micro: bigint
  hold_expires_at: string
  requested_by: string
  requested_at: string
  decided_by: string | null
  decided_at: string | null
  quote_id: string | null
  waits_until: string | null
  group_id: string | null
  split_from: string | null
}

export interface ReservationChange {
  company_id: string
  change_id: string
  reservation_id: string
  how: string
  gpus: number
  starts_at: string
  ends_at: string
  factor_id: string
  h100_hours_per_gpu_hour: string
  hold_micro: bigint
  more_hold_id: string | null
  asked_by: string
  asked_at: string
  answer_by: string
  answer: string | null
  reason_code: string | null
  note: string | null
  answered_by: string | null
  answered_at: string | null
}

export interface ReservationChangeQuote {
  company_id: string
  quote_id: string
  reservation_id: string
  gpus: number
  starts_at: string
  ends_at: string
  hold_micro: bigint
  fee_micro: bigint
  quoted_to: string
  quoted_at: string
  valid_until: string
}

export interface ReservationEvent {
  company_id: string
  event_id: string
  reservation_id: string
  from_state: string | null
  to_state: string
  reason_code: string
  note: string | null
  actor_id: string | null
  at: string
  waited_seconds: bigint | null
  change: Json | null
}

export interface ReservationGroup {
  company_id: string
  group_id: string
  kind: string
  state: string
  parts: Json
  reason: string | null
  requested_by: string
  requested_at: string
  gather_until: string
}

export interface ReservationOffer {
  company_id: string
  offer_id: string
  reservation_id: string
  gpus: number
  starts_at: string
  ends_at: string
  factor_id: string
  h100_hours_per_gpu_hour: string
  hold_micro: bigint
  reason_code: string
  note: string | null
  offered_by: string
  offered_at: string
  answer_by: string
  waited_seconds: bigint
  answer: string | null
  answered_at: string | null
}

export interface ReservationOutage {
  company_id: string
  outage_id: string
  reservation_id: string
  gpus: number
  starts_at: string
  ends_at: string
  source: string
  evidence: string
  gpu_seconds: bigint
  recorded_by: string
  recorded_at: string
  node: string | null
  recorded_as: string
}

export interface ReservationQuote {
  company_id: string
  quote_id: string
  pool_id: string
  gpus: number
  starts_at: string
  ends_at: string
  factor_id: string
  h100_hours_per_gpu_hour: string
  hold_micro: bigint
  rules: Json
  quoted_to: string
  quoted_at: string
  valid_until: string
}

export interface Round {
  company_id: string
  round_id: string
  state: string
  terms_version: number
  drafted_by: string
  drafted_at: string
  proposed_by: string | null
  proposed_at: string | null
  proposed_version: number | null
  issued_at: string | null
  ended_at: string | null
}

export interface RoundTerms {
  company_id: string
  round_id: string
  version: number
  terms: Json
  terms_hash: Buffer
  written_by: string
  written_at: string
  effective_on: string | null
}

export interface SafeAccrual {
  company_id: string
  accrual_id: string
  instrument_id: string
  statement_id: string
  cents_from: bigint
  cents_to: bigint
  security_id: string | null
  at: string
}

export interface SafeConversion {
  company_id: string
  conversion_id: string
  instrument_id: string
  round_id: string
  cents_from: bigint
  cents_to: bigint
  security_id: string | null
  stock_security_id: string | null
  shares: bigint | null
  rest: string
  series_id: string | null
  converted_at: string
}

export interface Scenario {
  company_id: string
  scenario_id: string
  version: number
  name: string
  as_of: string
  terms: Json | null
  terms_hash: Buffer
  saved_by: string
  saved_at: string
  rounds: Json | null
}

export interface SchedulerCheck {
  pool_id: string
  scheduler: string
  checked_at: string
  up: boolean
  down_since: string | null
  version: string | null
  detail: string
  differences: Json | null
  nodes_down: Json | null
}

export interface SchedulerNode {
  pool_id: string
  node: string
  booted_at: string
  seen_at: string
  down: boolean
  reservations: Json
}

export interface SchedulerNodeDown {
  pool_id: string
  reservation_id: string
  node: string
  down_from: string
  company_id: string
  gpus: number
  scheduler: string
  reason: string
  seen_until: string
  over: Generated<boolean>
  recorded_at: string | null
}

export interface SchedulerNodeRestart {
  pool_id: string
  restart_id: string
  reservation_id: string
  company_id: string
  node: string
  gpus: number
  possible_from: string
  possible_until: string
  certain_from: string | null
  certain_until: string | null
  scheduler: string
  evidence: string
  found_at: string
  recorded_at: string | null
  answer: string | null
  answered_from: string | null
  answered_until: string | null
  note: string | null
  answered_by: string | null
  answered_at: string | null
}

export interface SchedulerPush {
  pool_id: string
  reservation_id: string
  company_id: string
  state: string
  attempts: number
  detail: string | null
  tried_at: string
  next_try_at: string | null
  pushed_at: string | null
}

export interface SecuritiesTransaction {
  company_id: string
  position: bigint
  transaction_id: string
  object_type: string
  status: string
  date: string | null
  security_id: string | null
  stakeholder_id: string | null
  stock_class_id: string | null
  stock_plan_id: string | null
  quantity: string | null
  item: Json
  statement_id: string | null
  import_id: string | null
  file: string | null
  pointer: string | null
  recorded_at: string
}

export interface Session {
  token_hash: Buffer
  person_id: string
  kind: string
  created_at: string
  expires_at: string
  ended_at: string | null
}

export interface Settlement {
  company_id: string
  settlement_id: string
  grant_id: string
  event: string
  circumstances: Json
  plan: Json
  plan_sha256: Buffer
  terms_document_id: string
  proposed_by: string | null
  proposed_at: string
}

export interface SettlementOutcome {
  company_id: string
  settlement_id: string
  kind: string
  proposed_by: string | null
  decided_by: string | null
  decided_at: string
  document_id: string | null
  top_up_lot_id: string | null
  metric_id: string | null
  reason: string | null
}

export interface SideObligation {
  company_id: string
  obligation_id: string
  deal_document_id: string
  kind: string
  about: string
  due_on: string
  raised_by: string
  raised_at: string
}

export interface SideObligationAct {
  company_id: string
  deal_document_id: string
  occasion: string
  done_on: string
  evidence: string
  recorded_by: string
  recorded_at: string
}

export interface SideObligationNotice {
  company_id: string
  deal_document_id: string
  occasion: string
  kind: string
  due_on: string
  given_at: string
}

export interface SignInLink {
  token_hash: Buffer
  person_id: string
  created_at: string
  expires_at: string
  used_at: string | null
}

export interface SignedRequest {
  scope_id: string
  key_id: string
  nonce: string
  content_sha256: Buffer
  signature: Buffer
  signed_text: string
  signed_at: string
  received_at: string
  request_id: string
}

export interface StakeholderPerson {
  company_id: string
  object_id: string
  version: number
  salt: Buffer
  personal: Json
}

export interface Statement {
  company_id: string
  statement_id: string
  month: string
  figures: Json
  sha256: Buffer
  dispute_until: string
  stated_by: string
  stated_at: string
  version: Generated<number>
}

export interface StatementEvent {
  company_id: string
  event_id: string
  statement_id: string
  to_state: string
  reason: string | null
  actor_id: string | null
  at: string
}

export interface StatementLine {
  company_id: string
  statement_id: string
  grant_id: string
  basis_from: bigint
  basis_to: bigint
  shares_from: bigint
  shares_to: bigint
}

export interface StatementProgress {
  company_id: string
  statement_id: string
  state: string
  dispute_until: string
}

export interface SupplyAuthorisation {
  token_class_id: string
  authorisation_id: string
  kind: string
  amount_micro: bigint
  valid_from: string
  valid_until: string
  lapses_id: string | null
  approved_by: string | null
  reason: string
  created_at: string
}

export interface TaxElection {
  company_id: string
  event_id: string
  security_id: string
  decision: string
  filed_on: string | null
  reason: string
  recorded_by: string
  recorded_at: string
}

export interface TokenClass {
  token_class_id: string
  provider_id: string
  name: string
  unit: string
  transfer_rule: string
  created_by: string
  created_at: string
}

export interface TokenHold {
  company_id: string
  hold_id: string
  token_class_id: string
  amount_micro: bigint
  state: string
  expires_at: string
  opened_at: string
  changed_at: string
}

export interface TokenHoldLot {
  company_id: string
  hold_id: string
  draw_order: number
  lot_id: string
  amount_micro: bigint
  charged_micro: Generated<bigint>
  pending_transfer_id: string
}

export interface TokenReceipt {
  company_id: string
  sending_id: string
  from_company_id: string
  amount_micro: bigint
  outcome: string
  because: string | null
  at: string
}

export interface TokenSending {
  company_id: string
  sending_id: string
  to_company_id: string
  token_class_id: string
  amount_micro: bigint
  reason: string
  state: string
  asked_by: string
  asked_at: string
  decided_by: string | null
  ended_because: string | null
  changed_at: string
}

export interface TokenSendingLot {
  company_id: string
  sending_id: string
  draw_order: number
  lot_id: string
  amount_micro: bigint
  pending_transfer_id: string
}

export interface TokenSupply {
  token_class_id: string
  authorised_micro: bigint
  granted_micro: bigint
}

export interface Transfer {
  holder_id: string
  transfer_id: string
  lot_id: string
  debit_account_id: string
  credit_account_id: string
  amount_micro: bigint
  asked_micro: bigint | null
  kind: string
  pending_id: string | null
  expires_at: string | null
  balancing: string | null
  closing: string | null
  reverses_id: string | null
  reason: string
  subject: string | null
  linked_batch: string | null
  created_at: string
}

export interface UsagePull {
  pool_id: string
  pulled_until: string | null
  asked_at: string
  attempts: number
  detail: string | null
}

export interface UsageRecord {
  company_id: string
  usage_id: string
  reservation_id: string | null
  pool_id: string
  source: string
  external_id: string
  gpu_seconds: bigint
  charged_micro: bigint
  started_at: string
  ended_at: string
  job: string | null
  recorded_by: string
  recorded_at: string
  request_id: string | null
  rate: string | null
  drawn_by: Computed<string | null>
}

export interface UsageReporter {
  company_id: string
  reservation_id: string
  person_id: string
}

export interface Vested {
  company_id: string
  vested_id: string
  grant_id: string
  statement_id: string
  security_id: string
  transaction_id: string
  shares_from: bigint
  shares_to: bigint
  at: string
}

export interface VestingGrant {
  company_id: string
  grant_id: string
  lot_id: string
  round_id: string
  terms_document_id: string
  security_id: string
  granted_micro: bigint
  total_shares: bigint
  basis: string
  allocation: string
  tranches: number | null
  cliff_micro: bigint
  charging: string
  dispute_window_days: number
  long_stop: string
  opened_at: string
  unit: Generated<string>
}

export interface Wall {
  wall_id: string
  person_id: string
  company_id: string
  reason: string
  raised_by: string
  raised_at: string
  lowered_at: string | null
}

export interface WarrantExercise {
  company_id: string
  exercise_id: string
  instrument_id: string
  security_id: string
  balance_security_id: string | null
  stock_security_id: string
  shares_from: bigint
  shares_to: bigint
  amount: string
  currency: string
  exercised_by: string
  exercised_at: string
}

export interface WarrantExtension {
  company_id: string
  extension_id: string
  instrument_id: string
  effective_on: string
  expires_on: string
  source: string
  recorded_at: string
}

export interface WindDown {
  company_id: string
  lot_id: string
  settlement_id: string
  ends_on: string
}

export interface DB {
  agreed_factor: AgreedFactor
  amendment: Amendment
  amendment_signature: AmendmentSignature
  arrears: Arrears
  asked_release: AskedRelease
  asked_release_decision: AskedReleaseDecision
  audit_event: AuditEvent
  booking_rules_change: BookingRulesChange
  booking_terms: BookingTerms
  booking_terms_change: BookingTermsChange
  cap_table_checkpoint: CapTableCheckpoint
  cap_table_checkpoint_part: CapTableCheckpointPart
  charge: Charge
  clause_vesting: ClauseVesting
  closed_grant: ClosedGrant
  closed_round: ClosedRound
  closing: Closing
  closing_condition: ClosingCondition
  closing_condition_event: ClosingConditionEvent
  company: Company
  company_identity: CompanyIdentity
  compute_instrument: ComputeInstrument
  correction: Correction
  correction_part: CorrectionPart
  deal_document: DealDocument
  deal_signature: DealSignature
  dispute: Dispute
  dispute_confirmation: DisputeConfirmation
  dispute_progress: DisputeProgress
  dispute_proposal: DisputeProposal
  dispute_suspension: DisputeSuspension
  dispute_usage: DisputeUsage
  document: Document
  document_acceptance: DocumentAcceptance
  document_acceptance_name: DocumentAcceptanceName
  draw_order_term: DrawOrderTerm
  expiry_notice: ExpiryNotice
  factor: Factor
  factor_countersignature: FactorCountersignature
  finding: Finding
  flag: Flag
  flag_event: FlagEvent
  grant_change: GrantChange
  grant_factors: GrantFactors
  grant_factors_change: GrantFactorsChange
  grant_progress: GrantProgress
  grant_security: GrantSecurity
  idempotency_record: IdempotencyRecord
  installation: Installation
  instrument_due: InstrumentDue
  instrument_retirement: InstrumentRetirement
  instrument_tranche: InstrumentTranche
  issued_term_sheet: IssuedTermSheet
  ledger_account: LedgerAccount
  lot: Lot
  lot_change: LotChange
  lot_release_terms: LotReleaseTerms
  machine: Machine
  machine_key: MachineKey
  mark: Mark
  mark_approval: MarkApproval
  membership: Membership
  message: Message
  message_recipient: MessageRecipient
  meter: Meter
  metric: Metric
  metric_end: MetricEnd
  mfn_election: MfnElection
  mfn_notice: MfnNotice
  migration: Migration
  observation: Observation
  ocf_import: OcfImport
  ocf_object: OcfObject
  offered_factor: OfferedFactor
  on_demand_meter: OnDemandMeter
  on_demand_month: OnDemandMonth
  open_pending: OpenPending
  outage_credit: OutageCredit
  party_identity: PartyIdentity
  person: Person
  person_details: PersonDetails
  planned_grant: PlannedGrant
  pool: Pool
  pool_booking: PoolBooking
  pool_capacity: PoolCapacity
  pool_day: PoolDay
  pool_dedication: PoolDedication
  pool_hour: PoolHour
  pool_maintenance: PoolMaintenance
  pool_meter_delay: PoolMeterDelay
  pool_share: PoolShare
  pool_step: PoolStep
  pool_waiting: PoolWaiting
  pool_withheld: PoolWithheld
  provider: Provider
  quarantine_event: QuarantineEvent
  quarantine_state: QuarantineState
  quarantined_usage: QuarantinedUsage
  reconciliation: Reconciliation
  recorded_fact: RecordedFact
  release_plan: ReleasePlan
  reservation: Reservation
  reservation_change: ReservationChange
  reservation_change_quote: ReservationChangeQuote
  reservation_event: ReservationEvent
  reservation_group: ReservationGroup
  reservation_offer: ReservationOffer
  reservation_outage: ReservationOutage
  reservation_quote: ReservationQuote
  round: Round
  round_terms: RoundTerms
  safe_accrual: SafeAccrual
  safe_conversion: SafeConversion
  scenario: Scenario
  scheduler_check: SchedulerCheck
  scheduler_node: SchedulerNode
  scheduler_node_down: SchedulerNodeDown
  scheduler_node_restart: SchedulerNodeRestart
  scheduler_push: SchedulerPush
  securities_transaction: SecuritiesTransaction
  session: Session
  settlement: Settlement
  settlement_outcome: SettlementOutcome
  side_obligation: SideObligation
  side_obligation_act: SideObligationAct
  side_obligation_notice: SideObligationNotice
  sign_in_link: SignInLink
  signed_request: SignedRequest
  stakeholder_person: StakeholderPerson
  statement: Statement
  statement_event: StatementEvent
  statement_line: StatementLine
  statement_progress: StatementProgress
  supply_authorisation: SupplyAuthorisation
  tax_election: TaxElection
  token_class: TokenClass
  token_hold: TokenHold
  token_hold_lot: TokenHoldLot
  token_receipt: TokenReceipt
  token_sending: TokenSending
  token_sending_lot: TokenSendingLot
  token_supply: TokenSupply
  transfer: Transfer
  usage_pull: UsagePull
  usage_record: UsageRecord
  usage_reporter: UsageReporter
  vested: Vested
  vesting_grant: VestingGrant
  wall: Wall
  warrant_exercise: WarrantExercise
  warrant_extension: WarrantExtension
  wind_down: WindDown
}
