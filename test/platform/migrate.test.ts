import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  isSupported,
  MigrationChanged,
  MigrationFailed,
  MigrationOutOfOrder,
  MigrationUnknown,
  migrate,
  UnsupportedServer,
} from '../../api/platform/migrate.ts'
import { asOwner, freshDatabase } from '../support/database.ts'

/** A folder of migrations, and a database that has none: the template's are undone. */
async function given(t: TestContext, files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'equihour-migrations-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const write = (more: Readonly<Record<string, string>>): void => {
    for (const [name, sql] of Object.entries(more)) writeFileSync(join(folder, name), sql)
  }
  write(files)
  const { url } = await freshDatabase(t)
  await asOwner(url, 'DROP SCHEMA public CASCADE; DROP SCHEMA graphile_worker CASCADE; CREATE SCHEMA public')
  const tables = async (): Promise<string[]> => {
    const { rows } = await asOwner(url, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
    return rows.map(({ tablename }: { tablename: string }) => tablename)
  }
  return { folder, url, write, tables }
}

const ONE = { '0001_one.sql': 'CREATE TABLE one (id int)' }
const TWO = { '0002_two.sql': 'CREATE TABLE two (id int)' }

test('migrations are applied once, in order, and new ones later', async (t) => {
  const { url, folder, write, tables } = await given(t, { ...TWO, ...ONE, 'notes.md': 'not one of them' })
  assert.deepEqual(await migrate(url, folder), ['0001_one.sql', '0002_two.sql'])
  assert.deepEqual(await migrate(url, folder), [])
  write({ '0003_three.sql': 'ALTER TABLE one RENAME TO first' })
  assert.deepEqual(await migrate(url, folder), ['0003_three.sql'])
  assert.deepEqual(await tables(), ['first', 'migration', 'two'])
})

test('many that migrate at once apply each migration once', async (t) => {
  const { url, folder, tables } = await given(t, { ...ONE, ...TWO })
  const applied = await Promise.all(Array.from({ length: 8 }, () => migrate(url, folder)))
  assert.deepEqual(applied.flat().sort(), ['0001_one.sql', '0002_two.sql'])
  assert.deepEqual(await tables(), ['migration', 'one', 'two'])
})

test('a migration that fails is rolled back whole, names its file and line, and those before it stay', async (t) => {
  const { url, folder, tables } = await given(t, {
    ...ONE,
    '0002_bad.sql': 'CREATE TABLE two (id int);\n\nCREATE TABEL three;',
  })
  await assert.rejects(migrate(url, folder), (error: Error) => {
    assert.ok(error instanceof MigrationFailed)
    assert.match(error.message, /^0002_bad\.sql:3 failed and was rolled back: syntax error at or near "TABEL"$/)
    return true
  })
  assert.deepEqual(await tables(), ['migration', 'one'])
})

test('an applied migration that reads differently is refused', async (t) => {
  const { url, folder, write } = await given(t, ONE)
  await migrate(url, folder)
  write({ '0001_one.sql': 'CREATE TABLE uno (id int)', ...TWO })
  await assert.rejects(migrate(url, folder), MigrationChanged)
})

test('a database of a later version is refused', async (t) => {
  const { url, folder } = await given(t, { ...ONE, ...TWO })
  await migrate(url, folder)
  rmSync(join(folder, '0002_two.sql'))
  await assert.rejects(migrate(url, folder), MigrationUnknown)
})

test('a new migration with an earlier number is refused', async (t) => {
  const { url, folder, write, tables } = await given(t, TWO)
  await migrate(url, folder)
  write(ONE)
  await assert.rejects(migrate(url, folder), MigrationOutOfOrder)
  assert.deepEqual(await tables(), ['migration', 'two'])
})

test('PostgreSQL 15 to 18 is supported, and another is named', () => {
  const cases: [number, boolean][] = [
    [140_012, false],
    [150_000, true],
    [150_013, true],
    [180_004, true],
    [190_000, false],
    [Number.NaN, false],
  ]
  for (const [version, supported] of cases) assert.equal(isSupported(version), supported, String(version))
  assert.match(new UnsupportedServer('14.12').message, /is PostgreSQL 14\.12; Equihour works with PostgreSQL 15 to 18/)
})
