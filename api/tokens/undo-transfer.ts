import { z } from 'zod'
import { type Actor, must } from '../access/index.ts'
import { lockCompany, seesCompany } from '../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  type MicroTokens,
  NotFound,
  newId,
  once,
  parse,
  type Uuid,
  zIdempotencyKey,
  zRef,
  zText,
} from '../platform/index.ts'
import { reversalMoved, reverseTransfer } from './reverse-transfer.ts'
import { findTransfer } from './transfer.views.ts'

export const UndoTransferInput = z.strictObject({
  transferId: zRef('TokenTransfer'),
  reason: zText(1000),
  /** Takes back what is still there when some of it was spent since. A partner's decision. */
  force: z.boolean().nullish(),
  idempotencyKey: zIdempotencyKey,
})
export type UndoTransferInput = z.input<typeof UndoTransferInput>

/** What a reversal did. What was spent since stays spent: no balance becomes negative. */
export type UndoneTransfer = {
  readonly companyId: Uuid
  readonly reversalId: Uuid
  readonly asked: MicroTokens
  readonly reversed: MicroTokens
}

/**
 * Undoes a transfer, with its whole chain, by new transfers that name what they undo. Refused when some of it was spent
 * since, unless a partner forces it with a reason: then what is still there is taken back, and the rest is told.
 *
 * @throws {WouldOverdraw} when some of it was spent since
 * @throws {AlreadyReversed | Refused | NotFound | Forbidden}
 */
export async function undoTransfer(deps: Deps, actor: Actor, input: UndoTransferInput): Promise<UndoneTransfer> {
  const { transferId: ref, reason, force, idempotencyKey } = parse(UndoTransferInput, input)
  const { companyId, id: transferId } = ref
  const found = seesCompany(actor, companyId) ? await findTransfer(deps.db, companyId, transferId) : undefined
  if (found === undefined) throw new NotFound('transfer', globalId('TokenTransfer', companyId, transferId))
  if (force === true) must(actor, 'partner')
  else must(actor, 'operations', 'partner')
  const scope = { kind: 'company', id: companyId } as const
  return once(deps, actor, { operation: 'reverseTransfer', scope, idempotencyKey, input }, async (trx) => {
    await lockCompany(trx, companyId)
    const reversalId = newId()
    await reverseTransfer(trx, { companyId, transferId, reversalId, asFarAsPossible: force === true })
    const moved = await reversalMoved(trx, companyId, reversalId)
    await audit(trx, actor, {
      scope,
      kind: 'transfer.reversed',
      subject: globalId('TokenTransfer', companyId, transferId),
      payload: {
        reversal: reversalId,
        reason,
        forced: force === true,
        askedMicro: moved.asked.toString(),
        reversedMicro: moved.reversed.toString(),
      },
    })
    return { companyId, reversalId, ...moved }
  })
}
