/** Rounds one after another: tried, kept under a name, set side by side. The fund's own paper. */
import { Forbidden, globalId, NotFound, numericOfWhole, parseGlobalId, Refused } from '../../api/platform/index.ts'
import {
  type ChainHolding,
  type ChainOwner,
  ChainRefused,
  type ChainRest,
  type ChainStage,
  type ChainView,
  chainsOf,
  MOST_ROUNDS,
  MOST_SCENARIOS,
  reviseChain,
  type SolvedChain,
  type SolvedLink,
  StaleTerms,
  saveChain,
  solvedChains,
  whatIfChain,
  writeChain,
} from '../../api/rounds/index.ts'
import { batch, mustHave } from '../kernel/batch.ts'
import { builder } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { withoutNulls } from '../kernel/input.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Company } from '../parties.ts'
import { ProFormaNoteType } from './pro-forma.ts'
import { ProFormaConversionType } from './pro-forma-conversions.ts'
import { CashRoundInput, RoundTermsInput } from './round-terms-input.ts'
import { TermFault } from './rounds.ts'
import { SafeRestEnum } from './terms-instrument.ts'

builder.objectType(ChainRefused, {
  name: 'ChainRefused',
  description: 'There is no such round on the result of the rounds before it.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    round: t.exposeInt('round', { description: 'Which one, from 1.' }),
    roundName: t.exposeString('roundName', { description: 'Its name.' }),
    faults: t.field({
      type: [TermFault],
      description: 'Every term of it to change, by its path in the chain: "rounds.1.cash.pool".',
      resolve: ({ faults }) => [...faults],
    }),
  }),
})

const ChainRoundKind = builder.enumType('ChainRoundKind', {
  description: 'COMPUTE: compute is paid with, cash beside it or not. CASH: cash alone.',
  values: ['COMPUTE', 'CASH'] as const,
})
const ChainRoundInput = builder.inputType('ChainRoundInput', {
  description: 'One round of a chain: either compute or cash.',
  fields: (t) => ({
    compute: t.field({ type: RoundTermsInput, required: false, description: 'A round in which compute is paid with.' }),
    cash: t.field({ type: CashRoundInput, required: false, description: 'A round for cash alone.' }),
    delivered: t.field({
      type: 'Tokens',
      required: false,
      description: 'With compute: tokens taken as delivered when the first later round closes. Default 0.',
    }),
    deliveredLater: t.field({
      type: ['Tokens'],
      required: false,
      description:
        'With compute: tokens in all taken as delivered when the second later round closes, the third, and so on; the last one holds on. Default: no more than by the first.',
    }),
  }),
})
const rounds: { type: [typeof ChainRoundInput]; description: string } = {
  type: [ChainRoundInput],
  description: `Rounds in the order of their closings, at most ${MOST_ROUNDS}. A holder or a class that an earlier one brings in is named by its name where an id is asked for.`,
}
const asOf = {
  type: 'Date',
  required: false,
  description: 'The cap table as of this date. Default: the closing date of the first round.',
} as const
const ChainWhatIfInput = builder.inputType('ChainWhatIfInput', {
  description: 'Rounds one after another over a cap table.',
  fields: (t) => ({ rounds: t.field(rounds), asOf: t.field(asOf) }),
})

const Rest = builder.objectRef<ChainRest>('ChainRest').implement({
  description: 'What had not accrued under a SAFE for compute when a round of the chain converted it.',
  fields: (t) => ({
    holder: t.exposeString('holder', { description: 'Who has the SAFE.' }),
    becomes: t.expose('becomes', {
      type: SafeRestEnum,
      description: 'What becomes of it, as the terms of the SAFE say.',
    }),
    amount: t.expose('amount', { type: 'Money', description: 'What had not accrued of the purchase amount.' }),
    shares: t.field({
      type: 'Shares',
      nullable: true,
      description: 'Where it goes on at the price of the round: shares that it comes to at most. Else null.',
      resolve: ({ shares }) => (shares === null ? null : numericOfWhole(shares)),
    }),
  }),
})

