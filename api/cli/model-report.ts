/** What `equihour model` prints: pro forma and findings as aligned text. Pure. */
import { column, date, grouped, money } from '../../templates/format.ts'
import { type Finding, SIGNAL_NOTICE } from '../flags/index.ts'
import {
  divide,
  formatDecimal,
  formatNumeric,
  formatTokens,
  type Money,
  type Numeric,
  numericOfWhole,
} from '../platform/index.ts'
import type { ProForma, RoundTerms } from '../rounds/index.ts'
import { printable, type TextColumn, textTable } from './text-table.ts'

const left = (title: string): TextColumn => ({ title, align: 'left' })
const right = (title: string): TextColumn => ({ title, align: 'right' })
const inMoney = ({ amount, currency }: Money): string => money({ amount: formatNumeric(amount), currency })
const inShares = (shares: readonly Numeric[]): string[] => column(shares.map(formatNumeric))

/** A part of 1 as percent to four places. */
const percent = (part: Numeric): string => {
  const text = formatDecimal(divide(part, 10_000n, 'NEAREST'), 4, 4)
  return text.replace('-', '−')
}

export function modelReport(
  companyName: string,
  terms: RoundTerms,
  proForma: ProForma,
  findings: readonly Finding[],
): string {
  const { compute, price } = proForma
  const shares = grouped(String(compute.shares))
  const headline = `${terms.name} of ${companyName}: ${shares} unearned ${compute.className} shares for ${grouped(formatTokens(compute.tokens))} tokens, at ${inMoney(price)} per share.`
  return [
    printable(headline),
    '',
    ...priceLines(terms, proForma),
    '',
    ...purchaseLines(proForma),
    '',
    ...conversionLines(proForma),
    ...holderLines(proForma),
    '',
    ...classLines(proForma),
    '',
    ...riskLines(proForma),
    '',
    ...findingLines(findings, terms.closingDate),
    ...noteLines(proForma),
  ].join('\n')
}

function priceLines({ preMoney }: RoundTerms, proForma: ProForma): string[] {
  const { compute, price } = proForma
  const pool = grouped(String(proForma.poolIncrease))
  return [
    'Price',
    ...textTable(
      [left(''), right('')],
      [
        ['Pre-money valuation', inMoney(preMoney)],
        ['Shares that the price counts', grouped(formatNumeric(proForma.priceDenominator))],
        ['  of which pool increase', pool],
        ['Price per share', inMoney(price)],
        ['  before rounding', proForma.exactPrice],
        ['Post-money valuation', inMoney(proForma.postMoney)],
        ['Pre-money without the pool increase', inMoney(proForma.effectivePreMoney)],
        ['One H100-hour in equity', inMoney(compute.impliedPrice)],
        ['One H100-hour at the reference price', inMoney(compute.referencePrice)],
      ],
    ).slice(2),
  ]
}

function purchaseLines({ compute, cash, rights }: ProForma): string[] {
  const purchases = [
    compute,
    ...cash,
    ...rights
      .filter((right) => right.shares > 0n)
      .map((right) => ({ ...right, remainder: { amount: 0n, currency: right.amount.currency } })),
  ]
  const shares = inShares(purchases.map((purchase) => numericOfWhole(purchase.shares)))
  return [
    'Who buys',
    ...textTable(
      [left('holder'), left('with'), left('class'), right('money'), right('shares'), right('left over')],
      purchases.map(({ holder, className, amount, remainder }, index) => [
        holder,
        index === 0 ? 'compute' : index <= cash.length ? 'cash' : 'cash, by right',
        className,
        inMoney(amount),
        shares[index] ?? '',
        inMoney(remainder),
      ]),
    ),
  ]
}

const AT_WORDS = { CAP: 'cap', DISCOUNT: 'discount', ROUND_PRICE: 'round price' } as const

function conversionLines({ conversions, conversionMethod }: ProForma): string[] {
  if (conversionMethod === null) return []
  const shares = inShares(conversions.map((each) => numericOfWhole(each.shares)))
  return [
    `What converts, by the method ${conversionMethod}`,
    ...textTable(
      [
        left('instrument'),
        left('holder'),
        right('principal'),
        right('interest'),
        left('at'),
        right('price'),
        left('class'),
        right('shares'),
      ],
      conversions.map((each, index) => [
        each.customId,
        each.holder,
        inMoney(each.principal),
        inMoney(each.interest),
        AT_WORDS[each.at],
        inMoney(each.price),
        each.className,
        shares[index] ?? '',
      ]),
    ),
    '',
  ]
}

type Row = ProForma['holders'][number] | ProForma['classes'][number]

function ownership(title: string, rows: readonly (readonly [string, Row])[]): string[] {
  const [before, after, unearned] = (['before', 'after', 'unearned'] as const).map((key) =>
    inShares([...rows.map(([, row]) => row[key]), rows.reduce((sum, [, row]) => sum + row[key], 0n)]),
  )
  const parts = (key: 'beforePart' | 'afterPart' | 'afterWithoutUnearnedPart'): string[] =>
    [...rows.map(([, row]) => row[key]), rows.reduce((sum, [, row]) => sum + row[key], 0n)].map(percent)
  const columns = [before, parts('beforePart'), after, parts('afterPart'), unearned, parts('afterWithoutUnearnedPart')]
  return textTable(
    [
      left(title),
      right('before'),
      right('%'),
      right('after'),
      right('%'),
      right('of which unearned'),
      right('% without unearned'),
    ],
    [...rows.map(([name]) => name), 'Total'].map((name, index) => [
      name,
      ...columns.map((texts) => texts?.[index] ?? ''),
    ]),
  )
}

const holderLines = ({ asOf, holders }: ProForma): string[] => [
  `Ownership, before as of ${date(asOf)}`,
  ...ownership(
    'holder',
    holders.map((row) => [row.isPool ? `${row.holder} (not granted)` : row.holder, row]),
  ),
]

const classLines = ({ classes }: ProForma): string[] => [
  'By class',
  ...ownership(
    'class',
    classes.map((row) => [row.className, row]),
  ),
]

const riskLines = ({ risk }: ProForma): string[] => [
  'What the present holders give up',
  ...textTable(
    [left(''), right('')],
    [
      ['Their part after the round, %', percent(risk.presentHoldersAfter)],
      ['Their part if no token is ever used, %', percent(risk.presentHoldersIfNothingUsed)],
      ['Dilution, %', percent(risk.dilution)],
      ['Dilution if no token is ever used, %', percent(risk.dilutionIfNothingUsed)],
    ],
  ).slice(2),
]

function findingLines(findings: readonly Finding[], closingDate: string): string[] {
  return [
    `Findings of the gate "propose", closing on ${date(closingDate)}. ${SIGNAL_NOTICE}`,
    ...findings.flatMap((finding) => [
      printable(`  ${finding.outcome.replace('_', ' ').toUpperCase()} (${finding.kind}): ${finding.title}`),
      ...[
        finding.citation,
        finding.threshold,
        ...finding.arithmetic,
        ...(finding.missing.length === 0 ? [] : [`Not known: ${finding.missing.join(', ')}.`]),
        ...finding.clearedBy.map((step) => `To clear: ${step}`),
      ].map((line) => printable(`      ${line}`)),
    ]),
  ]
}

const noteLines = ({ notes }: ProForma): string[] =>
  notes.length === 0 ? [] : ['', 'Notes', ...notes.map(({ weight, text }) => printable(`  ${weight}: ${text}`))]
