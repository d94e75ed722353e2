/** Corrections of recorded usage, and arrears. */

import {
  type ArrearsView,
  CORRECTION_REASONS,
  type CorrectedUsage,
  type CorrectionView,
  correctionsOf,
  correctUsage,
  openArrearsOf,
  type SettledArrears,
  settleArrears,
} from '../../api/drawdown/index.ts'
import { formatNumeric, globalId, numericOfWhole } from '../../api/platform/index.ts'
import { batch } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Company } from '../parties.ts'

export const CorrectionReasonEnum = builder.enumType('CorrectionReason', {
  description: 'Why usage is corrected.',
  values: CORRECTION_REASONS,
})
/** A difference of shares, which may be negative: as a text, since the scalar for shares has no sign. */
export const signedShares = (shares: bigint): string =>
  shares < 0n ? `-${formatNumeric(numericOfWhole(-shares))}` : formatNumeric(numericOfWhole(shares))

const Move = builder.objectRef<CorrectedUsage['records'][number]['moves'][number]>('CorrectingMove').implement({
  description: 'Tokens of a lot that a correction moved.',
  fields: (t) => ({
    lotId: t.exposeID('lotId', { description: 'The lot.' }),
    from: t.exposeString('from', { description: 'The account they were taken from.' }),
    to: t.exposeString('to', { description: 'The account they went to.' }),
    tokens: t.expose('amount', { type: 'Tokens', description: 'How many.' }),
  }),
})
export const CorrectedRecord = builder.objectRef<CorrectedUsage['records'][number]>('CorrectedRecord').implement({
  description: 'What became of one usage record.',
  fields: (t) => ({
    usageId: t.exposeID('usageId', { description: 'The usage record.' }),
    gpuSecondsBefore: t.expose('before', { type: 'BigInt', description: 'GPU-seconds that counted before.' }),
    gpuSecondsAfter: t.expose('after', { type: 'BigInt', description: 'GPU-seconds that count now.' }),
    moves: t.field({
      type: [Move],
      description: 'Tokens that moved, with the accounts: charged:delivered to available, for one.',
      resolve: (record) => [...record.moves],
    }),
    arrears: t.expose('arrears', { type: 'Tokens', description: 'What there were no tokens for.' }),
  }),
})
const Corrected = builder.objectRef<CorrectedUsage>('CorrectedUsage').implement({
  description: 'What a correction of usage did.',
  fields: (t) => ({
    reservationId: t.id({
      description: 'The reservation.',
      resolve: ({ ref }) => globalId('Reservation', ref.companyId, ref.id),
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

export const CorrectedRecordInput = builder.inputType('CorrectedRecordInput', {
  description: 'What a usage record really was.',
  fields: (t) => ({
    usageId: t.string({ description: 'The usage record, as reporting it answered.' }),
    gpuSeconds: t.field({ type: 'BigInt', description: 'GPU-seconds that count from now on. Zero voids the record.' }),
  }),
})
const CorrectUsageInput = builder.inputType('CorrectUsageInput', {
  description: 'Usage of one reservation that turned out otherwise.',
  fields: (t) => ({
    reservationId: t.id({ description: 'The reservation.' }),
    records: t.field({ type: [CorrectedRecordInput], description: 'At most 100 records, each once.' }),
    reasonCode: t.field({ type: CorrectionReasonEnum, description: 'Why.' }),
    reason: t.string({ description: 'Why, in words: it stands in the statement.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('correctUsage', (t) =>
  t.field({
    type: Corrected,
    description:
      "Lower, raise or void recorded usage. The provider may do all of it, the fund's operations may only lower. A statement that is not final is made again; after that the correction is in the next. What has vested does not un-vest: the deficit is carried.",
    ...may(['provider', 'operations']),
    args: { input: t.arg({ type: CorrectUsageInput }) },
    resolve: (_root, { input }, { deps, actor }) => correctUsage(deps, actor, input),
  }),
)

const Settled = builder.objectRef<SettledArrears>('SettledArrears').implement({
  description: 'What settling arrears did.',
  fields: (t) => ({
    companyId: t.id({
      description: 'The company.',
      resolve: ({ companyId }) => globalId('Company', companyId),
    }),
    settled: t.expose('settled', { type: 'Tokens', description: 'Tokens charged now.' }),
    open: t.expose('open', {
      type: 'Tokens',
      description: 'What is open still, for want of tokens or since a dispute keeps its use aside.',
    }),
    earnedShares: t.field({
      type: 'Shares',
      description: 'Shares that this moved from unearned to earned.',
      resolve: ({ earned }) => numericOfWhole(earned),
    }),
  }),
})
const SettleArrearsInput = builder.inputType('SettleArrearsInput', {
  description: 'Whose arrears to settle.',
  fields: (t) => ({
    companyId: t.id({ description: 'The company.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('settleArrears', (t) =>
  t.field({
    type: Settled,
    description:
      'Charge raised usage for which there were no tokens, with what is available now, oldest first. What a dispute keeps aside is not charged before that is settled. At most 200 at once: what is still open then waits for the next call.',
    ...may(['operations']),
    args: { input: t.arg({ type: SettleArrearsInput }) },
    resolve: (_root, { input }, { deps, actor }) => settleArrears(deps, actor, input),
  }),
)

const Arrears = builder.objectRef<ArrearsView>('Arrears').implement({
  description:
    'Raised usage, or use outside any reservation, for which there were no tokens: charged when tokens come. Never a negative balance.',
  fields: (t) => ({
    usageId: t.exposeID('usageId', { description: 'The usage record.' }),
    reservationId: t.id({
      nullable: true,
      description: 'Its reservation; null for use outside any reservation.',
      resolve: ({ ref, reservationId }) =>
        reservationId === null ? null : globalId('Reservation', ref.companyId, reservationId),
    }),
    tokens: t.expose('amount', { type: 'Tokens', description: 'What was missing.' }),
    settled: t.expose('settled', { type: 'Tokens', description: 'Charged since.' }),
    cancelled: t.expose('cancelled', { type: 'Tokens', description: 'Not owed any more: usage was lowered again.' }),
    openedAt: t.expose('openedAt', { type: 'DateTime', description: 'When usage was raised.' }),
  }),
})
const CorrectionType = builder.objectRef<CorrectionView>('UsageCorrection').implement({
  description: 'What was recorded and turned out otherwise.',
  fields: (t) => ({
    kind: t.exposeString('kind', {
      description:
        'lower, raise, void, booked_later (what one of these takes back of a later month), arrears, credit, suspend, reinstate or late_usage.',
    }),
    usageId: t.exposeID('usageId', { nullable: true, description: 'The usage record.' }),
    reservationId: t.id({
      nullable: true,
      description: 'Its reservation.',
      resolve: ({ ref, reservationId }) =>
        reservationId === null ? null : globalId('Reservation', ref.companyId, reservationId),
    }),
    gpuSecondsBefore: t.expose('before', { type: 'BigInt', nullable: true, description: 'GPU-seconds before.' }),
    gpuSecondsAfter: t.expose('after', { type: 'BigInt', nullable: true, description: 'GPU-seconds after.' }),
    reasonCode: t.exposeString('reasonCode', { description: 'Why, as a code.' }),
    reason: t.exposeString('reason', { description: 'Why, in words.' }),
    correctedAs: t.exposeString('correctedAs', {
      description: 'In which capacity: provider, operations, both_sides or expert.',
    }),
    correctedAt: t.expose('correctedAt', { type: 'DateTime', description: 'When.' }),
    accountedAt: t.expose('accountedAt', {
      type: 'DateTime',
      description: 'In the statement of which time it counts.',
    }),
  }),
})
builder.objectFields(Company, (t) => ({
  arrears: t.field({
    type: [Arrears],
    description: 'Open arrears, oldest first; at most 200.',
    complexity: { field: 1, multiplier: 5 },
    resolve: async ({ companyId }, _args, context) =>
      (await batch(context, ['Company.arrears'], companyId, (ids) => openArrearsOf(context.deps.db, ids))) ?? [],
  }),
  usageCorrections: t.field({
    type: [CorrectionType],
    description: 'Corrections and credits, newest first; at most 200.',
    complexity: { field: 1, multiplier: 5 },
    resolve: async ({ companyId }, _args, context) =>
      (await batch(context, ['Company.usageCorrections'], companyId, (ids) => correctionsOf(context.deps.db, ids))) ??
      [],
  }),
}))
