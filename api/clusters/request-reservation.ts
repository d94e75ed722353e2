import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import type { FlagsDeps } from '../flags/index.ts'
import { mustSeeCompany } from '../parties/index.ts'
import {
  addJob,
  audit,
  formatNumeric,
  formatTokens,
  globalId,
  instant,
  newId,
  once,
  parse,
  type Ref,
  type Trx,
  zIdempotencyKey,
  zInstant,
  zKey,
  zPositiveTokens,
} from '../platform/index.ts'
import { hold } from '../tokens/index.ts'
import { QuoteChanged } from './errors.ts'
import { EXPIRE_HOLD_JOB } from './expire-hold.ts'
import { addMinutes, earlier } from './interval.ts'
import { mustSeePool } from './pool.views.ts'
import { priceReservation, zGpus } from './quote-reservation.ts'
import { insertBooking, insertReservation, type NewReservation } from './reservation.store.ts'
import { checkReserve, refuseReserve } from './reserve-gate.ts'
import { mustBookFor } from './visibility.ts'

export const RequestReservationInput = z.strictObject({
  companyId: zKey('Company'),
  poolId: zKey('Pool'),
  gpus: zGpus,
  startsAt: zInstant,
  endsAt: zInstant,
  quotedTokens: zPositiveTokens.nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type RequestReservationInput = z.input<typeof RequestReservationInput>

/**
 * How long after the end of a reservation its tokens stay set aside for usage that is told late. The provider's time to
 * decide is much shorter, and is kept by {@link EXPIRE_HOLD_JOB}.
 */
const LATE_USAGE_MINUTES = 45 * 24 * 60

/**
 * Asks for GPUs: sets tokens and capacity aside until the provider decides, in one transaction.
 *
 * @throws {OpenFlags} {FactorNotAgreed} {OverCapacity} {WouldOverdraw} {TokensNotReleased} {BadInterval} {NoFactor} {QuoteChanged}
 */
export async function requestReservation(
  deps: FlagsDeps,
  actor: Actor,
  input: RequestReservationInput,
): Promise<{ ref: Ref }> {
  const request = parse(RequestReservationInput, input)
  const { companyId, poolId, gpus, idempotencyKey } = request
  await mustSeeCompany(deps.db, actor, companyId)
  const pool = await mustSeePool(deps.db, actor, poolId)
  mustBookFor(actor, companyId)
  await checkReserve(deps, actor, companyId)
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'requestReservation', scope, idempotencyKey, input }, async (trx) => {
    await refuseReserve(trx, companyId)
    const now = await instant(trx)
    const interval = { startsAt: request.startsAt, endsAt: request.endsAt }
    const { basis, ...quote } = await priceReservation(trx, pool, gpus, interval, companyId)
    if (request.quotedTokens != null && request.quotedTokens !== quote.hold) {
      throw new QuoteChanged(request.quotedTokens, quote.hold)
    }
    const ref = { companyId, id: newId() }
    const reservation = {
      ref,
      poolId,
      tokenClassId: pool.tokenClassId,
      gpus,
      interval,
      factorId: basis.factorId,
      quote,
      holdId: newId(),
      holdExpiresAt: earlier(addMinutes(now, pool.decisionMinutes), interval.startsAt),
      requestedBy: actor.id,
    }
    await setAside(trx, reservation)
    await audit(trx, actor, {
      scope,
      kind: 'reservation.requested',
      subject: globalId('Reservation', companyId, ref.id),
      payload: {
        pool: globalId('Pool', poolId),
        gpus,
        ...interval,
        held: formatTokens(quote.hold),
        factor: formatNumeric(quote.factor),
        factorId: basis.factorId,
      },
    })
    return { ref }
  })
}

/** The company's side first, the pool's last: its row is the one that others wait for. */
async function setAside(trx: Trx, reservation: NewReservation): Promise<void> {
  const { ref, holdId, holdExpiresAt, tokenClassId, interval, quote } = reservation
  await hold(trx, {
    companyId: ref.companyId,
    holdId,
    tokenClassId,
    amount: quote.hold,
    expiresAt: addMinutes(interval.endsAt, LATE_USAGE_MINUTES),
    // Tokens that expire before the compute is delivered could not pay for it.
    usableOn: addMinutes(interval.endsAt, -1).slice(0, 10),
  })
  await insertReservation(trx, reservation)
  await insertBooking(trx, reservation)
  await addJob(trx, {
    name: EXPIRE_HOLD_JOB,
    payload: { companyId: ref.companyId, reservationId: ref.id },
    runAt: holdExpiresAt,
    key: `${EXPIRE_HOLD_JOB}:${ref.id}`,
  })
}
