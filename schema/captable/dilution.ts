/** Anti-dilution, pay-to-play, and the quantities that are called "fully diluted". */
import {
  type AdjustedRatio,
  ANTI_DILUTION_BASES,
  type AntiDilutionView,
  adjustConversionRatio,
  BeforeFirstTransaction,
  CONVERSION_METHODS,
  companyAntiDilution,
  companyFullyDiluted,
  companyPayToPlay,
  DilutionRefused,
  type FullyDilutedView,
  NoCapTable,
  type PayToPlayRow,
  TransactionRefused,
} from '../../api/captable/index.ts'
import { type DomainError, numericOfWhole, type Reader, type Uuid } from '../../api/platform/index.ts'
import { batch, instantOf, mustHave } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import './captable-errors.ts'
import type { Context } from '../kernel/context.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { withoutNulls } from '../kernel/input.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { MoneyInput } from '../kernel/scalars.ts'
import { Company, companyOrNotFound } from '../parties.ts'

builder.objectType(DilutionRefused, {
  name: 'DilutionRefused',
  description: 'The cap table does not say what is asked, or what is asked contradicts it.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({ reasons: t.stringList({ description: 'All of them.', resolve: ({ reasons }) => [...reasons] }) }),
})

const Method = builder.enumType('AntiDilutionMethod', {
  description: 'How a conversion price is adjusted.',
  values: {
    WEIGHTED_AVERAGE: { description: 'CP2 = CP1 x (A + B) / (A + C), as in the NVCA model charter.' },
    FULL_RATCHET: { description: 'To the price of the new shares, however few they are.' },
  } as const,
})
const Base = builder.enumType('AntiDilutionBase', {
  description:
    'What a weighted average counts as outstanding. BROAD: stock as converted, options, warrants, convertibles; BROAD_WITH_RESERVE: and what plans hold; STOCK: common and preferred; PREFERRED: preferred alone.',
  values: ANTI_DILUTION_BASES,
})
const ConversionMethodKind = builder.enumType('PriceConversionMethod', {
  description: 'How convertibles weigh on the price of a priced round.',
  values: CONVERSION_METHODS,
})

const AntiDilution = builder.objectRef<AntiDilutionView>('AntiDilution').implement({
  description: 'What an issue below the conversion price of a class does to it.',
  fields: (t) => ({
    classId: t.exposeString('classId', { description: 'Id of the class in Open Cap Format.' }),
    className: t.exposeString('className', { description: 'Name.' }),
    originalIssuePrice: t.expose('originalIssuePrice', { type: 'Money', description: 'Per share.' }),
    conversionPriceBefore: t.expose('conversionPriceBefore', { type: 'Money', description: 'CP1, per share.' }),
    conversionPriceAfter: t.expose('conversionPriceAfter', {
      type: 'Money',
      description: 'CP2, to the nearest 0.0001 and never above CP1.',
    }),
    exactPrice: t.exposeString('exactPrice', { description: 'CP2 before rounding, as a fraction.' }),
    adjusted: t.exposeBoolean('adjusted', { description: 'False where the price stays as it is.' }),
    outstandingBefore: t.expose('outstandingBefore', {
      type: 'Shares',
      nullable: true,
      description: '"A" of the weighted average; null for a full ratchet.',
    }),
    ratioBefore: t.exposeString('ratioBefore', { description: 'Common per preferred share, as a fraction.' }),
    ratioAfter: t.exposeString('ratioAfter', { description: 'The same after.' }),
    convertsIntoBefore: t.expose('convertsIntoBefore', { type: 'Shares', description: 'Common of the whole class.' }),
    convertsIntoAfter: t.expose('convertsIntoAfter', { type: 'Shares', description: 'The same after.' }),
  }),
})
const FullyDiluted = builder.objectRef<FullyDilutedView>('FullyDiluted').implement({
  description:
    'Quantities that documents call "fully diluted", in common as converted. The fifth, the waterfall base, depends on the exit value: see Waterfall.',
  fields: (t) => ({
    safePostMoneyCapitalization: t.expose('safePostMoneyCapitalization', {
      type: 'Shares',
      description: 'What the cap of a post-money SAFE is divided by.',
    }),
    safePreMoneyCapitalization: t.expose('safePreMoneyCapitalization', {
      type: 'Shares',
      description: 'What the cap of a pre-money SAFE is divided by.',
    }),
    priceDenominator: t.expose('priceDenominator', {
      type: 'Shares',
      description: 'What the pre-money valuation of a priced round is divided by.',
    }),
    antiDilutionBase: t.expose('antiDilutionBase', {
      type: 'Shares',
      description: 'Broad base of a weighted average.',
    }),
    antiDilutionBaseStock: t.expose('antiDilutionBaseStock', {
      type: 'Shares',
      description: 'Narrow base: common and preferred outstanding.',
    }),
    converting: t.expose('converting', {
      type: 'Shares',
      description: 'SAFEs and notes as converted by their caps, as counted above.',
    }),
    uncountedWarrants: t.field({
      type: ['String'],
      description:
        'Warrants that none of the quantities counts, since no number is said or follows from the cap table: each with its holder and the reason.',
      resolve: ({ uncountedWarrants }) => [...uncountedWarrants],
    }),
  }),
})
const PayToPlay = builder.objectRef<PayToPlayRow>('PayToPlay').implement({
  description: 'What becomes of the preferred of one holder.',
  fields: (t) => ({
    holderId: t.exposeString('id', { description: 'Id of the stakeholder in Open Cap Format.' }),
    holder: t.exposeString('holder', { description: 'Name.' }),
    played: t.exposeBoolean('played', { description: 'Bought the whole part, or was entitled to none.' }),
    kept: t.field({
      type: 'Shares',
      description: 'Preferred that stays.',
      resolve: ({ kept }) => numericOfWhole(kept),
    }),
    converted: t.field({
      type: 'Shares',
      description: 'Preferred that converts.',
      resolve: ({ converted }) => numericOfWhole(converted),
    }),
    common: t.field({
      type: 'Shares',
      description: 'Common that it becomes, rounded down.',
      resolve: ({ common }) => numericOfWhole(common),
    }),
  }),
})

