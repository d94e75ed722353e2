/** The worker: runs jobs that use cases added in their transactions. A door like any other: it calls use cases. */
import { Logger, parseCronItems, run } from 'graphile-worker'
import pg from 'pg'
import { CHECKPOINT_JOB, checkpointJob, writeDueCheckpoints } from '../captable/index.ts'
import {
  AMENDMENT_DUE_JOB,
  amendmentDue,
  bringDueIntoForce,
  COMPLETE_SENDING_JOB,
  completeSendingJob,
  completeSendings,
  RECONCILE_JOB,
  runReconciliation,
  SETTLE_DUE_JOB,
  settleDue,
  settleDueGrants,
} from '../closing/index.ts'
import {
  BACKFILL_JOB,
  backfill,
  backfillAll,
  EXPIRE_HOLD_JOB,
  expireHold,
  expireHolds,
  type PoolScheduler,
  PUSH_RESERVATIONS_JOB,
  pushReservationsJob,
  tendSchedulers,
  UNDO_GROUP_JOB,
  undoGroup,
} from '../clusters/index.ts'
import {
  DEEM_ACCEPTED_JOB,
  DISPUTE_DUE_JOB,
  deemAccepted,
  deemDueAccepted,
  disputeDue,
  END_RESERVATION_JOB,
  earnReleased,
  endReservation,
  moveByTime,
  PULL_USAGE_JOB,
  pullUsageJob,
  START_RESERVATION_JOB,
  startReservation,
  sweepDisputes,
  tendPulls,
} from '../drawdown/index.ts'
import type { Deps } from '../platform/index.ts'
import {
  EXPIRE_HOLDS_JOB,
  EXPIRE_LOTS_JOB,
  expireHoldsJob,
  expireLotsJob,
  RELEASE_DUE_JOB,
  releaseDueJob,
} from '../tokens/index.ts'

const SWEEP_JOB = 'worker.sweep'

type Handler = (deps: Deps, payload: unknown) => Promise<unknown>

/** Every job there is, by name. A handler may run more than once and must be harmless the second time. */
const handlers = (schedulers: readonly PoolScheduler[]): Readonly<Record<string, Handler>> => ({
  [RELEASE_DUE_JOB]: async (deps, payload) => {
    await releaseDueJob(deps, payload)
    await earnReleased(deps, payload)
  },
  [EXPIRE_HOLDS_JOB]: expireHoldsJob,
  [EXPIRE_LOTS_JOB]: expireLotsJob,
  [EXPIRE_HOLD_JOB]: expireHold,
  [BACKFILL_JOB]: backfill,
  [UNDO_GROUP_JOB]: undoGroup,
  [START_RESERVATION_JOB]: startReservation,
  [END_RESERVATION_JOB]: endReservation,
  [DEEM_ACCEPTED_JOB]: deemAccepted,
  [DISPUTE_DUE_JOB]: disputeDue,
  [AMENDMENT_DUE_JOB]: amendmentDue,
  [CHECKPOINT_JOB]: checkpointJob,
  [SETTLE_DUE_JOB]: settleDue,
  [PUSH_RESERVATIONS_JOB]: pushReservationsJob(schedulers),
  [COMPLETE_SENDING_JOB]: completeSendingJob,
  [PULL_USAGE_JOB]: pullUsageJob(schedulers),
  [RECONCILE_JOB]: runReconciliation,
  [SWEEP_JOB]: (deps) => sweep(deps, schedulers),
})

/** Every quarter of an hour: whatever time alone has ended and a lost job has left standing. */
async function sweep(deps: Deps, schedulers: readonly PoolScheduler[]): Promise<void> {
  await bringDueIntoForce(deps)
  await expireHolds(deps)
  await moveByTime(deps)
  await backfillAll(deps)
  await deemDueAccepted(deps)
  await sweepDisputes(deps)
  await completeSendings(deps)
  await settleDueGrants(deps)
  await tendSchedulers(deps.db, schedulers)
  await tendPulls(deps.db, schedulers)
  await writeDueCheckpoints(deps)
}

/**
 * Starts working on the queue. The queue's own tables belong to the owner; what handlers do, they do as the application.
 *
 * @param url the owner's connection string
 * @param schedulers of the pools that have one
 */
export async function startWorker(
  deps: Deps,
  url: string,
  schedulers: readonly PoolScheduler[] = [],
): Promise<{ readonly stop: () => Promise<void> }> {
  await tendSchedulers(deps.db, schedulers)
  await tendPulls(deps.db, schedulers)
  const pool = new pg.Pool({ connectionString: url, max: 3, application_name: 'equihour worker' })
  // The queue lets go of its listening client before that client has ended; an error without a listener ends the process.
  pool.on('connect', (client) =>
    client.on('error', (error) => deps.log.warn({ reason: error.message }, 'a connection was lost')),
  )
  pool.on('error', () => undefined)
  const runner = await run({
    pgPool: pool,
    concurrency: 2,
    noHandleSignals: true,
    pollInterval: 5_000,
    parsedCronItems: parseCronItems([
      { task: SWEEP_JOB, match: '*/15 * * * *' },
      { task: RECONCILE_JOB, match: '17 2 * * *' },
    ]),
    logger: new Logger(() => (level, message) => {
      if (level === 'error') deps.log.error({ job: true }, message)
      else if (level === 'warning') deps.log.warn({ job: true }, message)
      else deps.log.debug({ job: true }, message)
    }),
    taskList: Object.fromEntries(
      Object.entries(handlers(schedulers)).map(([name, handler]) => [
        name,
        async (payload: unknown) => void (await handler(deps, payload)),
      ]),
    ),
  })
  return {
    stop: async () => {
      await runner.stop()
      await pool.end()
    },
  }
}
