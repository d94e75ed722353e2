/** Rolling closings: whether more closings may follow the first, how much they may bring in all, and until when. */
import { z } from 'zod'
import { formatNumeric, type InputFault, type Money, zIsoDate, zMoney } from '../../platform/index.ts'
import { allComputeConsideration, type ComputeOfTerms } from './consideration.ts'

export const Rolling = z.strictObject({
  /** Most that all closings may bring, the first included: cash, and compute at its reference price. */
  maximum: zMoney,
  /** The last day on which a closing may be held. */
  outsideDate: zIsoDate,
})
export type RollingTerms = z.output<typeof Rolling>

export const writeRolling = ({ maximum, outsideDate }: RollingTerms) => ({
  maximum: { amount: formatNumeric(maximum.amount), currency: maximum.currency },
  outsideDate,
})

type Bought = ComputeOfTerms & {
  readonly cashInvestors: readonly { readonly amount: Money }[]
}
type InHand = Partial<Bought> & {
  readonly rolling?: RollingTerms | undefined
  readonly preMoney?: Money
  readonly closingDate?: string
  readonly longStop?: string
  readonly instrument?: { readonly kind: string } | undefined
  readonly unearned?: { readonly basis: string } | undefined
  readonly security?: { readonly newClass: boolean; readonly authorized?: bigint | undefined }
}

/** What the first closing brings: cash, and the compute of every grant at its reference price. */
export function firstConsideration({ compute, furtherGrants, cashInvestors }: Bought): Money {
  const { amount, currency } = allComputeConsideration({ compute, furtherGrants })
  return { amount: cashInvestors.reduce((sum, one) => sum + one.amount.amount, amount), currency }
}

/** Every contradiction of the rolling terms with the others. */
export function* rollingFaults(terms: InHand): Iterable<InputFault> {
  const { rolling, preMoney, compute, furtherGrants, cashInvestors, closingDate, longStop, security } = terms
  if (rolling === undefined) return
  if (preMoney !== undefined && rolling.maximum.currency !== preMoney.currency) {
    yield { path: ['rolling', 'maximum', 'currency'], reason: `is not ${preMoney.currency}: a round has one currency` }
  }
  if (compute !== undefined && cashInvestors !== undefined) {
    const first = firstConsideration({ compute, furtherGrants, cashInvestors })
    if (rolling.maximum.amount < first.amount) {
      const reason = `is less than the first closing brings, ${formatNumeric(first.amount)}`
      yield { path: ['rolling', 'maximum', 'amount'], reason }
    }
  }
  if (closingDate !== undefined && rolling.outsideDate < closingDate) {
    yield { path: ['rolling', 'outsideDate'], reason: `is before the first closing on ${closingDate}` }
  }
  if (longStop !== undefined && rolling.outsideDate >= longStop) {
    yield { path: ['rolling', 'outsideDate'], reason: `must be before the long-stop date ${longStop}` }
  }
  if (terms.instrument?.kind === 'PENNY_WARRANT' || terms.unearned?.basis === 'staged') {
    yield { path: ['rolling'], reason: 'is given, but later closings issue vesting stock, which this round does not' }
  }
  if (security?.newClass === true && security.authorized === undefined) {
    yield { path: ['security', 'authorized'], reason: 'is missing: later closings issue more shares of the class' }
  }
}
