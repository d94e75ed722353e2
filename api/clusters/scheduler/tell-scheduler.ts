/** What a change of the calendar does so that the pool's scheduler is told of it at once. */
import { addJob, instant, type Reader, type Trx, type Uuid } from '../../platform/index.ts'

/** Name of the job that looks after the scheduler of one pool, and adds itself again. */
export const PUSH_RESERVATIONS_JOB = 'clusters.push-reservations'

/** Adds the job, or moves the one that waits: there is one per pool. */
export const addPush = (trx: Trx, poolId: Uuid, runAt?: string): Promise<void> =>
  addJob(trx, {
    name: PUSH_RESERVATIONS_JOB,
    payload: { poolId },
    key: `${PUSH_RESERVATIONS_JOB}:${poolId}`,
    ...(runAt === undefined ? {} : { runAt }),
  })

/** Whether a pool's scheduler is told of its reservations. */
export async function hasScheduler(reader: Reader, poolId: Uuid): Promise<boolean> {
  const known = await reader
    .selectFrom('scheduler_check')
    .select('pool_id')
    .where('pool_id', '=', poolId)
    .executeTakeFirst()
  return known !== undefined
}

/**
 * In the transaction that changed what the scheduler should hold. Of a pool that has none, nothing is added. A reservation
 * whose size or time has `changed` is told again, though it was told before.
 */
export async function tellScheduler(trx: Trx, poolId: Uuid, changed?: Uuid): Promise<void> {
  if (!(await hasScheduler(trx, poolId))) return
  if (changed !== undefined) {
    await trx
      .updateTable('scheduler_push')
      .set({ state: 'waiting', next_try_at: await instant(trx) })
      .where('pool_id', '=', poolId)
      .where('reservation_id', '=', changed)
      .where('state', '=', 'pushed')
      .execute()
  }
  await addPush(trx, poolId)
}
