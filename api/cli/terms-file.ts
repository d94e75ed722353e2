/** Terms from a file. */
import { readFile, stat } from 'node:fs/promises'
import { CannotModel } from './cannot-model.ts'

/** Terms are a few kilobytes; what is larger is another file. */
const MOST_TERMS_BYTES = 2_000_000

/** The JSON in a file, not parsed as terms yet. @throws {CannotModel} */
export async function readTerms(path: string): Promise<unknown> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || !found.isFile()) throw new CannotModel(`${path} is not a file that can be read.`)
  if (found.size > MOST_TERMS_BYTES) throw new CannotModel(`${path} has more than ${MOST_TERMS_BYTES} bytes.`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch {
    throw new CannotModel(`${path} is not valid UTF-8.`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CannotModel(`${path} is not JSON: ${error instanceof Error ? error.message : ''}`)
  }
}
