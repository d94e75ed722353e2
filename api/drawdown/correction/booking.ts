/** In which statements the parts of a correction are: none before the charge that it takes back. */
import { Temporal } from 'temporal-polyfill'
import type { Trx, Uuid } from '../../platform/index.ts'
import type { CorrectingMove } from '../../tokens/index.ts'
import { type Accounting, accountingInstant } from '../accounting/accounting-instant.ts'
import type { ChargeChange } from './open-corrections.ts'

/** Tokens that a correction moves within a lot, and the charges that say so. */
export type Step = CorrectingMove & {
  /** When the charge was booked that this takes back; `undefined` where it takes back none. */
  readonly takesFrom?: string | undefined
  readonly changes: readonly Pick<ChargeChange, 'cause' | 'amount' | 'corrects' | 'usageId'>[]
}

/** The later of two instants. */
export const laterOf = (a: string, b: string): string => (Temporal.Instant.compare(a, b) >= 0 ? a : b)

/** Where a correction is booked, and what of it is booked later than the rest: with what that takes back. */
export type Booking = Accounting & {
  readonly steps: readonly Step[]
  readonly later: { readonly at: string; readonly steps: readonly Step[] } | undefined
}

/**
 * A record is corrected in its own month, `from`. It may take back what a later month charged: time that was left unused then,
 * arrears that were charged then, a micro-token that rounding had put on another record. That month shows it: else the earlier
 * one would show less than nothing. Where all of it is such, the correction is there. The company is locked.
 */
export async function bookingOf(trx: Trx, companyId: Uuid, from: string, steps: readonly Step[]): Promise<Booking> {
  const own = await accountingInstant(trx, companyId, from)
  const late = steps.filter(({ takesFrom }) => takesFrom !== undefined && laterOf(own.at, takesFrom) !== own.at)
  if (late.length === 0) return { ...own, steps, later: undefined }
  const last = await accountingInstant(trx, companyId, lastTaken(late) ?? from)
  if (late.length === steps.length) return { ...last, steps, later: undefined }
  return { ...own, steps: steps.filter((step) => !late.includes(step)), later: { at: last.at, steps: late } }
}

/** When the last of the charges that these steps take back was booked; `undefined` where they take back none. */
export const lastTaken = (steps: readonly Pick<Step, 'takesFrom'>[]): string | undefined =>
  steps.reduce<string | undefined>(
    (last, { takesFrom }) =>
      last === undefined || takesFrom === undefined ? (takesFrom ?? last) : laterOf(last, takesFrom),
    undefined,
  )
