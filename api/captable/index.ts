/** What other capabilities may use of the cap table. */
export type {
  Authorized,
  Capitalization,
  CapitalizationClass,
  CapitalizationHolding,
  CapitalizationPool,
} from './capitalization.ts'
export {
  type PoolTerms,
  type PricedRound,
  type PricedRoundInput,
  type Purchase,
  type PurchaseResult,
  solvePricedRound,
  type Unsolvable,
} from './priced-round.ts'
