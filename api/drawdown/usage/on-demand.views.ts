/** Use outside any reservation as screens read it: by company, pool and month, and record by record. */
import { type RawBuilder, sql } from 'kysely'
import { type Actor, isStaff } from '../../access/index.ts'
import { metersFor, providersOfPools } from '../../clusters/index.ts'
import { type MicroTokens, type Numeric, parseNumeric, type Reader, type Uuid } from '../../platform/index.ts'

/** What a company used of a pool outside any reservation in a calendar month (UTC), by the end of each record. */
export type OnDemandUse = {
  readonly companyId: Uuid
  readonly poolId: Uuid
  /** First day of the month. */
  readonly month: string
  readonly records: number
  /** As they count now, corrections in it. */
  readonly gpuSeconds: bigint
  /** Net of corrections, arrears that were settled in it. */
  readonly charged: MicroTokens
  /** What there were no tokens for yet. */
  readonly owed: MicroTokens
}

/** Most months and pools that are listed of each company, or of each pool, the latest. */
export const ON_DEMAND_MONTHS = 200

/** Use of these companies by pool and month, the latest first. One query. Visibility is the company's. */
export const onDemandOfCompanies = async (
  reader: Reader,
  companyIds: readonly Uuid[],
  most = ON_DEMAND_MONTHS,
): Promise<Map<Uuid, OnDemandUse[]>> => {
  const which = sql`company.company_id = ANY(${[...companyIds]}::uuid[])`
  return Map.groupBy(await used(reader, { which, by: sql`company_id`, most }), ({ companyId }) => companyId)
}

/**
 * Use of these pools by company and month, the latest first: whoever meters a pool sees all of it, the fund's staff that of
 * the companies that no wall hides, and a company's people their own. Two queries.
 */
export async function onDemandOfPools(
  reader: Reader,
  actor: Actor,
  poolIds: readonly Uuid[],
  most = ON_DEMAND_MONTHS,
): Promise<Map<Uuid, OnDemandUse[]>> {
  const providers = await providersOfPools(reader, poolIds)
  const metered = [...providers].filter(([, providerId]) => metersFor(actor, providerId)).map(([poolId]) => poolId)
  const which = sql`pool.pool_id = ANY(${[...poolIds]}::uuid[]) AND (pool.pool_id = ANY(${metered}::uuid[])
    OR (${isStaff(actor)}::boolean OR company.company_id = ANY(${[...actor.companyIds]}::uuid[]))
      AND company.company_id <> ALL(${[...actor.walledCompanyIds]}::uuid[]))`
  return Map.groupBy(await used(reader, { which, by: sql`pool_id`, most }), ({ poolId }) => poolId)
}

/** Which companies and pools, and of what each the latest `most` are listed. */
type Wanted = { readonly which: RawBuilder<unknown>; readonly by: RawBuilder<unknown>; readonly most: number }

/**
 * The months of use of each company and pool are found first, from the latest back, by one look into the index each; then
 * only the records of those that are listed are read.
 */
async function used(reader: Reader, { which, by, most }: Wanted): Promise<OnDemandUse[]> {
  const latest = sql`(SELECT date_trunc('month', max(usage.ended_at) AT TIME ZONE 'UTC') AS month FROM usage_record AS usage
    WHERE usage.company_id = of.company_id AND usage.pool_id = of.pool_id AND usage.rate IS NOT NULL`
  const key = sql`usage.company_id, usage.pool_id, usage.month`
  const { rows } = await sql<OnDemandUse>`
    WITH RECURSIVE found AS (
      SELECT of.company_id, of.pool_id, last.month, 1 AS turn
      FROM (SELECT company.company_id, pool.pool_id FROM company CROSS JOIN pool WHERE ${which}) AS of
        CROSS JOIN LATERAL ${latest}) AS last
      WHERE last.month IS NOT NULL
      UNION ALL
      SELECT of.company_id, of.pool_id, before.month, of.turn + 1
      FROM found AS of CROSS JOIN LATERAL ${latest} AND usage.ended_at < of.month AT TIME ZONE 'UTC') AS before
      WHERE before.month IS NOT NULL AND of.turn < ${most}
    ), ranked AS (
      SELECT company_id, pool_id, month,
        row_number() OVER (PARTITION BY ${by} ORDER BY month DESC, company_id, pool_id) AS place FROM found
    ), usage AS MATERIALIZED (
      SELECT one.company_id, one.pool_id, listed.month, one.usage_id, one.gpu_seconds, one.charged_micro
      FROM ranked AS listed CROSS JOIN LATERAL (
        SELECT * FROM usage_record AS record
        WHERE record.company_id = listed.company_id AND record.pool_id = listed.pool_id AND record.rate IS NOT NULL
          AND record.ended_at >= listed.month AT TIME ZONE 'UTC'
          AND record.ended_at < (listed.month + interval '1 month') AT TIME ZONE 'UTC'
        -- Month by month: a join would read every month.
        OFFSET 0) AS one
      WHERE listed.place <= ${most}
    ), part AS (
      SELECT ${key}, 1 AS records, usage.gpu_seconds, usage.charged_micro AS charged, 0::bigint AS owed FROM usage
      UNION ALL
      SELECT ${key}, 0, moved.gpu_seconds_after - moved.gpu_seconds_before, 0, 0
      FROM usage
      JOIN correction AS moved ON moved.company_id = usage.company_id AND moved.usage_id = usage.usage_id
      WHERE moved.ordinal IS NOT NULL
      UNION ALL
      SELECT ${key}, 0, 0, again.amount_micro, 0
      FROM usage
      JOIN charge AS again ON again.company_id = usage.company_id AND again.usage_id = usage.usage_id
      WHERE again.correction_id IS NOT NULL
      UNION ALL
      SELECT ${key}, 0, 0, 0, open.amount_micro - open.settled_micro - open.cancelled_micro
      FROM usage
      JOIN arrears AS open ON open.company_id = usage.company_id AND open.usage_id = usage.usage_id
    )
    SELECT company_id AS "companyId", pool_id AS "poolId", month::date AS month, sum(records)::int AS records,
      sum(gpu_seconds)::bigint AS "gpuSeconds", sum(charged)::bigint AS charged, sum(owed)::bigint AS owed
    FROM part GROUP BY company_id, pool_id, part.month ORDER BY part.month DESC, company_id, pool_id`.execute(reader)
  return rows
}

