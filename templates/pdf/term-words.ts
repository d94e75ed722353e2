/** How single terms are called and what they say, in words, for documents that show a term before and after a change. */
import { counted, date, grouped, listed } from '../format.ts'
import { BASIS_WORDS, BEARER_WORDS, WAIVER_WORDS } from './term-sheet-words.ts'

/** A term's value as terms are attached to documents. */
export type TermValue = null | boolean | number | string | readonly TermValue[] | { readonly [key: string]: TermValue }

const TITLES: Readonly<Record<string, string>> = {
  name: 'Name of the round',
  closingDate: 'Closing date',
  longStop: 'Long-Stop Date',
  tokenExpiry: 'Expiry of Tokens',
  releases: 'Releases',
  charging: 'What is charged',
  disputeWindowDays: 'Days to dispute a statement',
  'vesting.basis': 'What earns shares',
  'unearned.votes': 'Unearned Shares: vote',
  'unearned.dividends': 'Unearned Shares: dividends',
  'unearned.preference': 'Unearned Shares: liquidation preference',
  'unearned.antiDilution': 'Unearned Shares: anti-dilution',
  'unearned.proRata': 'Unearned Shares: pro rata',
  'unearned.drag': 'Unearned Shares: drag-along',
}
const RISK_COLUMNS: Readonly<Record<string, string>> = {
  tokens: 'Tokens',
  unearned: 'Unearned Shares',
  earned: 'Earned Shares',
  cash: 'cash',
  bears: 'who bears it',
}

/** What a term is called: "Long-Stop Date", "If outage: Tokens", "Condition BOARD_CONSENT". */
export function termTitle(path: readonly string[]): string {
  const known = TITLES[path.join('.')]
  if (known !== undefined) return known
  const [list, row = '', column = ''] = path
  if (list === 'riskTable') return `If ${row.replaceAll('_', ' ')}: ${RISK_COLUMNS[column] ?? 'all'}`
  if (list === 'conditions') return `Condition ${row}`
  return path.join('.')
}

const CODES: Readonly<Record<string, string>> = {
  RESERVED: 'Reserved time, whether used or not',
  METERED: 'Metered use only',
  none: 'None',
  held_until_earned: 'Held until earned',
  paid: 'Paid',
  earned_only: 'As far as earned',
  full: 'As if earned',
  ...BASIS_WORDS,
  ...BEARER_WORDS,
}

type Members = { readonly [key: string]: TermValue }
const membersOf = (value: TermValue | undefined): Members | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined
const textOf = (value: TermValue | undefined): string => (typeof value === 'string' ? value : String(value ?? ''))

/** What a term says, in words; "Not agreed" where it does not say anything. @throws {NotPrintable} */
export function termWords(path: readonly string[], value: TermValue): string {
  if (value === null) return 'Not agreed'
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  if (typeof value === 'number') return grouped(String(value))
  if (typeof value === 'string') {
    if (/^\d{4}-\d\d-\d\d$/.test(value)) return date(value)
    return CODES[value] ?? value
  }
  if (path[0] === 'releases') return releasesInWords(value)
  if (path[0] === 'conditions') return conditionInWords(value)
  return JSON.stringify(value)
}

function releasesInWords(value: TermValue): string {
  const releases = membersOf(value)
  if (releases?.kind === 'AT_CLOSE') return 'All Tokens on the closing date'
  if (releases?.kind === 'MONTHLY') {
    const cliff = Number(releases.cliffMonths ?? 0)
    const after = cliff > 0 ? `, the first of them after ${counted(String(cliff), 'month')}` : ''
    return `In ${counted(textOf(releases.months), 'equal monthly part')} after the closing date${after}`
  }
  const rows = Array.isArray(releases?.releases) ? (releases.releases as readonly TermValue[]) : []
  if (rows.length === 0) return JSON.stringify(value)
  return listed(rows.map((row) => `${grouped(textOf(membersOf(row)?.tokens))} on ${date(textOf(membersOf(row)?.on))}`))
}

function conditionInWords(value: TermValue): string {
  const condition = membersOf(value)
  const waivableBy = textOf(condition?.waivableBy)
  const waiver = Object.entries(WAIVER_WORDS).find(([code]) => code === waivableBy)?.[1]
  return `${textOf(condition?.text)}${waiver === undefined ? '' : ` It may be waived by: ${waiver}.`}`
}
