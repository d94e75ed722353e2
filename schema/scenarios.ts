/** Terms that are tried: what they would come to, and which of them reach a goal. Nothing is stored. The fund's own paper. */
import { Forbidden, Refused } from '../api/platform/index.ts'
import {
  GOAL_MEASURES,
  type GoalAnswer,
  GoalNotReached,
  goalSeek,
  NO_ANSWERS,
  TermsRefused,
  whatIf,
  writeTerms,
} from '../api/rounds/index.ts'
import { batch, mustHave } from './batch.ts'
import { builder } from './builder.ts'
import { DomainErrorInterface } from './errors.ts'
import { withoutNulls } from './input.ts'
import { Company } from './parties.ts'
import { ProForma } from './pro-forma.ts'
import { RoundTermsInput } from './round-terms-input.ts'
import { TermFault } from './rounds.ts'

const GoalKind = builder.enumType('GoalKind', {
  description: 'What is sought.',
  values: {
    TOKENS_FOR_PART: { description: 'The fewest tokens whose shares are at least a part of all shares after.' },
    PRE_MONEY_KEEPING: { description: 'The lowest valuation at which named holders keep more than a part together.' },
    MOST_TOKENS_BELOW: { description: 'The most tokens at which a measure stays below a limit.' },
  } as const,
})
const GoalMeasure = builder.enumType('GoalMeasure', {
  description:
    'What stays below a limit. TRANSACTION_VALUE: US dollars that the Hart-Scott-Rodino rule counts at the closing; COMPUTE_PART: the shares that compute buys, as a part of all after the round.',
  values: GOAL_MEASURES,
})
const NoAnswerReason = builder.enumType('GoalNotReachedReason', {
  description:
    'NEVER_REACHED: nothing that terms can say, or that makes a round, reaches the goal. ALWAYS_REACHED: everything stays below the limit. NOT_IN_DOLLARS: the round is in another currency.',
  values: NO_ANSWERS,
})
builder.objectType(GoalNotReached, {
  name: 'GoalNotReached',
  description: 'There is no answer; the message says how far it goes and what stops it.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({ reason: t.expose('reason', { type: NoAnswerReason, description: 'Which way there is none.' }) }),
})

const GoalInput = builder.inputType('GoalInput', {
  description: 'What is sought, with what belongs to its kind.',
  fields: (t) => ({
    kind: t.field({ type: GoalKind, description: 'What is sought.' }),
    part: t.field({
      type: 'Decimal',
      required: false,
      description: 'A part of 1: "0.1". With TOKENS_FOR_PART and PRE_MONEY_KEEPING.',
    }),
    holderIds: t.stringList({
      required: false,
      description: 'Ids of stakeholders in Open Cap Format, at most 100. With PRE_MONEY_KEEPING.',
    }),
    measure: t.field({ type: GoalMeasure, required: false, description: 'With MOST_TOKENS_BELOW.' }),
    limit: t.field({
      type: 'Decimal',
      required: false,
      description: 'US dollars, or a part of 1. With MOST_TOKENS_BELOW.',
    }),
    stepTokens: t.field({
      type: 'Tokens',
      required: false,
      description: 'The answer is a multiple of this. Default 1. Where tokens are sought.',
    }),
    stepMoney: t.field({
      type: 'Decimal',
      required: false,
      description: 'The answer is a multiple of this. Default 1. Where a valuation is sought.',
    }),
  }),
})
const terms = { type: RoundTermsInput, description: 'The terms that are tried.' } as const
const asOf = {
  type: 'Date',
  required: false,
  description: 'The cap table as of this date. Default: the closing date of the terms.',
} as const
const WhatIfInput = builder.inputType('WhatIfInput', {
  description: 'Terms over a cap table.',
  fields: (t) => ({ terms: t.field(terms), asOf: t.field(asOf) }),
})
const GoalSeekInput = builder.inputType('GoalSeekInput', {
  description: 'Terms over a cap table, and what is sought. The term that is sought is where the search starts.',
  fields: (t) => ({
    terms: t.field(terms),
    asOf: t.field(asOf),
    goal: t.field({ type: GoalInput, description: 'What is sought.' }),
  }),
})

const Answer = builder.objectRef<GoalAnswer>('GoalAnswer').implement({
  description: 'Terms that reach a goal, exactly: one step further they do not.',
  fields: (t) => ({
    tokens: t.expose('tokens', { type: 'Tokens', description: 'Tokens of the round.' }),
    preMoney: t.expose('preMoney', { type: 'Money', description: 'Valuation before the money.' }),
    terms: t.field({
      type: 'JSON',
      description: 'The whole terms, every default written out, as they can be drafted.',
      resolve: (answer) => writeTerms(answer.terms),
    }),
    proForma: t.expose('proForma', { type: ProForma, description: 'The company before and after, by those terms.' }),
    reached: t.expose('reached', {
      type: 'Decimal',
      description: 'What the goal measures comes to, to ten places: a part of 1, or US dollars.',
    }),
    oneStepBeyond: t.expose('oneStepBeyond', {
      type: 'Decimal',
      nullable: true,
      description: 'The same one step further, where the goal is not met; null where there is no such round.',
    }),
    refusedBeyond: t.field({
      type: [TermFault],
      description: 'Why there is no round one step further, where there is none.',
      resolve: ({ refusedBeyond }) => [...refusedBeyond],
    }),
    monotone: t.exposeBoolean('monotone', {
      description:
        'True where the measure only rose, or only fell, over all points tried. Where rounding makes it waver, another such answer may lie elsewhere.',
    }),
    pointsTried: t.exposeInt('pointsTried', { description: 'How many rounds were solved on the way.' }),
  }),
})

builder.objectFields(Company, (t) => ({
  whatIf: t.field({
    type: ProForma,
    description: 'The company before and after a round by these terms. Nothing is stored. For the staff of the fund.',
    args: { input: t.arg({ type: WhatIfInput, description: 'The terms.' }) },
    errors: { types: [TermsRefused, Refused, Forbidden] },
    complexity: { field: 500 },
    resolve: async ({ companyId }, { input }, context) => {
      const asked = withoutNulls(input)
      const load = (ids: readonly string[]) => whatIf(context.deps.db, context.actor, ids, asked)
      return mustHave(await batch(context, ['Company.whatIf', asked], companyId, load))
    },
  }),
  goalSeek: t.field({
    type: Answer,
    description: 'Terms that reach a goal over the cap table. Nothing is stored. For the staff of the fund.',
    args: { input: t.arg({ type: GoalSeekInput, description: 'The terms and the goal.' }) },
    errors: { types: [TermsRefused, GoalNotReached, Refused, Forbidden] },
    complexity: { field: 1_200 },
    resolve: async ({ companyId }, { input }, context) => {
      const asked = withoutNulls(input)
      const load = (ids: readonly string[]) => goalSeek(context.deps.db, context.actor, ids, asked)
      return mustHave(await batch(context, ['Company.goalSeek', asked], companyId, load))
    },
  }),
}))
