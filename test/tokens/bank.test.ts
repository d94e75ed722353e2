/** Jepsen's bank test: clients move tokens between random accounts while readers add all balances up; in SQL, and over HTTP. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sql } from 'kysely'
import { newId, parseTokens, type Uuid } from '../../api/platform/index.ts'
import { conservation } from '../../api/tokens/index.ts'
import { makeWorld } from '../support/world.ts'
import { postByGraphql } from './door.ts'
import { assertConserved, commit, grant, tokenClass } from './given.ts'
import { openLot, postAt } from './raw-ledger.ts'

const CLIENTS = 8
const READERS = 2
const LOTS = 4
const PER_LOT = 1_000n
/** Batches of each client: by count, not by time, so that a busy machine tests as much as an idle one. */
const BATCHES = 60
const KINDS = ['locked', 'available', 'held', 'escrow', 'expired', 'cancelled']

const world = await makeWorld()

test(`${CLIENTS} clients move tokens at once: every read adds up to the total, and none is negative`, async () => {
  const { companyId } = await world.company()
  const lots: Map<string, Uuid>[] = []
  for (let lot = 0; lot < LOTS; lot += 1) lots.push(await openLot(world, companyId, PER_LOT, new Date().toISOString()))
  let working = CLIENTS
  const answers: Record<string, number> = {}
  const random = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)] as T

  const client = async (): Promise<void> => {
    const promises: Uuid[] = []
    for (let batches = 0; batches < BATCHES; batches += 1) {
      const size = 1 + Math.floor(Math.random() * 4)
      const batch = Array.from({ length: size }, (_, index) => {
        const id = newId()
        const promised = Math.random() < 0.2 ? promises.pop() : undefined
        if (promised !== undefined) {
          return { id, kind: random(['post_pending', 'void_pending']), pending_id: promised, reason: 'bank' }
        }
        const accounts = random(lots)
        const kind = random(['posted', 'posted', 'pending'])
        if (kind === 'pending') promises.push(id)
        const [debit, credit] = [accounts.get(random(KINDS)), accounts.get(random(KINDS))]
        const amount = String(1 + Math.floor(Math.random() * 120))
        return { id, kind, debit, credit, amount, reason: 'bank', linked: Math.random() < 0.3 && index < size - 1 }
      })
      const said = await commit(world, (trx) => postAt(trx, companyId, batch, new Date().toISOString()))
      for (const { result } of said) answers[result] = (answers[result] ?? 0) + 1
    }
  }
  let reads = 0
  const reader = async (): Promise<void> => {
    while (working > 0) {
      const { rows } = await sql<{ total: string; lowest: string }>`
        SELECT sum(credits_posted - debits_posted) AS total, min(credits_posted - debits_posted - debits_pending) AS lowest
        FROM ledger_account WHERE holder_id = ${companyId} AND kind <> 'obligation'`.execute(world.deps.db)
      assert.equal(BigInt(rows[0]?.total ?? -1), PER_LOT * BigInt(LOTS))
      assert.ok(BigInt(rows[0]?.lowest ?? -1) >= 0n)
      reads += 1
    }
  }
  const clients = Array.from({ length: CLIENTS }, () => client().finally(() => (working -= 1)))
  await Promise.all([...clients, ...Array.from({ length: READERS }, reader)])
  assert.ok(reads > 10 && (answers.created ?? 0) > 100, `${reads} reads, ${JSON.stringify(answers)}`)
  // Raw transfers know no holds; everything else adds up.
  const differences = (await conservation(world.deps.db, companyId)).filter(({ what }) => !what.includes('holds'))
  assert.deepEqual(differences, [], JSON.stringify(answers))
})

test('over HTTP four clients send single transfers: every balance that is read adds up, and none is negative', async () => {
  const { companyId, id, founder } = await world.company()
  const tokenClassId = await tokenClass(world)
  for (let lot = 0; lot < 3; lot += 1) await grant(world, { companyId, tokenClassId }, '100')
  const accounts = await world.deps.db
    .selectFrom('ledger_account')
    .select(['lot_id', 'kind', 'account_id'])
    .where('holder_id', '=', companyId)
    .where('kind', 'in', ['available', 'escrow'])
    .execute()
  const lots = [...Map.groupBy(accounts, ({ lot_id: lotId }) => lotId).values()]
  const { operations, partner, analyst } = world.staff
  const answers: Record<string, number> = {}
  // Drawn from the run's seed; often more than there is, and then nothing moves.
  const wanted = fc.record({
    lot: fc.nat(lots.length - 1),
    back: fc.boolean(),
    amount: fc.integer({ min: 1, max: 90 }),
  })
  const drawn = fc.sample(wanted, 120)
  const client = async (index: number): Promise<void> => {
    for (const { lot, back, amount } of drawn.slice(30 * index, 30 * (index + 1))) {
      const pair = (lots[lot] ?? []).map(({ account_id: accountId }) => `TokenAccount:${companyId}:${accountId}`)
      const [one, other] = back ? pair.toReversed() : pair
      const transfer = {
        id: newId(),
        ...{ kind: 'POSTED', debit: one, credit: other, amount: String(amount), reason: 'adjust' },
      }
      const { data } = await postByGraphql(index % 2 === 0 ? operations : partner, companyId, [transfer])
      const said: string = data.postTransfers.answers[0].__typename
      answers[said] = (answers[said] ?? 0) + 1
    }
  }
  let [working, reads] = [4, 0]
  type Balance = { readonly kind: string; readonly amount: string }
  const BALANCES = `query ($id: ID!) { node(id: $id) { ... on Company { tokenBalances { lots { balances { kind amount } } } } } }`
  const reader = async (by: typeof founder): Promise<void> => {
    while (working > 0) {
      const { data } = await by.graphql(BALANCES, { id })
      const read: Balance[] = data.node.tokenBalances.lots.flatMap((lot: { balances: Balance[] }) => lot.balances)
      const amounts = read.filter(({ kind }) => kind !== 'OBLIGATION').map(({ amount }) => amount)
      assert.ok(!amounts.some((amount) => amount.startsWith('-')), JSON.stringify(read))
      assert.equal(
        amounts.reduce((sum, amount) => sum + parseTokens(amount), 0n),
        parseTokens('300'),
        JSON.stringify(read),
      )
      reads += 1
    }
  }
  const clients = [0, 1, 2, 3].map((index) => client(index).finally(() => (working -= 1)))
  await Promise.all([...clients, reader(founder), reader(analyst)])
  assert.deepEqual(Object.keys(answers).sort(), ['PostedTransfer', 'WouldOverdraw'])
  assert.ok(reads > 5 && (answers.PostedTransfer ?? 0) > 20, `${reads} reads, ${JSON.stringify(answers)}`)
  await assertConserved(world, companyId)
})
