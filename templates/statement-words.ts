/** The words that a statement's page and its document share. */
import { counted, date, grouped, money, sum } from './format.ts'
import type { ForecastText, GrantLine, PlanPoint, PriceText, StatementSheet } from './statement-input.ts'

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const

/** `2027-01-01` as "January 2027". */
export const monthName = (month: string): string =>
  `${MONTHS[Number(month.slice(5, 7)) - 1] ?? month} ${month.slice(0, 4)}`

/** The day before, in words: statements say "to 31 Jan 2027", data says until 2027-02-01. */
export function dayBefore(iso: string): string {
  const day = new Date(`${iso}T00:00:00Z`)
  day.setUTCDate(day.getUTCDate() - 1)
  return date(day.toISOString().slice(0, 10))
}

/** "January 2027: 7.000277 tokens charged, 8 shares earned". */
export function statementHeadline(sheet: StatementSheet): string {
  const tokens = sheet.classes.map(
    ({ charged, name }) =>
      `${total(charged.map((row) => row.tokens))}${sheet.classes.length > 1 ? ` ${name}` : ''} tokens charged`,
  )
  return `${monthName(sheet.month)}: ${[...tokens, ...earnedWords(sheet)].join(', ')}`
}

/** What was earned in the month: shares, and what accrued under SAFEs. */
function earnedWords({ grants }: StatementSheet): readonly string[] {
  const earned = (some: readonly GrantLine[]) => sum(some.map(earnedInMonth))
  const [safes, stock] = [grants.filter(isSafe), grants.filter((grant) => !isSafe(grant))]
  const accrued =
    safes.length === 0 ? [] : [`${money({ amount: earned(safes), currency: safes[0]?.currency ?? '' })} accrued`]
  return stock.length === 0 && safes.length > 0 ? accrued : [`${counted(earned(stock), 'share')} earned`, ...accrued]
}

/** A SAFE's line is an amount of money, any other's a number of shares. */
export const isSafe = ({ currency }: GrantLine): boolean => currency !== undefined

const total = (texts: readonly string[]): string => {
  const micro = texts.reduce((sum, text) => sum + scaled(text), 0n)
  const digits = (micro < 0n ? -micro : micro).toString().padStart(7, '0')
  const fraction = digits.slice(-6).replace(/0+$/, '')
  return grouped(`${micro < 0n ? '-' : ''}${digits.slice(0, -6)}${fraction === '' ? '' : `.${fraction}`}`)
}
const scaled = (text: string): bigint => {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.')
  const value = BigInt(whole + fraction.padEnd(6, '0'))
  return text.startsWith('-') ? -value : value
}

export const forecastWords = (of: ForecastText, done: string): string =>
  of.kind === 'on' ? date(of.on) : of.kind === 'done' ? done : `Cannot tell: ${of.why}`

export const priceWords = (price: PriceText | undefined): string =>
  price === undefined ? 'Cannot tell: nothing was delivered' : `${price.currency} ${grouped(price.perHour)}`

/** The exact figure behind the rounded one. */
export const exactWords = (price: PriceText): string =>
  `${price.currency} ${grouped(price.value)} of equity for ${grouped(price.hours)} hours: exactly ${price.fraction}`

export const earnedInMonth = (grant: GrantLine): string =>
  sum([
    grant.earnedClosing,
    grant.earnedOpening.startsWith('-') ? grant.earnedOpening.slice(1) : `-${grant.earnedOpening}`,
  ])

/** Who pays for reserved time that was not used, where a reservation holds tokens of several grants. */
export const IDLE_WORDS =
  'Reserved time that was not used is charged only to tokens whose signed terms charge reserved time, at most what the reservation held of them and did not use. Held tokens whose terms charge metered use only return.'

/** The chart of plan against actual of one class, as `lineChart` takes it. */
export function planChart(name: string, points: readonly PlanPoint[], until: string) {
  const actual = points.filter((point) => point.charged !== null)
  const last = actual.at(-1)
  const planned = points.at(-1)?.planned ?? '0'
  return {
    title: `${name}: release plan and use`,
    description: `Released as planned: ${grouped(planned)} tokens by ${date(points.at(-1)?.on ?? until)}. Charged by ${date(until)}: ${grouped(last?.charged ?? '0')}, of which delivered ${grouped(last?.delivered ?? '0')}.`,
    x: { kind: 'date' as const },
    y: { title: 'Tokens' },
    markers: [{ x: until, label: 'close' }],
    series: [
      {
        name: 'Plan',
        shape: 'step' as const,
        style: 'dashed' as const,
        points: points.map((point) => ({ x: point.on, y: point.planned })),
      },
      { name: 'Charged', points: actual.map((point) => ({ x: point.on, y: point.charged ?? '0' })) },
      { name: 'Delivered', points: actual.map((point) => ({ x: point.on, y: point.delivered ?? '0' })) },
    ],
  }
}
