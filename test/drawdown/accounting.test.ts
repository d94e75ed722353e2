import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import request from 'supertest'
import { z } from 'zod'
import {
  companyExpense,
  NoBreakage,
  providerRevenue,
  revenueWithBreakage,
} from '../../api/drawdown/accounting/accounting.ts'
import { grantBooks } from '../../api/drawdown/accounting/grant-books.ts'
import { electionDue } from '../../api/drawdown/accounting/section-83b.ts'
import { formatNumeric, globalId, parseNumeric, parseTokens } from '../../api/platform/index.ts'
import { approveMark, proposeMark } from '../../api/tokens/index.ts'
import { sharedData } from '../support/shared.ts'
import { makeWorld } from '../support/world.ts'
import { givenDrawdown, usage } from './given-drawdown.ts'

const contract = (tokens: string, amount: string) => ({
  granted: parseTokens(tokens),
  consideration: { amount: parseNumeric(amount), currency: 'USD' },
})
const text = (amounts: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => [
      name,
      typeof amount === 'bigint' ? formatNumeric(amount) : amount,
    ]),
  )

const published = sharedData('regulatory/worked-examples.json')
const Example = z.object({ id: z.string(), source: z.string() })
const Breakage = Example.extend({
  input: z
    .object({ sold: z.number(), expected_breakage: z.number(), redeemed: z.number() })
    .transform((of) => ({ tokens: of.sold, price: of.sold, unused: of.expected_breakage, redeemed: of.redeemed }))
    .or(
      z
        .object({
          tokens: z.number(),
          transaction_price: z.number(),
          expected_breakage_tokens: z.number(),
          redeemed_tokens: z.number(),
        })
        .transform((of) => ({
          tokens: of.tokens,
          price: of.transaction_price,
          unused: of.expected_breakage_tokens,
          redeemed: of.redeemed_tokens,
        })),
    ),
  expected: z
    .object({ revenue_redemption: z.number(), revenue_breakage: z.number(), liability_left: z.number() })
    .transform((of) => [of.revenue_redemption, of.revenue_breakage, of.liability_left])
    .or(
      z
        .object({ of_which_delivery: z.number(), of_which_breakage: z.number(), liability_left: z.number() })
        .transform((of) => [of.of_which_delivery, of.of_which_breakage, of.liability_left]),
    ),
})
const Expense = Example.extend({
  input: z.object({
    shares: z.number(),
    grant_date_fv: z.number(),
    hours: z.number(),
    used_q1: z.number(),
    forfeitable: z.boolean(),
  }),
  expected: z.object({ prepaid_initial: z.number(), expense_q1: z.number(), prepaid_end: z.number() }),
})
const examples =
  published === undefined
    ? []
    : z.array(z.looseObject(Example.shape)).parse(JSON.parse(readFileSync(published, 'utf8')))
const having = <T>(prefix: string, shape: z.ZodType<T>) =>
  examples.filter(({ id }) => id.startsWith(prefix)).map((example) => shape.parse(example))

for (const { id, source, input, expected } of having('BRK', Breakage)) {
  test(`published example ${id} (${source}): breakage follows redemption in proportion`, () => {
    const found = revenueWithBreakage(contract(`${input.tokens}`, `${input.price}`), {
      redeemed: parseTokens(`${input.redeemed}`),
      expectedBreakage: parseTokens(`${input.unused}`),
      refundable: false,
    })
    const { delivery, breakage, liability } = text(found)
    assert.deepEqual([delivery, breakage, liability], expected.map(String))
  })
}
for (const { id, source, input, expected } of having('NC-2', Expense)) {
  test(`published example ${id} (${source}): the company’s cost, prepaid only where the equity is kept`, () => {
    const of = contract(`${input.hours}`, `${input.shares * input.grant_date_fv}`)
    const { prepaidInitial, expense, prepaid } = text(
      companyExpense(of, parseTokens(`${input.used_q1}`), input.forfeitable),
    )
    const { prepaid_initial: initial, expense_q1: cost, prepaid_end: end } = expected
    assert.deepEqual([prepaidInitial, expense, prepaid], [initial, cost, end].map(String))
  })
}
test('the published examples of breakage and of the company’s cost were all found', {
  skip: examples.length === 0,
}, () => {
  assert.deepEqual(
    [...having('BRK', Example), ...having('NC-2', Example)].map(({ id }) => id),
    ['BRK-1', 'BRK-2', 'NC-2', 'NC-2-forfeitable'],
  )
})

