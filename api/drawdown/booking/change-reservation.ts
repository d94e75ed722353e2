/** Changing a reservation: other times or numbers of GPUs, another end of one that runs, and parts of it on their own. */
import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  addStart,
  askChange,
  checkReserve,
  holdTokens,
  insertPart,
  isConfirmed,
  type LockedReservation,
  lockReservation,
  moveReservation,
  mustBookFor,
  mustSeeReservation,
  quote,
  type ReserveDeps,
  refuseReserve,
  replaceBooking,
  shrinkBooking,
  zGpus,
} from '../../clusters/index.ts'
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
  zIdempotencyKey,
  zInstant,
  zRef,
} from '../../platform/index.ts'
import { hold, postHold, returnHold, voidHold } from '../../tokens/index.ts'
import { openBatch } from '../usage/report-usage.ts'
import { mustBeChangeable, type PlannedChange, planChange } from './plan-change.ts'
import { mustHoldQuote } from './quote-change.ts'
import { shrinkRunning } from './shrink-running.ts'

export const ChangeReservationInput = z
  .strictObject({
    reservationId: zRef('Reservation'),
    gpus: zGpus.nullish(),
    startsAt: zInstant.nullish(),
    endsAt: zInstant.nullish(),
    /** The quote of the change that it is held to. */
    quoteId: zRef('ChangeQuote').nullish(),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ gpus, startsAt, endsAt }) => gpus != null || startsAt != null || endsAt != null, {
    path: ['gpus'],
    message: 'or a time must be given',
  })
export type ChangeReservationInput = z.input<typeof ChangeReservationInput>

/**
 * Extends, shrinks or moves a reservation. While the provider has not decided, anything may change, and it
 * decides on what it is then. What it has confirmed shrinks at once, and what is given up is charged like a cancellation. More, or another
 * time, the provider decides on: what it takes is set aside meanwhile, and the reservation stays confirmed as it was. One
 * change waits at a time. Of one that runs only the end changes, in the same way.
 *
 * @throws {WrongTime} once it has started, for anything but the end, and once it is over
 * @throws {MoreGpusBeside} for more GPUs of one that runs: they are a second reservation beside it
 * @throws {WrongState} while a change waits for the provider
 * @throws {QuoteExpired} {QuoteChanged} for a quote that holds no longer
 * @throws {OverCapacity} {OverShare} {WouldOverdraw} {TokensNotReleased} {PastDeadline} {BadInterval} {OpenFlags}
 */
export async function changeReservation(
  deps: ReserveDeps,
  actor: Actor,
  input: ChangeReservationInput,
): Promise<{ ref: Ref; fee: MicroTokens; asked: boolean }> {
  const { reservationId: ref, idempotencyKey, quoteId, ...asked } = parse(ChangeReservationInput, input)
  await mustSeeReservation(deps.db, actor, ref)
  mustBookFor(actor, ref.companyId)
  await checkReserve(deps, actor, ref.companyId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'changeReservation', scope, idempotencyKey, input }, async (trx) => {
    await refuseReserve(trx, ref.companyId)
    const batch = await openBatch(trx, ref)
    const reservation = await lockReservation(trx, ref)
    const plan = await planChange(trx, reservation, asked)
    if (quoteId != null) await mustHoldQuote(trx, ref, quoteId, plan)
    if (plan.waits) {
      await askChange(trx, actor, { reservation, ...plan, how: plan.how === 'EXTENDED' ? 'EXTENDED' : 'MOVED' })
      return { ref, fee: 0n, asked: true }
    }
    if (plan.running) await shrinkRunning(trx, actor, batch, reservation, plan)
    else await changeAhead(trx, actor, batch, reservation, plan)
    const { how, wanted, priced, fee } = plan
    await audit(trx, actor, {
      scope,
      kind: 'reservation.changed',
      subject: globalId('Reservation', ref.companyId, ref.id),
      payload: { how, gpus: wanted.gpus, ...wanted.interval, held: formatTokens(priced.hold), fee: formatTokens(fee) },
    })
    return { ref, fee, asked: false }
  })
}

/** At once, of one that has not begun: what the provider has not decided on, and what becomes less. */
async function changeAhead(
  trx: Trx,
  actor: Actor,
  batch: Awaited<ReturnType<typeof openBatch>>,
  reservation: LockedReservation,
  { how, wanted, priced, factorId, fee }: PlannedChange,
): Promise<void> {
  const holdId = await exchangeHold(trx, reservation, priced.hold, wanted)
  await moveReservation(trx, reservation, {
    to: afterChange(reservation),
    reason: how,
    actor,
    change: { ...wanted, quote: priced, holdId, ...(factorId === undefined ? {} : { factorId }) },
  })
  if (fee > 0n) await chargeFee(trx, batch, reservation, fee)
  await replaceBooking(trx, reservation, wanted)
  if (isConfirmed(reservation.state)) await addStart(trx, reservation.ref, wanted.interval.startsAt)
}

/** What has changed is not at the scheduler yet as it is now. */
const afterChange = ({ state }: LockedReservation) => (state === 'provisioned' ? 'confirmed' : state)

async function exchangeHold(
  trx: Trx,
  { ref, holdId, tokenClassId }: LockedReservation,
  amount: MicroTokens,
  { interval }: Pick<LockedReservation, 'interval'>,
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
  await batch.charge(holdId, [{ cause: 'cancel_fee', amount, usedUntil: await instant(trx), usageId: null }])
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
    await mustBeChangeable(trx, reservation, ['held', 'confirmed', 'provisioned'])
    const { gpus, interval, factor, tokenClassId } = reservation
    if (parts.reduce((sum, part) => sum + part, 0) !== gpus) {
      throw new Refused('parts', `must add up to the ${gpus} GPUs of the reservation`)
    }
    const [first = gpus, ...others] = parts
    const holdId = await exchangeHold(trx, reservation, quote(first, interval, factor).hold, reservation)
    await moveReservation(trx, reservation, {
      to: afterChange(reservation),
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
