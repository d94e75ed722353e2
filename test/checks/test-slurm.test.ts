/** `npm run test:slurm` cut short: what it says, what it ends, and what it leaves. On a kit that only pretends. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('../../scripts/test-slurm.ts', import.meta.url))
const needsRoot = process.getuid?.() === 0 ? {} : { skip: 'starting a cluster needs root' }

/** Writes down what was called, and which processes were left. */
const LOG = 'echo "$(basename "$0")" >> "$LOG"'
/** A setup that installs for ever: it leaves a process that writes into what is installed, and does not end at once. */
const HANGS = `write() { mkdir -p "$SLURM_ROOT/usr" && echo x >> "$SLURM_ROOT/usr/half"; sleep 0.05; }
( trap 'for i in {1..40}; do write; done; exit' TERM; while :; do write; done ) & echo $! > "$LOG.pid"; wait`
const WORKS = 'mkdir -p "$SLURM_ROOT/usr/sbin"; touch "$SLURM_ROOT/usr/sbin/slurmctld-wlm"'

/** The script in a project of its own, beside a kit of which each program does what it is told here. */
function given(t: TestContext, kit: { setup: string; tests: string }) {
  const home = mkdtempSync(join(tmpdir(), 'test-slurm-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const tools = join(home, 'shared', 'tools', 'slurm-cluster')
  const scripts = join(home, 'project', 'scripts')
  for (const folder of [tools, scripts]) mkdirSync(folder, { recursive: true })
  const program = (name: string, text: string) => {
    writeFileSync(join(tools, name), `#!/bin/bash\n${LOG}\n${text}\n`)
    chmodSync(join(tools, name), 0o755)
  }
  program('setup.sh', kit.setup)
  program('as.sh', 'echo SLURM_JWT=token')
  // Stopping takes a moment, and is over only then.
  program('stop.sh', 'sleep 0.5; echo stopped >> "$LOG"')
  // Where nothing listens, whatever cluster this machine has.
  writeFileSync(join(scripts, 'test-slurm.ts'), readFileSync(SCRIPT, 'utf8').replace(':16820', ':9'))
  writeFileSync(join(scripts, 'test.ts'), kit.tests)
  const log = join(home, 'log')
  const root = join(home, 'cluster')
  const started = spawn(process.execPath, [join(scripts, 'test-slurm.ts')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      LOG: log,
      SLURM_ROOT: root,
      SLURM_SETUP_SECONDS: '1',
      SLURM_TEST_SECONDS: '1',
      SLURM_REST_URL: undefined,
      SLURM_REST_TOKEN: undefined,
    },
  })
  let said = ''
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (data) => (said += String(data)))
  const over = new Promise<number | null>((resolve) => started.once('exit', resolve))
  const called = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
  return {
    started,
    root,
    called,
    ended: async () => ({ code: await over, said, called: called(), installed: existsSync(root) }),
    left: () => isAlive(Number(readFileSync(`${log}.pid`, 'utf8'))),
  }
}
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
const until = async (what: () => boolean): Promise<void> => {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 20))
}
/** Tests that run until they are told to end, and say then that none or one had failed. */
const tests = (code: number) =>
  `process.on('SIGTERM', () => process.exit(${code})); console.log('tests run'); setInterval(() => {}, 1000)`

test(
  'an installation that hangs is ended with all that it started, cleared away, and counts as not run',
  needsRoot,
  async (t) => {
    const it = given(t, { setup: HANGS, tests: '' })
    const { code, said, called, installed } = await it.ended()
    assert.deepEqual([code, called, installed, it.left()], [75, ['setup.sh', 'stop.sh', 'stopped'], false, false])
    assert.match(said, /took longer than 1 s/)
    assert.match(said, /NOT RUN: the cluster could not be installed or started/)
  },
)

test('an installation that fails counts as not run, and the next one begins anew', needsRoot, async (t) => {
  const it = given(t, { setup: 'mkdir -p "$SLURM_ROOT/usr"; exit 1', tests: '' })
  const { code, called, installed } = await it.ended()
  assert.deepEqual([code, called, installed], [75, ['setup.sh', 'stop.sh', 'stopped'], false])
})

test(
  'tests that do not end in their time were not run, unless one had failed; the cluster is stopped and stays installed',
  needsRoot,
  async (t) => {
    for (const [told, code] of [
      [130, 75],
      [1, 1],
    ] as const) {
      const it = given(t, { setup: WORKS, tests: tests(told) })
      const ended = await it.ended()
      assert.deepEqual(
        [ended.code, ended.called, ended.installed],
        [code, ['setup.sh', 'as.sh', 'stop.sh', 'stopped'], true],
        ended.said,
      )
    }
  },
)

test(
  'an interrupt ends the tests and stops the cluster, and a second one does not stop the stopping',
  needsRoot,
  async (t) => {
    const it = given(t, { setup: WORKS, tests: tests(130) })
    await until(() => it.called().includes('as.sh'))
    it.started.kill('SIGINT')
    await until(() => it.called().includes('stop.sh') || it.started.exitCode !== null)
    it.started.kill('SIGINT')
    const { code, called } = await it.ended()
    assert.deepEqual([code, called], [130, ['setup.sh', 'as.sh', 'stop.sh', 'stopped']])
  },
)

test('an interrupt while it installs starts no tests, and clears what is half there', needsRoot, async (t) => {
  const it = given(t, { setup: HANGS, tests: tests(0) })
  await until(() => existsSync(join(it.root, 'usr', 'half')))
  it.started.kill('SIGTERM')
  const { code, called, installed } = await it.ended()
  assert.deepEqual([code, called, installed, it.left()], [130, ['setup.sh', 'stop.sh', 'stopped'], false, false])
})
