/** Rounds one after another, as they are sent and kept. */
import { z } from 'zod'
import {
  canonicalJson,
  formatTokens,
  type InputFault,
  type JsonValue,
  type MicroTokens,
  zTokens,
} from '../../platform/index.ts'
import { writeCashRound } from '../terms/cash-round.ts'
import { allComputeTokens } from '../terms/consideration.ts'
import { CashRound, RoundTerms } from '../terms/terms.ts'
import { writeTerms } from '../terms/terms-wire.ts'

/** Most rounds of a chain: more than a company has before it is listed. */
export const MOST_ROUNDS = 12

/** One round of a chain. */
export type ChainRound =
  | {
      readonly kind: 'COMPUTE'
      readonly terms: RoundTerms
      /**
       * Tokens in all that are taken as delivered when the first later round closes, the second, and so on: what they earn
       * is earned there. The last one holds for every round after it.
       */
      readonly delivered: readonly MicroTokens[]
    }
  | { readonly kind: 'CASH'; readonly terms: CashRound }

/** What is delivered never exceeds the grant, and never falls. */
function deliveredFault(figures: readonly MicroTokens[], granted: MicroTokens): InputFault | undefined {
  if (figures.length > MOST_ROUNDS) {
    return { path: ['deliveredLater'], reason: `has more than ${MOST_ROUNDS - 1} figures` }
  }
  for (const [index, tokens] of figures.entries()) {
    const path = index === 0 ? ['delivered'] : ['deliveredLater', index - 1]
    const before = figures[index - 1] ?? 0n
    if (tokens > granted) return { path, reason: `is more than the ${formatTokens(granted)} tokens of the round` }
    if (tokens < before) return { path, reason: `is less than ${formatTokens(before)}, which is delivered before it` }
  }
  return undefined
}

const zChainRound = z
  .strictObject({
    compute: RoundTerms.optional(),
    cash: CashRound.optional(),
    /** By the first later round. */
    delivered: zTokens.optional(),
    /** By the second later round, the third, and so on; left out: no more than by the first. */
    deliveredLater: z.array(zTokens).optional(),
  })
  .transform(({ compute, cash, delivered, deliveredLater }, context): ChainRound => {
    const refuse = (path: InputFault['path'], message: string) => {
      context.issues.push({ code: 'custom', path: [...path], message, input: undefined })
      return z.NEVER
    }
    if (compute !== undefined && cash === undefined) {
      // An empty list would say the same as none in another text, and so with another hash.
      if (deliveredLater?.length === 0) return refuse(['deliveredLater'], 'names no tokens: leave it out')
      const figures = [delivered ?? 0n, ...(deliveredLater ?? [])]
      const fault = deliveredFault(figures, allComputeTokens(compute))
      if (fault !== undefined) return refuse(fault.path, fault.reason)
      return { kind: 'COMPUTE', terms: compute, delivered: figures }
    }
    if (cash === undefined || compute !== undefined) return refuse([], 'must have either compute or cash')
    if (delivered !== undefined) return refuse(['delivered'], 'is given, but the round has no compute')
    if (deliveredLater !== undefined) return refuse(['deliveredLater'], 'is given, but the round has no compute')
    return { kind: 'CASH', terms: cash }
  })

/** Rounds in the order of their closings, each with a name of its own. */
export const Chain = z
  .array(zChainRound)
  .min(1, { error: 'must have at least one round' })
  .max(MOST_ROUNDS, { error: `has more than ${MOST_ROUNDS} rounds` })
  .superRefine((rounds, context) => {
    const names = new Set<string>()
    for (const [index, { kind, terms }] of rounds.entries()) {
      const fault = (term: string, message: string) =>
        context.addIssue({ code: 'custom', path: [index, wireName(kind), term], message })
      const before = rounds[index - 1]?.terms.closingDate
      if (before !== undefined && terms.closingDate < before) {
        fault('closingDate', `is before ${before}, when the round before it closes`)
      }
      if (names.has(terms.name)) fault('name', 'is the name of another round of the chain')
      names.add(terms.name)
    }
  })

/** Under which name the terms of a round stand on the wire. */
export const wireName = (kind: ChainRound['kind']): 'compute' | 'cash' => (kind === 'COMPUTE' ? 'compute' : 'cash')

/** A chain back on the wire, every default written out. */
export const writeChain = (rounds: readonly ChainRound[]): z.input<typeof Chain> =>
  rounds.map((round) =>
    round.kind === 'CASH'
      ? { cash: writeCashRound(round.terms) }
      : { compute: writeTerms(round.terms), ...writeDelivered(round.delivered) },
  )

const writeDelivered = ([first = 0n, ...later]: readonly MicroTokens[]) => ({
  delivered: formatTokens(first),
  ...(later.length === 0 ? {} : { deliveredLater: later.map(formatTokens) }),
})

/** The one text of a chain: RFC 8785 over its wire form. */
export const canonicalChain = (rounds: readonly ChainRound[]): string => canonicalJson(writeChain(rounds) as JsonValue)
