/**
 * The terms of a round. On the wire and in the database every number is a decimal string; parsed, it is a `bigint` of the
 * unit its type names. Terms are versioned and never changed in place.
 */
import { z } from 'zod'
import { IN_OUR_WORDS, reasonOf } from '../../platform/index.ts'
import { CashRoundShape, type CashRound as ParsedCashRound } from './cash-round.ts'
import { riskTableOf } from './risk-table-of.ts'
import { type TermsInHand, termsFaults } from './terms-checks.ts'
import { Instrument } from './terms-instrument.ts'
import { withSafeDefaults } from './terms-safe.ts'
import { Settlement } from './terms-settlement.ts'
import { type RoundTerms as ParsedTerms, TermsShape } from './terms-shape.ts'

export type { RoundTermsWire, SecurityTerms } from './terms-shape.ts'
export {
  ALLOCATIONS,
  type Allocation,
  CONTINUOUS_ALLOCATIONS,
  UNEARNED_COMPUTE,
  type UnearnedCompute,
  VEST_BASES,
} from './terms-shape.ts'
export { writeTerms } from './terms-wire.ts'

/** Parsed terms, every cross-check passed. */
export type RoundTerms = ParsedTerms

/** Faults of shape that are listed: enough to see what is wrong, also with a list of 100,000. */
const MOST_FAULTS = 100

/** The parsed pieces of each top-level term that is well formed: what can be checked in spite of faults elsewhere. */
function inHand(shape: z.ZodObject, raw: unknown): TermsInHand {
  if (typeof raw !== 'object' || raw === null) return {}
  const given: Record<string, unknown> = { ...raw }
  const found: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries<z.ZodType>(shape.shape)) {
    const parsed = schema.safeParse(given[name])
    if (parsed.success && parsed.data !== undefined) found[name] = parsed.data
  }
  return found
}

/** What terms may leave out because it follows from others: what a SAFE need not say, and the risk table. */
function withWhatFollows(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given
  const raw = withSafeDefaults({ ...given })
  if (raw.riskTable !== undefined) return raw
  const settlement = Settlement.safeParse(raw.settlement ?? {})
  if (!settlement.success) return raw
  const safe = Instrument.safeParse(raw.instrument).data?.kind === 'SAFE'
  return { ...raw, riskTable: riskTableOf({ ...settlement.data, safe }).map((row) => ({ ...row })) }
}

/**
 * Terms of one shape from the wire, with every fault at once, each at the path of its term. Also what `zod` needs to nest
 * terms in the input of a use case.
 */
const checkedTerms = <Shape extends z.ZodObject>(
  shape: Shape,
  completed: (given: unknown) => unknown,
): z.ZodType<z.output<Shape>, unknown> =>
  z
    .custom<unknown>((value) => typeof value === 'object' && value !== null, {
      error: 'must be an object of terms',
    })
    .transform((given, context): z.output<Shape> => {
      const raw = completed(given)
      const parsed = shape.safeParse(raw, IN_OUR_WORDS)
      for (const issue of parsed.error?.issues.slice(0, MOST_FAULTS) ?? []) {
        context.issues.push({ code: 'custom', path: [...issue.path], message: reasonOf(issue), input: raw })
      }
      for (const fault of termsFaults(inHand(shape, raw))) {
        context.issues.push({ code: 'custom', path: [...fault.path], message: fault.reason, input: raw })
      }
      return parsed.success ? parsed.data : z.NEVER
    })

/** The terms of a round in which compute is paid with, cash beside it or not. */
export const RoundTerms: z.ZodType<RoundTerms, unknown> = checkedTerms(TermsShape, withWhatFollows)

/** The terms of a round for cash alone, as another fund may lead it. */
export const CashRound: z.ZodType<ParsedCashRound, unknown> = checkedTerms(CashRoundShape, (given) => given)
export type CashRound = ParsedCashRound
