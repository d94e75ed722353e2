/** Says of each reservation whether its scheduler has it: `provisioned` while it is shown there as it was confirmed. */
import { sql } from 'kysely'
import { lockCompany } from '../../parties/index.ts'
import { audit, type Db, globalId, instant, inTransaction, type Ref, type Uuid } from '../../platform/index.ts'
import { microsecondsOf } from '../interval.ts'
import { lockReservation, moveReservation } from '../reservation/reservation.store.ts'
import type { PoolScheduler } from './pool-scheduler.ts'
import { horizonOf } from './pool-scheduler.ts'
import { type Booked, tellAgain, toldOrDue } from './push.store.ts'
import type { Reconciled, SchedulerDifference } from './reconcile.ts'
import { schedulerMachine } from './scheduler-machine.ts'

export type Settled = {
  readonly provisioned: number
  /** That are no longer there as they were: they wait as `confirmed` again. */
  readonly fellBack: number
  /** That are gone there, and are told again. */
  readonly toldAgain: number
}

/**
 * Moves reservations by what the scheduler shows. One that is gone there waits as `confirmed`, and is told again; one that
 * differs there waits as `confirmed` for a person, who undoes the change or cancels it there. Each in a transaction of its
 * own, in the name of the provider's scheduler.
 *
 * @param found undefined while the scheduler does not answer: then nothing is known but what could not be told
 */
export async function settleProvisioned(
  db: Db,
  target: PoolScheduler,
  found: Reconciled | undefined,
): Promise<Settled> {
  const settled = { provisioned: 0, fellBack: 0, toldAgain: 0 }
  const machine = await schedulerMachine(db, target.poolId)
  if (machine === undefined) return settled
  const now = await instant(db)
  const booked = await toldOrDue(db, target.poolId, horizonOf(target, now))
  const states = await statesOf(db, booked)
  const different = Map.groupBy(found?.differences ?? [], ({ id }) => id)
  for (const each of booked) {
    const state = states.get(each.reservationId)
    const differences = different.get(each.reservationId) ?? []
    const told = each.state === 'pushed'
    const gone = told && differences.some(({ kind }) => kind === 'ONLY_HERE')
    const provisioned = told && differences.length === 0
    if (state === 'confirmed' && provisioned && found !== undefined && isWithin(each, found.horizon)) {
      settled.provisioned += await move(db, machine, each, { from: state, to: 'provisioned', reason: 'PROVISIONED' })
    } else if (state === 'provisioned' && !provisioned) {
      const reason = gone ? 'GONE_AT_SCHEDULER' : 'DIFFERS_AT_SCHEDULER'
      const note = noteOf(each, differences)
      settled.fellBack += await move(db, machine, each, { from: state, to: 'confirmed', reason, note })
    }
    if (gone && (await tellAgain(db, target.poolId, each.reservationId))) settled.toldAgain += 1
  }
  return settled
}

/** What was compared: what lies beyond the horizon was not asked about. */
const isWithin = ({ interval }: Booked, horizon: Reconciled['horizon']): boolean =>
  microsecondsOf(interval.startsAt) < microsecondsOf(horizon.endsAt) &&
  microsecondsOf(interval.endsAt) > microsecondsOf(horizon.startsAt)

function noteOf({ detail }: Booked, differences: readonly SchedulerDifference[]): string | null {
  const shown = differences.map(({ here, there }) => `${there ?? 'none'} at the scheduler, not ${here ?? 'none'}`)
  return shown.length > 0 ? shown.join('; ') : detail
}

type Move = {
  readonly from: 'confirmed' | 'provisioned'
  readonly to: 'confirmed' | 'provisioned'
  readonly reason: 'PROVISIONED' | 'GONE_AT_SCHEDULER' | 'DIFFERS_AT_SCHEDULER'
  readonly note?: string | null
}

/** Moves one that is still what was compared. Gives 1 when it did. */
async function move(
  db: Db,
  machine: { readonly id: Uuid },
  { companyId, reservationId, gpus, interval }: Booked,
  { from, ...step }: Move,
): Promise<0 | 1> {
  const ref: Ref = { companyId, id: reservationId }
  return inTransaction(db, async (trx) => {
    await lockCompany(trx, companyId)
    const reservation = await lockReservation(trx, ref)
    const same =
      reservation.state === from &&
      (step.to === 'confirmed' ||
        (reservation.gpus === gpus &&
          microsecondsOf(reservation.interval.startsAt) === microsecondsOf(interval.startsAt) &&
          microsecondsOf(reservation.interval.endsAt) === microsecondsOf(interval.endsAt)))
    if (!same) return 0
    await moveReservation(trx, reservation, { ...step, actor: machine })
    await audit(trx, machine, {
      scope: { kind: 'company', id: companyId },
      kind: step.to === 'provisioned' ? 'reservation.provisioned' : 'reservation.not_provisioned',
      subject: globalId('Reservation', companyId, reservationId),
      payload: { note: step.note ?? null, reason: step.reason },
    })
    return 1
  })
}

/** The states of reservations, by id. One query: bookings lie with their pool, and reservations with their company. */
async function statesOf(db: Db, booked: readonly Booked[]): Promise<Map<Uuid, string>> {
  if (booked.length === 0) return new Map()
  const rows = await db
    .selectFrom('reservation')
    .select(['reservation_id', 'state'])
    .where(sql<boolean>`(company_id, reservation_id) IN (SELECT * FROM unnest(
      ${booked.map((each) => each.companyId)}::uuid[], ${booked.map((each) => each.reservationId)}::uuid[]))`)
    .where('state', 'in', ['confirmed', 'provisioned'])
    .execute()
  return new Map(rows.map((row) => [row.reservation_id, row.state]))
}
