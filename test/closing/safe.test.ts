/** SAFEs for compute, from terms to cap table to Open Cap Format and into a later priced round. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capTableAsOf, stockIssuances } from '../../api/captable/index.ts'
import { issueTranche, reconcile } from '../../api/closing/index.ts'
import { settlementsOf } from '../../api/closing/settlement/settlement.store.ts'
import { standingOf } from '../../api/http/pages/standing.ts'
import { formatNumeric } from '../../api/platform/index.ts'
import { RoundTerms, type RoundTermsWire } from '../../api/rounds/index.ts'
import { balances } from '../../api/tokens/index.ts'
import { type Drawdown, progressOf } from '../drawdown/given-drawdown.ts'
import { WIRE } from '../rounds/given-terms.ts'
import { makeWorld } from '../support/world.ts'
import { exportsAlike, givenSafe, laterRound, safesIn, through, traceOf, used } from './given-safe.ts'

const world = await makeWorld()
const { staff } = world
const usd = (amount: string) => ({ amount, currency: 'USD' })
const sound = async (it: Drawdown) => {
  const { differences } = await reconcile(world.deps.db, it.companyId)
  assert.deepEqual(differences, [])
}

test('a SAFE accrues by final statements, to the cent, as one open security whose amounts the export replays', async () => {
  const it = await givenSafe(world)
  const on = (day: string) => capTableAsOf(world.deps.db, it.companyId, day)
  assert.deepEqual(safesIn(await on('2026-12-15')), [])
  // 10,000 of 100,000 tokens at 2.35 are 23,500.00 of 235,000.00.
  await used(it, 'one')
  assert.deepEqual(safesIn(await on('2027-02-28')), [])
  assert.deepEqual(safesIn(await on('2027-03-02')), ['SAFE-1 23500'])
  await used(it, 'two')
  assert.deepEqual(safesIn(await on('2027-09-02')), ['SAFE-1/2 47000'])
  // The founder's home says the currency, however many rounds came after that of the SAFE.
  const { figures = [] } = (await standingOf(world.deps, it.founder.actor, it.companyId)) ?? {}
  assert.deepEqual(figures.slice(-3), [
    { name: 'Purchase amount under SAFEs', value: 'USD 235,000.00' },
    { name: 'Accrued so far', value: 'USD 47,000.00' },
    { name: 'Accrued by final statements', value: 'USD 47,000.00' },
  ])
  assert.equal((await progressOf(world, it))[0]?.vested_shares, 4_700_000n)
  await exportsAlike(world, it, ['2026-12-15', '2027-03-02', '2027-09-02'])
  await sound(it)
  const rows = await on('2027-09-02')
  const securityId = rows.securities.find((row) => row.kind === 'convertible')?.id ?? ''
  // Cent 2,350,000 is the last of the first statement's, the next one the first of the second's.
  const traced = await traceOf(it, securityId, 2_350_000n, 2_350_001n)
  assert.deepEqual(
    [traced.unit, traced.links.map((link: { externalId: string }) => link.externalId)],
    ['CENT', ['one', 'two']],
  )
  assert.equal((await traceOf(it, securityId, 1n, 4_700_001n)).__typename, 'Refused')
})

test('what rounds is rounded once: half a cent is carried, and the last token brings the whole amount', async () => {
  // 300 tokens at 0.01 are 300 cents; a token and a half earns one cent and a half, of which one accrues.
  const it = await givenSafe(world, {
    compute: { tokens: '300', referencePrice: usd('0.01') },
    instrument: { kind: 'SAFE', rest: 'NEW_SAFE' },
    preMoney: usd('20000000'),
  })
  const on = (day: string) => capTableAsOf(world.deps.db, it.companyId, day)
  // One GPU for 90 minutes.
  await used(it, 'half', { gpus: 1, minutes: 90 })
  assert.deepEqual(safesIn(await on('2027-03-02')), ['SAFE-1 0.01'])
  // Three for 99.5 hours are the other 298.5: 300 cents in all, not 1 + 298.
  await used(it, 'rest', { gpus: 3, minutes: 5970 })
  assert.deepEqual(safesIn(await on('2027-09-02')), ['SAFE-1/2 3'])
  await exportsAlike(world, it, ['2027-03-02', '2027-09-02'])
  await sound(it)
})

/**
 * What converts at the cap over all shares before the round with all that converts, the rest counted as the terms say: whole
 * shares that give themselves again, from the exact solution of what converts at the cap on.
 */
