/** Single transfers by many people at the same time: they share transactions, and nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newId, type Trx, type Uuid } from '../../api/platform/index.ts'
import { postBatch } from '../../api/tokens/ledger.store.ts'
import { makeWorld, type Person } from '../support/world.ts'
import { postByGraphql } from './door.ts'
import { assertConserved, commit, grant, tokenClass, tokens, where } from './given.ts'

const world = await makeWorld()
const { operations, partner, analyst } = world.staff

/** A company with so many lots of 100 available tokens, and the account of a kind in one of them. */
async function holder(lots = 1) {
  const { companyId } = await world.company()
  const tokenClassId = await tokenClass(world)
  const ids: Uuid[] = []
  for (let lot = 0; lot < lots; lot += 1) ids.push((await grant(world, { companyId, tokenClassId }, '100')).lotId)
  const rows = await world.deps.db
    .selectFrom('ledger_account')
    .where('holder_id', '=', companyId)
    .select(['lot_id', 'kind', 'account_id'])
    .execute()
  const accountOf = (kind: string, lot = 0): Uuid => {
    const found = rows.find((row) => row.kind === kind && row.lot_id === ids[lot])
    assert.ok(found !== undefined)
    return found.account_id
  }
  const move = (to: string, amount: string, { lot = 0, id = newId() } = {}) => ({
    id,
    kind: 'POSTED',
    debit: `TokenAccount:${companyId}:${accountOf('available', lot)}`,
    credit: `TokenAccount:${companyId}:${accountOf(to, lot)}`,
    amount,
    reason: 'adjust',
  })
  /** What became of one transfer: its type and, where it was done, whether it had been done before. */
  const post = async (by: Person, event: ReturnType<typeof move>): Promise<string> => {
    const { data, errors } = await postByGraphql(by, companyId, [event])
    assert.deepEqual(errors, [])
    const { __typename, answers } = data.postTransfers
    if (__typename !== 'TransferBatch') return __typename
    assert.equal(answers.length, 1)
    const [{ __typename: became, existed }] = answers
    return existed === true ? `${became} before` : became
  }
  return { companyId, accountOf, move, post }
}

const auditOf = async (companyId: Uuid): Promise<string[]> =>
  (
    await world.deps.db
      .selectFrom('audit_event')
      .where('scope_id', '=', companyId)
      .where('kind', '=', 'transfers.posted')
      .select(['actor_id', 'payload'])
      .execute()
  ).map(({ actor_id, payload }) => `${actor_id} ${JSON.stringify(payload)}`)

test('of fifty people’s single transfers at once each has its own answer, rights and audit event, and happens once', async () => {
  const it = await holder()
  const strangersFounder = (await world.company()).founder
  const people: Person[] = []
  for (let person = 0; person < 48; person += 1) people.push(await world.person('operations'))
  const [plain, tooMuch, notTheirs, twice] = [
    people.slice(0, 30),
    people.slice(30, 35),
    people.slice(35, 40),
    people.slice(40),
  ]
  const posted: [Person, string][] = []
  const calls: Promise<string>[] = []
  for (const by of plain) {
    const event = it.move('escrow', '1')
    posted.push([by, event.id])
    calls.push(it.post(by, event))
  }
  // There never are more than 100.
  for (const by of tooMuch) calls.push(it.post(by, it.move('escrow', '100.000001')))
  // Only a partner ends tokens.
  for (const by of notTheirs) calls.push(it.post(by, it.move('cancelled', '1')))
  const shared = twice.slice(0, 4).map(() => it.move('escrow', '1'))
  const again = twice.map((by, index) => it.post(by, shared[index % 4] ?? it.move('escrow', '1')))
  const barred = [it.post(analyst, it.move('escrow', '1')), it.post(strangersFounder, it.move('escrow', '1'))]

  const said = await Promise.all(calls)
  assert.deepEqual(said, [
    ...plain.map(() => 'PostedTransfer'),
    ...tooMuch.map(() => 'WouldOverdraw'),
    ...notTheirs.map(() => 'TransferNotPermitted'),
  ])
  assert.deepEqual(await Promise.all(barred), ['Forbidden', 'NotFound'])
  const answers = await Promise.all(again)
  for (const pair of [0, 1, 2, 3]) {
    const both = [answers[pair], answers[pair + 4]]
    assert.deepEqual(both.toSorted(), ['PostedTransfer', 'PostedTransfer before'])
    posted.push([twice[both.indexOf('PostedTransfer') * 4 + pair] as Person, shared[pair]?.id ?? ''])
  }
  assert.deepEqual(
    (await auditOf(it.companyId)).toSorted(),
    posted.map(([by, id]) => `${by.id} {"transfers":["${id}"]}`).toSorted(),
  )
  // 30 and 4 of 100.
  assert.deepEqual(await where(world, it.companyId), {
    obligation: tokens(100),
    available: tokens(66),
    escrow: tokens(34),
  })
  await assertConserved(world, it.companyId)
  const { rows } = await sql<{
    transactions: string
  }>`SELECT count(DISTINCT xmin::text)::text AS transactions FROM transfer
    WHERE holder_id = ${it.companyId} AND reason = 'adjust'`.execute(world.deps.db)
  assert.ok(Number(rows[0]?.transactions) < 34, `34 transfers in ${rows[0]?.transactions} transactions`)
})

