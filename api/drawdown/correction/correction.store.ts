/** Writes corrections, and reads what they correct. */
import { sql } from 'kysely'
import {
  formatNumeric,
  instant,
  type MicroTokens,
  type Numeric,
  parseNumeric,
  type Trx,
  type Uuid,
} from '../../platform/index.ts'
import type { CorrectingMove } from '../../tokens/index.ts'
import type { Family } from '../basis-line.ts'
import { usedUntil } from '../used-until.ts'

export type CorrectionKind =
  | 'lower'
  | 'raise'
  | 'void'
  | 'booked_later'
  | 'arrears'
  | 'credit'
  | 'suspend'
  | 'reinstate'
  | 'late_usage'

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
  /** Null for use outside any reservation. */
  readonly reservationId: Uuid | null
  readonly usageId: Uuid | null
  readonly cause: string
  readonly amount: MicroTokens
  readonly basisFrom: MicroTokens
  readonly basisTo: MicroTokens
  readonly at: string
}

/** Stores them in one statement, however many they are. */
export async function insertCorrectingCharges(
  trx: Trx,
  companyId: Uuid,
  charges: readonly CorrectingCharge[],
): Promise<void> {
  if (charges.length === 0) return
  const rows = JSON.stringify(
    charges.map((charge) => ({
      charge_id: charge.chargeId,
      grant_id: charge.grantId,
      lot_id: charge.lotId,
      reservation_id: charge.reservationId,
      usage_id: charge.usageId,
      cause: charge.cause,
      amount_micro: charge.amount.toString(),
      basis_from: charge.basisFrom.toString(),
      basis_to: charge.basisTo.toString(),
      at: charge.at,
      correction_id: charge.correctionId,
      corrects: charge.corrects,
    })),
  )
  await sql`
    INSERT INTO charge (company_id, charge_id, grant_id, lot_id, reservation_id, usage_id, cause, amount_micro,
      basis_from, basis_to, at, correction_id, corrects)
    SELECT ${companyId}::uuid, charge_id, grant_id, lot_id, reservation_id, usage_id, cause, amount_micro, basis_from, basis_to,
      at, correction_id, corrects
    FROM jsonb_to_recordset(${rows}::jsonb) AS given (charge_id uuid, grant_id uuid, lot_id uuid, reservation_id uuid,
      usage_id uuid, cause text, amount_micro bigint, basis_from bigint, basis_to bigint, at timestamptz, correction_id uuid,
      corrects uuid)`.execute(trx)
}

/** GPU-seconds of these usage records as they count now, and how often each was corrected. */
export async function currentUsage(
  trx: Trx,
  companyId: Uuid,
  usageIds: readonly Uuid[],
): Promise<Map<Uuid, CurrentUsage>> {
  if (usageIds.length === 0) return new Map()
  const { rows } = await sql<Omit<CurrentUsage, 'rate'> & { usageId: Uuid; rate: string | null }>`
    SELECT usage.usage_id AS "usageId", usage.reservation_id AS "reservationId", usage.external_id AS "externalId",
      usage.pool_id AS "poolId", usage.rate,
      coalesce(last.gpu_seconds_after, usage.gpu_seconds) AS "gpuSeconds", coalesce(last.ordinal, 0) AS corrections,
      usage.started_at AS "startedAt", usage.ended_at AS "endedAt",
      (SELECT min(charge.at) FROM charge WHERE charge.company_id = usage.company_id AND charge.usage_id = usage.usage_id) AS "chargedAt",
      last.accounted_at AS "correctedAt"
    FROM usage_record AS usage
    LEFT JOIN LATERAL (SELECT gpu_seconds_after, ordinal, accounted_at FROM correction
      WHERE correction.company_id = usage.company_id AND correction.usage_id = usage.usage_id
        AND correction.ordinal IS NOT NULL ORDER BY ordinal DESC LIMIT 1) AS last ON true
    WHERE usage.company_id = ${companyId} AND usage.usage_id = ANY(${[...usageIds]}::uuid[])`.execute(trx)
  return new Map(
    rows.map(({ usageId, rate, ...row }) => [usageId, { ...row, rate: rate === null ? null : parseNumeric(rate) }]),
  )
}
export type CurrentUsage = {
  /** Null for use outside any reservation. */
  readonly reservationId: Uuid | null
  readonly poolId: Uuid
  /** Of use outside any reservation, H100-hours per GPU-hour: at which it was metered. */
  readonly rate: Numeric | null
  readonly externalId: string
  readonly gpuSeconds: bigint
  readonly corrections: number
  readonly startedAt: string
  readonly endedAt: string
  /** When it was first charged: its month. */
  readonly chargedAt: string | null
  /** Where the last correction of it is booked; null where there is none. */
  readonly correctedAt: string | null
}

/** A correction takes back what an earlier one may have charged: it is booked with it or after it, never before. */
export const bookedFrom = ({ chargedAt, correctedAt }: CurrentUsage): string => correctedAt ?? chargedAt ?? ''

/** What is left, net, of the charges of a reservation by one cause: of one record, or the latest of all. */
export type NetCharge = {
  readonly head: Uuid
  readonly grantId: Uuid | null
  readonly lotId: Uuid
  readonly usageId: Uuid | null
  readonly cause: string
  readonly at: string
  readonly net: MicroTokens
}

