/** How outstanding SAFEs and notes convert: as it is sent and as it is read. */
import { ACCRUAL_PERIODS, CAP_BASES, CONVERSION_METHODS, DAY_COUNTS } from '../../api/captable/index.ts'
import type { ConversionTerms, InstrumentTerms, WarrantTerms } from '../../api/rounds/index.ts'
import { builder } from '../kernel/builder.ts'
import { MoneyInput } from '../kernel/scalars.ts'
import { Rounding } from './round-terms-enums.ts'

const Method = builder.enumType('ConversionMethod', {
  description:
    'How convertibles weigh on the price. PRE_MONEY: not in the shares that the valuation is divided by. PERCENT_OWNERSHIP: they are. DOLLARS_INVESTED: they are, and what converts is added to the valuation.',
  values: CONVERSION_METHODS,
})
const Base = builder.enumType('CapBase', {
  description:
    'What a cap is divided by. POST_MONEY: every share and everything that converts, without the increase of the pool. PRE_MONEY: without SAFEs and notes, with the increase. PRE_MONEY_WITHOUT_INCREASE: without either.',
  values: CAP_BASES,
})
const Into = builder.enumType('ConversionInto', {
  description:
    'ROUND_CLASS: shares of the class that cash buys. SHADOW_SERIES: a class of its own for each other price, like it but for price and preference.',
  values: ['ROUND_CLASS', 'SHADOW_SERIES'] as const,
})
const Outcome = builder.enumType('ConvertibleOutcome', {
  description: 'Whether a convertible converts in the round or remains outstanding.',
  values: ['CONVERT', 'REMAIN'] as const,
})
const By = builder.enumType('ConvertibleTermsBy', {
  description:
    'CAP_TABLE: the terms add what the cap table does not say. TERMS: they replace what it says, as the parties have agreed.',
  values: ['CAP_TABLE', 'TERMS'] as const,
})
const DayCount = builder.enumType('DayCount', {
  description: 'How the days of interest are counted.',
  // A name of GraphQL cannot begin with a digit.
  values: {
    ACTUAL_365: { value: DAY_COUNTS[0], description: 'Actual days over 365.' },
    ACTUAL_360: { value: DAY_COUNTS[1], description: 'Actual days over 360.' },
    THIRTY_360: { value: DAY_COUNTS[2], description: 'Months of 30 days over 360.' },
  } as const,
})
const Period = builder.enumType('AccrualPeriod', {
  description: 'How often interest is added to what bears interest.',
  values: ACCRUAL_PERIODS,
})
const Payout = builder.enumType('InterestPayout', {
  description: 'DEFERRED: interest converts. CASH: it is paid in cash and does not.',
  values: ['DEFERRED', 'CASH'] as const,
})

const RoundingInput = builder.inputType('ConversionRoundingInput', {
  description: 'A rounding to decimal places.',
  fields: (t) => ({
    direction: t.field({ type: Rounding, description: 'Which way.' }),
    places: t.int({ description: 'Decimal places that are kept, 0 to 10.' }),
  }),
})
const RateInput = builder.inputType('InterestRateInput', {
  description: 'A rate of interest and when it is in force.',
  fields: (t) => ({
    rate: t.field({ type: 'Decimal', description: 'Of a year: "0.08" is 8%.' }),
    from: t.field({ type: 'Date', description: 'First day that bears it.' }),
    through: t.field({ type: 'Date', required: false, description: 'Last day; left out: until the next, or the end.' }),
  }),
})
const InterestInput = builder.inputType('NoteInterestInput', {
  description: 'Interest on a note.',
  fields: (t) => ({
    rates: t.field({ type: [RateInput], description: 'In order, not overlapping.' }),
    dayCount: t.field({ type: DayCount, description: 'How days are counted.' }),
    compounds: t.field({ type: Period, required: false, description: 'Left out: simple interest.' }),
    payout: t.field({ type: Payout, required: false, description: 'Default DEFERRED.' }),
  }),
})
const MaturityInput = builder.inputType('NoteMaturityInput', {
  description: 'When a note is due.',
  fields: (t) => ({
    on: t.field({ type: 'Date', description: 'The day.' }),
    interestStops: t.boolean({ description: 'Whether it bears no interest from that day on.' }),
  }),
})
const InstrumentInput = builder.inputType('ConvertibleTermsInput', {
  description: 'One SAFE or note: what the cap table does not say about it, or what the parties agree instead.',
  fields: (t) => ({
    securityId: t.string({ description: 'Its id in the OCF data.' }),
    outcome: t.field({ type: Outcome, required: false, description: 'Default CONVERT.' }),
    by: t.field({ type: By, required: false, description: 'Default CAP_TABLE.' }),
    triggerId: t.string({ required: false, description: 'Which conversion trigger, where there are several.' }),
    cap: t.field({ type: MoneyInput, required: false, description: 'Valuation cap.' }),
    capBase: t.field({ type: Base, required: false, description: 'What the cap is divided by.' }),
    discount: t.field({ type: 'Decimal', required: false, description: 'Off the price: "0.2" takes 20% off.' }),
    interest: t.field({ type: InterestInput, required: false, description: 'Of a note.' }),
    maturity: t.field({ type: MaturityInput, required: false, description: 'Of a note.' }),
  }),
})

