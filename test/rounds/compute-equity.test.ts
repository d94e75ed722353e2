/** Earlier instruments for compute in a later round: counted or left out, earned and maximum. The arithmetic stands beside. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Capitalization, ComputeEquity } from '../../api/captable/index.ts'
import { formatNumeric, parseNumeric } from '../../api/platform/index.ts'
import { type ProForma, proForma } from '../../api/rounds/index.ts'
import { CAPITALIZATION, terms, WIRE } from './given-terms.ts'

const FUND = { stakeholderId: 'fund', stakeholderName: 'Northgrid Ventures I, L.P.' }
const n = parseNumeric
const equity = (kind: ComputeEquity['kind'], change: Partial<ComputeEquity>): ComputeEquity => ({
  instrumentId: 'i',
  kind,
  ...FUND,
  classId: 'common',
  earned: 0n,
  unearned: 0n,
  toIssue: 0n,
  ...change,
})
const withEquity = (one: ComputeEquity, more: Partial<Capitalization> = {}): Capitalization => ({
  ...CAPITALIZATION,
  ...more,
  compute: [one],
})
const fund = { ...WIRE.compute, stakeholderId: 'fund' }
/** The fund holds something already, or its name could not be told from another's. */
const HELD = {
  kind: 'stock' as const,
  securityId: 's9',
  ...FUND,
  classId: 'common',
  quantity: 0n,
  unvested: 0n,
}

/** 16,000,000 over so many shares, up to five places, and what 235,000 of compute and 1,000,000 in cash buy at it. */
function priced(shares: bigint) {
  const price = (16_000_000n * 10n ** 5n + shares - 1n) / shares
  const buys = (money: bigint) => (money * 10n ** 5n) / price
  return { price, compute: buys(235_000n), cash: buys(1_000_000n), after: shares + buys(235_000n) + buys(1_000_000n) }
}
const figures = (forma: ProForma) => ({
  price: forma.price.amount / 10n ** 5n,
  compute: forma.compute.shares,
  cash: forma.cash[0]?.shares,
  after: forma.sharesAfter / 10n ** 10n,
})
const rows = ({ computeEquity }: ProForma) =>
  computeEquity.map((row) => `${row.kind} ${formatNumeric(row.earned)} ${formatNumeric(row.maximum)}`)
const line = ({ lines }: ProForma, kind: string) => {
  const found = lines.find((one) => one.kind === kind)
  return found && [formatNumeric(found.before), formatNumeric(found.after), formatNumeric(found.unearned)]
}
const codes = ({ notes }: ProForma) => notes.map(({ code }) => code).filter((code) => code.startsWith('UNEARNED'))

test('tranches that are not issued dilute a later round: what is earned always, the rest as the terms say', () => {
  // 150,000 of 500,000 shares are due and 50,000 of those issued: 100,000 to issue, 350,000 may still be earned.
  const staged = equity('STAGED', { earned: n('150000'), toIssue: n('100000'), unearned: n('350000') })
  const table = withEquity(staged, { holdings: [...CAPITALIZATION.holdings, HELD] })
  const counted = proForma(table, terms({ compute: fund }))
  assert.deepEqual(figures(counted), priced(10_450_000n))
  assert.deepEqual(line(counted, 'tranche'), ['450000', '450000', '350000'])
  assert.deepEqual(codes(counted), ['UNEARNED_COMPUTE_COUNTED'])
  const out = proForma(table, terms({ compute: fund, unearnedCompute: 'LEFT_OUT' }))
  assert.deepEqual(figures(out), priced(10_100_000n))
  assert.deepEqual(line(out, 'tranche'), ['100000', '100000', '0'])
  assert.deepEqual(codes(out), ['UNEARNED_COMPUTE_LEFT_OUT'])
  for (const forma of [counted, out]) {
    assert.deepEqual(rows(forma), [`STOCK 0 ${forma.compute.shares}`, 'STAGED 150000 500000'])
  }
})

test('a penny warrant counts whole, or as far as it has vested', () => {
  const warrant = equity('PENNY_WARRANT', { earned: n('120000'), unearned: n('380000') })
  const table = withEquity(warrant, {
    fullyDiluted: n('10500000'),
    holdings: [
      ...CAPITALIZATION.holdings,
      {
        kind: 'warrant',
        securityId: 'w',
        ...FUND,
        classId: 'common',
        quantity: n('500000'),
        unvested: n('380000'),
        fixed: true,
      },
    ],
  })
  const counted = proForma(table, terms({ compute: fund }))
  assert.deepEqual(figures(counted), priced(10_500_000n))
  const out = proForma(table, terms({ compute: fund, unearnedCompute: 'LEFT_OUT' }))
  assert.deepEqual(figures(out), priced(10_120_000n))
  assert.deepEqual(line(out, 'warrant'), ['120000', '120000', '0'])
  for (const forma of [counted, out]) assert.equal(rows(forma).at(-1), 'PENNY_WARRANT 120000 500000')
})

