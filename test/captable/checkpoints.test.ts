import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { issuedSecurityPages } from '../../api/captable/cap-tables.views.ts'
import { hashOf } from '../../api/captable/checkpoint/checkpoint.store.ts'
import { partsOf } from '../../api/captable/checkpoint/pack.ts'
import { timelineOf } from '../../api/captable/checkpoint/timeline.ts'
import { loadHistory, loadTable } from '../../api/captable/history.views.ts'
import {
  capTableAsOf,
  capTablesAsOf,
  checkPackage,
  importCapTable,
  issueShares,
  securitiesByRef,
  writeCheckpoint,
  writeDueCheckpoints,
} from '../../api/captable/index.ts'
import { nodeKey } from '../../api/captable/node-key.ts'
import { inTransaction, newId, type Uuid } from '../../api/platform/index.ts'
import { makeHistory, packageOf } from '../../bench/captable-history.ts'
import { asOwner } from '../support/database.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'
import { makeWorld } from '../support/world.ts'
import { lookedUp, withoutTriggers } from './given-checkpoint.ts'
import { option, safe, stock, tx, warrant } from './given-history.ts'

const world = await makeWorld()
const { db } = world.deps

async function imported(files: readonly { name: string; content: string }[]): Promise<Uuid> {
  const { companyId, id } = await world.company()
  await importCapTable(world.deps, world.staff.analyst.actor, {
    companyId: id,
    files: [...files],
    idempotencyKey: newId(),
    gaps: 'ACCEPT',
  })
  return companyId
}

const dayAfter = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10)

test('a checkpoint tells of every day what a replay of the prefix tells', async () => {
  const history = makeHistory(250)
  const companyId = await imported(packageOf(history))
  await writeCheckpoint(world.deps, companyId)
  const days = history.transactions.map(({ date }) => String(date))
  const anyDay = fc.tuple(fc.constantFrom(...days), fc.integer({ min: 0, max: 2_500 }), fc.constantFrom(33, 1000))
  await fc.assert(
    fc.asyncProperty(anyDay, async ([day, later, size]) => {
      const asOf = dayAfter(day, later)
      assert.deepEqual(
        (await lookedUp(db, companyId, asOf, size)).view,
        withoutTriggers(await capTableAsOf(db, companyId, asOf)),
        asOf,
      )
    }),
    { numRuns: 25, endOnFailure: true },
  )
  for (const asOf of [history.firstDay, history.lastDay, '2500-01-01']) {
    assert.deepEqual(
      (await lookedUp(db, companyId, asOf, 7)).view,
      withoutTriggers(await capTableAsOf(db, companyId, asOf)),
      asOf,
    )
  }
})

/** A history with what the made-up ones lack: a split, convertibles, warrants, accelerations, listed dates, returns. */
const mixed = [
  stock('st-1', '1000', {}, '2025-02-01'),
  stock(
    'st-2',
    '10',
    {
      vestings: [
        { date: '2026-01-01', amount: '4' },
        { date: '2027-01-01', amount: '6' },
      ],
    },
    '2025-02-01',
  ),
  option('op-2', '500', {}, '2025-03-01'),
  option('op-3', '900', { vesting_terms_id: OWN.terms }, '2025-03-02'),
  safe('safe-1', '50000', '2025-03-03'),
  tx('VESTING_START', { security_id: 'op-3', vesting_condition_id: 'start' }, 'start-3', '2025-03-05'),
  tx(
    'STOCK_CLASS_SPLIT',
    { stock_class_id: OWN.common, split_ratio: { numerator: '3', denominator: '1' } },
    'split',
    '2025-06-01',
  ),
  tx('VESTING_ACCELERATION', { security_id: 'op-3', quantity: '300', reason_text: 'agreed' }, 'faster', '2025-07-01'),
  tx(
    'EQUITY_COMPENSATION_CANCELLATION',
    { security_id: 'op-2', quantity: '1500', reason_text: 'left' },
    'gone',
    '2025-08-01',
  ),
  safe('safe-2', '70000', '2025-09-03'),
  tx(
    'CONVERTIBLE_CANCELLATION',
    { security_id: 'safe-1', amount: { amount: '50000', currency: 'USD' }, reason_text: 'paid' },
    'paid',
    '2025-10-01',
  ),
  warrant('wa-1'),
  // Over within the days looked at: on the way, on the day of another change, vesting; and paid in cash.
  option('op-4', '700', { vesting_terms_id: OWN.terms, expiration_date: '2027-05-05' }, '2025-03-02'),
  tx('VESTING_START', { security_id: 'op-4', vesting_condition_id: 'start' }, 'start-4', '2025-03-05'),
  option('op-5', '11', { expiration_date: '2025-06-30' }, '2025-03-02'),
  option('op-6', '13', { expiration_date: '2025-12-31' }, '2025-03-02'),
  tx(
    'EQUITY_COMPENSATION_CANCELLATION',
    { security_id: 'op-6', quantity: '39', reason_text: 'late' },
    'late',
    '2026-02-01',
  ),
  option('op-7', '17', { compensation_type: 'CSAR', base_price: { amount: '1', currency: 'USD' } }, '2025-03-02'),
  warrant('wa-2', { quantity: '19', warrant_expiration_date: '2028-02-29' }),
]

test('splits, convertibles, warrants, accelerations and listed dates are told as a replay tells them', async () => {
  const companyId = await imported(ownPackage({ Transactions: (items) => [...items, ...mixed] }))
  await writeCheckpoint(world.deps, companyId)
  for (let day = '2024-01-15'; day < '2029-06-01'; day = dayAfter(day, 13)) {
    assert.deepEqual(
      (await lookedUp(db, companyId, day, 1000)).view,
      withoutTriggers(await capTableAsOf(db, companyId, day)),
      day,
    )
  }
})

