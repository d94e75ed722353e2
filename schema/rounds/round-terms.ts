/** Terms as they are read. */
import { globalId, numericOfWhole } from '../../api/platform/index.ts'
import {
  type ClosingCondition,
  computeConsideration,
  conversionTermsOf,
  type GrantTerms,
  grantsOf,
  type MilestoneTerms,
  milestonesOf,
  onDemandOf,
  type PlannedRelease,
  type ReleaseOnDemandTerms,
  RISK_EVENT_TITLES,
  type RiskRow,
  releaseSchedule,
  releasesOfGrant,
  type SecurityTerms,
  type RoundTerms as Terms,
  writeTerms,
} from '../../api/rounds/index.ts'
import { builder } from '../kernel/builder.ts'
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
import { BookingTerms } from './terms-booking.ts'
import { ConversionTermsType } from './terms-conversions.ts'
import { FactorTermsType } from './terms-factors.ts'
import { ComputeInstrument } from './terms-instrument.ts'
import { PromisedOptionsType, ProRataRight } from './terms-rights.ts'
import { RollingTerms } from './terms-rolling.ts'
import { SettlementTerms } from './terms-settlement.ts'

/** A list within terms is part of one stored document: reading it costs no query. */
const WITHIN_TERMS = { field: 1, multiplier: 2 } as const

const Security = builder.objectRef<SecurityTerms>('SecurityTerms').implement({
  description: 'A class of preferred stock that the round sells.',
  fields: (t) => ({
    className: t.exposeString('className', { description: 'Name of the class.' }),
    newClass: t.exposeBoolean('newClass', { description: 'True when the round creates the class.' }),
    stockClassId: t.exposeString('stockClassId', {
      nullable: true,
      description: 'Id of an existing class in the OCF data.',
    }),
    seniority: t.expose('seniority', { type: 'Decimal', description: 'Higher is paid first.' }),
    liquidationPreferenceMultiple: t.expose('liquidationPreferenceMultiple', {
      type: 'Decimal',
      description: 'Multiple of the original price.',
    }),
    participation: t.expose('participation', {
      type: Participation,
      description: 'Whether it also takes part with common.',
    }),
    participationCap: t.expose('participationCap', {
      type: 'Decimal',
      nullable: true,
      description: 'Multiple of the original price at which participation ends.',
    }),
    votesPerShare: t.expose('votesPerShare', { type: 'Decimal', description: 'Votes of one share.' }),
    authorized: t.field({
      type: 'Shares',
      nullable: true,
      description: 'Authorised shares of a new class, where the terms say.',
      resolve: ({ authorized }) => (authorized === undefined ? null : numericOfWhole(authorized)),
    }),
  }),
})

const PriceRounding = builder.objectRef<Terms['priceRounding']>('PriceRounding').implement({
  description: 'Rounding of the price per share.',
  fields: (t) => ({
    direction: t.expose('direction', { type: Rounding, description: 'Which way.' }),
    places: t.exposeInt('places', { description: 'Decimal places that are kept.' }),
  }),
})

const Pool = builder.objectRef<Terms['pool']>('PoolTerms').implement({
  description: 'How the round sizes the pool.',
  fields: (t) => ({
    kind: t.expose('kind', { type: PoolKind, description: 'Which way.' }),
    shares: t.field({
      type: 'Shares',
      nullable: true,
      description: 'With INCREASE: whole shares added.',
      resolve: (pool) => (pool.kind === 'INCREASE' ? numericOfWhole(pool.shares) : null),
    }),
    postRoundUnallocated: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'With TARGET: part of all shares after the round, from 0 to 1.',
      resolve: (pool) => (pool.kind === 'TARGET' ? pool.postRoundUnallocated : null),
    }),
  }),
})

const Compute = builder.objectRef<Terms['compute']>('ComputeTerms').implement({
  description: 'The compute that the fund pays with, and what for.',
  fields: (t) => ({
    tokenClassId: t.id({
      description: 'Global id of the token class.',
      resolve: ({ tokenClassId }) => globalId('TokenClass', tokenClassId),
    }),
    tokens: t.expose('tokens', { type: 'Tokens', description: 'Tokens of the grant. 1 token = 1 H100-hour.' }),
    referencePrice: t.expose('referencePrice', {
      type: 'Money',
      description: 'Agreed money per H100-hour. Not a fair value.',
    }),
    consideration: t.field({
      type: 'Money',
      description: 'Tokens times the reference price: what the shares are issued for.',
      resolve: (compute) => computeConsideration(compute),
    }),
    holderName: t.exposeString('holderName', { description: 'Legal name of the fund as holder of the shares.' }),
  }),
})

