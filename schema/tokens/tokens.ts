/** Token classes and their supply, lots, balances and transfers. */
import { isStaff } from '../../api/access/index.ts'
import { globalId, parseDecimal, type Ref, Refused, type Uuid } from '../../api/platform/index.ts'
import {
  ACCOUNT_KINDS,
  type AccountBalance,
  allTokenClasses,
  type Balances,
  balancesAsOf,
  balancesByCompany,
  conservations,
  type Difference,
  type LotBalance,
  type LotView,
  lotsByCompany,
  lotsById,
  type PlannedReleaseView,
  releasePlansByLot,
  sumBalances,
  suppliesByClass,
  type TokenClassView,
  TRANSFER_RULES,
  type TransferView,
  tokenClassesById,
  transferPages,
} from '../../api/tokens/index.ts'
import { batch, instantOf, mustHave, pageOfParent } from '../kernel/batch.ts'
import { builder, nodeName, PAGE_MAX } from '../kernel/builder.ts'
import type { Context } from '../kernel/context.ts'
import type { PageArgs } from '../kernel/pages.ts'
import { Company, inOrder, Provider } from '../parties.ts'
import { Supply } from './supply.ts'

/** Whether and how tokens may go to another holder. */
export const TransferRule = builder.enumType('TokenTransferRule', {
  description: 'Whether and how tokens may go to another holder.',
  values: TRANSFER_RULES,
})

/** A token class, loaded by id. */
export const TokenClass = builder.loadableNodeRef(nodeName('TokenClass', 1), {
  id: { resolve: (tokenClass: TokenClassView) => tokenClass.tokenClassId },
  load: async (ids: Uuid[], { deps }: Context) =>
    inOrder(ids, await tokenClassesById(deps.db, ids), (row) => row.tokenClassId),
})
TokenClass.implement({
  description: 'One provider’s token. 1 token = 1 H100-hour on that provider’s pools.',
  fields: (t) => ({
    provider: t.field({ type: Provider, description: 'Who owes the hours.', resolve: (row) => row.providerId }),
    name: t.exposeString('name', { description: 'Name.' }),
    unit: t.exposeString('unit', { description: 'What one token is: "H100-hour".' }),
    transferRule: t.expose('transferRule', { type: TransferRule, description: 'Rule of its new lots.' }),
    supply: t.loadable({
      type: Supply,
      nullable: true,
      description: 'Its supply; null for who is neither staff of the fund nor of the provider.',
      complexity: 20,
      load: async (ids: Uuid[], { deps }: Context) =>
        inOrder(ids, await suppliesByClass(deps.db, ids), (row) => row.tokenClassId),
      resolve: (row, _args, { actor }) =>
        isStaff(actor) || actor.providerIds.has(row.providerId) ? row.tokenClassId : null,
    }),
  }),
})

export const AccountKind = builder.enumType('TokenAccountKind', {
  description:
    'Where tokens of a lot are. OBLIGATION is the contra account: what the provider owes. Granted = the sum of all others + what left the holder. CHARGED_* are consumed, by cause: charged is not delivered.',
  values: Object.fromEntries(
    ACCOUNT_KINDS.map((kind) => [kind.toUpperCase().replace(':', '_'), { value: kind }]),
  ) as Record<string, { value: (typeof ACCOUNT_KINDS)[number] }>,
})

const AccountBalanceType = builder.objectRef<AccountBalance>('TokenBalance').implement({
  description: 'Tokens of one kind.',
  fields: (t) => ({
    kind: t.expose('kind', { type: AccountKind, description: 'Where they are.' }),
    accountId: t.id({
      nullable: true,
      description: 'The account, as postTransfers takes it; null for a sum over lots.',
      resolve: ({ account }) => (account === null ? null : globalId('TokenAccount', account.companyId, account.id)),
    }),
    amount: t.expose('amount', {
      type: 'Tokens',
      description: 'Tokens that count as being there: posted, less pendingOut, plus pendingIn.',
    }),
    posted: t.expose('posted', { type: 'Tokens', description: 'Tokens posted.' }),
    pendingOut: t.expose('pendingOut', { type: 'Tokens', description: 'Tokens that pending holds will take.' }),
    pendingIn: t.expose('pendingIn', { type: 'Tokens', description: 'Tokens that pending holds will bring.' }),
  }),
})

const keyOf = (row: { companyId: Uuid; lotId: Uuid }): string => `${row.companyId}:${row.lotId}`
/** Both parts of a key. An id with fewer parts has an empty second one, which finds nothing. */
const refOf = (key: string): Ref => {
  const [companyId = '', id = ''] = key.split(':')
  return { companyId, id }
}

const LotRelease = builder.objectRef<PlannedReleaseView>('LotRelease').implement({
  description: 'Tokens of a lot that become available on a date.',
  fields: (t) => ({
    on: t.expose('on', { type: 'Date', description: 'The date.' }),
    amount: t.expose('amount', { type: 'Tokens', description: 'How many tokens.' }),
    released: t.boolean({
      description: 'Whether they became available.',
      resolve: (row) => row.transferId !== null,
    }),
  }),
})

