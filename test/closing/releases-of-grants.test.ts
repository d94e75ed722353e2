/** Milestones and requests of every grant: of the first closing's, and of later closings'. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { decideReservation, requestReservation } from '../../api/clusters/index.ts'
import { inTransaction } from '../../api/platform/index.ts'
import { canonicalTerms, type RoundTermsWire } from '../../api/rounds/index.ts'
import { releaseDue } from '../../api/tokens/index.ts'
import { pool as makePool } from '../clusters/given.ts'
import { assertSound, at, usage } from '../drawdown/given-drawdown.ts'
import { terms as givenTerms } from '../rounds/given-terms.ts'
import { makeWorld } from '../support/world.ts'
import { drafted, signed } from './given-amendment.ts'
import { givenDeal } from './given-deal.ts'
import {
  ask,
  confirm,
  decide,
  FIRST,
  furtherClosing,
  tokensOf as inLot,
  LATER,
  lotIdOf,
  pilot,
  plan,
  type Releases,
  reached,
  twoGrants,
} from './given-releases.ts'

const world = await makeWorld()
const { analyst, partner, operations, provider, otherProvider } = world.staff
const { db } = world.deps

const tokensOf = (lot: string) => inLot(world, lot)
const given = (change?: Parameters<typeof twoGrants>[1]) => twoGrants(world, change)

test('two grants and a later closing release by a milestone and on demand each, are used, and earn', async () => {
  const of = await given()
  const held = await furtherClosing(world, of, {
    tokenClassId: `TokenClass:${of.tokenClassUuid}`,
    tokens: '20',
    longStop: '2028-12-31',
    tokenExpiry: '2029-01-31',
    releases: LATER,
  })
  const three = lotIdOf(of, held.grants[0].lotId)
  assert.deepEqual(held.plannedGrants, [
    {
      tokens: '20',
      releases: [{ on: '2026-12-20', tokens: '5' }],
      milestones: [{ code: 'PILOT', tokens: '5', confirmedBy: 'both' }],
      releasesOnDemand: { perRequest: null, perPeriod: '8', periodDays: 30, noticeDays: 0, confirmedBy: 'provider' },
    },
  ])
  const TERMS = `query ($id: ID!, $round: ID!) { round: node(id: $round) { ... on Round { terms { grants {
      milestones { code tokens } releasesOnDemand { perRequest confirmedBy } } } } }
    company: node(id: $id) { ... on Company { tokenBalances { lots { lot { id milestones { tokens confirmedBy }
      releasesOnDemand { perRequest perPeriod confirmedBy } } } } } } }`
  const { data } = await of.founder.graphql(TERMS, { id: of.id, round: of.closed.roundId })
  assert.deepEqual(data.round.terms.grants, [
    {
      milestones: [{ code: 'PILOT', tokens: '40000' }],
      releasesOnDemand: { perRequest: '20000', confirmedBy: 'nobody' },
    },
    { milestones: [{ code: 'PILOT', tokens: '20000' }], releasesOnDemand: { perRequest: null, confirmedBy: 'fund' } },
  ])
  const asked = (perRequest: string | null, perPeriod: string | null, confirmedBy: string) => ({
    perRequest,
    perPeriod,
    confirmedBy,
  })
  const frozen = [
    [of.one, [{ tokens: '40000', confirmedBy: 'fund' }], asked('20000', null, 'nobody')],
    [of.two, [{ tokens: '20000', confirmedBy: 'provider' }], asked(null, null, 'fund')],
    [three, [{ tokens: '5', confirmedBy: 'both' }], asked(null, '8', 'provider')],
  ]
  const shown = data.company.tokenBalances.lots.map(
    ({ lot }: { lot: { id: string; milestones: object[]; releasesOnDemand: object } }) => [
      lot.id,
      lot.milestones,
      lot.releasesOnDemand,
    ],
  )
  assert.deepEqual(new Map(shown.map((row: unknown[]) => [row[0], row])), new Map(frozen.map((row) => [row[0], row])))

  // Each request names its lot; what milestones will release cannot be asked for.
  assert.equal(await tokensOf(of.one), '70000 locked, 30000 available')
  assert.equal(await tokensOf(of.two), '50000 locked, 0 available')
  assert.equal(await tokensOf(three), '15 locked, 5 available')
  assert.equal((await ask(of.founder, { lotId: of.one, amount: '20000' })).state, 'RELEASED')
  assert.match(
    (await ask(of.founder, { lotId: of.one, amount: '10001' })).reason,
    /more than the 10000 tokens that can/,
  )
  assert.match(
    (await ask(of.founder, { lotId: of.two, amount: '30001' })).reason,
    /more than the 30000 tokens that can/,
  )
  const waits = await ask(of.founder, { lotId: of.two, amount: '10000' })
  assert.deepEqual([waits.state, waits.needs], ['WAITING', 'fund'])
  assert.equal((await decide(operations, { releaseId: waits.releaseId, decision: 'CONFIRM' })).state, 'RELEASED')
  assert.match((await ask(of.founder, { lotId: three, amount: '9' })).reason, /8 may be within 30 days/)
  const eight = await ask(of.founder, { lotId: three, amount: '8' })
  assert.equal(
    (await decide(otherProvider, { releaseId: eight.releaseId, decision: 'CONFIRM' })).__typename,
    'NotFound',
  )
  assert.equal((await decide(provider, { releaseId: eight.releaseId, decision: 'CONFIRM' })).state, 'RELEASED')

  // Three milestones of one name: each by its own side, and none stands for another.
  assert.equal((await confirm(provider, reached(of.two))).__typename, 'NotFound')
  assert.match((await confirm(operations, reached(of.two))).reason, /is the provider's to say/)
  assert.equal((await confirm(otherProvider, reached(of.two))).state, 'RELEASED')
  assert.equal(await tokensOf(of.one), '50000 locked, 50000 available')
  assert.equal((await confirm(operations, reached(of.one))).state, 'RELEASED')
  const first = await confirm(partner, reached(three))
  assert.deepEqual([first.state, first.needs], ['WAITING', 'provider'])
  assert.equal((await decide(provider, { releaseId: first.releaseId, decision: 'CONFIRM' })).state, 'RELEASED')
  assert.equal((await confirm(operations, reached(of.one))).field, 'code')
  assert.equal(await tokensOf(of.one), '10000 locked, 90000 available')
  assert.equal(await tokensOf(of.two), '20000 locked, 30000 available')
  assert.equal(await tokensOf(three), '2 locked, 18 available')

  // Thirty H100-hours of the first provider: the later closing's 18 expire first, and 12 of the first grant; ten of the other.
  const reservation = await of.reserved(30)
  const other = await reservedOfOther(of)
  await of.told(reservation, [usage('a', 30 * 3600)], true)
  await reportOther(other, 10 * 3600)
  const final = await of.settled(await of.stated('2027-01-01', '2027-02-02T00:00:00Z'))
  const earned = new Map(
    final.lines.map((line: { grantId: string; earnedAtClose: string }) => [line.grantId, line.earnedAtClose]),
  )
  const grantIds = [...of.closed.grants.map(({ grantId }) => grantId), held.grants[0].grantId]
  // 12 of 100,000 of 117,500: 14.1. 10 of 50,000 of 37,500: 7.5. 20 x 2.35 / 2 are 23 shares; 18 of 20 of them: 20.7.
  assert.deepEqual(
    grantIds.map((id) => earned.get(id)),
    ['14', '7', '20'],
  )
  await assertSound(world, of)
})

async function reservedOfOther(of: Awaited<ReturnType<typeof given>>): Promise<string> {
  const { id: poolId } = await makePool(world, {
    tokenClassId: of.otherClass,
    providerId: world.otherProviderId,
    capacity: 64,
  })
  await world.setClock('2027-01-01T00:00:00Z')
  const { ref } = await requestReservation(world.deps, of.founder.actor, {
    companyId: of.id,
    poolId,
    gpus: 10,
    startsAt: at(0),
    endsAt: at(60),
  })
  const reservationId = `Reservation:${ref.companyId}:${ref.id}`
  await decideReservation(world.deps, otherProvider.actor, { reservationId, decision: 'APPROVE' })
  await world.setClock(at(90))
  return reservationId
}
async function reportOther(reservationId: string, gpuSeconds: number): Promise<void> {
  const { data } = await otherProvider.graphql(
    `mutation ($input: ReportUsageInput!) { reportUsage(input: $input) { __typename } }`,
    { input: { reservationId, records: [usage('b', gpuSeconds)], complete: true } },
  )
  assert.equal(data.reportUsage.__typename, 'ReportedUsage')
}

test('terms that were signed before grants could say more read and hash as they did', () => {
  const cls = 'TokenClass:0197c000-0000-7000-8000-000000000001'
  const grant = (releases?: Releases) => ({
    tokenClassId: cls,
    tokens: '50000',
    ...(releases === undefined ? {} : { releases }),
  })
  const list: Releases = {
    kind: 'LIST',
    releases: [
      { on: '2026-12-15', tokens: '20000' },
      { on: '2027-06-01', tokens: '30000' },
    ],
  }
  const milestones: Releases = {
    kind: 'MILESTONES',
    milestones: [pilot('70000', 'both')],
    releases: [{ on: '2026-12-15', tokens: '30000' }],
  }
  const demand: Releases = { kind: 'ON_DEMAND', onDemand: { perRequest: '20000', noticeDays: 5 }, releases: [] }
  // Computed by the version in which further grants knew dates only.
  const cases: [Partial<RoundTermsWire>, string][] = [
    [
      { releases: milestones, furtherGrants: [grant(list)] },
      '88c98d86b66cb1bb22588978200b118c778b7888113b57ea660753e61703a965',
    ],
    [
      { releases: demand, furtherGrants: [grant({ kind: 'MONTHLY', months: 12 })] },
      'e3c477f2c806130be02bcd469b5eadf11c6d799fceff0bd6df550d851aae98bd',
    ],
    [
      { releases: { kind: 'AT_CLOSE' }, furtherGrants: [grant(), grant({ kind: 'AT_CLOSE' })] },
      '64a64444ced36bc0869a3f13214546b4dac138adb1ce0eaa87de6e4b2d010d2b',
    ],
  ]
  for (const [change, sha256] of cases) {
    assert.equal(
      createHash('sha256')
        .update(canonicalTerms(givenTerms(change)))
        .digest('hex'),
      sha256,
    )
  }
})

/** Releases of 50,000 tokens, and where they are at fault. */
const FAULTY: readonly (readonly [string, object, string, string])[] = [
  [
    'a sum below the grant',
    { kind: 'MILESTONES', milestones: [pilot('49999', 'fund')] },
    'milestones',
    'add up to 49999',
  ],
  [
    'dates and milestones above it',
    { kind: 'MILESTONES', milestones: [pilot('50000', 'fund')], releases: [{ on: '2027-01-01', tokens: '1' }] },
    'milestones',
    'add up to 50001',
  ],
  [
    'nothing left to ask for',
    { kind: 'MILESTONES', milestones: [pilot('50000', 'fund')], onDemand: {} },
    'onDemand',
    'has nothing to give',
  ],
  [
    'nothing left beside dates',
    { kind: 'ON_DEMAND', releases: [{ on: '2027-01-01', tokens: '50000' }] },
    'releases',
    'nothing is left to ask for',
  ],
  [
    'a code twice',
    { kind: 'MILESTONES', milestones: [pilot('20000', 'fund'), pilot('30000', 'both')] },
    'milestones.1.code',
    'is used twice',
  ],
  [
    'a milestone of nothing',
    { kind: 'MILESTONES', milestones: [{ ...pilot('50000', 'fund'), code: 'ALL' }, pilot('0', 'fund')] },
    'milestones.1.tokens',
    'more than zero',
  ],
  [
    'a request above a period',
    { kind: 'ON_DEMAND', onDemand: { perRequest: '2', perPeriod: { tokens: '1', days: 30 } } },
    'onDemand.perRequest',
    'more than a period allows',
  ],
  [
    'a date after the long-stop',
    { kind: 'MILESTONES', milestones: [pilot('49999', 'fund')], releases: [{ on: '2029-06-16', tokens: '1' }] },
    '',
    'after the long-stop date 2029-06-15',
  ],
  [
    'a date before the closing',
    { kind: 'ON_DEMAND', releases: [{ on: '2026-12-01', tokens: '1' }] },
    'releases.0.on',
    'is before the closing date',
  ],
]

