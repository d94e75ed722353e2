/** The job that keeps a pool's scheduler true to its calendar. */
import { z } from 'zod'
import { type Db, type Deps, instant, inTransaction, parse, zUuid } from '../../platform/index.ts'
import { addMinutes, earlier } from '../interval.ts'
import { checkScheduler } from './check-scheduler.ts'
import { SchedulerUnavailable } from './errors.ts'
import { limitAccounts } from './limit-accounts.ts'
import type { PoolScheduler } from './pool-scheduler.ts'
import { nextTry } from './push.store.ts'
import { type Pushed, pushReservations } from './push-reservations.ts'
import { settleProvisioned } from './settle-provisioned.ts'
import { addPush } from './tell-scheduler.ts'

const MINUTES_BETWEEN_RUNS = 5

const Payload = z.object({ poolId: zUuid })

/**
 * The job, for the pools that have a scheduler: tells it what is due, and compares. It adds itself again, once per pool
 * however often it runs; of a pool without a scheduler it does nothing.
 */
export const pushReservationsJob =
  (targets: readonly PoolScheduler[]) =>
  async (deps: Pick<Deps, 'db' | 'log'>, payload: unknown): Promise<Pushed | undefined> => {
    const { poolId } = parse(Payload, payload)
    const target = targets.find((each) => each.poolId === poolId)
    if (target === undefined) return undefined
    const pushed = await pushReservations(deps.db, target)
    const found = await checkScheduler(deps.db, target)
    await settleProvisioned(deps.db, target, found)
    if (found !== undefined && target.limitAccounts === true) await limited(deps, target)
    await inTransaction(deps.db, async (trx) => {
      const soon = addMinutes(await instant(trx), MINUTES_BETWEEN_RUNS)
      const again = await nextTry(trx, poolId)
      await addPush(trx, poolId, again === undefined ? soon : earlier(again, soon))
    })
    return pushed
  }

/** A scheduler that goes away meanwhile is met again by the next run. */
async function limited({ db, log }: Pick<Deps, 'db' | 'log'>, target: PoolScheduler): Promise<void> {
  try {
    const { refused } = await limitAccounts(db, target)
    if (refused.length > 0) log.warn({ pool: target.poolId, refused }, 'accounts at the scheduler were not limited')
  } catch (error) {
    if (!(error instanceof SchedulerUnavailable)) throw error
  }
}

/** At the start of a server, and now and then: every pool with a scheduler is looked after, also when its job was lost. */
export const tendSchedulers = (db: Db, targets: readonly PoolScheduler[]): Promise<void> =>
  inTransaction(db, async (trx) => {
    for (const { poolId } of targets) await addPush(trx, poolId)
  })
