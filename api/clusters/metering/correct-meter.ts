/** What a correction of usage needs of a reservation: its meter, and nothing of its state. */
import { type MicroTokens, type Ref, Refused, type Trx } from '../../platform/index.ts'
import { type LockedReservation, lockReservation } from '../reservation/reservation.store.ts'
import { type GpuSeconds, meteredTokens } from './charge.ts'
import { type Meter, moveMeter, readMeter } from './usage.store.ts'

/** A reservation and its meter, locked: usage of it is recorded or corrected by nobody else meanwhile. */
export async function lockMeter(trx: Trx, ref: Ref): Promise<{ reservation: LockedReservation; meter: Meter }> {
  const reservation = await lockReservation(trx, ref)
  return { reservation, meter: await readMeter(trx, ref) }
}

/**
 * Micro-tokens by which the meter's sum changes when its GPU-seconds go from `before` to `after`: the difference of the
 * rounded sums, so that a record and its correction together cost nothing.
 *
 * @throws {Refused} for more than was reserved
 */
export function meterDifference(
  reservation: LockedReservation,
  meter: Meter,
  before: GpuSeconds,
  after: GpuSeconds,
): MicroTokens {
  if (after > meter.reservedGpuSeconds) {
    throw new Refused('gpuSeconds', `would bring usage to ${after} of ${meter.reservedGpuSeconds} reserved GPU-seconds`)
  }
  return meteredTokens(after, reservation.factor) - meteredTokens(before, reservation.factor)
}

/** Sets the meter of a locked reservation to corrected sums. The database refuses more than what was reserved or held. */
export const correctMeter = (
  trx: Trx,
  ref: Ref,
  to: { gpuSeconds: GpuSeconds; delivered: MicroTokens; idle: MicroTokens },
): Promise<void> => moveMeter(trx, ref, to)
