/** The price index (metrics and what was observed of them) and marks. */
import { globalId, NotFound, Refused, type Uuid } from '../../api/platform/index.ts'
import {
  allMetrics,
  approveMark,
  endMetric,
  findMetric,
  levelsOf,
  MARK_BASES,
  type MarkView,
  type MetricLevel,
  type MetricView,
  marksOf,
  mustSeeMark,
  type ObservationView,
  observationsOf,
  proposeMark,
  recordObservation,
  registerMetric,
} from '../../api/tokens/index.ts'
import { batch, instantOf, mustHave } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { MoneyInput } from '../kernel/scalars.ts'
import { Company } from '../parties.ts'
import { TokenClass } from './tokens.ts'

const Observation = builder.objectRef<ObservationView>('Observation').implement({
  description: 'What a metric was on a day. Of a day that was corrected, the correction.',
  fields: (t) => ({
    id: t.id({
      description: 'Names it in a correction.',
      resolve: (row) => globalId('Observation', row.metricId, row.observationId),
    }),
    observedOn: t.expose('observedOn', { type: 'Date', description: 'The day.' }),
    level: t.expose('level', {
      type: 'Decimal',
      nullable: true,
      description:
        'Money for one unit, in the currency of the metric; null: a correction says that it was never observed.',
    }),
    source: t.exposeString('source', { description: 'Where that is written.' }),
    corrects: t.id({
      nullable: true,
      description: 'The observation that it replaces.',
      resolve: (row) => (row.correctsId === null ? null : globalId('Observation', row.metricId, row.correctsId)),
    }),
    recordedAt: t.expose('recordedAt', { type: 'DateTime', description: 'When it was recorded.' }),
  }),
})

type Level = { readonly asOf: string; readonly level: MetricLevel | Refused }
const found = ({ level }: Level): MetricLevel | undefined => (level instanceof Refused ? undefined : level)
const Level = builder.objectRef<Level>('MetricLevel').implement({
  description: 'The mean of one metric over a window. There is none where nothing was observed or the last is stale.',
  fields: (t) => ({
    asOf: t.expose('asOf', { type: 'Date', description: 'Last day of the window.' }),
    from: t.field({
      type: 'Date',
      nullable: true,
      description: 'First day of the window.',
      resolve: (row) => found(row)?.from ?? null,
    }),
    level: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        'Arithmetic mean of the observations: money for one unit, in the currency of the metric; null where there is none.',
      resolve: (row) => found(row)?.level ?? null,
    }),
    observations: t.int({
      description: 'How many observations it is the mean of.',
      resolve: (row) => found(row)?.observations ?? 0,
    }),
    newest: t.field({
      type: 'Date',
      nullable: true,
      description: 'Day of the last of them.',
      resolve: (row) => found(row)?.newest ?? null,
    }),
    ofMetric: t.string({
      nullable: true,
      description: 'Name of the metric that it is of: the fallback once the metric has ended. Metrics are never mixed.',
      resolve: (row) => found(row)?.metric.name ?? null,
    }),
    refusal: t.string({
      nullable: true,
      description: 'Why there is no level.',
      resolve: ({ level }) => (level instanceof Refused ? level.reason : null),
    }),
  }),
})

