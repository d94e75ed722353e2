import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  bookingTermsOf,
  CANCELLABLE_STATES,
  dropChange,
  endOffer,
  feeOf,
  findPool,
  freeBooking,
  giveBack,
  HOUSE_RULES,
  type LockedReservation,
  lockReservation,
  minutesUntil,
  moveReservation,
  mustBookFor,
  mustSeeReservation,
  RESERVATION_STATES,
  type ReservationView,
  refundPart,
  WrongTime,
} from '../../clusters/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  formatTokens,
  globalId,
  instant,
  type MicroTokens,
  once,
  parse,
  type Reader,
  type Ref,
  type Uuid,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../../platform/index.ts'
import { postHold, readHolds, returnHold } from '../../tokens/index.ts'
import { openBatch } from '../usage/report-usage.ts'

export const CancelReservationInput = z.strictObject({
  reservationId: zRef('Reservation'),
  note: zText(1000).nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type CancelReservationInput = z.input<typeof CancelReservationInput>

/**
 * Cancels a reservation before it starts. Its capacity returns; of its tokens the part that the signed terms say, by the time
 * that is left. What the provider has not approved yet costs nothing.
 *
 * @throws {WrongTime} once it has started
 */
export async function cancelReservation(
  deps: Deps,
  actor: Actor,
  input: CancelReservationInput,
): Promise<{ ref: Ref; fee: MicroTokens }> {
  const { reservationId: ref, note, idempotencyKey } = parse(CancelReservationInput, input)
  await mustSeeReservation(deps.db, actor, ref)
  mustBookFor(actor, ref.companyId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'cancelReservation', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const batch = await openBatch(trx, ref)
    const reservation = await lockReservation(trx, ref)
    const { state, interval, holdId } = reservation
    if (!CANCELLABLE_STATES.some((cancellable) => cancellable === state)) {
      throw new WrongState('reservation', state, CANCELLABLE_STATES)
    }
    const now = await instant(trx)
    if (state !== 'waitlisted' && minutesUntil(interval.startsAt, now) <= 0) {
      throw new WrongTime(interval.startsAt, 'BEFORE_START')
    }
    const fees = await feesOf(trx, reservation, now)
    const fee = [...fees.values()].reduce((sum, each) => sum + each, 0n)
    const step = { to: 'cancelled', reason: 'CANCELLED_BY_COMPANY', note: note ?? null, actor } as const
    if (fee === 0n) {
      await giveBack(trx, reservation, step)
    } else {
      await dropChange(trx, reservation, { answer: 'WITHDRAWN', actor })
      await moveReservation(trx, reservation, step)
      await postHold(trx, { companyId: ref.companyId, holdId })
      const charges = [...fees].filter(([, amount]) => amount > 0n)
      for (const [lotId, amount] of charges) {
        await batch.charge(holdId, [
          { cause: 'cancel_fee', amount, usedUntil: now, usageId: null, lots: new Set([lotId]) },
        ])
      }
      await returnHold(trx, { companyId: ref.companyId, holdId })
      await batch.store()
      await endOffer(trx, ref, 'REFUSED')
      await freeBooking(trx, reservation)
    }
    await audit(trx, actor, {
      scope,
      kind: 'reservation.cancelled',
      subject: globalId('Reservation', ref.companyId, ref.id),
      payload: { from: state, note: note ?? null, fee: formatTokens(fee) },
    })
    return { ref, fee }
  })
}

type Cancelled = Pick<LockedReservation, 'ref' | 'poolId' | 'holdId' | 'interval' | 'state' | 'requestedAt'>

/** What cancelling a reservation now would cost, to show before it is done. */
export async function cancelFee(
  reader: Reader,
  { companyId, reservationId, startsAt, endsAt, ...row }: ReservationView,
): Promise<MicroTokens> {
  const reservation = {
    ...row,
    ref: { companyId, id: reservationId },
    interval: { startsAt, endsAt },
    state: z.enum(RESERVATION_STATES).parse(row.state),
  }
  const fees = await feesOf(reader, reservation, await instant(reader))
  return [...fees.values()].reduce((sum, fee) => sum + fee, 0n)
}

/** What cancelling now costs of each lot that the reservation drew. Nothing before the provider has approved it. */
async function feesOf(reader: Reader, reservation: Cancelled, now: string): Promise<ReadonlyMap<Uuid, MicroTokens>> {
  const { ref, poolId, holdId, interval, state, requestedAt } = reservation
  if (state === 'waitlisted' || state === 'held') return new Map()
  const pool = await findPool(reader, poolId)
  if (pool === undefined) throw new Error(`there is no pool ${poolId}`)
  const terms = await bookingTermsOf(reader, ref.companyId, requestedAt)
  const minutesLeft = minutesUntil(interval.startsAt, now)
  const lots = (await readHolds(reader, ref.companyId, [holdId])).get(holdId)?.lots ?? []
  return new Map(
    lots.map(({ lotId, amount }) => {
      const refund = refundPart(terms.get(lotId) ?? HOUSE_RULES, minutesLeft, pool.lockMinutes)
      return [lotId, feeOf(amount, refund)]
    }),
  )
}
