/** What a closing writes of the warrants whose price its round has fixed: from then on each is for a number of shares. */
import { type NewStockClass, reissueWarrants } from '../captable/index.ts'
import { formatNumeric, type Trx } from '../platform/index.ts'
import { type LockedRound, type ProForma, type ProFormaWarrant, standardClass } from '../rounds/index.ts'
import { classOf, sharesOfClass } from './issue-conversions.ts'

/**
 * @param classes ids of the classes that this closing has issued already, by name
 * @throws {TransactionRefused} when the cap table does not allow it
 */
export async function reissuePricedWarrants(
  trx: Trx,
  { companyId, terms }: LockedRound,
  forma: ProForma,
  { date, classes }: { readonly date: string; readonly classes: ReadonlyMap<string, string> },
): Promise<void> {
  if (forma.warrants.length === 0) return
  const standard = standardClass(terms)
  const known = classes.get(standard.className)
  const ofRound =
    known === undefined ? classOf(standard, forma, sharesOfClass(forma, standard.className)) : { id: known }
  const into = new Map<string, { readonly id: string } | NewStockClass>([[OF_ROUND, ofRound]])
  for (const { classId } of forma.warrants) if (classId !== null) into.set(classId, { id: classId })
  await reissueWarrants(trx, {
    ...{ companyId, date, reason: `${terms.name} of ${date}`, classes: into },
    warrants: forma.warrants.map((each) => ({
      ...{ securityId: each.securityId, into: each.classId ?? OF_ROUND, shares: each.shares },
      ...{ price: each.price, words: wordsOf(each) },
    })),
  })
}

/** No id of a class: a warrant without one is to the class of the round. */
const OF_ROUND = ''

const AT_WORDS = {
  CAP: 'at the price of its valuation',
  DISCOUNT: 'at a discount from the price of the round',
  ROUND_PRICE: 'at the price of the round',
  INSTRUMENT: 'as the instrument itself states',
} as const

const wordsOf = ({ at, amount, exactPrice, shares }: ProFormaWarrant): string =>
  `for ${formatNumeric(amount.amount)} ${amount.currency} it is for ${shares} shares, ${AT_WORDS[at]}, ${exactPrice} ${amount.currency} per share`
