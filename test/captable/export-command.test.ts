import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { admit } from '../../api/access/index.ts'
import { checkPackage, importCapTable } from '../../api/captable/index.ts'
import { run } from '../../api/cli/export.ts'
import { DEMO_PEOPLE } from '../../api/demo/people.ts'
import { inTransaction, newId } from '../../api/platform/index.ts'
import { ownPackage } from '../support/ocf-package.ts'
import { makeWorld } from '../support/world.ts'

const world = await makeWorld()
const { analyst, founder } = DEMO_PEOPLE
const other = await world.company('Tessellate Bio, Inc.')
await inTransaction(world.deps.db, async (trx) => {
  await admit(trx, analyst, { id: newId(), role: 'analyst' })
  await admit(trx, founder, { id: newId(), role: 'founder', companyId: other.companyId })
})
process.env.DATABASE_URL = world.ownerUrl

/** A folder that is gone after the test. */
async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'equihour-export-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

async function exporting(t: TestContext, ...args: readonly string[]) {
  const said: string[] = []
  const log = t.mock.method(console, 'log', (text: string) => void said.push(text))
  const error = t.mock.method(console, 'error', (text: string) => void said.push(text))
  try {
    return { code: await run([...args]), said: said.join('\n') }
  } finally {
    log.mock.restore()
    error.mock.restore()
  }
}

test('writes an archive or a folder that imports again, and never over what is there', async (t) => {
  const company = await world.company()
  const aside = { object_type: 'TX_STOCK_ACCEPTANCE', id: 'accepts-nothing', date: '2026-02-01', security_id: 'none' }
  const files = [...ownPackage({ Transactions: (items) => [...items, aside] })]
  await importCapTable(world.deps, world.staff.analyst.actor, { companyId: company.id, files, gaps: 'ACCEPT' })
  const given = await folder(t)
  for (const out of [join(given, 'lumen.ocf.zip'), join(given, 'lumen')]) {
    const { code, said } = await exporting(t, '--company', company.id, '--out', out)
    assert.equal(code, 0, said)
    assert.match(said, /^Written to .*: Manifest\.ocf\.json, .*; 6 transactions\.\n1 items do not count here/)
    assert.match(said, /TX_STOCK_ACCEPTANCE accepts-nothing/)
    const { package: read } = await checkPackage({ path: out }, 'ACCEPT')
    assert.equal(read.transactions.length, 6)
    const again = await exporting(t, '--company', company.id, '--out', out)
    assert.equal(again.code, 1)
    assert.match(again.said, /cannot be written|is not empty/)
  }
  const full = join(given, 'full')
  await writeFile(full, 'mine')
  assert.equal((await exporting(t, '--company', company.id, '--out', full)).code, 1)
  assert.deepEqual((await readdir(given)).sort(), ['full', 'lumen', 'lumen.ocf.zip'])
})

test('what the person may not see, and a company that is not there, are refused alike; nothing is written', async (t) => {
  const company = await world.company()
  const given = await folder(t)
  const out = join(given, 'x.ocf.zip')
  const unseen = await exporting(t, '--company', company.id, '--out', out, '--as', 'founder')
  const missing = await exporting(t, '--company', `Company:${newId()}`, '--out', out, '--as', 'founder')
  assert.equal(unseen.code, 1)
  assert.deepEqual(unseen, missing)
  const none = await exporting(t, '--company', company.id, '--out', out)
  assert.deepEqual([none.code, /no cap table here yet/.test(none.said)], [1, true])
  assert.equal((await exporting(t, '--company', 'Lumen', '--out', out)).code, 1)
  assert.deepEqual(await readdir(given), [])
})

test('a call that cannot be meant is told how it goes', async (t) => {
  for (const args of [
    [],
    ['--company', 'Company:1'],
    ['--nonsense'],
    ['--company', 'x', '--out', 'y', '--as', 'nobody'],
  ]) {
    const { code, said } = await exporting(t, ...args)
    assert.equal(code, 2)
    assert.match(said, /Usage: equihour export/)
  }
})
