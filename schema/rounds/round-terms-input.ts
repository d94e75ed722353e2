/** Terms as they are sent. What is left out gets the default that its description names. */
import { builder } from '../kernel/builder.ts'
import { MoneyInput } from '../kernel/scalars.ts'
import {
  Allocation,
  Charging,
  ConditionWaiver,
  DemandConfirmer,
  DrawOrderEnum,
  MilestoneConfirmer,
  Participation,
  PoolKind,
  ReleaseKind,
  RiskBearer,
  RiskEvent,
  Rounding,
  UnearnedBasisEnum,
  UnearnedCompute,
  UnearnedDividends,
  UnearnedPreference,
  VestBasis,
} from './round-terms-enums.ts'
import { BookingTermsInput } from './terms-booking.ts'
import { ConversionTermsInput } from './terms-conversions.ts'
import { FactorTermsInput } from './terms-factors.ts'
import { ComputeInstrumentInput } from './terms-instrument.ts'
import { PromisedOptionsInput, ProRataRightInput } from './terms-rights.ts'
import { RollingTermsInput } from './terms-rolling.ts'
import { SettlementTermsInput } from './terms-settlement.ts'

const SecurityTermsInput = builder.inputType('SecurityTermsInput', {
  description: 'A class of preferred stock that the round sells.',
  fields: (t) => ({
    className: t.string({ description: 'Name of the class; of an existing class, its name as it is.' }),
    newClass: t.boolean({ description: 'True when the round creates the class.' }),
    stockClassId: t.string({ required: false, description: 'Id of an existing class in the OCF data of the company.' }),
    idPrefix: t.string({ required: false, description: 'Prefix of certificate numbers. Default "PS-".' }),
    seniority: t.field({ type: 'Decimal', required: false, description: 'Higher is paid first. Default 1.' }),
    liquidationPreferenceMultiple: t.field({
      type: 'Decimal',
      required: false,
      description: 'Multiple of the original price. Default 1.',
    }),
    participation: t.field({ type: Participation, required: false, description: 'Default none.' }),
    participationCap: t.field({
      type: 'Decimal',
      required: false,
      description: 'Multiple of the original price at which participation ends; only where it is capped.',
    }),
    conversion: t.string({ required: false, description: 'Shares of common per share. Only "1", the default.' }),
    votesPerShare: t.field({ type: 'Decimal', required: false, description: 'Default 1.' }),
    parValue: t.field({ type: MoneyInput, required: false, description: 'Par value per share.' }),
    authorized: t.field({
      type: 'Shares',
      required: false,
      description: 'Authorised shares of a new class. Default: what the round issues.',
    }),
  }),
})

const PriceRoundingInput = builder.inputType('PriceRoundingInput', {
  description: 'Rounding of the price per share.',
  fields: (t) => ({
    direction: t.field({ type: Rounding, description: 'Which way.' }),
    places: t.int({ description: 'Decimal places that are kept, 0 to 10.' }),
  }),
})

const PoolTermsInput = builder.inputType('PoolTermsInput', {
  description: 'How the round sizes the pool. An increase and a target at once contradict each other and are refused.',
  fields: (t) => ({
    kind: t.field({ type: PoolKind, description: 'Which way.' }),
    shares: t.field({ type: 'Shares', required: false, description: 'With INCREASE: whole shares added to the pool.' }),
    postRoundUnallocated: t.field({
      type: 'Decimal',
      required: false,
      description: 'With TARGET: reserved and not granted after the round, as a part of all shares after it: "0.10".',
    }),
  }),
})

const ComputeTermsInput = builder.inputType('ComputeTermsInput', {
  description: 'The compute that the fund pays with, and what for.',
  fields: (t) => ({
    tokenClassId: t.id({ description: 'Global id of the token class.' }),
    tokens: t.field({ type: 'Tokens', description: 'Tokens of the grant. 1 token = 1 H100-hour.' }),
    referencePrice: t.field({ type: MoneyInput, description: 'Agreed money per H100-hour. Not a fair value.' }),
    holderName: t.string({ description: 'Legal name of the fund as holder of the shares.' }),
    stakeholderId: t.string({
      required: false,
      description: 'Its id in the OCF data, where it holds securities already.',
    }),
  }),
})

