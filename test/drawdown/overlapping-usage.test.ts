/** Usage that is late, told twice, out of order or overlapping: overlapping-usage.txt says what is answered and charged. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type PoolScheduler, pushReservationsJob, Simulator } from '../../api/clusters/index.ts'
import { mustMeter, pullUsage, readUsage, runsToldByOthers, takeUsage } from '../../api/drawdown/index.ts'
import { formatTokens } from '../../api/platform/index.ts'
import { makeWorld } from '../support/world.ts'
import { assertSound, at, givenDrawdown, progressOf, usage } from './given-drawdown.ts'

const world = await makeWorld()
const { deps, staff } = world
const [[, ...rows]] = [
  readFileSync(new URL('overlapping-usage.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.includes(' | ') && !line.startsWith('#'))
    .map((line) => line.split('|').map((cell) => cell.trim())),
]

/** `a/1 0-60 x8` as a record of the reservation. */
function recordOf(text: string, reservationId: string) {
  const [, source = '', externalId = '', from = '', until = '', gpus = ''] =
    /^(\w+)\/(\w+) (-?\d+)-(\d+) x(\d+)$/.exec(text) ?? assert.fail(`what is ${text}?`)
  const [startedAt, endedAt] = [at(Number(from)), at(Number(until))]
  const gpuSeconds = Number(gpus) * (Number(until) - Number(from)) * 60
  return { ...usage(externalId, gpuSeconds, { source, startedAt, endedAt }), reservationId }
}

for (const [what = '', told = '', answers = '', tokens = ''] of rows) {
  test(`usage: ${what}`, async () => {
    const it = await givenDrawdown(world)
    const reservationId = await it.reserved(8, 120)
    const meterer = await mustMeter(deps.db, staff.provider.actor)
    const given: string[] = []
    for (const batch of told.split(';').map((each) => each.trim())) {
      if (batch === 'complete') {
        await it.told(reservationId, [], true)
        continue
      }
      const records = batch.split('+').map((each) => recordOf(each.trim(), reservationId))
      for (const taken of await takeUsage(deps, meterer, { read: readUsage(records) })) {
        const { outcome } = taken
        if (outcome === 'REFUSED') assert.fail(taken.why.message)
        given.push(outcome === 'RECORDED' ? 'R' : outcome === 'ALREADY_RECORDED' ? 'K' : `Q:${taken.why.code}`)
      }
    }
    assert.equal(given.join(' '), answers)
    const [progress] = await progressOf(world, it)
    assert.equal(formatTokens(progress?.delivered_micro ?? 0n), tokens)
    await assertSound(world, it)
  })
}

test('what another source told of the same run is matched one by one', () => {
  const run = (source: string, externalId: string, until = 60) => {
    return { source, externalId, gpuSeconds: 3600n, startedAt: at(0), endedAt: at(until) }
  }
  const names = (runs: ReadonlySet<{ externalId: string }>) => [...runs].map(({ externalId }) => externalId)
  const three = [run('slurm', '1'), run('slurm', '2'), run('slurm', '3', 61)]
  assert.deepEqual(names(runsToldByOthers(three, [])), [])
  assert.deepEqual(names(runsToldByOthers(three, [run('exporter', 'x')])), ['1'])
  assert.deepEqual(names(runsToldByOthers(three, [run('exporter', 'x'), run('exporter', 'y'), run('exporter', 'z')])), [
    '1',
    '2',
  ])
  // What is stored of the scheduler's own is not taken for another's, however often it is asked.
  assert.deepEqual(names(runsToldByOthers(three, [run('slurm', '1'), run('slurm', '2')])), [])
  assert.deepEqual(names(runsToldByOthers(three, [run('slurm', '2'), run('exporter', 'x')])), ['1'])
})

test('what an exporter pushed and the scheduler tells too is charged once', async () => {
  const it = await givenDrawdown(world)
  let now = Date.parse(at(-30)) / 1000
  const scheduler = new Simulator({ capacity: { h100: 64 }, accounts: ['startup'], now: () => now })
  const target: PoolScheduler = { poolId: it.pool.poolId, scheduler, gpuModel: 'h100', accountOf: () => 'startup' }
  const reservationId = await it.reserved(8, 120, 0, at(-30))
  const set = async (minutes: number) => {
    await world.setClock(at(minutes))
    now = Date.parse(at(minutes)) / 1000
  }
  await pushReservationsJob([target])(deps, { poolId: it.pool.poolId })
  await set(0)
  // Two jobs of four GPUs, alike in everything but their number.
  const key = reservationId.split(':')[2] ?? ''
  for (const _ of [1, 2]) scheduler.run(key, 4, 3600)
  await set(70)
  const pushed = { ...usage('job-1', 4 * 3600, { source: 'exporter' }), reservationId }
  await takeUsage(deps, await mustMeter(deps.db, staff.provider.actor), { read: readUsage([pushed]) })
  const counts = async () => {
    const pulled = await pullUsage(deps, target)
    return [pulled?.recorded, pulled?.known, pulled?.quarantined]
  }
  assert.deepEqual(await counts(), [1, 1, 0])
  assert.deepEqual(await counts(), [0, 2, 0], 'however often it is asked')
  // Two jobs of four GPUs for an hour are eight tokens.
  assert.equal((await progressOf(world, it))[0]?.delivered_micro, 8_000_000n)
  await assertSound(world, it)
})
