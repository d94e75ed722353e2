/** What every scheduler must do. Run on the simulator by every test run, and on a real Slurm where there is one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Scheduler,
  type SchedulerRefusal,
  SchedulerRefused,
  type WantedReservation,
} from '../../../api/clusters/index.ts'
import { newId } from '../../../api/platform/index.ts'

/** A scheduler with GPUs of one model, at least 24 of them, that nobody else uses while the tests run. */
export type Bench = {
  readonly scheduler: Scheduler
  readonly gpuModel: string
  readonly capacity: number
  readonly account: string
  readonly otherAccount: string
  /** The scheduler's present, whole seconds since 1970. */
  readonly now: () => number
  readonly wait: (seconds: number) => Promise<void>
  /** Starts a job in a reservation that has begun, and comes back when it runs. */
  readonly startJob: (reservation: WantedReservation, gpus: number, seconds: number) => Promise<void>
  /** Takes a node of the model with 8 GPUs down, until the function it gives is called. */
  readonly takeNodeDown: (reason: string) => Promise<() => Promise<void>>
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
const HOUR = 3600

const refused =
  (...reasons: readonly SchedulerRefusal[]) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof SchedulerRefused, String(error))
    assert.ok(reasons.includes(error.reason), `${error.reason} is not ${reasons.join(' or ')}: ${error.detail}`)
    return true
  }

