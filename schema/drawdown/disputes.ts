/** Disputes over statements, and how both sides settle them. */

import {
  confirmSettlement,
  DISPUTE_OUTCOMES,
  DISPUTE_REASONS,
  DISPUTE_STATES,
  type DisputeView,
  determineDispute,
  disputesOf,
  mustSeeDispute,
  type ProposalView,
  proposalsOf,
  proposeSettlement,
  setDisputeAside,
} from '../../api/drawdown/index.ts'
import { globalId, type Ref } from '../../api/platform/index.ts'
import { batch } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Company } from '../parties.ts'
import { DisputeReasonEnum } from './statements.ts'

const StateEnum = builder.enumType('DisputeState', {
  description: 'Where a dispute stands: open; set aside, its charges out of the vest basis; resolved; withdrawn.',
  values: DISPUTE_STATES,
})
const OutcomeEnum = builder.enumType('DisputeOutcome', {
  description: 'How a dispute ends: the figures stand, or records are corrected.',
  values: DISPUTE_OUTCOMES,
})
const known = <Value extends string>(values: readonly Value[], text: string): Value => {
  const value = values.find((each) => each === text)
  if (value === undefined) throw new Error(`${text} is unknown`)
  return value
}

const Proposal = builder.objectRef<ProposalView>('DisputeProposal').implement({
  description: 'How one side, or an expert, would settle a dispute.',
  fields: (t) => ({
    proposalId: t.exposeID('proposalId', { description: 'Its id: what the other side confirms.' }),
    side: t.exposeString('side', { description: 'company, fund or expert.' }),
    outcome: t.field({
      type: OutcomeEnum,
      description: 'What it says.',
      resolve: ({ outcome }) => known(DISPUTE_OUTCOMES, outcome),
    }),
    records: t.field({
      type: 'JSON',
      description: 'Records to correct: usageId and the GPU-seconds that count, as a string.',
      resolve: ({ records }) => records,
    }),
    note: t.exposeString('note', { description: 'Why.' }),
    evidence: t.exposeString('evidence', {
      nullable: true,
      description: "The document with an expert's determination.",
    }),
    proposedAt: t.expose('proposedAt', { type: 'DateTime', description: 'When.' }),
    confirmedAt: t.expose('confirmedAt', { type: 'DateTime', nullable: true, description: 'When it was agreed to.' }),
  }),
})
const Dispute = builder.objectRef<DisputeView>('Dispute').implement({
  description: 'What a company disputes of a month.',
  fields: (t) => ({
    disputeId: t.id({ description: 'Its id.', resolve: ({ ref }) => globalId('Dispute', ref.companyId, ref.id) }),
    statementId: t.id({
      description: 'The version of the statement that was disputed.',
      resolve: ({ ref, statementId }) => globalId('Statement', ref.companyId, statementId),
    }),
    month: t.expose('month', { type: 'Date', description: 'First day of the month.' }),
    state: t.field({
      type: StateEnum,
      description: 'Where it stands.',
      resolve: ({ state }) => known(DISPUTE_STATES, state),
    }),
    reasonCode: t.field({
      type: DisputeReasonEnum,
      description: 'Of what kind.',
      resolve: ({ reasonCode }) => known(DISPUTE_REASONS, reasonCode),
    }),
    reason: t.exposeString('reason', { description: 'What is disputed.' }),
    whole: t.exposeBoolean('whole', { description: 'True where all that the month charged is disputed.' }),
    resolveBy: t.expose('resolveBy', {
      type: 'Date',
      description: 'The sides settle it up to and including this day; then it is set aside.',
    }),
    openedAt: t.expose('openedAt', { type: 'DateTime', description: 'When.' }),
    settledAt: t.expose('settledAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
    evidencePath: t.string({
      description: 'Where the company sends its evidence: a POST of the file, with its media type and x-file-name.',
      resolve: ({ ref }) => `/disputes/${globalId('Dispute', ref.companyId, ref.id)}/evidence`,
    }),
    proposals: t.field({
      type: [Proposal],
      description: 'How it could be settled, oldest first.',
      complexity: { field: 1, multiplier: 5 },
      resolve: async ({ ref }, _args, context) =>
        (await batch(context, ['Dispute.proposals'], `${ref.companyId}:${ref.id}`, async (keys) => {
          const refs = keys.map((key): Ref => ({ companyId: key.slice(0, 36), id: key.slice(37) }))
          const found = await proposalsOf(context.deps.db, refs)
          return new Map(keys.map((key) => [key, found.get(key.slice(37)) ?? []]))
        })) ?? [],
    }),
  }),
})

builder.objectFields(Company, (t) => ({
  disputes: t.field({
    type: [Dispute],
    description: 'What the company has disputed, newest first; at most 100.',
    complexity: { field: 1, multiplier: 5 },
    resolve: async ({ companyId }, _args, context) =>
      (await batch(context, ['Company.disputes'], companyId, (ids) => disputesOf(context.deps.db, ids))) ?? [],
  }),
}))

const after = async ({ deps, actor }: Context, { ref }: { ref: Ref }): Promise<DisputeView> =>
  mustSeeDispute(deps.db, actor, ref)

const DisputeInput = builder.inputType('SetDisputeAsideInput', {
  description: 'Which dispute to set aside.',
  fields: (t) => ({
    disputeId: t.id({ description: 'The dispute.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('setDisputeAside', (t) =>
  t.field({
    type: Dispute,
    description:
      'Take what is disputed out of the vest basis until it is settled, so that the rest of its month, and later months, can be final. It stays charged. The month is stated again.',
    ...may(['operations']),
    args: { input: t.arg({ type: DisputeInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await setDisputeAside(context.deps, context.actor, input)),
  }),
)

const SettledRecordInput = builder.inputType('SettledRecordInput', {
  description: 'What a disputed record really was.',
  fields: (t) => ({
    usageId: t.string({ description: 'The usage record.' }),
    gpuSeconds: t.field({ type: 'BigInt', description: 'GPU-seconds that count. Zero voids the record.' }),
  }),
})
const ProposeInput = builder.inputType('ProposeSettlementInput', {
  description: 'How to settle a dispute.',
  fields: (t) => ({
    disputeId: t.id({ description: 'The dispute.' }),
    outcome: t.field({ type: OutcomeEnum, description: 'The figures stand, or records are corrected.' }),
    records: t.field({
      type: [SettledRecordInput],
      required: false,
      description: 'What is corrected, if anything is.',
    }),
    note: t.string({ description: 'Why: it stands in the statement.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('proposeSettlement', (t) =>
  t.field({
    type: Dispute,
    description: 'Propose how to settle a dispute. The other side confirms exactly this proposal.',
    ...may(['operations', 'partner', 'founder', 'signatory']),
    args: { input: t.arg({ type: ProposeInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await proposeSettlement(context.deps, context.actor, { ...input, records: input.records ?? [] })),
  }),
)
const ConfirmInput = builder.inputType('ConfirmSettlementInput', {
  description: "Agreement to the other side's proposal.",
  fields: (t) => ({
    disputeId: t.id({ description: 'The dispute.' }),
    proposalId: t.string({ description: 'The proposal that was read.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('confirmSettlement', (t) =>
  t.field({
    type: Dispute,
    description:
      "Agree to the other side's latest proposal and carry it out: what was set aside counts again, records are corrected, the month is stated again where it changes.",
    ...may(['operations', 'partner', 'founder', 'signatory']),
    args: { input: t.arg({ type: ConfirmInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await confirmSettlement(context.deps, context.actor, input)),
  }),
)
const DetermineInput = builder.inputType('DetermineDisputeInput', {
  description: "An expert's determination.",
  fields: (t) => ({
    disputeId: t.id({ description: 'The dispute.' }),
    outcome: t.field({ type: OutcomeEnum, description: 'The figures stand, or records are corrected.' }),
    records: t.field({
      type: [SettledRecordInput],
      required: false,
      description: 'What is corrected, if anything is.',
    }),
    note: t.string({ description: 'What the expert found: it stands in the statement.' }),
    documentId: t.id({ description: 'The document with the determination, of the same company.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('determineDispute', (t) =>
  t.field({
    type: Dispute,
    description: 'Record what an expert determined, when the sides did not settle in time, and carry it out.',
    ...may(['partner']),
    args: { input: t.arg({ type: DetermineInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await determineDispute(context.deps, context.actor, { ...input, records: input.records ?? [] })),
  }),
)
