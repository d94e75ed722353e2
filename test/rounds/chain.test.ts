import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Capitalization } from '../../api/captable/index.ts'
import { formatNumeric, parseNumeric } from '../../api/platform/index.ts'
import { Chain, ChainRefused, chainCsv, chainJson, proForma, solveChain, writeChain } from '../../api/rounds/index.ts'
import { CASH, cash, chain, compute } from './given-chain.ts'
import { CAPITALIZATION, terms, WIRE } from './given-terms.ts'

const solve = (...rounds: readonly object[]) => solveChain(CAPITALIZATION, chain(...rounds))
const partsOf = (solved: ReturnType<typeof solve>, holder: string, column: 'part' | 'earnedPart' | 'shares' = 'part') =>
  solved.stages.map(({ holdings }) => {
    const at = solved.owners.findIndex((owner) => owner.holder === holder)
    return formatNumeric(holdings[at]?.[column] ?? -1n)
  })
const refusal = (rounds: readonly object[], capitalization: Capitalization = CAPITALIZATION) => {
  try {
    solveChain(capitalization, chain(...rounds))
  } catch (error) {
    assert.ok(error instanceof ChainRefused, String(error))
    return {
      round: error.round,
      name: error.roundName,
      paths: error.faults.map(({ path }) => path.join('.')),
      message: error.message,
    }
  }
  throw new Error('it was not refused')
}

test('a seed round for compute, then a Series A for cash, by hand', () => {
  // Seed at 1.60 over 10,000,000: compute 235,000 / 1.60 = 146,875, cash 625,000; 10,771,875 after it.
  // Series A: 40,000,000 / 10,771,875 = 3.71337395..., down to 3.7133; 10,000,000 / 3.7133 = 2,693,022; 13,464,897 after it.
  const solved = solve(compute(), cash())
  assert.deepEqual(
    solved.rounds.map(({ name, price, compute: bought, cashShares }) => [
      name,
      formatNumeric(price.amount),
      bought?.shares,
      cashShares,
    ]),
    [
      ['Series Seed', '1.6', 146_875n, 625_000n],
      ['Series A', '3.7133', undefined, 2_693_022n],
    ],
  )
  assert.deepEqual(
    solved.stages.map(({ shares, unearned }) => [formatNumeric(shares), formatNumeric(unearned)]),
    [
      ['10000000', '0'],
      ['10771875', '146875'],
      ['13464897', '146875'],
    ],
  )
  // Ada: 6,000,000 of 10,000,000; of 10,771,875; of 13,464,897; without what is not earned of 10,625,000 and of 13,318,022.
  assert.deepEqual(partsOf(solved, 'Ada'), ['0.6', '0.5570060922', '0.4456031116'])
  assert.deepEqual(partsOf(solved, 'Ada', 'earnedPart'), ['0.6', '0.5647058824', '0.4505173516'])
  // 10,000,000 / 13,464,897 and 10,000,000 / 13,318,022
  assert.equal(formatNumeric(solved.rounds[1]?.firstHoldersPart ?? 0n), '0.7426718526')
  assert.equal(formatNumeric(solved.rounds[1]?.firstHoldersEarnedPart ?? 0n), '0.7508622527')
})

test('founders are one line over theirs at every stage, also with what they buy', () => {
  // As above: 9,000,000 of 10,000,000; of 10,771,875; of 13,464,897, where Ben's 26,930 by 100,000 / 3.7133 are theirs too.
  const ben = { name: 'Ben', stakeholderId: 'ben', amount: { amount: '100000', currency: 'USD' } }
  const founded = { ...CAPITALIZATION, founders: ['ada', 'ben'] }
  const { owners, stages } = solveChain(founded, chain(compute(), cash({ cashInvestors: [ben] })))
  assert.deepEqual(
    owners.filter(({ isFounder }) => isFounder).map(({ holder }) => holder),
    ['Ada', 'Ben'],
  )
  assert.deepEqual(
    stages.map(({ founders }) => founders && formatNumeric(founders.shares)),
    ['9000000', '9000000', '9026930'],
  )
  // 9,026,930 of 10,798,805; 0.9 of 10,000,000 became that: 1 - 0.835919... / 0.9.
  assert.equal(formatNumeric(stages[2]?.founders?.part ?? 0n).slice(0, 10), '0.83591934')
  assert.equal(formatNumeric(stages[2]?.founders?.dilution ?? 0n).slice(0, 10), '0.07120072')
  assert.deepEqual(
    solve(compute()).stages.map(({ founders }) => founders),
    [null, null],
  )
})

