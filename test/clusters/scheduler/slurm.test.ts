/** The contract on a real Slurm: `npm run test:slurm` starts one, and any other with the same accounts and nodes does as well. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SchedulerRefused, SLURM_API_VERSIONS, Slurm, type SlurmOptions } from '../../../api/clusters/index.ts'
import { newId } from '../../../api/platform/index.ts'
import { cleared, nodeRestarter, type SlurmAccess, send, slurmAccess, submitJob } from '../../support/slurm.ts'
import { holdToContract } from './contract.ts'

const now = (): number => Math.floor(Date.now() / 1000)
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')

const access = slurmAccess('the contract')
if (access !== undefined) onSlurm(access)

function onSlurm(access: SlurmAccess): void {
  const { url, token } = access
  const options: SlurmOptions = {
    url,
    user: 'root',
    token: async () => token,
    cluster: 'vcpool',
    models: { H100: { partition: 'h100', type: 'h100' }, A100: { partition: 'a100', type: 'a100' } },
  }
  const slurm = new Slurm(options)

  // What a run that was cut short has left: jobs, reservations, nodes that are down, limits.
  before(async () => {
    await cleared(access)
    for (const account of ['startup_a', 'startup_b']) await slurm.allow(account, null)
  })

  holdToContract({
    scheduler: slurm,
    gpuModel: 'H100',
    capacity: 24,
    account: 'startup_a',
    otherAccount: 'startup_b',
    now,
    wait: (seconds) => sleep(seconds * 1000),
    startJob: async ({ id, account, interval }, gpus, seconds) => {
      await submitJob(access, { account, partition: 'h100', gres: `gpu:h100:${gpus}`, seconds, reservation: id })
      for (let left = 40; left > 0; left -= 1) {
        if ((await slurm.usage(id, interval)).running > 0) return
        await sleep(250)
      }
      throw new Error('the job did not start in 10 s')
    },
    startOutside: async (gpus, seconds) => {
      const job = { account: 'startup_a', partition: 'h100', gres: `gpu:h100:${gpus}`, seconds }
      await submitJob(access, job)
      await sleep(1500)
    },
    failNode: async () => {
      await send(access, 'node/gpu3', { state: ['DOWN'], reason: 'pulled' })
      await sleep(500)
      // Refused where Slurm has brought it back by itself.
      await send(access, 'node/gpu3', { state: ['RESUME'] }).catch(() => undefined)
      return 'gpu3'
    },
    restartNode: nodeRestarter('gpu2'),
    takeNodeDown: async (reason) => {
      await send(access, 'node/gpu3', { state: ['DOWN'], reason })
      return async () => void (await send(access, 'node/gpu3', { state: ['RESUME'] }))
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