test('a transfer that waits for a lock holds up no other', async () => {
  const it = await holder(2)
  const end = await open(async (trx) => {
    await sql`SELECT FROM ledger_account WHERE holder_id = ${it.companyId}
      AND account_id = ${it.accountOf('available', 0)} FOR NO KEY UPDATE`.execute(trx)
  })
  const waiting = it.post(operations, it.move('escrow', '1', { lot: 0 }))
  const others = Array.from({ length: 5 }, () => it.post(operations, it.move('escrow', '1', { lot: 1 })))
  assert.deepEqual(new Set(await Promise.all(others)), new Set(['PostedTransfer']))
  assert.deepEqual(await where(world, it.companyId), {
    obligation: tokens(200),
    available: tokens(195),
    escrow: tokens(5),
  })
  await end()
  assert.equal(await waiting, 'PostedTransfer')
  assert.equal((await where(world, it.companyId)).escrow, tokens(6))
})

test('a fault of all is nobody’s: each is done alone, and answered as if it had been alone', async () => {
  const it = await holder(2)
  const id = newId()
  // Somebody posts the id to other accounts, and has not committed: whoever posts it too finds out only at the end.
  const [debit, credit] = [it.accountOf('available', 1), it.accountOf('escrow', 1)]
  const end = await open(async (trx) => {
    await postBatch(trx, it.companyId, [{ id, kind: 'posted', debit, credit, amount: 1_000_000n, reason: 'adjust' }])
  })
  const events = [it.move('escrow', '1'), it.move('escrow', '1', { id }), it.move('escrow', '1000')]
  const together = events.map((event) => it.post(operations, event))
  await untilSomebodyWaits()
  await end()
  assert.deepEqual(await Promise.all(together), ['PostedTransfer', 'TransferIdReused', 'WouldOverdraw'])
  assert.equal((await auditOf(it.companyId)).length, 1)
  assert.deepEqual(await where(world, it.companyId), {
    obligation: tokens(200),
    available: tokens(198),
    escrow: tokens(2),
  })
})

/** A transaction that has done this and stays open until what is answered is called. */
async function open(work: (trx: Trx) => Promise<void>): Promise<() => Promise<void>> {
  const [done, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const whole = commit(world, async (trx) => {
    await work(trx)
    done.resolve()
    await end.promise
  })
  await Promise.race([done.promise, whole])
  return () => {
    end.resolve()
    return whole
  }
}

/** Until a statement of this database waits for somebody's transaction. */
async function untilSomebodyWaits(): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const { rows } = await sql<{ waits: boolean }>`SELECT EXISTS (SELECT FROM pg_locks
      JOIN pg_stat_activity USING (pid) WHERE datname = current_database() AND NOT granted) AS waits`.execute(
      world.deps.db,
    )
    if (rows[0]?.waits === true) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  assert.fail('nobody waits')
}

test('rights are each person’s own in a call that several share: a partner ends tokens, operations do not', async () => {
  const it = await holder()
  const both = [partner, operations]
  // In either order: whoever is first lends nobody anything.
  const by = [...both, ...both, ...both.toReversed(), ...both.toReversed()]
  const became = await Promise.all(by.map((person) => it.post(person, it.move('cancelled', '1'))))
  assert.deepEqual(
    became,
    by.map((person) => (person === partner ? 'PostedTransfer' : 'TransferNotPermitted')),
  )
  assert.equal((await auditOf(it.companyId)).length, 4)
  await assertConserved(world, it.companyId)
})
