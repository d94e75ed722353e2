/** Writes what a confirmed reservation is to become, and the GPUs that are set aside for that meanwhile. */
import {
  type ActorId,
  formatNumeric,
  instant,
  type MicroTokens,
  type Numeric,
  newId,
  parseNumeric,
  type Ref,
  type Trx,
  type Uuid,
  WrongState,
} from '../../platform/index.ts'
import { voidHold } from '../../tokens/index.ts'
import type { Interval } from '../interval.ts'
import { bookFor, freeFor } from '../pool/calendar.store.ts'
import { tellScheduler } from '../scheduler/tell-scheduler.ts'
import { beyond, type Taken } from './beyond.ts'
import { type LockedReservation, moveReservation } from './reservation.store.ts'
import type { DeclineReason } from './reservation-state.ts'
import { mustNotOvertake } from './waiting.store.ts'

export type NewChange = {
  readonly ref: Ref
  readonly changeId: Uuid
  readonly how: 'EXTENDED' | 'MOVED'
  readonly gpus: number
  readonly interval: Interval
  readonly factorId: Uuid
  readonly factor: Numeric
  /** Tokens of the whole reservation as it would be. */
  readonly hold: MicroTokens
  /** The hold beside the reservation's own; null where its own is enough. */
  readonly moreHoldId: Uuid | null
  readonly askedBy: Uuid
  readonly answerBy: string
}
export type OpenChange = NewChange & { readonly askedAt: string }

export async function insertChange(trx: Trx, change: NewChange): Promise<void> {
  await trx
    .insertInto('reservation_change')
    .values({
      company_id: change.ref.companyId,
      change_id: change.changeId,
      reservation_id: change.ref.id,
      how: change.how,
      gpus: change.gpus,
      starts_at: change.interval.startsAt,
      ends_at: change.interval.endsAt,
      factor_id: change.factorId,
      h100_hours_per_gpu_hour: formatNumeric(change.factor),
      hold_micro: change.hold,
      more_hold_id: change.moreHoldId,
      asked_by: change.askedBy,
      asked_at: await instant(trx),
      answer_by: change.answerBy,
    })
    .execute()
}

/** The change of a reservation that waits for the provider, locked; the reservation is locked. */
export async function openChange(trx: Trx, ref: Ref): Promise<OpenChange | undefined> {
  const row = await trx
    .selectFrom('reservation_change')
    .select([
      'change_id as changeId',
      'how',
      'gpus',
      'starts_at as startsAt',
      'ends_at as endsAt',
      'factor_id as factorId',
      'h100_hours_per_gpu_hour as factor',
      'hold_micro as hold',
      'more_hold_id as moreHoldId',
      'asked_by as askedBy',
      'asked_at as askedAt',
      'answer_by as answerBy',
    ])
    .where('company_id', '=', ref.companyId)
    .where('reservation_id', '=', ref.id)
    .where('answer', 'is', null)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { startsAt, endsAt, factor, how, ...plain } = row
  return {
    ...plain,
    ref,
    how: how === 'EXTENDED' ? how : 'MOVED',
    interval: { startsAt, endsAt },
    factor: parseNumeric(factor),
  }
}

/** @throws {WrongState} while a change of the reservation waits for the provider */
export async function mustHaveNoChange(trx: Trx, ref: Ref): Promise<void> {
  if ((await openChange(trx, ref)) !== undefined) throw new WrongState('reservation', 'change_asked', ['confirmed'])
}

/**
 * Sets aside the GPUs that the change takes beyond what the reservation has.
 *
 * @throws {OverCapacity} {OverShare} {WaitersFirst} {BadInterval}
 */
