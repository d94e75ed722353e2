/**
 * The company before and after a round, exact: what each holder and class has, with and without unearned shares; the
 * price; and what an H100-hour costs the company in equity. Pure.
 */
import type { Capitalization, ConversionMethod } from '../captable/index.ts'
import {
  divide,
  type MicroTokens,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
  numericOfWhole,
  TOKEN_PLACES,
  type WholeShares,
} from '../platform/index.ts'
import { computeConsideration } from './consideration.ts'
import { TermsRefused } from './errors.ts'
import { partOf } from './parts.ts'
import { conversionLines, conversionsOf, type ProFormaConversion, shadowMisfits } from './pro-forma-conversions.ts'
import { misfits } from './pro-forma-faults.ts'
import { linesAfter, linesBefore, type ProFormaLine, withPromised } from './pro-forma-lines.ts'
import { type ProFormaNote, proFormaNotes } from './pro-forma-notes.ts'
import { classRows, holderRows, type ProFormaClass, type ProFormaHolder } from './pro-forma-rows.ts'
import { exceededRights, type ProFormaRight, rightLines, rightsOf } from './round-rights.ts'
import { type SolvedRound, solveRound } from './solve-round.ts'
import type { RoundTerms } from './terms.ts'

/** One purchase at the round's price. */
export type ProFormaPurchase = {
  readonly holder: string
  readonly className: string
  readonly amount: Money
  readonly shares: WholeShares
  /** Money minus shares times price: positive buys no share, negative is not paid for. */
  readonly remainder: Money
}

export type ProFormaCompute = ProFormaPurchase & {
  readonly tokens: MicroTokens
  /** Money per H100-hour that the parties agreed. Not a fair value. */
  readonly referencePrice: Money
  /**
   * Money per H100-hour that the equity implies: compute shares times the round's price, divided by the tokens, to the
   * nearest of ten places. It is what the company pays in shares, at the value the round itself gives them.
   */
  readonly impliedPrice: Money
}

export type ProForma = {
  /** The cap table is as of this date, inclusive. */
  readonly asOf: string
  readonly preMoney: Money
  /** The rounded price per share. */
  readonly price: Money
  /** The price before rounding, as a fraction: `7/4`. */
  readonly exactPrice: string
  /** What the valuation was divided by: fully diluted before the round plus the pool increase. */
  readonly priceDenominator: Numeric
  readonly sharesBefore: Numeric
  readonly sharesAfter: Numeric
  /** Price times all shares after the round. */
  readonly postMoney: Money
  /** Price times the shares before the round: the valuation without the pool increase that the present holders bear. */
  readonly effectivePreMoney: Money
  readonly compute: ProFormaCompute
  readonly cash: readonly ProFormaPurchase[]
  /** SAFEs and notes that convert, in the order of the cap table. */
  readonly conversions: readonly ProFormaConversion[]
  /** Rights to take part, in the order of the terms, exercised or not. */
  readonly rights: readonly ProFormaRight[]
  /** How they weigh on the price; `null` where nothing converts. */
  readonly conversionMethod: ConversionMethod | null
  readonly poolIncrease: WholeShares
  /** Reserved and not granted after the round, and as a part of all shares after it. */
  readonly unallocatedAfter: Numeric
  readonly unallocatedAfterPart: Numeric
  readonly holders: readonly ProFormaHolder[]
  readonly classes: readonly ProFormaClass[]
  /** One line per holder and class: the finest table. */
  readonly lines: readonly ProFormaLine[]
  readonly risk: ProFormaRisk
  readonly notes: readonly ProFormaNote[]
}

/** What a founder must see at once. Parts of 1. "Present holders" are all shares before the round, the pool included. */
export type ProFormaRisk = {
  readonly unearnedShares: WholeShares
  readonly presentHoldersAfter: Numeric
  /** If no token is ever used, and every unearned share is forfeited. What is lost then, was lost to cash and pool. */
  readonly presentHoldersIfNothingUsed: Numeric
  /** 1 minus the above: how much smaller the same shares' part becomes. */
  readonly dilution: Numeric
  readonly dilutionIfNothingUsed: Numeric
}

/**
 * The pro forma of a round over a cap table.
 *
 * @param on the day of the closing, which ends the interest on notes: the planned one unless another is known
 * @throws {TermsRefused} when there is no such round: naming every term to change
 */
