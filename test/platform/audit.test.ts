import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { sql } from 'kysely'
import { audit, inTransaction, newId, sqlState } from '../../api/platform/index.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld } from '../support/world.ts'

const world = await makeWorld()
const actor = world.staff.partner.actor
const company = newId()
const PAYLOAD = { zebra: 'ź', amount: '100000.5', list: [1, null, true, { b: 'x', a: '' }], '\u20ac': '"\\\n' }

/** Records an event and reads its row as the owner, instants with all their digits. */
async function recorded() {
  const subject = `Round:${company}:${newId()}`
  await inTransaction(world.deps.db, (trx) =>
    audit(trx, actor, { scope: { kind: 'company', id: company }, kind: 'round.closed', subject, payload: PAYLOAD }),
  )
  const { rows } = await asOwner(
    world.ownerUrl,
    `SELECT scope_id, event_id, scope_kind, actor_id, kind, subject, payload, encode(leaf_hash, 'hex') AS leaf,
       regexp_replace(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '\\.?0*$', '') || 'Z' AS at
     FROM audit_event WHERE subject = '${subject}'`,
  )
  assert.equal(rows.length, 1)
  return rows[0]
}

/** The leaf hash of a row by hand: the members in the order of their names, written out. */
function byHand(row: Record<string, unknown>): string {
  const text = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(text).join(',')}]`
    if (typeof value !== 'object' || value === null) return JSON.stringify(value)
    const names = Object.keys(value).sort()
    return `{${names.map((name) => `${JSON.stringify(name)}:${text(Reflect.get(value, name))}`).join(',')}}`
  }
  const q = JSON.stringify
  const entry = `{"actor":${q(row.actor_id)},"at":${q(row.at)},"id":${q(row.event_id)},"kind":${q(row.kind)},"payload":${text(row.payload)},"scope":{"id":${q(row.scope_id)},"kind":${q(row.scope_kind)}},"subject":${q(row.subject)}}`
  return createHash('sha256').update('\u0000').update(entry).digest('hex')
}

test('the leaf hash can be computed again from the stored row alone, and no field can change unseen', async () => {
  const row = await recorded()
  assert.equal(row.leaf, byHand(row))
  const changed: Record<string, unknown> = {
    scope_id: newId(),
    event_id: newId(),
    scope_kind: 'pool',
    actor_id: newId(),
    kind: 'round.opened',
    subject: `Round:${company}:${newId()}`,
    at: '2026-11-20T00:00:00.000001Z',
    payload: { ...PAYLOAD, amount: '100000.50' },
  }
  // Every column but the hash itself: one that is added later must be covered too.
  const { rows } = await asOwner(
    world.ownerUrl,
    `SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'audit_event' AND table_schema = 'public'`,
  )
  assert.deepEqual(rows.map(({ name }) => name).sort(), [...Object.keys(changed), 'leaf_hash'].sort())
  for (const [column, value] of Object.entries(changed))
    assert.notEqual(byHand({ ...row, [column]: value }), row.leaf, column)
})

test('an instant of the test clock is hashed as it is stored', async () => {
  for (const at of ['2026-11-20T00:00:00Z', '2026-11-20T09:08:07.1Z', '2026-12-31T23:59:59.999Z']) {
    await world.setClock(at)
    const row = await recorded()
    assert.equal(row.at, new Date(at).toISOString().replace(/\.?0*Z$/, 'Z'))
    assert.equal(row.leaf, byHand(row))
  }
  await world.setClock(undefined)
})

test('history cannot be changed: not by the application, and not by the owner', async () => {
  await recorded()
  const statements = [
    "UPDATE audit_event SET kind = 'x'",
    'UPDATE audit_event SET leaf_hash = leaf_hash',
    'DELETE FROM audit_event',
  ]
  for (const statement of statements) {
    await assert.rejects(sql.raw(statement).execute(world.deps.db), (error) => sqlState(error) === '42501', statement)
    await assert.rejects(asOwner(world.ownerUrl, statement), /rows of audit_event are history/, statement)
  }
  await assert.rejects(sql`TRUNCATE audit_event`.execute(world.deps.db), (error) => sqlState(error) === '42501')
})

test('every table of history is as hard to change', async () => {
  const { rows: tables } = await asOwner(
    world.ownerUrl,
    `SELECT relname AS name, has_table_privilege('equihour_app', c.oid, 'UPDATE, DELETE, TRUNCATE')
       OR has_any_column_privilege('equihour_app', c.oid, 'UPDATE') AS changeable
     FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE tgname = 'refuse_change'`,
  )
  assert.ok(tables.length >= 8, `only ${tables.length} tables of history`)
  // What a signed amendment moves forwards has triggers of its own; test/closing/amendments.test.ts holds them.
  const amended = ['lot', 'vesting_grant']
  assert.deepEqual(
    tables.filter(({ changeable, name }) => changeable && !amended.includes(name)),
    [],
  )
})

test('an event whose transaction fails was never there', async () => {
  const subject = `Round:${company}:${newId()}`
  const failing = inTransaction(world.deps.db, async (trx) => {
    await audit(trx, actor, { scope: { kind: 'company', id: company }, kind: 'round.closed', subject, payload: {} })
    throw new Error('no')
  })
  await assert.rejects(failing, /no/)
  const { rowCount } = await asOwner(world.ownerUrl, `SELECT FROM audit_event WHERE subject = '${subject}'`)
  assert.equal(rowCount, 0)
})

test('the application cannot write an event with a hash that is none, or of a kind of place that is none', async () => {
  for (const [column, value] of [
    ['leaf_hash', "'\\x00'"],
    ['scope_kind', "'fund'"],
  ] as const) {
    const values: Record<string, string> = {
      scope_id: `'${company}'`,
      event_id: `'${newId()}'`,
      scope_kind: "'company'",
      actor_id: `'${actor.id}'`,
      kind: "'x'",
      subject: "'x'",
      at: 'now()',
      payload: "'{}'",
      leaf_hash: `'\\x${'00'.repeat(32)}'`,
    }
    const statement = `INSERT INTO audit_event (${Object.keys(values).join(', ')}) VALUES (${Object.values({ ...values, [column]: value }).join(', ')})`
    await assert.rejects(sql.raw(statement).execute(world.deps.db), (error) => sqlState(error) === '23514', column)
  }
})
