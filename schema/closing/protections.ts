/** A founder's protections in one deal, in one query. */
import {
  type DilutionStates,
  type GrantProtections,
  OUTLOOK_METHOD,
  type RoundProtections,
  roundProtections,
} from '../../api/closing/index.ts'
import { DomainError, formatNumeric, globalId, NotFound, numericOfWhole } from '../../api/platform/index.ts'
import { WaterfallType } from '../captable/waterfall.ts'
import { EarnedUnit } from '../drawdown/drawdown.ts'
import { builder } from '../kernel/builder.ts'
import { RiskRowType } from '../rounds/round-terms.ts'
import { ChangeOfControl } from '../rounds/terms-settlement.ts'
import { LongStopType } from './settlement.ts'

const Dilution = builder.objectRef<DilutionStates>('ProtectedDilution').implement({
  description:
    'By how much the part of those who were there before the round becomes smaller, as a part of 1. Source: the pro forma of the round.',
  fields: (t) => ({
    ifNothingUsed: t.expose('ifNothingUsed', { type: 'Decimal', description: 'If no token is ever used.' }),
    atEarned: t.expose('atEarned', { type: 'Decimal', description: 'At the shares that are earned today.' }),
    atMaximum: t.expose('atMaximum', { type: 'Decimal', description: 'Once every share is earned.' }),
    computeShares: t.field({
      type: 'Shares',
      description: 'Shares that compute buys in all.',
      resolve: ({ computeShares }) => numericOfWhole(computeShares),
    }),
    earnedShares: t.field({
      type: 'Shares',
      description:
        'Of these, earned today, provisional ones included; of a SAFE as large a part of them as has accrued of its amount.',
      resolve: ({ earnedShares }) => numericOfWhole(earnedShares),
    }),
  }),
})

type PriceProtection = GrantProtections['priceProtection']
const level = <Value>(of: PriceProtection, read: (at: PriceProtection & { kind: 'level' }) => Value) =>
  of.kind === 'level' ? read(of) : null
const PriceProtectionType = builder.objectRef<PriceProtection>('PriceProtectionNow').implement({
  description: 'What price protection would give today, from the observations of the agreed index.',
  fields: (t) => ({
    state: t.field({
      type: builder.enumType('PriceProtectionState', {
        description:
          'NONE: the terms give none, or the grant is settled. CANNOT_TELL: the index has no level. LEVEL: it has one.',
        values: { NONE: { value: 'none' }, CANNOT_TELL: { value: 'cannot_tell' }, LEVEL: { value: 'level' } } as const,
      }),
      description: 'Whether it can be told.',
      resolve: ({ kind }) => kind,
    }),
    words: t.string({
      description: 'The arithmetic, or why there is none.',
      resolve: (of) => (of.kind === 'level' ? of.words : of.why),
    }),
    metric: t.string({
      nullable: true,
      description: 'Name of the metric that stands today.',
      resolve: (of) => level(of, (at) => at.metric),
    }),
    source: t.string({
      nullable: true,
      description: 'Who publishes it.',
      resolve: (of) => level(of, (at) => at.source),
    }),
    fallback: t.boolean({
      nullable: true,
      description: 'True once the agreed metric has ended and its fallback stands for it.',
      resolve: (of) => level(of, (at) => at.fallback),
    }),
    level: t.field({
      type: 'Money',
      nullable: true,
      description: 'Money per H100-hour: the mean over the agreed window.',
      resolve: (of) => level(of, (at) => at.level),
    }),
    from: t.field({
      type: 'Date',
      nullable: true,
      description: 'First day of the window, which ends today.',
      resolve: (of) => level(of, (at) => at.from),
    }),
    observations: t.int({
      nullable: true,
      description: 'How many observations it is the mean of.',
      resolve: (of) => level(of, (at) => at.observations),
    }),
    base: t.field({
      type: 'Money',
      nullable: true,
      description: 'Money per H100-hour that it is compared with.',
      resolve: (of) => level(of, (at) => at.base),
    }),
    fall: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Part of 1 by which it stands below the base; negative above it.',
      resolve: (of) => level(of, (at) => at.fall),
    }),
    threshold: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Part of 1 by more than which it must have fallen.',
      resolve: (of) => level(of, (at) => at.threshold),
    }),
    topUp: t.field({
      type: 'Tokens',
      nullable: true,
      description: 'Tokens that would be added today; they earn no shares.',
      resolve: (of) => level(of, (at) => at.topUp),
    }),
  }),
})

type Outlook = GrantProtections['outlook']
const foretold = <Value>(of: Outlook, read: (at: Outlook & { kind: 'foretold' }) => Value) =>
  of.kind === 'foretold' ? read(of) : null
