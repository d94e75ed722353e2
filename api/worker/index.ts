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
  remindOfObligations,
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
  findNoShowJob,
  findNoShows,
  moveByTime,
  NO_SHOW_JOB,
  PULL_USAGE_JOB,
  pullUsageJob,
  START_RESERVATION_JOB,
  startReservation,
  sweepDisputes,
  tendPulls,
} from '../drawdown/index.ts'
import { type Mailer, SEND_MESSAGE_JOB, sendMessageJob, sweepMessages } from '../messages/index.ts'
import type { Deps } from '../platform/index.ts'
import {
  EXPIRE_HOLDS_JOB,
  EXPIRE_LOTS_JOB,
  expireHoldsJob,
  expireLotsJob,
  giveExpiryNotices,
  RELEASE_DUE_JOB,
  releaseDueJob,
} from '../tokens/index.ts'

const SWEEP_JOB = 'worker.sweep'
const EXPIRY_NOTICES_JOB = 'tokens.expiry-notices'
const OBLIGATIONS_JOB = 'closing.obligation-notices'
/** How far back a daily job is made up for that fell into a time without a worker. */
const ONE_DAY_MS = 86_400_000

/** What the worker talks to beside the database. */
export type WorksWith = {
  /** Of the pools that have one. */
  readonly schedulers?: readonly PoolScheduler[]
  /** Without one, messages are kept and not sent. */
  readonly mailer?: Mailer | undefined
}

type Handler = (deps: Deps, payload: unknown) => Promise<unknown>

/** Every job there is, by name. A handler may run more than once and must be harmless the second time. */
const handlers = ({ schedulers = [], mailer }: WorksWith): Readonly<Record<string, Handler>> => ({
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
  [NO_SHOW_JOB]: findNoShowJob(schedulers),
  [DEEM_ACCEPTED_JOB]: deemAccepted,
  [DISPUTE_DUE_JOB]: disputeDue,
  [AMENDMENT_DUE_JOB]: amendmentDue,
  [CHECKPOINT_JOB]: checkpointJob,
  [SETTLE_DUE_JOB]: settleDue,
  [PUSH_RESERVATIONS_JOB]: pushReservationsJob(schedulers),
  [COMPLETE_SENDING_JOB]: completeSendingJob,
  [PULL_USAGE_JOB]: pullUsageJob(schedulers),
  [RECONCILE_JOB]: runReconciliation,
  [SEND_MESSAGE_JOB]: sendMessageJob(mailer),
  [EXPIRY_NOTICES_JOB]: giveExpiryNotices,
  [OBLIGATIONS_JOB]: remindOfObligations,
  [SWEEP_JOB]: (deps) => sweep(deps, schedulers),
})

/** Every quarter of an hour: whatever time alone has ended and a lost job has left standing. */
async function sweep(deps: Deps, schedulers: readonly PoolScheduler[]): Promise<void> {
  const steps = [
    () => bringDueIntoForce(deps),
    () => expireHolds(deps),
    () => moveByTime(deps),
    () => findNoShows(deps, schedulers),
    () => backfillAll(deps),
    () => deemDueAccepted(deps),
    () => sweepDisputes(deps),
    () => completeSendings(deps),
    () => settleDueGrants(deps),
    () => tendSchedulers(deps.db, schedulers),
    () => tendPulls(deps.db, schedulers),
    () => writeDueCheckpoints(deps),
    () => sweepMessages(deps),
  ]
  const faults: unknown[] = []
  for (const step of steps) await step().catch((error: unknown) => faults.push(error))
  // What fails must not keep the others waiting: it would at every sweep.
  if (faults.length > 0) throw new AggregateError(faults, faults.map(String).join('; '))
}

/**
 * Starts working on the queue. The queue's own tables belong to the owner; what handlers do, they do as the application.
 *
 * @param url the owner's connection string
 */
export async function startWorker(
  deps: Deps,
  url: string,
  worksWith: WorksWith = {},
): Promise<{ readonly stop: () => Promise<void> }> {
  const { schedulers = [] } = worksWith
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
      { task: EXPIRY_NOTICES_JOB, match: '10 0 * * *', options: { backfillPeriod: ONE_DAY_MS } },
      { task: OBLIGATIONS_JOB, match: '25 0 * * *', options: { backfillPeriod: ONE_DAY_MS } },
    ]),
    logger: new Logger(() => (level, message) => {
      if (level === 'error') deps.log.error({ job: true }, message)
      else if (level === 'warning') deps.log.warn({ job: true }, message)
      else deps.log.debug({ job: true }, message)
    }),
    taskList: Object.fromEntries(
      Object.entries(handlers(worksWith)).map(([name, handler]) => [
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
