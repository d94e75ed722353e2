/** Amendments: what both sides sign to change the terms of a signed round, forwards in time. */
import {
  type AmendmentView,
  acceptAmendment,
  amendmentsById,
  amendmentsOfRounds,
  type ChangeInWords,
  draftAmendment,
  draftExtension,
  PAPER_STATES,
  proposeAmendment,
  SIDES,
  type SignatureView,
  signAmendment,
  UnderReview,
  withdrawAmendment,
} from '../../api/closing/index.ts'
import { AlreadyAccepted, DocumentSuperseded, HashMismatch } from '../../api/documents/index.ts'
import { OpenFlags } from '../../api/flags/index.ts'
import { globalId, NotFound, type Ref } from '../../api/platform/index.ts'
import { NotAmendable, StaleTerms } from '../../api/rounds/index.ts'
import { Document } from '../documents.ts'
import { batch } from '../kernel/batch.ts'
import { builder, nodeName } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { withoutNulls } from '../kernel/input.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { ReleaseTermsInput, RoundTermsInput } from '../rounds/round-terms-input.ts'
import { Round, TermFault } from '../rounds/rounds.ts'

builder.objectType(NotAmendable, {
  name: 'NotAmendable',
  description: 'An amendment changes terms that it may not change, or not so: every one of them is named.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    faults: t.field({ type: [TermFault], description: 'All of them.', resolve: ({ faults }) => [...faults] }),
  }),
})

/** Where a document that both sides sign stands. */
export const AmendmentState = builder.enumType('AmendmentState', {
  description:
    '`accepted` is signed by both sides and waits for its day; `in_force` holds. The company sees it from `proposed` on.',
  values: PAPER_STATES,
})
export const SideOfDeal = builder.enumType('SideOfDeal', { description: 'Who signs.', values: SIDES })

const TermChangeType = builder.objectRef<ChangeInWords>('TermChange').implement({
  description: 'One term that an amendment changes.',
  fields: (t) => ({
    path: t.string({ description: 'Path of the term: "vesting.basis".', resolve: ({ path }) => path.join('.') }),
    title: t.exposeString('title', { description: 'What the term is called.' }),
    from: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What it says until then, as it is stored; null where it says nothing.',
      resolve: ({ from }) => from,
    }),
    to: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What it says from then on; null where it says nothing any more.',
      resolve: ({ to }) => to,
    }),
    fromWords: t.exposeString('fromWords', { description: 'What it says until then, as the document prints it.' }),
    toWords: t.exposeString('toWords', { description: 'What it says from then on, as the document prints it.' }),
  }),
})

/** Who signed which bytes. */
export const DealSignature = builder.objectRef<SignatureView>('DealSignature').implement({
  description: 'One side signed exactly these bytes.',
  fields: (t) => ({
    side: t.expose('side', { type: SideOfDeal, description: 'For whom.' }),
    sha256: t.exposeString('sha256', { description: 'SHA-256 of the document that was signed, 64 hex digits.' }),
    signedBy: t.id({
      description: 'Global id of the person who signed.',
      resolve: ({ signedBy }) => globalId('Person', signedBy),
    }),
    signedAt: t.expose('signedAt', { type: 'DateTime', description: 'When.' }),
  }),
})

const keyOf = ({ companyId, id }: Ref): string => `${companyId}:${id}`
const refOf = (key: string): Ref => {
  const [companyId = '', id = ''] = key.split(':')
  return { companyId, id }
}

