import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Actor } from '../../api/access/index.ts'
import {
  BeforeFirstTransaction,
  CapTableExists,
  capTableAsOf,
  importCapTable,
  increasePool,
  issueShares,
  issueUnearned,
  loadCapitalization,
  NoCapTable,
  retireUnearned,
  TransactionRefused,
  vestShares,
} from '../../api/captable/index.ts'
import { inTransaction, newId, parseNumeric, sqlState } from '../../api/platform/index.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'
import { makeWorld } from '../support/world.ts'

const world = await makeWorld()
const analyst: Actor = world.staff.analyst.actor
const TODAY = '2026-11-20'
const shares = (text: string) => parseNumeric(text)
const usd = (amount: string) => ({ amount: parseNumeric(amount), currency: 'USD' })

/** A company with our own package imported. */
async function imported() {
  const company = await world.company()
  await importCapTable(world.deps, analyst, { companyId: company.id, files: [...ownPackage()] })
  return company
}

const unearned = (companyId: string) => ({
  companyId,
  stakeholder: { legalName: 'Northgrid Ventures I, L.P.' },
  stockClass: {
    name: 'Series Compute Preferred Stock',
    idPrefix: 'SC-',
    authorized: 1_200_000n,
    seniority: shares('3'),
    votesPerShare: shares('1'),
    liquidationPreferenceMultiple: shares('1'),
  },
  quantity: 1_140_000n,
  sharePrice: usd('2.50'),
  date: TODAY,
  vesting: { allocation: 'CUMULATIVE_ROUND_DOWN' as const, description: 'Vests as H100-hours are delivered' },
  considerationText: '100000 H100-hours',
})

test('an imported cap table is read back as of any day with the numbers of the package', async () => {
  const { companyId } = await imported()
  const view = await capTableAsOf(world.deps.db, companyId, TODAY)
  assert.deepEqual(view.totals, {
    outstanding: shares('9500000'),
    granted: shares('300000'),
    reserved: shares('1700000'),
    warrants: 0n,
    fullyDiluted: shares('11500000'),
    expired: 0n,
    cashSettled: 0n,
  })
  // 20 full months since 1 March 2025: 300,000 x 20 / 48 = 125,000.
  const option = view.securities.find((row) => row.id === OWN.option)
  assert.deepEqual([option?.vested, option?.unvested], [shares('125000'), shares('175000')])
  const before = await capTableAsOf(world.deps.db, companyId, '2024-09-01')
  assert.equal(before.totals.outstanding, shares('8000000'))
  assert.equal(before.stakeholders.length, 2)
  const capitalization = await loadCapitalization(world.deps.db, companyId, TODAY)
  assert.equal(capitalization.fullyDiluted, shares('11500000'))
})

test('a day before the first transaction and a company without a cap table are refused by name', async () => {
  const { companyId } = await imported()
  await assert.rejects(capTableAsOf(world.deps.db, companyId, '2024-01-14'), (error) => {
    assert.ok(error instanceof BeforeFirstTransaction)
    assert.equal(error.first, '2024-01-15')
    return true
  })
  const empty = await world.company('Empty, Inc.')
  await assert.rejects(capTableAsOf(world.deps.db, empty.companyId, TODAY), NoCapTable)
})

test('a second import is refused, of the same package and of another', async () => {
  const { id } = await imported()
  const again = (files = ownPackage()) => importCapTable(world.deps, analyst, { companyId: id, files: [...files] })
  await assert.rejects(again(), (error) => error instanceof CapTableExists && error.samePackage)
  const other = ownPackage({ Transactions: (items) => items.slice(0, 2) })
  await assert.rejects(again(other), (error) => error instanceof CapTableExists && !error.samePackage)
})

test('of fifty imports at once one succeeds', async () => {
  const { id, companyId } = await world.company()
  const answers = await Promise.allSettled(
    Array.from({ length: 50 }, () => importCapTable(world.deps, analyst, { companyId: id, files: [...ownPackage()] })),
  )
  assert.equal(answers.filter((answer) => answer.status === 'fulfilled').length, 1)
  for (const answer of answers) if (answer.status === 'rejected') assert.ok(answer.reason instanceof CapTableExists)
  assert.equal((await capTableAsOf(world.deps.db, companyId, TODAY)).totals.outstanding, shares('9500000'))
})

test('the same call with the same key is answered again and imports once', async () => {
  const { id } = await world.company()
  const call = () =>
    importCapTable(world.deps, analyst, { companyId: id, files: [...ownPackage()], idempotencyKey: 'first import' })
  assert.deepEqual(await call(), await call())
})

