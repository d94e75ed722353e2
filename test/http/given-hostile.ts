/** What tests of bad input share: nothing may be written, and nothing of ours told. */
import assert from 'node:assert/strict'
import { asOwner } from '../support/database.ts'
import type { Answer, World } from '../support/world.ts'

/** The number of rows of every table, so that nothing can be written unseen. */
export async function rows(world: World): Promise<Record<string, string>> {
  const { rows: tables } = await asOwner(
    world.ownerUrl,
    `SELECT format('SELECT %L AS name, count(*)::text AS rows FROM %I.%I', tablename, schemaname, tablename) AS query
     FROM pg_tables WHERE schemaname IN ('public', 'graphile_worker')`,
  )
  const counted = await asOwner(world.ownerUrl, tables.map(({ query }) => query).join(' UNION ALL '))
  return Object.fromEntries(counted.rows.map(({ name, rows: count }) => [name, count]))
}

/** A stack, a path of ours, SQL, a library's words. */
const OURS =
  /\bat .*\.(ts|js):|node_modules|\/api\/|SELECT |INSERT |relation "|syntax error at|invalid input syntax|kysely|Zod|TypeError|RangeError|"stack"/i
const MOST_CHARACTERS = 50_000

/** Fails on an answer that tells what is inside, that is large, or whose errors are not the caller's. */
export function assertTellsNothing(text: string, said: string): void {
  assert.ok(text.length < MOST_CHARACTERS, `${said}: the answer has ${text.length} characters`)
  assert.doesNotMatch(text, OURS, said)
  assert.doesNotMatch(text, /INTERNAL|UNAVAILABLE|our side/, said)
}

/** The fields that the errors name, from the variable on. */
export const named = (answer: Pick<Answer, 'errors'>): string[] =>
  answer.errors.flatMap(({ extensions }) => ((extensions.faults ?? []) as { path: string }[]).map(({ path }) => path))

/** A value as the message of a failed assertion names it. */
export const short = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 80)