const Metric = builder.objectRef<MetricView>('Metric').implement({
  description: 'One way in which one source measures the price of an H100-hour. Ways are never mixed in one series.',
  fields: (t) => ({
    id: t.id({ description: 'Names it in terms.', resolve: ({ metricId }) => globalId('Metric', metricId) }),
    name: t.exposeString('name', { description: 'Name, one of its kind.' }),
    unit: t.exposeString('unit', { description: 'What one price is for: "H100_HOUR".' }),
    currency: t.exposeString('currency', { description: 'ISO 4217 code.' }),
    source: t.exposeString('source', { description: 'Who publishes it.' }),
    method: t.exposeString('method', { description: 'What exactly is measured, and how.' }),
    windowDays: t.exposeInt('windowDays', { description: 'Days that are averaged where nobody says otherwise.' }),
    staleAfterDays: t.exposeInt('staleAfterDays', {
      description: 'Days after the last observation from which it has no level.',
    }),
    fallback: t.id({
      nullable: true,
      description: 'The metric that stands for it once it has ended.',
      resolve: ({ fallbackId }) => (fallbackId === null ? null : globalId('Metric', fallbackId)),
    }),
    endedOn: t.expose('endedOn', { type: 'Date', nullable: true, description: 'First day without it.' }),
    endReason: t.exposeString('endReason', { nullable: true, description: 'Why it ended.' }),
    observations: t.field({
      type: [Observation],
      description: 'What was observed, oldest first; of a longer time the newest 1,000.',
      args: {
        from: t.arg({ type: 'Date', required: false, description: 'First day.' }),
        to: t.arg({ type: 'Date', required: false, description: 'Last day.' }),
        knownAt: t.arg({ type: 'DateTime', required: false, description: 'As it was known at this instant.' }),
      },
      resolve: async ({ metricId }, args, context) => {
        const asked = { from: args.from ?? '1900-01-01', to: args.to ?? '9999-12-31', knownAt: args.knownAt ?? null }
        const load = (ids: readonly Uuid[]) => observationsOf(context.deps.db, ids, asked)
        return (await batch(context, ['Metric.observations', asked], metricId, load)) ?? []
      },
    }),
    level: t.field({
      type: Level,
      description: 'What it stands at.',
      args: {
        asOf: t.arg({ type: 'Date', required: false, description: 'Last day of the window. Default today.' }),
        windowDays: t.arg.int({
          required: false,
          description: 'Days to average, 1 to 366. Default those of the metric.',
        }),
      },
      resolve: async ({ metricId }, args, context) => {
        const asOf = args.asOf ?? (await instantOf(context)).slice(0, 10)
        const windowDays = args.windowDays == null ? undefined : Math.min(366, Math.max(1, args.windowDays))
        const load = async (ids: readonly Uuid[]) => {
          const levels = await levelsOf(context.deps.db, ids, { asOf, windowDays })
          return new Map([...levels].map(([id, level]) => [id, { asOf, level }]))
        }
        return mustHave(await batch(context, ['Metric.level', asOf, windowDays], metricId, load))
      },
    }),
  }),
})

builder.queryField('metrics', (t) =>
  t.field({
    type: [Metric],
    description: 'The metrics of the price index, by name.',
    resolve: (_root, _args, { deps }) => allMetrics(deps.db),
  }),
)

const MarkBasis = builder.enumType('MarkBasis', {
  description: 'What kind of figure a mark is. A reference price is no fair value.',
  values: MARK_BASES,
})
export const Mark = builder.objectRef<MarkView>('Mark').implement({
  description:
    'What a token, a share or a company is taken to be worth from a day until another. Counts once approved.',
  fields: (t) => ({
    id: t.id({ description: 'Its id.', resolve: (row) => globalId('Mark', row.scopeId, row.markId) }),
    of: t.string({
      description: 'What is marked: "token", "share" or "company".',
      resolve: ({ subject }) => subject.kind,
    }),
    stockClassId: t.string({
      nullable: true,
      description: 'With a share: its OCF stock class.',
      resolve: ({ subject }) => (subject.kind === 'share' ? subject.stockClassId : null),
    }),
    basis: t.expose('basis', { type: MarkBasis, description: 'Fair value or reference price.' }),
    value: t.expose('value', { type: 'Money', description: 'For one token, one share, or the company whole.' }),
    markedOn: t.expose('markedOn', { type: 'Date', description: 'First day of it.' }),
    expiresOn: t.expose('expiresOn', { type: 'Date', description: 'First day on which it no longer counts.' }),
    method: t.exposeString('method', { description: 'How it was found.' }),
    level: t.exposeInt('level', {
      nullable: true,
      description: 'Level of the fair value hierarchy (ASC 820, IFRS 13), 1 to 3; null for a reference price.',
    }),
    source: t.exposeString('source', { description: 'Where its inputs are.' }),
    proposedAt: t.expose('proposedAt', { type: 'DateTime', description: 'When it was proposed.' }),
    approvedAt: t.expose('approvedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When another person approved it; null: it counts for nothing yet.',
    }),
  }),
})

const marksFor = async (context: Context, field: string, scopeId: Uuid): Promise<MarkView[]> =>
  (await batch(context, [field], scopeId, (ids: readonly Uuid[]) => marksOf(context.deps.db, context.actor, ids))) ?? []
builder.objectField(Company, 'marks', (t) =>
  t.field({
    type: [Mark],
    description: "Marks of the company and its shares, newest first; none for who is not on the fund's staff.",
    resolve: ({ companyId }, _args, context) => marksFor(context, 'Company.marks', companyId),
  }),
)
builder.objectField(TokenClass, 'marks', (t) =>
  t.field({
    type: [Mark],
    description: "Marks of a token, newest first; none for who is not on the fund's staff.",
    resolve: ({ tokenClassId }, _args, context) => marksFor(context, 'TokenClass.marks', tokenClassId),
  }),
)

const metricOrNotFound = async ({ deps }: Context, metricId: Uuid): Promise<MetricView> => {
  const metric = await findMetric(deps.db, metricId)
  if (metric === undefined) throw new NotFound('metric', globalId('Metric', metricId))
  return metric
}

