/** Rounds: drafted, revised, proposed, withdrawn; their terms and their pro forma. */
import { proposeWithRights, RightsNotHonoured, type UnhonouredRight } from '../../api/closing/index.ts'
import { OpenFlags } from '../../api/flags/index.ts'
import { type InputFault, NotFound, type Ref, Refused } from '../../api/platform/index.ts'
import {
  draftRound,
  ROUND_STATES,
  type RoundView,
  reviseTerms,
  roundCount,
  roundPage,
  roundPages,
  roundProFormas,
  roundsByRef,
  StaleTerms,
  TermsRefused,
  type TermsVersionView,
  termsVersions,
  withdrawRound,
} from '../../api/rounds/index.ts'
import { batch, mustHave, pageOfParent } from '../kernel/batch.ts'
import { builder, nodeName, PAGE_MAX } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { DomainErrorInterface } from '../kernel/errors.ts'
import { withoutNulls } from '../kernel/input.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { pageById } from '../kernel/pages.ts'
import { Company } from '../parties.ts'
import { ProForma } from './pro-forma.ts'
import { RoundTerms } from './round-terms.ts'
import { RoundTermsInput } from './round-terms-input.ts'

const RoundState = builder.enumType('RoundState', {
  description:
    'Where a round stands. Founders see it from `term_sheet_issued` on. `closed` and `withdrawn` are the ends.',
  values: ROUND_STATES,
})

/** A term that does not fit. */
export const TermFault = builder.objectRef<InputFault>('TermFault').implement({
  description: 'A term that does not fit, and why.',
  fields: (t) => ({
    path: t.string({ description: 'Path of the term: "cashInvestors.0.name".', resolve: ({ path }) => path.join('.') }),
    reason: t.exposeString('reason', { description: 'What is wrong with it.' }),
  }),
})
const Unhonoured = builder.objectRef<UnhonouredRight>('UnhonouredRight').implement({
  description: 'A pro rata right that a side letter gives and the terms leave out.',
  fields: (t) => ({
    holder: t.exposeString('holder', { description: 'Whose.' }),
    sideLetterId: t.exposeID('sideLetter', { description: 'Global id of its side letter.' }),
    title: t.exposeString('title', { description: 'What the side letter is called.' }),
    part: t.expose('part', { type: 'Decimal', description: 'The part of all that the round sells that it is to.' }),
  }),
})
builder.objectType(RightsNotHonoured, {
  name: 'RightsNotHonoured',
  description:
    'Side letters in force give pro rata rights that the terms neither name nor make good, and that no signed document waives.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    rights: t.field({ type: [Unhonoured], description: 'The rights.', resolve: ({ rights }) => [...rights] }),
  }),
})
builder.objectType(TermsRefused, {
  name: 'TermsRefused',
  description: 'There is no such round over the cap table of the company. Every term to change is named.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    faults: t.field({ type: [TermFault], description: 'All of them.', resolve: ({ faults }) => [...faults] }),
  }),
})
builder.objectType(StaleTerms, {
  name: 'StaleTerms',
  description: 'Somebody revised the terms meanwhile.',
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    given: t.exposeInt('given', { description: 'The version that the caller has read.' }),
    current: t.exposeInt('current', { description: 'The version that stands now.' }),
  }),
})

const TermsVersion = builder.objectRef<TermsVersionView>('TermsVersion').implement({
  description: 'One version of the terms of a round. It never changes.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: 'From 1.' }),
    terms: t.expose('terms', { type: RoundTerms, description: 'The terms.' }),
    sha256: t.exposeString('termsSha256', {
      description: 'SHA-256 of the canonical JSON (RFC 8785) of the terms, in hex.',
    }),
    writtenAt: t.expose('writtenAt', { type: 'DateTime', description: 'When.' }),
    effectiveOn: t.expose('effectiveOn', {
      type: 'Date',
      nullable: true,
      description: 'Of an amendment the first day on which it holds; null for what was drafted and proposed.',
    }),
  }),
})

const keyOf = ({ companyId, id }: Ref): string => `${companyId}:${id}`
const refOf = (key: string): Ref => {
  const [companyId = '', id = ''] = key.split(':')
  return { companyId, id }
}

