import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type JobRun, usageInput, usageOfRuns, zUsageRecord } from '../../../api/clusters/index.ts'
import { parse } from '../../../api/platform/index.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z') / 1000
const HOUR = 3600
const interval = { startsAt: '2026-11-20T12:00:00Z', endsAt: '2026-11-20T13:00:00Z' }
const job = (run: Partial<JobRun>): JobRun => ({
  id: 'vcpool.7',
  name: 'train',
  gpus: 8,
  start: NOON,
  end: NOON + HOUR,
  elapsed: HOUR,
  ...run,
})

/** By hand: what runs come to. */
const CASES: [what: string, run: Partial<JobRun>, gpuSeconds: bigint, outside: bigint][] = [
  ['the whole time', {}, 28_800n, 0n],
  ['one second of one GPU', { gpus: 1, end: NOON + 1, elapsed: 1 }, 1n, 0n],
  ['killed 30 s after the end of the reservation', { end: NOON + HOUR + 30, elapsed: HOUR + 30 }, 28_800n, 240n],
  ['suspended for ten minutes', { elapsed: HOUR - 600 }, 24_000n, 0n],
  ['no GPUs', { gpus: 0 }, 0n, 0n],
  ['never ran', { end: NOON, elapsed: 0 }, 0n, 0n],
  ['began after the end', { start: NOON + HOUR, end: NOON + HOUR + 10, elapsed: 10 }, 0n, 80n],
]
for (const [what, run, gpuSeconds, outside] of CASES) {
  test(`usage of a job: ${what}`, () => {
    const usage = usageOfRuns('slurm', interval, [job(run)])
    assert.equal(
      usage.records.reduce((sum, record) => sum + record.gpuSeconds, 0n),
      gpuSeconds,
    )
    assert.equal(usage.outside, outside)
    assert.equal(usage.running, 0)
  })
}

test('a job that is requeued has a record of each run, and one that still runs has none', () => {
  const runs = [
    job({ end: NOON + 60, elapsed: 60 }),
    job({ start: NOON + 100, end: NOON + 160, elapsed: 60 }),
    job({ id: 'vcpool.8', start: NOON + 200, end: null, elapsed: 5 }),
  ]
  const { records, running } = usageOfRuns('slurm', interval, runs)
  assert.deepEqual(
    records.map(({ externalId }) => externalId),
    [`vcpool.7.${NOON}`, `vcpool.7.${NOON + 100}`],
  )
  assert.equal(running, 1)
})

test('records lie within the reservation, lose no GPU-second, and are ones that can be reported', () => {
  const runs = fc.array(
    fc.record({
      gpus: fc.nat(64),
      from: fc.integer({ min: -100, max: 4000 }),
      length: fc.nat(8000),
      suspended: fc.nat(100),
    }),
  )
  fc.assert(
    fc.property(runs, (given) => {
      const all = given.map(({ gpus, from, length, suspended }, index) =>
        job({
          id: String(index),
          gpus,
          start: NOON + from,
          end: NOON + from + length,
          elapsed: Math.max(0, length - suspended),
        }),
      )
      const { records, outside } = usageOfRuns('slurm', interval, all)
      const told = records.reduce((sum, { gpuSeconds }) => sum + gpuSeconds, outside)
      assert.equal(
        told,
        all.reduce((sum, { gpus, elapsed }) => sum + BigInt(gpus * elapsed), 0n),
      )
      for (const record of records) {
        assert.deepEqual(parse(zUsageRecord, usageInput(record)), record)
        assert.ok(Date.parse(record.startedAt) >= NOON * 1000 && Date.parse(record.endedAt) <= (NOON + HOUR) * 1000)
      }
    }),
  )
})
