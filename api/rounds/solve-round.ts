/** A round's terms over a cap table, handed to the solver of the cap table's capability, with its refusals as terms. Pure. */
import {
  type Capitalization,
  type ConvertibleRound,
  type ConvertibleRoundInput,
  type ShareCount,
  solveConvertibleRound,
} from '../captable/index.ts'
import { numericOfWhole } from '../platform/index.ts'
import { computeConsideration } from './consideration.ts'
import { TermsRefused } from './errors.ts'
import { unsolvable } from './pro-forma-faults.ts'
import { type RoundConversions, roundConversions } from './round-conversions.ts'
import { rightsInput } from './round-rights.ts'
import type { RoundTerms } from './terms.ts'

/** The solution, with what converts behind each of its conversions, in the same order. */
export type SolvedRound = ConvertibleRound & { readonly converts: RoundConversions }

/** Id of the purchase that compute makes; cash investors are named by their place in the terms. */
export const COMPUTE = 'compute'

/**
 * Solves the round of these terms over this cap table, as it would close `on` that day.
 *
 * @throws {TermsRefused} when there is no such round: naming every term to change
 */
export function solveRound(capitalization: Capitalization, terms: RoundTerms, on: string): SolvedRound {
  const converts = roundConversions(capitalization, terms, on)
  if ('faults' in converts) throw new TermsRefused(converts.faults)
  const solution = solveConvertibleRound(inputOf(capitalization, terms, converts))
  if (solution.kind !== 'solved') throw new TermsRefused([unsolvable(solution, converts)])
  return { ...solution, converts }
}

/** Everything before the round, each share as one. Stock is what fully diluted counts beside options, warrants and pools. */
function countOf({ fullyDiluted, holdings, pools }: Capitalization, { promisedOptions }: RoundTerms): ShareCount {
  let [options, warrants] = [0n, 0n]
  for (const { kind, quantity } of holdings) {
    if (kind === 'option') options += quantity
    if (kind === 'warrant') warrants += quantity
  }
  const available = pools.reduce((sum, pool) => sum + pool.available, 0n)
  const common = fullyDiluted - options - warrants - available
  const promised = numericOfWhole(promisedOptions?.shares ?? 0n)
  const unallocated = promisedOptions?.from === 'POOL' ? available - promised : available
  return { common, preferred: 0n, options, warrants, promised, unallocated }
}

function inputOf(
  capitalization: Capitalization,
  terms: RoundTerms,
  { terms: conversions, converting }: RoundConversions,
): ConvertibleRoundInput {
  const { purchases, rights } = rightsInput(capitalization, terms)
  return {
    preMoney: terms.preMoney.amount,
    count: countOf(capitalization, terms),
    convertibles: converting.map(({ convertible }) => convertible),
    method: conversions.method,
    pool: terms.pool,
    purchases: [
      { id: COMPUTE, amount: computeConsideration(terms.compute).amount },
      ...terms.cashInvestors.map(({ amount }, index) => ({ id: String(index), amount: amount.amount })),
      ...purchases,
    ],
    rights,
    priceRounding: terms.priceRounding,
    conversionPriceRounding: conversions.priceRounding,
    sharesFromRoundedPrice: terms.sharesFromRoundedPrice,
    shareRounding: terms.shareRounding,
    conversionShareRounding: conversions.shareRounding,
    poolRounding: terms.poolRounding,
  }
}
