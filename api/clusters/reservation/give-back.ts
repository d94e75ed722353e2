/** The one path by which a reservation ends before it was used: tokens and capacity return together. */
import type { Trx } from '../../platform/index.ts'
import { voidHold } from '../../tokens/index.ts'
import { dropChange } from './change.store.ts'
import { endOffer } from './offer.store.ts'
import { freeBooking, type LockedReservation, moveReservation, type Step } from './reservation.store.ts'
import { leaveWaiting } from './waiting.store.ts'

/** Ends a locked reservation that was never used: all its tokens and all its capacity return. */
export async function giveBack(trx: Trx, reservation: LockedReservation, step: Step): Promise<void> {
  await dropChange(trx, reservation, { answer: 'WITHDRAWN', actor: step.actor })
  await moveReservation(trx, reservation, step)
  await endOffer(trx, reservation.ref, step.to === 'expired' ? 'LAPSED' : 'REFUSED')
  // For a request that waits nothing was set aside.
  if (reservation.state === 'waitlisted') return leaveWaiting(trx, reservation.poolId, reservation.ref.id)
  await voidHold(trx, { companyId: reservation.ref.companyId, holdId: reservation.holdId })
  await freeBooking(trx, reservation)
}
