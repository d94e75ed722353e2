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

/** What is asked of Slurm in a test that is no matter of the adapter: as root, whatever the answer. */
async function ask({ url, token }: SlurmAccess, method: 'GET' | 'DELETE', path: string): Promise<Response> {
  const headers = { 'X-SLURM-USER-NAME': 'root', 'X-SLURM-USER-TOKEN': token }
  return fetch(new URL(`/slurm/v0.0.45/${path}`, url), { method, headers })
}

type Shown = {
  readonly nodes: { readonly name: string; readonly state: readonly string[] }[]
  readonly jobs: { readonly job_id: number; readonly account: string; readonly job_state: readonly string[] }[]
  readonly reservations: { readonly name: string; readonly accounts: string }[]
}

async function shown<K extends keyof Shown>(access: SlurmAccess, what: K): Promise<Shown[K]> {
  const answer = (await (await ask(access, 'GET', what)).json()) as Pick<Shown, K>
  return answer[what]
}

const OVER = ['COMPLETED', 'CANCELLED', 'FAILED', 'NODE_FAIL', 'TIMEOUT', 'OUT_OF_MEMORY']
/** A node that somebody has taken out, and that comes back when it is told to. */
const OUT = ['DOWN', 'DRAIN']
const isOurs = (accounts: string): boolean => /startup_[ab]/.test(accounts)

/**
 * Ends all jobs and reservations of the two companies, brings back nodes that were taken out, and waits until every node is idle. Each test that has nodes begins and
 * ends with it: what one has left, whether it passed or not, is not found by the next.
 */
export async function cleared(access: SlurmAccess): Promise<void> {
  await until('nothing of the companies is left', 100, async () => {
    const jobs = await shown(access, 'jobs')
    const alive = jobs.filter((job) => isOurs(job.account) && !job.job_state.some((state) => OVER.includes(state)))
    for (const job of alive) await ask(access, 'DELETE', `job/${job.job_id}`)
    const reservations = (await shown(access, 'reservations')).filter(({ accounts }) => isOurs(accounts))
    for (const { name } of reservations) await ask(access, 'DELETE', `reservation/${name}`)
    const busy = (await shown(access, 'nodes')).filter(({ state }) => state.join() !== 'IDLE')
    for (const { name, state } of busy) {
      // Refused where Slurm has brought it back meanwhile.
      if (state.some((each) => OUT.includes(each))) {
        await send(access, `node/${name}`, { state: ['RESUME'] }).catch(() => undefined)
      }
    }
    return alive.length + reservations.length + busy.length === 0 ? true : undefined
  })
}

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

/**
 * Seconds until a job runs that was submitted to a reservation as soon as that was told to Slurm. A reservation that is told
 * late begins with the next whole minute, and Slurm looks at all its jobs once a minute.
 */
export const UNTIL_IT_RUNS = 150

/**
 * The present minute, as seconds since 1970, while enough of it is left to tell Slurm a reservation that began with it: it takes
 * none that began more than a minute ago.
 */
export async function presentMinute(): Promise<number> {
  const left = 60_000 - (Date.now() % 60_000)
  if (left < 20_000) await sleep(left)
  return Math.floor(Date.now() / 60_000) * 60
}

/** What Slurm says of every node, job and reservation: a wait that fails tells it, as nobody can ask later. */
async function allOf(access: SlurmAccess): Promise<string> {
  const fields = {
    nodes: ['name', 'state', 'reason', 'gres_used', 'slurmd_start_time'],
    jobs: ['job_id', 'account', 'job_state', 'state_reason', 'nodes', 'resv_name', 'submit_time', 'start_time'],
    reservations: ['name', 'accounts', 'node_list', 'start_time', 'end_time'],
  }
  const lines: string[] = [`now ${Math.floor(Date.now() / 1000)}`]
  for (const what of ['nodes', 'jobs', 'reservations'] as const) {
    for (const each of await shown(access, what)) lines.push(`${what}: ${JSON.stringify(each, fields[what])}`)
  }
  return lines.join('\n')
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
  const late = Date.now() + seconds * 1000
  do {
    const answer = await ask()
    if (answer !== undefined) return answer
    await sleep(500)
  } while (Date.now() < late)
  const { SLURM_REST_URL: url, SLURM_REST_TOKEN: token } = process.env
  const why =
    url === undefined || token === undefined
      ? ''
      : `
${await allOf({ url, token })}`
  throw new Error(`${what}: not within ${seconds} s${why}`)
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
