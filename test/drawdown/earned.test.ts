import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  advance,
  basisNeeded,
  basisOfShares,
  type DrawdownAllocation,
  type EarningTerms,
  earnedShares,
} from '../../api/drawdown/earned.ts'

const TRANCHED: readonly DrawdownAllocation[] = [
  'CUMULATIVE_ROUNDING',
  'CUMULATIVE_ROUND_DOWN',
  'FRONT_LOADED',
  'BACK_LOADED',
  'FRONT_LOADED_TO_SINGLE_TRANCHE',
  'BACK_LOADED_TO_SINGLE_TRANCHE',
]

// 18 shares over 4 tranches: the example that Open Cap Format gives for each allocation type.
const PUBLISHED: readonly [DrawdownAllocation, readonly bigint[]][] = [
  ['CUMULATIVE_ROUNDING', [5n, 4n, 5n, 4n]],
  ['CUMULATIVE_ROUND_DOWN', [4n, 5n, 4n, 5n]],
  ['FRONT_LOADED', [5n, 5n, 4n, 4n]],
  ['BACK_LOADED', [4n, 4n, 5n, 5n]],
  ['FRONT_LOADED_TO_SINGLE_TRANCHE', [6n, 4n, 4n, 4n]],
  ['BACK_LOADED_TO_SINGLE_TRANCHE', [4n, 4n, 4n, 6n]],
]
for (const [allocation, tranches] of PUBLISHED) {
  test(`18 shares over 4 tranches, ${allocation}, fall as Open Cap Format publishes`, () => {
    const terms: EarningTerms = { total: 18n, granted: 400n, allocation, tranches: 4, cliff: 0n }
    let before = 0n
    for (const [index, wanted] of tranches.entries()) {
      const reached = BigInt(index + 1) * 100n
      assert.equal(earnedShares(terms, reached - 1n), before, 'just before a tranche nothing of it is earned')
      assert.equal(earnedShares(terms, reached) - before, wanted)
      before = earnedShares(terms, reached)
    }
  })
}

const anyTerms = fc
  .record({
    total: fc.bigInt(1n, 10n ** 9n),
    granted: fc.bigInt(1n, 10n ** 12n),
    allocation: fc.constantFrom(...TRANCHED),
    tranches: fc.option(fc.integer({ min: 1, max: 60 }), { nil: null }),
    cliffPart: fc.bigInt(0n, 100n),
  })
  .map(
    ({ cliffPart, ...terms }): EarningTerms => ({
      ...terms,
      allocation:
        terms.tranches === null && terms.allocation !== 'CUMULATIVE_ROUNDING'
          ? 'CUMULATIVE_ROUND_DOWN'
          : terms.allocation,
      cliff: (terms.granted * cliffPart) / 100n,
    }),
  )

test('earning never decreases, starts at nothing below the cliff, and ends at the total', () => {
  fc.assert(
    fc.property(anyTerms, fc.array(fc.bigInt(0n, 10n ** 12n), { minLength: 2, maxLength: 20 }), (terms, raw) => {
      const points = raw.map((value) => value % (terms.granted + 1n)).sort((a, b) => (a < b ? -1 : 1))
      let before = 0n
      for (const basis of points) {
        const earned = earnedShares(terms, basis)
        assert.ok(earned >= before && earned <= terms.total)
        if (basis < terms.cliff) assert.equal(earned, 0n)
        before = earned
      }
      assert.equal(earnedShares(terms, terms.granted), terms.total)
    }),
  )
})

test('the basis needed for a share is the first at which it is earned', () => {
  fc.assert(
    fc.property(anyTerms, fc.bigInt(0n, 10n ** 9n), (terms, raw) => {
      const shares = raw % (terms.total + 1n)
      const basis = basisNeeded(terms, shares)
      assert.ok(earnedShares(terms, basis) >= shares)
      if (basis > 0n) assert.ok(earnedShares(terms, basis - 1n) < shares)
    }),
  )
})

test('the parts of the basis that earned successive shares cover it without gap, against a walk over every unit', () => {
  fc.assert(
    fc.property(
      fc.record({ total: fc.bigInt(1n, 30n), granted: fc.bigInt(1n, 60n), cliff: fc.bigInt(0n, 20n) }),
      fc.constantFrom<[DrawdownAllocation, number | null]>(
        ['CUMULATIVE_ROUND_DOWN', null],
        ['CUMULATIVE_ROUNDING', null],
        ['FRONT_LOADED', 3],
        ['BACK_LOADED_TO_SINGLE_TRANCHE', 4],
      ),
      ({ total, granted, cliff }, [allocation, tranches]) => {
        const terms: EarningTerms = { total, granted, allocation, tranches, cliff: cliff > granted ? granted : cliff }
        // The steps of the basis at which something is earned, found by walking.
        const steps: { from: bigint; to: bigint; first: bigint; last: bigint }[] = []
        let from = 0n
        for (let basis = 0n; basis <= granted; basis += 1n) {
          const before = steps.at(-1)?.last ?? 0n
          const now = earnedShares(terms, basis)
          if (now > before) {
            steps.push({ from, to: basis, first: before + 1n, last: now })
            from = basis
          }
        }
        for (const step of steps) {
          for (let share = step.first; share <= step.last; share += 1n) {
            assert.deepEqual(basisOfShares(terms, share, share), { from: step.from, to: step.to })
          }
        }
      },
    ),
  )
})

test('a draw fills the deficit before it earns anew', () => {
  assert.deepEqual(advance({ basis: 70n, peak: 100n }, 20n, true), { basis: 90n, peak: 100n, from: 100n, to: 100n })
  assert.deepEqual(advance({ basis: 70n, peak: 100n }, 50n, true), { basis: 120n, peak: 120n, from: 100n, to: 120n })
  assert.deepEqual(advance({ basis: 70n, peak: 100n }, 50n, false), { basis: 70n, peak: 100n, from: 100n, to: 100n })
})
