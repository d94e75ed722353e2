import { instant, type MicroTokens, type Ref, type Trx, type Uuid } from '../platform/index.ts'
import { type Charging, type GpuSeconds, idleCharge, reservedGpuSeconds } from './charge.ts'
import { WrongTime } from './errors.ts'
import { earlier, microsecondsOf, nextMinute } from './interval.ts'
import { lockReservationForUsage } from './record-usage.ts'
import { freeRest, type LockedReservation, moveReservation } from './reservation.store.ts'
import { moveMeter, readMeter } from './usage.store.ts'

export type CompletedReservation = {
  readonly reservation: LockedReservation
  /** Compute really received. */
  readonly deliveredGpuSeconds: GpuSeconds
  readonly delivered: MicroTokens
  /** What to charge for reserved time that was not used: charged is not delivered. Zero when only metered time is charged. */
  readonly cause: 'idle_reserved'
  readonly idleGpuSeconds: GpuSeconds
  readonly charge: MicroTokens
}

/**
 * Ends a reservation once its usage is in, and tells what its unused time is charged. Capacity that is still ahead returns
 * to the calendar and is not charged; the past stays as it was. The caller charges the hold and returns the rest of it.
 *
 * @throws {NotFound} {WrongState} as for usage
 * @throws {WrongTime} before it has started: cancel it instead
 */
export async function completeReservation(
  trx: Trx,
  {
    ref,
    charging,
    completedBy,
    idleAtMost,
  }: {
    ref: Ref
    charging: Charging
    /** Undefined where time alone did it. */
    completedBy: Uuid | undefined
    /** Most that unused time is charged, where the terms let only a part of the hold be charged for it. */
    idleAtMost?: MicroTokens
  },
): Promise<CompletedReservation> {
  const reservation = await lockReservationForUsage(trx, ref)
  const now = await instant(trx)
  const { startsAt } = reservation.interval
  if (microsecondsOf(now) < microsecondsOf(startsAt)) throw new WrongTime(startsAt, 'AFTER_START')
  const meter = await readMeter(trx, ref)
  const until = earlier(nextMinute(now), reservation.interval.endsAt)
  const kept = reservedGpuSeconds(reservation.gpus, { startsAt, endsAt: until })
  const reserved = kept > meter.gpuSeconds ? kept : meter.gpuSeconds
  const idle = idleCharge(reserved, meter.gpuSeconds, reservation.factor, charging)
  const charge = idleAtMost !== undefined && idleAtMost < idle ? idleAtMost : idle
  await moveReservation(trx, reservation, {
    to: 'completed',
    reason: charging === 'RESERVED' ? 'RESERVED_CHARGED' : 'METERED_CHARGED',
    actor: completedBy === undefined ? undefined : { id: completedBy },
  })
  await moveMeter(trx, ref, { gpuSeconds: meter.gpuSeconds, delivered: meter.delivered, idle: charge })
  await freeRest(trx, reservation, nextMinute(now))
  return {
    reservation,
    deliveredGpuSeconds: meter.gpuSeconds,
    delivered: meter.delivered,
    cause: 'idle_reserved',
    idleGpuSeconds: reserved - meter.gpuSeconds,
    charge,
  }
}
