/** A company with rounds on their way to closing, made by the use cases; what a test is about it sends over HTTP. */
import assert from 'node:assert/strict'
import { admit, type Role } from '../../api/access/index.ts'
import { importCapTable } from '../../api/captable/index.ts'
import { acceptTermSheet, closeRound, issueTermSheet } from '../../api/closing/index.ts'
import { recordFact } from '../../api/flags/index.ts'
import { inTransaction, newId, type Ref, type Uuid, zRef } from '../../api/platform/index.ts'
import { draftRound, proposeRound, type RoundTermsWire } from '../../api/rounds/index.ts'
import { CLEAR_FACTS } from '../flags/given-flags.ts'
import { WIRE } from '../rounds/given-terms.ts'
import { ownPackage } from '../support/ocf-package.ts'
import type { Person, World } from '../support/world.ts'
import { tokenClass } from '../tokens/given.ts'

/** When rounds are drafted to accepted, and when they close: on the closing date of their terms. */
export const DRAFTED = '2026-11-20T09:00:00Z'
export const CLOSED = '2026-12-15T12:00:00Z'
export const FUND = 'Northgrid Ventures I, L.P.'

const mutation = (name: string, more: string) =>
  `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) {
    __typename ${more} ... on DomainError { code message transient } } }`
const STATE = '... on Round { id state conditions { code state waivedByFund waivedByCompany } }'

/** Sends one mutation as somebody; the answer of its field, or the whole answer where there is none. */
const sender = (name: string, more = STATE) => {
  const document = mutation(name, more)
  return async (by: Person, input: Record<string, unknown>) => {
    const answer = await by.graphql(document, { input })
    return answer.data?.[name] ?? answer
  }
}
export const issue = sender('issueTermSheet')
export const accept = sender('acceptTermSheet')
export const satisfy = sender('satisfyCondition')
export const waive = sender(
  'waiveCondition',
  `${STATE} ... on NotWaivable { waivableBy } ... on Refused { field reason }`,
)
export const close = sender(
  'closeRound',
  `... on ClosedRound { grantId lotId securityId shares round { state } } ... on Refused { field reason }
   ... on CapTableMoved { promised now } ... on OpenFlags { flags { ruleId } } ... on ConditionsOpen { conditions { code } }
   ... on WrongState { state }`,
)

export async function givenDeal(world: World, supply = '1000000', files = ownPackage()) {
  await world.setClock(DRAFTED)
  const company = await world.company()
  const { analyst, partner, secondPartner } = world.staff
  await importCapTable(world.deps, analyst.actor, { companyId: company.id, files: [...files] })
  const tokenClassUuid = await tokenClass(world, supply)
  for (const [name, value] of Object.entries(CLEAR_FACTS)) {
    // The round itself knows its value.
    if (name === 'transaction.value') continue
    await recordFact(world.deps, analyst.actor, {
      companyId: company.id,
      name,
      value,
      source: 'the test',
      asOf: '2026-11-01',
    })
  }

  /** 100,000 tokens at 2.35 for shares at 2.00: 117,500 shares; all tokens are released at closing; no conditions. */
  const terms = (change: Partial<RoundTermsWire> = {}): RoundTermsWire => ({
    ...WIRE,
    name: 'Series A',
    security: { className: 'Series A Preferred Stock', newClass: true },
    preMoney: { amount: '23000000', currency: 'USD' },
    compute: { ...WIRE.compute, tokenClassId: `TokenClass:${tokenClassUuid}`, holderName: FUND },
    releases: { kind: 'AT_CLOSE' },
    conditions: [],
    ...change,
  })
  const compute = (tokens: string) => ({ ...terms().compute, tokens })
  const proposed = async (change: Partial<RoundTermsWire> = {}): Promise<string> => {
    await world.setClock(DRAFTED)
    const { companyId, roundId } = await draftRound(world.deps, analyst.actor, {
      companyId: company.id,
      terms: terms(change),
    })
    const id = `Round:${companyId}:${roundId}`
    await proposeRound(world.deps, partner.actor, { roundId: id, expectedVersion: 1 })
    return id
  }
  const issued = async (change: Partial<RoundTermsWire> = {}) => {
    const roundId = await proposed(change)
    const { sha256, documentId } = await issueTermSheet(world.deps, analyst.actor, { roundId })
    return { roundId, sha256, documentId }
  }
  const accepted = async (change: Partial<RoundTermsWire> = {}) => {
    const { roundId, sha256, documentId } = await issued(change)
    await acceptTermSheet(world.deps, company.founder.actor, { roundId, sha256 })
    await world.setClock(CLOSED)
    return { roundId, sha256, documentId }
  }
  const closed = async (change: Partial<RoundTermsWire> = {}) => {
    const { roundId, documentId } = await accepted(change)
    return { roundId, documentId, ...(await closeRound(world.deps, secondPartner.actor, { roundId })) }
  }
  return { ...company, tokenClassUuid, terms, compute, proposed, issued, accepted, closed }
}
export type Deal = Awaited<ReturnType<typeof givenDeal>>

