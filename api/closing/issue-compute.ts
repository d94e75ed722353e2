/** What a closing issues or opens against compute: vesting stock, a series of tranches, a warrant or a SAFE, as the terms say. */
import {
  issueUnearned,
  type NewStockClass,
  openSafe,
  openStaged,
  openWarrant,
  type Recipient,
} from '../captable/index.ts'
import {
  canonicalJson,
  formatNumeric,
  formatTokens,
  type Money,
  type Trx,
  type WholeShares,
} from '../platform/index.ts'
import { type GrantTerms, type LockedRound, purchaseCents, type SafeTerms } from '../rounds/index.ts'

/** One grant's equity. */
export type ComputeIssue = {
  readonly grant: Pick<GrantTerms, 'tokens' | 'referencePrice' | 'vesting'>
  readonly shares: WholeShares
  /** Tokens times the reference price. */
  readonly amount: Money
  /** Per share. */
  readonly price: Money
  readonly date: string
  readonly stakeholder: Recipient
  readonly stockClass: { readonly id: string } | NewStockClass
}

export type IssuedCompute = {
  readonly securityId: string
  /** `null` of a SAFE. */
  readonly stockClassId: string | null
  readonly stakeholderId: string
}

/**
 * Issues or opens the fund's equity for one grant. `securityId` is what grant and lot name.
 *
 * @throws {TransactionRefused} when the cap table does not allow it
 */
export async function issueCompute(
  trx: Trx,
  { companyId, terms }: Pick<LockedRound, 'companyId' | 'terms'>,
  issue: ComputeIssue,
): Promise<IssuedCompute> {
  const { instrument } = terms
  if (instrument?.kind === 'SAFE') return issueSafe(trx, { companyId, terms }, instrument, issue)
  const { stakeholder, stockClass, price, date, grant } = issue
  const common = {
    companyId,
    stakeholder,
    stockClass,
    quantity: issue.shares,
    sharePrice: price,
    date,
    considerationText: considerationText(terms.unearned.basis, issue),
  }
  const what = instrument?.kind === 'PENNY_WARRANT' ? 'Shares under the warrant' : 'Shares'
  const vesting = {
    allocation: grant.vesting.allocation,
    description: `${what} are earned as H100-hours count towards the basis "${grant.vesting.basis}".`,
  }
  if (instrument?.kind === 'PENNY_WARRANT') {
    const { exercisePrice, expiresOn } = instrument
    return openWarrant(trx, { ...common, exercisePrice, expiresOn, vesting })
  }
  if (terms.unearned.basis === 'staged') return openStaged(trx, common)
  return issueUnearned(trx, { ...common, vesting })
}

/**
 * What the shares are issued for, in a form that a machine reads. On partly paid shares the total and the paid
 * consideration are stated (8 Del. C. § 156).
 */
const considerationText = (
  basis: LockedRound['terms']['unearned']['basis'],
  { grant, amount }: Pick<ComputeIssue, 'grant' | 'amount'>,
): string =>
  canonicalJson({
    agreedRate: { amount: formatNumeric(grant.referencePrice.amount), currency: grant.referencePrice.currency },
    agreedValue: { amount: formatNumeric(amount.amount), currency: amount.currency },
    quantity: formatTokens(grant.tokens),
    type: 'COMPUTE',
    unit: 'H100_HOUR',
    ...(basis === 'partly_paid' ? { paidAtIssue: '0', partlyPaid: true } : {}),
  })

async function issueSafe(
  trx: Trx,
  { companyId, terms }: Pick<LockedRound, 'companyId' | 'terms'>,
  { cap, capBase, discount, rest }: SafeTerms,
  issue: ComputeIssue,
): Promise<IssuedCompute> {
  const { grant, amount, stakeholder } = issue
  const { securityId, stakeholderId } = await openSafe(trx, {
    companyId,
    stakeholder,
    considerationText: considerationText(terms.unearned.basis, issue),
    cents: purchaseCents(grant),
    currency: amount.currency,
    safe: {
      cap: cap === undefined || capBase === undefined ? null : { valuation: cap.amount, base: capBase },
      discount: discount ?? null,
      rest,
    },
  })
  return { securityId, stockClassId: null, stakeholderId }
}
