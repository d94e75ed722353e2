import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waterfallBase } from '../../api/captable/pricing/fully-diluted.ts'
import { type Distribution, distribute, exactMoney } from '../../api/captable/waterfall/waterfall.ts'
import type {
  Participation,
  Preference,
  WaterfallClass,
  WaterfallFault,
  WaterfallInput,
} from '../../api/captable/waterfall/waterfall-terms.ts'
import { formatNumeric, parseNumeric } from '../../api/platform/index.ts'

const n = parseNumeric

const NONE: Participation = { kind: 'NONE' }

function preferred(id: string, shares: string, price: string, change: Partial<Preference> = {}): WaterfallClass {
  const preference = { price: n(price), multiple: n('1'), seniority: n('1'), participation: NONE, ...change }
  return { id, preference, holdings: [{ id: `${id}-holder`, shares: n(shares) }] }
}

const common = (shares: string): WaterfallClass => ({ id: 'common', holdings: [{ id: 'founder', shares: n(shares) }] })

const given = (classes: readonly WaterfallClass[], change: Partial<WaterfallInput> = {}): WaterfallInput => ({
  debts: [],
  convertibles: [],
  classes,
  options: [],
  places: 2,
  ...change,
})

function one(input: WaterfallInput, exit: string): Distribution {
  const answer = distribute(input, [n(exit)])
  assert.ok(answer.kind === 'distributed', answer.kind)
  const [distribution] = answer.distributions
  assert.ok(distribution !== undefined)
  return distribution
}

/** What each is paid, by id. */
const paidBy = ({ debts, carveOut, convertibles, classes, options }: Distribution): Record<string, string> =>
  Object.fromEntries(
    [...debts, ...(carveOut === undefined ? [] : [carveOut]), ...convertibles, ...classes, ...options].map(
      ({ id, amount }) => [id, formatNumeric(amount)],
    ),
  )

const FULL: Participation = { kind: 'FULL' }
const capped = (multiple: string): Participation => ({ kind: 'CAPPED', multiple: n(multiple) })
const seriesA = (change: Partial<Preference> = {}): WaterfallClass => preferred('a', '2000000', '2.50', change)
const stacked = (b: string): WaterfallClass[] => [
  common('8000000'),
  seriesA(),
  preferred('b', '1500000', '6.00', { seniority: n(b) }),
]

