/** Settlement terms: what becomes of a grant that does not go to plan. */
import { globalId } from '../../api/platform/index.ts'
import { CHANGE_OF_CONTROL, COMPENSATIONS, NON_USE, type SettlementTerms as Terms } from '../../api/rounds/index.ts'
import { builder } from '../kernel/builder.ts'
import { MoneyInput } from '../kernel/scalars.ts'

const NonUse = builder.enumType('NonUse', {
  description:
    'What becomes of shares that are unearned at the long-stop: they go back at zero, vest anyway by the signed clause, or the long-stop moves if both sign that.',
  values: NON_USE,
})
export const ChangeOfControl = builder.enumType('ChangeOfControlOutcome', {
  description:
    'What becomes of unearned shares at a change of control: they continue where the successor assumes the agreement and else go back at zero, go back at zero, or vest.',
  values: CHANGE_OF_CONTROL,
})
const Compensation = builder.enumType('PriceCompensation', {
  description: 'What a top-up makes good: the whole fall of the index, or what goes beyond the threshold.',
  values: COMPENSATIONS,
})

type Protection = NonNullable<Terms['priceProtection']>
const PriceProtection = builder.objectRef<Protection>('PriceProtectionTerms').implement({
  description: 'Tokens that are added, without earning shares, when a metric falls.',
  fields: (t) => ({
    metricId: t.id({ description: 'The metric.', resolve: ({ metricId }) => globalId('Metric', metricId) }),
    baseLevel: t.expose('baseLevel', { type: 'Money', description: 'What it stood at: money per H100-hour.' }),
    threshold: t.expose('threshold', { type: 'Decimal', description: 'Part by which it must have fallen.' }),
    windowDays: t.exposeInt('windowDays', { description: 'Days over which it is averaged.' }),
    compensates: t.expose('compensates', { type: Compensation, description: 'What a top-up makes good.' }),
    cap: t.field({
      type: 'Tokens',
      nullable: true,
      description: 'Most tokens that all top-ups add.',
      resolve: ({ cap }) => cap ?? null,
    }),
  }),
})

export const SettlementTerms = builder.objectRef<Terms>('SettlementTerms').implement({
  description: 'What becomes of a grant that does not go to plan. The risk table says the same in words.',
  fields: (t) => ({
    nonUse: t.expose('nonUse', { type: NonUse, description: 'Unused at the long-stop.' }),
    extendDays: t.exposeInt('extendDays', {
      nullable: true,
      description: 'With EXTEND: most days by which extensions may move the long-stop in all.',
    }),
    deniedCapacityExtends: t.exposeBoolean('deniedCapacityExtends', {
      description: 'Whether each day of denied capacity moves long-stop and expiry by a day.',
    }),
    outageExtends: t.exposeBoolean('outageExtends', { description: 'Whether each day of outage does.' }),
    changeOfControl: t.expose('changeOfControl', { type: ChangeOfControl, description: 'At a change of control.' }),
    successorDays: t.exposeInt('successorDays', { description: 'Days to name a successor of a provider that fails.' }),
    windDownDays: t.exposeInt('windDownDays', {
      description: 'Days in which released tokens can be used after a termination for convenience.',
    }),
    partialTermination: t.exposeBoolean('partialTermination', { description: 'Whether a part may be terminated.' }),
    priceProtection: t.field({
      type: PriceProtection,
      nullable: true,
      description: 'Protection against a fall of the price index; null: none.',
      resolve: ({ priceProtection }) => priceProtection ?? null,
    }),
  }),
})

const PriceProtectionInput = builder.inputType('PriceProtectionTermsInput', {
  description: 'Tokens that are added, without earning shares, when a metric falls.',
  fields: (t) => ({
    metricId: t.id({ description: 'The metric. Its fallback stands for it once it has ended.' }),
    baseLevel: t.field({ type: MoneyInput, description: 'What it stands at when the parties agree.' }),
    threshold: t.field({ type: 'Decimal', description: 'Part by which it must have fallen, like "0.20".' }),
    windowDays: t.int({ description: 'Days over which it is averaged, 1 to 366.' }),
    compensates: t.field({ type: Compensation, required: false, description: 'Default BEYOND_THRESHOLD.' }),
    cap: t.field({
      type: 'Tokens',
      required: false,
      description: 'Most tokens that all top-ups add. Default: no cap.',
    }),
  }),
})
export const SettlementTermsInput = builder.inputType('SettlementTermsInput', {
  description: 'What becomes of a grant that does not go to plan. Left out: the house terms.',
  fields: (t) => ({
    nonUse: t.field({ type: NonUse, required: false, description: 'Default FORFEIT.' }),
    extendDays: t.int({ required: false, description: 'With EXTEND, and only then: most days in all.' }),
    deniedCapacityExtends: t.boolean({ required: false, description: 'Default true.' }),
    outageExtends: t.boolean({ required: false, description: 'Default true.' }),
    changeOfControl: t.field({ type: ChangeOfControl, required: false, description: 'Default ASSUMED_OR_FORFEIT.' }),
    successorDays: t.int({ required: false, description: '0 to 365. Default 90.' }),
    windDownDays: t.int({ required: false, description: '0 to 365. Default 90.' }),
    partialTermination: t.boolean({ required: false, description: 'Default false.' }),
    priceProtection: t.field({ type: PriceProtectionInput, required: false, description: 'Default none.' }),
  }),
})
