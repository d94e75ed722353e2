/** What each SAFE and note becomes in a round: price, shares, class, and what decided. Pure. */
import type { Capitalization, ConvertsAt } from '../../captable/index.ts'
import {
  type InputFault,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
  numericOfWhole,
  type Rational,
  roundRational,
  type WholeShares,
} from '../../platform/index.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'
import { standardClass } from '../terms/standard-class.ts'
import type { SecurityTerms } from '../terms/terms.ts'
import type { ProFormaLine } from './pro-forma-lines.ts'
import type { Converting } from './round-conversions.ts'
import type { SolvedRound } from './solve-round.ts'

export type ProFormaConversion = {
  readonly securityId: string
  readonly customId: string
  readonly holderId: string
  readonly holder: string
  readonly instrument: 'NOTE' | 'SAFE' | 'CONVERTIBLE_SECURITY'
  /** Purchase amount or principal. */
  readonly principal: Money
  /** Interest that converts with it, and interest that is due in cash. */
  readonly interest: Money
  readonly interestInCash: Money
  /** True where the note was due before the closing. */
  readonly matured: boolean
  readonly cap: Money | null
  /** What comes off the round's price; 0 for nothing. */
  readonly discount: Numeric
  /** Which of cap, discount and round price decided. */
  readonly at: ConvertsAt
  /** Money per share, to the nearest of ten places, and as a fraction. */
  readonly price: Money
  readonly exactPrice: string
  readonly shares: WholeShares
  readonly remainder: Money
  /** OCF id of the class where it exists already. */
  readonly classId: string | null
  readonly className: string
  readonly triggerId: string
}

export function conversionsOf(terms: PricedTerms, solution: SolvedRound): readonly ProFormaConversion[] {
  const { converting } = solution.converts
  const classes = shadowNames(terms, solution)
  const inCurrency = (amount: Numeric): Money => ({ amount, currency: terms.preMoney.currency })
  const standard = standardClass(terms)
  return converting.map((each, index): ProFormaConversion => {
    const found = solution.conversions[index]
    if (found === undefined) throw new RangeError(`no conversion of ${each.holding.securityId}`)
    const className = classes.get(found.price.toFraction()) ?? standard.className
    return {
      ...instrumentOf(each, inCurrency),
      at: found.at,
      price: inCurrency(roundRational(found.price, NUMERIC_PLACES, 'NEAREST')),
      exactPrice: found.price.toFraction(),
      shares: found.shares,
      remainder: inCurrency(found.remainder),
      classId: className === standard.className ? (standard.stockClassId ?? null) : null,
      className,
      triggerId: each.triggerId,
    }
  })
}

function instrumentOf(
  { holding, convertible, interest, interestInCash, matured }: Converting,
  inCurrency: (amount: Numeric) => Money,
) {
  return {
    securityId: holding.securityId,
    customId: holding.customId ?? holding.securityId,
    holderId: holding.stakeholderId,
    holder: holding.stakeholderName,
    instrument: holding.convertible,
    principal: holding.amount,
    interest: inCurrency(interest),
    interestInCash: inCurrency(interestInCash),
    matured,
    cap: convertible.cap === undefined ? null : inCurrency(convertible.cap.valuation),
    discount: convertible.discount ?? 0n,
  }
}

/**
 * Names of the shadow series by the price they convert at: "Series A Preferred-1" is the cheapest. A conversion at the price
 * that the round's buyers pay needs none.
 */
function shadowNames(terms: PricedTerms, { conversions, converts, exact, price }: SolvedRound): Map<string, string> {
  if (converts.terms.into === 'ROUND_CLASS') return new Map()
  const { className } = standardClass(terms)
  const prices = new Map<string, Rational>()
  for (const { at, price: own } of conversions) {
    if (at === 'ROUND_PRICE') continue
    if (roundRational(own, NUMERIC_PLACES, 'NEAREST') === price || own.equals(exact.price)) continue
    prices.set(own.toFraction(), own)
  }
  const sorted = [...prices.values()].sort((left, right) => left.compare(right))
  return new Map(sorted.map((own, index) => [own.toFraction(), `${className}-${index + 1}`]))
}

/** The classes that conversions create, cheapest first, each with its price and the shares it takes. */
export function shadowSeries(
  conversions: readonly ProFormaConversion[],
  standard: SecurityTerms,
): readonly { readonly className: string; readonly price: Money; readonly shares: WholeShares }[] {
  const found = new Map<string, { className: string; price: Money; shares: WholeShares }>()
  for (const { className, price, shares } of conversions) {
    if (className === standard.className) continue
    const known = found.get(className)
    found.set(className, { className, price, shares: shares + (known?.shares ?? 0n) })
  }
  return [...found.values()].sort((left, right) => (left.price.amount < right.price.amount ? -1 : 1))
}

/** What the holders have after the conversion. */
export const conversionLines = (conversions: readonly ProFormaConversion[]): readonly ProFormaLine[] =>
  conversions.map(({ holderId, holder, classId, className, shares }) => ({
    holderId,
    holder,
    kind: 'stock',
    classId,
    className,
    before: 0n,
    after: numericOfWhole(shares),
    unearned: 0n,
  }))

/** A series that conversions create must not have the name of a class that is there. */
export const shadowMisfits = (
  { classes }: Capitalization,
  terms: PricedTerms,
  conversions: readonly ProFormaConversion[],
): readonly InputFault[] =>
  shadowSeries(conversions, standardClass(terms))
    .filter(({ className }) => classes.some(({ name }) => name === className))
    .map(({ className }) => ({
      path: ['conversions', 'into'],
      reason: `would create "${className}", which is a class already: name the round's class otherwise`,
    }))
