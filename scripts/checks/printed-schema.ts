import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import {
  buildSchema,
  findBreakingChanges,
  type GraphQLSchema,
  isSchema,
  lexicographicSortSchema,
  printSchema,
} from 'graphql'
import { BREAKING_CHANGES, PRINTED_SCHEMA, ROOT } from './files.ts'

/** The text of a module's schema, sorted, so that the order of files does not show. */
export async function printedSchema(module: string): Promise<string> {
  const { schema } = (await import(module)) as { schema: unknown }
  if (!isSchema(schema)) throw new Error(`${module} does not export a GraphQL schema`)
  return printed(schema)
}

const printed = (schema: GraphQLSchema): string => `${printSchema(lexicographicSortSchema(schema))}\n`

/**
 * What is wrong with the printed schema: it differs from the code's, or breaks a client of the version before without
 * being listed in docs/breaking-changes.md.
 *
 * @param before texts of earlier versions; by default what git has: the last commit's, and the one it replaced
 */
export async function schemaFaults(module: string, before = earlierSchemas()): Promise<string[]> {
  const now = await printedSchema(module)
  const committed = existsSync(PRINTED_SCHEMA) ? readFileSync(PRINTED_SCHEMA, 'utf8') : ''
  const faults =
    now === committed ? [] : ['schema/schema.graphql differs from the code: run "npm run generate" and commit it']
  const meant = existsSync(BREAKING_CHANGES) ? readFileSync(BREAKING_CHANGES, 'utf8') : ''
  return [...faults, ...unacknowledged(before, now, meant)]
}

/** Breaking changes from any of the earlier schemas to this one which the text `meant` does not list. */
export function unacknowledged(before: readonly string[], now: string, meant: string): string[] {
  const schema = buildSchema(now)
  const descriptions = before.flatMap((text) =>
    findBreakingChanges(buildSchema(text), schema).map(({ description }) => description),
  )
  return [...new Set(descriptions)]
    .filter((description) => !meant.split('\n').includes(`- ${description}`))
    .map((description) => `breaking change: add the line "- ${description}" to docs/breaking-changes.md if it is meant`)
}

/** In a work tree that changed the schema, its last commit; in a clean one, what the last change of the schema replaced. */
function earlierSchemas(): string[] {
  const path = relative(ROOT, PRINTED_SCHEMA)
  const git = (...args: string[]): string | undefined => {
    try {
      return execFileSync('git', args, {
        cwd: ROOT,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 2 ** 26,
      })
    } catch {
      return undefined
    }
  }
  const commits = git('log', '-2', '--format=%H', '--', path)?.trim().split('\n').filter(Boolean) ?? []
  return commits.flatMap((commit) => git('show', `${commit}:${path}`) ?? [])
}
