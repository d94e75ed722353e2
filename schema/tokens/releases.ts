/** Releases that no date gives: milestones that are confirmed, and what the company asks for. */
import { confirmMilestone, decideRelease, requestRelease } from '../../api/closing/index.ts'
import { globalId, type Uuid } from '../../api/platform/index.ts'
import {
  ASKED_RELEASE_STATES,
  type AskedRelease,
  askedReleasesOf,
  drawOrdersOf,
  type LotReleaseTerms,
  type LotView,
  type Milestone,
  mustSeeAskedRelease,
  NO_RELEASE_TERMS,
  type OnDemandLimits,
  RELEASE_DECISIONS,
  RELEASE_REFUSALS,
  ReleasesEnded,
  releasesToDecide,
  releaseTermsByLot,
  withdrawRelease,
} from '../../api/tokens/index.ts'
import { batch } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Company } from '../parties.ts'
import { DemandConfirmer, DrawOrderEnum, MilestoneConfirmer } from '../rounds/round-terms-enums.ts'
import './token-errors.ts'
import { Lot, TokenClass } from './tokens.ts'

const upper = <T extends string>(values: readonly T[]) =>
  Object.fromEntries(values.map((value) => [value.toUpperCase(), { value }])) as Record<string, { value: T }>

const State = builder.enumType('TokenReleaseState', {
  description:
    'WAITING for who must confirm it; DUE from its day on; RELEASED; REFUSED; WITHDRAWN by the company; LAPSED, since its tokens were cancelled or expired, or its grant was settled, before.',
  values: upper(ASKED_RELEASE_STATES),
})

const Refusal = builder.enumType('ReleaseRefusal', {
  description:
    'NOT_REACHED: the milestone is not reached. NOT_SHOWN: the evidence does not show it. NO_CAPACITY: what is asked for could not be delivered. OUTSIDE_TERMS: the terms do not give it. OTHER.',
  values: RELEASE_REFUSALS,
})

const Release = builder.objectRef<AskedRelease>('TokenRelease').implement({
  description: 'A release that no date gives: a milestone that was confirmed, or tokens that the company asked for.',
  fields: (t) => ({
    releaseId: t.id({
      description: 'Its id.',
      resolve: ({ companyId, releaseId }) => globalId('TokenRelease', companyId, releaseId),
    }),
    companyId: t.id({ description: 'Whose tokens.', resolve: ({ companyId }) => globalId('Company', companyId) }),
    lotId: t.id({ description: 'Their lot.', resolve: ({ companyId, lotId }) => globalId('Lot', companyId, lotId) }),
    kind: t.exposeString('kind', { description: 'milestone or on_demand.' }),
    milestone: t.exposeString('code', { nullable: true, description: 'Code of the milestone.' }),
    amount: t.expose('amount', { type: 'Tokens', description: 'How many tokens.' }),
    dueOn: t.expose('dueOn', { type: 'Date', description: 'From when on they can be released.' }),
    needs: t.expose('needs', { type: DemandConfirmer, description: 'Whose people must say yes beside who asked.' }),
    evidence: t.exposeString('evidence', { nullable: true, description: 'What shows that a milestone was reached.' }),
    reachedOn: t.expose('evidenceDate', { type: 'Date', nullable: true, description: 'When it was reached.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why the company asked.' }),
    askedAt: t.expose('askedAt', { type: 'DateTime', description: 'When it was confirmed first, or asked for.' }),
    decidedAt: t.expose('decidedAt', { type: 'DateTime', nullable: true, description: 'When it was decided.' }),
    reasonCode: t.field({
      type: Refusal,
      nullable: true,
      description: 'Why it was refused; null otherwise.',
      resolve: ({ reasonCode }) => RELEASE_REFUSALS.find((known) => known === reasonCode) ?? null,
    }),
    note: t.exposeString('note', { nullable: true, description: 'What was said to the decision.' }),
    state: t.expose('state', { type: State, description: 'Where it is.' }),
  }),
})

