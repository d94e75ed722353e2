/** On a real Slurm: one that runs is extended while its job goes on, and what lies on its nodes later makes room. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideChange, type PoolScheduler, pushReservationsJob, Slurm } from '../../api/clusters/index.ts'
import { changeReservation, pullUsage, startReservation } from '../../api/drawdown/index.ts'
import { cleared, inItsOwnTime, slurmAccess, submitJob, UNTIL_IT_RUNS, until } from '../support/slurm.ts'
import { makeWorld } from '../support/world.ts'
import { assertSound, at, givenDrawdown, idOf, START } from './given-drawdown.ts'

const access = slurmAccess('one that runs is extended')
if (access !== undefined) {
  const world = await makeWorld()
  const { deps } = world
  const shift = Math.floor(Date.now() / 60_000) * 60 - Date.parse(START) / 1000
  const present = () => new Date(Date.now() - shift * 1000).toISOString()

  test('a reservation with a job in it ends later, beside one of ours that had its nodes, and its usage is charged', async () => {
    const it = await givenDrawdown(world, {}, { capacity: 24, factor: 10n ** 10n })
    const slurm = new Slurm({
      url: access.url,
      user: 'root',
      token: async () => access.token,
      cluster: 'vcpool',
      models: { H100: { partition: 'h100', type: 'h100' } },
    })
    const target: PoolScheduler = {
      poolId: it.pool.poolId,
      scheduler: inItsOwnTime(slurm, shift),
      gpuModel: 'H100',
      accountOf: () => 'startup_b',
    }
    const push = async () => {
      await world.setClock(present())
      return pushReservationsJob([target])(deps, { poolId: it.pool.poolId })
    }
    await cleared(access)
    const [runs, later] = [await it.reserved(8, 10, 0, at(-1)), await it.reserved(8, 30, 20, at(-1))]
    const [id, other] = [idOf('Reservation', runs), idOf('Reservation', later)]
    try {
      assert.deepEqual(await push(), { pushed: 2, ended: 0, failed: 0 })
      await startReservation(deps, { companyId: it.companyId, reservationId: id })
      // Long enough to be seen while it runs: accounting hears of it up to five seconds late.
      const job = { account: 'startup_b', partition: 'h100', gres: 'gpu:h100:4', seconds: 20, reservation: id }
      const number = await submitJob(access, job)
      const interval = { startsAt: new Date(Date.now() - 600_000).toISOString(), endsAt: at(10_000_000) }
      await until('the job runs', UNTIL_IT_RUNS, async () =>
        (await slurm.usage(id, interval)).running > 0 ? true : undefined,
      )
      await changeReservation(deps, it.founder.actor, { reservationId: runs, endsAt: at(40) })
      await decideChange(deps, world.staff.provider.actor, { reservationId: runs, decision: 'APPROVE' })
      // Slurm had placed both on one node: it would promise it twice.
      assert.deepEqual(await push(), { pushed: 1, ended: 0, failed: 0 })
      const [long, moved] = [await target.scheduler.read(id), await target.scheduler.read(other)]
      assert.deepEqual(
        [long?.interval.endsAt, long?.gpus, moved?.interval, moved?.gpus],
        [at(40), 8, { startsAt: at(20), endsAt: at(50) }, 8],
      )
      const nodesOf = async (name: string): Promise<string[]> => {
        const response = await fetch(new URL(`/slurm/v0.0.45/reservation/${name}`, access.url), {
          headers: { 'X-SLURM-USER-NAME': 'root', 'X-SLURM-USER-TOKEN': access.token },
        })
        const { reservations } = (await response.json()) as { reservations: { node_list: string }[] }
        return reservations.map((each) => each.node_list)
      }
      assert.notDeepEqual(await nodesOf(id), await nodesOf(other))
      // The job went on, and is charged to the GPU-second.
      const record = await until('the job was charged', 90, async () => {
        await world.setClock(present())
        await pullUsage(deps, target)
        return deps.db
          .selectFrom('usage_record')
          .select(['gpu_seconds', 'started_at', 'ended_at'])
          .where('company_id', '=', it.companyId)
          .where('external_id', 'like', `vcpool.${number}.%`)
          .executeTakeFirst()
      })
      const seconds = BigInt(Date.parse(record.ended_at) - Date.parse(record.started_at)) / 1000n
      assert.ok(seconds >= 20n && seconds < 60n, `${seconds} s`)
      assert.equal(record.gpu_seconds, 4n * seconds)
      await assertSound(world, it)
    } finally {
      await cleared(access)
    }
  })
}
