/** What a round says of itself once it is closed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wholeWay } from '../support/path.ts'
import { makeWorld } from '../support/world.ts'

const world = await makeWorld()

test('a closed round still shows the pro forma that it was closed by', async () => {
  const { round, founder } = await wholeWay(world, 'Lumen Robotics, Inc.')
  const { data } = await founder.graphql(
    `query ($id: ID!) { node(id: $id) { ... on Round { state closing { shares }
      proForma { __typename ... on TermsRefused { message } ... on ProForma { asOf compute { shares } } } } } }`,
    { id: round },
  )
  assert.equal(data.node.state, 'closed')
  assert.equal(data.node.proForma.__typename, 'ProForma', JSON.stringify(data.node.proForma))
  assert.equal(data.node.proForma.asOf, '2026-06-14')
  assert.equal(data.node.proForma.compute.shares, data.node.closing.shares)
})
