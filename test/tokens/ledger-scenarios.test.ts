import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeWorld } from '../support/world.ts'
import { commit } from './given.ts'
import { postAt } from './raw-ledger.ts'
import { eventRows, playScenario, scenarios } from './scenarios.ts'

const world = await makeWorld()

const KINDS: Record<string, string> = {
  o: 'obligation',
  l: 'locked',
  a: 'available',
  h: 'held',
  d: 'charged:delivered',
  n: 'charged:no_show',
  x: 'expired',
}

for (const scenario of scenarios) {
  test(scenario.name, async () => {
    const { companyId } = await world.company()
    const post = (events: readonly object[], at: string) => commit(world, (trx) => postAt(trx, companyId, events, at))
    await playScenario({ world, companyId, kinds: KINDS, post }, scenario)
  })
}

test('the table has at least a hundred rows of events', () => {
  assert.ok(eventRows.length >= 100, `${eventRows.length}`)
})
