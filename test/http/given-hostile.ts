/** What tests of bad input share: nothing of ours may be told, and the field is named. */
import assert from 'node:assert/strict'
import type { Answer } from '../support/world.ts'

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
