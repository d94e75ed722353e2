/**
 * `npm run test:slurm`: the tests on a real Slurm. Where the kit lies beside the project, as root, it starts a pretend cluster,
 * runs them, and stops it. A Slurm that runs already is used as it is: SLURM_REST_URL, and SLURM_REST_TOKEN for its user root.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const KIT = join(ROOT, '..', 'shared', 'tools', 'slurm-cluster')
/** Where the kit's cluster listens. */
const KIT_URL = 'http://127.0.0.1:16820'

const FILES = ['test/clusters/scheduler/slurm.test.ts', 'test/clusters/scheduler/slurm-job.test.ts']

/** Runs a program to its end, with what it prints shown; gives its exit code. */
function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } })
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

/** One file after the other: they share one cluster's GPUs. */
const tests = (url: string, token: string): Promise<number> =>
  run(process.execPath, ['scripts/test.ts', '--concurrency', '1', ...FILES], {
    SLURM_REST_URL: url,
    SLURM_REST_TOKEN: token,
  })

/**
 * The kit takes its cluster for installed when it finds `slurmctld` in it. Debian makes that a link to /etc/alternatives, which
 * leads nowhere when it is read from outside, so it would install again over what is there, and fail.
 */
function mendLink(): void {
  const { SLURM_ROOT, XDG_CACHE_HOME } = process.env
  const root = SLURM_ROOT ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'slurm-cluster')
  const link = join(root, 'usr', 'sbin', 'slurmctld')
  if (!existsSync(`${link}-wlm`) || !lstatSync(link).isSymbolicLink() || !readlinkSync(link).startsWith('/')) return
  unlinkSync(link)
  symlinkSync('slurmctld-wlm', link)
}

async function onKit(): Promise<number> {
  const running = await fetch(KIT_URL).then(
    () => true,
    () => false,
  )
  if (running) console.log(`Something listens on ${KIT_URL}: it is taken for the kit's cluster, and left running.`)
  try {
    mendLink()
    if (!running && (await run(join(KIT, 'setup.sh'), [])) !== 0) throw new Error('the cluster did not start')
    const told = spawnSync(join(KIT, 'as.sh'), ['root', 'scontrol', 'token', 'username=root', 'lifespan=3600'], {
      encoding: 'utf8',
    })
    const token = /^SLURM_JWT=(\S+)$/m.exec(told.stdout)?.[1]
    if (token === undefined) throw new Error(`the cluster gave no token: ${told.stderr}`)
    return await tests(KIT_URL, token)
  } finally {
    if (!running) await run(join(KIT, 'stop.sh'), [])
  }
}

async function main(): Promise<number> {
  const { SLURM_REST_URL: url, SLURM_REST_TOKEN: token } = process.env
  if (url !== undefined && token !== undefined) return tests(url, token)
  const missing = existsSync(join(KIT, 'setup.sh'))
    ? process.getuid?.() === 0
      ? undefined
      : 'starting the cluster needs root'
    : 'there is no ../shared/tools/slurm-cluster'
  if (missing === undefined) return onKit()
  console.warn(`SKIPPED: ${missing}, and SLURM_REST_URL and SLURM_REST_TOKEN are not set. Nothing was tested on Slurm.`)
  return 0
}

// An interrupt reaches the tests too: they end, and the cluster is stopped on the way out.
process.on('SIGINT', () => undefined)
process.exitCode = await main()
