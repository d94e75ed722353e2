/** A scheduler in this process, for tests and demonstrations: what it refuses, a real one refuses. */

import type { Interval } from '../interval.ts'
import type { GpuSeconds } from '../metering/charge.ts'
import type { UsageRecord } from '../metering/usage.store.ts'
import { SchedulerRefused, SchedulerUnavailable } from './errors.ts'
import { type JobRun, recordsEndedWithin, usageOfRuns } from './job-usage.ts'
import type {
  AccountLimit,
  NodeDown,
  NodeFailure,
  NodeSeen,
  Scheduler,
  SchedulerHealth,
  SchedulerReservation,
  SchedulerUsage,
  WantedReservation,
} from './scheduler.ts'
import { checkName, checkWanted, epochOf, fromNow, inOrder, isAsWanted, isoOf, overlaps, peakOf } from './wanted.ts'

export type SimulatorOptions = {
  /** GPUs of each model. */
  readonly capacity: Readonly<Record<string, number>>
  readonly accounts: readonly string[]
  /** Whole seconds since 1970. */
  readonly now: () => number
}

/** Reservations may start so many seconds late: a push that waited a little is still in time. Source: seen on Slurm 26.05. */
const LATE_START = 600

/** `reservation` is empty for a run outside any. */
type Run = JobRun & { readonly reservation: string; readonly account: string; readonly gpuModel: string }

