import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capTableAsOf, exportCapTable, importCapTable, loadCapitalization } from '../../api/captable/index.ts'
import { closeRound } from '../../api/closing/index.ts'
import { formatNumeric } from '../../api/platform/index.ts'
import { capitalizationBefore, type ProForma, proForma, RoundTerms } from '../../api/rounds/index.ts'
import { THREE } from '../captable/given-convertibles.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'
import { makeWorld } from '../support/world.ts'
import { CLOSED, givenDeal } from './given-deal.ts'

const world = await makeWorld()
const withThree = () => ownPackage({ Transactions: (items) => [...items, ...THREE] })

/** Shares by holder and class, without what is only reserved. */
const sharesIn = (forma: ProForma) =>
  forma.lines
    .filter(({ after, kind }) => after > 0n && kind !== 'pool' && kind !== 'promised')
    .map(({ holder, className, kind, after }) => `${holder} | ${kind} | ${className} | ${formatNumeric(after)}`)
    .sort()

test('closing converts what the pro forma converts, and the replayed cap table is exactly the pro forma', async () => {
  const deal = await givenDeal(world, '1000000', withThree())
  const change = {
    cashInvestors: [{ name: 'Harbour Ventures', amount: { amount: '1000000', currency: 'USD' } }],
    pool: { kind: 'TARGET', postRoundUnallocated: '0.15' },
    conversions: { priceRounding: { direction: 'DOWN', places: 4 } },
    promisedOptions: { shares: '25000', from: 'ON_TOP' },
    proRataRights: [
      {
        holder: 'Harbor Seed Fund II, L.P.',
        stakeholderId: OWN.seedFund,
        of: 'COMPANY_AFTER',
        part: '0.2',
        exercise: { kind: 'FULL' },
      },
    ],
  } as const
  const { roundId } = await deal.accepted(change as never)
  const terms = RoundTerms.parse(deal.terms(change as never))
  const forma = proForma(await capitalizationBefore(world.deps.db, deal.companyId, terms), terms)
  assert.equal(forma.conversions.length, 3)
  assert.ok((forma.rights[0]?.shares ?? 0n) > 0n)
  await closeRound(world.deps, world.staff.secondPartner.actor, { roundId })
  const after = await loadCapitalization(world.deps.db, deal.companyId, CLOSED.slice(0, 10))
  assert.equal(after.fullyDiluted, forma.sharesAfter)
  assert.deepEqual(
    after.holdings.filter(({ kind }) => kind === 'convertible'),
    [],
  )
  // Read again as the cap table of a round that issues next to nothing: the shares before it are the replayed ones.
  const again = proForma(after, {
    ...terms,
    name: 'Series B',
    security: { ...terms.security, className: 'Series B Preferred Stock' },
    compute: { ...terms.compute, stakeholderId: holderId(after, terms.compute.holderName) },
    cashInvestors: [],
    pool: { kind: 'NONE' },
    proRataRights: [],
    promisedOptions: undefined,
  })
  const replayed = again.lines
    .filter(({ before, kind }) => before > 0n && kind !== 'pool')
    .map(({ holder, className, kind, before }) => `${holder} | ${kind} | ${className} | ${formatNumeric(before)}`)
    .sort()
  assert.deepEqual(replayed, sharesIn(forma))
  const pool = (which: 'before' | 'after', lines: ProForma['lines']) =>
    lines.filter(({ kind }) => kind === 'pool' || kind === 'promised').reduce((sum, line) => sum + line[which], 0n)
  assert.equal(pool('before', again.lines), pool('after', forma.lines))
})

const holderId = (table: Awaited<ReturnType<typeof loadCapitalization>>, name: string): string =>
  table.holdings.find(({ stakeholderName }) => stakeholderName === name)?.stakeholderId ?? ''

