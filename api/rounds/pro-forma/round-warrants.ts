/** Warrants whose price the round fixes: how many shares each then is for, for the money that the terms name. Pure. */
import {
  type Capitalization,
  type CapitalizationHolding,
  type Conversion,
  type Convertible,
  type ConvertsAt,
  type PricedWarrant,
  pricedWarrant,
} from '../../captable/index.ts'
import {
  type InputFault,
  type Money,
  NUMERIC_PLACES,
  type Numeric,
  numericOfWhole,
  roundRational,
  type WholeShares,
} from '../../platform/index.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'
import { standardClass } from '../terms/standard-class.ts'
import type { ConversionTerms, WarrantTerms } from '../terms/terms-conversions.ts'
import type { ProFormaLine } from './pro-forma-lines.ts'

type Warrant = Extract<CapitalizationHolding, { kind: 'warrant' }>

/** A warrant, for the solver as what it weighs like: money that takes shares at a price that the round fixes. */
export type RoundWarrant = {
  readonly holding: Warrant
  readonly convertible: Convertible
  /** The class that it is to; `undefined` for that of the round. */
  readonly intoClassId: string | undefined
}

/** One warrant and what the round makes of it. It stays outstanding: nobody has exercised it. */
export type ProFormaWarrant = {
  readonly securityId: string
  readonly customId: string
  readonly holderId: string
  readonly holder: string
  /** What it buys shares for. */
  readonly amount: Money
  readonly at: ConvertsAt
  /** Money per share, to the nearest of ten places, and as a fraction. */
  readonly price: Money
  readonly exactPrice: string
  readonly shares: WholeShares
  /** OCF id of the class where it exists already. */
  readonly classId: string | null
  readonly className: string
}

const ONE: Numeric = 10n ** BigInt(NUMERIC_PLACES)

/** Every warrant that the terms list, or the terms to change, all at once. */
export function roundWarrants(
  capitalization: Capitalization,
  { conversions, preMoney }: PricedTerms,
): { readonly warrants: readonly RoundWarrant[]; readonly faults: readonly InputFault[] } {
  const faults: InputFault[] = []
  const warrants = (conversions?.warrants ?? []).flatMap((terms, index): RoundWarrant[] => {
    const found = warrantOf(capitalization, terms, conversions, preMoney.currency)
    if (!('reason' in found)) return [found]
    faults.push({ path: ['conversions', 'warrants', index, ...found.at], reason: found.reason })
    return []
  })
  return { warrants, faults }
}

type Misfit = { readonly at: InputFault['path']; readonly reason: string }

function warrantOf(
  { holdings, classes, uncounted }: Capitalization,
  { securityId, amount, capBase }: WarrantTerms,
  group: ConversionTerms | undefined,
  currency: string,
): RoundWarrant | Misfit {
  const holding = holdings.find((held): held is Warrant => held.kind === 'warrant' && held.securityId === securityId)
  const expired = uncounted?.find((one) => one.securityId === securityId && one.why === 'EXPIRED')
  if (expired !== undefined) return { at: ['securityId'], reason: `is a warrant that expired on ${expired.expiredOn}` }
  if (holding === undefined) return { at: ['securityId'], reason: 'is no outstanding warrant' }
  if (holding.fixed) return { at: ['securityId'], reason: 'is a warrant whose number is known already' }
  const priced = pricedWarrant(holding.triggers ?? [])
  if ('reason' in priced) return { at: ['securityId'], reason: priced.reason }
  const { intoClassId } = priced
  const ratio = classes.find(({ id }) => id === intoClassId)?.ratio
  if (ratio !== undefined && ratio.numerator !== ratio.denominator) {
    return { at: ['securityId'], reason: 'is to a class that does not convert one to one' }
  }
  const decided = decidedBy(priced, capBase ?? group?.capBase, currency)
  if ('reason' in decided) return decided
  return {
    holding,
    intoClassId,
    convertible: { id: warrantId(securityId), amount: amount.amount, ...decided, invested: false },
  }
}

/** Told apart from convertibles: ids of both are those of the company's data. */
export const warrantId = (securityId: string): string => `warrant ${securityId}`

function decidedBy(
  { price }: PricedWarrant,
  said: ConversionTerms['capBase'],
  currency: string,
): Pick<Convertible, 'cap' | 'discount'> | Misfit {
  if (price.kind === 'ROUND_PRICE') {
    if (price.discount >= ONE) return { at: ['securityId'], reason: 'has a discount of 100% or more' }
    return price.discount === 0n ? {} : { discount: price.discount }
  }
  const { valuation, kind } = price
  const base = price.capBase ?? said
  if (base === undefined) {
    return { at: ['capBase'], reason: 'is missing: nobody says by what the valuation is divided' }
  }
  if (valuation.currency !== currency) return { at: ['securityId'], reason: `has a valuation in ${valuation.currency}` }
  if (valuation.amount <= 0n) return { at: ['securityId'], reason: 'has a valuation that is not more than zero' }
  return { cap: { valuation: valuation.amount, base, alone: kind === 'FIXED' } }
}

/** A warrant that the round has solved. */
export type SolvedWarrant = RoundWarrant & { readonly found: Conversion }

export function proFormaWarrants(
  { classes }: Pick<Capitalization, 'classes'>,
  terms: PricedTerms,
  solved: readonly SolvedWarrant[],
): readonly ProFormaWarrant[] {
  const { currency } = terms.preMoney
  const standard = standardClass(terms)
  return solved.map(({ holding, convertible, intoClassId, found }) => ({
    securityId: holding.securityId,
    customId: holding.customId ?? holding.securityId,
    holderId: holding.stakeholderId,
    holder: holding.stakeholderName,
    amount: { amount: convertible.amount, currency },
    at: found.at,
    price: { amount: roundRational(found.price, NUMERIC_PLACES, 'NEAREST'), currency },
    exactPrice: found.price.toFraction(),
    shares: found.shares,
    classId: intoClassId ?? standard.stockClassId ?? null,
    className: classes.find(({ id }) => id === intoClassId)?.name ?? standard.className,
  }))
}

/** What the holders may buy once the round has fixed the price. */
export const warrantLines = (warrants: readonly ProFormaWarrant[]): readonly ProFormaLine[] =>
  warrants.map(({ holderId, holder, classId, className, shares }) => ({
    ...{ holderId, holder, kind: 'warrant', classId, className: `Warrants, ${className}` },
    ...{ before: 0n, after: numericOfWhole(shares), unearned: 0n },
  }))
