/** The company before and after a round. Parts are fractions of 1 ("0.1" is ten percent). */
import { numericOfWhole } from '../api/platform/index.ts'
import type {
  ProFormaClass,
  ProFormaCompute,
  ProFormaHolder,
  ProFormaNote,
  ProFormaPurchase,
  ProFormaRisk,
  ProForma as ProFormaView,
} from '../api/rounds/index.ts'
import { builder } from './builder.ts'
import { ProFormaConversionType } from './pro-forma-conversions.ts'
import { ProFormaRightType } from './terms-rights.ts'

const NoteWeight = builder.enumType('ProFormaNoteWeight', {
  description: '`warning`: the figures change once it is dealt with. `notice`: they stand.',
  values: ['warning', 'notice'] as const,
})

const Note = builder.objectRef<ProFormaNote>('ProFormaNote').implement({
  description: 'Something that the pro forma leaves out or takes for granted.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Stable name of the case, in capitals.' }),
    weight: t.expose('weight', { type: NoteWeight, description: 'Whether the figures will change.' }),
    text: t.exposeString('text', { description: 'What it is, in words.' }),
  }),
})

const Holder = builder.objectRef<ProFormaHolder>('ProFormaHolder').implement({
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

const Class = builder.objectRef<ProFormaClass>('ProFormaClass').implement({
  description: 'One stock class, one kind of instrument, or what is reserved and not granted.',
  fields: (t) => ({
    className: t.exposeString('className', { description: 'Name.' }),
    classId: t.exposeString('classId', {
      nullable: true,
      description: 'Id of the class in the OCF data, where it has one.',
    }),
    kind: t.exposeString('kind', { description: 'stock, option, warrant or pool.' }),
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

const Compute = builder.objectRef<ProFormaCompute>('ProFormaComputePurchase').implement({
  description: 'Compute that buys shares at the price of the round.',
  fields: (t) => ({
    holder: t.exposeString('holder', { description: 'Who buys.' }),
    className: t.exposeString('className', { description: 'What.' }),
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
    compute: t.expose('compute', { type: Compute, description: 'What compute buys.' }),
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
    holders: t.expose('holders', { type: [Holder], description: 'One row for each holder and each pool.' }),
    classes: t.expose('classes', { type: [Class], description: 'One row for each class and kind of instrument.' }),
    risk: t.expose('risk', { type: Risk, description: "The founder's figures." }),
    notes: t.expose('notes', { type: [Note], description: 'What is left out or taken for granted.' }),
  }),
})
