/**
 * The main job, end to end over HTTP, with the console's own saved operations: from an imported cap table to earned and
 * vested equity. On the Open Cap Format repository's sample where it is at hand, and on a package of our own.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { conservation } from '../../api/tokens/index.ts'
import { ownPackage } from '../support/ocf-package.ts'
import { expectAnswer, run } from '../support/saved-operations.ts'
import { sharedData } from '../support/shared.ts'
import { makeWorld, type Person, type World } from '../support/world.ts'

type Files = readonly { name: string; content: string }[]

const filesOf = (folder: string): Files =>
  readdirSync(folder).map((name) => ({ name, content: readFileSync(`${folder}/${name}`, 'utf8') }))

const acme = sharedData('ocf-samples/acme')

test('a package of our own goes through all ten steps', (t) => mainJob(t, ownPackage(), 'REFUSE'))
test("the Open Cap Format repository's sample goes through all ten steps", { skip: acme === undefined }, (t) =>
  // The sample shows every type and refers to much that is not in it: what cannot be replayed is set aside and reported.
  mainJob(t, filesOf(acme ?? ''), 'ACCEPT'),
)

const FUND = 'Northgrid Ventures I, L.P.'
const TOKENS = '100000'

async function mainJob(t: TestContext, files: Files, gaps: 'REFUSE' | 'ACCEPT'): Promise<void> {
  const world = await makeWorld(t)
  const { analyst, partner, secondPartner, compliance, operations, provider } = world.staff
  await world.setClock('2026-06-01T09:00:00Z')
  const { companyId, id: company, founder } = await world.company('Lumen Robotics, Inc.')
  const { tokenClass, pool } = await supply(world)

  // 1. Import. 2. Cap table.
  const imported = await expectAnswer('ImportedCapTable', analyst, '01-import', 'Step1_ImportCapTable', {
    import: { companyId: company, gaps, files },
  })
  assert.equal(imported.gaps.length > 0, gaps === 'ACCEPT')
  const before = await run(analyst, '02-cap-table', 'Step2_CapTable', { company, asOf: '2026-06-01' })
  assert.equal(before.capTable.__typename, 'CapTable')

  // 3. Draft. 4. Pro forma.
  const { id: round } = await expectAnswer('Round', analyst, '03-draft', 'Step3_DraftRound', {
    draft: { companyId: company, terms: termsOf(tokenClass) },
  })
  const { proForma } = await run(analyst, '04-pro-forma', 'Step4_ProForma', { round })
  assert.equal(proForma.__typename, 'ProForma')
  const shares = BigInt(proForma.compute.shares)
  // The exact price is the pre-money valuation over what is fully diluted before the round: there is no pool increase.
  assert.equal(fraction(proForma.exactPrice, before.capTable.fullyDiluted), '8000000')
  // 100,000 tokens at 2.35 USD buy 235,000 USD of shares at the rounded price, rounded down.
  const price = decimal(proForma.pricePerShare.amount)
  assert.equal(shares, (235_000n * 10n ** 10n) / price)

  // 5. Propose: a fact is missing, an overlap is flagged and waived, and then the round is proposed.
  const stopped = await expectAnswer('OpenFlags', analyst, '05-propose', 'Step5_ProposeRound', {
    propose: { roundId: round, expectedVersion: 1 },
  })
  assert.ok(stopped.flags.length > 0)
  await recordFacts(analyst, company)
  await run(analyst, '05-propose', 'Step5_ProposeRound', { propose: { roundId: round, expectedVersion: 1 } })
  await waiveOverlap(compliance, company)
  const proposed = await expectAnswer('Round', partner, '05-propose', 'Step5_ProposeRound', {
    propose: { roundId: round, expectedVersion: 1 },
  })
  assert.equal(proposed.state, 'proposed')

  // 6. Term sheet: the founder accepts exactly its hash.
  const issued = await expectAnswer('Round', partner, '06-term-sheet', 'Step6_IssueTermSheet', {
    issue: { roundId: round },
  })
  const { sha256 } = issued.termSheet
  const wrong = await run(founder, '06-term-sheet', 'AcceptTermSheet', {
    accept: { roundId: round, sha256: sha256.replace(/^./, (c: string) => (c === '0' ? '1' : '0')) },
  })
  assert.equal(wrong.__typename, 'HashMismatch')
  await expectAnswer('Round', founder, '06-term-sheet', 'AcceptTermSheet', { accept: { roundId: round, sha256 } })

  // 7. Close: not before its conditions are met, not by the proposer, once.
  await world.setClock('2026-06-15T12:00:00Z')
  const early = await run(secondPartner, '07-close', 'CloseRound', { close: { roundId: round } })
  assert.equal(early.__typename, 'ConditionsOpen')
  for (const { code } of early.conditions) {
    await expectAnswer('Round', operations, '07-close', 'Step7_SatisfyCondition', {
      condition: { roundId: round, code, evidence: 'Signed original, minute book', evidenceDate: '2026-06-12' },
    })
  }
  const own = await run(partner, '07-close', 'CloseRound', { close: { roundId: round } })
  assert.equal(own.__typename, 'SamePerson')
  const closed = await expectAnswer('ClosedRound', secondPartner, '07-close', 'CloseRound', {
    close: { roundId: round },
  })
  assert.equal(closed.shares, shares.toString())
  const after = await run(analyst, '02-cap-table', 'Step2_CapTable', { company, asOf: '2026-06-15' })
  assert.equal(
    BigInt(after.capTable.outstanding) - BigInt(before.capTable.outstanding),
    shares + BigInt(proForma.cash[0].shares),
  )
  const fund = holder(after, FUND)
  assert.deepEqual([fund.outstanding, fund.vested, fund.unvested], [shares.toString(), '0', shares.toString()])

  // 8. Release and book.
  const reservation = await book(world, { company, pool, founder })

  // 9. Usage: 8 GPUs for 100 hours reserved, 700 GPU-hours used.
  await world.setClock('2026-07-10T12:00:00Z')
  const usage = {
    reservationId: reservation,
    records: [
      {
        source: 'slurm',
        externalId: 'a',
        gpuSeconds: String(400 * 3600),
        startedAt: '2026-07-01T00:00:00Z',
        endedAt: '2026-07-03T12:00:00Z',
        job: 'a',
      },
      {
        source: 'slurm',
        externalId: 'b',
        gpuSeconds: String(300 * 3600),
        startedAt: '2026-07-03T00:00:00Z',
        endedAt: '2026-07-05T04:00:00Z',
        job: 'b',
      },
    ],
    complete: true,
  }
  const reported = await expectAnswer('ReportedUsage', provider, '09-usage', 'Step9_ReportUsage', { usage })
  assert.deepEqual(chargedOf(reported), { delivered: '700', idle_reserved: '100', no_show: '0', cancel_fee: '0' })
  assert.equal(reported.returned, '0')
  // Earned: the whole shares of 700 of 100,000 tokens, rounded down.
  const earned = (shares * 700n) / 100_000n
  assert.equal(reported.newlyEarnedShares, earned.toString())

  // 10. Statement: stated, accepted, final; whole shares vest, and each is traced to its usage records.
  const vested = await settleJuly(world, { company, founder })
  assert.equal(vested.earnedShares, earned.toString())
  assert.equal(vested.vestedShares, earned.toString())
  const last = await run(analyst, '02-cap-table', 'Step2_CapTable', { company, asOf: '2026-08-20' })
  assert.equal(holder(last, FUND).vested, earned.toString())
  await everyShareIsTraced(analyst, { company, security: closed.securityId, shares, earned })
  assert.deepEqual(await conservation(world.deps.db, companyId), [], 'granted tokens are all somewhere')
}

const decimal = (text: string): bigint => {
  const [whole = '', part = ''] = text.split('.')
  return BigInt(whole + part.padEnd(10, '0'))
}

/** `exactPrice` (a fraction) times the number of shares, as a whole number of dollars. */
function fraction(exactPrice: string, fullyDiluted: string): string {
  const [n = '0', d = '1'] = exactPrice.split('/')
  const [shares, places] = [decimal(fullyDiluted), 10n ** 10n]
  assert.equal((BigInt(n) * shares) % (BigInt(d) * places), 0n, 'the price times the shares is the valuation, exactly')
  return ((BigInt(n) * shares) / (BigInt(d) * places)).toString()
}

