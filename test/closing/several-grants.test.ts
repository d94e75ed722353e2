import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { exportCapTable, importCapTable } from '../../api/captable/index.ts'
import { decideReservation, requestReservation } from '../../api/clusters/index.ts'
import { canonicalTerms, type RoundTermsWire } from '../../api/rounds/index.ts'
import { pool } from '../clusters/given.ts'
import { assertSound, at, givenDrawdown, usage } from '../drawdown/given-drawdown.ts'
import { terms as givenTerms } from '../rounds/given-terms.ts'
import { makeWorld } from '../support/world.ts'
import { tokenClass } from '../tokens/given.ts'
import { close, givenDeal, refused } from './given-deal.ts'

const world = await makeWorld()
const { staff } = world
const { db } = world.deps
const usd = (amount: string) => ({ amount, currency: 'USD' })

/** A deal whose provider's tokens go with those of another one. */
async function withOther(supply = '1000000') {
  const deal = await givenDeal(world)
  const other = await tokenClass(world, supply, world.otherProviderId)
  return { ...deal, deal, other: `TokenClass:${other}`, own: `TokenClass:${deal.tokenClassUuid}` }
}
/** 100,000 at 2.35, 50,000 of the other class at 1.50, and 20,000 more of the first at 2.35, all at 2.00 a share. */
const several = (own: string, other: string): Partial<RoundTermsWire> => ({
  cashInvestors: [],
  furtherGrants: [
    {
      tokenClassId: other,
      tokens: '50000',
      referencePrice: usd('1.50'),
      vesting: { basis: 'reserved', allocation: 'CUMULATIVE_ROUNDING' },
      releases: {
        kind: 'LIST',
        releases: [
          { on: '2026-12-15', tokens: '20000' },
          { on: '2027-06-01', tokens: '30000' },
        ],
      },
      longStop: '2028-12-31',
      tokenExpiry: '2029-12-31',
    },
    { tokenClassId: own, tokens: '20000', charging: 'METERED' },
  ],
})

test('terms with one grant say and hash what they did before there were several', () => {
  // Computed by the version before this term existed.
  const known = 'e2e50a280846a1ee0ab2f5c5a312375398c999a0ea6549b582fb488ae0054a0b'
  assert.equal(createHash('sha256').update(canonicalTerms(givenTerms())).digest('hex'), known)
})

test('a closing opens every grant of the terms: shares, lot, terms, factors and booking rules of its own', async () => {
  const { deal, own, other } = await withOther()
  const { roundId } = await deal.accepted(several(own, other))
  const before = await deal.founder.graphql(
    `query ($id: ID!) { node(id: $id) { ... on Round { terms { grants { ordinal tokens consideration { amount } longStop releases { on tokens } } }
      proForma { ... on ProForma { computeShares grants { tokenClassId tokens shares impliedPrice { amount } } risk { unearnedShares } } } } } }`,
    { id: roundId },
  )
  assert.deepEqual(before.errors, [])
  const { terms, proForma } = before.data.node
  // 100,000 x 2.35 = 235,000; 50,000 x 1.50 = 75,000; 20,000 x 2.35 = 47,000.
  assert.deepEqual(
    terms.grants.map((grant: { consideration: { amount: string }; longStop: string; releases: unknown[] }) => [
      grant.consideration.amount,
      grant.longStop,
      grant.releases.length,
    ]),
    [
      ['235000', '2029-06-15', 1],
      ['75000', '2028-12-31', 2],
      ['47000', '2029-06-15', 1],
    ],
  )
  // At 2.00: 117,500 + 37,500 + 23,500 = 178,500.
  assert.deepEqual(
    proForma.grants.map((grant: { shares: string; impliedPrice: { amount: string } }) => [
      grant.shares,
      grant.impliedPrice.amount,
    ]),
    [
      ['117500', '2.35'],
      ['37500', '1.5'],
      ['23500', '2.35'],
    ],
  )
  assert.deepEqual([proForma.computeShares, proForma.risk.unearnedShares], ['178500', '178500'])

  const answer = await staff.secondPartner.graphql(
    `mutation ($input: CloseRoundInput!) { closeRound(input: $input) { __typename ... on DomainError { message }
      ... on ClosedRound { grantId shares grants { leg grantId lotId securityId shares } } } }`,
    { input: { roundId } },
  )
  const closed = answer.data.closeRound
  assert.equal(closed.__typename, 'ClosedRound', JSON.stringify(answer))
  assert.deepEqual(
    closed.grants.map(({ leg, shares }: { leg: number; shares: string }) => [leg, shares]),
    [
      [1, '117500'],
      [2, '37500'],
      [3, '23500'],
    ],
  )
  assert.equal(closed.grantId, closed.grants[0].grantId)
  const rows = await db
    .selectFrom('vesting_grant as grant')
    .innerJoin('lot', (on) =>
      on.onRef('lot.company_id', '=', 'grant.company_id').onRef('lot.lot_id', '=', 'grant.lot_id'),
    )
    .innerJoin('booking_terms as booking', (on) =>
      on.onRef('booking.company_id', '=', 'grant.company_id').onRef('booking.lot_id', '=', 'grant.lot_id'),
    )
    .innerJoin('grant_factors as factors', (on) =>
      on.onRef('factors.company_id', '=', 'grant.company_id').onRef('factors.grant_id', '=', 'grant.grant_id'),
    )
    .select([
      'total_shares',
      'grant.basis',
      'grant.allocation',
      'grant.charging',
      'grant.long_stop',
      'lot.expires_on',
      'lot.token_class_id',
      'booking.charging as booked',
      'booking.long_stop as bookable',
      'factors.token_class_id as of',
    ])
    .where('grant.company_id', '=', deal.companyId)
    .orderBy('total_shares', 'desc')
    .execute()
  const uuid = (id: string) => id.split(':')[1]
  assert.deepEqual(
    rows.map((row) => Object.values(row)),
    [
      [
        117_500n,
        'delivered',
        'CUMULATIVE_ROUND_DOWN',
        'RESERVED',
        '2029-06-15',
        '2029-06-15',
        uuid(own),
        'RESERVED',
        '2029-06-15',
        uuid(own),
      ],
      [
        37_500n,
        'reserved',
        'CUMULATIVE_ROUNDING',
        'RESERVED',
        '2028-12-31',
        '2029-12-31',
        uuid(other),
        'RESERVED',
        '2028-12-31',
        uuid(other),
      ],
      [
        23_500n,
        'delivered',
        'CUMULATIVE_ROUND_DOWN',
        'METERED',
        '2029-06-15',
        '2029-06-15',
        uuid(own),
        'METERED',
        '2029-06-15',
        uuid(own),
      ],
    ],
  )
  // One holder and one class for three securities, and all of them unearned.
  const issued = await db
    .selectFrom('securities_transaction')
    .select(['stakeholder_id', 'security_id', 'item'])
    .where('company_id', '=', deal.companyId)
    .where('object_type', '=', 'TX_STOCK_ISSUANCE')
    .where(
      'security_id',
      'in',
      closed.grants.map(({ securityId }: { securityId: string }) => securityId),
    )
    .execute()
  assert.equal(issued.length, 3)
  assert.equal(new Set(issued.map((row) => row.stakeholder_id)).size, 1)
  assert.equal(new Set(issued.map((row) => (row.item as { stock_class_id: string }).stock_class_id)).size, 1)
  await assertSound(world, deal)
})

