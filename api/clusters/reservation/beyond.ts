/** What one booking takes beyond another. Pure. */
import { type Interval, microsecondsOf } from '../interval.ts'

/** So many GPUs over an interval. */
export type Taken = { readonly gpus: number; readonly interval: Interval }

/** The parts of `wanted` that `has` does not cover: intervals that do not overlap, in order, with the GPUs missing in each. */
export function beyond(wanted: Taken, has: Taken): Taken[] {
  const [from, until] = [microsecondsOf(wanted.interval.startsAt), microsecondsOf(wanted.interval.endsAt)]
  const inside = [has.interval.startsAt, has.interval.endsAt].filter(
    (at) => microsecondsOf(at) > from && microsecondsOf(at) < until,
  )
  const cuts = [wanted.interval.startsAt, ...inside, wanted.interval.endsAt]
  return cuts.slice(1).flatMap((endsAt, index) => {
    const startsAt = cuts[index] ?? endsAt
    const covered =
      microsecondsOf(startsAt) >= microsecondsOf(has.interval.startsAt) &&
      microsecondsOf(startsAt) < microsecondsOf(has.interval.endsAt)
    const gpus = wanted.gpus - (covered ? has.gpus : 0)
    return gpus > 0 ? [{ gpus, interval: { startsAt, endsAt } }] : []
  })
}
