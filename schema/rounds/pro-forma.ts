/** The company before and after a round. Parts are fractions of 1 ("0.1" is ten percent). */
import { globalId, numericOfWhole } from '../../api/platform/index.ts'
import type {
  ProFormaClass,
  ProFormaCompute,
  ProFormaComputeEquity,
  ProFormaFounders,
  ProFormaHolder,
  ProFormaNote,
  ProFormaPurchase,
  ProFormaRisk,
  ProForma as ProFormaView,
} from '../../api/rounds/index.ts'
import { builder } from '../kernel/builder.ts'
import { ProFormaConversionType, ProFormaWarrantType } from './pro-forma-conversions.ts'
import { ProFormaRightType } from './terms-rights.ts'

const NoteWeight = builder.enumType('ProFormaNoteWeight', {
  description: '`warning`: the figures change once it is dealt with. `notice`: they stand.',
  values: ['warning', 'notice'] as const,
})

export const ProFormaNoteType = builder.objectRef<ProFormaNote>('ProFormaNote').implement({
  description: 'Something that the pro forma leaves out or takes for granted.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Stable name of the case, in capitals.' }),
    weight: t.expose('weight', { type: NoteWeight, description: 'Whether the figures will change.' }),
    text: t.exposeString('text', { description: 'What it is, in words.' }),
  }),
})

export const ProFormaHolderType = builder.objectRef<ProFormaHolder>('ProFormaHolder').implement({
  description: 'One holder with everything it has, or one pool of shares reserved and not granted.',
  fields: (t) => ({
    holder: t.exposeString('holder', { description: 'Name of the holder or the plan.' }),
    holderId: t.exposeString('holderId', {
      nullable: true,
      description: 'Id of the stakeholder or plan in the OCF data; null for whom the round brings in.',
    }),
    isPool: t.exposeBoolean('isPool', { description: 'True for shares reserved and not granted.' }),
    before: t.expose('before', { type: 'Shares', description: 'Shares before the round.' }),
    after: t.expose('after', { type: 'Shares', description: 'Shares after the round, unearned ones included.' }),
    unearned: t.expose('unearned', { type: 'Shares', description: 'Shares issued and not earned yet.' }),
    beforePart: t.expose('beforePart', {
      type: 'Decimal',
      description: 'Part of the company before. The column adds up to exactly 1.',
    }),
    afterPart: t.expose('afterPart', {
      type: 'Decimal',
      description: 'Part of the company after. The column adds up to exactly 1.',
    }),
    afterWithoutUnearnedPart: t.expose('afterWithoutUnearnedPart', {
      type: 'Decimal',
      description: 'Part of the company after if every unearned share is forfeited. The column adds up to exactly 1.',
    }),
    dilution: t.expose('dilution', {
      type: 'Decimal',
      nullable: true,
      description: '1 minus part after / part before; negative for who gains; null for who had nothing.',
    }),
  }),
})

const Founder = builder.objectRef<ProFormaFounders['members'][number]>('ProFormaFounder').implement({
  description: 'A founder. What it has by itself is its line among the holders.',
  fields: (t) => ({
    holderId: t.exposeString('holderId', { description: 'Id of the stakeholder in the OCF data.' }),
    holder: t.exposeString('holder', { description: 'Name.' }),
  }),
})
const Founders = builder.objectRef<ProFormaFounders>('ProFormaFounders').implement({
  description: 'The founders together. Shares are sums of theirs; parts are of these, to the nearest.',
  fields: (t) => ({
    members: t.field({
      type: [Founder],
      description: 'Whom the OCF data calls a founder and who has anything.',
      resolve: ({ members }) => [...members],
    }),
    before: t.expose('before', { type: 'Shares', description: 'Shares before the round.' }),
    after: t.expose('after', { type: 'Shares', description: 'Shares after the round, unearned ones included.' }),
    unearned: t.expose('unearned', { type: 'Shares', description: 'Shares issued and not earned yet.' }),
    beforePart: t.expose('beforePart', { type: 'Decimal', description: 'Part of the company before.' }),
    afterPart: t.expose('afterPart', { type: 'Decimal', description: 'Part of the company after.' }),
    afterWithoutUnearnedPart: t.expose('afterWithoutUnearnedPart', {
      type: 'Decimal',
      description: 'Part of the company after if every unearned share is forfeited.',
    }),
    dilution: t.expose('dilution', {
      type: 'Decimal',
      nullable: true,
      description: '1 minus part after / part before; negative where they gain; null where they had nothing.',
    }),
  }),
})

