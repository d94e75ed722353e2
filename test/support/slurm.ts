/** A real Slurm for tests: `npm run test:slurm` starts one, and names it in SLURM_REST_URL and SLURM_REST_TOKEN. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  NodeDown,
  Scheduler,
  SchedulerReservation,
  UsageRecord,
  WantedReservation,
} from '../../api/clusters/index.ts'

export type SlurmAccess = { readonly url: string; readonly token: string }

/** How to reach it; where there is none, a test that says so loudly and is skipped. */
export function slurmAccess(what: string): SlurmAccess | undefined {
  const { SLURM_REST_URL: url, SLURM_REST_TOKEN: token } = process.env
  if (url !== undefined && token !== undefined) return { url, token }
  console.warn(`SKIPPED: SLURM_REST_URL and SLURM_REST_TOKEN are not set, so not on a real Slurm: ${what}`)
  test(what, { skip: 'SLURM_REST_URL and SLURM_REST_TOKEN are not set' }, () => undefined)
  return undefined
}

/** Acts as the people at the cluster would: root may act for others. */
export async function send(
  { url, token }: SlurmAccess,
  path: string,
  body: unknown,
  user = 'root',
): Promise<Record<string, unknown>> {
  const response = await fetch(new URL(`/slurm/v0.0.45/${path}`, url), {
    method: 'POST',
    headers: { 'X-SLURM-USER-NAME': user, 'X-SLURM-USER-TOKEN': token, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text)
}

/** Waits until no node of a partition runs, ends or starts anything: what the test before did to them takes its time. */
export const nodesIdle = ({ url, token }: SlurmAccess, partition: string): Promise<true> =>
  until(`the nodes of ${partition} are idle`, 90, async () => {
    const response = await fetch(new URL('/slurm/v0.0.45/nodes', url), {
      headers: { 'X-SLURM-USER-NAME': 'root', 'X-SLURM-USER-TOKEN': token },
    })
    const { nodes } = (await response.json()) as { nodes: { partitions: string[]; state: string[] }[] }
    const busy = nodes.filter((node) => node.partitions.includes(partition) && node.state.join() !== 'IDLE')
    return busy.length === 0 ? true : undefined
  })

/** Cancels a reservation, as soon as nothing runs in it; one that is not there is gone. */
export const cancelled = (scheduler: Scheduler, id: string): Promise<true> =>
  until('the reservation is gone', 60, async () =>
    (await scheduler.read(id)) === undefined
      ? true
      : scheduler.cancel(id).then(
          () => true,
          () => undefined,
        ),
  )

/** Where the kit's cluster is installed, which runs on this machine. */
const CLUSTER = process.env.SLURM_ROOT ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'slurm-cluster')

/**
 * Ends the daemon of a node of the kit's cluster, and starts it as after a boot of its machine (slurmd(8), option -b). Boots of
 * one node that are less than half a minute apart are taken for one: each test has a node of its own.
 * Undefined on a cluster that is not the kit's, or without the right to.
 */
export function nodeRestarter(node: 'gpu1' | 'gpu2'): (() => Promise<string>) | undefined {
  const pidFile = join(CLUSTER, 'srv', 'slurm', 'run', `slurmd.${node}.pid`)
  if (!existsSync(pidFile) || process.getuid?.() !== 0) return undefined
  return async () => {
    const pid = Number(readFileSync(pidFile, 'utf8'))
    process.kill(pid, 'SIGTERM')
    await until('the daemon has ended', 20, async () => (existsSync(`/proc/${pid}`) ? undefined : true))
    const started = spawnSync('chroot', [CLUSTER, 'slurmd', '-N', node, '-b'], {
      encoding: 'utf8',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', SLURM_CONF: '/srv/slurm/etc/slurm.conf' },
    })
    assert.equal(started.status, 0, started.stderr)
    await sleep(2000)
    return node
  }
}

export type SlurmJob = {
  /** The company's account: `startup_a` or `startup_b`. */
  readonly account: string
  readonly partition: string
  /** `gpu:a100:4` */
  readonly gres: string
  readonly seconds: number
  /** None for a job outside any reservation. */
  readonly reservation?: string
}

/** Submits a job as the company's own user, and gives Slurm's number of it. */
export async function submitJob(access: SlurmAccess, job: SlurmJob): Promise<number> {
  const { account, partition, gres, seconds, reservation } = job
  const user = account === 'startup_a' ? 'vca' : 'vcb'
  const answer = await send(
    access,
    'job/submit',
    {
      job: {
        name: 'train',
        account,
        ...(reservation === undefined ? {} : { reservation }),
        partition,
        minimum_nodes: 1,
        tres_per_node: `gres/${gres}`,
        time_limit: { set: true, number: 2 },
        // A job that fails with its node would wait for another turn, and keep its reservation.
        requeue: false,
        current_working_directory: '/tmp',
        environment: ['PATH=/usr/bin:/bin'],
        script: `#!/bin/sh\nsleep ${seconds}\n`,
      },
    },
    user,
  )
  return Number(answer.job_id)
}

/** Asks again, twice a second, until there is an answer. */
export async function until<T>(what: string, seconds: number, ask: () => Promise<T | undefined>): Promise<T> {
  for (let left = seconds * 2; left > 0; left -= 1) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await sleep(500)
  }
  throw new Error(`${what}: not within ${seconds} s`)
}

