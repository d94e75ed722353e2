/** Finds by itself that nobody came to a reservation: after the grace time of its terms, once its meter would have said. */
import { sql } from 'kysely'
import { z } from 'zod'
import {
  bookingTermsOf,
  findPool,
  hasScheduler,
  isUnused,
  type LockedReservation,
  lockReservation,
  minutesUntil,
  noShowFound,
  noShowFoundAt,
  type PoolScheduler,
  providersOfPools,
  SchedulerUnavailable,
} from '../../clusters/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  addJob,
  audit,
  type Deps,
  formatTokens,
  globalId,
  instant,
  inTransaction,
  NOBODY,
  parse,
  type Reader,
  type Ref,
  type Trx,
  type Uuid,
  zUuid,
} from '../../platform/index.ts'
import { readHolds } from '../../tokens/index.ts'
import { graceMinutes, noShow } from './end-by-provider.ts'

/** Name of the job that looks whether anybody has come to a reservation. */
export const NO_SHOW_JOB = 'drawdown.find-no-show'

type Target = Pick<PoolScheduler, 'poolId' | 'scheduler'>
type Looked = Pick<LockedReservation, 'ref' | 'poolId' | 'interval' | 'holdId' | 'requestedAt'>

/**
 * When it can be told whether anybody has come. With a scheduler: soon after the grace time, by asking it. Without: once the
 * meter would have told of what was in use by then, if it tells of jobs that still run; else a day after the end.
 */
async function dueAt(reader: Reader, reservation: Looked, connected: boolean): Promise<string> {
  const { ref, poolId, interval, holdId, requestedAt } = reservation
  const hold = (await readHolds(reader, ref.companyId, [holdId])).get(holdId)
  const grace = graceMinutes(await bookingTermsOf(reader, ref.companyId, requestedAt), hold ?? { lots: [] })
  const delay = (await findPool(reader, poolId))?.meterDelayMinutes ?? null
  return noShowFoundAt(noShowFound(connected, delay), interval, grace)
}

/** In the transaction that starts a reservation. */
export async function addNoShow(trx: Trx, reservation: Looked): Promise<void> {
  const { ref, poolId } = reservation
  await addJob(trx, {
    name: NO_SHOW_JOB,
    payload: { companyId: ref.companyId, reservationId: ref.id },
    runAt: await dueAt(trx, reservation, await hasScheduler(trx, poolId)),
    key: `${NO_SHOW_JOB}:${ref.id}`,
  })
}

const Payload = z.object({ companyId: zUuid, reservationId: zUuid })

/**
 * Looks at one reservation, and ends it as a no-show where nobody has come: the part that the terms say is charged, the rest
 * returns, and its capacity goes to whoever waits. Harmless where somebody has, where it is not due, and the second time.
 * A scheduler that does not answer is asked again by the next sweep: without its word nobody is a no-show.
 */
export async function findNoShow(
  deps: Deps,
  payload: unknown,
  targets: readonly Target[] = [],
): Promise<{ noShow: boolean }> {
  const { companyId, reservationId } = parse(Payload, payload)
  const ref: Ref = { companyId, id: reservationId }
  const seen = await deps.db
    .selectFrom('reservation')
    .select(['pool_id as poolId', 'starts_at as startsAt', 'ends_at as endsAt', 'state', 'hold_id as holdId'])
    .select('requested_at as requestedAt')
    .where('company_id', '=', companyId)
    .where('reservation_id', '=', reservationId)
    .executeTakeFirst()
  if (seen?.state !== 'active') return { noShow: false }
  const target = targets.find(({ poolId }) => poolId === seen.poolId)
  const looked = { ...seen, ref, interval: { startsAt: seen.startsAt, endsAt: seen.endsAt } }
  if (minutesUntil(await dueAt(deps.db, looked, target !== undefined), await instant(deps.db)) > 0) {
    return { noShow: false }
  }
  // No transaction is open while the scheduler is asked: jobs that run have told no usage yet.
  if (target !== undefined && !(await isIdle(deps, target, looked))) return { noShow: false }
  return inTransaction(deps.db, (trx) => end(trx, ref, seen.poolId))
}

