/** How many H100-hours a GPU-hour counts, for pools that the document does not name since they come later. */
import { z } from 'zod'
import { FACTOR_BASES, type FactorBasis } from '../../clusters/index.ts'

/**
 * `BOTH_SIGN`: a later pool is booked once its factor is signed for the company too. `BASIS`: a later pool's factor holds at
 * once where it rests on the basis that is agreed on here. Pools that the document names keep the factor it states.
 */
export const FactorTerms = z.discriminatedUnion(
  'laterPools',
  [
    z.strictObject({ laterPools: z.literal('BOTH_SIGN') }),
    z.strictObject({ laterPools: z.literal('BASIS'), basis: z.enum(FACTOR_BASES) }),
  ],
  { error: 'must be BOTH_SIGN, or BASIS with basis' },
)
export type FactorTerms = z.output<typeof FactorTerms>

/** The basis that later pools may rest on without a signature; null where each is signed. */
export const laterBasis = (terms: FactorTerms): FactorBasis | null =>
  terms.laterPools === 'BASIS' ? terms.basis : null
