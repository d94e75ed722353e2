/** Requests, and changes, that the provider did not decide in time expire by themselves, through the path of every other return. */
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
  type Ref,
  type Trx,
  zUuid,
} from '../../platform/index.ts'
import { earlier, microsecondsOf } from '../interval.ts'
import { dropChange, openChange } from './change.store.ts'
import { giveBack } from './give-back.ts'
import { endOffer, openOffer } from './offer.store.ts'
import { isUngathered } from './request-group.ts'
import { type LockedReservation, lockReservation } from './reservation.store.ts'

export { EXPIRE_HOLD_JOB } from './expire-hold-job.ts'

const Payload = z.object({ companyId: zUuid, reservationId: zUuid })

/** Expires one request whose time to decide is over. Harmless when it was decided, or is not due yet. */
export async function expireHold(deps: Deps, payload: unknown): Promise<{ expired: boolean }> {
  const { companyId, reservationId } = parse(Payload, payload)
  const ref: Ref = { companyId, id: reservationId }
  return inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, companyId)
    const reservation = await lockReservation(trx, ref)
    if (reservation.state !== 'held') return { expired: await lapseChange(trx, reservation) }
    const offer = await openOffer(trx, ref)
    const until = offer === undefined ? reservation.holdExpiresAt : earlier(offer.answerBy, reservation.holdExpiresAt)
    if (microsecondsOf(until) > microsecondsOf(await instant(trx))) return { expired: false }
    if (await isUngathered(trx, ref, reservation.groupId)) {
      await giveBack(trx, reservation, { to: 'cancelled', reason: 'GROUP_UNDONE' })
      return { expired: true }
    }
    // The provider answered an offer's request; that the company let it lapse is not the provider's silence.
    if (offer !== undefined) {
      await endOffer(trx, ref, 'LAPSED')
      await giveBack(trx, reservation, { to: 'declined', reason: 'OFFER_LAPSED' })
    } else {
      await giveBack(trx, reservation, { to: 'expired', reason: 'NOT_DECIDED_IN_TIME', decision: true })
    }
    await audit(trx, NOBODY, {
      scope: { kind: 'company', id: companyId },
      kind: offer === undefined ? 'reservation.expired' : 'offer.lapsed',
      subject: globalId('Reservation', companyId, reservationId),
      payload: { holdExpiresAt: reservation.holdExpiresAt },
    })
    return { expired: true }
  })
}

/** A change that the provider did not decide in time: what was set aside returns, and the reservation stays as it was. */
async function lapseChange(trx: Trx, reservation: LockedReservation): Promise<boolean> {
  const { ref } = reservation
  const change = await openChange(trx, ref)
  if (change === undefined || microsecondsOf(change.answerBy) > microsecondsOf(await instant(trx))) return false
  await dropChange(trx, reservation, { answer: 'LAPSED' })
  await audit(trx, NOBODY, {
    scope: { kind: 'company', id: ref.companyId },
    kind: 'reservation.change-lapsed',
    subject: globalId('Reservation', ref.companyId, ref.id),
    payload: { answerBy: change.answerBy },
  })
  return true
}

/** Most requests that one sweep expires. The next sweep takes the rest. */
const SWEEP_MAX = 500

/** Expires every request whose time is over, oldest first: what a lost job would have left behind. */
export async function expireHolds(deps: Deps): Promise<{ expired: number }> {
  const due = await deps.db
    .selectFrom('reservation')
    .select(['company_id as companyId', 'reservation_id as reservationId'])
    .where('state', '=', 'held')
    .where('hold_expires_at', '<=', await instant(deps.db))
    .orderBy('hold_expires_at')
    .limit(SWEEP_MAX)
    .execute()
  const changes = await deps.db
    .selectFrom('reservation_change')
    .select(['company_id as companyId', 'reservation_id as reservationId'])
    .where('answer', 'is', null)
    .where('answer_by', '<=', await instant(deps.db))
    .orderBy('answer_by')
    .limit(SWEEP_MAX)
    .execute()
  let expired = 0
  for (const request of [...due, ...changes]) if ((await expireHold(deps, request)).expired) expired += 1
  return { expired }
}