async function isIdle(deps: Deps, { poolId, scheduler }: Target, { ref, interval }: Looked): Promise<boolean> {
  try {
    const { records, running, outside } = await scheduler.usage(ref.id, interval)
    return records.length === 0 && running === 0 && outside === 0n
  } catch (error) {
    if (!(error instanceof SchedulerUnavailable)) throw error
    deps.log.warn({ poolId, reason: error.message }, 'a scheduler could not be asked whether anybody has come')
    return false
  }
}

async function end(trx: Trx, ref: Ref, poolId: Uuid): Promise<{ noShow: boolean }> {
  await lockCompany(trx, ref.companyId)
  const { state } = await lockReservation(trx, ref)
  if (state !== 'active' || !(await isUnused(trx, ref)) || (await isHeardOf(trx, ref, poolId))) return { noShow: false }
  const charged = await noShow(trx, ref, { note: null })
  await audit(trx, NOBODY, {
    scope: { kind: 'company', id: ref.companyId },
    kind: 'reservation.no-show',
    subject: globalId('Reservation', ref.companyId, ref.id),
    payload: { charged: formatTokens(charged), note: null },
  })
  return { noShow: true }
}

/** Whether usage of it was told that nobody could use yet, and that waits for people. */
async function isHeardOf(trx: Trx, { companyId, id }: Ref, poolId: Uuid): Promise<boolean> {
  const providerId = (await providersOfPools(trx, [poolId])).get(poolId) ?? ''
  const row = await trx
    .selectFrom('quarantined_usage as usage')
    .innerJoin('quarantine_state as state', (join) =>
      join.onRef('state.scope_id', '=', 'usage.scope_id').onRef('state.quarantine_id', '=', 'usage.quarantine_id'),
    )
    .select('usage.quarantine_id')
    .where('usage.scope_id', '=', providerId)
    .where('usage.company_id', '=', companyId)
    .where(sql<boolean>`usage.record ->> 'reservationId' = ${globalId('Reservation', companyId, id)}`)
    .where('state.state', 'in', ['open', 'discard_asked'])
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** The job, for the pools that have a scheduler and for those that have none. */
export const findNoShowJob =
  (targets: readonly Target[]) =>
  (deps: Deps, payload: unknown): Promise<{ noShow: boolean }> =>
    findNoShow(deps, payload, targets)

/** Reservations that one step of the sweep looks at. */
const STEP = 500

/** Every reservation that runs and of which no usage was told: what a lost job, or a silent scheduler, left standing. */
export async function findNoShows(deps: Deps, targets: readonly Target[] = []): Promise<{ noShows: number }> {
  const now = await instant(deps.db)
  let noShows = 0
  let after: { startsAt: string; reservationId: string } | undefined
  for (;;) {
    const from = after
    const rows = await deps.db
      .selectFrom('reservation')
      .select(['company_id as companyId', 'reservation_id as reservationId', 'starts_at as startsAt'])
      .where('state', '=', 'active')
      .where('starts_at', '<=', now)
      .$if(from !== undefined, (query) =>
        query.where(
          sql<boolean>`(starts_at, reservation_id) > (${from?.startsAt}::timestamptz, ${from?.reservationId}::uuid)`,
        ),
      )
      .where(
        sql<boolean>`NOT EXISTS (SELECT FROM usage_record WHERE usage_record.company_id = reservation.company_id
          AND usage_record.reservation_id = reservation.reservation_id)`,
      )
      .orderBy('starts_at')
      .orderBy('reservation_id')
      .limit(STEP)
      .execute()
    for (const row of rows) if ((await findNoShow(deps, row, targets)).noShow) noShows += 1
    after = rows.at(-1)
    if (rows.length < STEP) return { noShows }
  }
}
