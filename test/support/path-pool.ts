/** What changes a pool over time on the way of a company: far ahead, where it is in nobody's way. */
import { changePoolCapacity, dedicateCapacity, planMaintenance, setPoolShare } from '../../api/clusters/index.ts'
import { globalId } from '../../api/platform/index.ts'
import type { Stage } from './path-stage.ts'
import type { World } from './world.ts'

/** By global id. */
export type PoolOverTime = { readonly maintenance: string; readonly dedication: string }

/** One of everything that changes the pool of a stage over time. */
export async function overTime({ deps }: World, stage: Stage, companyId: string): Promise<PoolOverTime> {
  const { poolId, provider } = stage
  const { actor } = provider
  const source = 'Supply agreement, schedule 4'
  await changePoolCapacity(deps, actor, { poolId, capacity: 512, from: '2029-12-01T00:00:00Z', reason: 'As agreed' })
  const maintenance = await planMaintenance(deps, actor, {
    poolId,
    gpus: 8,
    startsAt: '2030-01-01T00:00:00Z',
    endsAt: '2030-01-02T00:00:00Z',
    note: 'Cooling',
  })
  const dedication = await dedicateCapacity(deps, actor, {
    poolId,
    companyId,
    gpus: 8,
    startsAt: '2030-02-01T00:00:00Z',
    endsAt: '2030-02-02T00:00:00Z',
    source,
  })
  // More than can be taken out while eight are promised: something that does not add up.
  await planMaintenance(deps, actor, {
    poolId,
    gpus: 512,
    startsAt: '2030-02-01T00:00:00Z',
    endsAt: '2030-02-01T01:00:00Z',
    note: 'Power',
    conflicts: 'WAIT',
  })
  await setPoolShare(deps, actor, { poolId, companyId, part: '1', source })
  return {
    maintenance: globalId('Maintenance', maintenance.ref.poolId, maintenance.ref.id),
    dedication: globalId('Dedication', dedication.ref.poolId, dedication.ref.id),
  }
}