const Round = builder.objectRef<SolvedLink>('ChainRound').implement({
  description: 'One round of a chain, and what it came to on the result of the one before.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ChainRoundKind, description: 'What is paid with.' }),
    name: t.exposeString('name', { description: 'Name of the round.' }),
    closingDate: t.expose('closingDate', { type: 'Date', description: 'Planned date of the closing.' }),
    preMoney: t.expose('preMoney', { type: 'Money', description: 'Valuation before the money.' }),
    pricePerShare: t.expose('price', { type: 'Money', description: 'The rounded price.' }),
    exactPrice: t.exposeString('exactPrice', { description: 'The price before rounding, as a fraction: "7/4".' }),
    postMoney: t.expose('postMoney', {
      type: 'Money',
      description: 'Price times all shares after, unearned included.',
    }),
    poolIncrease: t.field({
      type: 'Shares',
      description: 'Shares by which the pool grows.',
      resolve: ({ poolIncrease }) => numericOfWhole(poolIncrease),
    }),
    tokens: t.field({
      type: 'Tokens',
      nullable: true,
      description: 'Tokens granted; null in a round for cash alone.',
      resolve: ({ compute }) => compute?.tokens,
    }),
    computeShares: t.field({
      type: 'Shares',
      nullable: true,
      description:
        'Shares that compute buys, all unearned at the closing: 0 of a SAFE; null in a round for cash alone.',
      resolve: ({ compute }) => (compute === null ? null : numericOfWhole(compute.shares)),
    }),
    impliedPrice: t.field({
      type: 'Money',
      nullable: true,
      description:
        'What an H100-hour costs in equity, at the price of the round, of a SAFE as if it converted now; null in a round for cash alone.',
      resolve: ({ compute }) => compute?.impliedPrice,
    }),
    safe: t.expose('safe', {
      type: 'Money',
      nullable: true,
      description:
        'Purchase amount of the SAFE for compute that it gives, which issues no shares; null where it gives none.',
    }),
    rests: t.field({
      type: [Rest],
      description: 'SAFEs for compute that it converts and of which a part had not accrued.',
      complexity: { field: 1, multiplier: 1 },
      resolve: ({ rests }) => [...rests],
    }),
    cashShares: t.field({
      type: 'Shares',
      description: 'Shares that the cash investors of the terms buy.',
      resolve: ({ cashShares }) => numericOfWhole(cashShares),
    }),
    rightShares: t.field({
      type: 'Shares',
      description: 'Shares that rights take.',
      resolve: ({ rightShares }) => numericOfWhole(rightShares),
    }),
    conversions: t.field({
      type: [ProFormaConversionType],
      description: 'SAFEs and notes that convert in it.',
      complexity: { field: 1, multiplier: 3 },
      resolve: ({ conversions }) => [...conversions],
    }),
    firstHoldersPart: t.expose('firstHoldersPart', {
      type: 'Decimal',
      description:
        'What all shares before the first round are after this one, as a part of 1, everything issued counted.',
    }),
    firstHoldersEarnedPart: t.expose('firstHoldersEarnedPart', {
      type: 'Decimal',
      description: 'The same without shares that are not earned.',
    }),
    notes: t.field({
      type: [ProFormaNoteType],
      description: 'What the figures leave out or take for granted.',
      complexity: { field: 1, multiplier: 3 },
      resolve: ({ notes }) => [...notes],
    }),
  }),
})

type Row = ChainHolding & ChainOwner
const Holding = builder.objectRef<Row>('ChainHolding').implement({
  description:
    'What one holder or pool has at one stage. Parts are of 1; over a stage each column adds up to exactly 1.',
  fields: (t) => ({
    holder: t.exposeString('holder', { description: 'Name.' }),
    holderId: t.exposeString('holderId', {
      description: 'Id in the OCF data; the name of whoever comes in with the chain.',
    }),
    isPool: t.exposeBoolean('isPool', { description: 'True for what is reserved and not granted.' }),
    isFounder: t.exposeBoolean('isFounder', { description: 'True for whom the OCF data calls a founder.' }),
    shares: t.expose('shares', {
      type: 'Shares',
      description: 'Everything issued, and stock for compute that is to be issued in tranches: the maximum.',
    }),
    unearned: t.expose('unearned', { type: 'Shares', description: 'Of these, not earned.' }),
    part: t.expose('part', { type: 'Decimal', description: 'Of all shares, unearned ones included.' }),
    earnedPart: t.expose('earnedPart', { type: 'Decimal', description: 'Of all shares without unearned ones.' }),
    dilution: t.expose('dilution', {
      type: 'Decimal',
      nullable: true,
      description:
        'By how much its part is smaller than before the first round, of 1; negative for who gains, null for who had nothing.',
    }),
  }),
})

