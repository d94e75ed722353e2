/** The first half of a term sheet: who, what, at which price, and what it does to the cap table. */
import { foundersIn, ownershipChart } from '../charts/ownership.ts'
import { column, counted, date, grouped, listed, type MoneyText, money, percent, sum } from '../format.ts'
import { shareWords } from '../headline.ts'
import type { Clauses } from './clauses.ts'
import { defined, type Rich, rich } from './rich-text.ts'
import type { Row } from './table.ts'
import { conversions, pricedWarrants } from './term-sheet-conversions.ts'
import { grantedShares, grantPrices, grantsOnPaper, hourPriceWords } from './term-sheet-grants.ts'
import type { Holding, TermSheet } from './term-sheet-input.ts'
import { rights } from './term-sheet-rights.ts'
import {
  affiliationWords,
  BASIS_WORDS,
  formWords,
  preferenceWords,
  releaseWords,
  roundingWords,
} from './term-sheet-words.ts'

export function parties(clauses: Clauses, sheet: TermSheet): void {
  const { company, fund, provider, safe } = sheet
  clauses.section('Parties')
  clauses.clause(
    rich`${company.name}${formWords(company)} (the ${defined('Company')}), ${safe === undefined ? 'issues the shares' : 'grants the SAFE'} and receives the Tokens.`,
  )
  clauses.clause(
    rich`${fund.name}${formWords(fund)} (the ${defined('Fund')}), acquires ${safe === undefined ? 'the shares' : 'the SAFE'}.`,
  )
  clauses.clause(
    rich`${provider.name}${formWords(provider)} (the ${defined('Provider')}), operates the clusters and owes the compute. ${affiliationWords(provider.affiliation)}`,
  )
  for (const [index, { provider: other, tokenClass }] of (sheet.furtherGrants ?? []).entries()) {
    if (other === undefined) continue
    clauses.clause(
      rich`${other.name}${formWords(other)}, operates the clusters and owes the compute of grant ${String(index + 2)}, whose Tokens are of class ${tokenClass}: for these it is the Provider. ${affiliationWords(other.affiliation)}`,
    )
  }
}

export function keyTerms(clauses: Clauses, sheet: TermSheet): void {
  const { equity, grant, price } = sheet
  const several = sheet.furtherGrants !== undefined
  clauses.section('Key terms')
  const rows: [string, string][] = [
    [
      'Shares',
      `${grouped(grantedShares(sheet))} ${shareWords(equity.className)}, issued to the Fund at Closing as Unearned Shares` +
        `${equity.newClass ? '; the class is created for this round' : ''}`,
    ],
    ['Tokens', `${tokensWords(sheet)}; 1 Token is 1 H100-hour`],
    ['Pre-money valuation', money(price.preMoney)],
    ['Price per share', money(price.perShare)],
    ['Price per H100-hour', hourPriceWords(sheet)],
    ['Liquidation preference', preferenceWords(equity)],
    [several ? 'What earns shares, of grant 1' : 'What earns shares', `${BASIS_WORDS[sheet.vesting.basis]}.`],
    [several ? 'Releases of grant 1' : 'Releases', releaseWords(sheet)],
    ['Cash', cashWords(sheet)],
    ['Closing', `Expected on ${date(sheet.closingDate)}, once the conditions of clause 11 are met`],
    ...(sheet.rolling === undefined
      ? []
      : [
          [
            'Later closings',
            `At the same price until ${date(sheet.rolling.outsideDate)}, up to ${money(sheet.rolling.maximum)} in all closings, each signed for by itself`,
          ] satisfies [string, string],
        ]),
    ['Long-Stop Date', `${date(sheet.longStop)}${several ? ', of grant 1; of each grant in clause 5' : ''}`],
    ['Expiry of Tokens', `${date(grant.expiresOn)}${several ? ', of grant 1; of each grant in clause 5' : ''}`],
  ]
  clauses.table({
    summary: 'Key terms of the round',
    headless: true,
    columns: [{ head: 'Term' }, { head: 'Agreed', share: 2.9 }],
    rows: rows.map((cells) => ({ cells })),
  })
}