// biome-ignore lint/suspicious/noExplicitAny: an answer of a document of ours
function holder(answer: any, name: string) {
  const rows = answer.capTable.stakeholders.edges.map((edge: { node: unknown }) => edge.node)
  return rows.find((row: { name: string }) => row.name === name)
}

// biome-ignore lint/suspicious/noExplicitAny: an answer of a document of ours
const chargedOf = (reported: any) =>
  Object.fromEntries(reported.charged.map((row: { cause: string; tokens: string }) => [row.cause, row.tokens]))

async function supply(world: World): Promise<{ tokenClass: string; pool: string }> {
  const { partner, provider } = world.staff
  const make = async (person: Person, field: string, input: object, type: string) => {
    const { data } = await person.graphql(
      `mutation ($input: ${field[0]?.toUpperCase()}${field.slice(1)}Input!) { ${field}(input: $input) { __typename ... on ${type} { id } ... on DomainError { message } } }`,
      { input },
    )
    assert.equal(data[field].__typename, type, JSON.stringify(data))
    return data[field].id
  }
  const providerId = `Provider:${world.providerId}`
  const tokenClass = await make(
    partner,
    'createTokenClass',
    { providerId, name: 'NG-H100', transferRule: 'NOT_TRANSFERABLE' },
    'TokenClass',
  )
  await make(
    partner,
    'authoriseSupply',
    { tokenClassId: tokenClass, amount: '500000', validUntil: '2030-01-01', reason: 'Supply agreement' },
    'TokenClass',
  )
  const pool = await make(
    provider,
    'createPool',
    {
      providerId,
      tokenClassId: tokenClass,
      cluster: 'one',
      gpuModel: 'H100-SXM',
      capacity: 16,
      opensAt: '2026-06-01T00:00:00Z',
    },
    'Pool',
  )
  await make(
    provider,
    'setFactor',
    {
      poolId: pool,
      h100HoursPerGpuHour: '1',
      basis: 'contract',
      source: 'schedule 2',
      validFrom: '2026-06-01T00:00:00Z',
    },
    'Pool',
  )
  return { tokenClass, pool }
}