test('the first round of a chain is the pro forma of its terms', () => {
  const found = proForma(CAPITALIZATION, terms())
  const [, after] = solve(compute()).stages
  assert.equal(after?.shares, found.sharesAfter)
  assert.deepEqual(after?.holdings.map(({ shares }) => shares).sort(), found.holders.map((row) => row.after).sort())
})

test('what is taken as delivered is earned in later rounds, and not at its own closing', () => {
  // Half of 146,875 is 73,437.5, down to 73,437: 73,438 stay unearned.
  const solved = solve(compute({}, { delivered: '50000' }), cash())
  assert.deepEqual(
    solved.stages.map(({ unearned }) => formatNumeric(unearned)),
    ['0', '146875', '73438'],
  )
  const all = solve(compute({}, { delivered: '100000' }), cash())
  assert.deepEqual(partsOf(all, 'Ada', 'earnedPart')[2], partsOf(all, 'Ada')[2])
  assert.equal(solved.stages[2]?.shares, all.stages[2]?.shares)
})

test('a SAFE that stays out of one round converts in the next, and takes part in no price before', () => {
  const safe: Capitalization['holdings'][number] = {
    kind: 'convertible',
    convertible: 'SAFE',
    securityId: 'safe-1',
    stakeholderId: 'dee',
    stakeholderName: 'Dee',
    quantity: 0n,
    unvested: 0n,
    amount: { amount: parseNumeric('500000'), currency: 'USD' },
  }
  const capitalization = { ...CAPITALIZATION, holdings: [...CAPITALIZATION.holdings, safe] }
  const terms = { by: 'TERMS', cap: { amount: '10000000', currency: 'USD' }, capBase: 'POST_MONEY' }
  const conversions = (outcome: 'REMAIN' | 'CONVERT') => ({
    conversions: { instruments: [{ securityId: 'safe-1', outcome, ...(outcome === 'CONVERT' ? terms : {}) }] },
  })
  const solved = solveChain(capitalization, chain(compute(conversions('REMAIN')), cash(conversions('CONVERT'))))
  assert.deepEqual(
    solved.rounds.map((round) => round.conversions.length),
    [0, 1],
  )
  // Post-money: 500,000 / 10,000,000 is 5% of 10,771,875 and itself: 10,771,875 / 19 = 566,940.8.
  assert.equal(solved.rounds[1]?.conversions[0]?.shares, 566_940n)
  // 40,000,000 / (10,771,875 + 566,940) = 3.5277..
  assert.equal(formatNumeric(solved.rounds[1]?.price.amount ?? 0n), '3.5277')
  // Converted once, it is gone.
  const again = refusal([compute(conversions('CONVERT')), cash(conversions('CONVERT'))], capitalization)
  assert.deepEqual(again.paths, ['rounds.1.cash.conversions.instruments.0.securityId'])
})

test('a pool target is met after each round, and counts what the round before left', () => {
  const target = { pool: { kind: 'TARGET', postRoundUnallocated: '0.1' } }
  const solved = solve(compute(target), cash(target))
  for (const stage of [1, 2]) {
    const part = Number(partsOf(solved, '2024 Plan')[stage])
    // Rounded down to whole shares.
    assert.ok(part <= 0.1 && part > 0.0999999, `${stage}: ${part}`)
  }
})

