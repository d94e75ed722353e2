/** What a chain's rounds give for compute, in later rounds of it: SAFEs, tranches, warrants. The arithmetic stands beside. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Capitalization, ComputeEquity } from '../../api/captable/index.ts'
import { formatNumeric, parseNumeric } from '../../api/platform/index.ts'
import { ChainRefused, chainJson, proForma, solveChain } from '../../api/rounds/index.ts'
import { cash, chain, compute } from './given-chain.ts'
import { CAPITALIZATION, terms, WIRE } from './given-terms.ts'

const usd = (amount: string) => ({ amount, currency: 'USD' })
type Rest = 'END' | 'ROUND_PRICE' | 'NEW_SAFE'

/** 100,000 tokens at 2.35: a purchase amount of 235,000, capped at 20,000,000 after the money. */
const safe = (rest: Rest, more: object = {}) =>
  compute(
    {
      name: 'SAFE',
      instrument: { kind: 'SAFE', cap: usd('20000000'), capBase: 'POST_MONEY', rest },
      ...{ cashInvestors: [], preMoney: undefined, security: undefined, unearned: undefined, pool: { kind: 'NONE' } },
    },
    more,
  )
/** What is not earned is left out, so that the arithmetic is short. */
const seriesA = (change: object = {}) => cash({ unearnedCompute: 'LEFT_OUT', ...change })
const seriesB = (change: object = {}) =>
  cash({
    name: 'Series B',
    closingDate: '2028-12-15',
    security: { className: 'Series B Preferred', newClass: true },
    preMoney: usd('100000000'),
    cashInvestors: [{ name: 'Beacon', amount: usd('10000000') }],
    ...change,
  })
const solve = (...rounds: readonly object[]) => solveChain(CAPITALIZATION, chain(...rounds))
type Solved = ReturnType<typeof solve>
const prices = ({ rounds }: Solved) => rounds.map(({ price }) => formatNumeric(price.amount))
const shares = ({ stages }: Solved) =>
  stages.map((stage) => [formatNumeric(stage.shares), formatNumeric(stage.unearned)])
const converted = ({ rounds }: Solved) => rounds.map(({ conversions }) => conversions.map((each) => each.shares))
const rests = ({ rounds }: Solved) =>
  rounds.map((round) => round.rests.map((each) => [each.becomes, formatNumeric(each.amount.amount), each.shares]))

// By the Series A 40,000 tokens are delivered: 94,000 has accrued, 141,000 has not. 94,000 / 20,000,000 of 10,000,000 and
// what converts: 0.0047 x 10,047,221 = 47,221.9, down. 40,000,000 / 10,047,221 is 3.98120.., down to 3.9812;
// 10,000,000 / 3.9812 = 2,511,805.4; after it 10,000,000 + 47,221 + 2,511,805 = 12,559,026.
const A = { converted: [47_221n], price: '3.9812', after: '12559026' }

test('a SAFE issues nothing in its round; the next one converts what has accrued, and the rest ends', () => {
  const solved = solve(safe('END', { delivered: '40000', deliveredLater: ['70000'] }), seriesA(), seriesB())
  // What is delivered after the end accrues nothing: 100,000,000 / 12,559,026 = 7.96240.., down to 7.9624.
  assert.deepEqual(prices(solved).slice(1), [A.price, '7.9624'])
  assert.deepEqual(converted(solved), [[], A.converted, []])
  assert.deepEqual(shares(solved).slice(0, 3), [
    ['10000000', '0'],
    ['10000000', '0'],
    [A.after, '0'],
  ])
  assert.deepEqual(rests(solved), [[], [['END', '141000', null]], []])
  const [first, second] = solved.rounds
  assert.deepEqual([formatNumeric(first?.safe?.amount ?? 0n), first?.compute?.shares], ['235000', 0n])
  assert.deepEqual(
    [first, second].map((round) => round?.notes.map(({ code }) => code).filter((code) => code.includes('SAFE'))),
    [['SAFE_ISSUES_NO_SHARES'], ['REST_OF_SAFE']],
  )
})