/** A round, loaded by id; other capabilities add their fields to it. */
export const Round = builder.loadableNodeRef(nodeName('Round', 2), {
  id: { resolve: ({ companyId, roundId }: RoundView) => keyOf({ companyId, id: roundId }) },
  load: async (ids: string[], { deps, actor }: Context) => {
    const refs = ids.map(refOf).filter(({ id }) => id !== '')
    const found = new Map((await roundsByRef(deps.db, actor, refs)).map((row) => [row.id, row]))
    return ids.map((id) => found.get(`Round:${id}`) ?? null)
  },
})
Round.implement({
  description: 'A deal: tokens and cash against newly issued equity of one company.',
  fields: (t) => ({
    company: t.field({ type: Company, description: 'The company.', resolve: ({ companyId }) => companyId }),
    name: t.string({ description: 'Name of the round.', resolve: ({ terms }) => terms.name }),
    state: t.expose('state', { type: RoundState, description: 'Where it stands.' }),
    termsVersion: t.exposeInt('termsVersion', { description: 'Version of the terms that stands.' }),
    terms: t.expose('terms', { type: RoundTerms, description: 'The terms that stand.' }),
    termsSha256: t.exposeString('termsSha256', {
      description: 'SHA-256 of the canonical JSON (RFC 8785) of the terms, in hex: what documents carry.',
    }),
    termsVersions: t.field({
      type: [TermsVersion],
      description: 'Versions of the terms, newest first. Founders see those that were proposed to them.',
      args: { first: t.arg.int({ defaultValue: 20, description: `At most ${PAGE_MAX}.` }) },
      complexity: ({ first }) => ({ field: 5, multiplier: Math.min(first ?? 20, PAGE_MAX) }),
      resolve: async (round, { first }, context) => {
        const limit = Math.max(0, Math.min(first ?? 20, PAGE_MAX))
        const load = (rounds: readonly RoundView[]) => termsVersions(context.deps.db, context.actor, rounds, limit)
        return (await batch(context, ['Round.termsVersions', limit], round, load)) ?? []
      },
    }),
    draftedAt: t.expose('draftedAt', { type: 'DateTime', description: 'When it was drafted.' }),
    proposedAt: t.expose('proposedAt', { type: 'DateTime', nullable: true, description: 'When it was proposed.' }),
    proposedByViewer: t.boolean({
      description: 'True when the caller proposed it: another person must close it.',
      resolve: ({ proposedBy }, _args, { actor }) => proposedBy === actor.id,
    }),
    termSheetIssuedAt: t.expose('issuedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the term sheet was issued: from then on founders see the round.',
    }),
    endedAt: t.expose('endedAt', { type: 'DateTime', nullable: true, description: 'When it was closed or withdrawn.' }),
    proForma: t.field({
      type: ProForma,
      description: 'The company before and after the round, by the terms that stand.',
      args: {
        asOf: t.arg({
          type: 'Date',
          required: false,
          description: 'The cap table as of this date. Default: the closing date; of a closed round the day before.',
        }),
      },
      errors: { types: [TermsRefused, Refused] },
      complexity: { field: 500 },
      resolve: async (round, { asOf }, context) => {
        const load = (rounds: readonly RoundView[]) => roundProFormas(context.deps.db, rounds, asOf ?? undefined)
        return mustHave(await batch(context, ['Round.proForma', asOf], round, load))
      },
    }),
  }),
})

const RoundConnection = builder.connectionObject({
  name: 'RoundConnection',
  description: 'A page of rounds, newest first.',
  type: Round,
})

builder.objectField(Company, 'rounds', (t) =>
  t.connection(
    {
      type: Round,
      description: `The rounds of the company that the actor sees, newest first; at most ${PAGE_MAX} a page.`,
      complexity: (args) => ({ field: 3, multiplier: Math.min(args.first ?? args.last ?? 20, PAGE_MAX) }),
      resolve: ({ companyId }, args, context) =>
        pageOfParent(
          context,
          ['Company.rounds'],
          companyId,
          args,
          (round: RoundView) => round.roundId,
          (ids, query) => roundPages(context.deps.db, context.actor, ids, query),
        ),
    },
    RoundConnection,
  ),
)

