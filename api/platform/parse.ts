/** Parsing what comes in: zod schemas of the shapes that recur, and faults that name the field. */
import { z } from 'zod'
import { BadInput } from './errors.ts'
import { NotADecimal, parseNumeric, parseTokens } from './exact.ts'
import { IN_OUR_WORDS, reasonOf } from './fault-words.ts'
import { isUuid, type PoolRef, parseGlobalId, type Ref, type Uuid } from './ids.ts'

/**
 * Parses `input`, or throws with every fault and its path.
 *
 * @throws {BadInput}
 */
export function parse<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input, IN_OUR_WORDS)
  if (result.success) return result.data
  throw new BadInput(
    result.error.issues.map((issue) => ({
      path: issue.path.map((key) => (typeof key === 'number' ? key : String(key))),
      reason: reasonOf(issue),
    })),
  )
}

const decimal = (read: (text: string) => bigint, wanted: string) =>
  z.string({ error: `must be ${wanted}, as a string` }).transform((text, context) => {
    try {
      return read(text)
    } catch (error) {
      if (!(error instanceof NotADecimal)) throw error
      context.addIssue({ code: 'custom', message: error.reason })
      return z.NEVER
    }
  })
const positive = (amount: bigint): boolean => amount > 0n

/** A token amount as a decimal string with at most 6 places, to micro-tokens. */
export const zTokens = decimal(parseTokens, 'a token amount like "100000.5"')
export const zPositiveTokens = zTokens.refine(positive, 'must be more than zero')
/** A non-negative decimal string with at most 10 places, times 10^10. */
export const zNumeric = decimal(parseNumeric, 'a decimal number like "1.25"')
export const zPositiveNumeric = zNumeric.refine(positive, 'must be more than zero')
/** An ISO 4217 code. */
export const zCurrency = z.string().regex(/^[A-Z]{3}$/, 'must be a currency code like "USD"')
/** An amount of money: `{ amount: "1250000.00", currency: "USD" }`. */
export const zMoney = z.strictObject({ amount: zNumeric, currency: zCurrency })
export const zPositiveMoney = z.strictObject({ amount: zPositiveNumeric, currency: zCurrency })
/** A calendar date that exists, `YYYY-MM-DD`, from the year 1000 to 9999. */
export const zIsoDate = z.string().refine(isIsoDate, 'must be a date that exists, like "2026-11-20"')
/**
 * An instant in UTC, `YYYY-MM-DDTHH:MM:SSZ` with up to six decimals. Where it is none, checks of the whole, which compare
 * instants, are not asked.
 */
export const zInstant = z
  .string()
  .refine(isInstant, { message: 'must be an instant in UTC, like "2026-11-20T09:00:00Z"', abort: true })
export const zUuid = z.string().refine(isUuid, 'must be a UUID')

/** A text of 1 to `max` characters: well-formed, trimmed, with no control characters but line breaks. */
export const zText = (max: number) =>
  z
    .string()
    .transform((text) => text.trim())
    .refine((text) => text.length > 0, 'must not be empty')
    .refine((text) => text.length <= max, `must have at most ${max} characters`)
    .refine((text) => text.isWellFormed() && !/[\p{Cc}--\n]/v.test(text), 'must not hold control characters')

/** What makes a call safe to repeat: any text of up to 100 characters, new for each intention. */
export const zIdempotencyKey = zText(100).nullish()

const keysOf = (type: string, count: number) =>
  z.string().transform((text, context): readonly Uuid[] => {
    const parsed = parseGlobalId(text)
    if (parsed !== undefined && parsed.type === type && parsed.keys.length === count) return parsed.keys
    context.addIssue({ code: 'custom', message: `must be the id of a ${type}` })
    return z.NEVER
  })

/** The global id of anything, kept as its text: for what only stores it. */
export const zGlobalId = z.string().refine((text) => parseGlobalId(text) !== undefined, 'must be an id')
/** The global id of something that belongs to a company, to its {@link Ref}. */
export const zRef = (type: string) =>
  keysOf(type, 2).transform(([companyId, id]): Ref => ({ companyId: companyId ?? '', id: id ?? '' }))
/** The global id of something that belongs to a pool, to its {@link PoolRef}. */
export const zPoolRef = (type: string) =>
  keysOf(type, 2).transform(([poolId, id]): PoolRef => ({ poolId: poolId ?? '', id: id ?? '' }))
/** The global id of something with one key (`Company`, `Provider`, `Pool`, `TokenClass`), to that key. */
export const zKey = (type: string) => keysOf(type, 1).transform(([key]): Uuid => key ?? '')

/** Whether the text is a calendar date that exists. */
export function isIsoDate(text: string): boolean {
  if (!/^[1-9]\d{3}-\d\d-\d\d$/.test(text)) return false
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8))]
  return month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month)
}

/** Days of a month in the Gregorian calendar. */
function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** Whether the text is an instant in UTC that exists. */
export function isInstant(text: string): boolean {
  return (
    /^[1-9]\d{3}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$/.test(text) && isIsoDate(text.slice(0, 10))
  )
}
/** SHA-256 of the document that was read, in hex. */
export const zSha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
