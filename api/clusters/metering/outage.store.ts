/** Writes and reads outages of reservations, and what was credited for them. */
import { sql } from 'kysely'
import {
  instant,
  type MicroTokens,
  type Numeric,
  newId,
  type Reader,
  type Ref,
  type Trx,
  type Uuid,
} from '../../platform/index.ts'
import type { Interval } from '../interval.ts'
import { bookingTermsOf, HOUSE_RULES } from '../reservation/booking-terms.ts'
import type { LockedReservation } from '../reservation/reservation.store.ts'
import { type GpuSeconds, holdAmount } from './charge.ts'
import { downGpuSeconds, type Outage, outageCredits } from './outage.ts'

/** An outage as it was recorded. */
export type OutageView = Outage & {
  readonly companyId: Uuid
  readonly reservationId: Uuid
  readonly outageId: Uuid
  /** Who or what says so. */
  readonly source: string
  readonly evidence: string
  /** By which it raised what counts as down. */
  readonly gpuSeconds: GpuSeconds
  readonly recordedAs: string
  readonly recordedAt: string
}

/** Most that is recorded of one reservation. */
export const OUTAGES_MAX = 500

/** Outages of reservations that the caller has shown to be visible, in the order they were recorded. One query. */
export async function outagesOf(reader: Reader, refs: readonly Ref[]): Promise<OutageView[]> {
  if (refs.length === 0) return []
  return reader
    .selectFrom('reservation_outage')
    .select([
      'company_id as companyId',
      'reservation_id as reservationId',
      'outage_id as outageId',
      'gpus',
      'node',
      'starts_at as startsAt',
      'ends_at as endsAt',
      'source',
      'evidence',
      'gpu_seconds as gpuSeconds',
      'recorded_as as recordedAs',
      'recorded_at as recordedAt',
    ])
    .where(ofThese(refs))
    .orderBy('outage_id')
    .execute()
}

/** Tokens credited to reservations for outages, by lot. One query. */
export async function outageCreditsOf(
  reader: Reader,
  refs: readonly Ref[],
): Promise<{ companyId: Uuid; reservationId: Uuid; lotId: Uuid; amount: MicroTokens }[]> {
  if (refs.length === 0) return []
  const { rows } = await sql<{ companyId: Uuid; reservationId: Uuid; lotId: Uuid; amount: MicroTokens }>`
    SELECT company_id AS "companyId", reservation_id AS "reservationId", lot_id AS "lotId", sum(amount_micro)::bigint AS amount
    FROM outage_credit WHERE ${ofThese(refs)} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`.execute(reader)
  return rows
}

const ofThese = (refs: readonly Ref[]) => sql<boolean>`(company_id, reservation_id) IN (
  SELECT * FROM unnest(${refs.map((ref) => ref.companyId)}::uuid[], ${refs.map((ref) => ref.id)}::uuid[]))`

export async function insertOutage(
  trx: Trx,
  { companyId, id }: Ref,
  outage: Omit<OutageView, 'companyId' | 'reservationId' | 'recordedAt'> & { readonly recordedBy: Uuid },
): Promise<void> {
  await trx
    .insertInto('reservation_outage')
    .values({
      company_id: companyId,
      outage_id: outage.outageId,
      reservation_id: id,
      gpus: outage.gpus,
      node: outage.node,
      starts_at: outage.startsAt,
      ends_at: outage.endsAt,
      source: outage.source,
      evidence: outage.evidence,
      gpu_seconds: outage.gpuSeconds,
      recorded_as: outage.recordedAs,
      recorded_by: outage.recordedBy,
      recorded_at: await instant(trx),
    })
    .execute()
}

/** What counts as down of a locked reservation, and what is credited of charges for its unused time. */
export type Down = {
  readonly gpuSeconds: GpuSeconds
  creditsOf(charged: ReadonlyMap<Uuid, MicroTokens>): ReadonlyMap<Uuid, MicroTokens>
}

export async function downOf(trx: Trx, reservation: LockedReservation, within: Interval): Promise<Down> {
  const { ref, gpus, factor, requestedAt } = reservation
  const gpuSeconds = downGpuSeconds(await outagesOf(trx, [ref]), gpus, within)
  const terms = gpuSeconds === 0n ? undefined : await bookingTermsOf(trx, ref.companyId, requestedAt)
  const factorOf = (lotId: Uuid): Numeric => (terms?.get(lotId) ?? HOUSE_RULES).outageFactor
  return {
    gpuSeconds,
    creditsOf: (charged) => outageCredits(charged, holdAmount(gpuSeconds, factor), factorOf),
  }
}

/** Keeps what was credited, by lot. `correctionId` where it had been charged. */
export async function insertOutageCredits(
  trx: Trx,
  { companyId, id }: Ref,
  credits: ReadonlyMap<Uuid, MicroTokens>,
  of: { readonly downGpuSeconds: GpuSeconds; readonly correctionId: Uuid | null },
): Promise<void> {
  const at = await instant(trx)
  const rows = [...credits].filter(([, amount]) => amount > 0n)
  if (rows.length === 0) return
  await trx
    .insertInto('outage_credit')
    .values(
      rows.map(([lotId, amount]) => ({
        company_id: companyId,
        credit_id: newId(),
        reservation_id: id,
        lot_id: lotId,
        amount_micro: amount,
        down_gpu_seconds: of.downGpuSeconds,
        correction_id: of.correctionId,
        credited_at: at,
      })),
    )
    .execute()
}
