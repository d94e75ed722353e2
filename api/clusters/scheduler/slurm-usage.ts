/** Slurm's own words into ours. Pure. */
import type { Interval } from '../interval.ts'
import type { JobRun } from './job-usage.ts'
import type { NodeDown, NodeFailure, NodeSeen, SchedulerReservation } from './scheduler.ts'
import type { SlurmJob, SlurmNode, SlurmReservation } from './slurm-answers.ts'
import { isoOf, overlaps, peakOf } from './wanted.ts'

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

/**
 * A node that cannot be used now; undefined for one that can. Maintenance that was planned is no outage.
 *
 * @param begun reservations that have begun
 */
export function nodeDownOf(
  node: SlurmNode,
  models: SlurmModels,
  begun: readonly SlurmReservation[],
): NodeDown | undefined {
  const out = node.state.find((state) => OUT.includes(state))
  if (out === undefined) return undefined
  return {
    ...gpusOf(node, models, begun),
    from: isoOf(node.reason_changed_at),
    until: null,
    reason: node.reason === '' ? out : node.reason,
  }
}

/** A node as it is now; undefined for one that has never answered. */
export function nodeSeenOf(
  node: SlurmNode,
  models: SlurmModels,
  begun: readonly SlurmReservation[],
): NodeSeen | undefined {
  if (node.boot_time === 0) return undefined
  return {
    ...gpusOf(node, models, begun),
    down: node.state.some((state) => OUT.includes(state)),
    bootedAt: isoOf(node.boot_time),
    readyAt: isoOf(node.slurmd_start_time),
  }
}

/** Which GPUs a node has, and of which of these reservations for certain. */
function gpusOf(node: SlurmNode, models: SlurmModels, begun: readonly SlurmReservation[]) {
  const { type: ofNode, count } = gpusOfNode(node)
  const model = Object.entries(models).find(
    ([, { partition, type }]) => type === ofNode && node.partitions.includes(partition),
  )
  return {
    node: node.name,
    gpuModel: model?.[0] ?? null,
    gpus: count,
    reservations: begun.flatMap((each) => {
      const gpus = certainGpus(each, node.name, count, models)
      return gpus > 0 ? [{ id: each.name, gpus }] : []
    }),
  }
}

/** A job that ended because its node failed; undefined for any other. */
export function failureOf({
  cluster,
  job_id,
  time,
  state,
  failed_node,
  reservation,
}: SlurmJob): NodeFailure | undefined {
  if (!state.current.includes('NODE_FAIL') || failed_node === '' || time.end === 0) return undefined
  return {
    node: failed_node,
    at: isoOf(time.end),
    job: `${cluster}.${job_id}`,
    reservation: reservation === '' ? null : reservation,
  }
}

function gpusOfNode({ gres }: SlurmNode): { readonly type: string | undefined; readonly count: number } {
  const found = /gpu:(?:([A-Za-z][^:,(]*):)?(\d+)/.exec(gres)
  return { type: found?.[1], count: Number(found?.[2] ?? '0') }
}

/**
 * The first node of a reservation that may be asked for more GPUs than it has at an instant of `added`, if the reservation
 * had it then too; undefined where there is none.
 */
export function mostOnNodes(
  own: SlurmReservation,
  all: readonly SlurmReservation[],
  { added, nodes, models }: { added: Interval; nodes: readonly SlurmNode[]; models: SlurmModels },
): { readonly node: string; readonly gpus: number; readonly most: number; readonly others: string[] } | undefined {
  for (const node of nodes) {
    if (!nodesOf(own).has(node.name)) continue
    const { count } = gpusOfNode(node)
    const possible = (each: SlurmReservation) => {
      const { id, gpus, interval } = reservationOf(each, models)
      return { id, interval, gpus: Math.min(gpus, count) }
    }
    const others = all
      .filter((each) => each.name !== own.name && nodesOf(each).has(node.name))
      .map(possible)
      .filter((each) => overlaps(each.interval, added))
    const most = peakOf(added, others) + possible(own).gpus
    if (most > count) return { node: node.name, gpus: count, most, others: others.map(({ id }) => id) }
  }
  return undefined
}

const nodesOf = (reservation: SlurmReservation): ReadonlySet<string> =>
  new Set(reservation.core_specializations.map((each) => each.node))

/**
 * GPUs that a reservation has on a node for certain. Slurm tells its nodes and its GPUs, and not how many are on which: its
 * other nodes may have all that they hold.
 */
function certainGpus(reservation: SlurmReservation, node: string, ofNode: number, models: SlurmModels): number {
  const nodes = nodesOf(reservation)
  if (!nodes.has(node)) return 0
  const { gpus } = reservationOf(reservation, models)
  return Math.max(0, Math.min(gpus, ofNode, gpus - (nodes.size - 1) * ofNode))
}