const CashInvestorInput = builder.inputType('CashInvestorInput', {
  description: 'Somebody who buys shares at the same price for cash.',
  fields: (t) => ({
    name: t.string({ description: 'Legal name.' }),
    amount: t.field({ type: MoneyInput, description: 'Cash invested.' }),
    stakeholderId: t.string({
      required: false,
      description: 'Its id in the OCF data, where it holds securities already.',
    }),
  }),
})

const VestingTermsInput = builder.inputType('VestingTermsInput', {
  description: 'How consumed tokens earn shares.',
  fields: (t) => ({
    basis: t.field({
      type: VestBasis,
      required: false,
      description: 'Which causes of a charge earn. Default delivered.',
    }),
    allocation: t.field({
      type: Allocation,
      required: false,
      description: 'Default CUMULATIVE_ROUND_DOWN. Front- and back-loaded types need tranches.',
    }),
    tranches: t.int({ required: false, description: 'Number of equal tranches of tokens; left out: continuous.' }),
    cliffTokens: t.field({
      type: 'Tokens',
      required: false,
      description: 'Nothing vests before this many tokens count.',
    }),
  }),
})

const ListedReleaseInput = builder.inputType('ListedReleaseInput', {
  description: 'Tokens that become available on a date.',
  fields: (t) => ({
    on: t.field({ type: 'Date', description: 'The date.' }),
    tokens: t.field({ type: 'Tokens', description: 'How many tokens.' }),
  }),
})

const MilestoneTermsInput = builder.inputType('MilestoneTermsInput', {
  description: 'Tokens that are released once somebody confirms that something has happened.',
  fields: (t) => ({
    code: t.string({ description: 'Its name, in capitals, unique in the terms.' }),
    text: t.string({ description: 'What must have happened, in words, at most 1,000 characters.' }),
    tokens: t.field({ type: 'Tokens', description: 'How many tokens it releases.' }),
    confirmedBy: t.field({
      type: MilestoneConfirmer,
      description: 'Whose people confirm it. Where released tokens earn shares: not the fund’s alone.',
    }),
  }),
})

const DemandPeriodInput = builder.inputType('DemandPeriodInput', {
  description: 'A limit of what may be asked for.',
  fields: (t) => ({
    tokens: t.field({ type: 'Tokens', description: 'Most tokens.' }),
    days: t.int({ description: 'Within so many days in a row, 1 to 366.' }),
  }),
})

const ReleaseOnDemandTermsInput = builder.inputType('ReleaseOnDemandTermsInput', {
  description:
    'Within which limits the company asks for tokens to be released. Not use on demand, which booking tells.',
  fields: (t) => ({
    perRequest: t.field({ type: 'Tokens', required: false, description: 'Most of one request.' }),
    perPeriod: t.field({ type: DemandPeriodInput, required: false, description: 'Most of all requests of a period.' }),
    noticeDays: t.int({ required: false, description: 'Days from the request to the release. Default 0.' }),
    confirmedBy: t.field({ type: DemandConfirmer, required: false, description: 'Default nobody.' }),
  }),
})

export const ReleaseTermsInput = builder.inputType('ReleaseTermsInput', {
  description: 'How tokens become available.',
  fields: (t) => ({
    kind: t.field({ type: ReleaseKind, description: 'Which way.' }),
    months: t.int({ required: false, description: 'With MONTHLY: number of monthly parts.' }),
    cliffMonths: t.int({
      required: false,
      description: 'With MONTHLY: months without release; what falls in them is released at their end. Default 0.',
    }),
    releases: t.field({
      type: [ListedReleaseInput],
      required: false,
      description:
        'With LIST: dates in order; the tokens add up to the grant. With MILESTONES or ON_DEMAND: what dates release of it.',
    }),
    milestones: t.field({
      type: [MilestoneTermsInput],
      required: false,
      description:
        'With MILESTONES: with what dates release, the tokens add up to the grant; to less where onDemand is given.',
    }),
    onDemand: t.field({
      type: ReleaseOnDemandTermsInput,
      required: false,
      description:
        'With ON_DEMAND: within which limits the company asks. Default: none. With MILESTONES: the company asks for what neither dates nor milestones release. Default: it does not.',
    }),
  }),
})