test('who comes in and what is created is known by name in later rounds: for rights, money and the class itself', () => {
  const right = { holder: 'Harbour Ventures', of: 'NEW_SECURITIES', exercise: { kind: 'FULL' } }
  const nameless = refusal([
    compute(),
    cash({ cashInvestors: [{ name: 'Harbour Ventures', amount: CASH.cashInvestors[0]?.amount }] }),
  ])
  assert.deepEqual(nameless, {
    round: 2,
    name: 'Series A',
    paths: ['rounds.1.cash.cashInvestors.0.stakeholderId'],
    message: nameless.message,
  })
  assert.match(nameless.message, /round 2, Series A, .* Harbour Ventures holds securities already \(Harbour Ventures\)/)
  const solved = solve(
    compute(),
    cash({
      security: { className: 'Series Seed Preferred', newClass: false, stockClassId: 'Series Seed Preferred' },
      proRataRights: [{ ...right, stakeholderId: 'Harbour Ventures' }],
    }),
  )
  // Its part before is 625,000 / 10,771,875 = 5.8021467%; it keeps it, to a share.
  const [, before, after] = partsOf(solved, 'Harbour Ventures')
  assert.ok(Math.abs(Number(before) - Number(after)) < 1e-6, `${before} ${after}`)
  assert.equal(solved.owners.filter(({ holder }) => holder === 'Harbour Ventures').length, 1)
})

test('options that a round promises are granted afterwards, and are not promised again', () => {
  const promised = { promisedOptions: { shares: '200000', from: 'POOL' } }
  const solved = solve(compute(promised), cash())
  assert.deepEqual(partsOf(solved, 'Promised options', 'shares'), ['0', '200000', '200000'])
  assert.deepEqual(partsOf(solved, '2024 Plan', 'shares'), ['500000', '300000', '300000'])
})

test('a round that there is not is named with its term; the rounds before it are not at fault', () => {
  const target = { pool: { kind: 'TARGET', postRoundUnallocated: '0.9' } }
  const refused = refusal([compute(), cash(target)])
  assert.deepEqual(
    [refused.round, refused.name, refused.paths],
    [2, 'Series A', ['rounds.1.cash.pool.postRoundUnallocated']],
  )
})

const wrong: readonly { name: string; rounds: readonly object[]; path: string }[] = [
  { name: 'no round', rounds: [], path: '' },
  {
    name: 'a closing before the one before it',
    rounds: [compute(), cash({ closingDate: '2026-12-14' })],
    path: '1.cash.closingDate',
  },
  { name: 'two rounds of one name', rounds: [compute(), cash({ name: 'Series Seed' })], path: '1.cash.name' },
  { name: 'a round of both kinds', rounds: [{ ...compute(), ...cash() }], path: '0' },
  { name: 'a round of no kind', rounds: [{}], path: '0' },
  { name: 'more delivered than granted', rounds: [compute({}, { delivered: '100001' })], path: '0.delivered' },
  {
    name: 'more delivered later than granted',
    rounds: [compute({}, { delivered: '1', deliveredLater: ['2', '100001'] })],
    path: '0.deliveredLater.1',
  },
  {
    name: 'a delivery that is taken back',
    rounds: [compute({}, { delivered: '5', deliveredLater: ['4'] })],
    path: '0.deliveredLater.0',
  },
  { name: 'later deliveries of none', rounds: [compute({}, { deliveredLater: [] })], path: '0.deliveredLater' },
  {
    name: 'later deliveries without compute',
    rounds: [{ ...cash(), deliveredLater: ['1'] }],
    path: '0.deliveredLater',
  },
  { name: 'a delivery without compute', rounds: [{ ...cash(), delivered: '1' }], path: '0.delivered' },
  { name: 'cash from nobody', rounds: [cash({ cashInvestors: [] })], path: '0.cash.cashInvestors' },
  {
    name: 'a price of nothing',
    rounds: [cash({ preMoney: { amount: '0', currency: 'USD' } })],
    path: '0.cash.preMoney.amount',
  },
  { name: 'terms of a grant in a round for cash', rounds: [cash({ longStop: '2029-01-01' })], path: '0.cash' },
  { name: 'thirteen rounds', rounds: Array.from({ length: 13 }, (_, n) => cash({ name: `R${n}` })), path: '' },
]
for (const { name, rounds, path } of wrong) {
  test(`refused: ${name}`, () => {
    const parsed = Chain.safeParse(rounds)
    assert.equal(parsed.success, false)
    assert.deepEqual([...new Set(parsed.error?.issues.map((issue) => issue.path.join('.')))], [path])
  })
}