test('vesting stock is issued, so it counts whole whatever the terms say, and shows what is earned', () => {
  const stock = equity('STOCK', { earned: n('1000'), unearned: n('9000') })
  const table = withEquity(stock, { holdings: [...CAPITALIZATION.holdings, HELD] })
  for (const unearnedCompute of ['COUNTED', 'LEFT_OUT'] as const) {
    const forma = proForma(table, terms({ compute: fund, unearnedCompute }))
    assert.deepEqual(figures(forma), priced(10_000_000n))
    assert.equal(rows(forma).at(-1), 'STOCK 1000 10000')
    assert.deepEqual(codes(forma), [])
  }
})

/** A SAFE capped at 8,000,000 post-money: 23,500 has accrued, 211,500 has not. */
const safeTable = (rest: 'END' | 'ROUND_PRICE' | 'NEW_SAFE', accrued = true): Capitalization => {
  const cap = { valuation: n('8000000'), base: 'POST_MONEY' as const }
  const safe = {
    securityId: accrued ? 'safe' : null,
    unaccrued: { amount: n('211500'), currency: 'USD' },
    terms: { cap, discount: null, rest },
  }
  const holding = {
    kind: 'convertible' as const,
    securityId: 'safe',
    ...FUND,
    quantity: 0n,
    unvested: 0n,
    convertible: 'SAFE' as const,
    amount: { amount: n('23500'), currency: 'USD' },
    customId: 'SAFE-1',
    triggers: [
      {
        type: 'AUTOMATIC_ON_CONDITION' as const,
        trigger_id: 'priced-round',
        trigger_condition: 'A round',
        conversion_right: {
          type: 'CONVERTIBLE_CONVERSION_RIGHT' as const,
          conversion_mechanism: {
            type: 'SAFE_CONVERSION' as const,
            conversion_mfn: false,
            conversion_timing: 'POST_MONEY' as const,
            conversion_valuation_cap: { amount: cap.valuation, currency: 'USD' },
          },
          converts_to_future_round: true,
        },
      },
    ],
  }
  return withEquity(equity('SAFE', { classId: undefined, safe }), {
    holdings: [...CAPITALIZATION.holdings, HELD, ...(accrued ? [holding] : [])],
  })
}

/** Whole shares that give themselves again, from the exact solution of what converts at the cap on. */
function byHand(rest: 'END' | 'ROUND_PRICE' | 'NEW_SAFE', counted: boolean, accrued = 23_500n) {
  // All shares C with what converts at the cap: C = 10,000,000 + converting C / 8,000,000.
  const converting = accrued + (counted && rest === 'NEW_SAFE' ? 211_500n : 0n)
  const exact = (money: bigint) => (money * 10_000_000n) / (8_000_000n - converting)
  let [shares, ofRest] = [exact(accrued), exact(converting - accrued)]
  for (;;) {
    const all = 10_000_000n + shares + ofRest
    const { price } = priced(all)
    const atCap = (money: bigint) => (money * all) / 8_000_000n
    const restShares = rest === 'NEW_SAFE' ? atCap(211_500n) : (211_500n * 10n ** 5n) / price
    const next = [atCap(accrued), !counted || rest === 'END' ? 0n : restShares] as const
    if (next[0] === shares && next[1] === ofRest) return { shares, ofRest, ...priced(all) }
    ;[shares, ofRest] = next
  }
}

for (const rest of ['END', 'ROUND_PRICE', 'NEW_SAFE'] as const) {
  for (const unearnedCompute of ['COUNTED', 'LEFT_OUT'] as const) {
    test(`a SAFE for compute in a later round, earned and maximum: ${rest}, ${unearnedCompute}`, () => {
      const forma = proForma(safeTable(rest), terms({ compute: fund, unearnedCompute }))
      const { shares, ofRest, price, compute, cash, after } = byHand(rest, unearnedCompute === 'COUNTED')
      assert.deepEqual(figures(forma), { price, compute, cash, after })
      assert.deepEqual(
        forma.conversions.map((each) => each.shares),
        [shares],
      )
      assert.equal(rows(forma).at(-1), `SAFE ${shares} ${shares + ofRest}`)
      const total = forma.lines.reduce((sum, { after: held }) => sum + held, 0n)
      assert.equal(total, forma.sharesAfter)
    })
  }
}

test('a SAFE of which nothing has accrued counts at its maximum too, unless SAFEs remain', () => {
  const table = safeTable('NEW_SAFE', false)
  const forma = proForma(table, terms({ compute: fund }))
  const { ofRest, price } = byHand('NEW_SAFE', true, 0n)
  assert.deepEqual([figures(forma).price, rows(forma).at(-1)], [price, `SAFE 0 ${ofRest}`])
  const remain = proForma(table, terms({ compute: fund, conversions: { outstanding: 'REMAIN' } }))
  assert.deepEqual(figures(remain), priced(10_000_000n))
})

test('a rest of a cent comes to no share and stops nothing', () => {
  const table = safeTable('NEW_SAFE')
  const [one] = table.compute ?? []
  assert.ok(one?.safe !== undefined)
  const tiny = { ...one, safe: { ...one.safe, unaccrued: { amount: n('0.01'), currency: 'USD' } } }
  const forma = proForma({ ...table, compute: [tiny] }, terms({ compute: fund }))
  assert.deepEqual(rows(forma).at(-1), `SAFE ${forma.conversions[0]?.shares} ${forma.conversions[0]?.shares}`)
})