const CashInvestor = builder.objectRef<Terms['cashInvestors'][number]>('CashInvestor').implement({
  description: 'Somebody who buys shares at the same price for cash.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Legal name.' }),
    amount: t.expose('amount', { type: 'Money', description: 'Cash invested.' }),
  }),
})

const Vesting = builder.objectRef<Terms['vesting']>('VestingTerms').implement({
  description: 'How consumed tokens earn shares.',
  fields: (t) => ({
    basis: t.expose('basis', { type: VestBasis, description: 'Which causes of a charge earn.' }),
    allocation: t.expose('allocation', { type: Allocation, description: 'How whole shares are allocated.' }),
    tranches: t.exposeInt('tranches', { nullable: true, description: 'Equal tranches of tokens; null: continuous.' }),
    cliffTokens: t.expose('cliffTokens', {
      type: 'Tokens',
      nullable: true,
      description: 'Nothing vests before this many tokens count.',
    }),
  }),
})

export const PlannedReleaseType = builder.objectRef<PlannedRelease>('TermsRelease').implement({
  description: 'Tokens that become available on a date.',
  fields: (t) => ({
    on: t.expose('on', { type: 'Date', description: 'The date.' }),
    tokens: t.expose('amount', { type: 'Tokens', description: 'How many tokens.' }),
  }),
})

export const MilestoneType = builder.objectRef<MilestoneTerms>('MilestoneTerms').implement({
  description: 'Tokens that are released once somebody confirms that something has happened.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Its name.' }),
    text: t.exposeString('text', { description: 'What must have happened, in words.' }),
    tokens: t.expose('tokens', { type: 'Tokens', description: 'How many tokens it releases.' }),
    confirmedBy: t.expose('confirmedBy', { type: MilestoneConfirmer, description: 'Whose people confirm it.' }),
  }),
})

export const OnDemandType = builder.objectRef<ReleaseOnDemandTerms>('ReleaseOnDemandTerms').implement({
  description: 'Within which limits the company asks for tokens to be released.',
  fields: (t) => ({
    perRequest: t.expose('perRequest', {
      type: 'Tokens',
      nullable: true,
      description: 'Most of one request; null: all that is left.',
    }),
    perPeriod: t.field({
      type: 'Tokens',
      nullable: true,
      description: 'Most of all requests within periodDays days in a row; null: no such limit.',
      resolve: ({ perPeriod }) => perPeriod?.tokens ?? null,
    }),
    periodDays: t.int({
      nullable: true,
      description: 'Days of the period.',
      resolve: ({ perPeriod }) => perPeriod?.days ?? null,
    }),
    noticeDays: t.exposeInt('noticeDays', { description: 'Days from the request to the release.' }),
    confirmedBy: t.expose('confirmedBy', { type: DemandConfirmer, description: 'Whose people confirm it.' }),
  }),
})

const Unearned = builder.objectRef<Terms['unearned']>('UnearnedTerms').implement({
  description: 'What unearned shares are and may.',
  fields: (t) => ({
    basis: t.expose('basis', { type: UnearnedBasisEnum, description: 'Corporate basis.' }),
    votes: t.exposeBoolean('votes', { description: 'Whether they vote.' }),
    dividends: t.expose('dividends', { type: UnearnedDividends, description: 'Dividends on them.' }),
    preference: t.expose('preference', { type: UnearnedPreference, description: 'Their liquidation preference.' }),
    antiDilution: t.exposeBoolean('antiDilution', { description: 'Whether anti-dilution counts them.' }),
    proRata: t.exposeBoolean('proRata', { description: 'Whether they carry pro rata rights.' }),
    drag: t.exposeBoolean('drag', { description: 'Whether drag-along binds them.' }),
    forfeiture: t.exposeString('forfeiture', { description: 'How they are forfeited: "automatic_at_zero".' }),
  }),
})

