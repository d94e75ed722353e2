import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../api/platform/index.ts'
import { hold, postHold, returnHold } from '../../api/tokens/index.ts'
import { makeWorld } from '../support/world.ts'
import { commit, FAR, grant, tokenClass, tokens, where } from './given.ts'

const world = await makeWorld()
const { partner, operations, analyst, compliance, regulator, provider, otherProvider } = world.staff

const CREATE = `mutation ($input: CreateTokenClassInput!) { createTokenClass(input: $input) {
  __typename ... on TokenClass { id name unit transferRule provider { id } supply { authorised granted left } }
  ... on DomainError { code message } ... on Refused { field } } }`
const AUTHORISE = `mutation ($input: AuthoriseSupplyInput!) { authoriseSupply(input: $input) {
  __typename ... on TokenClass { supply { authorised left } } ... on Refused { field } } }`
const RELEASE = `mutation ($input: ReleaseDueTokensInput!) { releaseDueTokens(input: $input) {
  __typename ... on TokenReleaseRun { releases { on amount lot { id } } } } }`
const SUPPLY = 'query ($id: ID!) { node(id: $id) { ... on TokenClass { name supply { authorised } } } }'

const newClass = (name: string) => ({
  providerId: `Provider:${world.providerId}`,
  name,
  transferRule: 'NOT_TRANSFERABLE',
})

test('a partner and operations register a token; it has no supply yet', async () => {
  const made = await partner.graphql(CREATE, { input: newClass('Northgrid H100-hour') })
  assert.deepEqual(
    { ...made.data.createTokenClass, id: '' },
    {
      __typename: 'TokenClass',
      id: '',
      name: 'Northgrid H100-hour',
      unit: 'H100-hour',
      transferRule: 'NOT_TRANSFERABLE',
      provider: { id: `Provider:${world.providerId}` },
      supply: { authorised: '0', granted: '0', left: '0' },
    },
  )
  const other = await operations.graphql(CREATE, { input: newClass('Northgrid reserve') })
  assert.equal(other.data.createTokenClass.__typename, 'TokenClass')
})

test('a name is taken once at a provider, and the same call with its key answers as before', async () => {
  const input = { ...newClass('Twice'), idempotencyKey: 'twice' }
  const first = await partner.graphql(CREATE, { input })
  const again = await partner.graphql(CREATE, { input })
  assert.deepEqual(again.data, first.data)
  const taken = await partner.graphql(CREATE, { input: newClass('Twice') })
  assert.deepEqual([taken.data.createTokenClass.__typename, taken.data.createTokenClass.field], ['Refused', 'name'])
})

test('a provider that does not exist, and malformed input, are refused', async () => {
  const missing = await partner.graphql(CREATE, { input: { ...newClass('Nobody'), providerId: `Provider:${newId()}` } })
  assert.equal(missing.data.createTokenClass.__typename, 'NotFound')
  const bad = await partner.graphql(CREATE, { input: { ...newClass(' '), providerId: 'Company:1' } })
  assert.equal(bad.errors[0]?.extensions.code, 'BAD_INPUT')
  const faults = bad.errors[0]?.extensions.faults as { path: string }[]
  assert.deepEqual(faults.map(({ path }) => path).sort(), ['input.name', 'input.providerId'])
})

for (const person of [analyst, compliance, regulator, provider]) {
  test(`${[...person.actor.roles]} may neither register a token nor authorise supply`, async () => {
    const made = await person.graphql(CREATE, { input: newClass(`By ${person.id}`) })
    assert.equal(made.data.createTokenClass.__typename, 'Forbidden')
    const id = `TokenClass:${await tokenClass(world)}`
    const input = { tokenClassId: id, amount: '1', validUntil: FAR, reason: 'x' }
    assert.equal((await person.graphql(AUTHORISE, { input })).data.authoriseSupply.__typename, 'Forbidden')
    assert.equal((await operations.graphql(AUTHORISE, { input })).data.authoriseSupply.__typename, 'Forbidden')
  })
}

test('supply is authorised in positive amounts, for a period that is not over, up to what the ledger can hold', async () => {
  const tokenClassId = `TokenClass:${await tokenClass(world, '100')}`
  const ask = (more: object) =>
    partner.graphql(AUTHORISE, { input: { tokenClassId, amount: '1', validUntil: FAR, reason: 'Board', ...more } })
  assert.deepEqual((await ask({ amount: '0.000001' })).data.authoriseSupply.supply, {
    authorised: '100.000001',
    left: '100.000001',
  })
  assert.equal((await ask({ validUntil: '2020-01-01' })).data.authoriseSupply.field, 'validUntil')
  assert.equal((await ask({ amount: '999999999999' })).data.authoriseSupply.field, 'amount')
  for (const amount of ['0', '-1', '1e3', '0.0000001', '١٢', '9'.repeat(40)]) {
    assert.equal((await ask({ amount })).errors[0]?.extensions.code, 'BAD_INPUT', amount)
  }
  const gone = await ask({ tokenClassId: `TokenClass:${newId()}` })
  assert.equal(gone.data.authoriseSupply.__typename, 'NotFound')
})

