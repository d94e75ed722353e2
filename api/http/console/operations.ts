/** The saved operations of the console: the main job in order, one file each, with variables from this installation. */
import { readdir, readFile } from 'node:fs/promises'
import type { Actor } from '../../access/index.ts'
import type { Reader } from '../../platform/index.ts'

export type SavedOperation = {
  /** GraphQL document. Its first comment is the tab's explanation. */
  readonly query: string
  /** JSON text of the variables. */
  readonly variables: string
}

const FOLDER = new URL('./operations/', import.meta.url)

/** The saved operations in the order of their file names. */
export async function savedOperations(reader: Reader, actor: Actor): Promise<SavedOperation[]> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.graphql')).sort()
  const values = await consoleVariables(reader, actor)
  return Promise.all(
    files.map(async (name) => {
      const query = await readFile(new URL(name, FOLDER), 'utf8')
      const variables = await readFile(new URL(name.replace('.graphql', '.variables.json'), FOLDER), 'utf8').catch(
        () => '{}',
      )
      return { query, variables: fill(variables, values) }
    }),
  )
}

/** Puts values of this installation in the place of `"<name>"`. */
const fill = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replaceAll(/<([a-zA-Z]+)>/g, (whole, name: string) => values.get(name) ?? whole)

/** What the variables may name: ids of this installation that the actor sees. */
async function consoleVariables(_reader: Reader, _actor: Actor): Promise<Map<string, string>> {
  return new Map()
}
