/** What Equihour needs of a scheduler, and no more: each adapter, and the simulator, is held to it by one contract test. */
import type { GpuSeconds } from '../charge.ts'
import type { Interval } from '../interval.ts'
import type { UsageRecord } from '../usage.store.ts'

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
  /** What ran in a reservation. The time is the caller's, since schedulers forget reservations soon after their end. */
  usage(id: string, interval: Interval): Promise<SchedulerUsage>
  limit(account: string): Promise<AccountLimit>
  /** Lets an account use so much more than it has used, in whole GPU-minutes rounded down; null lifts its limit. */
  allow(account: string, remaining: GpuSeconds | null): Promise<AccountLimit>
  /** Nodes that are down now; and those that were within the interval, where the scheduler remembers. */
  down(within: Interval): Promise<NodeDown[]>
  /** Never throws. */
  health(): Promise<SchedulerHealth>
}
