/** The main job over a real Slurm: booked here, run there, metered there, charged here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  decideReservation,
  type PoolScheduler,
  pushReservations,
  reconcile,
  requestReservation,
  Slurm,
  usageToReport,
} from '../../../api/clusters/index.ts'
import { reportUsage } from '../../../api/drawdown/index.ts'
import { makeWorld } from '../../support/world.ts'
import { booker } from '../given.ts'

const { SLURM_REST_URL: url, SLURM_REST_TOKEN: token } = process.env
const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z')

if (url === undefined || token === undefined) {
  console.warn('SKIPPED: SLURM_REST_URL and SLURM_REST_TOKEN are not set, so no job runs on a real Slurm')
  test('a job on a real Slurm', { skip: 'SLURM_REST_URL and SLURM_REST_TOKEN are not set' }, () => undefined)
} else {
  const world = await makeWorld()
  test('GPUs booked with tokens run a job in Slurm, and its GPU-seconds are charged', async () => {
    const { db } = world.deps
    const minute = Math.floor(Date.now() / 60_000) * 60_000
    // Bookings start on whole minutes, and are decided before: the clock stands there until the scheduler has been told.
    await world.setClock(iso(minute - 1000))
    const { company, pool } = await booker(world)
    const models = { A100: { partition: 'a100', type: 'a100' } }
    const slurm = new Slurm({ url, user: 'root', token: async () => token, cluster: 'vcpool', models })
    const target: PoolScheduler = { ...pool, scheduler: slurm, gpuModel: 'A100', accountOf: () => 'startup_a' }
    const interval = { startsAt: iso(minute), endsAt: iso(minute + 600_000) }
    const wish = { companyId: company.id, poolId: pool.id, gpus: 4, ...interval }
    const { ref } = await requestReservation(world.deps, company.founder.actor, wish)
    const reservationId = `Reservation:${ref.companyId}:${ref.id}`
    const provider = world.staff.provider.actor
    await decideReservation(world.deps, provider, { reservationId, decision: 'APPROVE' })
    try {
      assert.deepEqual(await pushReservations(db, target), { pushed: 1, ended: 0, failed: 0 })
      await world.setClock(undefined)
      assert.deepEqual((await reconcile(db, target)).differences, [])
      await sleep(1000)
      const job = {
        name: 'train',
        account: 'startup_a',
        reservation: ref.id,
        partition: 'a100',
        minimum_nodes: 1,
        tres_per_node: 'gres/gpu:a100:4',
        time_limit: { set: true, number: 2 },
        current_working_directory: '/tmp',
        environment: ['PATH=/usr/bin:/bin'],
        script: '#!/bin/sh\nsleep 3\n',
      }
      const submitted = await fetch(new URL('/slurm/v0.0.45/job/submit', url), {
        method: 'POST',
        headers: { 'X-SLURM-USER-NAME': 'vca', 'X-SLURM-USER-TOKEN': token, 'content-type': 'application/json' },
        body: JSON.stringify({ job }),
      })
      assert.equal(submitted.status, 200, await submitted.text())
      const report = await firstReport(target)
      const { charged } = await reportUsage(world.deps, provider, { ...report, records: [...report.records] })
      const [record] = report.records
      assert.ok(record !== undefined && report.records.length === 1)
      const seconds = BigInt(Date.parse(record.endedAt) - Date.parse(record.startedAt)) / 1000n
      assert.equal(record.gpuSeconds, String(4n * seconds))
      // A factor of one: a token per GPU-hour, rounded down to a micro-token.
      assert.equal(charged.delivered, (4n * seconds * 1_000_000n) / 3600n)
    } finally {
      await slurm.cancel(ref.id)
    }
  })

  const firstReport = async (target: PoolScheduler) => {
    for (let left = 40; left > 0; left -= 1) {
      const [report] = (await usageToReport(world.deps.db, target)).reports
      if (report !== undefined) return report
      await sleep(500)
    }
    throw new Error('the job did not end in 20 s')
  }
}
