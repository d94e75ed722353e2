import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { authoriseSupply, createTokenClass } from '../../api/tokens/index.ts'
import { assertSound } from '../drawdown/given-drawdown.ts'
import { makeWorld, type Person, type World } from '../support/world.ts'
import { CLOSED, type Deal, givenDeal, satisfy } from './given-deal.ts'

const world = await makeWorld()
const { staff } = world
const { db } = world.deps

const FIELDS = `... on Closing { id ordinal state price { amount } consideration { amount } purchases { holder className shares }
  conditions { code state } grants { grantId lotId tokens shares securityId tokenClass { id } } document { id sha256 } }`
const sender = (name: string) => {
  const text = `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename
    ${FIELDS} ... on Refused { field reason } ... on WrongState { wrong: state }
    ${name === 'holdClosing' ? '... on ConditionsOpen { conditions { code } }' : ''} ... on DomainError { code message } } }`
  return async (by: Person, input: Record<string, unknown>) => {
    const answer = await by.graphql(text, { input })
    return answer.data?.[name] ?? answer
  }
}
const plan = sender('planClosing')
const offer = sender('offerClosing')
const accept = sender('acceptClosing')
const hold = sender('holdClosing')
const withdraw = sender('withdrawClosing')
const ok = <Answer extends { __typename?: string }>(answer: Answer): Answer => {
  assert.equal(answer.__typename, 'Closing', JSON.stringify(answer))
  return answer
}

/** A closed round at 2.00 that may bring 3,000,000 in all until 15 June 2027; the first closing brought 235,000. */
const rolling = async (of: World = world) => {
  const deal = await givenDeal(of)
  const { roundId } = await deal.closed({
    security: { className: 'Series A Preferred Stock', newClass: true, authorized: '5000000' },
    cashInvestors: [],
    rolling: { maximum: { amount: '3000000', currency: 'USD' }, outsideDate: '2027-06-15' },
  })
  return { ...deal, deal, roundId }
}
const cash = (name: string, amount: string) => ({ name, amount: { amount, currency: 'USD' } })

async function offered(given: { roundId: string }, content: Record<string, unknown>) {
  const planned = ok(await plan(staff.analyst, { roundId: given.roundId, closingDate: '2026-12-20', ...content }))
  const answer = ok(await offer(staff.analyst, { closingId: planned.id }))
  return { closingId: planned.id as string, sha256: answer.document.sha256 as string }
}
async function accepted(given: { roundId: string; signatory: Person }, content: Record<string, unknown>) {
  const offering = await offered(given, content)
  assert.equal(ok(await accept(given.signatory, offering)).state, 'accepted')
  await world.setClock('2026-12-20T10:00:00Z')
  return offering.closingId
}
const counts = async ({ companyId }: Pick<Deal, 'companyId'>) =>
  Promise.all(
    (['lot', 'vesting_grant', 'closed_grant', 'securities_transaction'] as const).map(
      async (table) =>
        (await db.selectFrom(table).select('company_id').where('company_id', '=', companyId).execute()).length,
    ),
  )

