/** Moves an end at the scheduler, and makes room for it among our own reservations that have not begun. */
import { type Interval, microsecondsOf } from '../interval.ts'
import { SchedulerRefused } from './errors.ts'
import type { PoolScheduler } from './pool-scheduler.ts'
import type { SchedulerReservation, WantedReservation } from './scheduler.ts'
import { overlaps } from './wanted.ts'

/** Who keeps what becomes of reservations that make room. Each is a transaction of its own. */
export type Room = {
  readonly now: string
  readonly isOurs: (id: string) => boolean
  /** Before any is taken back: they wait to be made anew, and a job is queued that does so. */
  readonly takingBack: (ids: readonly string[]) => Promise<void>
  /** It is there again as it was. */
  readonly isBack: (made: WantedReservation) => Promise<void>
  /** It could not be made anew now: it waits, with the reason. */
  readonly staysAway: (wanted: WantedReservation, error: unknown) => Promise<void>
}

/**
 * The calendar counts GPUs, and a scheduler places them: one that begins later may lie on the very nodes of one that is to last
 * longer, though others are free then. Those that are ours, by `isOurs`, are taken back and made anew elsewhere. When that
 * does not help, they are made as they were. Whatever fails in between, each of them is made anew at once, or waits for the job
 * that makes it anew: that is queued before the first is taken back.
 *
 * @throws {SchedulerRefused} CAPACITY where others are in the way
 */
export async function extendThere(
  { scheduler, gpuModel }: Pick<PoolScheduler, 'scheduler' | 'gpuModel'>,
  there: SchedulerReservation,
  endsAt: string,
  room: Room,
): Promise<void> {
  try {
    await scheduler.setEnd(there.id, endsAt)
  } catch (error) {
    if (!(error instanceof SchedulerRefused && error.reason === 'CAPACITY')) throw error
    const added: Interval = { startsAt: there.interval.endsAt, endsAt }
    const ahead = (await scheduler.list(added)).flatMap((each) => {
      const movable = room.isOurs(each.id) && microsecondsOf(each.interval.startsAt) > microsecondsOf(room.now)
      return movable && isWanted(each) && each.gpuModel === gpuModel && overlaps(each.interval, added) ? [each] : []
    })
    if (ahead.length === 0) throw error
    await room.takingBack(ahead.map(({ id }) => id))
    try {
      for (const { id } of ahead) await scheduler.cancel(id)
      await scheduler.setEnd(there.id, endsAt)
    } finally {
      // Also those that were not taken back, or of which nobody knows: what is there is given as it is.
      for (const each of ahead) await makeAnew(scheduler, each, room)
    }
  }
}

async function makeAnew(scheduler: PoolScheduler['scheduler'], each: WantedReservation, room: Room): Promise<void> {
  try {
    await scheduler.reserve(each)
  } catch (error) {
    return room.staysAway(each, error)
  }
  await room.isBack(each)
}

const isWanted = (found: SchedulerReservation): found is WantedReservation =>
  found.account !== null && found.gpuModel !== null
