import { globalId, type MicroTokens, type Trx, type Uuid } from '../platform/index.ts'
import { accountOf, lotAccounts } from './account.views.ts'
import { derivedId } from './derived-id.ts'
import { expireHolds } from './expire-holds.ts'
import { lockTokens, postAll } from './ledger.store.ts'

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

/** What is no longer locked cannot be released: the last planned releases give way until the plan fits what is left. */
async function trimPlan(trx: Trx, lot: { companyId: Uuid; lotId: Uuid }, left: MicroTokens): Promise<void> {
  const planned = await trx
    .selectFrom('release_plan')
    .select(['release_on as on', 'amount_micro as amount'])
    .where('company_id', '=', lot.companyId)
    .where('lot_id', '=', lot.lotId)
    .where('released_transfer_id', 'is', null)
    .orderBy('release_on', 'desc')
    .execute()
  let excess = planned.reduce((sum, { amount }) => sum + amount, 0n) - left
  for (const { on, amount } of planned) {
    if (excess <= 0n) return
    await trx
      .deleteFrom('release_plan')
      .where('company_id', '=', lot.companyId)
      .where('lot_id', '=', lot.lotId)
      .where('release_on', '=', on)
      .where('released_transfer_id', 'is', null)
      .execute()
    if (amount > excess) {
      await trx
        .insertInto('release_plan')
        .values({ company_id: lot.companyId, lot_id: lot.lotId, release_on: on, amount_micro: amount - excess })
        .execute()
    }
    excess -= amount
  }
}
