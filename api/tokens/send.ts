/**
 * Tokens on their way from one holder to another, in steps that each touch one holder: set aside at the sender, taken in by
 * the receiver, settled at the sender. Between the last two both know of the tokens: the sender in escrow, where nobody can
 * draw them, and the receiver, who can.
 */
import { addJob, globalId, type MicroTokens, Refused, type Trx, today, type Uuid } from '../platform/index.ts'
import { accountOf, lotAccounts } from './account.views.ts'
import { derivedId } from './derived-id.ts'
import { byDrawOrder, draw } from './draw.ts'
import { drawOrders } from './draw-order.store.ts'
import { WouldOverdraw } from './errors.ts'
import { EXPIRE_LOTS_JOB } from './job-names.ts'
import { type LedgerEvent, lockTokens, postAll } from './ledger.store.ts'
import { insertLot } from './lot.store.ts'
import { lotsOf } from './lot.views.ts'
import { insertReceipt, insertSending, lotsOfSending, type Sending, type SentLot } from './sending.store.ts'

const subjectOf = ({ ref }: Pick<Sending, 'ref'>): string => globalId('TokenSending', ref.companyId, ref.id)

/**
 * Promises tokens of transferable lots to escrow, in draw order. The caller has locked the company.
 *
 * @throws {Refused} when no lot of the class may go to another holder
 * @throws {WouldOverdraw} when the transferable lots do not have as many
 */
export async function setAsideToSend(
  trx: Trx,
  asked: Omit<Sending, 'state' | 'askedAt' | 'endedBecause'> & { readonly askedBy: Uuid },
): Promise<void> {
  const { companyId, id } = asked.ref
  await lockTokens(trx, companyId)
  const on = await today(trx)
  const rules = new Map((await lotsOf(trx, companyId)).map((lot) => [lot.lotId, lot.transferRule]))
  const ofClass = (await lotAccounts(trx, companyId)).filter((lot) => lot.tokenClassId === asked.tokenClassId)
  const lots = ofClass
    .filter((lot) => rules.get(lot.lotId) === 'WITH_PROVIDER_CONSENT' && lot.expiresOn > on)
    .sort(byDrawOrder((await drawOrders(trx, companyId)).get(asked.tokenClassId)))
  if (lots.length === 0 && ofClass.length > 0)
    throw new Refused('tokenClassId', 'names tokens that may not go to another holder: so their terms say')
  const left = lots.map((lot) => ({ lotId: lot.lotId, left: accountOf(lot, 'available').left }))
  const draws = draw(left, asked.amount)
  if (draws === undefined)
    throw new WouldOverdraw(
      left.reduce((sum: MicroTokens, each) => sum + each.left, 0n),
      asked.amount,
    )
  const parts = draws.map((part) => ({ ...part, pendingTransferId: derivedId('send', id, part.lotId) }))
  const byId = new Map(lots.map((lot) => [lot.lotId, lot]))
  const events = parts.flatMap((part): LedgerEvent[] => {
    const lot = byId.get(part.lotId)
    if (lot === undefined) return []
    return [
      {
        id: part.pendingTransferId,
        kind: 'pending',
        debit: accountOf(lot, 'available').id,
        credit: accountOf(lot, 'escrow').id,
        amount: part.amount,
        reason: 'send',
        subject: subjectOf(asked),
      },
    ]
  })
  await postAll(trx, companyId, events)
  await insertSending(trx, asked, parts)
}

/**
 * The receiver takes the tokens: a lot for each that they come from, with its expiry and its rule, which vests nothing. The
 * receiver is locked, and has no receipt yet.
 */
export async function takeIn(trx: Trx, sending: Sending, parts: readonly SentLot[]): Promise<void> {
  const companyId = sending.toCompanyId
  for (const part of parts) {
    const lotId = derivedId('receive', sending.ref.id, part.lotId)
    const accounts = await insertLot(trx, {
      companyId,
      lotId,
      tokenClassId: sending.tokenClassId,
      amount: part.amount,
      transferRule: part.transferRule,
      expiresOn: part.expiresOn,
      drawRank: 0,
      origin: 'transfer',
      receives: sending.ref.id,
    })
    await postAll(trx, companyId, [
      {
        id: derivedId('received', lotId),
        kind: 'posted',
        debit: accounts.obligation,
        credit: accounts.available,
        amount: part.amount,
        reason: 'receive',
        subject: globalId('TokenReceipt', companyId, sending.ref.id),
      },
    ])
    await addJob(trx, {
      name: EXPIRE_LOTS_JOB,
      payload: { companyId },
      runAt: `${part.expiresOn}T00:00:00Z`,
      key: `tokens.expire:${companyId}:${part.expiresOn}`,
    })
  }
  await insertReceipt(trx, sending, { outcome: 'taken', because: null })
}

/** Why the receiver cannot take the tokens, as far as their lots say; `undefined` when it can. */
export const whyNotTaken = (parts: readonly SentLot[], on: string): string | undefined =>
  parts.some((part) => part.expiresOn <= on) ? 'EXPIRED' : undefined

/** Settles a sending at the sender, whose row is locked: what the receiver took leaves, what it did not is available again. */
export async function settleSending(trx: Trx, sending: Sending, outcome: 'left' | 'returned'): Promise<void> {
  const { companyId, id } = sending.ref
  await lockTokens(trx, companyId)
  const lots = new Map((await lotAccounts(trx, companyId)).map((lot) => [lot.lotId, lot]))
  const events = (await lotsOfSending(trx, sending.ref)).flatMap((part): LedgerEvent[] => {
    const { lotId, pendingTransferId: pendingId } = part
    const lot = lots.get(lotId)
    if (lot === undefined) throw new Error(`there is no lot ${lotId}`)
    const subject = subjectOf(sending)
    if (outcome === 'returned')
      return [
        {
          id: derivedId('send_returned', id, lotId),
          kind: 'void_pending',
          pendingId,
          reason: 'send_returned',
          subject,
        },
      ]
    return [
      {
        id: derivedId('send_settled', id, lotId),
        kind: 'post_pending',
        pendingId,
        reason: 'send_settled',
        subject,
        linked: true,
      },
      {
        id: derivedId('sent', id, lotId),
        kind: 'posted',
        debit: accountOf(lot, 'escrow').id,
        credit: accountOf(lot, 'obligation').id,
        amount: part.amount,
        reason: 'sent',
        subject,
      },
    ]
  })
  await postAll(trx, companyId, events)
}
