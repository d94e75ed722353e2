/** Everybody asks for everything: what a person may not see looks exactly like what does not exist. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type GraphQLNamedType, getNamedType } from 'graphql'
import { globalId, newId } from '../../api/platform/index.ts'
import { type Travelled, wholeWay } from '../support/path.ts'
import { makeStage, type Stage } from '../support/path-stage.ts'
import { fundIn, terms } from '../support/path-terms.ts'
import { makeWorld } from '../support/world.ts'
import { type Crawled, crawl, idsIn, nodeQuestions } from './crawl.ts'
import { belowOf, eachObject, isAskable, isError, isPaging, nodeTypes, objectType, reachable } from './walk.ts'
import { isOfFund, makeCast, mayBeShown, SEES_NODE, type Thing, type Who, walledOff } from './who-sees.ts'

const world = await makeWorld()
let ours: Travelled
let theirs: Travelled
let theirStage: Stage
/** Everybody who belongs to our company or to none; and who is walled off theirs. */
let cast: Who[]
let walled: Who[]
const firstCrawls = new Map<Who, Crawled>()

before(async () => {
  ours = await wholeWay(world, 'Lumen Robotics, Inc.')
  theirStage = await makeStage(world, 'Their compute')
  cast = await makeCast(world, ours, theirStage)
  await world.setClock('2026-11-20T09:00:00Z')
  const watched = cast.filter((who) => !isOfFund(who) || who.role === 'analyst')
  for (const who of watched) firstCrawls.set(who, await crawl(who.person))
})

const everybody = (): Who[] => [
  ...cast,
  ...walled,
  { name: 'their founder', role: 'founder', person: theirs.founder, companyId: theirs.companyId },
  { name: 'their signatory', role: 'signatory', person: theirs.signatory, companyId: theirs.companyId },
]

/**
 * What whoever sees the pool or the class may know, and their way moves: sums over all companies, and what the provider
 * did to the pool meanwhile.
 */
const sumsOverAll = () =>
  new Set([
    'Query.tokenSupplies',
    `${theirStage.tokenClassId} supply`,
    `${theirStage.tokenClassId} coverage`,
    ...['freeCapacity', 'capacityChanges', 'maintenance', 'conflicts'].map((field) => `${theirStage.poolId} ${field}`),
  ])

/** What this person can reach is what it was, to the byte. */
function sameAs(first: Crawled | undefined, now: Crawled, who: Who, besides: ReadonlySet<string> = new Set()): void {
  const [before, after] = [first?.answers ?? new Map<string, string>(), now.answers]
  for (const what of new Set([...before.keys(), ...after.keys()])) {
    if (!besides.has(what)) assert.equal(after.get(what), before.get(what), `${who.name}: ${what}`)
  }
}

test('what happens in a company changes nothing for people who may not see it', async () => {
  theirs = await wholeWay(world, 'Their Company, Inc.', theirStage)
  walled = await walledOff(world, theirs.companyId)
  for (const who of cast.filter((one) => !isOfFund(one) && one.providerId !== theirs.providerId)) {
    sameAs(firstCrawls.get(who), await crawl(who.person), who, sumsOverAll())
  }
  // Behind a wall the world is as an analyst without one saw it when that company was not there yet.
  const analyst = cast.find(({ role }) => role === 'analyst')
  for (const who of walled) {
    const besides = sumsOverAll().add('Query.viewer')
    sameAs(analyst && firstCrawls.get(analyst), await crawl(who.person), who, besides)
  }
})

test("the fund's own paper changes nothing for anybody else", async () => {
  const { analyst, compliance } = world.staff
  const others = everybody().filter((who) => !isOfFund(who))
  const before = new Map<Who, Crawled>()
  for (const who of others) before.set(who, await crawl(who.person))
  const write = async (by: typeof analyst, name: string, type: string, input: object) => {
    const answer = await by.graphql(
      `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename ... on DomainError { message } } }`,
      { input },
    )
    assert.equal(answer.data?.[name].__typename, type, JSON.stringify(answer))
  }
  const { companyId } = ours
  await write(analyst, 'draftRound', 'Round', {
    companyId,
    terms: terms(ours, 'Series D', '5', await fundIn(world, ours.companyId)),
  })
  await write(analyst, 'recordFact', 'RecordedFact', {
    companyId,
    name: 'holding.value',
    value: JSON.stringify({ amount: '5', currency: 'USD' }),
    source: 'the test',
    asOf: '2026-11-01',
  })
  await write(analyst, 'recheckFlags', 'FlagsRechecked', { subject: ours.stoppedRound })
  const { data } = await compliance.graphql(
    `query ($id: ID!) { node(id: $id) { ... on Company { flags(states: [open]) { edges { node { id kind finding { id } } } } } } }`,
    { id: companyId },
  )
  const flag = data.node.flags.edges.find((edge: { node: { kind: string } }) => edge.node.kind === 'policy').node
  const reason = 'The overlap is small, says the test.'
  await write(compliance, 'waiveFlag', 'Flag', { flagId: flag.id, findingId: flag.finding.id, reason })
  for (const who of others) sameAs(before.get(who), await crawl(who.person), who)
})

