/** The contract on a real Slurm: `npm run test:slurm` starts one, and any other with the same accounts and nodes does as well. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SchedulerRefused, SLURM_API_VERSIONS, Slurm, type SlurmOptions } from '../../../api/clusters/index.ts'
import { newId } from '../../../api/platform/index.ts'
import { holdToContract } from './contract.ts'

const { SLURM_REST_URL: url, SLURM_REST_TOKEN: rootToken } = process.env
const now = (): number => Math.floor(Date.now() / 1000)
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')

if (url === undefined || rootToken === undefined) {
  console.warn('SKIPPED: SLURM_REST_URL and SLURM_REST_TOKEN are not set, so the adapter is not held to a real Slurm')
  test('the contract on a real Slurm', { skip: 'SLURM_REST_URL and SLURM_REST_TOKEN are not set' }, () => undefined)
} else {
  onSlurm(url, rootToken)
}

function onSlurm(url: string, token: string): void {
  const options: SlurmOptions = {
    url,
    user: 'root',
    token: async () => token,
    cluster: 'vcpool',
    models: { H100: { partition: 'h100', type: 'h100' }, A100: { partition: 'a100', type: 'a100' } },
  }
  const slurm = new Slurm(options)

  /** Acts as the people at the cluster would: root may act for others. */
  async function send(path: string, body: unknown, user = 'root'): Promise<void> {
    const response = await fetch(new URL(`/slurm/v0.0.45/${path}`, url), {
      method: 'POST',
      headers: { 'X-SLURM-USER-NAME': user, 'X-SLURM-USER-TOKEN': token, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    assert.equal(response.status, 200, await response.text())
  }

  holdToContract({
    scheduler: slurm,
    gpuModel: 'H100',
    capacity: 24,
    account: 'startup_a',
    otherAccount: 'startup_b',
    now,
    wait: (seconds) => sleep(seconds * 1000),
    startJob: async ({ id, account, interval }, gpus, seconds) => {
      const job = {
        name: 'train',
        account,
        reservation: id,
        partition: 'h100',
        minimum_nodes: 1,
        tres_per_node: `gres/gpu:h100:${gpus}`,
        time_limit: { set: true, number: 2 },
        current_working_directory: '/tmp',
        environment: ['PATH=/usr/bin:/bin'],
        script: `#!/bin/sh\nsleep ${seconds}\n`,
      }
      await send('job/submit', { job }, 'vca')
      for (let left = 40; left > 0; left -= 1) {
        if ((await slurm.usage(id, interval)).running > 0) return
        await sleep(250)
      }
      throw new Error('the job did not start in 10 s')
    },
    takeNodeDown: async (reason) => {
      await send('node/gpu3', { state: ['DOWN'], reason })
      return () => send('node/gpu3', { state: ['RESUME'] })
    },
  })

  for (const version of SLURM_API_VERSIONS) {
    test(`slurm: ${version} of its API reserves, reads, and tells jobs, limits and nodes`, async () => {
      const older = new Slurm({ ...options, versions: [version] })
      const start = Math.floor(now() / 60) * 60 + 200 * 86_400
      const interval = { startsAt: iso(start), endsAt: iso(start + 600) }
      const wanted = { id: newId(), account: 'startup_b', gpuModel: 'A100', gpus: 3, interval }
      assert.deepEqual(await older.reserve(wanted), wanted)
      assert.deepEqual(await older.list(interval), [wanted])
      await older.cancel(wanted.id)
      assert.deepEqual(await older.usage(wanted.id, interval), { records: [], running: 0, outside: 0n })
      assert.equal(
        (await older.allow('startup_b', 600n)).limit,
        (((await older.limit('startup_b')).used + 600n) / 60n) * 60n,
      )
      assert.equal((await older.allow('startup_b', null)).limit, null)
      assert.deepEqual(await older.down(), [])
      assert.match((await older.health()).version ?? '', new RegExp(`API ${version}$`))
    })
  }

  test('slurm: only an administrator reserves', async () => {
    const somebody = new Slurm({ ...options, user: 'vca' })
    const start = Math.floor(now() / 60) * 60 + 210 * 86_400
    const interval = { startsAt: iso(start), endsAt: iso(start + 600) }
    await assert.rejects(
      somebody.reserve({ id: newId(), account: 'startup_a', gpuModel: 'H100', gpus: 1, interval }),
      (error) => error instanceof SchedulerRefused && error.reason === 'NOT_PERMITTED',
    )
  })

  test('slurm: a token that is refused is replaced once, for its accounting too', async () => {
    const asked: (string | undefined)[] = []
    const renewing = new Slurm({
      ...options,
      token: async (refused) => {
        asked.push(refused)
        return refused === undefined ? 'worn-out' : token
      },
    })
    const interval = { startsAt: iso(now() - 60), endsAt: iso(now()) }
    assert.deepEqual((await renewing.usage(newId(), interval)).records, [])
    assert.deepEqual(asked, [undefined, 'worn-out'])
    await renewing.list(interval)
    assert.equal(asked.length, 2)
  })

  after(async () => {
    const everything = { startsAt: iso(now()), endsAt: iso(now() + 300 * 86_400) }
    assert.deepEqual(await slurm.list(everything), [], 'the tests leave nothing behind')
  })
}
