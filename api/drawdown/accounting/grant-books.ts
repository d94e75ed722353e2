/** What each month of a grant books, for the provider and for the company. Pure; signals for accountants, not their judgement. */
import { formatNumeric, type MicroTokens, type Money, type Uuid } from '../../platform/index.ts'
import { companyExpense, providerRevenue } from './accounting.ts'

/** A month as its statement says it, cumulative at its end. */
export type MonthOfUse = {
  /** `2027-01`. */
  readonly month: string
  /** Tokens whose compute was provided: those charged for a cause that lets the shares be retained. */
  readonly provided: MicroTokens
  /** Vest basis: of a grant that vests by releases, tokens released. */
  readonly basis: MicroTokens
}
/** The terms of a grant that accounts depend on. */
export type GrantTerms = {
  readonly grantId: Uuid
  readonly granted: MicroTokens
  /**
   * Whether unused tokens take back the shares that they would have earned. Where releases earn them, what was released is
   * not forfeitable any more, used or not.
   */
  readonly forfeitable: boolean
}
export type JournalLine = {
  readonly month: string
  readonly grant: Uuid
  readonly books: 'provider' | 'company'
  readonly account: string
  readonly debit: string
  readonly credit: string
  readonly currency: string
  readonly source: string
}
/** Cumulative amounts at the end of a month, in ten places of the currency of their consideration. */
export type MonthOfBooks = {
  readonly month: string
  readonly provided: MicroTokens
  /** Null without a consideration: nothing measured is not zero. */
  readonly providerRevenue: bigint | null
  /** What the provider owes for shares that are retained in any case; null where shares are forfeitable or not measured. */
  readonly providerLiability: bigint | null
  readonly companyExpense: bigint
  /** Compute that is paid for and not received: only where shares are not forfeitable. */
  readonly companyPrepaid: bigint
}

const BY_STANDARD = { provider: 'ASC 606-10-32-21', company: 'ASC 718-10-25-2C', prepaid: 'ASC 718-10-35-1B' } as const

/**
 * The months of a grant in both books. The provider's consideration is the fair value of the shares at contract inception;
 * `null` where no approved mark says it, and then the provider's books stay empty.
 */
export function grantBooks(
  terms: GrantTerms,
  months: readonly MonthOfUse[],
  consideration: { readonly provider: Money | null; readonly company: Money },
): { readonly months: readonly MonthOfBooks[]; readonly lines: readonly JournalLine[] } {
  const ofProvider = booksOf('provider', terms, months, consideration.provider)
  const ofCompany = booksOf('company', terms, months, consideration.company)
  return {
    months: months.map(({ month, provided }, index) => {
      const [provider, company] = [ofProvider[index], ofCompany[index]]
      return {
        month,
        provided,
        providerRevenue: provider?.recognised ?? null,
        providerLiability: terms.forfeitable || provider === undefined ? null : provider.received - provider.recognised,
        companyExpense: company?.recognised ?? 0n,
        companyPrepaid: company === undefined || terms.forfeitable ? 0n : company.received - company.recognised,
      }
    }),
    lines: months.flatMap((_, index) => [...(ofProvider[index]?.lines ?? []), ...(ofCompany[index]?.lines ?? [])]),
  }
}

/** One side's books: what was recognised for compute, and what was received ahead of it, cumulative by month. */
function booksOf(
  books: JournalLine['books'],
  { grantId, granted, forfeitable }: GrantTerms,
  months: readonly MonthOfUse[],
  consideration: Money | null,
) {
  if (consideration === null) return []
  const contract = { granted, consideration }
  const cumulative = (tokens: MicroTokens) =>
    books === 'provider'
      ? providerRevenue(contract, tokens).revenue
      : companyExpense(contract, tokens, forfeitable).expense
  let [recognised, received] = [0n, 0n]
  return months.map(({ month, provided, basis }) => {
    const lines: JournalLine[] = []
    const book = (debit: string, credit: string, by: bigint, source: string) => {
      if (by === 0n) return
      const line = { month, grant: grantId, books, currency: consideration.currency, source }
      lines.push({ ...line, account: debit, debit: signed(by), credit: '0' })
      lines.push({ ...line, account: credit, debit: '0', credit: signed(by) })
    }
    // What releases earned is kept, so it is received before the compute is; it is never less than what was provided.
    const [now, kept] = [cumulative(provided), cumulative(basis > provided ? basis : provided)]
    if (books === 'provider') {
      if (!forfeitable) book('shares received', 'contract liability: hours owed', kept - received, BY_STANDARD.provider)
      const from = forfeitable ? 'contract asset: shares to be retained' : 'contract liability: hours owed'
      book(from, 'revenue from compute', now - recognised, BY_STANDARD.provider)
    } else {
      if (!forfeitable) book('prepaid compute', 'additional paid-in capital', kept - received, BY_STANDARD.prepaid)
      const from = forfeitable ? 'additional paid-in capital' : 'prepaid compute'
      book('cost of compute', from, now - recognised, BY_STANDARD.company)
    }
    ;[recognised, received] = [now, kept]
    return { recognised, received, lines }
  })
}

const signed = (amount: bigint): string => (amount < 0n ? `-${formatNumeric(-amount)}` : formatNumeric(amount))
