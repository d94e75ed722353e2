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
import { microsecondsOf } from './interval.ts'
import { lockReservation } from './reservation.store.ts'

/** Name of the job that is added with every request, for the end of the provider's time to decide. */
export const EXPIRE_HOLD_JOB = 'clusters.expire-hold'
const Payload = z.object({ companyId: zUuid, reservationId: zUuid })

/** Expires one request whose time to decide is over. Harmless when it was decided, or is not due yet. */
export async function expireHold(deps: Deps, payload: unknown): Promise<{ expired: boolean }> {
  const { companyId, reservationId } = parse(Payload, payload)
  const ref: Ref = { companyId, id: reservationId }
  return inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, companyId)
    const reservation = await lockReservation(trx, ref)
    const due = microsecondsOf(reservation.holdExpiresAt) <= microsecondsOf(await instant(trx))
    if (reservation.state !== 'held' || !due) return { expired: false }
    await giveBack(trx, reservation, { to: 'expired', reason: 'NOT_DECIDED_IN_TIME', decision: true })
    await audit(trx, NOBODY, {
      scope: { kind: 'company', id: companyId },
      kind: 'reservation.expired',
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
