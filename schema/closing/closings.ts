/** The closings of a round: the first, and those that follow it at its price. */
import { TransactionRefused } from '../../api/captable/index.ts'
import {
  acceptClosing,
  CLOSING_STATES,
  type ClosedGrantView,
  type ClosingView,
  ConditionsOpen,
  closingsById,
  closingsOfRounds,
  holdClosing,
  type LaterForma,
  type LaterPurchase,
  offerClosing,
  planClosing,
  releasesOf,
  releaseTermsOf,
  UnderReview,
  withdrawClosing,
} from '../../api/closing/index.ts'
import { AlreadyAccepted, DocumentSuperseded, HashMismatch } from '../../api/documents/index.ts'
import { OpenFlags } from '../../api/flags/index.ts'
import { globalId, NotFound, numericOfWhole, type Ref } from '../../api/platform/index.ts'
import { milestonesOf, onDemandOf } from '../../api/rounds/index.ts'
import { SupplyExceeded } from '../../api/tokens/index.ts'
import { Document } from '../documents.ts'
import { batch } from '../kernel/batch.ts'
import { builder, nodeName } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { withoutNulls } from '../kernel/input.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { MoneyInput } from '../kernel/scalars.ts'
import { MilestoneType, OnDemandType, PlannedReleaseType } from '../rounds/round-terms.ts'
import { Allocation, Charging, ConditionWaiver, VestBasis } from '../rounds/round-terms-enums.ts'
import { ReleaseTermsInput } from '../rounds/round-terms-input.ts'
import { Round } from '../rounds/rounds.ts'
import { TokenClass } from '../tokens/tokens.ts'
import { Condition } from './closing.ts'

const ClosingState = builder.enumType('ClosingState', {
  description: 'Where a closing stands. The company sees a further one from `offered` on.',
  values: CLOSING_STATES,
})

const Purchase = builder.objectRef<LaterPurchase>('ClosingPurchase').implement({
  description: 'What a further closing issues to one holder, at the price of the first.',
  fields: (t) => ({
    holder: t.exposeString('holder', { description: 'Who buys.' }),
    className: t.exposeString('className', { description: 'What.' }),
    amount: t.expose('amount', { type: 'Money', description: 'For how much, in cash or in compute.' }),
    shares: t.field({ type: 'Shares', description: 'How many.', resolve: ({ shares }) => numericOfWhole(shares) }),
  }),
})
type LaterGrant = LaterForma['grants'][number] & Pick<ClosingView, 'closingDate'>
const PlannedGrant = builder.objectRef<LaterGrant>('PlannedClosingGrant').implement({
  description: 'A grant as a further closing brings it, and what releases its tokens.',
  fields: (t) => ({
    tokenClass: t.field({ type: TokenClass, description: 'Of which token.', resolve: ({ leg }) => leg.tokenClassId }),
    tokens: t.field({ type: 'Tokens', description: 'How many tokens.', resolve: ({ leg }) => leg.tokens }),
    referencePrice: t.expose('referencePrice', { type: 'Money', description: 'Agreed money per H100-hour.' }),
    releases: t.field({
      type: [PlannedReleaseType],
      description:
        'The dates on which its tokens become available, if the closing is on the planned day; not what milestones or requests release.',
      resolve: (grant) => [...releasesOf(grant, grant.closingDate)],
    }),
    milestones: t.field({
      type: [MilestoneType],
      description: 'What releases its tokens once somebody confirms it.',
      resolve: ({ leg }) => [...milestonesOf(releaseTermsOf(leg))],
    }),
    releasesOnDemand: t.field({
      type: OnDemandType,
      nullable: true,
      description: 'Within which limits the company asks for its tokens; null where it does not.',
      resolve: ({ leg }) => onDemandOf(releaseTermsOf(leg)),
    }),
  }),
})
const Grant = builder.objectRef<ClosedGrantView>('ClosedGrant').implement({
  description: 'Tokens of one class that vest one security, opened by a closing.',
  fields: (t) => ({
    grantId: t.exposeID('grantId', { description: 'The grant.' }),
    leg: t.exposeInt('leg', { description: 'Which of the grants of its closing, from 1.' }),
    lotId: t.exposeID('lotId', { description: 'Its lot.' }),
    tokenClass: t.field({
      type: TokenClass,
      description: 'Of which token.',
      resolve: ({ tokenClassId }) => tokenClassId,
    }),
    tokens: t.expose('tokens', { type: 'Tokens', description: 'How many tokens.' }),
    securityId: t.exposeString('securityId', { description: 'The OCF security that it vests.' }),
    shares: t.field({
      type: 'Shares',
      description: 'Shares issued unearned.',
      resolve: ({ shares }) => numericOfWhole(shares),
    }),
    documentId: t.id({
      description: 'Global id of the accepted document behind it.',
      resolve: ({ companyId, documentId }) => globalId('Document', companyId, documentId),
    }),
  }),
})

