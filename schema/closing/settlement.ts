/** How a grant that does not go to plan is settled: rehearsed, proposed by one person, approved by another. */

import { TransactionRefused } from '../../api/captable/index.ts'
import {
  approveSettlement,
  type LongStop,
  longStopsOf,
  mustSeeSettlement,
  PlanChanged,
  proposeSettlement,
  type Rehearsal,
  rehearseSettlement,
  SETTLEMENT_EVENTS,
  type SettlementPlanJson,
  type SettlementView,
  settlementsByCompany,
  withdrawSettlement,
} from '../../api/closing/index.ts'
import {
  Forbidden,
  globalId,
  NotFound,
  parseNumeric,
  parseTokens,
  type Ref,
  Refused,
  type Uuid,
} from '../../api/platform/index.ts'
import { ACCOUNT_KINDS, type AccountKind, SupplyExceeded } from '../../api/tokens/index.ts'
import { batch } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import '../captable/captable-errors.ts'
import { Progress } from '../drawdown/drawdown.ts'
import type { Context } from '../kernel/context.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Company } from '../parties.ts'
import '../tokens/token-errors.ts'
import { AccountKind as AccountKindType } from '../tokens/tokens.ts'

builder.objectType(PlanChanged, {
  name: 'PlanChanged',
  description: 'The settlement would now do something else than was proposed or read.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    proposed: t.exposeString('proposed', { description: 'SHA-256 of the plan that was proposed or read.' }),
    now: t.exposeString('now', { description: 'SHA-256 of what it would do.' }),
  }),
})

const Event = builder.enumType('SettlementEvent', {
  description: 'What may happen to a grant that its terms settle.',
  values: SETTLEMENT_EVENTS,
})

type Plan = SettlementPlanJson
const wholeShares = (text: string): bigint => parseNumeric(text)
const PlanType = builder.objectRef<Plan>('SettlementPlan').implement({
  description: 'What a settlement does to tokens, shares and cash: exactly this, or nothing.',
  fields: (t) => ({
    clause: t.exposeString('clause', { description: 'The clause that it follows, as the signed risk table says it.' }),
    cause: t.exposeString('cause', {
      nullable: true,
      description:
        'At the long-stop: "not_used" by the company, or "not_delivered" by the provider, by the evidence of reservations.',
    }),
    cancelledLocked: t.field({
      type: 'Tokens',
      description: 'Tokens cancelled that were not released.',
      resolve: ({ tokens }) => parseTokens(tokens.fromLocked),
    }),
    cancelledAvailable: t.field({
      type: 'Tokens',
      description: 'Tokens cancelled that were released and not used.',
      resolve: ({ tokens }) => parseTokens(tokens.fromAvailable),
    }),
    held: t.field({
      type: 'Tokens',
      description: 'Tokens that stay with their reservations.',
      resolve: ({ tokens }) => parseTokens(tokens.held),
    }),
    topUp: t.field({
      type: 'Tokens',
      description: 'Tokens added that earn no shares.',
      resolve: ({ tokens }) => parseTokens(tokens.topUp),
    }),
    vestedBefore: t.field({
      type: 'Shares',
      description: 'Shares that had vested.',
      resolve: ({ shares }) => wholeShares(shares.vestedBefore),
    }),
    vests: t.field({
      type: 'Shares',
      description: 'Shares that vest by the clause.',
      resolve: ({ shares }) => wholeShares(shares.vests),
    }),
    forfeits: t.field({
      type: 'Shares',
      description: 'Shares that go back to the company at zero.',
      resolve: ({ shares }) => wholeShares(shares.forfeits),
    }),
    cash: t.field({
      type: 'Money',
      description: 'Cash due: never more than was paid for the shares.',
      resolve: ({ cash }) => ({ amount: parseNumeric(cash.amount), currency: cash.currency }),
    }),
    endsEarning: t.exposeBoolean('endsEarning', { description: 'Whether the grant earns nothing afterwards.' }),
    windDownUntil: t.field({
      type: 'Date',
      nullable: true,
      description: 'From this day on what is left, and what returns, is cancelled.',
      resolve: ({ windDownUntil }) => windDownUntil,
    }),
    notes: t.stringList({ description: 'What it was computed from, in words.', resolve: ({ notes }) => notes }),
  }),
})

