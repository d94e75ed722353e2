/**
 * `npm run test:slurm`: the tests on a real Slurm. Where the kit lies beside the project, as root, it starts a pretend cluster,
 * runs them, and stops it. A Slurm that runs already is used as it is: SLURM_REST_URL, and SLURM_REST_TOKEN for its user root.
 *
 * It exits with 75 (EX_TEMPFAIL of sysexits.h) where no Slurm could be had, so that "nothing was tested" is neither a
 * success nor a failure of the tests. Neither the installation nor the tests may hang: both have their time. Tests that a busy
 * machine does not end in theirs were not run either, unless one had failed by then: that is a failure.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, globSync, lstatSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const KIT = join(ROOT, '..', 'shared', 'tools', 'slurm-cluster')
/** Where the kit's cluster listens. */
const KIT_URL = 'http://127.0.0.1:16820'
/** Where the kit installs it: as its own scripts say. */
const CLUSTER = process.env.SLURM_ROOT ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'slurm-cluster')

/** Seconds that installing and starting the cluster may take, and all tests on it. */
const SETUP_SECONDS = Number(process.env.SLURM_SETUP_SECONDS ?? 240)
const TEST_SECONDS = Number(process.env.SLURM_TEST_SECONDS ?? 420)
const NOT_RUN = 75
/** What `scripts/test.ts` exits with when it is ended before its end and no test had failed. */
const CUT_SHORT = 130

/** Every test that names a Slurm, the contract of the adapter first. */
const FILES = ['test/clusters/scheduler/slurm.test.ts', ...globSync('test/**/slurm-*.test.ts', { cwd: ROOT })].filter(
  (file) => !file.endsWith('slurm-rest.test.ts'),
)

let running: ChildProcess | undefined
/** Whether somebody asked for an end; and whether the cluster is being stopped, which nothing interrupts. */
let interrupted = false
let stopping = false

/** Asks the program that runs to end. It is asked alone, so that it can still tell what it found. */
function endRunning(): void {
  if (!stopping) running?.kill('SIGTERM')
}

/** How long what is asked to end may take for it, before it is ended by force. */
const GRACE_SECONDS = 10

/**
 * Ends what a program has left running of all that it started, and waits for it: what it writes into is removed or unmounted
 * next.
 */
async function endGroup(pid: number): Promise<void> {
  const signal = (name: 'SIGTERM' | 'SIGKILL' | 0): boolean => {
    try {
      process.kill(-pid, name)
      return true
    } catch {
      // Nothing is left of it.
      return false
    }
  }
  for (const name of ['SIGTERM', 'SIGKILL'] as const) {
    if (!signal(name)) return
    for (let waited = 0; waited < GRACE_SECONDS * 10; waited += 1) {
      if (!signal(0)) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** How a program ended: with which exit code, and whether its time was over before. */
type Ended = { readonly code: number; readonly late: boolean }

/** Runs a program to its end, or to the end of its time, with what it prints shown. */
function run(
  program: string,
  args: readonly string[],
  { seconds, env = {} }: { seconds: number; env?: Readonly<Record<string, string>> },
): Promise<Ended> {
  if (interrupted && !stopping) return Promise.resolve({ code: CUT_SHORT, late: false })
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: 'inherit', detached: true, env: { ...process.env, ...env } })
    running = child
    let late = false
    const timer = setTimeout(() => {
      console.warn(`${program} took longer than ${seconds} s, and is ended.`)
      late = true
      endRunning()
    }, seconds * 1000)
    const over = () => {
      clearTimeout(timer)
      running = undefined
    }
    child.once('error', (error) => {
      over()
      reject(error)
    })
    child.once('exit', async (code) => {
      over()
      // What the kit starts is meant to stay: only a program that was cut short leaves what nobody else ends.
      if ((code === null || code === CUT_SHORT) && child.pid !== undefined) await endGroup(child.pid)
      resolve({ code: code ?? (interrupted ? CUT_SHORT : 1), late })
    })
  })
}

/** One file after the other: they share one cluster's GPUs. */
async function tests(url: string, token: string): Promise<number> {
  const { code, late } = await run(process.execPath, ['scripts/test.ts', '--concurrency', '1', ...FILES], {
    seconds: TEST_SECONDS,
    env: { SLURM_REST_URL: url, SLURM_REST_TOKEN: token },
  })
  return late && code === CUT_SHORT ? notRun('the tests did not end in their time, and none had failed by then') : code
}

function notRun(why: string): number {
  console.warn(`NOT RUN: ${why}. It is not known whether the tests on Slurm pass.`)
  return NOT_RUN
}

/**
 * The kit takes its cluster for installed when it finds `slurmctld` in it. Debian makes that a link to /etc/alternatives, which
 * leads nowhere when it is read from outside, so it would install again over what is there, and fail.
 */
function mendLink(): void {
  const link = join(CLUSTER, 'usr', 'sbin', 'slurmctld')
  if (!existsSync(`${link}-wlm`) || !lstatSync(link).isSymbolicLink() || !readlinkSync(link).startsWith('/')) return
  unlinkSync(link)
  symlinkSync('slurmctld-wlm', link)
}

/** What an installation that failed has left would make the next one fail. Nothing that is mounted in it is touched. */
function clearHalfInstalled(): void {
  if (existsSync(join(CLUSTER, 'usr', 'sbin', 'slurmctld-wlm'))) return
  spawnSync('rm', ['-rf', '--one-file-system', CLUSTER], { stdio: 'inherit' })
}

async function onKit(): Promise<number> {
  const listens = await fetch(KIT_URL).then(
    () => true,
    () => false,
  )
  if (listens) console.log(`Something listens on ${KIT_URL}: it is taken for the kit's cluster, and left running.`)
  try {
    mendLink()
    const { code } = listens ? { code: 0 } : await run(join(KIT, 'setup.sh'), [], { seconds: SETUP_SECONDS })
    if (interrupted) return CUT_SHORT
    if (code !== 0) {
      return notRun('the cluster could not be installed or started: is there a network, and the Debian mirror?')
    }
    const told = spawnSync(join(KIT, 'as.sh'), ['root', 'scontrol', 'token', 'username=root', 'lifespan=3600'], {
      encoding: 'utf8',
    })
    const token = /^SLURM_JWT=(\S+)$/m.exec(told.stdout)?.[1]
    if (token === undefined) return notRun(`the cluster gave no token: ${told.stderr}`)
    return await tests(KIT_URL, token)
  } finally {
    if (!listens) {
      stopping = true
      await run(join(KIT, 'stop.sh'), [], { seconds: 60 })
      clearHalfInstalled()
    }
  }
}

async function main(): Promise<number> {
  const { SLURM_REST_URL: url, SLURM_REST_TOKEN: token } = process.env
  if (url !== undefined && token !== undefined) return tests(url, token)
  if (!existsSync(join(KIT, 'setup.sh'))) return notRun('there is no ../shared/tools/slurm-cluster')
  if (process.getuid?.() !== 0) return notRun('starting the cluster needs root')
  return onKit()
}

// An interrupt ends what runs, starts nothing more, and the cluster is stopped on the way out.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true
    endRunning()
  })
}
process.exitCode = await main()
