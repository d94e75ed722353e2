/** Writes the parts of a reservation that is split. What the calendar holds for the company stays the same. */
import type { ActorId, Ref, Trx, Uuid } from '../../platform/index.ts'
import { instant, WrongState } from '../../platform/index.ts'
import type { Interval } from '../interval.ts'
import type { Quote } from '../metering/charge.ts'
import { tellScheduler } from '../scheduler/tell-scheduler.ts'
import { mustHaveNoChange } from './change.store.ts'
import { openOffer } from './offer.store.ts'
import {
  factorIdOf,
  insertReservation,
  type LockedReservation,
  lockReservation,
  moveReservation,
} from './reservation.store.ts'
import { isConfirmed } from './reservation-state.ts'
import { addExpiry } from './set-aside.ts'
import { addStart } from './start-reservation-job.ts'

/** @throws {WrongState} while an offer, or a change, waits for its answer */
export async function mustHaveNoOffer(trx: Trx, ref: Ref): Promise<void> {
  if ((await openOffer(trx, ref)) !== undefined) throw new WrongState('reservation', 'offered', ['held'])
  await mustHaveNoChange(trx, ref)
}

/** The reservation's own booking is smaller from here on; {@link insertPart} books the rest. */
export async function shrinkBooking(trx: Trx, { poolId, ref }: LockedReservation, gpus: number): Promise<void> {
  await trx
    .updateTable('pool_booking')
    .set({ gpus })
    .where('pool_id', '=', poolId)
    .where('reservation_id', '=', ref.id)
    .execute()
  await tellScheduler(trx, poolId, ref.id)
}

/** A part of a reservation, in the state that it is in. Its tokens are held. */
export async function insertPart(
  trx: Trx,
  whole: LockedReservation,
  part: { readonly ref: Ref; readonly gpus: number; readonly quote: Quote; readonly holdId: Uuid },
  actor: ActorId,
): Promise<void> {
  const { poolId, tokenClassId, interval, state, holdExpiresAt, requestedBy } = whole
  const factorId = await factorIdOf(trx, whole.ref)
  const made = {
    ...part,
    poolId,
    tokenClassId,
    interval,
    factorId,
    holdExpiresAt,
    requestedBy,
    splitFrom: whole.ref.id,
  }
  await insertReservation(trx, made)
  await trx
    .insertInto('pool_booking')
    .values({
      pool_id: poolId,
      reservation_id: part.ref.id,
      company_id: part.ref.companyId,
      gpus: part.gpus,
      starts_at: interval.startsAt,
      ends_at: interval.endsAt,
      decided_at: isConfirmed(state) ? await instant(trx) : null,
    })
    .execute()
  if (isConfirmed(state)) {
    await moveReservation(trx, await lockReservation(trx, part.ref), { to: 'confirmed', reason: 'SPLIT', actor })
    await addStart(trx, part.ref, interval.startsAt)
  } else {
    await addExpiry(trx, part.ref, holdExpiresAt)
  }
}

/** The times of a reservation with what is asked for instead. */
export const reservationInterval = (
  interval: Interval,
  startsAt: string | null | undefined,
  endsAt: string | null | undefined,
): Interval => ({ startsAt: startsAt ?? interval.startsAt, endsAt: endsAt ?? interval.endsAt })
