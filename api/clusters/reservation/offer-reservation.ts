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
  Refused,
  SamePerson,
  WrongState,
  zIdempotencyKey,
  zInstant,
  zRef,
  zText,
} from '../../platform/index.ts'
import { voidHold } from '../../tokens/index.ts'
import { governingFactor } from '../factor/grant-factors.ts'
import { checkBookable, earlier, microsecondsOf } from '../interval.ts'
import { quote } from '../metering/charge.ts'
import { findPool } from '../pool/pool.views.ts'
import { mustBookFor, mustDecideFor } from '../visibility.ts'
import { giveBack } from './give-back.ts'
import { endOffer, insertOffer, openOffer } from './offer.store.ts'
import { zGpus } from './quote-reservation.ts'
import { isUngathered } from './request-group.ts'
import { decideBy } from './request-reservation.ts'
import {
  type LockedReservation,
  lockReservation,
  markDecided,
  moveReservation,
  replaceBooking,
} from './reservation.store.ts'
import { mustSeeReservation } from './reservation.views.ts'
import { DECLINE_REASONS } from './reservation-state.ts'
import { addExpiry, holdTokens } from './set-aside.ts'
import { addStart } from './start-reservation-job.ts'

export const OfferReservationInput = z.strictObject({
  reservationId: zRef('Reservation'),
  gpus: zGpus.nullish(),
  startsAt: zInstant.nullish(),
  endsAt: zInstant.nullish(),
  reasonCode: z.enum(DECLINE_REASONS),
  note: zText(1000).nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type OfferReservationInput = z.input<typeof OfferReservationInput>

/**
 * The provider modifies a request: it offers other GPUs or another time, which the company accepts or lets lapse. The offered
 * capacity is booked instead of what was asked for; tokens change only when the company accepts. What was asked for, what
 * was offered and how long it took are evidence.
 *
 * @throws {OverCapacity} {OverShare} {BadInterval} {NoFactor}
 */
export async function offerReservation(deps: Deps, actor: Actor, input: OfferReservationInput): Promise<{ ref: Ref }> {
  const { reservationId: ref, reasonCode, note, idempotencyKey, ...offered } = parse(OfferReservationInput, input)
  const { providerId } = await mustSeeReservation(deps.db, actor, ref)
  mustDecideFor(actor, providerId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'offerReservation', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const reservation = await lockReservation(trx, ref)
    const now = await instant(trx)
    mustAwaitDecision(reservation, now)
    if (reservation.requestedBy === actor.id) throw new SamePerson('decide on')
    if ((await openOffer(trx, ref)) !== undefined) throw new WrongState('reservation', 'offered', ['held'])
    if (await isUngathered(trx, ref, reservation.groupId)) throw new WrongState('reservation', 'incomplete', ['held'])
    const gpus = offered.gpus ?? reservation.gpus
    const interval = {
      startsAt: offered.startsAt ?? reservation.interval.startsAt,
      endsAt: offered.endsAt ?? reservation.interval.endsAt,
    }
    const same = gpus === reservation.gpus && sameTimes(interval, reservation.interval)
    if (same) throw new Refused('gpus', 'and the time are what was asked for: approve it instead')
    const pool = await findPool(trx, reservation.poolId)
    if (pool === undefined) throw new Error('a reservation has no pool')
    // How soon is the provider's own to say; how long, and how far ahead, is the pool's rule for everybody.
    checkBookable(interval, now, { ...pool, minLeadMinutes: 0 })
    const basis = await governingFactor(trx, ref.companyId, pool, interval.startsAt)
    const priced = quote(gpus, interval, basis.factor)
    const answerBy = decideBy(now, pool, interval.startsAt)
    const waitedSeconds = (microsecondsOf(now) - microsecondsOf(reservation.requestedAt)) / 1_000_000n
    await insertOffer(trx, {
      ref,
      offerId: newId(),
      gpus,
      interval,
      factorId: basis.factorId,
      factor: basis.factor,
      hold: priced.hold,
      reason: reasonCode,
      note: note ?? null,
      offeredBy: actor.id,
      answerBy,
      waitedSeconds,
    })
    await moveReservation(trx, reservation, {
      to: 'held',
      reason: 'OFFERED',
      note: note ?? null,
      actor,
      decision: true,
    })
    await replaceBooking(trx, reservation, { gpus, interval })
    await markDecided(trx, reservation)
    await addExpiry(trx, ref, earlier(answerBy, reservation.holdExpiresAt))
    await audit(trx, actor, {
      scope,
      kind: 'reservation.offered',
      subject: globalId('Reservation', ref.companyId, ref.id),
      payload: {
        asked: { gpus: reservation.gpus, ...reservation.interval },
        offered: { gpus, ...interval },
        answerBy,
        reasonCode,
        note: note ?? null,
      },
    })
    return { ref }
  })
}

const sameTimes = (a: { startsAt: string; endsAt: string }, b: { startsAt: string; endsAt: string }): boolean =>
  microsecondsOf(a.startsAt) === microsecondsOf(b.startsAt) && microsecondsOf(a.endsAt) === microsecondsOf(b.endsAt)

function mustAwaitDecision({ state, holdExpiresAt }: LockedReservation, now: string): void {
  if (state !== 'held') throw new WrongState('reservation', state, ['held'])
  if (microsecondsOf(holdExpiresAt) <= microsecondsOf(now)) throw new WrongState('reservation', 'expired', ['held'])
}

export const OFFER_ANSWERS = ['ACCEPT', 'REFUSE'] as const

export const AnswerOfferInput = z.strictObject({
  reservationId: zRef('Reservation'),
  answer: z.enum(OFFER_ANSWERS),
  idempotencyKey: zIdempotencyKey,
})
export type AnswerOfferInput = z.input<typeof AnswerOfferInput>

/**
 * The company's answer to an offer. Accepting confirms the reservation as it was offered, with the tokens that this takes;
 * refusing gives everything back, and the request was declined.
 *
 * @throws {WouldOverdraw} {TokensNotReleased} {PastDeadline}
 */
export async function answerOffer(deps: Deps, actor: Actor, input: AnswerOfferInput): Promise<{ ref: Ref }> {
  const { reservationId: ref, answer, idempotencyKey } = parse(AnswerOfferInput, input)
  await mustSeeReservation(deps.db, actor, ref)
  mustBookFor(actor, ref.companyId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'answerOffer', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const reservation = await lockReservation(trx, ref)
    const offer = reservation.state === 'held' ? await openOffer(trx, ref) : undefined
    if (offer === undefined) throw new WrongState('reservation', reservation.state, ['offered'])
    const deadline = earlier(offer.answerBy, reservation.holdExpiresAt)
    if (microsecondsOf(deadline) <= microsecondsOf(await instant(trx))) {
      throw new WrongState('reservation', 'lapsed', ['offered'])
    }
    await endOffer(trx, ref, answer === 'ACCEPT' ? 'ACCEPTED' : 'REFUSED')
    if (answer === 'ACCEPT') {
      const { companyId } = ref
      const { gpus, interval, factor, factorId, hold: amount } = offer
      const holdId = newId()
      await voidHold(trx, { companyId, holdId: reservation.holdId })
      await holdTokens(trx, { companyId, holdId, tokenClassId: reservation.tokenClassId, amount, interval })
      await moveReservation(trx, reservation, {
        to: 'confirmed',
        reason: 'OFFER_ACCEPTED',
        actor,
        change: { gpus, interval, factorId, quote: quote(gpus, interval, factor), holdId },
      })
      await addStart(trx, ref, interval.startsAt)
    } else {
      await giveBack(trx, reservation, { to: 'declined', reason: 'OFFER_REFUSED', actor })
    }
    await audit(trx, actor, {
      scope,
      kind: answer === 'ACCEPT' ? 'offer.accepted' : 'offer.refused',
      subject: globalId('Reservation', ref.companyId, ref.id),
      payload: { offer: offer.offerId },
    })
    return { ref }
  })
}
