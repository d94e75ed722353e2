/** One use case, one transaction, at most once for each key: also when two come at once, and when the database ends in the middle. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { insertCompany } from '../../api/parties/index.ts'
import {
  addJob,
  audit,
  type Call,
  databaseIsAway,
  IdempotencyKeyReused,
  newId,
  once,
  type Trx,
} from '../../api/platform/index.ts'
import { asOwner } from '../support/database.ts'
import { rows } from '../support/rows.ts'
import { makeWorld } from '../support/world.ts'

const world = await makeWorld()
const { deps } = world
const actor = world.staff.analyst.actor
const scope = { kind: 'installation', id: world.installationId } as const
const call = (change: Partial<Call> = {}): Call => ({
  operation: 'test',
  scope,
  idempotencyKey: newId(),
  input: { a: '1' },
  ...change,
})

/** State, an audit event and a job, like any use case; the answer has an integer that JSON has not. */
async function work(trx: Trx): Promise<{ companyId: string; amount: bigint; list: readonly string[] }> {
  const companyId = newId()
  await insertCompany(trx, { companyId, createdBy: actor.id })
  await audit(trx, actor, { scope, kind: 'company.tested', subject: `Company:${companyId}`, payload: { companyId } })
  await addJob(trx, { name: 'test.nothing', payload: { companyId } })
  return { companyId, amount: 2n ** 63n, list: ['x'] }
}
/** How many rows of each kind there are more than before. */
async function added(before: Record<string, string>): Promise<Record<string, number>> {
  const now = await rows(world)
  const grown = Object.keys(now).filter((table) => now[table] !== before[table])
  return Object.fromEntries(grown.map((table) => [table, Number(now[table]) - Number(before[table] ?? 0)]))
}
const ONE = { company: 1, audit_event: 1, idempotency_record: 1, _private_jobs: 1 }

test('the same call with the same key happens once and gets the first answer again, whole', async () => {
  const before = await rows(world)
  const same = call()
  const first = await once(deps, actor, same, work)
  for (let i = 0; i < 3; i += 1) assert.deepEqual(await once(deps, actor, same, work), first)
  assert.deepEqual(await once(deps, actor, { ...same, input: { a: '1' } }, work), first)
  assert.equal(first.amount, 2n ** 63n)
  const { _private_tasks: _known, ...more } = await added(before)
  assert.deepEqual(more, ONE)
})

test('fifty at once with the same key happen once and all get the same answer', async () => {
  const before = await rows(world)
  const same = call()
  const answers = await Promise.all(Array.from({ length: 50 }, () => once(deps, actor, same, work)))
  assert.equal(new Set(answers.map(({ companyId }) => companyId)).size, 1)
  assert.deepEqual(await added(before), ONE)
})

test('a key stands for exactly one input: another is refused, whichever came first, and nothing is written', async () => {
  const key = call()
  await once(deps, actor, key, work)
  const before = await rows(world)
  for (const input of [{ a: '2' }, { a: 1 }, { a: '1', b: null }, {}, null, [{ a: '1' }], { a: ['1'] }]) {
    await assert.rejects(once(deps, actor, { ...key, input }, work), IdempotencyKeyReused)
  }
  assert.deepEqual(await rows(world), before)
})

test('of two inputs that come at once with one key, one happens', async () => {
  const before = await rows(world)
  const key = call()
  const answers = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => once(deps, actor, { ...key, input: { a: String(i) } }, work)),
  )
  assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const answer of answers)
    if (answer.status === 'rejected') assert.ok(answer.reason instanceof IdempotencyKeyReused)
  assert.deepEqual(await added(before), ONE)
})

test('the same key of another person, operation or place is another key', async () => {
  const key = call()
  const ids = new Set<string>()
  const others: [{ id: string }, Call][] = [
    [actor, key],
    [world.staff.partner.actor, key],
    [actor, { ...key, operation: 'other' }],
    [actor, { ...key, scope: { kind: 'company', id: newId() } }],
  ]
  for (const [who, what] of others) ids.add((await once(deps, who, what, work)).companyId)
  assert.equal(ids.size, others.length)
})