test('a further closing issues at the price of the first, and each of its grants vests a security of its own', async () => {
  const given = await rolling()
  const { tokenClassId } = await createTokenClass(world.deps, staff.operations.actor, {
    providerId: `Provider:${world.otherProviderId}`,
    name: 'Cumulus token',
    transferRule: 'NOT_TRANSFERABLE',
  })
  const other = `TokenClass:${tokenClassId}`
  await authoriseSupply(world.deps, staff.partner.actor, {
    tokenClassId: other,
    amount: '1000000',
    validUntil: '2035-12-31',
    reason: 'Supply agreement',
  })
  const closingId = await accepted(given, {
    cashInvestors: [cash('Late Capital, L.P.', '500001')],
    grants: [
      { tokenClassId: `TokenClass:${given.tokenClassUuid}`, tokens: '20000' },
      {
        tokenClassId: other,
        tokens: '30000',
        referencePrice: { amount: '1.50', currency: 'USD' },
        basis: 'reserved',
        releaseOn: ['2027-01-01', '2027-02-01', '2027-03-01'],
        tokenExpiry: '2030-01-01',
      },
    ],
  })
  const held = ok(await hold(staff.secondPartner, { closingId }))
  // At 2.00: 20,000 x 2.35 / 2 = 23,500; 30,000 x 1.50 / 2 = 22,500; 500,001 / 2 = 250,000.5, rounded down.
  assert.deepEqual(
    held.purchases.map(({ holder, shares }: { holder: string; shares: string }) => [holder, shares]),
    [
      ['Northgrid Ventures I, L.P.', '23500'],
      ['Northgrid Ventures I, L.P.', '22500'],
      ['Late Capital, L.P.', '250000'],
    ],
  )
  assert.deepEqual([held.state, held.price.amount, held.consideration.amount], ['closed', '2', '592001'])
  assert.deepEqual(
    held.grants.map((grant: { tokens: string; shares: string; tokenClass: { id: string } }) => [
      grant.tokens,
      grant.shares,
      grant.tokenClass.id,
    ]),
    [
      ['20000', '23500', `TokenClass:${given.tokenClassUuid}`],
      ['30000', '22500', other],
    ],
  )
  assert.notEqual(held.grants[0].securityId, held.grants[1].securityId)
  const grants = await db
    .selectFrom('vesting_grant')
    .select(['total_shares', 'basis', 'granted_micro'])
    .where('company_id', '=', given.companyId)
    .orderBy('total_shares', 'desc')
    .execute()
  assert.deepEqual(
    grants.map((row) => [row.total_shares, row.basis, row.granted_micro]),
    [
      [117_500n, 'delivered', 100_000_000_000n],
      [23_500n, 'delivered', 20_000_000_000n],
      [22_500n, 'reserved', 30_000_000_000n],
    ],
  )
  // Each lot is booked by the signed terms, with the long-stop and the charging of its own grant.
  const booked = await db
    .selectFrom('booking_terms')
    .innerJoin('vesting_grant', 'vesting_grant.lot_id', 'booking_terms.lot_id')
    .select(['booking_terms.long_stop', 'vesting_grant.long_stop as own', 'booking_terms.charging'])
    .select('vesting_grant.charging as ownCharging')
    .where('booking_terms.company_id', '=', given.companyId)
    .execute()
  assert.equal(booked.length, 3)
  for (const row of booked) assert.deepEqual([row.long_stop, row.charging], [row.own, row.ownCharging])
  const releases = await db
    .selectFrom('release_plan')
    .select(['release_on', 'amount_micro'])
    .where('company_id', '=', given.companyId)
    .where('release_on', '>', '2026-12-31')
    .orderBy('release_on')
    .execute()
  assert.deepEqual(
    releases.map(({ amount_micro }) => amount_micro),
    [10_000_000_000n, 10_000_000_000n, 10_000_000_000n],
  )
  await assertSound(world, given)
  const all = await given.founder.graphql(
    'query ($id: ID!) { node(id: $id) { ... on Round { closings { ordinal state grants { shares } } closing { shares } } } }',
    { id: given.roundId },
  )
  assert.deepEqual(all.data.node.closings, [
    { ordinal: 1, state: 'closed', grants: [{ shares: '117500' }] },
    { ordinal: 2, state: 'closed', grants: [{ shares: '23500' }, { shares: '22500' }] },
  ])
})

test('it is held once even when fifty press at the same time', async () => {
  await world.setClock(CLOSED)
  const given = await rolling()
  const closingId = await accepted(given, {
    grants: [{ tokenClassId: `TokenClass:${given.tokenClassUuid}`, tokens: '20000' }],
  })
  const answers = await Promise.all(Array.from({ length: 50 }, () => hold(staff.secondPartner, { closingId })))
  const types = answers.map(({ __typename }) => __typename)
  assert.equal(types.filter((type) => type === 'Closing').length, 1, JSON.stringify(types))
  assert.equal(types.filter((type) => type === 'WrongState').length, 49)
  assert.deepEqual((await counts(given)).slice(0, 3), [2, 2, 2])
})

