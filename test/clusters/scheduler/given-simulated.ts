/** A pool whose scheduler is the simulator. */
import {
  decideReservation,
  type PoolScheduler,
  PUSH_RESERVATIONS_JOB,
  requestReservation,
  Simulator,
} from '../../../api/clusters/index.ts'
import { cancelReservation } from '../../../api/drawdown/index.ts'
import type { Uuid } from '../../../api/platform/index.ts'
import { asOwner } from '../../support/database.ts'
import type { World } from '../../support/world.ts'
import { at, booker, NOON } from '../given.ts'

/** A pool with its company, and a simulator that keeps the database's time. */
export async function simulated(world: World) {
  const { db } = world.deps
  await world.setClock(NOON)
  const made = await booker(world, { capacity: 16, amount: '100000' })
  let now = Date.parse(NOON) / 1000
  const simulator = new Simulator({ capacity: { h100: 16 }, accounts: ['startup', 'other'], now: () => now })
  const target: PoolScheduler = {
    poolId: made.pool.poolId,
    scheduler: simulator,
    gpuModel: 'h100',
    accountOf: () => 'startup',
  }
  const { company, pool } = made
  const setTime = async (minutes: number) => {
    await world.setClock(at(minutes))
    now = Date.parse(at(minutes)) / 1000
  }
  const request = async (from: number, until: number, gpus = 4): Promise<string> => {
    const wish = { companyId: company.id, poolId: pool.id, gpus, startsAt: at(from), endsAt: at(until) }
    const { ref } = await requestReservation(world.deps, company.founder.actor, wish)
    return `Reservation:${ref.companyId}:${ref.id}`
  }
  const confirm = async (from: number, until: number, gpus = 4): Promise<{ id: string; key: Uuid }> => {
    const id = await request(from, until, gpus)
    await decideReservation(world.deps, world.staff.provider.actor, { reservationId: id, decision: 'APPROVE' })
    return { id, key: id.split(':').at(-1) ?? '' }
  }
  const cancel = (id: string) => cancelReservation(world.deps, company.founder.actor, { reservationId: id })
  const rows = () =>
    db.selectFrom('scheduler_push').selectAll().where('pool_id', '=', pool.poolId).orderBy('reservation_id').execute()
  return { ...made, simulator, target, setTime, request, confirm, cancel, rows }
}

/** When the push jobs of a pool are to run. */
export const pushJobsOf = async (world: World, poolId: Uuid): Promise<string[]> =>
  (
    await asOwner(
      world.ownerUrl,
      `SELECT to_char(j.run_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at FROM graphile_worker._private_jobs j
       JOIN graphile_worker._private_tasks t ON t.id = j.task_id
       WHERE t.identifier = '${PUSH_RESERVATIONS_JOB}' AND j.payload->>'poolId' = '${poolId}'`,
    )
  ).rows.map(({ at }) => String(at))
