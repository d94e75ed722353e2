/** What should be equal and is not: how every capability's check of its own rows says it. */
import type { Uuid } from './ids.ts'

/** One difference, named. */
export type Discrepancy = {
  /** Which check found it, in capitals: `BALANCES`. */
  readonly check: string
  /** Whose rows; `null` for what belongs to no company, such as the supply of a token class. */
  readonly companyId: Uuid | null
  /** Global id of what it is about. */
  readonly subject: string
  /** What was compared: `available credits posted = transfers`. Amounts of tokens are micro-tokens, shares are whole. */
  readonly what: string
  readonly expected: string
  readonly found: string
}

/** Two figures that should be the same: nothing when they are. */
export function compare(
  of: Pick<Discrepancy, 'check' | 'companyId' | 'subject' | 'what'>,
  expected: bigint | string,
  found: bigint | string,
): readonly Discrepancy[] {
  return expected === found ? [] : [{ ...of, expected: String(expected), found: String(found) }]
}
