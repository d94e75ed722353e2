/** Use outside any reservation: reported, listed, corrected. */

import { FactorNotAgreed, NoFactor, UsageBeyondReservation, UsageConflict } from '../../api/clusters/index.ts'
import {
  type CorrectedOnDemandUsage,
  correctOnDemandUsage,
  GrantSettled,
  ON_DEMAND_MONTHS,
  ON_DEMAND_RECORDS,
  OnDemandCapReached,
  type OnDemandRecord,
  type OnDemandUse,
  OutsideReservation,
  onDemandOfCompanies,
  onDemandOfPools,
  onDemandRecords,
  type ReportedOnDemandUsage,
  reportOnDemandUsage,
} from '../../api/drawdown/index.ts'
import { globalId, numericOfWhole } from '../../api/platform/index.ts'
import { Pool } from '../clusters/clusters.ts'
import { batch } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Company } from '../parties.ts'
import { CorrectedRecord, CorrectedRecordInput, CorrectionReasonEnum, signedShares } from './corrections.ts'
import { UsageRecordInput } from './drawdown.ts'

builder.objectType(OutsideReservation, {
  name: 'OutsideReservation',
  description: 'Use of no reservation, and no signed terms of the company let it draw tokens when it began.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    externalId: t.exposeString('externalId', { description: 'The usage record.' }),
  }),
})

builder.objectType(OnDemandCapReached, {
  name: 'OnDemandCapReached',
  description: 'Use outside any reservation would cost more in its month than the signed terms let it.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    externalId: t.exposeString('externalId', { description: 'The usage record.' }),
    left: t.expose('left', { type: 'Tokens', description: 'What the month has left.' }),
  }),
})

