import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNumeric, formatTokens } from '../../api/platform/index.ts'
import { LegsInput, legRows, legsOfRound, proForma } from '../../api/rounds/index.ts'
import { CAPITALIZATION, terms, type WIRE } from './given-terms.ts'

const price = (amount: string, currency = 'USD') => ({ amount: { amount, currency }, source: 'offer of 2 Nov 2026' })
const usd = (amount: string) => ({ amount, currency: 'USD' })
const LEGS = {
  sharesBefore: '10000000',
  legs: [
    { kind: 'COMPUTE', name: 'Tokens', tokens: '100000', shares: '146875', expiresOn: '2029-06-15' },
    { kind: 'CASH', name: 'Venture money', amount: usd('235000'), shares: '146875', hourPrice: price('3') },
    {
      kind: 'CREDITS',
      name: 'Cloud credits',
      amount: usd('100000'),
      hourPrice: price('7'),
      expiresOn: '2027-11-20',
      restrictions: ['not for resale'],
    },
  ],
}

test('tokens, cash and credits side by side, by hand', () => {
  const rows = legRows(LegsInput.parse(LEGS)).map((row) => [
    row.kind,
    formatNumeric(row.equityPart),
    formatTokens(row.hours),
    row.sharesPerThousandHours === null ? null : formatNumeric(row.sharesPerThousandHours),
    row.liquidity,
    row.expiresOn,
    row.earnedByUse,
    row.restrictions,
  ])
  // 146,875 / 10,146,875; 235,000 / 3 = 78,333.333333 hours; 146,875,000 / 78,333.333333; 100,000 / 7 = 14,285.714285.
  assert.deepEqual(rows, [
    ['COMPUTE', '0.0144748999', '100000', '1468.75', 'H100_HOURS_ONLY', '2029-06-15', true, []],
    ['CASH', '0.0144748999', '78333.333333', '1875.000000008', 'ANYTHING', null, false, []],
    ['CREDITS', '0', '14285.714285', '0', 'ONE_CLOUD_UNTIL_EXPIRY', '2027-11-20', false, ['not for resale']],
  ])
})

test('legs without a price, a source or a day are refused', () => {
  const [compute, cash, credits] = LEGS.legs
  for (const leg of [
    { ...cash, hourPrice: undefined },
    { ...cash, hourPrice: { amount: usd('3') } },
    { ...cash, hourPrice: price('0') },
    { ...cash, hourPrice: price('3', 'EUR') },
    { ...credits, expiresOn: undefined },
    { ...credits, shares: '1' },
    { ...compute, tokens: '0' },
    { kind: 'LOTTERY' },
  ]) {
    assert.equal(LegsInput.safeParse({ ...LEGS, legs: [leg] }).success, false, JSON.stringify(leg))
  }
  assert.equal(LegsInput.safeParse({ ...LEGS, legs: [] }).success, false)
})

test('the tokens of a round are those of all its grants, by hand', () => {
  // At 1.60: 235,000 buys 146,875 shares and 50,000 x 1.00 buys 31,250: 178,125 for 150,000 hours. After the round there are
  // 10,000,000 + 178,125 + 625,000 = 10,803,125. In cash 285,000, at a mean of 1.90 an hour.
  const found = terms({
    furtherGrants: [
      {
        tokenClassId: 'TokenClass:0190a3c8-0000-7000-8000-000000000002',
        tokens: '50000',
        referencePrice: usd('1'),
        releases: { kind: 'AT_CLOSE' },
        tokenExpiry: '2030-01-31',
      },
    ],
  })
  const forma = proForma(CAPITALIZATION, found)
  const rows = legsOfRound(found, forma).map((row) => [
    row.shares,
    formatNumeric(row.equityPart),
    formatTokens(row.hours),
    row.sharesPerThousandHours === null ? null : formatNumeric(row.sharesPerThousandHours),
    row.hourPrice === null ? null : [formatNumeric(row.hourPrice.amount.amount), row.hourPrice.source],
    row.expiresOn,
  ])
  assert.deepEqual(rows, [
    [178_125n, '0.0164882846', '150000', '1187.5', null, '2030-01-31'],
    [
      178_125n,
      '0.0164882846',
      '150000',
      '1187.5',
      ['1.9', 'the mean of the reference prices in the terms of Series Seed'],
      null,
    ],
  ])
  assert.deepEqual(legsOfRound(found, forma)[0]?.restrictions, [
    'grant 1, 100000 tokens: they expire on 2029-06-15; released in equal parts over 24 months; reserved time is charged whether used or not',
    'grant 2, 50000 tokens: they expire on 2030-01-31; all tokens are released at the closing; reserved time is charged whether used or not',
    'what is not earned by the long-stop is settled by the terms',
  ])
  assert.deepEqual(
    forma.grants.map(({ impliedPrice }) => formatNumeric(impliedPrice.amount)),
    ['2.35', '1'],
  )
})

test('milestones and releases on demand are said as what they are', () => {
  const said = (releases: typeof WIRE.releases) => {
    const found = terms({ releases })
    return legsOfRound(found, proForma(CAPITALIZATION, found))[0]?.restrictions[0]
  }
  const milestone = { code: 'PILOT', text: 'The pilot runs.', tokens: '100000', confirmedBy: 'both' as const }
  assert.equal(said({ kind: 'MILESTONES', milestones: [milestone] }), 'released by 1 milestone that others confirm')
  assert.equal(said({ kind: 'ON_DEMAND', onDemand: {} }), 'released when the company asks, within the agreed limits')
})
