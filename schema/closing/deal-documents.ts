/** What binds a deal beside its terms: assignments to a successor, side letters, and the election of a later one. */
import {
  ASSIGNED_SIDES,
  ASSIGNMENT_KINDS,
  AssignmentContent,
  acceptDealDocument,
  CyclicMfn,
  DEAL_DOCUMENT_KINDS,
  type DealDocumentView,
  dealDocumentsById,
  dealDocumentsOfRounds,
  draftAssignment,
  draftSideLetter,
  electMfn,
  type NoticeView,
  proposeDealDocument,
  type RightInWords,
  rightsInWords,
  SIDE_RIGHTS,
  StoredSideLetter,
  signDealDocument,
  UnderReview,
  withdrawDealDocument,
} from '../../api/closing/index.ts'
import { AlreadyAccepted, DocumentSuperseded, HashMismatch } from '../../api/documents/index.ts'
import { OpenFlags } from '../../api/flags/index.ts'
import { globalId, NotFound, type Ref } from '../../api/platform/index.ts'
import { Document } from '../documents.ts'
import { batch } from '../kernel/batch.ts'
import { builder, nodeName } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { withoutNulls } from '../kernel/input.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Round } from '../rounds/rounds.ts'
import { AmendmentState, DealSignature } from './amendments.ts'
import { DatedReport, SideObligation } from './obligations.ts'

builder.objectType(CyclicMfn, {
  name: 'CyclicMfn',
  description: 'Side letters would each take over the next one’s terms, in a circle.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    cycle: t.exposeStringList('cycle', { description: 'Their titles in order; the last is the first again.' }),
  }),
})

const keyOf = ({ companyId, id }: Ref): string => `${companyId}:${id}`
const refOf = (key: string): Ref => {
  const [companyId = '', id = ''] = key.split(':')
  return { companyId, id }
}

/** A deal document, loaded by id. */
export const DealDocument = builder.loadableNodeRef(nodeName('DealDocument', 2), {
  id: { resolve: ({ companyId, dealDocumentId }: DealDocumentView) => keyOf({ companyId, id: dealDocumentId }) },
  load: async (ids: string[], { deps, actor }: Context) => {
    const refs = ids.map(refOf).filter(({ id }) => id !== '')
    const found = await dealDocumentsById(deps.db, actor, refs)
    const byKey = new Map(found.map((row) => [keyOf({ companyId: row.companyId, id: row.dealDocumentId }), row]))
    return ids.map((id) => byKey.get(id) ?? null)
  },
})

const DealDocumentKind = builder.enumType('DealDocumentKind', {
  description: 'What a deal document is.',
  values: DEAL_DOCUMENT_KINDS,
})
const AssignedSide = builder.enumType('AssignedSide', {
  description: 'In whose place a successor comes.',
  values: ASSIGNED_SIDES,
})
const AssignmentKind = builder.enumType('AssignmentKind', {
  description: 'How it comes there: by law in a merger or conversion, by contract in an assignment.',
  values: ASSIGNMENT_KINDS,
})

const SideRightKind = builder.enumType('SideRightKind', {
  description: 'What a right of a side letter is to.',
  values: SIDE_RIGHTS,
})

const Assignment = builder.objectRef<AssignmentContent>('Assignment').implement({
  description: 'Another entity in the place of a party. Every id stays, and with it rounds, grants, tokens and shares.',
  fields: (t) => ({
    side: t.expose('side', { type: AssignedSide, description: 'In whose place.' }),
    kind: t.expose('kind', { type: AssignmentKind, description: 'How.' }),
    predecessor: t.exposeString('predecessor', { description: 'What the party was called when it was drafted.' }),
    successor: t.string({ description: 'Legal name of the successor.', resolve: ({ successor }) => successor.name }),
    form: t.string({ description: 'Its legal form.', resolve: ({ successor }) => successor.form }),
    jurisdiction: t.string({
      description: 'Where it is organised, ISO 3166.',
      resolve: ({ successor }) => successor.jurisdiction,
    }),
    evidence: t.exposeString('evidence', { description: 'What shows it.' }),
    evidenceDate: t.expose('evidenceDate', { type: 'Date', description: 'The date of the evidence.' }),
  }),
})

