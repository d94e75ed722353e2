/** Asks a pool's scheduler what its companies' accounts used outside any reservation, as lines that drawdown takes. */
import { type Db, globalId, instant } from '../../platform/index.ts'
import { addMinutes, later } from '../interval.ts'
import { USAGE_BATCH_MAX } from '../metering/record-usage.ts'
import { SchedulerRefused } from './errors.ts'
import { usageInput } from './job-usage.ts'
import type { PoolScheduler } from './pool-scheduler.ts'

/** How far back is asked: what ended earlier and was never told is the provider's to report. */
const DAYS_BACK = 31

/** A line of use outside any reservation, as machines send it. */
export type OnDemandLine = ReturnType<typeof usageInput> & { readonly companyId: string; readonly poolId: string }

/**
 * What ended since then, of every company whose account is known; in batches, each of one company. What was told before is
 * told again, and recognised. An account that the scheduler does not know has used nothing.
 *
 * @throws {SchedulerUnavailable}
 */
export async function onDemandToReport(
  db: Db,
  { poolId, scheduler, gpuModel, accountOf, companies = [] }: PoolScheduler,
  { since }: { readonly since?: string | undefined } = {},
): Promise<readonly (readonly OnDemandLine[])[]> {
  const now = await instant(db)
  const earliest = addMinutes(now, -DAYS_BACK * 24 * 60)
  const within = { startsAt: since === undefined ? earliest : later(since, earliest), endsAt: now }
  const batches: OnDemandLine[][] = []
  for (const companyId of companies) {
    const records = await scheduler.unreserved(accountOf(companyId), gpuModel, within).catch((error: unknown) => {
      if (error instanceof SchedulerRefused && error.reason === 'UNKNOWN_ACCOUNT') return []
      throw error
    })
    const ids = { companyId: globalId('Company', companyId), poolId: globalId('Pool', poolId) }
    for (let at = 0; at < records.length; at += USAGE_BATCH_MAX) {
      batches.push(records.slice(at, at + USAGE_BATCH_MAX).map((record) => ({ ...usageInput(record), ...ids })))
    }
  }
  return batches
}
