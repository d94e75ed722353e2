/**
 * Does the Hart-Scott-Rodino Act make this deal wait? The size-of-transaction test, and between its two thresholds the
 * size-of-person test. What the act also asks (commerce, exemptions of part 802) is left to people: a reportable size is a
 * bar until they show evidence.
 */
import type { Money, Numeric } from '../../../platform/index.ts'
import { dollars } from '../../amount-text.ts'
import type { FactName, FactValue } from '../../fact-catalogue.ts'
import type { Facts } from '../../facts-at-hand.ts'
import { allOf, anyOf, type Known } from '../../kleene.ts'
import { defineRule, type Verdict } from '../../rule.ts'
import { HSR_THRESHOLDS, type HsrThresholds } from './hsr-thresholds.ts'

export const hsrSizeOfTransaction = defineRule<HsrThresholds>({
  id: 'antitrust.hsr_size_of_transaction',
  kind: 'bar',
  title: 'Hart-Scott-Rodino: size of transaction and of persons',
  citation: '15 U.S.C. 18a(a)(2); 16 CFR 801.10, 801.11, 801.13',
  gates: ['propose', 'sign', 'close', 'issue', 'amend'],
  datedBy: 'closing_date',
  facts: ['transaction.value', 'holding.value', 'acquirer.size', 'company.size'],
  table: HSR_THRESHOLDS,
  evidence: [
    // The clearance is good for one year after the waiting period ends. Source: 16 CFR 803.7.
    { id: 'waiting_period_expired', title: 'The waiting period has ended', lapsesAfterYears: 1 },
    { id: 'early_termination', title: 'The agencies ended the waiting period early', lapsesAfterYears: 1 },
    { id: 'not_reportable_opinion', title: 'Written opinion of counsel that no filing is needed, with the exemption' },
  ],
  evaluate: examineSize,
})

function examineSize(facts: Facts, row: HsrThresholds): Verdict {
  const threshold = `Reportable above ${dollars(row.transaction)} if the persons are large enough, above ${dollars(row.transactionWithoutPersonTest)} in any case`
  const deal = facts.value('transaction.value')
  const held = facts.value('holding.value')
  const foreign = [deal, held].find((money) => money !== undefined && money.currency !== 'USD')
  if (foreign !== undefined) {
    return cannotTell(threshold, [`An amount is in ${foreign.currency}; the thresholds are in US dollars.`], [])
  }
  // What is known is a lower bound of what would be held: enough to flag, never enough to clear.
  const known = (deal?.amount ?? 0n) + (held?.amount ?? 0n)
  const missing = [...absent('transaction.value', deal), ...absent('holding.value', held)]
  const sum = `Held as a result: ${amount(deal)} by this deal + ${amount(held)} held before = ${dollars(known)}${missing.length > 0 ? ' or more' : ''}.`
  if (known > row.transactionWithoutPersonTest) {
    const line = `${dollars(known)} > ${dollars(row.transactionWithoutPersonTest)}: reportable whatever the size of the persons.`
    return reportable(threshold, [sum, line])
  }
  if (missing.length > 0) return cannotTell(threshold, [sum], missing)
  if (known <= row.transaction) {
    const line = `${dollars(known)} is not more than ${dollars(row.transaction)}: not reportable by size.`
    return { outcome: 'clear', threshold, arithmetic: [sum, line], missing: [], clearedBy: [] }
  }
  const line = `${dollars(known)} > ${dollars(row.transaction)}, and not more than ${dollars(row.transactionWithoutPersonTest)}: the size-of-person test decides.`
  return examinePersons(facts, row, threshold, [sum, line])
}