const SideRight = builder.objectRef<RightInWords>('SideRight').implement({
  description: 'One right of a side letter.',
  fields: (t) => ({
    kind: t.expose('kind', { type: SideRightKind, description: 'To what.' }),
    title: t.exposeString('title', { description: 'What it is called.' }),
    words: t.exposeString('words', { description: 'What it says, as the document prints it.' }),
  }),
})
type OfRow<T> = { readonly row: DealDocumentView; readonly of: T }
const Notice = builder.objectRef<OfRow<NoticeView>>('MfnNotice').implement({
  description: 'A later side letter that was brought to the notice of a holder.',
  fields: (t) => ({
    offered: t.field({
      type: DealDocument,
      description: 'The later side letter.',
      resolve: ({ row, of }) => `${row.companyId}:${of.offeredId}`,
    }),
    noticedOn: t.field({ type: 'Date', description: 'When.', resolve: ({ of }) => of.noticedOn }),
    electUntil: t.field({
      type: 'Date',
      description: 'The last day on which it can be elected.',
      resolve: ({ of }) => of.electUntil,
    }),
  }),
})

type StoredLetter = ReturnType<typeof StoredSideLetter.parse>
const SideLetter = builder.objectRef<OfRow<StoredLetter>>('SideLetter').implement({
  description: 'Rights that a holder has beside the terms.',
  fields: (t) => ({
    holder: t.string({ description: 'Who has them.', resolve: ({ of }) => of.holder }),
    stakeholderId: t.string({
      nullable: true,
      description: 'Its id among the stakeholders of the company; null where the cap table does not know it.',
      resolve: ({ row }) => row.stakeholderId,
    }),
    rights: t.field({
      type: [SideRight],
      description: 'Its own rights; see termsOf for those that hold.',
      resolve: ({ of }) => [...rightsInWords(of)],
    }),
    obligations: t.field({
      type: [SideObligation],
      description:
        'What its information and observer rights, or those that its holder has elected, oblige the company to: all that fell due, and the next of each kind, by due date. None before it is in force.',
      complexity: { field: 1, multiplier: 3 },
      resolve: ({ row }) => [...row.obligations],
    }),
    mfnWindowDays: t.int({
      nullable: true,
      description: 'Days after a notice in which a later one can be elected; null: no such right.',
      resolve: ({ of }) => of.mfn?.windowDays ?? null,
    }),
    notices: t.field({
      type: [Notice],
      description: 'Later side letters that were brought to the notice of its holder.',
      resolve: ({ row }) => row.notices.map((of) => ({ row, of })),
    }),
    elected: t.field({
      type: DealDocument,
      nullable: true,
      description: 'The one that its holder has elected, whole; null before.',
      resolve: ({ row }) => (row.electedId === null ? null : `${row.companyId}:${row.electedId}`),
    }),
    termsOf: t.field({
      type: DealDocument,
      description: 'The side letter whose rights its holder has now: its own, or the one at the end of its elections.',
      resolve: ({ row }) => `${row.companyId}:${row.termsOfId}`,
    }),
  }),
})