test('releases of a further grant that contradict themselves or its terms are refused at their path', async () => {
  const deal = await givenDeal(world)
  const faults = async (grant: object, more: Partial<RoundTermsWire> = {}) => {
    const { errors } = await analyst.graphql(
      'mutation ($input: DraftRoundInput!) { draftRound(input: $input) { __typename } }',
      {
        input: {
          companyId: deal.id,
          terms: {
            ...deal.terms(more),
            furtherGrants: [{ tokenClassId: deal.terms().compute.tokenClassId, tokens: '50000', ...grant }],
          },
        },
      },
    )
    const found = errors[0]?.extensions.faults as { path: string; reason: string }[] | undefined
    return (found ?? []).map(({ path, reason }) => `${path} ${reason}`)
  }
  const AT = 'input.terms.furtherGrants.0.releases'
  for (const [name, releases, path, reason] of FAULTY) {
    const [first = 'none', ...others] = await faults({ releases })
    assert.ok(first.startsWith(`${path === '' ? AT : `${AT}.${path}`} `) && first.includes(reason), `${name}: ${first}`)
    assert.deepEqual(others, [], name)
  }
  // The basis may be its own or the round's: the fund does not confirm to its own benefit.
  const byFund = { releases: { kind: 'MILESTONES', milestones: [pilot('50000', 'fund')] } }
  for (const [grant, more] of [
    [{ ...byFund, vesting: { basis: 'released' } }, {}],
    [byFund, { vesting: { basis: 'released' } }],
  ] as const) {
    assert.match(
      (await faults(grant, more as Partial<RoundTermsWire>))[0] ?? '',
      /milestones\.0\.confirmedBy must be provider/,
    )
  }
  // What the round's own grant counts is not taken over.
  for (const releases of [FIRST, { kind: 'ON_DEMAND' } as const]) {
    assert.deepEqual(await faults({}, { releases }), [
      `${AT} is missing: the releases of the round are of the tokens of compute`,
    ])
  }
  const rounds = await db.selectFrom('round').select('round_id').where('company_id', '=', deal.companyId).execute()
  assert.deepEqual(rounds, [])
})