function solvedByHand(
  before: bigint,
  rest: (typeof RESTS)[number],
  accrued = 23_500n,
): { shares: bigint; price: bigint } {
  // All shares C with what converts at the cap: C = before + converting C / 20,000,000.
  const toCome = 235_000n - accrued
  const converting = accrued + (rest === 'NEW_SAFE' ? toCome : 0n)
  const exact = (money: bigint) => (money * before) / (20_000_000n - converting)
  let [shares, ofRest] = [exact(accrued), exact(converting - accrued)]
  for (;;) {
    const all = before + shares + ofRest
    // The price of the round, up to five places: 23,000,000 over all these shares.
    const price = (23_000_000n * 10n ** 5n + all - 1n) / all
    const next = [
      (accrued * all) / 20_000_000n,
      rest === 'END' ? 0n : rest === 'NEW_SAFE' ? (toCome * all) / 20_000_000n : (toCome * 10n ** 5n) / price,
    ] as const
    if (next[0] === shares && next[1] === ofRest) return { shares, price }
    ;[shares, ofRest] = next
  }
}

type Later = Awaited<ReturnType<typeof laterRound>>
const RESTS = ['END', 'ROUND_PRICE', 'NEW_SAFE'] as const
const AFTERWARDS: Readonly<Record<(typeof RESTS)[number], (it: Drawdown, round: Later) => Promise<void>>> = {
  /** The grant is over: the 90,000 tokens that are left are cancelled, and nothing accrues any more. */
  END: async (it, { closedOn }) => {
    const [grant] = (await progressOf(world, it)).filter((row) => row.total_shares === 23_500_000n)
    assert.deepEqual([grant?.vested_shares, grant?.ended_on], [2_350_000n, closedOn])
    const lots = await balances(world.deps.db, it.companyId)
    const old = lots.lots.find(({ lotId }) => lotId === it.closed.lotId)?.accounts ?? []
    assert.equal(old.find(({ kind }) => kind === 'cancelled')?.amount, 90_000_000_000n)
    const [settlement] = await settlementsOf(world.deps.db, [it.companyId])
    assert.deepEqual([settlement?.plan.event, settlement?.outcome], ['priced_round', 'applied'])
  },
  /** Another 23,500.00 accrue and are issued as stock at the price of the round, whole shares, down. */
  ROUND_PRICE: async (it, { closed }) => {
    await used(it, 'two')
    const on = '2027-09-02'
    assert.deepEqual(safesIn(await capTableAsOf(world.deps.db, it.companyId, on)), [])
    const { roundId } = it.closed
    const { tranches } = await through(world, it, () => issueTranche(world.deps, staff.operations.actor, { roundId }))
    const price = await priceOf(it, closed.securityId)
    const bought = (23_500n * 10n ** 10n) / price
    assert.deepEqual(
      tranches.map(({ from, to }) => to - from),
      [bought],
    )
    const [{ securityId } = { securityId: '' }] = tranches
    const table = await capTableAsOf(world.deps.db, it.companyId, on)
    const row = table.securities.find(({ id }) => id === securityId)
    assert.deepEqual([row?.className, row?.unvested], ['Series B Preferred Stock', 0n])
    const traced = await traceOf(it, securityId, 1n, bought)
    assert.deepEqual(
      traced.links.map((link: { externalId: string }) => link.externalId),
      ['two'],
    )
    await assert.rejects(issueTranche(world.deps, staff.operations.actor, { roundId }), { code: 'REFUSED' })
  },
  /** Another 23,500.00 accrue in a SAFE of their own. */
  NEW_SAFE: async (it) => {
    await used(it, 'two')
    const table = await capTableAsOf(world.deps.db, it.companyId, '2027-09-02')
    assert.deepEqual(safesIn(table), ['SAFE-2 23500'])
    const security = table.securities.find((row) => row.kind === 'convertible')?.id ?? ''
    const traced = await traceOf(it, security, 1n, 1n)
    assert.deepEqual(
      traced.links.map((link: { externalId: string }) => link.externalId),
      ['two'],
    )
  },
}

