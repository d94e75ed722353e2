import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Capitalization, capitalizationOf, checkPackage, replay } from '../../api/captable/index.ts'
import { divide, formatNumeric, numericOfWhole, parseNumeric } from '../../api/platform/index.ts'
import {
  proForma,
  RoundTerms,
  type RoundTermsWire,
  solveChain,
  TermsRefused,
  writeTerms,
} from '../../api/rounds/index.ts'
import { safeOf } from '../captable/given-convertibles.ts'
import { OWN, ownPackage } from '../support/ocf-package.ts'
import { cash, chain } from './given-chain.ts'
import { terms, WIRE } from './given-terms.ts'

const usd = (amount: string) => ({ amount, currency: 'USD' })

async function tableWith(more: readonly object[] = []): Promise<Capitalization> {
  const { package: read } = await checkPackage({
    files: [...ownPackage({ Transactions: (items) => [...items, ...more] })],
  })
  return capitalizationOf(replay(read, { through: WIRE.closingDate }).table, WIRE.closingDate)
}
type Right = NonNullable<RoundTermsWire['proRataRights']>[number]
const right = (change: Partial<Right>): Partial<RoundTermsWire> => ({
  preMoney: usd('23000000'),
  proRataRights: [
    {
      holder: 'Harbor Seed Fund II, L.P.',
      stakeholderId: OWN.seedFund,
      of: 'NEW_SECURITIES',
      exercise: { kind: 'FULL' },
      ...change,
    },
  ],
})
const faultsOf = (table: Capitalization, change: Partial<RoundTermsWire>): string[] => {
  try {
    proForma(table, terms(change))
  } catch (error) {
    if (error instanceof TermsRefused) return error.faults.map(({ path, reason }) => `${path.join('.')} ${reason}`)
    throw error
  }
  return []
}

// At 23,000,000 over 11,500,000 shares a share costs 2.00: compute buys 117,500, cash 500,000.
const cases: readonly { name: string; change: Partial<Right>; shares: bigint; amount: string; over: boolean }[] = [
  // 1,235,000 is named and 20% of all goes to the right: 1,235,000 / 0.8 x 0.2 = 308,750, 154,375 of 771,875 shares.
  { name: 'a fifth of what is sold', change: { part: '0.2' }, shares: 154_375n, amount: '308750', over: true },
  // 3/23 of the company, so 3/20 of what is named: 185,250.
  { name: 'its own part of what is sold', change: {}, shares: 92_625n, amount: '185250', over: false },
  // All after: (10,000,000 of others + 617,500) / 0.8 = 13,271,875; a fifth of it, less the 1,500,000 it has.
  {
    name: 'up to a fifth of the company',
    change: { of: 'COMPANY_AFTER', part: '0.2' },
    shares: 1_154_375n,
    amount: '2308750',
    over: true,
  },
  { name: 'nothing', change: { exercise: { kind: 'NONE' } }, shares: 0n, amount: '0', over: false },
  {
    name: 'a number of shares',
    change: { exercise: { kind: 'SHARES', shares: '50000' } },
    shares: 50_000n,
    amount: '100000',
    over: false,
  },
  {
    name: 'an amount',
    change: { exercise: { kind: 'MONEY', amount: usd('30001') } },
    shares: 15_000n,
    amount: '30001',
    over: false,
  },
]
for (const { name, change, shares, amount, over } of cases) {
  test(`a right is exercised for ${name}`, async () => {
    const round = proForma(await tableWith(), terms(right(change)))
    const [found] = round.rights
    assert.equal(formatNumeric(round.price.amount), '2')
    assert.equal(found?.shares, shares)
    assert.equal(formatNumeric(found?.amount.amount ?? 0n), amount)
    assert.equal(found?.superProRata, over)
    assert.equal(round.sharesAfter, numericOfWhole(11_500_000n + 617_500n + shares))
  })
}

test('a right exercised beyond what it is to, rights that clash, and rights of nobody are refused at their terms', async () => {
  const table = await tableWith()
  const more = { part: '0.05', exercise: { kind: 'SHARES', shares: '40000' } } as const
  assert.match(faultsOf(table, right(more))[0] ?? '', /^proRataRights\.0\.exercise takes more/)
  assert.match(faultsOf(table, right({ holder: 'Somebody' }))[0] ?? '', /^proRataRights\.0\.holder /)
  assert.match(faultsOf(table, right({ stakeholderId: 'x' }))[0] ?? '', /^proRataRights\.0\.stakeholderId /)
  const bad = RoundTerms.safeParse({
    ...WIRE,
    proRataRights: [
      { holder: 'A', stakeholderId: 'a', of: 'NEW_SECURITIES', part: '1', exercise: { kind: 'FULL' } },
      { holder: 'A', stakeholderId: 'a', of: 'COMPANY_AFTER', exercise: { kind: 'SHARES', shares: '0' } },
    ],
    promisedOptions: { shares: '0', from: 'POOL' },
  })
  assert.deepEqual(bad.error?.issues.map(({ path }) => path.join('.')).sort(), [
    'proRataRights',
    'proRataRights.0.part',
    'proRataRights.1.exercise.shares',
    'proRataRights.1.stakeholderId',
    'promisedOptions.shares',
  ])
})

