/** On a real Slurm: a node that goes down under a reservation, a daemon that is killed, a job in no reservation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type PoolScheduler, pushReservationsJob, Slurm } from '../../api/clusters/index.ts'
import { pullUsage, recordNodeOutages } from '../../api/drawdown/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { givenDeal } from '../closing/given-deal.ts'
import {
  cleared,
  inItsOwnTime,
  nodeRestarter,
  send,
  slurmAccess,
  submitJob,
  UNTIL_IT_RUNS,
  until,
} from '../support/slurm.ts'
import { makeWorld } from '../support/world.ts'
import { assertSound, at, givenDrawdown, idOf, progressOf, START } from './given-drawdown.ts'

const access = slurmAccess('nodes down, a daemon that is away, jobs in no reservation')
if (access !== undefined) {
  const { url, token } = access
  const world = await makeWorld()
  const { deps } = world
  const minute = Math.floor(Date.now() / 60_000) * 60
  const shift = minute - Date.parse(START) / 1000
  /** The cluster's present, as the deal sees it. */
  const present = () => new Date(Date.now() - shift * 1000).toISOString()

  const given = async () => {
    const deal = await givenDeal(world)
    const booking = { onDemand: {} }
    const terms = { compute: deal.compute('2000'), cashInvestors: [], booking } as Partial<RoundTermsWire>
    const it = await givenDrawdown(world, terms, { deal, factor: 100n * 10n ** 10n })
    let address = url
    const options = {
      user: 'root',
      token: async () => token,
      cluster: 'vcpool',
      models: { H100: { partition: 'h100', type: 'h100' } },
    }
    const slurm = () => new Slurm({ ...options, url: address })
    const target = (): PoolScheduler => ({
      poolId: it.pool.poolId,
      scheduler: inItsOwnTime(slurm(), shift),
      gpuModel: 'H100',
      accountOf: () => 'startup_b',
      companies: [it.companyId],
    })
    const push = async () => {
      await world.setClock(present())
      return pushReservationsJob([target()])(deps, { poolId: it.pool.poolId })
    }
    return { ...it, slurm, target, push, reach: (to: string) => (address = to) }
  }

  test('a node that goes down under a reservation becomes an outage of it, from Slurm’s own beginning', async () => {
    const it = await given()
    await cleared(access)
    await it.reserved(24, 10, 0, at(-1))
    try {
      assert.deepEqual(await pushReservationsJob([it.target()])(deps, { poolId: it.pool.poolId }), {
        pushed: 1,
        ended: 0,
        failed: 0,
      })
      await send(access, 'node/gpu3', { state: ['DOWN'], reason: 'broken fan' })
      const downAt = Date.now()
      await sleep(2500)
      await it.push()
      // Slurm takes it back by itself where its daemon has answered meanwhile, and then refuses to be told so.
      await send(access, 'node/gpu3', { state: ['RESUME'] }).catch(() => undefined)
      await until('the node is back', 60, async () => ((await it.slurm().down()).length === 0 ? true : undefined))
      await it.push()
      assert.deepEqual(await recordNodeOutages(deps, it.pool.poolId), { recorded: 1, setAside: 0 })
      const outage = await deps.db
        .selectFrom('reservation_outage')
        .selectAll()
        .where('company_id', '=', it.companyId)
        .executeTakeFirstOrThrow()
      assert.deepEqual([outage.node, outage.gpus, outage.source], ['gpu3', 8, 'slurm/vcpool'])
      assert.match(outage.evidence, /broken fan/)
      const began = Date.parse(outage.starts_at) + shift * 1000
      assert.ok(Math.abs(began - downAt) <= 3000, 'since when Slurm says')
      assert.ok(Date.parse(outage.ends_at) - Date.parse(outage.starts_at) >= 2000)
    } finally {
      // Refused where it is back already.
      await send(access, 'node/gpu3', { state: ['RESUME'] }).catch(() => undefined)
      await cleared(access)
    }
  })

  test('a node that was down between two checks is found by the job that failed with it, and by its boot', async () => {
    const it = await given()
    await cleared(access)
    const reservationId = await it.reserved(24, 10, 0, at(-1))
    const id = idOf('Reservation', reservationId)
    const found = () =>
      deps.db
        .selectFrom('scheduler_node_restart')
        .select(['node', 'gpus', 'possible_from as from', 'possible_until as until', 'certain_from', 'evidence'])
        .where('reservation_id', '=', id)
        .orderBy('restart_id')
        .execute()
    try {
      assert.deepEqual(await it.push(), { pushed: 1, ended: 0, failed: 0 })
      for (let index = 0; index < 3; index += 1) {
        await submitJob(access, {
          account: 'startup_b',
          partition: 'h100',
          gres: 'gpu:h100:8',
          seconds: 25,
          reservation: id,
        })
      }
      const interval = {
        startsAt: new Date(Date.now() - 600_000).toISOString(),
        endsAt: new Date(Date.now() + 600_000).toISOString(),
      }
      await until('the jobs run', UNTIL_IT_RUNS, async () =>
        (await it.slurm().usage(id, interval)).running === 3 ? true : undefined,
      )
      await it.push()
      assert.deepEqual(await found(), [])
      const downAt = Date.now()
      await send(access, 'node/gpu3', { state: ['DOWN'], reason: 'pulled' })
      await sleep(500)
      await send(access, 'node/gpu3', { state: ['RESUME'] }).catch(() => undefined)
      await until('the node is back', 60, async () => ((await it.slurm().down()).length === 0 ? true : undefined))
      await sleep(1500)
      await it.push()
      const [failed, ...more] = await found()
      assert.deepEqual(more, [])
      assert.deepEqual([failed?.node, failed?.gpus, failed?.certain_from], ['gpu3', 8, null])
      assert.ok(Math.abs(Date.parse(failed?.from ?? '') + shift * 1000 - downAt) <= 3000, 'since the job failed')
      await it.push()
      assert.equal((await found()).length, 1, 'once')
      const restart = nodeRestarter('gpu1')
      if (restart === undefined) return
      const bootAt = Date.now()
      await restart()
      const booted = await until('the boot is seen', 60, async () => {
        await it.push()
        return (await found()).find(({ node }) => node === 'gpu1')
      })
      assert.match(booted.evidence, /gpu1 was booted at/)
      const backAt = Date.parse(booted.until) + shift * 1000
      assert.ok(backAt >= bootAt - 1000 && backAt <= Date.now(), 'back since its daemon answered')
    } finally {
      await send(access, 'node/gpu3', { state: ['RESUME'] }).catch(() => undefined)
      await cleared(access)
    }
  })

  test('while the daemon does not answer reservations wait with the reason, and are made once when it does', async () => {
    const it = await given()
    const reservationId = await it.reserved(1, 10, 60, at(30))
    const id = idOf('Reservation', reservationId)
    try {
      // Nothing listens on this port.
      it.reach('http://127.0.0.1:9')
      await it.push()
      const waits = await deps.db.selectFrom('scheduler_push').selectAll().where('reservation_id', '=', id).execute()
      assert.deepEqual(
        waits.map((each) => [each.state, each.attempts]),
        [['waiting', 1]],
      )
      assert.match(waits[0]?.detail ?? '', /not available/)
      it.reach(url)
      // Two at once, when its time has come.
      await world.setClock(new Date(Date.parse(present()) + 120_000).toISOString())
      const job = pushReservationsJob([it.target()])
      await Promise.all([job(deps, { poolId: it.pool.poolId }), job(deps, { poolId: it.pool.poolId })])
      await job(deps, { poolId: it.pool.poolId })
      const all = await it
        .slurm()
        .list({ startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 86_400_000).toISOString() })
      assert.equal(all.filter((each) => each.id === id).length, 1)
      const { state } = await deps.db
        .selectFrom('reservation')
        .select('state')
        .where('reservation_id', '=', id)
        .executeTakeFirstOrThrow()
      assert.equal(state, 'provisioned')
    } finally {
      await it
        .slurm()
        .cancel(id)
        .catch(() => undefined)
    }
  })

  test('a job in no reservation draws tokens on demand, and is charged what Slurm metered', async () => {
    const it = await given()
    const job = await submitJob(access, { account: 'startup_b', partition: 'h100', gres: 'gpu:h100:2', seconds: 3 })
    // Other jobs of the account that ran after the deal's terms were in force draw too.
    const record = await until('the job has ended', 60, async () => {
      await world.setClock(present())
      await pullUsage(deps, it.target())
      return deps.db
        .selectFrom('usage_record')
        .selectAll()
        .where('company_id', '=', it.companyId)
        .where('external_id', 'like', `vcpool.${job}.%`)
        .executeTakeFirst()
    })
    assert.equal(record.reservation_id, null)
    const seconds = BigInt(Date.parse(record.ended_at) - Date.parse(record.started_at)) / 1000n
    assert.equal(record.gpu_seconds, 2n * seconds)
    // At a factor of 100 H100-hours a GPU-hour: the difference of cumulative sums, rounded down.
    const exact = (record.gpu_seconds * 100n * 1_000_000n) / 3600n
    assert.ok(record.charged_micro === exact || record.charged_micro === exact + 1n)
    const [progress] = await progressOf(world, it)
    assert.ok((progress?.delivered_micro ?? 0n) >= record.charged_micro)
    await assertSound(world, it)
  })
}
