/** What was imported, read back from the database: the same items, and the same table as the package itself gives. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { capTableView } from '../../api/captable/cap-table-view.ts'
import { loadHistory } from '../../api/captable/history.views.ts'
import { capTableAsOf, checkPackage, importCapTable, replay, writeCheckpoint } from '../../api/captable/index.ts'
import { ownPackage } from '../support/ocf-package.ts'
import { sharedData } from '../support/shared.ts'
import { makeWorld } from '../support/world.ts'
import { lookedUp, withoutTriggers } from './given-checkpoint.ts'

const world = await makeWorld()
const samples = sharedData('ocf-samples')

const filesBelow = (folder: string) =>
  readdirSync(folder).map((name) => ({ name, content: readFileSync(join(folder, name), 'utf8') }))

async function assertRoundTrip(
  files: readonly { name: string; content: string }[],
  days: readonly string[],
): Promise<void> {
  const company = await world.company()
  const { package: read, replayed } = await checkPackage({ files }, 'ACCEPT')
  const actor = world.staff.analyst.actor
  const imported = await importCapTable(world.deps, actor, { companyId: company.id, files: [...files], gaps: 'ACCEPT' })
  const { db } = world.deps
  const history = await loadHistory(db, company.companyId)
  const counted = <T extends object>(placed: readonly T[]) => placed.filter((it) => !replayed.setAside.has(it as never))
  assert.deepEqual(history.issuer.raw, read.issuer.raw)
  assert.deepEqual(
    history.objects.map((it) => it.raw),
    counted(read.objects).map((it) => it.raw),
  )
  const byDate = counted(read.transactions).toSorted((a, b) =>
    a.item.date < b.item.date ? -1 : a.item.date > b.item.date ? 1 : 0,
  )
  assert.deepEqual(
    history.transactions.map((it) => it.raw),
    byDate.map((it) => it.raw),
  )
  for (const day of days) {
    const { table } = replay(read, { gaps: 'ACCEPT', through: day })
    assert.deepEqual(await capTableAsOf(db, company.companyId, day), capTableView(table, day), day)
  }
  await writeCheckpoint(world.deps, company.companyId)
  for (const day of days) {
    const { table } = replay(read, { gaps: 'ACCEPT', through: day })
    assert.deepEqual(
      (await lookedUp(db, company.companyId, day, 50)).view,
      withoutTriggers(capTableView(table, day)),
      day,
    )
  }
  // Nothing is lost: what does not count is there too.
  const kept = await db
    .selectFrom('securities_transaction')
    .select(({ fn }) => ['status', fn.countAll<bigint>().as('count')])
    .where('company_id', '=', company.companyId)
    .groupBy('status')
    .execute()
  const count = (status: string) => Number(kept.find((row) => row.status === status)?.count ?? 0n)
  assert.equal(count('APPLIED'), imported.transactionCount)
  assert.equal(count('SET_ASIDE'), imported.setAsideCount)
  assert.equal(count('UNKNOWN_TYPE'), imported.unknownCount)
  assert.equal(
    count('APPLIED') + count('SET_ASIDE') + count('UNKNOWN_TYPE'),
    read.transactions.length + read.unknown.length,
  )
}

test('our own package is read back as it was imported', () =>
  assertRoundTrip(ownPackage(), ['2024-01-15', '2025-06-01', '2026-11-20']))

for (const [name, days] of [
  ['acme', ['1978-05-27', '2019-12-12', '2022-02-01', '2024-12-31']],
  ['aperture-options', ['2022-01-01', '2023-12-31', '2024-01-31', '2030-01-01']],
  ['compute-for-equity', ['2026-01-02', '2026-11-15', '2028-06-30', '2028-07-15']],
] as const) {
  test(`the sample ${name} is read back as it was imported`, { skip: samples === undefined }, () =>
    assertRoundTrip(filesBelow(join(samples ?? '', name)), days),
  )
}
