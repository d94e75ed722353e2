import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** The checkout's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A program under test: what it wrote so far, and how it ended. */
export type Running = {
  readonly child: ChildProcess
  readonly output: () => string
  readonly exit: Promise<number | NodeJS.Signals | null>
}

export type RunOptions = { cwd?: string; env?: NodeJS.ProcessEnv; uid?: number; gid?: number }

/** Starts a program as the leader of a process group of its own, as a terminal would. */
export function start(command: string, args: readonly string[], options: RunOptions = {}): Running {
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...options })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8')
    stream?.on('data', (text: string) => {
      output += text
    })
  }
  const exit = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('error', (error) => {
      output += error.message
      resolve(null)
    })
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  return { child, output: () => output, exit }
}

/**
 * Waits for text in the output, and returns its match.
 *
 * @throws {Error} with the output, when the program ends or `milliseconds` pass before that
 */
export async function says(running: Running, text: RegExp, milliseconds = 60_000): Promise<RegExpExecArray> {
  let ended = false
  void running.exit.then(() => {
    ended = true
  })
  const end = Date.now() + milliseconds
  for (;;) {
    const over = ended || Date.now() > end
    const match = text.exec(running.output())
    if (match !== null) return match
    if (over) throw new Error(`the program ${ended ? 'ended' : `did not say ${text}`}: ${running.output()}`)
    await sleep(10)
  }
}

/** Ctrl-C: the terminal sends SIGINT to the whole group. One that has ended is left alone. */
export function pressCtrlC({ child }: Running): void {
  // Never group 0, which is our own.
  if (child.pid === undefined || child.pid <= 1) return
  try {
    process.kill(-child.pid, 'SIGINT')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Whether a TCP port of this machine is answered. */
export function portAnswers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => resolve(socket.destroy() !== undefined)).once('error', () => resolve(false))
  })
}
