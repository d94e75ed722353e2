/** Term sheets, conditions of closing, and closing. */
import { TransactionRefused } from '../../api/captable/index.ts'
import {
  acceptTermSheet,
  CapTableMoved,
  type ClosedRound,
  type ClosedView,
  ConditionsOpen,
  type ConditionView,
  closedRounds,
  closeRound,
  conditionsByRound,
  issueTermSheet,
  NotWaivable,
  RightsNotHonoured,
  satisfyCondition,
  TERM_SHEET,
  UnderReview,
  waiveCondition,
} from '../../api/closing/index.ts'
import { AlreadyAccepted, DocumentSuperseded, HashMismatch, latestDocuments } from '../../api/documents/index.ts'
import { OpenFlags } from '../../api/flags/index.ts'
import { globalId, NotFound, numericOfWhole, type Ref } from '../../api/platform/index.ts'
import { type RoundView, roundsByRef, TermsRefused } from '../../api/rounds/index.ts'
import { SupplyExceeded } from '../../api/tokens/index.ts'
import { Document } from '../documents.ts'
import { builder } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Round } from '../rounds/rounds.ts'

const OpenCondition = builder.objectRef<{ code: string; wording: string }>('OpenCondition').implement({
  description: 'A condition that is neither met nor waived.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Its code.' }),
    wording: t.exposeString('wording', { description: 'What must be true.' }),
  }),
})
builder.objectType(ConditionsOpen, {
  name: 'ConditionsOpen',
  description: 'Conditions of closing are neither met nor waived.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    conditions: t.field({
      type: [OpenCondition],
      description: 'The conditions.',
      resolve: (error) => [...error.conditions],
    }),
  }),
})
builder.objectType(CapTableMoved, {
  name: 'CapTableMoved',
  description: 'The cap table is not the one that the accepted document was computed on.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    promised: t.exposeString('promised', { description: 'What the accepted document says.' }),
    now: t.exposeString('now', { description: 'What the same terms give today.' }),
  }),
})
builder.objectType(UnderReview, {
  name: 'UnderReview',
  description: 'The fund cannot take the acceptance yet.',
  interfaces: [DomainErrorInterface],
})
builder.objectType(NotWaivable, {
  name: 'NotWaivable',
  description: 'The terms do not let the caller waive this condition.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    waivableBy: t.exposeString('waivableBy', { description: 'Who may: fund, company, both, nobody.' }),
  }),
})

/** A condition of a closing. */
export const Condition = builder.objectRef<ConditionView>('ClosingConditionStatus').implement({
  description: 'A condition of closing, and whether it is met.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Its code, unique in the round.' }),
    wording: t.exposeString('wording', { description: 'What must be true.' }),
    waivableBy: t.exposeString('waivableBy', { description: 'Who may waive it: fund, company, both, nobody.' }),
    state: t.exposeString('state', { description: 'open, satisfied or waived.' }),
    waivedByFund: t.exposeBoolean('waivedByFund', { description: 'True when the fund has waived it.' }),
    waivedByCompany: t.exposeBoolean('waivedByCompany', { description: 'True when the company has waived it.' }),
  }),
})

const Closed = builder.objectRef<ClosedView>('RoundClosing').implement({
  description: 'What a closing made.',
  fields: (t) => ({
    closedAt: t.expose('closedAt', { type: 'DateTime', description: 'When it closed.' }),
    grantId: t.exposeID('grantId', {
      description: 'The first grant: tokens of one class that vest one security. All stand under closings.',
    }),
    lotId: t.exposeID('lotId', { description: 'The lot of tokens that was opened.' }),
    securityId: t.exposeString('securityId', {
      description: 'The OCF security that was issued unearned, or the id of a series of tranches or of a SAFE.',
    }),
    stockClassId: t.exposeString('stockClassId', {
      nullable: true,
      description: 'Its stock class in the OCF data; null of a SAFE, which becomes stock of a later round.',
    }),
    documentId: t.exposeID('document', { description: 'The accepted term sheet behind it.' }),
    shares: t.field({
      type: 'Shares',
      description: 'Shares issued unearned; of a SAFE none.',
      resolve: (closed) => numericOfWhole(closed.shares),
    }),
  }),
})

type RoundKey = Pick<RoundView, 'companyId' | 'roundId'>
const keyOf = ({ companyId, roundId }: RoundKey): string => `${companyId}:${roundId}`
const refOf = (key: string): Ref => ({ companyId: key.slice(0, 36), id: key.slice(37) })

builder.objectFields(Round, (t) => ({
  conditions: t.loadableList({
    type: Condition,
    description: 'What must be true before it closes. Empty before its term sheet is issued.',
    complexity: { field: 1, multiplier: 6 },
    resolve: keyOf,
    load: async (keys: string[], { deps }: Context) => {
      const found = await conditionsByRound(deps.db, keys.map(refOf))
      return keys.map((key) => found.get(refOf(key).id) ?? [])
    },
  }),
  closing: t.loadable({
    type: Closed,
    nullable: true,
    description: 'What its closing made; null before.',
    resolve: keyOf,
    load: async (keys: string[], { deps }: Context) => {
      const found = await closedRounds(deps.db, keys.map(refOf))
      return keys.map((key) => found.get(refOf(key).id) ?? null)
    },
  }),
  termSheet: t.loadable({
    type: Document,
    nullable: true,
    description: 'The latest term sheet; null before one is issued.',
    resolve: keyOf,
    load: async (keys: string[], { deps, actor }: Context) => {
      const wanted = keys.map((key) => ({ companyId: refOf(key).companyId, subject: `Round:${key}`, kind: TERM_SHEET }))
      const found = await latestDocuments(deps.db, actor, wanted)
      const bySubject = new Map(found.map((document) => [document.subject, document]))
      return keys.map((key) => bySubject.get(`Round:${key}`) ?? null)
    },
  }),
}))

