import { type ChildProcess, spawn } from 'node:child_process'
import {
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Binaries } from './binaries.ts'
import { serverEnvironment } from './cluster.ts'
import { CannotOpen, ServerFailed } from './errors.ts'
import {
  commandLine,
  gone,
  identify,
  type ProcessIdentity,
  processesIn,
  signal,
  workingDirectory,
} from './process-identity.ts'
import type { ServiceUser } from './service-user.ts'

/** Milliseconds. A fast shutdown writes a checkpoint, which takes its time on a slow disk. */
const FAST_SHUTDOWN = 30_000
const IMMEDIATE_SHUTDOWN = 5_000
/** Recovery after a crash replays the log, at most a checkpoint's distance of it. */
const START = 60_000
const LOG_LIMIT = 4 * 1024 * 1024

/**
 * Stops a server that was left running on the cluster when its owner was killed, and clears a pid file that means another
 * process by now. The caller holds the folder, so nobody else starts one meanwhile.
 */
export async function stopOrphan(cluster: string): Promise<'none' | 'stopped'> {
  const folder = realpathSync(cluster)
  const postmaster = runningPostmaster(folder)
  if (postmaster !== undefined) {
    await stopPostmaster(postmaster)
    return 'stopped'
  }
  // Backends outlive a killed postmaster for a moment; the server refuses to start beside them.
  const survivors = processesIn(folder)
  for (const backend of survivors) signal(backend, 'SIGQUIT')
  for (const backend of survivors) {
    if (!(await gone(backend, IMMEDIATE_SHUTDOWN))) throw new CannotOpen(`Process ${backend.pid} still uses ${folder}.`)
  }
  // PostgreSQL compares the number alone, and would refuse to start while any process of the user has it; also a zombie,
  // which a killed server stays where nobody collects it (a container without an init).
  const stale = pidFile(folder)
  if (stale !== undefined && numberIsTaken(stale)) rmSync(join(folder, 'postmaster.pid'), { force: true })
  return survivors.length > 0 ? 'stopped' : 'none'
}

function numberIsTaken(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** The postmaster that runs on the cluster, if there is one: by its pid file, checked against what that process is. */
function runningPostmaster(folder: string): ProcessIdentity | undefined {
  const pid = pidFile(folder)
  if (pid === undefined) return undefined
  const found = identify(pid)
  if (found === undefined) return undefined
  const sits = workingDirectory(pid)
  const ours = sits === undefined ? (commandLine(pid)?.includes(folder) ?? false) : sits === folder
  return ours ? found : undefined
}

function pidFile(folder: string): number | undefined {
  const lines = pidFileLines(folder)
  const pid = Number(lines[0])
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined
}

function pidFileLines(folder: string): string[] {
  try {
    return readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return []
  }
}

/** Ends a server in order: sessions are cut off, a checkpoint is written; harder when that takes too long. */
export async function stopPostmaster(postmaster: ProcessIdentity): Promise<void> {
  signal(postmaster, 'SIGINT')
  if (await gone(postmaster, FAST_SHUTDOWN)) return
  signal(postmaster, 'SIGQUIT')
  if (await gone(postmaster, IMMEDIATE_SHUTDOWN)) return
  signal(postmaster, 'SIGKILL')
  if (!(await gone(postmaster, IMMEDIATE_SHUTDOWN)))
    throw new CannotOpen(`The database (process ${postmaster.pid}) cannot be stopped.`)
}

/** A running server. `ended` resolves when its process ends, for whatever reason. */
export type Postmaster = { readonly identity: ProcessIdentity; readonly ended: Promise<void> }

/**
 * Starts the server and waits until it takes connections. It gets a session of its own: Ctrl-C reaches only us, and we
 * stop it in order.
 *
 * @throws {ServerFailed} with the end of its log
 */
export async function startPostmaster(
  cluster: string,
  { bin }: Binaries,
  user: ServiceUser | undefined,
  settings: Readonly<Record<string, string>>,
  logFile: string,
): Promise<Postmaster> {
  const log = openLog(logFile, user)
  const begin = statSync(logFile).size
  const args = ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid }
  const child = spawn(join(bin, 'postgres'), args, {
    ...identity,
    cwd: '/',
    env: serverEnvironment(),
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  const ended = endOf(child)
  await ready(child, cluster, () => readFileSync(logFile).subarray(begin).toString('utf8').slice(-2000))
  const started = identify(child.pid ?? 0)
  if (started === undefined) throw new ServerFailed('The database ended right after its start', '')
  child.unref()
  return { identity: started, ended }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
}

async function ready(child: ChildProcess, cluster: string, output: () => string): Promise<void> {
  let fault: Error | undefined
  child.once('error', (error) => {
    fault = error
  })
  const end = Date.now() + START
  for (;;) {
    const lines = pidFileLines(cluster)
    // postmaster.pid, line 8: the state, as pg_ctl waits for it.
    if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return
    if (fault !== undefined || child.exitCode !== null || child.signalCode !== null) {
      throw new ServerFailed('The database did not start', fault?.message ?? output())
    }
    if (Date.now() > end) {
      child.kill('SIGQUIT')
      throw new ServerFailed(`The database was not ready after ${START / 1000} seconds`, output())
    }
    await sleep(5)
  }
}

function openLog(file: string, user: ServiceUser | undefined): number {
  if (existsSync(file) && statSync(file).size > LOG_LIMIT) renameSync(file, `${file}.old`)
  const log = openSync(file, 'a', 0o600)
  if (user !== undefined) chownSync(file, user.uid, user.gid)
  return log
}