/** An amendment, loaded by id. */
export const Amendment = builder.loadableNodeRef(nodeName('Amendment', 2), {
  id: { resolve: ({ companyId, amendmentId }: AmendmentView) => keyOf({ companyId, id: amendmentId }) },
  load: async (ids: string[], { deps, actor }: Context) => {
    const refs = ids.map(refOf).filter(({ id }) => id !== '')
    const found = await amendmentsById(deps.db, actor, refs)
    const byKey = new Map(found.map((row) => [keyOf({ companyId: row.companyId, id: row.amendmentId }), row]))
    return ids.map((id) => byKey.get(id) ?? null)
  },
})
Amendment.implement({
  description: 'A change of the terms of a signed round. It binds once both sides have signed its document.',
  fields: (t) => ({
    round: t.field({
      type: Round,
      description: 'The round.',
      resolve: ({ companyId, roundId }) => `${companyId}:${roundId}`,
    }),
    state: t.expose('state', { type: AmendmentState, description: 'Where it stands today.' }),
    baseVersion: t.exposeInt('baseVersion', { description: 'The version of the terms that it changes.' }),
    termsVersion: t.exposeInt('termsVersion', {
      nullable: true,
      description: 'The version that it made; null before both have signed.',
    }),
    effectiveOn: t.expose('effectiveOn', {
      type: 'Date',
      nullable: true,
      description: 'The first day on which it holds; null: the day on which the second side signs.',
    }),
    reason: t.exposeString('reason', { description: 'Why.' }),
    changes: t.field({
      type: [TermChangeType],
      description: 'Every term that changes, in the order of the terms.',
      resolve: ({ changes }) => [...changes],
    }),
    signatures: t.field({
      type: [DealSignature],
      description: 'Who has signed.',
      resolve: ({ signatures }) => [...signatures],
    }),
    document: t.field({
      type: Document,
      nullable: true,
      description: 'The document that both sign; null before it is proposed.',
      resolve: ({ companyId, documentId }) => (documentId === null ? null : `${companyId}:${documentId}`),
    }),
    draftedAt: t.expose('draftedAt', { type: 'DateTime', description: 'When it was drafted.' }),
    proposedAt: t.expose('proposedAt', { type: 'DateTime', nullable: true, description: 'When it was proposed.' }),
    acceptedAt: t.expose('acceptedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the second side signed.',
    }),
  }),
})

builder.objectField(Round, 'amendments', (t) =>
  t.field({
    type: [Amendment],
    description: 'Its amendments that the actor sees, newest first.',
    complexity: { field: 3, multiplier: 5 },
    resolve: async ({ companyId, roundId }, _args, context) => {
      const load = async (keys: readonly string[]) => {
        const found = await amendmentsOfRounds(context.deps.db, context.actor, keys.map(refOf))
        return new Map(keys.map((key) => [key, found.get(refOf(key).id) ?? []]))
      }
      return (await batch(context, ['Round.amendments'], keyOf({ companyId, id: roundId }), load)) ?? []
    },
  }),
)

const after = async ({ deps, actor }: Context, { ref }: { ref: Ref }): Promise<AmendmentView> => {
  const [amendment] = await amendmentsById(deps.db, actor, [ref])
  if (amendment === undefined) throw new NotFound('amendment', globalId('Amendment', ref.companyId, ref.id))
  return amendment
}