/** A lot, loaded by its company and its id. */
export const Lot = builder.loadableNodeRef(nodeName('Lot', 2), {
  id: { resolve: (lot: LotView) => keyOf(lot) },
  load: async (keys: string[], { deps, actor }: Context) =>
    inOrder(
      keys,
      await lotsById(
        deps.db,
        actor,
        keys.map(refOf).filter((ref) => ref.id !== ''),
      ),
      keyOf,
    ),
})
Lot.implement({
  description: 'Tokens of one class and one origin that a company holds.',
  fields: (t) => ({
    tokenClass: t.field({ type: TokenClass, description: 'The token.', resolve: (lot) => lot.tokenClassId }),
    origin: t.exposeString('origin', { description: 'Where it came from: grant, top_up, purchase or transfer.' }),
    cost: t.field({
      type: 'Money',
      nullable: true,
      description: 'What was paid for all of it; null where nothing was.',
      resolve: ({ cost, costCurrency }) =>
        cost === null || costCurrency === null ? null : { amount: parseDecimal(cost, 10), currency: costCurrency },
    }),
    vests: t.exposeString('vestsSecurityId', {
      nullable: true,
      description: 'The security that its tokens earn; null for tokens that earn nothing.',
    }),
    amount: t.expose('amount', { type: 'Tokens', description: 'Tokens that it was opened with.' }),
    expiresOn: t.expose('expiresOn', { type: 'Date', description: 'First day on which it can no longer be drawn.' }),
    transferRule: t.expose('transferRule', { type: TransferRule, description: 'Whether it may go to another holder.' }),
    openedAt: t.expose('openedAt', { type: 'DateTime', description: 'When it was opened.' }),
    balances: t.loadableList({
      type: AccountBalanceType,
      description: 'Where its tokens are, one entry for each kind.',
      complexity: { field: 1, multiplier: ACCOUNT_KINDS.length },
      load: async (keys: string[], { deps }: Context) => {
        const held = await balancesByCompany(deps.db, [...new Set(keys.map((key) => refOf(key).companyId))])
        return keys
          .map(refOf)
          .map(({ companyId, id }) => [...(held.get(companyId)?.lots.find((lot) => lot.lotId === id)?.accounts ?? [])])
      },
      resolve: keyOf,
    }),
    releases: t.loadableList({
      type: LotRelease,
      description: 'Its planned releases, by date.',
      complexity: { field: 1, multiplier: 12 },
      load: async (keys: string[], { deps }: Context) => {
        const plans = Map.groupBy(await releasePlansByLot(deps.db, keys.map(refOf)), (plan) => plan.lotId)
        return keys.map((key) => plans.get(refOf(key).id) ?? [])
      },
      resolve: keyOf,
    }),
  }),
})

const LotBalanceType = builder.objectRef<{ companyId: Uuid; of: LotBalance }>('LotBalance').implement({
  description: 'Where the tokens of one lot are.',
  fields: (t) => ({
    lot: t.field({ type: Lot, description: 'The lot.', resolve: ({ companyId, of }) => `${companyId}:${of.lotId}` }),
    balances: t.field({
      type: [AccountBalanceType],
      description: 'One entry for each kind.',
      resolve: ({ of }) => [...of.accounts],
    }),
  }),
})
const ClassBalance = builder.objectRef<{ tokenClassId: Uuid; lots: readonly LotBalance[] }>('ClassBalance').implement({
  description: 'Where the tokens of one class are, over lots.',
  fields: (t) => ({
    tokenClass: t.field({ type: TokenClass, description: 'The token.', resolve: (row) => row.tokenClassId }),
    balances: t.field({
      type: [AccountBalanceType],
      description: 'One entry for each kind.',
      resolve: ({ lots }) => [...sumBalances(lots)],
    }),
  }),
})
/** Where a company's tokens are. */
export const BalancesType = builder.objectRef<{ companyId: Uuid; held: Balances }>('TokenBalances').implement({
  description: 'Where a company’s tokens are.',
  fields: (t) => ({
    totals: t.field({
      type: [AccountBalanceType],
      description: 'Over all lots, one entry for each kind.',
      resolve: ({ held }) => [...held.totals],
    }),
    classes: t.field({
      type: [ClassBalance],
      description: 'By token class.',
      complexity: { field: 1, multiplier: 3 },
      resolve: ({ held }) =>
        [...Map.groupBy(held.lots, (lot) => lot.tokenClassId)].map(([tokenClassId, lots]) => ({ tokenClassId, lots })),
    }),
    lots: t.field({
      type: [LotBalanceType],
      description: 'By lot, oldest first.',
      complexity: { field: 1, multiplier: 5 },
      resolve: ({ companyId, held }) => held.lots.map((of) => ({ companyId, of })),
    }),
  }),
})