const RegisterMetricInput = builder.inputType('RegisterMetricInput', {
  description: 'One way in which one source measures the price of an H100-hour.',
  fields: (t) => ({
    name: t.string({ description: 'Name, at most 120 characters, one of its kind.' }),
    currency: t.string({ description: 'ISO 4217 code, such as "USD".' }),
    source: t.string({ description: 'Who publishes it.' }),
    method: t.string({ description: 'What exactly is measured, and how.' }),
    windowDays: t.int({ description: 'Days that are averaged, 1 to 366.' }),
    staleAfterDays: t.int({ description: 'Days without an observation after which it has no level, 1 to 3660.' }),
    fallbackId: t.id({
      required: false,
      description: 'The metric that stands for it once it has ended, in the same currency.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const EndMetricInput = builder.inputType('EndMetricInput', {
  description: 'A metric that is no longer published.',
  fields: (t) => ({
    metricId: t.id({ description: 'The metric.' }),
    endedOn: t.field({ type: 'Date', description: 'First day without it; after its last observation.' }),
    reason: t.string({ description: 'What happened, and where that is written.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const RecordObservationInput = builder.inputType('RecordObservationInput', {
  description: 'What a metric was on a day, or a correction of that.',
  fields: (t) => ({
    metricId: t.id({ description: 'The metric.' }),
    observedOn: t.field({ type: 'Date', description: 'The day; not in the future.' }),
    level: t.field({
      type: 'Decimal',
      required: false,
      description: 'Money for one unit in the currency of the metric. Left out in a correction: it was never observed.',
    }),
    source: t.string({ description: 'Where that is written.' }),
    correctsId: t.id({ required: false, description: 'The observation of that day that this one replaces.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const ProposeMarkInput = builder.inputType('ProposeMarkInput', {
  description: 'What something is taken to be worth.',
  fields: (t) => ({
    of: t.id({ description: 'A TokenClass (one token of it) or a Company.' }),
    stockClassId: t.string({ required: false, description: 'With a company: one share of this OCF stock class.' }),
    basis: t.field({ type: MarkBasis, description: 'Fair value or reference price.' }),
    value: t.field({ type: MoneyInput, description: 'For one token, one share, or the company whole.' }),
    markedOn: t.field({ type: 'Date', description: 'First day of it; not in the future.' }),
    expiresOn: t.field({ type: 'Date', description: 'First day on which it no longer counts.' }),
    method: t.string({ description: 'How it was found.' }),
    level: t.int({ required: false, description: 'Level of the fair value hierarchy, 1 to 3; only of a fair value.' }),
    source: t.string({ description: 'Where its inputs are.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const ApproveMarkInput = builder.inputType('ApproveMarkInput', {
  description: 'Which mark to approve.',
  fields: (t) => ({ markId: t.id({ description: 'The mark.' }), idempotencyKey: idempotencyKey(t) }),
})

builder.mutationFields((t) => ({
  registerMetric: t.field({
    type: Metric,
    description: 'Register a way of measuring the price of an H100-hour. It stays as it is.',
    ...may(['partner', 'operations']),
    args: { input: t.arg({ type: RegisterMetricInput }) },
    resolve: async (_root, { input }, context) =>
      metricOrNotFound(context, (await registerMetric(context.deps, context.actor, input)).metricId),
  }),
  endMetric: t.field({
    type: Metric,
    description: 'Record that a metric is no longer published: its fallback stands for it from that day on.',
    ...may(['partner']),
    args: { input: t.arg({ type: EndMetricInput }) },
    resolve: async (_root, { input }, context) =>
      metricOrNotFound(context, (await endMetric(context.deps, context.actor, input)).metricId),
  }),
  recordObservation: t.field({
    type: Metric,
    description: 'Record what a metric was on a day, or correct it by a new observation that names the old one.',
    ...may(['analyst', 'partner', 'operations']),
    args: { input: t.arg({ type: RecordObservationInput }) },
    resolve: async (_root, { input }, context) =>
      metricOrNotFound(context, (await recordObservation(context.deps, context.actor, input)).metricId),
  }),
  proposeMark: t.field({
    type: Mark,
    description: 'Propose what a token, a share or a company is worth. It counts once another person approves it.',
    ...may(['analyst', 'partner']),
    args: { input: t.arg({ type: ProposeMarkInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { ref } = await proposeMark(deps, actor, input)
      return mustSeeMark(deps.db, actor, ref)
    },
  }),
  approveMark: t.field({
    type: Mark,
    description: 'Approve a mark, by somebody other than who proposed it.',
    ...may(['partner', 'compliance']),
    args: { input: t.arg({ type: ApproveMarkInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { ref } = await approveMark(deps, actor, input)
      return mustSeeMark(deps.db, actor, ref)
    },
  }),
}))
