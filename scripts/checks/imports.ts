import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** One import: both paths are relative to the root, with `/`. */
export type Import = { readonly from: string; readonly to: string }

const FOLDERS = ['api', 'schema', 'templates']

/** `from` clauses, imports for their effect, and dynamic imports of a literal. */
const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])(\.{1,2}\/[^'"\n]+)\1/g

/** Every import of one of our files by another, types included. */
export function imports(root: string): Import[] {
  return globSync(`{${FOLDERS.join(',')}}/**/*.ts`, { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
    .flatMap((from) =>
      importsOf(readFileSync(join(root, from), 'utf8')).map((to) => ({ from, to: normalize(join(dirname(from), to)) })),
    )
}

/** The relative specifiers in a file's text. What only looks like one in a comment does not count. */
export function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  return [...code.matchAll(SPECIFIER)].flatMap((match) => match[2] ?? [])
}
