import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { identify } from '../../api/platform/embedded/process-identity.ts'
import { freshDatabase } from '../support/database.ts'
import { portAnswers, pressCtrlC, ROOT, type Running, says, start } from '../support/process.ts'

const BIN = join(ROOT, 'bin', 'equihour.mjs')
const SERVES = /serves (http:\/\/localhost:(\d+))/

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'equihour-start-'))
  // As root: the user of the database may go where it is.
  chmodSync(path, 0o755)
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return join(path, 'data')
}

function equihour(t: TestContext, env: NodeJS.ProcessEnv, command = [process.execPath, BIN, 'start']): Running {
  const [file = '', ...args] = command
  const { DATABASE_URL: _ours, ...rest } = process.env
  const running = start(file, args, { env: { ...rest, PORT: '0', ...env } })
  t.after(async () => {
    pressCtrlC(running)
    await running.exit
  })
  return running
}

function postmasterOf(data: string): number {
  const cluster = readdirSync(data).find((name) => /^postgresql-\d+$/.test(name))
  assert.ok(cluster)
  const pid = Number(readFileSync(join(data, cluster, 'postmaster.pid'), 'utf8').split('\n')[0])
  assert.ok(pid > 1)
  return pid
}

async function assertReady(running: Running): Promise<{ port: number }> {
  const [, address = '', port] = await says(running, SERVES)
  const ready = await fetch(`${address.replace('localhost', '127.0.0.1')}/readyz`)
  assert.equal(ready.status, 200)
  return { port: Number(port) }
}

test('Ctrl-C stops server and database in order, and what was stored is there at the next start', async (t) => {
  const data = folder(t)
  for (const round of ['first', 'later']) {
    const running = equihour(t, { EQUIHOUR_DATA: data })
    const { port } = await assertReady(running)
    const postmaster = postmasterOf(data)
    assert.ok(identify(postmaster), round)
    pressCtrlC(running)
    assert.equal(await running.exit, 0, running.output())
    assert.equal(identify(postmaster), undefined)
    assert.equal(await portAnswers(port), false)
    assert.match(running.output(), /Stopped\.\n$/)
    assert.doesNotMatch(running.output(), /unexpected| {4}at /)
  }
})

test('through npm too, which passes Ctrl-C on a second time', async (t) => {
  const data = folder(t)
  const running = equihour(t, { EQUIHOUR_DATA: data }, ['npm', 'start'])
  await assertReady(running)
  const postmaster = postmasterOf(data)
  pressCtrlC(running)
  assert.equal(await running.exit, 0, running.output())
  assert.equal(identify(postmaster), undefined)
})

test('npm that is told to end takes server and database with it', async (t) => {
  const data = folder(t)
  const running = equihour(t, { EQUIHOUR_DATA: data }, ['npm', 'start'])
  await assertReady(running)
  const postmaster = postmasterOf(data)
  running.child.kill('SIGTERM')
  await running.exit
  assert.equal(identify(postmaster), undefined, running.output())
})

test('Ctrl-C during the start leaves nothing running', async (t) => {
  const data = folder(t)
  const running = equihour(t, { EQUIHOUR_DATA: data })
  for (let waited = 0; !existsSync(data) && waited < 500; waited += 1)
    await new Promise((resolve) => setTimeout(resolve, 10))
  pressCtrlC(running)
  assert.equal(await running.exit, 0, running.output())
  assert.doesNotMatch(running.output(), SERVES)
  await assertReady(equihour(t, { EQUIHOUR_DATA: data }))
})

test('a second start on the same data says who holds it, and the first serves on', async (t) => {
  const data = folder(t)
  const first = equihour(t, { EQUIHOUR_DATA: data })
  const { port } = await assertReady(first)
  const second = equihour(t, { EQUIHOUR_DATA: data })
  assert.equal(await second.exit, 1)
  assert.match(
    second.output(),
    new RegExp(
      `held by process ${first.child.pid}, since 20\\S+ and serves http://localhost:${port}\\. Nothing was started`,
    ),
  )
  assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200)
})

test('a taken port is said before anything else is done', async (t) => {
  const data = folder(t)
  const server = createServer().listen(0)
  t.after(() => server.close())
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const running = equihour(t, { EQUIHOUR_DATA: data, PORT: String(address.port) })
  assert.equal(await running.exit, 1)
  assert.equal(
    running.output(),
    `Port ${address.port} is taken by another process. Nothing was started. Stop that process, or set PORT to another port.\n`,
  )
  assert.equal(existsSync(data), false)
})

test('after the server is killed, the next start stops the orphaned database and serves', async (t) => {
  const data = folder(t)
  const first = equihour(t, { EQUIHOUR_DATA: data })
  await assertReady(first)
  const orphan = postmasterOf(data)
  first.child.kill('SIGKILL')
  await first.exit
  assert.ok(identify(orphan))
  const second = equihour(t, { EQUIHOUR_DATA: data })
  await assertReady(second)
  assert.match(second.output(), /still running after its server was killed/)
  assert.equal(identify(orphan), undefined)
})

test('when the database dies under it, the server says so and ends with 1', async (t) => {
  const data = folder(t)
  const running = equihour(t, { EQUIHOUR_DATA: data })
  await assertReady(running)
  process.kill(postmasterOf(data), 'SIGKILL')
  assert.equal(await running.exit, 1)
  assert.match(running.output(), /The database ended unexpectedly/)
})

test('it serves from the PostgreSQL of DATABASE_URL, and leaves it running', async (t) => {
  const { url } = await freshDatabase(t)
  const running = equihour(t, { DATABASE_URL: url })
  await assertReady(running)
  assert.match(running.output(), /the one of DATABASE_URL/)
  assert.ok(!running.output().includes(url))
  pressCtrlC(running)
  assert.equal(await running.exit, 0)
})

test('a setting that cannot be meant is named', async (t) => {
  const port = equihour(t, { PORT: 'http' })
  assert.equal(await port.exit, 1)
  assert.equal(port.output(), 'PORT must be a number from 0 to 65535, not "http".\n')
  const url = equihour(t, { DATABASE_URL: 'mysql://user:secret@host/db' })
  assert.equal(await url.exit, 1)
  assert.match(url.output(), /^DATABASE_URL must be a connection string like [^\n]+\n$/)
  assert.doesNotMatch(url.output(), /secret/)
})

test('a host with an older Node runs the one that npm brought', async (t) => {
  const older = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((path) => !path.includes('node_modules'))
    .map((path) => join(path, 'node'))
    .find(
      (node) =>
        existsSync(node) &&
        Number(spawnSync(node, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' }).stdout) < 24,
    )
  if (older === undefined) {
    console.warn(`SKIPPED, this machine has no older Node: ${t.name}`)
    return t.skip('no older Node')
  }
  const running = equihour(t, { EQUIHOUR_DATA: folder(t) }, [older, BIN, 'start'])
  await assertReady(running)
  pressCtrlC(running)
  assert.equal(await running.exit, 0, running.output())
})