const Grant = builder.objectRef<GrantTerms & Pick<Terms, 'closingDate'>>('GrantTerms').implement({
  description:
    'Tokens of one class that vest one security of their own, everything that it leaves to the round written out.',
  fields: (t) => ({
    ordinal: t.exposeInt('ordinal', { description: '1 is the grant of compute; further ones count on.' }),
    tokenClassId: t.id({
      description: 'Global id of the token class.',
      resolve: ({ tokenClassId }) => globalId('TokenClass', tokenClassId),
    }),
    tokens: t.expose('tokens', { type: 'Tokens', description: 'Tokens of the grant. 1 token = 1 H100-hour.' }),
    referencePrice: t.expose('referencePrice', {
      type: 'Money',
      description: 'Agreed money per H100-hour. Not a fair value.',
    }),
    consideration: t.field({
      type: 'Money',
      description: 'Tokens times the reference price: what its shares are issued for.',
      resolve: (grant) => computeConsideration(grant),
    }),
    vesting: t.expose('vesting', { type: Vesting, description: 'How consumed tokens earn its shares.' }),
    releases: t.field({
      type: [PlannedReleaseType],
      complexity: WITHIN_TERMS,
      description:
        'The dates on which its tokens become available, if the closing is on the planned date; not what milestones or requests release.',
      resolve: (grant) => [...releasesOfGrant(grant, grant.closingDate)],
    }),
    milestones: t.field({
      type: [MilestoneType],
      complexity: WITHIN_TERMS,
      description: 'What releases its tokens once somebody confirms it.',
      resolve: ({ releases }) => [...milestonesOf(releases)],
    }),
    releasesOnDemand: t.field({
      type: OnDemandType,
      nullable: true,
      description: 'Within which limits the company asks for its tokens; null where it does not.',
      resolve: ({ releases }) => onDemandOf(releases),
    }),
    charging: t.expose('charging', { type: Charging, description: 'What is charged.' }),
    longStop: t.expose('longStop', { type: 'Date', description: 'Its long-stop date.' }),
    tokenExpiry: t.expose('tokenExpiry', { type: 'Date', description: 'Date on which its tokens expire.' }),
  }),
})

export const RiskRowType = builder.objectRef<RiskRow>('RiskRow').implement({
  description: 'One row of the risk table.',
  fields: (t) => ({
    event: t.expose('event', { type: RiskEvent, description: 'What happens.' }),
    title: t.string({ description: 'The event in words.', resolve: ({ event }) => RISK_EVENT_TITLES[event] }),
    tokens: t.exposeString('tokens', { description: 'What becomes of the tokens.' }),
    unearned: t.exposeString('unearned', { description: 'What becomes of unearned shares.' }),
    earned: t.exposeString('earned', { description: 'What becomes of earned shares.' }),
    cash: t.exposeString('cash', { description: 'What cash is due.' }),
    bears: t.expose('bears', { type: RiskBearer, description: 'Who bears the loss.' }),
  }),
})

const Condition = builder.objectRef<ClosingCondition>('ClosingCondition').implement({
  description: 'What must be true before closing.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Its name, unique in the terms.' }),
    text: t.exposeString('text', { description: 'The condition in words.' }),
    waivableBy: t.expose('waivableBy', { type: ConditionWaiver, description: 'Who may waive it.' }),
  }),
})