const WarrantInput = builder.inputType('PricedWarrantTermsInput', {
  description: 'A warrant at a price that the round fixes, and what the cap table says of it in words only.',
  fields: (t) => ({
    securityId: t.string({ description: 'Its id in the OCF data.' }),
    amount: t.field({
      type: MoneyInput,
      description: 'For how much money it buys shares, in the currency of the round.',
    }),
    capBase: t.field({
      type: Base,
      required: false,
      description: 'What a valuation is divided by, where nothing says.',
    }),
  }),
})

export const ConversionTermsInput = builder.inputType('ConversionTermsInput', {
  description: 'How outstanding SAFEs and notes convert. Left out: as the cap table says, by percent ownership.',
  fields: (t) => ({
    outstanding: t.field({ type: Outcome, required: false, description: 'Of what is not listed. Default CONVERT.' }),
    method: t.field({ type: Method, required: false, description: 'Default PERCENT_OWNERSHIP.' }),
    shareRounding: t.field({ type: Rounding, required: false, description: 'Of each conversion. Default DOWN.' }),
    priceRounding: t.field({ type: RoundingInput, required: false, description: 'Of each price. Default: none.' }),
    interestRounding: t.field({
      type: RoundingInput,
      required: false,
      description: 'Default: to the nearest of two places.',
    }),
    capBase: t.field({ type: Base, required: false, description: 'Where nothing says what a cap is divided by.' }),
    into: t.field({ type: Into, required: false, description: 'Default SHADOW_SERIES.' }),
    instruments: t.field({ type: [InstrumentInput], required: false, description: 'One by one. Default: none.' }),
    warrants: t.field({
      type: [WarrantInput],
      required: false,
      description: 'Warrants that the round prices; they weigh on it as what converts does. Default: none.',
    }),
  }),
})

const Instrument = builder.objectRef<InstrumentTerms>('ConvertibleTerms').implement({
  description: 'What the terms say about one SAFE or note.',
  fields: (t) => ({
    securityId: t.exposeString('securityId', { description: 'Its id in the OCF data.' }),
    outcome: t.expose('outcome', { type: Outcome, description: 'Whether it converts.' }),
    by: t.expose('by', { type: By, description: 'Whether the terms add to the cap table or replace it.' }),
    cap: t.expose('cap', { type: 'Money', nullable: true, description: 'Valuation cap.' }),
    capBase: t.expose('capBase', { type: Base, nullable: true, description: 'What the cap is divided by.' }),
    discount: t.expose('discount', { type: 'Decimal', nullable: true, description: 'Off the price of the round.' }),
  }),
})

const Warrant = builder.objectRef<WarrantTerms>('PricedWarrantTerms').implement({
  description: 'A warrant at a price that the round fixes.',
  fields: (t) => ({
    securityId: t.exposeString('securityId', { description: 'Its id in the OCF data.' }),
    amount: t.expose('amount', { type: 'Money', description: 'For how much money it buys shares.' }),
    capBase: t.expose('capBase', { type: Base, nullable: true, description: 'What a valuation is divided by.' }),
  }),
})

export const ConversionTermsType = builder.objectRef<ConversionTerms>('ConversionTerms').implement({
  description: 'How outstanding SAFEs and notes convert.',
  fields: (t) => ({
    outstanding: t.expose('outstanding', { type: Outcome, description: 'Of what is not listed.' }),
    method: t.expose('method', { type: Method, description: 'How they weigh on the price.' }),
    shareRounding: t.expose('shareRounding', { type: Rounding, description: 'Of the shares of each conversion.' }),
    capBase: t.expose('capBase', {
      type: Base,
      nullable: true,
      description: 'Where nothing else says what a cap is divided by.',
    }),
    into: t.expose('into', { type: Into, description: 'Which class conversions become.' }),
    instruments: t.expose('instruments', {
      type: [Instrument],
      // Part of one stored document: reading it costs no query.
      complexity: { field: 1, multiplier: 2 },
      description: 'What is said one by one.',
    }),
    warrants: t.field({
      type: [Warrant],
      complexity: { field: 1, multiplier: 2 },
      description: 'Warrants that the round prices.',
      resolve: ({ warrants }) => [...(warrants ?? [])],
    }),
  }),
})