/** A usage record outside any reservation, as it counts now. */
export type OnDemandRecord = {
  readonly usageId: Uuid
  readonly source: string
  readonly externalId: string
  readonly job: string | null
  readonly startedAt: string
  readonly endedAt: string
  /** H100-hours per GPU-hour: the factor times the terms' premium. */
  readonly rate: Numeric
  /** As it was metered first. */
  readonly recorded: bigint
  readonly gpuSeconds: bigint
  readonly charged: MicroTokens
  readonly owed: MicroTokens
}

/** Of which use. */
export type OnDemandKey = Pick<OnDemandUse, 'companyId' | 'poolId' | 'month'>

/** Most records that are listed of each month. */
export const ON_DEMAND_RECORDS = 200

/** The records of such use, the latest first, in the order of the keys. One query. Who sees the use sees its records. */
export async function onDemandRecords(reader: Reader, keys: readonly OnDemandKey[]): Promise<OnDemandRecord[][]> {
  if (keys.length === 0) return []
  const { rows } = await sql<Omit<OnDemandRecord, 'rate'> & { rate: string; at: number }>`
    SELECT wanted.at::int, usage.usage_id AS "usageId", usage.source, usage.external_id AS "externalId", usage.job,
      usage.started_at AS "startedAt", usage.ended_at AS "endedAt", usage.rate, usage.gpu_seconds AS recorded,
      coalesce((SELECT last.gpu_seconds_after FROM correction AS last WHERE last.company_id = usage.company_id
        AND last.usage_id = usage.usage_id AND last.ordinal IS NOT NULL ORDER BY last.ordinal DESC LIMIT 1), usage.gpu_seconds)
        AS "gpuSeconds",
      (SELECT coalesce(sum(charge.amount_micro), 0) FROM charge
        WHERE charge.company_id = usage.company_id AND charge.usage_id = usage.usage_id)::bigint AS charged,
      (SELECT coalesce(sum(open.amount_micro - open.settled_micro - open.cancelled_micro), 0) FROM arrears AS open
        WHERE open.company_id = usage.company_id AND open.usage_id = usage.usage_id)::bigint AS owed
    FROM unnest(${keys.map(({ companyId }) => companyId)}::uuid[], ${keys.map(({ poolId }) => poolId)}::uuid[],
        ${keys.map(({ month }) => month)}::date[]) WITH ORDINALITY AS wanted (company_id, pool_id, month, at)
      CROSS JOIN LATERAL (
        SELECT * FROM usage_record AS one
        WHERE one.company_id = wanted.company_id AND one.pool_id = wanted.pool_id AND one.rate IS NOT NULL
          AND one.ended_at >= wanted.month::timestamp AT TIME ZONE 'UTC'
          AND one.ended_at < (wanted.month + interval '1 month') AT TIME ZONE 'UTC'
        ORDER BY one.ended_at DESC, one.usage_id DESC LIMIT ${ON_DEMAND_RECORDS}) AS usage
    ORDER BY wanted.at, usage.ended_at DESC, usage.usage_id DESC`.execute(reader)
  const byKey = Map.groupBy(rows, ({ at }) => at)
  return keys.map((_, index) =>
    (byKey.get(index + 1) ?? []).map(({ at: _at, rate, ...row }) => ({ ...row, rate: parseNumeric(rate) })),
  )
}
