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
  Refused,
  zIdempotencyKey,
  zInstant,
  zKey,
  zText,
} from '../../platform/index.ts'
import { BadInterval, checkWholeMinutes, microsecondsOf } from '../interval.ts'
import { zGpus } from '../reservation/quote-reservation.ts'
import { showingWhoIsInTheWay, WAYS_WITH_CONFLICTS } from '../reservation/take-out.ts'
import { mustActFor } from '../visibility.ts'
import { withhold } from './calendar.store.ts'
import { mustSeePool } from './pool.views.ts'
import { insertMaintenance } from './pool-time.store.ts'

export const PlanMaintenanceInput = z.strictObject({
  poolId: zKey('Pool'),
  gpus: zGpus,
  startsAt: zInstant,
  endsAt: zInstant,
  note: zText(500),
  conflicts: z.enum(WAYS_WITH_CONFLICTS).default('REFUSE'),
  idempotencyKey: zIdempotencyKey,
})
export type PlanMaintenanceInput = z.input<typeof PlanMaintenanceInput>

/**
 * Plans maintenance: the calendar has fewer GPUs for its time. What is booked stays booked: with `REFUSE` the window must
 * have room for it, with `WAIT` it takes the GPUs that are free, and others as reservations move or end.
 *
 * @throws {ReservationsInTheWay} {BadInterval}
 */
export async function planMaintenance(
  deps: Deps,
  actor: Actor,
  input: PlanMaintenanceInput,
): Promise<{ ref: PoolRef; short: boolean }> {
  const { poolId, gpus, startsAt, endsAt, note, conflicts, idempotencyKey } = parse(PlanMaintenanceInput, input)
  const pool = await mustSeePool(deps.db, actor, poolId)
  const by = { id: actor.id, as: mustActFor(actor, pool.providerId) }
  const scope = { kind: 'pool', id: poolId } as const
  const interval = { startsAt, endsAt }
  return showingWhoIsInTheWay(deps, actor, pool, () =>
    once(deps, actor, { operation: 'planMaintenance', scope, idempotencyKey, input }, async (trx) => {
      checkWholeMinutes(interval)
      if (microsecondsOf(startsAt) < microsecondsOf(await instant(trx))) {
        throw new BadInterval('IN_THE_PAST', interval, 'starts in the past')
      }
      if (gpus > pool.capacity) throw new Refused('gpus', `is more than the ${pool.capacity} GPUs of the pool`)
      const ref = { poolId, id: newId() }
      await insertMaintenance(trx, { ...interval, ref, gpus, note, by })
      const short = await withhold(trx, poolId, interval, conflicts === 'WAIT')
      await audit(trx, actor, {
        scope,
        kind: 'maintenance.planned',
        subject: globalId('Pool', poolId),
        payload: { ...interval, gpus, note, conflicts, short, as: by.as, maintenance: ref.id },
      })
      return { ref, short }
    }),
  )
}
