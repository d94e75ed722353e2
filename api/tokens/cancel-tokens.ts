import { globalId, type MicroTokens, type Trx, type Uuid } from '../platform/index.ts'
import { accountOf, lotAccounts } from './account.views.ts'
import { derivedId } from './derived-id.ts'
import { expireHolds } from './expire-holds.ts'
import { lockTokens, postAll } from './ledger.store.ts'
import { trimPlan } from './trim-plan.ts'

/** Tokens of a lot that a clause ends. */
export type CancelledTokens = { readonly from: 'locked' | 'available'; readonly amount: MicroTokens }

/**
 * Cancels what is locked, or locked and available, of a lot. What is held stays with its reservation. The same
 * cancellation again moves only what has come back since.
 *
 * @param cause what cancels them, by id; the transfer's id follows from it, from the lot and from `round`
 * @param subject global id of what cancels them
 */
export async function cancelTokens(
  trx: Trx,
  asked: {
    readonly companyId: Uuid
    readonly lotId: Uuid
    readonly from: readonly ('locked' | 'available')[]
    readonly cause: Uuid
    readonly subject: string
    readonly round?: string
    /** At most so much in all, locked before available; all of it where this is left out. */
    readonly atMost?: MicroTokens
  },
): Promise<readonly CancelledTokens[]> {
  const { companyId, lotId, cause, round = '' } = asked
  await lockTokens(trx, companyId)
  await expireHolds(trx, companyId)
  const lot = (await lotAccounts(trx, companyId)).find((each) => each.lotId === lotId)
  if (lot === undefined) throw new Error(`there is no lot ${globalId('Lot', companyId, lotId)}`)
  let left = asked.atMost
  const parts = asked.from.flatMap((from) => {
    const account = accountOf(lot, from)
    const amount = left === undefined || account.left < left ? account.left : left
    if (left !== undefined) left -= amount
    return amount > 0n ? [{ from, amount, account }] : []
  })
  await postAll(
    trx,
    companyId,
    parts.map(({ from, amount, account }) => ({
      id: derivedId('cancel', cause, lotId, from, round),
      kind: 'posted' as const,
      debit: account.id,
      credit: accountOf(lot, 'cancelled').id,
      amount,
      reason: 'cancel',
      subject: asked.subject,
    })),
  )
  const locked = parts.find(({ from }) => from === 'locked')
  if (locked !== undefined) await trimPlan(trx, { companyId, lotId }, locked.account.left - locked.amount)
  return parts.map(({ from, amount }) => ({ from, amount }))
}
