import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Embedded, openEmbedded } from '../../api/platform/embedded/index.ts'
import { identify } from '../../api/platform/embedded/process-identity.ts'
import { asOwner } from '../support/database.ts'
import { ROOT, says, start } from '../support/process.ts'

/** A data folder that goes away with the test, with the server in it. */
function dataFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'equihour-embedded-'))
  // As root: the user of the server may go where it is.
  chmodSync(folder, 0o755)
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function open(t: TestContext, folder: string): Promise<Embedded> {
  const embedded = await openEmbedded({ folder, throwaway: true })
  t.after(() => embedded.stop())
  return embedded
}

function skipUnlessRoot(t: TestContext): void {
  console.warn(`SKIPPED, needs root: ${t.name}`)
  t.skip('needs root')
}

/** Another process that opens the folder, says so, and waits. */
function holder(folder: string, throwaway = true) {
  const script = `import { openEmbedded } from './api/platform/embedded/index.ts'
    const embedded = await openEmbedded({ folder: process.argv[1], throwaway: ${throwaway} })
    embedded.serves({ url: 'http://localhost:4321', database: embedded.url })
    console.log('open', embedded.pid)
    setInterval(() => undefined, 1000)`
  return start(process.execPath, ['--input-type=module-typescript', '--eval', script, folder], { cwd: ROOT })
}

const clusterOf = (files: string): string => {
  const name = readdirSync(files).find((entry) => /^postgresql-[0-9]+$/.test(entry))
  assert.ok(name)
  return join(files, name)
}