/** Closings of rounds that no company has seen yet, by global id. */
const ofDrafts = new Set<string>()

test('a node is found by those who may see it, and by nobody else', async () => {
  const drafts = await world.deps.db
    .selectFrom('closing')
    .innerJoin('round', (join) =>
      join.onRef('round.company_id', '=', 'closing.company_id').onRef('round.round_id', '=', 'closing.round_id'),
    )
    .select(['closing.company_id as companyId', 'closing.closing_id as id'])
    .where('round.issued_at', 'is', null)
    .execute()
  for (const { companyId, id } of drafts) ofDrafts.add(globalId('Closing', companyId, id))
  const found = idsIn(await crawl(world.staff.partner))
  for (const type of nodeTypes) {
    const ids = [...(found.get(type.name) ?? [])]
    assert.ok(ids.length > 0, `there is no ${type.name} here to ask for`)
    const sees = SEES_NODE[type.name]
    if (sees === undefined) throw new Error(`who sees a ${type.name}? Say it in SEES_NODE of test/schema/who-sees.ts`)
    for (const who of everybody()) {
      const { data, errors } = await who.person.graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }', {
        ids: ids.slice(0, 100),
      })
      assert.deepEqual(errors, [], `${who.name}: ${type.name}`)
      for (const [index, id] of ids.slice(0, 100).entries()) {
        const expected: unknown = sees(who, thingOf(id)) ? { __typename: type.name, id } : null
        assert.deepEqual(data.nodes[index], expected, `${who.name}: ${id}`)
      }
      const hidden = ids.find((id) => !sees(who, thingOf(id)))
      if (hidden !== undefined) await looksMissing(who, hidden)
    }
  }
})

/** Whatever is asked of a hidden node, the answer is that of an id that nothing has. */
async function looksMissing(who: Who, hidden: string): Promise<void> {
  const type = hidden.slice(0, hidden.indexOf(':'))
  for (const { name, selection } of nodeQuestions(objectType(type))) {
    const document = `query ($id: ID!) { node(id: $id) { __typename ... on ${type} { ${selection} } } }`
    const answers = await Promise.all([hidden, ghostOf(hidden)].map((id) => who.person.graphql(document, { id })))
    assert.deepEqual(answers[0], answers[1], `${who.name}: ${hidden} ${name}`)
    assert.deepEqual(answers[0], { status: 200, data: { node: null }, errors: [] })
  }
}

/** An id of the same type and company that nothing has. */
const ghostOf = (id: string): string => id.replace(/[^:]*$/, newId())

function thingOf(id: string): Thing {
  const [type, key] = id.split(':')
  const ofTheirs = [theirs.companyId, theirs.poolId].some((own) => own.endsWith(key ?? ''))
  const side = ofTheirs ? theirs : ours
  return {
    id,
    companyId: ['Pool', 'Provider', 'TokenClass'].includes(type ?? '') ? undefined : side.companyId,
    providerId: side.providerId,
    shownToCompany:
      (id.startsWith('Closing:') && id !== side.closings.planned && !ofDrafts.has(id)) ||
      [
        side.round,
        side.issuedRound,
        side.acceptedRound,
        side.amendments.proposed,
        side.amendments.inForce,
        side.dealDocuments.proposed,
        side.dealDocuments.inForce,
        side.dealDocuments.later,
        side.closings.offered,
        side.closings.held,
      ].includes(id),
  }
}

