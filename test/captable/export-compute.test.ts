/** Equity earned with compute, out of one company as Open Cap Format and into another: the same shares vest on the same days. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capTableAsOf, exportCapTable, importCapTable, readPackage, retireUnearned } from '../../api/captable/index.ts'
import { formatNumeric, inTransaction, type Uuid } from '../../api/platform/index.ts'
import { assertValid } from '../support/ocf-schemas.ts'
import { wholeWay } from '../support/path.ts'
import { sharedData } from '../support/shared.ts'
import { makeWorld } from '../support/world.ts'

const schemas = sharedData('ocf-schema-v1.2.0/schema')
const world = await makeWorld()
const { db } = world.deps
const analyst = world.staff.analyst.actor
const keyOf = (globalId: string): Uuid => globalId.split(':')[1] ?? ''

/** Exports a company, imports that into a new one, and compares both on every day on which something happened. */
async function exportAndCompare(companyId: string) {
  const { files, setAside } = await exportCapTable(db, analyst, { companyId })
  assert.deepEqual(setAside, [])
  if (schemas !== undefined) assertValid(schemas, files)
  const copy = await world.company('Copy, Inc.')
  // Nothing of it needs to be excused: gaps are refused.
  await importCapTable(world.deps, analyst, { companyId: copy.id, files: [...files] })
  const read = await readPackage({ files })
  const days = [...new Set(read.transactions.map(({ item }) => item.date)), '2026-12-31', '2035-01-01']
  for (const day of days) {
    assert.deepEqual(await capTableAsOf(db, copy.companyId, day), await capTableAsOf(db, keyOf(companyId), day), day)
  }
  return { read, copy }
}

test('a company after a closing and a final statement exports to a package that vests the same shares', async () => {
  const { companyId } = await wholeWay(world, 'Whole Way, Inc.')
  const { read } = await exportAndCompare(companyId)

  // What the statement vested stands in the package as one condition with its quantity, and one event that fires it.
  const events = read.transactions.flatMap(({ item }) => (item.object_type === 'TX_VESTING_EVENT' ? [item] : []))
  const [event, ...again] = events
  // Tokens that were given up since forfeited shares: what vested before fires anew in the balance security.
  assert.deepEqual(
    again.map(({ vesting_condition_id }) => vesting_condition_id),
    [event?.vesting_condition_id],
  )
  assert.match(event?.vesting_condition_id ?? '', /^statement-/)
  const issuance = read.transactions.find(
    ({ item }) => item.object_type === 'TX_STOCK_ISSUANCE' && item.security_id === event?.security_id,
  )
  const terms = read.objects.find(({ raw }) => raw.id === issuance?.raw.vesting_terms_id)?.item
  assert.ok(terms?.object_type === 'VESTING_TERMS')
  const quantity = terms.vesting_conditions.find(({ id }) => id === event?.vesting_condition_id)?.quantity ?? 0n
  assert.ok(quantity > 0n)
  const vestedOn = async (day: string): Promise<string> => {
    const { securities } = await capTableAsOf(db, keyOf(companyId), day)
    return formatNumeric(securities.find(({ id }) => id === event?.security_id)?.vested ?? -1n)
  }
  assert.equal(await vestedOn(event?.date ?? ''), formatNumeric(quantity))
  assert.equal(await vestedOn(String(issuance?.raw.date)), '0')

  // Retired at the end: the rest is repurchased for nothing, and what vested lives on in a balance security.
  await inTransaction(db, (trx) =>
    retireUnearned(trx, {
      companyId: keyOf(companyId),
      securityId: events.at(-1)?.security_id ?? '',
      date: '2028-06-15',
      reason: 'Long-stop date of the subscription agreement',
    }),
  )
  const { copy } = await exportAndCompare(companyId)
  const { securities } = await capTableAsOf(db, copy.companyId, '2028-06-15')
  const [balance] = securities.filter(({ customId }) => customId.endsWith('R'))
  assert.deepEqual([balance?.outstanding, balance?.vested], [quantity, quantity])
})
