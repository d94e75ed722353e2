/** Terms that are tried, kept under a name, set side by side, and sought for a goal: the fund's own paper. */
import { Forbidden, globalId, NotFound, numericOfWhole, parseGlobalId, Refused } from '../../api/platform/index.ts'
import {
  GOAL_MEASURES,
  type GoalAnswer,
  GoalNotReached,
  goalSeek,
  MOST_SCENARIOS,
  NO_ANSWERS,
  type ProForma as ProFormaView,
  partOf,
  reviseScenario,
  type ScenarioView,
  StaleTerms,
  saveScenario,
  scenarioProFormas,
  scenariosOf,
  TermsRefused,
  whatIf,
  writeTerms,
} from '../../api/rounds/index.ts'
import { batch, mustHave } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { withoutNulls } from '../kernel/input.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Company } from '../parties.ts'
import { ComputePurchaseType, ProForma, ProFormaHolderType } from './pro-forma.ts'
import { RoundTermsInput } from './round-terms-input.ts'
import { TermFault } from './rounds.ts'

const GoalKind = builder.enumType('GoalKind', {
  description: 'What is sought.',
  values: {
    TOKENS_FOR_PART: { description: 'The fewest tokens whose shares are at least a part of all shares after.' },
    PRE_MONEY_KEEPING: {
      description: 'The lowest valuation at which the founders, or named holders, keep more than a part together.',
    },
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
      description:
        'Ids of stakeholders in Open Cap Format, at most 100. With PRE_MONEY_KEEPING; left out, its founders.',
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
    keepers: t.field({
      type: [ProFormaHolderType],
      description: 'Who keeps the part together, each with what it has; empty for other goals.',
      complexity: { field: 1, multiplier: 2 },
      resolve: ({ keepers }) => [...keepers],
    }),
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

const Figures = builder.objectRef<ProFormaView>('ScenarioFigures').implement({
  description: 'What a scenario comes to, for a table of several. Parts are of 1.',
  fields: (t) => ({
    preMoney: t.expose('preMoney', { type: 'Money', description: 'Valuation before the money.' }),
    pricePerShare: t.expose('price', { type: 'Money', description: 'The rounded price.' }),
    postMoney: t.expose('postMoney', { type: 'Money', description: 'Price times all shares after.' }),
    sharesAfter: t.expose('sharesAfter', { type: 'Shares', description: 'All shares after the round.' }),
    tokens: t.field({
      type: 'Tokens',
      description: 'Tokens granted, by all grants together.',
      resolve: ({ grants }) => grants.reduce((sum, { tokens }) => sum + tokens, 0n),
    }),
    computeShares: t.field({
      type: 'Shares',
      description: 'Shares that compute buys, all unearned at first.',
      resolve: ({ computeShares }) => numericOfWhole(computeShares),
    }),
    computePart: t.field({
      type: 'Decimal',
      description: 'Those as a part of all after the round.',
      resolve: ({ computeShares, sharesAfter }) => partOf(numericOfWhole(computeShares), sharesAfter),
    }),
    impliedPrice: t.field({
      type: 'Money',
      description:
        'What an H100-hour of the first grant costs in equity, at the price of the round. Of each: `grants`.',
      resolve: ({ compute }) => compute.impliedPrice,
    }),
    grants: t.field({
      type: [ComputePurchaseType],
      description: 'What each grant of the terms buys and what its hours cost in equity, that of `compute` first.',
      complexity: { field: 1, multiplier: 2 },
      resolve: ({ grants }) => [...grants],
    }),
    cashShares: t.field({
      type: 'Shares',
      description: 'Shares that cash investors of the terms buy.',
      resolve: ({ cash }) => numericOfWhole(cash.reduce((sum, { shares }) => sum + shares, 0n)),
    }),
    foundersPart: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'What the founders have together after the round; null where the OCF data names none.',
      resolve: ({ founders }) => founders?.afterPart,
    }),
    foundersPartWithoutUnearned: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'The same if every unearned share is forfeited.',
      resolve: ({ founders }) => founders?.afterWithoutUnearnedPart,
    }),
    dilution: t.field({
      type: 'Decimal',
      description: 'By how much the part of the present holders becomes smaller, of 1.',
      resolve: ({ risk }) => risk.dilution,
    }),
    dilutionIfNothingUsed: t.field({
      type: 'Decimal',
      description: 'The same if no token is ever used and every unearned share is forfeited.',
      resolve: ({ risk }) => risk.dilutionIfNothingUsed,
    }),
  }),
})