/** Fields that are null or empty everywhere here: details that no company of this test has. */
const NOT_HERE = new Set(
  `AntiDilution.outstandingBefore FullyDiluted.uncountedWarrants BookingTerms.refunds Company.arrears Company.tokenDifferences DisputeProposal.confirmedAt
  DisputeProposal.evidence DisputeProposal.records QuarantinedUsage.events Reservation.waitsUntil ReservationOffer.note
  SchedulingConflict.companyId SchedulingConflict.reservationId SchedulingConflict.deadline Waterfall.notes ComputeInstrument.exercisePrice ComputeInstrument.expiresOn ComputeInstrument.cap ComputeInstrument.capBase ComputeInstrument.discount ComputeInstrument.rest Document.supersedes Dedication.endedFrom Factor.validUntil FactorTerms.basis Maintenance.liftedFrom
  FindingTable.until Flag.lapsesOn FlagEvent.evidence Lot.cost PoolScheduler.downSince PoolTerms.shares RecordedFact.subject ReservationEvent.note
  LongStopStanding.deniedDays LongStopStanding.outageDays SettlementPlan.cause SettlementPlan.windDownUntil
  GoalAnswer.refusedBeyond TokenCoverage.unknown Security.closedOn SecurityTerms.authorized SecurityTerms.participationCap SecurityTerms.stockClassId
  TokenRelease.reasonCode TokenRelease.decidedAt TokenRelease.note TokenRelease.reason VestingTerms.cliffTokens VestingTerms.tranches
  GoalAnswer.keepers ProForma.warrants ConversionTerms.warrants NodeRestart.answer NodeRestart.answeredFrom NodeRestart.answeredUntil
  NodeRestart.certainFrom NodeRestart.certainUntil NodeRestart.note PlannedClosingGrant.milestones PlannedClosingGrant.releasesOnDemand
  SideObligation.reminders CapTableSecurity.notCounted CapTableSecurity.expiredOn`.split(/\s+/),
)
/** Types that only an answer to a question about one thing has, which is asked below, or that are never made when all is well. */
const ASKED_BELOW = new Set([
  'ReservationQuote',
  'ShareTrace',
  'ShareTraceLink',
  'TokenDifference',
  'Arrears',
  'Reconciliation',
  'Discrepancy',
  'TokenSending',
  'SettlementRehearsal',
  'TokensAfterwards',
  'ShareTraceClause',
  'Protections',
  'ProtectedDilution',
  'ProtectedGrant',
  'PriceProtectionNow',
  'LongStopOutlook',
  'Legs',
  'Leg',
  'Accounting',
  'TaxElection',
  'GrantAccounting',
  'JournalLine',
  'GrantAccountingMonth',
  'GrantBreakage',
  // Shown with what no company of this test has: refunds of tokens that are cancelled early, and what was done about lost usage.
  'RefundStep',
  'QuarantineEvent',
  'TermFault',
  // A warrant of which a round fixes the price, and what a company was reminded of: no company of this test has them.
  'ProFormaWarrant',
  'PricedWarrantTerms',
  'SideObligationReminder',
])

test('nobody is shown a kind of thing that is not for them, and every kind and field is shown to somebody', async () => {
  const shown = new Set<string>()
  // Whoever is of the fund was held to the same nodes above.
  const kinds = everybody().filter((who) => who.role === 'operations' || !isOfFund(who))
  for (const who of kinds) {
    eachObject((await crawl(who.person)).seen, (typename, object) => {
      const type = objectType(typename)
      if (isError(type) || isPaging(type)) return
      assert.ok(mayBeShown(who, typename), `${who.name} is shown a ${typename}`)
      for (const [name, value] of Object.entries(object)) {
        const empty = value === null || (Array.isArray(value) && value.length === 0)
        if (!empty) shown.add(`${typename}.${name.replace(`${typename}_`, '')}`)
      }
    })
  }
  const missing = [...reachable([objectType('Query')])]
    .filter((type) => !isPaging(type) && type.name !== 'Query' && !ASKED_BELOW.has(type.name))
    .flatMap((type) => Object.keys(type.getFields()).map((name) => `${type.name}.${name}`))
    .filter((name) => !shown.has(name) && !NOT_HERE.has(name))
  assert.deepEqual(missing, [])
})

