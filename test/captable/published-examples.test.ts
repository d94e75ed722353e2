/** Further published examples, facts and figures only; the name of each says where it stands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { distribute, solveConvertibleRound, type WaterfallInput } from '../../api/captable/index.ts'
import { fullRatchet } from '../../api/captable/pricing/anti-dilution.ts'
import { formatNumeric, numericOfWhole, parseNumeric } from '../../api/platform/index.ts'

/** $25,000 under a note, interest left aside; all shares before are common, so that the price is valuation over them. */
function noteShares(preMoney: bigint, before: bigint, discount: string): readonly [string, bigint | undefined, string] {
  const round = solveConvertibleRound({
    preMoney: numericOfWhole(preMoney),
    count: { common: numericOfWhole(before), preferred: 0n, options: 0n, warrants: 0n, promised: 0n, unallocated: 0n },
    convertibles: [
      {
        id: 'note',
        amount: numericOfWhole(25_000n),
        cap: { valuation: numericOfWhole(5_000_000n), base: 'PRE_MONEY' },
        discount: parseNumeric(discount),
      },
    ],
    method: 'PRE_MONEY',
    pool: { kind: 'NONE' },
    purchases: [{ id: 'new', amount: numericOfWhole(1_000_000n) }],
    priceRounding: { direction: 'NEAREST', places: 4 },
    sharesFromRoundedPrice: true,
    shareRounding: 'DOWN',
    conversionShareRounding: 'DOWN',
    poolRounding: 'UP',
  })
  assert.equal(round.kind, 'solved')
  if (round.kind !== 'solved') throw new Error('not solved')
  return [formatNumeric(round.price), round.conversions[0]?.shares, round.conversions[0]?.at ?? '']
}

for (const [name, preMoney, before, discount, expected] of [
  ['cap and discount, valuation of 10 million', 10_000_000n, 2_000_000n, '0.2', ['5', 10_000n, 'CAP']],
  ['cap and discount, valuation of 6 million', 6_000_000n, 1_200_000n, '0.2', ['5', 6_250n, 'DISCOUNT']],
  ['cap alone, valuation of 10 million', 10_000_000n, 2_000_000n, '0', ['5', 10_000n, 'CAP']],
  ['cap alone, valuation of 20 million', 20_000_000n, 4_000_000n, '0', ['5', 20_000n, 'CAP']],
] as const) {
  test(`FundersClub, convertible notes by numbers: ${name}`, () => {
    assert.deepEqual(noteShares(preMoney, before, discount), expected)
  })
}

type Sale = {
  readonly invested: bigint
  /** Preferred and common, in shares; common for one preferred. */
  readonly shares: readonly [preferred: bigint, common: bigint, ratio: bigint]
  readonly multiple: string
  readonly participation: 'NONE' | 'FULL' | { readonly cap: string }
}

/** What preferred gets of an exit, in whole money. */
function preferredOf({ invested, shares: [preferred, common, ratio], multiple, participation }: Sale, exit: bigint) {
  const input: WaterfallInput = {
    debts: [],
    carveOut: undefined,
    convertibles: [],
    options: [],
    places: 2,
    classes: [
      { id: 'common', preference: undefined, holdings: [{ id: 'founders', shares: numericOfWhole(common) }] },
      {
        id: 'preferred',
        ratio: { numerator: ratio, denominator: 1n },
        preference: {
          price: numericOfWhole(invested) / preferred,
          multiple: parseNumeric(multiple),
          seniority: 1n,
          participation:
            typeof participation === 'string'
              ? { kind: participation }
              : { kind: 'CAPPED', multiple: parseNumeric(participation.cap) },
        },
        holdings: [{ id: 'investor', shares: numericOfWhole(preferred) }],
      },
    ],
  }
  const answer = distribute(input, [numericOfWhole(exit)])
  assert.equal(answer.kind, 'distributed')
  if (answer.kind !== 'distributed') throw new Error('refused')
  return formatNumeric(answer.distributions[0]?.classes[1]?.amount ?? -1n)
}

const FUNDWAVE = { invested: 3_000_000n, shares: [40n, 60n, 1n], participation: 'NONE' } as const
// $5 million at $10 million before the money: a third. Twice the money first, four times at most.
const CAPPED = { invested: 5_000_000n, shares: [1n, 2n, 1n], multiple: '2', participation: { cap: '4' } } as const
// $40 million in 2,500,000 preferred, each worth two common, beside 15,000,000 common.
const TRIPLE = {
  invested: 40_000_000n,
  shares: [2_500_000n, 15_000_000n, 2n],
  multiple: '3',
  participation: 'FULL',
} as const
for (const [name, sale, exit, expected] of [
  ['Fundwave, liquidation waterfall: once, of 7 million', { ...FUNDWAVE, multiple: '1' }, 7_000_000n, '3000000'],
  ['Fundwave, liquidation waterfall: twice, of 7 million', { ...FUNDWAVE, multiple: '2' }, 7_000_000n, '6000000'],
  ['Fundwave, liquidation waterfall: twice, of 5 million', { ...FUNDWAVE, multiple: '2' }, 5_000_000n, '5000000'],
  ['PLNMW, capped participation: below the preference', CAPPED, 9_000_000n, '9000000'],
  ['PLNMW, capped participation: where the cap is reached', CAPPED, 40_000_000n, '20000000'],
  ['PLNMW, capped participation: at the cap', CAPPED, 50_000_000n, '20000000'],
  ['PLNMW, capped participation: where converting is as good', CAPPED, 60_000_000n, '20000000'],
  ['PLNMW, capped participation: converted', CAPPED, 90_000_000n, '30000000'],
  // 120 million first; of 180 million left, 5 of 20 million shares: 45 million.
  ['by hand: three times and participation, a ratio of two', TRIPLE, 300_000_000n, '165000000'],
] as const) {
  test(name, () => {
    assert.equal(preferredOf(sale, exit), expected)
  })
}

// 100 preferred bought at $10; 200 shares at $5: the conversion price is $5, and a preferred is worth two common.
test('Money Best Pal, anti-dilution provisions: full ratchet', () => {
  const answer = fullRatchet({
    conversionPrice: numericOfWhole(10n),
    issued: numericOfWhole(200n),
    consideration: numericOfWhole(1_000n),
  })
  assert.ok(answer.kind === 'reduced')
  assert.equal(formatNumeric(answer.price), '5')
})
