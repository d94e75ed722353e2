/** Use outside any reservation, and what it owes, is charged only to lots whose signed terms allowed it when it began. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTopUp } from '../../api/tokens/index.ts'
import { laterRound } from '../closing/given-safe.ts'
import { makeWorld } from '../support/world.ts'
import { settleArrears } from './given-corrections.ts'
import { assertSound } from './given-drawdown.ts'
import { givenOnDemand, type OnDemandDeal } from './given-on-demand.ts'

const world = await makeWorld()
const { deps, staff } = world
const HOUR = 3600
/** Two hours on a day. */
const on = (day: string) => ({ startedAt: `${day}T00:00:00Z`, endedAt: `${day}T02:00:00Z` })

/** Micro-tokens charged to the lots of grants, by name, and what is owed. */
async function chargedTo({ companyId }: OnDemandDeal, lots: Record<string, string>) {
  const charges = await deps.db
    .selectFrom('charge')
    .select(['lot_id', (of) => of.fn.sum<string>('amount_micro').as('sum')])
    .where('company_id', '=', companyId)
    .groupBy('lot_id')
    .execute()
  const owed = await deps.db.selectFrom('arrears').selectAll().where('company_id', '=', companyId).execute()
  const name = new Map(Object.entries(lots).map(([each, lot]) => [lot, each]))
  return {
    ...Object.fromEntries(charges.map((row) => [name.get(row.lot_id) ?? row.lot_id, row.sum])),
    owed: owed.reduce((sum, row) => sum + row.amount_micro - row.settled_micro - row.cancelled_micro, 0n).toString(),
  }
}
const outcomes = async (it: OnDemandDeal, ...told: Parameters<OnDemandDeal['tell']>) =>
  (await it.tell(...told)).map((each) =>
    each.outcome === 'RECORDED' ? each.charged : 'why' in each && 'code' in each.why ? each.why.code : each.outcome,
  )

test('a later grant whose terms do not allow it is neither drawn nor charged what is owed', async () => {
  const it = await givenOnDemand(world, {}, '10')
  const { closed } = await laterRound(world, it)
  const lots = { first: it.closed.lotId, later: closed.lotId }
  await world.setClock('2027-03-17T00:00:00Z')
  assert.deepEqual(await outcomes(it, it.line('a', 12 * HOUR, on('2027-03-16'))), [10_000_000n])
  assert.deepEqual(await chargedTo(it, lots), { first: '10000000', owed: '2000000' })
  const refused = await settleArrears(staff.operations, it.id)
  assert.deepEqual([refused.__typename, /no tokens available/.test(refused.message)], ['Refused', true])
  // Nor is a top-up, which no signed terms are about.
  const { companyId, tokenClassUuid: tokenClassId } = it
  await deps.db.transaction().execute((trx) =>
    openTopUp(trx, {
      companyId,
      tokenClassId,
      amount: 5_000_000n,
      expiresOn: '2027-12-31',
      subject: `Company:${companyId}`,
    }),
  )
  assert.equal((await settleArrears(staff.operations, it.id)).__typename, 'Refused')
  assert.deepEqual(await chargedTo(it, lots), { first: '10000000', owed: '2000000' })
  await assertSound(world, it)
})

test('a later grant whose terms allow it is drawn for use that began after they were signed, at its own premium', async () => {
  const it = await givenOnDemand(world, undefined)
  const later = await laterRound(world, it, { booking: { onDemand: { premium: '2', monthlyCapTokens: '7' } } })
  const lots = { first: it.closed.lotId, later: later.closed.lotId }
  await world.setClock('2027-03-20T00:00:00Z')
  assert.deepEqual(
    await outcomes(
      it,
      it.line('before', HOUR, on('2027-03-14')),
      it.line('after', 3 * HOUR, on('2027-03-18')),
      it.line('beyond its cap', HOUR, on('2027-03-18')),
    ),
    ['OUTSIDE_RESERVATION', 6_000_000n, 'ON_DEMAND_CAP'],
  )
  assert.deepEqual(await chargedTo(it, lots), { later: '6000000', owed: '0' })
  const earned = await deps.db
    .selectFrom('grant_progress')
    .innerJoin('vesting_grant as grant', 'grant.grant_id', 'grant_progress.grant_id')
    .select(['grant.lot_id', 'grant_progress.delivered_micro'])
    .where('grant_progress.company_id', '=', it.companyId)
    .execute()
  assert.deepEqual(
    new Map(earned.map((row) => [row.lot_id, row.delivered_micro])),
    new Map([
      [lots.first, 0n],
      [lots.later, 6_000_000n],
    ]),
  )
  await assertSound(world, it)
})