test('the rest of a SAFE goes on at the price of the round: tranches, issued as it accrues', () => {
  // 141,000 / 3.9812 = 35,416.4: at most 35,416 shares, counted whole. By the Series B 70,000 tokens are delivered:
  // 164,500 - 94,000 = 70,500 has accrued since, / 3.9812 = 17,708.2: 17,708 issued, 17,708 left.
  const rounds = (unearnedCompute: string) => [
    ...[safe('ROUND_PRICE', { delivered: '40000', deliveredLater: ['70000'] }), seriesA()],
    seriesB({ unearnedCompute }),
  ]
  // 12,559,026 + 35,416 = 12,594,442; 100,000,000 over it is 7.94001..; 10,000,000 / 7.94 = 1,259,445.8.
  const counted = solve(...rounds('COUNTED'))
  assert.deepEqual(shares(counted).slice(2), [
    ['12594442', '35416'],
    ['13853887', '17708'],
  ])
  assert.deepEqual(prices(counted).slice(1), [A.price, '7.94'])
  assert.deepEqual(rests(counted)[1], [['ROUND_PRICE', '141000', 35_416n]])
  // 100,000,000 / (12,594,442 - 17,708) is 7.95118.., down to 7.9511.
  assert.equal(prices(solve(...rounds('LEFT_OUT')))[2], '7.9511')
})

test('the rest of a SAFE becomes a new SAFE, and the round after converts what has accrued by then', () => {
  const solved = solve(
    ...[safe('NEW_SAFE', { delivered: '40000', deliveredLater: ['70000'] }), seriesA()],
    seriesB({ unearnedCompute: 'LEFT_OUT' }),
  )
  // 70,500 / 20,000,000 of 12,559,026 and itself: 0.003525 x 12,603,453 = 44,427.1; 100,000,000 / 12,603,453 = 7.93433..
  assert.deepEqual(converted(solved), [[], A.converted, [44_427n]])
  assert.deepEqual(prices(solved).slice(1), [A.price, '7.9343'])
  assert.deepEqual(shares(solved)[2], [A.after, '0'])
  assert.deepEqual(rests(solved).slice(1), [[['NEW_SAFE', '141000', null]], [['NEW_SAFE', '70500', null]]])
})

test('a SAFE of which nothing has accrued, and one that remains, stay as they are', () => {
  const remain = { conversions: { outstanding: 'REMAIN' } }
  const solved = solve(
    safe('END', { deliveredLater: ['40000'] }),
    seriesA(remain),
    seriesB({ unearnedCompute: 'LEFT_OUT' }),
  )
  assert.deepEqual(
    converted(solved).map(({ length }) => length),
    [0, 0, 1],
  )
  assert.deepEqual(rests(solved), [[], [], [['END', '141000', null]]])
  const named = solve(
    safe('END', { delivered: '40000' }),
    seriesA({ conversions: { instruments: [{ securityId: 'SAFE: compute', outcome: 'REMAIN' }] } }),
  )
  assert.deepEqual(converted(named), [[], []])
})

test('whoever has a SAFE is known by its name, although nothing has accrued', () => {
  const again = (change: object) => ({
    ...{ name: 'Seed', closingDate: '2027-12-15', longStop: '2030-01-01', tokenExpiry: '2030-01-01' },
    compute: { ...WIRE.compute, ...change },
  })
  assert.throws(
    () => solve(safe('NEW_SAFE'), compute(again({}))),
    (error) => {
      assert.ok(error instanceof ChainRefused)
      assert.deepEqual(
        error.faults.map(({ path }) => path.join('.')),
        ['rounds.1.compute.compute.stakeholderId'],
      )
      return true
    },
  )
  const solved = solve(safe('NEW_SAFE'), compute(again({ stakeholderId: WIRE.compute.holderName })))
  assert.equal(solved.owners.filter(({ holder }) => holder === WIRE.compute.holderName).length, 1)
})

