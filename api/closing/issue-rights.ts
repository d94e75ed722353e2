/** What a closing issues to holders of pro rata rights, as the pro forma says. */
import { issueShares } from '../captable/index.ts'
import { formatNumeric, type Trx } from '../platform/index.ts'
import { type LockedRound, type ProForma, standardClass } from '../rounds/index.ts'
import { classOf, sharesOfClass } from './issue-conversions.ts'

/**
 * Issues the shares bought by right, each paid in cash.
 *
 * @param classes ids of the classes that this closing has issued already, by name; what is issued here is added
 * @throws {TransactionRefused} when the cap table does not allow it
 */
export async function issueRights(
  trx: Trx,
  { companyId, terms }: LockedRound,
  forma: ProForma,
  { date, classes }: { readonly date: string; readonly classes: Map<string, string> },
): Promise<void> {
  const standard = standardClass(terms)
  for (const right of forma.rights) {
    if (right.shares === 0n) continue
    const known = classes.get(right.className)
    const { stockClassId } = await issueShares(trx, {
      companyId,
      stakeholder: { id: right.holderId },
      stockClass: known === undefined ? classOf(standard, forma, sharesOfClass(forma, right.className)) : { id: known },
      quantity: right.shares,
      sharePrice: forma.price,
      date,
      considerationText: `${formatNumeric(right.amount.amount)} ${right.amount.currency}, by right`,
    })
    classes.set(right.className, stockClassId)
  }
}
