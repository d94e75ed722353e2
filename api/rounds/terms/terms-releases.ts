/** How a grant's tokens become available: on dates, by milestones that somebody confirms, or when the company asks. */
import { z } from 'zod'
import { formatTokens, type MicroTokens, zIsoDate, zText, zTokens } from '../../platform/index.ts'
import type { LotReleaseTerms, OnDemandLimits } from '../../tokens/index.ts'
import { zCount } from './term-pieces.ts'

/** Whose people confirm a milestone. Never the company's: it gets the tokens. */
export const MILESTONE_CONFIRMERS = ['fund', 'provider', 'both'] as const
/** Whose people confirm what the company asks for on demand. */
export const DEMAND_CONFIRMERS = ['nobody', 'fund', 'provider'] as const

const Dated = z
  .array(z.strictObject({ on: zIsoDate, tokens: zTokens }))
  .max(500, { error: 'has more than 500 releases' })

const Milestone = z.strictObject({
  code: z.string().regex(/^[A-Z][A-Z0-9_]{1,39}$/, { error: 'must be capitals, digits and underscores' }),
  /** What must have happened, in words that somebody can confirm. */
  text: zText(1000),
  tokens: zTokens,
  confirmedBy: z.enum(MILESTONE_CONFIRMERS),
})
export type MilestoneTerms = z.output<typeof Milestone>

const OnDemand = z.strictObject({
  /** Most of one request; left out: all that is left. */
  perRequest: zTokens.optional(),
  /** Most within any `days` days in a row; left out: no such limit. */
  perPeriod: z.strictObject({ tokens: zTokens, days: zCount(1, 366) }).optional(),
  /** Days from the request to the release. */
  noticeDays: zCount(0, 366).default(0),
  confirmedBy: z.enum(DEMAND_CONFIRMERS).default('nobody'),
})
export type ReleaseOnDemandTerms = z.output<typeof OnDemand>

export const Releases = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('AT_CLOSE') }),
    /** Equal parts, one each month after closing; what falls before the cliff is released with it. */
    z.strictObject({ kind: z.literal('MONTHLY'), months: zCount(1, 120), cliffMonths: zCount(0, 120).default(0) }),
    z.strictObject({
      kind: z.literal('LIST'),
      releases: Dated.min(1, { error: 'must name at least one release' }),
    }),
    /** What no milestone releases is released on the dates of `releases`; where the company asks within `onDemand`, what neither does. */
    z.strictObject({
      kind: z.literal('MILESTONES'),
      milestones: z
        .array(Milestone)
        .min(1, { error: 'must name at least one milestone' })
        .max(50, { error: 'has more than 50 milestones' }),
      releases: Dated.default([]),
      onDemand: OnDemand.optional(),
    }),
    /** The company asks for what the dates of `releases` do not release. */
    z.strictObject({ kind: z.literal('ON_DEMAND'), onDemand: OnDemand.prefault({}), releases: Dated.default([]) }),
  ],
  {
    error:
      'must be AT_CLOSE, MONTHLY with months, LIST with releases, MILESTONES with milestones, or ON_DEMAND with onDemand',
  },
)
export type ReleaseTerms = z.output<typeof Releases>

const writeDated = (releases: readonly { readonly on: string; readonly tokens: MicroTokens }[]) =>
  releases.map(({ on, tokens }) => ({ on, tokens: formatTokens(tokens) }))

function writeOnDemand({ perRequest, perPeriod, ...plain }: ReleaseOnDemandTerms) {
  return {
    ...plain,
    ...(perRequest === undefined ? {} : { perRequest: formatTokens(perRequest) }),
    ...(perPeriod === undefined ? {} : { perPeriod: { tokens: formatTokens(perPeriod.tokens), days: perPeriod.days } }),
  }
}

/** Release terms back on the wire. */
export function writeReleases(terms: ReleaseTerms): z.input<typeof Releases> {
  if (terms.kind === 'LIST') return { kind: terms.kind, releases: writeDated(terms.releases) }
  if (terms.kind === 'MILESTONES') {
    const milestones = terms.milestones.map(({ tokens, ...plain }) => ({ ...plain, tokens: formatTokens(tokens) }))
    const releases = writeDated(terms.releases)
    // Left out where nothing can be asked for: terms from before this could be agreed keep their text, and so their hash.
    const asked = terms.onDemand === undefined ? {} : { onDemand: writeOnDemand(terms.onDemand) }
    return { kind: terms.kind, milestones, releases, ...asked }
  }
  if (terms.kind !== 'ON_DEMAND') return terms
  return { kind: terms.kind, onDemand: writeOnDemand(terms.onDemand), releases: writeDated(terms.releases) }
}

/** What milestones release of a grant; none where none do. */
export const milestonesOf = (terms: ReleaseTerms): readonly MilestoneTerms[] =>
  terms.kind === 'MILESTONES' ? terms.milestones : []

/** Within which limits the company asks for tokens of a grant; `null` where it may not. */
export const onDemandOf = (terms: ReleaseTerms): ReleaseOnDemandTerms | null =>
  terms.kind === 'MILESTONES' || terms.kind === 'ON_DEMAND' ? (terms.onDemand ?? null) : null

/** Tokens that dates and milestones release of a grant whose terms count them; the company asks for the rest. */
export const countedTokens = (terms: Extract<ReleaseTerms, { releases: unknown }>): MicroTokens =>
  [...terms.releases, ...milestonesOf(terms)].reduce((sum, { tokens }) => sum + tokens, 0n)

/** What of them no date releases, as the grant's lot keeps it. */
export function lotReleaseTerms(terms: ReleaseTerms): LotReleaseTerms {
  const onDemand = onDemandOf(terms)
  return {
    milestones: milestonesOf(terms).map(({ code, text, tokens, confirmedBy }) => ({
      code,
      text,
      amount: tokens,
      confirmedBy,
    })),
    onDemand: onDemand === null ? null : limitsOf(onDemand),
  }
}

const limitsOf = ({ perRequest, perPeriod, noticeDays, confirmedBy }: ReleaseOnDemandTerms): OnDemandLimits => ({
  perRequest: perRequest ?? null,
  perPeriod: perPeriod === undefined ? null : { amount: perPeriod.tokens, days: perPeriod.days },
  noticeDays,
  confirmedBy,
})
