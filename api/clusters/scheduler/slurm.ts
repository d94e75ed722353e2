/** Slurm 25.05 and newer over its REST daemon. Older ones double-book GPUs, or cannot reserve them. */

import { type Interval, microsecondsOf } from '../interval.ts'
import type { GpuSeconds } from '../metering/charge.ts'
import type { UsageRecord } from '../metering/usage.store.ts'
import { SchedulerDisagrees, type SchedulerRefusal, SchedulerRefused } from './errors.ts'
import { recordsEndedWithin, usageOfRuns } from './job-usage.ts'
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
import {
  type SlurmJob,
  type SlurmReservation,
  zAssociations,
  zJobs,
  zNodes,
  zNothing,
  zPing,
  zReservations,
  zReservationsNamed,
} from './slurm-answers.ts'
import { SlurmRest, type SlurmRestOptions } from './slurm-rest.ts'
import {
  failureOf,
  mostOnNodes,
  nodeDownOf,
  nodeSeenOf,
  reservationOf,
  runOfJob,
  type SlurmModels,
} from './slurm-usage.ts'
import {
  checkLength,
  checkName,
  checkWanted,
  epochOf,
  fromNow,
  inOrder,
  isAsWanted,
  isoOf,
  minutesOf,
  overlaps,
} from './wanted.ts'

export type SlurmOptions = SlurmRestOptions & {
  /** Names it in usage records: one Slurm controller, whose job numbers are unique. */
  readonly name?: string
  /** Slurm's own name of the cluster, for limits. */
  readonly cluster: string
  readonly models: SlurmModels
  /** Since when its accounting counts what an account has used. */
  readonly accountedSince?: string
}

const number = (value: number) => ({ set: true, number: value })
/** What Slurm takes as "no limit". */
const NO_LIMIT = -1

export class Slurm implements Scheduler {
  readonly name: string
  readonly #options: SlurmOptions
  readonly #rest: SlurmRest

  constructor(options: SlurmOptions) {
    this.name = options.name ?? `slurm/${options.cluster}`
    this.#options = options
    this.#rest = new SlurmRest(options)
  }

