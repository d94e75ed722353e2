/** The database is the last guard: what the application role, and even the owner, cannot do to the history of flags. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { sqlState, violates } from '../../api/platform/index.ts'
import { asOwner } from '../support/database.ts'
import { makeWorld } from '../support/world.ts'
import { BAR, givenDeal, POLICY } from './given-flags.ts'

const NOT_ALLOWED = '42501'
const HISTORY = ['recorded_fact', 'finding', 'flag_event'] as const

const world = await makeWorld()
const deal = await givenDeal(world)
await deal.recordAll()
await deal.recordAll({ 'provider.products': [] })
await deal.check()

for (const table of HISTORY) {
  test(`rows of ${table} are neither updated nor deleted, by the application or by the owner`, async () => {
    for (const statement of [
      `UPDATE ${table} SET company_id = company_id`,
      `DELETE FROM ${table}`,
      `TRUNCATE ${table} CASCADE`,
    ]) {
      await assert.rejects(
        sql.raw(statement).execute(world.deps.db),
        (error) => sqlState(error) === NOT_ALLOWED,
        statement,
      )
    }
    await assert.rejects(asOwner(world.ownerUrl, `UPDATE ${table} SET company_id = company_id`), /history/)
    await assert.rejects(asOwner(world.ownerUrl, `DELETE FROM ${table}`), /history/)
  })
}

test('the application neither deletes a flag nor changes what it is about', async () => {
  const { db } = world.deps
  for (const statement of [
    'DELETE FROM flag',
    "UPDATE flag SET rule_id = 'x'",
    "UPDATE flag SET kind = 'watch'",
    "UPDATE flag SET subject = 'x'",
  ]) {
    await assert.rejects(sql.raw(statement).execute(db), (error) => sqlState(error) === NOT_ALLOWED, statement)
  }
})

test('no state is reached but by its own road', async () => {
  const deal = await givenDeal(world)
  await deal.check()
  const [bar, policy] = [await deal.flag(BAR), await deal.flag(POLICY)]
  const set = (flagId: string, columns: string) =>
    sql.raw(`UPDATE flag SET ${columns} WHERE flag_id = '${flagId.split(':')[2]}'`).execute(world.deps.db)
  const print = `settled_print = repeat('0', 64)`
  const refused: readonly (readonly [string, string, string])[] = [
    [bar.id, `state = 'waived', settled_by = 'waiver', ${print}`, 'flag_bar_is_not_waived'],
    [policy.id, `state = 'cleared', settled_by = 'evidence', ${print}`, 'flag_evidence_ends_bars'],
    [policy.id, `state = 'waived'`, 'flag_settled'],
    [policy.id, `state = 'cleared', settled_by = 'waiver', ${print}`, 'flag_settled'],
    [policy.id, `state = 'gone', settled_by = 'run', ${print}`, 'flag_state'],
  ]
  for (const [id, columns, constraint] of refused) {
    await assert.rejects(set(id, columns), (error) => violates(error, constraint), columns)
  }
  await set(policy.id, `state = 'cleared', settled_by = 'run', ${print}`)
  await assert.rejects(set(policy.id, `state = 'waived', settled_by = 'waiver', ${print}`), (error) =>
    violates(error, 'flag_step'),
  )
})
