import type { RoundTerms } from './terms-shape.ts'

/**
 * What the price, the shares and the conversions of a round follow from. A round that sells for cash alone has nothing else,
 * and no `compute`: nothing of a grant belongs to it.
 */
export type PricedTerms = Pick<
  RoundTerms,
  | 'closingDate'
  | 'security'
  | 'cashSecurity'
  | 'preMoney'
  | 'priceRounding'
  | 'sharesFromRoundedPrice'
  | 'shareRounding'
  | 'poolRounding'
  | 'pool'
  | 'cashInvestors'
  | 'conversions'
  | 'proRataRights'
  | 'promisedOptions'
  | 'unearnedCompute'
  | 'instrument'
> & {
  readonly compute?: RoundTerms['compute'] | undefined
  readonly furtherGrants?: RoundTerms['furtherGrants'] | undefined
}
