/**
 * The terms of a round. On the wire and in the database every number is a decimal string; parsed, it is a `bigint` of the
 * unit its type names. Terms are versioned and never changed in place.
 */
import { z } from 'zod'
import { riskTableOf } from './risk-table-of.ts'
import { type TermsInHand, termsFaults } from './terms-checks.ts'
import { Settlement } from './terms-settlement.ts'
import { type RoundTerms as ParsedTerms, TermsShape } from './terms-shape.ts'

export type { RoundTermsWire, SecurityTerms } from './terms-shape.ts'
export { ALLOCATIONS, type Allocation, CONTINUOUS_ALLOCATIONS, VEST_BASES } from './terms-shape.ts'
export { writeTerms } from './terms-wire.ts'

/** Parsed terms, every cross-check passed. */
export type RoundTerms = ParsedTerms

/** Faults of shape that are listed: enough to see what is wrong, also with a list of 100,000. */
const MOST_FAULTS = 100

/** The parsed pieces of each top-level term that is well formed: what can be checked in spite of faults elsewhere. */
function inHand(raw: unknown): TermsInHand {
  if (typeof raw !== 'object' || raw === null) return {}
  const given: Record<string, unknown> = { ...raw }
  const found: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(TermsShape.shape)) {
    const parsed = schema.safeParse(given[name])
    if (parsed.success && parsed.data !== undefined) found[name] = parsed.data
  }
  return found
}

/** Terms that leave the risk table out get the one that follows from their settlement terms. */
function withRiskTable(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given
  const raw: { readonly settlement?: unknown; readonly riskTable?: unknown } = given
  if (raw.riskTable !== undefined) return given
  const settlement = Settlement.safeParse(raw.settlement ?? {})
  return settlement.success ? { ...raw, riskTable: riskTableOf(settlement.data).map((row) => ({ ...row })) } : given
}

/**
 * Terms from the wire, with every fault at once, each at the path of its term. Also what `zod` needs to nest terms in the
 * input of a use case.
 */
export const RoundTerms: z.ZodType<RoundTerms, unknown> = z
  .custom<unknown>((value) => typeof value === 'object' && value !== null, {
    error: 'must be an object of terms',
  })
  .transform((given, context): RoundTerms => {
    const raw = withRiskTable(given)
    const shape = TermsShape.safeParse(raw, { reportInput: true })
    for (const issue of shape.error?.issues.slice(0, MOST_FAULTS) ?? []) {
      context.issues.push({ code: 'custom', path: [...issue.path], message: wordsOf(issue), input: raw })
    }
    for (const fault of termsFaults(inHand(raw))) {
      context.issues.push({ code: 'custom', path: [...fault.path], message: fault.reason, input: raw })
    }
    return shape.success ? shape.data : z.NEVER
  })

const WANTED: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'an object',
  array: 'a list',
  number: 'a number',
}

/** What is wanted, in words; the schema's own words where it has any. */
function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `has terms that do not exist: ${issue.keys.slice(0, 10).join(', ')}`
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing'
  if (!issue.message.startsWith('Invalid ')) return issue.message
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_type') return `must be ${WANTED[issue.expected] ?? issue.expected}`
  return 'is not of a form that is understood'
}
