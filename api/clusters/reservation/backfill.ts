/** Serves the waiting list of a pool when capacity frees: in order of request, each request in a transaction of its own. */
import { z } from 'zod'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  inTransaction,
  NOBODY,
  parse,
  Refused,
  type Trx,
  zUuid,
} from '../../platform/index.ts'
import { TokensNotReleased, WouldOverdraw } from '../../tokens/index.ts'
import { OverCapacity, OverShare, PastDeadline, WaitersFirst } from '../errors.ts'
import { microsecondsOf } from '../interval.ts'
import { reservedGpuSeconds } from '../metering/charge.ts'
import { findPool, type PoolView } from '../pool/pool.views.ts'
import { decideBy } from './request-reservation.ts'
import { insertBooking, type LockedReservation, lockReservation, moveReservation } from './reservation.store.ts'
import { addExpiry, holdTokens } from './set-aside.ts'
import { leaveWaiting, mustNotOvertake, passOver, type Waiting, waitingInOrder } from './waiting.store.ts'

const Payload = z.object({ poolId: zUuid })
/** Most requests that one run looks at. */
const RUN_MAX = 500

export type Backfilled = { readonly held: number; readonly ended: number }

/** One run over the waiting list of a pool. Harmless twice: who is served or gone is not on it any more. */
export async function backfill(deps: Deps, payload: unknown): Promise<Backfilled> {
  const { poolId } = parse(Payload, payload)
  const pool = await findPool(deps.db, poolId)
  if (pool === undefined) return { held: 0, ended: 0 }
  let [held, ended] = [0, 0]
  for (const waiting of await waitingInOrder(deps.db, poolId, RUN_MAX)) {
    const outcome = await serve(deps, pool, waiting)
    if (outcome === 'held') held += 1
    if (outcome === 'ended') ended += 1
  }
  return { held, ended }
}

/** The pools in which somebody waits, for the sweep. */
export async function backfillAll(deps: Deps): Promise<void> {
  const pools = await deps.db
    .selectFrom('pool_waiting')
    .select('pool_id')
    .distinct()
    .where('left_at', 'is', null)
    .execute()
  for (const { pool_id: poolId } of pools) await backfill(deps, { poolId })
}

async function serve(deps: Deps, pool: PoolView, waiting: Waiting): Promise<'held' | 'ended' | 'waits'> {
  try {
    return await inTransaction(deps.db, (trx) => serveLocked(trx, pool, waiting))
  } catch (error) {
    if (error instanceof OverCapacity || error instanceof WaitersFirst) return 'waits'
    if (cannotTakeIt(error)) {
      await inTransaction(deps.db, (trx) => passOver(trx, waiting.poolId, waiting.ref.id))
      return 'waits'
    }
    throw error
  }
}

/** What stands in the company's own way: others need not wait for it. */
const cannotTakeIt = (error: unknown): boolean =>
  [WouldOverdraw, TokensNotReleased, PastDeadline, OverShare, Refused].some((kind) => error instanceof kind)

async function serveLocked(
  trx: Trx,
  pool: PoolView,
  { ref, waitsUntil }: Waiting,
): Promise<'held' | 'ended' | 'waits'> {
  await lockCompany(trx, ref.companyId)
  const reservation = await lockReservation(trx, ref)
  if (reservation.state !== 'waitlisted') return 'waits'
  const now = await instant(trx)
  if (microsecondsOf(waitsUntil) <= microsecondsOf(now)) {
    await endWait(trx, reservation)
    return 'ended'
  }
  const { poolId, gpus, interval, hold, factor, holdId, tokenClassId } = reservation
  const quote = { gpuSeconds: reservedGpuSeconds(gpus, interval), factor, hold }
  const holdExpiresAt = decideBy(now, pool, interval.startsAt)
  await holdTokens(trx, { companyId: ref.companyId, holdId, tokenClassId, amount: hold, interval })
  await moveReservation(trx, reservation, {
    to: 'held',
    reason: 'BACKFILLED',
    change: { gpus, interval, quote, holdId, holdExpiresAt },
  })
  await mustNotOvertake(trx, reservation)
  await insertBooking(trx, { ref, poolId, gpus, interval })
  await leaveWaiting(trx, poolId, ref.id)
  await addExpiry(trx, ref, holdExpiresAt)
  await auditWaiting(trx, reservation, 'reservation.backfilled')
  return 'held'
}

/** Its time to wait is over. Nothing was set aside, so nothing returns; that it was not served is evidence. */
async function endWait(trx: Trx, reservation: LockedReservation): Promise<void> {
  await moveReservation(trx, reservation, { to: 'expired', reason: 'WAIT_ENDED', decision: true })
  await leaveWaiting(trx, reservation.poolId, reservation.ref.id)
  await auditWaiting(trx, reservation, 'reservation.wait-ended')
}

const auditWaiting = (trx: Trx, { ref, waitsUntil }: LockedReservation, kind: string): Promise<void> =>
  audit(trx, NOBODY, {
    scope: { kind: 'company', id: ref.companyId },
    kind,
    subject: globalId('Reservation', ref.companyId, ref.id),
    payload: { waitsUntil },
  })
