/** Warrants that name no number: what follows from the cap table is counted, everything else says why not. By hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Capitalization,
  capitalizationOf,
  checkPackage,
  replay,
  shareCountOf,
  withStatedWarrants,
} from '../../api/captable/index.ts'
import { formatNumeric, parseNumeric } from '../../api/platform/index.ts'
import { proForma, solveChain } from '../../api/rounds/index.ts'
import { cash, chain, compute } from '../rounds/given-chain.ts'
import { CAPITALIZATION, terms } from '../rounds/given-terms.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'

type Warrant = Extract<Capitalization['holdings'][number], { kind: 'warrant' }>
type Mechanism = NonNullable<Warrant['triggers']>[number]['conversion_right']['conversion_mechanism']
const warrant = (id: string, mechanism: Mechanism): Warrant => ({
  ...{ kind: 'warrant', securityId: id, customId: id, stakeholderId: 'eve', stakeholderName: 'Eve', classId: 'common' },
  ...{ quantity: 0n, unvested: 0n, fixed: false },
  triggers: [
    {
      ...{ type: 'ELECTIVE_AT_WILL', trigger_id: 't' },
      conversion_right: { type: 'WARRANT_CONVERSION_RIGHT', conversion_mechanism: mechanism },
    } as NonNullable<Warrant['triggers']>[number],
  ],
})
/** Everything outstanding and reserved; with the warrant and what converts, or without both. */
const rules = (itself: boolean, topUp = false) => ({
  ...{
    include_outstanding_shares: true,
    include_outstanding_options: true,
    include_outstanding_unissued_options: true,
  },
  ...{ include_this_security: itself, include_other_converting_securities: itself },
  ...{ include_option_pool_topup_for_promised_options: false, include_additional_option_pool_topup: topUp },
  include_new_money: false,
})
const part = (of: string, by?: ReturnType<typeof rules>): Mechanism => ({
  ...{ type: 'FIXED_PERCENT_OF_CAPITALIZATION_CONVERSION', converts_to_percent: parseNumeric(of) },
  ...(by === undefined ? {} : { capitalization_definition_rules: by }),
})
const with_ = (...holdings: readonly Capitalization['holdings'][number][]): Capitalization =>
  withStatedWarrants({ ...CAPITALIZATION, holdings: [...CAPITALIZATION.holdings, ...holdings] })
const numbers = ({ holdings }: Capitalization) =>
  holdings.flatMap((held) => (held.kind === 'warrant' && held.fixed ? [formatNumeric(held.quantity)] : []))
const reasons = ({ holdings }: Capitalization) =>
  holdings.flatMap((held) => (held.kind === 'warrant' && !held.fixed ? [held.uncounted] : []))

test('a part of everything without the warrant, and a part of everything with it', () => {
  // 3% of 10,000,000.
  assert.deepEqual(numbers(with_(warrant('w', part('0.03', rules(false))))), ['300000'])
  // x = 3% of (10,000,000 + x): 300,000 / 0.97 = 309,278.3, down.
  assert.deepEqual(numbers(with_(warrant('w', part('0.03', rules(true))))), ['309278'])
  // Both, and another: all = 10,300,000 / (1 - 0.02 - 0.03) = 10,842,105.2; 2% and 3% of it.
  const both = with_(
    warrant('a', part('0.03', rules(false))),
    warrant('b', part('0.02', rules(true))),
    warrant('c', part('0.03', rules(true))),
  )
  assert.deepEqual(numbers(both), ['300000', '216842', '325263'])
  assert.equal(formatNumeric(both.fullyDiluted), '10842105')
})

test('what is counted is in the price of a round, and in what weighted averages count', () => {
  const table = with_(warrant('w', part('0.03', rules(false))))
  // 16,000,000 / 10,300,000 is 1.553398.., up to 1.55340.
  const forma = proForma(table, terms())
  assert.deepEqual([forma.priceDenominator, forma.price.amount].map(formatNumeric), ['10300000', '1.5534'])
  assert.ok(!forma.notes.some(({ code }) => code === 'WARRANTS_WITHOUT_NUMBER'))
  assert.equal(formatNumeric(shareCountOf(table).warrants), '300000')
})

