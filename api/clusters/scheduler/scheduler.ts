/** What Equihour needs of a scheduler, and no more: each adapter, and the simulator, is held to it by one contract test. */

import type { Interval } from '../interval.ts'
import type { GpuSeconds } from '../metering/charge.ts'
import type { UsageRecord } from '../metering/usage.store.ts'

/** What to reserve. Its length is whole minutes: schedulers know no less. */
export type WantedReservation = {
  /** Ours: a reservation's id is its name at the scheduler, so no table translates between the two. */
  readonly id: string
  /** The scheduler's name of who may use it. */
  readonly account: string
  readonly gpuModel: string
  readonly gpus: number
  readonly interval: Interval
}

/** A reservation as the scheduler shows it. Ones that others made may name no account, or GPUs that nobody told us of. */
export type SchedulerReservation = Omit<WantedReservation, 'account' | 'gpuModel'> & {
  readonly account: string | null
  readonly gpuModel: string | null
}

/** What ran in one reservation. */
export type SchedulerUsage = {
  /** Of jobs that have ended, one per run of a job, within the reservation's time: the same record however often it is read. */
  readonly records: readonly UsageRecord[]
  /** Jobs that have not ended: what they use is told when they have. */
  readonly running: number
  /** Used by jobs of this reservation outside its time. Told apart, since nothing was reserved for it. */
  readonly outside: GpuSeconds
}

/** What an account may use. Cumulative, since schedulers count what was used and never what is left. */
export type AccountLimit = {
  readonly account: string
  /** By all jobs so far, running ones among them. */
  readonly used: GpuSeconds
  /** At which nothing more is started. Null where there is none. */
  readonly limit: GpuSeconds | null
}

/** GPUs that could not be used. */
export type NodeDown = {
  readonly node: string
  readonly gpuModel: string | null
  readonly gpus: number
  readonly from: string
  /** Null while it lasts. */
  readonly until: string | null
  readonly reason: string
  /** Reservations that have begun and have it: with how many GPUs for certain, which may be fewer than they really have there. */
  readonly reservations: readonly { readonly id: string; readonly gpus: number }[]
}

/** A node as it is now, with since when it is so. */
export type NodeSeen = {
  readonly node: string
  readonly gpuModel: string | null
  readonly gpus: number
  readonly down: boolean
  /** When its machine was booted, to some seconds. */
  readonly bootedAt: string
  /** Since when it takes jobs: before, nothing ran on it. */
  readonly readyAt: string
  /** Reservations that have begun and have it, as {@link NodeDown} tells them. */
  readonly reservations: NodeDown['reservations']
}

/** A job that ended because its node failed. */
export type NodeFailure = {
  readonly node: string
  readonly at: string
  readonly job: string
  /** In which it ran; null where in none. */
  readonly reservation: string | null
}

export type SchedulerHealth = {
  readonly up: boolean
  readonly version: string | null
  /** For operators: what it said, or why it could not be asked. */
  readonly detail: string
}

/**
 * Every method throws {@link SchedulerRefused} for what the scheduler does not do, {@link SchedulerUnavailable} when it could not
 * be asked or did not answer in time (the call may or may not have happened: repeat it), and {@link SchedulerDisagrees} when
 * it said yes but shows something else afterwards. Each may be repeated safely.
 */
export interface Scheduler {
  /** Names it in usage records. */
  readonly name: string
  /** Makes a reservation and gives it as read back. One that is there already and equal is given as it is. */
  reserve(wanted: WantedReservation): Promise<SchedulerReservation>
  read(id: string): Promise<SchedulerReservation | undefined>
  /** Every reservation that shares an instant with the horizon, ours or not, by start and id. */
  list(horizon: Interval): Promise<SchedulerReservation[]>
  /** Ends a reservation. Refused while a job runs in it. */
  cancel(id: string): Promise<void>
  /**
   * Gives a reservation another size: deletes it, makes it anew and reads it back. When the new size is refused, the old one is
   * made again. A reservation that has begun goes on from now.
   */
  resize(id: string, gpus: number): Promise<SchedulerReservation>
  /**
   * Moves the end of a reservation, also of one that has begun and while jobs run in it, and gives it as read back. Refused
   * where others have its GPUs in the time that is added, and for an end that is past.
   */
  setEnd(id: string, endsAt: string): Promise<SchedulerReservation>
  /** What ran in a reservation. The time is the caller's, since schedulers forget reservations soon after their end. */
  usage(id: string, interval: Interval): Promise<SchedulerUsage>
  /** What an account's jobs used of a model outside any reservation: of runs that ended within the interval, whole. */
  unreserved(account: string, gpuModel: string, within: Interval): Promise<readonly UsageRecord[]>
  limit(account: string): Promise<AccountLimit>
  /** Lets an account use so much more than it has used, in whole GPU-minutes rounded down; null lifts its limit. */
  allow(account: string, remaining: GpuSeconds | null): Promise<AccountLimit>
  /** Nodes that are down now; and those that were within the interval, where the scheduler remembers. */
  down(within: Interval): Promise<NodeDown[]>
  /** Every node, up or down. */
  nodes(): Promise<NodeSeen[]>
  /** Jobs that ended within the interval because a node of theirs failed. */
  failures(within: Interval): Promise<NodeFailure[]>
  /** Never throws. */
  health(): Promise<SchedulerHealth>
}
