/** What people do with token classes, their supply and releases. */
import { globalId, NotFound, type Uuid } from '../../api/platform/index.ts'
import {
  authoriseSupply,
  createTokenClass,
  findTokenClass,
  type Released,
  releaseDueTokens,
} from '../../api/tokens/index.ts'
import { builder } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import { idempotencyKey, may } from '../kernel/mutation.ts'
import { Company } from '../parties.ts'
import './token-errors.ts'
import { Lot, TokenClass, TransferRule } from './tokens.ts'

const CreateTokenClassInput = builder.inputType('CreateTokenClassInput', {
  description: 'A provider’s token.',
  fields: (t) => ({
    providerId: t.id({ description: 'Id of the provider that owes the hours.' }),
    name: t.string({ description: 'Name, at most 100 characters, one of its kind at this provider.' }),
    transferRule: t.field({ type: TransferRule, description: 'Whether and how its tokens may go to another holder.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const AuthoriseSupplyInput = builder.inputType('AuthoriseSupplyInput', {
  description: 'Authority to grant more tokens of a class.',
  fields: (t) => ({
    tokenClassId: t.id({ description: 'Id of the token class.' }),
    amount: t.field({ type: 'Tokens', description: 'Tokens that may be granted beyond what may be now.' }),
    validUntil: t.field({ type: 'Date', description: 'First day on which what is not granted has lapsed.' }),
    reason: t.string({ description: 'Why: the decision or the supply agreement behind it, at most 1,000 characters.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const ReleaseDueTokensInput = builder.inputType('ReleaseDueTokensInput', {
  description: 'Whose due releases to make.',
  fields: (t) => ({
    companyId: t.id({ description: 'Id of the company.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

type ReleasedTokens = { readonly companyId: Uuid; readonly releases: readonly Released[] }
const ReleasedType = builder.objectRef<Released & { companyId: Uuid }>('ReleasedTokens').implement({
  description: 'Tokens that became available.',
  fields: (t) => ({
    lot: t.field({ type: Lot, description: 'Their lot.', resolve: (row) => `${row.companyId}:${row.lotId}` }),
    on: t.expose('on', { type: 'Date', description: 'The date on which they were due.' }),
    amount: t.expose('amount', { type: 'Tokens', description: 'How many tokens.' }),
  }),
})
const ReleaseRun = builder.objectRef<ReleasedTokens>('TokenReleaseRun').implement({
  description: 'What was due and became available.',
  fields: (t) => ({
    company: t.field({ type: Company, description: 'The company.', resolve: (run) => run.companyId }),
    releases: t.field({
      type: [ReleasedType],
      description: 'The releases, oldest first; none when nothing was due.',
      resolve: ({ companyId, releases }) => releases.map((release) => ({ ...release, companyId })),
    }),
  }),
})

builder.mutationFields((t) => ({
  createTokenClass: t.field({
    type: TokenClass,
    description: 'Register a provider’s token. Nothing can be granted of it until supply is authorised.',
    ...may(['partner', 'operations']),
    args: { input: t.arg({ type: CreateTokenClassInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { tokenClassId } = await createTokenClass(deps, actor, input)
      return tokenClassOrNotFound(deps, tokenClassId)
    },
  }),
  authoriseSupply: t.field({
    type: TokenClass,
    description: 'Let a class grant more tokens, from today until a date.',
    ...may(['partner']),
    args: { input: t.arg({ type: AuthoriseSupplyInput }) },
    resolve: async (_root, { input }, { deps, actor }) => {
      const { tokenClassId } = await authoriseSupply(deps, actor, input)
      return tokenClassOrNotFound(deps, tokenClassId)
    },
  }),
  releaseDueTokens: t.field({
    type: ReleaseRun,
    description: 'Make a company’s tokens available whose release is due today or was due before.',
    ...may(['operations']),
    args: { input: t.arg({ type: ReleaseDueTokensInput }) },
    resolve: (_root, { input }, { deps, actor }) => releaseDueTokens(deps, actor, input),
  }),
}))

async function tokenClassOrNotFound(deps: Context['deps'], tokenClassId: Uuid) {
  const tokenClass = await findTokenClass(deps.db, tokenClassId)
  if (tokenClass === undefined) throw new NotFound('token class', globalId('TokenClass', tokenClassId))
  return tokenClass
}
