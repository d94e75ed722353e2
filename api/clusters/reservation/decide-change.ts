import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  newId,
  once,
  parse,
  type Ref,
  SamePerson,
  type Trx,
  type Uuid,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../../platform/index.ts'
import { joinHold, voidHold } from '../../tokens/index.ts'
import { microsecondsOf } from '../interval.ts'
import { quote } from '../metering/charge.ts'
import { mustBookFor, mustDecideFor } from '../visibility.ts'
import { answerChange, bookChange, dropChange, type OpenChange, openChange } from './change.store.ts'
import { DECISIONS } from './decide-reservation.ts'
import { type LockedReservation, lockReservation, moveReservation } from './reservation.store.ts'
import { mustSeeReservation } from './reservation.views.ts'
import { DECLINE_REASONS, isConfirmed } from './reservation-state.ts'
import { holdTokens } from './set-aside.ts'
import { addStart } from './start-reservation-job.ts'

export const DecideChangeInput = z
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
export type DecideChangeInput = z.input<typeof DecideChangeInput>

/**
 * The provider's decision on a change of what it had confirmed, or of what runs. Approving makes the reservation what was asked for, with what was
 * set aside, and charges nothing for what is given up; declining returns what was set aside, and the reservation stays as it
 * was. The decision, its reason and how long it took are evidence.
 *
 * @throws {WrongState} where no change waits, or its time to be decided is over
 * @throws {PastDeadline} where the terms were changed meanwhile
 */
export async function decideChange(deps: Deps, actor: Actor, input: DecideChangeInput): Promise<{ ref: Ref }> {
  const { reservationId: ref, reasonCode, note, idempotencyKey } = parse(DecideChangeInput, input)
  const { providerId } = await mustSeeReservation(deps.db, actor, ref)
  mustDecideFor(actor, providerId)
  const { companyId } = ref
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'decideChange', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const reservation = await lockReservation(trx, ref)
    const change = await openChange(trx, ref)
    if (change === undefined) throw new WrongState('reservation', reservation.state, ['change_asked'])
    if (microsecondsOf(change.answerBy) <= microsecondsOf(await instant(trx)) || !mayBecome(reservation, change)) {
      throw new WrongState('reservation', 'change_lapsed', ['change_asked'])
    }
    if (change.askedBy === actor.id) throw new SamePerson('decide on')
    if (reasonCode != null) {
      await dropChange(trx, reservation, { answer: 'DECLINED', actor, reasonCode, note: note ?? null })
    } else {
      await approve(trx, reservation, change, { actor, note: note ?? null })
    }
    await audit(trx, actor, {
      scope,
      kind: reasonCode == null ? 'reservation.change-approved' : 'reservation.change-declined',
      subject: globalId('Reservation', companyId, ref.id),
      payload: { change: change.changeId, reasonCode: reasonCode ?? null, note: note ?? null },
    })
    return { ref }
  })
}

/** One that was asked for before the start is none any more once it runs. */
const mayBecome = ({ state, interval }: LockedReservation, { askedAt }: OpenChange): boolean =>
  state === 'active' ? microsecondsOf(askedAt) >= microsecondsOf(interval.startsAt) : isConfirmed(state)

async function approve(
  trx: Trx,
  reservation: LockedReservation,
  change: OpenChange,
  { actor, note }: { readonly actor: Actor; readonly note: string | null },
): Promise<void> {
  const { gpus, interval, factor, factorId, how } = change
  const running = reservation.state === 'active'
  await answerChange(trx, change, { answer: 'APPROVED', actor, note })
  const holdId = running ? await growHold(trx, reservation, change) : await exchangeHolds(trx, reservation, change)
  await moveReservation(trx, reservation, {
    // What has changed is not at the scheduler yet as it is now.
    to: running ? 'active' : 'confirmed',
    reason: how,
    note,
    actor,
    decision: true,
    askedAt: change.askedAt,
    change: { gpus, interval, factorId, quote: quote(gpus, interval, factor), holdId },
  })
  await bookChange(trx, reservation, change)
  if (!running) await addStart(trx, reservation.ref, interval.startsAt)
}

async function exchangeHolds(
  trx: Trx,
  { ref: { companyId }, holdId: before, tokenClassId }: LockedReservation,
  { moreHoldId, hold: amount, interval }: OpenChange,
): Promise<Uuid> {
  const holdId = newId()
  for (const each of [before, moreHoldId]) {
    if (each !== null) await voidHold(trx, { companyId, holdId: each })
  }
  await holdTokens(trx, { companyId, holdId, tokenClassId, amount, interval })
  return holdId
}

/** What was charged of the hold of one that runs stays where it was charged. */
async function growHold(
  trx: Trx,
  { ref: { companyId }, holdId }: LockedReservation,
  { moreHoldId }: OpenChange,
): Promise<Uuid> {
  if (moreHoldId !== null) await joinHold(trx, { companyId, holdId, joins: moreHoldId })
  return holdId
}

export const WithdrawChangeInput = z.strictObject({
  reservationId: zRef('Reservation'),
  idempotencyKey: zIdempotencyKey,
})
export type WithdrawChangeInput = z.input<typeof WithdrawChangeInput>

/**
 * The company takes back what it asked to be changed. What was set aside returns.
 *
 * @throws {WrongState} where nothing waits
 */
export async function withdrawChange(deps: Deps, actor: Actor, input: WithdrawChangeInput): Promise<{ ref: Ref }> {
  const { reservationId: ref, idempotencyKey } = parse(WithdrawChangeInput, input)
  await mustSeeReservation(deps.db, actor, ref)
  mustBookFor(actor, ref.companyId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'withdrawChange', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const reservation = await lockReservation(trx, ref)
    if (!(await dropChange(trx, reservation, { answer: 'WITHDRAWN', actor }))) {
      throw new WrongState('reservation', reservation.state, ['change_asked'])
    }
    await audit(trx, actor, {
      scope,
      kind: 'reservation.change-withdrawn',
      subject: globalId('Reservation', ref.companyId, ref.id),
      payload: {},
    })
    return { ref }
  })
}