DealDocument.implement({
  description: 'What binds a deal beside its terms. It binds once both sides have signed its document.',
  fields: (t) => ({
    round: t.field({
      type: Round,
      description: 'The round.',
      resolve: ({ companyId, roundId }) => `${companyId}:${roundId}`,
    }),
    kind: t.expose('kind', { type: DealDocumentKind, description: 'What it is.' }),
    state: t.expose('state', { type: AmendmentState, description: 'Where it stands today.' }),
    title: t.exposeString('title', { description: 'What it is called.' }),
    effectiveOn: t.expose('effectiveOn', {
      type: 'Date',
      nullable: true,
      description: 'The first day on which it holds; null: the day on which the second side signs.',
    }),
    assignment: t.field({
      type: Assignment,
      nullable: true,
      description: 'What an assignment says.',
      resolve: ({ kind, content }) => (kind === 'assignment' ? AssignmentContent.parse(content) : null),
    }),
    sideLetter: t.field({
      type: SideLetter,
      nullable: true,
      description: 'What a side letter says.',
      resolve: (row) => (row.kind === 'side_letter' ? { row, of: StoredSideLetter.parse(row.content) } : null),
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
    acceptedAt: t.expose('acceptedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the second side signed.',
    }),
  }),
})

builder.objectField(Round, 'dealDocuments', (t) =>
  t.field({
    type: [DealDocument],
    description: 'Its assignments and side letters that the actor sees, newest first.',
    complexity: { field: 3, multiplier: 5 },
    resolve: async ({ companyId, roundId }, _args, context) => {
      const load = async (keys: readonly string[]) => {
        const found = await dealDocumentsOfRounds(context.deps.db, context.actor, keys.map(refOf))
        return new Map(keys.map((key) => [key, found.get(refOf(key).id) ?? []]))
      }
      return (await batch(context, ['Round.dealDocuments'], keyOf({ companyId, id: roundId }), load)) ?? []
    },
  }),
)

/** The deal document as it stands after a mutation. @throws {NotFound} */
export const after = async ({ deps, actor }: Context, { ref }: { ref: Ref }): Promise<DealDocumentView> => {
  const [document] = await dealDocumentsById(deps.db, actor, [ref])
  if (document === undefined) throw new NotFound('deal document', globalId('DealDocument', ref.companyId, ref.id))
  return document
}

const SuccessorInput = builder.inputType('SuccessorInput', {
  description: 'Who takes the place.',
  fields: (t) => ({
    name: t.string({ description: 'Legal name, at most 200 characters.' }),
    form: t.string({ description: 'Legal form, such as "Corporation".' }),
    jurisdiction: t.string({ description: 'Where it is organised, ISO 3166-1 or 3166-2: "US-DE".' }),
  }),
})
const DraftAssignmentInput = builder.inputType('DraftAssignmentInput', {
  description: 'Another entity in the place of a party of a signed round.',
  fields: (t) => ({
    roundId: t.id({ description: 'The round.' }),
    side: t.field({ type: AssignedSide, description: 'In whose place.' }),
    kind: t.field({ type: AssignmentKind, description: 'How.' }),
    successor: t.field({ type: SuccessorInput, description: 'Who.' }),
    evidence: t.string({ description: 'What shows it: a filed certificate, an assumption agreement.' }),
    evidenceDate: t.field({ type: 'Date', description: 'The date of the evidence; not in the future.' }),
    effectiveOn: t.field({
      type: 'Date',
      required: false,
      description: 'The first day on which it holds. Default: the day on which the second side signs.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const ReportDaysInput = builder.inputType('ReportDaysInput', {
  description: 'By when a report is given.',
  fields: (t) => ({
    report: t.field({ type: DatedReport, description: 'Which.' }),
    days: t.int({ description: 'Days after the end of its period; of a budget before the end of the year. 1 to 366.' }),
  }),
})
const SideRightInput = builder.inputType('SideRightInput', {
  description: 'One right. Which fields it takes follows from its kind.',
  fields: (t) => ({
    kind: t.field({ type: SideRightKind, description: 'To what.' }),
    multiple: t.field({ type: 'Decimal', required: false, description: 'PRO_RATA: times its part. Default 1.' }),
    sideLetterId: t.id({ required: false, description: 'PRO_RATA_WAIVER: the side letter whose right is given up.' }),
    laterRoundId: t.id({ required: false, description: 'PRO_RATA_WAIVER: the round for which.' }),
    reports: t.stringList({
      required: false,
      description: 'INFORMATION: annual, quarterly, monthly, budget, inspection.',
    }),
    days: t.field({
      type: [ReportDaysInput],
      required: false,
      description:
        'INFORMATION: by when. Default: 120, 45 and 30 days after year, quarter and month; a budget 30 before.',
    }),
    fiscalYearEndMonth: t.int({
      required: false,
      description: 'INFORMATION: month with which the fiscal year ends, 1 to 12. Default: 12.',
    }),
    reminderDays: t.int({
      required: false,
      description:
        'INFORMATION: days before each report is due at which the company is reminded, 1 to 90. Default: 14.',
    }),
    threshold: t.field({
      type: 'Decimal',
      required: false,
      description: 'PRICE_PROTECTION: part by which the index must have fallen: "0.25".',
    }),
    title: t.string({ required: false, description: 'OTHER: what it is called.' }),
    text: t.string({ required: false, description: 'OTHER: what it says.' }),
    until: t.field({ type: 'Date', required: false, description: 'When it ends.' }),
  }),
})
const MfnInput = builder.inputType('MfnInput', {
  description: 'The right to take over one later side letter, whole.',
  fields: (t) => ({
    windowDays: t.int({ description: 'Days after its notice in which it can be elected.' }),
    over: t.idList({ required: false, description: 'Only these side letters. Default: every later one of the round.' }),
  }),
})
const DraftSideLetterInput = builder.inputType('DraftSideLetterInput', {
  description: 'Rights beside the terms of a signed round.',
  fields: (t) => ({
    roundId: t.id({ description: 'The round.' }),
    title: t.string({ description: 'What it is called, at most 120 characters.' }),
    holder: t.string({ description: 'Who has the rights.' }),
    stakeholderId: t.string({
      required: false,
      description: 'Its id in the OCF data. Default: the one stakeholder of that name, if there is one.',
    }),
    rights: t.field({ type: [SideRightInput], description: 'The rights; none only where mfn is given.' }),
    mfn: t.field({ type: MfnInput, required: false, description: 'Most favoured nation.' }),
    effectiveOn: t.field({
      type: 'Date',
      required: false,
      description: 'The first day on which it holds. Default: the day on which the second side signs.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const ProposeDealDocumentInput = builder.inputType('ProposeDealDocumentInput', {
  description: 'Which deal document.',
  fields: (t) => ({ dealDocumentId: t.id({ description: 'Which.' }), idempotencyKey: idempotencyKey(t) }),
})
const SignDealDocumentInput = builder.inputType('SignDealDocumentInput', {
  description: 'Which document the fund signs.',
  fields: (t) => ({
    dealDocumentId: t.id({ description: 'Which.' }),
    sha256: t.string({ description: 'SHA-256 of the document that was read, in hex.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const AcceptDealDocumentInput = builder.inputType('AcceptDealDocumentInput', {
  description: 'Which document the company signs.',
  fields: (t) => ({
    dealDocumentId: t.id({ description: 'Which.' }),
    sha256: t.string({ description: 'SHA-256 of the document that was read, in hex.' }),
    typedName: t.string({ required: false, description: "The signatory's name as they typed it." }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const WithdrawDealDocumentInput = builder.inputType('WithdrawDealDocumentInput', {
  description: 'The end of a deal document before both have signed.',
  fields: (t) => ({
    dealDocumentId: t.id({ description: 'Which.' }),
    reason: t.string({ description: 'Why, at most 1,000 characters. Kept in the audit log.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const ElectMfnInput = builder.inputType('ElectMfnInput', {
  description: 'The later side letter that is taken over, whole.',
  fields: (t) => ({
    dealDocumentId: t.id({ description: 'The side letter whose holder elects.' }),
    electedId: t.id({ description: 'The later one.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationFields((t) => ({
  draftAssignment: t.field({
    type: DealDocument,
    description:
      'Draft that another entity takes the place of the company, the fund or the provider of a signed round.',
    ...may(['analyst', 'partner']),
    args: { input: t.arg({ type: DraftAssignmentInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await draftAssignment(context.deps, context.actor, input)),
  }),
  draftSideLetter: t.field({
    type: DealDocument,
    description: 'Draft a side letter of a signed round.',
    ...may(['analyst', 'partner'], [CyclicMfn]),
    args: { input: t.arg({ type: DraftSideLetterInput }) },
    resolve: async (_root, { input }, context) =>
      after(
        context,
        await draftSideLetter(
          context.deps,
          context.actor,
          withoutNulls(input) as Parameters<typeof draftSideLetter>[2],
        ),
      ),
  }),
  proposeDealDocument: t.field({
    type: DealDocument,
    description: 'Run the rules, render the document and show it to the company. Open flags stop it.',
    ...may(['analyst', 'partner'], [OpenFlags]),
    args: { input: t.arg({ type: ProposeDealDocumentInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await proposeDealDocument(context.deps, context.actor, input)),
  }),
  signDealDocument: t.field({
    type: DealDocument,
    description: 'The fund signs exactly the document with this hash: a partner who neither drafted nor proposed it.',
    ...may(['partner'], [OpenFlags, HashMismatch]),
    args: { input: t.arg({ type: SignDealDocumentInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await signDealDocument(context.deps, context.actor, input)),
  }),
  acceptDealDocument: t.field({
    type: DealDocument,
    description: 'The company signs exactly the document with this hash, through a signatory of its own.',
    ...may(['signatory'], [HashMismatch, DocumentSuperseded, AlreadyAccepted, UnderReview]),
    args: { input: t.arg({ type: AcceptDealDocumentInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await acceptDealDocument(context.deps, context.actor, input)),
  }),
  withdrawDealDocument: t.field({
    type: DealDocument,
    description: 'Give an assignment or a side letter up before both sides have signed it. It stays on record.',
    ...may(['analyst', 'partner']),
    args: { input: t.arg({ type: WithdrawDealDocumentInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await withdrawDealDocument(context.deps, context.actor, input)),
  }),
  electMfn: t.field({
    type: DealDocument,
    description: 'Take over one later side letter, whole, within the window that began with its notice.',
    ...may(['partner'], [CyclicMfn]),
    args: { input: t.arg({ type: ElectMfnInput }) },
    resolve: async (_root, { input }, context) => after(context, await electMfn(context.deps, context.actor, input)),
  }),
}))
