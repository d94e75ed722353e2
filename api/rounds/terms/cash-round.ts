/** The shape of a round for cash alone: the terms that its price and shares follow from, and none of a grant. */
import type { z } from 'zod'
import { TermsShape } from './terms-shape.ts'
import { writePriced } from './terms-wire.ts'

export const CashRoundShape = TermsShape.pick({
  name: true,
  closingDate: true,
  /** What cash buys. */
  security: true,
  preMoney: true,
  priceRounding: true,
  sharesFromRoundedPrice: true,
  shareRounding: true,
  poolRounding: true,
  pool: true,
  conversions: true,
  proRataRights: true,
  promisedOptions: true,
  unearnedCompute: true,
}).extend({
  cashInvestors: TermsShape.shape.cashInvestors
    .unwrap()
    .min(1, { error: 'must name at least one investor: nobody else buys anything' }),
})

export type CashRound = z.output<typeof CashRoundShape>
export type CashRoundWire = z.input<typeof CashRoundShape>

/** Back on the wire, every default written out, in the one canonical form. */
export function writeCashRound(terms: CashRound): CashRoundWire {
  const { security, preMoney, pool, cashInvestors, conversions, proRataRights, promisedOptions, ...plain } = terms
  return { ...plain, ...writePriced(terms) }
}
