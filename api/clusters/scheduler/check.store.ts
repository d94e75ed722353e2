/** The last check of each pool's scheduler, as it is kept. */
import { z } from 'zod'
import { type Db, inTransaction, type Reader, type Uuid } from '../../platform/index.ts'
import type { SchedulerDifference } from './reconcile.ts'
import { SCHEDULER_DIFFERENCES } from './reconcile.ts'
import type { NodeDown, SchedulerHealth } from './scheduler.ts'

/** What one check found. The last two are null where the scheduler could not be asked. */
export type SchedulerCheck = {
  readonly poolId: Uuid
  readonly scheduler: string
  readonly checkedAt: string
  readonly up: boolean
  /** Since when it has not answered. */
  readonly downSince: string | null
  readonly version: string | null
  readonly detail: string
  readonly differences: readonly SchedulerDifference[] | null
  readonly nodesDown: readonly NodeDown[] | null
}

const zDifferences = z.array(
  z.strictObject({
    kind: z.enum(SCHEDULER_DIFFERENCES),
    id: z.string(),
    companyId: z.string().nullable(),
    here: z.string().nullable(),
    there: z.string().nullable(),
    why: z.string().nullable(),
  }),
)
const zNodesDown = z.array(
  z.strictObject({
    node: z.string(),
    gpuModel: z.string().nullable(),
    gpus: z.int(),
    from: z.string(),
    until: z.string().nullable(),
    reason: z.string(),
    reservations: z.array(z.object({ id: z.string(), gpus: z.int() })).default([]),
  }),
)

/** Replaces what was kept of the pool; a scheduler that stays away keeps the instant since when. */
export async function keepCheck(
  db: Db,
  check: Omit<SchedulerCheck, 'downSince' | 'up' | 'version' | 'detail'> & { readonly health: SchedulerHealth },
): Promise<void> {
  const { up, version, detail } = check.health
  const kept = {
    scheduler: check.scheduler,
    checked_at: check.checkedAt,
    up,
    version,
    detail,
    differences: check.differences === null ? null : JSON.stringify(check.differences),
    nodes_down: check.nodesDown === null ? null : JSON.stringify(check.nodesDown),
  }
  await inTransaction(db, (trx) =>
    trx
      .insertInto('scheduler_check')
      .values({ pool_id: check.poolId, ...kept, down_since: up ? null : check.checkedAt })
      .onConflict((conflict) =>
        conflict.column('pool_id').doUpdateSet((on) => ({
          ...kept,
          down_since: up ? null : on.fn.coalesce(on.ref('scheduler_check.down_since'), on.ref('excluded.down_since')),
        })),
      )
      .execute(),
  )
}

/** The last check of each of these pools that has a scheduler, in no order. One query. */
export async function checksOf(reader: Reader, poolIds: readonly Uuid[]): Promise<SchedulerCheck[]> {
  if (poolIds.length === 0) return []
  const rows = await reader
    .selectFrom('scheduler_check')
    .selectAll()
    .where('pool_id', 'in', [...poolIds])
    .execute()
  return rows.map((row) => ({
    poolId: row.pool_id,
    scheduler: row.scheduler,
    checkedAt: row.checked_at,
    up: row.up,
    downSince: row.down_since,
    version: row.version,
    detail: row.detail,
    differences: row.differences === null ? null : zDifferences.parse(row.differences),
    nodesDown: row.nodes_down === null ? null : zNodesDown.parse(row.nodes_down),
  }))
}
