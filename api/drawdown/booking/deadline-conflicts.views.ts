/** Reservations that are paid for with what can no longer pay, or earn, when they end: after an amendment or a settlement. */
import { sql } from 'kysely'
import { type Actor, isStaff } from '../../access/index.ts'
import { providersOfPools, type SchedulingConflict, seesReservation, worksFor } from '../../clusters/index.ts'
import type { Reader, Ref, Uuid } from '../../platform/index.ts'

/** Most reservations of which one answer is made. */
const MOST = 500

/**
 * The reservations of these pools that end after the tokens held for them expire, after the long-stop of their grant, or after a
 * settlement ended what they earn; earliest first. For the fund's staff and the pool's provider, of companies whose
 * reservations they may see. Read in two steps, since bookings lie with their pools: three queries.
 */
export async function deadlineConflicts(
  reader: Reader,
  actor: Actor,
  poolIds: readonly Uuid[],
): Promise<SchedulingConflict[]> {
  if (poolIds.length === 0) return []
  const providers = await providersOfPools(reader, poolIds)
  const own = poolIds.filter((id) => isStaff(actor) || worksFor(actor, providers.get(id) ?? ''))
  const refs = (await liveBookings(reader, own)).filter(({ companyId, poolId }) =>
    seesReservation(actor, { companyId, providerId: providers.get(poolId) ?? '' }),
  )
  if (refs.length === 0) return []
  const { rows } = await sql<SchedulingConflict & { reservationId: Uuid }>`
    WITH open AS (
      SELECT company_id, reservation_id, pool_id, gpus, starts_at, ends_at, hold_id,
        ((ends_at - interval '1 minute') AT TIME ZONE 'UTC')::date AS last_day
      FROM reservation
      WHERE (company_id, reservation_id) IN (
          SELECT * FROM unnest(${refs.map((ref) => ref.companyId)}::uuid[], ${refs.map((ref) => ref.id)}::uuid[]))
        AND state IN ('held', 'confirmed', 'provisioned', 'active')
    ), drawn AS (
      SELECT open.*, lot.expires_on, least(earns.long_stop, progress.ended_on) AS stops_on
      FROM open
        JOIN token_hold_lot AS part ON part.company_id = open.company_id AND part.hold_id = open.hold_id
          AND part.amount_micro > 0
        JOIN lot ON lot.company_id = part.company_id AND lot.lot_id = part.lot_id
        LEFT JOIN vesting_grant AS earns ON earns.company_id = lot.company_id AND earns.lot_id = lot.lot_id
        LEFT JOIN grant_progress AS progress
          ON progress.company_id = earns.company_id AND progress.grant_id = earns.grant_id
    )
    SELECT pool_id AS "poolId", company_id AS "companyId", reservation_id AS "reservationId", starts_at AS "startsAt",
      ends_at AS "endsAt", kind, min(deadline)::text AS deadline, 0 AS allowed, gpus AS wanted
    FROM drawn CROSS JOIN LATERAL (VALUES ('PAST_TOKEN_EXPIRY', expires_on), ('PAST_LONG_STOP', stops_on))
      AS stop (kind, deadline)
    WHERE deadline <= last_day
    GROUP BY pool_id, company_id, reservation_id, starts_at, ends_at, kind, gpus
    ORDER BY starts_at, kind, reservation_id`.execute(reader)
  return rows.map(({ reservationId, ...row }) => ({ ...row, reservationId }))
}

/** What is booked of these pools and not over, the earliest first. */
async function liveBookings(reader: Reader, poolIds: readonly Uuid[]): Promise<(Ref & { readonly poolId: Uuid })[]> {
  if (poolIds.length === 0) return []
  return reader
    .selectFrom('pool_booking')
    .select(['company_id as companyId', 'reservation_id as id', 'pool_id as poolId'])
    .where('pool_id', 'in', [...poolIds])
    .where('freed_at', 'is', null)
    .where('change_of', 'is', null)
    .where('ends_at', '>', sql<string>`equihour_now()`)
    .orderBy('starts_at')
    .orderBy('reservation_id')
    .limit(MOST * 10)
    .execute()
}
