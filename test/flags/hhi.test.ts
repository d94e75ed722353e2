/** Worked examples HHI-1 to HHI-6 with their published results; HHI-BOUNDARY follows the guidelines' "greater than". */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { evaluate } from '../../api/flags/index.ts'
import {
  HHI_POINT,
  herfindahl,
  hhiChange,
  pointsText,
  presumesHarm,
} from '../../api/flags/rules/antitrust/concentration.ts'
import { marketConcentration } from '../../api/flags/rules/antitrust/hhi.ts'
import { MERGER_GUIDELINES } from '../../api/flags/rules/antitrust/merger-guidelines.ts'
import { parseNumeric } from '../../api/platform/index.ts'
import { given } from './given-facts.ts'

const ABOVE = MERGER_GUIDELINES.rows[0]?.value ?? assert.fail('no row')
const ON = '2026-11-20'

const INDICES: readonly (readonly [string, readonly number[], string])[] = [
  ['HHI-1', [30, 30, 20, 20], '2600'],
  ['HHI-2', [40, 30, 20, 10], '3000'],
  ['HHI-3a before', [25, 20, 15, 10, 8, 7, 6, 5, 4], '1540'],
  ['HHI-3a after', [25, 20, 15, 10, 8, 7, 6, 9], '1580'],
  ['HHI-6', [10, 9, 12, 15, 12, 11, 15, 16], '1296'],
]
for (const [example, shares, expected] of INDICES) {
  test(`${example}: the index is ${expected}`, () => {
    assert.equal(pointsText(herfindahl(shares.map((share) => parseNumeric(String(share))))), expected)
  })
}

const BOUNDARY: readonly (readonly [bigint, bigint, string, boolean])[] = [
  [1800n, 150n, '25', false],
  [1801n, 100n, '25', false],
  [1801n, 101n, '25', true],
  [1500n, 101n, '31', true],
  [1500n, 101n, '30', false],
]
for (const [post, change, share, expected] of BOUNDARY) {
  test(`HHI-BOUNDARY: index ${post}, change ${change}, share ${share}%: ${expected ? 'flag' : 'no flag'}`, () => {
    const market = { post: post * HHI_POINT, change: change * HHI_POINT, share: parseNumeric(share) }
    assert.equal(presumesHarm(market, ABOVE), expected)
  })
}

type Seller = readonly [side: 'company' | 'fund' | 'provider' | 'other', share: string]
const market = (sellers: readonly Seller[], statedHhi?: string) => ({
  name: 'Inference',
  area: 'world',
  period: '2025',
  participants: sellers.map(([side, share], index) => ({ name: `Seller ${index}`, side, share })),
  ...(statedHhi === undefined ? {} : { statedHhi }),
})
const of = (...markets: ReturnType<typeof market>[]) => ({ 'market.shares': { markets } })
const affiliated = (yes: boolean) => ({ 'fund.provider_affiliation': { affiliated: yes, how: 'the test' } })
const find = (values: Parameters<typeof given>[0], onDate = ON) => evaluate(marketConcentration, given(values), onDate)
const others = (...shares: string[]): Seller[] => shares.map((share) => ['other', share])

test('HHI-3a: merging 5% and 4% moves 1540 to 1580, change 40, and is clear', () => {
  const finding = find(of(market([['fund', '5'], ['company', '4'], ...others('25', '20', '15', '10', '8', '7', '6')])))
  assert.equal(finding.outcome, 'clear')
  assert.match(finding.arithmetic.join('\n'), /index before 1540\..*= 40\..*Index after 1580; joint share 5 \+ 4 = 9%/s)
})

test('HHI-4 (H&R Block): stated index 4291, shares 15.6 and 12.8: change 399.36, after 4690.36, joint 28.4%, flagged', () => {
  const finding = find(
    of(
      market(
        [
          ['fund', '15.6'],
          ['company', '12.8'],
        ],
        '4291',
      ),
    ),
  )
  assert.equal(finding.outcome, 'flag')
  assert.match(finding.arithmetic.join('\n'), /2 × 15\.6 .*= 399\.36\..*Index after 4690\.36; joint share .*= 28\.4%/s)
})