test('where unused tokens forfeit shares there is no breakage', () => {
  const of = { redeemed: 0n, expectedBreakage: parseTokens('1'), refundable: true }
  assert.throws(() => revenueWithBreakage(contract('10', '10'), of), NoBreakage)
})

test('the provider’s revenue is the consideration at inception, by what was delivered, and rounding never accumulates', () => {
  const of = contract('3', '10')
  const sums = ['1', '2', '3'].map((tokens) => providerRevenue(of, parseTokens(tokens)).revenue)
  // 3.3333333333, 6.6666666667, 10.
  assert.deepEqual(sums.map(formatNumeric), ['3.3333333333', '6.6666666667', '10'])
  assert.deepEqual(text(providerRevenue(contract('100', '235'), parseTokens('40'))), {
    revenue: '94',
    liability: '141',
    currency: 'USD',
  })
})

const months = [
  { month: '2027-01', provided: parseTokens('10'), basis: parseTokens('40') },
  { month: '2027-02', provided: parseTokens('8'), basis: parseTokens('40') },
]
const booked = (forfeitable: boolean) =>
  grantBooks({ grantId: 'a-grant', granted: parseTokens('100'), forfeitable }, months, {
    provider: { amount: parseNumeric('250'), currency: 'USD' },
    company: { amount: parseNumeric('200'), currency: 'EUR' },
  })
const entries = ({ lines }: ReturnType<typeof booked>) =>
  lines.map(({ month, account, debit, credit, currency }) => `${month} ${account} ${debit} ${credit} ${currency}`)

test('forfeitable equity: nothing is prepaid, and a correction takes back what it lowers', () => {
  // 2.50 an hour for the provider, 2.00 for the company: 10 hours, then 2 taken back.
  assert.deepEqual(entries(booked(true)), [
    '2027-01 contract asset: shares to be retained 25 0 USD',
    '2027-01 revenue from compute 0 25 USD',
    '2027-01 cost of compute 20 0 EUR',
    '2027-01 additional paid-in capital 0 20 EUR',
    '2027-02 contract asset: shares to be retained -5 0 USD',
    '2027-02 revenue from compute 0 -5 USD',
    '2027-02 cost of compute -4 0 EUR',
    '2027-02 additional paid-in capital 0 -4 EUR',
  ])
  const [last] = booked(true).months.slice(-1)
  assert.deepEqual([last?.providerLiability, last?.companyPrepaid], [null, 0n])
})

test('equity that releases earn: what was released is owed and prepaid until it is received', () => {
  // 40 released: 100 for the provider, 80 for the company; 10 received, then 2 of them taken back.
  assert.deepEqual(entries(booked(false)), [
    '2027-01 shares received 100 0 USD',
    '2027-01 contract liability: hours owed 0 100 USD',
    '2027-01 contract liability: hours owed 25 0 USD',
    '2027-01 revenue from compute 0 25 USD',
    '2027-01 prepaid compute 80 0 EUR',
    '2027-01 additional paid-in capital 0 80 EUR',
    '2027-01 cost of compute 20 0 EUR',
    '2027-01 prepaid compute 0 20 EUR',
    '2027-02 contract liability: hours owed -5 0 USD',
    '2027-02 revenue from compute 0 -5 USD',
    '2027-02 cost of compute -4 0 EUR',
    '2027-02 prepaid compute 0 -4 EUR',
  ])
  const [last] = booked(false).months.slice(-1)
  assert.deepEqual(
    [last?.providerLiability, last?.companyPrepaid].map((amount) => formatNumeric(amount ?? -1n)),
    ['80', '64'],
  )
})

test('an election is due on the thirtieth day, or on the next business day', () => {
  for (const [transfer, due, why] of [
    ['2026-11-18', '2026-12-18', 'a Friday'],
    ['2026-11-20', '2026-12-21', 'the thirtieth day is a Sunday'],
    ['2026-11-19', '2026-12-21', 'a Saturday'],
    ['2026-11-25', '2026-12-28', '25 December is a Friday and a holiday, then a weekend'],
    ['2026-12-02', '2027-01-04', '1 January 2027 is a Friday and a holiday, then a weekend'],
    ['2026-12-19', '2027-01-19', '18 January 2027 is the day of Martin Luther King'],
    ['2026-10-27', '2026-11-27', '26 November 2026 is Thanksgiving'],
    ['2027-05-19', '2027-06-21', '18 June 2027: Juneteenth falls on Saturday and is kept on Friday'],
    ['2026-06-03', '2026-07-06', '3 July 2026: Independence Day falls on Saturday and is kept on Friday'],
    ['2027-03-17', '2027-04-19', '16 April 2027 is Emancipation Day in the District of Columbia, a Friday'],
    ['2028-12-21', '2029-01-22', '20 January 2029 is a Saturday'],
  ] as const) {
    assert.equal(electionDue(transfer), due, why)
  }
})

