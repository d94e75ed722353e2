import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  once,
  parse,
  type Ref,
  SamePerson,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../../platform/index.ts'
import { microsecondsOf } from '../interval.ts'
import { mustDecideFor } from '../visibility.ts'
import { giveBack } from './give-back.ts'
import { openOffer } from './offer.store.ts'
import { isUngathered } from './request-group.ts'
import { type LockedReservation, lockReservation, markDecided, moveReservation } from './reservation.store.ts'
import { mustSeeReservation } from './reservation.views.ts'
import { DECLINE_REASONS } from './reservation-state.ts'
import { addStart } from './start-reservation-job.ts'

export const DECISIONS = ['APPROVE', 'DECLINE'] as const

export const DecideReservationInput = z
  .strictObject({
    reservationId: zRef('Reservation'),
    decision: z.enum(DECISIONS),
    reasonCode: z.enum(DECLINE_REASONS).nullish(),
    note: zText(1000).nullish(),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ decision, reasonCode }) => (decision === 'DECLINE') === (reasonCode != null), {
    path: ['reasonCode'],
    message: 'must be given when declining, and only then',
  })
export type DecideReservationInput = z.input<typeof DecideReservationInput>

/**
 * The provider's decision on a request. Approving confirms the reservation; declining returns its tokens and its capacity.
 * The decision, its reason and how long it took are evidence of whether the provider delivered.
 */
export async function decideReservation(
  deps: Deps,
  actor: Actor,
  input: DecideReservationInput,
): Promise<{ ref: Ref }> {
  const { reservationId: ref, decision, reasonCode, note, idempotencyKey } = parse(DecideReservationInput, input)
  const { providerId } = await mustSeeReservation(deps.db, actor, ref)
  mustDecideFor(actor, providerId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'decideReservation', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const reservation = await lockReservation(trx, ref)
    mustBeUndecided(reservation, await instant(trx))
    if (reservation.requestedBy === actor.id) throw new SamePerson('decide on')
    if (await isUngathered(trx, ref, reservation.groupId)) throw new WrongState('reservation', 'incomplete', ['held'])
    const decided = { actor, note: note ?? null, decision: true }
    if (reasonCode == null) {
      if ((await openOffer(trx, ref)) !== undefined) throw new WrongState('reservation', 'offered', ['held'])
      await moveReservation(trx, reservation, { ...decided, to: 'confirmed', reason: 'APPROVED' })
      await addStart(trx, ref, reservation.interval.startsAt)
    } else await giveBack(trx, reservation, { ...decided, to: 'declined', reason: reasonCode })
    await markDecided(trx, reservation)
    await audit(trx, actor, {
      scope,
      kind: decision === 'APPROVE' ? 'reservation.approved' : 'reservation.declined',
      subject: globalId('Reservation', ref.companyId, ref.id),
      payload: { reasonCode: reasonCode ?? null, note: note ?? null },
    })
    return { ref }
  })
}

/** Once its time is over a request has expired, whether or not the job has come to it yet. */
function mustBeUndecided(reservation: LockedReservation, now: string): void {
  const { state, holdExpiresAt } = reservation
  if (state !== 'held') throw new WrongState('reservation', state, ['held'])
  if (microsecondsOf(holdExpiresAt) <= microsecondsOf(now)) throw new WrongState('reservation', 'expired', ['held'])
}