  async reserve(wanted: WantedReservation): Promise<SchedulerReservation> {
    checkWanted(wanted)
    const model = this.#options.models[wanted.gpuModel]
    if (model === undefined) throw new SchedulerRefused('UNKNOWN_MODEL', `no partition is known for ${wanted.gpuModel}`)
    // Slurm takes a second request of one name as an update, answers yes, and leaves the GPUs as they were.
    const known = await this.read(wanted.id)
    if (known !== undefined) {
      if (isAsWanted(known, wanted)) return known
      throw new SchedulerRefused('NAME_TAKEN', `${wanted.id} is another reservation`)
    }
    await this.#rest.call(zNothing, {
      method: 'POST',
      path: 'reservation',
      body: {
        name: wanted.id,
        start_time: number(epochOf(wanted.interval.startsAt)),
        duration: number(minutesOf(wanted.interval)),
        partition: model.partition,
        accounts: [wanted.account],
        tres: [{ type: 'gres', name: `gpu:${model.type}`, count: wanted.gpus }],
      },
    })
    const found = await this.read(wanted.id)
    if (found === undefined || !isAsWanted(found, wanted)) throw new SchedulerDisagrees(wanted.id, wanted, found)
    return found
  }

  async read(id: string): Promise<SchedulerReservation | undefined> {
    const found = await this.#named(id)
    return found === undefined ? undefined : reservationOf(found, this.#options.models)
  }

  async #named(id: string): Promise<SlurmReservation | undefined> {
    checkName(id)
    const path = `reservation/${encodeURIComponent(id)}`
    try {
      const { reservations } = await this.#rest.call(zReservationsNamed, { method: 'GET', path })
      return reservations[0]
    } catch (error) {
      if (error instanceof SchedulerRefused && error.reason === 'NO_SUCH_RESERVATION') return undefined
      throw error
    }
  }

  async list(horizon: Interval): Promise<SchedulerReservation[]> {
    const { reservations } = await this.#rest.call(zReservations, { method: 'GET', path: 'reservations' })
    const all = reservations.map((reservation) => reservationOf(reservation, this.#options.models))
    return inOrder(all.filter(({ interval }) => overlaps(interval, horizon)))
  }

  async cancel(id: string): Promise<void> {
    checkName(id)
    await this.#rest
      .call(zNothing, { method: 'DELETE', path: `reservation/${encodeURIComponent(id)}` })
      .catch(asReason('BAD_NAME', 'NO_SUCH_RESERVATION'))
    const left = await this.read(id)
    if (left !== undefined) throw new SchedulerDisagrees(id, undefined, left)
  }

  async resize(id: string, gpus: number): Promise<SchedulerReservation> {
    const old = await this.read(id)
    if (old === undefined) throw new SchedulerRefused('NO_SUCH_RESERVATION', `there is no reservation ${id}`)
    if (old.gpus === gpus) return old
    const { account, gpuModel } = old
    if (account === null || gpuModel === null) {
      throw new SchedulerRefused('OTHER', `${id} names no account, or GPUs of a model that is not known`)
    }
    const before = { ...old, account, gpuModel, interval: fromNow(old.interval, isoOf(Math.floor(Date.now() / 1000))) }
    const wanted = { ...before, gpus }
    checkWanted(wanted)
    await this.cancel(id)
    try {
      return await this.reserve(wanted)
    } catch (refused) {
      if (!(refused instanceof SchedulerRefused)) throw refused
      await this.reserve(before).catch(() => {
        throw new SchedulerDisagrees(id, before, undefined)
      })
      throw refused
    }
  }

  /**
   * Slurm takes a new end of a reservation of the same name, also while jobs run in it, and does not look whether others have
   * its nodes then: it would promise them twice. So that is looked for before, and once more after it.
   */
  async setEnd(id: string, endsAt: string): Promise<SchedulerReservation> {
    const old = await this.#named(id)
    if (old === undefined) throw new SchedulerRefused('NO_SUCH_RESERVATION', `there is no reservation ${id}`)
    const before = reservationOf(old, this.#options.models)
    const wanted = { ...before, interval: { ...before.interval, endsAt } }
    if (microsecondsOf(endsAt) === microsecondsOf(before.interval.endsAt)) return before
    checkLength(wanted.interval)
    const added = { startsAt: before.interval.endsAt, endsAt }
    await this.#mustBeAlone(old, added)
    await this.#sendEnd(id, endsAt)
    try {
      await this.#mustBeAlone(old, added)
    } catch (error) {
      // Somebody took them between the two looks.
      if (error instanceof SchedulerRefused) await this.#sendEnd(id, before.interval.endsAt)
      throw error
    }
    const found = await this.read(id)
    if (found === undefined || microsecondsOf(found.interval.endsAt) !== microsecondsOf(endsAt)) {
      throw new SchedulerDisagrees(id, wanted, found)
    }
    return found
  }

  #sendEnd(id: string, endsAt: string): Promise<unknown> {
    const body = { name: id, end_time: number(epochOf(endsAt)) }
    return this.#rest.call(zNothing, { method: 'POST', path: 'reservation', body })
  }

  /**
   * That no node of a reservation could be asked for more GPUs than it has, if the reservation had it over this time too. Slurm
   * tells the nodes of each, and not how many of its GPUs are on which: what may be counts.
   *
   * @throws {SchedulerRefused} CAPACITY
   */
  async #mustBeAlone(own: SlurmReservation, added: Interval): Promise<void> {
    if (microsecondsOf(added.startsAt) >= microsecondsOf(added.endsAt)) return
    const { models } = this.#options
    const { reservations } = await this.#rest.call(zReservations, { method: 'GET', path: 'reservations' })
    const { nodes } = await this.#rest.call(zNodes, { method: 'GET', path: 'nodes' })
    const taken = mostOnNodes(own, reservations, { added, nodes, models })
    if (taken === undefined) return
    const { node, gpus, most, others } = taken
    throw new SchedulerRefused(
      'CAPACITY',
      `${node} may be asked for ${most} of its ${gpus} GPUs then: ${others.join(', ')} has it too`,
    )
  }

  async usage(id: string, interval: Interval): Promise<SchedulerUsage> {
    checkName(id)
    // Without a window Slurm answers for today only. A job may end a little after its reservation.
    const jobs = await this.#jobs({
      reservation: id,
      start_time: String(epochOf(interval.startsAt)),
      end_time: String(epochOf(interval.endsAt) + 86_400),
    })
    // For a name that it has not heard of, Slurm leaves the filter away and tells every job there is.
    const own = jobs.filter(({ reservation }) => reservation === id)
    return usageOfRuns(
      this.name,
      interval,
      own.flatMap((job) => runOfJob(job) ?? []),
    )
  }

  async unreserved(account: string, gpuModel: string, within: Interval): Promise<readonly UsageRecord[]> {
    checkName(account)
    const model = this.#options.models[gpuModel]
    if (model === undefined) throw new SchedulerRefused('UNKNOWN_MODEL', `no partition is known for ${gpuModel}`)
    const jobs = await this.#jobs({
      account,
      start_time: String(epochOf(within.startsAt)),
      end_time: String(epochOf(within.endsAt)),
    })
    // A job that never named a reservation: one that names another's, or one that is gone, is that reservation's matter.
    const own = jobs.filter(
      (job) => job.account === account && job.partition === model.partition && job.reservation === '',
    )
    return recordsEndedWithin(
      this.name,
      within,
      own.flatMap((job) => runOfJob(job) ?? []),
    )
  }

  async limit(account: string): Promise<AccountLimit> {
    checkName(account)
    const query = new URLSearchParams({ account, cluster: this.#options.cluster })
    const { associations } = await this.#rest.call(zAssociations, {
      method: 'GET',
      daemon: 'slurmdb',
      path: `associations?${query}`,
    })
    const association = associations.find((each) => each.account === account && each.user === '')
    if (association === undefined && associations.length === 0) {
      throw new SchedulerRefused('UNKNOWN_ACCOUNT', `there is no account ${account}`)
    }
    const minutes = association?.max.tres.group.minutes.find(({ type, name }) => type === 'gres' && name === 'gpu')
    const jobs = await this.#jobs({
      account,
      start_time: String(epochOf(this.#options.accountedSince ?? '2020-01-01T00:00:00Z')),
      end_time: String(Math.floor(Date.now() / 1000) + 60),
    })
    const own = jobs.filter((job) => job.account === account)
    const runs = own.flatMap((job) => runOfJob(job) ?? [])
    return {
      account,
      used: runs.reduce((sum, job) => sum + BigInt(job.gpus) * BigInt(job.elapsed), 0n),
      limit: minutes === undefined || minutes.count === NO_LIMIT ? null : BigInt(minutes.count) * 60n,
    }
  }

  async allow(account: string, remaining: GpuSeconds | null): Promise<AccountLimit> {
    const { used } = await this.limit(account)
    const count = remaining === null ? NO_LIMIT : Number((used + remaining) / 60n)
    const max = { tres: { group: { minutes: [{ type: 'gres', name: 'gpu', count }] } } }
    const association = { account, cluster: this.#options.cluster, user: '', max }
    await this.#rest.call(zNothing, {
      method: 'POST',
      daemon: 'slurmdb',
      path: 'associations',
      body: { associations: [association] },
    })
    return this.limit(account)
  }

  /** Slurm's REST tells what is down now. What was down before, only `sacctmgr show event` knows. */
  async down(): Promise<NodeDown[]> {
    const { nodes } = await this.#rest.call(zNodes, { method: 'GET', path: 'nodes' })
    const none = nodes.every((node) => nodeDownOf(node, this.#options.models, []) === undefined)
    if (none) return []
    const begun = await this.#begun()
    return nodes.flatMap((node) => nodeDownOf(node, this.#options.models, begun) ?? [])
  }

  async #begun(): Promise<SlurmReservation[]> {
    const { reservations } = await this.#rest.call(zReservations, { method: 'GET', path: 'reservations' })
    const now = Math.floor(Date.now() / 1000)
    return reservations.filter((each) => each.start_time <= now && now < each.end_time)
  }

  async nodes(): Promise<NodeSeen[]> {
    const { nodes } = await this.#rest.call(zNodes, { method: 'GET', path: 'nodes' })
    const begun = await this.#begun()
    return nodes.flatMap((node) => nodeSeenOf(node, this.#options.models, begun) ?? [])
  }

  async failures(within: Interval): Promise<NodeFailure[]> {
    const jobs = await this.#jobs({
      state: 'NODE_FAIL',
      start_time: String(epochOf(within.startsAt)),
      end_time: String(epochOf(within.endsAt)),
    })
    return jobs.flatMap((job) => failureOf(job) ?? []).filter(({ at }) => isWithin(at, within))
  }

  async health(): Promise<SchedulerHealth> {
    try {
      const { pings, meta } = await this.#rest.call(zPing, { method: 'GET', path: 'ping' })
      const controller = pings.find(({ primary }) => primary === true) ?? pings[0]
      return {
        up: controller?.responding === true,
        version: `${meta.slurm.release}, API ${await this.#rest.version()}`,
        detail: controller?.status ?? 'no controller answers',
      }
    } catch (error) {
      return { up: false, version: null, detail: error instanceof Error ? error.message : String(error) }
    }
  }

  async #jobs(wanted: Readonly<Record<string, string>>): Promise<SlurmJob[]> {
    const query = new URLSearchParams({
      ...wanted,
      cluster: this.#options.cluster,
      skip_steps: 'true',
      // A requeued job runs again under its number: each run was used time. Times are whole, not cut to the window.
      show_duplicates: 'true',
      disable_truncate_usage_time: 'true',
    })
    const { jobs } = await this.#rest.call(zJobs, { method: 'GET', daemon: 'slurmdb', path: `jobs?${query}` })
    return jobs
  }
}

const isWithin = (at: string, { startsAt, endsAt }: Interval): boolean =>
  microsecondsOf(at) >= microsecondsOf(startsAt) && microsecondsOf(at) <= microsecondsOf(endsAt)

/** One number of Slurm's means different things to different calls. */
const asReason =
  (from: SchedulerRefusal, to: SchedulerRefusal) =>
  (error: unknown): never => {
    if (error instanceof SchedulerRefused && error.reason === from) throw new SchedulerRefused(to, error.detail)
    throw error
  }
