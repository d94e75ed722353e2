/** What differs between two versions of terms, by path. Pure. */
import { canonicalJson, type JsonValue } from '../../platform/index.ts'
import { type RoundTerms, writeTerms } from './terms.ts'

/** One term that differs. A term that one of the two does not have is `null` there. */
export type TermChange = {
  /** Path of the term, in its wire form: `['vesting', 'basis']`. Rows of lists are named by their key: `['riskTable', 'outage', 'tokens']`. */
  readonly path: readonly string[]
  readonly from: JsonValue
  readonly to: JsonValue
}

/** Lists whose rows have a name of their own: they are compared row by row, in whatever order. */
const ROW_NAMES: Readonly<Record<string, string>> = {
  riskTable: 'event',
  conditions: 'code',
  cashInvestors: 'name',
  // Grants have no name but their place.
  furtherGrants: '',
}
/** Terms that only make sense whole. */
const WHOLE: ReadonlySet<string> = new Set([
  'releases',
  'preMoney',
  'referencePrice',
  'parValue',
  'pool',
  'priceRounding',
])

/** Every term in which `after` differs from `before`, in the order of the terms; none where they are the same. */
export function termChanges(before: RoundTerms, after: RoundTerms): readonly TermChange[] {
  return [...differences([], wire(before), wire(after))]
}

// A wire form is JSON by construction: it is what is hashed and stored.
const wire = (terms: RoundTerms): JsonValue => writeTerms(terms) as JsonValue

type Members = { readonly [key: string]: JsonValue }
const isMembers = (value: JsonValue): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function* differences(path: readonly string[], from: JsonValue, to: JsonValue): Iterable<TermChange> {
  if (canonicalJson(from) === canonicalJson(to)) return
  const name = path.at(-1) ?? ''
  const [before, after] = [named(name, from), named(name, to)]
  if (WHOLE.has(name) || before === undefined || after === undefined) return yield { path, from, to }
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  for (const key of names) yield* differences([...path, key], before[key] ?? null, after[key] ?? null)
}

/** An object as it is, a list of named rows by their names, anything else not at all. */
function named(list: string, value: JsonValue): Members | undefined {
  if (isMembers(value)) return value
  const rowName = ROW_NAMES[list]
  if (rowName === undefined || !Array.isArray(value)) return undefined
  return Object.fromEntries(
    value.map((row: JsonValue, index) => [String((isMembers(row) ? row[rowName] : undefined) ?? index), row]),
  )
}
