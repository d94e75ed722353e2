import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadInput, parse } from '../../api/platform/index.ts'
import { defaultRiskTable, RISK_EVENTS, RoundTerms, releaseSchedule, writeTerms } from '../../api/rounds/index.ts'
import { terms, WIRE } from './given-terms.ts'

/** The faults of these terms as `path reason`. */
function faults(input: unknown): string[] {
  try {
    parse(RoundTerms, input)
    return []
  } catch (error) {
    assert.ok(error instanceof BadInput)
    return error.faults.map(({ path, reason }) => `${path.join('.')} ${reason}`)
  }
}

test('terms written and read again are the same terms, in one canonical form', () => {
  const written = writeTerms(terms())
  assert.deepEqual(RoundTerms.parse(written), terms())
  assert.deepEqual(writeTerms(RoundTerms.parse(written)), written)
  assert.equal(writeTerms(terms({ preMoney: { amount: '16000000.00', currency: 'USD' } })).preMoney.amount, '16000000')
  assert.deepEqual(JSON.parse(JSON.stringify(written)), written)
})

test('the default risk table has one row for each event', () => {
  assert.deepEqual(
    defaultRiskTable().map(({ event }) => event),
    RISK_EVENTS,
  )
})

const cases: readonly { name: string; change: Record<string, unknown>; expect: readonly RegExp[] }[] = [
  {
    name: 'a date that does not exist',
    change: { closingDate: '2026-02-30' },
    expect: [/^closingDate must be a date/],
  },
  { name: 'a long-stop on the closing date', change: { longStop: '2026-12-15' }, expect: [/^longStop must be after/] },
  {
    name: 'tokens that expire before the long-stop',
    change: { tokenExpiry: '2029-06-14' },
    expect: [/^tokenExpiry must not be before the long-stop date 2029-06-15$/],
  },
  {
    name: 'a zero valuation',
    change: { preMoney: { amount: '0', currency: 'USD' } },
    expect: [/^preMoney\.amount must be more than zero$/],
  },
  {
    name: 'a negative price',
    change: { compute: { ...WIRE.compute, referencePrice: { amount: '-1', currency: 'USD' } } },
    expect: [/^compute\.referencePrice\.amount must not be negative$/],
  },
  {
    name: 'minus zero tokens',
    change: { compute: { ...WIRE.compute, tokens: '-0' } },
    expect: [/^compute\.tokens must not be negative$/],
  },
  ...['1e3', '١٢', '9'.repeat(40), '01', '+1', ' 1', '1.0000001', ''].map((tokens) => ({
    name: `tokens of "${tokens.slice(0, 12)}"`,
    change: { compute: { ...WIRE.compute, tokens } },
    expect: [/^compute\.tokens (is not a decimal|has more than)/],
  })),
  {
    name: 'money in two currencies',
    change: { cashInvestors: [{ name: 'Euro Fund', amount: { amount: '5', currency: 'EUR' } }] },
    expect: [/^cashInvestors\.0\.amount\.currency is EUR/],
  },
  {
    name: 'a pool target beside an increase',
    change: { pool: { kind: 'TARGET', postRoundUnallocated: '0.1', shares: '5' } },
    expect: [/^pool\.shares is given beside the other way/],
  },
  {
    // By hand: 16,000,000 / 17,235,000 = 0.92834...: nothing above can be pool.
    name: 'a pool target that the money leaves no room for',
    change: { pool: { kind: 'TARGET', postRoundUnallocated: '0.93' } },
    expect: [/^pool\.postRoundUnallocated cannot be met: after this round less than 0\.928343/],
  },
  {
    name: 'continuous vesting with a front-loaded allocation',
    change: { vesting: { allocation: 'FRONT_LOADED' } },
    expect: [/^vesting\.allocation FRONT_LOADED needs a number of tranches/],
  },
  {
    name: 'a cliff of more tokens than the grant has',
    change: { vesting: { cliffTokens: '100000.000001' } },
    expect: [/^vesting\.cliffTokens is more than the 100000 tokens/],
  },
  {
    name: 'releases that do not add up',
    change: { releases: { kind: 'LIST', releases: [{ on: '2027-01-01', tokens: '99999' }] } },
    expect: [/^releases\.releases add up to 99999 tokens, but the grant has 100000$/],
  },
  {
    name: 'releases out of order and before closing',
    change: {
      releases: {
        kind: 'LIST',
        releases: [
          { on: '2026-12-14', tokens: '50000' },
          { on: '2026-12-14', tokens: '50000' },
        ],
      },
    },
    expect: [
      /^releases\.releases\.0\.on is before/,
      /^releases\.releases\.1\.on must be after/,
      /^releases\.releases\.1\.on is before/,
    ],
  },
  {
    name: 'releases after the long-stop',
    change: { releases: { kind: 'MONTHLY', months: 31 } },
    expect: [/^releases end on 2029-07-15, after the long-stop date 2029-06-15$/],
  },
  {
    name: 'a risk table without a row',
    change: { riskTable: defaultRiskTable().slice(1) },
    expect: [/^riskTable has no row for non_use$/],
  },
  {
    name: 'a risk table with a row twice',
    change: { riskTable: [...defaultRiskTable(), defaultRiskTable()[0]] },
    expect: [/^riskTable has 2 rows for non_use$/],
  },
  {
    name: 'capped participation without a cap',
    change: { security: { ...WIRE.security, participation: 'capped' } },
    expect: [/^security\.participationCap is missing/],
  },
  {
    name: 'one investor twice',
    change: { cashInvestors: [WIRE.cashInvestors?.[0], WIRE.cashInvestors?.[0]] },
    expect: [/^cashInvestors\.1\.name is named twice/],
  },
  {
    name: 'a class for cash that is the class for compute',
    change: { cashSecurity: WIRE.security },
    expect: [/^cashSecurity\.className is the class that compute buys/],
  },
  { name: 'a term that does not exist', change: { bonus: true }, expect: [/^ has fields that do not exist: bonus$/] },
  {
    name: 'a list of 100,000 investors',
    change: { cashInvestors: Array.from({ length: 100_000 }, (_, index) => ({ name: `i${index}` })) },
    expect: [/^cashInvestors/],
  },
]
for (const { name, change, expect } of cases) {
  test(`terms are refused for ${name}`, () => {
    const found = faults({ ...WIRE, ...change })
    for (const wanted of expect) {
      assert.ok(
        found.some((fault) => wanted.test(fault)),
        `${wanted} not among: ${found.join(' | ').slice(0, 500)}`,
      )
    }
    assert.ok(found.length <= 200)
  })
}

