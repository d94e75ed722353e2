/** A round's terms over a cap table, handed to the solver of the cap table's capability, with its refusals as terms. Pure. */
import {
  type Capitalization,
  type ConvertibleRound,
  type ConvertibleRoundInput,
  type RoundFault,
  type ShareCount,
  solveConvertibleRound,
} from '../../captable/index.ts'
import { numericOfWhole, type WholeShares } from '../../platform/index.ts'
import { TermsRefused } from '../errors.ts'
import { computeConsideration } from '../terms/consideration.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'
import type { RoundTerms } from '../terms/terms.ts'
import type { SafeTerms } from '../terms/terms-safe.ts'
import { countedRests, owedAtRoundPrice, type SolvedRest, solvedRests, uncountedShares } from './compute-equity.ts'
import { FIRST_GRANT, namedPurchases } from './named-purchases.ts'
import { unsolvable } from './pro-forma-faults.ts'
import { conversionTermsOf, type RoundConversions, roundConversions } from './round-conversions.ts'
import { rightsInput } from './round-rights.ts'
import { roundWarrants, type SolvedWarrant } from './round-warrants.ts'

/** The solution, with what converts behind each of its conversions, in the same order. */
export type SolvedRound = ConvertibleRound & {
  readonly converts: RoundConversions
  /** The rests of SAFEs for compute that price and base count, beside what converts. */
  readonly rests: readonly SolvedRest[]
  /** Warrants that the terms list, each at the price that the round fixes. */
  readonly warrants: readonly SolvedWarrant[]
  /** Whole shares of the class that money buys that are owed at the round's price for what accrues later. */
  readonly owed: WholeShares
}

/**
 * Solves the round of these terms over this cap table, as it would close `on` that day.
 *
 * @throws {TermsRefused} when there is no such round: naming every term to change
 */
export function solveRound(capitalization: Capitalization, terms: PricedTerms, on: string): SolvedRound {
  const { instrument, compute } = terms
  if (instrument?.kind === 'SAFE' && compute !== undefined) {
    return shownConverted(capitalization, { ...terms, compute }, instrument)
  }
  const converts = roundConversions(capitalization, terms, on)
  const { warrants, faults } = roundWarrants(capitalization, terms)
  if ('faults' in converts) throw new TermsRefused([...converts.faults, ...faults])
  if (faults.length > 0) throw new TermsRefused(faults)
  let rests = countedRests(capitalization, terms, converts.converting)
  const input = inputOf(capitalization, terms, converts)
  const solve = () =>
    solveConvertibleRound({
      ...input,
      convertibles: [...input.convertibles, ...[...rests, ...warrants].map(({ convertible }) => convertible)],
    })
  let solution = solve()
  // A rest of a few cents comes to no share: it counts for none.
  while (solution.kind === 'buys_no_share' && rests.some(({ convertible }) => isOf(solution, convertible))) {
    rests = rests.filter(({ convertible }) => !isOf(solution, convertible))
    solution = solve()
  }
  if (solution.kind !== 'solved') throw new TermsRefused([unsolvable(solution, converts)])
  const solvedAt = new Map(solution.conversions.map((each) => [each.id, each]))
  const solvedWarrants = warrants.flatMap((warrant): SolvedWarrant[] => {
    const found = solvedAt.get(warrant.convertible.id)
    return found === undefined ? [] : [{ ...warrant, found }]
  })
  const conversions = solution.conversions.slice(0, converts.converting.length)
  const owed = owedAtRoundPrice(capitalization, terms, converts.converting, solution.price)
  return {
    ...{ ...solution, conversions, converts, owed },
    rests: solvedRests(rests, solution),
    warrants: solvedWarrants,
  }
}

const isOf = (solution: ConvertibleRound | RoundFault, { id }: { readonly id: string }): boolean =>
  solution.kind === 'buys_no_share' && solution.id === id