/** The price per share of what the fund got for compute in a round, as its issuance says. */
async function priceOf({ companyId }: Drawdown, securityId: string): Promise<bigint> {
  const issuances = await stockIssuances(world.deps.db, companyId, [securityId])
  return issuances.get(securityId)?.sharePrice.amount ?? 0n
}

for (const rest of RESTS) {
  test(`a priced round converts what has accrued, and the rest follows the terms: ${rest}`, async () => {
    const it = await givenSafe(world, {
      instrument: { kind: 'SAFE', cap: usd('20000000'), capBase: 'POST_MONEY', rest },
    })
    await used(it, 'one')
    const round = await laterRound(world, it)
    const on = (day: string) => capTableAsOf(world.deps.db, it.companyId, day)
    const after = await on(round.closedOn)
    assert.deepEqual(safesIn(after), [])
    const became = after.securities.find((row) => row.customId === 'PB1-1')
    assert.ok(became !== undefined, JSON.stringify(after.securities.map((row) => row.customId)))
    const before = (await on('2027-03-14')).totals.fullyDiluted / 10n ** 10n
    const { shares } = solvedByHand(before, rest)
    assert.equal(formatNumeric(became.outstanding), String(shares))
    await sound(it)
    const traced = await traceOf(it, became.id, 1n, shares)
    assert.deepEqual(
      [traced.vestedShares, traced.unit, traced.links.map((link: { externalId: string }) => link.externalId)],
      [String(shares), 'SHARE', ['one']],
    )
    await AFTERWARDS[rest](it, round)
    await sound(it)
    await exportsAlike(world, it, ['2027-03-02', round.closedOn, '2027-09-02'])
  })
}

test('what has accrued over two final statements converts at once, and the package says so by the published schemas', async () => {
  const it = await givenSafe(world, {
    instrument: { kind: 'SAFE', cap: usd('20000000'), capBase: 'POST_MONEY', rest: 'NEW_SAFE' },
  })
  await used(it, 'one')
  await used(it, 'two')
  const on = (day: string) => capTableAsOf(world.deps.db, it.companyId, day)
  const before = (await on('2027-09-09')).totals.fullyDiluted / 10n ** 10n
  const { closedOn } = await laterRound(world, it, { asked: '2027-09-10', closedOn: '2027-09-15' })
  const became = (await on(closedOn)).securities.find((row) => row.customId === 'PB1-1')
  // 47,000 of 235,000 convert at the cap; 188,000 that are to come are counted with them.
  assert.equal(formatNumeric(became?.outstanding ?? 0n), String(solvedByHand(before, 'NEW_SAFE', 47_000n).shares))
  await exportsAlike(world, it, ['2027-03-02', '2027-09-02', closedOn])
  await sound(it)
})

test('a sale pays what has accrued of a SAFE and nothing of what is to come', async () => {
  const it = await givenSafe(world)
  const paid = async (asOf: string): Promise<readonly string[]> => {
    const { data, errors } = await it.founder.graphql(
      `query ($id: ID!, $asOf: Date) { node(id: $id) { ... on Company { waterfall(
        asOf: $asOf, input: { exits: ["1000000", "10000000"] }) { __typename ... on Waterfall {
          exits { payouts { what amount } } } } } } }`,
      { id: it.id, asOf },
    )
    assert.deepEqual(errors, [])
    type Exit = { readonly payouts: readonly { readonly what: string; readonly amount: string }[] }
    return data.node.waterfall.exits.flatMap(({ payouts }: Exit) =>
      payouts.filter(({ what }) => what.startsWith('SAFE')).map(({ amount }) => amount),
    )
  }
  assert.deepEqual(await paid('2027-03-01'), [])
  // Beside 1,500,000 seed at 1.20, 1,800,000. Of 1,000,000: 1,000,000 x 23,500 / 1,823,500 = 12,887.30. Of 10,000,000 its
  // amount: at the cap it were 23,500 / 20,000,000 of what is shared, less than that.
  await used(it, 'one')
  assert.deepEqual(await paid('2027-03-02'), ['12887.3', '23500'])
  // 1,000,000 x 47,000 / 1,847,000 = 25,446.67.
  await used(it, 'two')
  assert.deepEqual(await paid('2027-09-02'), ['25446.67', '47000'])
  assert.deepEqual(await paid('2027-09-01'), ['12887.3', '23500'])
})

