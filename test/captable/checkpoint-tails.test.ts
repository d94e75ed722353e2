import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { appendToHistory } from '../../api/captable/append-history.ts'
import { issuedSecurityPages } from '../../api/captable/cap-tables.views.ts'
import { checkpointJob, TAIL_LONG } from '../../api/captable/checkpoint/write-checkpoint.ts'
import { loadTable } from '../../api/captable/history.views.ts'
import {
  capTableAsOf,
  capTablesAsOf,
  importCapTable,
  securitiesByRef,
  writeCheckpoint,
} from '../../api/captable/index.ts'
import { nodeKey } from '../../api/captable/node-key.ts'
import type { JsonObject } from '../../api/captable/ocf/json.ts'
import { inTransaction, newId, type Uuid } from '../../api/platform/index.ts'
import { type MadeHistory, makeHistory, packageOf } from '../../bench/captable-history.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'
import { makeWorld } from '../support/world.ts'
import { lookedUp, withoutTriggers } from './given-checkpoint.ts'
import { option, safe, stock, type Tx, tx, usd, warrant } from './given-history.ts'

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

const recorded = (companyId: Uuid, transactions: readonly object[], objects: readonly object[] = []): Promise<void> =>
  inTransaction(db, (trx) =>
    appendToHistory(trx, companyId, () => ({
      add: {
        objects: objects as JsonObject[],
        transactions: transactions.map((item) => ({ item: item as JsonObject })),
      },
      result: undefined,
    })),
  )

const dayAfter = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10)

async function tellsTheSame(companyId: Uuid, asOf: string, size: number): Promise<void> {
  const replayed = withoutTriggers(await capTableAsOf(db, companyId, asOf))
  assert.deepEqual(withoutTriggers((await lookedUp(db, companyId, asOf, size)).view), replayed, asOf)
}

/** The last place at or before `at` where nothing names a security that is issued only after it. */
function cutAt({ transactions }: MadeHistory, at: number): number {
  const issuedAt = new Map(
    transactions.flatMap((it, place) =>
      String(it.object_type).endsWith('_ISSUANCE') ? [[it.security_id, place]] : [],
    ),
  )
  for (let cut = at; ; cut -= 1) {
    const named = transactions
      .slice(0, cut)
      .flatMap((it) => [it.balance_security_id, ...((it.resulting_security_ids as string[] | undefined) ?? [])])
    if (named.every((id) => id === undefined || (issuedAt.get(String(id)) ?? 0) < cut)) return cut
  }
}

test('a table after its checkpoint is that of a replay of everything, wherever the checkpoint was made', async () => {
  const history = makeHistory(260, 23)
  const last = Date.parse(history.lastDay)
  const drawn = fc.tuple(
    fc.integer({ min: 150, max: 258 }),
    fc.integer({ min: 0, max: 3_000 }),
    fc.constantFrom(25, 1000),
  )
  await fc.assert(
    fc.asyncProperty(drawn, async ([at, later, size]) => {
      const cut = cutAt(history, at)
      // Some of the holders are recorded with the transactions that follow.
      const known = history.transactions.slice(0, cut)
      const holders = new Set(known.map(({ stakeholder_id: id }) => id))
      const late = history.objects.filter((it) => it.object_type === 'STAKEHOLDER' && !holders.has(it.id)).slice(1)
      const objects = history.objects.filter((it) => !late.includes(it))
      const companyId = await imported(packageOf({ ...history, objects, transactions: known }))
      await writeCheckpoint(world.deps, companyId)
      const rest = history.transactions.slice(cut)
      const half = cutAt({ ...history, transactions: history.transactions }, cut + Math.ceil(rest.length / 2)) - cut
      await recorded(companyId, rest.slice(0, half), late)
      await recorded(companyId, rest.slice(half))
      const first = Date.parse(String(known.at(-1)?.date))
      for (const day of [first, first + (last - first) / 2, last, last + later * 86_400_000])
        await tellsTheSame(companyId, new Date(day).toISOString().slice(0, 10), size)
    }),
    { numRuns: 4, endOnFailure: true },
  )
})