const Class = builder.objectRef<ProFormaClass>('ProFormaClass').implement({
  description: 'One stock class, one kind of instrument, or what is reserved and not granted.',
  fields: (t) => ({
    className: t.exposeString('className', { description: 'Name.' }),
    classId: t.exposeString('classId', {
      nullable: true,
      description: 'Id of the class in the OCF data, where it has one.',
    }),
    kind: t.exposeString('kind', {
      description:
        'stock, option, warrant, pool or promised; tranche: stock for compute that is to be issued; safe: what a SAFE for compute would become.',
    }),
    before: t.expose('before', { type: 'Shares', description: 'Shares before the round.' }),
    after: t.expose('after', { type: 'Shares', description: 'Shares after the round, unearned ones included.' }),
    unearned: t.expose('unearned', { type: 'Shares', description: 'Shares issued and not earned yet.' }),
    beforePart: t.expose('beforePart', { type: 'Decimal', description: 'Part of the company before.' }),
    afterPart: t.expose('afterPart', { type: 'Decimal', description: 'Part of the company after.' }),
    afterWithoutUnearnedPart: t.expose('afterWithoutUnearnedPart', {
      type: 'Decimal',
      description: 'Part of the company after if every unearned share is forfeited.',
    }),
  }),
})

const Purchase = builder.objectRef<ProFormaPurchase>('ProFormaPurchase').implement({
  description: 'Cash that buys shares at the price of the round.',
  fields: (t) => ({
    holder: t.exposeString('holder', { description: 'Who buys.' }),
    className: t.exposeString('className', { description: 'What.' }),
    amount: t.expose('amount', { type: 'Money', description: 'Money invested.' }),
    shares: t.field({ type: 'Shares', description: 'Whole shares.', resolve: ({ shares }) => numericOfWhole(shares) }),
    remainder: t.expose('remainder', {
      type: 'Money',
      description: 'Money minus shares times price: positive buys no share, negative is not paid for.',
    }),
  }),
})

/** What one grant buys. */
export const ComputePurchaseType = builder.objectRef<ProFormaCompute>('ProFormaComputePurchase').implement({
  description: 'Compute that buys shares at the price of the round.',
  fields: (t) => ({
    holder: t.exposeString('holder', { description: 'Who buys.' }),
    className: t.exposeString('className', { description: 'What.' }),
    tokenClassId: t.id({
      description: 'Global id of the token class.',
      resolve: ({ tokenClassId }) => globalId('TokenClass', tokenClassId),
    }),
    tokens: t.expose('tokens', { type: 'Tokens', description: 'Tokens granted. 1 token = 1 H100-hour.' }),
    amount: t.expose('amount', { type: 'Money', description: 'Tokens times the reference price.' }),
    shares: t.field({
      type: 'Shares',
      description: 'Whole shares, unearned at closing.',
      resolve: ({ shares }) => numericOfWhole(shares),
    }),
    remainder: t.expose('remainder', { type: 'Money', description: 'Consideration minus shares times price.' }),
    referencePrice: t.expose('referencePrice', {
      type: 'Money',
      description: 'Agreed money per H100-hour. Not a fair value.',
    }),
    impliedPrice: t.expose('impliedPrice', {
      type: 'Money',
      description: 'Money per H100-hour that the equity implies: shares times price, divided by tokens.',
    }),
  }),
})

const Risk = builder.objectRef<ProFormaRisk>('ProFormaRisk').implement({
  description: 'What a founder must see at once. Present holders are all shares before the round, the pool included.',
  fields: (t) => ({
    unearnedShares: t.field({
      type: 'Shares',
      description: 'Whole shares issued against compute that is not delivered yet.',
      resolve: ({ unearnedShares }) => numericOfWhole(unearnedShares),
    }),
    presentHoldersAfter: t.expose('presentHoldersAfter', {
      type: 'Decimal',
      description: 'Their part after the round.',
    }),
    presentHoldersIfNothingUsed: t.expose('presentHoldersIfNothingUsed', {
      type: 'Decimal',
      description: 'Their part if no token is ever used and every unearned share is forfeited.',
    }),
    dilution: t.expose('dilution', { type: 'Decimal', description: '1 minus their part after the round.' }),
    dilutionIfNothingUsed: t.expose('dilutionIfNothingUsed', {
      type: 'Decimal',
      description: '1 minus their part if no token is ever used.',
    }),
  }),
})

const ComputeEquityKind = builder.enumType('ComputeEquityKind', {
  description: 'What was given for compute: vesting STOCK, STAGED stock in tranches, a PENNY_WARRANT or a SAFE.',
  values: ['STOCK', 'STAGED', 'PENNY_WARRANT', 'SAFE'] as const,
})
const ComputeEquity = builder.objectRef<ProFormaComputeEquity>('ProFormaComputeEquity').implement({
  description: 'One instrument for compute in a pro forma: what is earned of it, and the most that it may become.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ComputeEquityKind, description: 'Which.' }),
    holder: t.exposeString('holder', { description: 'Whose.' }),
    holderId: t.exposeString('holderId', {
      nullable: true,
      description: 'Its id in the OCF data; null for whom the round brings in.',
    }),
    className: t.exposeString('className', { description: 'The class, or "SAFE for compute".' }),
    ofThisRound: t.exposeBoolean('ofThisRound', {
      description: 'True for what this round gives; false for what earlier ones gave.',
    }),
    earned: t.expose('earned', {
      type: 'Shares',
      description: 'Shares earned: vested, due, or what the accrued amount of a SAFE becomes in this round.',
    }),
    maximum: t.expose('maximum', {
      type: 'Shares',
      description: 'Shares if everything is earned; of a SAFE, at the price of this round.',
    }),
    earnedPart: t.expose('earnedPart', { type: 'Decimal', description: 'The same as a part of all shares after.' }),
    maximumPart: t.expose('maximumPart', { type: 'Decimal', description: 'The same as a part of all shares after.' }),
    unearnedCounted: t.exposeBoolean('unearnedCounted', {
      description: 'Whether price and base count what is not earned, as unearnedCompute says.',
    }),
  }),
})

