/** Usage, what was earned and vested, and the way back from a share to GPU-seconds. */

import { UsageBeyondReservation, UsageConflict, WrongTime } from '../../api/clusters/index.ts'
import {
  CAUSES,
  type Cause,
  type ClauseLink,
  GrantSettled,
  type ProgressView,
  progressOf,
  type ReportedUsage,
  reportUsage,
  type ShareTrace,
  type TraceLink,
  traceShares,
} from '../../api/drawdown/index.ts'
import { mustSeeCompany } from '../../api/parties/index.ts'
import { globalId, NotFound, numericOfWhole, Refused } from '../../api/platform/index.ts'
import { HoldExpired } from '../../api/tokens/index.ts'
import { builder } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Company } from '../parties.ts'

builder.objectType(UsageConflict, {
  name: 'UsageConflict',
  description: 'A usage record of this id is stored already with other content.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    externalId: t.exposeString('externalId', { description: "The scheduler's id of the record." }),
    field: t.exposeString('field', { description: 'The field that differs.' }),
  }),
})
builder.objectType(GrantSettled, {
  name: 'GrantSettled',
  description: 'Usage would have earned shares of a grant that is settled: its shares have moved.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    externalId: t.exposeString('externalId', { description: "The scheduler's id of the record." }),
    grantId: t.exposeID('grantId', { description: 'The grant, `Grant:<company>:<grant>`.' }),
  }),
})
builder.objectType(UsageBeyondReservation, {
  name: 'UsageBeyondReservation',
  description: 'Usage is more than was reserved, or lies outside its time.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    externalId: t.exposeString('externalId', { description: "The scheduler's id of the record." }),
  }),
})
const ChargeCause = builder.enumType('ChargeCause', {
  description: 'Why tokens were consumed. Charged is not delivered.',
  values: CAUSES,
})

export const EarnedUnit = builder.enumType('EarnedUnit', {
  description:
    'What a grant earns and a trace counts. SHARE: whole shares. CENT: hundredths of the currency, of the purchase amount of a SAFE.',
  values: ['SHARE', 'CENT'] as const,
})

export const Progress = builder.objectRef<ProgressView>('GrantProgress').implement({
  description: 'What one grant has drawn, earned and vested until now.',
  fields: (t) => ({
    grantId: t.exposeID('grantId', { description: 'The grant.' }),
    grant: t.id({
      description: 'Its global id, `Grant:<company>:<grant>`: what settles it names it so.',
      resolve: ({ companyId, grantId }) => globalId('Grant', companyId, grantId),
    }),
    securityId: t.exposeString('securityId', {
      description: 'The OCF security that vests, or the id of a series of tranches or of a SAFE.',
    }),
    vestBasis: t.exposeString('basis', { description: 'What earns: delivered, reserved or released.' }),
    longStop: t.expose('longStop', {
      type: 'Date',
      description: 'When an unfinished grant is settled as its terms say.',
    }),
    granted: t.expose('granted', { type: 'Tokens', description: 'Tokens granted: the frozen denominator.' }),
    delivered: t.expose('delivered', { type: 'Tokens', description: 'Tokens charged for compute really received.' }),
    idleReserved: t.expose('idleReserved', {
      type: 'Tokens',
      description:
        'Tokens charged for reserved time that was not used: none where the terms charge metered use only, also if lots of other grants were held beside.',
    }),
    noShow: t.expose('noShow', { type: 'Tokens', description: 'Tokens charged for reservations never begun.' }),
    cancelFee: t.expose('cancelFee', { type: 'Tokens', description: 'Tokens charged for late cancellation.' }),
    basisReached: t.expose('basisReached', { type: 'Tokens', description: 'Highest net vest basis reached.' }),
    deficit: t.expose('deficit', {
      type: 'Tokens',
      description: 'Highest basis less the present one: later draws fill it first.',
    }),
    unit: t.expose('unit', {
      type: EarnedUnit,
      description: 'What `totalShares`, `earnedShares` and `vestedShares` count.',
    }),
    totalShares: t.field({
      type: 'Shares',
      description: 'What the whole grant earns, in `unit`: shares, or cents of the purchase amount of a SAFE.',
      resolve: (progress) => numericOfWhole(progress.totalShares),
    }),
    earnedShares: t.field({
      type: 'Shares',
      description:
        'Earned until now, in `unit`: shares, or cents of a SAFE. Provisional: final statements vest or accrue them.',
      resolve: (progress) => numericOfWhole(progress.earnedShares),
    }),
    vestedShares: t.field({
      type: 'Shares',
      description:
        'What final statements have made final, in `unit`: shares that have vested, or cents of a SAFE that have accrued.',
      resolve: (progress) => numericOfWhole(progress.vestedShares),
    }),
  }),
})