test('securities that have ended are told too, as a replay has them', async () => {
  const history = makeHistory(300, 11)
  const companyId = await imported(packageOf(history))
  await writeCheckpoint(world.deps, companyId)
  for (const asOf of [history.firstDay, '2020-02-29', history.lastDay]) {
    const { table } = await lookedUp(db, companyId, asOf, 50)
    const page = (await issuedSecurityPages(db, [table], { limit: 1_000 })).get(companyId)
    const replayed = [...(await loadTable(db, companyId, asOf)).securities.values()].map((it) => ({
      ...it,
      triggers: undefined,
      seniority: undefined,
    }))
    assert.deepEqual(
      page?.map(({ security }) => security),
      replayed,
      asOf,
    )
  }
  const all = [...(await loadTable(db, companyId)).securities.values()]
  const refs = [all[3], all.at(-1)].map((security) => ({ companyId, id: nodeKey(security?.id ?? '') }))
  const found = await securitiesByRef(db, world.staff.analyst.actor, [...refs, { companyId, id: newId() }])
  assert.deepEqual(
    found.map(({ security, names }) => [security, names.stakeholders.get(security.stakeholderId)?.name]),
    [all[3], all.at(-1)].map((security) => [
      security,
      `Holder number ${security?.stakeholderId.slice('holder-'.length)}`,
    ]),
  )
})

const checkpoints = async (companyId: Uuid) =>
  db.selectFrom('cap_table_checkpoint').selectAll().where('company_id', '=', companyId).execute()

test('its hash is that of a replay, in whatever process', async () => {
  const files = packageOf(makeHistory(200, 3))
  const companyId = await imported(files)
  await writeCheckpoint(world.deps, companyId)
  await writeCheckpoint(world.deps, companyId)
  const [made, ...more] = await checkpoints(companyId)
  assert.equal(more.length, 0)
  const timeline = await timelineOf(await loadHistory(db, companyId))
  assert.ok(timeline !== undefined)
  assert.deepEqual(made?.sha256, hashOf(partsOf(timeline)))
  // What came in gives the same as what was stored.
  const read = await timelineOf((await checkPackage({ files })).package)
  assert.deepEqual(read && hashOf(partsOf(read)), made?.sha256)
  await assert.rejects(
    asOwner(
      world.ownerUrl,
      `UPDATE cap_table_checkpoint_part SET content = replace(content, '1', '2') WHERE company_id = '${companyId}'`,
    ),
    /cap_table_checkpoint_part_sha256/,
  )
})

test('what was recorded since is never left out: it is replayed on the checkpoint until the next is made', async () => {
  const companyId = await imported(ownPackage())
  await writeCheckpoint(world.deps, companyId)
  const kindOn = async (asOf: string) => {
    const table = (await capTablesAsOf(db, [companyId], asOf)).get(companyId)
    return table instanceof Error ? table : table?.source.kind
  }
  assert.equal(await kindOn('2026-11-20'), 'checkpoint')
  const before = await capTableAsOf(db, companyId, '2026-11-20')
  await inTransaction(db, (trx) =>
    issueShares(trx, {
      companyId,
      stakeholder: { id: OWN.founderAda },
      stockClass: { id: OWN.common },
      quantity: 1_000n,
      sharePrice: { amount: 10n ** 10n, currency: 'USD' },
      date: '2026-11-20',
    }),
  )
  assert.equal(await kindOn('2026-11-20'), 'checkpoint')
  assert.notDeepEqual(await capTableAsOf(db, companyId, '2026-11-20'), before)
  assert.deepEqual(
    (await lookedUp(db, companyId, '2026-11-20', 10)).view,
    await capTableAsOf(db, companyId, '2026-11-20'),
  )
  await writeCheckpoint(world.deps, companyId)
  assert.equal(await kindOn('2026-11-20'), 'checkpoint')
  assert.equal((await checkpoints(companyId)).length, 1)
  assert.deepEqual(
    (await lookedUp(db, companyId, '2026-11-20', 10)).view,
    await capTableAsOf(db, companyId, '2026-11-20'),
  )
})

test('a checkpoint of another format is ignored, and replaced by the sweep', async () => {
  const companyId = await imported(packageOf(makeHistory(2_000, 5)))
  await writeDueCheckpoints(world.deps)
  const made = await checkpoints(companyId)
  assert.equal(made.length, 1)
  const last = String(made[0]?.position)
  await asOwner(
    world.ownerUrl,
    `BEGIN; ALTER TABLE cap_table_checkpoint_part DROP CONSTRAINT cap_table_checkpoint_part_of;
     UPDATE cap_table_checkpoint SET format = 999 WHERE company_id = '${companyId}';
     UPDATE cap_table_checkpoint_part SET format = 999 WHERE company_id = '${companyId}'; COMMIT`,
  )
  const table = (await capTablesAsOf(db, [companyId], '2026-11-20')).get(companyId)
  assert.equal(table instanceof Error ? table : table?.source.kind, 'replayed')
  await writeDueCheckpoints(world.deps)
  assert.deepEqual(
    (await checkpoints(companyId)).map(({ position, format }) => [String(position), format]),
    [[last, made[0]?.format]],
  )
})

test('within one day the history keeps the order of recording, also past the tenth transaction', async () => {
  const day = Array.from({ length: 12 }, (_, at) => stock(`many-${at}`, '1', {}, '2026-02-02'))
  const companyId = await imported(ownPackage({ Transactions: (items) => [...items, ...day] }))
  const { transactions } = await loadHistory(db, companyId)
  assert.deepEqual(
    transactions.filter(({ item }) => item.date === '2026-02-02').map(({ item }) => item.id),
    day.map(({ id }) => id),
  )
})
