/** How a hold ends, and how the first usage makes it firm. Each takes the locks of `lockTokens`. */
import { globalId, instant, type Trx, type Uuid, WrongState } from '../platform/index.ts'
import { accountOf, lotAccounts } from './account.views.ts'
import { derivedId } from './derived-id.ts'
import { HoldAlreadyPosted, HoldAlreadyVoided, HoldExpired } from './errors.ts'
import { expireHolds } from './expire-holds.ts'
import { type Hold, lockHold, moveHold } from './hold.store.ts'
import { isAfter } from './instants.ts'
import { lockTokens, postAll } from './ledger.store.ts'

type HoldRef = { readonly companyId: Uuid; readonly holdId: Uuid }

/**
 * Makes a pending hold firm: its tokens are held until they are charged or returned, and no longer expire.
 *
 * @throws {HoldExpired | HoldAlreadyPosted | HoldAlreadyVoided}
 */
export async function postHold(trx: Trx, ref: HoldRef): Promise<void> {
  const hold = await lockedPending(trx, ref)
  await resolve(trx, hold, 'post_pending')
  await moveHold(trx, hold, 'posted')
}

/**
 * Gives a pending hold back: its tokens are available again. A hold that expired has given them back already: that is no
 * fault of the caller's, and changes nothing.
 *
 * @throws {HoldAlreadyPosted | HoldAlreadyVoided}
 */
export async function voidHold(trx: Trx, ref: HoldRef): Promise<void> {
  try {
    const hold = await lockedPending(trx, ref)
    await resolve(trx, hold, 'void_pending')
    await moveHold(trx, hold, 'voided')
  } catch (error) {
    if (!(error instanceof HoldExpired)) throw error
  }
}

/**
 * Ends a posted hold: what was not charged is available again. Answers nothing; `readHold` tells what was charged.
 *
 * @throws {WrongState} when the hold is not posted
 */
export async function returnHold(trx: Trx, { companyId, holdId }: HoldRef): Promise<void> {
  await lockTokens(trx, companyId)
  const hold = await lockHold(trx, companyId, holdId)
  if (hold.state !== 'posted') throw new WrongState('hold', hold.state, ['posted'])
  const lots = new Map((await lotAccounts(trx, companyId)).map((lot) => [lot.lotId, lot]))
  const rests = hold.lots.filter((part) => part.amount > part.charged)
  await postAll(
    trx,
    companyId,
    rests.map((part) => {
      const lot = lots.get(part.lotId)
      if (lot === undefined) throw new Error(`there is no lot ${part.lotId}`)
      return {
        id: derivedId('return', holdId, part.lotId),
        kind: 'posted' as const,
        debit: accountOf(lot, 'held').id,
        credit: accountOf(lot, 'available').id,
        amount: part.amount - part.charged,
        reason: 'return',
        subject: globalId('TokenHold', companyId, holdId),
      }
    }),
  )
  await moveHold(trx, hold, 'closed')
}

async function lockedPending(trx: Trx, { companyId, holdId }: HoldRef): Promise<Hold> {
  await lockTokens(trx, companyId)
  const hold = await lockHold(trx, companyId, holdId)
  if (hold.state === 'voided') throw new HoldAlreadyVoided(holdId)
  if (hold.state === 'posted' || hold.state === 'closed') throw new HoldAlreadyPosted(holdId)
  if (hold.state === 'pending' && isAfter(hold.expiresAt, await instant(trx))) return hold
  await expireHolds(trx, companyId)
  throw new HoldExpired(holdId)
}

async function resolve(trx: Trx, hold: Hold, kind: 'post_pending' | 'void_pending'): Promise<void> {
  await postAll(
    trx,
    hold.companyId,
    hold.lots.map((part) => ({
      id: derivedId(kind, hold.holdId, part.lotId),
      kind,
      pendingId: part.pendingTransferId,
      reason: kind === 'post_pending' ? 'hold_posted' : 'hold_voided',
      subject: globalId('TokenHold', hold.companyId, hold.holdId),
    })),
  )
}