const tokensWords = (sheet: TermSheet): string =>
  listed(grantsOnPaper(sheet).map(({ tokens, tokenClass }) => `${grouped(tokens)} of class ${tokenClass}`))

function cashWords(sheet: TermSheet): string {
  const [first] = sheet.cashInvestors
  if (first === undefined) return 'None. The round is paid for in compute only'
  const total = sum(sheet.cashInvestors.map((investor) => investor.amount.amount))
  return `${money({ amount: total, currency: first.amount.currency })} from ${counted(String(sheet.cashInvestors.length), 'investor')} at the same price (clause 3)`
}

export function economics(clauses: Clauses, sheet: TermSheet): void {
  const { price, equity, grant } = sheet
  const currency = price.preMoney.currency
  clauses.section('Price and economics')
  const byGrant: [string, string][] = [
    ['Shares issued against compute', grouped(equity.shares)],
    [`Consideration in compute, ${price.consideration.currency}`, amount(price.consideration)],
    ['Tokens granted (H100-hours)', grouped(grant.tokens)],
    [`Reference Price per H100-hour, ${price.referencePerHour.currency}`, amount(price.referencePerHour)],
    [`Price per H100-hour implied by the equity, ${price.impliedPerHour.currency}`, amount(price.impliedPerHour)],
    [
      'Implied price in % of the Reference Price',
      price.impliedPerHour.currency === price.referencePerHour.currency
        ? percent(price.impliedPerHour.amount, price.referencePerHour.amount)
        : 'not comparable',
    ],
  ]
  const rows: [string, string][] = [
    [`Pre-money valuation, ${currency}`, amount(price.preMoney)],
    ['Shares that it is divided by', grouped(price.denominator)],
    [`Price per share, ${price.perShare.currency}`, amount(price.perShare)],
    ...(sheet.furtherGrants === undefined ? byGrant : []),
  ]
  clauses.clause(
    rich`The price per share is the pre-money valuation divided by ${grouped(price.denominator)} shares, ${roundingWords(price.rounding)}. The ${defined('Reference Price')} per H100-hour is ${price.referenceSource ?? 'a price agreed by the parties'}. It is not a fair value.`,
    {
      summary: 'How the price comes about',
      columns: [{ head: 'Measure' }, { head: 'Amount', number: true }],
      rows: rows.map((cells) => ({ cells })),
    },
  )
  clauses.clause(
    'The implied price is the number of shares issued against compute times the price per share, divided by the Tokens.',
  )
  grantPrices(clauses, sheet)
  cash(clauses, sheet)
  rights(clauses, sheet)
  conversions(clauses, sheet.conversions)
  pricedWarrants(clauses, sheet.warrants)
}

function cash(clauses: Clauses, sheet: TermSheet): void {
  const { cashInvestors } = sheet
  if (cashInvestors.length === 0) {
    clauses.clause('Nobody invests cash in this round.')
    return
  }
  const currency = cashInvestors[0]?.amount.currency ?? ''
  const amounts = cashInvestors.map((investor) => investor.amount.amount)
  const shares = cashInvestors.map((investor) => investor.shares)
  const paid = column([...amounts, sum(amounts)], 2)
  const bought = column([...shares, sum(shares)])
  const names = [...cashInvestors.map((investor) => [investor.name, investor.className]), ['Total', '']]
  clauses.clause('Cash investors subscribe at the same price per share. Their shares are earned on issue.', {
    summary: 'Cash investors',
    columns: [
      { head: 'Investor' },
      { head: 'Class' },
      { head: `Cash, ${currency}`, number: true },
      { head: 'Shares', number: true },
    ],
    rows: names.map(([name = '', className = ''], i) => ({
      cells: [name, className, paid[i] ?? '', bought[i] ?? ''],
      total: i === names.length - 1,
    })),
  })
}

