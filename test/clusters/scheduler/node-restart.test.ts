/** What can be told of a node that was down between two checks: worked out on paper from what each check showed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NodeBefore, type NodeFailure, type NodeSeen, restartOf } from '../../../api/clusters/index.ts'

const at = (time: string): string => `2026-12-01T${time}Z`
const BEFORE: NodeBefore = {
  bootedAt: at('00:00:00'),
  seenAt: at('10:00:00'),
  down: false,
  reservations: [{ id: 'r', gpus: 8 }],
}
const NOW: NodeSeen = {
  node: 'gpu1',
  gpuModel: 'H100',
  gpus: 8,
  down: false,
  bootedAt: at('00:00:00'),
  readyAt: at('00:02:00'),
  reservations: [{ id: 'r', gpus: 8 }],
}
const failed = (time: string): NodeFailure => ({ node: 'gpu1', at: at(time), job: 'c.1', reservation: 'r' })
const span = (from: string, until: string) => ({ startsAt: at(from), endsAt: at(until) })

const CASES: readonly {
  readonly what: string
  readonly before?: Partial<NodeBefore> | null
  readonly now?: Partial<NodeSeen>
  readonly failures?: readonly NodeFailure[]
  readonly told?: readonly [possible: object, certain: object | undefined, whole: boolean]
}[] = [
  { what: 'nothing happened' },
  { what: 'it is seen for the first time', before: null, now: { bootedAt: at('10:02:00') } },
  { what: 'its boot time is worked out anew, and moved by seconds', now: { bootedAt: at('00:00:29') } },
  { what: 'only its daemon was restarted: its jobs went on', now: { readyAt: at('10:03:00') } },
  { what: 'it is down now: that is told as such', now: { down: true, bootedAt: at('10:02:00') } },
  {
    what: 'it was booted: down from the boot until it took jobs, and at most since it may have fallen silent',
    now: { bootedAt: at('10:02:00'), readyAt: at('10:03:30') },
    told: [span('09:55:00', '10:03:30'), span('10:02:00', '10:03:30'), false],
  },
  {
    what: 'it was booted before the check that still showed it as it was',
    now: { bootedAt: at('09:59:00'), readyAt: at('10:01:00') },
    told: [span('09:54:00', '10:01:00'), span('09:59:00', '10:01:00'), false],
  },
  {
    what: 'it was booted within the second: no part is certain',
    now: { bootedAt: at('10:02:00'), readyAt: at('10:02:00') },
    told: [span('09:55:00', '10:02:00'), undefined, false],
  },
  {
    what: 'the check before showed it as down: it was until then, and is recorded so far',
    before: { down: true },
    now: { bootedAt: at('10:02:00'), readyAt: at('10:03:30') },
    told: [span('10:00:00', '10:03:30'), span('10:02:00', '10:03:30'), false],
  },
  {
    what: 'a job failed with it before it was booted: all of it is known',
    now: { bootedAt: at('10:02:00'), readyAt: at('10:03:30') },
    failures: [failed('10:01:10')],
    told: [span('10:01:10', '10:03:30'), span('10:01:10', '10:03:30'), true],
  },
  {
    what: 'of several jobs the first that failed counts',
    now: { bootedAt: at('10:02:00'), readyAt: at('10:03:30') },
    failures: [failed('10:01:40'), failed('10:01:10')],
    told: [span('10:01:10', '10:03:30'), span('10:01:10', '10:03:30'), true],
  },
  {
    what: 'the job was found to have failed when the node came back: that tells not since when',
    now: { bootedAt: at('10:02:00'), readyAt: at('10:03:30') },
    failures: [failed('10:03:29')],
    told: [span('09:55:00', '10:03:30'), span('10:02:00', '10:03:30'), false],
  },
  {
    what: 'a job failed with it, and it was not booted: since when is known, and not until when',
    failures: [failed('10:01:10')],
    told: [span('10:01:10', '10:05:00'), undefined, false],
  },
  {
    what: 'a job had failed with it before it was seen up: it was back by then',
    failures: [failed('09:58:00')],
  },
  {
    what: 'a job failed with it before it was seen up, and later it was booted: these are two',
    now: { bootedAt: at('10:02:00'), readyAt: at('10:03:30') },
    failures: [failed('09:58:00')],
    told: [span('09:55:00', '10:03:30'), span('10:02:00', '10:03:30'), false],
  },
  {
    what: 'a job failed with it, and the check before showed it as down',
    before: { down: true },
    failures: [failed('09:59:00')],
  },
]

for (const { what, before, now, failures = [], told } of CASES) {
  test(`between two checks: ${what}`, () => {
    const was = before === null ? undefined : { ...BEFORE, ...before }
    const found = restartOf(was, { ...NOW, ...now }, failures, at('10:05:00'))
    assert.deepEqual(found === undefined ? undefined : [found.possible, found.certain, found.whole], told)
    if (told !== undefined) assert.match(found?.evidence ?? '', /gpu1|node/)
  })
}
