/** Usage of a reservation to which nobody was thought to have come: it is recorded, and the reservation was completed. */
import { instant, newId, type Ref, type Trx, type Uuid } from '../../platform/index.ts'
import { type LockedReservation, lockReservation, moveReservation } from '../reservation/reservation.store.ts'
import type { GpuSeconds } from './charge.ts'
import { mustBeReserved, mustBeTheSame, mustBeWithin } from './record-usage.ts'
import { insertUsage, type Meter, readMeter, storedUsage, type UsageRecord } from './usage.store.ts'

/** A reservation that was taken for a no-show, locked with its meter. */
export type TakenForNoShow = {
  readonly reservation: LockedReservation
  readonly meter: Meter
  /** When it was: what lay ahead then was given back to the calendar. */
  readonly noShowAt: string
}

/** Locks a reservation that is, or was, taken for a no-show; `undefined` for any other. The company is locked. */
export async function lockNoShow(trx: Trx, ref: Ref): Promise<TakenForNoShow | undefined> {
  const event = await trx
    .selectFrom('reservation_event')
    .select('at')
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .where('to_state', '=', 'no_show')
    .executeTakeFirst()
  if (event === undefined) return undefined
  return { reservation: await lockReservation(trx, ref), meter: await readMeter(trx, ref), noShowAt: event.at }
}

/**
 * Stores one record of such a reservation, and says that it was completed. The record costs nothing of itself: a correction
 * moves the meter's tokens.
 *
 * @throws {UsageConflict} {UsageBeyondReservation} as for any usage
 */
export async function recordLateUsage(
  trx: Trx,
  { reservation, meter }: TakenForNoShow,
  record: UsageRecord,
  by: { readonly actorId: Uuid; readonly requestId?: Uuid | undefined },
): Promise<{ readonly usageId: Uuid; readonly known: boolean; readonly gpuSeconds: GpuSeconds }> {
  const [known] = await storedUsage(trx, reservation, [record])
  if (known !== undefined) {
    mustBeTheSame(reservation, known, record)
    return { usageId: known.usageId, known: true, gpuSeconds: meter.gpuSeconds }
  }
  mustBeWithin(reservation, record, await instant(trx))
  const gpuSeconds = meter.gpuSeconds + record.gpuSeconds
  mustBeReserved(meter.reservedGpuSeconds, gpuSeconds, record)
  const usageId = newId()
  const stored = { ...record, usageId, reservationId: reservation.ref.id, charged: 0n }
  await insertUsage(trx, reservation, [stored], by.actorId, by.requestId)
  if (reservation.state === 'no_show') {
    await moveReservation(trx, reservation, { to: 'completed', reason: 'CAME_AFTER_ALL', actor: { id: by.actorId } })
  }
  return { usageId, known: false, gpuSeconds }
}
