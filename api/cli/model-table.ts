/** `equihour model` with a package alone: its cap table on a day, and the quantities that are called "fully diluted". */
import { column, date, grouped } from '../../templates/format.ts'
import {
  type CapTable,
  type CapTableView,
  capTableCsv,
  capTableView,
  FullyDilutedInput,
  type FullyDilutedView,
  fullyDilutedOf,
  notCountedWords,
} from '../captable/index.ts'
import { formatNumeric, type Numeric, parse } from '../platform/index.ts'
import { printable, type TextColumn, textTable } from './text-table.ts'

export const left = (title: string): TextColumn => ({ title, align: 'left' })
export const right = (title: string): TextColumn => ({ title, align: 'right' })
const inShares = (shares: readonly Numeric[]): string[] => column(shares.map(formatNumeric))

/** What is printed, and the file beside it. @throws {BeforeFirstTransaction} */
export function modelTable(company: string, table: CapTable, asOf: string) {
  const view = capTableView(table, asOf)
  const diluted = fullyDilutedOf(table, asOf, parse(FullyDilutedInput, {}))
  const report = [
    printable(
      `Cap table of ${company} as of ${date(asOf)}: ${grouped(formatNumeric(view.totals.fullyDiluted))} shares, fully diluted.`,
    ),
    '',
    ...holderLines(view),
    '',
    ...classLines(view),
    '',
    ...securityLines(view),
    '',
    ...dilutedLines(diluted),
  ].join('\n')
  return { report, files: [['cap-table.csv', capTableCsv(view)]] as const }
}

function holderLines({ stakeholders, totals }: CapTableView): string[] {
  const rows = stakeholders.filter((row) => row.fullyDiluted > 0n || row.convertibles.length > 0)
  const columns = (['outstanding', 'vested', 'granted', 'warrants', 'fullyDiluted'] as const).map((key) =>
    inShares(rows.map((row) => row[key])),
  )
  return [
    'By holder',
    ...textTable(
      [
        left('holder'),
        ...['outstanding', 'vested', 'options', 'warrants', 'fully diluted', '%'].map(right),
        right('SAFEs and notes'),
      ],
      [
        ...rows.map((row, at) => [
          row.name,
          ...columns.map((texts) => texts[at] ?? ''),
          row.percentFullyDiluted ?? '',
          row.convertibles.map(({ amount, currency }) => `${currency} ${grouped(formatNumeric(amount), 2)}`).join(', '),
        ]),
        ['Reserved by plans, not granted', '', '', '', '', grouped(formatNumeric(totals.reserved)), '', ''],
      ],
    ),
  ]
}

function classLines({ classes }: CapTableView): string[] {
  const columns = (['outstanding', 'vested', 'unvested'] as const).map((key) =>
    inShares(classes.map((row) => row[key])),
  )
  return [
    'By class',
    ...textTable(
      [left('class'), left('kind'), right('outstanding'), right('vested'), right('not vested')],
      classes.map((row, at) => [row.name, row.kind.toLowerCase(), ...columns.map((texts) => texts[at] ?? '')]),
    ),
  ]
}

function securityLines({ securities }: CapTableView): string[] {
  const some = securities.some(({ notCounted }) => notCounted !== undefined)
  const columns = (['issued', 'outstanding', 'vested', 'unvested'] as const).map((key) =>
    inShares(securities.map((row) => row[key])),
  )
  return [
    'Securities that are open',
    ...textTable(
      [
        left('security'),
        left('kind'),
        left('holder'),
        left('issued on'),
        ...['issued', 'outstanding', 'vested', 'not vested'].map(right),
        ...(some ? [left('does not count')] : []),
      ],
      securities.map((row, at) => [
        row.customId,
        row.kind,
        row.stakeholderName,
        row.issuedOn,
        ...(row.kind === 'convertible' ? ['', '', '', ''] : columns.map((texts) => texts[at] ?? '')),
        ...(some ? [notCountedWords(row)] : []),
      ]),
    ),
  ]
}

/** docs/fully-diluted.md says what each is for; the fifth, the waterfall base, depends on the exit value. */
function dilutedLines(diluted: FullyDilutedView): string[] {
  const rows = [
    ['Capitalization of post-money SAFEs', diluted.safePostMoneyCapitalization],
    ['Capitalization of pre-money SAFEs', diluted.safePreMoneyCapitalization],
    ['Denominator of the price of a round', diluted.priceDenominator],
    ['Base of a broad weighted average', diluted.antiDilutionBase],
    ['Base of a narrow one: stock alone', diluted.antiDilutionBaseStock],
    ['Of these, SAFEs and notes as converted by their caps', diluted.converting],
  ] as const
  const shares = inShares(rows.map(([, number]) => number))
  return [
    'Five quantities are called "fully diluted"; the fifth depends on the value of a sale (--exit)',
    ...textTable(
      [left(''), right('')],
      rows.map(([name], at) => [name, shares[at] ?? '']),
    ).slice(2),
  ]
}
