/** Asks a pool's scheduler what ran in its reservations, and reports it as the machine that it is. */
import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  onDemandToReport,
  type PoolScheduler,
  SchedulerUnavailable,
  schedulerMachine,
  usageToReport,
} from '../../clusters/index.ts'
import {
  addJob,
  type Db,
  type Deps,
  DomainError,
  instant,
  inTransaction,
  parse,
  type Uuid,
  zRef,
  zUuid,
} from '../../platform/index.ts'
import { findNoShow } from '../booking/find-no-show.ts'
import { againAfter, lastPull, type Pull, recordPull } from './pull.store.ts'
import { recordNodeOutages } from './record-node-outages.ts'
import { reportUsage } from './report-usage.ts'
import { mustMeter, readUsage, takeUsage } from './take-usage.ts'
import { withoutToldByOthers } from './told-by-others.ts'

/** Name of the job that pulls one pool, and adds itself again. */
export const PULL_USAGE_JOB = 'drawdown.pull-usage'

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

type PulledScheduler = Omit<PoolScheduler, 'horizonDays' | 'limitAccounts'>

/**
 * One run: asks about everything since the watermark of the pool, less an overlap, and about what is not complete yet; reports
 * it as the provider's machine. What was told before, by it or by another source, is recognised, so that a run may be repeated and two may run at once.
 * The watermark moves only when all was told. No transaction is open while the scheduler is asked.
 *
 * @throws {SchedulerUnavailable} after it was noted
 */
export async function pullUsage(deps: Deps, target: PulledScheduler): Promise<Pulled | undefined> {
  const { poolId } = target
  const actor = await schedulerMachine(deps.db, poolId)
  if (actor === undefined) return undefined
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
  target: PulledScheduler,
  since: string | undefined,
): Promise<Pulled> {
  const { reports, outside } = await usageToReport(deps.db, target, { since })
  const meterer = await mustMeter(deps.db, actor)
  const count = { recorded: 0, known: 0, quarantined: 0, completed: 0 }
  const refused: Pulled['refused'][number][] = []
  for (const { reservationId, records, complete } of reports) {
    try {
      const { records: news, known } = await withoutToldByOthers(
        deps.db,
        parse(zRef('Reservation'), reservationId),
        records,
      )
      const taken = await takeUsage(deps, meterer, {
        read: readUsage(news.map((record) => ({ ...record, reservationId }))),
      })
      count.known += known
      count.recorded += taken.filter(({ outcome }) => outcome === 'RECORDED').length
      count.known += taken.filter(({ outcome }) => outcome === 'ALREADY_RECORDED').length
      const aside = taken.filter(({ outcome }) => outcome === 'QUARANTINED').length
      count.quarantined += aside
      // A reservation of which something waits for people stays open for it.
      if (!complete || aside > 0) continue
      // Nobody came: that is charged otherwise than time that was reserved and not used.
      if (records.length === 0 && (await findNoShow(deps, payloadOf(reservationId), [target])).noShow) continue
      await reportUsage(deps, actor, { reservationId, records: [], complete })
      count.completed += 1
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      refused.push({ reservationId, code: error.code, message: error.message })
    }
  }
  for (const records of await onDemandToReport(deps.db, target, { since })) {
    const taken = await takeUsage(deps, meterer, { read: readUsage(records) })
    count.recorded += taken.filter(({ outcome }) => outcome === 'RECORDED').length
    count.known += taken.filter(({ outcome }) => outcome === 'ALREADY_RECORDED').length
    count.quarantined += taken.filter(({ outcome }) => outcome === 'QUARANTINED').length
  }
  return { ...count, refused, outside }
}

function payloadOf(reservationId: string) {
  const { companyId, id } = parse(zRef('Reservation'), reservationId)
  return { companyId, reservationId: id }
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
      await recordNodeOutages(deps, poolId)
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