test('where both allow it, use goes over from one lot to the next; its rate is that of the lot in whose turn it began', async () => {
  // The first lot expires in 2029, the later one in 2030: the first is drawn first.
  const it = await givenOnDemand(world, {}, '10')
  const later = await laterRound(world, it, { booking: { onDemand: { premium: '2' } } })
  const lots = { first: it.closed.lotId, later: later.closed.lotId }
  await world.setClock('2027-03-20T00:00:00Z')
  // Eight tokens of the first; then four hours at its rate of one, of which two are the later one's; then one at two.
  assert.deepEqual(
    await outcomes(
      it,
      it.line('a', 8 * HOUR, on('2027-03-18')),
      it.line('b', 4 * HOUR, on('2027-03-18')),
      it.line('c', HOUR, on('2027-03-18')),
    ),
    [8_000_000n, 4_000_000n, 2_000_000n],
  )
  assert.deepEqual(await chargedTo(it, lots), { first: '10000000', later: '4000000', owed: '0' })
  // What began before the later terms were signed draws the first lot only, and is owed by it alone.
  assert.deepEqual(await outcomes(it, it.line('d', HOUR, on('2027-03-10'))), [0n])
  assert.equal((await settleArrears(staff.operations, it.id)).__typename, 'Refused')
  assert.deepEqual(await chargedTo(it, lots), { first: '10000000', later: '4000000', owed: '1000000' })
  await assertSound(world, it)
})

test('the lot of a later closing is drawn for use that began after it was held', async () => {
  const it = await givenOnDemand(world, {}, '10', {
    security: { className: 'Series A Preferred Stock', newClass: true, authorized: '5000000' },
    rolling: { maximum: { amount: '3000000', currency: 'USD' }, outsideDate: '2027-06-15' },
  })
  // In 2026: the thresholds of the year after are in no table yet.
  await world.setClock('2026-12-16T09:00:00Z')
  const send = async (by: typeof staff.analyst, name: string, input: Record<string, unknown>) => {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
    const { data } = await by.graphql(
      `mutation ($input: ${type}!) { ${name}(input: $input) { __typename
        ... on Closing { id document { sha256 } grants { lotId } } ... on DomainError { message } } }`,
      { input },
    )
    assert.equal(data?.[name].__typename, 'Closing', JSON.stringify(data))
    return data[name]
  }
  const planned = await send(staff.analyst, 'planClosing', {
    roundId: it.closed.roundId,
    closingDate: '2026-12-20',
    grants: [{ tokenClassId: `TokenClass:${it.tokenClassUuid}`, tokens: '20' }],
  })
  const closingId = planned.id
  const { sha256 } = (await send(staff.analyst, 'offerClosing', { closingId })).document
  await send(it.signatory, 'acceptClosing', { closingId, sha256 })
  await world.setClock('2026-12-20T10:00:00Z')
  const held = await send(staff.secondPartner, 'holdClosing', { closingId })
  const lots = { first: it.closed.lotId, later: held.grants[0].lotId }
  await world.setClock('2026-12-28T00:00:00Z')
  assert.deepEqual(
    await outcomes(it, it.line('before', 12 * HOUR, on('2026-12-18')), it.line('after', 3 * HOUR, on('2026-12-22'))),
    [10_000_000n, 3_000_000n],
  )
  assert.equal((await settleArrears(staff.operations, it.id)).__typename, 'Refused')
  assert.deepEqual(await chargedTo(it, lots), { first: '10000000', later: '3000000', owed: '2000000' })
  await assertSound(world, it)
})
