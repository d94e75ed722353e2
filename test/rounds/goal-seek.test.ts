import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Capitalization } from '../../api/captable/index.ts'
import { formatNumeric, formatTokens, parseNumeric } from '../../api/platform/index.ts'
import { Goal, GoalNotReached, partOf, proForma, seekGoal, TermsRefused } from '../../api/rounds/index.ts'
import { CAPITALIZATION, terms, WIRE } from './given-terms.ts'

const seek = (goal: unknown, change: Parameters<typeof terms>[0] = {}) =>
  seekGoal(CAPITALIZATION, terms(change), Goal.parse(goal))

// The round of the tests: 10,000,000 before, at 1.60; 1,000,000 of cash buys 625,000 shares whatever the tokens are.
test('how many tokens for ten percent after the round', () => {
  const found = seek({ kind: 'TOKENS_FOR_PART', part: '0.1' })
  // S / (10,625,000 + S) >= 1/10 from S = 1,180,555.6 on: 1,180,556 shares. 1,180,556 x 1.60 / 2.35 = 803,782.81 tokens.
  assert.equal(formatTokens(found.tokens), '803783')
  assert.ok(found.proForma.compute.shares >= 1_180_556n)
  // One token less: 803,782 x 2.35 / 1.60 = 1,180,554.8, and 1,180,554 / 11,805,554 = 0.09999988...
  assert.equal(formatNumeric(found.oneStepBeyond ?? 0n), '0.0999998814')
  assert.ok(found.monotone)
  assert.deepEqual(proForma(CAPITALIZATION, found.terms), found.proForma)
})

test('tokens to the step that is asked for, and from wherever the search starts', () => {
  for (const tokens of ['1', '100000', '900000', '50000000']) {
    const compute = { ...WIRE.compute, tokens }
    const found = seek({ kind: 'TOKENS_FOR_PART', part: '0.1', stepTokens: '1000' }, { compute })
    assert.equal(formatTokens(found.tokens), '804000', tokens)
  }
})

test('which valuation keeps the founders above eighty percent', () => {
  const found = seek({ kind: 'PRE_MONEY_KEEPING', holderIds: ['ada', 'ben'], part: '0.8' })
  // 9,000,000 of fewer than 11,250,000. At 0.98800 are sold 237,854 + 1,012,145 = 1,249,999; at 0.98799 237,856 + 1,012,155.
  // The price is rounded up to 0.98800 from 0.9879901 on.
  assert.equal(formatNumeric(found.preMoney.amount), '9879901')
  assert.equal(formatNumeric(found.proForma.price.amount), '0.988')
  assert.equal(found.proForma.sharesAfter, 112_499_990_000_000_000n)
  // 9,000,000 / 11,250,011
  assert.equal(formatNumeric(found.oneStepBeyond ?? 0n), '0.7999992178')
})

test('the largest round whose compute buys less than five percent', () => {
  const found = seek({ kind: 'MOST_TOKENS_BELOW', measure: 'COMPUTE_PART', limit: '0.05' })
  // S < 10,625,000 x 0.05 / 0.95 = 559,210.5. The 559,211th share costs 894,737.60, which is 380,739.4 tokens.
  assert.equal(formatTokens(found.tokens), '380739')
  assert.equal(found.proForma.compute.shares, 559_210n)
})

test('the largest round below a transaction value', () => {
  const goal = { kind: 'MOST_TOKENS_BELOW', measure: 'TRANSACTION_VALUE', limit: '1000000' }
  const found = seek(goal, { unearned: { votes: true } })
  // 1,000,000 / 2.35 = 425,531.9; 425,531 x 2.35 = 999,997.85, and one more 1,000,000.20.
  assert.equal(formatTokens(found.tokens), '425531')
  assert.equal(formatNumeric(found.reached), '999997.85')
  assert.equal(formatNumeric(found.oneStepBeyond ?? 0n), '1000000.2')
})

const notReached: readonly { name: string; goal: unknown; change?: Parameters<typeof terms>[0]; reason: string }[] = [
  {
    name: 'founders cannot keep more than they have',
    goal: { kind: 'PRE_MONEY_KEEPING', holderIds: ['ada', 'ben'], part: '0.95' },
    reason: 'NEVER_REACHED',
  },
  {
    name: 'shares without a vote are held by nobody at the closing',
    goal: { kind: 'MOST_TOKENS_BELOW', measure: 'TRANSACTION_VALUE', limit: '1' },
    reason: 'ALWAYS_REACHED',
  },
  {
    name: 'one token is too much already',
    goal: { kind: 'MOST_TOKENS_BELOW', measure: 'TRANSACTION_VALUE', limit: '2' },
    change: { unearned: { votes: true } },
    reason: 'NEVER_REACHED',
  },
  {
    name: 'a transaction value is in dollars',
    goal: { kind: 'MOST_TOKENS_BELOW', measure: 'TRANSACTION_VALUE', limit: '2' },
    change: {
      preMoney: { amount: '16000000', currency: 'EUR' },
      compute: { ...WIRE.compute, referencePrice: { amount: '2.35', currency: 'EUR' } },
      cashInvestors: [],
    },
    reason: 'NOT_IN_DOLLARS',
  },
]
for (const { name, goal, change, reason } of notReached) {
  test(`no answer: ${name}`, () => {
    assert.throws(
      () => seek(goal, change),
      (error) => error instanceof GoalNotReached && error.reason === reason,
    )
  })
}

