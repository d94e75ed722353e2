/** Reconciliation over a deal that drew, and what it finds when rows were changed behind the application's back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raiseWall } from '../../api/access/index.ts'
import { reconcile } from '../../api/closing/index.ts'
import { inTransaction, newId } from '../../api/platform/index.ts'
import { asOwner } from '../support/database.ts'
import { wholeWay } from '../support/path.ts'
import { makeStage } from '../support/path-stage.ts'
import { start } from '../support/process.ts'
import { makeWorld, type World } from '../support/world.ts'

const world = await makeWorld()
const stage = await makeStage(world, 'Reconciled compute')
const first = await wholeWay(world, 'Lumen Robotics, Inc.', stage)
const second = await wholeWay(world, 'Harborline Freight Systems, Inc.')
const key = (id: string): string => id.slice(id.indexOf(':') + 1)
const company = key(first.companyId)

test('two companies that went the whole way agree in everything', async () => {
  const found = await reconcile(world.deps.db)
  assert.deepEqual(found.differences, [])
  assert.equal(found.companies, 2)
  assert.ok(found.events > 50, `${found.events}`)
})

/** Statements that the application cannot make: as the owner, with triggers off. `$company` is the first company. */
const CORRUPTIONS: Readonly<Record<string, { sql: string; found: readonly string[] }>> = {
  'a balance that no transfer explains': {
    sql: `UPDATE ledger_account SET credits_posted = credits_posted + 1000000 WHERE holder_id = $company AND kind = 'available'`,
    found: ['BALANCES available credits posted = transfers', 'CONSERVATION granted = where the tokens are'],
  },
  'a transfer whose amount was changed': {
    sql: `UPDATE transfer SET amount_micro = amount_micro + 1 WHERE holder_id = $company AND reason = 'release'
      AND transfer_id = (SELECT released_transfer_id FROM release_plan WHERE company_id = $company
        AND released_transfer_id IS NOT NULL ORDER BY release_on LIMIT 1)`,
    found: [
      'BALANCES available credits posted = transfers',
      'BALANCES locked debits posted = transfers',
      'RELEASES release of 2026-07-15 = its transfer',
    ],
  },
  'a lot that was made larger': {
    sql: `UPDATE lot SET amount_micro = amount_micro + 5 WHERE company_id = $company`,
    found: ['CONSERVATION granted = amount of the lot', 'SUPPLY granted = amounts of the lots'],
  },
  'a promise that was forgotten': {
    sql: `DELETE FROM open_pending WHERE holder_id = $company
      AND transfer_id = (SELECT min(transfer_id::text)::uuid FROM open_pending WHERE holder_id = $company)`,
    found: ['PROMISES open promises = pending transfers without an end'],
  },
  'a hold whose reservation was cancelled without it': {
    sql: `UPDATE reservation SET state = 'cancelled' WHERE company_id = $company AND state = 'held'`,
    found: ['HOLDS held for no open reservation'],
  },
  'a meter that was turned back': {
    sql: `UPDATE meter SET gpu_seconds = gpu_seconds - 3600 WHERE company_id = $company AND gpu_seconds > 0`,
    found: ['USAGE metered GPU-seconds = usage records'],
  },
  'a charge that was lowered': {
    sql: `UPDATE charge SET amount_micro = amount_micro - 7 WHERE company_id = $company AND cause = 'idle_reserved'`,
    found: [
      'CHARGES charged:idle_reserved = charges',
      'CHARGES idle_reserved charged = metered',
      'EARNED idle_reserved of the grant = charges',
    ],
  },
  'a share earned by nothing': {
    sql: `UPDATE grant_progress SET earned_shares = earned_shares + 1 WHERE company_id = $company`,
    found: ['EARNED earned shares = terms at the peak of the basis'],
  },
  'a part of the basis that no charge moved': {
    sql: `UPDATE charge SET basis_from = basis_from + 1 WHERE company_id = $company AND basis_to > basis_from AND basis_from > 0`,
    // Of use that was corrected, too: then more is taken back than it ever had.
    found: ['EARNED basis reached by charges = its peak', 'EARNED no charge has less than none of the basis'],
  },
  'shares that vested without a final statement': {
    sql: `UPDATE statement_progress SET state = 'disputed' WHERE company_id = $company AND state = 'final'`,
    found: ['VESTED vested by the final statement'],
  },
  'a vesting event that was taken off the cap table': {
    sql: `UPDATE securities_transaction SET status = 'SET_ASIDE' WHERE company_id = $company AND object_type = 'TX_VESTING_EVENT'`,
    found: ['CAP_TABLE shares of security', 'CAP_TABLE vesting event'],
  },
  'a statement whose figures were changed': {
    sql: `UPDATE statement SET figures = jsonb_set(figures, '{month}', '"2026-01"') WHERE company_id = $company AND month = '2026-07-01'`,
    found: ['STATEMENTS SHA-256 of the figures'],
  },
  'an audit event that says another actor': {
    sql: `UPDATE audit_event SET actor_id = '00000000-0000-0000-0000-000000000000' WHERE scope_id = $company AND kind = 'statement.final'`,
    found: ['AUDIT leaf of the event'],
  },
  'a supply that was granted twice': {
    sql: `UPDATE token_supply SET granted_micro = granted_micro + 1000000 WHERE token_class_id = '${key(stage.tokenClassId)}'`,
    found: ['SUPPLY granted = amounts of the lots'],
  },
}