const keyOf = ({ companyId, id }: Ref): string => `${companyId}:${id}`
const refOf = (key: string): Ref => {
  const [companyId = '', id = ''] = key.split(':')
  return { companyId, id }
}

/** A closing, loaded by id. */
export const Closing = builder.loadableNodeRef(nodeName('Closing', 2), {
  id: { resolve: ({ companyId, closingId }: ClosingView) => keyOf({ companyId, id: closingId }) },
  load: async (ids: string[], { deps, actor }: Context) => {
    const refs = ids.map(refOf).filter(({ id }) => id !== '')
    const found = await closingsById(deps.db, actor, refs)
    const byKey = new Map(found.map((row) => [keyOf({ companyId: row.companyId, id: row.closingId }), row]))
    return ids.map((id) => byKey.get(id) ?? null)
  },
})
Closing.implement({
  description: 'One closing of a round. Those after the first have its price, and their own grants and conditions.',
  fields: (t) => ({
    round: t.field({
      type: Round,
      description: 'The round.',
      resolve: ({ companyId, roundId }) => `${companyId}:${roundId}`,
    }),
    ordinal: t.exposeInt('ordinal', { description: '1 is the first, whose figures are the round’s pro forma.' }),
    state: t.expose('state', { type: ClosingState, description: 'Where it stands.' }),
    closingDate: t.expose('closingDate', { type: 'Date', description: 'The planned day.' }),
    closedAt: t.expose('closedAt', { type: 'DateTime', nullable: true, description: 'When it was held.' }),
    price: t.field({
      type: 'Money',
      nullable: true,
      description: 'Price per share of a further closing: that of the first.',
      resolve: ({ forma }) => forma?.price ?? null,
    }),
    consideration: t.field({
      type: 'Money',
      nullable: true,
      description: 'What a further closing brings, cash and compute.',
      resolve: ({ forma }) => forma?.consideration ?? null,
    }),
    purchases: t.field({
      type: [Purchase],
      description: 'What a further closing issues: grants first, then cash. Empty for the first closing.',
      resolve: ({ forma }) => (forma === null ? [] : [...forma.grants, ...forma.cash]),
    }),
    plannedGrants: t.field({
      type: [PlannedGrant],
      complexity: { field: 1, multiplier: 2 },
      description: 'The grants that a further closing brings, held or not. Empty for the first closing.',
      resolve: ({ forma, closingDate }) => (forma?.grants ?? []).map((grant) => ({ ...grant, closingDate })),
    }),
    conditions: t.field({
      type: [Condition],
      description: 'What must be true before it.',
      resolve: ({ conditions }) => [...conditions],
    }),
    grants: t.field({
      type: [Grant],
      description: 'The grants that it opened; empty before it is held.',
      resolve: ({ grants }) => [...grants],
    }),
    document: t.field({
      type: Document,
      nullable: true,
      description: 'The document behind it: the term sheet of the first, a document of its own of each other.',
      resolve: ({ companyId, documentId }) => (documentId === null ? null : `${companyId}:${documentId}`),
    }),
  }),
})

builder.objectField(Round, 'closings', (t) =>
  t.field({
    type: [Closing],
    description: 'Its closings that the actor sees, the first one first.',
    complexity: { field: 5, multiplier: 5 },
    resolve: async ({ companyId, roundId }, _args, context) => {
      const load = async (keys: readonly string[]) => {
        const found = await closingsOfRounds(context.deps.db, context.actor, keys.map(refOf))
        return new Map(keys.map((key) => [key, found.get(refOf(key).id) ?? []]))
      }
      return (await batch(context, ['Round.closings'], keyOf({ companyId, id: roundId }), load)) ?? []
    },
  }),
)

const after = async ({ deps, actor }: Context, { ref }: { ref: Ref }): Promise<ClosingView> => {
  const [closing] = await closingsById(deps.db, actor, [ref])
  if (closing === undefined) throw new NotFound('closing', globalId('Closing', ref.companyId, ref.id))
  return closing
}

