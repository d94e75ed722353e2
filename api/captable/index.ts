/** What other capabilities may use of the cap table. */
export type {
  Authorized,
  Capitalization,
  CapitalizationClass,
  CapitalizationHolding,
  CapitalizationPool,
} from './capitalization.ts'