type Question = {
  readonly about: (of: Travelled) => string
  readonly ask: (about: string) => string
  readonly sees: (who: Who) => boolean
}
/** Fields of Query that are about one thing: ours, theirs, and one that there is not. */
const QUESTIONS: Readonly<Record<string, Question>> = {
  node: { about: ({ round }) => round, ask: (id) => `node(id: "${id}") { __typename id }`, sees: seesOurRound },
  nodes: { about: ({ round }) => round, ask: (id) => `nodes(ids: ["${id}"]) { __typename id }`, sees: seesOurRound },
  protections: {
    about: ({ round }) => round,
    ask: (id) => `protections(roundId: "${id}") ${belowOf(resultOf('protections'))}`,
    sees: seesOurRound,
  },
  companyAccounting: {
    about: ({ companyId }) => companyId,
    ask: (id) => `companyAccounting(companyId: "${id}") ${belowOf(resultOf('companyAccounting'))}`,
    sees: (who) => SEES_NODE.Company?.(who, { id: ours.companyId, companyId: ours.companyId }) === true,
  },
  grantBreakage: {
    about: ({ grantId }) => grantId,
    ask: (id) => `grantBreakage(grantId: "${id}", expectedUnused: "1") ${belowOf(resultOf('grantBreakage'))}`,
    sees: (who) => SEES_NODE.Company?.(who, { id: ours.companyId, companyId: ours.companyId }) === true,
  },
  legs: {
    about: ({ round }) => round,
    ask: (id) => `legs(roundId: "${id}") ${belowOf(resultOf('legs'))}`,
    sees: seesOurRound,
  },
  quarantinedUsage: {
    about: ({ quarantined }) => quarantined,
    ask: (id) => `quarantinedUsage(quarantineId: "${id}") { __typename quarantineId }`,
    sees: (who) => isOfFund(who) || who.providerId === ours.providerId,
  },
  rehearseSettlement: {
    about: ({ grantId }) => grantId,
    ask: (id) =>
      `rehearseSettlement(grantId: "${id}", event: termination_for_cause, happenedOn: "2026-11-19") ${belowOf(resultOf('rehearseSettlement'))}`,
    sees: (who) => SEES_NODE.Company?.(who, { id: ours.companyId, companyId: ours.companyId }) === true,
  },
  reservationQuote: {
    about: ({ poolId }) => poolId,
    ask: (id) =>
      `reservationQuote(poolId: "${id}", gpus: 1, startsAt: "2026-11-22T00:00:00Z", endsAt: "2026-11-23T00:00:00Z") ${belowOf(resultOf('reservationQuote'))}`,
    sees: (who) => SEES_NODE.Pool?.(who, { id: ours.poolId, providerId: ours.providerId }) === true,
  },
  shareTrace: {
    about: ({ companyId }) => companyId,
    ask: (id) =>
      `shareTrace(companyId: "${id}", securityId: "${securityId}", firstShare: "1", lastShare: "100") ${belowOf(resultOf('shareTrace'))}`,
    sees: (who) => SEES_NODE.Company?.(who, { id: ours.companyId, companyId: ours.companyId }) === true,
  },
}
function seesOurRound(who: Who): boolean {
  return SEES_NODE.Round?.(who, { id: ours.round, companyId: ours.companyId }) === true
}
const resultOf = (query: string): GraphQLNamedType => {
  const field = objectType('Query').getFields()[query]
  if (field === undefined) throw new Error(`there is no Query.${query}`)
  return getNamedType(field.type)
}
let securityId = ''

test('a question about one thing that a person may not see is answered as if there were no such thing', async () => {
  const { data } = await world.staff.partner.graphql(
    'query ($id: ID!) { node(id: $id) { ... on Company { progress { securityId } } } }',
    { id: ours.companyId },
  )
  securityId = data.node.progress[0].securityId
  const needed = Object.values(objectType('Query').getFields()).filter(
    (field) => !isAskable(objectType('Query'), field),
  )
  assert.deepEqual(needed.map(({ name }) => name).sort(), Object.keys(QUESTIONS).sort())
  for (const [name, { about, ask, sees }] of Object.entries(QUESTIONS)) {
    const ghost = ghostOf(about(ours))
    for (const who of everybody()) {
      const answerAbout = async (id: string) =>
        JSON.stringify(await who.person.graphql(`{ ${ask(id)} }`)).replaceAll(id, 'ID')
      const [found, missing] = [await answerAbout(about(ours)), await answerAbout(ghost)]
      assert.ok(
        !found.includes('INTERNAL') && !missing.includes('INTERNAL'),
        `${who.name}: ${name} ${found} ${missing}`,
      )
      assert.equal(found !== missing, sees(who), `${who.name}: ${name} answers ${found}, and for nothing ${missing}`)
    }
  }
})