const ACCOUNTING = `query ($id: ID!) { companyAccounting(companyId: $id) { __typename ... on Accounting {
  grants { grant equity providerConsideration { amount } companyConsideration { amount } mark { value { amount } level } cannotTell
    months { month provided providerRevenue providerLiability companyExpense companyPrepaid }
    journal(month: "2027-01") { books debit credit } other: journal(month: "2026-12") { books } }
  journal { books debit credit }
  elections { issuedOn dueOn decision } } ... on DomainError { code } } }`
const BREAKAGE = `query ($id: ID!, $unused: Tokens!) { grantBreakage(grantId: $id, expectedUnused: $unused) { __typename
  ... on GrantBreakage { month redeemed delivery breakage revenue liability because } ... on NoBreakage { reason }
  ... on Refused { field reason } ... on DomainError { code } } }`

/** Seven hours of 100,000 were delivered in January 2027, and stated. */
async function givenBooks(change: Parameters<typeof givenDrawdown>[1] = {}) {
  const world = await makeWorld()
  const it = await givenDrawdown(world, change)
  await it.told(await it.reserved(10), [usage('a', 7 * 3600)], true)
  await it.stated('2027-01-01', '2027-02-03T09:00:00Z')
  const books = async (by: { graphql: typeof it.founder.graphql }) =>
    (await by.graphql(ACCOUNTING, { id: it.id })).data?.companyAccounting
  const breakage = async (by: { graphql: typeof it.founder.graphql }, unused: string) =>
    (await by.graphql(BREAKAGE, { id: `Grant:${it.companyId}:${it.closed.grantId}`, unused })).data?.grantBreakage
  /** A fair value of 1.75 for a share of the class that the closing issued, approved. */
  const marked = async () => {
    const { stock_class_id: stockClassId } = await world.deps.db
      .selectFrom('securities_transaction')
      .select('stock_class_id')
      .where('security_id', '=', it.closed.securityId)
      .where('object_type', '=', 'TX_STOCK_ISSUANCE')
      .executeTakeFirstOrThrow()
    const { ref } = await proposeMark(world.deps, world.staff.analyst.actor, {
      of: it.id,
      stockClassId,
      basis: 'fair_value',
      value: { amount: '1.75', currency: 'USD' },
      markedOn: '2026-12-01',
      expiresOn: '2027-03-01',
      method: 'Backsolve from the last round',
      level: 3,
      source: 'Valuation memorandum',
    })
    return () =>
      approveMark(world.deps, world.staff.compliance.actor, { markId: globalId('Mark', ref.companyId, ref.id) })
  }
  return { world, it, books, breakage, marked }
}

test('a month in both books: the company’s at the price of the round, the provider’s at an approved mark, for staff', async () => {
  const { world, it, books, breakage, marked } = await givenBooks()
  const { analyst } = world.staff
  // 117,500 shares at 2.00 for 100,000 hours: seven hours come to 16.45.
  const ofCompany = [
    { books: 'company', debit: '16.45', credit: '0' },
    { books: 'company', debit: '0', credit: '16.45' },
  ]
  const approve = await marked()
  const unmarked = await books(analyst)
  assert.deepEqual(unmarked.journal, ofCompany)
  assert.match(unmarked.grants[0].cannotTell, /No approved fair value of a share of .* on 2026-12-15/)
  assert.equal(unmarked.grants[0].months[0].providerRevenue, null)
  await approve()
  // At 1.75 they are worth 205,625: seven hours are 14.39375 of it.
  const [grant] = (await books(analyst)).grants
  assert.deepEqual(grant, {
    grant: `Grant:${it.companyId}:${it.closed.grantId}`,
    equity: 'FORFEITABLE',
    providerConsideration: { amount: '205625' },
    companyConsideration: { amount: '235000' },
    mark: { value: { amount: '1.75' }, level: 3 },
    cannotTell: null,
    months: [
      {
        month: '2027-01',
        provided: '7',
        providerRevenue: '14.39375',
        providerLiability: null,
        companyExpense: '16.45',
        companyPrepaid: '0',
      },
    ],
    journal: [
      { books: 'provider', debit: '14.39375', credit: '0' },
      { books: 'provider', debit: '0', credit: '14.39375' },
      ...ofCompany,
    ],
    other: [],
  })
  // The mark is for the fund's own eyes.
  const seen = await books(it.founder)
  assert.deepEqual(seen.journal, ofCompany)
  assert.deepEqual(
    [seen.grants[0].mark, seen.grants[0].providerConsideration, seen.grants[0].cannotTell],
    [null, null, null],
  )
  const stranger = await world.company('Another, Inc.')
  assert.deepEqual(await books(stranger.founder), { __typename: 'NotFound', code: 'NOT_FOUND' })
  // Unused tokens forfeit shares: no breakage. And not for the other side's eyes.
  const refused = await breakage(analyst, '800')
  assert.deepEqual(
    [refused.__typename, refused.reason],
    ['NoBreakage', 'unused tokens forfeit the shares that they would have earned'],
  )
  assert.equal((await breakage(it.founder, '800')).__typename, 'Forbidden')
  assert.equal((await breakage(stranger.founder, '800')).__typename, 'NotFound')
})

