/** What time moves on: a confirmed reservation starts; one that is over, and of which no more usage can come, is completed. */
import { z } from 'zod'
import {
  addMinutes,
  dropChange,
  isUnused,
  LATE_USAGE_MINUTES,
  lockReservation,
  minutesUntil,
  moveReservation,
  START_RESERVATION_JOB,
} from '../../clusters/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  addJob,
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
import { finish, holdOf, makeFirm } from '../usage/report-usage.ts'
import { noShow } from './end-by-provider.ts'
import { addNoShow } from './find-no-show.ts'

/** Name of the job that completes a reservation when no more usage of it can come. */
export const END_RESERVATION_JOB = 'drawdown.end-reservation'
export { START_RESERVATION_JOB }

const Payload = z.object({ companyId: zUuid, reservationId: zUuid })
const refOf = (payload: unknown): Ref => {
  const { companyId, reservationId } = parse(Payload, payload)
  return { companyId, id: reservationId }
}

/**
 * Starts a reservation whose time has come: its tokens are firm from here on, and it is active. Harmless when it has started
 * already, is not due, or is gone.
 */
export async function startReservation(deps: Deps, payload: unknown): Promise<{ started: boolean }> {
  const ref = refOf(payload)
  return inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const reservation = await lockReservation(trx, ref)
    const due = minutesUntil(reservation.interval.startsAt, await instant(trx)) <= 0
    if (!due || !['confirmed', 'provisioned'].includes(reservation.state)) return { started: false }
    const firm = await makeFirm(trx, await holdOf(trx, ref.companyId, reservation.holdId))
    if (!firm) return { started: false }
    // A change that the provider has not decided by now cannot be any more.
    await dropChange(trx, reservation, { answer: 'LAPSED' })
    await moveReservation(trx, reservation, { to: 'active', reason: 'STARTED' })
    await addJob(trx, {
      name: END_RESERVATION_JOB,
      payload: { companyId: ref.companyId, reservationId: ref.id },
      runAt: addMinutes(reservation.interval.endsAt, LATE_USAGE_MINUTES),
      key: `${END_RESERVATION_JOB}:${ref.id}`,
    })
    await addNoShow(trx, reservation)
    await auditTime(trx, ref, 'reservation.started')
    return { started: true }
  })
}

/**
 * Ends a reservation once usage of it can no longer come: charged as the terms say, as `no_show` where there was none at all.
 * Harmless when it is over already, or is not due.
 */
export async function endReservation(deps: Deps, payload: unknown): Promise<{ ended: boolean }> {
  const ref = refOf(payload)
  return inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const { state, interval } = await lockReservation(trx, ref)
    const due = minutesUntil(addMinutes(interval.endsAt, LATE_USAGE_MINUTES), await instant(trx)) <= 0
    if (!due || state !== 'active') return { ended: false }
    if (await isUnused(trx, ref)) {
      await noShow(trx, ref, { note: null })
    } else {
      await finish(trx, ref, undefined)
    }
    await auditTime(trx, ref, 'reservation.ended')
    return { ended: true }
  })
}

const auditTime = (trx: Trx, ref: Ref, kind: string): Promise<void> =>
  audit(trx, NOBODY, {
    scope: { kind: 'company', id: ref.companyId },
    kind,
    subject: globalId('Reservation', ref.companyId, ref.id),
    payload: {},
  })

/** Most reservations that one sweep moves. The next takes the rest. */
const SWEEP_MAX = 500

/** Every reservation that time should have moved on: what a lost job would have left behind. */
export async function moveByTime(deps: Deps): Promise<void> {
  const now = await instant(deps.db)
  const select = () =>
    deps.db
      .selectFrom('reservation')
      .select(['company_id as companyId', 'reservation_id as reservationId'])
      .limit(SWEEP_MAX)
  const starts = await select()
    .where('state', 'in', ['confirmed', 'provisioned'])
    .where('starts_at', '<=', now)
    .orderBy('starts_at')
    .execute()
  for (const due of starts) await startReservation(deps, due)
  const ends = await select()
    .where('state', '=', 'active')
    .where('ends_at', '<=', addMinutes(now, -LATE_USAGE_MINUTES))
    .orderBy('ends_at')
    .execute()
  for (const due of ends) await endReservation(deps, due)
}
