/**
 * Validators of the simple types of Open Cap Format 1.2.0. They accept what its schemas accept; where they are stricter on
 * purpose, the list is in `test/captable/schema-agreement.test.ts`: bounded digits, ids, occurrences and periods.
 */
import { z } from 'zod'
import { NUMERIC_PLACES, type Numeric } from '../../platform/index.ts'
import { MAX_ID_LENGTH } from './bounds.ts'

/** Digits before the point that a column `numeric(34,10)` holds. */
const MAX_WHOLE_DIGITS = 24
const NUMERIC = /^([+-]?)([0-9]+)(?:\.([0-9]{1,10}))?$/
const PERCENTAGE = /^0?(\.[0-9]{1,10})?$|^1(\.0{1,10})?$/

/** Reads an OCF `Numeric`, which allows "+", leading and trailing zeros. `undefined` where the text is none. */
export function readNumeric(text: string): Numeric | undefined {
  const match = NUMERIC.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = ''] = match
  if (whole.replace(/^0+/, '').length > MAX_WHOLE_DIGITS) return undefined
  const value = BigInt(whole + fraction.padEnd(NUMERIC_PLACES, '0'))
  return sign === '-' ? -value : value
}

const NOT_NUMERIC = `is not a number as text: digits, at most ${MAX_WHOLE_DIGITS} before and ${NUMERIC_PLACES} after the point, like "1250000.50"`

export const numeric = z.string().transform((text, ctx): Numeric => {
  const value = readNumeric(text)
  if (value !== undefined) return value
  ctx.addIssue(NOT_NUMERIC)
  return z.NEVER
})

/** A share of one, "0" to "1". The schema's pattern also allows the empty text and ".5". */
export const percentage = z
  .string()
  .regex(PERCENTAGE, 'is not a share of one as text, like "0.20"')
  .transform((text): Numeric => {
    const [whole, fraction = ''] = text.split('.')
    return BigInt(`${whole || '0'}${fraction.padEnd(NUMERIC_PLACES, '0')}`)
  })

/** True when `text` is "YYYY-MM-DD" and the day exists. */
export function isDate(text: string): boolean {
  const match = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text)
  if (match === null) return false
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (month < 1 || month > 12 || day < 1) return false
  return day <= daysInMonth(year, month)
}

/** Days of a month of the proleptic Gregorian calendar; months count from 1. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

// PostgreSQL has no year 0, and a cap table has no need of one.
export const date = z
  .string()
  .refine((text) => isDate(text) && text >= '0001-01-01', 'is not a date that exists, like "2026-11-20"')

const DATE_TIME =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?(?:Z|[+-]([0-9]{2}):?([0-9]{2}))$/i
export const dateTime = z.string().refine((text) => {
  const match = DATE_TIME.exec(text)
  if (match === null) return false
  const [, day = '', hour, minute, second, offsetHour = '0', offsetMinute = '0'] = match
  return (
    isDate(day) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60 &&
    Number(offsetHour) < 24 &&
    Number(offsetMinute) < 60
  )
}, 'is not a time with its offset, like "2026-11-20T09:30:00Z"')

/** An id of the package's own making. The schema sets no bounds; an empty id could not be referred to. */
export const id = z.string().min(1, 'is empty').max(MAX_ID_LENGTH, `is longer than ${MAX_ID_LENGTH} characters`)
export const text = z.string()
export const ids = z.array(id)

const code = (pattern: RegExp, what: string) => z.string().regex(pattern, what)
const currency = code(/^[A-Z]{3}$/, 'is not a currency code of three capitals, like "USD"')
const country = code(/^[A-Z]{2}$/, 'is not a country code of two capitals, like "US"')
const subdivision = code(/^[A-Z0-9]{1,3}$/, 'is not a subdivision code, like "DE" for Delaware')

export { country, subdivision }

export const md5 = code(/^[a-fA-F0-9]{32}$/, 'is not an MD5 sum of 32 hexadecimal digits')
export const monetary = z.strictObject({ amount: numeric, currency })
export const ratio = z.strictObject({ numerator: numeric, denominator: numeric })
export const name = z.strictObject({ legal_name: text, first_name: text.optional(), last_name: text.optional() })
export const taxId = z.strictObject({ tax_id: text, country })
export const file = z.strictObject({ filepath: text, md5 })
export const email = z.strictObject({
  email_type: z.enum(['PERSONAL', 'BUSINESS', 'OTHER']),
  email_address: code(/^[^\s@]+@[^\s@]+$/, 'is not an address for mail'),
})
export const phone = z.strictObject({
  phone_type: z.enum(['HOME', 'MOBILE', 'BUSINESS', 'OTHER']),
  phone_number: code(
    /^\+\d{1,3}\s\d{2,3}\s\d{2,3}\s\d{4}(\s(ext.|extension)\s\d+)?$/,
    'is not a telephone number of the form "+1 612 234 2345"',
  ),
})
export const address = z.strictObject({
  address_type: z.enum(['LEGAL', 'CONTACT', 'OTHER']),
  street_suite: text.optional(),
  city: text.optional(),
  country_subdivision: subdivision.optional(),
  country,
  postal_code: text.optional(),
})
const reach = { phone_numbers: z.array(phone).optional(), emails: z.array(email).optional() }
const reachable = (contact: { phone_numbers?: unknown; emails?: unknown }): boolean =>
  contact.phone_numbers !== undefined || contact.emails !== undefined
const UNREACHABLE = 'has neither phone_numbers nor emails'
export const contactInfo = z.strictObject({ name, ...reach }).refine(reachable, UNREACHABLE)
export const contactInfoWithoutName = z.strictObject(reach).refine(reachable, UNREACHABLE)

export const securityExemption = z.strictObject({ description: text, jurisdiction: text })
export const shareNumberRange = z.strictObject({ starting_share_number: numeric, ending_share_number: numeric })
export const vesting = z.strictObject({ date, amount: numeric })
export const terminationWindow = z.strictObject({
  reason: z.enum([
    'VOLUNTARY_OTHER',
    'VOLUNTARY_GOOD_CAUSE',
    'VOLUNTARY_RETIREMENT',
    'INVOLUNTARY_OTHER',
    'INVOLUNTARY_DEATH',
    'INVOLUNTARY_DISABILITY',
    'INVOLUNTARY_WITH_CAUSE',
  ]),
  period: z.int(),
  period_type: z.enum(['DAYS', 'MONTHS', 'YEARS']),
})
const authorizedWord = z.enum(['NOT APPLICABLE', 'UNLIMITED'])
/** A number of shares, or one of the two words that stand for none or no limit. */
export const authorized = z.string().transform((text, ctx) => {
  const word = authorizedWord.safeParse(text)
  if (word.success) return word.data
  const value = readNumeric(text)
  if (value !== undefined) return value
  ctx.addIssue(`${NOT_NUMERIC}, "UNLIMITED" or "NOT APPLICABLE"`)
  return z.NEVER
})
export const capitalizationDefinition = z.strictObject({
  include_stock_class_ids: ids,
  include_stock_plans_ids: ids,
  include_security_ids: ids,
  exclude_security_ids: ids,
})
export const capitalizationRules = z.strictObject({
  include_outstanding_shares: z.boolean(),
  include_outstanding_options: z.boolean(),
  include_outstanding_unissued_options: z.boolean(),
  include_this_security: z.boolean(),
  include_other_converting_securities: z.boolean(),
  include_option_pool_topup_for_promised_options: z.boolean(),
  include_additional_option_pool_topup: z.boolean(),
  include_new_money: z.boolean(),
})