const Founders = builder.objectRef<ChainHolding>('ChainFounders').implement({
  description:
    'What the founders have together at one stage: shares are sums of theirs; parts are of these, to the nearest.',
  fields: (t) => ({
    shares: t.expose('shares', { type: 'Shares', description: 'Everything issued, as of each holding.' }),
    unearned: t.expose('unearned', { type: 'Shares', description: 'Of these, not earned.' }),
    part: t.expose('part', { type: 'Decimal', description: 'Of all shares, unearned ones included.' }),
    earnedPart: t.expose('earnedPart', { type: 'Decimal', description: 'Of all shares without unearned ones.' }),
    dilution: t.expose('dilution', {
      type: 'Decimal',
      nullable: true,
      description: 'By how much their part is smaller than before the first round, of 1; null where they had nothing.',
    }),
  }),
})

type StageRow = { readonly chain: SolvedChain; readonly stage: ChainStage; readonly index: number }
const Stage = builder.objectRef<StageRow>('ChainStage').implement({
  description: 'The cap table before the first round, or after one of them.',
  fields: (t) => ({
    after: t.string({
      nullable: true,
      description: 'Name of the round; null before the first.',
      resolve: ({ chain, index }) => chain.rounds[index - 1]?.name,
    }),
    asOf: t.field({ type: 'Date', description: 'The day of it.', resolve: ({ stage }) => stage.asOf }),
    shares: t.field({
      type: 'Shares',
      description: 'All shares, fully diluted, unearned ones included.',
      resolve: ({ stage }) => stage.shares,
    }),
    unearned: t.field({
      type: 'Shares',
      description: 'Of these, given for compute and not earned, by rounds of the chain or before it.',
      resolve: ({ stage }) => stage.unearned,
    }),
    holdings: t.field({
      type: [Holding],
      description: 'By holder, then by pool; the same ones in the same order at every stage.',
      complexity: { field: 1, multiplier: 5 },
      resolve: ({ chain, stage }) =>
        stage.holdings.flatMap((holding, at) => {
          const owner = chain.owners[at]
          return owner === undefined ? [] : [{ ...holding, ...owner }]
        }),
    }),
    founders: t.field({
      type: Founders,
      nullable: true,
      description: 'The founders together; null where the OCF data names none who has anything.',
      resolve: ({ stage }) => stage.founders,
    }),
  }),
})

const Solved = builder.objectRef<SolvedChain>('SolvedChain').implement({
  description: 'Rounds one after another, each solved exactly on the result of the one before.',
  fields: (t) => ({
    asOf: t.expose('asOf', { type: 'Date', description: 'The cap table that it begins with is as of this date.' }),
    rounds: t.field({
      type: [Round],
      description: 'In order.',
      complexity: { field: 1, multiplier: 4 },
      resolve: ({ rounds }) => [...rounds],
    }),
    stages: t.field({
      type: [Stage],
      description: 'Before the first round, and after each: one more than rounds.',
      complexity: { field: 1, multiplier: 4 },
      resolve: (chain) => chain.stages.map((stage, index) => ({ chain, stage, index })),
    }),
  }),
})

const RoundChain = builder.objectRef<ChainView>('RoundChain').implement({
  description: 'Rounds one after another, kept under a name: the newest version. Nothing follows from them.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Global id.' }),
    version: t.exposeInt('version', { description: 'From 1.' }),
    name: t.exposeString('name', { description: 'Name.' }),
    asOf: t.expose('asOf', { type: 'Date', description: 'The cap table as of this date.' }),
    rounds: t.field({
      type: 'JSON',
      description: 'The rounds as they are sent, every default written out.',
      resolve: (chain) => writeChain(chain.rounds),
    }),
    sha256: t.exposeString('termsSha256', {
      description: 'SHA-256 of the canonical JSON (RFC 8785) of the rounds, in hex.',
    }),
    savedAt: t.expose('savedAt', { type: 'DateTime', description: 'When this version was saved.' }),
    solved: t.field({
      type: Solved,
      description: 'What it comes to over the cap table of its day, as that is on record now.',
      errors: { types: [ChainRefused, Refused] },
      complexity: { field: 100 },
      resolve: async (chain, _args, context) => {
        const load = (chains: readonly ChainView[]) => solvedChains(context.deps.db, chains)
        return mustHave(await batch(context, ['RoundChain.solved'], chain, load))
      },
    }),
  }),
})

