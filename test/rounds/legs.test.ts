import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNumeric, formatTokens } from '../../api/platform/index.ts'
import { LegsInput, legRows } from '../../api/rounds/index.ts'

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
