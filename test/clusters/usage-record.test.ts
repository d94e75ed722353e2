/** Usage records are read in two ways, which agree: the short one for what schedulers send, the schema for all else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { plainUsageRecord, zUsageRecord } from '../../api/clusters/index.ts'

const record = {
  source: 'slurm/alpha',
  externalId: 'job-1.batch',
  gpuSeconds: '3600',
  startedAt: '2025-03-30T23:59:59Z',
  endedAt: '2025-03-31T00:00:00Z',
  job: 'train.sh',
}
const INSTANTS = [
  '2025-01-31T00:00:00Z',
  '2025-02-28T23:59:59Z',
  '2024-02-29T00:00:00Z',
  '2025-02-29T00:00:00Z',
  '2025-04-31T00:00:00Z',
  '2025-12-31T24:00:00Z',
  '2025-03-01T00:00:00.5Z',
  '2025-03-01T00:00:00+00:00',
  '1999-12-31T00:00:00Z',
]
const anyText = fc.oneof(
  fc.string({ maxLength: 210 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    ' ',
    ' a',
    'a\n',
    'a b',
    'é',
    'a\u0000',
    '\ud800',
    'x'.repeat(100),
    'x'.repeat(101),
    'x'.repeat(201),
  ),
)
const anything = fc.oneof(anyText, fc.constantFrom(null, undefined, 1, 1n, true, [], {}))
const anyCount = fc.oneof(
  fc.bigInt({ min: -5n, max: 10n ** 20n }).map(String),
  fc.constantFrom('01', '1.0', '+1', '1e3', ' 1'),
)

test('what the short way reads, the schema reads just so', () => {
  let plain = 0
  const some = fc.record(
    {
      source: fc.oneof({ weight: 5, arbitrary: fc.constant(record.source) }, anything),
      externalId: fc.oneof({ weight: 5, arbitrary: fc.constant(record.externalId) }, anything),
      gpuSeconds: fc.oneof({ weight: 5, arbitrary: fc.constant(record.gpuSeconds) }, anyCount, anything),
      startedAt: fc.oneof(
        { weight: 5, arbitrary: fc.constant(record.startedAt) },
        fc.constantFrom(...INSTANTS),
        anything,
      ),
      endedAt: fc.oneof({ weight: 5, arbitrary: fc.constant(record.endedAt) }, fc.constantFrom(...INSTANTS), anything),
      job: fc.oneof({ weight: 5, arbitrary: fc.constant(record.job) }, anything),
      other: anything,
    },
    { requiredKeys: ['source', 'externalId', 'gpuSeconds', 'startedAt', 'endedAt'] },
  )
  fc.assert(
    fc.property(
      fc.oneof(
        some,
        some.map(({ other: _, ...rest }) => rest),
      ),
      (value) => {
        const read = plainUsageRecord(value)
        if (read === undefined) return
        plain += 1
        assert.deepEqual(zUsageRecord.parse(value), read)
      },
    ),
    { numRuns: 3_000 },
  )
  assert.ok(plain > 100, `${plain} of them were read the short way`)
})

test('a record of the usual form is read the short way, with and without a job, and in GraphQL’s own objects', () => {
  const { job, ...bare } = record
  for (const value of [record, bare, { ...bare, job: null }, Object.assign(Object.create(null), record)]) {
    assert.deepEqual(plainUsageRecord(value), zUsageRecord.parse(value))
    assert.ok(plainUsageRecord(value) !== undefined)
  }
  assert.equal(job, 'train.sh')
})

test('no list, nothing and no member too many is read the short way', () => {
  for (const value of [
    [],
    null,
    undefined,
    'x',
    { ...record, reservationId: 'x' },
    { ...record, startedAt: record.endedAt },
  ])
    assert.equal(plainUsageRecord(value), undefined)
})
