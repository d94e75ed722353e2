import type { PricedTerms } from './priced-terms.ts'
import type { SecurityTerms } from './terms-shape.ts'

/** The class that cash buys: what conversions at the round's price and pro rata rights become too. */
export const standardClass = ({
  security,
  cashSecurity,
}: Pick<PricedTerms, 'security' | 'cashSecurity'>): SecurityTerms => cashSecurity ?? security