const Scenario = builder.objectRef<ScenarioView>('Scenario').implement({
  description: 'Terms kept under a name, over the cap table of a day: its newest version. Nothing follows from them.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Global id.' }),
    version: t.exposeInt('version', { description: 'From 1.' }),
    name: t.exposeString('name', { description: 'Name.' }),
    asOf: t.expose('asOf', { type: 'Date', description: 'The cap table as of this date.' }),
    terms: t.field({
      type: 'JSON',
      description: 'The terms, every default written out, as they can be drafted.',
      resolve: (scenario) => writeTerms(scenario.terms),
    }),
    termsSha256: t.exposeString('termsSha256', {
      description: 'SHA-256 of the canonical JSON (RFC 8785) of the terms, in hex.',
    }),
    savedAt: t.expose('savedAt', { type: 'DateTime', description: 'When this version was saved.' }),
    figures: t.field({
      type: Figures,
      description: 'What it comes to over the cap table of its day, as that is on record now.',
      errors: { types: [TermsRefused, Refused] },
      complexity: { field: 50 },
      resolve: async (scenario, _args, context) => {
        const load = (scenarios: readonly ScenarioView[]) => scenarioProFormas(context.deps.db, scenarios)
        return mustHave(await batch(context, ['Scenario.figures'], scenario, load))
      },
    }),
  }),
})

builder.objectField(Company, 'scenarios', (t) =>
  t.field({
    type: [Scenario],
    description: `Scenarios of the company, newest first, at most ${MOST_SCENARIOS}: the fund's own paper, so none for others.`,
    args: {
      ids: t.arg.idList({ required: false, description: 'Only these: to set them side by side. Others are left out.' }),
    },
    complexity: { field: 5, multiplier: 5 },
    resolve: async ({ companyId }, { ids }, context) => {
      const wanted = ids?.slice(0, MOST_SCENARIOS).map((id) => parseGlobalId(String(id)))
      const own = wanted?.flatMap((id) => (id?.type === 'Scenario' && id.keys[0] === companyId ? id.keys.slice(1) : []))
      const load = (companies: readonly string[]) => scenariosOf(context.deps.db, context.actor, companies, own)
      return [...((await batch(context, ['Company.scenarios', own ?? null], companyId, load)) ?? [])]
    },
  }),
)

const name = { description: 'Name, at most 120 characters.' } as const
const SaveScenarioInput = builder.inputType('SaveScenarioInput', {
  description: 'Terms to keep.',
  fields: (t) => ({
    companyId: t.id({ description: 'Global id of the company.' }),
    name: t.string(name),
    terms: t.field(terms),
    asOf: t.field(asOf),
    idempotencyKey: idempotencyKey(t),
  }),
})
const ReviseScenarioInput = builder.inputType('ReviseScenarioInput', {
  description: 'The next version of a scenario, whole.',
  fields: (t) => ({
    scenarioId: t.id({ description: 'Global id of the scenario.' }),
    expectedVersion: t.int({ description: 'The version that was read and is revised.' }),
    name: t.string(name),
    terms: t.field(terms),
    asOf: t.field(asOf),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationFields((t) => ({
  saveScenario: t.field({
    type: Scenario,
    description: 'Keep terms under a name, over the cap table of a day.',
    ...may(['analyst', 'partner'], [TermsRefused]),
    args: { input: t.arg({ type: SaveScenarioInput }) },
    resolve: async (_root, { input }, context) => {
      const saved = await saveScenario(context.deps, context.actor, { ...input, ...kept(input) })
      return scenarioOrNotFound(context, saved)
    },
  }),
  reviseScenario: t.field({
    type: Scenario,
    description: 'Write the next version of a scenario. The versions before it stay.',
    ...may(['analyst', 'partner'], [TermsRefused, StaleTerms]),
    args: { input: t.arg({ type: ReviseScenarioInput }) },
    resolve: async (_root, { input }, context) => {
      const saved = await reviseScenario(context.deps, context.actor, { ...input, ...kept(input) })
      return scenarioOrNotFound(context, saved)
    },
  }),
}))

const kept = (input: { readonly terms: unknown; readonly asOf?: string | null | undefined }) => ({
  terms: withoutNulls(input.terms),
  asOf: input.asOf ?? undefined,
})

/** The scenario as it is after a mutation. @throws {NotFound} when a wall hides it from the actor meanwhile */
async function scenarioOrNotFound(
  { deps, actor }: Context,
  { companyId, scenarioId }: { readonly companyId: string; readonly scenarioId: string },
): Promise<ScenarioView> {
  const [found] = (await scenariosOf(deps.db, actor, [companyId], [scenarioId])).get(companyId) ?? []
  if (found === undefined) throw new NotFound('scenario', globalId('Scenario', companyId, scenarioId))
  return found
}
