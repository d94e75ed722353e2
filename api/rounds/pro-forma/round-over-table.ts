/** A round solved over a cap table, before it is laid out for anybody. Pure. */
import { asCommon, type Capitalization } from '../../captable/index.ts'
import { TermsRefused } from '../errors.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'
import { equityLines, withoutLeftOut } from './compute-equity.ts'
import { conversionLines, conversionsOf, type ProFormaConversion, shadowMisfits } from './pro-forma-conversions.ts'
import { misfits } from './pro-forma-faults.ts'
import { linesAfter, linesBefore, type ProFormaLine, withPromised } from './pro-forma-lines.ts'
import { exceededRights, mayExceed, type ProFormaRight, rightLines, rightsOf } from './round-rights.ts'
import { type ProFormaWarrant, proFormaWarrants, warrantLines } from './round-warrants.ts'
import { type SolvedRound, solveRound } from './solve-round.ts'

export type RoundOverTable = {
  readonly solution: SolvedRound
  readonly conversions: readonly ProFormaConversion[]
  readonly rights: readonly ProFormaRight[]
  readonly warrants: readonly ProFormaWarrant[]
  /**
   * One line per holder and class, before and after. They are laid out on demand: a search over many rounds needs them of
   * none but the last.
   */
  readonly lines: () => readonly ProFormaLine[]
}

/**
 * @param on the day of the closing, which ends the interest on notes
 * @throws {TermsRefused} when there is no such round: naming every term to change
 */
export function roundOverTable(table: Capitalization, terms: PricedTerms, on: string): RoundOverTable {
  refuse(misfits(table, terms))
  // From here on a share of preferred is the common that it converts into.
  const capitalization = asCommon(table)
  const solution = solveRound(capitalization, terms, on)
  const conversions = conversionsOf(terms, solution)
  refuse(shadowMisfits(capitalization, terms, conversions))
  const warrants = proFormaWarrants(capitalization, terms, solution.warrants)
  const rights = rightsOf(capitalization, terms, solution)
  const lines = () => {
    const held = withoutLeftOut(linesBefore(capitalization), capitalization, terms)
    const before = withPromised(held, terms)
    const equity = equityLines(capitalization, terms, solution.rests)
    const converted = [
      ...[...equity, ...conversionLines(conversions), ...warrantLines(warrants)],
      ...rightLines(rights, terms),
    ]
    const laid = linesAfter(before, terms, solution, converted)
    const total = laid.reduce((sum, line) => sum + line.after, 0n)
    if (total !== solution.sharesAfter) throw new RangeError(`the lines hold ${total}, not ${solution.sharesAfter}`)
    return laid
  }
  if (rights.some(mayExceed)) {
    const sold = [...solution.purchases, ...solution.rights].reduce((sum, { shares }) => sum + shares, 0n)
    refuse([...exceededRights(rights, sold, lines(), solution.sharesAfter)])
  }
  return { solution, conversions, rights, warrants, lines }
}

function refuse(faults: ConstructorParameters<typeof TermsRefused>[0]): void {
  if (faults.length > 0) throw new TermsRefused(faults)
}
