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
  type Uuid,
  zIdempotencyKey,
  zKey,
  zText,
} from '../../platform/index.ts'
import { mustActFor } from '../visibility.ts'
import { mustSeePool } from './pool.views.ts'

export const SetMeterDelayInput = z.strictObject({
  poolId: zKey('Pool'),
  minutes: z
    .int({ error: 'must be a whole number' })
    .min(0, 'must be at least 0')
    .max(64_800, 'must be at most 64800, which is 45 days'),
  source: zText(500),
  idempotencyKey: zIdempotencyKey,
})
export type SetMeterDelayInput = z.input<typeof SetMeterDelayInput>

/**
 * Says how soon the meter of a pool that has no scheduler here tells of GPUs that are in use. Only a meter that tells of jobs
 * while they run shows in time that nobody has come: {@link PoolView.meterDelayMinutes}.
 */
export async function setMeterDelay(deps: Deps, actor: Actor, input: SetMeterDelayInput): Promise<{ poolId: Uuid }> {
  const { poolId, minutes, source, idempotencyKey } = parse(SetMeterDelayInput, input)
  const pool = await mustSeePool(deps.db, actor, poolId)
  const as = mustActFor(actor, pool.providerId)
  const scope = { kind: 'pool', id: poolId } as const
  return once(deps, actor, { operation: 'setMeterDelay', scope, idempotencyKey, input }, async (trx) => {
    await trx
      .insertInto('pool_meter_delay')
      .values({
        pool_id: poolId,
        delay_id: newId(),
        minutes,
        source,
        set_by: actor.id,
        set_as: as,
        recorded_at: await instant(trx),
      })
      .execute()
    await audit(trx, actor, {
      scope,
      kind: 'pool.meter-delay-set',
      subject: globalId('Pool', poolId),
      payload: { minutes, source, as },
    })
    return { poolId }
  })
}
