/** The console's saved operations, sent as a person would send them: by file and by the name of the operation. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Person } from './world.ts'

const FOLDER = new URL('../../api/http/console/operations/', import.meta.url)

/** Runs one saved operation over HTTP and returns the answer of its only field; a request error fails the test. */
export async function run(
  person: Person,
  file: string,
  operation: string,
  variables: Record<string, unknown>,
  // biome-ignore lint/suspicious/noExplicitAny: a test reads fields of documents that it knows
): Promise<any> {
  const document = readFileSync(new URL(`${file}.graphql`, FOLDER), 'utf8')
  const answer = await person.graphql(document, variables, operation)
  assert.deepEqual(answer.errors, [], `${file} ${operation}`)
  const [field] = Object.keys(answer.data)
  return answer.data[field ?? '']
}

/** Like {@link run}, and the answer must be of this type: a refusal fails the test with its message. */
export async function expectAnswer(
  type: string,
  ...[person, file, operation, variables]: Parameters<typeof run>
  // biome-ignore lint/suspicious/noExplicitAny: as above
): Promise<any> {
  const answer = await run(person, file, operation, variables)
  assert.equal(
    answer.__typename,
    type,
    `${file} ${operation}: ${answer.code} ${answer.message} ${JSON.stringify(answer)}`,
  )
  return answer
}