for (const rest of ['END', 'ROUND_PRICE', 'NEW_SAFE'] as const) {
  test(`a later round of the chain is the pro forma over a table with that SAFE: ${rest}`, () => {
    // The table as a cap table would say it, written down by itself.
    const fund = { stakeholderId: 'fund', stakeholderName: WIRE.compute.holderName }
    const cap = { valuation: parseNumeric('20000000'), base: 'POST_MONEY' as const }
    const mechanism = {
      type: 'SAFE_CONVERSION' as const,
      conversion_mfn: false,
      conversion_timing: 'POST_MONEY' as const,
      conversion_valuation_cap: { amount: cap.valuation, currency: 'USD' },
    }
    const right = {
      ...{ type: 'CONVERTIBLE_CONVERSION_RIGHT' as const, converts_to_future_round: true },
      conversion_mechanism: mechanism,
    }
    const trigger = {
      ...{ type: 'AUTOMATIC_ON_CONDITION' as const, trigger_id: 't', trigger_condition: 'A round' },
      conversion_right: right,
    }
    const equity: ComputeEquity = {
      ...{ ...fund, instrumentId: 'i', kind: 'SAFE', classId: undefined, earned: 0n, unearned: 0n, toIssue: 0n },
      safe: {
        securityId: 's',
        unaccrued: { amount: parseNumeric('141000'), currency: 'USD' },
        terms: { cap, discount: null, rest },
      },
    }
    const table: Capitalization = {
      ...CAPITALIZATION,
      compute: [equity],
      holdings: [
        ...CAPITALIZATION.holdings,
        {
          ...{ ...fund, kind: 'convertible', convertible: 'SAFE', securityId: 's', quantity: 0n, unvested: 0n },
          ...{ amount: { amount: parseNumeric('94000'), currency: 'USD' }, triggers: [trigger] },
        },
      ],
    }
    for (const unearnedCompute of ['COUNTED', 'LEFT_OUT'] as const) {
      const later = (id: string) => ({
        ...{
          name: 'Seed',
          closingDate: '2027-12-15',
          unearnedCompute,
          longStop: '2030-01-01',
          tokenExpiry: '2030-01-01',
        },
        compute: { ...WIRE.compute, stakeholderId: id },
      })
      const solved = solve(safe(rest, { delivered: '40000' }), compute(later(WIRE.compute.holderName)))
      const forma = proForma(table, terms(later('fund')))
      const [, link] = solved.rounds
      assert.deepEqual(
        [link?.price, link?.conversions[0]?.shares, link?.compute?.shares, link?.postMoney],
        [forma.price, forma.conversions[0]?.shares, forma.computeShares, forma.postMoney],
      )
    }
  })
}

for (const change of [
  { unearned: { basis: 'staged', dividends: 'none' } },
  { instrument: { kind: 'PENNY_WARRANT', exercisePrice: usd('0.01'), expiresOn: '2030-01-01' } },
]) {
  test(`what is not earned of ${Object.keys(change)[0]} is left out of a later round, if its terms say so`, () => {
    // 146,875 shares for compute; of 40,000 of 100,000 tokens 58,750 are earned. 10,771,875 - 88,125 = 10,683,750, and
    // 40,000,000 over it is 3.74400.., down to 3.7440; 10,000,000 / 3.744 = 2,670,940.1; 13,442,815 after it.
    const solved = solve(compute(change, { delivered: '40000' }), seriesA())
    assert.deepEqual(prices(solved), ['1.6', '3.744'])
    assert.deepEqual(shares(solved), [
      ['10000000', '0'],
      ['10771875', '146875'],
      ['13442815', '88125'],
    ])
    // Counted, as of stock that is issued: 40,000,000 / 10,771,875 = 3.71337..
    assert.deepEqual(prices(solve(compute(change, { delivered: '40000' }), cash()))[1], '3.7133')
  })
}

test('partly paid stock is issued whole, so it counts whole', () => {
  const change = { unearned: { basis: 'partly_paid', dividends: 'in_proportion' } }
  assert.deepEqual(prices(solve(compute(change, { delivered: '40000' }), seriesA())), ['1.6', '3.7133'])
})

