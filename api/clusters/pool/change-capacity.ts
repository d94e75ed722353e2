import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  newId,
  once,
  parse,
  Refused,
  type Uuid,
  zIdempotencyKey,
  zInstant,
  zKey,
  zText,
} from '../../platform/index.ts'
import { addMinutes, checkWholeMinutes, isWholeMinute, microsecondsOf } from '../interval.ts'
import { showingWhoIsInTheWay, WAYS_WITH_CONFLICTS } from '../reservation/take-out.ts'
import { mustActFor } from '../visibility.ts'
import { withhold } from './calendar.store.ts'
import { mustSeePool } from './pool.views.ts'
import { insertCapacity } from './pool-time.store.ts'

export const ChangePoolCapacityInput = z.strictObject({
  poolId: zKey('Pool'),
  capacity: z
    .int({ error: 'must be a whole number' })
    .min(0, 'must be at least 0')
    .max(1_000_000, 'must be at most 1000000'),
  from: zInstant.refine(isWholeMinute, 'must be a whole minute'),
  reason: zText(500),
  conflicts: z.enum(WAYS_WITH_CONFLICTS).default('REFUSE'),
  idempotencyKey: zIdempotencyKey,
})
export type ChangePoolCapacityInput = z.input<typeof ChangePoolCapacityInput>

/** No change reaches further than a pool's calendar. */
const FOR_GOOD_MINUTES = 18_262 * 24 * 60

/**
 * Sets how many GPUs a pool has from an instant on, until a later change that is recorded already. What is booked stays
 * booked: with `REFUSE` a smaller capacity must have room for it, with `WAIT` the GPUs go as they become free.
 *
 * @throws {ReservationsInTheWay}
 */
export async function changePoolCapacity(
  deps: Deps,
  actor: Actor,
  input: ChangePoolCapacityInput,
): Promise<{ poolId: Uuid; short: boolean }> {
  const { poolId, capacity, from, reason, conflicts, idempotencyKey } = parse(ChangePoolCapacityInput, input)
  const pool = await mustSeePool(deps.db, actor, poolId)
  const by = { id: actor.id, as: mustActFor(actor, pool.providerId) }
  const scope = { kind: 'pool', id: poolId } as const
  return showingWhoIsInTheWay(deps, actor, pool, () =>
    once(deps, actor, { operation: 'changePoolCapacity', scope, idempotencyKey, input }, async (trx) => {
      if (microsecondsOf(from) < microsecondsOf(await instant(trx))) {
        throw new Refused('from', 'is in the past: what was booked then was booked')
      }
      const interval = { startsAt: from, endsAt: addMinutes(pool.opensAt, FOR_GOOD_MINUTES) }
      if (microsecondsOf(interval.endsAt) <= microsecondsOf(from))
        throw new Refused('from', 'is after the pool’s calendar')
      checkWholeMinutes({ startsAt: from, endsAt: addMinutes(from, 1) })
      await insertCapacity(trx, poolId, { changeId: newId(), baseId: newId(), from, capacity, reason, by })
      const short = await withhold(trx, poolId, interval, conflicts === 'WAIT')
      await audit(trx, actor, {
        scope,
        kind: 'pool.capacity-changed',
        subject: globalId('Pool', poolId),
        payload: { capacity, from, reason, conflicts, short, as: by.as },
      })
      return { poolId, short }
    }),
  )
}
