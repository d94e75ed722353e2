import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Which process a pid means: the number alone is reused by the system, number and start together are not. */
export type ProcessIdentity = { readonly pid: number; readonly started: string }

/** The identity of a living process, or `undefined` when there is none with this pid. A zombie is not living. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  const started = process.platform === 'linux' ? startedOnLinux(pid) : startedElsewhere(pid)
  return started === undefined ? undefined : { pid, started }
}

/** Whether the very process lives that was identified before. */
export const lives = (identity: ProcessIdentity): boolean => identify(identity.pid)?.started === identity.started

/** Waits until the process is gone; `false` when it still lives after `milliseconds`. */
export async function gone(identity: ProcessIdentity, milliseconds: number): Promise<boolean> {
  const end = Date.now() + milliseconds
  while (lives(identity)) {
    if (Date.now() >= end) return false
    await sleep(10)
  }
  return true
}

/** Sends a signal to exactly this process; a process that is gone already is no error. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  if (!lives(identity)) return
  try {
    process.kill(identity.pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Living processes whose working directory is `folder`, which is where every process of a PostgreSQL server sits. */
export function processesIn(folder: string): ProcessIdentity[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name) && workingDirectory(Number(name)) === folder)
    .flatMap((name) => identify(Number(name)) ?? [])
}

/** Where the process sits, or `undefined` where the system does not tell. */
export function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

/** The command line of a process, or `undefined` where there is no such process. */
export function commandLine(pid: number): string | undefined {
  const answer = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  return answer.status === 0 ? answer.stdout.trim() : undefined
}

let boot: string | undefined

function startedOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the name in brackets and may hold spaces: count from the last bracket. proc(5): 3 state, 22 starttime.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}:${fields[19]}`
  } catch {
    return undefined
  }
}

function startedElsewhere(pid: number): string | undefined {
  const answer = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
  const started = answer.stdout?.trim()
  return answer.status === 0 && started ? started : undefined
}
