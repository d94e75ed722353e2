import { instant, type MicroTokens, type Ref, type Trx, type Uuid } from '../../platform/index.ts'
import { WrongTime } from '../errors.ts'
import { earlier, type Interval, microsecondsOf, nextMinute } from '../interval.ts'
import { type Charging, type GpuSeconds, idleCharge, reservedGpuSeconds } from '../metering/charge.ts'
import { downOf, insertOutageCredits } from '../metering/outage.store.ts'
import { sumOf } from '../metering/outage.ts'
import { lockReservationForUsage } from '../metering/record-usage.ts'
import { moveMeter, readMeter } from '../metering/usage.store.ts'
import { dropChange } from './change.store.ts'
import { freeRest, type LockedReservation, moveReservation } from './reservation.store.ts'

export type CompletedReservation = {
  readonly reservation: LockedReservation
  /** Compute really received. */
  readonly deliveredGpuSeconds: GpuSeconds
  readonly delivered: MicroTokens
  /** What to charge for reserved time that was not used: charged is not delivered. Zero when only metered time is charged. */
  readonly cause: 'idle_reserved'
  readonly idleGpuSeconds: GpuSeconds
  readonly charge: MicroTokens
  /** The same by lot, where the lots were given. */
  readonly charges: ReadonlyMap<Uuid, MicroTokens>
}

/**
 * Ends a reservation once its usage is in, and tells what its unused time is charged. Capacity that is still ahead returns
 * to the calendar and is not charged; the past stays as it was. Time in which GPUs were down is
 * credited by the signed terms. The caller charges the hold and returns the rest of it.
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
    idleLots,
  }: {
    ref: Ref
    charging: Charging
    /** Undefined where time alone did it. */
    completedBy: Uuid | undefined
    /** Lots that unused time is charged to, in order, with the most that each is. */
    idleLots?: ReadonlyMap<Uuid, MicroTokens>
  },
): Promise<CompletedReservation> {
  const reservation = await lockReservationForUsage(trx, ref)
  const now = await instant(trx)
  const { startsAt } = reservation.interval
  if (microsecondsOf(now) < microsecondsOf(startsAt)) throw new WrongTime(startsAt, 'AFTER_START')
  // What is completed does not become longer any more.
  await dropChange(trx, reservation, { answer: 'LAPSED' })
  const meter = await readMeter(trx, ref)
  const within = keptInterval(reservation.interval, now)
  const kept = reservedGpuSeconds(reservation.gpus, within)
  const reserved = kept > meter.gpuSeconds ? kept : meter.gpuSeconds
  const idle = idleCharge(reserved, meter.gpuSeconds, reservation.factor, charging)
  const owed = idleLots === undefined ? undefined : drawnInOrder(idleLots, idle)
  const down = await downOf(trx, reservation, within)
  const credits = down.creditsOf(owed ?? new Map())
  const charges = new Map([...(owed ?? [])].map(([lotId, part]) => [lotId, part - (credits.get(lotId) ?? 0n)]))
  const charge = owed === undefined ? idle : sumOf(charges)
  await moveReservation(trx, reservation, {
    to: 'completed',
    reason: charging === 'RESERVED' ? 'RESERVED_CHARGED' : 'METERED_CHARGED',
    actor: completedBy === undefined ? undefined : { id: completedBy },
  })
  await moveMeter(trx, ref, { gpuSeconds: meter.gpuSeconds, delivered: meter.delivered, idle: charge })
  await insertOutageCredits(trx, ref, credits, { downGpuSeconds: down.gpuSeconds, correctionId: null })
  await freeRest(trx, reservation, nextMinute(now))
  return {
    reservation,
    deliveredGpuSeconds: meter.gpuSeconds,
    delivered: meter.delivered,
    cause: 'idle_reserved',
    idleGpuSeconds: reserved - meter.gpuSeconds,
    charge,
    charges,
  }
}

/** The time of a reservation that is charged when it is completed at `now`: what is still ahead is not. */
export const keptInterval = ({ startsAt, endsAt }: Interval, now: string): Interval => ({
  startsAt,
  endsAt: earlier(nextMinute(now), endsAt),
})

/** An amount drawn from lots in order, up to what each has. */
function drawnInOrder(lots: ReadonlyMap<Uuid, MicroTokens>, amount: MicroTokens): Map<Uuid, MicroTokens> {
  let left = amount
  return new Map(
    [...lots].map(([lotId, most]) => {
      const part = most < left ? most : left
      left -= part
      return [lotId, part]
    }),
  )
}
