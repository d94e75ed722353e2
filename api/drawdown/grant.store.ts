/** Writes and locks what a grant's draws earn. */
import { sql } from 'kysely'
import { z } from 'zod'
import { instant, type MicroTokens, type Reader, type Trx, type Uuid, type WholeShares } from '../platform/index.ts'
import { applyGrantChanges } from './change-grant.ts'
import type { Cause, DrawdownAllocation, EarningTerms } from './earned.ts'

/** The signed terms by which a grant's tokens earn shares. */
export type VestingGrant = {
  readonly companyId: Uuid
  readonly grantId: Uuid
  readonly lotId: Uuid
  readonly roundId: Uuid
  /** The signed document that says all this. */
  readonly termsDocumentId: Uuid
  /** OCF security that vests. */
  readonly securityId: string
  /** What `terms` count: whole shares, or cents of a SAFE's purchase amount. */
  readonly unit: 'SHARE' | 'CENT'
  readonly terms: EarningTerms
  readonly basis: 'delivered' | 'reserved' | 'released'
  readonly charging: 'RESERVED' | 'METERED'
  readonly disputeWindowDays: number
  readonly longStop: string
}

/** Starts the account of a grant: nothing drawn, nothing earned. Called once, when the round closes. */
export async function openVesting(trx: Trx, grant: VestingGrant): Promise<void> {
  const { companyId, grantId, terms } = grant
  await trx
    .insertInto('vesting_grant')
    .values({
      company_id: companyId,
      grant_id: grantId,
      lot_id: grant.lotId,
      round_id: grant.roundId,
      terms_document_id: grant.termsDocumentId,
      security_id: grant.securityId,
      unit: grant.unit,
      granted_micro: terms.granted,
      total_shares: terms.total,
      basis: grant.basis,
      allocation: terms.allocation,
      tranches: terms.tranches,
      cliff_micro: terms.cliff,
      charging: grant.charging,
      dispute_window_days: grant.disputeWindowDays,
      long_stop: grant.longStop,
      opened_at: await instant(trx),
    })
    .execute()
  await trx
    .insertInto('grant_progress')
    .values({ company_id: companyId, grant_id: grantId, granted_micro: terms.granted, total_shares: terms.total })
    .execute()
}

const Basis = z.enum(['delivered', 'reserved', 'released'])
const ALLOCATIONS = [
  'CUMULATIVE_ROUNDING',
  'CUMULATIVE_ROUND_DOWN',
  'FRACTIONAL',
  'FRONT_LOADED',
  'BACK_LOADED',
  'FRONT_LOADED_TO_SINGLE_TRANCHE',
  'BACK_LOADED_TO_SINGLE_TRANCHE',
] as const satisfies readonly DrawdownAllocation[]
const Allocation = z.enum(ALLOCATIONS)
const Unit = z.enum(['SHARE', 'CENT'])
const Charging = z.enum(['RESERVED', 'METERED'])

/** A grant's cumulative sums, locked. Mutable while a batch is worked on; {@link storeProgress} writes it once. */
export type Progress = {
  readonly grant: VestingGrant
  readonly openedAt: string
  /** From this day on what is used earns nothing; null while the grant runs. */
  readonly endedOn: string | null
  /** When its unearned shares were vested or forfeited: nothing earns any more, whenever it was used. Null until then. */
  readonly settledAt: string | null
  readonly charged: Record<Cause, MicroTokens>
  basis: MicroTokens
  peak: MicroTokens
  earned: WholeShares
  vested: WholeShares
}

/** Locks the sums of all grants of a company, in id order. A company has a handful. */
export async function lockProgress(trx: Trx, companyId: Uuid): Promise<Map<Uuid, Progress>> {
  await applyGrantChanges(trx, companyId)
  const rows = await progressRows(trx, [companyId]).forUpdate('progress').execute()
  return new Map(rows.map((row) => [row.grant_id, progressOfRow(row)]))
}

