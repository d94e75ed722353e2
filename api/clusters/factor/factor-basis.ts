/** What a factor rests on. Public factors of these kinds disagree, so it is a term of the contract which one holds. */
export const FACTOR_BASES = ['flops', 'price', 'benchmark', 'contract'] as const
export type FactorBasis = (typeof FACTOR_BASES)[number]

/** @throws {RangeError} for a text that the table does not allow */
export function factorBasis(text: string): FactorBasis {
  const basis = FACTOR_BASES.find((each) => each === text)
  if (basis === undefined) throw new RangeError(`no factor rests on ${text}`)
  return basis
}