const Link = builder.objectRef<TraceLink & { companyId: string }>('ShareTraceLink').implement({
  description: 'One usage record that earned some of the shares.',
  fields: (t) => ({
    cause: t.exposeString('cause', { description: 'Why tokens were charged.' }),
    basisFrom: t.expose('basisFrom', {
      type: 'Tokens',
      description: 'Vest basis before it, as far as it earned these shares.',
    }),
    basisTo: t.expose('basisTo', {
      type: 'Tokens',
      description: 'Vest basis after it, as far as it earned these shares.',
    }),
    chargedAt: t.expose('chargedAt', { type: 'DateTime', description: 'When its tokens were charged.' }),
    usageId: t.exposeID('usageId', {
      nullable: true,
      description: 'The usage record; null for a charge without delivery.',
    }),
    source: t.exposeString('source', { nullable: true, description: 'The scheduler that metered it.' }),
    externalId: t.exposeString('externalId', { nullable: true, description: "The scheduler's id of the record." }),
    job: t.exposeString('job', { nullable: true, description: 'The job that ran.' }),
    gpuSeconds: t.expose('gpuSeconds', { type: 'BigInt', nullable: true, description: 'Metered GPU-seconds.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When the use began.' }),
    endedAt: t.expose('endedAt', { type: 'DateTime', nullable: true, description: 'When the use ended.' }),
    reservationId: t.id({
      nullable: true,
      description: 'The reservation of which it was used; null for use outside any reservation.',
      resolve: ({ companyId, reservationId }) =>
        reservationId === null ? null : globalId('Reservation', companyId, reservationId),
    }),
    poolId: t.id({ description: 'The pool it ran on.', resolve: (link) => globalId('Pool', link.poolId) }),
  }),
})

const Clause = builder.objectRef<ClauseLink & { companyId: string }>('ShareTraceClause').implement({
  description: 'Shares that a signed clause vested without GPU-seconds.',
  fields: (t) => ({
    firstShare: t.expose('firstShare', { type: 'BigInt', description: 'Number of the first of them.' }),
    lastShare: t.expose('lastShare', { type: 'BigInt', description: 'Number of the last of them.' }),
    clause: t.exposeString('clause', { description: 'The clause in words.' }),
    documentId: t.id({
      description: 'The signed document that holds it.',
      resolve: (link) => globalId('Document', link.companyId, link.documentId),
    }),
    settlementId: t.id({
      description: 'The settlement that followed it.',
      resolve: (link) => globalId('Settlement', link.companyId, link.settlementId),
    }),
    vestedAt: t.expose('vestedAt', { type: 'DateTime', description: 'When they vested.' }),
  }),
})
const Trace = builder.objectRef<ShareTrace>('ShareTrace').implement({
  description: 'From shares back to GPU-seconds and to the signed document.',
  fields: (t) => ({
    securityId: t.exposeString('securityId', { description: 'The OCF security.' }),
    unit: t.expose('unit', {
      type: EarnedUnit,
      description: 'What `firstShare`, `lastShare`, `vestedShares` and the clauses count.',
    }),
    firstShare: t.expose('firstShare', { type: 'BigInt', description: 'Number of the first share, counted from 1.' }),
    lastShare: t.expose('lastShare', { type: 'BigInt', description: 'Number of the last share.' }),
    vestedShares: t.field({
      type: 'Shares',
      description: 'How many of them, in `unit`, have vested, or have accrued under a SAFE.',
      resolve: (trace) => numericOfWhole(trace.vested),
    }),
    statementIds: t.idList({
      description: 'The final statements that vested them.',
      resolve: (trace) => trace.statementIds.map((id) => globalId('Statement', trace.companyId, id)),
    }),
    termsDocumentId: t.id({
      description: 'The accepted document that says how they vest.',
      resolve: (trace) => globalId('Document', trace.companyId, trace.termsDocumentId),
    }),
    links: t.field({
      type: [Link],
      description:
        'The usage records that earned them, in order; their parts of the basis follow one another without gap.',
      resolve: (trace) => trace.links.map((link) => ({ ...link, companyId: trace.companyId })),
    }),
    clauses: t.field({
      type: [Clause],
      description: 'Those of them that a signed clause vested without GPU-seconds.',
      resolve: (trace) => trace.clauses.map((link) => ({ ...link, companyId: trace.companyId })),
    }),
  }),
})

builder.objectFields(Company, (t) => ({
  progress: t.loadableList({
    type: Progress,
    description: 'What each grant has drawn, earned and vested until now.',
    complexity: { field: 1, multiplier: 5 },
    resolve: (company) => company.companyId,
    load: async (ids: string[], { deps }: Context) => {
      const progress = await progressOf(deps.db, ids)
      return ids.map((id) => progress.get(id) ?? [])
    },
  }),
}))