export async function netCharges(
  trx: Trx,
  companyId: Uuid,
  of: { reservationId: Uuid; cause: string; usageId?: Uuid },
): Promise<NetCharge[]> {
  const { rows } = await sql<NetCharge>`
    SELECT head.charge_id AS head, head.grant_id AS "grantId", head.lot_id AS "lotId", head.usage_id AS "usageId", head.cause,
      head.at, (head.amount_micro + coalesce((SELECT sum(back.amount_micro) FROM charge AS back
        WHERE back.company_id = head.company_id AND back.corrects = head.charge_id), 0))::bigint AS net
    FROM charge AS head
    WHERE head.company_id = ${companyId} AND head.reservation_id = ${of.reservationId} AND head.corrects IS NULL
      AND head.cause = ${of.cause} AND (${of.usageId ?? null}::uuid IS NULL OR head.usage_id = ${of.usageId ?? null}::uuid)
    ORDER BY head.at DESC, head.charge_id DESC`.execute(trx)
  return rows.filter(({ net }) => net > 0n)
}

/**
 * The same of use outside any reservation: of one record, or of the other records of its meter, no more of these than
 * `missing` micro-tokens can be taken from, at one each: a meter may have very many.
 */
export async function netDrawn(
  trx: Trx,
  companyId: Uuid,
  of:
    | { readonly usageId: Uuid }
    | { readonly besides: Uuid; readonly poolId: Uuid; readonly rate: Numeric; readonly missing: MicroTokens },
): Promise<NetCharge[]> {
  const records =
    'usageId' in of
      ? sql`head.usage_id = ${of.usageId}`
      : sql`head.usage_id <> ${of.besides} AND head.usage_id IN (SELECT usage_id FROM usage_record
          WHERE company_id = ${companyId} AND pool_id = ${of.poolId} AND rate = ${formatNumeric(of.rate)}::numeric)`
  const { rows } = await sql<NetCharge>`
    SELECT head.charge_id AS head, head.grant_id AS "grantId", head.lot_id AS "lotId", head.usage_id AS "usageId", head.cause,
      head.at, (head.amount_micro + back.amount)::bigint AS net
    FROM charge AS head
    CROSS JOIN LATERAL (SELECT coalesce(sum(correcting.amount_micro), 0) AS amount FROM charge AS correcting
      WHERE correcting.company_id = head.company_id AND correcting.corrects = head.charge_id) AS back
    WHERE head.company_id = ${companyId} AND head.reservation_id IS NULL AND head.corrects IS NULL AND ${records}
      AND head.amount_micro + back.amount > 0
    ORDER BY head.at DESC, head.charge_id DESC LIMIT ${'missing' in of ? of.missing : null}::bigint`.execute(trx)
  return rows
}

/**
 * Charges of a grant from the end of its line of the vest basis backwards, as far as their parts reach above `floor`. One query
 * over the grant.
 */
export async function familiesAbove(trx: Trx, companyId: Uuid, grantId: Uuid, floor: MicroTokens): Promise<Family[]> {
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
    FROM line WHERE ending > ${floor}::bigint AND length > 0
    ORDER BY ending DESC, length DESC`.execute(trx)
  return rows
}

/** A charge that corrections name. */
export type Head = {
  readonly at: string
  /** When it was made, which may be after the instant in which it is booked. */
  readonly madeAt: string
  /** When the time that it is for ended; null for what is of no time. */
  readonly usedUntil: string | null
  /** Whether a dispute keeps it aside: still, or for good, since it was settled after the grant was. */
  readonly isSetAside: boolean
}

/** These charges, in one statement. */
export async function headsOf(trx: Trx, companyId: Uuid, chargeIds: readonly Uuid[]): Promise<ReadonlyMap<Uuid, Head>> {
  if (chargeIds.length === 0) return new Map()
  const { rows } = await sql<Head & { chargeId: Uuid }>`
    SELECT head.charge_id AS "chargeId", head.at, coalesce(correction.corrected_at, head.at) AS "madeAt",
      ${usedUntil} AS "usedUntil", EXISTS (SELECT FROM dispute_suspension AS aside
        JOIN dispute_progress AS dispute ON dispute.company_id = aside.company_id AND dispute.dispute_id = aside.dispute_id
        JOIN grant_progress AS progress ON progress.company_id = aside.company_id AND progress.grant_id = aside.grant_id
        LEFT JOIN correction AS again ON again.company_id = dispute.company_id AND again.correction_id = dispute.reinstated_by
        WHERE aside.company_id = head.company_id AND aside.charge_id = head.charge_id
          AND (dispute.state = 'set_aside' OR again.corrected_at > progress.settled_at)) AS "isSetAside"
    FROM charge AS head LEFT JOIN correction
      ON correction.company_id = head.company_id AND correction.correction_id = head.correction_id
    WHERE head.company_id = ${companyId} AND head.charge_id = ANY(${[...chargeIds]}::uuid[])`.execute(trx)
  return new Map(rows.map(({ chargeId, ...head }) => [chargeId, head]))
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