test('everyone sees tokens, but their supply only the fund and the provider', async () => {
  const id = `TokenClass:${await tokenClass(world, '100')}`
  const { founder } = await world.company()
  for (const person of [analyst, provider]) {
    assert.equal((await person.graphql(SUPPLY, { id })).data.node.supply.authorised, '100')
  }
  for (const person of [founder, otherProvider, regulator]) {
    const { data } = await person.graphql(SUPPLY, { id })
    assert.ok(data.node.name.startsWith('Token '))
    assert.equal(data.node.supply, null)
  }
})

test('operations releases what is due, once; founders do not', async () => {
  const { companyId, id, founder } = await world.company()
  const tokenClassId = await tokenClass(world)
  await grant(world, { companyId, tokenClassId }, '100', { releases: [] })
  const [{ lotId } = { lotId: '' }] = await world.deps.db
    .selectFrom('lot')
    .select('lot_id as lotId')
    .where('company_id', '=', companyId)
    .execute()
  await commit(world, (trx) =>
    trx
      .insertInto('release_plan')
      .values({ company_id: companyId, lot_id: lotId, release_on: '2020-01-01', amount_micro: tokens(7) })
      .execute(),
  )
  const refused = await founder.graphql(RELEASE, { input: { companyId: id } })
  assert.equal(refused.data.releaseDueTokens.__typename, 'Forbidden')
  const first = await operations.graphql(RELEASE, { input: { companyId: id } })
  assert.deepEqual(first.data.releaseDueTokens.releases, [
    { on: '2020-01-01', amount: '7', lot: { id: `Lot:${companyId}:${lotId}` } },
  ])
  const second = await operations.graphql(RELEASE, { input: { companyId: id } })
  assert.deepEqual(second.data.releaseDueTokens.releases, [])
  const elsewhere = await provider.graphql(RELEASE, { input: { companyId: id } })
  assert.equal(elsewhere.data.releaseDueTokens.__typename, 'NotFound')
})

const TOKENS = `query ($id: ID!) { node(id: $id) { ... on Company {
  tokenBalances { totals { kind amount posted pendingOut pendingIn } classes { tokenClass { id } balances { kind amount } } lots { lot { id } balances { kind } } }
  lots { id origin amount expiresOn balances { kind amount } releases { on amount released } }
  tokenDifferences { what } } } }`

test('a founder sees where their tokens are: in all, by class and by lot', async () => {
  const { companyId, id, founder } = await world.company()
  const tokenClassId = await tokenClass(world)
  const releases = [
    { on: '2020-01-01', amount: tokens(60) },
    { on: '2097-01-01', amount: tokens(40) },
  ]
  const { lotId } = await grant(world, { companyId, tokenClassId }, '100', { releases })
  await commit(world, (trx) =>
    hold(trx, { companyId, tokenClassId, holdId: newId(), amount: tokens(25), expiresAt: '2098-01-01T00:00:00Z' }),
  )
  const { data } = await founder.graphql(TOKENS, { id })
  const { tokenBalances, lots, tokenDifferences } = data.node
  const some = (rows: { kind: string; amount: string }[]) =>
    Object.fromEntries(rows.filter(({ amount }) => amount !== '0').map(({ kind, amount }) => [kind, amount]))
  const expected = { OBLIGATION: '100', LOCKED: '40', AVAILABLE: '35', HELD: '25' }
  assert.deepEqual(some(tokenBalances.totals), expected)
  assert.deepEqual(some(tokenBalances.classes[0].balances), expected)
  assert.equal(tokenBalances.classes[0].tokenClass.id, `TokenClass:${tokenClassId}`)
  assert.equal(tokenBalances.lots[0].lot.id, `Lot:${companyId}:${lotId}`)
  assert.deepEqual(
    tokenBalances.totals.find(({ kind }: { kind: string }) => kind === 'AVAILABLE'),
    { kind: 'AVAILABLE', amount: '35', posted: '60', pendingOut: '25', pendingIn: '0' },
  )
  assert.deepEqual(some(lots[0].balances), expected)
  assert.deepEqual(lots[0].releases, [
    { on: '2020-01-01', amount: '60', released: true },
    { on: '2097-01-01', amount: '40', released: false },
  ])
  assert.equal(tokenDifferences, null, 'the check is for staff')
  assert.deepEqual((await analyst.graphql(TOKENS, { id })).data.node.tokenDifferences, [])
})

test('nobody sees the lots of another company, by company or by lot', async () => {
  const own = await world.company()
  const other = await world.company()
  const { lotId } = await grant(world, { companyId: other.companyId, tokenClassId: await tokenClass(world) }, '1')
  const LOT = 'query ($id: ID!) { node(id: $id) { ... on Lot { amount } } }'
  const lot = `Lot:${other.companyId}:${lotId}`
  assert.deepEqual((await other.founder.graphql(LOT, { id: lot })).data.node, { amount: '1' })
  for (const person of [own.founder, provider, regulator]) {
    assert.equal((await person.graphql(LOT, { id: lot })).data.node, null)
    assert.equal((await person.graphql(TOKENS, { id: other.id })).data.node, null)
  }
  for (const id of ['Lot:1', `Lot:${other.companyId}`, `Lot:${own.companyId}:${lotId}`]) {
    assert.equal((await other.founder.graphql(LOT, { id })).data.node, null)
  }
})