test('releases of a later closing are refused at their path, too, and beside days of equal parts', async () => {
  const of = await given()
  await world.setClock('2026-12-14T10:00:00Z')
  const tried = async (grant: object) => {
    const full = { tokenClassId: `TokenClass:${of.tokenClassUuid}`, tokens: '50000', ...grant }
    return plan(analyst, { roundId: of.closed.roundId, closingDate: '2026-12-15', grants: [full] })
  }
  const AT = 'grants.0.releases'
  for (const [name, releases, path, reason] of FAULTY) {
    const answer = await tried({ releases })
    assert.deepEqual([answer.__typename, answer.field], ['Refused', path === '' ? AT : `${AT}.${path}`], name)
    assert.ok(answer.reason.includes(reason), `${name}: ${answer.reason}`)
  }
  const byFund = { kind: 'MILESTONES', milestones: [pilot('50000', 'fund')] }
  assert.equal((await tried({ releases: byFund, basis: 'released' })).field, `${AT}.milestones.0.confirmedBy`)
  const twice = await tried({ releases: { kind: 'AT_CLOSE' }, releaseOn: ['2026-12-20'] })
  assert.deepEqual([twice.__typename, twice.field], ['Refused', AT])
  const closings = await db.selectFrom('closing').select('ordinal').where('company_id', '=', of.companyId).execute()
  assert.equal(closings.length, 1)
})

