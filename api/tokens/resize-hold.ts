/** How a hold that is firm becomes larger or smaller: it takes up another hold, or gives a part of its lots to a new one. */
import { type MicroTokens, type Trx, type Uuid, WrongState } from '../platform/index.ts'
import { ExceedsHold } from './errors.ts'
import { giveLots, type Hold, type HoldLot, insertHold, lockHolds, moveHold, takeLots } from './hold.store.ts'
import { lockTokens } from './ledger.store.ts'
import { postHold } from './settle-hold.ts'

/**
 * Makes a pending hold firm, and a part of another that is firm: its lots are drawn after those that the other has. No token
 * moves but from pending to held. Takes the locks of {@link lockTokens}.
 *
 * @throws {WrongState} when the hold that grows is not posted
 * @throws {HoldExpired | HoldAlreadyPosted | HoldAlreadyVoided} of the one that it takes up
 */
export async function joinHold(
  trx: Trx,
  { companyId, holdId, joins }: { readonly companyId: Uuid; readonly holdId: Uuid; readonly joins: Uuid },
): Promise<void> {
  await postHold(trx, { companyId, holdId: joins })
  const holds = await lockHolds(trx, companyId, [holdId, joins])
  const hold = mustBePosted(holds.get(holdId))
  const other = mustBePosted(holds.get(joins))
  await takeLots(trx, hold, other.lots)
  await moveHold(trx, other, 'joined')
}

/**
 * Gives so much of what is left of a firm hold to a new one that is firm too, from the lots that would be drawn last. No token
 * moves. Takes the locks of {@link lockTokens}.
 *
 * @throws {WrongState} when the hold is not posted
 * @throws {ExceedsHold} when less is left of it, or all of it is asked for
 */
export async function splitHold(
  trx: Trx,
  asked: { readonly companyId: Uuid; readonly holdId: Uuid; readonly into: Uuid; readonly amount: MicroTokens },
): Promise<void> {
  const { companyId, holdId, into, amount } = asked
  await lockTokens(trx, companyId)
  const hold = mustBePosted((await lockHolds(trx, companyId, [holdId])).get(holdId))
  const lots = lastOf(hold, amount)
  await giveLots(trx, hold, lots)
  await insertHold(trx, { ...hold, holdId: into, amount, lots })
  await moveHold(trx, { ...hold, holdId: into, state: 'pending' }, 'posted')
}

/**
 * The lots of a hold from which so much is given up, those that are drawn last first. Pure.
 *
 * @throws {ExceedsHold} when less is left of it, or all of it is asked for
 */
export function lastOf(hold: Pick<Hold, 'lots' | 'amount'>, amount: MicroTokens): HoldLot[] {
  let missing = amount
  const given = hold.lots.toReversed().flatMap((lot) => {
    const left = lot.amount - lot.charged
    const part = left < missing ? left : missing
    missing -= part
    return part === 0n ? [] : [{ ...lot, amount: part, charged: 0n }]
  })
  if (missing > 0n || amount >= hold.amount) throw new ExceedsHold(amount - missing, amount)
  return given.reverse()
}

function mustBePosted(hold: Hold | undefined): Hold {
  if (hold?.state !== 'posted') throw new WrongState('hold', hold?.state ?? 'unknown', ['posted'])
  return hold
}
