/** Price protection on every instrument, and the settlement of a SAFE whose rest goes on at the price of a later round. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capTableAsOf, instrumentStates, stateKey, stockIssuances } from '../../api/captable/index.ts'
import { approveSettlement, issueTranche, proposeSettlement, reconcile, settleDue } from '../../api/closing/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { balances, recordObservation, registerMetric } from '../../api/tokens/index.ts'
import { type Drawdown, progressOf } from '../drawdown/given-drawdown.ts'
import { makeWorld } from '../support/world.ts'
import { givenDeal } from './given-deal.ts'
import { exportsAlike, givenSafe, givenStock, laterRound, through, used } from './given-safe.ts'

const world = await makeWorld()
const { analyst, partner, secondPartner, operations } = world.staff
const usd = (amount: string) => ({ amount, currency: 'USD' })

async function settled(it: Drawdown, on: string, said: object): Promise<void> {
  await world.setClock(`${on}T09:00:00Z`)
  const grantId = `Grant:${it.companyId}:${it.closed.grantId}`
  const input = { grantId, happenedOn: on, evidence: 'a letter', ...said }
  const { ref } = await proposeSettlement(world.deps, partner.actor, input as never)
  const { plan_sha256: hash } = await world.deps.db
    .selectFrom('settlement')
    .select('plan_sha256')
    .where('company_id', '=', ref.companyId)
    .where('settlement_id', '=', ref.id)
    .executeTakeFirstOrThrow()
  const settlementId = `Settlement:${ref.companyId}:${ref.id}`
  await approveSettlement(world.deps, secondPartner.actor, { settlementId, planSha256: hash.toString('hex') })
}
const vested = async (it: Drawdown) =>
  (await progressOf(world, it)).find(({ grant_id: id }) => id === it.closed.grantId)
const sound = async ({ companyId }: Drawdown) =>
  assert.deepEqual((await reconcile(world.deps.db, companyId)).differences, [])

/** A metric of which two observations in March average 1.60: 36% below 2.50. */
async function fallen(name: string): Promise<string> {
  const { metricId } = await registerMetric(world.deps, operations.actor, {
    ...{ name, currency: 'USD', source: 'the test', method: 'invented', windowDays: 30, staleAfterDays: 60 },
  })
  return `Metric:${metricId}`
}
const observe = async (metricId: string, observedOn: string, level: string) =>
  recordObservation(world.deps, analyst.actor, { metricId, observedOn, level, source: 'the test' })

type Given = (change: Partial<RoundTermsWire>) => Promise<Drawdown>
const stock = async (terms: Partial<RoundTermsWire>) => givenStock(world, await givenDeal(world), terms)
const warrant = { kind: 'PENNY_WARRANT', exercisePrice: usd('0.01'), expiresOn: '2036-12-15' } as const
const FORMS: Readonly<Record<string, { readonly total: bigint; readonly given: Given }>> = {
  'partly paid stock': {
    total: 117_500n,
    given: (change) => stock({ unearned: { basis: 'partly_paid', dividends: 'in_proportion' }, ...change }),
  },
  'stock in tranches': {
    total: 117_500n,
    given: (change) => stock({ unearned: { basis: 'staged', dividends: 'none' }, ...change }),
  },
  'a penny warrant': { total: 117_500n, given: (change) => stock({ instrument: warrant, ...change }) },
  'a SAFE': { total: 23_500_000n, given: (change) => givenSafe(world, change) },
}

for (const [name, { total, given }] of Object.entries(FORMS)) {
  test(`the index falls: tokens are topped up, and they earn nothing of ${name}`, async () => {
    const metricId = await fallen(`falling beside ${name}`)
    const it = await given({
      settlement: {
        priceProtection: {
          ...{ metricId, baseLevel: usd('2.5'), threshold: '0.2', windowDays: 10 },
          ...{ compensates: 'WHOLE_FALL' as const, cap: '60000' },
        },
      },
    })
    await used(it, 'one')
    await world.setClock('2027-04-01T08:00:00Z')
    await observe(metricId, '2027-03-30', '2.2')
    await observe(metricId, '2027-03-31', '1')
    // 90,000 are left: x (2.5 / 1.6 - 1) = 50,625 tokens.
    await settled(it, '2027-04-01', { event: 'price_protection' })
    const lots = await world.deps.db
      .selectFrom('lot')
      .select(['origin', 'amount_micro', 'grant_id'])
      .where('company_id', '=', it.companyId)
      .orderBy('lot_id')
      .execute()
    assert.deepEqual(
      lots.map((lot) => [lot.origin, lot.amount_micro, lot.grant_id === null]),
      [
        ['grant', 100_000_000_000n, false],
        ['top_up', 50_625_000_000n, true],
      ],
    )
    // The denominator stays: a tenth was earned, and 10,000 tokens more of the grant earn another tenth.
    assert.deepEqual(
      [(await vested(it))?.vested_shares, (await vested(it))?.granted_micro],
      [total / 10n, 100_000_000_000n],
    )
    await used(it, 'two')
    assert.equal((await vested(it))?.vested_shares, total / 5n)
    await sound(it)
    await exportsAlike(world, it, ['2027-04-01', '2027-09-02'])
  })
}

