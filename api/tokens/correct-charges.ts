/** Moves tokens that were charged wrongly, or not charged, between the accounts of their lots. */
import { globalId, type MicroTokens, newId, type Trx, today, type Uuid } from '../platform/index.ts'
import { accountOf, lotAccounts } from './account.views.ts'
import type { AccountKind } from './account-kind.ts'
import { byDrawOrder } from './draw.ts'
import { drawOrders } from './draw-order.store.ts'
import { addCharged } from './hold.store.ts'
import { lockTokens, postAll } from './ledger.store.ts'

/** One move within a lot. From or to `held` it is the hold's, whose charged sum it changes. */
export type CorrectingMove = {
  readonly lotId: Uuid
  readonly from: AccountKind
  readonly to: AccountKind
  readonly amount: MicroTokens
  readonly holdId?: Uuid | undefined
}

/**
 * Posts the moves as linked transfers under `reason`, all or none, and answers their ids in order.
 *
 * @param about global id of what they are about: the correction
 * @throws {WouldOverdraw} when an account has less than is taken from it
 */
export async function correctCharges(
  trx: Trx,
  companyId: Uuid,
  reason: 'correction' | 'outage_credit',
  about: string,
  moves: readonly CorrectingMove[],
): Promise<readonly Uuid[]> {
  await lockTokens(trx, companyId)
  const lots = new Map((await lotAccounts(trx, companyId)).map((lot) => [lot.lotId, lot]))
  const events = moves.map((move, index) => {
    const lot = lots.get(move.lotId)
    if (lot === undefined) throw new Error(`there is no lot ${move.lotId}`)
    return {
      id: newId(),
      kind: 'posted' as const,
      debit: accountOf(lot, move.from).id,
      credit: accountOf(lot, move.to).id,
      amount: move.amount,
      reason,
      subject: about,
      linked: index < moves.length - 1,
    }
  })
  await postAll(trx, companyId, events)
  await addCharged(
    trx,
    companyId,
    moves.flatMap(({ holdId, lotId, from, to, amount }) =>
      holdId === undefined || (from !== 'held' && to !== 'held')
        ? []
        : [{ holdId, lotId, amount: from === 'held' ? amount : -amount }],
    ),
  )
  return events.map((event) => event.id)
}

/** Lots of a class that can be drawn today, in the order of drawing, with what is available of each; and which have expired. */
export async function drawableLots(
  trx: Trx,
  companyId: Uuid,
  tokenClassId: Uuid,
): Promise<{ readonly lots: readonly { lotId: Uuid; left: MicroTokens }[]; readonly expired: ReadonlySet<Uuid> }> {
  await lockTokens(trx, companyId)
  const on = await today(trx)
  const all = await lotAccounts(trx, companyId)
  return {
    lots: all
      .filter((lot) => lot.tokenClassId === tokenClassId && lot.expiresOn > on)
      .sort(byDrawOrder((await drawOrders(trx, companyId)).get(tokenClassId)))
      .map((lot) => ({ lotId: lot.lotId, left: accountOf(lot, 'available').left })),
    expired: new Set(all.filter((lot) => lot.expiresOn <= on).map((lot) => lot.lotId)),
  }
}

/** What a correction is called where its transfers name it. */
export const correctionSubject = (companyId: Uuid, correctionId: Uuid): string =>
  globalId('Correction', companyId, correctionId)
