import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SchedulerUnavailable, Simulator } from '../../../api/clusters/index.ts'
import { holdToContract } from './contract.ts'

let now = Date.parse('2026-11-20T12:00:00Z') / 1000
const options = { capacity: { H100: 24 }, accounts: ['startup_a', 'startup_b'], now: () => now }
const simulator = new Simulator(options)
for (const node of ['gpu1', 'gpu2', 'gpu3']) simulator.addNode(node, 'H100', 8)

holdToContract({
  scheduler: simulator,
  gpuModel: 'H100',
  capacity: 24,
  account: 'startup_a',
  otherAccount: 'startup_b',
  now: options.now,
  wait: async (seconds) => {
    now += seconds
  },
  startOutside: async (gpus, seconds) => simulator.runOutside('startup_a', 'H100', gpus, seconds),
  startJob: async ({ id }, gpus, seconds) => simulator.run(id, gpus, seconds),
  failNode: async ({ id }) => {
    simulator.failJobs(id, 'gpu1')
    return 'gpu1'
  },
  restartNode: async () => {
    simulator.restart('gpu2', now - 1, now)
    return 'gpu2'
  },
  takeNodeDown: async (reason) => {
    const bringUp = simulator.takeDown('gpu1', 'H100', 8, reason)
    return async () => bringUp()
  },
})

test('a simulator that is told not to answer is unavailable, and keeps what it had', async () => {
  const other = new Simulator(options)
  const interval = { startsAt: '2026-11-21T12:00:00Z', endsAt: '2026-11-21T13:00:00Z' }
  const wanted = { id: 'kept', account: 'startup_a', gpuModel: 'H100', gpus: 1, interval }
  await other.reserve(wanted)
  other.reach(false)
  await assert.rejects(other.read('kept'), SchedulerUnavailable)
  assert.equal((await other.health()).up, false)
  other.reach(true)
  assert.deepEqual(await other.read('kept'), wanted)
})