test('all closings together stay within the maximum, and none is held after the outside date', async () => {
  await world.setClock(CLOSED)
  const given = await rolling()
  const { roundId } = given
  // 3,000,000 less the 235,000 of the first closing.
  const most = await plan(staff.analyst, {
    roundId,
    closingDate: '2026-12-20',
    cashInvestors: [cash('A', '2765000.01')],
  })
  assert.deepEqual([most.__typename, most.field], ['Refused', 'maximum'], JSON.stringify(most))
  const planned = ok(
    await plan(staff.analyst, { roundId, closingDate: '2026-12-20', cashInvestors: [cash('A', '2000000')] }),
  )
  const second = await plan(staff.analyst, {
    roundId,
    closingDate: '2026-12-20',
    cashInvestors: [cash('B', '1000000')],
  })
  assert.equal(second.field, 'maximum')
  ok(await withdraw(staff.analyst, { closingId: planned.id, reason: 'A withdrew' }))
  ok(await plan(staff.analyst, { roundId, closingDate: '2026-12-20', cashInvestors: [cash('B', '1000000')] }))
  const late = await plan(staff.analyst, { roundId, closingDate: '2027-06-16', cashInvestors: [cash('C', '1000')] })
  assert.deepEqual([late.__typename, late.field], ['Refused', 'closingDate'])
  const nothing = await plan(staff.analyst, { roundId, closingDate: '2026-12-20' })
  assert.deepEqual([nothing.__typename, nothing.field], ['Refused', 'grants'])
  const tiny = await plan(staff.analyst, { roundId, closingDate: '2026-12-20', cashInvestors: [cash('D', '1.99')] })
  assert.deepEqual([tiny.__typename, tiny.field], ['Refused', 'cashInvestors.0.amount'])
})

test('a round whose terms know one closing has no other', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.closed()
  const answer = await plan(staff.analyst, { roundId, closingDate: '2026-12-20', cashInvestors: [cash('A', '1000')] })
  assert.deepEqual([answer.__typename, answer.field], ['Refused', 'roundId'])
})

test('it waits for its own conditions, and takes the acceptance of its own document by a signatory', async () => {
  await world.setClock(CLOSED)
  const given = await rolling()
  const other = await world.company('Another, Inc.')
  const conditions = [{ code: 'SECOND_BOARD_CONSENT', text: 'The board has approved the second closing.' }]
  const content = { cashInvestors: [cash('Late Capital, L.P.', '100000')], conditions }
  const planned = ok(await plan(staff.analyst, { roundId: given.roundId, closingDate: '2026-12-20', ...content }))
  assert.equal((await offer(given.signatory, { closingId: planned.id })).__typename, 'NotFound')
  assert.equal((await offer(staff.operations, { closingId: planned.id })).__typename, 'Forbidden')
  const { document } = ok(await offer(staff.analyst, { closingId: planned.id }))
  const input = { closingId: planned.id, sha256: document.sha256 }
  assert.equal((await accept(other.signatory, input)).__typename, 'NotFound')
  for (const person of [given.founder, staff.partner]) {
    assert.equal((await accept(person, input)).__typename, 'Forbidden')
  }
  assert.equal((await accept(given.signatory, { ...input, sha256: 'ab'.repeat(32) })).__typename, 'HashMismatch')
  ok(await accept(given.signatory, input))
  assert.equal((await accept(given.signatory, input)).__typename, 'WrongState')
  const early = await hold(staff.secondPartner, { closingId: planned.id })
  assert.deepEqual([early.__typename, early.field], ['Refused', 'closingDate'])
  await world.setClock('2026-12-20T10:00:00Z')
  const before = await counts(given)
  const open = await hold(staff.secondPartner, { closingId: planned.id })
  assert.deepEqual([open.__typename, open.conditions[0].code], ['ConditionsOpen', 'SECOND_BOARD_CONSENT'])
  assert.deepEqual(await counts(given), before)
  const met = await satisfy(staff.operations, {
    roundId: given.roundId,
    code: 'SECOND_BOARD_CONSENT',
    evidence: 'Written consent',
    evidenceDate: '2026-12-19',
  })
  assert.equal(met.__typename, 'Round', JSON.stringify(met))
  assert.equal((await hold(staff.analyst, { closingId: planned.id })).__typename, 'Forbidden')
  assert.equal(ok(await hold(staff.secondPartner, { closingId: planned.id })).state, 'closed')
  assert.equal((await withdraw(staff.analyst, { closingId: planned.id, reason: 'late' })).__typename, 'WrongState')
})