export function capitalisation(clauses: Clauses, sheet: TermSheet): void {
  const { rows, asOf } = sheet.capTable
  clauses.section('Capitalisation')
  const lines = capitalisationRows(rows)
  const { safe } = sheet
  clauses.clause(
    safe === undefined
      ? `The fully diluted capitalisation on ${date(asOf)} and after the Closing: once with all shares issued in the round, and once without the Unearned Shares, which is what remains if no Token ever counts.`
      : `The fully diluted capitalisation on ${date(asOf)}: once as if the whole Purchase Amount had accrued and converted now, which is the most that the SAFE gives at that price, and once as earned at Closing, when nothing has accrued.`,
    {
      summary: 'Capitalisation before and after the round, with and without Unearned Shares',
      columns: [
        { head: 'Holder', share: 1.5 },
        { head: 'Class' },
        ...(safe === undefined
          ? ['Before', 'After, all shares', 'After, without unearned shares']
          : ['Before', 'All of it accrued (maximum)', 'Accrued at Closing (earned)']
        ).flatMap((group) => [
          { head: 'Shares', number: true, group },
          { head: '%', number: true, group },
        ]),
      ],
      rows: lines,
      after: 6,
    },
  )
  clauses.note(
    'Percentages are of the total of their column, rounded to two decimals each, so that they may not add up to 100.00.',
  )
  earlierCompute(clauses, sheet)
  clauses.figure((canvas) => ownershipChart(rows, canvas))
  const founders = foundersIn(rows)
  const together = founders.length === 0 ? '' : ` The founders, drawn together, are ${listed(founders)}.`
  clauses.note(
    `Parts of all shares by holder, before and after the Closing. Hatched: ${safe === undefined ? 'Unearned Shares' : 'what has not accrued'}.${together}`,
  )
}

const KINDS = {
  STOCK: 'Vesting stock',
  STAGED: 'Stock in tranches',
  PENNY_WARRANT: 'Penny warrant',
  SAFE: 'SAFE',
} as const

/** Earned and maximum of what earlier rounds gave for compute, and who bears the difference. */
function earlierCompute(clauses: Clauses, { earlierCompute: earlier }: TermSheet): void {
  if (earlier === undefined) return
  const earned = column(earlier.rows.map((row) => row.earned))
  const maximum = column(earlier.rows.map((row) => row.maximum))
  const words =
    earlier.choice === 'COUNTED'
      ? 'What is not earned of them counts among the shares that the pre-money valuation is divided by, so that the present holders bear it.'
      : 'What is not earned and not issued of them is left out of the shares that the pre-money valuation is divided by. Whoever holds shares when it is earned bears it, the investors of this round included.'
  clauses.clause(`Earlier rounds gave equity for compute that is not finished. ${words}`, {
    summary: 'Earlier equity for compute, earned and maximum',
    columns: [
      { head: 'Holder', share: 1.5 },
      { head: 'Instrument' },
      { head: 'Class' },
      { head: 'Earned', number: true },
      { head: 'Maximum', number: true },
    ],
    rows: earlier.rows.map((row, i) => ({
      cells: [row.holder, KINDS[row.kind], row.className, earned[i] ?? '', maximum[i] ?? ''],
    })),
  })
}

function capitalisationRows(rows: readonly Holding[]): Row[] {
  const columns = [
    rows.map((row) => row.before),
    rows.map((row) => row.after),
    rows.map((row) => sum([row.after, negated(row.unearned)])),
  ].map((shares) => {
    const total = sum(shares)
    return { shown: column([...shares, total]), parts: [...shares, total].map((part) => percent(part, total)) }
  })
  const names: readonly (readonly [Rich, Rich])[] = [
    ...rows.map((row) => [row.holder, row.className] as const),
    ['Total', ''] as const,
  ]
  return names.map(([holder, className], i) => ({
    cells: [holder, className, ...columns.flatMap(({ shown, parts }) => [shown[i] ?? '', parts[i] ?? ''])],
    total: i === rows.length,
  }))
}

const negated = (text: string): string => (text.startsWith('-') ? text.slice(1) : `-${text}`)
const amount = (value: MoneyText): string => grouped(value.amount, 2)