test('a chain comes back from the wire as it was, and equal chains write equal text', () => {
  const rounds = chain(compute({}, { delivered: '10' }), cash({ pool: { kind: 'INCREASE', shares: '5' } }))
  assert.deepEqual(Chain.parse(writeChain(rounds)), rounds)
  const later = chain(compute({}, { delivered: '10', deliveredLater: ['20', '30'] }))
  assert.deepEqual(Chain.parse(writeChain(later)), later)
})

test('at every stage ownership adds up to exactly 1, in both columns, and no share is lost or made', () => {
  const one = parseNumeric('1')
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          isCash: fc.boolean(),
          preMoney: fc.integer({ min: 10_000_000, max: 500_000_000 }),
          money: fc.integer({ min: 10_000, max: 50_000_000 }),
          delivered: fc.integer({ min: 0, max: 100_000 }),
          pool: fc.constantFrom({ kind: 'NONE' }, { kind: 'TARGET', postRoundUnallocated: '0.07' }),
        }),
        { minLength: 1, maxLength: 5 },
      ),
      (drawn) => {
        const rounds = drawn.map(({ isCash, preMoney, money, delivered, pool }, n) => {
          const common = {
            name: `Round ${n}`,
            closingDate: `${2027 + n}-01-01`,
            security: { className: `Series ${n}`, newClass: true },
            preMoney: { amount: String(preMoney), currency: 'USD' },
            pool,
          }
          const cashInvestors = [{ name: `Investor ${n}`, amount: { amount: String(money), currency: 'USD' } }]
          if (isCash) return cash({ ...common, cashInvestors })
          const own = { ...WIRE.compute, holderName: `Fund ${n}` }
          const dates = { longStop: `${2037 + n}-01-01`, tokenExpiry: `${2037 + n}-01-01` }
          return compute({ ...common, compute: own, cashInvestors, ...dates }, { delivered: String(delivered) })
        })
        let solved: ReturnType<typeof solve>
        try {
          solved = solve(...rounds)
        } catch (error) {
          if (error instanceof ChainRefused) return
          throw error
        }
        let issued = parseNumeric('10000000')
        for (const [index, { holdings, shares, unearned }] of solved.stages.entries()) {
          const sum = (key: 'part' | 'earnedPart' | 'shares' | 'unearned') =>
            holdings.reduce((total, holding) => total + holding[key], 0n)
          const round = solved.rounds[index - 1]
          if (round !== undefined) {
            const whole = round.poolIncrease + round.cashShares + (round.compute?.shares ?? 0n)
            issued += whole * one
          }
          assert.equal(shares, issued)
          assert.deepEqual(
            [sum('part'), sum('earnedPart'), sum('shares'), sum('unearned')],
            [one, one, shares, unearned],
          )
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('the files hold the same figures', () => {
  const solved = solve(compute(), cash())
  const lines = chainCsv(solved).trimEnd().split('\r\n')
  // Three stages of six: Ada, Ben, Cem, the fund, two investors and the plan make seven.
  assert.equal(lines.length, 1 + 3 * 7)
  assert.ok(
    lines.includes('Series A,2027-12-15,Ada,6000000,0,0.4456031116,0.4505173516,0.2573281474'),
    lines.join('\n'),
  )
  const { stages } = JSON.parse(JSON.stringify(chainJson(solved)))
  assert.deepEqual(
    stages.map(({ after, shares }: { after: string | null; shares: string }) => [after, shares]),
    [
      [null, '10000000'],
      ['Series Seed', '10771875'],
      ['Series A', '13464897'],
    ],
  )
})