const cases: readonly {
  readonly name: string
  readonly input: WaterfallInput
  readonly exit: string
  readonly expect: Record<string, string>
}[] = [
  // algorithmic-game-theory-for-private-equity: 8,000,000 common beside 2,000,000 Series A at 2.50.
  {
    name: 'published: no participation, converting at 35,000,000',
    input: given([common('8000000'), seriesA()]),
    exit: '35000000',
    expect: { common: '28000000', a: '7000000' },
  },
  {
    name: 'published: no participation, the preference at 15,000,000',
    input: given([common('8000000'), seriesA()]),
    exit: '15000000',
    expect: { common: '10000000', a: '5000000' },
  },
  {
    name: 'published: no participation, either at 25,000,000',
    input: given([common('8000000'), seriesA()]),
    exit: '25000000',
    expect: { common: '20000000', a: '5000000' },
  },
  {
    name: 'published: full participation at 35,000,000',
    input: given([common('8000000'), seriesA({ participation: FULL })]),
    exit: '35000000',
    expect: { common: '24000000', a: '11000000' },
  },
  {
    name: 'published: participation capped at twice, at 40,000,000',
    input: given([common('8000000'), seriesA({ participation: capped('2') })]),
    exit: '40000000',
    expect: { common: '30000000', a: '10000000' },
  },
  {
    name: 'published: Series B senior, 10,000,000',
    input: given(stacked('2')),
    exit: '10000000',
    expect: { common: '0', a: '1000000', b: '9000000' },
  },
  {
    name: 'published: Series B senior, 20,000,000',
    input: given(stacked('2')),
    exit: '20000000',
    expect: { common: '6000000', a: '5000000', b: '9000000' },
  },
  // By hand from here.
  {
    name: 'a higher seniority is paid first: Series B junior gets what A leaves',
    input: given(stacked('0.5')),
    exit: '10000000',
    expect: { common: '0', a: '5000000', b: '5000000' },
  },
  {
    name: 'pari passu: 7,000,000 shared as 5 to 9',
    input: given(stacked('1')),
    exit: '7000000',
    expect: { common: '0', a: '2500000', b: '4500000' },
  },
  {
    name: 'past its cap a class converts: a fifth of 60,000,000 is more than 10,000,000',
    input: given([common('8000000'), seriesA({ participation: capped('2') })]),
    exit: '60000000',
    expect: { common: '48000000', a: '12000000' },
  },
  {
    name: 'a multiple and accrued dividends: 2,000,000 shares are owed 2 x 2.50 + 0.50 each',
    input: given([common('8000000'), seriesA({ multiple: n('2'), accrued: n('0.5') })]),
    exit: '12000000',
    expect: { common: '1000000', a: '11000000' },
  },
  {
    // 2,000,000 at 8/7 are 2,285,714.28...; of 10,285,714.28... they are 2/9: 16,000,000 of 72,000,000.
    name: 'a conversion ratio of 8/7',
    input: given([common('8000000'), { ...seriesA(), ratio: { numerator: 8n, denominator: 7n } }]),
    exit: '72000000',
    expect: { common: '56000000', a: '16000000' },
  },
  {
    // 10,000,000 shares and 1,000,000 options at 1: with all exercised 21,000,000 + 1,000,000 is 2 a share.
    name: 'options at a strike pay it and share',
    input: given([common('10000000')], { options: [{ id: 'grant', shares: n('1000000'), strike: n('1') }] }),
    exit: '21000000',
    expect: { common: '20000000', grant: '1000000' },
  },
  {
    name: 'options at a strike above the price do not',
    input: given([common('10000000')], { options: [{ id: 'grant', shares: n('1000000'), strike: n('3') }] }),
    exit: '21000000',
    expect: { common: '21000000', grant: '0' },
  },
  {
    name: 'debt by rank, one rank short',
    input: given([common('1')], {
      debts: [
        { id: 'bridge', amount: n('3000000'), rank: 2 },
        { id: 'bank', amount: n('2000000'), rank: 1 },
        { id: 'notes', amount: n('1000000'), rank: 2 },
      ],
    }),
    exit: '4000000',
    expect: { bank: '2000000', bridge: '1500000', notes: '500000', common: '0' },
  },
  {
    // 10,000,000 - 2,000,000 debt = 8,000,000; a tenth of what is beyond 3,000,000 is 500,000.
    name: 'a carve-out after debt and before preferences',
    input: given([common('8000000'), seriesA()], {
      debts: [{ id: 'bank', amount: n('2000000'), rank: 1 }],
      carveOut: { id: 'team', part: n('0.1'), above: n('3000000') },
    }),
    exit: '10000000',
    expect: { bank: '2000000', team: '500000', a: '5000000', common: '2500000' },
  },
  {
    name: 'a carve-out with a most',
    input: given([common('8000000')], { carveOut: { id: 'team', part: n('0.1'), above: 0n, atMost: n('400000') } }),
    exit: '10000000',
    expect: { team: '400000', common: '9600000' },
  },
  {
    // Seniority 1 is paid first among convertibles, and all of them here before Series A.
    name: 'convertibles: seniority 1 before 2, before stock',
    input: given([common('8000000'), seriesA()], {
      convertibles: [
        { id: 'second', amount: n('1000000'), shares: n('1'), standing: { kind: 'BEFORE_STOCK', seniority: 2 } },
        { id: 'first', amount: n('1000000'), shares: n('1'), standing: { kind: 'BEFORE_STOCK', seniority: 1 } },
      ],
    }),
    exit: '1500000',
    expect: { first: '1000000', second: '500000', a: '0', common: '0' },
  },
  {
    name: 'a SAFE on par with the preferred: 3,000,000 shared as 1 to 5',
    input: given([common('8000000'), seriesA()], {
      convertibles: [
        { id: 'safe', amount: n('1000000'), shares: n('1'), standing: { kind: 'WITH_STOCK', seniority: n('1') } },
      ],
    }),
    exit: '3000000',
    expect: { safe: '500000', a: '2500000', common: '0' },
  },
  {
    name: 'a SAFE that converts: a tenth of 20,000,000 is more than 1,000,000',
    input: given([common('9000000')], {
      convertibles: [
        { id: 'safe', amount: n('1000000'), shares: n('1000000'), standing: { kind: 'BEFORE_STOCK', seniority: 1 } },
      ],
    }),
    exit: '20000000',
    expect: { safe: '2000000', common: '18000000' },
  },
]
for (const { name, input, exit, expect } of cases) {
  test(`waterfall: ${name}`, () => assert.deepEqual(paidBy(one(input, exit)), expect))
}