test('each grant is drawn, stated, settled and traced by itself, and the cap table goes out and comes back', async () => {
  const { deal, own, other } = await withOther()
  const given = await givenDrawdown(world, several(own, other), { deal })
  const second = await pool(world, {
    tokenClassId: other.split(':')[1] ?? '',
    providerId: world.otherProviderId,
    capacity: 64,
  })
  const [first, further] = given.closed.grants
  // Ten GPUs for an hour from each provider; of the second one only half is used, but its basis is what is reserved.
  const one = await given.reserved(10)
  await world.setClock('2027-01-01T00:00:00Z')
  const { ref } = await requestReservation(world.deps, given.founder.actor, {
    companyId: given.id,
    poolId: second.id,
    gpus: 10,
    startsAt: at(0),
    endsAt: at(60),
  })
  const two = `Reservation:${ref.companyId}:${ref.id}`
  await decideReservation(world.deps, staff.otherProvider.actor, { reservationId: two, decision: 'APPROVE' })
  await world.setClock(at(90))
  await given.told(one, [usage('a', 36_000)], true)
  const reported = await staff.otherProvider.graphql(
    `mutation ($input: ReportUsageInput!) { reportUsage(input: $input) { __typename ... on ReportedUsage { newlyEarnedShares } ... on DomainError { message } } }`,
    { input: { reservationId: two, records: [usage('b', 18_000)], complete: true } },
  )
  assert.equal(reported.data.reportUsage.__typename, 'ReportedUsage', JSON.stringify(reported))
  const final = await given.settled(await given.stated('2027-01-01', '2027-02-02T00:00:00Z'))
  // 10 of 100,000 tokens of 117,500 shares: 11.75, rounded down. 10 of 50,000 of 37,500: 7.5, to the nearest: 8.
  const lines = new Map(
    final.lines.map((line: { grantId: string; earnedAtClose: string }) => [line.grantId, line.earnedAtClose]),
  )
  assert.deepEqual([lines.get(first?.grantId), lines.get(further?.grantId)], ['11', '8'])
  for (const [grant, last] of [
    [first, '11'],
    [further, '8'],
  ] as const) {
    const trace = await given.founder.graphql(
      `query ($company: ID!, $security: String!, $last: BigInt!) { shareTrace(companyId: $company, securityId: $security, firstShare: "1", lastShare: $last) {
        __typename ... on ShareTrace { vestedShares links { externalId } } } }`,
      { company: given.id, security: grant?.securityId, last },
    )
    const { vestedShares, links } = trace.data.shareTrace
    assert.equal(vestedShares, last, JSON.stringify(trace))
    assert.deepEqual(
      new Set(links.map(({ externalId }: { externalId: string }) => externalId)),
      // Reserved time that was not used has no usage behind it, and earns here.
      new Set(grant === first ? ['a'] : ['b', null]),
    )
  }
  await assertSound(world, given)
  const { files } = await exportCapTable(db, staff.analyst.actor, { companyId: given.id })
  const copy = await world.company('Several Grants Again, Inc.')
  await importCapTable(world.deps, staff.analyst.actor, { companyId: copy.id, files: [...files] })
})

