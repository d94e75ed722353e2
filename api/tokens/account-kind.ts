/** The accounts that every lot has. */

/** Why tokens were consumed. Charged is not delivered. */
export const CHARGE_CAUSES = ['delivered', 'idle_reserved', 'no_show', 'cancel_fee'] as const
export type ChargeCause = (typeof CHARGE_CAUSES)[number]

/**
 * `obligation` is the contra account: what the provider owes. Its debits are what was granted, its credits what left the
 * holder. Every other account holds tokens: granted = the sum of all others + what left.
 */
export const ACCOUNT_KINDS = [
  'obligation',
  'locked',
  'available',
  'held',
  'escrow',
  'charged:delivered',
  'charged:idle_reserved',
  'charged:no_show',
  'charged:cancel_fee',
  'expired',
  'cancelled',
] as const
export type AccountKind = (typeof ACCOUNT_KINDS)[number]

/** The account that a charge by this cause credits. */
export const chargedKind = (cause: ChargeCause): AccountKind => `charged:${cause}`

/** Whether the text names an account. */
export const isAccountKind = (text: string): text is AccountKind => (ACCOUNT_KINDS as readonly string[]).includes(text)