test('an amendment of one grant’s milestones leaves the other’s of the same name as they are', async () => {
  const of = await given()
  await world.setClock('2026-12-20T10:00:00Z')
  await confirm(otherProvider, reached(of.two))
  const amended = (milestones: object[], more: object = {}) => ({
    furtherGrants: [{ ...of.second, releases: { kind: 'MILESTONES', milestones, ...more } }],
  })
  // What was confirmed stays, with its tokens.
  for (const milestones of [
    [{ ...pilot('50000', 'provider'), code: 'ANOTHER' }],
    [pilot('20001', 'provider'), { ...pilot('29999', 'both'), code: 'ANOTHER' }],
  ]) {
    await assert.rejects(
      signed(world, of, of.closed.roundId, amended(milestones) as Partial<RoundTermsWire>, {
        effectiveOn: '2027-02-01',
      }),
      /must keep the milestone PILOT/,
    )
  }
  const [kept, added] = [pilot('20000', 'provider'), { ...pilot('30000', 'both'), code: 'FLEET' }]
  const change = amended([kept, added]) as Partial<RoundTermsWire>
  const done = await signed(world, of, of.closed.roundId, change, { effectiveOn: '2027-02-01' })
  const { title, fromWords, toWords } = done.changes[0]
  assert.equal(title, 'Grant 2: Releases')
  assert.match(fromWords, /^20,000 once “The pilot runs\.” \(PILOT\) is confirmed by the Provider and the rest as the/)
  assert.match(toWords, /30,000 once “The pilot runs\.” \(FLEET\) is confirmed by the Fund and the Provider$/)
  // Until its day requests go on, but the tokens of what is signed for later are promised.
  assert.match((await ask(of.founder, { lotId: of.two, amount: '1' })).reason, /more than the 0 tokens/)
  assert.equal((await ask(of.founder, { lotId: of.one, amount: '1' })).state, 'RELEASED')
  await world.setClock('2027-02-01T10:00:00Z')
  assert.match((await ask(of.founder, { lotId: of.two, amount: '1' })).reason, /not released on demand/)
  const fleet = await confirm(operations, { ...reached(of.two), code: 'FLEET' })
  assert.equal((await decide(otherProvider, { releaseId: fleet.releaseId, decision: 'CONFIRM' })).state, 'RELEASED')
  assert.equal((await confirm(operations, reached(of.one))).state, 'RELEASED')
  assert.equal(await tokensOf(of.two), '0 locked, 50000 available')
  assert.equal(await tokensOf(of.one), '29999 locked, 70001 available')
  await assertSound(world, of)
})