const Outcome = builder.objectRef<ReportedOnDemandUsage['records'][number]>('OnDemandOutcome').implement({
  description: 'What became of one record of use outside any reservation.',
  fields: (t) => ({
    externalId: t.exposeString('externalId', { description: "The scheduler's id of the record." }),
    usageId: t.exposeID('usageId', { description: 'Its id here.' }),
    outcome: t.exposeString('outcome', { description: 'RECORDED, or ALREADY_RECORDED when it was told before.' }),
    charged: t.expose('charged', { type: 'Tokens', description: 'Tokens that this call charged for it.' }),
    owed: t.expose('owed', { type: 'Tokens', description: 'What there were no tokens for: arrears.' }),
  }),
})
const Reported = builder.objectRef<ReportedOnDemandUsage>('ReportedOnDemandUsage').implement({
  description: 'What a report of use outside any reservation did.',
  fields: (t) => ({
    poolId: t.id({ description: 'The pool.', resolve: ({ poolId }) => globalId('Pool', poolId) }),
    companyId: t.id({
      description: 'The company that used it.',
      resolve: ({ companyId }) => globalId('Company', companyId),
    }),
    records: t.field({
      type: [Outcome],
      description: 'One outcome for each record, in order.',
      resolve: ({ records }) => [...records],
    }),
    charged: t.expose('charged', { type: 'Tokens', description: 'Tokens charged as delivered.' }),
    owed: t.expose('owed', { type: 'Tokens', description: 'What there were no tokens for: arrears.' }),
    newlyEarnedShares: t.field({
      type: 'Shares',
      description: 'Shares that moved from unearned to earned. Provisional.',
      resolve: ({ newlyEarned }) => numericOfWhole(newlyEarned),
    }),
  }),
})
const ReportInput = builder.inputType('ReportOnDemandUsageInput', {
  description: 'Use of a pool outside any reservation.',
  fields: (t) => ({
    poolId: t.id({ description: 'The pool.' }),
    companyId: t.id({ description: 'The company that used it.' }),
    records: t.field({ type: [UsageRecordInput], description: 'At most 1,000 records.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('reportOnDemandUsage', (t) =>
  t.field({
    type: Reported,
    description:
      "Report use outside any reservation, all of it or none. It draws available tokens where the company's signed terms let it, within the month's cap; what there are none for is owed.",
    ...may(
      ['provider', 'machine'],
      [
        OutsideReservation,
        OnDemandCapReached,
        UsageConflict,
        UsageBeyondReservation,
        NoFactor,
        FactorNotAgreed,
        GrantSettled,
      ],
    ),
    args: { input: t.arg({ type: ReportInput }) },
    resolve: (_root, { input }, { deps, actor }) => reportOnDemandUsage(deps, actor, input),
  }),
)

const RecordType = builder.objectRef<OnDemandRecord>('OnDemandRecord').implement({
  description: 'A usage record outside any reservation, as it counts now.',
  fields: (t) => ({
    usageId: t.exposeID('usageId', { description: 'Its id: what a correction names.' }),
    source: t.exposeString('source', { description: 'The scheduler that metered it.' }),
    externalId: t.exposeString('externalId', { description: "The scheduler's id of the record." }),
    job: t.exposeString('job', { nullable: true, description: 'The job that ran.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When the use began.' }),
    endedAt: t.expose('endedAt', { type: 'DateTime', description: 'When it ended.' }),
    rate: t.expose('rate', {
      type: 'Decimal',
      description: "H100-hours per GPU-hour: the factor when it began, times the terms' premium.",
    }),
    recordedGpuSeconds: t.expose('recorded', { type: 'BigInt', description: 'GPU-seconds as first metered.' }),
    gpuSeconds: t.expose('gpuSeconds', { type: 'BigInt', description: 'GPU-seconds that count now.' }),
    charged: t.expose('charged', { type: 'Tokens', description: 'Tokens charged for it, net of corrections.' }),
    owed: t.expose('owed', { type: 'Tokens', description: 'What there are no tokens for yet.' }),
  }),
})
const Use = builder.objectRef<OnDemandUse>('OnDemandUse').implement({
  description:
    'What a company used of a pool outside any reservation in a calendar month (UTC), by the end of each record.',
  fields: (t) => ({
    companyId: t.id({
      description: 'The company that used it.',
      resolve: ({ companyId }) => globalId('Company', companyId),
    }),
    poolId: t.id({ description: 'The pool.', resolve: ({ poolId }) => globalId('Pool', poolId) }),
    month: t.expose('month', { type: 'Date', description: 'First day of the month.' }),
    recordCount: t.exposeInt('records', { description: 'How many usage records.' }),
    gpuSeconds: t.expose('gpuSeconds', { type: 'BigInt', description: 'GPU-seconds that count now.' }),
    charged: t.expose('charged', { type: 'Tokens', description: 'Tokens charged for it, net of corrections.' }),
    owed: t.expose('owed', { type: 'Tokens', description: 'What there are no tokens for yet: arrears.' }),
    records: t.field({
      type: [RecordType],
      description: `Its usage records, the latest first; at most ${ON_DEMAND_RECORDS}.`,
      complexity: { field: 2, multiplier: ON_DEMAND_RECORDS / 20 },
      resolve: async (use, _args, context) =>
        (await batch(context, ['OnDemandUse.records'], use, async (uses) => {
          const found = await onDemandRecords(context.deps.db, uses)
          return new Map(uses.map((each, index) => [each, found[index] ?? []]))
        })) ?? [],
    }),
  }),
})
builder.objectFields(Company, (t) => ({
  onDemandUse: t.field({
    type: [Use],
    description: `Its use outside any reservation by pool and month, the latest first; at most ${ON_DEMAND_MONTHS}.`,
    complexity: { field: 2, multiplier: ON_DEMAND_MONTHS / 20 },
    resolve: async ({ companyId }, _args, context) =>
      (await batch(context, ['Company.onDemandUse'], companyId, (ids) => onDemandOfCompanies(context.deps.db, ids))) ??
      [],
  }),
}))
builder.objectFields(Pool, (t) => ({
  onDemandUse: t.field({
    type: [Use],
    description: `Its use outside any reservation by company and month, the latest first; at most ${ON_DEMAND_MONTHS}. To its provider all of it, to others that of companies that they see.`,
    complexity: { field: 2, multiplier: ON_DEMAND_MONTHS / 20 },
    resolve: async ({ poolId }, _args, context) => {
      const load = (ids: readonly string[]) => onDemandOfPools(context.deps.db, context.actor, ids)
      return (await batch(context, ['Pool.onDemandUse'], poolId, load)) ?? []
    },
  }),
}))

const Corrected = builder.objectRef<CorrectedOnDemandUsage>('CorrectedOnDemandUsage').implement({
  description: 'What a correction of use outside any reservation did.',
  fields: (t) => ({
    poolId: t.id({ description: 'The pool.', resolve: ({ poolId }) => globalId('Pool', poolId) }),
    companyId: t.id({
      description: 'The company that used it.',
      resolve: ({ companyId }) => globalId('Company', companyId),
    }),
    records: t.field({
      type: [CorrectedRecord],
      description: 'One for each record, in order.',
      resolve: ({ records }) => [...records],
    }),
    arrears: t.expose('arrears', { type: 'Tokens', description: 'Raised usage for which there were no tokens.' }),
    earnedChange: t.string({
      description: 'By how many shares the earned ones changed, with a sign where fewer. What has vested stays.',
      resolve: ({ earned }) => signedShares(earned),
    }),
    restatedIds: t.idList({
      description: 'Statements that were made again, as new versions: the ones before are superseded.',
      resolve: ({ restated }) => restated.map((ref) => globalId('Statement', ref.companyId, ref.id)),
    }),
  }),
})
const CorrectInput = builder.inputType('CorrectOnDemandUsageInput', {
  description: 'Use of a pool outside any reservation that turned out otherwise.',
  fields: (t) => ({
    poolId: t.id({ description: 'The pool.' }),
    companyId: t.id({ description: 'The company that used it.' }),
    records: t.field({ type: [CorrectedRecordInput], description: 'At most 100 records, each once.' }),
    reasonCode: t.field({ type: CorrectionReasonEnum, description: 'Why.' }),
    reason: t.string({ description: 'Why, in words: it stands in the statement.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('correctOnDemandUsage', (t) =>
  t.field({
    type: Corrected,
    description:
      "Lower, raise or void recorded use outside any reservation. The provider may do all of it, the fund's operations may only lower. Statements and shares follow as with correctUsage; raised use is drawn from lots whose terms allow it, within the month's cap, and else is owed.",
    ...may(['provider', 'operations'], [OnDemandCapReached]),
    args: { input: t.arg({ type: CorrectInput }) },
    resolve: (_root, { input }, { deps, actor }) => correctOnDemandUsage(deps, actor, input),
  }),
)
