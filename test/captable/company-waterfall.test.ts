/** Waterfall, anti-dilution, pay-to-play and the five quantities through GraphQL. Arithmetic by hand beside each. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkPackage, replay, WaterfallAssumptions, waterfallOf, waterfallView } from '../../api/captable/index.ts'
import { parse } from '../../api/platform/index.ts'
import { makeHistory, packageOf } from '../../bench/captable-history.ts'
import { givenCompany } from '../rounds/given-round.ts'
import { OWN } from '../support/ocf-package.ts'
import { makeWorld, type Person } from '../support/world.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')
const it = await givenCompany(world)

const WATERFALL = `__typename ... on DomainError { code message } ... on WaterfallRefused { reasons }
  ... on Waterfall { asOf currency notes breakpoints { exit kind names }
  exits { exit carveOut perShare sharing debts { name amount } classes { className amount converts } payouts { holder what amount converts } } }`
const ask = async (input: object, by: Person = it.founder, asOf = '2026-11-20') => {
  const answer = await by.graphql(
    `query ($id: ID!, $asOf: Date, $input: WaterfallInput!) { node(id: $id) { ... on Company { waterfall(asOf: $asOf, input: $input) { ${WATERFALL} } } } }`,
    { id: it.id, asOf, input },
  )
  return answer.data?.node?.waterfall ?? answer
}

test('a sale is paid by preference, strike and conversion, to the cent', async () => {
  // 8,000,000 common; 1,500,000 seed at 1.20 with 1x; 300,000 options at 0.30, of which 20 of 48 months have vested: 125,000.
  const { exits, breakpoints } = await ask({ exits: ['1000000', '10000000', '20000000'] })
  const classes = exits.map((exit: { classes: { amount: string; converts: boolean }[] }) =>
    exit.classes.map(({ amount, converts }) => [amount, converts]),
  )
  // 10,000,000: 1,800,000 to seed; (8,200,000 + 125,000 x 0.30) / 8,125,000 = 1.01384615... a share, below 1.20.
  // 20,000,000: (20,000,000 + 37,500) / 9,625,000 = 2.08181818... a share, so seed converts: 1,500,000 x it = 3,122,727.27.
  assert.deepEqual(classes, [
    [
      ['0', false],
      ['1000000', false],
    ],
    [
      ['8110769.23', false],
      ['1800000', false],
    ],
    [
      ['16654545.45', false],
      ['3122727.27', true],
    ],
  ])
  const options = exits[1].payouts.find(({ what }: { what: string }) => what === 'Options')
  // 125,000 x (1.01384615... - 0.30) = 89,230.77.
  assert.deepEqual([options.holder, options.amount, options.converts], ['Chidi Okonkwo', '89230.77', true])
  assert.deepEqual(breakpoints, [
    { exit: '1800000', kind: 'PREFERENCES_PAID', names: ['Series Seed Preferred Stock'] },
    // 1,800,000 + 8,000,000 x 0.30.
    { exit: '4200000', kind: 'EXERCISES', names: ['Options of Chidi Okonkwo'] },
    // 1,800,000 + 8,000,000 x 1.20 + 125,000 x 0.90.
    { exit: '11512500', kind: 'CONVERTS', names: ['Series Seed Preferred Stock'] },
  ])
  assert.equal(exits[2].sharing, '9625000')
})

test('debt and carve-out come first, and participation is as asked', async () => {
  const { exits } = await ask({
    exits: ['10000000'],
    debts: [{ name: 'Bank', amount: '1000000' }],
    carveOut: { part: '0.10', above: '1000000' },
    classes: [{ classId: OWN.seed, participation: 'FULL' }],
    unvestedOptions: true,
  })
  const [exit] = exits
  assert.deepEqual(exit.debts, [{ name: 'Bank', amount: '1000000' }])
  // 10% of 9,000,000 - 1,000,000.
  assert.equal(exit.carveOut, '800000')
  // 8,200,000 left: 1,800,000 preference; (6,400,000 + 300,000 x 0.30) / 9,800,000 = 0.6622448979... a share.
  assert.equal(exit.perShare, '0.6622448979')
  assert.deepEqual(
    exit.classes.map(({ amount }: { amount: string }) => amount),
    ['5297959.18', '2793367.35'],
  )
})

test('what contradicts the cap table is refused with all reasons, and bad input as such', async () => {
  assert.deepEqual((await ask({ exits: ['1'], currency: 'EUR', classes: [{ classId: 'none' }] })).reasons, [
    'there is no stock class "none"',
    'Series Seed Preferred Stock is priced in USD, the exit in EUR',
    'OP-1 is exercised in USD, the exit is in EUR',
  ])
  assert.equal((await ask({ exits: ['1'] }, it.founder, '2024-01-01')).code, 'BEFORE_FIRST_TRANSACTION')
  for (const bad of [
    { exits: [] },
    { exits: ['1.001'] },
    { exits: Array.from({ length: 201 }, () => '1') },
    { exits: ['1'], carveOut: { part: '1' } },
    { exits: ['1'], classes: [{ classId: OWN.seed, participation: 'CAPPED' }] },
    {
      exits: ['1'],
      debts: [
        { name: 'a', amount: '1' },
        { name: 'a', amount: '2' },
      ],
    },
  ]) {
    const answer = await ask(bad)
    assert.equal(answer.errors?.[0]?.extensions.code, 'BAD_INPUT', JSON.stringify(bad))
  }
})

test('who may not see the company is told of none', async () => {
  const other = await world.company('Elsewhere, Inc.')
  const answer = await other.founder.graphql(
    `query ($id: ID!) { node(id: $id) { ... on Company { waterfall(input: { exits: ["1"] }) { __typename } } } }`,
    { id: it.id },
  )
  assert.equal(answer.data.node, null)
})

test('on the pro forma of a round unearned shares have no preference, unless it is asked so', async () => {
  const round = await it.drafted()
  const sale = async (input: object) => {
    const answer = await world.staff.analyst.graphql(
      `query ($id: ID!, $input: WaterfallInput!) { node(id: $id) { ... on Round { waterfall(input: $input) { ${WATERFALL} } } } }`,
      { id: round, input },
    )
    const [exit] = answer.data.node.waterfall.exits
    return exit.payouts
      .filter(({ what, amount }: { what: string; amount: string }) => what.startsWith('Series') && amount !== '0')
      .map(({ holder, amount }: { holder: string; amount: string }) => [holder, amount])
  }
  // Price 2.00. Seed (seniority 2) takes 1,800,000 first; Series A cash is owed 1,000,000, compute would be owed 235,000.
  assert.deepEqual(await sale({ exits: ['2000000'] }), [
    ['Harbor Seed Fund II, L.P.', '1800000'],
    ['Harbour Ventures', '200000'],
  ])
  // 200,000 over 1,235,000: x 235,000 = 38,056.68 to compute.
  assert.deepEqual(await sale({ exits: ['2000000'], unearned: 'FULL' }), [
    ['Harbor Seed Fund II, L.P.', '1800000'],
    ['Northgrid Ventures I, L.P.', '38056.68'],
    ['Harbour Ventures', '161943.32'],
  ])
})

test('payouts add up to every exit value, and no holder gets less of a larger one', async () => {
  const history = makeHistory(120, 23)
  const { package: read } = await checkPackage({ files: packageOf(history) })
  const { table } = replay(read)
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.bigInt({ min: 0n, max: 50_000_000_00n }), { minLength: 2, maxLength: 12 }),
      fc.constantFrom('NO_PREFERENCE', 'FULL', 'FORFEITED'),
      fc.boolean(),
      async (cents, unearned, unvestedOptions) => {
        const exits = cents
          .toSorted((a, b) => (a < b ? -1 : 1))
          .map((cent) => `${cent / 100n}.${String(cent % 100n).padStart(2, '0')}`)
        const asked = parse(WaterfallAssumptions, {
          exits,
          unearned,
          unvestedOptions,
          debts: [{ name: 'b', amount: '100000' }],
          carveOut: { part: '0.05' },
        })
        const view = waterfallView(waterfallOf(table, '2026-01-01', asked), '2026-01-01', asked.exits)
        let before: readonly bigint[] = []
        for (const [at, exit] of view.exits.entries()) {
          const all = [...exit.debts, { amount: exit.carveOut }, ...exit.payouts].map(({ amount }) => amount)
          assert.equal(
            all.reduce((sum, amount) => sum + amount, 0n),
            asked.exits[at],
          )
          // Rounded to cents, a payout may be one cent less where two exit values are close.
          for (const [line, amount] of all.entries()) assert.ok(amount >= (before[line] ?? 0n) - 10n ** 8n)
          before = all
        }
      },
    ),
    { numRuns: 40 },
  )
})

const ISSUE = {
  classId: OWN.seed,
  method: 'WEIGHTED_AVERAGE',
  base: 'BROAD',
  issued: '1000000',
  consideration: { amount: '600000', currency: 'USD' },
}
const company = async (by: Person, fields: string, variables: object = {}, types = '') =>
  (
    await by.graphql(`query ($id: ID! ${types}) { node(id: $id) { ... on Company { ${fields} } } }`, {
      id: it.id,
      ...variables,
    })
  ).data.node

test('an issue below the conversion price is previewed, and applied as it was previewed', async () => {
  const preview = async (input: object, asOf?: string) =>
    (
      await company(
        it.founder,
        `antiDilution(asOf: $asOf, input: $input) { __typename ... on DomainError { code } ... on DilutionRefused { reasons }
          ... on AntiDilution { conversionPriceBefore { amount } conversionPriceAfter { amount } exactPrice adjusted outstandingBefore ratioAfter convertsIntoAfter } }`,
        { input, asOf },
        ', $input: AntiDilutionInput!, $asOf: Date',
      )
    ).antiDilution
  // A = 8,000,000 + 1,500,000 + 300,000; B = 600,000 / 1.20 = 500,000; C = 1,000,000: 1.20 x 10.3 / 10.8 = 1.14444...
  assert.deepEqual(await preview(ISSUE), {
    __typename: 'AntiDilution',
    conversionPriceBefore: { amount: '1.2' },
    conversionPriceAfter: { amount: '1.1444' },
    exactPrice: '103/90',
    adjusted: true,
    outstandingBefore: '9800000',
    ratioAfter: '3000/2861',
    // 1,500,000 x 1.2 / 1.1444, rounded down.
    convertsIntoAfter: '1572876.6165676336',
  })
  const { base: _base, ...ratchet } = { ...ISSUE, method: 'FULL_RATCHET' }
  assert.equal((await preview(ratchet)).conversionPriceAfter.amount, '0.6')
  assert.deepEqual((await preview({ ...ISSUE, classId: OWN.common })).reasons, ['Common Stock is common stock'])
  assert.equal((await preview({ ...ISSUE, consideration: { amount: '2000000', currency: 'USD' } })).adjusted, false)

  const apply = async (by: Person, change: object = {}) => {
    const input = {
      companyId: it.id,
      asOf: '2026-11-19',
      date: '2026-11-20',
      issue: ISSUE,
      expectedPrice: '1.1444',
      reason: 'Bridge',
      ...change,
    }
    const answer = await by.graphql(
      `mutation ($input: AdjustConversionRatioInput!) { adjustConversionRatio(input: $input) { __typename
        ... on AdjustedRatio { conversionPrice { amount } } ... on DomainError { code } ... on DilutionRefused { reasons } } }`,
      { input },
    )
    return answer.data?.adjustConversionRatio ?? answer
  }
  assert.equal((await apply(it.founder)).__typename, 'Forbidden')
  assert.deepEqual((await apply(world.staff.partner, { expectedPrice: '1.1' })).reasons, [
    'the conversion price would be 1.1444, not 1.1',
  ])
  assert.equal((await apply(world.staff.partner, { date: '2027-01-01' })).__typename, 'DilutionRefused')
  const key = { idempotencyKey: 'once' }
  assert.deepEqual((await apply(world.staff.partner, key)).conversionPrice, { amount: '1.1444' })
  assert.deepEqual((await apply(world.staff.partner, key)).conversionPrice, { amount: '1.1444' })
  // From now on the class converts at it: 20,000,000 = v x (8,000,000 + 125,000 + 1,572,876.61656...) - 37,500.
  const { exits } = await ask({ exits: ['20000000'] })
  assert.equal(exits[0].sharing, '9697876.6165676336')
  assert.equal((await preview(ISSUE)).conversionPriceBefore.amount, '1.1444')
})

test('the quantities called fully diluted each have their own number', async () => {
  const { fullyDiluted } = await company(
    it.founder,
    `fullyDiluted(asOf: "2026-11-19", input: { promised: "50000", poolIncrease: "200000" }) { ... on FullyDiluted {
      safePostMoneyCapitalization safePreMoneyCapitalization priceDenominator antiDilutionBase antiDilutionBaseStock converting } }`,
  )
  // 8,000,000 + 1,500,000 + 300,000 options + 1,700,000 available, and what each adds of 50,000 promised and 200,000 new.
  assert.deepEqual(fullyDiluted, {
    safePostMoneyCapitalization: '11550000',
    safePreMoneyCapitalization: '11700000',
    priceDenominator: '11750000',
    antiDilutionBase: '9800000',
    antiDilutionBaseStock: '9500000',
    converting: '0',
  })
})

test('who does not buy their part converts by the part not bought', async () => {
  const { payToPlay } = await company(
    it.founder,
    `payToPlay(asOf: "2026-11-19", input: { classId: "${OWN.seed}", holders: [{ stakeholderId: "${OWN.seedFund}", proRata: "100000", bought: "25000" }] }) {
      __typename ... on CompanyPayToPlaySuccess { data { holder played kept converted common } } }`,
  )
  // 75% of 1,500,000.
  assert.deepEqual(payToPlay.data, [
    { holder: 'Harbor Seed Fund II, L.P.', played: false, kept: '375000', converted: '1125000', common: '1125000' },
  ])
})
