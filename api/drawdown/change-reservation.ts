/** Changing a reservation before it starts: other times or numbers of GPUs, and parts of it on their own. */
import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import {
  addStart,
  bookingTermsOf,
  checkBookable,
  checkReserve,
  feeOf,
  findPool,
  governingFactor,
  HOUSE_RULES,
  holdTokens,
  insertPart,
  type LockedReservation,
  lockReservation,
  minutesUntil,
  moveReservation,
  mustBookFor,
  mustHaveNoOffer,
  mustSeeReservation,
  type PoolView,
  quote,
  type ReserveDeps,
  refundPart,
  refuseReserve,
  replaceBooking,
  reservationInterval,
  shrinkBooking,
  WrongTime,
  zGpus,
} from '../clusters/index.ts'
import {
  audit,
  formatTokens,
  globalId,
  instant,
  type MicroTokens,
  newId,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  type Uuid,
  WrongState,
  zIdempotencyKey,
  zInstant,
  zRef,
} from '../platform/index.ts'
import { hold, postHold, returnHold, voidHold } from '../tokens/index.ts'
import { holdOf, openBatch } from './report-usage.ts'

export const ChangeReservationInput = z
  .strictObject({
    reservationId: zRef('Reservation'),
    gpus: zGpus.nullish(),
    startsAt: zInstant.nullish(),
    endsAt: zInstant.nullish(),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ gpus, startsAt, endsAt }) => gpus != null || startsAt != null || endsAt != null, {
    path: ['gpus'],
    message: 'or a time must be given',
  })
export type ChangeReservationInput = z.input<typeof ChangeReservationInput>
type Wanted = { readonly gpus: number; readonly interval: { readonly startsAt: string; readonly endsAt: string } }

const CHANGEABLE = ['held', 'confirmed'] as const

/**
 * Extends, shrinks or moves a reservation before it starts. While the provider has not decided, anything may change, and it
 * decides on what it is then. What it has confirmed can only shrink: what is given up is charged like a cancellation.
 *
 * @throws {WrongTime} once it has started
 * @throws {Refused} for more than was confirmed: ask for it as a reservation of its own
 * @throws {OverCapacity} {OverShare} {WouldOverdraw} {TokensNotReleased} {PastDeadline} {BadInterval} {OpenFlags}
 */
export async function changeReservation(
  deps: ReserveDeps,
  actor: Actor,
  input: ChangeReservationInput,
): Promise<{ ref: Ref; fee: MicroTokens }> {
  const { reservationId: ref, idempotencyKey, ...asked } = parse(ChangeReservationInput, input)
  await mustSeeReservation(deps.db, actor, ref)
  mustBookFor(actor, ref.companyId)
  await checkReserve(deps, actor, ref.companyId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'changeReservation', scope, idempotencyKey, input }, async (trx) => {
    await refuseReserve(trx, ref.companyId)
    const batch = await openBatch(trx, ref)
    const reservation = await lockReservation(trx, ref)
    const pool = await mustBeChangeable(trx, reservation)
    const wanted = {
      gpus: asked.gpus ?? reservation.gpus,
      interval: reservationInterval(reservation.interval, asked.startsAt, asked.endsAt),
    }
    const how = howItChanges(reservation, wanted)
    if (reservation.state === 'confirmed' && how !== 'SHRUNK') {
      throw new Refused(
        'endsAt',
        'and the rest ask for more than was confirmed: ask for it as a reservation of its own',
      )
    }
    const now = await instant(trx)
    checkBookable(wanted.interval, now, pool)
    const basis =
      how === 'MOVED' ? await governingFactor(trx, ref.companyId, pool, wanted.interval.startsAt) : undefined
    const priced = quote(wanted.gpus, wanted.interval, basis?.factor ?? reservation.factor)
    const fee = reservation.state === 'confirmed' ? await shrinkFee(trx, reservation, pool, priced.hold, now) : 0n
    const holdId = await exchangeHold(trx, reservation, priced.hold, wanted)
    await moveReservation(trx, reservation, {
      to: reservation.state,
      reason: how,
      actor,
      change: { ...wanted, quote: priced, holdId, ...(basis === undefined ? {} : { factorId: basis.factorId }) },
    })
    if (fee > 0n) await chargeFee(trx, batch, reservation, fee)
    await replaceBooking(trx, reservation, wanted)
    if (reservation.state === 'confirmed') await addStart(trx, ref, wanted.interval.startsAt)
    await audit(trx, actor, {
      scope,
      kind: 'reservation.changed',
      subject: globalId('Reservation', ref.companyId, ref.id),
      payload: { how, gpus: wanted.gpus, ...wanted.interval, held: formatTokens(priced.hold), fee: formatTokens(fee) },
    })
    return { ref, fee }
  })
}

async function mustBeChangeable(trx: Trx, reservation: LockedReservation): Promise<PoolView> {
  const { state, interval, poolId, ref } = reservation
  if (!CHANGEABLE.some((one) => one === state)) throw new WrongState('reservation', state, CHANGEABLE)
  if (minutesUntil(interval.startsAt, await instant(trx)) <= 0) throw new WrongTime(interval.startsAt, 'BEFORE_START')
  await mustHaveNoOffer(trx, ref)
  const pool = await findPool(trx, poolId)
  if (pool === undefined) throw new Error(`there is no pool ${poolId}`)
  return pool
}

