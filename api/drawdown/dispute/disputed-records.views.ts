/** The usage records that a month charged, and those that a dispute is about, as people choose among them. */
import { type RawBuilder, sql } from 'kysely'
import type { MicroTokens, Reader, Ref, Uuid } from '../../platform/index.ts'

export type ChargedRecord = {
  readonly usageId: Uuid
  readonly source: string
  readonly externalId: string
  readonly job: string | null
  readonly startedAt: string
  readonly endedAt: string
  /** As last corrected. */
  readonly gpuSeconds: bigint
  /** Net of corrections. */
  readonly charged: MicroTokens
}

/** Most records that are listed, those that were charged most first: as many as a settlement may correct. */
export const RECORDS_LISTED = 100

/** The usage records first charged in a month, those that cost most first. The caller decided who sees them. */
export const recordsOfMonth = (reader: Reader, companyId: Uuid, month: string): Promise<ChargedRecord[]> =>
  records(
    reader,
    companyId,
    sql<boolean>`charge.at >= (${month}::date)::timestamp AT TIME ZONE 'UTC'
      AND charge.at < (${month}::date + interval '1 month') AT TIME ZONE 'UTC'`,
  )

/** Those that a dispute is about: the ones that it names, or all that its month charged. */
export const recordsOfDispute = (
  reader: Reader,
  { companyId, id }: Ref,
  { whole, month }: { readonly whole: boolean; readonly month: string },
): Promise<ChargedRecord[]> =>
  whole
    ? recordsOfMonth(reader, companyId, month)
    : records(
        reader,
        companyId,
        sql<boolean>`charge.usage_id IN (SELECT usage_id FROM dispute_usage
          WHERE company_id = ${companyId}::uuid AND dispute_id = ${id}::uuid)`,
      )

async function records(reader: Reader, companyId: Uuid, which: RawBuilder<boolean>): Promise<ChargedRecord[]> {
  const { rows } = await sql<ChargedRecord>`
    WITH charged AS (
      SELECT charge.usage_id, sum(charge.amount_micro + coalesce((SELECT sum(back.amount_micro) FROM charge AS back
          WHERE back.company_id = charge.company_id AND back.corrects = charge.charge_id), 0))::bigint AS net
      FROM charge
      WHERE charge.company_id = ${companyId}::uuid AND charge.usage_id IS NOT NULL AND charge.corrects IS NULL AND ${which}
      GROUP BY charge.usage_id
    )
    SELECT usage.usage_id AS "usageId", usage.source, usage.external_id AS "externalId", usage.job,
      usage.started_at AS "startedAt", usage.ended_at AS "endedAt",
      coalesce(last.gpu_seconds_after, usage.gpu_seconds) AS "gpuSeconds", charged.net AS charged
    FROM charged
    JOIN usage_record AS usage ON usage.company_id = ${companyId}::uuid AND usage.usage_id = charged.usage_id
    LEFT JOIN LATERAL (SELECT gpu_seconds_after FROM correction
      WHERE correction.company_id = usage.company_id AND correction.usage_id = usage.usage_id
        AND correction.ordinal IS NOT NULL ORDER BY ordinal DESC LIMIT 1) AS last ON true
    ORDER BY charged.net DESC, usage.usage_id
    LIMIT ${RECORDS_LISTED}`.execute(reader)
  return rows
}
