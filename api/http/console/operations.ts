/** The saved operations of the console: the main job in order, one file each, with variables from this installation. */
import { readdir, readFile } from 'node:fs/promises'
import { type ConsoleSituation, variablesOf } from './variables.ts'

export type SavedOperation = {
  /** GraphQL document. Its first comment says whose step it is. */
  readonly query: string
  /** JSON text of the variables. */
  readonly variables: string
}

const FOLDER = new URL('./operations/', import.meta.url)

/** The saved operations in the order of their file names, `01-import` and so on. */
export async function savedOperations(situation: ConsoleSituation): Promise<SavedOperation[]> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.graphql')).sort()
  const variables = variablesOf(situation)
  return Promise.all(
    files.map(async (name) => ({
      query: await readFile(new URL(name, FOLDER), 'utf8'),
      variables: JSON.stringify(variables[name.slice(0, -'.graphql'.length)] ?? {}, null, 2),
    })),
  )
}
