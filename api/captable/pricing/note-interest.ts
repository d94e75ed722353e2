/**
 * Interest on a convertible note: simple or compound, by day count, at rates that may change, stopping at maturity or not.
 * Exact until the end, rounded once as the note says.
 *
 * Source: Open Cap Format 1.2.0, `NoteConversionMechanism`, whose words are used; day counts by the 2006 ISDA
 * Definitions, section 4.16 (d) actual/365 (fixed), (e) actual/360, (f) 30/360.
 */
import { divide, NUMERIC_PLACES, type Numeric, type Rounding } from '../../platform/index.ts'
import { addDays, addMonths, dayOfMonth } from '../dates.ts'
import { ONE, type Ratio } from '../replay/conversion.ts'

/** Daily compounding takes a power for each day: a slip in a year must not keep the server busy. */
export const MOST_YEARS_OF_INTEREST = 60

/** `ACTUAL_360` is not in Open Cap Format; notes use it. */
export const DAY_COUNTS = ['ACTUAL_365', 'ACTUAL_360', '30_360'] as const
export type DayCount = (typeof DAY_COUNTS)[number]

/** A year's interest per unit of money: 0.08 is 8%. Accrues from `from` until `through`, both counted, or the next rate. */
export type InterestRate = { readonly rate: Numeric; readonly from: string; readonly through?: string | undefined }

export const ACCRUAL_PERIODS = ['DAILY', 'MONTHLY', 'QUARTERLY', 'SEMI_ANNUAL', 'ANNUAL'] as const
export type AccrualPeriod = (typeof ACCRUAL_PERIODS)[number]

export type NoteTerms = {
  readonly principal: Numeric
  /** In order of `from`, not overlapping. The first `from` is where periods of compounding are counted from. */
  readonly rates: readonly InterestRate[]
  readonly dayCount: DayCount
  /**
   * Compounding adds interest to what bears interest at the end of each period; a period that has not ended bears simple
   * interest. A period's interest is by day count too, so a quarter of actual/365 is not exactly a fourth of a year's.
   */
  readonly compounding: { readonly kind: 'SIMPLE' } | { readonly kind: 'COMPOUNDING'; readonly period: AccrualPeriod }
  /** What is paid out in cash does not convert. */
  readonly payout: 'DEFERRED' | 'CASH'
  /** `interestStops`: none accrues from this day on. Otherwise the note accrues until it converts or is repaid. */
  readonly maturity?: { readonly on: string; readonly interestStops: boolean } | undefined
  /** Of the interest, in places of the currency. */
  readonly rounding: { readonly direction: Rounding; readonly places: number }
}

export type NoteAmount = {
  /** Accrued through the day before, rounded. */
  readonly interest: Numeric
  /** What converts: principal, and the interest where it is deferred. */
  readonly converts: Numeric
  /** True on the day of maturity and after: the note may be due, and what then happens is in its terms. */
  readonly matured: boolean
}

/**
 * Interest accrued and the amount that converts on `on`. That day bears no interest, the day of the first rate does.
 *
 * @throws {RangeError} when the principal is not positive, a rate is negative, or rates are out of order or overlap
 */
export function noteAmount(terms: NoteTerms, on: string): NoteAmount {
  const { principal, maturity, payout, rounding } = terms
  if (principal <= 0n) throw new RangeError('the principal must be more than zero')
  const end = maturity?.interestStops === true && maturity.on < on ? maturity.on : on
  const spans = spansOf(terms.rates, end)
  const grown = terms.compounding.kind === 'SIMPLE' ? simple(terms, spans) : compounded(terms, spans, end)
  const scale = 10n ** BigInt(rounding.places)
  const accrued = principal * (grown.numerator - grown.denominator) * scale
  const interest =
    divide(accrued, grown.denominator * ONE, rounding.direction) * 10n ** BigInt(NUMERIC_PLACES - rounding.places)
  return {
    interest,
    converts: payout === 'CASH' ? principal : principal + interest,
    matured: maturity !== undefined && on >= maturity.on,
  }
}

/** Days from `from` to `to`, the last not counted, as the convention counts them. `from` is not after `to`. */
export function daysBetween(dayCount: DayCount, from: string, to: string): number {
  if (dayCount !== '30_360') return (Date.parse(to) - Date.parse(from)) / 86_400_000
  const [first, last] = [dayOfMonth(from), dayOfMonth(to)]
  const begun = Math.min(first, 30)
  const ended = last === 31 && begun === 30 ? 30 : last
  const months = (date: string): number => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7))
  return (months(to) - months(from)) * 30 + ended - begun
}

/** Days in a year, by convention. */
const yearOf = (dayCount: DayCount): bigint => (dayCount === 'ACTUAL_365' ? 365n : 360n)

type Span = { readonly rate: Numeric; readonly from: string; readonly to: string }

/** The rates as half-open spans, cut at `end`. */
function spansOf(rates: readonly InterestRate[], end: string): Span[] {
  const spans = rates.map(({ rate, from, through }, at): Span => {
    if (rate < 0n) throw new RangeError('a rate must not be negative')
    const next = rates[at + 1]?.from
    const last = through === undefined ? next : addDays(through, 1)
    if (next !== undefined && (next <= from || (last !== undefined && last > next))) {
      throw new RangeError('rates must be in order of their dates and not overlap')
    }
    return { rate, from, to: last === undefined || last > end ? end : last }
  })
  return spans.filter(({ from, to }) => from < to)
}

/** Rate times days of each span that falls into [from, to), in units of 10^-10 of a year's days. */
function rateDays(dayCount: DayCount, spans: readonly Span[], from: string, to: string): bigint {
  let sum = 0n
  for (const span of spans) {
    const begun = span.from > from ? span.from : from
    const ended = span.to < to ? span.to : to
    if (begun < ended) sum += span.rate * BigInt(daysBetween(dayCount, begun, ended))
  }
  return sum
}

/** What one unit of money has grown to. */
function simple({ dayCount }: NoteTerms, spans: readonly Span[]): Ratio {
  const year = ONE * yearOf(dayCount)
  const first = spans[0]?.from
  const last = spans.at(-1)?.to
  if (first === undefined || last === undefined) return { numerator: year, denominator: year }
  return { numerator: year + rateDays(dayCount, spans, first, last), denominator: year }
}

const MONTHS = { MONTHLY: 1, QUARTERLY: 3, SEMI_ANNUAL: 6, ANNUAL: 12 } as const

function compounded({ dayCount, compounding, rates }: NoteTerms, spans: readonly Span[], end: string): Ratio {
  const year = ONE * yearOf(dayCount)
  let [numerator, denominator] = [1n, 1n]
  if (compounding.kind === 'COMPOUNDING' && compounding.period === 'DAILY') {
    for (const { rate, from, to } of spans) {
      const days = BigInt(daysBetween(dayCount, from, to))
      numerator *= (year + rate) ** days
      denominator *= year ** days
    }
    return { numerator, denominator }
  }
  const months = compounding.kind === 'COMPOUNDING' && compounding.period !== 'DAILY' ? MONTHS[compounding.period] : 12
  const start = rates[0]?.from ?? end
  for (let [count, from] = [1, start]; from < end; count += 1) {
    const to = addMonths(start, count * months, dayOfMonth(start)) ?? end
    numerator *= year + rateDays(dayCount, spans, from, to < end ? to : end)
    denominator *= year
    from = to
  }
  return { numerator, denominator }
}