test('who planned or offered a closing does not hold it', async () => {
  await world.setClock(CLOSED)
  const given = await rolling()
  const planned = ok(
    await plan(staff.partner, {
      roundId: given.roundId,
      closingDate: '2026-12-20',
      cashInvestors: [cash('A', '1000')],
    }),
  )
  const { document } = ok(await offer(staff.secondPartner, { closingId: planned.id }))
  ok(await accept(given.signatory, { closingId: planned.id, sha256: document.sha256 }))
  await world.setClock('2026-12-20T10:00:00Z')
  for (const person of [staff.partner, staff.secondPartner]) {
    assert.equal((await hold(person, { closingId: planned.id })).__typename, 'SamePerson')
  }
})

test('a failure in the middle issues nothing: no supply, no shares', async () => {
  await world.setClock(CLOSED)
  const given = await rolling()
  // The supply of 1,000,000 tokens has 900,000 left: the second grant does not fit, after the first was issued.
  const token = {
    tokenClassId: `TokenClass:${given.tokenClassUuid}`,
    referencePrice: { amount: '0.5', currency: 'USD' },
  }
  const closingId = await accepted(given, {
    cashInvestors: [cash('Late Capital, L.P.', '1000')],
    grants: [
      { ...token, tokens: '500000' },
      { ...token, tokens: '400001' },
    ],
  })
  const before = await counts(given)
  const answer = await hold(staff.secondPartner, { closingId })
  assert.equal(answer.__typename, 'SupplyExceeded', JSON.stringify(answer))
  assert.deepEqual(await counts(given), before)
})

test('terms that contradict themselves about later closings are bad input', async () => {
  const deal = await givenDeal(world)
  const draft = async (change: Record<string, unknown>) =>
    staff.analyst.graphql('mutation ($input: DraftRoundInput!) { draftRound(input: $input) { __typename } }', {
      input: { companyId: deal.id, terms: deal.terms(change) },
    })
  const security = { className: 'Series A Preferred Stock', newClass: true, authorized: '5000000' }
  const maximum = { amount: '3000000', currency: 'USD' }
  const cases: [Record<string, unknown>, string][] = [
    [
      { security, rolling: { maximum: { amount: '234999', currency: 'USD' }, outsideDate: '2027-06-15' } },
      'rolling.maximum.amount',
    ],
    [
      { security, rolling: { maximum: { ...maximum, currency: 'EUR' }, outsideDate: '2027-06-15' } },
      'rolling.maximum.currency',
    ],
    [{ security, rolling: { maximum, outsideDate: '2026-12-14' } }, 'rolling.outsideDate'],
    [{ security, rolling: { maximum, outsideDate: '2029-06-15' } }, 'rolling.outsideDate'],
    [{ rolling: { maximum, outsideDate: '2027-06-15' } }, 'security.authorized'],
  ]
  for (const [change, path] of cases) {
    const { errors } = await draft(change)
    assert.match(JSON.stringify(errors), new RegExp(`input.terms.${path.replaceAll('.', '\\.')}`), path)
  }
})

const OVER = `query ($id: ID!) { node(id: $id) { ... on Round { holdersOverClosings { __typename ... on Refused { field }
  ... on HoldersOverClosings { steps { kind ordinal on total unearned } holders { holder holderId isPool after { shares unearned part } } } } } } }`
type Over = {
  steps: { kind: string; ordinal: number | null; on: string; total: string; unearned: string }[]
  holders: { holder: string; after: { shares: string; unearned: string; part: string }[] }[]
}
const over = async (by: Person, id: string): Promise<Over> => {
  const answer = await by.graphql(OVER, { id })
  assert.deepEqual(answer.errors, [])
  return answer.data.node.holdersOverClosings
}
const TEN_TO_TEN = 10n ** 10n
const scaled = (part: string): bigint => {
  const [whole = '0', rest = ''] = part.split('.')
  return BigInt(whole) * TEN_TO_TEN + BigInt(rest.padEnd(10, '0'))
}

