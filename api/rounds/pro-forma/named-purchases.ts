/** What the terms name as bought: for compute, and for cash by each investor. Pure. */
import type { Purchase, PurchaseResult } from '../../captable/index.ts'
import { considerations } from '../terms/consideration.ts'
import type { PricedTerms } from '../terms/priced-terms.ts'

/** Ids of the purchases that grants make, by their place; cash investors are named by their place in the terms. */
const COMPUTE = 'compute '
const grantId = (index: number): string => `${COMPUTE}${index}`
/** Of the grant of `compute`. */
export const FIRST_GRANT = grantId(0)

/** Which grant a purchase is of, from 0; `undefined` where it is none of a grant. */
export const grantOfPurchase = (id: string): number | undefined =>
  id.startsWith(COMPUTE) ? Number(id.slice(COMPUTE.length)) : undefined

type Named = Pick<PricedTerms, 'compute' | 'furtherGrants' | 'cashInvestors'>

export const namedPurchases = ({ compute, furtherGrants, cashInvestors }: Named): readonly Purchase[] => [
  ...(compute === undefined ? [] : considerations({ compute, furtherGrants })).map(({ amount }, index) => ({
    id: grantId(index),
    amount,
  })),
  ...cashInvestors.map(({ amount }, index) => ({ id: String(index), amount: amount.amount })),
]

/** What compute bought, by all grants together; nothing where the round has none. */
export function boughtForCompute(purchases: readonly PurchaseResult[]): Pick<PurchaseResult, 'shares'> | undefined {
  const bought = purchases.filter(({ id }) => grantOfPurchase(id) !== undefined)
  return bought.length === 0 ? undefined : { shares: bought.reduce((sum, { shares }) => sum + shares, 0n) }
}

/** What each grant bought, in the order of the terms. */
export const boughtByGrants = (purchases: readonly PurchaseResult[]): readonly PurchaseResult[] =>
  purchases
    .filter(({ id }) => grantOfPurchase(id) !== undefined)
    .sort((a, b) => Number(grantOfPurchase(a.id)) - Number(grantOfPurchase(b.id)))

/** What the cash investors of the terms bought, in their order. */
export const boughtForCash = (
  purchases: readonly PurchaseResult[],
  { cashInvestors }: Pick<Named, 'cashInvestors'>,
): readonly (PurchaseResult | undefined)[] =>
  cashInvestors.map((_, index) => purchases.find(({ id }) => id === String(index)))
