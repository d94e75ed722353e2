import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import {
  audit,
  type Deps,
  globalId,
  instant,
  once,
  type PoolRef,
  parse,
  WrongState,
  zIdempotencyKey,
  zPoolRef,
} from '../../platform/index.ts'
import { later, microsecondsOf, nextMinute } from '../interval.ts'
import { mustActFor, seesPool } from '../visibility.ts'
import { withhold } from './calendar.store.ts'
import { findPool } from './pool.views.ts'
import { lockMaintenance, markLifted } from './pool-time.store.ts'
import { notThere } from './pool-time.views.ts'

export const LiftMaintenanceInput = z.strictObject({
  maintenanceId: zPoolRef('Maintenance'),
  idempotencyKey: zIdempotencyKey,
})
export type LiftMaintenanceInput = z.input<typeof LiftMaintenanceInput>

/** Calls maintenance off, or ends it early: its GPUs can be booked again from the next minute on. */
export async function liftMaintenance(
  deps: Deps,
  actor: Actor,
  input: LiftMaintenanceInput,
): Promise<{ ref: PoolRef }> {
  const { maintenanceId: ref, idempotencyKey } = parse(LiftMaintenanceInput, input)
  const pool = await findPool(deps.db, ref.poolId)
  if (pool === undefined || !seesPool(actor, pool)) throw notThere('Maintenance', ref)
  const known = await deps.db
    .selectFrom('pool_maintenance')
    .select('maintenance_id')
    .where('pool_id', '=', ref.poolId)
    .where('maintenance_id', '=', ref.id)
    .executeTakeFirst()
  if (known === undefined) throw notThere('Maintenance', ref)
  mustActFor(actor, pool.providerId)
  const scope = { kind: 'pool', id: ref.poolId } as const
  return once(deps, actor, { operation: 'liftMaintenance', scope, idempotencyKey, input }, async (trx) => {
    const window = await lockMaintenance(trx, ref)
    const from = later(window.startsAt, nextMinute(await instant(trx)))
    if (window.over || microsecondsOf(from) >= microsecondsOf(window.endsAt)) {
      throw new WrongState('maintenance', 'over', ['planned', 'under_way'])
    }
    await markLifted(trx, ref, actor.id, from)
    await withhold(trx, ref.poolId, { startsAt: from, endsAt: window.endsAt }, true)
    await audit(trx, actor, {
      scope,
      kind: 'maintenance.lifted',
      subject: globalId('Pool', ref.poolId),
      payload: { maintenance: ref.id, from },
    })
    return { ref }
  })
}