/** The terms of a round. */
export const RoundTerms = builder.objectRef<Terms>('RoundTerms').implement({
  description: 'The terms of a round. Every version is kept.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Name of the round.' }),
    closingDate: t.expose('closingDate', { type: 'Date', description: 'Planned date of the closing.' }),
    security: t.expose('security', { type: Security, description: 'What compute buys.' }),
    cashSecurity: t.field({
      type: Security,
      description: 'What cash buys, at the same price.',
      resolve: (terms) => terms.cashSecurity ?? terms.security,
    }),
    preMoney: t.expose('preMoney', { type: 'Money', description: 'Valuation before the money of the round.' }),
    priceRounding: t.expose('priceRounding', { type: PriceRounding, description: 'Rounding of the price per share.' }),
    sharesFromRoundedPrice: t.exposeBoolean('sharesFromRoundedPrice', {
      description: 'True: shares = money / rounded price. False: money / exact price.',
    }),
    shareRounding: t.expose('shareRounding', { type: Rounding, description: 'Rounding of shares.' }),
    poolRounding: t.expose('poolRounding', { type: Rounding, description: 'Rounding of a pool target.' }),
    pool: t.expose('pool', { type: Pool, description: 'How the round sizes the pool.' }),
    compute: t.expose('compute', { type: Compute, description: 'The compute that the fund pays with.' }),
    grants: t.field({
      type: [Grant],
      complexity: WITHIN_TERMS,
      description: 'Every grant that the first closing opens, that of compute first.',
      resolve: (terms) => grantsOf(terms).map((grant) => ({ ...grant, closingDate: terms.closingDate })),
    }),
    cashInvestors: t.expose('cashInvestors', {
      type: [CashInvestor],
      complexity: WITHIN_TERMS,
      description: 'Who pays cash.',
    }),
    conversions: t.field({
      type: ConversionTermsType,
      description: 'How outstanding SAFEs and notes convert.',
      resolve: (terms) => conversionTermsOf(terms),
    }),
    proRataRights: t.field({
      type: [ProRataRight],
      complexity: WITHIN_TERMS,
      description: 'Who may take part by right.',
      resolve: ({ proRataRights = [] }) => [...proRataRights],
    }),
    promisedOptions: t.expose('promisedOptions', {
      type: PromisedOptionsType,
      nullable: true,
      description: 'Options that are promised and not granted yet.',
    }),
    unearnedCompute: t.field({
      type: UnearnedCompute,
      description: 'Whether price and base count what earlier instruments for compute may still take.',
      resolve: ({ unearnedCompute }) => unearnedCompute ?? 'COUNTED',
    }),
    instrument: t.field({
      type: ComputeInstrument,
      description: 'In which form equity is issued for compute.',
      resolve: ({ instrument }) => instrument ?? { kind: 'STOCK' as const },
    }),
    vesting: t.expose('vesting', { type: Vesting, description: 'How consumed tokens earn shares.' }),
    releaseKind: t.field({
      type: ReleaseKind,
      description: 'How tokens become available.',
      resolve: ({ releases }) => releases.kind,
    }),
    releases: t.field({
      type: [PlannedReleaseType],
      complexity: WITHIN_TERMS,
      description:
        'The dates on which tokens become available, if the closing is on the planned date; not what milestones or requests release.',
      resolve: (terms) => [...releaseSchedule(terms)],
    }),
    milestones: t.field({
      type: [MilestoneType],
      complexity: WITHIN_TERMS,
      description: 'What releases tokens once somebody confirms it; none but where the terms release by milestones.',
      resolve: ({ releases }) => [...milestonesOf(releases)],
    }),
    releasesOnDemand: t.field({
      type: OnDemandType,
      nullable: true,
      description:
        'Within which limits the company asks for tokens to be released; null where it does not. Not use on demand, which booking tells.',
      resolve: ({ releases }) => onDemandOf(releases),
    }),
    drawOrder: t.field({
      type: DrawOrderEnum,
      nullable: true,
      description: 'In which order lots are drawn from the closing on; null: as was agreed before.',
      resolve: ({ drawOrder }) => drawOrder ?? null,
    }),
    rolling: t.field({
      type: RollingTerms,
      nullable: true,
      description: 'More closings after the first; null: there is one.',
      resolve: ({ rolling }) => rolling ?? null,
    }),
    charging: t.expose('charging', { type: Charging, description: 'What is charged.' }),
    factors: t.expose('factors', { type: FactorTermsType, description: 'Factors of pools that come later.' }),
    longStop: t.expose('longStop', { type: 'Date', description: 'Date on which an unfinished grant is settled.' }),
    tokenExpiry: t.expose('tokenExpiry', { type: 'Date', description: 'Date on which tokens expire.' }),
    disputeWindowDays: t.exposeInt('disputeWindowDays', { description: 'Days to dispute a statement.' }),
    unearned: t.expose('unearned', { type: Unearned, description: 'What unearned shares are and may.' }),
    booking: t.expose('booking', { type: BookingTerms, description: 'How reservations are charged by cause.' }),
    settlement: t.expose('settlement', {
      type: SettlementTerms,
      description: 'What becomes of the grant where it does not go to plan.',
    }),
    riskTable: t.expose('riskTable', {
      type: [RiskRowType],
      complexity: WITHIN_TERMS,
      description: 'Who bears what when it does not go to plan.',
    }),
    conditions: t.expose('conditions', {
      type: [Condition],
      complexity: WITHIN_TERMS,
      description: 'What must be true before closing.',
    }),
    json: t.field({
      type: 'JSON',
      description: 'The terms whole, as they are hashed: send them back as they are to revise them.',
      resolve: (terms) => writeTerms(terms),
    }),
  }),
})
