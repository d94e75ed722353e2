/** In whose name a scheduler speaks: what it shows, and what it meters, is the provider's word. */
import { type Actor, machineActor } from '../../access/index.ts'
import type { Db, Uuid } from '../../platform/index.ts'
import { providersOfPools } from '../pool/pool.views.ts'

/** The name of the machine of a provider in whose name its schedulers are asked. */
export const SCHEDULER_MACHINE = 'scheduler'

/** The machine of the pool's provider; undefined where there is no such pool. */
export async function schedulerMachine(db: Db, poolId: Uuid): Promise<Actor | undefined> {
  const providerId = (await providersOfPools(db, [poolId])).get(poolId)
  return providerId === undefined ? undefined : machineActor(db, { providerId, name: SCHEDULER_MACHINE })
}
