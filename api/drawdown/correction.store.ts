/** Writes corrections, and reads what they correct. */
import { sql } from 'kysely'
import { instant, type MicroTokens, type Trx, type Uuid } from '../platform/index.ts'
import type { CorrectingMove } from '../tokens/index.ts'
import type { Family } from './basis-line.ts'

export type CorrectionKind = 'lower' | 'raise' | 'void' | 'arrears' | 'credit' | 'suspend' | 'reinstate'

export type NewCorrection = {
  readonly companyId: Uuid
  readonly correctionId: Uuid
  readonly kind: CorrectionKind
  readonly reservationId: Uuid | null
  readonly usageId: Uuid | null
  /** Of a usage record: which correction of it this is, and its GPU-seconds before and after. */
  readonly usage: { readonly ordinal: number; readonly before: bigint; readonly after: bigint } | null
  readonly reasonCode: string
  readonly reason: string
  readonly correctedAs: 'provider' | 'operations' | 'both_sides' | 'expert'
  readonly correctedBy: Uuid
  readonly accountedAt: string
}

export async function insertCorrection(trx: Trx, correction: NewCorrection): Promise<void> {
  await trx
    .insertInto('correction')
    .values({
      company_id: correction.companyId,
      correction_id: correction.correctionId,
      kind: correction.kind,
      reservation_id: correction.reservationId,
      usage_id: correction.usageId,
      ordinal: correction.usage?.ordinal ?? null,
      gpu_seconds_before: correction.usage?.before ?? null,
      gpu_seconds_after: correction.usage?.after ?? null,
      reason_code: correction.reasonCode,
      reason: correction.reason,
      corrected_as: correction.correctedAs,
      corrected_by: correction.correctedBy,
      corrected_at: await instant(trx),
      accounted_at: correction.accountedAt,
    })
    .execute()
}

/** The tokens that a correction moved, with the transfers that moved them. */
export async function insertParts(
  trx: Trx,
  companyId: Uuid,
  correctionId: Uuid,
  moves: readonly CorrectingMove[],
  transfers: readonly Uuid[],
): Promise<void> {
  if (moves.length === 0) return
  await trx
    .insertInto('correction_part')
    .values(
      moves.map((move, index) => ({
        company_id: companyId,
        correction_id: correctionId,
        ordinal: index + 1,
        lot_id: move.lotId,
        from_kind: move.from,
        to_kind: move.to,
        amount_micro: move.amount,
        transfer_id: transfers[index] ?? '',
      })),
    )
    .execute()
}

/** A charge row of a correction: its amount may be negative, its part of the basis may fall. */
export type CorrectingCharge = {
  readonly chargeId: Uuid
  readonly correctionId: Uuid
  readonly corrects: Uuid | null
  readonly grantId: Uuid | null
  readonly lotId: Uuid
  readonly reservationId: Uuid
  readonly usageId: Uuid | null
  readonly cause: string
  readonly amount: MicroTokens
  readonly basisFrom: MicroTokens
  readonly basisTo: MicroTokens
  readonly at: string
}

export async function insertCorrectingCharges(
  trx: Trx,
  companyId: Uuid,
  rows: readonly CorrectingCharge[],
): Promise<void> {
  if (rows.length === 0) return
  await trx
    .insertInto('charge')
    .values(
      rows.map((row) => ({
        company_id: companyId,
        charge_id: row.chargeId,
        grant_id: row.grantId,
        lot_id: row.lotId,
        reservation_id: row.reservationId,
        usage_id: row.usageId,
        cause: row.cause,
        amount_micro: row.amount,
        basis_from: row.basisFrom,
        basis_to: row.basisTo,
        at: row.at,
        correction_id: row.correctionId,
        corrects: row.corrects,
      })),
    )
    .execute()
}

