/** Asks a pool's scheduler what ran in its reservations, and reports it as the machine that it is. */
import { z } from 'zod'
import { type Actor, machineActor } from '../access/index.ts'
import { type PoolScheduler, providersOfPools, SchedulerUnavailable, usageToReport } from '../clusters/index.ts'
import {
  addJob,
  type Db,
  type Deps,
  DomainError,
  instant,
  inTransaction,
  parse,
  type Uuid,
  zUuid,
} from '../platform/index.ts'
import { againAfter, lastPull, type Pull, recordPull } from './pull.store.ts'
import { reportUsage } from './report-usage.ts'
import { mustMeter, takeUsage } from './take-usage.ts'

/** Name of the job that pulls one pool, and adds itself again. */
export const PULL_USAGE_JOB = 'drawdown.pull-usage'
/** The name of the machine in whose name a provider's schedulers are asked. */
export const SCHEDULER_MACHINE = 'scheduler'

/** What one run did. */
export type Pulled = {
  readonly recorded: number
  readonly known: number
  /** Records that are kept aside for people to look after. */
  readonly quarantined: number
  readonly completed: number
  /** Reports that were refused, and why: they are told again by the next run. */
  readonly refused: readonly { readonly reservationId: string; readonly code: string; readonly message: string }[]
  /** Reservations with GPU-seconds outside their time: nothing was reserved for those, and nobody is charged. */
  readonly outside: readonly { readonly reservationId: string; readonly gpuSeconds: bigint }[]
}

/**
 * One run: asks about everything since the watermark of the pool, less an overlap, and about what is not complete yet; reports
 * it as the provider's machine. What was told before is recognised, so that a run may be repeated and two may run at once.
 * The watermark moves only when all was told. No transaction is open while the scheduler is asked.
 *
 * @throws {SchedulerUnavailable} after it was noted
 */
export async function pullUsage(
  deps: Deps,
  target: Pick<PoolScheduler, 'poolId' | 'scheduler'>,
): Promise<Pulled | undefined> {
  const { poolId } = target
  const providerId = (await providersOfPools(deps.db, [poolId])).get(poolId)
  if (providerId === undefined) return undefined
  const actor = await machineActor(deps.db, { providerId, name: SCHEDULER_MACHINE })
  const before = await lastPull(deps.db, poolId)
  const now = await instant(deps.db)
  try {
    const pulled = await pullSince(deps, actor, target, before?.askAgainFrom)
    const [first] = pulled.refused
    await recordPull(deps.db, poolId, before, {
      now,
      failure: first === undefined ? undefined : `${first.reservationId}: ${first.message}`,
    })
    return pulled
  } catch (error) {
    if (error instanceof SchedulerUnavailable) {
      await recordPull(deps.db, poolId, before, { now, failure: error.message })
    }
    throw error
  }
}

async function pullSince(
  deps: Deps,
  actor: Actor,
  target: Pick<PoolScheduler, 'poolId' | 'scheduler'>,
  since: string | undefined,
): Promise<Pulled> {
  const { reports, outside } = await usageToReport(deps.db, target, { since })
  const meterer = await mustMeter(deps.db, actor)
  const count = { recorded: 0, known: 0, quarantined: 0, completed: 0 }
  const refused: Pulled['refused'][number][] = []
  for (const { reservationId, records, complete } of reports) {
    try {
      const taken = await takeUsage(deps, meterer, {
        records: records.map((record) => ({ ...record, reservationId })),
      })
      count.recorded += taken.filter(({ outcome }) => outcome === 'RECORDED').length
      count.known += taken.filter(({ outcome }) => outcome === 'ALREADY_RECORDED').length
      const aside = taken.filter(({ outcome }) => outcome === 'QUARANTINED').length
      count.quarantined += aside
      // A reservation of which something waits for people stays open for it.
      if (!complete || aside > 0) continue
      await reportUsage(deps, actor, { reservationId, records: [], complete })
      count.completed += 1
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      refused.push({ reservationId, code: error.code, message: error.message })
    }
  }
  return { ...count, refused, outside }
}

const Payload = z.object({ poolId: zUuid })

/**
 * The job, for the pools that have a scheduler. It adds itself again, once per pool however often it runs: after five
 * minutes, or later and later while the scheduler does not answer.
 */
export const pullUsageJob =
  (targets: readonly PoolScheduler[]) =>
  async (deps: Deps, payload: unknown): Promise<Pulled | undefined> => {
    const { poolId } = parse(Payload, payload)
    const target = targets.find((each) => each.poolId === poolId)
    if (target === undefined) return undefined
    try {
      return await pullUsage(deps, target)
    } catch (error) {
      if (!(error instanceof SchedulerUnavailable)) throw error
      deps.log.warn({ poolId, reason: error.message }, 'a scheduler could not be asked for its usage')
      return undefined
    } finally {
      await again(deps, poolId)
    }
  }

/** Makes sure that each of these pools is asked: the job of a pool adds itself again, but a lost one does not come back. */
export const tendPulls = (db: Db, targets: readonly Pick<PoolScheduler, 'poolId'>[]): Promise<void> =>
  inTransaction(db, async (trx) => {
    for (const { poolId } of targets) {
      await addJob(trx, { name: PULL_USAGE_JOB, payload: { poolId }, key: `${PULL_USAGE_JOB}:${poolId}` })
    }
  })

async function again(deps: Deps, poolId: Uuid): Promise<void> {
  const last: Pull | undefined = await lastPull(deps.db, poolId)
  await inTransaction(deps.db, async (trx) =>
    addJob(trx, {
      name: PULL_USAGE_JOB,
      payload: { poolId },
      runAt: againAfter(await instant(trx), last?.attempts ?? 0),
      key: `${PULL_USAGE_JOB}:${poolId}`,
    }),
  )
}