const OutlookType = builder.objectRef<Outlook>('LongStopOutlook').implement({
  description: `What becomes of the grant at its long-stop if usage goes on as it did. ${OUTLOOK_METHOD}`,
  fields: (t) => ({
    state: t.field({
      type: builder.enumType('LongStopOutlookState', {
        description: 'SETTLED: the grant has ended. CANNOT_TELL: there is too little to go by. FORETOLD.',
        values: {
          SETTLED: { value: 'settled' },
          CANNOT_TELL: { value: 'cannot_tell' },
          FORETOLD: { value: 'foretold' },
        } as const,
      }),
      description: 'Whether it can be told.',
      resolve: ({ kind }) => kind,
    }),
    why: t.string({
      nullable: true,
      description: 'Why it cannot be told.',
      resolve: (of) => (of.kind === 'cannot_tell' ? of.why : null),
    }),
    basis: t.field({
      type: 'Tokens',
      nullable: true,
      description: 'Tokens that count towards vesting by then.',
      resolve: (of) => foretold(of, ({ basis }) => basis),
    }),
    earned: t.field({
      type: 'Shares',
      nullable: true,
      description: 'Earned by then, in the unit of the grant.',
      resolve: (of) => foretold(of, ({ earned }) => numericOfWhole(earned)),
    }),
    vests: t.field({
      type: 'Shares',
      nullable: true,
      description: 'What vests then without use, by the signed clause, in the unit of the grant.',
      resolve: (of) => foretold(of, ({ vests }) => numericOfWhole(vests)),
    }),
    forfeits: t.field({
      type: 'Shares',
      nullable: true,
      description: 'What goes back at zero then, in the unit of the grant; of a SAFE it never accrues.',
      resolve: (of) => foretold(of, ({ forfeits }) => numericOfWhole(forfeits)),
    }),
  }),
})

type Grant = GrantProtections & { readonly companyId: string }
const GrantType = builder.objectRef<Grant>('ProtectedGrant').implement({
  description: 'One grant of the deal as it stands today.',
  fields: (t) => ({
    grantId: t.id({ description: 'Global id.', resolve: (of) => globalId('Grant', of.companyId, of.grantId) }),
    granted: t.expose('granted', { type: 'Tokens', description: 'Tokens granted.' }),
    unused: t.expose('unused', { type: 'Tokens', description: 'Not drawn: locked, available or held.' }),
    unit: t.expose('unit', {
      type: EarnedUnit,
      description: 'What `earned`, `vested`, `unearned` and the outlook count.',
    }),
    earned: t.field({
      type: 'Shares',
      description: 'Earned, provisional ones included, in `unit`.',
      resolve: (of) => numericOfWhole(of.earned),
    }),
    vested: t.field({
      type: 'Shares',
      description: 'Final, in `unit`: vested, or accrued in a SAFE.',
      resolve: (of) => numericOfWhole(of.vested),
    }),
    unearned: t.field({
      type: 'Shares',
      description: 'Neither final nor forfeited, in `unit`: issued shares, or the rest of the amount of a SAFE.',
      resolve: (of) => numericOfWhole(of.unearned),
    }),
    longStop: t.expose('longStop', { type: LongStopType, description: 'The long-stop, and what moved it.' }),
    outlook: t.expose('outlook', { type: OutlookType, description: 'What becomes of it then at the present pace.' }),
    priceProtection: t.expose('priceProtection', { type: PriceProtectionType, description: 'Today.' }),
  }),
})

const wordsOf = (found: unknown): string | null => (found instanceof DomainError ? found.message : null)
const ProtectionsType = builder.objectRef<RoundProtections>('Protections').implement({
  description: 'What may go otherwise than planned in one deal, and what its terms make of it today.',
  fields: (t) => ({
    asOf: t.expose('asOf', { type: 'Date', description: 'The day on which all of it is so.' }),
    dilution: t.field({
      type: Dilution,
      nullable: true,
      description: 'Null where the cap table cannot tell.',
      resolve: ({ dilution }) => (dilution instanceof DomainError ? null : dilution),
    }),
    dilutionCannotTell: t.string({
      nullable: true,
      description: 'Why it cannot tell.',
      resolve: ({ dilution }) => wordsOf(dilution),
    }),
    grants: t.field({
      type: [GrantType],
      description: 'Grants of the deal; none before the closing.',
      complexity: { field: 10, multiplier: 3 },
      resolve: ({ grants, round }) => grants.map((grant) => ({ ...grant, companyId: round.companyId })),
    }),
    changeOfControl: t.expose('changeOfControl', {
      type: ChangeOfControl,
      description: 'What becomes of unearned shares when the company is sold, by the terms.',
    }),
    sale: t.field({
      type: WaterfallType,
      nullable: true,
      description:
        'Who gets what then, at each exit value: on the cap table of today once the round is closed, before on what it would make. Null where that cannot be told.',
      resolve: ({ sale }) => (sale instanceof DomainError ? null : sale),
    }),
    saleCannotTell: t.string({
      nullable: true,
      description: 'Why it cannot tell.',
      resolve: ({ sale }) => wordsOf(sale),
    }),
    riskTable: t.field({
      type: [RiskRowType],
      description: 'The risk table of the terms that hold.',
      resolve: ({ riskTable }) => [...riskTable],
    }),
  }),
})

builder.queryField('protections', (t) =>
  t.field({
    type: ProtectionsType,
    description: 'The protections of a company in a round, for whoever sees the round.',
    errors: { types: [NotFound] },
    args: {
      roundId: t.arg.id({ description: 'The round, `Round:<company>:<round>`.' }),
      exits: t.arg({
        type: ['Decimal'],
        required: false,
        description: 'Exit values, at most 20. Default: half of the valuation after the money, it, and three times it.',
      }),
    },
    complexity: 300,
    resolve: (_root, { roundId, exits }, { deps, actor }) =>
      roundProtections(deps.db, actor, {
        roundId: String(roundId),
        ...(exits == null ? {} : { exits: exits.map(text) }),
      }),
  }),
)

const text = (value: string | bigint): string => (typeof value === 'string' ? value : formatNumeric(value))
