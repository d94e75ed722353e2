/** Scalars. Exact numbers are strings on the wire, so that no client reads them as floating point. */
import { GraphQLError, Kind, type ValueNode } from 'graphql'
import {
  formatNumeric,
  formatTokens,
  isInstant,
  isIsoDate,
  NotADecimal,
  parseNumeric,
  parseTokens,
} from '../../api/platform/index.ts'
import { builder } from './builder.ts'

/** Input scalars check the form and keep the text: use cases parse it once, with the path of the field. */
function text(check: (value: string) => void) {
  const read = (value: unknown, node?: ValueNode): string => {
    if (typeof value !== 'string') throw bad('must be a string', node)
    try {
      check(value)
    } catch (error) {
      if (error instanceof NotADecimal) throw bad(error.reason, node)
      if (error instanceof GraphQLError && node !== undefined) throw bad(error.message, node)
      throw error
    }
    return value
  }
  return {
    parseValue: (value: unknown): string => read(value),
    // A number in a document is no string either: as a number it would already have lost its form.
    parseLiteral: (node: ValueNode): string => read(node.kind === Kind.STRING ? node.value : undefined, node),
  }
}

/** The door adds the code and the field's path. */
const bad = (reason: string, node?: ValueNode) => new GraphQLError(reason, { nodes: node ?? null })

const must = (holds: (value: string) => boolean, wanted: string) => (value: string) => {
  if (!holds(value)) throw bad(wanted)
}

builder.scalarType('Tokens', {
  description:
    'An amount of tokens as a decimal string with at most 6 places, such as "100000.5". 1 token = 1 H100-hour. Input: digits and at most one point, no sign, no exponent.',
  ...text(parseTokens),
  serialize: (value) => formatTokens(value),
})
builder.scalarType('Shares', {
  description:
    'A number of shares as a decimal string with at most 10 places (Open Cap Format Numeric), such as "1140000". Input: digits and at most one point, no sign, no exponent.',
  ...text(parseNumeric),
  serialize: (value) => formatNumeric(value),
})
builder.scalarType('Decimal', {
  description:
    'An exact decimal as a string with at most 10 places, such as "0.1", in the unit that the field names. Input: digits and at most one point, no sign, no exponent.',
  ...text(parseNumeric),
  serialize: (value) => formatNumeric(value),
})
builder.scalarType('BigInt', {
  description: 'A whole number as a string of digits, such as "3600", in the unit that the field names.',
  ...text(must((value) => /^(0|[1-9]\d{0,17})$/.test(value), 'must be a whole number of at most 18 digits')),
  serialize: (value) => value.toString(),
})
builder.scalarType('Date', {
  description: 'A calendar date, `YYYY-MM-DD` (ISO 8601). It must exist.',
  ...text(must(isIsoDate, 'must be a date that exists, like "2026-11-20"')),
})
builder.scalarType('DateTime', {
  description: 'An instant in UTC, `YYYY-MM-DDTHH:MM:SS.ffffffZ` (RFC 3339).',
  ...text(must(isInstant, 'must be an instant in UTC, like "2026-11-20T09:00:00Z"')),
})
builder.scalarType('JSON', {
  description: 'A JSON value, kept as it came or as its schema says. Output only.',
  serialize: (value) => value,
})

builder.objectType('Money', {
  description: 'An amount of money in one currency.',
  fields: (t) => ({
    amount: t.expose('amount', { type: 'Decimal', description: 'The amount in whole units of the currency, exact.' }),
    currency: t.exposeString('currency', { description: 'ISO 4217 code, such as "USD".' }),
  }),
})

/** Input of an amount of money. */
export const MoneyInput = builder.inputType('MoneyInput', {
  description: 'An amount of money in one currency.',
  fields: (t) => ({
    amount: t.field({ type: 'Decimal', description: 'The amount in whole units of the currency, exact.' }),
    currency: t.string({ description: 'ISO 4217 code, such as "USD".' }),
  }),
})