builder.objectFields(Company, (t) => ({
  whatIfChain: t.field({
    type: Solved,
    description: 'Rounds one after another, tried. Nothing is stored. For the staff of the fund.',
    args: { input: t.arg({ type: ChainWhatIfInput, description: 'The rounds.' }) },
    errors: { types: [ChainRefused, Refused, Forbidden] },
    complexity: { field: 500 },
    resolve: async ({ companyId }, { input }, context) => {
      const asked = withoutNulls(input)
      const load = (ids: readonly string[]) => whatIfChain(context.deps.db, context.actor, ids, asked)
      return mustHave(await batch(context, ['Company.whatIfChain', asked], companyId, load))
    },
  }),
  chains: t.field({
    type: [RoundChain],
    description: `Chains of rounds of the company, newest first, at most ${MOST_SCENARIOS}: the fund's own paper, so none for others.`,
    args: {
      ids: t.arg.idList({ required: false, description: 'Only these: to set them side by side. Others are left out.' }),
    },
    complexity: { field: 5, multiplier: 2 },
    resolve: async ({ companyId }, { ids }, context) => {
      const wanted = ids?.slice(0, MOST_SCENARIOS).map((id) => parseGlobalId(String(id)))
      const own = wanted?.flatMap((id) =>
        id?.type === 'RoundChain' && id.keys[0] === companyId ? id.keys.slice(1) : [],
      )
      const load = (companies: readonly string[]) => chainsOf(context.deps.db, context.actor, companies, own)
      return [...((await batch(context, ['Company.chains', own ?? null], companyId, load)) ?? [])]
    },
  }),
}))

const name = { description: 'Name, at most 120 characters.' } as const
const SaveChainInput = builder.inputType('SaveChainInput', {
  description: 'Rounds to keep.',
  fields: (t) => ({
    companyId: t.id({ description: 'Global id of the company.' }),
    name: t.string(name),
    rounds: t.field(rounds),
    asOf: t.field(asOf),
    idempotencyKey: idempotencyKey(t),
  }),
})
const ReviseChainInput = builder.inputType('ReviseChainInput', {
  description: 'The next version of a chain, whole.',
  fields: (t) => ({
    chainId: t.id({ description: 'Global id of the chain.' }),
    expectedVersion: t.int({ description: 'The version that was read and is revised.' }),
    name: t.string(name),
    rounds: t.field(rounds),
    asOf: t.field(asOf),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationFields((t) => ({
  saveChain: t.field({
    type: RoundChain,
    description: 'Keep rounds one after another under a name, over the cap table of a day.',
    ...may(['analyst', 'partner'], [ChainRefused]),
    args: { input: t.arg({ type: SaveChainInput }) },
    resolve: async (_root, { input }, context) =>
      chainOrNotFound(context, await saveChain(context.deps, context.actor, { ...input, ...kept(input) })),
  }),
  reviseChain: t.field({
    type: RoundChain,
    description: 'Write the next version of a chain. The versions before it stay.',
    ...may(['analyst', 'partner'], [ChainRefused, StaleTerms]),
    args: { input: t.arg({ type: ReviseChainInput }) },
    resolve: async (_root, { input }, context) =>
      chainOrNotFound(context, await reviseChain(context.deps, context.actor, { ...input, ...kept(input) })),
  }),
}))

const kept = (input: { readonly rounds: readonly object[]; readonly asOf?: string | null | undefined }) => ({
  rounds: input.rounds.map((round) => Object(withoutNulls(round))),
  asOf: input.asOf ?? undefined,
})

/** The chain as it is after a mutation. @throws {NotFound} when a wall hides it from the actor meanwhile */
async function chainOrNotFound(
  { deps, actor }: Context,
  { companyId, scenarioId }: { readonly companyId: string; readonly scenarioId: string },
): Promise<ChainView> {
  const [found] = (await chainsOf(deps.db, actor, [companyId], [scenarioId])).get(companyId) ?? []
  if (found === undefined) throw new NotFound('chain', globalId('RoundChain', companyId, scenarioId))
  return found
}