/** GPU-seconds of these usage records as they count now, and how often each was corrected. */
export async function currentUsage(
  trx: Trx,
  companyId: Uuid,
  usageIds: readonly Uuid[],
): Promise<Map<Uuid, CurrentUsage>> {
  if (usageIds.length === 0) return new Map()
  const { rows } = await sql<CurrentUsage & { usageId: Uuid }>`
    SELECT usage.usage_id AS "usageId", usage.reservation_id AS "reservationId", usage.external_id AS "externalId",
      coalesce(last.gpu_seconds_after, usage.gpu_seconds) AS "gpuSeconds", coalesce(last.ordinal, 0) AS corrections,
      usage.started_at AS "startedAt", usage.ended_at AS "endedAt",
      (SELECT min(charge.at) FROM charge WHERE charge.company_id = usage.company_id AND charge.usage_id = usage.usage_id) AS "chargedAt"
    FROM usage_record AS usage
    LEFT JOIN LATERAL (SELECT gpu_seconds_after, ordinal FROM correction
      WHERE correction.company_id = usage.company_id AND correction.usage_id = usage.usage_id
        AND correction.ordinal IS NOT NULL ORDER BY ordinal DESC LIMIT 1) AS last ON true
    WHERE usage.company_id = ${companyId} AND usage.usage_id = ANY(${[...usageIds]}::uuid[])`.execute(trx)
  return new Map(rows.map(({ usageId, ...row }) => [usageId, row]))
}
export type CurrentUsage = {
  readonly reservationId: Uuid
  readonly externalId: string
  readonly gpuSeconds: bigint
  readonly corrections: number
  readonly startedAt: string
  readonly endedAt: string
  /** When it was first charged: its month. */
  readonly chargedAt: string | null
}

/** What is left, net, of the charges of a reservation by one cause: of one record, or the latest of all. */
export type NetCharge = {
  readonly head: Uuid
  readonly grantId: Uuid | null
  readonly lotId: Uuid
  readonly usageId: Uuid | null
  readonly cause: string
  readonly net: MicroTokens
}

export async function netCharges(
  trx: Trx,
  companyId: Uuid,
  of: { reservationId: Uuid; cause: string; usageId?: Uuid },
): Promise<NetCharge[]> {
  const { rows } = await sql<NetCharge>`
    SELECT head.charge_id AS head, head.grant_id AS "grantId", head.lot_id AS "lotId", head.usage_id AS "usageId", head.cause,
      (head.amount_micro + coalesce((SELECT sum(back.amount_micro) FROM charge AS back
        WHERE back.company_id = head.company_id AND back.corrects = head.charge_id), 0))::bigint AS net
    FROM charge AS head
    WHERE head.company_id = ${companyId} AND head.reservation_id = ${of.reservationId} AND head.corrects IS NULL
      AND head.cause = ${of.cause} AND (${of.usageId ?? null}::uuid IS NULL OR head.usage_id = ${of.usageId ?? null}::uuid)
    ORDER BY head.at DESC, head.charge_id DESC`.execute(trx)
  return rows.filter(({ net }) => net > 0n)
}

/**
 * Charges of a grant from the end of its line of the vest basis backwards, as far as their parts reach above `floor`, and
 * these charges in any case. One query over the grant.
 */
export async function familiesAbove(
  trx: Trx,
  companyId: Uuid,
  grantId: Uuid,
  floor: MicroTokens,
  heads: readonly Uuid[],
): Promise<Family[]> {
  const { rows } = await sql<Family>`
    WITH family AS (
      SELECT coalesce(corrects, charge_id) AS head, sum(basis_to - basis_from) AS length FROM charge
      WHERE company_id = ${companyId} AND grant_id = ${grantId} GROUP BY 1
    ), line AS (
      SELECT family.head, charge.lot_id, charge.reservation_id, charge.usage_id, charge.cause, family.length,
        sum(family.length) OVER (ORDER BY charge.at, charge.charge_id) AS ending
      FROM family JOIN charge ON charge.company_id = ${companyId} AND charge.charge_id = family.head)
    SELECT head, lot_id AS "lotId", reservation_id AS "reservationId", usage_id AS "usageId", cause,
      ending::bigint AS "end", length::bigint AS length
    FROM line WHERE (ending > ${floor}::bigint AND length > 0) OR head = ANY(${[...heads]}::uuid[])
    ORDER BY ending DESC, length DESC`.execute(trx)
  return rows
}

/** Of each grant the basis that final statements have vested: below it nothing falls any more. */
export async function finalBasis(trx: Trx, companyId: Uuid): Promise<Map<Uuid, MicroTokens>> {
  const rows = await trx
    .selectFrom('statement_line as line')
    .innerJoin('statement_progress as progress', (join) =>
      join
        .onRef('progress.company_id', '=', 'line.company_id')
        .onRef('progress.statement_id', '=', 'line.statement_id'),
    )
    .select(['line.grant_id', (on) => on.fn.max('line.basis_to').as('basis')])
    .where('line.company_id', '=', companyId)
    .where('progress.state', '=', 'final')
    .groupBy('line.grant_id')
    .execute()
  return new Map(rows.map((row) => [row.grant_id, row.basis]))
}
