/** From a job's run to a usage record. Pure; GPU-seconds are exact. */

import type { Interval } from '../interval.ts'
import type { GpuSeconds } from '../metering/charge.ts'
import type { UsageRecord } from '../metering/usage.store.ts'
import type { SchedulerUsage } from './scheduler.ts'
import { epochOf, isoOf } from './wanted.ts'

/** One run of one job. Times are whole seconds since 1970. */
export type JobRun = {
  readonly id: string
  readonly name: string
  readonly gpus: number
  readonly start: number
  /** Null while it runs. */
  readonly end: number | null
  /** Seconds in which it really ran: what it was suspended for is left out. */
  readonly elapsed: number
}

/**
 * The usage of one reservation from the runs of its jobs. A run is named by its job and its start: a job that is requeued
 * runs again under the same number, and both runs are used time. A run is cut at the ends of the reservation, and what it
 * used beyond them is told apart; of a run that was suspended, the time in which it ran counts as lying within first.
 */
export function usageOfRuns(source: string, interval: Interval, runs: readonly JobRun[]): SchedulerUsage {
  const records: UsageRecord[] = []
  let running = 0
  let outside: GpuSeconds = 0n
  for (const run of runs) {
    if (run.end === null) {
      running += 1
      continue
    }
    const from = Math.max(run.start, epochOf(interval.startsAt))
    const until = Math.min(run.end, epochOf(interval.endsAt))
    const within = Math.max(0, Math.min(run.elapsed, until - from))
    outside += BigInt(run.gpus) * BigInt(run.elapsed - within)
    if (run.gpus === 0 || within === 0) continue
    records.push({
      source,
      externalId: `${run.id}.${run.start}`,
      gpuSeconds: BigInt(run.gpus) * BigInt(within),
      startedAt: isoOf(from),
      endedAt: isoOf(until),
      job: run.name === '' ? run.id : `${run.id} ${run.name}`,
    })
  }
  return { records, running, outside }
}

/** The usage of runs outside any reservation, of those that ended within an interval. */
export function recordsEndedWithin(source: string, within: Interval, runs: readonly JobRun[]): readonly UsageRecord[] {
  const [from, until] = [epochOf(within.startsAt), epochOf(within.endsAt)]
  return runs.flatMap((run) => {
    if (run.end === null || run.end <= from || run.end > until) return []
    const whole = { startsAt: isoOf(run.start), endsAt: isoOf(run.end) }
    return usageOfRuns(source, whole, [run]).records
  })
}

/** A usage record as the use case that reports usage reads it. */
export const usageInput = (record: UsageRecord) => ({ ...record, gpuSeconds: record.gpuSeconds.toString() })