test('each conversion names its trigger and its class, and the shares cost what was paid', async () => {
  const deal = await givenDeal(world, '1000000', withThree())
  await deal.closed()
  const rows = await world.deps.db
    .selectFrom('securities_transaction')
    .select(['object_type', 'item'])
    .where('company_id', '=', deal.companyId)
    .where('object_type', 'in', ['TX_CONVERTIBLE_CONVERSION', 'TX_STOCK_ISSUANCE'])
    .execute()
  // biome-ignore lint/suspicious/noExplicitAny: rows as Open Cap Format writes them
  const items: any[] = rows.map(({ item }) => item)
  const conversions = items.filter(({ object_type: type }) => type === 'TX_CONVERTIBLE_CONVERSION')
  assert.deepEqual(conversions.map(({ trigger_id: id }) => id).sort(), [
    'equity-financing-note-1',
    'equity-financing-safe-1',
    'equity-financing-safe-2',
  ])
  for (const {
    resulting_security_ids: [id],
  } of conversions) {
    const issued = items.find((item) => item.object_type === 'TX_STOCK_ISSUANCE' && item.security_id === id)
    assert.ok(issued !== undefined)
    assert.match(issued.consideration_text, /^Conversion of /)
  }
  const paid = items.filter(({ cost_basis: basis }) => basis !== undefined).map(({ cost_basis: basis }) => basis.amount)
  assert.deepEqual(paid.sort(), ['106027.4', '160000', '500000'])
})

test('a day later the interest has grown: the closing is refused, and nothing is stored', async () => {
  const deal = await givenDeal(world, '1000000', withThree())
  const { roundId } = await deal.accepted()
  await world.setClock('2026-12-20T12:00:00Z')
  await assert.rejects(closeRound(world.deps, world.staff.secondPartner.actor, { roundId }), {
    code: 'CAP_TABLE_MOVED',
  })
  const after = await loadCapitalization(world.deps.db, deal.companyId, '2026-12-20')
  assert.equal(after.holdings.filter(({ kind }) => kind === 'convertible').length, 3)
})

const byPrice = (id: string, right: object, more: object) => ({
  ...{ object_type: 'TX_WARRANT_ISSUANCE', id: `issue-${id}`, date: '2026-01-10', security_id: id, custom_id: id },
  ...{ stakeholder_id: OWN.seedFund, security_law_exemptions: [], purchase_price: { amount: '1', currency: 'USD' } },
  exercise_triggers: [
    {
      ...{ type: 'ELECTIVE_AT_WILL', trigger_id: `t-${id}` },
      conversion_right: { type: 'WARRANT_CONVERSION_RIGHT', ...right },
    },
  ],
  ...{ warrant_expiration_date: '2033-01-10', comments: ['Of the loan.'] },
  ...more,
})
/** To the class of the round at 20% off, vesting over four years; and to common at its price, of which somebody guessed 1,000. */
const TWO_WARRANTS = [
  byPrice(
    'W-1',
    {
      conversion_mechanism: {
        ...{ type: 'PPS_BASED_CONVERSION', description: '$100,000 divided by the Exercise Price.' },
        ...{ discount: true, discount_percentage: '0.2' },
      },
      converts_to_future_round: true,
    },
    { vesting_terms_id: OWN.terms },
  ),
  {
    ...{ object_type: 'TX_VESTING_START', id: 'start-W-1', date: '2026-01-10', security_id: 'W-1' },
    vesting_condition_id: 'start',
  },
  byPrice(
    'W-2',
    {
      conversion_mechanism: { type: 'PPS_BASED_CONVERSION', description: '$100,000 divided by the price.' },
      converts_to_stock_class_id: OWN.common,
    },
    { quantity: '1000', quantity_source: 'HUMAN_ESTIMATED' },
  ),
]

