/** The tab of the console that tries, seeks, keeps and compares: with the variables that it comes with, against a company. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { givenCompany } from '../rounds/given-round.ts'
import { expectAnswer, run } from '../support/saved-operations.ts'
import { makeWorld } from '../support/world.ts'

const world = await makeWorld()
await world.setClock('2026-11-20T12:00:00Z')
const it = await givenCompany(world)
const round = await it.drafted()
const { analyst } = world.staff
const TAB = '12-what-if'

async function variables(): Promise<Record<string, unknown>> {
  const { body } = await request(world.app)
    .get('/console/operations.json')
    .set('authorization', `Bearer ${analyst.token}`)
    .expect(200)
  const tab = body.tabs.find(({ query }: { query: string }) => query.includes('Step12_WhatIf'))
  return JSON.parse(tab.variables)
}

test('everything of the tab runs as it comes: tried, sought, kept, side by side', async () => {
  const given = await variables()
  assert.deepEqual([given.company, given.round], [it.id, round])
  const answer = async (operation: string) => (await run(analyst, TAB, operation, given)) ?? {}
  // At 8,000,000 before the money, a target of 10% and 1,750,000 of other money or compute in all.
  const tried = (await answer('Step12_WhatIf')).whatIf
  assert.equal(tried.__typename, 'ProForma', JSON.stringify(tried))
  const parts = tried.holders.reduce((sum: number, { afterPart }: { afterPart: string }) => sum + Number(afterPart), 0)
  assert.ok(Math.abs(parts - 1) < 1e-8)
  const sought = (await answer('SeekGoal')).goalSeek
  assert.equal(sought.__typename, 'GoalAnswer', JSON.stringify(sought))
  // The fewest tokens for a tenth: it is reached, and with one token less it is not.
  assert.ok(Number(sought.reached) >= 0.1 && Number(sought.oneStepBeyond) < 0.1)
  await expectAnswer('Scenario', analyst, TAB, 'KeepScenario', given)
  const [scenario] = (await answer('ScenariosSideBySide')).scenarios
  assert.equal(scenario.figures.pricePerShare.amount, tried.pricePerShare.amount)
  const chain = (await answer('TryChain')).whatIfChain
  assert.equal(chain.__typename, 'SolvedChain', JSON.stringify(chain))
  assert.deepEqual([chain.rounds.length, chain.stages.length], [2, 3])
  await expectAnswer('RoundChain', analyst, TAB, 'KeepChain', given)
  const [kept] = (await answer('ChainsSideBySide')).chains
  assert.equal(kept.solved.rounds[1].firstHoldersPart, chain.rounds[1].firstHoldersPart)
  const legs = await expectAnswer('Legs', analyst, TAB, 'LegsSideBySide', given)
  assert.deepEqual(
    legs.legs.map(({ kind }: { kind: string }) => kind),
    ['COMPUTE', 'CASH'],
  )
  const protections = await expectAnswer('Protections', analyst, TAB, 'Protections', given)
  assert.equal(protections.riskTable.length, 10)
})
