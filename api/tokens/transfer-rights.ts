/** Who may post which transfers through the public door: by the kinds of the two accounts, and by reason. */
import { type Actor, is } from '../access/index.ts'
import type { AccountKind } from './account-kind.ts'

/**
 * Reasons of transfers that come through the public door: `adjust`, `adjust_goodwill`. All other reasons belong to use cases
 * of the house (holds, charges, releases, sending), which keep accounts of their own: what they posted is resolved and
 * undone by them alone.
 */
export const DOOR_REASON = /^adjust[a-z_]{0,34}$/

/** Tokens of a lot that no plan, hold or charge keeps account of. */
const HELD_BY_COMPANY: readonly AccountKind[] = ['available', 'escrow']
/** Where tokens end, or come from. */
const ENDS: readonly AccountKind[] = ['expired', 'cancelled', 'obligation']

const flowsAmong = (kinds: readonly AccountKind[]): readonly string[] =>
  kinds.flatMap((from) => kinds.filter((to) => to !== from).map((to) => `${from}>${to}`))

const OF_OPERATIONS = flowsAmong(HELD_BY_COMPANY)
const OF_PARTNERS = flowsAmong([...HELD_BY_COMPANY, ...ENDS])

/** What somebody may post here. */
export type TransferRights = {
  /** `<kind debited>><kind credited>`. */
  readonly flows: readonly string[]
  /** Whether they may close an account. */
  readonly closes: boolean
}

/**
 * Operations set available tokens aside in escrow and free them again; only a partner ends tokens (cancelled, expired, back
 * to the provider), brings them back, or closes an account. Locked, held and charged tokens are moved by releases, holds and
 * charges only.
 */
export const transferRights = (actor: Actor): TransferRights =>
  is(actor, 'partner') ? { flows: OF_PARTNERS, closes: true } : { flows: OF_OPERATIONS, closes: false }