export const refOf = (roundId: string): Ref => zRef('Round').parse(roundId)

/** Everything that a closing makes, counted; and where the round stands. */
export async function footprint(world: World, deal: Deal, roundId: string) {
  const { db } = world.deps
  const { companyId } = deal
  const count = async (
    table: 'securities_transaction' | 'ocf_object' | 'lot' | 'vesting_grant' | 'closed_round' | 'release_plan',
  ) => (await db.selectFrom(table).select('company_id').where('company_id', '=', companyId).execute()).length
  const transfers = await db.selectFrom('transfer').select('transfer_id').where('holder_id', '=', companyId).execute()
  const supply = await db
    .selectFrom('token_supply')
    .select('granted_micro')
    .where('token_class_id', '=', deal.tokenClassUuid)
    .executeTakeFirstOrThrow()
  const round = await db
    .selectFrom('round')
    .select('state')
    .where('company_id', '=', companyId)
    .where('round_id', '=', refOf(roundId).id)
    .executeTakeFirstOrThrow()
  const closing = await db
    .selectFrom('closing')
    .select('state')
    .where('company_id', '=', companyId)
    .where('round_id', '=', refOf(roundId).id)
    .executeTakeFirstOrThrow()
  const events = await db
    .selectFrom('audit_event')
    .select('event_id')
    .where('scope_id', '=', companyId)
    .where('kind', '=', 'round.closed')
    .execute()
  return {
    transactions: await count('securities_transaction'),
    objects: await count('ocf_object'),
    lots: await count('lot'),
    grants: await count('vesting_grant'),
    closings: await count('closed_round'),
    releases: await count('release_plan'),
    transfers: transfers.length,
    granted: supply.granted_micro,
    round: round.state,
    closing: closing.state,
    events: events.length,
  }
}

/** Runs a step that must be refused with this type, and leave everything a closing makes as it was. */
export async function refused<Answer extends { __typename?: string }>(
  world: World,
  deal: Deal,
  roundId: string,
  wanted: string,
  step: () => Promise<Answer>,
): Promise<Answer> {
  const before = await footprint(world, deal, roundId)
  const answer = await step()
  assert.equal(answer.__typename, wanted, JSON.stringify(answer))
  assert.deepEqual(await footprint(world, deal, roundId), before)
  return answer
}

/** Somebody of the fund's staff who is something else as well. */
export async function both(
  world: World,
  role: Role,
  also: Role,
  of: { companyId?: Uuid; providerId?: Uuid },
): Promise<Person> {
  const person = await world.person(role)
  await inTransaction(world.deps.db, (trx) =>
    admit(trx, { id: person.id, name: role, email: `${person.id}@example.com` }, { id: newId(), role: also, ...of }),
  )
  return person
}

/** The OCF id of the fund, to whom a round of this company has issued shares. */
export async function fundOf(world: World, { companyId }: Deal): Promise<string> {
  const row = await world.deps.db
    .selectFrom('closed_round')
    .innerJoin('securities_transaction as issuance', (on) =>
      on
        .onRef('issuance.company_id', '=', 'closed_round.company_id')
        .onRef('issuance.security_id', '=', 'closed_round.security_id'),
    )
    .select('issuance.stakeholder_id')
    .where('closed_round.company_id', '=', companyId)
    .where('issuance.object_type', '=', 'TX_STOCK_ISSUANCE')
    .limit(1)
    .executeTakeFirstOrThrow()
  assert.ok(row.stakeholder_id !== null)
  return row.stakeholder_id
}
