import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PRINTED_SCHEMA, SCHEMA } from '../../scripts/checks/files.ts'
import { schemaFaults, unacknowledged } from '../../scripts/checks/printed-schema.ts'

test('a field that is gone is a breaking change until it is listed as meant', () => {
  const before = 'type Query { round: String, company: String }'
  const now = 'type Query { company: String }'
  assert.deepEqual(unacknowledged([before], now, ''), [
    'breaking change: add the line "- Query.round was removed." to docs/breaking-changes.md if it is meant',
  ])
  assert.deepEqual(unacknowledged([before, now], now, '# Meant\n\n- Query.round was removed.\n'), [])
})

test('a field that is new breaks nobody', () => {
  assert.deepEqual(
    unacknowledged(['type Query { company: String }'], 'type Query { company: String, round: String }', ''),
    [],
  )
})

test('a schema that differs from the committed text is refused', async () => {
  const faults = await schemaFaults(new URL('fixtures/other-schema.ts', import.meta.url).href, [])
  assert.deepEqual(faults, ['schema/schema.graphql differs from the code: run "npm run generate" and commit it'])
  assert.ok(PRINTED_SCHEMA.endsWith('schema/schema.graphql') && SCHEMA.endsWith('schema/index.ts'))
})
