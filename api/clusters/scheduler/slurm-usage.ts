/** Slurm's own words into ours. Pure. */
import type { JobRun } from './job-usage.ts'
import type { NodeDown, SchedulerReservation } from './scheduler.ts'
import type { SlurmJob, SlurmNode, SlurmReservation } from './slurm-answers.ts'
import { isoOf } from './wanted.ts'

/** How a model of GPU is asked for: Slurm's partition that has it, and its name in `gres/gpu:<type>`. */
export type SlurmModel = { readonly partition: string; readonly type: string }
/** Models by our name of them. */
export type SlurmModels = Readonly<Record<string, SlurmModel>>

/** The run of a job; undefined for one that never started. */
export function runOfJob({ cluster, job_id, name, time, tres }: SlurmJob): JobRun | undefined {
  if (time.start === 0) return undefined
  const gres = tres.allocated.filter(({ type }) => type === 'gres')
  // The untyped count is the total of the typed ones, where the cluster tracks it.
  const total = gres.find((each) => each.name === 'gpu')
  const gpus =
    total?.count ?? gres.filter((each) => each.name?.startsWith('gpu:')).reduce((sum, each) => sum + each.count, 0)
  return {
    id: `${cluster}.${job_id}`,
    name,
    gpus,
    start: time.start,
    end: time.end === 0 ? null : time.end,
    elapsed: time.elapsed,
  }
}

/** A reservation as Slurm shows it. GPUs of a model that was not told are counted, without their model. */
export function reservationOf(found: SlurmReservation, models: SlurmModels): SchedulerReservation {
  const tres = new Map(found.tres.split(',').map((part): [string, number] => [part.replace(/=.*/, ''), countOf(part)]))
  const typed = Object.entries(models).find(
    ([, { partition, type }]) =>
      tres.has(`gres/gpu:${type}`) && (found.partition === '' || found.partition === partition),
  )
  return {
    id: found.name,
    account: found.accounts === '' ? null : found.accounts,
    gpuModel: typed?.[0] ?? null,
    gpus: (typed === undefined ? undefined : tres.get(`gres/gpu:${typed[1].type}`)) ?? tres.get('gres/gpu') ?? 0,
    interval: { startsAt: isoOf(found.start_time), endsAt: isoOf(found.end_time) },
  }
}

const countOf = (part: string): number => Number(/=(\d+)$/.exec(part)?.[1] ?? '0')

/** A node that does not answer is not out yet: Slurm calls it down when that lasts. */
const OUT = ['DOWN', 'DRAIN', 'FAIL']

/** A node that cannot be used now; undefined for one that can. Maintenance that was planned is no outage. */
export function nodeDownOf(node: SlurmNode, models: SlurmModels): NodeDown | undefined {
  const out = node.state.find((state) => OUT.includes(state))
  if (out === undefined) return undefined
  const gres = /gpu:(?:([A-Za-z][^:,(]*):)?(\d+)/.exec(node.gres)
  const model = Object.entries(models).find(
    ([, { partition, type }]) => type === gres?.[1] && node.partitions.includes(partition),
  )
  return {
    node: node.name,
    gpuModel: model?.[0] ?? null,
    gpus: Number(gres?.[2] ?? '0'),
    from: isoOf(node.reason_changed_at),
    until: null,
    reason: node.reason === '' ? out : node.reason,
  }
}