const SAFE = { kind: 'SAFE', cap: usd('20000000'), capBase: 'POST_MONEY', rest: 'END' } as const
const BASE = { ...WIRE, cashInvestors: [], preMoney: undefined, security: undefined, unearned: undefined }
const faults: readonly { name: string; change: object; paths: readonly string[] }[] = [
  {
    name: 'a cap that does not say over what',
    change: { instrument: { ...SAFE, capBase: undefined } },
    paths: ['instrument.capBase'],
  },
  {
    name: 'a base without a cap, and nothing at which to show it',
    change: { instrument: { ...SAFE, cap: undefined } },
    paths: ['instrument.capBase', 'preMoney'],
  },
  {
    name: 'a cap that is not above the purchase amount',
    change: { instrument: { ...SAFE, cap: usd('235000') } },
    paths: ['instrument.cap.amount'],
  },
  {
    name: 'a discount of everything',
    change: { instrument: { ...SAFE, discount: '1' } },
    paths: ['instrument.discount'],
  },
  { name: 'nothing about the rest', change: { instrument: { ...SAFE, rest: undefined } }, paths: ['instrument.rest'] },
  { name: 'a valuation that is not the cap', change: { preMoney: usd('16000000') }, paths: ['preMoney.amount'] },
  {
    name: 'a purchase amount with a fraction of a cent',
    change: { compute: { ...WIRE.compute, tokens: '0.001' } },
    paths: ['compute.tokens'],
  },
  {
    name: 'shares beside it',
    change: {
      cashInvestors: WIRE.cashInvestors,
      pool: { kind: 'INCREASE', shares: '1000' },
      promisedOptions: { shares: '1', from: 'POOL' },
      conversions: { warrants: [{ securityId: 'W-1', amount: usd('100000') }] },
      rolling: { maximum: usd('9000000'), outsideDate: '2027-06-15' },
      furtherGrants: [{ tokenClassId: WIRE.compute.tokenClassId, tokens: '1000' }],
    },
    paths: [
      'cashInvestors',
      'conversions',
      'conversions.warrants',
      'furtherGrants',
      'pool.kind',
      'promisedOptions',
      'rolling',
      'security.authorized',
    ],
  },
  {
    name: 'a vote, a dividend, another basis, and acceleration in a sale',
    change: {
      unearned: { basis: 'staged', votes: true, dividends: 'paid' },
      settlement: { changeOfControl: 'VEST' },
    },
    paths: [
      'settlement.changeOfControl',
      'unearned.basis',
      'unearned.dividends',
      'unearned.dividends',
      'unearned.votes',
      'unearned.votes',
    ],
  },
]
for (const { name, change, paths } of faults) {
  test(`terms of a SAFE are refused at the term: ${name}`, () => {
    const parsed = RoundTerms.safeParse({ ...BASE, instrument: SAFE, ...change })
    assert.deepEqual(parsed.error?.issues.map(({ path }) => path.join('.')).sort(), paths)
  })
}

test('terms of a SAFE come back as they were written, with what follows written out', () => {
  const terms = RoundTerms.parse({ ...BASE, instrument: { ...SAFE, discount: '0.2' } })
  assert.equal(terms.preMoney.amount, 20_000_000n * 10n ** 10n)
  const text: RoundTermsWire['riskTable'] = terms.riskTable.map((row) => ({ ...row }))
  assert.match(text?.find((row) => row.event === 'change_of_control')?.cash ?? '', /accrued amount only/)
  assert.doesNotMatch(JSON.stringify(text), /[Ff]orfeit/)
})