const termsOf = (tokenClassId: string) => ({
  name: 'Series Seed-2',
  closingDate: '2026-06-15',
  security: { className: 'Series Seed-2 Preferred', newClass: true, idPrefix: 'PS2-', seniority: '9' },
  preMoney: { amount: '8000000', currency: 'USD' },
  priceRounding: { direction: 'DOWN', places: 6 },
  pool: { kind: 'NONE' },
  // The sample has notes in pounds, which no round in dollars converts.
  conversions: { outstanding: 'REMAIN' },
  compute: { tokenClassId, tokens: TOKENS, referencePrice: { amount: '2.35', currency: 'USD' }, holderName: FUND },
  cashInvestors: [{ name: 'Fernwood Seed Fund, L.P.', amount: { amount: '500000', currency: 'USD' } }],
  vesting: { basis: 'delivered', allocation: 'CUMULATIVE_ROUND_DOWN' },
  releases: {
    kind: 'LIST',
    releases: [
      { on: '2026-06-20', tokens: '60000' },
      { on: '2026-09-01', tokens: '40000' },
    ],
  },
  charging: 'RESERVED',
  longStop: '2028-06-15',
  tokenExpiry: '2029-06-15',
  disputeWindowDays: 15,
})

async function recordFacts(analyst: Person, company: string): Promise<void> {
  const products = (name: string) => [{ scheme: 'NAICS-2022', code: '541715', name: 'Protein design', seller: name }]
  for (const [name, value] of [
    ['holding.value', { amount: '0', currency: 'USD' }],
    ['company.products', products('Lumen Robotics, Inc.')],
    ['provider.products', products('Northgrid Life Sciences, Inc.')],
  ] as const) {
    await expectAnswer('RecordedFact', analyst, '05-propose', 'RecordFact', {
      fact: { companyId: company, name, value: JSON.stringify(value), source: 'Product sheet', asOf: '2026-06-01' },
    })
  }
}

