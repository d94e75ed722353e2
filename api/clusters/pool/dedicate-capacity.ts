import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  newId,
  once,
  type PoolRef,
  parse,
  WrongState,
  zIdempotencyKey,
  zInstant,
  zKey,
  zPoolRef,
  zText,
} from '../../platform/index.ts'
import { BadInterval, checkWholeMinutes, later, microsecondsOf, nextMinute } from '../interval.ts'
import { zGpus } from '../reservation/quote-reservation.ts'
import { mustActFor, seesPool } from '../visibility.ts'
import { dedicate } from './calendar.store.ts'
import { findPool, mustSeePool } from './pool.views.ts'
import { insertDedication, lockDedication, markEnded } from './pool-time.store.ts'
import { dedicationsOf, mustKnowCompany, notThere } from './pool-time.views.ts'

export const DedicateCapacityInput = z.strictObject({
  poolId: zKey('Pool'),
  companyId: zKey('Company'),
  gpus: zGpus,
  startsAt: zInstant,
  endsAt: zInstant,
  source: zText(500),
  idempotencyKey: zIdempotencyKey,
})
export type DedicateCapacityInput = z.input<typeof DedicateCapacityInput>

/**
 * Promises GPUs of a pool to one company for a time: nobody else books them, and what it books comes out of them first.
 *
 * @throws {DedicatedTwice} when they are promised or booked already
 */
export async function dedicateCapacity(
  deps: Deps,
  actor: Actor,
  input: DedicateCapacityInput,
): Promise<{ ref: PoolRef }> {
  const { poolId, companyId, gpus, startsAt, endsAt, source, idempotencyKey } = parse(DedicateCapacityInput, input)
  const pool = await mustSeePool(deps.db, actor, poolId)
  const by = { id: actor.id, as: mustActFor(actor, pool.providerId) }
  await mustKnowCompany(deps.db, actor, companyId, pool)
  const scope = { kind: 'pool', id: poolId } as const
  const interval = { startsAt, endsAt }
  return once(deps, actor, { operation: 'dedicateCapacity', scope, idempotencyKey, input }, async (trx) => {
    checkWholeMinutes(interval)
    if (microsecondsOf(startsAt) < microsecondsOf(await instant(trx))) {
      throw new BadInterval('IN_THE_PAST', interval, 'starts in the past')
    }
    const ref = { poolId, id: newId() }
    await dedicate(trx, poolId, companyId, interval, gpus)
    await insertDedication(trx, { ...interval, ref, companyId, gpus, source, by })
    await audit(trx, actor, {
      scope,
      kind: 'capacity.dedicated',
      subject: globalId('Pool', poolId),
      payload: { ...interval, company: globalId('Company', companyId), gpus, source, as: by.as, dedication: ref.id },
    })
    return { ref }
  })
}

export const EndDedicationInput = z.strictObject({
  dedicationId: zPoolRef('Dedication'),
  idempotencyKey: zIdempotencyKey,
})
export type EndDedicationInput = z.input<typeof EndDedicationInput>

/** Ends a dedication from the next minute on: what the company has not booked of it is free for everybody. */
export async function endDedication(deps: Deps, actor: Actor, input: EndDedicationInput): Promise<{ ref: PoolRef }> {
  const { dedicationId: ref, idempotencyKey } = parse(EndDedicationInput, input)
  const pool = await findPool(deps.db, ref.poolId)
  if (pool === undefined || !seesPool(actor, pool)) throw notThere('Dedication', ref)
  const seen = await dedicationsOf(deps.db, actor, [ref.poolId])
  if (!seen.some(({ dedicationId }) => dedicationId === ref.id)) throw notThere('Dedication', ref)
  mustActFor(actor, pool.providerId)
  const scope = { kind: 'pool', id: ref.poolId } as const
  return once(deps, actor, { operation: 'endDedication', scope, idempotencyKey, input }, async (trx) => {
    const span = await lockDedication(trx, ref)
    const from = later(span.startsAt, nextMinute(await instant(trx)))
    if (span.over || microsecondsOf(from) >= microsecondsOf(span.endsAt)) {
      throw new WrongState('dedication', 'over', ['agreed', 'under_way'])
    }
    await markEnded(trx, ref, actor.id, from)
    await dedicate(trx, ref.poolId, span.companyId, { startsAt: from, endsAt: span.endsAt }, -span.gpus)
    await audit(trx, actor, {
      scope,
      kind: 'dedication.ended',
      subject: globalId('Pool', ref.poolId),
      payload: { dedication: ref.id, from },
    })
    return { ref }
  })
}
