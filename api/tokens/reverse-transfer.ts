import { globalId, type MicroTokens, NotFound, Refused, type Trx, type Uuid } from '../platform/index.ts'
import { derivedId } from './derived-id.ts'
import { AlreadyReversed } from './errors.ts'
import { type LedgerEvent, lockTokens, postAll } from './ledger.store.ts'
import { DOOR_REASON } from './transfer-rights.ts'

/**
 * Transfers that can be undone: adjustments, and lots that were given or sold by mistake. What any other use case posted it
 * undoes itself, since it keeps an account of its own: holds are voided or returned, charges corrected.
 */
const isReversible = (reason: string): boolean =>
  DOOR_REASON.test(reason) || reason === 'top_up' || reason === 'purchase'

/**
 * Undoes a posted transfer by its opposite, a new one that names it; the members of a linked chain are undone together,
 * the last first. The same reversal again changes nothing. Takes the locks of `lockTokens`.
 *
 * @param asFarAsPossible moves what is still there when some of it was spent since, instead of refusing. A partner's
 * decision, with a reason, which the caller records.
 * @throws {WouldOverdraw} when some of it was spent since
 * @throws {AlreadyReversed} when another reversal undid it
 * @throws {Refused} when a use case keeps account of it, or it is itself a reversal or pending
 */
export async function reverseTransfer(
  trx: Trx,
  asked: { companyId: Uuid; transferId: Uuid; reversalId: Uuid; asFarAsPossible?: boolean },
): Promise<void> {
  const { companyId, transferId, reversalId } = asked
  await lockTokens(trx, companyId)
  const members = await chainOf(trx, companyId, transferId)
  if (members.length === 0) throw new NotFound('transfer', globalId('TokenTransfer', companyId, transferId))
  for (const member of members) {
    if (!isReversible(member.reason))
      throw new Refused(
        'transferId',
        `was posted for a ${member.reason.replaceAll('_', ' ')}, which is undone by other means`,
      )
    if (member.kind !== 'posted' || member.reverses !== null)
      throw new Refused('transferId', 'is no transfer that can be reversed')
  }
  const events = members.toReversed().map(
    (member, index): LedgerEvent => ({
      id: index === 0 ? reversalId : derivedId('reversal', reversalId, member.id),
      kind: 'posted',
      debit: member.credit,
      credit: member.debit,
      amount: member.amount,
      reason: 'reversal',
      subject: globalId('TokenTransfer', companyId, member.id),
      reversesId: member.id,
      linked: index < members.length - 1,
      balancing: asked.asFarAsPossible === true ? 'debit' : undefined,
    }),
  )
  const undone = members.find((member) => member.reversedBy !== null)
  const own = new Set(events.map((event) => event.id))
  if (undone?.reversedBy != null && !own.has(undone.reversedBy)) throw new AlreadyReversed(undone.id)
  await postAll(trx, companyId, events)
}

/** The transfer, or the whole chain that it is a member of, in the order of posting. */
async function chainOf(trx: Trx, companyId: Uuid, transferId: Uuid) {
  const transfers = trx
    .selectFrom('transfer')
    .leftJoin('transfer as undoing', (on) =>
      on
        .onRef('undoing.holder_id', '=', 'transfer.holder_id')
        .onRef('undoing.reverses_id', '=', 'transfer.transfer_id'),
    )
    .where('transfer.holder_id', '=', companyId)
    .select([
      'transfer.transfer_id as id',
      'transfer.kind',
      'transfer.debit_account_id as debit',
      'transfer.credit_account_id as credit',
      'transfer.amount_micro as amount',
      'transfer.reason',
      'transfer.linked_batch as chain',
      'transfer.reverses_id as reverses',
      'undoing.transfer_id as reversedBy',
    ])
    .orderBy('transfer.created_at')
  const found = await transfers.where('transfer.transfer_id', '=', transferId).execute()
  const chain = found[0]?.chain ?? null
  return chain === null ? found : transfers.where('transfer.linked_batch', '=', chain).execute()
}

/** What a reversal undid, over its chain: what it was about, and what it moved. */
export async function reversalMoved(
  trx: Trx,
  companyId: Uuid,
  reversalId: Uuid,
): Promise<{ readonly asked: MicroTokens; readonly reversed: MicroTokens }> {
  const rows = await trx
    .selectFrom('transfer as reversal')
    .innerJoin('transfer as original', (on) =>
      on
        .onRef('original.holder_id', '=', 'reversal.holder_id')
        .onRef('original.transfer_id', '=', 'reversal.reverses_id'),
    )
    .where('reversal.holder_id', '=', companyId)
    .where((on) => on.or([on('reversal.transfer_id', '=', reversalId), on('reversal.linked_batch', '=', reversalId)]))
    .select(['original.amount_micro as asked', 'reversal.amount_micro as reversed'])
    .execute()
  return {
    asked: rows.reduce((sum, row) => sum + row.asked, 0n),
    reversed: rows.reduce((sum, row) => sum + row.reversed, 0n),
  }
}