async function waiveOverlap(compliance: Person, company: string): Promise<void> {
  const { flags } = await run(compliance, '05-propose', 'Flags', { company })
  const nodes = flags.edges.map((edge: { node: unknown }) => edge.node)
  const policy = nodes.filter(
    (flag: { kind: string; state: string }) => flag.kind === 'policy' && flag.state === 'open',
  )
  assert.equal(policy.length, 1)
  const waived = await expectAnswer('Flag', compliance, '05-propose', 'WaiveFlag', {
    waive: {
      flagId: policy[0].id,
      findingId: policy[0].finding.id,
      reason: 'Information barrier at the provider; undertaking on capacity dated 1 June 2026.',
    },
  })
  assert.equal(waived.state, 'waived')
}

/** Tokens that are not released, over capacity, over balance; touching intervals; and one that the provider approves. */
async function book(world: World, on: { company: string; pool: string; founder: Person }): Promise<string> {
  const { operations, provider, otherProvider } = world.staff
  const request = (startsAt: string, endsAt: string, gpus: number, person = on.founder) =>
    run(person, '08-release-and-book', 'RequestReservation', {
      request: { companyId: on.company, poolId: on.pool, gpus, startsAt, endsAt },
    })
  await world.setClock('2026-06-18T09:00:00Z')
  const locked = await request('2026-07-01T00:00:00Z', '2026-07-05T04:00:00Z', 8)
  assert.equal(locked.__typename, 'TokensNotReleased')
  await world.setClock('2026-06-20T09:00:00Z')
  await run(operations, '08-release-and-book', 'Step8_ReleaseDueTokens', { release: { companyId: on.company } })
  const balances = await run(on.founder, '08-release-and-book', 'Balances', { company: on.company })
  const totals = Object.fromEntries(
    balances.tokenBalances.totals.map((row: { kind: string; amount: string }) => [row.kind, row.amount]),
  )
  assert.deepEqual([totals.LOCKED, totals.AVAILABLE], ['40000', '60000'])

  assert.equal((await request('2026-07-01T00:00:00Z', '2026-07-05T04:00:00Z', 17)).__typename, 'OverCapacity')
  // 16 GPUs for 89 days are 34,176 tokens: twice that is more than the 60,000 that are released.
  const long = await request('2026-08-01T00:00:00Z', '2026-10-29T00:00:00Z', 16)
  assert.equal(long.__typename, 'Reservation')
  assert.equal((await request('2026-11-01T00:00:00Z', '2027-01-29T00:00:00Z', 16)).__typename, 'TokensNotReleased')
  const declined = await run(provider, '08-release-and-book', 'DecideReservation', {
    decide: { reservationId: long.id, decision: 'DECLINE', reasonCode: 'MAINTENANCE' },
  })
  assert.equal(declined.state, 'declined')

  const first = await request('2026-07-01T00:00:00Z', '2026-07-05T04:00:00Z', 8)
  assert.deepEqual([first.__typename, first.state, first.held], ['Reservation', 'held', '800'])
  // Touching intervals do not conflict; overlapping ones over capacity do.
  assert.equal((await request('2026-07-05T04:00:00Z', '2026-07-06T00:00:00Z', 16)).__typename, 'Reservation')
  assert.equal((await request('2026-07-05T03:00:00Z', '2026-07-06T00:00:00Z', 9)).__typename, 'OverCapacity')

  const decide = { reservationId: first.id, decision: 'APPROVE' }
  const staff = await run(operations, '08-release-and-book', 'DecideReservation', { decide })
  assert.equal(staff.__typename, 'Forbidden', "the fund's staff do not approve capacity for their own company")
  const stranger = await run(otherProvider, '08-release-and-book', 'DecideReservation', { decide })
  assert.equal(stranger.__typename, 'NotFound')
  const approved = await run(provider, '08-release-and-book', 'DecideReservation', { decide })
  assert.equal(approved.state, 'confirmed')
  return first.id
}

