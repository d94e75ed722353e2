/** Terms as they are sent. What is left out gets the default that its description names. */
import { builder } from './builder.ts'
import {
  Allocation,
  Charging,
  ConditionWaiver,
  Participation,
  PoolKind,
  ReleaseKind,
  RiskBearer,
  RiskEvent,
  Rounding,
  UnearnedBasisEnum,
  UnearnedDividends,
  UnearnedPreference,
  VestBasis,
} from './round-terms-enums.ts'
import { MoneyInput } from './scalars.ts'
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

const ReleaseTermsInput = builder.inputType('ReleaseTermsInput', {
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
      description: 'With LIST: dates in order; the tokens add up to the grant.',
    }),
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

export const RoundTermsInput = builder.inputType('RoundTermsInput', {
  description: 'The terms of a round. Every fault is reported at once, at the path of its term.',
  fields: (t) => ({
    name: t.string({ description: 'Name of the round.' }),
    closingDate: t.field({ type: 'Date', description: 'Planned date of the closing.' }),
    security: t.field({
      type: SecurityTermsInput,
      description: 'What compute buys, and cash where cashSecurity is left out.',
    }),
    cashSecurity: t.field({
      type: SecurityTermsInput,
      required: false,
      description: 'What cash buys, at the same price.',
    }),
    preMoney: t.field({ type: MoneyInput, description: 'Valuation before the money of the round.' }),
    priceRounding: t.field({ type: PriceRoundingInput, description: 'Rounding of the price per share.' }),
    sharesFromRoundedPrice: t.boolean({
      required: false,
      description: 'True, the default: shares = money / rounded price. False: money / exact price.',
    }),
    shareRounding: t.field({ type: Rounding, required: false, description: 'Rounding of shares. Default DOWN.' }),
    poolRounding: t.field({ type: Rounding, required: false, description: 'Rounding of a pool target. Default DOWN.' }),
    pool: t.field({ type: PoolTermsInput, description: 'How the round sizes the pool.' }),
    compute: t.field({ type: ComputeTermsInput, description: 'The compute that the fund pays with.' }),
    cashInvestors: t.field({
      type: [CashInvestorInput],
      required: false,
      description: 'Who pays cash. Default nobody.',
    }),
    conversions: t.field({
      type: ConversionTermsInput,
      required: false,
      description: 'How outstanding SAFEs and notes convert. Default: as the cap table says.',
    }),
    proRataRights: t.field({
      type: [ProRataRightInput],
      required: false,
      description: 'Who may take part by right. Default: nobody.',
    }),
    promisedOptions: t.field({
      type: PromisedOptionsInput,
      required: false,
      description: 'Options that are promised and not granted yet. Default: none.',
    }),
    instrument: t.field({
      type: ComputeInstrumentInput,
      required: false,
      description: 'In which form equity is issued for compute. Default: stock.',
    }),
    vesting: t.field({ type: VestingTermsInput, description: 'How consumed tokens earn shares.' }),
    releases: t.field({ type: ReleaseTermsInput, description: 'How tokens become available.' }),
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