const eur = (item: Tx): Tx => ({ ...item, investment_amount: { amount: '900', currency: 'EUR' } })
const before = [
  stock('st-1', '1000', {}, '2026-02-01'),
  safe('safe-1', '50000', '2026-03-03'),
  eur(safe('safe-2', '1', '2026-03-04')),
  option('op-7', '66', { expiration_date: '2027-06-29' }, '2026-03-05'),
  option('op-9', '400', { stakeholder_id: OWN.employee, vesting_terms_id: OWN.terms }, '2026-03-05'),
]
/** Everything that the made-up histories lack. */
const after: readonly Tx[] = [
  tx('CONVERTIBLE_CANCELLATION', { security_id: 'safe-1', amount: usd('50000'), reason_text: 'paid' }),
  safe('safe-3', '7'),
  tx('VESTING_START', { security_id: 'op-9', vesting_condition_id: 'start' }, 'start-9'),
  tx('VESTING_ACCELERATION', { security_id: 'op-9', quantity: '33', reason_text: 'agreed' }, 'faster'),
  tx('STOCK_PLAN_POOL_ADJUSTMENT', { stock_plan_id: OWN.plan, shares_reserved: '2500000' }),
  tx('EQUITY_COMPENSATION_CANCELLATION', { security_id: OWN.option, quantity: '300000', reason_text: 'left' }),
  tx('STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT', { stock_class_id: OWN.common, new_shares_authorized: '30000000' }),
  { ...warrant('wa-1'), date: '2026-06-02' },
  option('op-8', '55', { expiration_date: '2027-06-29' }),
  tx('EQUITY_COMPENSATION_ACCEPTANCE', { security_id: 'op-7' }, 'accepted-7'),
  tx(
    'STOCK_TRANSFER',
    {
      security_id: 'st-1',
      quantity: '600',
      balance_security_id: 'st-3',
      resulting_security_ids: ['st-2'],
    },
    'sold',
    '2026-06-02',
  ),
  stock('st-2', '600', { stakeholder_id: 'newcomer' }, '2026-06-02'),
  stock('st-3', '400', {}, '2026-06-02'),
  stock(
    'b-1',
    '70',
    { stakeholder_id: OWN.founderBo, stock_class_id: 'series-b', share_price: usd('3') },
    '2026-06-03',
  ),
  tx('STOCK_ACCEPTANCE', { security_id: OWN.commonAda }, 'accepted', '2026-06-04'),
]
const newcomers = [
  { object_type: 'STAKEHOLDER', id: 'nobody-yet', name: { legal_name: 'Nobody Yet' }, stakeholder_type: 'INDIVIDUAL' },
  { object_type: 'STAKEHOLDER', id: 'newcomer', name: { legal_name: 'New Comer' }, stakeholder_type: 'INDIVIDUAL' },
  {
    object_type: 'STOCK_CLASS',
    id: 'series-b',
    name: 'Series B',
    class_type: 'PREFERRED',
    default_id_prefix: 'B-',
    initial_shares_authorized: '1000',
    votes_per_share: '1',
    seniority: '3',
  },
]

async function withTail(): Promise<Uuid> {
  const companyId = await imported(ownPackage({ Transactions: (items) => [...items, ...before] }))
  await writeCheckpoint(world.deps, companyId)
  await recorded(companyId, after, newcomers)
  return companyId
}

test('convertibles, pools, classes, warrants and new holders after a checkpoint are told as a replay tells them', async () => {
  const companyId = await withTail()
  for (const asOf of ['2026-05-31', '2026-06-01', '2026-06-02', '2026-06-03', '2026-06-30', '2027-06-30', '2030-01-01'])
    for (const size of [1, 2, 1000]) await tellsTheSame(companyId, asOf, size)
})