const LaterInvestorInput = builder.inputType('LaterInvestorInput', {
  description: 'Somebody who buys shares for cash in a further closing.',
  fields: (t) => ({
    name: t.string({ description: 'Legal name.' }),
    amount: t.field({ type: MoneyInput, description: 'Cash.' }),
    stakeholderId: t.string({ required: false, description: 'Its id in the OCF data, where it holds securities.' }),
  }),
})
const LaterGrantInput = builder.inputType('LaterGrantInput', {
  description: 'Tokens of one class that vest one security. What is left out is as the terms of the round say.',
  fields: (t) => ({
    tokenClassId: t.id({ description: 'Of which token.' }),
    tokens: t.field({ type: 'Tokens', description: 'How many tokens.' }),
    referencePrice: t.field({ type: MoneyInput, required: false, description: 'Agreed money per H100-hour.' }),
    basis: t.field({ type: VestBasis, required: false, description: 'Which causes of a charge earn.' }),
    allocation: t.field({ type: Allocation, required: false, description: 'How whole shares are allocated.' }),
    tranches: t.int({ required: false, description: 'Equal tranches of tokens.' }),
    releaseOn: t.field({
      type: ['Date'],
      required: false,
      description: 'Days on which equal parts become available. Default: all on the day of the closing.',
    }),
    releases: t.field({
      type: ReleaseTermsInput,
      required: false,
      description: 'In the place of releaseOn: all ways in which terms release tokens, milestones and requests too.',
    }),
    charging: t.field({ type: Charging, required: false, description: 'What is charged.' }),
    longStop: t.field({ type: 'Date', required: false, description: 'Its long-stop date.' }),
    tokenExpiry: t.field({ type: 'Date', required: false, description: 'When its tokens expire.' }),
  }),
})
const LaterConditionInput = builder.inputType('LaterConditionInput', {
  description: 'What must be true before a further closing.',
  fields: (t) => ({
    code: t.string({ description: 'Capitals, digits, underscores; new in the round.' }),
    text: t.string({ description: 'The condition in words.' }),
    waivableBy: t.field({ type: ConditionWaiver, required: false, description: 'Who may waive it. Default nobody.' }),
  }),
})
const PlanClosingInput = builder.inputType('PlanClosingInput', {
  description: 'A further closing of a closed round.',
  fields: (t) => ({
    roundId: t.id({ description: 'The round.' }),
    closingDate: t.field({ type: 'Date', description: 'The day, until the outside date of the terms.' }),
    cashInvestors: t.field({ type: [LaterInvestorInput], required: false, description: 'Who pays cash.' }),
    grants: t.field({
      type: [LaterGrantInput],
      required: false,
      description: 'The grants, of one token or of several.',
    }),
    conditions: t.field({
      type: [LaterConditionInput],
      required: false,
      description: 'What it needs. Default nothing.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const closingOnly = (name: string) =>
  builder.inputType(name, {
    description: 'Which closing.',
    fields: (t) => ({ closingId: t.id({ description: 'The closing.' }), idempotencyKey: idempotencyKey(t) }),
  })
const OfferClosingInput = closingOnly('OfferClosingInput')
const HoldClosingInput = closingOnly('HoldClosingInput')
const AcceptClosingInput = builder.inputType('AcceptClosingInput', {
  description: 'Which document the company accepts.',
  fields: (t) => ({
    closingId: t.id({ description: 'The closing.' }),
    sha256: t.string({ description: 'SHA-256 of the document that was read, in hex.' }),
    typedName: t.string({ required: false, description: "The signatory's name as they typed it." }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const WithdrawClosingInput = builder.inputType('WithdrawClosingInput', {
  description: 'The end of a further closing before it is held.',
  fields: (t) => ({
    closingId: t.id({ description: 'The closing.' }),
    reason: t.string({ description: 'Why, at most 1,000 characters. Kept in the audit log.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationFields((t) => ({
  planClosing: t.field({
    type: Closing,
    description: 'Plan a further closing of a closed round, at the price of the first.',
    ...may(['analyst', 'partner']),
    args: { input: t.arg({ type: PlanClosingInput }) },
    resolve: async (_root, { input }, context) =>
      after(
        context,
        await planClosing(context.deps, context.actor, withoutNulls(input) as Parameters<typeof planClosing>[2]),
      ),
  }),
  offerClosing: t.field({
    type: Closing,
    description: 'Run the rules, render the document of a further closing and show it to the company.',
    ...may(['analyst', 'partner'], [OpenFlags]),
    args: { input: t.arg({ type: OfferClosingInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await offerClosing(context.deps, context.actor, input)),
  }),
  acceptClosing: t.field({
    type: Closing,
    description: 'The company accepts exactly the document with this hash, through a signatory of its own.',
    ...may(['signatory'], [HashMismatch, DocumentSuperseded, AlreadyAccepted, UnderReview]),
    args: { input: t.arg({ type: AcceptClosingInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await acceptClosing(context.deps, context.actor, input)),
  }),
  holdClosing: t.field({
    type: Closing,
    description:
      'Hold a further closing: issue its shares and open its grants, in one transaction. By a partner who had no part in it.',
    ...may(['partner'], [OpenFlags, ConditionsOpen, SupplyExceeded, TransactionRefused]),
    args: { input: t.arg({ type: HoldClosingInput }) },
    resolve: async (_root, { input }, context) => after(context, await holdClosing(context.deps, context.actor, input)),
  }),
  withdrawClosing: t.field({
    type: Closing,
    description: 'Give a further closing up before it is held. It stays on record.',
    ...may(['analyst', 'partner']),
    args: { input: t.arg({ type: WithdrawClosingInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await withdrawClosing(context.deps, context.actor, input)),
  }),
}))
