/** Corrections and arrears as screens read them. Visibility is the company's, and is decided by the caller. */
import { listOfEach, type MicroTokens, type Reader, type Ref, type Uuid } from '../../platform/index.ts'

/** Raised usage for which there were no tokens. */
export type ArrearsView = {
  readonly ref: Ref
  readonly usageId: Uuid
  /** Null for use outside any reservation. */
  readonly reservationId: Uuid | null
  readonly amount: MicroTokens
  readonly settled: MicroTokens
  readonly cancelled: MicroTokens
  readonly openedAt: string
}
/** A correction of usage, or of what was charged for it. */
export type CorrectionView = {
  readonly ref: Ref
  readonly kind: string
  readonly usageId: Uuid | null
  readonly reservationId: Uuid | null
  readonly before: bigint | null
  readonly after: bigint | null
  readonly reasonCode: string
  readonly reason: string
  readonly correctedAs: string
  readonly correctedAt: string
  readonly accountedAt: string
}

/** Most that is listed of each company, newest first. */
export const CORRECTIONS_LISTED = 200

/** What is open of these companies' arrears, oldest first. */
export async function openArrearsOf(reader: Reader, companyIds: readonly Uuid[]): Promise<Map<Uuid, ArrearsView[]>> {
  const found = await listOfEach(reader, companyIds, (company) =>
    reader
      .selectFrom('arrears')
      .selectAll()
      .where('company_id', '=', company.id)
      .whereRef((on) => on('settled_micro', '+', on.ref('cancelled_micro')), '<', 'amount_micro')
      .orderBy('arrears_id')
      .limit(CORRECTIONS_LISTED),
  )
  return new Map(
    [...found].map(([companyId, rows]) => [
      companyId,
      rows.map((row) => ({
        ref: { companyId, id: row.arrears_id },
        usageId: row.usage_id,
        reservationId: row.reservation_id,
        amount: row.amount_micro,
        settled: row.settled_micro,
        cancelled: row.cancelled_micro,
        openedAt: row.opened_at,
      })),
    ]),
  )
}

/** The corrections of these companies, newest first. */
export async function correctionsOf(reader: Reader, companyIds: readonly Uuid[]): Promise<Map<Uuid, CorrectionView[]>> {
  const found = await listOfEach(reader, companyIds, (company) =>
    reader
      .selectFrom('correction')
      .selectAll()
      .where('company_id', '=', company.id)
      .orderBy('correction_id', 'desc')
      .limit(CORRECTIONS_LISTED),
  )
  return new Map(
    [...found].map(([companyId, rows]) => [
      companyId,
      rows.map((row) => ({
        ref: { companyId, id: row.correction_id },
        kind: row.kind,
        usageId: row.usage_id,
        reservationId: row.reservation_id,
        before: row.gpu_seconds_before,
        after: row.gpu_seconds_after,
        reasonCode: row.reason_code,
        reason: row.reason,
        correctedAs: row.corrected_as,
        correctedAt: row.corrected_at,
        accountedAt: row.accounted_at,
      })),
    ]),
  )
}