type Case = readonly [what: string, values: Parameters<typeof given>[0], outcome: 'flag' | 'clear' | 'cannot_tell']
const CASES: readonly Case[] = [
  ['no market shares on record', {}, 'cannot_tell'],
  ['shares of the wrong shape', { 'market.shares': { markets: [{ name: 'x' }] } }, 'cannot_tell'],
  [
    'shares of more than 100% in all',
    of(
      market([
        ['fund', '60'],
        ['company', '41'],
      ]),
    ),
    'cannot_tell',
  ],
  [
    'a stated index below what the shares allow',
    of(
      market(
        [
          ['fund', '50'],
          ['company', '50'],
        ],
        '4999',
      ),
    ),
    'cannot_tell',
  ],
  [
    "a part not listed, and nothing stated of the fund's side",
    of(market([['company', '10'], ...others('40')])),
    'cannot_tell',
  ],
  [
    "a part not listed, the fund's side stated as zero",
    of(market([['company', '10'], ['fund', '0'], ...others('40')])),
    'clear',
  ],
  // 10 and 12 with 78% unlisted: change 240; 244 + 240 points if they are many, over 6,000 if they are one.
  [
    'the unlisted sellers decide',
    of(
      market([
        ['company', '10'],
        ['fund', '12'],
      ]),
    ),
    'cannot_tell',
  ],
  ['all listed, nobody joins', of(market([['company', '50'], ...others('50')])), 'clear'],
  [
    'the provider sells there, its affiliation is not known',
    of(market([['company', '20'], ['provider', '40'], ...others('40')])),
    'cannot_tell',
  ],
  [
    'the provider is affiliated and sells there',
    { ...of(market([['company', '20'], ['provider', '40'], ...others('40')])), ...affiliated(true) },
    'flag',
  ],
  [
    'the provider is not affiliated',
    { ...of(market([['company', '20'], ['provider', '40'], ...others('40')])), ...affiliated(false) },
    'clear',
  ],
  [
    'one of two markets is flagged',
    of(
      market([['company', '50'], ...others('50')]),
      market([
        ['company', '20'],
        ['fund', '80'],
      ]),
    ),
    'flag',
  ],
  [
    'one of two markets cannot be told',
    of(
      market([['company', '50'], ...others('50')]),
      market([
        ['company', '10'],
        ['fund', '12'],
      ]),
    ),
    'cannot_tell',
  ],
]
for (const [what, values, outcome] of CASES) {
  test(`concentration, ${what}: ${outcome}`, () => {
    const finding = find(values)
    assert.equal(finding.outcome, outcome, finding.arithmetic.join('\n'))
  })
}

test('an affiliated provider and the fund count as one seller before the deal', () => {
  const values = {
    ...of(market([['company', '4'], ['fund', '10'], ['provider', '20'], ...others('66')])),
    ...affiliated(true),
  }
  // before: 4² + 30² + 66² = 16 + 900 + 4356; change: 2 × 30 × 4
  assert.match(find(values).arithmetic.join('\n'), /index before 5272\..*= 240\..*Index after 5512/s)
})

test('before the guidelines of 2023 it cannot be told', () => {
  const values = of(
    market([
      ['company', '50'],
      ['other', '50'],
    ]),
  )
  assert.equal(find(values, '2023-12-17').outcome, 'cannot_tell')
  assert.equal(find(values, '2023-12-18').outcome, 'clear')
})

test('the change is the index after minus the index before, for any shares', () => {
  const share = fc.bigInt({ min: 0n, max: 50n * 10n ** 10n })
  fc.assert(
    fc.property(share, share, fc.array(share, { maxLength: 20 }), (a, b, rest) => {
      assert.equal(herfindahl([a + b, ...rest]) - herfindahl([a, b, ...rest]), hhiChange(a, b))
    }),
  )
})