builder.queryField('shareTrace', (t) =>
  t.field({
    type: Trace,
    nullable: true,
    description:
      'The usage records that earned the shares numbered first to last (counted from 1) of a security that vests by drawdown; of a SAFE for compute, cents of its purchase amount. Null where there is no such security; refused for shares that are not earned yet.',
    errors: { types: [Refused] },
    args: {
      companyId: t.arg.id({ description: 'The company.' }),
      securityId: t.arg.string({ description: 'The OCF security.' }),
      firstShare: t.arg({ type: 'BigInt', description: 'Number of the first share, from 1.' }),
      lastShare: t.arg({ type: 'BigInt', description: 'Number of the last share.' }),
    },
    complexity: { field: 50, multiplier: 20 },
    resolve: async (_root, args, { deps, actor }) => {
      const companyId = String(args.companyId).replace(/^Company:/, '')
      const seen = await mustSeeCompany(deps.db, actor, companyId).catch((error: unknown) => {
        if (error instanceof NotFound) return undefined
        throw error
      })
      if (seen === undefined) return null
      const [first, last] = [BigInt(args.firstShare), BigInt(args.lastShare)]
      return (await traceShares(deps.db, { companyId, securityId: args.securityId, first, last })) ?? null
    },
  }),
)

const UsageOutcome = builder.objectRef<ReportedUsage['records'][number]>('UsageOutcome').implement({
  description: 'What became of one usage record.',
  fields: (t) => ({
    externalId: t.exposeString('externalId', { description: "The scheduler's id of the record." }),
    usageId: t.exposeID('usageId', { description: 'Its id here.' }),
    outcome: t.exposeString('outcome', { description: 'RECORDED, or ALREADY_RECORDED when it was told before.' }),
    charged: t.expose('charged', { type: 'Tokens', description: 'Tokens that this call charged for it.' }),
  }),
})
const CauseAmount = builder.objectRef<{ cause: Cause; amount: bigint }>('ChargedTokens').implement({
  description: 'Tokens charged for one cause.',
  fields: (t) => ({
    cause: t.expose('cause', { type: ChargeCause, description: 'Why.' }),
    tokens: t.expose('amount', { type: 'Tokens', description: 'How many.' }),
  }),
})
const Reported = builder.objectRef<ReportedUsage>('ReportedUsage').implement({
  description: 'What a usage report did.',
  fields: (t) => ({
    reservationId: t.id({
      description: 'The reservation.',
      resolve: (reported) => globalId('Reservation', reported.ref.companyId, reported.ref.id),
    }),
    records: t.expose('records', { type: [UsageOutcome], description: 'One outcome for each record, in order.' }),
    charged: t.field({
      type: [CauseAmount],
      description: 'Tokens charged by cause.',
      resolve: (reported) => CAUSES.map((cause) => ({ cause, amount: reported.charged[cause] })),
    }),
    returned: t.expose('returned', { type: 'Tokens', description: 'Tokens of the hold that are available again.' }),
    newlyEarnedShares: t.field({
      type: 'Shares',
      description: 'Shares that moved from unearned to earned. Provisional.',
      resolve: (reported) => numericOfWhole(reported.newlyEarned),
    }),
  }),
})

export const UsageRecordInput = builder.inputType('UsageRecordInput', {
  description: 'A usage record as a scheduler meters it.',
  fields: (t) => ({
    source: t.string({ description: 'The scheduler.' }),
    externalId: t.string({ description: "The scheduler's id: told again, it is recognised." }),
    gpuSeconds: t.field({ type: 'BigInt', description: 'GPU-seconds: GPUs times seconds, exact.' }),
    startedAt: t.field({ type: 'DateTime', description: 'When the use began.' }),
    endedAt: t.field({ type: 'DateTime', description: 'When it ended.' }),
    job: t.string({ required: false, description: 'The job that ran.' }),
  }),
})
const ReportUsageInput = builder.inputType('ReportUsageInput', {
  description: 'Usage of one reservation.',
  fields: (t) => ({
    reservationId: t.id({ description: 'The reservation.' }),
    records: t.field({ type: [UsageRecordInput], description: 'At most 1,000 records.' }),
    complete: t.boolean({
      required: false,
      description:
        'True when all its usage is in: unused time is charged as the terms say, the rest of the hold returns.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
})
builder.mutationField('reportUsage', (t) =>
  t.field({
    type: Reported,
    description:
      'Report usage of a reservation. One transaction posts the hold, charges by cause, advances deliveries and earned shares, and returns what is left.',
    ...may(['provider', 'machine'], [UsageConflict, UsageBeyondReservation, WrongTime, HoldExpired, GrantSettled]),
    args: { input: t.arg({ type: ReportUsageInput }) },
    resolve: (_root, { input }, { deps, actor }) =>
      reportUsage(deps, actor, { ...input, complete: input.complete ?? false }),
  }),
)