for (const [name, { sql, found }] of Object.entries(CORRUPTIONS)) {
  test(`${name} is found and named`, async () => {
    await corrupted(world, sql.replaceAll('$company', `'${company}'`), async () => {
      const { differences } = await reconcile(world.deps.db)
      const said = [...new Set(differences.map(({ check, what }) => `${check} ${what}`))].sort()
      assert.deepEqual(
        said.map((text) => found.find((start) => text.startsWith(start)) ?? text),
        [...found].sort(),
        JSON.stringify(differences, null, 1),
      )
      for (const { companyId, subject } of differences) {
        assert.ok(companyId === null || companyId === company, 'the other company has nothing to do with it')
        assert.ok(!subject.includes(key(second.companyId)))
      }
    })
  })
}

const command = async (...args: string[]) => {
  const running = start(process.execPath, ['bin/equihour.mjs', 'reconcile', ...args], {
    env: { ...process.env, DATABASE_URL: world.ownerUrl },
  })
  return { code: await running.exit, output: running.output() }
}

test('the command exits with 3 on any difference, names it, and keeps the run for whoever may see it', async () => {
  const { sql } = CORRUPTIONS['a balance that no transfer explains'] ?? { sql: '' }
  await corrupted(world, sql.replaceAll('$company', `'${company}'`), async () => {
    const { code, output } = await command()
    assert.equal(code, 3, output)
    assert.match(output, /differences: 2 companies/)
    assert.match(output, /BALANCES Lot:[0-9a-f:-]+: available credits posted = transfers: \d+ expected, \d+ found/)
  })
  const clean = await command('--json')
  assert.equal(clean.code, 0, clean.output)
  assert.deepEqual(JSON.parse(clean.output).differences, [])
  const query = '{ reconciliations { finishedAt differenceCount differences { check subject what expected found } } }'
  const { data } = await world.staff.compliance.graphql(query)
  const [last, before] = data.reconciliations
  assert.deepEqual([last.differenceCount, before.differenceCount > 0], [0, true])
  assert.equal(before.differences[0].check, 'BALANCES')
  const walled = await world.person('partner')
  await inTransaction(world.deps.db, (trx) =>
    raiseWall(trx, { id: newId(), personId: walled.id, companyId: company, reason: 'test', raisedBy: walled.id }),
  )
  const behind = await walled.graphql(query)
  assert.deepEqual(
    behind.data.reconciliations.map(({ differenceCount }: { differenceCount: number }) => differenceCount),
    [0, 0],
  )
  for (const person of [world.staff.regulator, world.staff.provider, first.founder])
    assert.deepEqual((await person.graphql(query)).data.reconciliations, [])
  assert.equal((await command('--company', first.companyId)).code, 0)
  assert.equal((await command('--company', 'Round:1')).code, 2)
})

test('afterwards everything agrees again', async () => {
  assert.deepEqual((await reconcile(world.deps.db)).differences, [])
})

/** Runs one statement as the owner with all triggers and checks of other rows off, then `look`, then puts the rows back. */
async function corrupted(of: World, statement: string, look: () => Promise<void>): Promise<void> {
  const table = /^(?:UPDATE|DELETE FROM) (\w+)/.exec(statement)?.[1] ?? ''
  const off = `SET session_replication_role = replica;`
  const before = await asOwner(of.ownerUrl, `SELECT count(*) FROM ${table}`)
  // What the database computes of a row by itself cannot be put back by hand.
  const { rows } = await asOwner(
    of.ownerUrl,
    `SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) AS names
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '${table}' AND is_generated = 'NEVER'`,
  )
  const columns = String(rows[0]?.names)
  await asOwner(of.ownerUrl, `${off} CREATE TABLE kept AS SELECT * FROM ${table};`)
  try {
    const results = (await asOwner(of.ownerUrl, `${off} ${statement}`)) as unknown as { rowCount: number }[]
    assert.ok((results[1]?.rowCount ?? 0) > 0, 'the corruption changed nothing')
    await look()
  } finally {
    await asOwner(
      of.ownerUrl,
      `${off} DELETE FROM ${table}; INSERT INTO ${table} (${columns}) SELECT ${columns} FROM kept; DROP TABLE kept;`,
    )
  }
  assert.deepEqual((await asOwner(of.ownerUrl, `SELECT count(*) FROM ${table}`)).rows, before.rows)
}
