/** What a closing issues for the SAFEs and notes that convert in it, as the pro forma says. */
import { convertSecurities, type NewStockClass } from '../captable/index.ts'
import { formatNumeric, type Trx, type WholeShares } from '../platform/index.ts'
import {
  type LockedRound,
  type ProForma,
  type ProFormaConversion,
  type SecurityTerms,
  shadowSeries,
  standardClass,
} from '../rounds/index.ts'

/** The class to issue: an existing one, or a new one as the terms define it. */
export function classOf(
  security: SecurityTerms,
  forma: Pick<ProForma, 'price'>,
  issued: WholeShares,
): { readonly id: string } | NewStockClass {
  if (!security.newClass && security.stockClassId !== undefined) return { id: security.stockClassId }
  return {
    name: security.className,
    idPrefix: security.idPrefix,
    authorized: security.authorized ?? issued,
    seniority: security.seniority,
    votesPerShare: security.votesPerShare,
    liquidationPreferenceMultiple: security.liquidationPreferenceMultiple,
    participationCapMultiple: security.participationCap,
    pricePerShare: forma.price,
    parValue: security.parValue,
  }
}

/**
 * Every share of a class that the closing issues, for compute, for cash and by conversion, and what it comes to owe of it: to
 * SAFEs for compute, and to the holders of warrants that it prices.
 */
export function sharesOfClass(
  { grants, cash, conversions, rights, owed, warrants }: ProForma,
  className: string,
): WholeShares {
  return [...grants, ...cash, ...conversions, ...rights, owed, ...warrants].reduce(
    (sum, issued) => (issued.className === className ? sum + issued.shares : sum),
    0n,
  )
}

/** A SAFE or a note that became stock. */
export type Converted = {
  readonly securityId: string
  readonly resultingSecurityId: string
  readonly shares: WholeShares
}

/**
 * Converts what the pro forma converts.
 *
 * @param classes ids of the classes that this closing has issued already, by name; what is issued here is added
 * @throws {TransactionRefused} when the cap table does not allow it
 */
export async function issueConversions(
  trx: Trx,
  { companyId, terms }: LockedRound,
  forma: ProForma,
  { date, classes }: { readonly date: string; readonly classes: Map<string, string> },
): Promise<readonly Converted[]> {
  if (forma.conversions.length === 0) return []
  const standard = standardClass(terms)
  const known = classes.get(standard.className)
  const into = new Map<string, { readonly id: string } | NewStockClass>([
    [
      standard.className,
      known === undefined ? classOf(standard, forma, sharesOfClass(forma, standard.className)) : { id: known },
    ],
  ])
  for (const [index, series] of shadowSeries(forma.conversions, standard).entries()) {
    into.set(series.className, shadowClass(standard, series, index + 1))
  }
  const converted = await convertSecurities(trx, {
    companyId,
    date,
    reason: `${terms.name} of ${date}`,
    classes: into,
    conversions: forma.conversions.map((each) => ({
      securityId: each.securityId,
      into: each.className,
      shares: each.shares,
      price: each.price,
      amount: { amount: each.principal.amount + each.interest.amount, currency: each.principal.currency },
      triggerId: each.triggerId,
      words: wordsOf(each),
    })),
  })
  return converted.map(({ securityId, resultingSecurityId, stockClassId }, index) => {
    const { className, shares = 0n } = forma.conversions[index] ?? {}
    if (className !== undefined) classes.set(className, stockClassId)
    return { securityId, resultingSecurityId, shares }
  })
}

/** Like the class that cash buys, but for its price: so its preference is what was paid for each share. */
const shadowClass = (
  standard: SecurityTerms,
  { className, price, shares }: ReturnType<typeof shadowSeries>[number],
  number: number,
): NewStockClass => ({
  name: className,
  idPrefix: `${standard.idPrefix.replace(/-?$/, '')}${number}-`,
  authorized: shares,
  seniority: standard.seniority,
  votesPerShare: standard.votesPerShare,
  liquidationPreferenceMultiple: standard.liquidationPreferenceMultiple,
  participationCapMultiple: standard.participationCap,
  pricePerShare: price,
  parValue: standard.parValue,
})

const AT_WORDS = {
  CAP: 'at the valuation cap',
  DISCOUNT: 'at a discount from the price of the round',
  ROUND_PRICE: 'at the price of the round',
  INSTRUMENT: 'into what the instrument itself states',
} as const

function wordsOf({ at, principal, interest, price, shares }: ProFormaConversion): string {
  const { currency } = principal
  const bearing = interest.amount === 0n ? '' : ` and ${formatNumeric(interest.amount)} ${currency} of interest`
  return `${formatNumeric(principal.amount)} ${currency}${bearing} become ${shares} shares ${AT_WORDS[at]}, ${formatNumeric(price.amount)} ${currency} per share`
}