/** @throws {Refused} where nothing changes */
function howItChanges({ gpus, interval }: Wanted, wanted: Wanted): 'EXTENDED' | 'SHRUNK' | 'MOVED' {
  const start = minutesUntil(wanted.interval.startsAt, interval.startsAt)
  const end = minutesUntil(wanted.interval.endsAt, interval.endsAt)
  if (start === 0 && end === 0 && wanted.gpus === gpus) throw new Refused('gpus', 'and the times are what they were')
  if (start >= 0 && end <= 0 && wanted.gpus <= gpus) return 'SHRUNK'
  return start === 0 && end >= 0 && wanted.gpus >= gpus ? 'EXTENDED' : 'MOVED'
}

/** What is given up is charged as if it were cancelled now, by the terms of each lot that was drawn. */
async function shrinkFee(
  trx: Trx,
  { ref, holdId, hold: held, interval }: LockedReservation,
  pool: PoolView,
  left: MicroTokens,
  now: string,
): Promise<MicroTokens> {
  const terms = await bookingTermsOf(trx, ref.companyId)
  const minutesLeft = minutesUntil(interval.startsAt, now)
  const { lots } = await holdOf(trx, ref.companyId, holdId)
  const whole = lots.reduce((sum, { lotId, amount }) => {
    return sum + feeOf(amount, refundPart(terms.get(lotId) ?? HOUSE_RULES, minutesLeft, pool.lockMinutes))
  }, 0n)
  return held === 0n ? 0n : (whole * (held - left)) / held
}

async function exchangeHold(
  trx: Trx,
  { ref, holdId, tokenClassId }: LockedReservation,
  amount: MicroTokens,
  { interval }: Wanted,
): Promise<Uuid> {
  const next = newId()
  await voidHold(trx, { companyId: ref.companyId, holdId })
  await holdTokens(trx, { companyId: ref.companyId, holdId: next, tokenClassId, amount, interval })
  return next
}

async function chargeFee(
  trx: Trx,
  batch: Awaited<ReturnType<typeof openBatch>>,
  { ref, tokenClassId, interval }: LockedReservation,
  amount: MicroTokens,
): Promise<void> {
  const { companyId } = ref
  const holdId = newId()
  await hold(trx, { companyId, holdId, tokenClassId, amount, expiresAt: interval.endsAt })
  await postHold(trx, { companyId, holdId })
  await batch.charge(holdId, [{ cause: 'cancel_fee', amount, usageId: null }])
  await returnHold(trx, { companyId, holdId })
  await batch.store()
}

export const SplitReservationInput = z.strictObject({
  reservationId: zRef('Reservation'),
  /** GPUs of each part, such as of each node; together those of the reservation. */
  parts: z.array(zGpus).min(2, 'must name at least two parts').max(256, 'must name at most 256 parts'),
  idempotencyKey: zIdempotencyKey,
})
export type SplitReservationInput = z.input<typeof SplitReservationInput>

/**
 * Splits a reservation into parts of the same time, such as nodes, before it starts: from then on each is changed, cancelled
 * and used on its own. The first part keeps the id. The calendar does not change.
 */
export async function splitReservation(
  deps: ReserveDeps,
  actor: Actor,
  input: SplitReservationInput,
): Promise<{ ref: Ref; parts: readonly Ref[] }> {
  const { reservationId: ref, parts, idempotencyKey } = parse(SplitReservationInput, input)
  await mustSeeReservation(deps.db, actor, ref)
  mustBookFor(actor, ref.companyId)
  const { companyId } = ref
  const scope = { kind: 'company', id: companyId } as const
  await checkReserve(deps, actor, companyId)
  return once(deps, actor, { operation: 'splitReservation', scope, idempotencyKey, input }, async (trx) => {
    await refuseReserve(trx, companyId)
    const reservation = await lockReservation(trx, ref)
    await mustBeChangeable(trx, reservation)
    const { gpus, interval, factor, tokenClassId } = reservation
    if (parts.reduce((sum, part) => sum + part, 0) !== gpus) {
      throw new Refused('parts', `must add up to the ${gpus} GPUs of the reservation`)
    }
    const [first = gpus, ...others] = parts
    const holdId = await exchangeHold(trx, reservation, quote(first, interval, factor).hold, reservation)
    await moveReservation(trx, reservation, {
      to: reservation.state,
      reason: 'SPLIT',
      actor,
      change: { gpus: first, interval, quote: quote(first, interval, factor), holdId },
    })
    await shrinkBooking(trx, reservation, first)
    const made: Ref[] = []
    for (const part of others) {
      const own = { ref: { companyId, id: newId() }, gpus: part, quote: quote(part, interval, factor), holdId: newId() }
      await holdTokens(trx, { companyId, holdId: own.holdId, tokenClassId, amount: own.quote.hold, interval })
      await insertPart(trx, reservation, own, actor)
      made.push(own.ref)
    }
    await audit(trx, actor, {
      scope,
      kind: 'reservation.split',
      subject: globalId('Reservation', companyId, ref.id),
      payload: { parts, made: made.map(({ id }) => globalId('Reservation', companyId, id)) },
    })
    return { ref, parts: made }
  })
}