test('every fault comes at once: of shape and of terms against each other', () => {
  const found = faults({
    ...WIRE,
    closingDate: '2026-13-01',
    tokenExpiry: '2020-01-01',
    compute: { ...WIRE.compute, tokens: 'many' },
    vesting: { allocation: 'BACK_LOADED' },
    riskTable: [],
  })
  const paths = new Set(found.map((fault) => fault.split(' ')[0]))
  assert.deepEqual([...paths].sort(), [
    'closingDate',
    'compute.tokens',
    'riskTable',
    'tokenExpiry',
    'vesting.allocation',
  ])
})

test('nonsense in place of terms is refused, not thrown over', () => {
  for (const nonsense of [null, undefined, 5, 'terms', [], true]) assert.notEqual(faults(nonsense).length, 0)
})

test('monthly releases keep the day of the closing, end with the last month, and add up', () => {
  const schedule = releaseSchedule({
    releases: { kind: 'MONTHLY', months: 3, cliffMonths: 0 },
    compute: { tokens: 100_000_000n },
    closingDate: '2026-11-30',
  })
  // By hand: 33.333333, then to 66.666666, then to 100; February 2027 has 28 days.
  assert.deepEqual(schedule, [
    { on: '2026-12-30', amount: 33_333_333n },
    { on: '2027-01-30', amount: 33_333_333n },
    { on: '2027-02-28', amount: 33_333_334n },
  ])
})

test('what falls before a cliff is released with it', () => {
  const schedule = releaseSchedule({
    releases: { kind: 'MONTHLY', months: 4, cliffMonths: 3 },
    compute: { tokens: 100_000_000n },
    closingDate: '2026-12-15',
  })
  assert.deepEqual(schedule, [
    { on: '2027-03-15', amount: 75_000_000n },
    { on: '2027-04-15', amount: 25_000_000n },
  ])
})

/** Terms with every group that terms can have, so that each of them can be broken. */
const EVERY: Record<string, unknown> = {
  ...writeTerms(terms()),
  cashSecurity: { ...WIRE.security, className: 'Series Seed-1 Preferred' },
  furtherGrants: [
    { tokenClassId: WIRE.compute.tokenClassId, tokens: '5', vesting: {}, releases: { kind: 'AT_CLOSE' } },
  ],
  conversions: {
    interestRounding: { direction: 'DOWN', places: 2 },
    instruments: [
      {
        securityId: 'note-1',
        cap: { amount: '5', currency: 'USD' },
        interest: { rates: [{ rate: '0.08', from: '2026-01-01' }], dayCount: 'ACTUAL_365' },
        maturity: { on: '2028-01-01', interestStops: true },
      },
    ],
  },
  proRataRights: [
    { holder: 'Ada', stakeholderId: 'ada', of: 'COMPANY_AFTER', part: '0.1', exercise: { kind: 'FULL' } },
  ],
  promisedOptions: { shares: '5', from: 'POOL' },
  instrument: { kind: 'PENNY_WARRANT', exercisePrice: { amount: '0.01', currency: 'USD' }, expiresOn: '2036-12-15' },
}

/** This value with each of its parts, however deep, replaced by `other`; `undefined` leaves the part out. */
function* broken(value: unknown, other: unknown): Iterable<unknown> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) {
    const put = (it: unknown) => (Array.isArray(value) ? value.with(Number(key), it) : { ...value, [key]: it })
    yield put(other)
    for (const inner of broken(part, other)) yield put(inner)
  }
}

test('whatever is wrong with terms is said in our words, never in those of the validator', () => {
  const validators = /expected|received|invalid|too (small|big|short|long)|unrecognized|\bNaN\b|discriminator/i
  let told = 0
  for (const other of [undefined, null, -1.5, 'x', '', [], {}, { kind: 'X' }, 'x'.repeat(2000)]) {
    for (const each of broken(EVERY, other)) {
      for (const fault of faults(each)) {
        assert.doesNotMatch(fault, validators)
        told += 1
      }
    }
  }
  assert.ok(told > 1000, String(told))
})

test('what terms lack is said to be missing at its path, all of it at once', () => {
  const { compute, priceRounding, ...rest } = WIRE
  const lacking = { ...rest, compute: { ...compute, referencePrice: { currency: 'USD' }, tokens: undefined } }
  assert.deepEqual(faults({ ...lacking, charging: undefined }), [
    'priceRounding is missing',
    'compute.tokens is missing',
    'compute.referencePrice.amount is missing',
    'charging is missing',
  ])
})