const FurtherGrantInput = builder.inputType('FurtherGrantInput', {
  description:
    'Tokens of one class that vest one security of their own. What is left out is as the terms of the round say.',
  fields: (t) => ({
    tokenClassId: t.id({ description: 'Global id of the token class.' }),
    tokens: t.field({ type: 'Tokens', description: 'Tokens of the grant. 1 token = 1 H100-hour.' }),
    referencePrice: t.field({
      type: MoneyInput,
      required: false,
      description: 'Agreed money per H100-hour. Default: that of compute.',
    }),
    vesting: t.field({ type: VestingTermsInput, required: false, description: 'How its tokens earn its shares.' }),
    releases: t.field({
      type: ReleaseTermsInput,
      required: false,
      description: 'How its tokens become available. Required where the round gives a LIST, MILESTONES or ON_DEMAND.',
    }),
    charging: t.field({ type: Charging, required: false, description: 'What is charged.' }),
    longStop: t.field({ type: 'Date', required: false, description: 'Its long-stop date.' }),
    tokenExpiry: t.field({ type: 'Date', required: false, description: 'When its tokens expire.' }),
  }),
})

const UnearnedTermsInput = builder.inputType('UnearnedTermsInput', {
  description: 'What unearned shares are and may.',
  fields: (t) => ({
    basis: t.field({ type: UnearnedBasisEnum, required: false, description: 'Default obligation.' }),
    votes: t.boolean({ required: false, description: 'Whether unearned shares vote. Default false.' }),
    dividends: t.field({ type: UnearnedDividends, required: false, description: 'Default held_until_earned.' }),
    preference: t.field({ type: UnearnedPreference, required: false, description: 'Default earned_only.' }),
    antiDilution: t.boolean({ required: false, description: 'Whether anti-dilution counts them. Default false.' }),
    proRata: t.boolean({ required: false, description: 'Whether they carry pro rata rights. Default false.' }),
    drag: t.boolean({ required: false, description: 'Whether drag-along binds them. Default true.' }),
    forfeiture: t.string({ required: false, description: 'Only "automatic_at_zero", the default.' }),
  }),
})

const RiskRowInput = builder.inputType('RiskRowInput', {
  description: 'One row of the risk table.',
  fields: (t) => ({
    event: t.field({ type: RiskEvent, description: 'What happens.' }),
    tokens: t.string({ description: 'What becomes of the tokens.' }),
    unearned: t.string({ description: 'What becomes of unearned shares.' }),
    earned: t.string({ description: 'What becomes of earned shares.' }),
    cash: t.string({ description: 'What cash is due.' }),
    bears: t.field({ type: RiskBearer, description: 'Who bears the loss.' }),
  }),
})

const ClosingConditionInput = builder.inputType('ClosingConditionInput', {
  description: 'What must be true before closing.',
  fields: (t) => ({
    code: t.string({ description: 'Its name, in capitals, unique in the terms.' }),
    text: t.string({ description: 'The condition in words.' }),
    waivableBy: t.field({ type: ConditionWaiver, required: false, description: 'Who may waive it. Default nobody.' }),
  }),
})

/** What a round has whether compute is paid with or cash alone. */
const PRICED = {
  priceRounding: { type: PriceRoundingInput, description: 'Rounding of the price per share.' },
  shareRounding: { type: Rounding, required: false, description: 'Rounding of shares. Default DOWN.' },
  poolRounding: { type: Rounding, required: false, description: 'Rounding of a pool target. Default DOWN.' },
  pool: { type: PoolTermsInput, description: 'How the round sizes the pool.' },
  conversions: {
    type: ConversionTermsInput,
    required: false,
    description: 'How outstanding SAFEs and notes convert. Default: as the cap table says.',
  },
  promisedOptions: {
    type: PromisedOptionsInput,
    required: false,
    description: 'Options that are promised and not granted yet. Default: none.',
  },
} as const
const RIGHTS: { type: [typeof ProRataRightInput]; required: false; description: string } = {
  type: [ProRataRightInput],
  required: false,
  description: 'Who may take part by right. Default: nobody.',
}
const SHARES_FROM = {
  required: false,
  description: 'True, the default: shares = money / rounded price. False: money / exact price.',
} as const

