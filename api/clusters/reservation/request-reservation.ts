import { sql } from 'kysely'
import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import type { FlagsDeps } from '../../flags/index.ts'
import { mustSeeCompany } from '../../parties/index.ts'
import {
  audit,
  formatNumeric,
  formatTokens,
  globalId,
  instant,
  newId,
  once,
  parse,
  type Ref,
  Refused,
  type Trx,
  zIdempotencyKey,
  zInstant,
  zKey,
  zPositiveTokens,
  zRef,
} from '../../platform/index.ts'
import { OverCapacity, QuoteChanged, WaitersFirst } from '../errors.ts'
import { addMinutes, earlier, microsecondsOf } from '../interval.ts'
import { mustSeePool, type PoolView } from '../pool/pool.views.ts'
import { mustBookFor } from '../visibility.ts'
import { mustHold } from './quote-for-company.ts'
import { priceReservation, zGpus } from './quote-reservation.ts'
import { insertReservation, type NewReservation } from './reservation.store.ts'
import { checkReserve, refuseReserve } from './reserve-gate.ts'
import { setAside } from './set-aside.ts'
import { insertWaiting } from './waiting.store.ts'

export const RequestReservationInput = z
  .strictObject({
    companyId: zKey('Company'),
    poolId: zKey('Pool'),
    gpus: zGpus,
    startsAt: zInstant,
    endsAt: zInstant,
    quotedTokens: zPositiveTokens.nullish(),
    quoteId: zRef('Quote').nullish(),
    /** True: where the GPUs are not free, the request goes to the waiting list. */
    waitlist: z.boolean().default(false),
    /** Until when it waits; until its start has no lead time left, unless given. */
    waitUntil: zInstant.nullish(),
    idempotencyKey: zIdempotencyKey,
  })
  .refine(({ waitlist, waitUntil }) => waitlist || waitUntil == null, {
    path: ['waitUntil'],
    message: 'is only for a request that may wait',
  })
export type RequestReservationInput = z.input<typeof RequestReservationInput>
type Request = z.output<typeof RequestReservationInput>

/**
 * Asks for GPUs: sets tokens and capacity aside until the provider decides, in one transaction. Where they are not free and
 * the request may wait, it goes to the waiting list, for which nothing is set aside.
 *
 * @throws {OpenFlags} {FactorNotAgreed} {OverCapacity} {OverShare} {WaitersFirst} {WouldOverdraw} {TokensNotReleased} {PastDeadline} {BadInterval} {NoFactor}
 * @throws {QuoteChanged} {QuoteExpired}
 */
export async function requestReservation(
  deps: FlagsDeps,
  actor: Actor,
  input: RequestReservationInput,
): Promise<{ ref: Ref }> {
  const request = parse(RequestReservationInput, input)
  const { companyId, poolId, idempotencyKey } = request
  await mustSeeCompany(deps.db, actor, companyId)
  const pool = await mustSeePool(deps.db, actor, poolId)
  mustBookFor(actor, companyId)
  await checkReserve(deps, actor, companyId)
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'requestReservation', scope, idempotencyKey, input }, async (trx) => {
    await refuseReserve(trx, companyId)
    const reservation = await newReservation(trx, actor, pool, request)
    const waitsUntil = request.waitlist ? await setAsideOrWait(trx, pool, request, reservation) : undefined
    if (!request.waitlist) await setAside(trx, reservation)
    await auditRequest(trx, actor, reservation, waitsUntil)
    return { ref: reservation.ref }
  })
}

/** Prices a request and holds it to its quote. */
async function newReservation(trx: Trx, actor: Actor, pool: PoolView, request: Request): Promise<NewReservation> {
  const { companyId, poolId, gpus } = request
  const now = await instant(trx)
  const interval = { startsAt: request.startsAt, endsAt: request.endsAt }
  const { basis, ...quote } = await priceReservation(trx, pool, gpus, interval, companyId)
  if (request.quotedTokens != null && request.quotedTokens !== quote.hold) {
    throw new QuoteChanged(request.quotedTokens, quote.hold)
  }
  if (request.quoteId != null) {
    if (request.quoteId.companyId !== companyId) throw new Refused('quoteId', 'is a quote for another company')
    const named = { companyId, quoteId: request.quoteId.id, poolId, gpus, tokenClassId: pool.tokenClassId, ...interval }
    await mustHold(trx, named, quote.hold)
  }
  return {
    ref: { companyId, id: newId() },
    poolId,
    tokenClassId: pool.tokenClassId,
    gpus,
    interval,
    factorId: basis.factorId,
    quote,
    holdId: newId(),
    holdExpiresAt: decideBy(now, pool, interval.startsAt),
    requestedBy: actor.id,
    quoteId: request.quoteId?.id ?? null,
  }
}

/** The end of the provider's time to decide on a request that is held from now on. */
export const decideBy = (now: string, pool: { readonly decisionMinutes: number }, startsAt: string): string =>
  earlier(addMinutes(now, pool.decisionMinutes), startsAt)

/** Answers until when the request waits, where it does. */
async function setAsideOrWait(
  trx: Trx,
  pool: PoolView,
  request: Request,
  reservation: NewReservation,
): Promise<string | undefined> {
  await sql`SAVEPOINT before_waiting`.execute(trx)
  try {
    await setAside(trx, reservation)
    return undefined
  } catch (error) {
    if (!(error instanceof OverCapacity || error instanceof WaitersFirst)) throw error
    await sql`ROLLBACK TO SAVEPOINT before_waiting`.execute(trx)
  }
  const latest = addMinutes(reservation.interval.startsAt, -pool.minLeadMinutes)
  const waitsUntil = request.waitUntil == null ? latest : earlier(request.waitUntil, latest)
  if (microsecondsOf(waitsUntil) <= microsecondsOf(await instant(trx))) {
    throw new Refused('waitUntil', 'leaves no time to wait in')
  }
  await insertReservation(trx, { ...reservation, holdExpiresAt: waitsUntil, waitsUntil })
  await insertWaiting(trx, { ...reservation, waitsUntil })
  return waitsUntil
}

async function auditRequest(
  trx: Trx,
  actor: Actor,
  { ref, poolId, gpus, interval, quote, factorId }: NewReservation,
  waitsUntil: string | undefined,
): Promise<void> {
  await audit(trx, actor, {
    scope: { kind: 'company', id: ref.companyId },
    kind: waitsUntil === undefined ? 'reservation.requested' : 'reservation.waitlisted',
    subject: globalId('Reservation', ref.companyId, ref.id),
    payload: {
      pool: globalId('Pool', poolId),
      gpus,
      ...interval,
      ...(waitsUntil === undefined ? { held: formatTokens(quote.hold) } : { waitsUntil }),
      factor: formatNumeric(quote.factor),
      factorId,
    },
  })
}