const AfterType = builder.objectRef<{ kind: string; amount: bigint }>('TokensAfterwards').implement({
  description: 'Tokens of one kind as they would be.',
  fields: (t) => ({
    kind: t.field({
      type: AccountKindType,
      description: 'Where they would be.',
      resolve: ({ kind }) => ACCOUNT_KINDS.find((known): known is AccountKind => known === kind) ?? 'available',
    }),
    amount: t.expose('amount', { type: 'Tokens', description: 'How many.' }),
  }),
})
const RehearsalType = builder.objectRef<Rehearsal>('SettlementRehearsal').implement({
  description: 'What a settlement would do: it was done, and taken back.',
  fields: (t) => ({
    plan: t.field({ type: PlanType, description: 'What it would do.', resolve: ({ plan }) => plan }),
    planSha256: t.exposeString('planSha256', {
      description: 'SHA-256 of the plan: a proposal with the same does the same.',
    }),
    tokensAfter: t.field({
      type: [AfterType],
      description: "The company's tokens afterwards, those that are not zero.",
      resolve: ({ tokensAfter }) => [...tokensAfter],
    }),
    noticeSha256: t.string({
      description: 'SHA-256 of the notice that it would make today.',
      resolve: ({ document }) => document.sha256,
    }),
    noticePdfBase64: t.string({
      description: 'That notice.',
      resolve: ({ document }) => Buffer.from(document.bytes).toString('base64'),
    }),
  }),
})

const Settlement = builder.objectRef<SettlementView>('GrantSettlement').implement({
  description: 'A settlement of a grant: proposed, applied, or withdrawn.',
  fields: (t) => ({
    id: t.id({ description: 'Its id.', resolve: ({ ref }) => globalId('Settlement', ref.companyId, ref.id) }),
    grantId: t.id({
      description: 'The grant.',
      resolve: ({ ref, grantId }) => globalId('Grant', ref.companyId, grantId),
    }),
    event: t.field({ type: Event, description: 'What happened.', resolve: ({ said }) => said.event }),
    happenedOn: t.field({ type: 'Date', description: 'When.', resolve: ({ said }) => said.happenedOn }),
    evidence: t.string({ description: 'What shows it.', resolve: ({ said }) => said.evidence }),
    state: t.string({
      description: '"proposed", "applied" or "withdrawn".',
      resolve: ({ outcome }) => outcome ?? 'proposed',
    }),
    plan: t.field({ type: PlanType, description: 'What it does.', resolve: ({ plan }) => plan }),
    planSha256: t.string({
      description: 'SHA-256 of the plan, in hex.',
      resolve: ({ planSha256 }) => planSha256.toString('hex'),
    }),
    proposedAt: t.expose('proposedAt', { type: 'DateTime', description: 'When it was proposed.' }),
    decidedAt: t.expose('decidedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was applied or withdrawn.',
    }),
    noticeId: t.id({
      nullable: true,
      description: 'The document of the notice, once it is applied.',
      resolve: ({ ref, documentId }) => (documentId === null ? null : globalId('Document', ref.companyId, documentId)),
    }),
    termsDocumentId: t.id({
      description: 'The signed document that holds the clause.',
      resolve: ({ ref, termsDocumentId }) => globalId('Document', ref.companyId, termsDocumentId),
    }),
  }),
})

builder.objectField(Company, 'settlements', (t) =>
  t.field({
    type: [Settlement],
    description: 'Settlements of its grants, newest first; the company sees those that were applied.',
    complexity: { field: 2, multiplier: 5 },
    resolve: async ({ companyId }, _args, context) => {
      const load = (ids: readonly Uuid[]) => settlementsByCompany(context.deps.db, context.actor, ids)
      return (await batch(context, ['Company.settlements'], companyId, load)) ?? []
    },
  }),
)

export const LongStopType = builder.objectRef<LongStop>('LongStopStanding').implement({
  description:
    'The long-stop as it holds today. Not used by the company and not delivered by the provider are told apart by what was decided on reservations.',
  fields: (t) => ({
    agreed: t.expose('agreed', { type: 'Date', description: 'As the terms say, with every signed extension.' }),
    effective: t.expose('effective', { type: 'Date', description: 'The day that holds: one later for each owed day.' }),
    deniedDays: t.field({
      type: ['Date'],
      description: 'Days on which capacity was denied, or not decided on in time, that moved it.',
      resolve: ({ deniedDays }) => [...deniedDays],
    }),
    outageDays: t.field({
      type: ['Date'],
      description: 'Days on which reserved capacity failed that moved it.',
      resolve: ({ outageDays }) => [...outageDays],
    }),
    stillDenied: t.exposeBoolean('stillDenied', {
      description: 'Whether the last request was denied and none was given since.',
    }),
    requests: t.exposeInt('requests', { description: 'Requests that the company has made.' }),
  }),
})
builder.objectField(Progress, 'longStopStanding', (t) =>
  t.field({
    type: LongStopType,
    nullable: true,
    description: 'The long-stop as it holds today, and what moved it.',
    resolve: async ({ companyId, grantId }, _args, context) => {
      const load = async (keys: readonly string[]) => {
        const refs = keys.map((key) => ({ companyId: key.split(':')[0] ?? '', id: key.split(':')[1] ?? '' }))
        const found = await longStopsOf(context.deps.db, refs)
        return new Map(
          refs.flatMap((ref) => {
            const standing = found.get(ref.id)
            return standing === undefined ? [] : [[`${ref.companyId}:${ref.id}`, standing] as const]
          }),
        )
      }
      return (await batch(context, ['GrantProgress.longStopStanding'], `${companyId}:${grantId}`, load)) ?? null
    },
  }),
)

