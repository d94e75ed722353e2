/** Which open securities stand for no shares, and why: one rule for every count of shares, on every day. Pure. */
import { addDays } from '../dates.ts'
import type { Security } from './state.ts'

/**
 * Why an open security counts in no number of shares.
 *
 * - `EXPIRED`: the last day on which it could be exercised is over. Nobody has cancelled it, so it is still listed
 * - `CASH_SETTLED`: it gives money and never shares: a right to the appreciation of shares that is settled in cash
 *
 * Source: Open Cap Format 1.2.0, `expiration_date`, `warrant_expiration_date`, `CompensationType`.
 */
export const NOT_COUNTED = ['EXPIRED', 'CASH_SETTLED'] as const
export type NotCounted = (typeof NOT_COUNTED)[number]

type Lasting = Pick<Security, 'lastDay' | 'settledInCash'>

/** On its last day it still counts. What has expired is called that also where it would have given cash. */
export function notCounted({ lastDay, settledInCash }: Lasting, day: string): NotCounted | undefined {
  if (lastDay !== undefined && day > lastDay) return 'EXPIRED'
  return settledInCash ? 'CASH_SETTLED' : undefined
}

/** The first day on which it has expired; `undefined` where it never does. */
export const expiredFrom = ({ lastDay }: Pick<Security, 'lastDay'>): string | undefined =>
  lastDay === undefined ? undefined : addDays(lastDay, 1)