const OpenedGrantType = builder.objectRef<ClosedRound['grants'][number]>('OpenedGrant').implement({
  description: 'Tokens of one class that vest one security, as a closing has opened them.',
  fields: (t) => ({
    grantId: t.exposeID('grantId', { description: 'The grant.' }),
    leg: t.exposeInt('leg', { description: 'Its place in the terms, from 1.' }),
    lotId: t.exposeID('lotId', { description: 'Its lot of tokens.' }),
    securityId: t.exposeString('securityId', { description: 'The OCF security that it vests.' }),
    shares: t.field({
      type: 'Shares',
      description: 'Shares issued unearned.',
      resolve: ({ shares }) => numericOfWhole(shares),
    }),
  }),
})

const ClosedPayload = builder.objectRef<ClosedRound>('ClosedRound').implement({
  description: 'A round that was closed: unearned equity is issued, tokens are granted.',
  fields: (t) => ({
    round: t.field({
      type: Round,
      description: 'The round.',
      resolve: ({ ref }) => `${ref.companyId}:${ref.id}`,
    }),
    grants: t.field({
      type: [OpenedGrantType],
      description: 'Every grant that it opened, in the order of the terms.',
      resolve: ({ grants }) => [...grants],
    }),
    grantId: t.exposeID('grantId', { description: 'The first of them.' }),
    lotId: t.exposeID('lotId', { description: 'Its lot of tokens.' }),
    securityId: t.exposeString('securityId', { description: 'The OCF security that it vests, issued unearned.' }),
    shares: t.field({
      type: 'Shares',
      description: 'Shares issued unearned against the compute of the first grant.',
      resolve: (closed) => numericOfWhole(closed.shares),
    }),
  }),
})

const RoundOnlyInput = (name: string, description: string) =>
  builder.inputType(name, {
    description,
    fields: (t) => ({ roundId: t.id({ description: 'The round.' }), idempotencyKey: idempotencyKey(t) }),
  })

const after = async ({ deps, actor }: Context, { ref }: { ref: Ref }): Promise<RoundView> => {
  const [round] = await roundsByRef(deps.db, actor, [ref])
  if (round === undefined) throw new NotFound('round', globalId('Round', ref.companyId, ref.id))
  return round
}

builder.mutationField('issueTermSheet', (t) =>
  t.field({
    type: Round,
    description:
      'Render the term sheet of a proposed round as PDF and store it with its SHA-256. From here on the company sees the round.',
    ...may(['analyst', 'partner'], [OpenFlags, TermsRefused, RightsNotHonoured]),
    args: { input: t.arg({ type: RoundOnlyInput('IssueTermSheetInput', 'Which round.') }) },
    resolve: async (_root, { input }, context) =>
      after(context, await issueTermSheet(context.deps, context.actor, input)),
  }),
)

const AcceptTermSheetInput = builder.inputType('AcceptTermSheetInput', {
  description: 'Which term sheet the company accepts.',
  fields: (t) => ({
    roundId: t.id({ description: 'The round.' }),
    sha256: t.string({ description: 'SHA-256 of the document that was read, in hex.' }),
    typedName: t.string({ required: false, description: "The signatory's name as they typed it." }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('acceptTermSheet', (t) =>
  t.field({
    type: Round,
    description: 'The company accepts exactly the term sheet with this hash. For its founders and signatories only.',
    ...may(['founder', 'signatory'], [HashMismatch, DocumentSuperseded, AlreadyAccepted, UnderReview]),
    args: { input: t.arg({ type: AcceptTermSheetInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await acceptTermSheet(context.deps, context.actor, input)),
  }),
)

const SatisfyConditionInput = builder.inputType('SatisfyConditionInput', {
  description: 'A condition that is met, and what shows it.',
  fields: (t) => ({
    roundId: t.id({ description: 'The round.' }),
    code: t.string({ description: 'The code of the condition.' }),
    evidence: t.string({ description: 'What shows that it is met, and where that is kept.' }),
    evidenceDate: t.field({ type: 'Date', description: 'The date of the evidence; not in the future.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('satisfyCondition', (t) =>
  t.field({
    type: Round,
    description: 'Record that a condition of closing is met, with its evidence.',
    ...may(['operations', 'compliance']),
    args: { input: t.arg({ type: SatisfyConditionInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await satisfyCondition(context.deps, context.actor, input)),
  }),
)

const WaiveConditionInput = builder.inputType('WaiveConditionInput', {
  description: 'A condition that one side waives.',
  fields: (t) => ({
    roundId: t.id({ description: 'The round.' }),
    code: t.string({ description: 'The code of the condition.' }),
    reason: t.string({ description: 'Why it is waived.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('waiveCondition', (t) =>
  t.field({
    type: Round,
    description:
      'Waive a condition that the terms let your side waive; where both sides must, the second waiver ends it.',
    ...may(['partner', 'founder', 'signatory'], [NotWaivable]),
    args: { input: t.arg({ type: WaiveConditionInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await waiveCondition(context.deps, context.actor, input)),
  }),
)

builder.mutationField('closeRound', (t) =>
  t.field({
    type: ClosedPayload,
    description:
      "Close an accepted round: issue the unearned equity and the co-investors' shares, open each grant and its lot within supply, in one transaction. By a partner other than the proposer.",
    ...may(['partner'], [OpenFlags, ConditionsOpen, CapTableMoved, SupplyExceeded, TermsRefused, TransactionRefused]),
    args: { input: t.arg({ type: RoundOnlyInput('CloseRoundInput', 'Which round to close.') }) },
    resolve: (_root, { input }, { deps, actor }) => closeRound(deps, actor, input),
  }),
)
