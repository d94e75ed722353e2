/** Tokens beside cash and cloud credits, as a founder weighs them. */
import { NotFound, numericOfWhole, Refused } from '../../api/platform/index.ts'
import { type LegRow, LIQUIDITIES, type RoundLegs, roundLegs, TermsRefused } from '../../api/rounds/index.ts'
import { builder } from '../kernel/builder.ts'
import { withoutNulls } from '../kernel/input.ts'
import { MoneyInput } from '../kernel/scalars.ts'

const LegKind = builder.enumType('LegKind', {
  description: 'A way to come by compute.',
  values: {
    COMPUTE: { description: 'Tokens for shares: an hour each.' },
    CASH: { description: 'Money for shares, spent on compute at a named price.' },
    CREDITS: { description: 'Credits of a cloud, for no shares, until a day.' },
  } as const,
})
const Liquidity = builder.enumType('LegLiquidity', {
  description:
    'What the company can do with what it gets. ANYTHING; H100_HOURS_ONLY, of the pools that back the tokens; ONE_CLOUD_UNTIL_EXPIRY.',
  values: LIQUIDITIES,
})

const LegType = builder.objectRef<LegRow>('Leg').implement({
  description: 'One way to come by compute. Legs are alternatives: nobody adds them up.',
  fields: (t) => ({
    kind: t.expose('kind', { type: LegKind, description: 'Which way.' }),
    name: t.exposeString('name', { description: 'Name.' }),
    shares: t.field({
      type: 'Shares',
      description: 'Shares given; of tokens all, whether they come to be earned or not.',
      resolve: ({ shares }) => numericOfWhole(shares),
    }),
    equityPart: t.expose('equityPart', {
      type: 'Decimal',
      description: 'The shares as a part of 1 of all shares after this leg alone.',
    }),
    hours: t.expose('hours', { type: 'Tokens', description: 'H100-hours got, rounded down.' }),
    hourPrice: t.field({
      type: 'Money',
      nullable: true,
      description: 'Money per H100-hour; null for tokens, which are hours.',
      resolve: ({ hourPrice }) => hourPrice?.amount,
    }),
    hourPriceSource: t.string({
      nullable: true,
      description: 'Who says that an hour costs this.',
      resolve: ({ hourPrice }) => hourPrice?.source,
    }),
    sharesPerThousandHours: t.expose('sharesPerThousandHours', {
      type: 'Decimal',
      nullable: true,
      description: 'Shares given for each 1,000 hours; null where there are none.',
    }),
    liquidity: t.expose('liquidity', { type: Liquidity, description: 'What can be done with it.' }),
    expiresOn: t.expose('expiresOn', {
      type: 'Date',
      nullable: true,
      description: 'The day on which what is left is gone; null where nothing expires.',
    }),
    earnedByUse: t.exposeBoolean('earnedByUse', {
      description: 'True where shares are earned only as hours are delivered.',
    }),
    restrictions: t.field({
      type: ['String'],
      description: 'What else ties the hands.',
      resolve: ({ restrictions }) => [...restrictions],
    }),
  }),
})

const LegInput = builder.inputType('LegInput', {
  description: 'A leg to set beside the tokens. What belongs to another kind is left out.',
  fields: (t) => ({
    kind: t.field({ type: LegKind, description: 'CASH or CREDITS: the tokens are there already.' }),
    name: t.string({ description: 'Name, at most 120 characters.' }),
    amount: t.field({ type: MoneyInput, description: 'Money, or the credits at their face.' }),
    shares: t.field({ type: 'Shares', required: false, description: 'Whole shares given. With CASH.' }),
    hourPrice: t.field({ type: MoneyInput, description: 'Money per H100-hour, in the currency of the amount.' }),
    hourPriceSource: t.string({ description: 'Who says so, and when. At most 500 characters.' }),
    expiresOn: t.field({ type: 'Date', required: false, description: 'The day on which they end. With CREDITS.' }),
    restrictions: t.stringList({ required: false, description: 'What else ties the hands, at most 20.' }),
  }),
})

const LegsType = builder.objectRef<RoundLegs>('Legs').implement({
  description: 'Ways to come by compute, side by side.',
  fields: (t) => ({
    asOf: t.expose('asOf', { type: 'Date', description: 'The cap table is as of this date.' }),
    legs: t.field({
      type: [LegType],
      description: 'The tokens of the round, then the others in the order given.',
      complexity: { field: 1, multiplier: 3 },
      resolve: ({ legs }) => [...legs],
    }),
  }),
})

builder.queryField('legs', (t) =>
  t.field({
    type: LegsType,
    description:
      'What a round gives for compute, beside cash and cloud credits: the tokens of its terms first. For whoever sees the round; nothing is stored.',
    errors: { types: [NotFound, TermsRefused, Refused] },
    args: {
      roundId: t.arg.id({ description: 'The round, `Round:<company>:<round>`.' }),
      others: t.arg({
        type: [LegInput],
        required: false,
        description:
          'At most 19. Default: money of the same amount for the same shares, spent at the reference price of the terms.',
      }),
    },
    complexity: 100,
    resolve: (_root, { roundId, others }, { deps, actor }) => {
      const asked = others?.map(({ hourPrice, hourPriceSource, ...leg }) =>
        withoutNulls({ ...leg, hourPrice: { amount: hourPrice, source: hourPriceSource } }),
      )
      return roundLegs(deps.db, actor, {
        roundId: String(roundId),
        ...(asked === undefined ? {} : { others: asked }),
      })
    },
  }),
)
