import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import { lockCompany } from '../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  once,
  parse,
  type Ref,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../platform/index.ts'
import { WrongTime } from './errors.ts'
import { giveBack } from './give-back.ts'
import { microsecondsOf } from './interval.ts'
import { lockReservation } from './reservation.store.ts'
import { mustSeeReservation } from './reservation.views.ts'
import { CANCELLABLE_STATES } from './reservation-state.ts'
import { mustBookFor } from './visibility.ts'

export const CancelReservationInput = z.strictObject({
  reservationId: zRef('Reservation'),
  note: zText(1000).nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type CancelReservationInput = z.input<typeof CancelReservationInput>

/**
 * Cancels a reservation before it starts. All its tokens and all its capacity return.
 *
 * @throws {WrongTime} once it has started
 */
export async function cancelReservation(
  deps: Deps,
  actor: Actor,
  input: CancelReservationInput,
): Promise<{ ref: Ref }> {
  const { reservationId: ref, note, idempotencyKey } = parse(CancelReservationInput, input)
  await mustSeeReservation(deps.db, actor, ref)
  mustBookFor(actor, ref.companyId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'cancelReservation', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const reservation = await lockReservation(trx, ref)
    const { state, interval } = reservation
    if (!CANCELLABLE_STATES.some((cancellable) => cancellable === state)) {
      throw new WrongState('reservation', state, CANCELLABLE_STATES)
    }
    if (microsecondsOf(await instant(trx)) >= microsecondsOf(interval.startsAt)) {
      throw new WrongTime(interval.startsAt, 'BEFORE_START')
    }
    await giveBack(trx, reservation, { to: 'cancelled', reason: 'CANCELLED_BY_COMPANY', note: note ?? null, actor })
    await audit(trx, actor, {
      scope,
      kind: 'reservation.cancelled',
      subject: globalId('Reservation', ref.companyId, ref.id),
      payload: { from: state, note: note ?? null },
    })
    return { ref }
  })
}