test('what the cap table has given for compute before the chain stays, in every round of it', () => {
  // 100,000 shares in tranches are earned and not issued, 350,000 may still be: 10,450,000 counted.
  const staged: ComputeEquity = {
    ...{
      instrumentId: 'i',
      kind: 'STAGED',
      stakeholderId: 'fund',
      stakeholderName: 'An earlier fund',
      classId: 'common',
    },
    ...{ earned: parseNumeric('150000'), toIssue: parseNumeric('100000'), unearned: parseNumeric('350000') },
  }
  const solved = solveChain({ ...CAPITALIZATION, compute: [staged] }, chain(cash(), seriesB()))
  // 40,000,000 / 10,450,000 = 3.82775..; 10,000,000 / 3.8277 = 2,612,534.9; 100,000,000 / 13,062,534 = 7.65548..;
  // 10,000,000 / 7.6554 = 1,306,267.4
  assert.deepEqual(prices(solved), ['3.8277', '7.6554'])
  assert.deepEqual(shares(solved), [
    ['10450000', '350000'],
    ['13062534', '350000'],
    ['14368801', '350000'],
  ])
})

test('chains with every instrument: ownership adds up to exactly 1, and no share is lost or made', () => {
  const one = parseNumeric('1')
  const drawn = fc.record({
    form: fc.constantFrom('CASH', 'STOCK', 'STAGED', 'WARRANT', 'SAFE'),
    rest: fc.constantFrom<Rest>('END', 'ROUND_PRICE', 'NEW_SAFE'),
    unearnedCompute: fc.constantFrom('COUNTED', 'LEFT_OUT'),
    preMoney: fc.integer({ min: 10_000_000, max: 500_000_000 }),
    delivered: fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 4 }),
  })
  fc.assert(
    fc.property(fc.array(drawn, { minLength: 2, maxLength: 6 }), (list) => {
      const rounds = list.map(({ form, rest, unearnedCompute, preMoney, delivered }, n) => {
        const common = { name: `Round ${n}`, closingDate: `${2027 + n}-01-01`, unearnedCompute }
        const sold = {
          ...{ security: { className: `Series ${n}`, newClass: true }, preMoney: usd(String(preMoney)) },
          cashInvestors: [{ name: `Investor ${n}`, amount: usd('1000000') }],
        }
        if (form === 'CASH') return cash({ ...common, ...sold })
        const [first, ...later] = delivered.toSorted((left, right) => left - right).map(String)
        const figures = { delivered: first, ...(later.length === 0 ? {} : { deliveredLater: later }) }
        const own = {
          ...{ ...common, compute: { ...WIRE.compute, holderName: `Fund ${n}` } },
          ...{ longStop: `${2037 + n}-01-01`, tokenExpiry: `${2037 + n}-01-01` },
        }
        if (form === 'SAFE') return { compute: { ...safe(rest).compute, ...own }, ...figures }
        const warrant = { kind: 'PENNY_WARRANT', exercisePrice: usd('0.01'), expiresOn: `${2038 + n}-01-01` }
        return compute(
          {
            ...{ ...own, ...sold },
            ...(form === 'STAGED' ? { unearned: { basis: 'staged', dividends: 'none' } } : {}),
            ...(form === 'WARRANT' ? { instrument: warrant } : {}),
          },
          figures,
        )
      })
      const solved = solve(...rounds)
      let issued = parseNumeric('10000000')
      for (const [index, { holdings, shares: all, unearned }] of solved.stages.entries()) {
        const sum = (key: 'part' | 'earnedPart' | 'shares' | 'unearned') =>
          holdings.reduce((total, holding) => total + holding[key], 0n)
        const round = solved.rounds[index - 1]
        if (round !== undefined) {
          const conversions = round.conversions.reduce((total, each) => total + each.shares, 0n)
          const atPrice = round.rests.reduce((total, each) => total + (each.shares ?? 0n), 0n)
          issued +=
            (round.poolIncrease + round.cashShares + (round.compute?.shares ?? 0n) + conversions + atPrice) * one
        }
        assert.equal(all, issued)
        assert.deepEqual([sum('part'), sum('earnedPart'), sum('shares'), sum('unearned')], [one, one, all, unearned])
      }
    }),
    { numRuns: 150 },
  )
})

test('the file says what a SAFE gives, and what becomes of its rest', () => {
  const found = JSON.parse(JSON.stringify(chainJson(solve(safe('ROUND_PRICE', { delivered: '40000' }), seriesA()))))
  assert.deepEqual(found.rounds[0].safe, usd('235000'))
  assert.deepEqual(found.rounds[1].rests, [
    { holder: WIRE.compute.holderName, becomes: 'ROUND_PRICE', amount: usd('141000'), shares: '35416' },
  ])
})
