import {
  addJob,
  globalId,
  type MicroTokens,
  NotFound,
  newId,
  Refused,
  type Trx,
  today,
  type Uuid,
} from '../platform/index.ts'
import { derivedId } from './derived-id.ts'
import { EXPIRE_LOTS_JOB } from './job-names.ts'
import { postAll } from './ledger.store.ts'
import { insertLot } from './lot.store.ts'
import { takeSupply } from './supply.store.ts'
import { findTokenClass } from './token-class.views.ts'

/**
 * Opens a lot of tokens that earn nothing: released at once, taken out of the supply of their class. The denominator of
 * every grant stays what it was.
 *
 * Lock order: the caller holds the company; the supply row is the last lock that this takes.
 *
 * @throws {SupplyExceeded} when the authority of the class is less than what is granted with this
 */
export async function openTopUp(
  trx: Trx,
  topUp: {
    readonly companyId: Uuid
    readonly tokenClassId: Uuid
    readonly amount: MicroTokens
    /** The first day on which the tokens can no longer be drawn. */
    readonly expiresOn: string
    /** Global id of what they are given for. */
    readonly subject: string
  },
): Promise<{ lotId: Uuid }> {
  const { companyId, amount, expiresOn } = topUp
  const on = await today(trx)
  if (amount <= 0n) throw new Refused('tokens', 'must be more than zero')
  if (expiresOn <= on) throw new Refused('expiresOn', `must be after ${on}: the tokens could never be used`)
  const tokenClass = await findTokenClass(trx, topUp.tokenClassId)
  if (tokenClass === undefined) throw new NotFound('token class', globalId('TokenClass', topUp.tokenClassId))
  const lotId = newId()
  const accounts = await insertLot(trx, {
    companyId,
    lotId,
    tokenClassId: topUp.tokenClassId,
    amount,
    transferRule: tokenClass.transferRule,
    expiresOn,
    drawRank: 0,
    origin: 'top_up',
  })
  await postAll(trx, companyId, [
    {
      id: derivedId('top_up', lotId),
      kind: 'posted',
      debit: accounts.obligation,
      credit: accounts.available,
      amount,
      reason: 'top_up',
      subject: topUp.subject,
    },
  ])
  await addJob(trx, {
    name: EXPIRE_LOTS_JOB,
    payload: { companyId },
    runAt: `${expiresOn}T00:00:00Z`,
    key: `tokens.expire:${companyId}:${expiresOn}`,
  })
  await takeSupply(trx, topUp.tokenClassId, amount)
  return { lotId }
}
