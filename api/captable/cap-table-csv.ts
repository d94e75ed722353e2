/** A cap table to take away for spreadsheets. Pure. */
import { csvOf, formatNumeric, type Money, type Numeric, words } from '../platform/index.ts'
import type { CapTableView, PlanRow, SecurityRow } from './cap-table-view.ts'

const COLUMNS = [
  'as of',
  'kind',
  'number',
  'holder',
  'class',
  'plan',
  'issued on',
  'issued',
  'outstanding',
  'vested',
  'unvested',
  'fully diluted',
  'price per share',
  'price currency',
  'amount',
  'amount currency',
  'not counted',
]

/**
 * One row for each open security, and one for what each plan still has to grant; the column "fully diluted" adds up to the
 * fully diluted number. Numbers are exact, with a point and without grouping. Source of the form: RFC 4180.
 */
export function capTableCsv({ asOf, securities, plans }: CapTableView): string {
  const rows = [
    COLUMNS,
    ...securities.map((row) => [asOf, ...securityCells(row)]),
    ...plans.map((row) => [asOf, ...planCells(row)]),
  ]
  return csvOf(rows)
}

const number = (value: Numeric): string => (value < 0n ? `-${formatNumeric(-value)}` : formatNumeric(value))
const money = (value: Money | undefined): string[] =>
  value === undefined ? ['', ''] : [number(value.amount), value.currency]

function securityCells(row: SecurityRow): string[] {
  const counts = [row.issued, row.outstanding, row.vested, row.unvested, row.fullyDiluted].map(number)
  return [
    row.kind,
    words(row.customId),
    words(row.stakeholderName),
    words(row.className ?? ''),
    words(row.planName ?? ''),
    row.issuedOn,
    // A convertible has an amount and no number: an empty cell, not a zero that adds up to something.
    ...(row.kind === 'convertible' ? counts.map(() => '') : counts),
    ...money(row.price),
    ...money(row.kind === 'convertible' ? row.amount : undefined),
    notCountedWords(row),
  ]
}

/** Why a security does not count, in words; empty where it does. */
export const notCountedWords = ({ notCounted: why, expiredOn }: SecurityRow): string =>
  why === 'EXPIRED' ? `expired ${expiredOn}, not cancelled` : why === 'CASH_SETTLED' ? 'settled in cash' : ''

const planCells = ({ name, available }: PlanRow): string[] => [
  'available in plan',
  '',
  '',
  '',
  words(name),
  ...['', '', '', '', ''],
  number(available),
  ...['', '', '', '', ''],
]