/** The pro forma of a round. */
export const ProForma = builder.objectRef<ProFormaView>('ProForma').implement({
  description: 'The company before and after a round, exact: with and without unearned shares.',
  fields: (t) => ({
    asOf: t.expose('asOf', { type: 'Date', description: 'The cap table before is as of this date, inclusive.' }),
    preMoney: t.expose('preMoney', { type: 'Money', description: 'Valuation before the money of the round.' }),
    postMoney: t.expose('postMoney', { type: 'Money', description: 'Price times all shares after the round.' }),
    effectivePreMoney: t.expose('effectivePreMoney', {
      type: 'Money',
      description: 'Price times the shares before the round, without the pool increase.',
    }),
    pricePerShare: t.expose('price', { type: 'Money', description: 'The rounded price per share.' }),
    exactPrice: t.exposeString('exactPrice', { description: 'The price before rounding, as a fraction: "7/4".' }),
    priceDenominator: t.expose('priceDenominator', {
      type: 'Shares',
      description: 'What the valuation is divided by: fully diluted before the round plus the pool increase.',
    }),
    sharesBefore: t.expose('sharesBefore', { type: 'Shares', description: 'Fully diluted before the round.' }),
    sharesAfter: t.expose('sharesAfter', {
      type: 'Shares',
      description: 'Fully diluted after the round, unearned shares included.',
    }),
    compute: t.expose('compute', {
      type: ComputePurchaseType,
      description: 'What the compute of the first grant buys.',
    }),
    grants: t.field({
      type: [ComputePurchaseType],
      complexity: { field: 1, multiplier: 2 },
      description: 'What each grant buys, in the order of the terms: that of compute first.',
      resolve: ({ grants }) => [...grants],
    }),
    computeShares: t.field({
      type: 'Shares',
      description: 'Whole shares that all grants buy together, unearned at closing.',
      resolve: ({ computeShares }) => numericOfWhole(computeShares),
    }),
    cash: t.expose('cash', { type: [Purchase], description: 'What cash buys, in the order of the terms.' }),
    rights: t.expose('rights', {
      type: [ProFormaRightType],
      complexity: { field: 1, multiplier: 2 },
      description: 'Rights to take part, in the order of the terms, exercised or not.',
    }),
    conversions: t.expose('conversions', {
      complexity: { field: 1, multiplier: 2 },
      type: [ProFormaConversionType],
      description: 'SAFEs and notes that convert, in the order of the cap table.',
    }),
    warrants: t.field({
      type: [ProFormaWarrantType],
      complexity: { field: 1, multiplier: 2 },
      description: 'Warrants whose price the round fixes, in the order of the terms.',
      resolve: ({ warrants }) => [...warrants],
    }),
    poolIncrease: t.field({
      type: 'Shares',
      description: 'Whole shares added to the pool.',
      resolve: ({ poolIncrease }) => numericOfWhole(poolIncrease),
    }),
    unallocatedAfter: t.expose('unallocatedAfter', {
      type: 'Shares',
      description: 'Reserved and not granted after the round.',
    }),
    unallocatedAfterPart: t.expose('unallocatedAfterPart', {
      type: 'Decimal',
      description: 'The same as a part of all shares after the round.',
    }),
    holders: t.expose('holders', { type: [ProFormaHolderType], description: 'One row for each holder and each pool.' }),
    founders: t.expose('founders', {
      type: Founders,
      nullable: true,
      description: 'The founders among the holders, together; null where the OCF data names none who has anything.',
    }),
    classes: t.expose('classes', { type: [Class], description: 'One row for each class and kind of instrument.' }),
    computeEquity: t.expose('computeEquity', {
      type: [ComputeEquity],
      complexity: { field: 1, multiplier: 2 },
      description:
        'Every instrument for compute, earned and maximum: what this round gives, then what earlier ones gave.',
    }),
    risk: t.expose('risk', { type: Risk, description: "The founder's figures." }),
    notes: t.expose('notes', { type: [ProFormaNoteType], description: 'What is left out or taken for granted.' }),
  }),
})
