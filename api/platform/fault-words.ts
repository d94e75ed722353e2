/** What is wrong with an input, in our own words: never in those of the validator, which people do not know. */
import type { z } from 'zod'

const WANTED: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}

/**
 * For `safeParse`: our words wherever the schema has none of its own, and what was given kept, which {@link reasonOf} looks
 * at.
 */
export const IN_OUR_WORDS = { error: wordsOf, reportInput: true } as const

function wordsOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `has fields that do not exist: ${issue.keys.slice(0, 10).join(', ')}`
    case 'invalid_type':
      return `must be ${WANTED[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`
    case 'too_small':
      return `must be at least ${issue.minimum}${ofWhat(issue.origin)}`
    case 'too_big':
      return `must be at most ${issue.maximum}${ofWhat(issue.origin)}`
    default:
      return 'is not of a form that is understood'
  }
}

/** What a bound counts; nothing for a number, which is the bound itself. */
const ofWhat = (origin: string): string =>
  origin === 'string' ? ' characters long' : origin === 'array' ? ' entries long' : ''

/** The reason of a fault; what is left out is said to be missing, whatever its form would be. */
export const reasonOf = (issue: z.core.$ZodIssue): string =>
  issue.input === undefined && NEEDS_INPUT.has(issue.code) ? 'is missing' : issue.message

/** Codes of a value that is of another form than is wanted. */
const NEEDS_INPUT: ReadonlySet<string> = new Set(['invalid_type', 'invalid_value', 'invalid_union', 'invalid_format'])
