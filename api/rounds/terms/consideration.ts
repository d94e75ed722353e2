import { divide, type MicroTokens, type Money, TOKEN_PLACES } from '../../platform/index.ts'

type Priced = { readonly tokens: MicroTokens; readonly referencePrice: Money }
/** What of terms says how much compute the first closing brings. */
export type ComputeOfTerms = {
  readonly compute: Priced
  readonly furtherGrants?:
    | readonly (Pick<Priced, 'tokens'> & { readonly referencePrice?: Money | undefined })[]
    | undefined
}

/**
 * What the fund pays in compute by one grant: tokens times the reference price per token, rounded down once to the ten
 * places that money has. The acquisition price of the shares, not a fair value of the compute.
 */
export function computeConsideration({ tokens, referencePrice }: Priced): Money {
  const amount = divide(tokens * referencePrice.amount, 10n ** BigInt(TOKEN_PLACES), 'DOWN')
  return { amount, currency: referencePrice.currency }
}

/** The same of all grants of the first closing, each rounded by itself. */
export function allComputeConsideration({ compute, furtherGrants = [] }: ComputeOfTerms): Money {
  const all = considerations({ compute, furtherGrants })
  return { amount: all.reduce((sum, one) => sum + one.amount, 0n), currency: compute.referencePrice.currency }
}

/** Tokens of all grants of the first closing. */
export const allComputeTokens = ({ compute, furtherGrants = [] }: ComputeOfTerms): MicroTokens =>
  [compute, ...furtherGrants].reduce((sum, { tokens }) => sum + tokens, 0n)

/** What is paid by each grant, in the order of the terms. */
export const considerations = ({ compute, furtherGrants = [] }: ComputeOfTerms): readonly Money[] =>
  [compute, ...furtherGrants].map(({ tokens, referencePrice = compute.referencePrice }) =>
    computeConsideration({ tokens, referencePrice }),
  )
