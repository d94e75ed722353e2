/** The same start from checkouts in other places, owned by others. They are copies: the code, and links to its modules. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { serviceUser } from '../../api/platform/embedded/service-user.ts'
import { pressCtrlC, ROOT, says, start } from '../support/process.ts'

const CODE = ['api', 'bin', 'migrations', 'schema', 'templates', 'package.json']

function skipUnlessRoot(t: TestContext): boolean {
  if (process.getuid?.() === 0) return false
  console.warn(`SKIPPED, needs root: ${t.name}`)
  t.skip('needs root')
  return true
}

function copyOfCheckout(t: TestContext): { outer: string; checkout: string } {
  const outer = mkdtempSync(join(tmpdir(), 'equihour-checkout-'))
  const checkout = join(outer, 'equihour')
  t.after(() => {
    const pointer = join(checkout, 'data', 'files-are-in')
    if (existsSync(pointer)) rmSync(readFileSync(pointer, 'utf8').trim(), { recursive: true, force: true })
    rmSync(outer, { recursive: true, force: true })
  })
  mkdirSync(checkout)
  for (const name of CODE) execFileSync('cp', ['-a', join(ROOT, name), checkout])
  const linked = spawnSync('cp', ['-al', join(ROOT, 'node_modules'), checkout]).status === 0
  if (!linked) execFileSync('cp', ['-a', join(ROOT, 'node_modules'), checkout])
  return { outer, checkout }
}

async function startsAndStops(
  t: TestContext,
  checkout: string,
  identity: { uid?: number; gid?: number } = {},
): Promise<string> {
  const { DATABASE_URL: _ours, EQUIHOUR_DATA: _data, ...env } = process.env
  // The strictest of umasks that people have.
  const running = start('/bin/sh', ['-c', 'umask 077; exec node_modules/.bin/node bin/equihour.mjs start'], {
    ...identity,
    cwd: checkout,
    env: { ...env, PORT: '0', HOME: '/nonexistent' },
  })
  t.after(() => running.child.kill('SIGKILL'))
  const [, port] = await says(running, /serves http:\/\/localhost:(\d+)/)
  assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200)
  pressCtrlC(running)
  assert.equal(await running.exit, 0, running.output())
  return running.output()
}

test('as root, from a checkout below a folder of mode 0700', async (t) => {
  if (skipUnlessRoot(t)) return
  const { outer, checkout } = copyOfCheckout(t)
  chmodSync(outer, 0o700)
  await startsAndStops(t, checkout)
  const files = readFileSync(join(checkout, 'data', 'files-are-in'), 'utf8').trim()
  assert.ok(existsSync(files) && !files.startsWith(outer))
  await startsAndStops(t, checkout)
  assert.equal(readFileSync(join(checkout, 'data', 'files-are-in'), 'utf8').trim(), files)
})

test('as an ordinary user, from a checkout that the user owns', async (t) => {
  if (skipUnlessRoot(t)) return
  const user = serviceUser()
  assert.ok(user)
  const { outer, checkout } = copyOfCheckout(t)
  chmodSync(outer, 0o700)
  for (const path of [outer, checkout]) chownSync(path, user.uid, user.gid)
  await startsAndStops(t, checkout, user)
  assert.ok(existsSync(join(checkout, 'data', 'postgresql-18')))
  await startsAndStops(t, checkout, user)
})
