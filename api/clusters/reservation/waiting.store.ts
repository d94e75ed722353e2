/** Writes and reads the pool's side of the waiting list. */
import { sql } from 'kysely'
import { addJob, instant, type Reader, type Ref, type Trx, type Uuid } from '../../platform/index.ts'
import { WaitersFirst } from '../errors.ts'
import type { Interval } from '../interval.ts'

/** Name of the job that serves a pool's waiting list. */
export const BACKFILL_JOB = 'clusters.backfill'

/** Hours after which a request that waits is overtaken no longer, whatever would fit beside it. */
const OVERTAKEN_HOURS = 24

export type Waiting = {
  readonly ref: Ref
  readonly poolId: Uuid
  readonly gpus: number
  readonly interval: Interval
  readonly waitsUntil: string
}

export async function insertWaiting(trx: Trx, waiting: Waiting): Promise<void> {
  await trx
    .insertInto('pool_waiting')
    .values({
      pool_id: waiting.poolId,
      reservation_id: waiting.ref.id,
      company_id: waiting.ref.companyId,
      gpus: waiting.gpus,
      starts_at: waiting.interval.startsAt,
      ends_at: waiting.interval.endsAt,
      requested_at: await instant(trx),
      waits_until: waiting.waitsUntil,
    })
    .execute()
  await addBackfill(trx, waiting.poolId, waiting.waitsUntil, waiting.ref.id)
}

/** Takes a request off the list. */
export async function leaveWaiting(trx: Trx, poolId: Uuid, reservationId: Uuid): Promise<void> {
  await trx
    .updateTable('pool_waiting')
    .set({ left_at: await instant(trx) })
    .where('pool_id', '=', poolId)
    .where('reservation_id', '=', reservationId)
    .where('left_at', 'is', null)
    .execute()
}

/** Its turn came and its company could not pay: others need not wait for it. It stays on the list, in its place. */
export async function passOver(trx: Trx, poolId: Uuid, reservationId: Uuid): Promise<void> {
  await trx
    .updateTable('pool_waiting')
    .set({ passed_over_at: await instant(trx) })
    .where('pool_id', '=', poolId)
    .where('reservation_id', '=', reservationId)
    .execute()
}

/** Who waits for GPUs of a pool, in order of request. */
export async function waitingInOrder(reader: Reader, poolId: Uuid, limit: number): Promise<Waiting[]> {
  const rows = await reader
    .selectFrom('pool_waiting')
    .select([
      'company_id as companyId',
      'reservation_id as id',
      'gpus',
      'starts_at as startsAt',
      'ends_at as endsAt',
      'waits_until as waitsUntil',
    ])
    .where('pool_id', '=', poolId)
    .where('left_at', 'is', null)
    .orderBy('requested_at')
    .orderBy('reservation_id')
    .limit(limit)
    .execute()
  return rows.map(({ companyId, id, startsAt, endsAt, ...row }) => ({
    ...row,
    poolId,
    ref: { companyId, id },
    interval: { startsAt, endsAt },
  }))
}

/**
 * Refuses to book where an earlier request waits for GPUs of the same time, and could have them now, or
 * has waited for a day. So a small request may fill a gap that a large one cannot use, but not for ever: nobody starves.
 *
 * @throws {WaitersFirst}
 */
export async function mustNotOvertake(
  trx: Trx,
  booked: { readonly ref: Ref; readonly poolId: Uuid; readonly interval: Interval },
): Promise<void> {
  const { ref, poolId, interval } = booked
  const { rows } = await sql<{ id: Uuid }>`
    SELECT waits.reservation_id AS id FROM pool_waiting AS waits
    WHERE waits.pool_id = ${poolId}::uuid AND waits.left_at IS NULL AND waits.passed_over_at IS NULL
      AND waits.waits_until > equihour_now() AND waits.starts_at > equihour_now()
      AND waits.starts_at < ${interval.endsAt}::timestamptz AND waits.ends_at > ${interval.startsAt}::timestamptz
      AND (waits.requested_at, waits.reservation_id) < (coalesce(
        (SELECT requested_at FROM pool_waiting WHERE pool_id = ${poolId}::uuid AND reservation_id = ${ref.id}::uuid),
        equihour_now()), ${ref.id}::uuid)
      AND (waits.requested_at <= equihour_now() - make_interval(hours => ${OVERTAKEN_HOURS})
        OR pool_free_for(waits.pool_id, waits.company_id, waits.starts_at, waits.ends_at) >= waits.gpus)
      AND waits.gpus <= (SELECT capacity FROM pool WHERE pool_id = ${poolId}::uuid)
    LIMIT 1`.execute(trx)
  if (rows.length > 0) throw new WaitersFirst()
}

/** Has the waiting list looked at, now or at an instant. */
export const addBackfill = (trx: Trx, poolId: Uuid, runAt?: string, key?: Uuid): Promise<void> =>
  addJob(trx, {
    name: BACKFILL_JOB,
    payload: { poolId },
    key: `${BACKFILL_JOB}:${key ?? poolId}`,
    ...(runAt === undefined ? {} : { runAt }),
  })

/** In the transaction that freed capacity, whatever freed it. Where nobody waits, nothing is added. */
export async function capacityFreed(trx: Trx, poolId: Uuid): Promise<void> {
  const waits = await trx
    .selectFrom('pool_waiting')
    .select('reservation_id')
    .where('pool_id', '=', poolId)
    .where('left_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  if (waits !== undefined) await addBackfill(trx, poolId)
}
