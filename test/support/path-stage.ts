/** A provider to take companies the whole way over: its staff, token class, pool, factor, metric, and scheduler. */
import { registerMachineKey } from '../../api/access/index.ts'
import {
  checkScheduler,
  countersignFactor,
  createPool,
  pushReservations,
  Simulator,
  setFactor,
  setMeterDelay,
} from '../../api/clusters/index.ts'
import { insertProvider } from '../../api/parties/index.ts'
import { globalId, inTransaction, newId } from '../../api/platform/index.ts'
import {
  approveMark,
  authoriseSupply,
  createTokenClass,
  endMetric,
  proposeMark,
  recordObservation,
  registerMetric,
} from '../../api/tokens/index.ts'
import { wholeWay } from './path.ts'
import type { Person, World } from './world.ts'

/** A provider with its staff, its token and a pool, by global id. */
export type Stage = {
  readonly providerId: string
  readonly tokenClassId: string
  readonly poolId: string
  /** The pool's factor, signed by both sides. */
  readonly factorId: string
  readonly provider: Person
  /** A metric of the price index, observed twice and corrected once; it has a fallback. */
  readonly metricId: string
  /** A key of a machine of the provider's. */
  readonly machineKey: string
}

/** When {@link wholeWay} is over: the clock stands still here. */
export const END = '2026-11-20T09:00:00Z'

/** A provider of its own with staff, a token class with supply, and a pool with its factor. */
export async function makeStage(world: World, name: string): Promise<Stage> {
  const { deps, staff } = world
  await world.setClock('2026-05-04T09:00:00Z')
  const id = newId()
  await inTransaction(deps.db, (trx) => insertProvider(trx, { providerId: id, name, affiliation: 'none' }))
  const provider = await world.person('provider', { providerId: id })
  const providerId = globalId('Provider', id)
  const made = await createTokenClass(deps, staff.operations.actor, {
    providerId,
    name: `${name} token`,
    transferRule: 'NOT_TRANSFERABLE',
  })
  const tokenClassId = globalId('TokenClass', made.tokenClassId)
  await authoriseSupply(deps, staff.partner.actor, {
    tokenClassId,
    amount: '2000000',
    validUntil: '2035-12-31',
    reason: 'Supply agreement of 30 Apr 2026',
  })
  const pool = await createPool(deps, provider.actor, {
    providerId,
    tokenClassId,
    cluster: `${name} cluster`,
    gpuModel: 'H100-SXM',
    capacity: 512,
    opensAt: '2026-05-04T00:00:00Z',
  })
  const poolId = globalId('Pool', pool.poolId)
  await setMeterDelay(deps, provider.actor, { poolId, minutes: 64_800, source: 'Metering agreement' })
  const { factorId } = await setFactor(deps, provider.actor, {
    poolId,
    h100HoursPerGpuHour: '1',
    basis: 'contract',
    source: 'Supply agreement, schedule 2',
    validFrom: '2026-05-04T00:00:00Z',
  })
  await countersignFactor(deps, staff.operations.actor, { factorId: globalId('Factor', pool.poolId, factorId) })
  const metricId = await makeMetric(world, name, tokenClassId)
  await world.setClock(END)
  await tend(world, poolId)
  const { keyId: machineKey } = await registerMachineKey(deps, staff.admin.actor, { providerId, machine: 'metering' })
  return {
    machineKey,
    providerId,
    tokenClassId,
    poolId,
    factorId: globalId('Factor', pool.poolId, factorId),
    provider,
    metricId,
  }
}

/** A metric that has ended and its successor as fallback; observations, one of them corrected; a mark of the token. */
async function makeMetric({ deps, staff }: World, name: string, tokenClassId: string): Promise<string> {
  const register = (what: string, fallbackId: string | null) =>
    registerMetric(deps, staff.operations.actor, {
      name: `H100 on demand, ${what} of ${name}`,
      currency: 'USD',
      source: 'the test',
      method: 'invented prices',
      windowDays: 366,
      staleAfterDays: 400,
      fallbackId,
    })
  const record = async (metricId: string, observedOn: string, level: string, correctsId?: string) =>
    recordObservation(deps, staff.analyst.actor, { metricId, observedOn, level, source: 'a price list', correctsId })
  const fallback = globalId('Metric', (await register('yearly contracts', null)).metricId)
  const metricId = globalId('Metric', (await register('list prices', fallback)).metricId)
  await register('what nobody observed', null)
  await record(fallback, '2026-04-15', '2.05')
  await record(metricId, '2026-04-01', '2.5')
  const wrong = await record(metricId, '2026-04-15', '25')
  const [, metric = ''] = metricId.split(':')
  await record(metricId, '2026-04-15', '2.6', globalId('Observation', metric, wrong.observationId))
  await endMetric(deps, staff.partner.actor, { metricId, endedOn: '2026-05-01', reason: 'No longer published.' })
  const { ref } = await proposeMark(deps, staff.analyst.actor, {
    of: tokenClassId,
    basis: 'reference_price',
    value: { amount: '2.35', currency: 'USD' },
    markedOn: '2026-05-01',
    expiresOn: '2026-08-01',
    method: 'Price agreed between the parties',
    source: 'Supply agreement, schedule 2',
  })
  await approveMark(deps, staff.compliance.actor, { markId: globalId('Mark', ref.companyId, ref.id) })
  return metricId
}

/** The pool's scheduler is told and compared. It knows no company's account, has a reservation of its own, and lost a node. */
export async function tend({ deps: { db } }: World, pool: string): Promise<void> {
  const now = Date.parse(END) / 1000
  const scheduler = new Simulator({ capacity: { h100: 512 }, accounts: ['others'], now: () => now })
  const interval = { startsAt: END, endsAt: '2026-11-21T09:00:00Z' }
  await scheduler.reserve({ id: 'by-hand', account: 'others', gpuModel: 'h100', gpus: 8, interval })
  scheduler.takeDown('node-7', 'h100', 8, 'a broken fan')
  const poolId = pool.slice('Pool:'.length)
  const target = { poolId, scheduler, gpuModel: 'h100', accountOf: () => 'unknown', horizonDays: 366 }
  await pushReservations(db, target)
  await checkScheduler(db, target)
}