/** 1,000,000 Series Seed at 1.00 for compute, of which 600,000 are unearned, beside 1,000,000 common. */
const unearned = (treatment: 'NO_PREFERENCE' | 'FULL' | 'FORFEITED'): WaterfallInput => {
  const seed = preferred('seed', '1000000', '1')
  const holdings = [{ id: 'fund', shares: n('1000000'), unearned: { shares: n('600000'), treatment } }]
  return given([common('1000000'), { ...seed, holdings }])
}
// At 700,000 the earned 400,000 are owed 400,000; 300,000 are left for 1,000,000 common and, where they share, 600,000.
const treatments = [
  ['NO_PREFERENCE', '700000', { common: '187500', seed: '512500' }],
  ['FORFEITED', '700000', { common: '300000', seed: '400000' }],
  ['FULL', '700000', { common: '0', seed: '700000' }],
  // At 2,800,000 the earned ones convert where a share is worth more than 1: 1.40, 2.00, 1.40 a share.
  ['NO_PREFERENCE', '2800000', { common: '1400000', seed: '1400000' }],
  ['FORFEITED', '2800000', { common: '2000000', seed: '800000' }],
  ['FULL', '2800000', { common: '1400000', seed: '1400000' }],
] as const
for (const [treatment, exit, expect] of treatments) {
  test(`waterfall: unearned shares, ${treatment}, at ${exit}`, () => {
    const { classes } = one(unearned(treatment), exit)
    const paid = Object.fromEntries(classes.map(({ id, amount }) => [id, formatNumeric(amount)]))
    assert.deepEqual(paid, expect)
    assert.equal(classes[1]?.holdings.length, 1, 'one line for the holder, earned and unearned together')
  })
}

test('waterfall: unearned shares have no preference beyond the earned value, at any exit value', () => {
  // Earned 400,000 at 1.00: up to 400,000 all goes to them, and no more of it is a preference.
  for (const exit of ['100000', '400000']) {
    assert.deepEqual(paidBy(one(unearned('NO_PREFERENCE'), exit)), { common: '0', seed: formatNumeric(n(exit)) })
  }
})

test('waterfall: cents that do not divide add up, and who is owed whole cents gets them', () => {
  const thirds = { id: 'common', holdings: ['x', 'y', 'z'].map((id) => ({ id, shares: n('1') })) }
  const distribution = one(given([seriesA(), thirds]), '5000000.01')
  assert.equal(formatNumeric(distribution.classes[0]?.amount ?? 0n), '5000000')
  const cents = distribution.classes[1]?.holdings.map(({ amount }) => formatNumeric(amount))
  assert.deepEqual(cents, ['0', '0', '0.01'])
  assert.equal(exactMoney(distribution.classes[1]?.holdings[0]?.exact ?? assert.fail()).toFraction(), '1/300')
})

test('waterfall: says who converts, what a share is worth, and how many share', () => {
  const input = given([common('8000000'), seriesA()], {
    options: [{ id: 'grant', shares: n('1000000'), strike: n('1') }],
  })
  const { classes, options, perShare, sharing } = one(input, '32000000')
  assert.deepEqual(
    classes.map(({ id, converts }) => [id, converts]),
    [
      ['common', false],
      ['a', true],
    ],
  )
  assert.equal(options[0]?.exercises, true)
  // (32,000,000 + 1,000,000) / 11,000,000
  assert.equal(exactMoney(perShare).toFraction(), '3')
  const parts = { common: n('8000000'), preferred: n('2000000'), exercised: n('1000000'), converted: 0n }
  assert.equal(sharing, waterfallBase(parts))
  const below = one(input, '4000000')
  assert.equal(exactMoney(below.perShare).toFraction(), '0')
  assert.equal(below.classes[1]?.converts, false)
})

