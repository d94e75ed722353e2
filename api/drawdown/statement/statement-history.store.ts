/** What statements sum up over charges: by job, by day, by grant. */
import { sql } from 'kysely'
import type { MicroTokens, Trx, Uuid } from '../../platform/index.ts'
import { during, type Period } from './statement.store.ts'

/** Tokens charged for one job on one pool, and the GPU-seconds metered for it. `job` is `null` for time without one. */
export type JobCharge = {
  readonly poolId: Uuid
  readonly job: string | null
  readonly cause: string
  readonly amount: MicroTokens
  readonly gpuSeconds: bigint
  readonly records: bigint
}

/** Charges of a period by pool, job and cause; the largest first. */
export async function jobsIn(trx: Trx, companyId: Uuid, period: Period): Promise<JobCharge[]> {
  const { rows } = await sql<JobCharge>`
    WITH part AS (
      SELECT coalesce(reservation.pool_id, metered.pool_id) AS pool_id, charge.usage_id, charge.cause, sum(charge.amount_micro) AS amount,
        bool_or(charge.correction_id IS NULL) AS original
      FROM charge
      LEFT JOIN reservation ON reservation.company_id = charge.company_id AND reservation.reservation_id = charge.reservation_id
      LEFT JOIN usage_record AS metered ON charge.reservation_id IS NULL AND metered.company_id = charge.company_id
        AND metered.usage_id = charge.usage_id
      WHERE charge.company_id = ${companyId} AND ${during(period)}
      GROUP BY 1, charge.usage_id, charge.cause
    ), changed AS (
      SELECT charge.usage_id, sum(charge.gpu_seconds_after - charge.gpu_seconds_before) AS gpu_seconds
      FROM (SELECT usage_id, gpu_seconds_after, gpu_seconds_before, accounted_at AS at FROM correction
        WHERE company_id = ${companyId} AND ordinal IS NOT NULL) AS charge
      WHERE ${during(period)} GROUP BY charge.usage_id)
    SELECT part.pool_id AS "poolId", usage.job, part.cause, sum(part.amount)::bigint AS amount,
      coalesce(sum(CASE WHEN part.original THEN usage.gpu_seconds ELSE 0 END + coalesce(changed.gpu_seconds, 0))
        FILTER (WHERE part.cause = 'delivered'), 0)::bigint AS "gpuSeconds",
      count(usage.usage_id) FILTER (WHERE part.original) AS records
    FROM part LEFT JOIN usage_record AS usage ON usage.company_id = ${companyId} AND usage.usage_id = part.usage_id
    LEFT JOIN changed ON changed.usage_id = part.usage_id
    GROUP BY part.pool_id, usage.job, part.cause
    ORDER BY amount DESC, part.pool_id, usage.job COLLATE "C" NULLS LAST, part.cause`.execute(trx)
  return rows
}

/** Tokens charged by token class and grant, and the vest basis moved, on each day before `until`. */
export type DayOfUse = {
  readonly day: string
  readonly tokenClassId: Uuid
  readonly grantId: Uuid | null
  readonly charged: MicroTokens
  readonly delivered: MicroTokens
  readonly basis: MicroTokens
}

export async function daysOfUse(trx: Trx, companyId: Uuid, until: string): Promise<DayOfUse[]> {
  const { rows } = await sql<DayOfUse>`
    SELECT (charge.at AT TIME ZONE 'UTC')::date::text AS day, lot.token_class_id AS "tokenClassId",
      charge.grant_id AS "grantId", sum(charge.amount_micro)::bigint AS charged,
      coalesce(sum(charge.amount_micro) FILTER (WHERE charge.cause = 'delivered'), 0)::bigint AS delivered,
      sum(charge.basis_to - charge.basis_from)::bigint AS basis
    FROM charge JOIN lot ON lot.company_id = charge.company_id AND lot.lot_id = charge.lot_id
    WHERE charge.company_id = ${companyId} AND charge.at < ${until}::timestamptz
    GROUP BY day, lot.token_class_id, charge.grant_id
    ORDER BY day, lot.token_class_id, charge.grant_id`.execute(trx)
  return rows
}
