/** Asks a pool's scheduler how it is and what it holds, and keeps the answer for whoever operates. */
import { type Db, instant } from '../../platform/index.ts'
import { addMinutes } from '../interval.ts'
import { keepCheck } from './check.store.ts'
import { SchedulerRefused, SchedulerUnavailable } from './errors.ts'
import { keepNodesDown } from './node-down.store.ts'
import { keepRestarts } from './node-restart.store.ts'
import type { PoolScheduler } from './pool-scheduler.ts'
import { bookedWithin } from './push.store.ts'
import { type Reconciled, reconcile } from './reconcile.ts'

/** One check. A scheduler that is away is what it finds, and no error. */
export async function checkScheduler(db: Db, target: PoolScheduler): Promise<Reconciled | undefined> {
  const health = await target.scheduler.health()
  const found = health.up ? await compared(db, target) : health.detail
  const told = typeof found === 'string' ? undefined : found
  await keepCheck(db, {
    poolId: target.poolId,
    scheduler: target.scheduler.name,
    checkedAt: await instant(db),
    health: typeof found === 'string' ? { ...health, up: false, detail: found } : health,
    differences: told?.differences ?? null,
    nodesDown: told?.down ?? null,
  })
  if (told !== undefined) {
    const begun = await bookedWithin(db, target.poolId, told.horizon)
    await keepNodesDown(db, {
      poolId: target.poolId,
      scheduler: target.scheduler.name,
      down: told.down,
      begun,
      at: told.at,
    })
    await restarts(db, target, told.at)
  }
  return told
}

/** A scheduler that goes away meanwhile tells the next check what it could not tell this one. */
async function restarts(db: Db, target: PoolScheduler, at: string): Promise<void> {
  try {
    // One that ended since the last check may have had the node too.
    const booked = await bookedWithin(db, target.poolId, { startsAt: addMinutes(at, -24 * 60), endsAt: at })
    await keepRestarts(db, target, booked, at)
  } catch (error) {
    if (!(error instanceof SchedulerUnavailable || error instanceof SchedulerRefused)) throw error
  }
}

/** What the two tell differently; or, of a scheduler that went away after it was asked how it is, its last words. */
async function compared(db: Db, target: PoolScheduler): Promise<Reconciled | string> {
  try {
    return await reconcile(db, target)
  } catch (error) {
    if (error instanceof SchedulerUnavailable || error instanceof SchedulerRefused) return error.message
    throw error
  }
}
