/** Where a pool's calendar does not add up any more: what operations and the provider have to solve. */
import { sql } from 'kysely'
import { type Actor, isStaff } from '../../access/index.ts'
import type { Reader, Uuid } from '../../platform/index.ts'
import type { Interval } from '../interval.ts'
import { seesReservation, worksFor } from '../visibility.ts'
import { providersOfPools } from './pool.views.ts'

export const CONFLICTS = [
  'OVER_CAPACITY',
  'MAINTENANCE',
  'OVER_SHARE',
  'DEDICATED_TWICE',
  'PAST_TOKEN_EXPIRY',
  'PAST_LONG_STOP',
] as const
/**
 * `OVER_CAPACITY`: more is booked than the pool has left. `MAINTENANCE`: reservations stand in the way of a window.
 * `OVER_SHARE`: a company has more than its share by now. `DEDICATED_TWICE`: more is dedicated than the pool has left.
 * `PAST_TOKEN_EXPIRY`: a reservation ends after the tokens held for it expire. `PAST_LONG_STOP`: it ends after the long-stop of their
 * grant, or after a settlement ended what they earn.
 */
export type ConflictKind = (typeof CONFLICTS)[number]

export type SchedulingConflict = Interval & {
  readonly poolId: Uuid
  readonly kind: ConflictKind
  /** GPUs that there are, or may be. */
  readonly allowed: number
  /** GPUs that are booked, wanted or promised. */
  readonly wanted: number
  /** Whose, where it is one company's. */
  readonly companyId: Uuid | null
  /** Which reservation, where it is one. */
  readonly reservationId: Uuid | null
  /** The day on which its tokens can no longer pay, or earn; null where it is not about a day. */
  readonly deadline: string | null
}

/** Most conflicts that one answer holds. */
const MOST = 500

/**
 * The conflicts of these pools from now on, earliest first: for the fund's staff and the pool's provider. Two queries. Those of
 * one company only to whoever may see its reservations.
 */
export async function schedulingConflicts(
  reader: Reader,
  actor: Actor,
  poolIds: readonly Uuid[],
): Promise<SchedulingConflict[]> {
  if (poolIds.length === 0) return []
  const providers = await providersOfPools(reader, poolIds)
  const own = poolIds.filter((id) => isStaff(actor) || worksFor(actor, providers.get(id) ?? ''))
  const { rows } = await sql<SchedulingConflict>`
    WITH of_pool AS (SELECT pool_id, capacity, opens_at FROM pool WHERE pool_id = ANY(${own}::uuid[])),
    short AS (
      SELECT piece.pool_id, piece.starts_at, piece.ends_at,
        CASE WHEN EXISTS (SELECT FROM pool_maintenance AS window_of
          WHERE window_of.pool_id = piece.pool_id AND window_of.starts_at < piece.ends_at AND window_of.ends_at > piece.starts_at
            AND (window_of.lifted_from IS NULL OR window_of.lifted_from > piece.starts_at))
          THEN 'MAINTENANCE' ELSE 'OVER_CAPACITY' END AS kind,
        of_pool.capacity - piece.wanted AS allowed, of_pool.capacity - piece.gpus AS wanted, NULL::uuid AS company_id
      FROM pool_withheld AS piece JOIN of_pool USING (pool_id)
      WHERE piece.gpus < piece.wanted AND piece.ends_at > equihour_now()
    ), holder AS (
      SELECT booking.pool_id, booking.company_id, min(booking.starts_at) AS starts_at, max(booking.ends_at) AS ends_at
      FROM pool_booking AS booking JOIN of_pool USING (pool_id)
      WHERE booking.freed_at IS NULL AND booking.ends_at > equihour_now() GROUP BY 1, 2
    ), shared AS (
      SELECT holder.pool_id, greatest(part_of.starts_at, pool_then.starts_at), least(part_of.ends_at, pool_then.ends_at), 'OVER_SHARE', floor(share.part * (of_pool.capacity - pool_then.wanted))::integer,
        part_of.booked, holder.company_id
      FROM holder JOIN of_pool USING (pool_id)
      CROSS JOIN LATERAL (SELECT part FROM pool_share
        WHERE pool_share.pool_id = holder.pool_id AND (pool_share.company_id = holder.company_id OR pool_share.company_id IS NULL)
        ORDER BY pool_share.company_id IS NULL, recorded_at DESC, share_id DESC LIMIT 1) AS share
      CROSS JOIN LATERAL pool_company_parts(holder.pool_id, holder.company_id,
        greatest(holder.starts_at, equihour_now()), holder.ends_at) AS part_of
      CROSS JOIN LATERAL pool_wanted_withheld(holder.pool_id, part_of.starts_at, part_of.ends_at) AS pool_then
      WHERE share.part < 1 AND part_of.booked > floor(share.part * (of_pool.capacity - pool_then.wanted))
    ), promised AS (
      SELECT at_start.pool_id, at_start.starts_at, min(least(every.ends_at, coalesce(every.ended_from, every.ends_at))),
        'DEDICATED_TWICE', min(of_pool.capacity - pool_then.wanted), sum(every.gpus)::integer, NULL::uuid
      FROM (SELECT DISTINCT pool_id, greatest(starts_at, equihour_now()) AS starts_at FROM pool_dedication
        WHERE pool_id = ANY(${own}::uuid[]) AND ends_at > equihour_now() AND (ended_from IS NULL OR ended_from > equihour_now())) AS at_start
      JOIN of_pool USING (pool_id)
      JOIN pool_dedication AS every ON every.pool_id = at_start.pool_id AND every.starts_at <= at_start.starts_at
        AND every.ends_at > at_start.starts_at AND (every.ended_from IS NULL OR every.ended_from > at_start.starts_at)
      CROSS JOIN LATERAL pool_wanted_withheld(at_start.pool_id, at_start.starts_at, at_start.starts_at + interval '1 minute') AS pool_then
      GROUP BY at_start.pool_id, at_start.starts_at HAVING sum(every.gpus) > min(of_pool.capacity - pool_then.wanted)
    )
    SELECT pool_id AS "poolId", starts_at AS "startsAt", ends_at AS "endsAt", kind, allowed, wanted, company_id AS "companyId",
      NULL::uuid AS "reservationId", NULL::text AS deadline
    FROM (SELECT * FROM short UNION ALL SELECT * FROM shared UNION ALL SELECT * FROM promised) AS every
    ORDER BY starts_at, kind, company_id LIMIT ${MOST}`.execute(reader)
  return rows.filter(
    ({ companyId, poolId }) =>
      companyId === null || seesReservation(actor, { companyId, providerId: providers.get(poolId) ?? '' }),
  )
}
