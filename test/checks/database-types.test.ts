import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databaseTypes } from '../../scripts/checks/database-types.ts'
import { asOwner, freshDatabase } from '../support/database.ts'

test('a column has the type that our connections give it', async (t) => {
  const { url } = await freshDatabase(t)
  const before = await databaseTypes(url)
  await asOwner(
    url,
    `CREATE TABLE odd_thing (odd_id uuid NOT NULL, amount_micro bigint NOT NULL, price numeric(34,10), currency char(3),
       on_date date NOT NULL, at timestamptz NOT NULL DEFAULT now(), terms jsonb NOT NULL, answer jsonb, hash bytea NOT NULL,
       names text[] NOT NULL, gpus int NOT NULL, double bigint NOT NULL GENERATED ALWAYS AS (amount_micro * 2) STORED)`,
  )
  const after = await databaseTypes(url)
  assert.notEqual(after, before)
  const lines = after.slice(after.indexOf('export interface OddThing {')).split('\n}\n')[0]
  assert.deepEqual(lines?.split('\n  '), [
    'export interface OddThing {',
    'odd_id: string',
    'amount_micro: bigint',
    'price: string | null',
    'currency: string | null',
    'on_date: string',
    'at: Generated<string>',
    'terms: Json',
    'answer: Json | null',
    'hash: Buffer',
    'names: string[]',
    'gpus: number',
    'double: Computed<bigint>',
  ])
})

test('a column for which there is no parser is refused', async (t) => {
  const { url } = await freshDatabase(t)
  await asOwner(url, 'CREATE TABLE odd (price double precision)')
  await assert.rejects(databaseTypes(url), /odd\.price has the type float8, for which there is no parser/)
})