test('terms are revised to more and to fewer grants while they are a draft', async () => {
  const { deal, own, other } = await withOther()
  const draft = await staff.analyst.graphql(
    'mutation ($input: DraftRoundInput!) { draftRound(input: $input) { __typename ... on Round { id } } }',
    { input: { companyId: deal.id, terms: deal.terms(several(own, other)) } },
  )
  const roundId = draft.data.draftRound.id
  const planned = async () =>
    (
      await db
        .selectFrom('planned_grant')
        .select(['ordinal', 'amount_micro'])
        .where('company_id', '=', deal.companyId)
        .where('round_id', '=', roundId.split(':')[2])
        .orderBy('ordinal')
        .execute()
    ).map(({ ordinal, amount_micro }) => `${ordinal} ${amount_micro / 1_000_000n}`)
  assert.deepEqual(await planned(), ['1 100000', '2 50000', '3 20000'])
  const revise = (change: Partial<RoundTermsWire>, expectedVersion: number) =>
    staff.analyst.graphql(
      'mutation ($input: ReviseTermsInput!) { reviseTerms(input: $input) { __typename ... on TermsRefused { faults { path reason } } } }',
      { input: { roundId, expectedVersion, terms: deal.terms(change) } },
    )
  const [second] = several(own, other).furtherGrants ?? []
  assert.ok(second !== undefined)
  assert.equal(
    (await revise({ furtherGrants: [{ ...second, referencePrice: usd('2') }] }, 1)).data.reviseTerms.__typename,
    'Round',
  )
  assert.deepEqual(await planned(), ['1 100000', '2 50000'])
  assert.equal((await revise({}, 2)).data.reviseTerms.__typename, 'Round')
  assert.deepEqual(await planned(), ['1 100000'])
  const nowhere = { ...second, tokenClassId: 'TokenClass:0190a3c8-0000-7000-8000-00000000ffff' }
  const unknown = await revise({ furtherGrants: [second, nowhere] }, 3)
  assert.deepEqual(unknown.data.reviseTerms.faults, [
    { path: 'furtherGrants.1.tokenClassId', reason: 'is not a token class here' },
  ])
  assert.deepEqual(await planned(), ['1 100000'])
})

test('faults of a further grant are bad input at its own term, all at once, and nothing is stored', async () => {
  const { deal, own, other } = await withOther()
  const faults = async (furtherGrants: unknown, more: Partial<RoundTermsWire> = {}) => {
    const answer = await staff.analyst.graphql(
      'mutation ($input: DraftRoundInput!) { draftRound(input: $input) { __typename } }',
      { input: { companyId: deal.id, terms: { ...deal.terms(more), furtherGrants } } },
    )
    return answer.errors.flatMap(({ extensions }: { extensions: { faults?: { path: string }[] } }) =>
      (extensions.faults ?? []).map(({ path }) => path),
    )
  }
  const at = (index: number, path: string) => `input.terms.furtherGrants.${index}.${path}`
  assert.deepEqual(
    await faults([
      { tokenClassId: other, tokens: '0', referencePrice: { amount: '0', currency: 'EUR' } },
      { tokenClassId: own, tokens: '10', vesting: { allocation: 'FRONT_LOADED' } },
      { tokenClassId: own, tokens: '10', vesting: { cliffTokens: '11' } },
      { tokenClassId: own, tokens: '10', longStop: '2026-12-15' },
      { tokenClassId: own, tokens: '10', tokenExpiry: '2029-06-14' },
      { tokenClassId: own, tokens: '10', releases: { kind: 'LIST', releases: [{ on: '2026-12-15', tokens: '9' }] } },
    ]),
    [
      at(0, 'tokens'),
      at(0, 'referencePrice.amount'),
      at(0, 'referencePrice.currency'),
      at(1, 'vesting.allocation'),
      at(2, 'vesting.cliffTokens'),
      at(3, 'longStop'),
      at(4, 'tokenExpiry'),
      at(5, 'releases.releases'),
    ],
  )
  const list = { kind: 'LIST' as const, releases: [{ on: '2026-12-15', tokens: '100000' }] }
  assert.deepEqual(await faults([{ tokenClassId: own, tokens: '10' }], { releases: list }), [at(0, 'releases')])
  assert.deepEqual(await faults([]), ['input.terms.furtherGrants'])
  const rounds = await db.selectFrom('round').select('round_id').where('company_id', '=', deal.companyId).execute()
  assert.deepEqual(rounds, [])
})

test('where the supply of one class is short, no grant is opened and nothing is issued', async () => {
  const { deal, own, other } = await withOther('49999')
  const { roundId } = await deal.accepted(several(own, other))
  await refused(world, deal, roundId, 'SupplyExceeded', () => close(staff.secondPartner, { roundId }))
})