test('what was stored is there after an orderly stop', async (t) => {
  const folder = dataFolder(t)
  const first = await open(t, folder)
  await asOwner(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first.stop()
  const second = await open(t, folder)
  assert.equal(second.foundOrphan, false)
  assert.deepEqual((await asOwner(second.url, 'SELECT answer FROM kept')).rows, [{ answer: 42 }])
})

test('the server listens on no TCP port, and its folder is closed to others', async (t) => {
  const { url, files } = await open(t, dataFolder(t))
  assert.deepEqual((await asOwner(url, 'SHOW listen_addresses')).rows, [{ listen_addresses: '' }])
  const { mode } = statSync(clusterOf(files))
  assert.equal(mode & 0o077, 0)
})

test('one that comes second is told who holds the data, since when, and what it serves', async (t) => {
  const folder = dataFolder(t)
  const other = holder(folder)
  t.after(() => other.child.kill('SIGKILL'))
  await says(other, /open \d+/)
  await assert.rejects(openEmbedded({ folder, throwaway: true }), (error: Error) => {
    assert.match(
      error.message,
      new RegExp(`held by process ${other.child.pid}, since 20\\d\\d-.* serves http://localhost:4321`),
    )
    return true
  })
  other.child.kill('SIGKILL')
  await other.exit
  await (await openEmbedded({ folder, throwaway: true })).stop()
})

test('a server whose owner was killed is stopped in order by the next start', async (t) => {
  const folder = dataFolder(t)
  const other = holder(folder)
  const orphan = Number((await says(other, /open (\d+)/))[1])
  other.child.kill('SIGKILL')
  await other.exit
  assert.ok(identify(orphan))
  const next = await open(t, folder)
  assert.equal(next.foundOrphan, true)
  assert.notEqual(next.pid, orphan)
  assert.equal(identify(orphan), undefined)
})

test('when server and owner were both killed, what was committed is there', async (t) => {
  const folder = dataFolder(t)
  // As it runs for people: a commit is on the disk.
  const other = holder(folder, false)
  const postmaster = Number((await says(other, /open (\d+)/))[1])
  const socket = join(folder, 'socket')
  await asOwner(
    `postgresql://equihour@/equihour?host=${encodeURIComponent(socket)}`,
    'CREATE TABLE kept AS SELECT 42 AS answer',
  )
  process.kill(postmaster, 'SIGKILL')
  other.child.kill('SIGKILL')
  await other.exit
  const next = await open(t, folder)
  assert.deepEqual((await asOwner(next.url, 'SELECT answer FROM kept')).rows, [{ answer: 42 }])
})

test('a pid that means another process by now holds nothing, neither the folder nor the cluster', async (t) => {
  const folder = dataFolder(t)
  const first = await open(t, folder)
  await first.stop()
  // A living process of the same user as the server's, which is what makes PostgreSQL itself refuse.
  const { uid, gid } = statSync(clusterOf(first.files))
  const other = spawn('sleep', ['60'], { uid, gid, cwd: '/' })
  t.after(() => other.kill())
  writeFileSync(
    join(clusterOf(first.files), 'postmaster.pid'),
    `${other.pid}\n${clusterOf(first.files)}\n1\n5432\n\n\n\n`,
  )
  writeFileSync(
    join(folder, 'holder.7.json'),
    JSON.stringify({ pid: other.pid, started: 'another boot:1', since: '2026-01-01T00:00:00Z' }),
  )
  const second = await open(t, folder)
  assert.equal(other.exitCode, null)
  assert.equal((await asOwner(second.url, 'SELECT 1 AS one')).rowCount, 1)
})

test('an initialisation that was interrupted begins anew', async (t) => {
  const folder = dataFolder(t)
  const first = await open(t, folder)
  await first.stop()
  // What a killed initdb leaves: a part of the files, aside.
  const cluster = clusterOf(first.files)
  rmSync(join(cluster, 'global'), { recursive: true })
  renameSync(cluster, `${cluster}.incomplete`)
  const second = await open(t, folder)
  assert.equal((await asOwner(second.url, 'SELECT 1 AS one')).rowCount, 1)
  assert.equal(existsSync(`${cluster}.incomplete`), false)
})

test('the death of the server is noticed', async (t) => {
  const embedded = await open(t, dataFolder(t))
  process.kill(embedded.pid, 'SIGKILL')
  await embedded.ended
})

test('a folder whose path is too long for a socket works all the same', async (t) => {
  const folder = join(dataFolder(t), 'a'.repeat(60), 'b'.repeat(60))
  mkdirSync(folder, { recursive: true })
  const { url } = await open(t, folder)
  assert.equal((await asOwner(url, 'SELECT 1 AS one')).rowCount, 1)
})

test('data of another major version is refused, not replaced', async (t) => {
  const folder = dataFolder(t)
  mkdirSync(join(folder, 'postgresql-14'))
  await assert.rejects(
    openEmbedded({ folder, throwaway: true }),
    /holds postgresql-14, and this version .* brings PostgreSQL 18/,
  )
})

test('many that come at once: one holds the folder', async (t) => {
  const folder = dataFolder(t)
  writeFileSync(
    join(folder, 'holder.3.json'),
    JSON.stringify({ pid: 1, started: 'long ago', since: '2026-01-01T00:00:00Z' }),
  )
  const script = `import { holdFolder } from './api/platform/embedded/holder.ts'
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, Number(process.argv[2]) - Date.now())))
    try { holdFolder(process.argv[1]); console.log('holds'); setTimeout(() => undefined, 600_000) } catch (error) { console.log(error.name) }`
  const at = String(Date.now() + 3000)
  const all = Array.from({ length: 6 }, () =>
    start(process.execPath, ['--input-type=module-typescript', '--eval', script, folder, at], { cwd: ROOT }),
  )
  // Whoever has it keeps it until the last has asked.
  await Promise.all(all.map((each) => says(each, /holds|DataHeld/)))
  for (const { child } of all) child.kill('SIGKILL')
  await Promise.all(all.map(({ exit }) => exit))
  assert.deepEqual(all.map(({ output }) => output().trim()).sort(), [...Array(5).fill('DataHeld'), 'holds'])
})

test('as root, data that the user of the server cannot enter any more is refused, not begun anew', async (t) => {
  if (process.getuid?.() !== 0) return skipUnlessRoot(t)
  const folder = dataFolder(t)
  await (await open(t, folder)).stop()
  chmodSync(folder, 0o700)
  await assert.rejects(
    openEmbedded({ folder, throwaway: true }),
    /holds data \(postgresql-18\).* cannot enter it any more/,
  )
})

test('as root, the data of an ordinary user is run as that user', async (t) => {
  if (process.getuid?.() !== 0) return skipUnlessRoot(t)
  const folder = dataFolder(t)
  await (await open(t, folder)).stop()
  // As if an ordinary user had made it.
  const nobody = { uid: 65_534, gid: 65_534 }
  execFileSync('chown', ['-R', `${nobody.uid}:${nobody.gid}`, folder])
  const { files } = await open(t, folder)
  assert.equal(statSync(clusterOf(files)).uid, nobody.uid)
})

test('a folder that cannot be used is named, with the reason', async (t) => {
  const file = join(dataFolder(t), 'file')
  writeFileSync(file, '')
  await assert.rejects(
    openEmbedded({ folder: join(file, 'data'), throwaway: true }),
    /data folder .* cannot be made: .*not a directory/,
  )
  await assert.rejects(openEmbedded({ folder: file, throwaway: true }), /data folder .*cannot be (made|used)/)
})

test('as root, an empty folder of mode 0700 is given to the user of the server', async (t) => {
  if (process.getuid?.() !== 0) return skipUnlessRoot(t)
  const folder = dataFolder(t)
  chmodSync(folder, 0o700)
  const { files } = await open(t, folder)
  assert.equal(files, folder)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
})

test('as root, below a folder that only root enters, the files are in a readable place and the folder says where', async (t) => {
  if (process.getuid?.() !== 0) return skipUnlessRoot(t)
  const closed = mkdtempSync(join(tmpdir(), 'equihour-closed-'))
  t.after(() => rmSync(closed, { recursive: true, force: true }))
  const embedded = await open(t, join(closed, 'data'))
  t.after(() => rmSync(embedded.files, { recursive: true, force: true }))
  assert.equal(readFileSync(join(closed, 'data', 'files-are-in'), 'utf8').trim(), embedded.files)
  assert.ok(!embedded.files.startsWith(closed))
  const { rows } = await asOwner(embedded.url, 'SELECT 1 AS one')
  assert.deepEqual(rows, [{ one: 1 }])
})

test('nothing of our environment changes the server', async (t) => {
  process.env.PGDATA = '/nonexistent'
  t.after(() => {
    delete process.env.PGDATA
  })
  const { url } = await open(t, dataFolder(t))
  assert.deepEqual((await asOwner(url, 'SHOW fsync')).rows, [{ fsync: 'off' }])
})
