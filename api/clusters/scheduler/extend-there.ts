/** Moves an end at the scheduler, and makes room for it among our own reservations that have not begun. */
import { type Interval, microsecondsOf } from '../interval.ts'
import { SchedulerRefused } from './errors.ts'
import type { PoolScheduler } from './pool-scheduler.ts'
import type { SchedulerReservation, WantedReservation } from './scheduler.ts'
import { overlaps } from './wanted.ts'

/**
 * The calendar counts GPUs, and a scheduler places them: one that begins later may lie on the very nodes of one that is to last
 * longer, though others are free then. Those that are ours, by `isOurs`, are taken back and made anew elsewhere. When that
 * does not help, they are made as they were.
 *
 * @throws {SchedulerRefused} CAPACITY where others are in the way
 */
export async function extendThere(
  { scheduler, gpuModel }: Pick<PoolScheduler, 'scheduler' | 'gpuModel'>,
  there: SchedulerReservation,
  endsAt: string,
  { isOurs, now }: { readonly isOurs: (id: string) => boolean; readonly now: string },
): Promise<void> {
  try {
    await scheduler.setEnd(there.id, endsAt)
  } catch (error) {
    if (!(error instanceof SchedulerRefused && error.reason === 'CAPACITY')) throw error
    const added: Interval = { startsAt: there.interval.endsAt, endsAt }
    const ahead = (await scheduler.list(added)).flatMap((each) => {
      const movable = isOurs(each.id) && microsecondsOf(each.interval.startsAt) > microsecondsOf(now)
      return movable && isWanted(each) && each.gpuModel === gpuModel && overlaps(each.interval, added) ? [each] : []
    })
    if (ahead.length === 0) throw error
    for (const { id } of ahead) await scheduler.cancel(id)
    try {
      await scheduler.setEnd(there.id, endsAt)
    } finally {
      // One that finds no place any more is found to be gone by the next check, and is told again until it is there.
      for (const each of ahead) await scheduler.reserve(each).catch(ifRefused)
    }
  }
}

const isWanted = (found: SchedulerReservation): found is WantedReservation =>
  found.account !== null && found.gpuModel !== null

function ifRefused(error: unknown): void {
  if (!(error instanceof SchedulerRefused)) throw error
}