/**
 * A scheduler whose present is another time: deals of tests lie in fixed months, and a real cluster lives now. What goes in
 * is moved to its time by so many seconds, and what comes out back.
 */
export function inItsOwnTime(scheduler: Scheduler, seconds: number): Scheduler {
  const moved = (instant: string, by: number): string =>
    new Date(Date.parse(instant) + by * 1000).toISOString().replace('.000Z', 'Z')
  type Interval = { readonly startsAt: string; readonly endsAt: string }
  const there = ({ startsAt, endsAt }: Interval) => ({
    startsAt: moved(startsAt, seconds),
    endsAt: moved(endsAt, seconds),
  })
  const here = ({ startsAt, endsAt }: Interval) => ({
    startsAt: moved(startsAt, -seconds),
    endsAt: moved(endsAt, -seconds),
  })
  const found = <R extends SchedulerReservation | undefined>(reservation: R): R =>
    reservation === undefined ? reservation : { ...reservation, interval: here(reservation.interval) }
  const record = (each: UsageRecord): UsageRecord => ({
    ...each,
    startedAt: moved(each.startedAt, -seconds),
    endedAt: moved(each.endedAt, -seconds),
  })
  const down = (node: NodeDown): NodeDown => ({
    ...node,
    from: moved(node.from, -seconds),
    until: node.until === null ? null : moved(node.until, -seconds),
  })
  return {
    name: scheduler.name,
    reserve: async (wanted: WantedReservation) =>
      found(await scheduler.reserve({ ...wanted, interval: there(wanted.interval) })),
    read: async (id) => found(await scheduler.read(id)),
    list: async (horizon) => (await scheduler.list(there(horizon))).map(found),
    cancel: (id) => scheduler.cancel(id),
    resize: async (id, gpus) => found(await scheduler.resize(id, gpus)),
    setEnd: async (id, endsAt) => found(await scheduler.setEnd(id, moved(endsAt, seconds))),
    usage: async (id, interval) => {
      const usage = await scheduler.usage(id, there(interval))
      return { ...usage, records: usage.records.map(record) }
    },
    unreserved: async (account, model, within) =>
      (await scheduler.unreserved(account, model, there(within))).map(record),
    limit: (account) => scheduler.limit(account),
    allow: (account, remaining) => scheduler.allow(account, remaining),
    down: async (within) => (await scheduler.down(there(within))).map(down),
    nodes: async () =>
      (await scheduler.nodes()).map((node) => ({
        ...node,
        bootedAt: moved(node.bootedAt, -seconds),
        readyAt: moved(node.readyAt, -seconds),
      })),
    failures: async (within) =>
      (await scheduler.failures(there(within))).map((failure) => ({ ...failure, at: moved(failure.at, -seconds) })),
    health: () => scheduler.health(),
  }
}
