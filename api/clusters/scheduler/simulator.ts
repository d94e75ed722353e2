/** A scheduler in this process, for tests and demonstrations: what it refuses, a real one refuses. */
import type { GpuSeconds } from '../charge.ts'
import { type Interval, microsecondsOf } from '../interval.ts'
import { SchedulerRefused, SchedulerUnavailable } from './errors.ts'
import { type JobRun, usageOfRuns } from './job-usage.ts'
import type {
  AccountLimit,
  NodeDown,
  Scheduler,
  SchedulerHealth,
  SchedulerReservation,
  SchedulerUsage,
  WantedReservation,
} from './scheduler.ts'
import { checkName, checkWanted, epochOf, fromNow, inOrder, isAsWanted, isoOf, overlaps } from './wanted.ts'

export type SimulatorOptions = {
  /** GPUs of each model. */
  readonly capacity: Readonly<Record<string, number>>
  readonly accounts: readonly string[]
  /** Whole seconds since 1970. */
  readonly now: () => number
}

/** Reservations may start so many seconds late: a push that waited a little is still in time. Source: seen on Slurm 26.05. */
const LATE_START = 600

type Run = JobRun & { readonly reservation: string; readonly account: string }

export class Simulator implements Scheduler {
  readonly name = 'simulator'
  readonly #options: SimulatorOptions
  readonly #reservations = new Map<string, WantedReservation>()
  readonly #limits = new Map<string, GpuSeconds>()
  readonly #runs: Run[] = []
  readonly #down: NodeDown[] = []
  #reachable = true

  constructor(options: SimulatorOptions) {
    this.#options = options
  }

  /** Whether it answers at all. */
  reach(reachable: boolean): void {
    this.#reachable = reachable
  }