const MilestoneOfLot = builder.objectRef<Milestone>('LotMilestone').implement({
  description: 'A milestone of the terms in force.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Its name.' }),
    text: t.exposeString('text', { description: 'What must have happened, in words.' }),
    tokens: t.expose('amount', { type: 'Tokens', description: 'How many tokens it releases.' }),
    confirmedBy: t.expose('confirmedBy', { type: MilestoneConfirmer, description: 'Whose people confirm it.' }),
  }),
})
const Limits = builder.objectRef<OnDemandLimits>('LotReleasesOnDemand').implement({
  description: 'Within which limits tokens of a lot can be asked to be released.',
  fields: (t) => ({
    perRequest: t.expose('perRequest', { type: 'Tokens', nullable: true, description: 'Most of one request.' }),
    perPeriod: t.field({
      type: 'Tokens',
      nullable: true,
      description: 'Most of all requests within periodDays days in a row.',
      resolve: ({ perPeriod }) => perPeriod?.amount ?? null,
    }),
    periodDays: t.int({
      nullable: true,
      description: 'Days of the period.',
      resolve: ({ perPeriod }) => perPeriod?.days ?? null,
    }),
    noticeDays: t.exposeInt('noticeDays', { description: 'Days from the request to the release.' }),
    confirmedBy: t.expose('confirmedBy', { type: DemandConfirmer, description: 'Whose people confirm it.' }),
  }),
})

/** What holds for a lot today. One query for the lots of a request. */
async function termsOf({ companyId, lotId }: LotView, context: Context): Promise<LotReleaseTerms> {
  const load = async (keys: readonly string[]) => {
    const lots = await releaseTermsByLot(context.deps.db, [...new Set(keys.map((key) => key.split(':')[0] ?? ''))])
    return new Map(keys.map((key) => [key, lots.get(key.split(':')[1] ?? '')?.now ?? NO_RELEASE_TERMS]))
  }
  return (await batch(context, ['Lot.releaseTerms'], `${companyId}:${lotId}`, load)) ?? NO_RELEASE_TERMS
}

builder.objectFields(Lot, (t) => ({
  milestones: t.field({
    type: [MilestoneOfLot],
    description: 'What releases its tokens once somebody confirms it.',
    complexity: { field: 1, multiplier: 5 },
    resolve: async (lot, _args, context) => [...(await termsOf(lot, context)).milestones],
  }),
  releasesOnDemand: t.field({
    type: Limits,
    nullable: true,
    description: 'Within which limits its tokens can be asked for; null where they cannot.',
    resolve: async (lot, _args, context) => (await termsOf(lot, context)).onDemand,
  }),
}))

type Ordered = NonNullable<ReturnType<Awaited<ReturnType<typeof drawOrdersOf>>['get']>>[number]
const AgreedOrder = builder.objectRef<Ordered>('AgreedDrawOrder').implement({
  description: 'In which order a company’s lots of a class are drawn, as a signed document says.',
  fields: (t) => ({
    tokenClass: t.field({ type: TokenClass, description: 'The token.', resolve: (row) => row.tokenClassId }),
    order: t.expose('order', { type: DrawOrderEnum, description: 'The order.' }),
    since: t.expose('effectiveOn', { type: 'Date', description: 'First day on which it holds.' }),
    source: t.exposeID('source', { description: 'Id of the document that says so: what is agreed last holds.' }),
  }),
})

builder.objectFields(Company, (t) => ({
  tokenReleases: t.field({
    type: [Release],
    description: 'Releases that no date gives, the newest first; at most 200.',
    complexity: { field: 2, multiplier: 10 },
    resolve: async ({ companyId }, _args, context) => {
      const load = (ids: readonly Uuid[]) => askedReleasesOf(context.deps.db, ids)
      return (await batch(context, ['Company.tokenReleases'], companyId, load)) ?? []
    },
  }),
  drawOrders: t.field({
    type: [AgreedOrder],
    description: 'In which order its lots are drawn, by class; of a class without an entry the earliest expiry first.',
    complexity: { field: 2, multiplier: 3 },
    resolve: async ({ companyId }, _args, context) => {
      const load = (ids: readonly Uuid[]) => drawOrdersOf(context.deps.db, ids)
      return (await batch(context, ['Company.drawOrders'], companyId, load)) ?? []
    },
  }),
}))