const Transfer = builder.objectRef<TransferView>('TokenTransfer').implement({
  description: 'A movement of tokens within a lot: one account debited, one credited.',
  fields: (t) => ({
    transferId: t.exposeID('transferId', { description: 'The id that its caller gave it.' }),
    lotId: t.id({ description: 'Id of its lot.', resolve: (row) => globalId('Lot', row.companyId, row.lotId) }),
    kind: t.exposeString('kind', {
      description: 'posted; pending; or post_pending, void_pending, expire_pending, which resolve a pending transfer.',
    }),
    from: t.exposeString('debit', { description: 'Kind of the account debited.' }),
    to: t.exposeString('credit', { description: 'Kind of the account credited.' }),
    amount: t.expose('amount', { type: 'Tokens', description: 'How many tokens.' }),
    reason: t.exposeString('reason', { description: 'Why, as a code.' }),
    subject: t.exposeString('subject', { nullable: true, description: 'Global id of what it is about.' }),
    pendingId: t.exposeID('pendingId', { nullable: true, description: 'The pending transfer that it resolves.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'From when on a pending transfer can only expire.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When. Rises strictly along each account.' }),
  }),
})
const TransferConnection = builder.connectionObject({
  name: 'TokenTransferConnection',
  description: 'A page of transfers, newest first.',
  type: Transfer,
})
const pageCost = (args: PageArgs) => ({ field: 2, multiplier: Math.min(args.first ?? args.last ?? 20, PAGE_MAX) })

const DifferenceType = builder.objectRef<Difference>('TokenDifference').implement({
  description: 'Something in a lot that should be equal and is not.',
  fields: (t) => ({
    lotId: t.exposeID('lotId', { description: 'The lot.' }),
    what: t.exposeString('what', { description: 'What was compared.' }),
    expected: t.string({ description: 'Micro-tokens expected.', resolve: (row) => row.expected.toString() }),
    found: t.string({ description: 'Micro-tokens found.', resolve: (row) => row.found.toString() }),
  }),
})

const nothing: Balances = { lots: [], totals: sumBalances([]) }

builder.objectFields(Company, (t) => ({
  tokenBalances: t.loadable({
    type: BalancesType,
    description: 'Where its tokens are now.',
    complexity: 5,
    load: async (ids: Uuid[], { deps }: Context) => {
      const held = await balancesByCompany(deps.db, ids)
      return ids.map((companyId) => ({ companyId, held: held.get(companyId) ?? nothing }))
    },
    resolve: (company) => company.companyId,
  }),
  tokenBalancesAsOf: t.field({
    type: BalancesType,
    description:
      'Where its tokens were at a past instant. Before the first lot, and in the future, there is no answer.',
    errors: { types: [Refused] },
    args: { at: t.arg({ type: 'DateTime', description: 'The instant.' }) },
    complexity: 50,
    resolve: async ({ companyId }, { at }, context) => {
      const now = await instantOf(context)
      const load = (ids: readonly Uuid[]) => balancesAsOf(context.deps.db, ids, at, now)
      return {
        companyId,
        held: mustHave(await batch(context, ['Company.tokenBalancesAsOf', at, now], companyId, load)),
      }
    },
  }),
  lots: t.loadableList({
    type: Lot,
    description: 'Its lots, oldest first.',
    complexity: { field: 1, multiplier: 5 },
    load: async (ids: Uuid[], { deps }: Context) => {
      const lots = Map.groupBy(await lotsByCompany(deps.db, ids), (lot) => lot.companyId)
      return ids.map((id) => lots.get(id) ?? [])
    },
    resolve: (company) => company.companyId,
  }),
  transfers: t.connection(
    {
      type: Transfer,
      description: `Its token transfers, newest first; at most ${PAGE_MAX} a page.`,
      complexity: pageCost,
      resolve: ({ companyId }, args, context) =>
        pageOfParent(
          context,
          ['Company.transfers'],
          companyId,
          args,
          (transfer: TransferView) => transfer.transferId,
          (ids, query) => transferPages(context.deps.db, ids, query),
        ),
    },
    TransferConnection,
  ),
  tokenDifferences: t.field({
    type: [DifferenceType],
    nullable: true,
    description:
      'What does not add up in its ledger: balances against transfers, granted against where the tokens are, holds against what is held. Empty when all is well; null for who is not staff of the fund.',
    complexity: 50,
    resolve: async ({ companyId }, _args, context) => {
      if (!isStaff(context.actor)) return null
      const load = (ids: readonly Uuid[]) => conservations(context.deps.db, ids)
      return [...mustHave(await batch(context, ['Company.tokenDifferences'], companyId, load))]
    },
  }),
}))

builder.queryField('tokenClasses', (t) =>
  t.field({
    type: [TokenClass],
    description: 'All token classes, by name.',
    complexity: { field: 1, multiplier: 5 },
    resolve: (_root, _args, { deps }) => allTokenClasses(deps.db),
  }),
)