/** A SAFE of which a tenth has accrued and converted in a round of March, and whose rest is issued at that round's price. */
async function converted(settlement: RoundTermsWire['settlement']) {
  const it = await givenSafe(world, {
    instrument: { kind: 'SAFE', cap: usd('20000000'), capBase: 'POST_MONEY', rest: 'ROUND_PRICE' },
    ...(settlement === undefined ? {} : { settlement }),
  })
  await used(it, 'one')
  const round = await laterRound(world, it)
  const issuances = await stockIssuances(world.deps.db, it.companyId, [round.closed.securityId])
  const price = issuances.get(round.closed.securityId)?.sharePrice.amount ?? 0n
  const series = async () => {
    const states = await instrumentStates(world.deps.db, [it.companyId])
    const safe = states.get(stateKey(it.companyId, it.closed.securityId))
    const of = states.get(stateKey(it.companyId, safe?.safe?.seriesId ?? ''))
    return { safe, of }
  }
  /** Whole shares that so many dollars buy at the price of the round. */
  const bought = (dollars: bigint) => (dollars * 10n ** 10n) / price
  const issued = async () => {
    const { roundId } = it.closed
    const { tranches } = await through(world, it, () => issueTranche(world.deps, operations.actor, { roundId }))
    return tranches.reduce((sum, { from, to }) => sum + to - from, 0n)
  }
  return { it, round, series, bought, issued }
}
const heldByFund = async (it: Drawdown, on: string) =>
  (await capTableAsOf(world.deps.db, it.companyId, on)).securities.filter(({ kind }) => kind === 'convertible').length

test('a SAFE that converted is terminated for cause: what converted stays, and the rest is never issued', async () => {
  const { it, series, bought, issued } = await converted(undefined)
  await used(it, 'two')
  assert.equal(await issued(), bought(23_500n))
  await settled(it, '2027-09-03', { event: 'termination_for_cause' })
  assert.deepEqual([(await vested(it))?.vested_shares, (await vested(it))?.ended_on], [4_700_000n, '2027-09-03'])
  assert.equal((await series()).safe?.ended, true)
  const { roundId } = it.closed
  await assert.rejects(issueTranche(world.deps, operations.actor, { roundId }), { code: 'REFUSED' })
  const lots = await balances(world.deps.db, it.companyId)
  const own = lots.lots.find(({ lotId }) => lotId === it.closed.lotId)?.accounts ?? []
  assert.equal(own.find(({ kind }) => kind === 'cancelled')?.amount, 80_000_000_000n)
  assert.equal(await heldByFund(it, '2027-09-03'), 0)
  await sound(it)
  await exportsAlike(world, it, ['2027-03-02', '2027-09-03'])
})

test('a SAFE that converted, take or pay at the long-stop: the whole rest is due at the price of the round', async () => {
  const { it, bought, issued } = await converted({ nonUse: 'VEST_ANYWAY' })
  await world.setClock('2029-06-15T09:00:00Z')
  await settleDue(world.deps, { companyId: it.companyId, grantId: it.closed.grantId })
  assert.equal((await vested(it))?.vested_shares, 23_500_000n)
  // 235,000 less the 23,500 that converted, in whole shares.
  assert.equal(await issued(), bought(211_500n))
  await sound(it)
  await exportsAlike(world, it, ['2027-03-02', '2029-06-15'])
})

test('of a SAFE that converted a part is given up: the rest accrues as before, at the price of the round', async () => {
  const { it, bought, issued } = await converted({ partialTermination: true })
  await settled(it, '2027-04-01', { event: 'partial_termination', tokens: '40000' })
  await used(it, 'two')
  assert.deepEqual((await vested(it))?.vested_shares, 4_700_000n)
  assert.equal(await issued(), bought(23_500n))
  await settled(it, '2027-09-03', { event: 'company_insolvency' })
  assert.equal((await vested(it))?.ended_on, '2027-09-03')
  await sound(it)
  await exportsAlike(world, it, ['2027-04-01', '2027-09-03'])
})

test('a SAFE that converted, and its index falls: the top-up earns nothing at the price of the round either', async () => {
  const metricId = await fallen('falling beside a converted SAFE')
  const { it, bought, issued } = await converted({
    priceProtection: {
      ...{ metricId, baseLevel: usd('2.5'), threshold: '0.2', windowDays: 10, compensates: 'WHOLE_FALL', cap: '60000' },
    },
  })
  await world.setClock('2027-04-01T08:00:00Z')
  await observe(metricId, '2027-03-31', '1.6')
  await settled(it, '2027-04-01', { event: 'price_protection' })
  await used(it, 'two')
  assert.equal(await issued(), bought(23_500n))
  await sound(it)
})
