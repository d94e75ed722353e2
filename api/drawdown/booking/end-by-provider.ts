/** What the provider's side ends: a reservation that it cannot keep, and one to which nobody came. */
import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  bookingTermsOf,
  downOf,
  dropChange,
  endOffer,
  freeRest,
  giveBack,
  HOUSE_RULES,
  insertOutageCredits,
  isUnused,
  keptInterval,
  type LockedReservation,
  lockReservation,
  minutesUntil,
  moveReservation,
  mustDecideFor,
  mustSeeReservation,
  nextMinute,
  noShowCharge,
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
  type Ref,
  Refused,
  type Trx,
  WrongState,
  zIdempotencyKey,
  zRef,
  zText,
} from '../../platform/index.ts'
import { type Hold, returnHold } from '../../tokens/index.ts'
import { holdOf, makeFirm, openBatch } from '../usage/report-usage.ts'

export const WithdrawReservationInput = z.strictObject({
  reservationId: zRef('Reservation'),
  note: zText(1000),
  idempotencyKey: zIdempotencyKey,
})
export type WithdrawReservationInput = z.input<typeof WithdrawReservationInput>

const WITHDRAWABLE = ['confirmed', 'provisioned', 'active'] as const

/**
 * The provider takes back a reservation that it confirmed. Before the start everything returns and it is `cancelled`; after
 * it, what was used stays charged, the rest returns, and it has `failed`. Either is evidence of denied capacity.
 */
export async function withdrawReservation(
  deps: Deps,
  actor: Actor,
  input: WithdrawReservationInput,
): Promise<{ ref: Ref }> {
  const { reservationId: ref, note, idempotencyKey } = parse(WithdrawReservationInput, input)
  const { providerId } = await mustSeeReservation(deps.db, actor, ref)
  mustDecideFor(actor, providerId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'withdrawReservation', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const reservation = await lockReservation(trx, ref)
    const { state, interval } = reservation
    if (!WITHDRAWABLE.some((one) => one === state)) throw new WrongState('reservation', state, WITHDRAWABLE)
    const started = minutesUntil(interval.startsAt, await instant(trx)) <= 0
    if (state !== 'active' && !started) {
      await giveBack(trx, reservation, { to: 'cancelled', reason: 'CANCELLED_BY_PROVIDER', note, actor })
    } else {
      await fail(trx, reservation, note, actor)
    }
    await audit(trx, actor, {
      scope,
      kind: 'reservation.withdrawn',
      subject: globalId('Reservation', ref.companyId, ref.id),
      payload: { from: state, started, note },
    })
    return { ref }
  })
}

async function fail(trx: Trx, reservation: LockedReservation, note: string, actor: Actor): Promise<void> {
  const { ref, holdId } = reservation
  const hold = await holdOf(trx, ref.companyId, holdId)
  const firm = await makeFirm(trx, hold)
  await dropChange(trx, reservation, { answer: 'LAPSED' })
  await moveReservation(trx, reservation, { to: 'failed', reason: 'FAILED_AT_PROVIDER', note, actor })
  if (firm) await returnHold(trx, { companyId: ref.companyId, holdId })
  await freeRest(trx, reservation, nextMinute(await instant(trx)))
}

export const DeclareNoShowInput = z.strictObject({
  reservationId: zRef('Reservation'),
  note: zText(1000).nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type DeclareNoShowInput = z.input<typeof DeclareNoShowInput>

/**
 * Says that nobody came to a reservation: after the grace time of its terms, with no usage of it. The part that the terms say
 * is charged as `no_show`, less what is credited for GPUs that were down; the rest returns, and its capacity is free again from now on.
 *
 * @throws {WrongTime} before the grace time is over
 * @throws {Refused} when there is usage
 */
export async function declareNoShow(
  deps: Deps,
  actor: Actor,
  input: DeclareNoShowInput,
): Promise<{ ref: Ref; charged: MicroTokens }> {
  const { reservationId: ref, note, idempotencyKey } = parse(DeclareNoShowInput, input)
  const { providerId } = await mustSeeReservation(deps.db, actor, ref)
  mustDecideFor(actor, providerId)
  const scope = { kind: 'company', id: ref.companyId } as const
  return once(deps, actor, { operation: 'declareNoShow', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const charged = await noShow(trx, ref, { actor, note: note ?? null })
    await audit(trx, actor, {
      scope,
      kind: 'reservation.no-show',
      subject: globalId('Reservation', ref.companyId, ref.id),
      payload: { charged: formatTokens(charged), note: note ?? null },
    })
    return { ref, charged }
  })
}

/** How long after the start somebody may still come: the longest of the terms of the lots that pay. */
export const graceMinutes = (terms: Awaited<ReturnType<typeof bookingTermsOf>>, hold: Pick<Hold, 'lots'>): number =>
  Math.max(
    0,
    ...hold.lots.flatMap(({ lotId, amount }) =>
      amount === 0n ? [] : [(terms.get(lotId) ?? HOUSE_RULES).noShowGraceMinutes],
    ),
  )

/** The company is locked. Answers what was charged. */
export async function noShow(
  trx: Trx,
  ref: Ref,
  by: { readonly actor?: Actor; readonly note: string | null },
): Promise<MicroTokens> {
  const { companyId } = ref
  const batch = await openBatch(trx, ref)
  const reservation = await lockReservation(trx, ref)
  const { state, interval, holdId } = reservation
  if (!WITHDRAWABLE.some((one) => one === state)) throw new WrongState('reservation', state, WITHDRAWABLE)
  const hold = await holdOf(trx, companyId, holdId)
  const terms = await bookingTermsOf(trx, companyId, reservation.requestedAt)
  const rulesOf = (lotId: string) => terms.get(lotId) ?? HOUSE_RULES
  const grace = graceMinutes(terms, hold)
  const now = await instant(trx)
  if (minutesUntil(interval.startsAt, now) + grace > 0) throw new WrongTime(interval.startsAt, 'AFTER_START')
  if (!(await isUnused(trx, ref))) throw new Refused('reservationId', 'names a reservation of which there is usage')
  const firm = await makeFirm(trx, hold)
  await dropChange(trx, reservation, { answer: 'LAPSED' })
  await moveReservation(trx, reservation, { to: 'no_show', reason: 'NOBODY_CAME', note: by.note, actor: by.actor })
  let charged = 0n
  if (firm) {
    const owed = new Map(hold.lots.map(({ lotId, amount }) => [lotId, noShowCharge(amount, rulesOf(lotId))]))
    const down = await downOf(trx, reservation, interval)
    const credits = down.creditsOf(owed)
    await insertOutageCredits(trx, ref, credits, { downGpuSeconds: down.gpuSeconds, correctionId: null })
    for (const [lotId, whole] of owed) {
      const part = whole - (credits.get(lotId) ?? 0n)
      if (part === 0n) continue
      const { endsAt: usedUntil } = keptInterval(interval, now)
      await batch.charge(holdId, [{ cause: 'no_show', amount: part, usedUntil, usageId: null, lots: new Set([lotId]) }])
      charged += part
    }
    await returnHold(trx, { companyId, holdId })
  }
  await batch.store()
  await endOffer(trx, ref, 'REFUSED')
  await freeRest(trx, reservation, nextMinute(now))
  return charged
}