/** The sums of all grants of these companies as they stand, in id order. */
export const readProgress = async (reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Progress[]> =>
  (await progressRows(reader, companyIds).execute()).map(progressOfRow)

const progressRows = (reader: Reader, companyIds: readonly Uuid[]) =>
  reader
    .selectFrom('grant_progress as progress')
    .innerJoin('vesting_grant as grant', (join) =>
      join.onRef('grant.company_id', '=', 'progress.company_id').onRef('grant.grant_id', '=', 'progress.grant_id'),
    )
    .selectAll('progress')
    .select([
      'grant.lot_id',
      'grant.round_id',
      'grant.terms_document_id',
      // Where the shares stand now: in another security than at closing, once a settlement retired some of them.
      sql<string>`coalesce((SELECT moved.security_id FROM grant_security AS moved
        WHERE moved.company_id = "grant".company_id AND moved.grant_id = "grant".grant_id
        ORDER BY moved.settlement_id DESC LIMIT 1), "grant".security_id)`.as('security_id'),
      'grant.unit',
      'grant.basis',
      'grant.allocation',
      'grant.tranches',
      'grant.cliff_micro',
      'grant.charging',
      'grant.dispute_window_days',
      'grant.long_stop',
      'grant.opened_at',
    ])
    .where('progress.company_id', 'in', [...companyIds])
    .orderBy('progress.company_id')
    .orderBy('progress.grant_id')

type ProgressRow = Awaited<ReturnType<ReturnType<typeof progressRows>['execute']>>[number]

const progressOfRow = (row: ProgressRow): Progress => ({
  grant: {
    companyId: row.company_id,
    grantId: row.grant_id,
    lotId: row.lot_id,
    roundId: row.round_id,
    termsDocumentId: row.terms_document_id,
    securityId: row.security_id,
    unit: Unit.parse(row.unit),
    terms: {
      total: row.total_shares,
      granted: row.granted_micro,
      allocation: Allocation.parse(row.allocation),
      tranches: row.tranches,
      cliff: row.cliff_micro,
    },
    basis: Basis.parse(row.basis),
    charging: Charging.parse(row.charging),
    disputeWindowDays: row.dispute_window_days,
    longStop: row.long_stop,
  },
  openedAt: row.opened_at,
  endedOn: row.ended_on,
  settledAt: row.settled_at,
  charged: {
    delivered: row.delivered_micro,
    idle_reserved: row.idle_reserved_micro,
    no_show: row.no_show_micro,
    cancel_fee: row.cancel_fee_micro,
  },
  basis: row.basis_micro,
  peak: row.basis_peak_micro,
  earned: row.earned_shares,
  vested: row.vested_shares,
})

export async function storeProgress(trx: Trx, progress: Progress): Promise<void> {
  await trx
    .updateTable('grant_progress')
    .set({
      delivered_micro: progress.charged.delivered,
      idle_reserved_micro: progress.charged.idle_reserved,
      no_show_micro: progress.charged.no_show,
      cancel_fee_micro: progress.charged.cancel_fee,
      basis_micro: progress.basis,
      basis_peak_micro: progress.peak,
      earned_shares: progress.earned,
      vested_shares: progress.vested,
    })
    .where('company_id', '=', progress.grant.companyId)
    .where('grant_id', '=', progress.grant.grantId)
    .execute()
}

/** One charge of one lot, as it is stored. */
export type NewCharge = {
  readonly chargeId: Uuid
  /** `null` for tokens that earn nothing. */
  readonly grantId: Uuid | null
  readonly lotId: Uuid
  readonly usageId: Uuid | null
  readonly cause: Cause
  readonly amount: MicroTokens
  readonly basisFrom: MicroTokens
  readonly basisTo: MicroTokens
}

/**
 * Stores the charges of one batch in one statement. They are booked now, but never before a charge that is booked already
 * nor within a month that is stated: a transaction that began before midnight may come to its turn after one that began
 * later, and what is stated stands. The company is locked.
 */
export async function insertCharges(
  trx: Trx,
  companyId: Uuid,
  reservationId: Uuid,
  charges: readonly NewCharge[],
): Promise<void> {
  if (charges.length === 0) return
  const at = await instant(trx)
  const rows = JSON.stringify(
    charges.map((charge) => ({
      charge_id: charge.chargeId,
      grant_id: charge.grantId,
      lot_id: charge.lotId,
      usage_id: charge.usageId,
      cause: charge.cause,
      amount_micro: charge.amount.toString(),
      basis_from: charge.basisFrom.toString(),
      basis_to: charge.basisTo.toString(),
    })),
  )
  await sql`
    INSERT INTO charge (company_id, charge_id, grant_id, lot_id, reservation_id, usage_id, cause, amount_micro,
      basis_from, basis_to, at)
    SELECT ${companyId}::uuid, charge_id, grant_id, lot_id, ${reservationId}::uuid, usage_id, cause, amount_micro,
      basis_from, basis_to, booked.at
    FROM jsonb_to_recordset(${rows}::jsonb) AS given (charge_id uuid, grant_id uuid, lot_id uuid, usage_id uuid,
      cause text, amount_micro bigint, basis_from bigint, basis_to bigint),
      (SELECT greatest(${at}::timestamptz,
        (SELECT max(charge.at) FROM charge WHERE charge.company_id = ${companyId}::uuid),
        (SELECT (max(month) + interval '1 month') AT TIME ZONE 'UTC' FROM statement WHERE company_id = ${companyId}::uuid)
      ) AS at) AS booked`.execute(trx)
}