/** The size-of-person test of 18a(a)(2)(B)(ii). */
function examinePersons(facts: Facts, row: HsrThresholds, threshold: string, before: readonly string[]): Verdict {
  const buyer = facts.value('acquirer.size')
  const company = facts.value('company.size')
  const [small, large] = [row.smallPerson, row.largePerson]
  const buyerLarge = anyOf(atLeast(buyer?.totalAssets, large), atLeast(buyer?.annualNetSales, large))
  const buyerSmall = anyOf(atLeast(buyer?.totalAssets, small), atLeast(buyer?.annualNetSales, small))
  const companyLarge = anyOf(atLeast(company?.totalAssets, large), atLeast(company?.annualNetSales, large))
  // (I) and (II): sales count towards the small test only for a person engaged in manufacturing.
  const companySmall = anyOf(
    atLeast(company?.totalAssets, small),
    allOf(company?.manufacturing ?? undefined, atLeast(company?.annualNetSales, small)),
  )
  const met = anyOf(allOf(buyerLarge, companySmall), allOf(buyerSmall, companyLarge))
  const arithmetic = [
    ...before,
    `Acquiring person: ${size(buyer)}. At least ${dollars(large)}: ${word(buyerLarge)}; at least ${dollars(small)}: ${word(buyerSmall)}.`,
    `Acquired person: ${size(company)}, ${trade(company)}. At least ${dollars(large)}: ${word(companyLarge)}; at least ${dollars(small)} (sales count only in manufacturing): ${word(companySmall)}.`,
  ]
  if (met === true) return reportable(threshold, [...arithmetic, 'The size-of-person test is met: reportable.'])
  if (met === false) {
    const line = 'The size-of-person test is not met: not reportable by size.'
    return { outcome: 'clear', threshold, arithmetic: [...arithmetic, line], missing: [], clearedBy: [] }
  }
  const missing: FactName[] = []
  if (buyerLarge === undefined || buyerSmall === undefined) missing.push('acquirer.size')
  if (companyLarge === undefined || companySmall === undefined) missing.push('company.size')
  return cannotTell(threshold, [...arithmetic, 'What is known does not decide the size-of-person test.'], missing)
}

function reportable(threshold: string, arithmetic: readonly string[]): Verdict {
  return {
    outcome: 'flag',
    threshold,
    arithmetic: [...arithmetic, 'No exemption was considered.'],
    missing: [],
    clearedBy: [
      'Evidence that the waiting period (30 days after both filings, 15 U.S.C. 18a(b)(1)) ended or was ended early.',
      'A written opinion of counsel that the deal is exempt.',
      'Terms under which less is held as a result.',
    ],
  }
}

function cannotTell(threshold: string, arithmetic: readonly string[], missing: readonly FactName[]): Verdict {
  const facts =
    missing.length > 0 ? [`Record ${missing.join(', ')}, with source and date.`] : ['Record the amounts in US dollars.']
  return {
    outcome: 'cannot_tell',
    threshold,
    arithmetic,
    missing,
    clearedBy: [...facts, 'Or evidence as for a reportable deal.'],
  }
}

type Size = Omit<FactValue<'company.size'>, 'manufacturing'>

/** A size in another currency is not known in dollars. */
function atLeast(money: Money | null | undefined, threshold: Numeric): Known {
  if (money === null || money === undefined || money.currency !== 'USD') return undefined
  return money.amount >= threshold
}

const absent = (name: FactName, value: Money | undefined): FactName[] => (value === undefined ? [name] : [])
const amount = (money: Money | null | undefined): string =>
  money === undefined || money === null
    ? 'not known'
    : money.currency === 'USD'
      ? dollars(money.amount)
      : `an amount in ${money.currency}`
const size = (person: Size | undefined): string =>
  person === undefined
    ? 'size not known'
    : `total assets ${amount(person.totalAssets)}, annual net sales ${amount(person.annualNetSales)}`
const trade = (company: FactValue<'company.size'> | undefined): string => {
  if (company === undefined || company.manufacturing === null) return 'manufacturing or not is not known'
  return company.manufacturing ? 'engaged in manufacturing' : 'not engaged in manufacturing'
}
const word = (known: Known): string => (known === undefined ? 'not known' : known ? 'yes' : 'no')
