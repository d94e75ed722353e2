/** Writes usage records and moves the meter. */
import { instant, type MicroTokens, type Ref, type Trx, type Uuid } from '../../platform/index.ts'
import type { LockedReservation } from '../reservation/reservation.store.ts'
import type { GpuSeconds } from './charge.ts'

/** Metered use of GPUs by one job, or by a part of it. */
export type UsageRecord = {
  /** Which scheduler or accounting system says so. */
  readonly source: string
  /** The source's own id of the record: the same id is the same usage. */
  readonly externalId: string
  readonly gpuSeconds: GpuSeconds
  readonly startedAt: string
  readonly endedAt: string
  readonly job: string | null
}
/** A record as it is stored, with the micro-tokens by which it moved the meter. */
export type StoredUsage = UsageRecord & {
  readonly usageId: Uuid
  /** Null for use outside any reservation. */
  readonly reservationId: Uuid | null
  readonly charged: MicroTokens
}

/** Cumulative sums of one reservation. */
export type Meter = {
  readonly reservedGpuSeconds: GpuSeconds
  readonly gpuSeconds: GpuSeconds
  readonly delivered: MicroTokens
  readonly idle: MicroTokens
}

/** Reads the meter of a reservation whose row is locked: that lock guards it. */
export async function readMeter(trx: Trx, ref: Ref): Promise<Meter> {
  return trx
    .selectFrom('meter')
    .select([
      'reserved_gpu_seconds as reservedGpuSeconds',
      'gpu_seconds as gpuSeconds',
      'delivered_micro as delivered',
      'idle_micro as idle',
    ])
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .executeTakeFirstOrThrow()
}

/** Sets the meter's cumulative sums. The database refuses more than what was reserved or held. */
export async function moveMeter(
  trx: Trx,
  ref: Ref,
  to: { gpuSeconds: GpuSeconds; delivered: MicroTokens; idle: MicroTokens },
): Promise<void> {
  await trx
    .updateTable('meter')
    .set({ gpu_seconds: to.gpuSeconds, delivered_micro: to.delivered, idle_micro: to.idle })
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .execute()
}

/** Of these records, the ones that are stored already, whichever of the company's reservations they are of. */
export async function storedUsage(
  trx: Trx,
  reservation: LockedReservation,
  records: readonly UsageRecord[],
): Promise<StoredUsage[]> {
  return trx
    .selectFrom('usage_record')
    .select([
      'usage_id as usageId',
      'reservation_id as reservationId',
      'source',
      'external_id as externalId',
      'gpu_seconds as gpuSeconds',
      'charged_micro as charged',
      'started_at as startedAt',
      'ended_at as endedAt',
      'job',
    ])
    .where('company_id', '=', reservation.ref.companyId)
    .where('pool_id', '=', reservation.poolId)
    .where('source', 'in', [...new Set(records.map((record) => record.source))])
    .where('external_id', 'in', [...new Set(records.map((record) => record.externalId))])
    .execute()
}

/** Inserts records in one statement; `requestId` is the signed request that carried them. */
export async function insertUsage(
  trx: Trx,
  reservation: LockedReservation,
  records: readonly StoredUsage[],
  recordedBy: Uuid,
  requestId?: Uuid | undefined,
): Promise<void> {
  if (records.length === 0) return
  const at = await instant(trx)
  const of = { company_id: reservation.ref.companyId, reservation_id: reservation.ref.id }
  await trx
    .insertInto('usage_reporter')
    .values({ ...of, person_id: recordedBy })
    .onConflict((conflict) => conflict.constraint('usage_reporter_pkey').doNothing())
    .execute()
  await trx
    .insertInto('usage_record')
    .values(
      records.map((record) => ({
        ...of,
        usage_id: record.usageId,
        pool_id: reservation.poolId,
        source: record.source,
        external_id: record.externalId,
        gpu_seconds: record.gpuSeconds,
        charged_micro: record.charged,
        started_at: record.startedAt,
        ended_at: record.endedAt,
        job: record.job,
        recorded_by: recordedBy,
        recorded_at: at,
        request_id: requestId ?? null,
      })),
    )
    .execute()
}

/** Whether no usage of a reservation has been told. */
export async function isUnused(trx: Trx, ref: Ref): Promise<boolean> {
  const row = await trx
    .selectFrom('usage_record')
    .select('usage_id')
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .limit(1)
    .executeTakeFirst()
  return row === undefined
}

/** Until when usage of a locked reservation was told; undefined where none was. */
export async function usageEndsAt(trx: Trx, ref: Ref): Promise<string | undefined> {
  const { endsAt } = await trx
    .selectFrom('usage_record')
    .select((on) => on.fn.max('ended_at').as('endsAt'))
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .executeTakeFirstOrThrow()
  return endsAt ?? undefined
}
