/** One document with several mutations: each answers with what is so after it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wholeWay } from '../support/path.ts'
import { makeWorld } from '../support/world.ts'

const world = await makeWorld()

test('the second mutation of a document shows what it did, not what the first one read', async () => {
  const { acceptedRound } = await wholeWay(world, 'Lumen Robotics, Inc.')
  const met = (code: string) =>
    `satisfyCondition(input: { roundId: "${acceptedRound}", code: "${code}", evidence: "a consent", evidenceDate: "2026-11-20" }) {
      ... on Round { conditions { code state } } }`
  const { data, errors } = await world.staff.operations.graphql(
    `mutation { first: ${met('BOARD_CONSENT')} second: ${met('STOCKHOLDER_CONSENT')} }`,
  )
  assert.deepEqual(errors, [])
  const satisfied = (round: { conditions: { code: string; state: string }[] }) =>
    round.conditions.filter(({ state }) => state === 'satisfied').map(({ code }) => code)
  assert.deepEqual(satisfied(data.first), ['BOARD_CONSENT'])
  assert.deepEqual(satisfied(data.second).sort(), ['BOARD_CONSENT', 'STOCKHOLDER_CONSENT'])
})
