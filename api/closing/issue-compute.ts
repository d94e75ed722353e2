/** What a closing issues against compute: vesting stock, a series of tranches, or a warrant, as the terms say. */
import { issueUnearned, openStaged, openWarrant } from '../captable/index.ts'
import { canonicalJson, formatNumeric, formatTokens, type Trx } from '../platform/index.ts'
import type { LockedRound, ProForma } from '../rounds/index.ts'
import { classOf, sharesOfClass } from './issue-conversions.ts'

/**
 * Issues or opens the fund's equity. `securityId` is what grant and lot name.
 *
 * @throws {TransactionRefused} when the cap table does not allow it
 */
export async function issueCompute(
  trx: Trx,
  round: LockedRound,
  forma: ProForma,
  date: string,
): Promise<{ securityId: string; stockClassId: string }> {
  const { companyId, terms } = round
  const { security, instrument, compute } = terms
  const common = {
    companyId,
    stakeholder:
      compute.stakeholderId === undefined
        ? { legalName: compute.holderName, type: 'INSTITUTION' as const }
        : { id: compute.stakeholderId },
    stockClass: classOf(security, forma, sharesOfClass(forma, security.className)),
    quantity: forma.compute.shares,
    sharePrice: forma.price,
    date,
    considerationText: considerationText(round, forma),
  }
  const what = instrument?.kind === 'PENNY_WARRANT' ? 'Shares under the warrant' : 'Shares'
  const vesting = {
    allocation: terms.vesting.allocation,
    description: `${what} are earned as H100-hours count towards the basis "${terms.vesting.basis}".`,
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
const considerationText = ({ terms }: LockedRound, forma: ProForma): string =>
  canonicalJson({
    agreedRate: {
      amount: formatNumeric(terms.compute.referencePrice.amount),
      currency: terms.compute.referencePrice.currency,
    },
    agreedValue: { amount: formatNumeric(forma.compute.amount.amount), currency: forma.compute.amount.currency },
    quantity: formatTokens(terms.compute.tokens),
    type: 'COMPUTE',
    unit: 'H100_HOUR',
    ...(terms.unearned.basis === 'partly_paid' ? { paidAtIssue: '0', partlyPaid: true } : {}),
  })
