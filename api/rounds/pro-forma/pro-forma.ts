/**
 * The company before and after a round, exact: what each holder and class has, with and without unearned shares; the
 * price; and what an H100-hour costs the company in equity. Pure.
 */
import { asCommon, type Capitalization, type ConversionMethod } from '../../captable/index.ts'
import {
  divide,
  type MicroTokens,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
  numericOfWhole,
  TOKEN_PLACES,
  type Uuid,
  type WholeShares,
} from '../../platform/index.ts'
import { computeConsideration } from '../terms/consideration.ts'
import { type GrantTerms, grantsOf } from '../terms/grants-of.ts'
import { partOf } from '../terms/parts.ts'
import { standardClass } from '../terms/standard-class.ts'
import type { RoundTerms } from '../terms/terms.ts'
import { computeEquityRows, type ProFormaComputeEquity } from './compute-equity.ts'
import { foundersTogether, type ProFormaFounders } from './founders.ts'
import { boughtByGrants, boughtForCash } from './named-purchases.ts'
import type { ProFormaConversion } from './pro-forma-conversions.ts'
import type { ProFormaLine } from './pro-forma-lines.ts'
import { type ProFormaNote, proFormaNotes } from './pro-forma-notes.ts'
import { classRows, holderRows, type ProFormaClass, type ProFormaHolder } from './pro-forma-rows.ts'
import { roundOverTable } from './round-over-table.ts'
import type { ProFormaRight } from './round-rights.ts'
import type { ProFormaWarrant } from './round-warrants.ts'
import type { SolvedRound } from './solve-round.ts'

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
  readonly tokenClassId: Uuid
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
  /** What the first grant buys. */
  readonly compute: ProFormaCompute
  /** What each grant buys, in the order of the terms: that of `compute` first. */
  readonly grants: readonly [ProFormaCompute, ...ProFormaCompute[]]
  /** What all grants buy together, unearned at closing. */
  readonly computeShares: WholeShares
  readonly cash: readonly ProFormaPurchase[]
  /** SAFEs and notes that convert, in the order of the cap table. */
  readonly conversions: readonly ProFormaConversion[]
  /** Rights to take part, in the order of the terms, exercised or not. */
  readonly rights: readonly ProFormaRight[]
  /** Warrants whose price the round fixes, in the order of the terms. They stay outstanding. */
  readonly warrants: readonly ProFormaWarrant[]
  /** How they weigh on the price; `null` where nothing converts. */
  readonly conversionMethod: ConversionMethod | null
  readonly poolIncrease: WholeShares
  /** Shares that are owed at the round's price for what accrues later under SAFEs: its class authorises them too. */
  readonly owed: { readonly className: string; readonly shares: WholeShares }
  /** Reserved and not granted after the round, and as a part of all shares after it. */
  readonly unallocatedAfter: Numeric
  readonly unallocatedAfterPart: Numeric
  readonly holders: readonly ProFormaHolder[]
  /** The founders among the holders together; `null` where the company's data names none who has anything. */
  readonly founders: ProFormaFounders | null
  readonly classes: readonly ProFormaClass[]
  /** One line per holder and class: the finest table. */
  readonly lines: readonly ProFormaLine[]
  readonly risk: ProFormaRisk
  /** Every instrument for compute, earned and maximum: what this round gives, then what earlier ones gave. */
  readonly computeEquity: readonly ProFormaComputeEquity[]
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
  const round = roundOverTable(capitalization, terms, on)
  const { solution, conversions, rights, warrants } = round
  const lines = round.lines()
  const grants = computeOf(terms, solution)
  const computeShares = grants.reduce((sum, { shares }) => sum + shares, 0n)
  const unallocatedAfter = lines.reduce((sum, line) => sum + (line.kind === 'pool' ? line.after : 0n), 0n)
  const before = lines.reduce((sum, line) => sum + line.before, 0n)
  const holders = holderRows(lines)
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
    compute: grants[0],
    grants,
    computeShares,
    cash: cashOf(terms, solution),
    ...{ conversions, warrants },
    rights,
    conversionMethod: conversions.length === 0 ? null : solution.converts.terms.method,
    poolIncrease: solution.poolIncrease,
    owed: { className: standardClass(terms).className, shares: solution.owed },
    unallocatedAfter,
    unallocatedAfterPart: partOf(unallocatedAfter, solution.sharesAfter),
    holders,
    founders: foundersTogether(holders, capitalization.founders ?? [], {
      ...{ before, after: solution.sharesAfter },
      unearned: holders.reduce((sum, row) => sum + row.unearned, 0n),
    }),
    classes: classRows(lines),
    lines,
    risk: riskOf(before, solution.sharesAfter, computeShares),
    computeEquity: computeEquityRows(asCommon(capitalization), terms, solution, conversions),
    notes: proFormaNotes(capitalization, terms, solution, conversions),
  }
}

const inCurrency = (terms: RoundTerms, amount: Numeric): Money => ({ amount, currency: terms.preMoney.currency })
const worth = (price: Numeric, shares: Numeric): Numeric =>
  divide(price * shares, 10n ** BigInt(NUMERIC_PLACES), 'NEAREST')

function computeOf(terms: RoundTerms, { purchases, price }: SolvedRound): ProForma['grants'] {
  const [first, ...further] = grantsOf(terms)
  const results = boughtByGrants(purchases)
  const bought = (grant: GrantTerms): ProFormaCompute => {
    const { shares = 0n, remainder = 0n } = results[grant.ordinal - 1] ?? {}
    const { tokenClassId, tokens, referencePrice } = grant
    return {
      holder: terms.compute.holderName,
      className: terms.security.className,
      amount: computeConsideration(grant),
      shares,
      remainder: inCurrency(terms, remainder),
      tokenClassId,
      tokens,
      referencePrice,
      impliedPrice: inCurrency(terms, divide(shares * price * 10n ** BigInt(TOKEN_PLACES), tokens, 'NEAREST')),
    }
  }
  return [bought(first), ...further.map(bought)]
}

function cashOf(terms: RoundTerms, { purchases }: SolvedRound): readonly ProFormaPurchase[] {
  const bought = boughtForCash(purchases, terms)
  return terms.cashInvestors.map((investor, index) => ({
    holder: investor.name,
    className: (terms.cashSecurity ?? terms.security).className,
    amount: investor.amount,
    shares: bought[index]?.shares ?? 0n,
    remainder: inCurrency(terms, bought[index]?.remainder ?? 0n),
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