test('what releases the grant of a later closing is amended by both sides, forwards, and of that grant alone', async () => {
  const of = await given()
  const grant = { tokenClassId: `TokenClass:${of.tokenClassUuid}`, tokens: '20', releases: LATER }
  const held = await furtherClosing(world, of, grant)
  const [{ grantId: uuid, lotId }] = held.grants
  const [grantId, three] = [`Grant:${of.companyId}:${uuid}`, lotIdOf(of, lotId)]
  const { data } = await analyst.graphql(
    'query ($id: ID!) { node(id: $id) { ... on Closing { grants { grantId } } } }',
    { id: held.id },
  )
  assert.equal(data.node.grants[0].grantId, uuid)
  const amended = (releases: object, more: object = {}) =>
    drafted(world, of.closed.roundId, {}, { laterGrants: [{ grantId, releases }], effectiveOn: '2026-12-24', ...more })
  const faults = (answer: { faults: { path: string; reason: string }[] }) =>
    answer.faults.map(({ path, reason }) => `${path} ${reason}`)
  // 5 were released on the day of the closing; 15 are left to be planned, by the long-stop of the round.
  const due = { on: '2026-12-20', tokens: '5' }
  const dated = (on: string) => ({ kind: 'LIST', releases: [due, { on, tokens: '15' }] })
  assert.match(
    faults(await amended({ kind: 'AT_CLOSE' }))[0] ?? '',
    /^laterGrants\.0\.releases must leave every release up to/,
  )
  assert.match(
    faults(await amended(dated('2029-06-16')))[0] ?? '',
    /^laterGrants\.0\.releases end on 2029-06-16, after/,
  )
  const short = { kind: 'LIST', releases: [due, { on: '2027-01-01', tokens: '14' }] }
  assert.match(faults(await amended(short))[0] ?? '', /releases\.releases add up to 19 tokens, but the grant has 20/)
  assert.deepEqual((await amended(LATER ?? {})).reason, 'are the releases as they are: there is nothing to amend')
  const other = { laterGrants: [{ grantId: `Grant:${of.companyId}:${of.closed.grants[1]?.grantId}`, releases: LATER }] }
  assert.equal((await amended({}, other)).field, 'laterGrants.0.grantId')
  const twice = { laterGrants: [1, 2].map(() => ({ grantId, releases: dated('2027-03-01') })) }
  assert.equal((await amended({}, twice)).field, 'laterGrants.1.grantId')

  // The pilot releases 9 instead of 5, and 6 come on a day; what it was confirmed for until then would stay.
  const next = {
    kind: 'MILESTONES',
    milestones: [pilot('9', 'provider')],
    releases: [due, { on: '2026-12-26', tokens: '6' }],
  }
  const done = await signed(
    world,
    of,
    of.closed.roundId,
    {},
    { laterGrants: [{ grantId, releases: next }], effectiveOn: '2026-12-24' },
  )
  const [change, ...others] = done.changes
  assert.deepEqual(
    [change.path, change.title, others],
    ['closings.2.grants.1.releases', 'Closing 2, grant 1: Releases', []],
  )
  assert.match(
    change.fromWords,
    /^5 on 20 Dec 2026, 5 once .* the Fund and the Provider and the rest as the Company asks/,
  )
  assert.match(change.toWords, /^5 on 20 Dec 2026, 6 on 26 Dec 2026 and 9 once .* is confirmed by the Provider$/)
  // Signed and not in force: no token is promised twice meanwhile.
  assert.match((await confirm(partner, reached(three))).reason, /a signed amendment changes/)
  assert.match((await ask(of.founder, { lotId: three, amount: '1' })).reason, /more than the 0 tokens/)
  await world.setClock('2026-12-24T10:00:00Z')
  assert.match((await ask(of.founder, { lotId: three, amount: '1' })).reason, /not released on demand/)
  assert.equal((await confirm(provider, reached(three))).state, 'RELEASED')
  assert.equal(await tokensOf(three), '6 locked, 14 available')
  // What was confirmed stays in whatever is signed later; a change builds on the one before.
  const dropped = { laterGrants: [{ grantId, releases: dated('2027-03-01') }], expectedVersion: 2 }
  await assert.rejects(signed(world, of, of.closed.roundId, {}, dropped), /must keep the milestone PILOT/)
  await world.setClock('2026-12-26T10:00:00Z')
  await inTransaction(world.deps.db, (trx) => releaseDue(trx, of.companyId, '2026-12-26'))
  assert.equal(await tokensOf(three), '0 locked, 20 available')
  assert.equal(await tokensOf(of.one), '70000 locked, 30000 available')
  await assertSound(world, of)
})

test('what dates released of a grant by the day of an amendment stays as it was', async () => {
  const of = await given({ first: { kind: 'AT_CLOSE' }, second: { kind: 'AT_CLOSE' } })
  const releases = { kind: 'MILESTONES', milestones: [pilot('50000', 'both')] }
  const answer = await drafted(world, of.closed.roundId, {
    furtherGrants: [{ ...of.second, releases }],
  } as Partial<RoundTermsWire>)
  assert.deepEqual(
    answer.faults.map(({ path }: { path: string }) => path),
    ['furtherGrants.0.releases'],
  )
})
