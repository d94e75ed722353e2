/** What tests of tokens start from. */
import assert from 'node:assert/strict'
import { inTransaction, newId, parseTokens, type Trx, type Uuid } from '../../api/platform/index.ts'
import { balances, conservation, type OpenGrant, openGrant } from '../../api/tokens/index.ts'
import type { World } from '../support/world.ts'

/** Far enough for every test. */
export const FAR = '2099-01-01'

/** A token class with this much supply, made through GraphQL. */
export async function tokenClass(
  world: World,
  supply = '1000000000',
  providerId: Uuid = world.providerId,
  name = `Token ${newId()}`,
): Promise<Uuid> {
  const { partner } = world.staff
  const made = await partner.graphql(
    'mutation ($input: CreateTokenClassInput!) { createTokenClass(input: $input) { ... on TokenClass { id } } }',
    { input: { providerId: `Provider:${providerId}`, name, transferRule: 'NOT_TRANSFERABLE' } },
  )
  const id: string = made.data.createTokenClass.id
  const authorised = await partner.graphql(
    'mutation ($input: AuthoriseSupplyInput!) { authoriseSupply(input: $input) { __typename ... on DomainError { message } } }',
    { input: { tokenClassId: id, amount: supply, validUntil: FAR, reason: 'Supply agreement of the test' } },
  )
  assert.equal(authorised.data.authoriseSupply.__typename, 'TokenClass', JSON.stringify(authorised))
  return id.slice('TokenClass:'.length)
}

/** A grant of `tokens` tokens, all released on the day unless said otherwise. */
export async function grant(
  world: World,
  to: { companyId: Uuid; tokenClassId: Uuid },
  tokens: string,
  more: Partial<OpenGrant> = {},
): Promise<{ lotId: Uuid; grantId: Uuid }> {
  const grantId = newId()
  const amount = parseTokens(tokens)
  const { lotId } = await commit(world, (trx) =>
    openGrant(trx, {
      ...to,
      grantId,
      roundId: newId(),
      amount,
      expiresOn: FAR,
      vests: newId(),
      releases: [{ on: '2020-01-01', amount }],
      ...more,
    }),
  )
  return { lotId, grantId }
}

/** Runs in a transaction of its own. */
export const commit = <T>(world: World, work: (trx: Trx) => Promise<T>): Promise<T> =>
  inTransaction(world.deps.db, work)

/** Micro-tokens by kind of account, those that are not zero. */
export async function where(world: World, companyId: Uuid): Promise<Record<string, bigint>> {
  const { totals } = await balances(world.deps.db, companyId)
  return Object.fromEntries(totals.filter(({ amount }) => amount !== 0n).map(({ kind, amount }) => [kind, amount]))
}

/** Fails on anything that does not add up in a company's ledger. */
export async function assertConserved(world: World, companyId: Uuid): Promise<void> {
  assert.deepEqual(await conservation(world.deps.db, companyId), [])
}

/** Whole tokens as micro-tokens. */
export const tokens = (whole: number): bigint => BigInt(whole) * 1_000_000n
