/** What a round gives for its compute, beside money and cloud credits. */
import { z } from 'zod'
import type { Actor } from '../../access/index.ts'
import { NoCapTable } from '../../captable/index.ts'
import {
  DomainError,
  divide,
  formatTokens,
  globalId,
  type MicroTokens,
  NotFound,
  numericOfWhole,
  parse,
  type Reader,
  TOKEN_PLACES,
  zRef,
} from '../../platform/index.ts'
import type { ProForma } from '../pro-forma/pro-forma.ts'
import { roundProFormas } from '../pro-forma/round-capitalization.ts'
import { type RoundView, roundsByRef } from '../round.views.ts'
import { type GrantTerms, grantsOf } from '../terms/grants-of.ts'
import type { RoundTerms } from '../terms/terms.ts'
import { type LegRow, legRows, OtherLeg } from './legs.ts'

/** Legs beside the tokens of the round. */
const MOST_OTHERS = 19

export const OtherLegs = z.array(OtherLeg).max(MOST_OTHERS, { error: `has more than ${MOST_OTHERS} legs` })

const RoundLegsInput = z.strictObject({
  roundId: zRef('Round'),
  /** Left out: money of the same amount for the same shares, spent at the reference price. */
  others: OtherLegs.optional(),
})

export type RoundLegs = {
  readonly round: RoundView
  /** The cap table is as of this date. */
  readonly asOf: string
  /** The tokens of the round first. */
  readonly legs: readonly LegRow[]
}

/**
 * The legs of a round, its tokens first.
 *
 * @throws {BadInput}
 * @throws {NotFound} for a round that does not exist or that the actor may not see
 * @throws {DomainError} where the cap table cannot tell
 */
export async function roundLegs(reader: Reader, actor: Actor, input: unknown): Promise<RoundLegs> {
  const { roundId: ref, others } = parse(RoundLegsInput, input)
  const [round] = await roundsByRef(reader, actor, [ref])
  if (round === undefined) throw new NotFound('round', globalId('Round', ref.companyId, ref.id))
  return legsBeside(reader, round, others)
}

/** {@link roundLegs} of a round that was found already, beside legs as they are sent. @throws {BadInput} {DomainError} */
export const legsOfFound = (reader: Reader, round: RoundView, others: unknown): Promise<RoundLegs> =>
  legsBeside(reader, round, parse(RoundLegsInput.pick({ others: true }), { others }).others)

async function legsBeside(
  reader: Reader,
  round: RoundView,
  others: readonly OtherLeg[] | undefined,
): Promise<RoundLegs> {
  const found = (await roundProFormas(reader, [round])).get(round)
  if (found === undefined || found instanceof DomainError) throw found ?? new NoCapTable()
  return { round, asOf: found.asOf, legs: legsOfRound(round.terms, found, others) }
}

/**
 * The tokens of a round, of all its grants together, beside `others`. Each leg is of the company after the round without its
 * compute, and that leg alone: the part of the tokens is the one of the pro forma.
 */
export function legsOfRound(
  terms: RoundTerms,
  { grants, computeShares, sharesAfter }: ProForma,
  others: readonly OtherLeg[] = [sameInCash(terms, { grants, computeShares })],
): readonly LegRow[] {
  const expiries = grantsOf(terms).map(({ tokenExpiry }) => tokenExpiry)
  return legRows({
    sharesBefore: sharesAfter - numericOfWhole(computeShares),
    legs: [
      {
        kind: 'COMPUTE',
        name: 'Tokens of this round',
        tokens: tokensOf(grants),
        shares: computeShares,
        // The last day on which any of them is left; an earlier end of some is among the restrictions.
        expiresOn: expiries.toSorted().at(-1),
        restrictions: restrictionsOf(terms),
      },
      ...others,
    ],
  })
}

const tokensOf = (grants: ProForma['grants']): MicroTokens => grants.reduce((sum, { tokens }) => sum + tokens, 0n)

/** The comparison that invents nothing: as much money for as many shares, at the price that the parties themselves agreed. */
function sameInCash(
  terms: RoundTerms,
  { grants, computeShares }: Pick<ProForma, 'grants' | 'computeShares'>,
): OtherLeg {
  const { currency } = grants[0].amount
  const amount = grants.reduce((sum, grant) => sum + grant.amount.amount, 0n)
  const one = grants.every(({ referencePrice }) => referencePrice.amount === grants[0].referencePrice.amount)
  // Of several prices the mean over the tokens, to the nearest of ten places: it buys their hours again.
  const mean = divide(amount * 10n ** BigInt(TOKEN_PLACES), tokensOf(grants), 'NEAREST')
  return {
    kind: 'CASH',
    name: 'The same value in cash',
    amount: { amount, currency },
    shares: computeShares,
    hourPrice: {
      amount: { amount: one ? grants[0].referencePrice.amount : mean, currency },
      source: `${one ? 'the reference price' : 'the mean of the reference prices'} in the terms of ${terms.name}`,
    },
    restrictions: [],
  }
}

/** What ties the hands, of each grant where there are several. */
function restrictionsOf(terms: RoundTerms): string[] {
  const grants = grantsOf(terms)
  const of = grants.map((grant) => [
    ...expiryOf(grant, grants),
    releaseWords(grant.releases),
    grant.charging === 'RESERVED' ? 'reserved time is charged whether used or not' : 'only metered use is charged',
  ])
  const settled = 'what is not earned by the long-stop is settled by the terms'
  if (grants.length === 1) return [...(of[0] ?? []), settled]
  const named = grants.map(
    ({ ordinal, tokens }, index) => `grant ${ordinal}, ${formatTokens(tokens)} tokens: ${of[index]?.join('; ') ?? ''}`,
  )
  return [...named, settled]
}

const expiryOf = ({ tokenExpiry }: GrantTerms, grants: readonly GrantTerms[]): string[] =>
  grants.every((grant) => grant.tokenExpiry === tokenExpiry) ? [] : [`they expire on ${tokenExpiry}`]

function releaseWords(releases: RoundTerms['releases']): string {
  switch (releases.kind) {
    case 'AT_CLOSE':
      return 'all tokens are released at the closing'
    case 'MONTHLY': {
      const cliff = releases.cliffMonths > 0 ? `, none before month ${releases.cliffMonths}` : ''
      return `released in equal parts over ${releases.months} months${cliff}`
    }
    case 'LIST':
      return `released in ${releases.releases.length} parts on agreed days`
    case 'MILESTONES': {
      const count = releases.milestones.length
      const milestones = `released by ${count} ${count === 1 ? 'milestone' : 'milestones'} that others confirm`
      const rest = [
        ...(releases.releases.length === 0 ? [] : ['on agreed days']),
        ...(releases.onDemand === undefined ? [] : ['when the company asks, within the agreed limits']),
      ]
      return rest.length === 0 ? milestones : `${milestones}, the rest ${rest.join(' or ')}`
    }
    case 'ON_DEMAND':
      return 'released when the company asks, within the agreed limits'
  }
}
