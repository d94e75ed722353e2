/** Two grants of two providers, released in every way, and further closings: as people bring them about over HTTP. */
import assert from 'node:assert/strict'
import type { Uuid } from '../../api/platform/index.ts'
import type { RoundTermsWire } from '../../api/rounds/index.ts'
import { givenDrawdown } from '../drawdown/given-drawdown.ts'
import type { Person, World } from '../support/world.ts'
import { tokenClass } from '../tokens/given.ts'
import { signed } from './given-amendment.ts'
import { type Deal, givenDeal } from './given-deal.ts'

export const RELEASE = '... on TokenRelease { releaseId milestone amount state needs dueOn }'
export const CLOSING = `... on Closing { id state document { sha256 } grants { lotId grantId } plannedGrants { tokens releases { on tokens }
  milestones { code tokens confirmedBy } releasesOnDemand { perRequest perPeriod periodDays noticeDays confirmedBy } } }`
/** Of mutations that know it; left out of the others. */
const ENDS = new Set(['confirmMilestone', 'requestRelease', 'decideRelease'])
export const sender = (name: string, fields: string) => {
  const document = `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename
    ${fields} ... on DomainError { code message } ... on Refused { field reason } ${ENDS.has(name) ? '... on ReleasesEnded { because on }' : ''} } }`
  return async (by: Person, input: Record<string, unknown>) => {
    const answer = await by.graphql(document, { input })
    return answer.data?.[name] ?? answer
  }
}
export const confirm = sender('confirmMilestone', RELEASE)
export const ask = sender('requestRelease', RELEASE)
export const decide = sender('decideRelease', RELEASE)
export const plan = sender('planClosing', CLOSING)

export type Releases = RoundTermsWire['releases']
export const pilot = (tokens: string, confirmedBy: 'fund' | 'provider' | 'both') => ({
  code: 'PILOT',
  text: 'The pilot runs.',
  tokens,
  confirmedBy,
})
/** Of 100,000: 30,000 at closing, 40,000 by the pilot, 30,000 as the company asks. */
export const FIRST: Releases = {
  kind: 'MILESTONES',
  milestones: [pilot('40000', 'fund')],
  releases: [{ on: '2026-12-15', tokens: '30000' }],
  onDemand: { perRequest: '20000' },
}
/** Of 50,000: 20,000 by a pilot of the same name, 30,000 as the company asks and the fund confirms. */
export const SECOND: Releases = {
  kind: 'MILESTONES',
  milestones: [pilot('20000', 'provider')],
  onDemand: { confirmedBy: 'fund' },
}
/** Of 20: 5 on the day, 5 by a pilot, 10 as the company asks. */
export const LATER: Releases = {
  kind: 'MILESTONES',
  milestones: [pilot('5', 'both')],
  releases: [{ on: '2026-12-20', tokens: '5' }],
  onDemand: { perPeriod: { tokens: '8', days: 30 }, confirmedBy: 'provider' },
}

/** A round whose two grants are of two providers; further closings until 15 June 2027. */
export async function twoGrants(
  world: World,
  change: { first?: Releases; second?: Releases; longStop?: string; more?: Partial<RoundTermsWire> } = {},
) {
  const deal = await givenDeal(world)
  const otherClass = await tokenClass(world, '1000000', world.otherProviderId)
  const second = {
    tokenClassId: `TokenClass:${otherClass}`,
    tokens: '50000',
    referencePrice: { amount: '1.50', currency: 'USD' },
    releases: change.second ?? SECOND,
    ...(change.longStop === undefined ? {} : { longStop: change.longStop }),
  }
  const drawn = await givenDrawdown(
    world,
    {
      security: { className: 'Series A Preferred Stock', newClass: true, authorized: '5000000' },
      cashInvestors: [],
      releases: change.first ?? FIRST,
      furtherGrants: [second],
      ...change.more,
      rolling: { maximum: { amount: '3000000', currency: 'USD' }, outsideDate: '2027-06-15' },
    },
    { deal },
  )
  const lots = drawn.closed.grants.map(({ lotId }) => lotIdOf(deal, lotId))
  return { ...drawn, otherClass, second, one: lots[0] ?? '', two: lots[1] ?? '' }
}
export const lotIdOf = ({ companyId }: Pick<Deal, 'companyId'>, lotId: Uuid) => `Lot:${companyId}:${lotId}`
export const reached = (lotId: string, reachedOn = '2026-12-15') => ({
  lotId,
  code: 'PILOT',
  evidence: 'A report',
  reachedOn,
})

/** Whole tokens of a lot that are locked, and available. */
export async function tokensOf({ deps: { db } }: World, lot: string): Promise<string> {
  const [, companyId = '', lotId = ''] = lot.split(':')
  const rows = await db
    .selectFrom('ledger_account')
    .select(['kind', 'credits_posted', 'debits_posted'])
    .where('holder_id', '=', companyId)
    .where('lot_id', '=', lotId)
    .execute()
  const of = (kind: string) => {
    const row = rows.find((each) => each.kind === kind)
    return ((row?.credits_posted ?? 0n) - (row?.debits_posted ?? 0n)) / 1_000_000n
  }
  return `${of('locked')} locked, ${of('available')} available`
}

/** Holds a further closing of one grant on 20 December, as people do over HTTP. */
export async function furtherClosing(
  world: World,
  of: { closed: { roundId: string }; signatory: Person },
  grant: object,
) {
  const { analyst, secondPartner } = world.staff
  await world.setClock('2026-12-18T10:00:00Z')
  const input = { roundId: of.closed.roundId, closingDate: '2026-12-20', grants: [grant] }
  const planned = await plan(analyst, input)
  assert.equal(planned.__typename, 'Closing', JSON.stringify(planned))
  const offered = await sender('offerClosing', CLOSING)(analyst, { closingId: planned.id })
  const { sha256 } = offered.document
  const accepted = await sender('acceptClosing', CLOSING)(of.signatory, { closingId: planned.id, sha256 })
  assert.equal(accepted.state, 'accepted', JSON.stringify(accepted))
  await world.setClock('2026-12-20T10:00:00Z')
  const held = await sender('holdClosing', CLOSING)(secondPartner, { closingId: planned.id })
  assert.equal(held.state, 'closed', JSON.stringify(held))
  return held
}

/** The first grant goes on until 15 June 2030, the second as told. */
export async function signedDates(
  world: World,
  of: Awaited<ReturnType<typeof twoGrants>>,
  own: { longStop: string; tokenExpiry: string },
): Promise<void> {
  await world.setClock('2026-12-20T10:00:00Z')
  const change = { longStop: '2030-06-15', tokenExpiry: '2030-06-15', furtherGrants: [{ ...of.second, ...own }] }
  await signed(world, of, of.closed.roundId, change as Partial<RoundTermsWire>, { effectiveOn: '2027-01-01' })
}