test('what ended after a checkpoint is in the list of all that was issued, and single securities are as they stand', async () => {
  const companyId = await withTail()
  const replayed = [...(await loadTable(db, companyId, '2026-06-30')).securities.values()]
  const { table } = await lookedUp(db, companyId, '2026-06-30', 3)
  const page = (await issuedSecurityPages(db, [table], { limit: 1_000 })).get(companyId)
  const plain = (it: object) => ({ ...it, triggers: undefined, seniority: undefined })
  assert.deepEqual(
    page?.map(({ security }) => plain(security)),
    replayed.map(plain),
  )
  const asked = ['safe-1', 'b-1', OWN.commonBo].map((id) => ({ companyId, id: nodeKey(id) }))
  const found = await securitiesByRef(db, world.staff.analyst.actor, asked)
  const holders = { 'safe-1': 'Harbor Seed Fund II, L.P.', 'b-1': 'Bo Ferreira', [OWN.commonBo]: 'Bo Ferreira' }
  assert.equal(found.length, 3)
  for (const { security, names } of found) {
    assert.deepEqual(plain(security), plain(replayed.find(({ id }) => id === security.id) ?? {}))
    assert.equal(names.stakeholders.get(security.stakeholderId)?.name, Reflect.get(holders, security.id))
  }
})

async function kindOn(companyId: Uuid, asOf: string): Promise<string | undefined> {
  const table = (await capTablesAsOf(db, [companyId], asOf)).get(companyId)
  assert.ok(table !== undefined && !(table instanceof Error))
  const { totals, classes, plans } = await capTableAsOf(db, companyId, asOf)
  assert.deepEqual({ totals: table.totals, classes: table.classes, plans: table.plans }, { totals, classes, plans })
  return table.source.kind
}

const split = tx('STOCK_CLASS_SPLIT', { stock_class_id: OWN.common, split_ratio: { numerator: '2', denominator: '1' } })
const renamed = (items: readonly object[]) => items.map((it) => ({ ...it, name: 'Renamed' }))
for (const [what, transactions, objects, asOf] of [
  ['a split', [split], [], '2026-07-01'],
  ['a day before the last of the checkpoint', [stock('st-8', '1', {}, '2026-02-02')], [], '2026-07-01'],
  ['a changed class', [], renamed([{ ...newcomers[2], id: OWN.seed }]), '2026-07-01'],
] as const) {
  test(`after ${what}, the whole history is replayed`, async () => {
    const companyId = await imported(ownPackage({ Transactions: (items) => [...items, ...before] }))
    await writeCheckpoint(world.deps, companyId)
    assert.equal(await kindOn(companyId, asOf), 'checkpoint')
    await recorded(companyId, transactions, objects)
    assert.equal(await kindOn(companyId, asOf), 'replayed')
    await checkpointJob(world.deps, { companyId })
    assert.equal(await kindOn(companyId, asOf), 'checkpoint')
  })
}

test('the next checkpoint is made when the tail is long, and not for every transaction', async () => {
  const companyId = await imported(ownPackage({ Transactions: (items) => [...items, ...before] }))
  await writeCheckpoint(world.deps, companyId)
  const position = async () => {
    const made = await db
      .selectFrom('cap_table_checkpoint')
      .select('position')
      .where('company_id', '=', companyId)
      .execute()
    return made.map((it) => Number(it.position)).join()
  }
  const first = await position()
  await recorded(companyId, [stock('one', '1')])
  await checkpointJob(world.deps, { companyId })
  assert.equal(await position(), first)
  await recorded(
    companyId,
    Array.from({ length: TAIL_LONG }, (_, at) => stock(`many-${at}`, '1')),
  )
  assert.equal(await kindOn(companyId, '2026-07-01'), 'checkpoint')
  await checkpointJob(world.deps, { companyId })
  assert.equal(await position(), String(Number(first) + TAIL_LONG + 1))
})

test('a day before the tail begins is told by the checkpoint alone', async () => {
  const companyId = await withTail()
  const { table } = await lookedUp(db, companyId, dayAfter('2026-06-01', -1), 5)
  assert.ok(table.source.kind === 'checkpoint')
  assert.equal(table.source.spine.tail?.changes.size, 0)
})
