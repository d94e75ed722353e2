import { globalId, NotFound, Refused, type Trx, type Uuid } from '../platform/index.ts'
import { derivedId } from './derived-id.ts'
import { AlreadyReversed } from './errors.ts'
import { type LedgerEvent, lockTokens, postAll } from './ledger.store.ts'

/** Transfers with these reasons are undone by what made them: holds keep account of their own tokens. */
const OF_HOLDS: ReadonlySet<string> = new Set(['hold', 'hold_posted', 'hold_voided', 'charge', 'return'])

/**
 * Undoes a posted transfer by its opposite, a new one that names it; the members of a linked chain are undone together,
 * the last first. The same reversal again changes nothing. Takes the locks of `lockTokens`.
 *
 * @param asFarAsPossible moves what is still there when some of it was spent since, instead of refusing. A partner's
 * decision, with a reason, which the caller records.
 * @throws {WouldOverdraw} when some of it was spent since
 * @throws {AlreadyReversed} when another reversal undid it
 * @throws {Refused} when it belongs to a hold, or is itself a reversal or pending
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
    if (OF_HOLDS.has(member.reason))
      throw new Refused('transferId', 'belongs to a hold, which is voided or returned instead')
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