test('promised options count in the price, out of the pool or on top of it', async () => {
  const table = await tableWith()
  const round = (from: 'POOL' | 'ON_TOP') =>
    proForma(table, terms({ preMoney: usd('23000000'), promisedOptions: { shares: '500000', from } }))
  // 23,000,000 / 11,500,000, and / 12,000,000 = 1.916666..., upwards.
  assert.equal(formatNumeric(round('POOL').price.amount), '2')
  assert.equal(formatNumeric(round('ON_TOP').price.amount), '1.91667')
  assert.equal(formatNumeric(round('ON_TOP').sharesBefore), '12000000')
  for (const from of ['POOL', 'ON_TOP'] as const) {
    const line = round(from).lines.find(({ kind }) => kind === 'promised')
    assert.equal(line?.after, numericOfWhole(500_000n))
  }
  const [fault] = faultsOf(table, { promisedOptions: { shares: '1700001', from: 'POOL' } })
  assert.match(fault ?? '', /^promisedOptions\.shares is more than plans hold/)
})

test('terms with rights and promised options come back from the wire as they were', () => {
  const given = terms({ ...right({ part: '0.25' }), promisedOptions: { shares: '10', from: 'ON_TOP' } })
  assert.deepEqual(writeTerms(RoundTerms.parse(writeTerms(given))), writeTerms(given))
})

test('a right to a part of the company is met within a share, also where its holder converts a SAFE', async () => {
  const table = await tableWith([safeOf('safe-1', '400000', { cap: '12000000' })])
  const rounds = fc.record({
    part: fc.integer({ min: 140, max: 450 }),
    pool: fc.integer({ min: 100, max: 250 }),
    method: fc.constantFrom('PRE_MONEY', 'PERCENT_OWNERSHIP', 'DOLLARS_INVESTED'),
  })
  let met = 0
  fc.assert(
    fc.property(rounds, ({ part, pool, method }) => {
      const change = right({ of: 'COMPANY_AFTER', part: `0.${part}` })
      const round = proForma(
        table,
        terms({
          ...change,
          pool: { kind: 'TARGET', postRoundUnallocated: `0.${pool}` },
          conversions: { method: method as 'PRE_MONEY' },
        }),
      )
      const has = round.lines.reduce((sum, line) => (line.holderId === OWN.seedFund ? sum + line.after : sum), 0n)
      const wanted = parseNumeric(`0.${part}`) * round.sharesAfter
      const one = 10n ** 20n
      if ((round.rights[0]?.shares ?? 0n) > 0n) {
        met += 1
        assert.ok(has * 10n ** 10n <= wanted && has * 10n ** 10n > wanted - one)
      } else {
        assert.ok(has * 10n ** 10n > wanted - one)
      }
      const left = parseNumeric(`0.${pool}`) * round.sharesAfter - round.unallocatedAfter * 10n ** 10n
      assert.ok(left < one)
      assert.equal(
        round.holders.reduce((sum, row) => sum + row.afterPart, 0n),
        10n ** 10n,
      )
    }),
    { numRuns: 60 },
  )
  assert.ok(met > 30, `only ${met} rights bought`)
})

// Quick start guide, 3: 15% of the company is sold by SAFEs at 5,000,000 post-money, each with a right; new investors own 25% after
// the Series A without the rights, and 10% stay unallocated. 25% / (100% - 15%) - 25% = 4.41%. At 20,000,000 after the
// money the lead pays 5,000,000, the rights 882,352.94, and 14,117,647.06 is before the money.
test('YC Post-Money Safe User Guide, quick start guide: what pro rata rights of SAFEs take', async () => {
  const table = await tableWith([safeOf('safe-1', '750000', { cap: '5000000' })])
  const round = {
    ...{ preMoney: usd('14117647.06'), cashInvestors: [{ name: 'Meridian Growth', amount: usd('5000000') }] },
    ...{ pool: { kind: 'TARGET', postRoundUnallocated: '0.10' }, conversions: { method: 'PERCENT_OWNERSHIP' } },
    ...{ priceRounding: { direction: 'NEAREST', places: 10 }, closingDate: WIRE.closingDate },
    proRataRights: right({ part: '0.15' }).proRataRights,
  }
  const { rounds, stages } = solveChain(table, chain(cash(round)))
  const [link, after] = [rounds[0], stages[1]]
  assert.ok(link !== undefined && after !== undefined)
  const hundredths = (shares: bigint) => divide(numericOfWhole(shares) * 10_000n, after.shares, 'NEAREST')
  assert.deepEqual([hundredths(link.cashShares), hundredths(link.rightShares)], [2_500n, 441n])
  // The SAFEs have 15% of the company before the Series A: of 11,500,000 / 0.85 shares, rounded down.
  assert.deepEqual(
    link.conversions.map(({ shares, at }) => [shares, at]),
    [[2_029_411n, 'CAP']],
  )
})
