import { addJob, globalId, instant, type MicroTokens, Refused, type Trx, type Uuid } from '../platform/index.ts'
import { accountOf, type LotAccounts, lotAccounts } from './account.views.ts'
import { applyLotChanges } from './change-lot.ts'
import { derivedId } from './derived-id.ts'
import { byDrawOrder, draw } from './draw.ts'
import { drawOrders } from './draw-order.store.ts'
import { TokensNotReleased, TransferIdReused, WouldOverdraw } from './errors.ts'
import { EXPIRE_HOLDS_JOB, expireHolds } from './expire-holds.ts'
import { type Hold, insertHold, readHolds } from './hold.store.ts'
import { isAfter } from './instants.ts'
import { postAll } from './ledger.store.ts'

export type NewHold = {
  readonly companyId: Uuid
  readonly holdId: Uuid
  readonly tokenClassId: Uuid
  readonly amount: MicroTokens
  /** From this instant on the hold can only expire. */
  readonly expiresAt: string
  /** Draws only lots that have not expired by this date (default: today). */
  readonly usableOn?: string
  /** Draws none of these lots, whatever they hold. */
  readonly exceptLots?: ReadonlySet<Uuid>
}

/**
 * Sets tokens aside: a pending transfer from available to held for each lot drawn, in draw order. The same hold again
 * changes nothing. Takes the locks of {@link lockTokens}.
 *
 * @throws {TokensNotReleased} when there would be enough if everything were released
 * @throws {WouldOverdraw} when there is not enough
 * @throws {TransferIdReused} when the hold's id stands for another hold
 */
export async function hold(trx: Trx, asked: NewHold): Promise<void> {
  const { companyId, holdId } = asked
  const at = await instant(trx)
  if (asked.amount <= 0n) throw new Refused('amount', 'must be more than zero')
  await expireHolds(trx, companyId)
  const before = (await readHolds(trx, companyId, [holdId])).get(holdId)
  if (before !== undefined) return refuseOther(before, asked)
  if (!isAfter(asked.expiresAt, at)) throw new Refused('expiresAt', 'must be in the future')
  const usableOn = asked.usableOn ?? at.slice(0, 10)
  await applyLotChanges(trx, companyId)
  const lots = (await lotAccounts(trx, companyId))
    .filter((lot) => lot.tokenClassId === asked.tokenClassId && lot.expiresOn > usableOn)
    .filter((lot) => asked.exceptLots?.has(lot.lotId) !== true)
    .sort(byDrawOrder((await drawOrders(trx, companyId)).get(asked.tokenClassId)))
  const draws = draw(
    lots.map((lot) => ({ lotId: lot.lotId, left: accountOf(lot, 'available').left })),
    asked.amount,
  )
  if (draws === undefined) throw await shortage(trx, companyId, lots, asked.amount)
  const byId = new Map(lots.map((lot) => [lot.lotId, lot]))
  const parts = draws.map((part) => ({
    ...part,
    pendingTransferId: derivedId('hold', holdId, part.lotId),
    charged: 0n,
  }))
  await postAll(
    trx,
    companyId,
    parts.map((part) => {
      const lot = byId.get(part.lotId)
      if (lot === undefined) throw new Error(`there is no lot ${part.lotId}`)
      return {
        id: part.pendingTransferId,
        kind: 'pending' as const,
        debit: accountOf(lot, 'available').id,
        credit: accountOf(lot, 'held').id,
        amount: part.amount,
        expiresAt: asked.expiresAt,
        reason: 'hold',
        subject: globalId('TokenHold', companyId, holdId),
      }
    }),
  )
  await insertHold(trx, { ...asked, lots: parts })
  await addJob(trx, {
    name: EXPIRE_HOLDS_JOB,
    payload: { companyId },
    runAt: asked.expiresAt,
    key: `tokens.expire-hold:${companyId}:${holdId}`,
  })
}

/** A lot's locked tokens count as not released; a class without enough of both is short. */
async function shortage(
  trx: Trx,
  companyId: Uuid,
  lots: readonly LotAccounts[],
  asked: MicroTokens,
): Promise<WouldOverdraw | TokensNotReleased> {
  const sum = (kind: 'available' | 'locked') => lots.reduce((total, lot) => total + accountOf(lot, kind).left, 0n)
  const [available, locked] = [sum('available'), sum('locked')]
  if (available + locked < asked) return new WouldOverdraw(available, asked)
  const next = await trx
    .selectFrom('release_plan')
    .where('company_id', '=', companyId)
    .where('released_transfer_id', 'is', null)
    .where(
      'lot_id',
      'in',
      lots.map((lot) => lot.lotId),
    )
    .select('release_on')
    .orderBy('release_on')
    .limit(1)
    .executeTakeFirst()
  return new TokensNotReleased({ available, locked, asked, nextReleaseOn: next?.release_on ?? null })
}

function refuseOther(before: Hold, asked: NewHold): void {
  const field =
    before.tokenClassId !== asked.tokenClassId ? 'tokenClassId' : before.amount !== asked.amount ? 'amount' : undefined
  if (field !== undefined) throw new TransferIdReused(asked.holdId, field)
}