export class Simulator implements Scheduler {
  readonly name = 'simulator'
  readonly #options: SimulatorOptions
  readonly #reservations = new Map<string, WantedReservation>()
  readonly #limits = new Map<string, GpuSeconds>()
  readonly #runs: Run[] = []
  readonly #down: NodeDown[] = []
  readonly #nodes = new Map<string, Omit<NodeSeen, 'down' | 'reservations'>>()
  readonly #failures: NodeFailure[] = []
  readonly #placed = new Map<string, Readonly<Record<string, number>>>()
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
    const { account, gpuModel } = this.#mustHave(reservation)
    this.#start({ reservation, account, gpuModel }, gpus, seconds)
  }

  /** Runs a job outside any reservation from now on, for so many seconds. */
  runOutside(account: string, gpuModel: string, gpus: number, seconds: number): void {
    this.#mustKnow(account)
    this.#start({ reservation: '', account, gpuModel }, gpus, seconds)
  }

  #start(of: Pick<Run, 'reservation' | 'account' | 'gpuModel'>, gpus: number, seconds: number): void {
    const start = this.#options.now()
    const id = String(this.#runs.length + 1)
    this.#runs.push({ ...of, id, name: 'train', gpus, start, end: start + seconds, elapsed: seconds })
  }

  /**
   * Takes a node out, until the function it gives is called. `has`: the GPUs that reservations have there. Where that is not
   * said, what the other nodes cannot hold is there for certain.
   */
  takeDown(
    node: string,
    gpuModel: string,
    gpus: number,
    reason: string,
    has?: Readonly<Record<string, number>>,
  ): () => void {
    if (has !== undefined) this.#placed.set(node, has)
    const down = { node, gpuModel, gpus, from: this.#now(), until: null, reason, reservations: [] }
    const at = this.#down.push(down) - 1
    return () => {
      const interval = this.#down[at]
      if (interval !== undefined) this.#down[at] = { ...interval, until: this.#now() }
    }
  }

  /** A node that it tells of. `has`: the GPUs that reservations have there; where that is not said, as of one that is down. */
  addNode(node: string, gpuModel: string, gpus: number, has?: Readonly<Record<string, number>>): void {
    if (has !== undefined) this.#placed.set(node, has)
    this.#nodes.set(node, { node, gpuModel, gpus, bootedAt: this.#now(), readyAt: this.#now() })
  }

  /** A node was booted then, and took jobs from then on. Whole seconds since 1970. */
  restart(node: string, bootedAt: number, readyAt: number): void {
    const known = this.#nodes.get(node)
    if (known !== undefined) this.#nodes.set(node, { ...known, bootedAt: isoOf(bootedAt), readyAt: isoOf(readyAt) })
  }

  /** The jobs that run in a reservation end now, since this node of theirs failed. */
  failJobs(reservation: string, node: string): void {
    const now = this.#options.now()
    for (const [index, run] of this.#runs.entries()) {
      if (run.reservation !== reservation || run.start > now || (run.end ?? now) <= now) continue
      this.#runs[index] = { ...run, end: now, elapsed: now - run.start }
      this.#failures.push({ node, at: isoOf(now), job: run.id, reservation })
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

  async setEnd(id: string, endsAt: string): Promise<SchedulerReservation> {
    this.#mustReach()
    checkName(id)
    const old = this.#mustHave(id)
    const wanted = { ...old, interval: { ...old.interval, endsAt } }
    checkWanted(wanted)
    if (epochOf(endsAt) <= this.#options.now()) throw new SchedulerRefused('IN_THE_PAST', `${endsAt} is over`)
    const others = [...this.#reservations.values()].filter((other) => other.id !== id)
    this.#mustHaveFree({ ...wanted, interval: { startsAt: old.interval.endsAt, endsAt } }, others)
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

  async unreserved(account: string, gpuModel: string, within: Interval): Promise<readonly UsageRecord[]> {
    this.#mustReach()
    this.#mustKnow(account)
    if (this.#options.capacity[gpuModel] === undefined) {
      throw new SchedulerRefused('UNKNOWN_MODEL', `there are no ${gpuModel}`)
    }
    const runs = this.#runs.filter(
      (run) => run.account === account && run.reservation === '' && run.gpuModel === gpuModel,
    )
    const now = this.#options.now()
    return recordsEndedWithin(
      this.name,
      within,
      runs.filter(({ end }) => end !== null && end <= now),
    )
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
    return this.#down
      .filter(({ from, until }) => until === null || overlaps({ startsAt: from, endsAt: until }, within))
      .map((down) => (down.until === null ? { ...down, reservations: this.#onNode(down) } : down))
  }

  async nodes(): Promise<NodeSeen[]> {
    this.#mustReach()
    const down = new Set(this.#down.flatMap(({ node, until }) => (until === null ? [node] : [])))
    return [...this.#nodes.values()].map((node) => ({
      ...node,
      down: down.has(node.node),
      reservations: this.#onNode(node),
    }))
  }

  async failures(within: Interval): Promise<NodeFailure[]> {
    this.#mustReach()
    const [from, until] = [epochOf(within.startsAt), epochOf(within.endsAt)]
    return this.#failures.filter(({ at }) => epochOf(at) >= from && epochOf(at) <= until)
  }

  #onNode({ node, gpuModel, gpus }: Pick<NodeDown, 'node' | 'gpuModel' | 'gpus'>): NodeDown['reservations'] {
    const now = this.#now()
    const others = (this.#options.capacity[gpuModel ?? ''] ?? 0) - gpus
    const instant = { startsAt: now, endsAt: isoOf(this.#options.now() + 1) }
    return [...this.#reservations.values()]
      .filter((each) => each.gpuModel === gpuModel && overlaps(each.interval, instant))
      .map((each) => {
        const certain = this.#placed.get(node)?.[each.id] ?? Math.max(0, each.gpus - others)
        return { id: each.id, gpus: Math.min(certain, gpus) }
      })
      .filter((each) => each.gpus > 0)
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
    if (this.#options.capacity[wanted.gpuModel] === undefined) {
      throw new SchedulerRefused('UNKNOWN_MODEL', `there are no ${wanted.gpuModel}`)
    }
    this.#mustKnow(wanted.account)
    if (epochOf(wanted.interval.startsAt) < this.#options.now() - LATE_START) {
      throw new SchedulerRefused('IN_THE_PAST', `${wanted.interval.startsAt} is over`)
    }
    this.#mustHaveFree(wanted, [...this.#reservations.values()])
  }

  #mustHaveFree(wanted: WantedReservation, others: readonly WantedReservation[]): void {
    const capacity = this.#options.capacity[wanted.gpuModel] ?? 0
    const same = others.filter(({ gpuModel }) => gpuModel === wanted.gpuModel)
    if (peakOf(wanted.interval, same) + wanted.gpus > capacity) {
      throw new SchedulerRefused('CAPACITY', `${wanted.gpus} of ${capacity} GPUs are not free`)
    }
  }
}