test('what follows from a price, a valuation, a round or words is left out, with the reason', () => {
  const safe: Capitalization['holdings'][number] = {
    ...{ kind: 'convertible', convertible: 'SAFE', securityId: 's', stakeholderId: 'dee', stakeholderName: 'Dee' },
    ...{ quantity: 0n, unvested: 0n, amount: { amount: parseNumeric('1000'), currency: 'USD' } },
  }
  const cases: readonly (readonly [Capitalization, RegExp])[] = [
    [with_(warrant('w', part('0.03'))), /not said of which/],
    [with_(warrant('w', part('0.03', rules(false, true)))), /what the pool grows to/],
    [with_(safe, warrant('w', part('0.03', rules(true)))), /what SAFEs and notes become/],
    [with_(warrant('w', part('1', rules(false)))), /not between 0 and 1/],
    [with_(warrant('w', { type: 'PPS_BASED_CONVERSION', description: 'As priced.' })), /price of a round/],
    [with_(warrant('w', { type: 'VALUATION_BASED_CONVERSION', valuation_type: 'ACTUAL' })), /follows from a valuation/],
    [with_(warrant('w', { type: 'CUSTOM_CONVERSION', custom_conversion_description: 'See it.' })), /said in words/],
    [with_(warrant('a', part('0.6', rules(true))), warrant('b', part('0.4', rules(true)))), /to the whole company/],
  ]
  for (const [table, reason] of cases) {
    assert.deepEqual(numbers(table), [])
    for (const said of reasons(table)) assert.match(said ?? '', reason)
    assert.equal(table.fullyDiluted, CAPITALIZATION.fullyDiluted)
  }
  const [{ text } = { text: '' }] = proForma(with_(warrant('W-1', part('0.03'))), terms()).notes.filter(
    ({ code }) => code === 'WARRANTS_WITHOUT_NUMBER',
  )
  assert.match(text, /^1 warrant is not counted: W-1 of Eve, since it is to a part of the capitalization, and not said/)
})

/** 10,000,000 and this warrant, in a round at 16,000,000 before the money and prices down to 0.0001. */
function priced(mechanism: Mechanism, { amount = '100000', ...conversions }: Record<string, unknown> = {}) {
  const money = { amount: String(amount), currency: 'USD' }
  const given = terms({
    priceRounding: { direction: 'DOWN', places: 4 },
    conversions: { warrants: [{ securityId: 'w', amount: money }], ...conversions },
  })
  const forma = proForma(with_(warrant('w', mechanism)), given)
  const [found] = forma.warrants
  return {
    forma,
    price: formatNumeric(forma.price.amount),
    own: found && [found.at, found.exactPrice, formatNumeric(found.price.amount), String(found.shares)],
  }
}
const byPrice = (discount?: string): Mechanism => ({
  ...{ type: 'PPS_BASED_CONVERSION', description: '$100,000 divided by the Exercise Price.' },
  ...(discount === undefined ? {} : { discount: true, discount_percentage: parseNumeric(discount) }),
})
const byValuation = (kind: 'FIXED' | 'CAP' | 'ACTUAL', amount?: string): Mechanism => ({
  ...{ type: 'VALUATION_BASED_CONVERSION', valuation_type: kind },
  ...(amount === undefined ? {} : { valuation_amount: { amount: parseNumeric(amount), currency: 'USD' } }),
  capitalization_definition_rules: rules(false),
})

test('a warrant at a discount from the price of the round is counted, in the price as well', () => {
  // p = 16,000,000 / (10,000,000 + 100,000 / 0.8p), so 10,000,000 p + 125,000 = 16,000,000 and p = 1.5875.
  const { forma, price, own } = priced(byPrice('0.2'))
  assert.equal(forma.exactPrice, '127/80')
  assert.deepEqual([price, own], ['1.5875', ['DISCOUNT', '127/100', '1.27', '78740']])
  // 100,000 / 1.27 = 78,740.2; 235,000 / 1.5875 = 148,031.5; 1,000,000 / 1.5875 = 629,921.3.
  assert.equal(formatNumeric(forma.sharesAfter), String(10_000_000 + 78_740 + 148_031 + 629_921))
  // Its right names no class, so it is to that of the round.
  const line = forma.lines.find(({ kind }) => kind === 'warrant')
  assert.deepEqual(
    [line?.holder, line?.className, line?.before, formatNumeric(line?.after ?? 0n)],
    ['Eve', 'Warrants, Series Seed Preferred', 0n, '78740'],
  )
  assert.ok(!forma.notes.some(({ code }) => code === 'WARRANTS_WITHOUT_NUMBER'))
})

test('its money is not invested, and by the method before the money it weighs on nobody else', () => {
  // Nothing is added to 16,000,000 by dollars invested: the price is that of percent ownership.
  assert.equal(priced(byPrice('0.2'), { method: 'DOLLARS_INVESTED' }).price, '1.5875')
  // 16,000,000 / 10,000,000; 100,000 / 1.28.
  assert.deepEqual(priced(byPrice('0.2'), { method: 'PRE_MONEY' }).own, ['DISCOUNT', '32/25', '1.28', '78125'])
  assert.equal(priced(byPrice('0.2'), { method: 'PRE_MONEY' }).price, '1.6')
})