test('waterfall: breakpoints, each at its exit value', () => {
  const input = given(
    [common('8000000'), seriesA({ participation: capped('2') }), preferred('b', '1000000', '3', { seniority: n('2') })],
    {
      debts: [{ id: 'bank', amount: n('1000000'), rank: 1 }],
      carveOut: { id: 'team', part: n('0.5'), above: n('100000'), atMost: n('200000') },
      options: [{ id: 'grant', shares: n('1000000'), strike: n('1') }],
    },
  )
  const answer = distribute(input, [])
  assert.ok(answer.kind === 'distributed')
  // Below debt: B is owed 3,000,000, then A 5,000,000; then 8,000,000 common and 2,000,000 A share. At 1 a share,
  // 18,000,000, the options exercise; at 2.50, 18,000,000 + 1.5 x 11,000,000, A has 10,000,000; at 3 B converts, with
  // 0.5 x 9,000,000 more; at 5 A does, with 2 x 10,000,000 more. Debt and carve-out add 1,200,000.
  assert.deepEqual(
    answer.breakpoints.map(({ exit, kind, ids }) => [exit.toFraction(), kind, ids.join()]),
    [
      ['1000000', 'DEBT_PAID', 'bank'],
      ['1100000', 'CARVE_OUT_STARTS', 'team'],
      ['1500000', 'CARVE_OUT_FULL', 'team'],
      ['4200000', 'PREFERENCES_PAID', 'b'],
      ['9200000', 'PREFERENCES_PAID', 'a'],
      ['19200000', 'EXERCISES', 'grant'],
      ['35700000', 'CAP_REACHED', 'a'],
      ['40200000', 'CONVERTS', 'b'],
      ['60200000', 'CONVERTS', 'a'],
    ],
  )
})

const faults: readonly [string, WaterfallInput, string, WaterfallFault][] = [
  [
    'a participation cap below the preference',
    given([seriesA({ multiple: n('3'), participation: capped('2') })]),
    '1',
    { kind: 'cap_below_preference', ids: ['a'] },
  ],
  [
    'more than anybody is owed',
    given([], { debts: [{ id: 'bank', amount: n('5'), rank: 1 }] }),
    '6',
    { kind: 'nobody_to_pay', most: n('5') },
  ],
]
for (const [name, input, exit, expect] of faults) {
  test(`waterfall refuses ${name}`, () => assert.deepEqual(distribute(input, [n(exit)]), expect))
}

test('waterfall: debt alone takes what there is', () => {
  const input = given([], { debts: [{ id: 'bank', amount: n('5'), rank: 1 }] })
  assert.deepEqual(paidBy(one(input, '5')), { bank: '5' })
})

const wrong: readonly [string, WaterfallInput, string][] = [
  ['an exit value of a tenth of a cent', given([common('1')]), '0.001'],
  ['eleven places', given([common('1')], { places: 11 }), '1'],
  ['a whole carve-out', given([common('1')], { carveOut: { id: 'x', part: n('1'), above: 0n } }), '1'],
  ['two classes of one id', given([common('1'), common('1')]), '1'],
  ['two holdings of one id', given([{ id: 'c', holdings: ['h', 'h'].map((id) => ({ id, shares: 1n })) }]), '1'],
  ['negative shares', given([{ id: 'c', holdings: [{ id: 'h', shares: -1n }] }]), '1'],
  [
    'more unearned than there are',
    given([{ id: 'c', holdings: [{ id: 'h', shares: 1n, unearned: { shares: 2n, treatment: 'FULL' } }] }]),
    '1',
  ],
  ['a ratio of zero', given([{ ...common('1'), ratio: { numerator: 0n, denominator: 1n } }]), '1'],
]
for (const [name, input, exit] of wrong) {
  test(`waterfall throws on ${name}`, () => assert.throws(() => distribute(input, [n(exit)]), RangeError))
}