const AntiDilutionInput = builder.inputType('AntiDilutionInput', {
  description: 'An issue of shares, and the class whose price it may adjust.',
  fields: (t) => ({
    classId: t.string({ description: 'Id of the preferred class in Open Cap Format.' }),
    method: t.field({ type: Method, description: 'As the charter says.' }),
    base: t.field({ type: Base, required: false, description: 'With WEIGHTED_AVERAGE, and only with it.' }),
    issued: t.field({ type: 'Shares', description: 'Shares issued, as converted to common.' }),
    consideration: t.field({ type: MoneyInput, description: 'Money for all of them.' }),
  }),
})
const FullyDilutedInput = builder.inputType('FullyDilutedInput', {
  description: 'What is not on the cap table and counts.',
  fields: (t) => ({
    promised: t.field({ type: 'Shares', required: false, description: 'Options promised. Default 0.' }),
    poolIncrease: t.field({ type: 'Shares', required: false, description: 'Increase of the pool. Default 0.' }),
    method: t.field({ type: ConversionMethodKind, required: false, description: 'Default PERCENT_OWNERSHIP.' }),
  }),
})
const PlayerInput = builder.inputType('PayToPlayHolderInput', {
  description: 'A holder, both amounts in money or both in shares.',
  fields: (t) => ({
    stakeholderId: t.string({ description: 'Id of the stakeholder in Open Cap Format.' }),
    proRata: t.field({ type: 'Decimal', description: 'What they were entitled and asked to buy.' }),
    bought: t.field({ type: 'Decimal', description: 'What they bought.' }),
  }),
})
const Portion = builder.enumType('PayToPlayPortion', {
  description:
    'How much of the preferred of who did not buy converts. PROPORTIONAL: by the part not bought. ALL: all of it.',
  values: ['PROPORTIONAL', 'ALL'] as const,
})
const PayToPlayInput = builder.inputType('PayToPlayInput', {
  description: 'A round that holders of a class are asked to buy in.',
  fields: (t) => ({
    classId: t.string({ description: 'Id of the preferred class in Open Cap Format.' }),
    portion: t.field({ type: Portion, required: false, description: 'Default PROPORTIONAL.' }),
    holders: t.field({ type: [PlayerInput], description: 'Who is not named was entitled to none. At most 1,000.' }),
  }),
})