export function proForma(capitalization: Capitalization, terms: RoundTerms, on = terms.closingDate): ProForma {
  const faults = misfits(capitalization, terms)
  if (faults.length > 0) throw new TermsRefused(faults)
  const solution = solveRound(capitalization, terms, on)
  const conversions = conversionsOf(terms, solution)
  const taken = shadowMisfits(capitalization, terms, conversions)
  if (taken.length > 0) throw new TermsRefused(taken)
  const rights = rightsOf(capitalization, terms, solution)
  const lines = linesAfter(withPromised(linesBefore(capitalization), terms), terms, solution, [
    ...conversionLines(conversions),
    ...rightLines(rights, terms),
  ])
  const total = lines.reduce((sum, line) => sum + line.after, 0n)
  if (total !== solution.sharesAfter) throw new RangeError(`the lines hold ${total}, not ${solution.sharesAfter}`)
  const sold = [...solution.purchases, ...solution.rights].reduce((sum, { shares }) => sum + shares, 0n)
  const exceeded = [...exceededRights(rights, sold, lines, solution.sharesAfter)]
  if (exceeded.length > 0) throw new TermsRefused(exceeded)
  const [bought] = solution.purchases
  const unallocatedAfter = lines.reduce((sum, line) => sum + (line.kind === 'pool' ? line.after : 0n), 0n)
  const before = lines.reduce((sum, line) => sum + line.before, 0n)
  return {
    asOf: capitalization.asOf,
    preMoney: terms.preMoney,
    price: inCurrency(terms, solution.price),
    exactPrice: solution.exact.price.toFraction(),
    priceDenominator: solution.priceDenominator,
    sharesBefore: before,
    sharesAfter: solution.sharesAfter,
    postMoney: inCurrency(terms, worth(solution.price, solution.sharesAfter)),
    effectivePreMoney: inCurrency(terms, worth(solution.price, before)),
    compute: computeOf(terms, solution),
    cash: cashOf(terms, solution),
    conversions,
    rights,
    conversionMethod: conversions.length === 0 ? null : solution.converts.terms.method,
    poolIncrease: solution.poolIncrease,
    unallocatedAfter,
    unallocatedAfterPart: partOf(unallocatedAfter, solution.sharesAfter),
    holders: holderRows(lines),
    classes: classRows(lines),
    lines,
    risk: riskOf(before, solution.sharesAfter, bought?.shares ?? 0n),
    notes: proFormaNotes(capitalization, terms, solution, conversions),
  }
}

const inCurrency = (terms: RoundTerms, amount: Numeric): Money => ({ amount, currency: terms.preMoney.currency })
const worth = (price: Numeric, shares: Numeric): Numeric =>
  divide(price * shares, 10n ** BigInt(NUMERIC_PLACES), 'NEAREST')

function computeOf(terms: RoundTerms, { purchases, price }: SolvedRound): ProFormaCompute {
  const shares = purchases[0]?.shares ?? 0n
  const { holderName, tokens, referencePrice } = terms.compute
  return {
    holder: holderName,
    className: terms.security.className,
    amount: computeConsideration(terms.compute),
    shares,
    remainder: inCurrency(terms, purchases[0]?.remainder ?? 0n),
    tokens,
    referencePrice,
    impliedPrice: inCurrency(terms, divide(shares * price * 10n ** BigInt(TOKEN_PLACES), tokens, 'NEAREST')),
  }
}

function cashOf(terms: RoundTerms, { purchases }: SolvedRound): readonly ProFormaPurchase[] {
  return terms.cashInvestors.map((investor, index) => ({
    holder: investor.name,
    className: (terms.cashSecurity ?? terms.security).className,
    amount: investor.amount,
    shares: purchases[index + 1]?.shares ?? 0n,
    remainder: inCurrency(terms, purchases[index + 1]?.remainder ?? 0n),
  }))
}

function riskOf(before: Numeric, after: Numeric, unearnedShares: WholeShares): ProFormaRisk {
  const one = 10n ** BigInt(NUMERIC_PLACES)
  const presentHoldersAfter = partOf(before, after)
  const presentHoldersIfNothingUsed = partOf(before, after - numericOfWhole(unearnedShares))
  return {
    unearnedShares,
    presentHoldersAfter,
    presentHoldersIfNothingUsed,
    dilution: one - presentHoldersAfter,
    dilutionIfNothingUsed: one - presentHoldersIfNothingUsed,
  }
}