test('who holds what after each closing that was held, and after all that are planned', async () => {
  await world.setClock(CLOSED)
  const given = await rolling()
  const token = `TokenClass:${given.tokenClassUuid}`
  const second = await accepted(given, {
    cashInvestors: [cash('Late Capital, L.P.', '500000')],
    grants: [{ tokenClassId: token, tokens: '20000' }],
  })
  ok(await hold(staff.secondPartner, { closingId: second }))
  ok(
    await plan(staff.analyst, {
      roundId: given.roundId,
      closingDate: '2027-01-10',
      cashInvestors: [cash('Third, L.P.', '200000')],
    }),
  )
  await offered(given, { closingDate: '2027-02-10', grants: [{ tokenClassId: token, tokens: '40000' }] })

  const seen = await over(staff.analyst, given.roundId)
  // 11,500,000 before; 117,500 for compute; then 250,000 for cash and 23,500 for compute at 2.00; then 100,000 and 47,000.
  assert.deepEqual(
    seen.steps.map(({ kind, ordinal, on, total, unearned }) => [kind, ordinal, on, total, unearned]),
    [
      ['BEFORE', null, '2026-12-14', '11500000', '0'],
      ['HELD', 1, '2026-12-15', '11617500', '117500'],
      ['HELD', 2, '2026-12-20', '11891000', '141000'],
      ['TODAY', null, '2026-12-20', '11891000', '141000'],
      ['PLANNED', 3, '2027-01-10', '11991000', '141000'],
      ['PLANNED', 4, '2027-02-10', '12038000', '188000'],
    ],
  )
  const of = (name: string) => seen.holders.find(({ holder }) => holder === name)?.after.map(({ shares }) => shares)
  assert.deepEqual(of('Northgrid Ventures I, L.P.'), ['0', '117500', '141000', '141000', '141000', '188000'])
  assert.deepEqual(of('Late Capital, L.P.'), ['0', '0', '250000', '250000', '250000', '250000'])
  assert.deepEqual(of('Third, L.P.'), ['0', '0', '0', '0', '100000', '100000'])
  for (const index of seen.steps.keys()) {
    const parts = seen.holders.map(({ after }) => scaled(after[index]?.part ?? '0'))
    assert.equal(
      parts.reduce((sum, part) => sum + part, 0n),
      TEN_TO_TEN,
    )
  }

  // The company does not see what was not offered to it.
  const theirs = await over(given.founder, given.roundId)
  assert.deepEqual(theirs.steps.map(({ kind, ordinal, total }) => [kind, ordinal, total]).slice(4), [
    ['PLANNED', 4, '11938000'],
  ])
  assert.equal(
    theirs.holders.some(({ holder }) => holder === 'Third, L.P.'),
    false,
  )

  const page = (path: string) =>
    request(world.app)
      .get(`/rounds/${given.roundId}/closings${path}`)
      .set('authorization', `Bearer ${staff.analyst.token}`)
  const html = (await page('')).text
  assert.match(
    html,
    /After all closings that are planned, the shares issued before Series A are 95\.53\s% of the company/,
  )
  const csv = (await page('.csv')).text.split('\r\n')
  assert.equal(csv[0], 'holder,pool,step,day,shares,of which unearned,part')
  assert.ok(
    csv.some((line) => line.startsWith('"Third, L.P.",no,"closing 3, planned",2027-01-10,100000,0,0.008339588')),
    csv.join('\n'),
  )
  const json = JSON.parse((await page('.json')).text) as Over
  assert.deepEqual(json.steps, seen.steps)
})

test('before the first closing is held there is nothing to show of closings', async () => {
  const deal = await givenDeal(world)
  const { roundId } = await deal.accepted()
  const answer = await staff.analyst.graphql(OVER, { id: roundId })
  assert.deepEqual(answer.data.node.holdersOverClosings, { __typename: 'Refused', field: 'round' })
})