  /** Runs a job in a reservation from now on, for so many seconds. */
  run(reservation: string, gpus: number, seconds: number): void {
    const account = this.#mustHave(reservation).account
    const start = this.#options.now()
    const id = String(this.#runs.length + 1)
    this.#runs.push({ id, name: 'train', gpus, start, end: start + seconds, elapsed: seconds, reservation, account })
  }

  /** Takes a node out, until the function it gives is called. */
  takeDown(node: string, gpuModel: string, gpus: number, reason: string): () => void {
    const at = this.#down.push({ node, gpuModel, gpus, from: this.#now(), until: null, reason }) - 1
    return () => {
      const interval = this.#down[at]
      if (interval !== undefined) this.#down[at] = { ...interval, until: this.#now() }
    }
  }

  async reserve(wanted: WantedReservation): Promise<SchedulerReservation> {
    this.#mustReach()
    checkWanted(wanted)
    const known = this.#reservations.get(wanted.id)
    if (known !== undefined) {
      if (isAsWanted(known, wanted)) return known
      throw new SchedulerRefused('NAME_TAKEN', `${wanted.id} is another reservation`)
    }
    this.#mustFit(wanted)
    this.#reservations.set(wanted.id, wanted)
    return wanted
  }

  async read(id: string): Promise<SchedulerReservation | undefined> {
    this.#mustReach()
    checkName(id)
    return this.#reservations.get(id)
  }

  async list(horizon: Interval): Promise<SchedulerReservation[]> {
    this.#mustReach()
    return inOrder([...this.#reservations.values()].filter(({ interval }) => overlaps(interval, horizon)))
  }

  async cancel(id: string): Promise<void> {
    this.#mustReach()
    checkName(id)
    this.#mustHave(id)
    this.#mustBeIdle(id)
    this.#reservations.delete(id)
  }

  async resize(id: string, gpus: number): Promise<SchedulerReservation> {
    this.#mustReach()
    checkName(id)
    const old = this.#mustHave(id)
    if (old.gpus === gpus) return old
    this.#mustBeIdle(id)
    const wanted = { ...old, gpus, interval: fromNow(old.interval, this.#now()) }
    checkWanted(wanted)
    this.#reservations.delete(id)
    try {
      this.#mustFit(wanted)
    } catch (refused) {
      this.#reservations.set(id, old)
      throw refused
    }
    this.#reservations.set(id, wanted)
    return wanted
  }

  async usage(id: string, interval: Interval): Promise<SchedulerUsage> {
    this.#mustReach()
    checkName(id)
    const now = this.#options.now()
    const runs = this.#runs
      .filter(({ reservation }) => reservation === id)
      .map((run) => (run.end !== null && run.end > now ? { ...run, end: null, elapsed: now - run.start } : run))
    return usageOfRuns(this.name, interval, runs)
  }

  async limit(account: string): Promise<AccountLimit> {
    this.#mustReach()
    this.#mustKnow(account)
    const now = this.#options.now()
    const used = this.#runs
      .filter((run) => run.account === account)
      .reduce((sum, run) => sum + BigInt(run.gpus) * BigInt(Math.min(run.elapsed, now - run.start)), 0n)
    return { account, used, limit: this.#limits.get(account) ?? null }
  }

  async allow(account: string, remaining: GpuSeconds | null): Promise<AccountLimit> {
    const { used } = await this.limit(account)
    if (remaining === null) this.#limits.delete(account)
    else this.#limits.set(account, ((used + remaining) / 60n) * 60n)
    return this.limit(account)
  }

  async down(within: Interval): Promise<NodeDown[]> {
    this.#mustReach()
    return this.#down.filter(({ from, until }) => until === null || overlaps({ startsAt: from, endsAt: until }, within))
  }

  async health(): Promise<SchedulerHealth> {
    return { up: this.#reachable, version: 'simulator', detail: this.#reachable ? 'No error' : 'does not answer' }
  }

  #now(): string {
    return isoOf(this.#options.now())
  }

  #mustReach(): void {
    if (!this.#reachable) throw new SchedulerUnavailable('the simulator was told not to answer')
  }

  #mustHave(id: string): WantedReservation {
    const found = this.#reservations.get(id)
    if (found === undefined) throw new SchedulerRefused('NO_SUCH_RESERVATION', `there is no reservation ${id}`)
    return found
  }

  #mustKnow(account: string): void {
    if (!this.#options.accounts.includes(account)) {
      throw new SchedulerRefused('UNKNOWN_ACCOUNT', `there is no account ${account}`)
    }
  }

  #mustBeIdle(id: string): void {
    const now = this.#options.now()
    const used = this.#runs.some((run) => run.reservation === id && run.start <= now && (run.end ?? now) > now)
    if (used) throw new SchedulerRefused('IN_USE', `a job runs in ${id}`)
  }

  #mustFit(wanted: WantedReservation): void {
    const capacity = this.#options.capacity[wanted.gpuModel]
    if (capacity === undefined) throw new SchedulerRefused('UNKNOWN_MODEL', `there are no ${wanted.gpuModel}`)
    this.#mustKnow(wanted.account)
    if (epochOf(wanted.interval.startsAt) < this.#options.now() - LATE_START) {
      throw new SchedulerRefused('IN_THE_PAST', `${wanted.interval.startsAt} is over`)
    }
    if (this.#peak(wanted) + wanted.gpus > capacity) {
      throw new SchedulerRefused('CAPACITY', `${wanted.gpus} of ${capacity} GPUs are not free`)
    }
  }

  /** The most GPUs of a model that others have at one instant of an interval. It is reached where one of them starts, or at its start. */
  #peak({ gpuModel, interval }: WantedReservation): number {
    const others = [...this.#reservations.values()].filter(
      (other) => other.gpuModel === gpuModel && overlaps(other.interval, interval),
    )
    const starts = [interval, ...others.map((other) => other.interval)].map(({ startsAt }) => microsecondsOf(startsAt))
    const inUse = starts.map((at) =>
      others
        .filter((other) => microsecondsOf(other.interval.startsAt) <= at && at < microsecondsOf(other.interval.endsAt))
        .reduce((sum, other) => sum + other.gpus, 0),
    )
    return Math.max(...inUse)
  }
}
