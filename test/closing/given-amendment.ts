/** Amendments as they are sent over HTTP. */
import assert from 'node:assert/strict'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import type { Person, World } from '../support/world.ts'
import { type Deal, refOf } from './given-deal.ts'

const AMENDMENT = `... on Amendment { id state baseVersion termsVersion effectiveOn
  changes { path title from to fromWords toWords } signatures { side sha256 } document { id sha256 downloadPath } }`
const REFUSALS = `... on Refused { field reason } ... on WrongState { wrong: state }`
const sender = (name: string, more = '') => {
  const text = `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) {
    __typename ${AMENDMENT} ${REFUSALS} ${more} ... on DomainError { code message transient } } }`
  return async (by: Person, input: Record<string, unknown>) => {
    const answer = await by.graphql(text, { input })
    return answer.data?.[name] ?? answer
  }
}
const FAULTS = '... on NotAmendable { faults { path reason } } ... on StaleTerms { given current }'
export const draftIt = sender('draftAmendment', FAULTS)
export const extendIt = sender('draftExtension', FAULTS)
export const proposeIt = sender('proposeAmendment', `${FAULTS} ... on OpenFlags { flags { ruleId } }`)
export const signIt = sender('signAmendment', `${FAULTS} ... on OpenFlags { flags { ruleId } }`)
export const acceptIt = sender('acceptAmendment', FAULTS)
export const withdrawIt = sender('withdrawAmendment')

/** The terms of a round as they were signed last, on the wire. */
export async function wireTerms(world: World, roundId: string): Promise<RoundTermsWire> {
  const { companyId, id } = refOf(roundId)
  const row = await world.deps.db
    .selectFrom('round_terms')
    .select('terms')
    .where('company_id', '=', companyId)
    .where('round_id', '=', id)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  return row.terms as RoundTermsWire
}

/** Drafts a change of the last signed terms as the analyst; the answer whatever it is. */
export async function drafted(
  world: World,
  roundId: string,
  change: Partial<RoundTermsWire>,
  more: Record<string, unknown> = {},
) {
  return draftIt(world.staff.analyst, {
    roundId,
    expectedVersion: 1,
    terms: { ...(await wireTerms(world, roundId)), ...change },
    reason: 'The provider was late with its new cluster.',
    ...more,
  })
}

/** A proposed amendment, and the hash that both sides sign. */
export async function proposed(
  world: World,
  roundId: string,
  change: Partial<RoundTermsWire>,
  more: Record<string, unknown> = {},
): Promise<{ amendmentId: string; sha256: string }> {
  const draft = await drafted(world, roundId, change, more)
  assert.equal(draft.__typename, 'Amendment', JSON.stringify(draft))
  const answer = await proposeIt(world.staff.analyst, { amendmentId: draft.id })
  assert.deepEqual([answer.__typename, answer.state], ['Amendment', 'proposed'], JSON.stringify(answer))
  return { amendmentId: draft.id, sha256: answer.document.sha256 }
}

/** An amendment that both have signed: the fund first. */
export async function signed(
  world: World,
  deal: Pick<Deal, 'signatory'>,
  roundId: string,
  change: Partial<RoundTermsWire>,
  more: Record<string, unknown> = {},
) {
  const input = await proposed(world, roundId, change, more)
  const fund = await signIt(world.staff.partner, input)
  assert.deepEqual([fund.__typename, fund.state], ['Amendment', 'proposed'], JSON.stringify(fund))
  const both = await acceptIt(deal.signatory, input)
  assert.equal(both.__typename, 'Amendment', JSON.stringify(both))
  return both
}
