/** Requests that the provider did not decide in time expire by themselves, through the path of every other return. */
import { z } from 'zod'
import { lockCompany } from '../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  inTransaction,
  NOBODY,
  parse,
  type Ref,
  zUuid,
} from '../platform/index.ts'
import { giveBack } from './give-back.ts'
import { earlier, microsecondsOf } from './interval.ts'
import { endOffer, openOffer } from './offer.store.ts'
import { isUngathered } from './request-group.ts'
import { lockReservation } from './reservation.store.ts'

export { EXPIRE_HOLD_JOB } from './expire-hold-job.ts'

const Payload = z.object({ companyId: zUuid, reservationId: zUuid })

/** Expires one request whose time to decide is over. Harmless when it was decided, or is not due yet. */
export async function expireHold(deps: Deps, payload: unknown): Promise<{ expired: boolean }> {
  const { companyId, reservationId } = parse(Payload, payload)
  const ref: Ref = { companyId, id: reservationId }
  return inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, companyId)
    const reservation = await lockReservation(trx, ref)
    if (reservation.state !== 'held') return { expired: false }
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
  let expired = 0
  for (const request of due) if ((await expireHold(deps, request)).expired) expired += 1
  return { expired }
}
