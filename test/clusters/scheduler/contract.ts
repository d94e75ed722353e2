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
  /** Starts a job of the account in no reservation, and comes back when it runs. */
  readonly startOutside: (gpus: number, seconds: number) => Promise<void>
  /** Lets the jobs that run in a reservation of all GPUs end since their node fails, which is back at once; gives its name. */
  readonly failNode: (reservation: WantedReservation) => Promise<string>
  /** Boots a node of the model, and comes back when it takes jobs; left out where that cannot be done. */
  readonly restartNode?: (() => Promise<string>) | undefined
  /** Takes a node of the model with 8 GPUs down, until the function it gives is called. */
  readonly takeNodeDown: (reason: string) => Promise<() => Promise<void>>
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
const HOUR = 3600
/**
 * How long a job runs that is looked for while it runs: Slurm's accounting hears up to five seconds late of a job that has begun,
 * and would tell a shorter one only once it has ended.
 */
const RUNS_SECONDS = 12

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
    await bench.startJob(reservation, 4, RUNS_SECONDS)
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
    assert.ok(seconds >= RUNS_SECONDS && seconds <= 2 * RUNS_SECONDS, `${seconds} s`)
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

  const endsAt = (reservation: WantedReservation, minutes: number): WantedReservation => ({
    ...reservation,
    interval: { ...reservation.interval, endsAt: iso(startOf(reservation) + minutes * 60) },
  })

  behaves('the end of a reservation moves, later and earlier, also while a job runs in it', async () => {
    const reservation = wanted(8, { from: bench.now() + 1, minutes: 10 })
    await scheduler.reserve(reservation)
    await bench.wait(3)
    await bench.startJob(reservation, 4, RUNS_SECONDS)
    for (const minutes of [30, 30, 5]) {
      const changed = endsAt(reservation, minutes)
      assert.deepEqual(await scheduler.setEnd(reservation.id, changed.interval.endsAt), changed)
      assert.deepEqual(await scheduler.read(reservation.id), changed)
    }
    await assert.rejects(scheduler.setEnd(reservation.id, iso(bench.now() - 600)), SchedulerRefused)
    await assert.rejects(scheduler.setEnd(reservation.id, iso(startOf(reservation) + 90)), refused('NOT_WHOLE_MINUTES'))
    await assert.rejects(
      scheduler.setEnd(newId(), endsAt(reservation, 10).interval.endsAt),
      refused('NO_SUCH_RESERVATION'),
    )
    assert.deepEqual(await scheduler.read(reservation.id), endsAt(reservation, 5))
    await ended(reservation)
  })

  behaves('an end is not moved into the time in which others have the GPUs', async () => {
    const reservation = wanted(8)
    await scheduler.reserve(reservation)
    const start = startOf(reservation)
    const others = wanted(capacity, { account: otherAccount, from: start + 2 * HOUR })
    await scheduler.reserve(others)
    const touching = endsAt(reservation, 120)
    assert.deepEqual(await scheduler.setEnd(reservation.id, touching.interval.endsAt), touching)
    await assert.rejects(scheduler.setEnd(reservation.id, iso(start + 2 * HOUR + 60)), refused('CAPACITY'))
    assert.deepEqual(await scheduler.read(reservation.id), touching)
    assert.deepEqual(await scheduler.read(others.id), others)
    await scheduler.cancel(others.id)
    const longer = endsAt(reservation, 180)
    assert.deepEqual(await scheduler.setEnd(reservation.id, longer.interval.endsAt), longer)
  })

  /** A node that is back takes a moment until it can be reserved. */
  const onceFree = async <T>(reserve: () => Promise<T>): Promise<T> => {
    for (let left = 60; left > 0; left -= 1) {
      try {
        return await reserve()
      } catch (error) {
        refused('CAPACITY')(error)
        await bench.wait(1)
      }
    }
    return reserve()
  }

  const ended = async (reservation: WantedReservation) => {
    for (let left = 60; left > 0; left -= 1) {
      const usage = await scheduler.usage(reservation.id, reservation.interval)
      if (usage.running === 0 && usage.records.length > 0) return usage
      await bench.wait(1)
    }
    throw new Error('the job did not end in 60 s')
  }

  behaves('what ran in no reservation is told by account, once it has ended, exact to the GPU-second', async () => {
    const from = bench.now() - 1
    const ran = async (until: number, of = account) =>
      scheduler.unreserved(of, gpuModel, { startsAt: iso(from), endsAt: iso(until) })
    assert.deepEqual(await ran(bench.now()), [])
    await bench.startOutside(2, 4)
    assert.deepEqual(await ran(bench.now()), [], 'it still runs')
    let told = await ran(bench.now())
    for (let left = 20; left > 0 && told.length === 0; left -= 1) {
      await bench.wait(1)
      told = await ran(bench.now())
    }
    const [record, ...more] = told
    assert.ok(record !== undefined && more.length === 0)
    const seconds = (Date.parse(record.endedAt) - Date.parse(record.startedAt)) / 1000
    assert.ok(seconds >= 4 && seconds <= 12, `${seconds} s`)
    assert.equal(record.gpuSeconds, 2n * BigInt(seconds))
    assert.deepEqual(await ran(bench.now()), told, 'the same however often it is read')
    assert.deepEqual(await ran(bench.now(), otherAccount), [])
    assert.deepEqual(await ran(Date.parse(record.endedAt) / 1000 - 1), [], 'it ended later')
    await assert.rejects(
      scheduler.unreserved(account, 'B9000', { startsAt: iso(from), endsAt: iso(from + 1) }),
      refused('UNKNOWN_MODEL'),
    )
  })

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

  behaves('a node that is down names the reservations that have it, once they have begun', async () => {
    const all = wanted(capacity, { from: Math.floor(bench.now() / 60) * 60, minutes: 10 })
    await onceFree(() => scheduler.reserve(all))
    await scheduler.reserve(wanted(capacity, { from: startOf(all) + 24 * HOUR }))
    await bench.wait(2)
    const bringUp = await bench.takeNodeDown('a lost link')
    try {
      const down = await scheduler.down({ startsAt: iso(bench.now() - 60), endsAt: iso(bench.now() + 1) })
      const node = down.find(({ until }) => until === null)
      // Of all GPUs of the pool, the eight of the node are there for certain.
      assert.deepEqual(node?.reservations, [{ id: all.id, gpus: 8 }])
    } finally {
      await bringUp()
    }
  })

  behaves('each node tells its GPUs, since when its machine runs, and who has it', async () => {
    const all = wanted(capacity, { from: Math.floor(bench.now() / 60) * 60, minutes: 10 })
    await onceFree(() => scheduler.reserve(all))
    await bench.wait(2)
    const nodes = (await scheduler.nodes()).filter((node) => node.gpuModel === gpuModel)
    assert.equal(nodes.length, capacity / 8)
    for (const node of nodes) {
      assert.deepEqual([node.gpus, node.down, node.reservations], [8, false, [{ id: all.id, gpus: 8 }]])
      assert.ok(Date.parse(node.bootedAt) <= Date.parse(node.readyAt) + 2000)
      assert.ok(Date.parse(node.readyAt) <= bench.now() * 1000)
    }
  })

  behaves('a job that ends since its node failed tells which, when and where, though the node is back', async () => {
    const all = wanted(capacity, { from: Math.floor(bench.now() / 60) * 60, minutes: 10 })
    await onceFree(() => scheduler.reserve(all))
    await bench.wait(2)
    const from = bench.now() - 1
    const jobs = capacity / 8
    for (let index = 0; index < jobs; index += 1) await bench.startJob(all, 8, 15)
    for (let left = 15; left > 0; left -= 1) {
      if ((await scheduler.usage(all.id, all.interval)).running === jobs) break
      await bench.wait(1)
    }
    const within = () => scheduler.failures({ startsAt: iso(from), endsAt: iso(bench.now() + 1) })
    assert.deepEqual(await within(), [])
    const node = await bench.failNode(all)
    let told = await within()
    for (let left = 10; left > 0 && told.length === 0; left -= 1) {
      await bench.wait(1)
      told = await within()
    }
    const [failure] = told
    assert.ok(failure !== undefined)
    assert.deepEqual([failure.node, failure.reservation], [node, all.id])
    assert.ok(Date.parse(failure.at) >= from * 1000 && Date.parse(failure.at) <= (bench.now() + 1) * 1000)
    assert.deepEqual(await scheduler.failures({ startsAt: iso(from - 100), endsAt: iso(from) }), [])
    for (let left = 30; left > 0; left -= 1) {
      if ((await scheduler.usage(all.id, all.interval)).running === 0) return
      await bench.wait(1)
    }
  })

  const { restartNode } = bench
  if (restartNode !== undefined) {
    behaves('a node that was booted tells so, and the others tell what they told', async () => {
      const before = new Map((await scheduler.nodes()).map((node) => [node.node, node.bootedAt]))
      const from = bench.now() - 1
      const node = await restartNode()
      const after = await scheduler.nodes()
      for (const each of after) {
        const moved = Date.parse(each.bootedAt) - Date.parse(before.get(each.node) ?? '')
        if (each.node === node) assert.ok(Date.parse(each.bootedAt) >= from * 1000, each.bootedAt)
        else assert.ok(Math.abs(moved) <= 5000, `${each.node} moved by ${moved} ms`)
      }
    })
  }

  behaves('it says that it is up', async () => {
    const health = await scheduler.health()
    assert.equal(health.up, true)
    assert.equal(health.detail, 'No error')
  })
}