test('a closing reissues the warrants that its round prices, for their number, and a later round counts them', async () => {
  const files = ownPackage({ Transactions: (items) => [...items, ...TWO_WARRANTS] })
  const deal = await givenDeal(world, '1000000', files)
  const money = { amount: '100000', currency: 'USD' }
  // 11,500,000 p + 100,000 / 0.8 + 100,000 = 23,225,000: p = 2, and 100,000 / 1.6 = 62,500 and 100,000 / 2 = 50,000 shares.
  await deal.closed({
    preMoney: { amount: '23225000', currency: 'USD' },
    conversions: {
      warrants: [
        { securityId: 'W-1', amount: money },
        { securityId: 'W-2', amount: money },
      ],
    },
  })
  const { db } = world.deps
  const warrants = async (companyId: typeof deal.companyId, day: string) =>
    (await capTableAsOf(db, companyId, day)).securities
      .filter(({ kind }) => kind === 'warrant')
      .map((row) =>
        [
          row.customId,
          row.className,
          ...[row.fullyDiluted, row.unvested, row.price?.amount ?? 0n].map(formatNumeric),
        ].join(' | '),
      )
  const on = CLOSED.slice(0, 10)
  assert.deepEqual(await warrants(deal.companyId, '2026-12-14'), [
    'W-1 |  | 0 | 0 | 0',
    'W-2 | Common Stock | 0 | 0 | 0',
  ])
  const fixed = (unvested: string) => [
    `W-1/2 | Series A Preferred Stock | 62500 | ${unvested} | 1.6`,
    'W-2/2 | Common Stock | 50000 | 0 | 2',
  ]
  assert.deepEqual(await warrants(deal.companyId, on), fixed('62500'))
  // Its vesting began with W-1: a quarter after one year of that.
  assert.deepEqual(await warrants(deal.companyId, '2027-01-10'), fixed('46875'))
  // 235,000 / 2 for compute, 1,000,000 / 2 for cash.
  const after = await loadCapitalization(db, deal.companyId, on)
  assert.equal(formatNumeric(after.fullyDiluted), String(11_500_000 + 117_500 + 500_000 + 62_500 + 50_000))
  // A class may issue what its round sold and what it owes.
  const series = after.classes.find(({ name }) => name === 'Series A Preferred Stock')
  assert.equal(typeof series?.authorized === 'bigint' && formatNumeric(series.authorized), '680000')
  const later = (conversions?: object) => {
    const terms = RoundTerms.parse({
      ...deal.terms({ name: 'Series B', closingDate: '2027-01-10', preMoney: { amount: '24460000', currency: 'USD' } }),
      ...{ security: { className: 'Series B Preferred Stock', newClass: true }, conversions, cashInvestors: [] },
      compute: { ...deal.terms().compute, stakeholderId: holderId(after, deal.terms().compute.holderName) },
    })
    return proForma({ ...after, asOf: '2027-01-10' }, terms)
  }
  // 24,460,000 / 12,230,000.
  const next = later()
  assert.deepEqual([next.priceDenominator, next.price.amount].map(formatNumeric), ['12230000', '2'])
  assert.ok(!next.notes.some(({ code }) => code === 'WARRANTS_WITHOUT_NUMBER'))
  const again = (securityId: string) => () => later({ warrants: [{ securityId, amount: money }] })
  assert.throws(again('W-1'), /conversions\.warrants\.0\.securityId is no outstanding warrant/)
  const [{ securityId } = { securityId: '' }] = after.holdings.filter(({ kind }) => kind === 'warrant')
  assert.throws(again(securityId), /is a warrant whose number is known already/)
  // What else the warrant says stays, and an export replays to the same.
  const exported = await exportCapTable(db, world.staff.analyst.actor, { companyId: deal.id })
  assert.deepEqual(exported.setAside, [])
  const text = exported.files.map(({ content }) => String(content)).join()
  assert.equal(text.match(/"warrant_expiration_date": ?"2033-01-10"/g)?.length, 4)
  assert.match(
    text,
    /for 100000 USD it is for 62500 shares, at a discount from the price of the round, 8\/5 USD per share\. It goes on as W-1\/2/,
  )
  const copy = await world.company('Copy, Inc.')
  await importCapTable(world.deps, world.staff.analyst.actor, { companyId: copy.id, files: [...exported.files] })
  for (const day of ['2026-12-14', on, '2027-01-10']) {
    assert.deepEqual(await warrants(copy.companyId, day), await warrants(deal.companyId, day))
  }
})