builder.queryFields((t) => ({
  rounds: t.connection(
    {
      type: Round,
      description: `The rounds that the actor sees, newest first; at most ${PAGE_MAX} a page.`,
      args: { state: t.arg({ type: RoundState, required: false, description: 'Only those in this state.' }) },
      complexity: (args) => ({ field: 3, multiplier: Math.min(args.first ?? args.last ?? 20, PAGE_MAX) }),
      resolve: (_root, { state, ...args }, { deps, actor }) =>
        pageById(
          args,
          (round: RoundView) => round.roundId,
          (query) => roundPage(deps.db, actor, { state: state ?? undefined }, query),
        ),
    },
    RoundConnection,
  ),
  roundCount: t.int({
    description: 'How many rounds the actor sees.',
    args: { state: t.arg({ type: RoundState, required: false, description: 'Only those in this state.' }) },
    resolve: (_root, { state }, { deps, actor }) => roundCount(deps.db, actor, { state: state ?? undefined }),
  }),
}))

const DraftRoundInput = builder.inputType('DraftRoundInput', {
  description: 'A round as it is drafted.',
  fields: (t) => ({
    companyId: t.id({ description: 'Global id of the company.' }),
    terms: t.field({ type: RoundTermsInput, description: 'Its terms, version 1.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const ReviseTermsInput = builder.inputType('ReviseTermsInput', {
  description: 'The next version of the terms of a draft, whole.',
  fields: (t) => ({
    roundId: t.id({ description: 'Global id of the round.' }),
    expectedVersion: t.int({ description: 'The version that was read and is revised.' }),
    terms: t.field({ type: RoundTermsInput, description: 'The new terms.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const ProposeRoundInput = builder.inputType('ProposeRoundInput', {
  description: 'The proposal of a draft.',
  fields: (t) => ({
    roundId: t.id({ description: 'Global id of the round.' }),
    expectedVersion: t.int({ description: 'The version of the terms that was read and is proposed.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const WithdrawRoundInput = builder.inputType('WithdrawRoundInput', {
  description: 'The end of a round before it closes.',
  fields: (t) => ({
    roundId: t.id({ description: 'Global id of the round.' }),
    reason: t.string({ description: 'Why, at most 1,000 characters. Kept in the audit log.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationFields((t) => ({
  draftRound: t.field({
    type: Round,
    description: 'Draft a round over the cap table of a company.',
    ...may(['analyst', 'partner'], [TermsRefused]),
    args: { input: t.arg({ type: DraftRoundInput }) },
    resolve: async (_root, { input }, context) => {
      const { companyId, roundId } = await draftRound(context.deps, context.actor, {
        ...input,
        terms: withoutNulls(input.terms),
      })
      return roundOrNotFound(context, { companyId, id: roundId })
    },
  }),
  reviseTerms: t.field({
    type: Round,
    description: 'Write the next version of the terms of a draft.',
    ...may(['analyst', 'partner'], [TermsRefused, StaleTerms]),
    args: { input: t.arg({ type: ReviseTermsInput }) },
    resolve: async (_root, { input }, context) => {
      const { companyId, roundId } = await reviseTerms(context.deps, context.actor, {
        ...input,
        terms: withoutNulls(input.terms),
      })
      return roundOrNotFound(context, { companyId, id: roundId })
    },
  }),
  proposeRound: t.field({
    type: Round,
    description:
      'Propose a draft: rules run, findings are kept, open flags stop it. From here on its terms stand still.',
    ...may(['analyst', 'partner'], [OpenFlags, StaleTerms, TermsRefused, RightsNotHonoured]),
    args: { input: t.arg({ type: ProposeRoundInput }) },
    resolve: async (_root, { input }, context) => {
      const { companyId, roundId } = await proposeWithRights(context.deps, context.actor, input)
      return roundOrNotFound(context, { companyId, id: roundId })
    },
  }),
  withdrawRound: t.field({
    type: Round,
    description: 'Give a round up before it closes. It stays on record.',
    ...may(['analyst', 'partner']),
    args: { input: t.arg({ type: WithdrawRoundInput }) },
    resolve: async (_root, { input }, context) => {
      const { companyId, roundId } = await withdrawRound(context.deps, context.actor, input)
      return roundOrNotFound(context, { companyId, id: roundId })
    },
  }),
}))

/** The round as it is after a mutation. @throws {NotFound} when a wall hides it from the actor meanwhile */
export async function roundOrNotFound({ deps, actor }: Context, ref: Ref): Promise<RoundView> {
  const [round] = await roundsByRef(deps.db, actor, [ref])
  if (round === undefined) throw new NotFound('round', `Round:${keyOf(ref)}`)
  return round
}
