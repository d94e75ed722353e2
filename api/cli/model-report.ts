/** What `equihour model` prints: pro forma and findings as aligned text. Pure. */
import { column, date, grouped, listed, money } from '../../templates/format.ts'
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
import type { LegRow, ProForma, RoundTerms } from '../rounds/index.ts'
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
  { findings, legs }: { readonly findings: readonly Finding[]; readonly legs: readonly LegRow[] },
): string {
  const { compute, grants, price } = proForma
  const shares = grouped(String(proForma.computeShares))
  const tokens = listed(grants.map((grant) => `${grouped(formatTokens(grant.tokens))}`))
  const headline = `${terms.name} of ${companyName}: ${shares} unearned ${compute.className} shares for ${tokens} tokens, at ${inMoney(price)} per share.`
  return [
    printable(headline),
    '',
    ...priceLines(terms, proForma),
    '',
    ...purchaseLines(proForma),
    '',
    ...(proForma.conversionMethod === null
      ? []
      : conversionLines(`What converts, by the method ${proForma.conversionMethod}`, proForma.conversions)),
    ...warrantLines(proForma),
    ...holderLines(proForma),
    '',
    ...classLines(proForma),
    '',
    ...riskLines(proForma),
    '',
    ...legLines(legs),
    '',
    ...findingLines(findings, terms.closingDate),
    ...noteLines(proForma),
  ].join('\n')
}

function priceLines({ preMoney }: RoundTerms, proForma: ProForma): string[] {
  const { price } = proForma
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
        ...proForma.grants.flatMap((grant, index): [string, string][] => {
          const of = index === 0 ? '' : ` of grant ${index + 1}`
          return [
            [`One H100-hour${of} in equity`, inMoney(grant.impliedPrice)],
            [`One H100-hour${of} at the reference price`, inMoney(grant.referencePrice)],
          ]
        }),
      ],
    ).slice(2),
  ]
}

function purchaseLines({ grants, cash, rights }: ProForma): string[] {
  const purchases = [
    ...grants,
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
        index < grants.length ? 'compute' : index < grants.length + cash.length ? 'cash' : 'cash, by right',
        className,
        inMoney(amount),
        shares[index] ?? '',
        inMoney(remainder),
      ]),
    ),
  ]
}

const AT_WORDS = { CAP: 'cap', DISCOUNT: 'discount', ROUND_PRICE: 'round price', INSTRUMENT: 'as stated' } as const

/** One line for each SAFE or note that a round converts. */
export function conversionLines(title: string, conversions: ProForma['conversions']): string[] {
  const shares = inShares(conversions.map((each) => numericOfWhole(each.shares)))
  return [
    printable(title),
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

/** Warrants that the round prices. */
function warrantLines({ warrants }: ProForma): string[] {
  if (warrants.length === 0) return []
  const shares = inShares(warrants.map((each) => numericOfWhole(each.shares)))
  return [
    'Warrants that the round prices',
    ...textTable(
      [left('warrant'), left('holder'), right('money'), left('at'), right('price'), left('class'), right('shares')],
      warrants.map((each, index) => [
        ...[each.customId, each.holder, inMoney(each.amount), AT_WORDS[each.at], inMoney(each.price), each.className],
        shares[index] ?? '',
      ]),
    ),
    '',
  ]
}

type Row = ProForma['holders'][number] | ProForma['classes'][number]

function ownership(
  title: string,
  rows: readonly (readonly [string, Row])[],
  founders: ProForma['founders'] = null,
): string[] {
  const total = (key: Quantity): Numeric => rows.reduce((sum, [, row]) => sum + row[key], 0n)
  const beside = founders === null || founders.members.length < 2 ? [] : [founders]
  const names = [
    ...rows.map(([name]) => name),
    ...beside.map(({ members }) => `Of these: ${listed(members.map(({ holder }) => holder))} together`),
    'Total',
  ]
  const all = (key: Quantity): Numeric[] => [
    ...rows.map(([, row]) => row[key]),
    ...beside.map((row) => row[key]),
    total(key),
  ]
  const columns = [
    ...[inShares(all('before')), all('beforePart').map(percent)],
    ...[inShares(all('after')), all('afterPart').map(percent)],
    ...[inShares(all('unearned')), all('afterWithoutUnearnedPart').map(percent)],
  ]
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
    names.map((name, index) => [printable(name), ...columns.map((texts) => texts[index] ?? '')]),
  )
}
type Quantity = 'before' | 'after' | 'unearned' | 'beforePart' | 'afterPart' | 'afterWithoutUnearnedPart'

const holderLines = ({ asOf, holders, founders }: ProForma): string[] => [
  `Ownership, before as of ${date(asOf)}`,
  ...ownership(
    'holder',
    holders.map((row) => [row.isPool ? `${row.holder} (not granted)` : row.holder, row]),
    founders,
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

/** The tokens beside the other offers, or beside as much money: a price of an hour stands with its source. */
function legLines(legs: readonly LegRow[]): string[] {
  const shares = inShares(legs.map((leg) => numericOfWhole(leg.shares)))
  return [
    'Tokens beside other offers, each by itself',
    ...textTable(
      [
        left('leg'),
        right('shares'),
        right('%'),
        right('H100-hours'),
        right('price of an hour'),
        right('shares for 1,000 hours'),
        left('until'),
        left('can be used for'),
      ],
      legs.map((leg, index) => [
        printable(leg.name),
        shares[index] ?? '',
        percent(leg.equityPart),
        grouped(formatTokens(leg.hours)),
        leg.hourPrice === null ? 'none' : inMoney(leg.hourPrice.amount),
        leg.sharesPerThousandHours === null
          ? 'none'
          : formatDecimal(divide(leg.sharesPerThousandHours, 10n ** 8n, 'NEAREST'), 2, 2),
        leg.expiresOn === null ? 'no end' : date(leg.expiresOn),
        LIQUIDITY_WORDS[leg.liquidity],
      ]),
    ),
    ...legs.flatMap(({ name, hourPrice, restrictions }) => [
      ...(hourPrice === null ? [] : [printable(`  ${name}: an hour costs what ${hourPrice.source} says`)]),
      ...restrictions.map((words) => printable(`  ${name}: ${words}`)),
    ]),
  ]
}
const LIQUIDITY_WORDS = {
  ANYTHING: 'anything',
  H100_HOURS_ONLY: 'H100-hours only',
  ONE_CLOUD_UNTIL_EXPIRY: 'one cloud until it expires',
} as const

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