const AmendedLaterGrantInput = builder.inputType('AmendedLaterGrantInput', {
  description: 'What releases a grant of a later closing from a day on.',
  fields: (t) => ({
    grantId: t.id({ description: 'The grant: opened by a later closing of the round.' }),
    releases: t.field({
      type: ReleaseTermsInput,
      description: 'Its releases whole. What is due by the day on which the amendment takes effect stays as it is.',
    }),
  }),
})
const DraftAmendmentInput = builder.inputType('DraftAmendmentInput', {
  description: 'The terms of a signed round as they are to read from a day on.',
  fields: (t) => ({
    roundId: t.id({ description: 'The round.' }),
    expectedVersion: t.int({ description: 'The version of the terms that was read: the last one that was signed.' }),
    terms: t.field({
      type: RoundTermsInput,
      description: 'The terms whole. What may change is named in each refusal.',
    }),
    laterGrants: t.field({
      type: [AmendedLaterGrantInput],
      required: false,
      description:
        'Grants of later closings of which the releases change; the terms may then be as they are. At most 50.',
    }),
    effectiveOn: t.field({
      type: 'Date',
      required: false,
      description:
        'The first day on which it holds, today at the earliest. Default: the day on which the second side signs.',
    }),
    reason: t.string({ description: 'Why, in words that stand in the document; at most 2,000 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const DraftExtensionInput = builder.inputType('DraftExtensionInput', {
  description: 'More time for a grant, to be signed by both sides.',
  fields: (t) => ({
    roundId: t.id({ description: 'The round.' }),
    longStop: t.field({ type: 'Date', description: 'The new long-stop date, later than it is.' }),
    tokenExpiry: t.field({
      type: 'Date',
      required: false,
      description: 'The new expiry of the tokens. Default: as it is, or the long-stop date where that is later.',
    }),
    effectiveOn: t.field({
      type: 'Date',
      required: false,
      description: 'The first day on which it holds. Default: the day on which the second side signs.',
    }),
    reason: t.string({ description: 'Why, in words that stand in the document; at most 2,000 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const ProposeAmendmentInput = builder.inputType('ProposeAmendmentInput', {
  description: 'Which amendment.',
  fields: (t) => ({
    amendmentId: t.id({ description: 'The amendment.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const SignAmendmentInput = builder.inputType('SignAmendmentInput', {
  description: 'Which document the fund signs.',
  fields: (t) => ({
    amendmentId: t.id({ description: 'The amendment.' }),
    sha256: t.string({ description: 'SHA-256 of the document that was read, in hex.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const AcceptAmendmentInput = builder.inputType('AcceptAmendmentInput', {
  description: 'Which document the company signs.',
  fields: (t) => ({
    amendmentId: t.id({ description: 'The amendment.' }),
    sha256: t.string({ description: 'SHA-256 of the document that was read, in hex.' }),
    typedName: t.string({ required: false, description: "The signatory's name as they typed it." }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const WithdrawAmendmentInput = builder.inputType('WithdrawAmendmentInput', {
  description: 'The end of an amendment before both have signed.',
  fields: (t) => ({
    amendmentId: t.id({ description: 'The amendment.' }),
    reason: t.string({ description: 'Why, at most 1,000 characters. Kept in the audit log.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationFields((t) => ({
  draftAmendment: t.field({
    type: Amendment,
    description:
      'Draft a change of the terms of a signed or closed round, forwards in time. Price and shares cannot be amended.',
    ...may(['analyst', 'partner'], [NotAmendable, StaleTerms]),
    args: { input: t.arg({ type: DraftAmendmentInput }) },
    resolve: async (_root, { input }, context) =>
      after(
        context,
        await draftAmendment(context.deps, context.actor, {
          ...input,
          terms: withoutNulls(input.terms),
          laterGrants: withoutNulls(input.laterGrants),
        }),
      ),
  }),
  draftExtension: t.field({
    type: Amendment,
    description: 'Draft an extension of the long-stop date as an amendment: it is proposed and signed like any other.',
    ...may(['analyst', 'partner'], [NotAmendable, StaleTerms]),
    args: { input: t.arg({ type: DraftExtensionInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await draftExtension(context.deps, context.actor, input)),
  }),
  proposeAmendment: t.field({
    type: Amendment,
    description:
      'Run the rules on the terms as amended, render the document and show it to the company. Open flags stop it.',
    ...may(['analyst', 'partner'], [OpenFlags, NotAmendable, StaleTerms]),
    args: { input: t.arg({ type: ProposeAmendmentInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await proposeAmendment(context.deps, context.actor, input)),
  }),
  signAmendment: t.field({
    type: Amendment,
    description: 'The fund signs exactly the document with this hash: a partner who neither drafted nor proposed it.',
    ...may(['partner'], [OpenFlags, NotAmendable, StaleTerms, HashMismatch]),
    args: { input: t.arg({ type: SignAmendmentInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await signAmendment(context.deps, context.actor, input)),
  }),
  acceptAmendment: t.field({
    type: Amendment,
    description: 'The company signs exactly the document with this hash, through a signatory of its own.',
    ...may(['signatory'], [NotAmendable, StaleTerms, HashMismatch, DocumentSuperseded, AlreadyAccepted, UnderReview]),
    args: { input: t.arg({ type: AcceptAmendmentInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await acceptAmendment(context.deps, context.actor, input)),
  }),
  withdrawAmendment: t.field({
    type: Amendment,
    description: 'Give an amendment up before both sides have signed it. It stays on record.',
    ...may(['analyst', 'partner']),
    args: { input: t.arg({ type: WithdrawAmendmentInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await withdrawAmendment(context.deps, context.actor, input)),
  }),
}))
