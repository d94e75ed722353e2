/** A founder's protections in one query: what they come to by hand, and who may ask. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { recordObservation, registerMetric } from '../../api/tokens/index.ts'
import { givenDrawdown, usage } from '../drawdown/given-drawdown.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { givenDeal } from './given-deal.ts'
import { givenSafe, used } from './given-safe.ts'

const world = await makeWorld()
const { partner, operations, analyst } = world.staff

const PAYOUTS = 'exits { exit payouts { holder what amount } }'
const QUERY = `query ($roundId: ID!, $exits: [Decimal!]) { protections(roundId: $roundId, exits: $exits) { __typename
  ... on Protections { asOf changeOfControl saleCannotTell dilutionCannotTell
    dilution { ifNothingUsed atEarned atMaximum computeShares earnedShares }
    grants { unused unit earned vested unearned longStop { effective } outlook { state why basis earned vests forfeits }
      priceProtection { state words level { amount } base { amount } fall threshold topUp observations fallback } }
    sale { ${PAYOUTS} } riskTable { event } } ... on DomainError { code } } }`
const protections = async (by: Person, roundId: string, exits?: readonly string[]) => {
  const { data, errors } = await by.graphql(QUERY, { roundId, exits })
  assert.deepEqual(errors, [])
  return data.protections
}

/** A grant of 100,000 tokens for 117,500 shares, of which 10,000 tokens are used, stated and final: 11,750 shares vested. */
async function given(change: Partial<RoundTermsWire> = {}) {
  const drawn = await givenDrawdown(world, change, { deal: await givenDeal(world) })
  const reservation = await drawn.reserved(8, 1250 * 60)
  await drawn.told(reservation, [usage('one', 36_000_000, { endedAt: '2027-02-26T02:00:00Z' })], true)
  await drawn.settled(await drawn.stated('2027-02-01', '2027-03-02T08:00:00Z'))
  const round = await world.deps.db
    .selectFrom('round')
    .select('round_id')
    .where('company_id', '=', drawn.companyId)
    .where('state', '=', 'closed')
    .executeTakeFirstOrThrow()
  return { ...drawn, roundId: `Round:${drawn.companyId}:${round.round_id}` }
}

test('dilution, long-stop and the sale of a grant that is used in part, by hand', async () => {
  const of = await given()
  await world.setClock('2027-04-01T09:00:00Z')
  const found = await protections(partner, of.roundId, ['3000000', '50000000'])
  assert.equal(found.asOf, '2027-04-01')
  // 500,000 shares for cash beside 11,500,000; 117,500 for compute, of which 11,750 are earned.
  assert.deepEqual(found.dilution, {
    // 500,000 / 12,000,000; 511,750 / 12,011,750; 617,500 / 12,117,500
    ifNothingUsed: '0.0416666667',
    atEarned: '0.0426041168',
    atMaximum: '0.0509593563',
    computeShares: '117500',
    earnedShares: '11750',
  })
  const [grant] = found.grants
  assert.deepEqual([grant.unused, grant.earned, grant.vested, grant.unearned], ['90000', '11750', '11750', '105750'])
  assert.equal(grant.priceProtection.state, 'NONE')
  // Open for 107 days, and 806 until the long-stop: 10,000 + 10,000 x 806 / 107 = 85,327.102803 tokens earn
  // 117,500 x 0.85327102803 = 100,259.3 shares; 17,241 are left.
  assert.deepEqual(
    { ...grant.outlook, effective: grant.longStop.effective },
    {
      ...{ state: 'FORETOLD', why: null, basis: '85327.102803', effective: '2029-06-15' },
      ...{ earned: '100259', vests: '0', forfeits: '17241' },
    },
  )
  // By default what is unearned takes no part: as if it were forfeited on the cap table of today.
  assert.equal(found.changeOfControl, 'ASSUMED_OR_FORFEIT')
  assert.deepEqual(found.sale.exits, await waterfall(of.companyId, 'FORFEITED'))
  assert.equal(found.riskTable.length, 10)
})

const waterfall = async (companyId: string, unearned: string) => {
  const { data, errors } = await partner.graphql(
    `query ($id: ID!, $input: WaterfallInput!) { node(id: $id) { ... on Company { waterfall(input: $input) {
      ... on Waterfall { ${PAYOUTS} } } } } }`,
    { id: `Company:${companyId}`, input: { exits: ['3000000', '50000000'], unearned } },
  )
  assert.deepEqual(errors, [])
  return data.node.waterfall.exits
}