builder.queryField('rehearseSettlement', (t) =>
  t.field({
    type: RehearsalType,
    description:
      'What settling a grant would do to tokens, shares and cash, and the notice that it would make. For the fund’s staff. Changes nothing.',
    errors: { types: [NotFound, Forbidden, Refused, SupplyExceeded, TransactionRefused] },
    args: {
      grantId: t.arg.id({ description: 'The grant, `Grant:<company>:<grant>`.' }),
      event: t.arg({ type: Event, description: 'What happened.' }),
      happenedOn: t.arg({ type: 'Date', description: 'When.' }),
      assumed: t.arg.boolean({ required: false, description: 'Whether a successor assumes the agreement.' }),
      tokens: t.arg({ type: 'Tokens', required: false, description: 'Of a partial termination: the tokens given up.' }),
    },
    complexity: 500,
    resolve: (_root, args, { deps, actor }) => rehearseSettlement(deps, actor, { ...args, evidence: 'Rehearsal' }),
  }),
)

const ProposeSettlementInput = builder.inputType('ProposeGrantSettlementInput', {
  description: 'What happened to a grant.',
  fields: (t) => ({
    grantId: t.id({ description: 'The grant.' }),
    event: t.field({ type: Event, description: 'What happened.' }),
    happenedOn: t.field({ type: 'Date', description: 'When; not in the future.' }),
    evidence: t.string({ description: 'What shows it, and where that is kept.' }),
    assumed: t.boolean({
      required: false,
      description: 'At a change of control and when a provider fails: whether a successor assumes the agreement.',
    }),
    tokens: t.field({ type: 'Tokens', required: false, description: 'Of a partial termination: the tokens given up.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const ApproveSettlementInput = builder.inputType('ApproveGrantSettlementInput', {
  description: 'Which settlement, and which plan of it was read.',
  fields: (t) => ({
    settlementId: t.id({ description: 'The settlement.' }),
    planSha256: t.string({ description: 'SHA-256 of the plan that was read, in hex.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const WithdrawSettlementInput = builder.inputType('WithdrawGrantSettlementInput', {
  description: 'Which settlement to give up, and why.',
  fields: (t) => ({
    settlementId: t.id({ description: 'The settlement.' }),
    reason: t.string({ description: 'Why.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

const after = ({ deps, actor }: Context, { ref }: { ref: Ref }) => mustSeeSettlement(deps.db, actor, ref)

builder.mutationFields((t) => ({
  proposeGrantSettlement: t.field({
    type: Settlement,
    description:
      'Propose to settle a grant as its signed terms say. Nothing happens before another partner approves it.',
    ...may(['partner', 'operations']),
    args: { input: t.arg({ type: ProposeSettlementInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await proposeSettlement(context.deps, context.actor, input)),
  }),
  approveGrantSettlement: t.field({
    type: Settlement,
    description:
      'Approve a settlement and do what its plan says: tokens, shares, documents, in one transaction. By a partner other than who proposed it.',
    ...may(['partner'], [PlanChanged, SupplyExceeded, TransactionRefused]),
    args: { input: t.arg({ type: ApproveSettlementInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await approveSettlement(context.deps, context.actor, input)),
  }),
  withdrawGrantSettlement: t.field({
    type: Settlement,
    description: 'Give a proposed settlement up. It stays on record.',
    ...may(['partner', 'operations']),
    args: { input: t.arg({ type: WithdrawSettlementInput }) },
    resolve: async (_root, { input }, context) =>
      after(context, await withdrawSettlement(context.deps, context.actor, input)),
  }),
}))