test('terms that contradict the answer are refused by name, and so are terms that make no round at the start', () => {
  const releases = { kind: 'LIST' as const, releases: [{ on: '2027-01-15', tokens: '100000' }] }
  const faultsOf = (change: Parameters<typeof terms>[0]) => {
    try {
      return seek({ kind: 'TOKENS_FOR_PART', part: '0.1' }, change)
    } catch (error) {
      assert.ok(error instanceof TermsRefused, String(error))
      return error.faults.map(({ path }) => path[0])
    }
  }
  assert.deepEqual(faultsOf({ releases }), ['releases'])
  assert.deepEqual(faultsOf({ security: { className: 'Common', newClass: true } }), ['security'])
})

test('what holders keep counts what they convert, buy and take by right', () => {
  const safe: Capitalization['holdings'][number] = {
    kind: 'convertible',
    convertible: 'SAFE',
    securityId: 'safe-1',
    stakeholderId: 'ada',
    stakeholderName: 'Ada',
    quantity: 0n,
    unvested: 0n,
    amount: { amount: parseNumeric('400000'), currency: 'USD' },
  }
  const capitalization = { ...CAPITALIZATION, holdings: [...CAPITALIZATION.holdings, safe] }
  const cap = { amount: '8000000', currency: 'USD' }
  const given = terms({
    conversions: { instruments: [{ securityId: 'safe-1', by: 'TERMS', cap, capBase: 'POST_MONEY' }] },
    cashInvestors: [{ name: 'Ben', stakeholderId: 'ben', amount: { amount: '500000', currency: 'USD' } }],
    proRataRights: [{ holder: 'Cem', stakeholderId: 'cem', of: 'NEW_SECURITIES', exercise: { kind: 'FULL' } }],
    pool: { kind: 'TARGET', postRoundUnallocated: '0.1' },
  })
  for (const holderIds of [['ada'], ['ben', 'cem'], ['ada', 'ben', 'cem']]) {
    const part = holderIds.length === 1 ? '0.5' : holderIds.length === 2 ? '0.32' : '0.8'
    const found = seekGoal(capitalization, given, Goal.parse({ kind: 'PRE_MONEY_KEEPING', holderIds, part }))
    const own = found.proForma.lines.filter(
      ({ kind, holderId }) => kind !== 'pool' && holderIds.includes(holderId ?? ''),
    )
    const has = own.reduce((sum, line) => sum + line.after, 0n)
    assert.equal(found.reached, partOf(has, found.proForma.sharesAfter), holderIds.join())
    assert.ok(
      own.some(({ before }) => before === 0n),
      'something was bought or converted',
    )
  }
})

test('founders keep their part together where nobody is named, and the answer says who they are', () => {
  const founded = { ...CAPITALIZATION, founders: ['ada', 'ben'] }
  const goal = { kind: 'PRE_MONEY_KEEPING', part: '0.8' } as const
  const together = seekGoal(founded, terms(), Goal.parse(goal))
  const named = seekGoal(CAPITALIZATION, terms(), Goal.parse({ ...goal, holderIds: ['ada', 'ben'] }))
  assert.deepEqual([together.preMoney, together.reached], [named.preMoney, named.reached])
  // 9,000,000 of at most 11,250,000 (less than that, for more than 0.8): 6,000,000 of them are Ada's.
  assert.deepEqual(
    together.keepers.map(({ holder, after }) => [holder, formatNumeric(after)]),
    [
      ['Ada', '6000000'],
      ['Ben', '3000000'],
    ],
  )
  assert.throws(() => seekGoal(CAPITALIZATION, terms(), Goal.parse(goal)), /goal\.holderIds is missing/)
})

test('a holder whom nobody knows is refused', () => {
  assert.throws(
    () => seek({ kind: 'PRE_MONEY_KEEPING', holderIds: ['ada', 'zoe'], part: '0.5' }),
    /goal.holderIds.1|holds nothing/,
  )
})

test('goals that are none are refused', () => {
  for (const goal of [
    { kind: 'TOKENS_FOR_PART', part: '1' },
    { kind: 'TOKENS_FOR_PART', part: '0' },
    { kind: 'TOKENS_FOR_PART', part: '0.1', holderIds: ['ada'] },
    { kind: 'PRE_MONEY_KEEPING', holderIds: [], part: '0.5' },
    { kind: 'MOST_TOKENS_BELOW', measure: 'COMPUTE_PART', limit: '1' },
    { kind: 'MOST_TOKENS_BELOW', measure: 'COMPUTE_PART' },
    { kind: 'WORLD_PEACE' },
  ]) {
    assert.equal(Goal.safeParse(goal).success, false, JSON.stringify(goal))
  }
})

test('against trying every number of tokens, with a pool that grows with the round', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 120 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 60 }),
      (part, pool, start) => {
        const step = 20_000
        const change = {
          compute: { ...WIRE.compute, tokens: String(start * step) },
          pool: pool ? ({ kind: 'TARGET', postRoundUnallocated: '0.12' } as const) : ({ kind: 'NONE' } as const),
        }
        const limit = formatNumeric(BigInt(part) * 10n ** 7n)
        const parts = Array.from({ length: 60 }, (_, index) => {
          const tokens = String((index + 1) * step)
          const one = proForma(CAPITALIZATION, terms({ ...change, compute: { ...WIRE.compute, tokens } }))
          return {
            tokens,
            reaches: one.compute.shares * 10n ** 13n >= BigInt(part) * (one.sharesAfter / 10n ** 7n) * 10n ** 7n,
          }
        })
        const least = parts.find(({ reaches }) => reaches)
        fc.pre(least !== undefined)
        const found = seek({ kind: 'TOKENS_FOR_PART', part: limit, stepTokens: String(step) }, change)
        assert.equal(formatTokens(found.tokens), least?.tokens)
      },
    ),
    { numRuns: 12 },
  )
})
