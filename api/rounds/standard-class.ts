import type { RoundTerms, SecurityTerms } from './terms.ts'

/** The class that cash buys: what conversions at the round's price and pro rata rights become too. */
export const standardClass = ({ security, cashSecurity }: RoundTerms): SecurityTerms => cashSecurity ?? security