test('without a key every call is a call', async () => {
  const before = await rows(world)
  for (const idempotencyKey of [undefined, null]) await once(deps, actor, call({ idempotencyKey }), work)
  assert.deepEqual(await added(before), { company: 2, audit_event: 2, _private_jobs: 2 })
})

test('a call that fails stores nothing: not its key, not its job; the next with the key is the first', async () => {
  const before = await rows(world)
  const same = call()
  const fault = new Error('refused')
  for (let i = 0; i < 3; i += 1) {
    const failing = once(deps, actor, same, async (trx) => {
      await work(trx)
      throw fault
    })
    await assert.rejects(failing, fault)
  }
  assert.deepEqual(await rows(world), before)
  await once(deps, actor, { ...same, input: { a: 'other' } }, work)
  assert.deepEqual(await added(before), ONE)
})

test('who waits for a call that fails does the work itself', async () => {
  const before = await rows(world)
  const same = call()
  const inside = Promise.withResolvers<void>()
  const end = Promise.withResolvers<never>()
  const failing = once(deps, actor, same, async (trx) => {
    await work(trx)
    inside.resolve()
    return end.promise
  })
  const failed = assert.rejects(failing, /refused/)
  await inside.promise
  const second = once(deps, actor, same, work)
  while ((await waiting()) === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  end.reject(new Error('refused'))
  await failed
  await second
  assert.deepEqual(await added(before), ONE)
})

/** Sessions of this database that wait for another transaction. */
async function waiting(): Promise<number> {
  const { rows: found } = await asOwner(
    world.ownerUrl,
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  )
  return found[0].count
}

test('an answer that could not be given again is not stored, and nothing happens', async () => {
  const before = await rows(world)
  for (const answer of [new Date(0), { set: new Set(['x']) }]) {
    const failing = once<unknown>(deps, actor, call(), async (trx) => {
      await work(trx)
      return answer
    })
    await assert.rejects(failing, TypeError)
  }
  assert.deepEqual(await rows(world), before)
})

test('killed anywhere in the middle, nothing is half written, and the same call then happens once', async () => {
  const kill = async (trx: Trx) => {
    const { rows: found } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(trx)
    await asOwner(world.ownerUrl, `SELECT pg_terminate_backend(${found[0]?.pid}, 5000)`)
  }
  const places: Record<string, (trx: Trx) => Promise<unknown>> = {
    'before the work': async (trx) => {
      await kill(trx)
      return work(trx)
    },
    'after state and event': async (trx) => {
      const companyId = newId()
      await insertCompany(trx, { companyId, createdBy: actor.id })
      await audit(trx, actor, { scope, kind: 'company.tested', subject: `Company:${companyId}`, payload: {} })
      await kill(trx)
      await addJob(trx, { name: 'test.nothing', payload: {} })
    },
    'after the work, before the answer is stored': async (trx) => {
      const answer = await work(trx)
      await kill(trx)
      return answer
    },
    'while a statement runs': async (trx) => {
      await work(trx)
      const sleeping = sql`SELECT pg_sleep(30)`.execute(trx)
      const killed = kill30()
      await Promise.all([sleeping, killed])
    },
  }
  const kill30 = async () => {
    for (let found = 0; found === 0; ) {
      const { rowCount } = await asOwner(
        world.ownerUrl,
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%'`,
      )
      found = rowCount ?? 0
    }
  }
  for (const [place, killed] of Object.entries(places)) {
    const before = await rows(world)
    const same = call()
    await assert.rejects(once(deps, actor, same, killed), (error) => databaseIsAway(error), place)
    assert.deepEqual(await rows(world), before, place)
    await once(deps, actor, same, work)
    await once(deps, actor, same, work)
    assert.deepEqual(await added(before), ONE, place)
  }
})