async function settleJuly(world: World, { company, founder }: { company: string; founder: Person }) {
  const { operations } = world.staff
  const unfinished = await run(operations, '10-statement', 'Step10_StateStatement', {
    state: { companyId: company, month: '2026-07-01' },
  })
  assert.equal(unfinished.__typename, 'MonthNotStatable')
  await world.setClock('2026-08-03T09:00:00Z')
  const stated = await expectAnswer('Statement', operations, '10-statement', 'Step10_StateStatement', {
    state: { companyId: company, month: '2026-07-01' },
  })
  const finalise = { finalise: { statementId: stated.id } }
  const early = await run(operations, '10-statement', 'FinaliseStatement', finalise)
  assert.equal(early.__typename, 'WrongState')
  const answer = { statementId: stated.id, sha256: stated.sha256 }
  await expectAnswer('Statement', founder, '10-statement', 'AnswerStatement', {
    answer: { ...answer, answer: 'DISPUTE', reason: 'Job b ended earlier than metered.' },
  })
  await expectAnswer('Statement', founder, '10-statement', 'AnswerStatement', {
    answer: { ...answer, answer: 'ACCEPT' },
  })
  await world.setClock('2026-08-20T09:00:00Z')
  await expectAnswer('Statement', operations, '10-statement', 'FinaliseStatement', finalise)
  const { progress } = await run(founder, '10-statement', 'Statements', { company })
  return progress[0]
}

/** All vested shares in one query; and each on its own meets the records whose part of the basis earned it. */
async function everyShareIsTraced(
  analyst: Person,
  on: { company: string; security: string; shares: bigint; earned: bigint },
): Promise<void> {
  const trace = (firstShare: bigint, lastShare: bigint) =>
    run(analyst, '10-statement', 'Trace', {
      company: on.company,
      security: on.security,
      firstShare: String(firstShare),
      lastShare: String(lastShare),
    })
  if (on.earned === 0n) return
  const all = await trace(1n, on.earned)
  assert.equal(all.vestedShares, on.earned.toString())
  assert.equal(all.statementIds.length, 1)
  assert.match(all.termsDocumentId, /^Document:/)
  // The records' parts follow one another from nothing, without gap.
  let at = '0'
  for (const link of all.links) {
    assert.equal(link.basisFrom, at)
    at = link.basisTo
  }
  assert.deepEqual(
    all.links.map((link: { externalId: string; gpuSeconds: string }) => [link.externalId, link.gpuSeconds]),
    [
      ['a', String(400 * 3600)],
      ['b', String(300 * 3600)],
    ],
  )
  // Job a earned the shares of the first 400 tokens: a share is its own when its whole part of the basis is.
  const lastOfA = (on.shares * 400n) / 100_000n
  const own = await trace(1n, lastOfA)
  assert.deepEqual(
    own.links.map((link: { externalId: string }) => link.externalId),
    ['a'],
  )
  const next = await trace(lastOfA + 2n, on.earned)
  assert.deepEqual(
    next.links.map((link: { externalId: string }) => link.externalId),
    ['b'],
  )
}
