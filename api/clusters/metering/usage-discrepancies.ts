/** Checks reservations against the tokens held for them, and meters against usage records, for reconciliation. */
import { sql } from 'kysely'
import type { Discrepancy, Reader, Uuid } from '../../platform/index.ts'

/** Of these companies: what does not add up between reservations, holds, meters and usage records. */
export const usageDiscrepancies = async (
  reader: Reader,
  companyIds: readonly Uuid[],
): Promise<readonly Discrepancy[]> => [
  ...(await holdsOfReservations(reader, companyIds)),
  ...(await meters(reader, companyIds)),
  ...(await onDemandMeters(reader, companyIds)),
]

/**
 * Tokens are held for exactly the reservations that are open. A hold that time has ended may still have its reservation:
 * usage that nobody told of in time.
 */
async function holdsOfReservations(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const ids = sql`${[...companyIds]}::uuid[]`
  const { rows } = await sql<Discrepancy>`
    SELECT 'HOLDS' AS check, company_id AS "companyId", pair.subject, pair.what, pair.expected::text, pair.found::text
    FROM (
      SELECT r.company_id, 'Reservation:' || r.company_id || ':' || r.reservation_id AS subject,
        'held for the open reservation' AS what, r.hold_micro AS expected, coalesce(h.amount_micro, 0) AS found
      FROM reservation r
        LEFT JOIN token_hold h ON h.company_id = r.company_id AND h.hold_id = r.hold_id AND h.state <> 'voided'
          AND h.state <> 'closed'
      WHERE r.company_id = ANY(${ids}) AND r.state IN ('held', 'confirmed', 'provisioned', 'active')
      UNION ALL
      SELECT h.company_id, 'TokenHold:' || h.company_id || ':' || h.hold_id, 'held for no open reservation', 0,
        h.amount_micro
      FROM token_hold h
      WHERE h.company_id = ANY(${ids}) AND h.state IN ('pending', 'posted') AND NOT EXISTS (
        SELECT FROM reservation r WHERE r.company_id = h.company_id AND r.hold_id = h.hold_id
          AND r.state IN ('held', 'confirmed', 'provisioned', 'active'))
        AND NOT EXISTS (SELECT FROM reservation_change c WHERE c.company_id = h.company_id AND c.more_hold_id = h.hold_id
          AND c.answer IS NULL)
    ) pair
    WHERE pair.expected <> pair.found ORDER BY 2, 3`.execute(reader)
  return rows
}

/** A meter is the sum of its usage records, and of what corrected them. */
async function meters(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const { rows } = await sql<Discrepancy>`
    SELECT 'USAGE' AS check, m.company_id AS "companyId", 'Reservation:' || m.company_id || ':' || m.reservation_id AS subject,
      c.what, c.expected::text, c.found::text
    FROM meter m
      LEFT JOIN LATERAL (
        SELECT sum(u.gpu_seconds) AS gpu_seconds, sum(u.charged_micro) AS charged FROM usage_record u
        WHERE u.company_id = m.company_id AND u.reservation_id = m.reservation_id) u ON true
      LEFT JOIN LATERAL (
        SELECT sum(c.gpu_seconds_after - c.gpu_seconds_before) AS gpu_seconds FROM correction c
        WHERE c.company_id = m.company_id AND c.reservation_id = m.reservation_id AND c.ordinal IS NOT NULL) moved ON true
      LEFT JOIN LATERAL (
        SELECT sum(c.amount_micro) AS charged FROM charge c
        WHERE c.company_id = m.company_id AND c.reservation_id = m.reservation_id AND c.correction_id IS NOT NULL
          AND c.cause = 'delivered') recharged ON true
      CROSS JOIN LATERAL (VALUES
        ('metered GPU-seconds = usage records', coalesce(u.gpu_seconds, 0) + coalesce(moved.gpu_seconds, 0), m.gpu_seconds),
        ('metered tokens = usage records', coalesce(u.charged, 0) + coalesce(recharged.charged, 0), m.delivered_micro)) AS c (what, expected, found)
    WHERE m.company_id = ANY(${[...companyIds]}::uuid[]) AND c.expected <> c.found ORDER BY 2, 3, 4`.execute(reader)
  return rows
}

/** A meter of use outside any reservation is the sum of its usage records, and of what corrected them. */
async function onDemandMeters(reader: Reader, companyIds: readonly Uuid[]): Promise<readonly Discrepancy[]> {
  const { rows } = await sql<Discrepancy>`
    SELECT 'USAGE' AS check, company_id AS "companyId", 'OnDemand:' || company_id || ':' || pool_id || ':' || rate AS subject,
      'metered GPU-seconds = usage records' AS what, sum(used)::text AS expected, sum(metered)::text AS found
    FROM (
      SELECT company_id, pool_id, rate, gpu_seconds AS used, 0 AS metered FROM usage_record
      WHERE company_id = ANY(${[...companyIds]}::uuid[]) AND rate IS NOT NULL
      UNION ALL
      SELECT u.company_id, u.pool_id, u.rate, c.gpu_seconds_after - c.gpu_seconds_before, 0 FROM correction c
        JOIN usage_record u ON u.company_id = c.company_id AND u.usage_id = c.usage_id
      WHERE c.company_id = ANY(${[...companyIds]}::uuid[]) AND c.ordinal IS NOT NULL AND u.rate IS NOT NULL
      UNION ALL
      SELECT company_id, pool_id, rate, 0, gpu_seconds FROM on_demand_meter WHERE company_id = ANY(${[...companyIds]}::uuid[])
    ) AS part
    GROUP BY company_id, pool_id, rate HAVING sum(used) <> sum(metered) ORDER BY 2, 3`.execute(reader)
  return rows
}
