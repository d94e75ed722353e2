/**
 * `npm run bench -- start [rounds]`: from the command to a served request (`GET /readyz` answers 200), the first time after
 * an installation (no data, nothing compiled) and later, and the resident memory of Node once it serves.
 */
import { spawn } from 'node:child_process'
import { chmod, cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { machine, median } from './machine.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CODE = ['api', 'bin', 'migrations', 'schema', 'templates', 'package.json']
/** Seconds, seconds, mebibytes. */
const LIMITS = { first: 6, later: 2, memory: 200 }

type Measured = { readonly seconds: number; readonly memory: number }

export async function run([rounds = '5']: string[]): Promise<number> {
  const first: Measured[] = []
  const later: Measured[] = []
  for (let round = 0; round < Number(rounds); round += 1) {
    const checkout = await freshCheckout()
    try {
      first.push(await measure(checkout))
      later.push(await measure(checkout))
    } finally {
      await rm(checkout, { recursive: true, force: true })
    }
  }
  console.log(machine())
  console.log(`${rounds} rounds, each in a new copy without data and without compiled modules`)
  const lines = [
    line(
      'first start, s',
      first.map(({ seconds }) => seconds),
      LIMITS.first,
    ),
    line(
      'later start, s',
      later.map(({ seconds }) => seconds),
      LIMITS.later,
    ),
    line(
      'resident memory of Node, MiB',
      [...first, ...later].map(({ memory }) => memory),
      LIMITS.memory,
    ),
  ]
  return lines.every(Boolean) ? 0 : 1
}

/** The median is held to the limit; the worst is shown, and says how busy the machine was. */
function line(what: string, figures: readonly number[], limit: number): boolean {
  const middle = median(figures)
  const worst = Math.max(...figures)
  const verdict = middle <= limit ? 'kept' : 'BROKEN'
  console.log(
    `${what.padEnd(30)} median ${middle.toFixed(2).padStart(7)}   worst ${worst.toFixed(2).padStart(7)}   limit ${limit} ${verdict}`,
  )
  return middle <= limit
}

async function freshCheckout(): Promise<string> {
  const checkout = await mkdtemp(join(tmpdir(), 'equihour-bench-'))
  await chmod(checkout, 0o755)
  for (const name of CODE) await cp(join(ROOT, name), join(checkout, name), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'))
  return checkout
}

async function measure(checkout: string): Promise<Measured> {
  const { DATABASE_URL: _database, EQUIHOUR_DATA: _data, ...env } = process.env
  const begun = performance.now()
  const child = spawn(process.execPath, ['bin/equihour.mjs', 'start'], {
    cwd: checkout,
    // What is compiled is kept in the copy, so that its first start compiles.
    env: { ...env, PORT: '0', NODE_COMPILE_CACHE: join(checkout, 'compiled') },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  try {
    const address = await said(
      () => /serves http:\/\/localhost:(\d+)/.exec(output)?.[1],
      () => child.exitCode !== null,
    )
    await ready(`http://127.0.0.1:${address}/readyz`)
    const seconds = (performance.now() - begun) / 1000
    return { seconds, memory: await residentMemory(child.pid ?? 0) }
  } finally {
    child.kill('SIGINT')
    await exit
  }
}

async function said(find: () => string | undefined, ended: () => boolean): Promise<string> {
  for (let waited = 0; waited < 60_000 && !ended(); waited += 5) {
    const found = find()
    if (found !== undefined) return found
    await sleep(5)
  }
  throw new Error('the server did not start')
}

async function ready(url: string): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    if ((await fetch(url)).status === 200) return
    await sleep(5)
  }
  throw new Error(`${url} is not ready`)
}

/** Mebibytes that the process has in memory (proc(5), VmRSS). */
async function residentMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}