test('pages of transfers follow one another, newest first, forwards and backwards', async () => {
  const { companyId, id, founder } = await world.company()
  const tokenClassId = await tokenClass(world)
  await grant(world, { companyId, tokenClassId }, '100')
  const holdId = newId()
  const expiresAt = '2098-01-01T00:00:00Z'
  await commit(world, (trx) => hold(trx, { companyId, tokenClassId, holdId, amount: tokens(5), expiresAt }))
  await commit(world, (trx) => postHold(trx, { companyId, holdId }))
  await commit(world, (trx) => returnHold(trx, { companyId, holdId }))
  const PAGE = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { node(id: $id) { ... on Company {
    transfers(first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { kind from to amount reason subject } } pageInfo { hasNextPage hasPreviousPage } } } } }`
  const page = async (more: object) => (await founder.graphql(PAGE, { id, ...more })).data.node.transfers
  const all = await page({ first: 100 })
  assert.deepEqual(
    all.edges.map(({ node }: { node: Record<string, string> }) => [
      node.kind,
      node.from,
      node.to,
      node.amount,
      node.reason,
    ]),
    [
      ['posted', 'held', 'available', '5', 'return'],
      ['post_pending', 'available', 'held', '5', 'hold_posted'],
      ['pending', 'available', 'held', '5', 'hold'],
      ['posted', 'locked', 'available', '100', 'release'],
      ['posted', 'obligation', 'locked', '100', 'grant'],
    ],
  )
  const cursors = all.edges.map(({ cursor }: { cursor: string }) => cursor)
  const first = await page({ first: 2 })
  const second = await page({ first: 2, after: cursors[1] })
  const last = await page({ last: 2, before: cursors[4] })
  const cursorsOf = (of: { edges: { cursor: string }[] }) => of.edges.map(({ cursor }) => cursor)
  assert.deepEqual(cursorsOf(first), cursors.slice(0, 2))
  assert.deepEqual(cursorsOf(second), cursors.slice(2, 4))
  assert.deepEqual(cursorsOf(last), cursors.slice(2, 4))
  assert.deepEqual([first.pageInfo.hasNextPage, last.pageInfo.hasPreviousPage], [true, true])
  const wrong = await founder.graphql(PAGE, { id, first: 1, after: newId() })
  assert.equal(wrong.errors[0]?.extensions.code, 'BAD_INPUT')
})

test('balances of a past instant are those of then; before the first lot and in the future there is no answer', async (t) => {
  const alone = await makeWorld(t)
  const { companyId, id, founder } = await alone.company()
  const tokenClassId = await tokenClass(alone)
  const on = async (date: string, work: () => Promise<unknown>) => {
    await alone.setClock(`${date}T12:00:00Z`)
    await work()
  }
  const holdId = newId()
  const expiresAt = '2098-01-01T00:00:00Z'
  await on('2031-01-01', () => grant(alone, { companyId, tokenClassId }, '100'))
  await on('2031-02-01', () =>
    commit(alone, (trx) => hold(trx, { companyId, tokenClassId, holdId, amount: tokens(5), expiresAt })),
  )
  await on('2031-03-01', () => commit(alone, (trx) => postHold(trx, { companyId, holdId })))
  await on('2031-04-01', () => commit(alone, (trx) => returnHold(trx, { companyId, holdId })))
  const AS_OF = `query ($id: ID!, $at: DateTime!) { node(id: $id) { ... on Company { tokenBalancesAsOf(at: $at) {
    __typename ... on Refused { field } ... on TokenBalances { totals { kind posted pendingOut pendingIn } } } } } }`
  const then = async (at: string) => {
    const answer = (await founder.graphql(AS_OF, { id, at })).data.node.tokenBalancesAsOf
    if (answer.__typename === 'Refused') return answer.field
    const of = (kind: string) => answer.totals.find((row: { kind: string }) => row.kind === kind)
    return [of('AVAILABLE').posted, of('AVAILABLE').pendingOut, of('HELD').posted, of('HELD').pendingIn]
  }
  assert.equal(await then('2031-01-01T11:59:59Z'), 'asOf')
  assert.deepEqual(await then('2031-01-01T12:00:01Z'), ['100', '0', '0', '0'])
  assert.deepEqual(await then('2031-02-02T00:00:00Z'), ['100', '5', '0', '5'])
  assert.deepEqual(await then('2031-03-02T00:00:00Z'), ['95', '0', '5', '0'])
  assert.deepEqual(await then('2031-04-01T12:00:00Z'), ['95', '0', '5', '0'], 'the return came a microsecond later')
  await alone.setClock('2031-05-01T00:00:00Z')
  assert.deepEqual(await then('2031-04-02T00:00:00Z'), ['100', '0', '0', '0'])
  assert.equal(await then('2031-05-01T00:00:01Z'), 'asOf')
  assert.deepEqual(await where(alone, companyId), { obligation: tokens(100), available: tokens(100) })
})