type Load<Answer> = (
  reader: Reader,
  ids: readonly Uuid[],
  asOf: string,
  input: unknown,
) => Promise<ReadonlyMap<Uuid, Answer | DomainError>>

async function asked<Answer>(
  context: Context,
  field: string,
  companyId: Uuid,
  asOf: string | null | undefined,
  input: unknown,
  load: Load<Answer>,
) {
  const day = asOf ?? (await instantOf(context)).slice(0, 10)
  const plain = withoutNulls(input) ?? {}
  const all = (ids: readonly Uuid[]) => load(context.deps.db, ids, day, plain)
  return mustHave(await batch(context, [field, day, plain], companyId, all))
}

const asOf = { type: 'Date', required: false, description: 'The day, inclusive; today (UTC) by default.' } as const
const refusals = { types: [NoCapTable, BeforeFirstTransaction, DilutionRefused] }

builder.objectFields(Company, (t) => ({
  antiDilution: t.field({
    type: AntiDilution,
    description: 'What an issue of shares would do to the conversion price of a class. Nothing is changed.',
    args: { asOf: t.arg(asOf), input: t.arg({ type: AntiDilutionInput, description: 'The issue.' }) },
    errors: refusals,
    complexity: { field: 20 },
    resolve: ({ companyId }, args, context) =>
      asked(context, 'Company.antiDilution', companyId, args.asOf, args.input, companyAntiDilution),
  }),
  fullyDiluted: t.field({
    type: FullyDiluted,
    description: 'The quantities called "fully diluted", each by its own name.',
    args: {
      asOf: t.arg(asOf),
      input: t.arg({ type: FullyDilutedInput, required: false, description: 'What counts too.' }),
    },
    errors: { types: [NoCapTable, BeforeFirstTransaction] },
    complexity: { field: 20 },
    resolve: ({ companyId }, args, context) =>
      asked(context, 'Company.fullyDiluted', companyId, args.asOf, args.input, companyFullyDiluted),
  }),
  payToPlay: t.field({
    type: [PayToPlay],
    description: 'What becomes of the preferred of those who do not buy their part of a round. Nothing is changed.',
    args: { asOf: t.arg(asOf), input: t.arg({ type: PayToPlayInput, description: 'The round.' }) },
    errors: refusals,
    complexity: { field: 20, multiplier: 5 },
    resolve: async ({ companyId }, args, context) => [
      ...(await asked(context, 'Company.payToPlay', companyId, args.asOf, args.input, companyPayToPlay)),
    ],
  }),
}))

const AdjustInput = builder.inputType('AdjustConversionRatioInput', {
  description: 'An adjustment as it was previewed.',
  fields: (t) => ({
    companyId: t.id({ description: 'Global id of the company.' }),
    asOf: t.field({ type: 'Date', description: 'The day that was previewed: its table counts as outstanding.' }),
    date: t.field({ type: 'Date', description: 'The day on which the new price holds; not in the future.' }),
    issue: t.field({ type: AntiDilutionInput, description: 'The issue that was previewed.' }),
    expectedPrice: t.field({ type: 'Decimal', description: 'The conversion price that was read in the preview.' }),
    reason: t.string({ description: 'Why, at most 1,000 characters. Kept on the cap table and in the audit log.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const Adjusted = builder.objectRef<AdjustedRatio>('AdjustedRatio').implement({
  description: 'An adjustment that stands on the cap table.',
  fields: (t) => ({
    company: t.field({
      type: Company,
      description: 'The company.',
      resolve: ({ companyId }, _args, { deps, actor }) => companyOrNotFound(deps, actor, companyId),
    }),
    transactionId: t.exposeString('transactionId', { description: 'Id of the transaction in Open Cap Format.' }),
    conversionPrice: t.expose('conversionPrice', { type: 'Money', description: 'The price that holds now.' }),
  }),
})
builder.mutationField('adjustConversionRatio', (t) =>
  t.field({
    type: Adjusted,
    description: 'Write what anti-dilution does to a class on the cap table, as it was previewed.',
    ...may(['partner', 'operations'], [NoCapTable, BeforeFirstTransaction, DilutionRefused, TransactionRefused]),
    args: { input: t.arg({ type: AdjustInput }) },
    resolve: (_root, { input }, { deps, actor }) => adjustConversionRatio(deps, actor, input),
  }),
)
