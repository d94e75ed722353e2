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

export interface Finding {
  company_id: string
  finding_id: string
  run_id: string
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
  fund_name: string
  fund_ultimate_parent: string
  created_at: string
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

export interface Membership {
  membership_id: string
  person_id: string
  role: string
  company_id: string | null
  provider_id: string | null
  since: string
  ended_at: string | null
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

export interface Migration {
  name: string
  sha256: string
  applied_at: Generated<string>
}

export interface OpenPending {
  holder_id: string
  transfer_id: string
  expires_at: string | null
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
}

export interface PoolStep {
  pool_id: string
  starts_at: string
  capacity: number
  used: number
}

export interface Provider {
  provider_id: string
  name: string
  affiliation: string
  created_at: string
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
}

export interface Session {
  token_hash: Buffer
  person_id: string
  kind: string
  created_at: string
  expires_at: string
  ended_at: string | null
}

export interface SignInLink {
  token_hash: Buffer
  person_id: string
  created_at: string
  expires_at: string
  used_at: string | null
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

export interface UsageRecord {
  company_id: string
  usage_id: string
  reservation_id: string
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

export interface DB {
  audit_event: AuditEvent
  company: Company
  company_identity: CompanyIdentity
  factor: Factor
  finding: Finding
  flag: Flag
  flag_event: FlagEvent
  idempotency_record: IdempotencyRecord
  installation: Installation
  ledger_account: LedgerAccount
  lot: Lot
  membership: Membership
  meter: Meter
  migration: Migration
  open_pending: OpenPending
  person: Person
  person_details: PersonDetails
  pool: Pool
  pool_booking: PoolBooking
  pool_step: PoolStep
  provider: Provider
  recorded_fact: RecordedFact
  release_plan: ReleasePlan
  reservation: Reservation
  reservation_event: ReservationEvent
  session: Session
  sign_in_link: SignInLink
  supply_authorisation: SupplyAuthorisation
  token_class: TokenClass
  token_hold: TokenHold
  token_hold_lot: TokenHoldLot
  token_supply: TokenSupply
  transfer: Transfer
  usage_record: UsageRecord
  wall: Wall
}