const valuations: readonly (readonly [string, Mechanism, string, readonly string[]])[] = [
  // 10,000,000 p + 100,000 = 16,000,000; 100,000 / 1.59 = 62,893.08.
  [
    'the actual one is the price of the round',
    byValuation('ACTUAL'),
    '1.59',
    ['ROUND_PRICE', '159/100', '1.59', '62893'],
  ],
  // 8,000,000 / 10,000,000 = 0.80 and 125,000 shares; 16,000,000 / 10,125,000 = 1.580246..
  ['a fixed one below that of the round', byValuation('FIXED', '8000000'), '1.5802', ['CAP', '4/5', '0.8', '125000']],
  // 2.00 and 50,000, though the round is cheaper; 16,000,000 / 10,050,000 = 1.592039..
  ['a fixed one above that of the round', byValuation('FIXED', '20000000'), '1.592', ['CAP', '2', '2', '50000']],
  ['a cap below that of the round', byValuation('CAP', '8000000'), '1.5802', ['CAP', '4/5', '0.8', '125000']],
  [
    'a cap above that of the round',
    byValuation('CAP', '20000000'),
    '1.59',
    ['ROUND_PRICE', '159/100', '1.59', '62893'],
  ],
]
for (const [name, mechanism, price, own] of valuations) {
  test(`a warrant by a valuation: ${name}`, () => {
    const found = priced(mechanism)
    assert.deepEqual([found.price, found.own], [price, own])
  })
}

test('what a round does not price is refused at its term', () => {
  const faults = (mechanism: Mechanism, more: Record<string, unknown> = {}): string => {
    try {
      priced(mechanism, more)
    } catch (error) {
      return String(error)
    }
    return ''
  }
  const amount = { amount: parseNumeric('1'), currency: 'USD' }
  const less = { type: 'PPS_BASED_CONVERSION', description: 'Less.', discount: true, discount_amount: amount } as const
  assert.match(faults(less), /conversions\.warrants\.0\.securityId is at the price of a round less an amount/)
  assert.match(faults(part('0.03', rules(false))), /securityId is a warrant whose number is known already/)
  assert.match(
    faults({ type: 'CUSTOM_CONVERSION', custom_conversion_description: 'See.' }),
    /does not follow the price/,
  )
  const unsaid: Mechanism = {
    ...byValuation('CAP', '8000000'),
    capitalization_definition_rules: undefined,
  } as Mechanism
  assert.match(faults(unsaid), /conversions\.warrants\.0\.capBase is missing/)
  assert.equal(priced(unsaid, { capBase: 'PRE_MONEY_WITHOUT_INCREASE' }).own?.[3], '125000')
  assert.match(faults(byPrice(), { amount: '1' }), /warrants\.0\.amount buys no whole share/)
  assert.match(faults(byValuation('FIXED', '50000')), /warrants\.0\.amount is not below the valuation/)
})

test('after a round of a chain the warrant is one for a number of shares', () => {
  const money = { amount: '100000', currency: 'USD' }
  const first = compute({
    ...{ priceRounding: { direction: 'DOWN', places: 4 } },
    conversions: { warrants: [{ securityId: 'w', amount: money }] },
  })
  const { rounds, stages } = solveChain(with_(warrant('w', byPrice('0.2'))), chain(first, cash()))
  // 40,000,000 / 10,856,692 = 3.684364..
  assert.deepEqual(
    [formatNumeric(stages[1]?.shares ?? 0n), formatNumeric(rounds[1]?.price.amount ?? 0n)],
    ['10856692', '3.6843'],
  )
  assert.ok(!rounds[1]?.notes.some(({ code }) => code === 'WARRANTS_WITHOUT_NUMBER'))
})

test('from a package to the count: a part is counted, a price-based one and an estimate are named', async () => {
  const issuance = (id: string, mechanism: object, more: object = {}) => ({
    ...{ object_type: 'TX_WARRANT_ISSUANCE', id: `tx-${id}`, date: '2026-01-10', security_id: id, custom_id: id },
    ...{ stakeholder_id: OWN.seedFund, security_law_exemptions: [], purchase_price: { amount: '0', currency: 'USD' } },
    exercise_triggers: [
      {
        ...{ type: 'ELECTIVE_AT_WILL', trigger_id: `t-${id}` },
        conversion_right: {
          ...{ type: 'WARRANT_CONVERSION_RIGHT', converts_to_stock_class_id: OWN.common },
          conversion_mechanism: mechanism,
        },
      },
    ],
    ...more,
  })
  const files = ownPackage({
    Transactions: (items) => [
      ...items,
      issuance('W-1', {
        ...{ type: 'FIXED_PERCENT_OF_CAPITALIZATION_CONVERSION', converts_to_percent: '0.02' },
        capitalization_definition_rules: rules(false),
      }),
      // As in the published sample of the format.
      issuance('W-2', { type: 'PPS_BASED_CONVERSION', description: '$100,000 divided by the Exercise Price.' }),
      issuance(
        'W-3',
        { type: 'FIXED_AMOUNT_CONVERSION', converts_to_quantity: '10000' },
        {
          ...{ quantity: '1000', quantity_source: 'HUMAN_ESTIMATED' },
        },
      ),
    ],
  })
  const { package: read } = await checkPackage({ files: [...files] })
  const table = capitalizationOf(replay(read, { through: '2026-11-20' }).table, '2026-11-20')
  // 2% of 11,500,000.
  assert.deepEqual(numbers(table), ['230000'])
  assert.match(reasons(table)[0] ?? '', /^its number follows from the price of a round/)
  assert.equal(reasons(table)[1], 'its number is an estimate')
  assert.equal(formatNumeric(table.fullyDiluted), '11730000')
})