builder.queryField('tokenReleasesToDecide', (t) =>
  t.field({
    type: [Release],
    description: 'Releases that wait for the fund or for the provider, and that one sees, oldest first; at most 500.',
    complexity: { field: 5, multiplier: 5 },
    resolve: (_root, _args, { deps, actor }) => releasesToDecide(deps.db, actor),
  }),
)

const ConfirmMilestoneInput = builder.inputType('ConfirmMilestoneInput', {
  description: 'That a milestone is reached.',
  fields: (t) => ({
    lotId: t.id({ description: 'The lot that it releases tokens of.' }),
    code: t.string({ description: 'Code of the milestone.' }),
    evidence: t.string({ description: 'What shows it, in words, at most 2,000 characters.' }),
    reachedOn: t.field({ type: 'Date', description: 'When it was reached; not in the future.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const RequestReleaseInput = builder.inputType('RequestReleaseInput', {
  description: 'Tokens that the company asks for.',
  fields: (t) => ({
    lotId: t.id({ description: 'The lot.' }),
    amount: t.field({ type: 'Tokens', description: 'How many tokens.' }),
    reason: t.string({ required: false, description: 'Why, at most 1,000 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const DecideReleaseInput = builder.inputType('DecideReleaseInput', {
  description: 'What is said to a release that waits.',
  fields: (t) => ({
    releaseId: t.id({ description: 'The release.' }),
    decision: t.field({
      type: builder.enumType('ReleaseDecision', {
        description: 'Confirm, or refuse.',
        values: RELEASE_DECISIONS,
      }),
      description: 'The decision.',
    }),
    reasonCode: t.field({ type: Refusal, required: false, description: 'Why it is refused; only to refuse.' }),
    note: t.string({ required: false, description: 'Why. Required to refuse.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

const WithdrawReleaseInput = builder.inputType('WithdrawReleaseInput', {
  description: 'What the company takes back.',
  fields: (t) => ({
    releaseId: t.id({ description: 'The release.' }),
    note: t.string({ required: false, description: 'Why, at most 1,000 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationFields((t) => ({
  confirmMilestone: t.field({
    type: Release,
    description:
      'Confirm that a milestone is reached, by somebody of the side that the terms name and never of the company’s. Its tokens are released, or wait for the other side. Refused from the long-stop of the grant on, unless its unearned shares vest all the same.',
    ...may(['operations', 'partner', 'provider'], [ReleasesEnded]),
    args: { input: t.arg({ type: ConfirmMilestoneInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      mustSeeAskedRelease(deps.db, actor, (await confirmMilestone(deps, actor, input)).ref),
  }),
  requestRelease: t.field({
    type: Release,
    description:
      'Ask for tokens of a lot that are released on demand, within what its terms allow and before the long-stop of its grant.',
    ...may(['founder', 'signatory'], [ReleasesEnded]),
    args: { input: t.arg({ type: RequestReleaseInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      mustSeeAskedRelease(deps.db, actor, (await requestRelease(deps, actor, input)).ref),
  }),
  decideRelease: t.field({
    type: Release,
    description: 'Confirm or refuse a release that waits, by somebody of the side that the terms name.',
    ...may(['operations', 'partner', 'provider'], [ReleasesEnded]),
    args: { input: t.arg({ type: DecideReleaseInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      mustSeeAskedRelease(deps.db, actor, (await decideRelease(deps, actor, input)).ref),
  }),
  withdrawRelease: t.field({
    type: Release,
    description: 'Take back what the company asked for, while it is neither confirmed nor released.',
    ...may(['founder', 'signatory']),
    args: { input: t.arg({ type: WithdrawReleaseInput }) },
    resolve: async (_root, { input }, { deps, actor }) =>
      mustSeeAskedRelease(deps.db, actor, (await withdrawRelease(deps, actor, input)).ref),
  }),
}))