export async function setBeyondAside(trx: Trx, reservation: LockedReservation, wanted: Taken): Promise<void> {
  const { poolId, ref } = reservation
  for (const part of beyond(wanted, reservation)) {
    const ofPart = { companyId: ref.companyId, id: newId() }
    await mustNotOvertake(trx, { ref: ofPart, poolId, interval: part.interval })
    await bookFor(trx, poolId, ref.companyId, part.interval, part.gpus)
    await trx
      .insertInto('pool_booking')
      .values({
        pool_id: poolId,
        reservation_id: ofPart.id,
        company_id: ref.companyId,
        gpus: part.gpus,
        starts_at: part.interval.startsAt,
        ends_at: part.interval.endsAt,
        change_of: ref.id,
      })
      .execute()
  }
}

/** Takes the parts that were set aside off the pool's list, and says what they were: the calendar still holds them. */
async function takeBeyond(trx: Trx, { poolId, ref }: LockedReservation): Promise<Taken[]> {
  const rows = await trx
    .updateTable('pool_booking')
    .set({ freed_at: await instant(trx) })
    .where('pool_id', '=', poolId)
    .where('change_of', '=', ref.id)
    .where('freed_at', 'is', null)
    .returning(['gpus', 'starts_at as startsAt', 'ends_at as endsAt'])
    .execute()
  return rows.map(({ gpus, startsAt, endsAt }) => ({ gpus, interval: { startsAt, endsAt } }))
}

/**
 * Makes what was set aside the reservation's own, and gives back what it had beyond that. What both hold is never free in
 * between, so that nobody takes it.
 */
export async function bookChange(trx: Trx, reservation: LockedReservation, changed: Taken): Promise<void> {
  const { poolId, ref } = reservation
  await takeBeyond(trx, reservation)
  await trx
    .updateTable('pool_booking')
    .set({ gpus: changed.gpus, starts_at: changed.interval.startsAt, ends_at: changed.interval.endsAt })
    .where('pool_id', '=', poolId)
    .where('reservation_id', '=', ref.id)
    .execute()
  for (const part of beyond(reservation, changed)) {
    await freeFor(trx, poolId, ref.companyId, part.interval, part.gpus)
  }
  await tellScheduler(trx, poolId, ref.id)
}

/** What became of a change, and who said so. */
export type ChangeAnswer = {
  readonly answer: 'APPROVED' | 'DECLINED' | 'LAPSED' | 'WITHDRAWN'
  readonly actor?: ActorId | undefined
  readonly reasonCode?: DeclineReason | undefined
  readonly note?: string | null
}

export async function answerChange(trx: Trx, change: OpenChange, said: ChangeAnswer): Promise<void> {
  await trx
    .updateTable('reservation_change')
    .set({
      answer: said.answer,
      reason_code: said.reasonCode ?? null,
      note: said.note ?? null,
      answered_by: said.actor?.id ?? null,
      answered_at: await instant(trx),
    })
    .where('company_id', '=', change.ref.companyId)
    .where('change_id', '=', change.changeId)
    .execute()
}

/**
 * Ends a change that waits without making it, where there is one: tokens and GPUs that were set aside for it return, by the
 * path of every other return, and the reservation stays what it was. Says whether there was one.
 */
export async function dropChange(
  trx: Trx,
  reservation: LockedReservation,
  said: ChangeAnswer & { readonly answer: 'DECLINED' | 'LAPSED' | 'WITHDRAWN' },
): Promise<boolean> {
  const { ref, poolId, state } = reservation
  const change = await openChange(trx, ref)
  if (change === undefined) return false
  await answerChange(trx, change, said)
  await moveReservation(trx, reservation, {
    to: state,
    reason: `CHANGE_${said.answer}`,
    note: said.note ?? null,
    actor: said.actor,
    // What the company takes back itself was not decided by the provider.
    ...(said.answer === 'WITHDRAWN' ? {} : { decision: true, askedAt: change.askedAt }),
  })
  if (change.moreHoldId !== null) await voidHold(trx, { companyId: ref.companyId, holdId: change.moreHoldId })
  for (const part of await takeBeyond(trx, reservation)) {
    await freeFor(trx, poolId, ref.companyId, part.interval, part.gpus)
  }
  return true
}
