/** Rounding never makes or loses a share: every combination of method, instrument, pool and right, over generated numbers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Capitalization } from '../../api/captable/index.ts'
import { numericOfWhole, parseNumeric } from '../../api/platform/index.ts'
import { type ProForma, proForma, type RoundTermsWire, TermsRefused } from '../../api/rounds/index.ts'
import { CAPITALIZATION, terms, WIRE } from './given-terms.ts'

const usd = (amount: string) => ({ amount, currency: 'USD' })
const METHODS = ['PRE_MONEY', 'PERCENT_OWNERSHIP', 'DOLLARS_INVESTED'] as const
const INSTRUMENTS = ['NONE', 'NEITHER', 'CAP', 'DISCOUNT', 'BOTH'] as const
const POOLS = ['NONE', 'INCREASE', 'TARGET'] as const
const RIGHTS = ['NONE', 'OF_NEW', 'SUPER_OF_NEW', 'OF_COMPANY', 'MONEY', 'SHARES'] as const
const ROUNDINGS = ['UP', 'DOWN', 'NEAREST'] as const

const drawn = fc.record({
  holdings: fc.array(fc.bigInt(100_000n, 10n ** 7n), { minLength: 2, maxLength: 6 }),
  available: fc.bigInt(0n, 10n ** 6n),
  preMoney: fc.bigInt(8_000_000n, 10n ** 9n),
  tokens: fc.bigInt(1_000n, 10n ** 6n),
  cash: fc.bigInt(100_000n, 10n ** 7n),
  amounts: fc.array(fc.bigInt(10_000n, 300_000n), { minLength: 1, maxLength: 4 }),
  cap: fc.bigInt(6_000_000n, 60_000_000n),
  capBase: fc.constantFrom('POST_MONEY', 'PRE_MONEY', 'PRE_MONEY_WITHOUT_INCREASE'),
  discount: fc.constantFrom('0.1', '0.2', '0.333'),
  increase: fc.bigInt(1n, 500_000n),
  target: fc.constantFrom('0.03', '0.1', '0.137'),
  shares: fc.bigInt(1n, 1_000n),
  direction: fc.constantFrom(...ROUNDINGS),
  places: fc.integer({ min: 3, max: 10 }),
  shareRounding: fc.constantFrom(...ROUNDINGS),
  poolRounding: fc.constantFrom(...ROUNDINGS),
  sharesFromRoundedPrice: fc.boolean(),
  into: fc.constantFrom('ROUND_CLASS', 'SHADOW_SERIES'),
})
type Drawn = ReturnType<typeof drawn.generate>['value']
type Kinds = {
  readonly method: (typeof METHODS)[number]
  readonly instrument: (typeof INSTRUMENTS)[number]
  readonly pool: (typeof POOLS)[number]
  readonly right: (typeof RIGHTS)[number]
}

function tableOf({ holdings, available, amounts }: Drawn, { instrument }: Kinds): Capitalization {
  const outstanding = numericOfWhole(holdings.reduce((sum, shares) => sum + shares, 0n))
  const held = (index: number) => ({ stakeholderId: `h${index % 4}`, stakeholderName: `Holder ${index % 4}` })
  return {
    ...CAPITALIZATION,
    holdings: [
      ...holdings.map((shares, index) => ({
        ...{ kind: 'stock' as const, securityId: `s${index}`, classId: 'common', ...held(index) },
        ...{ quantity: numericOfWhole(shares), unvested: 0n },
      })),
      ...(instrument === 'NONE' ? [] : amounts).map((amount, index) => ({
        ...{ kind: 'convertible' as const, convertible: 'SAFE' as const, securityId: `c${index}`, ...held(index) },
        ...{ quantity: 0n, unvested: 0n, amount: { amount: parseNumeric(String(amount)), currency: 'USD' } },
      })),
    ],
    pools: CAPITALIZATION.pools.map((plan) => ({ ...plan, available: numericOfWhole(available) })),
    fullyDiluted: outstanding + numericOfWhole(available),
  }
}

function termsOf(it: Drawn, { method, instrument, pool, right }: Kinds): Partial<RoundTermsWire> {
  const cap = instrument === 'CAP' || instrument === 'BOTH' ? { cap: usd(String(it.cap)), capBase: it.capBase } : {}
  const discount = instrument === 'DISCOUNT' || instrument === 'BOTH' ? { discount: it.discount } : {}
  const ofNew = { holder: 'Holder 0', stakeholderId: 'h0', of: 'NEW_SECURITIES', exercise: { kind: 'FULL' } }
  const rights = {
    NONE: [],
    OF_NEW: [ofNew],
    SUPER_OF_NEW: [{ ...ofNew, part: '0.4' }],
    OF_COMPANY: [{ ...ofNew, of: 'COMPANY_AFTER' }],
    MONEY: [{ ...ofNew, part: '0.9', exercise: { kind: 'MONEY', amount: usd('50000') } }],
    SHARES: [{ ...ofNew, part: '0.9', exercise: { kind: 'SHARES', shares: String(it.shares) } }],
  }[right]
  return {
    preMoney: usd(String(it.preMoney)),
    compute: { ...WIRE.compute, tokens: String(it.tokens) },
    cashInvestors: [{ name: 'New Investor', amount: usd(String(it.cash)) }],
    priceRounding: { direction: it.direction, places: it.places },
    ...{ shareRounding: it.shareRounding, poolRounding: it.poolRounding },
    sharesFromRoundedPrice: it.sharesFromRoundedPrice,
    pool: {
      NONE: { kind: 'NONE' as const },
      INCREASE: { kind: 'INCREASE' as const, shares: String(it.increase) },
      TARGET: { kind: 'TARGET' as const, postRoundUnallocated: it.target },
    }[pool],
    ...(rights.length === 0 ? {} : { proRataRights: rights }),
    conversions: {
      ...{ method, into: it.into, shareRounding: it.shareRounding },
      instruments: (instrument === 'NONE' ? [] : it.amounts).map((_, index) => ({
        ...{ securityId: `c${index}`, by: 'TERMS', ...cap, ...discount },
      })),
    },
  } as Partial<RoundTermsWire>
}

const ONE = 10n ** 10n
const sum = (numbers: readonly bigint[]): bigint => numbers.reduce((total, number) => total + number, 0n)

function assertWhole(table: Capitalization, forma: ProForma): void {
  for (const rows of [forma.holders, forma.classes]) {
    for (const part of ['beforePart', 'afterPart', 'afterWithoutUnearnedPart'] as const) {
      assert.equal(sum(rows.map((row) => row[part])), ONE)
    }
    assert.equal(sum(rows.map(({ before }) => before)), table.fullyDiluted)
    assert.equal(sum(rows.map(({ after }) => after)), forma.sharesAfter)
  }
  const issued = [...forma.grants, ...forma.cash, ...forma.conversions, ...forma.rights].map(({ shares }) => shares)
  assert.equal(forma.sharesAfter, table.fullyDiluted + numericOfWhole(sum(issued) + forma.poolIncrease))
  // Nobody is left without the share that it paid for, and nobody has less than before.
  assert.ok(issued.every((shares) => shares >= 0n) && forma.poolIncrease >= 0n)
  assert.ok(forma.lines.every(({ before, after, unearned }) => unearned <= after && (before <= after || before === 0n)))
}

for (const method of METHODS) {
  for (const instrument of INSTRUMENTS) {
    test(`no share is made or lost, and ownership is exactly 1: ${method}, ${instrument}, every pool and right`, () => {
      for (const pool of POOLS) {
        for (const right of RIGHTS) {
          const kinds = { method, instrument, pool, right }
          let solved = 0
          fc.assert(
            fc.property(drawn, (it) => {
              const table = tableOf(it, kinds)
              let forma: ProForma
              try {
                forma = proForma(table, terms(termsOf(it, kinds)))
              } catch (error) {
                // That there is no such round is an answer, too.
                if (error instanceof TermsRefused) return
                throw error
              }
              solved += 1
              assertWhole(table, forma)
            }),
            { numRuns: 12 },
          )
          assert.ok(solved > 2, `${pool}, ${right}: only ${solved} rounds had a solution`)
        }
      }
    })
  }
}
