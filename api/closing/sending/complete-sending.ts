import { z } from 'zod'
import { OpenFlags, refuseWhileOpen } from '../../flags/index.ts'
import { lockCompany } from '../../parties/index.ts'
import {
  audit,
  type Deps,
  globalId,
  inTransaction,
  NOBODY,
  parse,
  type Ref,
  today,
  zUuid,
} from '../../platform/index.ts'
import {
  findReceipt,
  findSending,
  insertReceipt,
  lockSending,
  lotsOfSending,
  moveSending,
  openSendings,
  type Receipt,
  type Sending,
  settleSending,
  takeIn,
  whyNotTaken,
} from '../../tokens/index.ts'

/** Name of the job that brings tokens to their receiver and settles them at the sender. */
export const COMPLETE_SENDING_JOB = 'closing.complete-sending'

/** The job. */
export async function completeSendingJob(deps: Deps, payload: unknown): Promise<void> {
  const { companyId, sendingId } = parse(z.object({ companyId: zUuid, sendingId: zUuid }), payload)
  await completeSending(deps, { companyId, id: sendingId })
}

/** The sweep: whatever is on its way and whose job was lost. */
export async function completeSendings(deps: Deps): Promise<void> {
  for (const { ref } of await openSendings(deps.db, 'on_its_way')) await completeSending(deps, ref)
}

/**
 * Two transactions, one at the receiver and one at the sender. Killed between them, it goes on from the receipt: the receiver
 * takes the tokens once, and the sender settles by what the receipt says. Harmless when repeated.
 */
export async function completeSending(deps: Deps, ref: Ref): Promise<void> {
  const sending = await findSending(deps.db, ref)
  if (sending?.state !== 'on_its_way') return
  await settle(deps, sending, await receive(deps, sending))
}

/** The receiver's step. What it says is said once: a later try finds the receipt. */
export async function receive(deps: Deps, sending: Sending): Promise<Receipt> {
  const companyId = sending.toCompanyId
  // What is sent never changes: it is read before, so that this transaction touches the receiver only.
  const parts = await lotsOfSending(deps.db, sending.ref)
  const subject = globalId('TokenReceipt', companyId, sending.ref.id)
  return inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, companyId)
    const before = await findReceipt(trx, companyId, sending.ref.id)
    if (before !== undefined) return before
    const because = (await stopped()) ?? whyNotTaken(parts, await today(trx))
    const receipt: Receipt =
      because === undefined ? { outcome: 'taken', because: null } : { outcome: 'refused', because }
    if (because === undefined) await takeIn(trx, sending, parts)
    else await insertReceipt(trx, sending, receipt)
    await audit(trx, NOBODY, {
      scope: { kind: 'company', id: companyId },
      kind: because === undefined ? 'sending.taken' : 'sending.refused',
      subject,
      payload: {
        from: globalId('Company', sending.ref.companyId),
        amountMicro: sending.amount.toString(),
        because: receipt.because,
      },
    })
    return receipt

    async function stopped(): Promise<string | undefined> {
      try {
        await refuseWhileOpen(trx, { gate: 'transfer', companyId, subject })
        return undefined
      } catch (error) {
        if (error instanceof OpenFlags) return 'OPEN_FLAGS'
        throw error
      }
    }
  })
}

/** The sender's step: what was taken has left, what was not is available again. */
async function settle(deps: Deps, { ref }: Sending, { outcome, because }: Receipt): Promise<void> {
  await inTransaction(deps.db, async (trx) => {
    await lockCompany(trx, ref.companyId)
    const sending = await lockSending(trx, ref)
    if (sending.state !== 'on_its_way') return
    const taken = outcome === 'taken'
    const step = { from: 'on_its_way', to: taken ? 'completed' : 'returned' } as const
    await moveSending(trx, sending, because === null ? step : { ...step, because })
    await settleSending(trx, sending, taken ? 'left' : 'returned')
    await audit(trx, NOBODY, {
      scope: { kind: 'company', id: ref.companyId },
      kind: taken ? 'sending.completed' : 'sending.returned',
      subject: globalId('TokenSending', ref.companyId, ref.id),
      payload: { amountMicro: sending.amount.toString(), because },
    })
  })
}