export const RoundTermsInput = builder.inputType('RoundTermsInput', {
  description: 'The terms of a round. Every fault is reported at once, at the path of its term.',
  fields: (t) => ({
    name: t.string({ description: 'Name of the round.' }),
    closingDate: t.field({ type: 'Date', description: 'Planned date of the closing.' }),
    security: t.field({
      type: SecurityTermsInput,
      required: false,
      description:
        'What compute buys, and cash where cashSecurity is left out. Only a SAFE may leave it out: the class is that of a later round.',
    }),
    cashSecurity: t.field({
      type: SecurityTermsInput,
      required: false,
      description: 'What cash buys, at the same price.',
    }),
    preMoney: t.field({
      type: MoneyInput,
      required: false,
      description:
        'Valuation before the money of the round. Of a SAFE the valuation at which it is shown as converted: its cap, and only to be given where it has none.',
    }),
    priceRounding: t.field(PRICED.priceRounding),
    sharesFromRoundedPrice: t.boolean(SHARES_FROM),
    shareRounding: t.field(PRICED.shareRounding),
    poolRounding: t.field(PRICED.poolRounding),
    pool: t.field(PRICED.pool),
    compute: t.field({ type: ComputeTermsInput, description: 'The compute that the fund pays with.' }),
    furtherGrants: t.field({
      type: [FurtherGrantInput],
      required: false,
      description: 'More grants of the first closing, of other token classes or on other terms. Default: none.',
    }),
    cashInvestors: t.field({
      type: [CashInvestorInput],
      required: false,
      description: 'Who pays cash. Default nobody.',
    }),
    conversions: t.field(PRICED.conversions),
    proRataRights: t.field(RIGHTS),
    promisedOptions: t.field(PRICED.promisedOptions),
    unearnedCompute: t.field({
      type: UnearnedCompute,
      required: false,
      description: 'Whether price and base count what earlier instruments for compute may still take. Default COUNTED.',
    }),
    instrument: t.field({
      type: ComputeInstrumentInput,
      required: false,
      description: 'In which form equity is issued for compute. Default: stock.',
    }),
    vesting: t.field({ type: VestingTermsInput, description: 'How consumed tokens earn shares.' }),
    releases: t.field({ type: ReleaseTermsInput, description: 'How tokens become available.' }),
    drawOrder: t.field({
      type: DrawOrderEnum,
      required: false,
      description:
        'In which order the company’s lots of the class are drawn from the closing on. Default: as agreed before, else EARLIEST_EXPIRY.',
    }),
    rolling: t.field({
      type: RollingTermsInput,
      required: false,
      description: 'More closings after the first. Default: one closing.',
    }),
    charging: t.field({ type: Charging, description: 'What is charged.' }),
    factors: t.field({
      type: FactorTermsInput,
      required: false,
      description: 'Factors of pools that come later. Default BOTH_SIGN.',
    }),
    longStop: t.field({ type: 'Date', description: 'Date on which an unfinished grant is settled.' }),
    tokenExpiry: t.field({ type: 'Date', description: 'Date on which tokens expire; not before the long-stop.' }),
    disputeWindowDays: t.int({ required: false, description: 'Days to dispute a statement. Default 15.' }),
    unearned: t.field({ type: UnearnedTermsInput, required: false, description: 'What unearned shares are and may.' }),
    booking: t.field({
      type: BookingTermsInput,
      required: false,
      description: 'How reservations are charged by cause.',
    }),
    settlement: t.field({
      type: SettlementTermsInput,
      required: false,
      description: 'What becomes of the grant where it does not go to plan.',
    }),
    riskTable: t.field({
      type: [RiskRowInput],
      required: false,
      description: 'One row for each event, as it follows from the settlement terms. Left out, it is written.',
    }),
    conditions: t.field({
      type: [ClosingConditionInput],
      required: false,
      description: 'Default: the house conditions.',
    }),
  }),
})

export const CashRoundInput = builder.inputType('CashRoundInput', {
  description: 'The terms of a round for cash alone, in a chain of rounds.',
  fields: (t) => ({
    name: t.string({ description: 'Name of the round.' }),
    closingDate: t.field({ type: 'Date', description: 'Planned date of the closing.' }),
    security: t.field({ type: SecurityTermsInput, description: 'What cash buys.' }),
    preMoney: t.field({ type: MoneyInput, description: 'Valuation before the money of the round.' }),
    cashInvestors: t.field({ type: [CashInvestorInput], description: 'Who pays cash: at least one.' }),
    priceRounding: t.field(PRICED.priceRounding),
    sharesFromRoundedPrice: t.boolean(SHARES_FROM),
    shareRounding: t.field(PRICED.shareRounding),
    poolRounding: t.field(PRICED.poolRounding),
    pool: t.field(PRICED.pool),
    conversions: t.field(PRICED.conversions),
    proRataRights: t.field(RIGHTS),
    promisedOptions: t.field(PRICED.promisedOptions),
  }),
})