export function holdToContract(bench: Bench): void {
  const { scheduler, gpuModel, capacity, account, otherAccount } = bench
  const made = new Set<string>()
  let day = 1

  /** A reservation of its own day, so that tests do not meet. */
  const wanted = (gpus: number, of: Partial<WantedReservation> & { from?: number; minutes?: number } = {}) => {
    const { from = Math.floor(bench.now() / 60) * 60 + day * 24 * HOUR, minutes = 60, ...own } = of
    const id = newId()
    made.add(own.id ?? id)
    const interval = { startsAt: iso(from), endsAt: iso(from + minutes * 60) }
    return { id, account, gpuModel, gpus, interval, ...own }
  }
  const startOf = (reservation: WantedReservation): number => Date.parse(reservation.interval.startsAt) / 1000
  const idsIn = async (from: number, until: number): Promise<string[]> =>
    (await scheduler.list({ startsAt: iso(from), endsAt: iso(until) })).map(({ id }) => id)

  const behaves = (name: string, run: () => Promise<void>): void => {
    test(`${scheduler.name}: ${name}`, async () => {
      day += 1
      try {
        await run()
      } finally {
        for (const id of made) await scheduler.cancel(id).catch(() => undefined)
        made.clear()
      }
    })
  }

  behaves('what is reserved reads back equal, is in the list of its time, and is gone once cancelled', async () => {
    const reservation = wanted(8)
    const start = startOf(reservation)
    assert.deepEqual(await scheduler.reserve(reservation), reservation)
    assert.deepEqual(await scheduler.read(reservation.id), reservation)
    assert.deepEqual(await idsIn(start + HOUR - 1, start + 2 * HOUR), [reservation.id])
    assert.deepEqual(await idsIn(start + HOUR, start + 2 * HOUR), [])
    assert.deepEqual(await idsIn(start - HOUR, start), [])
    await scheduler.cancel(reservation.id)
    assert.equal(await scheduler.read(reservation.id), undefined)
    assert.deepEqual(await idsIn(start, start + HOUR), [])
  })

  behaves('reserving the same again changes nothing, and another under the same id is refused', async () => {
    const reservation = wanted(8)
    await scheduler.reserve(reservation)
    assert.deepEqual(await scheduler.reserve(reservation), reservation)
    await assert.rejects(scheduler.reserve({ ...reservation, gpus: 9 }), refused('NAME_TAKEN'))
    await assert.rejects(scheduler.reserve({ ...reservation, account: otherAccount }), refused('NAME_TAKEN'))
    assert.deepEqual(await scheduler.read(reservation.id), reservation)
  })

  behaves('all GPUs are reserved, touching intervals do not meet, and one GPU more is refused', async () => {
    const half = wanted(capacity / 2)
    const start = startOf(half)
    await scheduler.reserve(half)
    await scheduler.reserve(wanted(capacity / 2, { account: otherAccount, from: start }))
    await scheduler.reserve(wanted(capacity, { from: start + HOUR }))
    const more = wanted(1, { from: start + 30 * 60 })
    await assert.rejects(scheduler.reserve(more), refused('CAPACITY'))
    assert.equal(await scheduler.read(more.id), undefined)
    assert.equal((await idsIn(start, start + 2 * HOUR)).length, 3)
  })

  behaves('what no scheduler can do is refused with its reason', async () => {
    const good = wanted(1)
    const cases: [reason: SchedulerRefusal, given: WantedReservation][] = [
      ['IN_THE_PAST', wanted(1, { from: bench.now() - 2 * HOUR })],
      ['UNKNOWN_ACCOUNT', { ...good, account: 'nobody' }],
      ['UNKNOWN_MODEL', { ...good, gpuModel: 'B9000' }],
      ['BAD_NAME', { ...good, id: '' }],
      ['BAD_NAME', { ...good, id: 'a,b' }],
      ['BAD_SIZE', { ...good, gpus: 0 }],
      ['BAD_SIZE', { ...good, gpus: 1.5 }],
      ['NOT_WHOLE_MINUTES', { ...good, interval: { startsAt: iso(startOf(good)), endsAt: iso(startOf(good) + 90) } }],
      ['NOT_WHOLE_MINUTES', { ...good, interval: { startsAt: iso(startOf(good)), endsAt: iso(startOf(good) - 60) } }],
    ]
    for (const [reason, given] of cases) await assert.rejects(scheduler.reserve(given), refused(reason))
    await assert.rejects(scheduler.cancel(newId()), refused('NO_SUCH_RESERVATION'))
    await assert.rejects(scheduler.resize(newId(), 4), refused('NO_SUCH_RESERVATION'))
    await assert.rejects(scheduler.limit('nobody'), refused('UNKNOWN_ACCOUNT'))
    assert.equal(await scheduler.read(newId()), undefined)
  })

  behaves(
    'a smaller reservation frees GPUs, a larger one takes them, one that is too large leaves it as it was',
    async () => {
      const reservation = wanted(capacity)
      await scheduler.reserve(reservation)
      assert.deepEqual(await scheduler.resize(reservation.id, 8), { ...reservation, gpus: 8 })
      const other = wanted(capacity - 16, { account: otherAccount, from: startOf(reservation) })
      await scheduler.reserve(other)
      assert.deepEqual(await scheduler.resize(reservation.id, 16), { ...reservation, gpus: 16 })
      await assert.rejects(scheduler.resize(reservation.id, 17), refused('CAPACITY'))
      assert.deepEqual(await scheduler.read(reservation.id), { ...reservation, gpus: 16 })
      assert.deepEqual(await scheduler.read(other.id), other)
    },
  )

  behaves('of 12 bookings at the same time for a capacity of 3, exactly 3 are made', async () => {
    const bookings = Array.from({ length: 12 }, () => wanted(capacity / 3))
    const answers = await Promise.allSettled(bookings.map((booking) => scheduler.reserve(booking)))
    const failed = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
    assert.equal(failed.length, 9)
    for (const error of failed) refused('CAPACITY')(error)
    const start = startOf(bookings[0] ?? wanted(1))
    assert.equal((await idsIn(start, start + HOUR)).length, 3)
  })

  behaves('a reservation in use cannot be cancelled, and its usage is exact to the GPU-second', async () => {
    const reservation = wanted(8, { from: bench.now() + 1, minutes: 10 })
    await scheduler.reserve(reservation)
    await bench.wait(3)
    const before = await scheduler.limit(account)
    await bench.startJob(reservation, 4, 6)
    await assert.rejects(scheduler.cancel(reservation.id), refused('IN_USE'))
    await assert.rejects(scheduler.resize(reservation.id, 4), refused('IN_USE'))
    assert.deepEqual(await scheduler.usage(reservation.id, reservation.interval), {
      records: [],
      running: 1,
      outside: 0n,
    })
    const usage = await ended(reservation)
    const other = await scheduler.usage(newId(), reservation.interval)
    assert.deepEqual(other, { records: [], running: 0, outside: 0n }, 'of a reservation that nobody knows')
    const [record] = usage.records
    assert.ok(record !== undefined && usage.records.length === 1 && usage.outside === 0n)
    const seconds = (Date.parse(record.endedAt) - Date.parse(record.startedAt)) / 1000
    assert.ok(seconds >= 6 && seconds <= 12, `${seconds} s`)
    assert.equal(record.gpuSeconds, 4n * BigInt(seconds))
    assert.equal(record.source, scheduler.name)
    assert.deepEqual(await scheduler.usage(reservation.id, reservation.interval), usage)
    assert.equal((await scheduler.limit(account)).used - before.used, record.gpuSeconds)
    await scheduler.cancel(reservation.id)
    assert.deepEqual(
      await scheduler.usage(reservation.id, reservation.interval),
      usage,
      'usage outlives its reservation',
    )
  })

  const ended = async (reservation: WantedReservation) => {
    for (let left = 20; left > 0; left -= 1) {
      const usage = await scheduler.usage(reservation.id, reservation.interval)
      if (usage.running === 0 && usage.records.length > 0) return usage
      await bench.wait(1)
    }
    throw new Error('the job did not end in 20 s')
  }

  behaves('what an account may use is what it has used and its balance, in whole minutes', async () => {
    const { used } = await scheduler.limit(otherAccount)
    assert.deepEqual(await scheduler.allow(otherAccount, 6059n), {
      account: otherAccount,
      used,
      limit: ((used + 6059n) / 60n) * 60n,
    })
    assert.equal((await scheduler.allow(otherAccount, null)).limit, null)
  })

  behaves('a node that is down is told with its GPUs and since when, until it is back', async () => {
    const present = () => ({ startsAt: iso(bench.now() - 60), endsAt: iso(bench.now() + 1) })
    const lasting = async () => (await scheduler.down(present())).filter(({ until }) => until === null)
    assert.deepEqual(await lasting(), [])
    const from = bench.now()
    const bringUp = await bench.takeNodeDown('broken fan')
    try {
      const [node, ...others] = await lasting()
      assert.ok(node !== undefined && others.length === 0)
      assert.deepEqual([node.gpuModel, node.gpus, node.reason], [gpuModel, 8, 'broken fan'])
      assert.ok(Math.abs(Date.parse(node.from) / 1000 - from) <= 5, node.from)
    } finally {
      await bringUp()
    }
    assert.deepEqual(await lasting(), [])
  })

  behaves('it says that it is up', async () => {
    const health = await scheduler.health()
    assert.equal(health.up, true)
    assert.equal(health.detail, 'No error')
  })
}