test('unearned shares are issued, vest statement by statement, and what has not vested is retired', async () => {
  const { companyId } = await imported()
  const { db } = world.deps
  const issued = await inTransaction(db, (trx) => issueUnearned(trx, unearned(companyId)))
  const rowOf = async (date: string, id = issued.securityId) =>
    (await capTableAsOf(db, companyId, date)).securities.find((row) => row.id === id)
  assert.deepEqual([(await rowOf(TODAY))?.vested, (await rowOf(TODAY))?.unvested], [0n, shares('1140000')])
  assert.equal(issued.customId, 'SC-1')

  const statementId = newId()
  const vest = (quantity: bigint, date: string, statement = newId()) =>
    inTransaction(db, (trx) =>
      vestShares(trx, {
        companyId,
        securityId: issued.securityId,
        quantity,
        date,
        statementId: statement,
        description: '10,000 of 100,000 H100-hours',
      }),
    )
  await vest(114_000n, '2026-12-31', statementId)
  await vest(7n, '2027-01-31')
  assert.equal((await rowOf('2026-12-30'))?.vested, 0n)
  assert.equal((await rowOf('2026-12-31'))?.vested, shares('114000'))
  assert.equal((await rowOf('2027-02-01'))?.vested, shares('114007'))
  const traced = await db
    .selectFrom('securities_transaction')
    .select(['object_type', 'security_id'])
    .where('company_id', '=', companyId)
    .where('statement_id', '=', statementId)
    .execute()
  assert.deepEqual(traced, [{ object_type: 'TX_VESTING_EVENT', security_id: issued.securityId }])

  await assert.rejects(vest(1_140_000n, '2027-02-28'), TransactionRefused)
  await assert.rejects(vest(1n, '2027-01-01'), TransactionRefused)

  const retired = await inTransaction(db, (trx) =>
    retireUnearned(trx, {
      companyId,
      securityId: issued.securityId,
      date: '2027-06-30',
      reason: 'Long-stop date, clause 7',
    }),
  )
  assert.equal(retired.retired, 1_140_000n - 114_007n)
  const after = await capTableAsOf(db, companyId, '2027-06-30')
  assert.equal(after.totals.outstanding, shares('9614007'))
  assert.deepEqual(
    after.securities
      .filter((row) => row.classId === issued.stockClassId)
      .map((row) => [row.customId, row.vested, row.unvested]),
    [['SC-1R', shares('114007'), 0n]],
  )
  await assert.rejects(vest(1n, '2027-07-01'), TransactionRefused)
})

test('no more shares of a class are issued than are authorised', async () => {
  const { companyId } = await imported()
  const { db } = world.deps
  const buy = (quantity: bigint) =>
    inTransaction(db, (trx) =>
      issueShares(trx, {
        companyId,
        stakeholder: { id: OWN.seedFund },
        stockClass: { id: OWN.seed },
        quantity,
        sharePrice: usd('1.20'),
        date: TODAY,
      }),
    )
  await assert.rejects(buy(500_001n), (error) => {
    assert.ok(error instanceof TransactionRefused)
    assert.match(error.message, /2000001 outstanding of a class that authorises 2000000/)
    return true
  })
  await buy(499_999n)
  await buy(1n)
  await assert.rejects(buy(1n), TransactionRefused)
})

test('of fifty buyers of the last share one gets it', async () => {
  const { companyId } = await imported()
  const buy = () =>
    inTransaction(world.deps.db, (trx) =>
      issueShares(trx, {
        companyId,
        stakeholder: { id: OWN.seedFund },
        stockClass: { id: OWN.seed },
        quantity: 500_000n,
        sharePrice: usd('1.20'),
        date: TODAY,
      }),
    )
  const answers = await Promise.allSettled(Array.from({ length: 50 }, buy))
  assert.equal(answers.filter((answer) => answer.status === 'fulfilled').length, 1)
  for (const answer of answers) if (answer.status === 'rejected') assert.ok(answer.reason instanceof TransactionRefused)
})

test('a pool is increased from a day on', async () => {
  const { companyId } = await imported()
  await inTransaction(world.deps.db, (trx) => increasePool(trx, { companyId, shares: 250_000n, date: TODAY }))
  assert.equal((await capTableAsOf(world.deps.db, companyId, '2026-11-19')).totals.reserved, shares('1700000'))
  assert.equal((await capTableAsOf(world.deps.db, companyId, TODAY)).totals.reserved, shares('1950000'))
})

test('an erased person has no name any more, and their shares stay', async () => {
  const { companyId } = await imported()
  await world.deps.db
    .deleteFrom('stakeholder_person')
    .where('company_id', '=', companyId)
    .where('object_id', '=', OWN.founderAda)
    .execute()
  const view = await capTableAsOf(world.deps.db, companyId, TODAY)
  assert.deepEqual(
    view.stakeholders.filter((row) => row.id === OWN.founderAda).map((row) => [row.name, row.outstanding]),
    [['Erased', shares('4000000')]],
  )
  const { rows } = await (await import('kysely')).sql<{ found: boolean }>`
    SELECT item::text LIKE '%Lindqvist%' AS found FROM ocf_object WHERE company_id = ${companyId} AND object_id = ${OWN.founderAda}`.execute(
    world.deps.db,
  )
  assert.deepEqual(rows, [{ found: false }])
})

test('the application can neither change nor delete what was recorded', async () => {
  const { companyId } = await imported()
  const { db } = world.deps
  for (const attempt of [
    () => db.updateTable('securities_transaction').set({ quantity: '1' }).where('company_id', '=', companyId).execute(),
    () => db.deleteFrom('ocf_object').where('company_id', '=', companyId).execute(),
    () => db.deleteFrom('ocf_import').where('company_id', '=', companyId).execute(),
  ]) {
    await assert.rejects(attempt, (error) => sqlState(error) === '42501')
  }
})