test('a SAFE earns money: its protections count cents, the shares follow from them, and the page names the currency', async () => {
  const drawn = await givenSafe(world)
  await used(drawn, 'one')
  const round = await world.deps.db
    .selectFrom('round')
    .select('round_id')
    .where('company_id', '=', drawn.companyId)
    .where('state', '=', 'closed')
    .executeTakeFirstOrThrow()
  const roundId = `Round:${drawn.companyId}:${round.round_id}`
  await world.setClock('2027-04-01T09:00:00Z')
  const found = await protections(partner, roundId)
  const [grant] = found.grants
  // 10,000 of 100,000 tokens are a tenth of 235,000.00.
  assert.deepEqual([grant.unit, grant.earned, grant.vested, grant.unearned], ['CENT', '2350000', '2350000', '21150000'])
  const { computeShares, earnedShares } = found.dilution
  assert.equal(BigInt(earnedShares), BigInt(computeShares) / 10n)
  const page = await request(world.app)
    .get(`/rounds/${roundId}/protections`)
    .set('authorization', `Bearer ${partner.token}`)
  const text = page.text.replaceAll(/\s+/g, ' ')
  for (const words of ['Accrued, USD', '23,500.00', '211,500.00', 'of the purchase amount are earned'])
    assert.ok(text.includes(words), words)
  assert.ok(!text.includes('Shares earned<'))
})

test('shares that vest at a sale take part in it, and those that vest without use are told', async () => {
  const of = await given({ settlement: { changeOfControl: 'VEST', nonUse: 'VEST_ANYWAY' } })
  await world.setClock('2027-04-01T09:00:00Z')
  const found = await protections(partner, of.roundId, ['3000000', '50000000'])
  assert.deepEqual(found.sale.exits, await waterfall(of.companyId, 'FULL'))
  assert.deepEqual([found.grants[0].outlook.vests, found.grants[0].outlook.forfeits], ['17241', '0'])
})

test('price protection: cannot tell without observations, nothing above the threshold, tokens below it', async () => {
  const { metricId } = await registerMetric(world.deps, operations.actor, {
    ...{ name: 'the protected one', currency: 'USD', source: 'the test', method: 'invented' },
    ...{ windowDays: 30, staleAfterDays: 60 },
  })
  const observe = (observedOn: string, level: string) =>
    recordObservation(world.deps, analyst.actor, {
      metricId: `Metric:${metricId}`,
      observedOn,
      level,
      source: 'the test',
    })
  const baseLevel = { amount: '2.5', currency: 'USD' }
  const own = { metricId: `Metric:${metricId}`, baseLevel, threshold: '0.2', windowDays: 10 } as const
  const of = await given({ settlement: { priceProtection: { ...own, compensates: 'WHOLE_FALL' } } })
  await world.setClock('2027-04-01T09:00:00Z')
  const now = async () => (await protections(partner, of.roundId)).grants[0].priceProtection
  const none = await now()
  assert.equal(none.state, 'CANNOT_TELL')
  assert.match(none.words, /not observed/)
  await observe('2027-03-30', '2.2')
  // 2.2 of 2.5 is a fall of 12%, which is not more than 20%.
  const high = await now()
  assert.deepEqual([high.state, high.level.amount, high.fall, high.topUp], ['LEVEL', '2.2', '0.12', '0'])
  await observe('2027-03-31', '1')
  // (2.2 + 1) / 2 = 1.6, a fall of 36%: 90,000 x (2.5 / 1.6 - 1) = 50,625 tokens.
  const low = await now()
  assert.deepEqual(
    [low.level.amount, low.fall, low.topUp, low.observations, low.fallback],
    ['1.6', '0.36', '50625', 2, false],
  )
})

test('founders of the company may ask; those of another find nothing; before a closing there is no grant', async () => {
  const of = await given()
  await world.setClock('2027-04-01T09:00:00Z')
  const founder = await world.person('founder', { companyId: of.companyId })
  assert.equal((await protections(founder, of.roundId)).__typename, 'Protections')
  const other = await world.person('founder', { companyId: (await world.company('Other, Inc.')).companyId })
  assert.deepEqual(await protections(other, of.roundId), { __typename: 'NotFound', code: 'NOT_FOUND' })
})
