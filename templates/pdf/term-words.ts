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
  drawOrder: 'Which Tokens are drawn first',
  charging: 'What is charged',
  disputeWindowDays: 'Days to dispute a statement',
  vesting: 'How shares are earned',
  'vesting.basis': 'What earns shares',
  'settlement.nonUse': 'Unused at the long-stop',
  'settlement.extendDays': 'Days by which extensions may move the long-stop',
  'settlement.deniedCapacityExtends': 'Denied capacity moves the long-stop',
  'settlement.outageExtends': 'Outages move the long-stop',
  'settlement.changeOfControl': 'At a change of control',
  'settlement.successorDays': 'Days to name a successor of a provider that fails',
  'settlement.windDownDays': 'Days of wind-down',
  'settlement.partialTermination': 'A part may be terminated',
  'settlement.priceProtection': 'Price protection',
  'settlement.priceProtection.threshold': 'Price protection: threshold',
  'settlement.priceProtection.windowDays': 'Price protection: days of the average',
  'settlement.priceProtection.compensates': 'Price protection: what it makes good',
  'settlement.priceProtection.cap': 'Price protection: most tokens',
  'booking.refunds': 'What returns when a reservation is cancelled',
  'booking.lockedRefund': 'What returns after the lock time',
  'booking.noShowGraceMinutes': 'Minutes within which somebody must come',
  'booking.noShowPart': 'What is charged when nobody came',
  'booking.outageFactor': 'What is returned for an outage',
  'booking.quoteMinutes': 'Minutes for which a quote holds',
  instrument: 'Form of the equity for compute',
  'instrument.expiresOn': 'Last day of the warrant',
  factors: 'Factors of pools that come later',
  'factors.laterPools': 'How pools that come later get their factors',
  'factors.basis': 'Basis of factors that hold without a signature',
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
  if (list === 'furtherGrants' && column !== '') return `Grant ${Number(row) + 2}: ${termTitle(path.slice(2))}`
  if (list === 'closings') return `Closing ${row}, grant ${path[3] ?? ''}: ${termTitle(path.slice(4))}`
  return path.join('.')
}

const CODES: Readonly<Record<string, string>> = {
  EARLIEST_EXPIRY: 'Those that expire first',
  OLDEST_FIRST: 'Those that the Company has had longest',
  GRANTS_FIRST: 'Those of grants before others',
  GRANTS_LAST: 'Those that earn no shares, and those of grants last',
  UNPAID_FIRST: 'Those that were given, then those of grants, and those that were paid for last',
  RESERVED: 'Reserved time, whether used or not',
  METERED: 'Metered use only',
  FORFEIT: 'Forfeited at zero',
  VEST_ANYWAY: 'Vests by the clause (take or pay)',
  EXTEND: 'Extended if both sign, else forfeited at zero',
  ASSUMED_OR_FORFEIT: 'Goes on with a successor that assumes it, else forfeited',
  VEST: 'Vests',
  WHOLE_FALL: 'The whole fall',
  BEYOND_THRESHOLD: 'What goes beyond the threshold',
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
  // A term of one grant reads as the round's of the same name.
  if (path[0] === 'furtherGrants' && path.length > 2) return termWords(path.slice(2), value)
  if (path[0] === 'closings') return termWords(path.slice(4), value)
  if (path[0] === 'releases') return releasesInWords(value)
  if (path[0] === 'conditions') return conditionInWords(value)
  if (path[1] === 'refunds') return refundsInWords(value)
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
  const parts = [
    ...rowsOf(releases?.releases).map((row) => `${grouped(textOf(row.tokens))} on ${date(textOf(row.on))}`),
    ...rowsOf(releases?.milestones).map(
      (row) =>
        `${grouped(textOf(row.tokens))} once “${textOf(row.text)}” (${textOf(row.code)}) is confirmed by ${CONFIRMERS[textOf(row.confirmedBy)] ?? ''}`,
    ),
  ]
  const onDemand = membersOf(releases?.onDemand)
  if (onDemand !== undefined) parts.push(`${parts.length === 0 ? 'all' : 'the rest'} ${demandInWords(onDemand)}`)
  return parts.length === 0 ? JSON.stringify(value) : listed(parts)
}

function refundsInWords(value: TermValue): string {
  const steps = Array.isArray(value) ? (value as readonly TermValue[]) : []
  if (steps.length === 0) return 'Everything'
  return listed(
    steps.map((step) => {
      const { hoursBefore, part } = membersOf(step) ?? {}
      return `the part ${textOf(part)} from ${counted(textOf(hoursBefore), 'hour')} before the start`
    }),
  )
}

const CONFIRMERS: Readonly<Record<string, string>> = {
  fund: 'the Fund',
  provider: 'the Provider',
  both: 'the Fund and the Provider',
}

function demandInWords(limits: Members | undefined): string {
  const period = membersOf(limits?.perPeriod)
  const confirmer = CONFIRMERS[textOf(limits?.confirmedBy)]
  const words = [
    'as the Company asks',
    ...(limits?.perRequest === undefined ? [] : [`at most ${grouped(textOf(limits.perRequest))} in one request`]),
    ...(period === undefined
      ? []
      : [`at most ${grouped(textOf(period.tokens))} within any ${counted(textOf(period.days), 'day')}`]),
    `${counted(textOf(limits?.noticeDays ?? 0), 'day')} after the request`,
    ...(confirmer === undefined ? [] : [`confirmed by ${confirmer}`]),
  ]
  return words.join(', ')
}

const rowsOf = (value: TermValue | undefined): readonly Members[] =>
  Array.isArray(value) ? value.map((row: TermValue) => membersOf(row)).filter((row) => row !== undefined) : []

function conditionInWords(value: TermValue): string {
  const condition = membersOf(value)
  const waivableBy = textOf(condition?.waivableBy)
  const waiver = Object.entries(WAIVER_WORDS).find(([code]) => code === waivableBy)?.[1]
  return `${textOf(condition?.text)}${waiver === undefined ? '' : ` It may be waived by: ${waiver}.`}`
}