test('where shares vest although tokens are unused there is breakage, by the estimate that is given', async () => {
  const { world, breakage, marked } = await givenBooks({ settlement: { nonUse: 'VEST_ANYWAY' } })
  const { analyst } = world.staff
  assert.equal((await breakage(analyst, '30000')).__typename, 'Refused', 'nothing says what was received')
  await (await marked())()
  // 205,625 * 7 / 100,000 = 14.39375 for what was redeemed; 205,625 * 30,000 / 100,000 * 7 / 70,000 = 6.16875 of breakage.
  const found = await breakage(analyst, '30000')
  assert.deepEqual(
    [found.month, found.redeemed, found.delivery, found.breakage, found.revenue, found.liability],
    ['2027-01', '7', '14.39375', '6.16875', '20.5625', '205604.4375'],
  )
  assert.equal((await breakage(analyst, '99994')).__typename, 'NoBreakage', 'more was redeemed than that leaves')
})

test('journal lines follow the statements, and the company records its election once it is due', async () => {
  const world = await makeWorld()
  const it = await givenDrawdown(world)
  await it.told(await it.reserved(10), [usage('a', 7 * 3600)], true)
  await it.stated('2027-01-01', '2027-02-03T09:00:00Z')
  const get = (token: string, ending: string) =>
    request(world.app).get(`/companies/${it.id}/accounting.${ending}`).set('authorization', `Bearer ${token}`)
  const { body } = await get(it.founder.token, 'json')
  // 117,500 shares at 2.00 for 100,000 hours: seven hours come to 16.45. No mark says what the provider received.
  const lines = body.journal.map((line: Record<string, string>) => [line.books, line.debit, line.credit])
  assert.deepEqual(lines, [
    ['company', '16.45', '0'],
    ['company', '0', '16.45'],
  ])
  // Issued on 15 December 2026: the thirtieth day is Thursday, 14 January 2027.
  const { issuedOn, dueOn, decision } = body.elections[0]
  assert.deepEqual([issuedOn, dueOn, decision], ['2026-12-15', '2027-01-14', null])
  assert.match(
    (await get(world.staff.analyst.token, 'csv')).text,
    /^month,grant,books,account,debit,credit,currency,source\r\n2027-01,/,
  )
  const stranger = await world.company('Another, Inc.')
  assert.equal((await get(stranger.founder.token, 'json')).status, 404)
  const record = (by: { graphql: typeof it.founder.graphql }, input: Record<string, unknown>) =>
    by
      .graphql(
        `mutation ($input: RecordElectionInput!) { recordElection(input: $input) { __typename ... on Accounting { elections { decision filedOn } } ... on DomainError { message } } }`,
        {
          input: {
            companyId: it.id,
            securityId: it.closed.securityId,
            decision: 'ELECTED',
            reason: 'The holder elected.',
            ...input,
          },
        },
      )
      .then(({ data }) => data?.recordElection)
  assert.equal((await record(it.founder, { filedOn: '2027-01-15' })).__typename, 'Refused')
  assert.equal((await record(world.staff.operations, {})).__typename, 'Forbidden')
  const recorded = await record(it.founder, { filedOn: '2027-01-14' })
  assert.deepEqual(recorded.elections, [{ decision: 'ELECTED', filedOn: '2027-01-14' }])
})
