/**
 * How numbers and dates look to people: thousands grouped, trailing zeros kept within a column, a real minus sign, dates
 * as 20 Nov 2026. Everything works on decimal strings and integers, so what is printed is exactly what was computed.
 */

/** An amount in one currency: a decimal string and an ISO 4217 code. */
export type MoneyText = { readonly amount: string; readonly currency: string }

/** Text that is not a plain decimal ("1250000.50") or not a date: a template was handed what nobody may print. */
export class NotPrintable extends Error {
  readonly text: string
  constructor(text: string, wanted: string) {
    super(`"${text.slice(0, 60)}" cannot be printed: ${wanted}`)
    this.name = 'NotPrintable'
    this.text = text
  }
}

type Decimal = { readonly negative: boolean; readonly whole: string; readonly fraction: string }

function decimal(text: string): Decimal {
  const match = /^(-?)([0-9]{1,40})(?:\.([0-9]{1,40}))?$/.exec(text)
  if (match === null) throw new NotPrintable(text, 'it is not a decimal number')
  const [, sign = '', whole = '', fraction = ''] = match
  return { negative: sign === '-', whole, fraction }
}

/** Decimal places that a decimal string is written with. @throws {NotPrintable} */
export const placesOf = (text: string): number => decimal(text).fraction.length

/**
 * A decimal with its thousands grouped: `1140000.5` as `1,140,000.5`. `places` pads with zeros to at least that many
 * places and never cuts one off; a negative number has a minus sign (U+2212).
 *
 * @throws {NotPrintable}
 */
export function grouped(text: string, places = 0): string {
  const { negative, whole, fraction } = decimal(text)
  const digits = whole.replace(/\B(?=(?:[0-9]{3})+$)/g, ',')
  const rest = fraction.padEnd(places, '0')
  return `${negative ? '−' : ''}${digits}${rest === '' ? '' : `.${rest}`}`
}

/** A column of decimals, all with as many places as the most exact of them, and at least `least`. @throws {NotPrintable} */
export function column(texts: readonly string[], least = 0): string[] {
  const places = Math.max(least, ...texts.map(placesOf))
  return texts.map((text) => grouped(text, places))
}

/**
 * An amount with its currency before it: `USD 12,000,000.00`. At least two places; more where the amount has them, since
 * a price per share often does. @throws {NotPrintable}
 */
export const money = (value: MoneyText): string => `${value.currency} ${grouped(value.amount, 2)}`

/** Amounts under each other, all with as many places as the most exact of them, and at least two. @throws {NotPrintable} */
export function moneyColumn(values: readonly MoneyText[]): string[] {
  const amounts = column(
    values.map(({ amount }) => amount),
    2,
  )
  return values.map(({ currency }, i) => `${currency} ${amounts[i]}`)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

/** A date (`2026-11-20`, or an instant that begins with one, in UTC) as `20 Nov 2026`. @throws {NotPrintable} */
export function date(iso: string): string {
  const match = /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T[0-9:.]+Z)?$/.exec(iso)
  if (match === null) throw new NotPrintable(iso, 'it is not a date')
  const [, year = '', month = '', day = ''] = match
  const name = MONTHS[Number(month) - 1]
  const days = MONTH_DAYS[Number(month) - 1]
  if (name === undefined || days === undefined) throw new NotPrintable(iso, 'there is no such month')
  const leap = Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0)
  const last = month === '02' && leap ? 29 : days
  if (Number(day) < 1 || Number(day) > last) throw new NotPrintable(iso, 'there is no such day')
  return `${Number(day)} ${name} ${year}`
}

/** An instant in UTC, `2026-12-01T00:00:00Z`, as `1 Dec 2026, 00:00 UTC`; another text as it is. */
export const instantWords = (iso: string): string => {
  const [, year, month, day, time] = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}:[0-9]{2})/.exec(iso) ?? []
  return year === undefined ? iso : `${Number(day)} ${MONTHS[Number(month) - 1]} ${year}, ${time} UTC`
}

/** A sum of decimals, exact, with as many places as the most exact of them. @throws {NotPrintable} */
export function sum(texts: readonly string[]): string {
  const places = Math.max(0, ...texts.map(placesOf))
  return unscaled(
    texts.reduce((total, text) => total + scaled(text, places), 0n),
    places,
  )
}

/**
 * `part / whole` as a percentage, rounded half up at `places`: `12.35`. An empty whole has no shares to divide: `0`.
 *
 * @throws {NotPrintable}
 */
export function percent(part: string, whole: string, places = 2): string {
  const scale = Math.max(placesOf(part), placesOf(whole))
  const denominator = scaled(whole, scale)
  if (denominator === 0n) return unscaled(0n, places)
  const numerator = scaled(part, scale) * 100n * 10n ** BigInt(places)
  if (numerator < 0n || denominator < 0n) throw new NotPrintable(part, 'a share of a whole is not negative')
  return unscaled((numerator * 2n + denominator) / (denominator * 2n), places)
}

function scaled(text: string, places: number): bigint {
  const { negative, whole, fraction } = decimal(text)
  const value = BigInt(whole + fraction.padEnd(places, '0'))
  return negative ? -value : value
}

function unscaled(value: bigint, places: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0')
  const cut = digits.length - places
  return `${value < 0n ? '-' : ''}${digits.slice(0, cut)}${places === 0 ? '' : `.${digits.slice(cut)}`}`
}

/** "1 token", "2 tokens", "100,000 tokens": a count with its noun. @throws {NotPrintable} */
export const counted = (count: string, one: string, many = `${one}s`): string =>
  `${grouped(count)} ${/^1(?:\.0+)?$/.test(count) ? one : many}`

/** "a", "a and b", "a, b and c". */
export function listed(items: readonly string[], word = 'and'): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1)}`
}

/** A size in bytes for people: `48 kB`. Rounded up, since a file is never smaller than it is said to be. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1000)} kB`
  return `${(Math.ceil(bytes / 100_000) / 10).toFixed(1)} MB`
}
