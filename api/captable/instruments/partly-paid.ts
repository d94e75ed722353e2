/**
 * Partly paid shares: what is paid on them, and what they get of a dividend. Pure.
 *
 * Source: 8 Del. C. § 156: the total and the paid consideration are stated, and a dividend on partly paid shares is declared
 * "only upon the basis of the percentage of the consideration actually paid thereon".
 */
import { divide, formatNumeric, type Money, type Numeric, parseNumeric } from '../../platform/index.ts'
import type { JsonObject } from '../ocf/json.ts'

/** What is paid once `earned` of `all` shares are, of what all of them cost; down to ten places. */
export function paidConsideration(total: Money, earned: Numeric, all: Numeric): Money {
  if (all <= 0n || earned < 0n || earned > all) throw new RangeError(`${earned} of ${all} shares are no part`)
  return { amount: divide(total.amount * earned, all, 'DOWN'), currency: total.currency }
}

/** The dividend on one partly paid share, where a fully paid one gets `perShare`; down to ten places. */
export function dividendOnPartlyPaid(perShare: Numeric, total: Money, paid: Money): Numeric {
  if (total.amount <= 0n || paid.amount < 0n || paid.amount > total.amount) {
    throw new RangeError('what is paid is not within what is to be paid')
  }
  return divide(perShare * paid.amount, total.amount, 'DOWN')
}

/** "; paid 1175 of 235000 USD" where an issuance says that it is partly paid, else nothing. */
export function paidWords(issuance: JsonObject, earned: Numeric, all: Numeric): string {
  const text = issuance.consideration_text
  if (typeof text !== 'string' || !text.includes('"partlyPaid":true')) return ''
  try {
    const said: unknown = JSON.parse(text)
    if (typeof said !== 'object' || said === null || !('agreedValue' in said)) return ''
    const value = said.agreedValue
    if (typeof value !== 'object' || value === null || !('amount' in value) || !('currency' in value)) return ''
    const total = { amount: parseNumeric(String(value.amount)), currency: String(value.currency) }
    const paid = paidConsideration(total, earned, all)
    return `; paid ${formatNumeric(paid.amount)} of ${formatNumeric(total.amount)} ${total.currency}`
  } catch (error) {
    // Words that came with a package are anybody's.
    if (error instanceof SyntaxError) return ''
    throw error
  }
}
