/** Pieces that only terms are made of; the ones that recur elsewhere are in the platform. */
import { z } from 'zod'
import { NotADecimal, parseDecimal } from '../../platform/index.ts'

/** A whole number of shares, as a decimal string. */
export const zWholeShares = z
  .string({ error: 'must be a whole number of shares, as a string' })
  .transform((text, context) => {
    try {
      return parseDecimal(text, 0)
    } catch (error) {
      if (!(error instanceof NotADecimal)) throw error
      context.issues.push({ code: 'custom', message: error.reason, input: text })
      return z.NEVER
    }
  })

export const zBoolean = z.boolean({ error: 'must be true or false' })

/** A whole number that only counts things, from `least` to `most`. */
export const zCount = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`
  return z.int({ error }).min(least, { error }).max(most, { error })
}

/** The version of terms that a caller has read. */
export const zVersion = zCount(1, 1_000_000)
