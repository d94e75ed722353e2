import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { companyExpense, NoBreakage, providerRevenue, revenueWithBreakage } from '../../api/drawdown/accounting.ts'
import { electionDue } from '../../api/drawdown/section-83b.ts'
import { formatNumeric, parseNumeric, parseTokens } from '../../api/platform/index.ts'
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

test('breakage follows redemption in proportion: published examples', () => {
  // A gift card of 1,000 of which 100 are expected to break; 540 redeemed: 100 * 540 / 900 = 60 of breakage.
  const card = { redeemed: parseTokens('540'), expectedBreakage: parseTokens('100'), refundable: false }
  assert.deepEqual(text(revenueWithBreakage(contract('1000', '1000'), card)), {
    delivery: '540',
    breakage: '60',
    revenue: '600',
    liability: '400',
  })
  // ASC 606-10-55-48: 10,000 tokens for 25,000, 800 expected to break, 2,300 redeemed: 25,000 * 2,300 / 9,200 = 6,250.
  const tokens = { redeemed: parseTokens('2300'), expectedBreakage: parseTokens('800'), refundable: false }
  assert.deepEqual(text(revenueWithBreakage(contract('10000', '25000'), tokens)), {
    delivery: '5750',
    breakage: '500',
    revenue: '6250',
    liability: '18750',
  })
})

test('where unused tokens forfeit shares there is no breakage', () => {
  const of = { redeemed: 0n, expectedBreakage: parseTokens('1'), refundable: true }
  assert.throws(() => revenueWithBreakage(contract('10', '10'), of), NoBreakage)
})

test('the company’s cost: prepaid where the equity is kept in any case, as received where it is forfeitable', () => {
  // 500,000 shares at 2.00 for 400,000 hours: 2.50 an hour; 30,000 used: 75,000. ASC 718-10-25-2C, 35-1B.
  const of = contract('400000', '1000000')
  assert.deepEqual(text(companyExpense(of, parseTokens('30000'), false)), {
    prepaidInitial: '1000000',
    expense: '75000',
    prepaid: '925000',
    currency: 'USD',
  })
  assert.deepEqual(text(companyExpense(of, parseTokens('30000'), true)), {
    prepaidInitial: '0',
    expense: '75000',
    prepaid: '0',
    currency: 'USD',
  })
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

test('journal lines follow the statements, and the company records its election once it is due', async () => {
  const world = await makeWorld()
  const it = await givenDrawdown(world)
  await it.told(await it.reserved(10), [usage('a', 7 * 3600)], true)
  await it.stated('2027-01-01', '2027-02-03T09:00:00Z')
  const get = (token: string, ending: string) =>
    request(world.app).get(`/companies/${it.id}/accounting.${ending}`).set('authorization', `Bearer ${token}`)
  const { body } = await get(it.founder.token, 'json')
  // 117,500 shares at 2.00 for 100,000 hours: seven hours come to 16.45, once in each book.
  const lines = body.journal.map((line: Record<string, string>) => [line.books, line.debit, line.credit])
  assert.deepEqual(lines, [
    ['provider', '16.45', '0'],
    ['provider', '0', '16.45'],
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
