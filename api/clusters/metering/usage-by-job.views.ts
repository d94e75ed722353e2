/** What ran, by job: for a company's page. */
import { sql } from 'kysely'
import type { MicroTokens, Reader, Uuid } from '../../platform/index.ts'
import type { GpuSeconds } from './charge.ts'

export type JobUsage = {
  /** The job's name; null where the scheduler told none. */
  readonly job: string | null
  readonly poolId: Uuid
  /** True where it ran outside any reservation. */
  readonly onDemand: boolean
  readonly gpuSeconds: GpuSeconds
  readonly charged: MicroTokens
  readonly lastEnded: string
}

/** Usage of a company by job, pool and whether it was reserved, as it was metered, the latest first; corrections are not in it. One query. */
export async function usageByJob(reader: Reader, companyId: Uuid, limit: number): Promise<JobUsage[]> {
  const rows = await reader
    .selectFrom('usage_record')
    .select((on) => [
      'job',
      'pool_id as poolId',
      sql<boolean>`rate IS NOT NULL`.as('onDemand'),
      on.fn.sum<string>('gpu_seconds').as('gpuSeconds'),
      on.fn.sum<string>('charged_micro').as('charged'),
      on.fn.max('ended_at').as('lastEnded'),
    ])
    .where('company_id', '=', companyId)
    .groupBy(['job', 'pool_id', 'onDemand'])
    .orderBy('lastEnded', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...row, gpuSeconds: BigInt(row.gpuSeconds), charged: BigInt(row.charged) }))
}