/**
 * A SAFE by itself, as if its whole purchase amount converted now: at its cap; without one, at the valuation that the terms
 * name, less its discount. No other SAFE or note converts with it.
 *
 * @throws {TermsRefused}
 */
function shownConverted(
  capitalization: Capitalization,
  terms: PricedTerms & Pick<RoundTerms, 'compute'>,
  safe: SafeTerms,
): SolvedRound {
  const { cap, capBase, discount } = safe
  const { amount } = computeConsideration(terms.compute)
  const remaining = capitalization.holdings.filter((holding) => holding.kind === 'convertible')
  const converts: RoundConversions = { terms: conversionTermsOf(terms), converting: [], remaining }
  const solution = solveConvertibleRound({
    preMoney: terms.preMoney.amount,
    count: countOf(capitalization, terms),
    convertibles: [
      cap === undefined || capBase === undefined
        ? { id: FIRST_GRANT, amount, discount }
        : { id: FIRST_GRANT, amount, cap: { valuation: cap.amount, base: capBase } },
    ],
    // So that the price of the valuation is that of the cap: what a pre-money cap is divided by leaves the SAFE out.
    method: capBase === 'PRE_MONEY' ? 'PRE_MONEY' : 'PERCENT_OWNERSHIP',
    pool: terms.pool,
    purchases: [],
    priceRounding: terms.priceRounding,
    conversionPriceRounding: terms.priceRounding,
    sharesFromRoundedPrice: terms.sharesFromRoundedPrice,
    shareRounding: terms.shareRounding,
    conversionShareRounding: terms.shareRounding,
    poolRounding: terms.poolRounding,
  })
  if (solution.kind !== 'solved') throw new TermsRefused([unsolvable(solution, converts)])
  const purchases = solution.conversions.map(({ shares, remainder }) => ({
    id: FIRST_GRANT,
    amount,
    shares,
    remainder,
  }))
  return { ...solution, conversions: [], purchases, converts, rests: [], warrants: [], owed: 0n }
}

/** Everything before the round, each share as one. Stock is what fully diluted counts beside options, warrants and pools. */
function countOf(capitalization: Capitalization, terms: PricedTerms): ShareCount {
  const { fullyDiluted, holdings, pools } = capitalization
  const { promisedOptions } = terms
  const { toIssue, warrantsLeftOut } = uncountedShares(capitalization, terms)
  let [options, warrants] = [0n, 0n]
  for (const { kind, quantity } of holdings) {
    if (kind === 'option') options += quantity
    if (kind === 'warrant') warrants += quantity
  }
  const available = pools.reduce((sum, pool) => sum + pool.available, 0n)
  const common = fullyDiluted - options - warrants - available
  const promised = numericOfWhole(promisedOptions?.shares ?? 0n)
  const unallocated = promisedOptions?.from === 'POOL' ? available - promised : available
  // What is to be issued by contract weighs like a warrant: a right to stock that nobody can take back.
  return { common, preferred: 0n, options, warrants: warrants + toIssue - warrantsLeftOut, promised, unallocated }
}

function inputOf(
  capitalization: Capitalization,
  terms: PricedTerms,
  { terms: conversions, converting }: RoundConversions,
): ConvertibleRoundInput {
  const { purchases, rights } = rightsInput(capitalization, terms)
  return {
    preMoney: terms.preMoney.amount,
    count: countOf(capitalization, terms),
    convertibles: converting.map(({ convertible }) => convertible),
    method: conversions.method,
    pool: terms.pool,
    purchases: [...namedPurchases(terms), ...purchases],
    rights,
    priceRounding: terms.priceRounding,
    conversionPriceRounding: conversions.priceRounding,
    sharesFromRoundedPrice: terms.sharesFromRoundedPrice,
    shareRounding: terms.shareRounding,
    conversionShareRounding: conversions.shareRounding,
    poolRounding: terms.poolRounding,
  }
}
